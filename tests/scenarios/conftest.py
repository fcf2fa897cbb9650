"""A page of scenarios beside a copy of the tiny instance."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from scenario_pages import TINY


@pytest.fixture
def place(tmp_path):
    """A function that writes a page beside a copy of the tiny instance, and gives its path."""
    shutil.copytree(TINY, tmp_path / "tiny")

    def write(text: str) -> Path:
        path = tmp_path / "page.toml"
        path.write_text(text, encoding="utf-8")
        return path

    return write
