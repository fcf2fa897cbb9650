"""Rules on the totals of reps and of groups of reps: band, capacity, group."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from territoryopt.problem import FloatArray, IntArray, Rows
from territoryopt.problem.parts import Role
from territoryopt.terms.data import Data
from territoryopt.terms.term import Amount, Part, Rule, Tolerance

Reference = Literal["least", "current"] | Amount

TARGET = 'A territory\'s share: "equal", or a numeric column of reps to share in proportion to.'
Allowance = Annotated[float, Field(ge=0, le=10, allow_inf_nan=False)]
ALLOWANCE = "A fraction added to that total for the longer ways that evening out costs: 0.1 = 10 %."
REFERENCE = (
    "The total that shares are taken of, where the amount depends on the pair: "
    '"least" (each account with the rep of its least amount, allowed or not), "current", or a '
    "number."
)


def share_words(measure: str, target: str, allowance: float) -> str:
    """What μ_j is: "μ_j = an equal share of all potential"."""
    share = "an equal share" if target == "equal" else f"a share by {target}"
    more = f" and {100 * allowance:g} % more" if allowance else ""
    return f"μ_j = {share} of all {measure}{more}"


class Band(Rule):
    """Keeps each territory's total of a measure near its target share.

    Formula: (1 - tolerance) μ_j <= Σ_i a_ij x_ij <= (1 + tolerance) μ_j   for each rep j
    Symbols: a_ij amount of account i with rep j; μ_j = s_j · (1 + allowance) · total, the target;
             s_j target share
    Units: that of the measure; tolerance is a fraction; price is currency/year per unit outside
    Source: Zoltners & Sinha 1983, Management Science 29(11), 1237-1256: balance as bounds
    """

    kind: Literal["band"]
    measure: str = Field(description="What is balanced.")
    tolerance: Tolerance = Field(description="Half width of the band, as a fraction: 0.1 = 10 %.")
    target: str = Field(default="equal", description=TARGET)
    reference: Reference = Field(default="least", description=REFERENCE)
    allowance: Allowance = Field(default=0.0, description=ALLOWANCE)

    def statement(self, units: dict[str, str], currency: str) -> str:
        unit = units[self.measure]
        share = share_words(self.measure, self.target, self.allowance)
        return (
            f"{1 - self.tolerance:g} μ_j <= Σ_i {self.measure}_ij x_ij <= "
            f"{1 + self.tolerance:g} μ_j  [{unit}]  for each rep j, "
            f"{share}{self.strictness(currency, unit)}"
        )

    def parts(self, name: str, data: Data) -> Iterator[Part]:
        mu = data.targets(self.measure, self.target, self.reference, self.allowance)
        yield rep_rows(
            name,
            self.kind,
            self.measure,
            data,
            lower=(1 - self.tolerance) * mu,
            upper=(1 + self.tolerance) * mu,
            price=np.full(data.reps, self.row_price),
            target=mu,
        )


class Capacity(Rule):
    """Keeps each rep's total of a measure between a least and a most amount.

    Formula: min_j <= Σ_i a_ij x_ij <= max_j   for each rep j
    Symbols: a_ij amount of account i with rep j; min_j, max_j a number or a column of reps
    Units: that of the measure (workload: hours/year); price is currency/year per unit outside
    Source: Lodish 1975, J. Marketing Research 12(1), 30-36: selling time as the limit
    """

    kind: Literal["capacity"]
    measure: str = Field(default="workload", description="What is limited.")
    max: Amount | str | None = Field(
        default=None,
        description="The most: a number, or a column of reps; `capacity` if min is left out too.",
    )
    min: Amount | str | None = Field(
        default=None, description="The least: a number, or a column of reps."
    )

    @property
    def most(self) -> float | str | None:
        """The upper side: a rule that gives neither means the column `capacity`."""
        return "capacity" if self.max is None and self.min is None else self.max

    def statement(self, units: dict[str, str], currency: str) -> str:
        unit = units[self.measure]
        low = "" if self.min is None else f"{_words(self.min)} <= "
        high = "" if self.most is None else f" <= {_words(self.most)}"
        return (
            f"{low}Σ_i {self.measure}_ij x_ij{high}  [{unit}]  for each rep j"
            f"{self.strictness(currency, unit)}"
        )

    def parts(self, name: str, data: Data) -> Iterator[Part]:
        lower = _side(self.min, -np.inf, data, "min")
        upper = _side(self.most, np.inf, data, "max")
        for j in np.flatnonzero(lower > upper):
            data.fault(
                "min",
                f"for {data.instance.rep_ids[j]} the least ({lower[j]:g}) is above the most "
                f"({upper[j]:g})",
            )
        yield rep_rows(
            name,
            self.kind,
            self.measure,
            data,
            lower=lower,
            upper=np.maximum(lower, upper),
            price=np.full(data.reps, self.row_price),
        )


class Group(Rule):
    """Keeps the total of a measure of a group of reps (a team, a region) within bounds.

    Formula: min <= Σ_{j in G} Σ_i a_ij x_ij <= max   for each group G
    Symbols: G the reps with one value in `column`; a_ij amount of account i with rep j
    Units: that of the measure; min_share, max_share are fractions of the measure's total
    Source: none; the practice of sales districts above territories
    """

    kind: Literal["group"]
    column: str = Field(description="The column of reps that names the groups.")
    values: list[str] | None = Field(
        default=None, description="The groups meant; all of them when left out."
    )
    measure: str = Field(description="What is limited.")
    max: Amount | None = Field(default=None, description="The most of a group.")
    min: Amount | None = Field(default=None, description="The least of a group.")
    max_share: Tolerance | None = Field(default=None, description="The most, as a fraction.")
    min_share: Tolerance | None = Field(default=None, description="The least, as a fraction.")
    reference: Reference = Field(default="least", description=REFERENCE)

    def statement(self, units: dict[str, str], currency: str) -> str:
        unit = units[self.measure]
        lows = [_words(self.min)] if self.min is not None else []
        lows += [f"{self.min_share:g} of the total"] if self.min_share is not None else []
        highs = [_words(self.max)] if self.max is not None else []
        highs += [f"{self.max_share:g} of the total"] if self.max_share is not None else []
        low = f"{' and '.join(lows)} <= " if lows else ""
        high = f" <= {' and '.join(highs)}" if highs else ""
        which = ", ".join(self.values) if self.values else "each value"
        return (
            f"{low}Σ_{{j in G}} Σ_i {self.measure}_ij x_ij{high}  [{unit}]  for G = reps by "
            f"{self.column} ({which}){self.strictness(currency, unit)}"
        )

    def parts(self, name: str, data: Data) -> Iterator[Part]:
        cells = data.rep_text(self.column)
        if cells is None:
            return
        present = [v for v in dict.fromkeys(str(c) for c in cells) if v]
        groups = present if self.values is None else list(dict.fromkeys(self.values))
        for value in groups:
            if value not in present:
                data.fault("values", f"no rep has {self.column} = {value}", value=value)
        sides = (self.min, self.max, self.min_share, self.max_share)
        if all(side is None for side in sides):
            data.fault("", "has no bound", "Give min, max, min_share or max_share")
        total = 0.0
        if self.min_share is not None or self.max_share is not None:
            total = data.reference_total(self.measure, self.reference)
        lower = max(
            -np.inf if self.min is None else self.min,
            -np.inf if self.min_share is None else self.min_share * total,
        )
        upper = min(
            np.inf if self.max is None else self.max,
            np.inf if self.max_share is None else self.max_share * total,
        )
        if lower > upper:
            data.fault("min", f"the least ({lower:g}) is above the most ({upper:g})")
        number = {value: g for g, value in enumerate(groups)}
        row: IntArray = np.array([number.get(str(c), -1) for c in cells], dtype=np.int64)
        yield Rows(
            name=name,
            kind=self.kind,
            measure=self.measure,
            unit=data.unit(self.measure),
            labels=tuple(groups),
            amounts=data.amounts(self.measure),
            row_of_rep=row,
            lower=np.full(len(groups), lower),
            upper=np.full(len(groups), max(lower, upper)),
            price=np.full(len(groups), self.row_price),
            constant=np.zeros(len(groups)),
        )


def rep_rows(
    name: str,
    kind: str,
    measure: str,
    data: Data,
    *,
    lower: FloatArray,
    upper: FloatArray,
    price: FloatArray,
    target: FloatArray | None = None,
    role: Role = "rule",
    worst: bool = False,
) -> Rows:
    """A row for each rep on its total of a measure."""
    return Rows(
        name=name,
        kind=kind,
        measure=measure,
        unit=data.unit(measure),
        labels=data.instance.rep_ids,
        amounts=data.amounts(measure),
        row_of_rep=data.every_rep.copy(),
        lower=lower,
        upper=upper,
        price=price,
        constant=np.zeros(data.reps),
        role=role,
        worst=worst,
        target=target,
    )


def _side(value: float | str | None, open_: float, data: Data, field: str) -> FloatArray:
    if value is None:
        return np.full(data.reps, open_)
    if isinstance(value, str):
        return data.rep_column(value, field).copy()
    return np.full(data.reps, float(value))


def _words(value: float | str) -> str:
    return value + "_j" if isinstance(value, str) else f"{value:,g}"
