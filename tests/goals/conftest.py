"""The pencil run, for every test of goals."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from goal_cases import made


@pytest.fixture(scope="session")
def pencil(tmp_path_factory):
    return made(tmp_path_factory.mktemp("pencil"))
