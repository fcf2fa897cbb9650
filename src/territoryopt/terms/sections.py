"""The tables of a model file beside its rules and goals: filters, travel, workload, measures."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal, Protocol

from pydantic import BaseModel, ConfigDict, Field, model_validator

from territoryopt.terms.term import Amount, Filter


class Section(BaseModel):
    """A table of the TOML file: no unknown keys, no silent conversion."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


MISSING = (
    'A pair that pairs.csv lacks: "refuse" is an error, "exclude" bars the pair, a number is taken '
    "as its amount."
)
NotNegative = Annotated[Amount, Field(ge=0)]


class Where(Section):
    """Which rows of the files are meant; the others are left out before anything else.

    Values are compared as text. A row is kept if it has one of the values in every column named.
    """

    accounts: Filter = Field(
        default_factory=dict, description='Rows of accounts.csv: column = ["values kept"].'
    )
    reps: Filter = Field(
        default_factory=dict, description='Rows of reps.csv: column = ["values kept"].'
    )


class TravelSection(Section):
    """How long a visit's share of a tour is.

    Formula: travel_ij = visits_i · circuity / speed_kmh · (2 km_ij + (s - 1) hop_i) / s
             hop_i = 0.57 / sqrt(δ_i),  1 / sqrt(δ_i) = d_i sqrt(π) Γ(K) / Γ(K + 1/2)
    Symbols: visits_i visits_per_year of account i; km_ij great-circle km from the home of rep j
             to account i; s stops_per_tour; hop_i km from one stop to the next; δ_i accounts per
             km² around account i, from d_i, km to its K-th nearest other account; K hop_neighbours
    Units: travel_ij hours/year; km_ij, hop_i km; visits_i visits/year
    Source: shape of a tour: Daganzo 1984, Transportation Science 18(4), 331-350; circuity 1.2 for
            the United States: Ballou, Rahardja & Sakai 2002, Transportation Research A 36(9),
            843-848; the other defaults are our assumptions
    """

    circuity: float = Field(default=1.2, ge=1, le=5, description="Road km per great-circle km.")
    speed_kmh: float = Field(default=60.0, gt=0, le=1000, description="Mean speed, km/hour.")
    stops_per_tour: float = Field(default=4.0, ge=1, le=1000, description="Visits on one tour.")
    hop_neighbours: int = Field(
        default=5, ge=1, le=1000, description="Which nearest account tells how dense accounts lie."
    )
    missing_km: Amount | None = Field(
        default=None,
        ge=0,
        description="Distance taken where coordinates are unknown; refused when left out.",
    )
    pairs_hours: str | None = Field(
        default=None,
        description="Column of pairs.csv with travel hours per visit, in place of the formula.",
    )
    pairs_km: str | None = Field(
        default=None, description="Column of pairs.csv with one-way km, in place of km_ij."
    )
    pairs_missing: Literal["refuse", "exclude"] | Amount = Field(
        default="refuse", description=MISSING
    )


class WorkloadSection(Section):
    """How often an account is visited and for how long.

    Formula: workload_ij = visits_i · hours_i + travel_ij
    Symbols: visits_i visits_per_year of account i; hours_i hours_per_visit of account i
    Units: visits/year; hours per visit, without the road
    Source: Lodish 1975, J. Marketing Research 12(1), 30-36: call frequency times call duration
    """

    visits_per_year: str | NotNegative = Field(
        default="visits_per_year", description="A column of accounts.csv, or one number for all."
    )
    hours_per_visit: str | NotNegative = Field(
        default="hours_per_visit", description="A column of accounts.csv, or one number for all."
    )


class Measure(Section):
    """A measure of your own: a numeric column of accounts, or of pairs.

    It may take the name of a built-in measure, in the same unit, and then stands for it everywhere.
    """

    unit: str = Field(description='Its unit: "hours/year", "<currency>/year", or any word.')
    column: str | None = Field(
        default=None, description="Column of accounts.csv; either this or pairs."
    )
    pairs: str | None = Field(
        default=None, description="Column of pairs.csv; either this or column."
    )
    per: Literal["year", "visit"] = Field(
        default="year",
        description='With pairs. "visit": times the visits per year of the account.',
    )
    missing: Literal["refuse", "exclude"] | Amount = Field(default="refuse", description=MISSING)
    negative: bool = Field(default=False, description="Whether amounts below zero make sense.")

    @model_validator(mode="after")
    def _one_source(self) -> Measure:
        if (self.column is None) == (self.pairs is None):
            raise ValueError("a measure needs either column or pairs")
        for key in ("per", "missing"):
            if self.column is not None and key in self.model_fields_set:
                raise ValueError(f"{key} goes with pairs, not with column")
        if isinstance(self.missing, float) and self.missing < 0 and not self.negative:
            raise ValueError("missing is below zero, and negative is not true")
        return self


class Frame(Protocol):
    """What terms may know of the model they stand in."""

    @property
    def file(self) -> str: ...

    @property
    def currency(self) -> str: ...

    @property
    def measures(self) -> Mapping[str, Measure]: ...

    @property
    def travel(self) -> TravelSection: ...

    @property
    def workload(self) -> WorkloadSection: ...

    @property
    def units(self) -> Mapping[str, str]:
        """The unit of every measure the model knows."""
        ...
