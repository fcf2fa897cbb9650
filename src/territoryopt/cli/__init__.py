"""The command line: parse, call one function of the API, print, exit. No arithmetic here."""

from territoryopt.cli import (  # each registers its commands
    goals,
    history,
    importing,
    listening,
    monitoring,
    outputs,
    planning,
    realigning,
    scenarios,
    schemas,
    scoring,
)
from territoryopt.cli.commands import main

__all__ = [
    "goals",
    "history",
    "importing",
    "listening",
    "main",
    "monitoring",
    "outputs",
    "planning",
    "realigning",
    "scenarios",
    "schemas",
    "scoring",
]
