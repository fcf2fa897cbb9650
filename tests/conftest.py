"""What all tests share. `problem_cases` beside this file makes problems with known answers."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from hypothesis import settings

# The same examples each time where what lands is tested; at a desk new ones every time.
settings.register_profile("repeatable", derandomize=True)
if os.environ.get("TERRITORYOPT_REPEATABLE"):
    settings.load_profile("repeatable")

sys.path.insert(0, str(Path(__file__).parent))


@pytest.fixture(scope="session")
def outside_data() -> Path:
    """The folder of public data sets named by TERRITORYOPT_DATA; skips where it is not there."""
    folder = os.environ.get("TERRITORYOPT_DATA", "")
    if not folder or not Path(folder).is_dir():
        pytest.skip("needs public data sets: set TERRITORYOPT_DATA to their folder")
    return Path(folder)
