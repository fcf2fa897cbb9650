"""The limit on moves: how much may change hands, in all and per rep."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import numpy as np
from pydantic import Field

from territoryopt.problem import AccountAmounts, FloatArray, IntArray, Rows
from territoryopt.terms.data import Data
from territoryopt.terms.dated import WHEN, WHERE, When, meant, meant_words
from territoryopt.terms.term import Amount, Filter, Part, Rule


class Moves(Rule):
    """Limits what changes hands: in the whole plan, or handed off / taken over by each rep.

    Formula: Σ_{i owned} w_i [rep_i != current_i] <= max            scope "total"
             Σ_{i: current_i = j} w_i (1 - x_ij) <= max             scope "handed_off", each rep j
             Σ_{i owned, current_i != j} w_i x_ij <= max            scope "taken_over", each rep j
    Symbols: w_i amount of the measure of account i with its current owner; an account without a
             current owner, or not meant by where and when, is no move; each moved account counts
             once
    Units: that of the measure; max_share is a fraction of the total owned today (scope "total")
           or of what the rep owns today, of the accounts meant; price is currency/year
           per unit above
    Source: realignment, Ríos-Mercado & López-Pérez 2013, Omega 41(3), 525-535
    """

    kind: Literal["moves"]
    scope: Literal["total", "handed_off", "taken_over"] = Field(
        default="total", description="The whole plan, or each rep's own hand-overs."
    )
    measure: str = Field(default="count", description="What is counted of a moved account.")
    max: Amount | None = Field(default=None, ge=0, description="The most that may move.")
    max_share: Amount | None = Field(
        default=None, ge=0, le=1, description="The most that may move, as a fraction."
    )
    where: Filter = Field(default_factory=dict, description=WHERE)
    when: When = Field(default_factory=dict, description=WHEN)

    def statement(self, units: dict[str, str], currency: str) -> str:
        unit = units[self.measure]
        most = [f"{self.max:,g}"] if self.max is not None else []
        most += [f"{self.max_share:g} of what is owned today"] if self.max_share is not None else []
        formula = {
            "total": f"Σ_i {self.measure}_i [rep_i != current_i]",
            "handed_off": f"Σ_{{i: current_i = j}} {self.measure}_i (1 - x_ij)",
            "taken_over": f"Σ_{{i: current_i != j}} {self.measure}_i x_ij",
        }[self.scope]
        who = meant_words(self.where, self.when)
        formula += f" of accounts ({who})" if who else ""
        each = "" if self.scope == "total" else "  for each rep j"
        return f"{formula} <= {' and '.join(most)}  [{unit}]{each}{self.strictness(currency, unit)}"

    def parts(self, name: str, data: Data) -> Iterator[Part]:
        if self.max is None and self.max_share is None:
            data.fault("", "has no limit", "Give max or max_share")
        current = np.where(meant(data, self.where, self.when), data.instance.current, -1)
        owned: IntArray = np.flatnonzero(current >= 0).astype(np.int64)
        weight = np.where(current >= 0, data.held(self.measure), 0.0)
        owner = current[owned]
        holds: FloatArray = np.bincount(owner, weight[owned], data.reps).astype(np.float64)
        if self.scope == "total":
            labels: tuple[str, ...] = ("all reps",)
            row_of_rep = np.zeros(data.reps, dtype=np.int64)
            base = np.array([weight.sum()])
        else:
            labels, row_of_rep, base = data.instance.rep_ids, data.every_rep.copy(), holds
        # Handing off is the current total less what is kept, so its row lives in the rep's own
        # pairs; the other two count every pair of an owned account but the one that stays.
        leaving = self.scope == "handed_off"
        amounts = AccountAmounts(
            np.zeros(data.accounts) if leaving else weight,
            data.reps,
            shift_account=owned,
            shift_rep=owner,
            shift=-weight[owned],
        )
        upper = np.minimum(
            np.inf if self.max is None else self.max,
            np.inf if self.max_share is None else self.max_share * base,
        )
        yield Rows(
            name=name,
            kind=self.kind,
            measure=self.measure,
            unit=data.unit(self.measure),
            labels=labels,
            amounts=amounts,
            row_of_rep=row_of_rep,
            lower=np.full(len(labels), -np.inf),
            upper=np.broadcast_to(upper, (len(labels),)).astype(np.float64),
            price=np.full(len(labels), self.row_price),
            constant=holds if leaving else np.zeros(len(labels)),
        )
