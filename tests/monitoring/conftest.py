"""A run of six reps with eight accounts each, and files of actuals for it."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

import territoryopt as topt

sys.path.insert(0, str(Path(__file__).parent))
from actuals_files import write_rows

MODEL = """
name = "Even potential"
currency = "USD"
[rules.potential_band]
kind = "band"
measure = "potential"
tolerance = 0.10
[goals.hand_overs]
kind = "disruption"
measure = "revenue"
price = 0.05
"""
REPS, EACH = 6, 8
ACCOUNTS = REPS * EACH


@pytest.fixture(scope="session")
def run(tmp_path_factory):
    """Each rep owns accounts worth 100,000 USD a year of potential, and the plan leaves it so."""
    root = tmp_path_factory.mktemp("monitored")
    folder = root / "data"
    folder.mkdir()
    sizes = np.array([30, 20, 15, 12, 9, 6, 5, 3]) * 1_000
    write_rows(
        folder / "accounts.csv",
        ["account_id", "name", "potential", "annual_revenue", "current_rep"],
        [
            (f"A-{i:02d}", f"Shop {i}", sizes[i % EACH], sizes[i % EACH] // 2, f"R-{i // EACH}")
            for i in range(ACCOUNTS)
        ],
    )
    write_rows(folder / "reps.csv", ["rep_id", "name"],
               [(f"R-{j}", f"Rep {'ABCDEF'[j]}") for j in range(REPS)])  # fmt: skip
    (root / "model.toml").write_text(MODEL)
    instance, model = topt.read_instance(folder), topt.load_model(root / "model.toml")
    result = topt.solve(instance, model, backend="highs", threads=1, time_limit=20)
    assert (result.rep == instance.current).all()
    return topt.read_run(topt.write_run(result, instance, model, root / "run"))


@pytest.fixture(scope="session")
def amounts(run):
    """float[accounts, 9]: nine months with a season common to all and next to no noise."""
    rng = np.random.default_rng(3)
    revenue = run.instance.account_numbers("annual_revenue") / 12
    season = 1 + 0.2 * np.sin(2 * np.pi * np.arange(9) / 12)
    return revenue[:, None] * season * rng.lognormal(0, 0.02, (ACCOUNTS, 9))


@pytest.fixture
def long_file(tmp_path):
    """Writes amounts float[accounts, months] from 2026-01 on as a long file."""

    def write(amounts, name="actuals.csv", ids=None):
        ids = ids or [f"A-{i:02d}" for i in range(len(amounts))]
        return write_rows(
            tmp_path / name, ["account_id", "month", "amount"],
            [(ids[i], f"2026-{m + 1:02d}", f"{a:.4f}")
             for i, row in enumerate(amounts) for m, a in enumerate(row) if a != 0],
        )  # fmt: skip

    return write
