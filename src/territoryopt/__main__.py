"""`python -m territoryopt`: the command line without its script on the path."""

from territoryopt.cli import main

main(prog_name="territoryopt")
