"""The problem as arrays, and all arithmetic on it. Nothing here knows a solver or a file."""

from territoryopt.problem.amounts import (
    AccountAmounts,
    Amounts,
    ComputedAmounts,
    DenseAmounts,
    FloatArray,
    IntArray,
    Units,
)
from territoryopt.problem.bound import Prices, Proof, prove, reduced_costs
from territoryopt.problem.evaluate import Breach, Evaluation, evaluate, plan_array
from territoryopt.problem.group_prices import GroupPrices
from territoryopt.problem.moves import MoveTable, move_table
from territoryopt.problem.parts import TOLERANCE, Cost, Exclusion, Grouping, Rows
from territoryopt.problem.problem import Band, Pairs, Problem

__all__ = [
    "TOLERANCE",
    "AccountAmounts",
    "Amounts",
    "Band",
    "Breach",
    "ComputedAmounts",
    "Cost",
    "DenseAmounts",
    "Evaluation",
    "Exclusion",
    "FloatArray",
    "GroupPrices",
    "Grouping",
    "IntArray",
    "MoveTable",
    "Pairs",
    "Prices",
    "Problem",
    "Proof",
    "Rows",
    "Units",
    "evaluate",
    "move_table",
    "plan_array",
    "prove",
    "reduced_costs",
]
