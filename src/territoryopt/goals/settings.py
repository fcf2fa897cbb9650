"""goals.toml: how a total is shared out. Every default that is not a plain zero is our assumption,
and says so."""

from __future__ import annotations

import datetime
import os
from typing import Annotated, Literal

from pydantic import Field, model_validator

from territoryopt.errors import InputError
from territoryopt.toml_page import Part, load_page

Fraction01 = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
Ratio = Annotated[float, Field(ge=0, le=100, allow_inf_nan=False)]
NotNegative = Annotated[float, Field(ge=0, le=1e6, allow_inf_nan=False)]
LARGEST = 1e13
"""The largest total: to the cent it is still a number that every spreadsheet keeps exactly."""
WEIGHTS = {"potential": 0.5, "history": 0.4, "capacity": 0.1}
"""What a goal stands on where the file does not say; our assumption."""


class Weights(Part):
    """How much of the total goes by each share. They are taken relative to their sum."""

    potential: NotNegative = Field(default=0.0, description="By the potential of the territory.")
    history: NotNegative = Field(default=0.0, description="By last year's sales of its accounts.")
    capacity: NotNegative = Field(default=0.0, description="By the hours of the rep.")

    @model_validator(mode="after")
    def _some(self) -> Weights:
        if not self.potential + self.history + self.capacity > 0:
            raise ValueError("the weights add up to zero: give one of potential, history, capacity")
        return self


class PotentialPart(Part):
    measure: str = Field(default="potential", description="A measure of the model, money a year.")


class HistoryPart(Part):
    measure: str = Field(
        default="revenue",
        description="A measure of the model: last year's sales of each account. It follows an "
        "account to its new rep.",
    )
    reps: str | None = Field(
        default=None,
        description="In its place a column of reps.csv; it does not follow accounts.",
    )


class CapacityPart(Part):
    column: str = Field(default="capacity", description="A column of reps.csv, hours a year.")


class Limits(Part):
    least: Ratio | None = Field(default=None, description="The least goal over history: 0.9.")
    most: Ratio | None = Field(default=None, description="The most, over history: 1.4.")

    @model_validator(mode="after")
    def _in_order(self) -> Limits:
        if self.least is not None and self.most is not None and self.least > self.most:
            raise ValueError(f"least ({self.least:g}) is above most ({self.most:g})")
        return self


class Growth(Limits):
    """How far a goal may be from what the accounts brought last year, the rep's share of the year
    taken into account; reps: other limits for some, by id."""

    reps: dict[str, Limits] = Field(default_factory=dict)


class Availability(Part):
    """Which share of the year each rep works, after leave: 1 where nothing is said.

    applies_to: "all" lowers a rep's every share and its history (our assumption: what nobody is
    there to sell is asked of the others), "capacity" lowers the hours alone.
    """

    applies_to: Literal["all", "capacity"] = "all"
    column: str | None = Field(default=None, description="A column of reps.csv, from 0 to 1.")
    reps: dict[str, Fraction01] = Field(default_factory=dict, description="By id of the rep.")


class Ramp(Part):
    """What a new rep can do in each month after the first day, 1 from then on; nothing before."""

    months: list[Fraction01] = Field(
        default=[0.25, 0.5, 0.75], max_length=60, description="Our assumption: three months."
    )
    column: str | None = Field(default=None, description="A column of reps.csv with first days.")
    starts: dict[str, datetime.date] = Field(default_factory=dict, description="By id of the rep.")


class Seasons(Part):
    """4 weights for quarters or 12 for months, relative to their sum."""

    weights: list[NotNegative] = Field(default=[1.0, 1.0, 1.0, 1.0])

    @model_validator(mode="after")
    def _periods(self) -> Seasons:
        if len(self.weights) not in (4, 12):
            raise ValueError(f"there are {len(self.weights)} weights: give 4 or 12")
        if not sum(self.weights) > 0:
            raise ValueError("the weights add up to zero")
        return self


class Segments(Part):
    column: str = Field(min_length=1, description="A column of accounts.csv, such as new or kept.")


class Kpis(Part):
    churn: Fraction01 | str | None = Field(
        default=None,
        description="Share of revenue lost in a year: a number, or a column of accounts.csv. "
        "Without it there is no target for retention and none for new business.",
    )


class GoalSettings(Part):
    """A goals.toml."""

    total: float | None = Field(default=None, gt=0, le=LARGEST, allow_inf_nan=False)
    step: float | None = Field(
        default=None, gt=0, le=LARGEST, allow_inf_nan=False,
        description="What every goal is a multiple of; a cent at least.",
    )  # fmt: skip
    year_begins: datetime.date | None = Field(
        default=None, description="The first day of the year that the goals are for."
    )
    weights: Weights | None = Field(default=None)
    potential: PotentialPart = Field(default_factory=PotentialPart)
    history: HistoryPart = Field(default_factory=HistoryPart)
    capacity: CapacityPart = Field(default_factory=CapacityPart)
    growth: Growth = Field(default_factory=Growth)
    availability: Availability = Field(default_factory=Availability)
    ramp: Ramp | None = Field(default=None)
    seasons: Seasons = Field(default_factory=Seasons)
    segments: Segments | None = Field(default=None)
    kpis: Kpis = Field(default_factory=Kpis)

    @model_validator(mode="after")
    def _ramp_needs_a_year(self) -> GoalSettings:
        if self.ramp is not None and self.year_begins is None:
            raise ValueError("a ramp needs year_begins, the first day of the year")
        return self


def load_goal_settings(path: str | os.PathLike[str]) -> GoalSettings:
    """The settings of a goals.toml; InputError with every fault, each with file and key."""
    return load_page(GoalSettings, path, "goals file", InputError)
