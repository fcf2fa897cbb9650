"""The command line: parse, call one function of the API, print, exit. No arithmetic here."""

from territoryopt.cli import outputs  # registers its commands
from territoryopt.cli.commands import main
from territoryopt.cli.importing import import_command
from territoryopt.cli.scenarios import compare_command, robust_command, sweep_command

__all__ = [
    "compare_command",
    "import_command",
    "main",
    "outputs",
    "robust_command",
    "sweep_command",
]
