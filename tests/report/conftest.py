"""Runs to make reports of: the tiny instance, and one full of hostile names."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest

import territoryopt as topt

sys.path.insert(0, str(Path(__file__).parent))
from hostile import write_hostile

TINY = Path(__file__).parents[2] / "instances" / "tiny"


def solved(folder, out):
    instance, model = topt.read_instance(folder), topt.load_model(folder / "model.toml")
    result = topt.solve(instance, model, backend="highs", threads=1, time_limit=20)
    return topt.read_run(topt.write_run(result, instance, model, out))


@pytest.fixture(scope="session")
def hostile(tmp_path_factory):
    """A run with names that would do harm."""
    root = tmp_path_factory.mktemp("hostile")
    return solved(write_hostile(root / "data"), root / "run")


@pytest.fixture(scope="session")
def tiny(tmp_path_factory):
    """The run of the tiny instance."""
    root = tmp_path_factory.mktemp("tiny")
    shutil.copytree(TINY, root / "tiny")
    return solved(root / "tiny", root / "run")
