"""Pages of scenarios over the tiny instance, and what solving them one by one gives."""

from __future__ import annotations

from pathlib import Path

import territoryopt as topt

TINY = Path(__file__).parents[2] / "instances" / "tiny"

HEAD = """
[base]
instance = "tiny"
model = "tiny/model.toml"
[search]
backend = "highs"
"""
SIX = (
    HEAD
    + """
[scenarios.wide]
about = "A wider band."
model.rules.potential_band.tolerance = 0.3
[scenarios.growth]
changes = [{ kind = "change_accounts", accounts = ["A-1"], scale = { potential = 1.05 } }]
[grid]
[grid.values]
"goals.driving.price" = [20, 40, 60]
"""
)


def one_by_one(page):
    """(objective, plan) of every scenario of a page, solved in this process."""
    from territoryopt.scenarios.preparing import prepare

    prepared = prepare(page)
    out = {}
    for ready in prepared.scenarios:
        instance = prepared.instance(ready, Path(page).parent / "sequential")
        result = topt.solve(instance, ready.model, backend="highs", threads=1, gap=1e-3)
        out[ready.name] = result.objective, result.as_dict()["alignment"]
    return out
