"""The next best rep of every account at once, for plans too large to look at one by one.

The same answer as `PlanFacts.account(i).alternatives[0]`, which a test holds; here the accounts go
through in blocks and nothing is kept of a pair but the best.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from territoryopt.cells import ObjectArray
from territoryopt.problem import TOLERANCE, FloatArray, Grouping, IntArray, Problem, Rows
from territoryopt.problem.amounts import BoolArray, blocks
from territoryopt.reasons.facts import AccountFacts, PlanFacts


@dataclass(frozen=True, eq=False)
class NextBest:
    """rep int64[accounts], -1 where there is no other. change float64[accounts]: of the objective
    if the account went there with its family, currency/year; NaN where there is no other. breaks
    object[accounts] of str: the hard rules it would break, between `; `."""

    rep: IntArray
    change: FloatArray
    breaks: ObjectArray


def next_best_of(each: Sequence[AccountFacts], rep_ids: Sequence[str]) -> NextBest:
    """The cheapest alternative of each account, from their facts."""
    number = {rep: j for j, rep in enumerate(rep_ids)}
    best = [facts.alternatives[0] if facts.alternatives else None for facts in each]
    breaks = ["; ".join(dict.fromkeys(x.rule for x in b.breaks)) if b else "" for b in best]
    return NextBest(
        np.array([number[b.rep] if b else -1 for b in best], dtype=np.int64),
        np.array([b.change if b else np.nan for b in best]),
        np.array(breaks, dtype=object),
    )


def next_best(facts: PlanFacts) -> NextBest:
    """The cheapest other rep of each account of a plan, all else as it is."""
    unit, plan, activity = facts.unit, facts.unit_rep, facts.evaluation.activity
    priced = [rows for rows in unit.rows if np.where(np.isinf(rows.price), 0, rows.price).any()]
    groups = [(part, _Members.of(part, plan, unit.reps)) for part in unit.groupings]
    rep = np.full(unit.accounts, -1, dtype=np.int64)
    change = np.full(unit.accounts, np.nan)
    for start, stop in blocks(unit.accounts, unit.reps):
        own = plan[start:stop]
        table = unit.priced_block(start, stop)
        for rows in priced:
            _add_rows(rows, own, activity, start, table)
        for part, members in groups:
            if not part.hard:
                members.add_to(part, start, table)
        here = np.arange(stop - start)
        table[here, own] = np.inf
        table[own < 0] = np.inf
        if not unit.reps:
            continue
        best = table.argmin(axis=1)
        value = table[here, best]
        found = np.isfinite(value)
        rep[start:stop] = np.where(found, best, -1)
        change[start:stop] = np.where(found, value, np.nan)
    some = np.flatnonzero(rep >= 0)
    change[some] -= unit.cost_at(some, plan[some])
    breaks = _breaks(unit, plan, rep, activity, groups)
    of = facts.units.unit_of
    return NextBest(rep[of], change[of], breaks[of])


def _add_rows(
    rows: Rows, own: IntArray, activity: Mapping[str, FloatArray], start: int, table: FloatArray
) -> None:
    from territoryopt.reasons.row_kernels import add_row_change

    amount = np.ascontiguousarray(rows.amounts.block(start, start + len(own)))
    price = np.where(np.isinf(rows.price), 0.0, rows.price)
    s = activity[rows.name]
    add_row_change(
        amount, own, rows.row_of_rep, s, rows.lower, rows.upper, price, rows.worst, table
    )


def _breaks(
    unit: Problem,
    plan: IntArray,
    to: IntArray,
    activity: Mapping[str, FloatArray],
    groups: list[tuple[Grouping, _Members]],
) -> ObjectArray:
    """The names of the hard rules that each unit's move to a rep breaks, or breaks more."""
    moving = np.flatnonzero(to >= 0)
    names, broken = [], []
    for rows in unit.rows:
        if rows.hard:
            names.append(rows.name)
            broken.append(_breaks_rows(rows, moving, plan, to, activity[rows.name]))
    for part, members in groups:
        if part.hard:
            names.append(part.name)
            broken.append(members.grows(part, to)[moving])
    out = np.full(unit.accounts, "", dtype=object)
    if names:
        # few sets of rules are ever broken together, so each is put into words once
        table = np.stack(broken, axis=1)
        sets, which = np.unique(table, axis=0, return_inverse=True)
        texts = [
            "; ".join(dict.fromkeys(name for name, bad in zip(names, row, strict=True) if bad))
            for row in sets
        ]
        out[moving] = np.array(texts, dtype=object)[which.reshape(-1)]
    return out


def _breaks_rows(
    rows: Rows, moving: IntArray, plan: IntArray, to: IntArray, s: FloatArray
) -> BoolArray:
    """bool[moving]: whether some row is broken by the move of each unit, and more than before."""
    here, there = rows.row_of_rep[plan[moving]], rows.row_of_rep[to[moving]]
    left = rows.amounts.at(moving, plan[moving])
    added = rows.amounts.at(moving, to[moving])
    same = here == there
    out = np.zeros(len(moving), dtype=np.bool_)
    for row, new in (
        (np.where(same, -1, here), s[here] - left),
        (there, s[there] + np.where(same, added - left, added)),
    ):
        excess = np.maximum(rows.lower[row] - new, new - rows.upper[row])
        before = np.maximum(rows.excess(s)[row], TOLERANCE * rows.scale[row])
        out |= (row >= 0) & np.isinf(rows.price[row]) & (excess > before * (1 + 1e-12))
    return out


@dataclass(frozen=True, eq=False)
class _Members:
    """Who is in which group: unit[e] stands times[e] times in group[e], units ascending; and how
    many members of a group are with a rep, where any are: `count` by `key` = group · reps + rep.
    spread: int64[groups], the reps that have members."""

    unit: IntArray
    group: IntArray
    times: IntArray
    own: IntArray
    key: IntArray
    count: IntArray
    spread: IntArray
    reps: int

    @staticmethod
    def of(part: Grouping, plan: IntArray, reps: int) -> _Members:
        pair, times = np.unique(
            part.member * max(1, len(part)) + part.group_of_member, return_counts=True
        )
        unit, group = pair // max(1, len(part)), pair % max(1, len(part))
        owned = plan[part.member] >= 0
        key, count = np.unique(
            part.group_of_member[owned] * reps + plan[part.member[owned]], return_counts=True
        )
        spread = np.bincount(key // max(1, reps), minlength=len(part))
        return _Members(unit, group, times, plan[unit], key, count, spread, reps)

    def held(self, entry: IntArray, rep: IntArray) -> IntArray:
        """How many members of the entries' groups are with these reps."""
        key = self.group[entry] * self.reps + rep
        place = np.minimum(np.searchsorted(self.key, key), len(self.key) - 1)
        return np.where(self.key[place] == key, self.count[place], 0)

    def grown(self, part: Grouping, entry: IntArray, rep: IntArray) -> IntArray:
        """How much the excess of the entries' groups grows as their unit goes to another rep."""
        times, here, there = (
            self.times[entry],
            self.held(entry, self.own[entry]),
            self.held(entry, rep),
        )
        if part.apart:
            before = np.maximum(here - 1, 0) + np.maximum(there - 1, 0)
            after = np.maximum(here - times - 1, 0) + np.maximum(there + times - 1, 0)
        else:
            spread = self.spread[self.group[entry]]
            before = np.maximum(spread - 1, 0)
            after = np.maximum(spread - (here == times) + (there == 0) - 1, 0)
        out: IntArray = after - before
        return out

    def add_to(self, part: Grouping, start: int, table: FloatArray) -> None:
        """Adds the price of every move of the accounts from `start` on."""
        low, high = np.searchsorted(self.unit, [start, start + len(table)])
        entry = np.arange(low, high)
        entry = entry[self.own[low:high] >= 0]
        if not len(entry):
            return
        every = np.arange(self.reps)
        grown = self.grown(part, np.repeat(entry, self.reps), np.tile(every, len(entry)))
        np.add.at(table, self.unit[entry] - start, part.price * grown.reshape(-1, self.reps))

    def grows(self, part: Grouping, to: IntArray) -> BoolArray:
        """bool[units]: whether the excess of some group of a unit grows as it goes to a rep."""
        out = np.zeros(len(to), dtype=np.bool_)
        entry = np.flatnonzero((to[self.unit] >= 0) & (self.own >= 0))
        if len(entry):
            out[self.unit[entry[self.grown(part, entry, to[self.unit[entry]]) > 0]]] = True
        return out
