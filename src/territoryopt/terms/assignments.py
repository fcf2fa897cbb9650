"""Rules on who may own what: required skills, locks, families, apart."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import compress, repeat
from typing import Literal

import numpy as np
from pydantic import Field

from territoryopt.problem import (
    AccountAmounts,
    Amounts,
    Cost,
    Exclusion,
    Grouping,
    IntArray,
)
from territoryopt.skills import missing_required
from territoryopt.terms.data import Data
from territoryopt.terms.patterns import PatternAmounts
from territoryopt.terms.term import FamilyPart, Filter, Part, Rule


class RequiredSkills(Rule):
    """Gives an account only to a rep who has every skill it requires.

    Formula: x_ij = 0   where account i requires a skill that rep j has not
    Symbols: needs of account i from its column `requires`; skills of rep j with a grade above 0
    Units: price is currency/year per account with a rep who lacks a skill
    Source: task skills as eligibility, Castillo-Salazar, Landa-Silva & Qu 2016, Ann. Oper. Res.
    """

    kind: Literal["required_skills"]

    def statement(self, units: dict[str, str], currency: str) -> str:
        return "x_ij = 0  where account i requires a skill rep j has not" + self.strictness(
            currency, "account"
        )

    def parts(self, name: str, data: Data) -> Iterator[Part]:
        data.note_unbound("requires")
        lacking = missing_required(data.instance.requires, data.instance.skills)
        values = lacking.values.astype(np.float64)
        barred = PatternAmounts(lacking.pattern_of, values)
        yield _hard_or_priced(self, name, barred)


class Locks(Rule):
    """Fixes accounts to a rep: those with a `locked_rep`, or chosen ones to their current owner.

    Formula: x_{i,l(i)} = 1   for each locked account i
    Symbols: l(i) the rep account i is locked to
    Units: price is currency/year per locked account with another rep
    Source: holdovers and named accounts, the practice of field sales
    """

    kind: Literal["locks"]
    to: Literal["locked_rep", "current"] = Field(
        default="locked_rep",
        description='"locked_rep": that column of accounts; "current": the present owner.',
    )
    where: Filter = Field(
        default_factory=dict,
        description='Which accounts: column = ["values"]; all when left out.',
    )

    def statement(self, units: dict[str, str], currency: str) -> str:
        what = "their current owner" if self.to == "current" else "their locked_rep"
        which = " and ".join(f"{c} in {', '.join(v)}" for c, v in self.where.items()) or "all"
        return f"x_{{i,l(i)}} = 1  accounts ({which}) stay with {what}" + self.strictness(
            currency, "account"
        )

    def parts(self, name: str, data: Data) -> Iterator[Part]:
        data.note_unbound("current_rep" if self.to == "current" else "locked_rep")
        source = data.instance.current if self.to == "current" else data.instance.locked
        locked = np.where(data.account_mask(self.where), source, -1)
        yield held_to(self, name, locked, data.reps)


class Families(Rule):
    """Keeps the accounts of a family with one rep.

    Formula: x_ij = x_kj   for accounts i, k of one family and every rep j
    Symbols: a family is the accounts with the same text in `column`
    Units: price is currency/year for each rep beyond the first that shares a family
    Source: parent and child accounts, the practice of field sales
    """

    kind: Literal["families"]
    column: str = Field(default="family", description="The column of accounts that names it.")

    def statement(self, units: dict[str, str], currency: str) -> str:
        return f"x_ij = x_kj  for accounts i, k with one {self.column}" + self.strictness(
            currency, "extra rep"
        )

    def parts(self, name: str, data: Data) -> Iterator[Part]:
        labels, member, start = _groups(data, self.column, "family", split=False)
        if self.price is not None:
            yield Grouping(
                name, self.kind, labels, member, start, apart=False, price=self.row_price
            )
            return
        group = np.full(data.accounts, -1, dtype=np.int64)
        group[member] = np.repeat(np.arange(len(labels)), np.diff(start))
        yield FamilyPart(name, group)


class Apart(Rule):
    """Gives the accounts of a group to different reps, such as competitors of each other.

    Formula: Σ_{i in g} x_ij <= 1   for each group g and rep j
    Symbols: g the accounts that name the group in `column` (several separated by ;)
    Units: price is currency/year for each account beyond the first that shares a rep
    Source: disjoint assignment, Ríos-Mercado & López-Pérez 2013, Omega 41(3), 525-535
    """

    kind: Literal["apart"]
    column: str = Field(default="apart", description="The column of accounts that names it.")

    def statement(self, units: dict[str, str], currency: str) -> str:
        return (
            f"Σ_{{i in g}} x_ij <= 1  for each rep j and group g of {self.column}"
            + self.strictness(currency, "account too many")
        )

    def parts(self, name: str, data: Data) -> Iterator[Part]:
        labels, member, start = _groups(data, self.column, "apart", split=True)
        if len(labels):
            yield Grouping(name, self.kind, labels, member, start, apart=True, price=self.row_price)


def held_to(term: Rule, name: str, rep: IntArray, reps: int) -> Part:
    """Each account with its rep int[accounts] (-1: free), or at the price of the rule."""
    held = np.flatnonzero(rep >= 0)
    barred = AccountAmounts(
        (rep >= 0).astype(np.float64),
        reps,
        shift_account=held,
        shift_rep=rep[held],
        shift=np.full(len(held), -1.0),
    )
    return _hard_or_priced(term, name, barred)


def _hard_or_priced(term: Rule, name: str, barred: Amounts) -> Part:
    if term.price is None:
        return Exclusion(name, term.kind, barred)
    return Cost(name, term.kind, barred, term.price, "accounts", role="rule")


def _groups(
    data: Data, column: str, default: str, *, split: bool
) -> tuple[tuple[str, ...], IntArray, IntArray]:
    """Groups of two or more accounts by the text of a column: labels, members, starts."""
    cells = data.optional_text(column, default)
    account: IntArray = np.flatnonzero(cells.astype(bool)).astype(np.int64)
    texts: list[str] = cells[account].tolist()
    if split:
        account = np.repeat(account, np.fromiter(map(str.count, texts, repeat(";")), np.int64) + 1)
        texts = list(map(str.strip, ";".join(texts).split(";"))) if texts else []
    number = {text: g for g, text in enumerate(dict.fromkeys(texts))}
    group = np.fromiter(map(number.__getitem__, texts), np.int64, len(texts))
    if split:
        # an account is in a group once, however often it names it, and in none by a blank name
        _, first = np.unique(account * max(1, len(number)) + group, return_index=True)
        first = first[group[first] != number.get("", -1)]
        account, group = account[first], group[first]
    size = np.bincount(group, minlength=len(number))
    kept = size[group] > 1
    order = np.argsort(group[kept], kind="stable")
    labels = tuple(compress(number, (size > 1).tolist()))
    start = np.concatenate([[0], np.cumsum(size[size > 1], dtype=np.int64)]).astype(np.int64)
    return labels, account[kept][order], start
