"""Changing a plan that is in force: few moves, who leaves and who joins, new accounts, in steps."""
