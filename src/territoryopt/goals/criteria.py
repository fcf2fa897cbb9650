"""What a territory is judged by, and from where on it counts as high or medium."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field

from territoryopt.errors import FaultList, InputError
from territoryopt.goals.settings import NotNegative
from territoryopt.toml_page import Part, load_page
from territoryopt.words import number, percent

Kind = Literal["between", "at most", "at least"]
Edge = tuple[float, ...]
"""One number, or the two ends of a range."""
Finite = Annotated[float, Field(allow_inf_nan=False)]
ASSUMED = "our assumption"


@dataclass(frozen=True)
class Criterion:
    """What is judged: high where the value is within `high`, medium within `medium`, else low.

    share: whether the value is told in percent. source: whose thresholds they are.
    """

    name: str
    title: str
    kind: Kind
    high: Edge
    medium: Edge
    weight: float = 1.0
    share: bool = True
    source: str = ASSUMED

    def within(self, value: float, edge: Edge) -> bool:
        room = 1e-9 * max(1.0, abs(value))
        if self.kind == "between":
            return edge[0] - room <= value <= edge[1] + room
        return value <= edge[0] + room if self.kind == "at most" else value >= edge[0] - room

    def verdict(self, value: float) -> str:
        if self.within(value, self.high):
            return "high"
        return "medium" if self.within(value, self.medium) else "low"

    def span(self, edge: Edge) -> str:
        """A threshold in words: "at most 35 %", "90 to 110 %"."""
        say = percent if self.share else number
        if self.kind == "between":
            return f"{say(edge[0]).removesuffix(' %')} to {say(edge[1])}"
        return f"{self.kind} {say(edge[0])}"


CRITERIA = (
    Criterion("potential", "potential against its target", "between", (0.9, 1.1), (0.8, 1.2)),
    Criterion("workload", "workload against its target", "between", (0.9, 1.1), (0.8, 1.2)),
    Criterion("capacity_use", "use of the hours", "between", (0.8, 1.0), (0.65, 1.05)),
    Criterion("travel_share", "travel in the workload", "at most", (0.35,), (0.5,)),
    Criterion("compactness", "km a visit against the team's", "at most", (1.1,), (1.5,)),
    Criterion("skill_fit", "potential fully fit", "at least", (0.9,), (0.75,)),
    Criterion("largest_account", "the largest account", "at most", (0.15,), (0.3,)),
    Criterion(
        "concentration", "concentration (HHI)", "at most", (0.15,), (0.25,), share=False,
        source="US Department of Justice and FTC, Horizontal Merger Guidelines 2010, 5.3: a market"
        " is not concentrated below 0.15 and highly so above 0.25; that it holds for a territory is"
        " our assumption",
    ),
    Criterion("disruption", "accounts new to the rep", "at most", (0.15,), (0.35,)),
    Criterion("growth_room", "potential not yet sold", "at least", (0.3,), (0.1,)),
)  # fmt: skip
NAMES = tuple(each.name for each in CRITERIA)


class Thresholds(Part):
    """Other thresholds for a criterion; what is left out stays as it is."""

    high: Finite | list[Finite] | None = None
    medium: Finite | list[Finite] | None = None
    weight: NotNegative | None = Field(default=None, description="0 leaves the criterion out.")


class CriteriaTable(Part):
    potential: Thresholds = Thresholds()
    workload: Thresholds = Thresholds()
    capacity_use: Thresholds = Thresholds()
    travel_share: Thresholds = Thresholds()
    compactness: Thresholds = Thresholds()
    skill_fit: Thresholds = Thresholds()
    largest_account: Thresholds = Thresholds()
    concentration: Thresholds = Thresholds()
    disruption: Thresholds = Thresholds()
    growth_room: Thresholds = Thresholds()


class Overall(Part):
    """How verdicts become one. points: high counts 2, medium 1, low 0, times the weight; the share
    of the points that could be had is high or medium from these on. worst: the worst verdict."""

    rule: Literal["points", "worst"] = "points"
    high: Annotated[float, Field(ge=0, le=1)] = 0.8
    medium: Annotated[float, Field(ge=0, le=1)] = 0.5


class QualitySettings(Part):
    """A quality.toml. potential, revenue: measures of the model; capacity: a column of reps.csv."""

    potential: str = "potential"
    revenue: str = "revenue"
    capacity: str = "capacity"
    overall: Overall = Overall()
    criteria: CriteriaTable = CriteriaTable()


def load_quality_settings(path: str | os.PathLike[str]) -> QualitySettings:
    """The settings of a quality.toml; InputError with every fault, each with file and key."""
    spec = load_page(QualitySettings, path, "quality file", InputError)
    criteria_of(spec, os.path.basename(os.fspath(path)))
    return spec


def criteria_of(spec: QualitySettings, file: str = "quality.toml") -> tuple[Criterion, ...]:
    """The criteria that count, with their thresholds; InputError for such as make no sense."""
    faults = FaultList(InputError)
    if spec.overall.medium > spec.overall.high:
        faults.add("medium is above high", "Swap them", file=file, key="overall.medium",
                   value=spec.overall.medium)  # fmt: skip
    given: Mapping[str, Thresholds] = dict(spec.criteria)
    out = []
    for known in CRITERIA:
        found = _changed(known, given[known.name], file, faults)
        if found.weight:
            out.append(found)
    if not out:
        faults.add("every criterion has weight 0, so there is nothing to judge by",
                   "Leave one in", file=file, key="criteria")  # fmt: skip
    faults.raise_if_any()
    return tuple(out)


def _changed(known: Criterion, given: Thresholds, file: str, faults: FaultList) -> Criterion:
    edges: dict[str, Edge] = {"high": known.high, "medium": known.medium}
    need = 2 if known.kind == "between" else 1
    what = "two numbers, such as [0.9, 1.1]" if need == 2 else f"one number: {known.kind} so much"
    for word in edges:
        value = getattr(given, word)
        if value is None:
            continue
        edge = tuple(value) if isinstance(value, list) else (value,)
        if len(edge) != need or edge != tuple(sorted(edge)):
            faults.add("is no such threshold", f"Give {what}", file=file,
                       key=f"criteria.{known.name}.{word}", value=value)  # fmt: skip
            return known
        edges[word] = edge
    high, medium = edges["high"], edges["medium"]
    wider = (
        medium[0] <= high[0] and medium[1] >= high[1] if need == 2
        else medium[0] >= high[0] if known.kind == "at most" else medium[0] <= high[0]
    )  # fmt: skip
    if not wider:
        faults.add(f"medium is narrower than high ({known.span(medium)}, {known.span(high)})",
                   "Make medium the wider of the two", file=file,
                   key=f"criteria.{known.name}")  # fmt: skip
    changed = given.high is not None or given.medium is not None
    return Criterion(
        known.name, known.title, known.kind, high, medium,
        known.weight if given.weight is None else given.weight, known.share,
        f"{file}" if changed else known.source,
    )  # fmt: skip
