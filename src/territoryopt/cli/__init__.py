"""The command line: parse, call one function of the API, print, exit. No arithmetic here."""

from territoryopt.cli import goals, outputs  # register their commands
from territoryopt.cli.commands import main
from territoryopt.cli.importing import import_command

__all__ = ["goals", "import_command", "main", "outputs"]
