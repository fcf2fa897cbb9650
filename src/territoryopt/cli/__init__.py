"""The command line: parse, call one function of the API, print, exit. No arithmetic here."""

from territoryopt.cli import (  # they register their commands
    goals,  # register their commands
    outputs,
    schemas,
)
from territoryopt.cli.commands import main
from territoryopt.cli.history import log_command
from territoryopt.cli.importing import import_command
from territoryopt.cli.planning import plan_command
from territoryopt.cli.scoring import score_command

__all__ = ["import_command", "main", "outputs", "plan_command", "score_command"]
__all__ = ["import_command", "main", "outputs", "schemas"]
__all__ = ["import_command", "log_command", "main", "outputs"]
from territoryopt.cli.listening import requests_command

__all__ = ["import_command", "main", "outputs", "requests_command"]
from territoryopt.cli.monitoring import monitor_command

__all__ = ["import_command", "main", "monitor_command", "outputs"]
__all__ = ["goals", "import_command", "main", "outputs"]
from territoryopt.cli.realigning import (
    realign_command,
    recommend_command,
    transition_command,
)

__all__ = [
    "import_command",
    "main",
    "outputs",
    "realign_command",
    "recommend_command",
    "transition_command",
]
