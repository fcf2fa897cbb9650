"""The command line: parse, call one function of the API, print, exit. No arithmetic here."""

from territoryopt.cli import outputs, schemas  # they register their commands
from territoryopt.cli.commands import main
from territoryopt.cli.importing import import_command

__all__ = ["import_command", "main", "outputs", "schemas"]
