"""Goals as a result: one for each rep, with the parts it is made of, and what they add up to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import TYPE_CHECKING, Any

from territoryopt.answers.showing import Shown
from territoryopt.words import number

if TYPE_CHECKING:
    import pandas as pd

SCHEMA = "territoryopt/goals/1"
PARTS = ("potential", "history", "capacity", "limits", "rounding")
"""What a goal is made of, in order; the five add up to it to the cent."""


@dataclass(frozen=True)
class RepGoal:
    """The goal of a rep, money a year, exact to the cent.

    parts: by the names of `PARTS`; they add up to `goal`. limit: "least" or "most" where a limit on
    growth binds. low, high: those limits in money, None where there is none. potential, history:
    of the accounts of the plan; taken_over: the history of those that come from other reps;
    history_today: of the accounts the rep has today. hours: a year, after ramp and leave;
    share_of_year: what ramp and leave leave of it, from 0 to 1. growth: goal over history, less 1.
    periods: the goal by quarter or month; they add up to it. None where something is not known.
    """

    rep: str
    name: str
    accounts: int
    goal: float
    parts: Mapping[str, float]
    limit: str
    low: float | None
    high: float | None
    potential: float | None
    history: float | None
    taken_over: float | None
    history_today: float | None
    hours: float | None
    share_of_year: float
    goal_per_potential: float | None
    goal_per_hour: float | None
    growth: float | None
    periods: tuple[float, ...]
    text: str


@dataclass(frozen=True)
class Fairness:
    """A measure by which goals can be held against each other.

    team: of all together. least, most: of single reps, and who they are. spread: the standard
    deviation over reps as a fraction of their mean (of growth: of 1 + growth); 0 is even. Potential
    and history count for the share of the year that a rep works.
    """

    name: str
    unit: str
    team: float
    least: float
    least_rep: str
    most: float
    most_rep: str
    spread: float
    text: str


@dataclass(frozen=True)
class Kpi:
    """A figure to hold reps to: `targets` in the order of the reps, `team` of all together."""

    name: str
    unit: str
    formula: str
    columns: tuple[str, ...]
    team: float
    targets: tuple[float, ...]


@dataclass(frozen=True)
class SegmentGoal:
    """The part of a rep's goal that falls to the accounts of one segment, money a year."""

    rep: str
    segment: str
    accounts: int
    goal: float


@dataclass(frozen=True)
class LeftOut:
    """What could not be told, and why."""

    what: str
    why: str


@dataclass(frozen=True)
class Goals(Shown):
    """Goals for every rep of a plan. They add up to `total` to the cent.

    step: what every goal is a multiple of. weights: what goals stand on, fractions that add up to
    1. run: the name of the run folder; run_sha256: of its result.json.
    """

    total: float
    step: float
    currency: str
    weights: Mapping[str, float]
    periods: tuple[str, ...]
    summary: tuple[str, ...]
    reps: tuple[RepGoal, ...]
    fairness: tuple[Fairness, ...]
    kpis: tuple[Kpi, ...]
    segment_column: str
    segments: tuple[SegmentGoal, ...]
    left_out: tuple[LeftOut, ...]
    run: str = ""
    run_sha256: str = ""
    settings: str = field(default="", repr=False)

    def as_dict(self) -> dict[str, Any]:
        """The stable JSON contract `territoryopt/goals/1`."""
        return {"schema": SCHEMA, **_plain(asdict(self))}

    def heading(self) -> str:
        return self.summary[0]

    def to_frame(self) -> pd.DataFrame:
        """One row per rep: goals.csv."""
        import pandas as pd

        return pd.DataFrame(self.goal_columns())

    def parts_frame(self) -> pd.DataFrame:
        """One row per rep and part: goal_parts.csv."""
        import pandas as pd

        return pd.DataFrame(self.part_columns())

    def kpi_frame(self) -> pd.DataFrame:
        """One row per rep and KPI: kpis.csv."""
        import pandas as pd

        return pd.DataFrame(self.kpi_columns())

    def segment_frame(self) -> pd.DataFrame:
        """One row per rep and segment: goal_segments.csv."""
        import pandas as pd

        return pd.DataFrame(self.segment_columns())

    def goal_columns(self) -> dict[str, list[Any]]:
        """The columns of goals.csv."""
        named = {"rep": "rep_id", "text": "basis"}
        skipped = ("parts", "periods", "text")
        out: dict[str, list[Any]] = {
            named.get(each.name, each.name): [getattr(rep, each.name) for rep in self.reps]
            for each in fields(RepGoal)
            if each.name not in skipped
        }
        for k, name in enumerate(self.periods):
            out[f"goal_{name.lower()}"] = [rep.periods[k] for rep in self.reps]
        out["basis"] = [rep.text for rep in self.reps]
        return out

    def part_columns(self) -> dict[str, list[Any]]:
        """The columns of goal_parts.csv."""
        rows = [(rep.rep, rep.name, part, rep.parts[part]) for rep in self.reps for part in PARTS]
        names = ("rep_id", "name", "part", "money")
        return {name: [row[k] for row in rows] for k, name in enumerate(names)}

    def kpi_columns(self) -> dict[str, list[Any]]:
        """The columns of kpis.csv."""
        rows = [
            (rep.rep, rep.name, kpi.name, kpi.targets[j], kpi.unit, kpi.formula,
             "; ".join(kpi.columns))
            for kpi in self.kpis
            for j, rep in enumerate(self.reps)
        ]  # fmt: skip
        names = ("rep_id", "name", "kpi", "target", "unit", "formula", "columns")
        return {name: [row[k] for row in rows] for k, name in enumerate(names)}

    def segment_columns(self) -> dict[str, list[Any]]:
        """The columns of goal_segments.csv."""
        return {
            "rep_id": [s.rep for s in self.segments],
            self.segment_column or "segment": [s.segment for s in self.segments],
            "accounts": [s.accounts for s in self.segments],
            "goal": [s.goal for s in self.segments],
        }

    def sentences(self) -> list[str]:
        """All of it for people: the whole, each rep, fairness, what was left out."""
        lines = [*self.summary, *(rep.text for rep in self.reps)]
        lines += [each.text for each in self.fairness]
        return lines + [f"Left out: {each.what}: {each.why}." for each in self.left_out]


def _plain(value: Any) -> Any:
    """Tuples as lists, as JSON has them."""
    if isinstance(value, dict):
        return {key: _plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    return value


def cents(value: float) -> int:
    """Money as a whole number of cents, half a cent up."""
    return round(value * 100)


def money_of(value: int) -> float:
    """A number of cents as money; up to `LARGEST` its two digits are exact when written."""
    return value / 100


def plain_money(value: float) -> str:
    """Money as it stands in a sheet: cents only where there are some."""
    return number(value) if value == round(value) else f"{value:,.2f}"
