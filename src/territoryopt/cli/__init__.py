"""The command line: parse, call one function of the API, print, exit. No arithmetic here."""

from territoryopt.cli import outputs  # registers its commands
from territoryopt.cli.commands import main

__all__ = ["main", "outputs"]
