"""What the tests of the import share."""

from __future__ import annotations

from pathlib import Path

import pytest
from import_cases import Desk


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """A folder to put exports into."""
    return Desk(tmp_path)
