"""The library of rules and goals."""

from typing import Annotated

from pydantic import Field

from territoryopt.terms.assignments import Apart, Families, Locks, RequiredSkills
from territoryopt.terms.bands import Band, Capacity, Group
from territoryopt.terms.data import Data
from territoryopt.terms.goals import Balance, Disruption, FitGoal, MeasureGoal, TravelGoal
from territoryopt.terms.moves import Moves
from territoryopt.terms.protection import Protect
from territoryopt.terms.term import FamilyPart, Goal, KeptPart, Part, Rule, Term

RULES: tuple[type[Rule], ...] = (
    Band,
    Capacity,
    Group,
    RequiredSkills,
    Locks,
    Families,
    Apart,
    Moves,
    Protect,
)
GOALS: tuple[type[Goal], ...] = (TravelGoal, FitGoal, Balance, Disruption, MeasureGoal)

AnyRule = Annotated[
    Band | Capacity | Group | RequiredSkills | Locks | Families | Apart | Moves | Protect,
    Field(discriminator="kind"),
]
AnyGoal = Annotated[
    TravelGoal | FitGoal | Balance | Disruption | MeasureGoal, Field(discriminator="kind")
]

__all__ = ["GOALS", "RULES", "AnyGoal", "AnyRule", "Data", "FamilyPart", "Goal", "KeptPart", "Part",
           "Rule", "Term"]  # fmt: skip
