"""Numbers as a planner reads them; they live in `territoryopt.words`, where lower floors reach them
too."""

from territoryopt.words import LARGEST, amount, gap, listed, money, number, percent, plural

__all__ = ["LARGEST", "amount", "gap", "listed", "money", "number", "percent", "plural"]
