"""The value of every criterion for every territory, from the model's own arrays."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from territoryopt.cells import FloatArray
from territoryopt.goals.criteria import QualitySettings
from territoryopt.goals.measured import Measured
from territoryopt.problem import TOLERANCE
from territoryopt.problem.amounts import BoolArray
from territoryopt.reasons.territories import Total
from territoryopt.runs import Run
from territoryopt.skills import fit
from territoryopt.words import amount, number, percent, plural

FULL = 1 - 1e-9
"""A fit from here on is full: weights of wishes add up to one with a rounding."""


@dataclass(frozen=True)
class Value:
    """A value (NaN: not known), in words, and whether a rule that must hold is broken."""

    value: float
    words: str
    broken: bool = False


@dataclass(eq=False)
class Judge:
    """The value of each criterion for each rep, or why there is none."""

    run: Run
    spec: QualitySettings

    def __post_init__(self) -> None:
        self.measured = Measured(self.run)
        self.currency = f"{self.run.model.currency}/year"
        self.territories = self.run.explanation().territories()

    def values(self, name: str) -> list[Value] | str:
        """float64[reps] in words, or the reason why not."""
        kinds: dict[str, Callable[[], list[Value] | str]] = {
            "potential": lambda: self._against(self.spec.potential),
            "workload": lambda: self._against("workload"),
            "capacity_use": self._capacity_use,
            "travel_share": self._travel_share,
            "compactness": self._compactness,
            "skill_fit": self._skill_fit,
            "largest_account": lambda: self._concentration(largest=True),
            "concentration": lambda: self._concentration(largest=False),
            "disruption": self._disruption,
            "growth_room": self._growth_room,
        }
        return kinds[name]()

    def _totals(self, measure: str) -> list[list[Total]]:
        """The totals of each rep that the model's rules have of a measure."""
        return [[t for t in facts.totals if t.measure == measure and t.kind != "moves"]
                for facts in self.territories]  # fmt: skip

    def _against(self, measure: str) -> list[Value] | str:
        if why := self.measured.why_not(measure):
            return why
        totals, unit = self.measured.of_reps(measure), self.measured.unit(measure)
        mean = float(totals.mean())
        if not mean > 0:
            return f"there is no {measure}"
        out = []
        for total, rules in zip(totals.tolist(), self._totals(measure), strict=True):
            target = next((t.target for t in rules if t.target), None)
            of = "the mean of the reps" if target is None else "the target"
            ratio = total / (target or mean)
            words = f"{measure} {amount(total, unit)}, {percent(ratio)} of {of}"
            out.append(Value(ratio, words, any(_broken(t) for t in rules)))
        return out

    def _capacity_use(self) -> list[Value] | str:
        if why := self.measured.why_not("workload"):
            return why
        hours = self.measured.of_reps("workload")
        rules = [[t.upper for t in rows if t.kind == "capacity" and np.isfinite(t.upper)]
                 for rows in self._totals("workload")]  # fmt: skip
        if all(rules):
            able = np.array([min(uppers) for uppers in rules])
        else:
            column = self.measured.rep_column(self.spec.capacity)
            if column is None:
                return f"reps.csv has no column {self.spec.capacity!r} full of numbers"
            able = column
        use = _ratio(hours, able)
        return [
            Value(u, f"{percent(u)} of {number(c)} hours a year used" if np.isfinite(u) else
                   "no hours to use")
            for u, c in zip(use.tolist(), able.tolist(), strict=True)
        ]  # fmt: skip

    def _travel_share(self) -> list[Value] | str:
        for measure in ("travel", "workload"):
            if why := self.measured.why_not(measure):
                return why
        road = self.measured.of_reps("travel")
        share = _ratio(road, self.measured.of_reps("workload"))
        return [
            Value(s, f"{percent(s)} of the workload on the road" if np.isfinite(s) else
                   "no workload")
            for s in share.tolist()
        ]  # fmt: skip

    def _compactness(self) -> list[Value] | str:
        if why := self.measured.why_not("distance"):
            return why
        km, visits = self.measured.of_accounts("distance"), self.measured.visits
        weight = np.ones(len(km)) if visits is None else visits.copy()
        if self.run.model.travel.pairs_km is None:
            homes: BoolArray = np.isnan(self.run.instance.homes[:, 0])
            weight[np.isnan(self.run.instance.coordinates).any(axis=1)] = 0.0
            weight[(self.measured.rep >= 0) & homes[self.measured.rep]] = 0.0
        weight[self.measured.rep < 0] = 0.0
        if not weight.sum() > 0 or not (km * weight).sum() > 0:
            return "there are no distances"
        team = float((km * weight).sum() / weight.sum())
        own = _ratio(self.measured.totals(km * weight), self.measured.totals(weight))
        per = "an account" if visits is None else "a visit"
        return [
            Value(v / team, f"{number(v)} km {per}, {percent(v / team)} of the team's"
                   if np.isfinite(v) else "no distances")
            for v in own.tolist()
        ]  # fmt: skip

    def _potential(self) -> FloatArray | str:
        if why := self.measured.why_not(self.spec.potential):
            return why
        return self.measured.of_accounts(self.spec.potential)

    def _skill_fit(self) -> list[Value] | str:
        value, instance = self._potential(), self.run.instance
        if isinstance(value, str):
            return value
        if not any(instance.wishes.patterns):
            return "no account wishes for a skill"
        rep = self.measured.rep
        owned = np.flatnonzero(rep >= 0)
        full = np.zeros(len(rep))
        full[owned] = fit(instance.wishes, instance.skills).at(owned, rep[owned]) >= FULL
        share = _ratio(self.measured.totals(value * full), self.measured.totals(value))
        return [
            Value(s, f"{percent(s)} of the potential fully fit" if np.isfinite(s) else
                   "no potential")
            for s in share.tolist()
        ]  # fmt: skip

    def _concentration(self, largest: bool) -> list[Value] | str:
        value = self._potential()
        if isinstance(value, str):
            return value
        total, rep = self.measured.totals(value), self.measured.rep
        out = []
        for j in range(self.measured.reps):
            mine = np.flatnonzero(rep == j)
            if not total[j] > 0:
                out.append(Value(np.nan, "no potential"))
                continue
            part = value[mine] / total[j]
            if largest:
                first = mine[int(part.argmax())]
                name = self.run.instance.account_names[first]
                words = f"{name} is {percent(float(part.max()))} of the potential"
                out.append(Value(float(part.max()), words))
            else:
                index = float((part**2).sum())
                even = f"as of {number(1 / index)} accounts alike"
                out.append(Value(index, f"concentration {index:.3f}, {even}"))
        return out

    def _disruption(self) -> list[Value] | str:
        if not (self.measured.current >= 0).any():
            return "nobody owns an account today"
        out = []
        for facts in self.territories:
            came = facts.gained + facts.new
            if not facts.accounts:
                out.append(Value(np.nan, "no accounts"))
                continue
            share = came / facts.accounts
            words = f"{came:,} of {plural(facts.accounts, 'account')} new to the rep"
            words += f" ({percent(share)})" if came else ""
            out.append(Value(share, f"{words}, {facts.lost:,} handed off"))
        return out

    def _growth_room(self) -> list[Value] | str:
        value = self._potential()
        if isinstance(value, str):
            return value
        if why := self.measured.why_not(self.spec.revenue):
            return why
        if self.spec.revenue == self.spec.potential:
            return "potential and revenue are the same measure"
        total, sold = self.measured.totals(value), self.measured.of_reps(self.spec.revenue)
        room = _ratio(total - sold, total)
        return [
            Value(s, f"{percent(s) if s > 0 else 'nothing'} of the potential not yet sold"
                   if np.isfinite(s) else "no potential")
            for s in room.tolist()
        ]  # fmt: skip


def _ratio(above: FloatArray, below: FloatArray) -> FloatArray:
    """float64[reps]: NaN where there is nothing to divide by."""
    out: FloatArray = np.full(len(above), np.nan)
    np.divide(above, below, out=out, where=below > 0)
    return out


def _broken(total: Total) -> bool:
    """Whether a total lies outside of what a rule demands."""
    size = max([abs(v) for v in (total.lower, total.upper) if np.isfinite(v)], default=1.0) or 1.0
    beyond = max(total.total - total.upper, total.lower - total.total)
    return total.hard and beyond > TOLERANCE * size
