"""The numbers behind every reason, read from a plan by arithmetic alone. No words here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np

from territoryopt.problem import (
    Evaluation,
    IntArray,
    Problem,
    Rows,
    Units,
    evaluate,
    move_table,
)
from territoryopt.problem.moves import MoveTable
from territoryopt.problem.parts import TOLERANCE
from territoryopt.reasons.territories import Share, TerritoryFacts, share, territories

BLOCK, BLOCK_CELLS = 256, 8_000
"""Accounts whose moves are looked at in one go, and pairs of theirs, at most."""


@dataclass(frozen=True)
class Broken:
    """A hard rule that a single move would break: the row's total after it, and its bounds.

    For a grouping there is no total; `label` names the group.
    """

    rule: str
    kind: str
    measure: str
    label: str
    unit: str
    after: float | None = None
    lower: float = -np.inf
    upper: float = np.inf
    target: float | None = None

    def as_dict(self) -> dict[str, object]:
        out = dict(vars(self))
        out["lower"] = self.lower if np.isfinite(self.lower) else None
        out["upper"] = self.upper if np.isfinite(self.upper) else None
        return out


@dataclass(frozen=True)
class Alternative:
    """Another rep for an account, all else as in the plan.

    change: of the objective, currency/year, exact. breaks: hard rules the move would break.
    at_least: what any plan with this rep costs more at least, by the prices of the rows,
    currency/year (it may be below zero); None where no prices are known.
    """

    rep: str
    change: float
    breaks: tuple[Broken, ...]
    at_least: float | None = None

    def as_dict(self) -> dict[str, object]:
        return {"rep": self.rep, "change": self.change, "at_least": self.at_least,
                "breaks": [b.as_dict() for b in self.breaks]}  # fmt: skip


@dataclass(frozen=True)
class AccountFacts:
    """Why an account is where it is.

    rep: None where the plan leaves the account out; then no alternative is priced. before: its
    current owner, None if unowned. shares: money by goal for the account alone.
    alternatives: the other eligible reps, for its whole `family` where it has one, the
    cheapest first. barred: the other reps by the rule that bars them. kept: why it, or one of its
    family, is to stay with its owner: the account and words that go on "because ...".
    """

    account: str
    rep: str | None
    before: str | None
    shares: tuple[Share, ...]
    alternatives: tuple[Alternative, ...]
    barred: Mapping[str, tuple[str, ...]]
    family: tuple[str, ...] = ()
    kept: tuple[tuple[str, str], ...] = ()

    @property
    def moved(self) -> bool:
        return None not in (self.before, self.rep) and self.before != self.rep

    def alternative(self, rep: str | None) -> Alternative | None:
        return next((other for other in self.alternatives if other.rep == rep), None)

    def as_dict(self) -> dict[str, object]:
        return {
            "account": self.account,
            "rep": self.rep,
            "before": self.before,
            "moved": self.moved,
            "goals": [share.as_dict() for share in self.shares],
            "alternatives": [other.as_dict() for other in self.alternatives],
            "barred": {rule: list(reps) for rule, reps in self.barred.items()},
            "family": list(self.family),
            "kept": [{"account": account, "because": why} for account, why in self.kept],
        }


@dataclass(eq=False)
class PlanFacts:
    """A plan int[accounts] of a problem, ready to answer questions about it.

    It may break rules. Where it splits a family, each account is looked at by itself.
    """

    problem: Problem
    rep: IntArray
    evaluation: Evaluation = field(init=False)
    unit: Problem = field(init=False)
    _whole: Problem = field(init=False)
    unit_rep: IntArray = field(init=False)
    _table: MoveTable | None = None

    def __post_init__(self) -> None:
        self.evaluation = evaluate(self.problem, self.rep)
        units = self.problem.units
        if (self.rep != self.rep[units.first][units.unit_of]).any():
            alone = np.full(self.problem.accounts, -1, dtype=np.int64)
            self._whole = replace(self.problem, family=alone, family_rule="")
        else:
            self._whole = self.problem
        self.unit = self._whole.contracted
        self.unit_rep = self.rep[self._whole.units.first]

    @property
    def units(self) -> Units:
        """The accounts that move together in what is said of this plan."""
        return self._whole.units

    @cached_property
    def today(self) -> Evaluation | None:
        """What today's owners cost and break; None where some account has none."""
        current = self.problem.current
        if not len(current) or (current < 0).any():
            return None
        return evaluate(self.problem, current)

    @property
    def moved(self) -> IntArray:
        """The accounts, by number, that go from one rep to another; unowned ones are no moves."""
        current = self.problem.current
        return np.flatnonzero((current >= 0) & (self.rep >= 0) & (current != self.rep))

    def weightiest_moves(self, most: int) -> IntArray:
        """The moved accounts, by number, whose staying would change the objective most."""
        moved = self.moved
        if not len(moved):
            return moved
        current = self.problem.current[moved]
        saved = self.problem.cost_at(moved, current) - self.problem.cost_at(moved, self.rep[moved])
        order = np.argsort(-np.abs(saved), kind="stable")
        return moved[order[:most]]

    def shares(self) -> tuple[Share, ...]:
        """Money by goal and priced rule, of the whole plan."""
        owned = np.flatnonzero(self.rep >= 0)
        out = [share(cost, owned, self.rep[owned]) for cost in self.problem.costs]
        charged = self.evaluation.money
        named = [(part.name, part.kind) for part in self.problem.rows]
        named += [(part.name, part.kind) for part in self.problem.groupings]
        out += [
            Share(name, kind, float("nan"), "", charged[name])
            for name, kind in named
            if name in charged
        ]
        return tuple(out)

    @cached_property
    def territories(self) -> tuple[TerritoryFacts, ...]:
        """The territory of every rep, by number."""
        return territories(self.problem, self.rep, self.evaluation)

    def account(self, account: int, most: int | None = None) -> AccountFacts:
        """Why an account, by number, is with its rep; at most `most` alternatives."""
        problem = self.problem
        units = self.units
        u = int(units.unit_of[account])
        own = int(self.rep[account])
        if own < 0:
            return self._left_out(account, u)
        table = self._moves(u)
        change = table.change[u - table.start]
        others = np.flatnonzero(table.eligible[u - table.start])
        others = others[others != own]
        others = others[np.argsort(change[others], kind="stable")]
        members, alone = units.members(u), np.array([account])
        before = int(problem.current[account])
        kept = others if most is None else others[:most]
        if most is not None and before in others[most:]:
            kept = np.append(kept, before)  # where it came from is always worth a word
        return AccountFacts(
            account=problem.account_id(account),
            rep=problem.rep_id(own),
            before=problem.rep_id(before) if before >= 0 else None,
            shares=tuple(share(c, alone, self.rep[alone]) for c in problem.costs),
            alternatives=tuple(
                Alternative(problem.rep_id(int(k)), float(change[k]), self._broken(u, int(k)))
                for k in kept
            ),
            barred=self._barred(u, own),
            family=tuple(problem.account_id(int(i)) for i in members) if len(members) > 1 else (),
            kept=self._kept(members),
        )

    def _kept(self, members: IntArray) -> tuple[tuple[str, str], ...]:
        """Why accounts are to stay with their owner, in words; each with its id."""
        kept = self.problem.kept
        ids = (self.problem.account_id(int(i)) for i in members) if kept else ()
        return tuple((a, why) for a in ids for _, why in kept.get(a, ()))

    def _left_out(self, account: int, u: int) -> AccountFacts:
        before = int(self.problem.current[account])
        return AccountFacts(
            account=self.problem.account_id(account),
            rep=None,
            before=self.problem.rep_id(before) if before >= 0 else None,
            shares=(),
            alternatives=(),
            barred=self._barred(u, -1),
        )

    def _moves(self, u: int) -> MoveTable:
        """The moves of a block of units; `rows.activity` is taken from the evaluation."""
        if self._table is None or not 0 <= u - self._table.start < len(self._table.change):
            size = max(1, min(BLOCK, BLOCK_CELLS // max(1, self.unit.reps)))
            start = u - u % size
            stop = min(start + size, self.unit.accounts)
            self._table = move_table(
                self.unit, self.unit_rep, start, stop, self.evaluation.activity
            )
        return self._table

    def _barred(self, u: int, own: int) -> dict[str, tuple[str, ...]]:
        out: dict[str, tuple[str, ...]] = {}
        seen = np.zeros(self.unit.reps, dtype=bool)
        if own >= 0:
            seen[own] = True
        for exclusion in self.unit.exclusions:
            bars = (exclusion.barred.block(u, u + 1)[0] > 0) & ~seen
            if bars.any():
                out[exclusion.name] = tuple(self.unit.rep_id(int(j)) for j in np.flatnonzero(bars))
            seen |= bars
        return out

    def _broken(self, u: int, to: int) -> tuple[Broken, ...]:
        """The hard rules that moving unit u to a rep would newly break, or break more."""
        table = self._moves(u)
        if not table.breaks[u - table.start, to]:
            return ()
        one, pair = np.array([u, u]), np.array([self.unit_rep[u], to])
        found: list[Broken] = []
        for rows in self.unit.rows:
            if not rows.hard:
                continue
            s = self.evaluation.activity[rows.name]
            left, added = rows.amounts.at(one, pair)
            new = s.copy()
            for row, amount in ((rows.row_of_rep[pair[0]], -left), (rows.row_of_rep[to], added)):
                if row >= 0:
                    new[row] += amount
            worse = rows.broken(new) & (rows.excess(new) > rows.excess(s) * (1 + 1e-12))
            found += [self._broken_row(rows, int(r), float(new[r])) for r in np.flatnonzero(worse)]
        for grouping in self.unit.groupings:
            mine = np.unique(grouping.group_of_member[grouping.member == u])
            if not grouping.hard or not len(mine):
                continue
            moved = self.unit_rep.copy()
            moved[u] = to
            before = grouping.excess(grouping.counts(self.unit_rep, self.unit.reps))
            after = grouping.excess(grouping.counts(moved, self.unit.reps))
            found += [
                Broken(grouping.name, grouping.kind, "", grouping.labels[g], "")
                for g in mine
                if after[g] > before[g]
            ]
        return tuple(found)

    def _broken_row(self, rows: Rows, r: int, after: float) -> Broken:
        return Broken(
            rule=rows.name,
            kind=rows.kind,
            measure=rows.measure,
            label=rows.labels[r],
            unit=rows.unit,
            after=after,
            lower=float(rows.lower[r]),
            upper=float(rows.upper[r]),
            target=None if rows.target is None else float(rows.target[r]),
        )

    def binding(self) -> list[tuple[Rows, int]]:
        """Hard rows that the plan fills to within a thousandth of a bound."""
        out = []
        for rows in self.problem.rows:
            s = self.evaluation.activity[rows.name]
            room = np.minimum(rows.upper - s, s - rows.lower)
            near = (room <= 1e-3 * rows.scale) & (room >= -TOLERANCE * rows.scale)
            near &= np.isinf(rows.price)
            out += [(rows, int(r)) for r in np.flatnonzero(near)]
        return out
