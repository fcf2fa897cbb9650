"""Which rep one new account should go to, at once and with reasons: the plan of a run stays as it
is, and every rep is tried.

For rep j the money changes by Σ_goals price · a_j, and by what priced rows and groups charge more:
with s the totals of the run's plan and e the excess over a row's bounds, price · (e(s + a_j) -
e(s)), or the change of the worst where a goal counts the worst alone. A rule that must hold is
broken where its row is, and more than before. The same as compiling the instance with the account
in it and evaluating every rep, with what `one_more` says is constant.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from territoryopt.answers.showing import Shown
from territoryopt.errors import InputError
from territoryopt.problem import TOLERANCE, FloatArray, Problem, Rows, evaluate
from territoryopt.problem.amounts import BoolArray
from territoryopt.realign.one_more import Around, Weights
from territoryopt.reasons.explanation import speaker_of
from territoryopt.reasons.facts import Broken
from territoryopt.reasons.sentences import Speaker
from territoryopt.reasons.territories import Total
from territoryopt.words import listed

if TYPE_CHECKING:
    import pandas as pd

    from territoryopt.runs import Run

SCHEMA = "territoryopt/recommend/1"

PAIRS = "pairs"
"""The key under which a new account brings its rows of pairs.csv."""

TOLD = 5


@dataclass(frozen=True)
class Choice:
    """One rep for the new account. change: of the run's objective, currency/year, by goal in
    money. totals: what each limit of the rep comes to with it, and (`before`) without. breaks:
    rules that must hold and would be broken, or more than before; barred: rules that do not let
    the rep have it at all."""

    rep: str
    change: float
    money: Mapping[str, float]
    totals: tuple[Total, ...]
    breaks: tuple[Broken, ...]
    barred: tuple[str, ...]

    @property
    def allowed(self) -> bool:
        return not self.breaks and not self.barred

    def as_dict(self) -> dict[str, object]:
        return {
            "rep": self.rep,
            "change": self.change,
            "allowed": self.allowed,
            "goals": [{"name": name, "money": money} for name, money in self.money.items()],
            "totals": [total.as_dict() for total in self.totals],
            "breaks": [b.as_dict() for b in self.breaks],
            "barred": list(self.barred),
        }


@dataclass(frozen=True)
class Recommendation(Shown):
    """Every rep for one new account: those who may have it first, the cheapest first; then those
    with whom a rule would be broken, the least first; then those who may not have it."""

    account: str
    choices: tuple[Choice, ...]
    speaker: Speaker = field(repr=False)

    @property
    def best(self) -> Choice | None:
        """The cheapest rep with whom every rule holds; None where there is none."""
        return next((c for c in self.choices if c.allowed), None)

    def as_dict(self) -> dict[str, object]:
        """The stable JSON contract `territoryopt/recommend/1`."""
        return {
            "schema": SCHEMA,
            "account": self.account,
            "best": None if self.best is None else self.best.rep,
            "currency": self.speaker.currency,
            "choices": [choice.as_dict() for choice in self.choices],
            "text": self.sentences(),
        }

    def to_frame(self) -> pd.DataFrame:
        """One row per rep, in order."""
        import pandas as pd

        return pd.DataFrame(
            [
                {
                    "rep": c.rep,
                    "change": c.change,
                    "allowed": c.allowed,
                    "breaks": "; ".join(dict.fromkeys(b.rule for b in c.breaks)),
                    "barred": "; ".join(c.barred),
                    **c.money,
                }
                for c in self.choices
            ]
        )

    def heading(self) -> str:
        return self.sentences(0)[0]

    def sentences(self, most: int = TOLD) -> list[str]:
        """Who should have it, then the first so many reps with their reasons."""
        speak = self.speaker
        if self.best is None:
            head = f"No rep can take {self.account} with every rule kept."
        else:
            head = f"{self.account} goes best to {speak.rep(self.best.rep)}."
        lines = [head, *(self._sentence(choice) for choice in self.choices[:most])]
        return [line[:1].upper() + line[1:] for line in lines]

    def _sentence(self, choice: Choice) -> str:
        speak = self.speaker
        name = speak.rep(choice.rep)
        if choice.barred:
            return f"{name} may not have it: {listed(list(choice.barred))}."
        verb = "gains" if choice.change < 0 else "costs"
        parts = [f"{goal} {speak.cost(m)}" for goal, m in choice.money.items() if m]
        text = f"{name} {verb} {speak.cost(abs(choice.change))}"
        text += f" ({', '.join(parts)})" if len(parts) > 1 else ""
        if choice.breaks:
            broken = [speak.broken(b, choice.rep) for b in choice.breaks]
            return f"{text}, and would {listed(broken)}."
        filled = [speak.total(total) for total in choice.totals]
        return " ".join([f"{text}.", *filled])


class _Limits(NamedTuple):
    """The rows of a rule as plain numbers, which are read for every rep of every question."""

    row_of_rep: list[int]
    before: list[float]
    lower: list[float]
    upper: list[float]
    target: list[float | None]
    hard: list[bool]


class Recommender:
    """The plan of a run, loaded once and asked for one new account at a time.

    Each question is by itself: the plan stays what it is. A problem of families that the plan
    splits, or a run without a plan, is refused with InputError.
    """

    def __init__(self, run: Run) -> None:
        if run.rep is None:
            raise InputError([f"{run.folder} holds no plan: {run.record['status']}"])
        self.problem: Problem = run.problem
        self.around = Around(run.instance, run.model, run.problem, run.rep)
        self.speaker = speaker_of(run.problem, run.instance)
        self._activity = evaluate(run.problem, run.rep).activity
        self._limits = [
            _Limits(
                rows.row_of_rep.tolist(),
                self._activity[rows.name].tolist(),
                rows.lower.tolist(),
                rows.upper.tolist(),
                [None] * len(rows) if rows.target is None else rows.target.tolist(),
                np.isinf(rows.price).tolist(),
            )
            for rows in run.problem.rows
        ]

    @cached_property
    def _rep_ids(self) -> list[str]:
        return [self.problem.rep_id(j) for j in range(self.problem.reps)]

    def recommend(self, account: Mapping[str, Any]) -> Recommendation:
        """Every rep for a new account, in order.

        account: columns of accounts.csv (a blank or absent column is one that is not known;
        current_rep must be blank), and under "pairs" its rows of pairs.csv (rep_id and numbers)
        where the model asks for them. Raises InputError for what cannot be used.
        """
        row = dict(account)
        pairs = row.pop(PAIRS, ())
        if not isinstance(pairs, Sequence) or any(not isinstance(p, Mapping) for p in pairs):
            raise InputError(["the pairs of a new account are a list of tables with rep_id"])
        found = self.around.weigh(row, pairs)
        money = self._money(found)
        broken = [self._broken(rows, a) for rows, a in zip(self.problem.rows, found.rows,
                                                          strict=True)]  # fmt: skip
        barred, groups = self._owners(found, money)
        change = np.sum(list(money.values()), axis=0) if money else np.zeros(self.problem.reps)
        over = np.zeros(self.problem.reps)
        for worse, size in broken:
            over += np.where(worse, size, 0.0)
        for group in groups:
            over += group[2]
        none = np.array([bool(b) for b in barred])
        order = np.lexsort((change, over, none))
        choices = tuple(
            Choice(
                self._rep_ids[j],
                float(change[j]),
                {name: float(m[j]) for name, m in money.items()},
                self._totals(found, j),
                self._breaks(found, broken, groups, j),
                barred[j],
            )
            for j in order.tolist()
        )
        name = str(account.get("name") or "") or f"account {found.account}"
        return Recommendation(name, choices, self.speaker)

    def _money(self, found: Weights) -> dict[str, FloatArray]:
        """float[reps] of each goal and priced rule: what it charges more, currency/year."""
        out: dict[str, FloatArray] = {}
        for cost, amount in zip(self.problem.costs, found.costs, strict=True):
            more = cost.price * np.where(np.isinf(amount), 0.0, amount)
            out[cost.name] = out.get(cost.name, 0.0) + more
        for rows, amount in zip(self.problem.rows, found.rows, strict=True):
            if np.isfinite(rows.price).any():
                more = self._charged(rows, amount)
                out[rows.name] = out.get(rows.name, 0.0) + more
        return out

    def _charged(self, rows: Rows, amount: FloatArray) -> FloatArray:
        s, row = self._activity[rows.name], rows.row_of_rep
        price = np.where(np.isinf(rows.price), 0.0, rows.price)
        before = price * rows.excess(s)
        inside = row >= 0
        at = np.where(inside, row, 0)
        new = s[at] + np.where(inside, amount, 0.0)
        after = price[at] * np.maximum(0.0, np.maximum(rows.lower[at] - new, new - rows.upper[at]))
        if not rows.worst:
            return np.where(inside, after - before[at], 0.0)
        # the worst of the other rows, which is the worst of all unless that is this one
        first = int(before.argmax()) if len(before) else 0
        others = np.delete(before, first).max(initial=0.0)
        rest = np.where(at == first, others, before[first])
        return np.where(inside, np.maximum(rest, after) - before[first], 0.0)

    def _broken(self, rows: Rows, amount: FloatArray) -> tuple[BoolArray, FloatArray]:
        """bool[reps]: whether a row that must hold would be broken, more than before; and by how
        much of its size it then is, float[reps]."""
        s, row = self._activity[rows.name], rows.row_of_rep
        at = np.maximum(row, 0)
        new = s[at] + amount
        excess = np.maximum(0.0, np.maximum(rows.lower[at] - new, new - rows.upper[at]))
        scale = rows.scale[at]
        worse = (row >= 0) & np.isinf(rows.price[at]) & (excess > TOLERANCE * scale)
        worse &= excess > rows.excess(s)[at] * (1 + 1e-12)
        return worse, excess / scale

    def _owners(
        self, found: Weights, money: dict[str, FloatArray]
    ) -> tuple[list[tuple[str, ...]], list[tuple[str, str, FloatArray, str]]]:
        """What rules on who may own the account say: names of rules that bar each rep; and groups
        that would be broken (rule, kind, accounts too many float[reps], label). Adds the money of
        priced groups."""
        alone, reps = found.alone, self.problem.reps
        barred: list[list[str]] = [[] for _ in range(reps)]
        for exclusion in alone.exclusions:
            for k in np.flatnonzero(exclusion.barred.block(0, 1)[0] > 0):
                barred[int(k)].append(exclusion.name)
        family = alone.family[0]
        mates = np.flatnonzero(alone.family == family)[1:] if family >= 0 else np.empty(0, int)
        if len(mates):
            for k in np.setdiff1d(np.arange(reps), found.rep[mates]):
                barred[int(k)].append(alone.family_rule)
        groups: list[tuple[str, str, FloatArray, str]] = []
        for part in alone.groupings:
            mine = np.unique(part.group_of_member[part.member == 0])
            counts = part.counts(found.rep, reps)[mine]
            grown = np.zeros((len(mine), reps))
            for j in range(reps):
                more = counts.copy()
                more[:, j] += 1
                grown[:, j] = part.excess(more) - part.excess(counts)
            if part.hard:
                groups += [
                    (part.name, part.kind, grown[k], part.labels[g])
                    for k, g in enumerate(mine.tolist())
                ]
            elif len(mine):
                more_money = part.price * grown.sum(axis=0)
                money[part.name] = money.get(part.name, 0.0) + more_money
        return [tuple(names) for names in barred], groups

    def _totals(self, found: Weights, j: int) -> tuple[Total, ...]:
        """What the limits of a rep come to, where the account adds to them."""
        out = []
        for rows, known, amount in zip(self.problem.rows, self._limits, found.rows, strict=True):
            r, more = known.row_of_rep[j], float(amount[j])
            if r < 0 or not more or rows.role == "goal":
                continue
            s = known.before[r]
            out.append(
                Total(
                    rule=rows.name,
                    kind=rows.kind,
                    measure=rows.measure,
                    unit=rows.unit,
                    total=s + more,
                    before=s,
                    lower=known.lower[r],
                    upper=known.upper[r],
                    target=known.target[r],
                    hard=known.hard[r],
                )
            )
        return tuple(out)

    def _breaks(
        self,
        found: Weights,
        broken: Sequence[tuple[BoolArray, FloatArray]],
        groups: Sequence[tuple[str, str, FloatArray, str]],
        j: int,
    ) -> tuple[Broken, ...]:
        out = []
        for rows, amount, (worse, _) in zip(self.problem.rows, found.rows, broken, strict=True):
            if not worse[j]:
                continue
            r = int(rows.row_of_rep[j])
            out.append(
                Broken(
                    rule=rows.name,
                    kind=rows.kind,
                    measure=rows.measure,
                    label=rows.labels[r],
                    unit=rows.unit,
                    after=float(self._activity[rows.name][r] + amount[j]),
                    lower=float(rows.lower[r]),
                    upper=float(rows.upper[r]),
                    target=None if rows.target is None else float(rows.target[r]),
                )
            )
        out += [Broken(name, kind, "", label, "") for name, kind, grown, label in groups
                if grown[j] > 0]  # fmt: skip
        return tuple(out)


def recommend(run: Run, account: Mapping[str, Any]) -> Recommendation:
    """Which rep one new account should go to; for many, load a `Recommender` once."""
    return Recommender(run).recommend(account)


def read_new_accounts(path: str) -> list[dict[str, Any]]:
    """New accounts of a file: a CSV with the columns of accounts.csv, or JSON (an object or a list
    of them). InputError for what is neither."""
    import json
    from pathlib import Path

    from territoryopt.tables import read_table
    from territoryopt.toml_reading import read_text

    if path.lower().endswith(".json"):
        try:
            found = json.loads(read_text(Path(path), "new account", InputError))
        except (ValueError, RecursionError) as error:
            raise InputError([f"{path} is no JSON: {error}"]) from error
        rows = found if isinstance(found, list) else [found]
        if any(not isinstance(row, dict) for row in rows):
            raise InputError([f"{path} must hold an object, or a list of objects"])
        return rows
    table = read_table(path, id_columns=("account_id",))
    return [{name: cells[i] for name, cells in table.columns.items()} for i in range(len(table))]
