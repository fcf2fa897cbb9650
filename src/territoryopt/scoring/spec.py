"""The scoring file: tiers, points, a learned score, potential and calls, as a page of TOML.

A small set of declared forms and no expressions, so that each figure can be told by its parts.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from territoryopt.errors import FaultList, InputError, shortened
from territoryopt.toml_page import Part, check_page
from territoryopt.toml_reading import parse, read_text

Column = Annotated[str, Field(min_length=1, max_length=1_000)]
Number = Annotated[float, Field(allow_inf_nan=False)]
Amount = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Label = Annotated[str, Field(min_length=1, max_length=200)]
Days = Annotated[float, Field(ge=0, le=100_000, allow_inf_nan=False)]
Text = str | int | float
Where = dict[Column, list[Text]]
"""Only accounts whose cell is one of these, in each column named."""

BARRED = frozenset({"account_id", "name", "latitude", "longitude", "requires", "wishes",
                    "current_rep", "locked_rep", "family", "apart"})  # fmt: skip
"""Columns of accounts.csv that mean something else; nothing here may make them."""
NUMBERS = frozenset({"potential", "annual_revenue", "visits_per_year", "hours_per_visit"})
"""Columns of amounts; no tiers and no points may stand there."""


class Rates(Part):
    """A number for each text of a column, such as a tier."""

    by: Column
    values: dict[str, Number] = Field(min_length=1)
    rest: Number | None = None


Rate = Number | Rates


class Ordered(Part):
    """Names of tiers, from the best down."""

    tiers: list[Label] = Field(min_length=1, max_length=100)

    @model_validator(mode="after")
    def _names_once(self) -> Ordered:
        if len(set(self.tiers)) < len(self.tiers):
            raise ValueError("names a tier twice. Give each tier a name of its own")
        return self


class Tiers(Ordered):
    """Tiers of one column; `blank` takes accounts whose cell is blank, else they are refused."""

    blank: Label | None = None


def _steps(name: str, steps: list[float], tiers: list[str], *, falling: bool) -> None:
    if len(steps) != len(tiers) - 1:
        raise ValueError(f"{name} needs one number fewer than there are tiers. "
                         "The last tier takes the rest")  # fmt: skip
    ordered = sorted(set(steps), reverse=falling)
    if ordered != steps:
        way = "fall" if falling else "rise"
        raise ValueError(f"the numbers of {name} must {way}. The best tier stands first")


class Thresholds(Tiers):
    """Tiers by fixed limits of a number (`at_least`), or of the age of a date (`within_days`)."""

    kind: Literal["thresholds"]
    column: Column
    at_least: list[Number] | None = None
    within_days: list[Days] | None = None

    @model_validator(mode="after")
    def _limits(self) -> Thresholds:
        if (self.at_least is None) == (self.within_days is None):
            raise ValueError("needs either at_least or within_days. Keep one of the two")
        if self.at_least is not None:
            _steps("at_least", self.at_least, self.tiers, falling=True)
        if self.within_days is not None:
            _steps("within_days", self.within_days, self.tiers, falling=False)
        return self


class Quantiles(Tiers):
    """Tiers by shares of the accounts, or of the amount they bring (ABC)."""

    kind: Literal["quantiles"]
    column: Column
    shares: list[Annotated[float, Field(gt=0, le=1)]]
    of: Literal["accounts", "amount"] = "accounts"
    within: Column | None = None

    @model_validator(mode="after")
    def _whole(self) -> Quantiles:
        if len(self.shares) != len(self.tiers):
            raise ValueError("needs one share for each tier. They add up to 1")
        if abs(sum(self.shares) - 1) > 1e-9:
            raise ValueError(f"the shares add up to {sum(self.shares):g}. They must add up to 1")
        return self


class Values(Part):
    """Tiers by the text of a column; `rest` takes what is not named."""

    kind: Literal["values"]
    column: Column
    tiers: dict[Label, list[Text]] = Field(min_length=1, max_length=100)
    rest: Label | None = None

    @model_validator(mode="after")
    def _texts_once(self) -> Values:
        texts = [str(value).strip() for values in self.tiers.values() for value in values]
        twice = next((text for text in texts if texts.count(text) > 1), None)
        if twice is not None:
            raise ValueError(f"{shortened(twice)!r} stands in two places. Keep one of them")
        return self


class Weights(Part):
    """How much recency, frequency and money count."""

    recency: Amount = 1.0
    frequency: Amount = 1.0
    monetary: Amount = 1.0


class Rfm(Ordered):
    """Tiers by the history with an account: how long ago, how often, how much."""

    kind: Literal["rfm"]
    recency: Column | None = None
    frequency: Column | None = None
    monetary: Column | None = None
    bins: int = Field(default=5, ge=2, le=20)
    weights: Weights = Field(default_factory=Weights)
    at_least: list[Number]
    blank: Literal["refuse", "lowest"] = "refuse"

    @model_validator(mode="after")
    def _limits(self) -> Rfm:
        if not self.sides:
            raise ValueError("names no column. Give recency, frequency or monetary")
        if not sum(getattr(self.weights, side) for side in self.sides):
            raise ValueError("every weight is 0. Give one of them a weight")
        _steps("at_least", self.at_least, self.tiers, falling=True)
        return self

    @property
    def sides(self) -> dict[str, str]:
        """The columns named, in the order R, F, M."""
        named = {s: getattr(self, s) for s in ("recency", "frequency", "monetary")}
        return {side: column for side, column in named.items() if column is not None}


class Grid(Part):
    """Tiers by two other columns of tiers: `tiers.<of rows>.<of columns> = tier`."""

    kind: Literal["grid"]
    rows: Column
    columns: Column
    tiers: dict[str, dict[str, Label]] = Field(min_length=1, max_length=1_000)
    rest: Label | None = None


Segment = Annotated[Thresholds | Quantiles | Values | Rfm | Grid, Field(discriminator="kind")]

CONDITIONS = ("at_least", "below", "between", "one_of", "filled", "within_days", "older_than_days",
              "due_within_days", "each")  # fmt: skip
AGED = ("within_days", "older_than_days", "due_within_days")


class Signal(Part):
    """Points for one condition on one column; exactly one of CONDITIONS is given."""

    name: str = Field(default="", max_length=200)
    column: Column
    at_least: Number | None = None
    below: Number | None = None
    between: Annotated[list[Number], Field(min_length=2, max_length=2)] | None = None
    one_of: Annotated[list[Text], Field(min_length=1)] | None = None
    filled: bool | None = None
    within_days: Days | None = None
    older_than_days: Days | None = None
    due_within_days: Days | None = None
    each: Annotated[float, Field(gt=0, allow_inf_nan=False)] | None = None
    points: Number
    cap: Amount | None = None
    half_life_days: Annotated[float, Field(gt=0, le=100_000)] | None = None
    since: Column | None = None
    group: str = Field(default="", max_length=200)
    where: Where = Field(default_factory=dict)
    blank: Number | Literal["refuse"] = 0

    @model_validator(mode="after")
    def _one_condition(self) -> Signal:
        given = [name for name in CONDITIONS if getattr(self, name) is not None]
        if len(given) != 1:
            raise ValueError(f"needs exactly one condition. Give one of {', '.join(CONDITIONS)}")
        if self.between is not None and self.between[0] >= self.between[1]:
            raise ValueError("between must rise. It is from the first number to below the second")
        if self.cap is not None and self.each is None:
            raise ValueError("cap goes with each. A single signal gives its points or none")
        if self.since is not None and self.half_life_days is None:
            raise ValueError("since goes with half_life_days. Points fade from that date")
        past = ("within_days", "older_than_days")
        if self.half_life_days is not None and self.since is None and given[0] not in past:
            raise ValueError("half_life_days needs a date. Name its column with since")
        if self.filled is False and isinstance(self.blank, str):
            raise ValueError("filled = false looks for blanks. It cannot refuse them")
        return self

    @property
    def condition(self) -> str:
        """Which condition is given."""
        return next(name for name in CONDITIONS if getattr(self, name) is not None)

    @property
    def fades_from(self) -> str | None:
        """The column of dates its points fade from."""
        return None if self.half_life_days is None else self.since or self.column


class Points(Part):
    """A score: the points of its signals added up, group by group and as a whole within limits."""

    start: Number = 0
    least: Number | None = None
    most: Number | None = None
    caps: dict[Label, Amount] = Field(default_factory=dict)
    where: Where = Field(default_factory=dict)
    signals: list[Signal] = Field(min_length=1, max_length=500)

    @model_validator(mode="after")
    def _groups(self) -> Points:
        groups = {signal.group for signal in self.signals}
        unused = [name for name in self.caps if name not in groups]
        if unused:
            raise ValueError(f"no signal is of the group {shortened(unused[0])!r}. "
                             "Name it with group in a signal, or take its cap out")  # fmt: skip
        if self.least is not None and self.most is not None and self.least > self.most:
            raise ValueError("least is above most. Correct one of them")
        return self


class Learned(Part):
    """A probability learned from what was won and lost."""

    column: Column = "probability"
    history: Annotated[str, Field(min_length=1, max_length=4_000)] | None = None
    outcome: Column
    won: list[Text] = Field(min_length=1)
    lost: list[Text] = Field(min_length=1)
    left_out: list[Text] = Field(default_factory=list)
    numbers: list[Column] = Field(default_factory=list, max_length=200)
    texts: list[Column] = Field(default_factory=list, max_length=200)
    blank: Literal["refuse", "average"] = "refuse"
    date: Column | None = None
    held_out: Annotated[float, Field(ge=0.05, le=0.5)] = 0.25
    seed: int = Field(default=0, ge=0, le=2**32 - 1)
    strength: Annotated[float, Field(gt=0, le=1e6)] = 1.0
    least_rows: int = Field(default=10, ge=2, le=1_000_000)

    @model_validator(mode="after")
    def _features(self) -> Learned:
        named = [*self.numbers, *self.texts]
        if not named:
            raise ValueError("names no feature. Give columns in numbers or texts")
        twice = next((name for name in named if named.count(name) > 1), None)
        if twice is not None:
            raise ValueError(f"names {shortened(twice)!r} twice. Keep it in numbers or in texts")
        if self.outcome in named:
            raise ValueError("the outcome is among the features. Take it out of them")
        if self.date in named:
            raise ValueError("the date is among the features. Take it out of them")
        told = [{str(v).strip() for v in side} for side in (self.won, self.lost, self.left_out)]
        both = (told[0] & told[1]) | (told[0] & told[2]) | (told[1] & told[2])
        if both:
            raise ValueError(f"{shortened(min(both))!r} stands in two of won, lost and left_out. "
                             "Keep it in one")  # fmt: skip
        return self


class PotentialPart(Part):
    """What the parts of a potential have in common."""

    name: str = Field(default="", max_length=200)
    where: Where = Field(default_factory=dict)
    blank: Number | Literal["refuse"] = "refuse"


class RatePart(PotentialPart):
    """amount × rate × each of `times`."""

    kind: Literal["rate"]
    amount: Column | Number
    rate: Rate = 1.0
    times: list[Column] = Field(default_factory=list, max_length=20)


class PeersPart(PotentialPart):
    """What accounts of the same kind bring, at a quantile of them, less what this one brings."""

    kind: Literal["peers"]
    column: Column
    by: list[Column] = Field(default_factory=list, max_length=20)
    quantile: Annotated[float, Field(ge=0, le=1)] = 0.75
    least_accounts: int = Field(default=10, ge=1)
    less_own: bool = True
    rate: Rate = 1.0


class SharePart(PotentialPart):
    """A total shared out in proportion to a column, to the last cent."""

    kind: Literal["share"]
    total: Amount | Rates
    in_proportion_to: Column


AnyPart = Annotated[RatePart | PeersPart | SharePart, Field(discriminator="kind")]


class Potential(Part):
    """Money a year an account could bring: its parts added up."""

    parts: list[AnyPart] = Field(min_length=1, max_length=100)
    least: Amount | None = None
    most: Amount | None = None


class Reps(Part):
    """What reps.csv needs for workload and does not say."""

    capacity: Amount | None = None


class Scoring(Part):
    """A scoring file. `as_of` is the day ages count to: stated, never today's."""

    name: str = Field(default="", max_length=200)
    as_of: date | None = None
    currency: Annotated[str, Field(pattern="^[A-Z]{3}$")] | None = None
    points: dict[Column, Points] = Field(default_factory=dict)
    learned: Learned | None = None
    segments: dict[Column, Segment] = Field(default_factory=dict)
    potential: Potential | None = None
    visits_per_year: Rate | None = None
    hours_per_visit: Rate | None = None
    reps: Reps = Field(default_factory=Reps)
    file: str = Field(default="score.toml", exclude=True)
    text: str = Field(default="", exclude=True)
    folder: str = Field(default=".", exclude=True)

    @property
    def money(self) -> str:
        """The unit of potential."""
        return f"{self.currency}/year" if self.currency else ""

    def made(self) -> Iterator[tuple[str, str]]:
        """(column, key) of everything it makes of the accounts."""
        for name in self.points:
            yield name, f"points.{name}"
        if self.learned is not None:
            yield self.learned.column, "learned"
        for name, segment in self.segments.items():
            yield name, f"segments.{name}"
            if isinstance(segment, Rfm):
                yield f"{name}_code", f"segments.{name}"
        for name in ("potential", "visits_per_year", "hours_per_visit"):
            if getattr(self, name) is not None:
                yield name, name


def load_scoring(path: str | os.PathLike[str]) -> Scoring:
    """The scoring of a TOML file; InputError with every fault, each with file and key."""
    where = Path(path)
    text = read_text(where, "scoring", InputError)
    return parse_scoring(text, where.name, str(where.parent))


def parse_scoring(text: str, file: str = "score.toml", folder: str = ".") -> Scoring:
    """A scoring from TOML text; `file` is how messages name it, `folder` where a history lies."""
    table = parse(text, file, "scoring", InputError)
    faults = FaultList(InputError)
    for key in ("file", "text", "folder"):
        if key in table:
            faults.add("is not a known key", "Take it out", file=file, key=key)
    whole = {**table, "file": file, "text": text, "folder": folder}
    scoring = check_page(Scoring, whole, file, InputError, tuple(faults.problems))
    _check_names(scoring, faults)
    faults.raise_if_any()
    return scoring


def _check_names(scoring: Scoring, faults: FaultList) -> None:
    seen: dict[str, str] = {}
    for column, key in scoring.made():
        place: dict[str, Any] = {"file": scoring.file, "key": shortened(key, 200)}
        own = key in ("potential", "visits_per_year", "hours_per_visit")
        if column in BARRED or (column in NUMBERS and not own):
            faults.add(f"makes the column {column!r}, which means something else in accounts.csv",
                       "Give it another name", **place)  # fmt: skip
        if column != column.strip() or any(not c.isprintable() for c in column):
            faults.add("is no name for a column", "Use plain letters, digits and spaces", **place)
        if column in seen:
            faults.add(f"makes the column {shortened(column)!r}, as {seen[column]} does",
                       "Rename one", **place)  # fmt: skip
        seen.setdefault(column, shortened(key, 200))
    if scoring.potential is not None and scoring.currency is None:
        faults.add("is missing, and potential is money a year", 'Name it, such as currency = "USD"',
                   file=scoring.file, key="currency")  # fmt: skip
    if not seen and scoring.reps.capacity is None:
        faults.add("says nothing to do",
                   "Give [segments], [points], [learned], [potential], visits_per_year or "
                   "hours_per_visit", file=scoring.file)  # fmt: skip
