"""Territory quality: each territory high, medium or low, by stated criteria, with the reasons."""

from __future__ import annotations

import os
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from territoryopt.answers.showing import Shown
from territoryopt.goals.criteria import (
    Criterion,
    QualitySettings,
    criteria_of,
    load_quality_settings,
)
from territoryopt.goals.judging import Judge, Value
from territoryopt.goals.types import LeftOut
from territoryopt.runs import Run
from territoryopt.words import listed, percent, plural

if TYPE_CHECKING:
    import pandas as pd

SCHEMA = "territoryopt/quality/1"
POINTS = {"high": 2, "medium": 1, "low": 0}


@dataclass(frozen=True)
class Judged:
    """One criterion of one territory. value: None where it is not known, and then the verdict is
    "unknown" and does not count. words: the value in words; text: with the thresholds."""

    name: str
    value: float | None
    high: tuple[float, ...]
    medium: tuple[float, ...]
    verdict: str
    words: str
    text: str


@dataclass(frozen=True)
class TerritoryQuality:
    """A territory's verdict. points: the share of the points that could be had, from 0 to 1."""

    rep: str
    name: str
    verdict: str
    points: float | None
    text: str
    criteria: tuple[Judged, ...]


@dataclass(frozen=True)
class Quality(Shown):
    """The quality of every territory. rule: how the verdicts become one, in words."""

    rule: str
    territories: tuple[TerritoryQuality, ...]
    criteria: tuple[Criterion, ...]
    left_out: tuple[LeftOut, ...]

    @property
    def summary(self) -> str:
        """How many territories are high, medium and low."""
        found = [t.verdict for t in self.territories]
        counts = [f"{found.count(v):,} {v}" for v in (*POINTS, "unknown") if v in found]
        return f"Of {plural(len(found), 'territory').replace('territorys', 'territories')}: " + (
            f"{listed(counts)}."
        )

    def as_dict(self) -> dict[str, Any]:
        """The stable JSON contract `territoryopt/quality/1`."""
        return {
            "schema": SCHEMA,
            "rule": self.rule,
            "summary": self.summary,
            "territories": [
                {**asdict(t), "criteria": [_listed(asdict(c)) for c in t.criteria]}
                for t in self.territories
            ],
            "criteria": [_listed(asdict(c)) for c in self.criteria],
            "left_out": [asdict(each) for each in self.left_out],
        }

    def to_frame(self) -> pd.DataFrame:
        """One row per territory: verdict, points, then value and verdict of each criterion."""
        import pandas as pd

        return pd.DataFrame(self.columns())

    def columns(self) -> dict[str, list[Any]]:
        """The columns of `to_frame`."""
        found = self.territories
        out: dict[str, list[Any]] = {
            "rep_id": [t.rep for t in found],
            "name": [t.name for t in found],
            "verdict": [t.verdict for t in found],
            "points": [t.points for t in found],
        }
        for k, criterion in enumerate(self.criteria):
            out[criterion.name] = [t.criteria[k].value for t in found]
            out[f"{criterion.name}_verdict"] = [t.criteria[k].verdict for t in found]
        out["reasons"] = [t.text for t in found]
        return out

    def heading(self) -> str:
        return f"{self.summary} {self.rule}"

    def sentences(self) -> list[str]:
        """The whole, the rule, each territory, and what could not be judged."""
        lines = [self.summary, self.rule, *(t.text for t in self.territories)]
        return lines + [f"Not judged: {each.what}: {each.why}." for each in self.left_out]


def _listed(record: dict[str, Any]) -> dict[str, Any]:
    return {k: list(v) if isinstance(v, tuple) else v for k, v in record.items()}


def territory_quality(
    run: Run, settings: QualitySettings | str | os.PathLike[str] | None = None
) -> Quality:
    """Each territory of a plan, judged high, medium or low by `CRITERIA`.

    potential, workload: total over the target of the model's rule, or over the mean of the reps
    where no rule has a target; outside of what a rule demands is low. capacity_use: workload over
    capacity. travel_share: travel over workload. compactness: km from home to account a visit,
    over that of the team; accounts without a place are left out. skill_fit: share of the potential
    at accounts all of whose wishes are met. largest_account: its share of the potential;
    concentration: HHI_j = Σ_i (p_i / Σ p)². disruption: accounts that the rep does not have today.
    growth_room: (potential - revenue) / potential.

    Totals are those of the model's own arrays. What the data do not have is left out, with the
    reason. Errors: InputError for a run without a plan and for settings that cannot be used.
    Source: criteria as in Zoltners & Sinha 2005, Marketing Science 24(3), 313-331, on what makes an
    alignment good; Herfindahl-Hirschman index: Hirschman 1964, American Economic Review 54(5), 761;
    thresholds: see each criterion
    """
    file = "quality.toml"
    if isinstance(settings, str | os.PathLike):
        file = os.path.basename(os.fspath(settings))
        settings = load_quality_settings(settings)
    spec = settings or QualitySettings()
    criteria = criteria_of(spec, file)
    judge = Judge(run, spec)
    found: list[tuple[Criterion, list[Value]]] = []
    left = []
    for criterion in criteria:
        values = judge.values(criterion.name)
        if isinstance(values, str):
            left.append(LeftOut(criterion.title, values))
        else:
            found.append((criterion, values))
    reps = zip(run.instance.rep_ids, run.instance.rep_names, strict=True)
    territories = tuple(
        _territory(spec, rep, name, [(c, values[j]) for c, values in found])
        for j, (rep, name) in enumerate(reps)
    )
    return Quality(_rule(spec), territories, tuple(c for c, _ in found), tuple(left))


def _rule(spec: QualitySettings) -> str:
    over = spec.overall
    if over.rule == "worst":
        return "A territory is as good as its worst criterion."
    return (
        "Points: high counts 2, medium 1, low 0, times the weight of the criterion; a territory is "
        f"high from {percent(over.high)} of the points that could be had, medium from "
        f"{percent(over.medium)}."
    )


def _territory(
    spec: QualitySettings, rep: str, name: str, found: list[tuple[Criterion, Value]]
) -> TerritoryQuality:
    judged = []
    had = could = 0.0
    for criterion, value in found:
        known = bool(np.isfinite(value.value))
        verdict = "unknown"
        if known:
            verdict = "low" if value.broken else criterion.verdict(value.value)
            had += criterion.weight * POINTS[verdict]
            could += criterion.weight * 2
        text = f"{value.words}: {verdict}"
        if known:
            text += " (a rule is broken)" if value.broken else (
                f" (high: {criterion.span(criterion.high)}; medium: "
                f"{criterion.span(criterion.medium)})"
            )  # fmt: skip
        judged.append(
            Judged(criterion.name, value.value if known else None, criterion.high,
                   criterion.medium, verdict, value.words, f"{text}.")
        )  # fmt: skip
    points = had / could if could else None
    verdict = "unknown"
    if points is not None and spec.overall.rule == "worst":
        verdict = min((j.verdict for j in judged if j.value is not None), key=POINTS.__getitem__)
    elif points is not None:
        high, medium = spec.overall.high - 1e-9, spec.overall.medium - 1e-9
        verdict = "high" if points >= high else "medium" if points >= medium else "low"
    return TerritoryQuality(rep, name, verdict, points, _reasons(name, verdict, points, judged),
                            tuple(judged))  # fmt: skip


def _reasons(name: str, verdict: str, points: float | None, judged: list[Judged]) -> str:
    """The verdict, and what stands against a better one."""
    if points is None:
        return f"{name}: not known, for nothing of it can be judged."
    lines = [f"{name}: {verdict}, {percent(points)} of the points."]
    for word in ("low", "medium"):
        said = [each.words for each in judged if each.verdict == word]
        if said:
            lines.append(f"{word.capitalize()}: {'; '.join(said)}.")
    if len(lines) == 1:
        lines.append("Every criterion is high.")
    return " ".join(lines)
