"""What every rule and goal is: a few checked fields, a docstring with its formula, and arrays.

A new kind is one small class: fields with units, a docstring (formula, symbols, units, source;
`models/README.md` and `show` are made from it), `statement` (its formula with the numbers filled
in) and `parts` (the arrays). Nothing else in the engine needs to learn of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, ClassVar, get_args

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from territoryopt.problem import Cost, Exclusion, Grouping, IntArray, Rows

if TYPE_CHECKING:
    from territoryopt.terms.data import Data

Price = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Tolerance = Annotated[float, Field(ge=0, lt=1, allow_inf_nan=False)]
Amount = Annotated[float, Field(allow_inf_nan=False)]
Filter = dict[str, list[str]]
"""Column -> the values that are meant, as text; several columns must all fit."""


@dataclass(frozen=True, eq=False)
class FamilyPart:
    """Accounts that must share a rep and are contracted before anything else.

    group: int[accounts], -1 = alone.
    """

    name: str
    group: IntArray


@dataclass(frozen=True, eq=False)
class KeptPart:
    """Why accounts are to stay with their owner: account id -> words that go on "because ...".

    Explanations give it; the arrays of the rule are parts of their own.
    """

    name: str
    why: Mapping[str, str]


Part = Cost | Rows | Exclusion | Grouping | FamilyPart | KeptPart


class Term(BaseModel):
    """Base of all rules and goals."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    role: ClassVar[str]
    kind: str

    def measures(self) -> tuple[str, ...]:
        """The measures it speaks of; they must be known to the model."""
        measure = getattr(self, "measure", None)
        return (measure,) if isinstance(measure, str) else ()

    def statement(self, units: dict[str, str], currency: str) -> str:
        """The formula with this term's numbers. `units` maps measures to their units."""
        raise NotImplementedError(type(self).__name__)

    def parts(self, name: str, data: Data) -> Iterator[Part]:
        """The arrays, named `name`. Faults go to `data.faults`, with the key of the field."""
        raise NotImplementedError(type(self).__name__)


class Rule(Term):
    """A rule must hold, or carries a price when `price` is given."""

    role: ClassVar[str] = "rule"

    price: Price | None = Field(
        default=None,
        description="Leave out for a rule that must hold; else currency/year for each unit broken.",
    )

    @property
    def row_price(self) -> float:
        """The price of a row of this rule: infinite where it must hold."""
        return np.inf if self.price is None else self.price

    def strictness(self, currency: str, unit: str) -> str:
        """How the formula ends: 'must hold', or the price."""
        if self.price is None:
            return ""
        # (currency/year) per (hours/year) is currency per hour
        money = currency if unit.endswith("/year") else f"{currency}/year"
        one = unit.removesuffix("/year").removesuffix("s")
        return f"  or pay {self.price:,g} {money} per {one}"


class Goal(Term):
    """A goal is minimised; its price turns its unit into currency per year."""

    role: ClassVar[str] = "goal"


def kind_name(term: type[Term]) -> str:
    """The word that names a kind of rule or goal in TOML."""
    return str(get_args(term.model_fields["kind"].annotation)[0])
