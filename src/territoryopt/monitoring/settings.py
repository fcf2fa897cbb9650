"""How actuals are watched: a page of TOML, every key of which may be left out."""

from __future__ import annotations

import os
from typing import Literal

from pydantic import Field, field_validator

from territoryopt.errors import InputError
from territoryopt.monitoring.months import MONTH
from territoryopt.toml_page import Part, load_page


class DriftSettings(Part):
    """When a territory is flagged."""

    false_alarm: float = Field(
        default=0.05, gt=0, le=0.5,
        description="The chance that a team without any drift has a flag within the year.",
    )  # fmt: skip
    least: float = Field(
        default=0.05, ge=0, lt=1, description="Drift too small to be told: 0.05 = 5 %."
    )


class SeasonSettings(Part):
    """What a territory's month is compared with."""

    compare: Literal["team", "own"] = Field(
        default="team",
        description='"team": the other territories in the same month. "own": besides, the season '
        "of each territory is taken out, as its earlier years have it.",
    )
    year_begins: int = Field(default=1, ge=1, le=12, description="The first month of a year.")


class PlanSettings(Part):
    """What a realignment is made of."""

    grows: list[str] | None = Field(
        default=None,
        description="The model's measures that grow with the actuals; left out: the measure of "
        "that name, or else every measure in money that is a column of accounts.",
    )
    lost: Literal["gone", "keep"] = Field(
        default="gone",
        description="An account that was lost: its measures are nothing, or stay what they were.",
    )
    move_price: float = Field(
        default=0.0, ge=0, le=1e12,
        description="Money a year for each account that changes hands, besides the model's goals.",
    )  # fmt: skip
    outside_price: float | None = Field(
        default=None, ge=0, le=1e12,
        description="Money a year for each unit of a measure outside its band, where the model "
        "says that the band must hold and so has no price of its own.",
    )  # fmt: skip
    left: list[str] = Field(
        default_factory=list, description="Ids of reps who have left: realigned without them."
    )


class MonitorSettings(Part):
    """The page."""

    measure: str = Field(
        default="actuals", min_length=1, max_length=100,
        description="What the amounts are, where the file has no column measure.",
    )  # fmt: skip
    until: str = Field(default="", description="The last month looked at, such as 2026-09.")
    drift: DriftSettings = Field(default_factory=DriftSettings)
    season: SeasonSettings = Field(default_factory=SeasonSettings)
    plan: PlanSettings = Field(default_factory=PlanSettings)

    @field_validator("until")
    @classmethod
    def _is_month(cls, until: str) -> str:
        if until and not MONTH.fullmatch(until):
            raise ValueError("must be a month, such as 2026-09")
        return until


def load_settings(path: str | os.PathLike[str]) -> MonitorSettings:
    """The settings in a file; InputError with every fault, each with file and key."""
    return load_page(MonitorSettings, path, "page of settings for monitoring", InputError)
