"""The policy that requests are decided by: a page of TOML.

budget = 15000                # what all of them may cost a year together
most_per_rep = 3              # granted to one rep, beside what the plan has anyhow

[limit]                       # what one of them may cost a year: the larger of
money = 2000                  #   so much
percent = 2                   #   so many percent of the account's own ...
of = "annual_revenue"         #   ... column of accounts.csv

[[never]]                     # accounts that no request moves
why = "key accounts stay where the plan has them"
where = {tier = ["A"]}
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import numpy as np
from pydantic import Field

from territoryopt.errors import FaultList, InputError
from territoryopt.instance_reading import rows_where
from territoryopt.problem import FloatArray
from territoryopt.toml_page import Part, load_page

if TYPE_CHECKING:
    from territoryopt.instance import Instance

Number = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Words = Annotated[str, Field(min_length=1, max_length=1_000)]


class Limit(Part):
    """What granting one request may cost a year."""

    money: Number | None = None
    percent: Number | None = None
    of: Words = "annual_revenue"


class Never(Part):
    """Accounts that no request moves, and why."""

    why: Words
    where: dict[str, list[str]] = Field(min_length=1)


class Policy(Part):
    """What is accepted. budget: money a year for all together. most_per_rep: requests granted to
    one rep, beside those the plan fulfils anyhow."""

    budget: Number | None = None
    most_per_rep: int | None = Field(default=None, ge=0)
    limit: Limit | None = None
    never: list[Never] = Field(default_factory=list)


@dataclass(frozen=True, eq=False)
class Limits:
    """A policy held against an instance. each: float[accounts], the most that a request of the
    account may cost, currency/year; None where one alone has no limit. never: the reason by
    account, for those no request moves."""

    each: FloatArray | None
    never: dict[str, str]


def load_policy(path: str | os.PathLike[str]) -> Policy:
    """The policy of a TOML file; InputError with every fault."""
    return load_page(Policy, path, "policy", InputError)


def limits_of(policy: Policy, instance: Instance, file: str = "policy") -> Limits:
    """What a policy means for the accounts of an instance; InputError for columns and values that
    are not there, and for numbers that are none."""
    faults = FaultList(InputError)
    each: FloatArray | None = None
    if policy.limit is not None:
        each = _each(policy.limit, instance, file, faults)
    never: dict[str, str] = {}
    for k, rule in enumerate(policy.never):
        before = FaultList(InputError)
        kept = rows_where(instance.accounts, "accounts", {"accounts": rule.where}, before)
        for fault in before.problems:
            column = fault.key.removeprefix("where.accounts").removeprefix(".")
            faults.add(fault.message, fault.remedy, file=file, value=fault.value,
                       key=f"never.{k}.where{'.' * bool(column)}{column}")  # fmt: skip
        for i in np.flatnonzero(kept).tolist():
            never.setdefault(instance.account_ids[i], rule.why)
    faults.raise_if_any()
    return Limits(each, never)


def _each(limit: Limit, instance: Instance, file: str, faults: FaultList) -> FloatArray:
    out = np.full(len(instance.account_ids), limit.money or 0.0)
    if limit.money is None and limit.percent is None:
        faults.add("says nothing", "Give money, percent, or both", file=file, key="limit")
    if limit.percent is not None:
        if limit.of in instance.accounts.columns:
            cells = instance.accounts.numbers(limit.of, faults, minimum=0.0)
            out = np.fmax(out, limit.percent / 100 * cells)  # a blank cell leaves the money
        else:
            listed = ", ".join(instance.accounts.columns)
            faults.add("accounts.csv has no such column", f"Columns found: {listed}", file=file,
                       key="limit.of", value=limit.of)  # fmt: skip
    return out
