"""How many random problems are tried: a few in the tests, thousands where somebody asks."""

from __future__ import annotations

import os


def seeds(few: int) -> range:
    """range(few), or as many as TERRITORYOPT_SEEDS says."""
    return range(int(os.environ.get("TERRITORYOPT_SEEDS", "") or few))
