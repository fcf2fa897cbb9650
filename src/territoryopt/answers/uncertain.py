"""What if the numbers are wrong: the chance that each rep stays within its limits.

Every account's amounts are multiplied by a factor of its own, lognormal with mean one and a spread
that makes the given percentage one standard deviation; factors of different accounts are
independent, or share a part (`common`) that errs for all alike. No plan is searched for: the plan
is held fixed and its totals are drawn again and again.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

import numpy as np

from territoryopt.answers.rule_costs import COUNTED
from territoryopt.answers.showing import Shown
from territoryopt.errors import InputError
from territoryopt.problem import TOLERANCE, FloatArray, Rows
from territoryopt.reasons.explanation import Explanation

if TYPE_CHECKING:
    import pandas as pd

SCHEMA = "territoryopt/uncertain/1"

DRAWS = 2_000
CHUNK = 4_000_000
"""Factors drawn at a time."""

FRAGILE = 10
"""Accounts named, of those on whose numbers most depends."""


@dataclass(frozen=True)
class RowChance:
    """One limit of a rep. holds: the chance, 0 to 1, with its standard error; below, above: the
    chances of too little and too much; low, high: the 5th and 95th percentile of the total."""

    rule: str
    label: str
    measure: str
    unit: str
    total: float
    lower: float
    upper: float
    holds: float
    error: float
    below: float
    above: float
    low: float
    high: float

    def as_dict(self) -> dict[str, object]:
        out: dict[str, object] = dict(vars(self))
        for name in ("lower", "upper"):
            out[name] = out[name] if np.isfinite(getattr(self, name)) else None
        return out


@dataclass(frozen=True)
class Fragile:
    """An account on whose number a limit hangs. share: of the spread of the row's total that is
    its, 0 to 1; alone: by how much its own amount may be wrong (a fraction of it) before the row
    breaks, all others as given; inf where it never does."""

    account: str
    rep: str
    rule: str
    share: float
    alone: float

    def as_dict(self) -> dict[str, object]:
        return {**vars(self), "alone": self.alone if np.isfinite(self.alone) else None}


@dataclass(frozen=True)
class Uncertain(Shown):
    """rows: every hard limit of a rep, the least likely to hold first. all_hold: the chance that
    every one holds at once. fragile: the accounts on whose numbers most depends."""

    percent: float
    common: float
    draws: int
    all_hold: float
    rows: tuple[RowChance, ...]
    fragile: tuple[Fragile, ...]
    seconds: float

    def as_dict(self) -> dict[str, object]:
        """The stable JSON contract `territoryopt/uncertain/1`."""
        return {
            "schema": SCHEMA,
            "percent": self.percent,
            "common": self.common,
            "draws": self.draws,
            "all_hold": self.all_hold,
            "rows": [row.as_dict() for row in self.rows],
            "fragile": [each.as_dict() for each in self.fragile],
            "seconds": round(self.seconds, 3),
        }

    def to_frame(self) -> pd.DataFrame:
        """One row per limit."""
        import pandas as pd

        columns = [field.name for field in fields(RowChance)]
        return pd.DataFrame([row.as_dict() for row in self.rows], columns=columns)


def uncertain(
    reasons: Explanation,
    percent: float,
    *,
    common: float = 0.0,
    draws: int = DRAWS,
    seed: int = 0,
) -> Uncertain:
    """The chance that each limit of the plan holds when every account's amounts may be wrong by
    `percent` (one standard deviation). common: the part of that variance that all accounts share,
    0 to 1. Limits on moves and counts are not drawn: they are known.

    Raises InputError for numbers that cannot be used.
    """
    began = time.monotonic()
    if not 0 < percent <= 500 or not 0 <= common <= 1 or draws < 1:
        raise InputError(["give a percentage above 0, common from 0 to 1, and draws from 1"])
    problem, rep = reasons.problem, reasons.rep
    sigma = float(np.sqrt(np.log1p((percent / 100) ** 2)))
    parts = [rows for rows in problem.rows if rows.hard and _is_drawn(rows)]
    owned = np.flatnonzero(rep >= 0)
    amounts = [_amounts(rows, owned, rep) for rows in parts]
    rng = np.random.default_rng(seed)
    totals: list[list[FloatArray]] = [[] for _ in parts]
    step = max(1, CHUNK // max(1, len(owned)))
    for first in range(0, draws, step):
        many = min(step, draws - first)
        own = np.sqrt(1 - common) * rng.standard_normal((many, len(owned)))
        shared = np.sqrt(common) * rng.standard_normal((many, 1))
        factor = np.exp(sigma * (own + shared) - sigma**2 / 2)
        for k, (rows, (row, amount)) in enumerate(zip(parts, amounts, strict=True)):
            used = row >= 0
            order = np.argsort(row[used], kind="stable")
            weighted = (factor[:, used] * amount[used])[:, order]
            present, at = np.unique(row[used][order], return_index=True)
            drawn = np.tile(rows.constant, (many, 1))
            if len(present):
                drawn[:, present] += np.add.reduceat(weighted, at, axis=1)
            totals[k].append(drawn)
    every = np.ones(draws, dtype=bool)
    found: list[RowChance] = []
    fragile: list[Fragile] = []
    for rows, (row, amount), drawn_parts in zip(parts, amounts, totals, strict=True):
        drawn = np.concatenate(drawn_parts)
        every &= ~rows.broken(drawn).any(axis=1)
        found += _chances(rows, reasons.facts.evaluation.activity[rows.name], drawn)
        fragile += _fragile(reasons, rows, owned, row, amount)
    found.sort(key=lambda chance: chance.holds)
    fragile.sort(key=lambda each: each.alone)
    return Uncertain(
        percent, common, draws, float(every.mean()), tuple(found), tuple(fragile[:FRAGILE]),
        time.monotonic() - began,
    )  # fmt: skip


def _is_drawn(rows: Rows) -> bool:
    return rows.kind not in {"moves"} and rows.unit not in COUNTED


def _amounts(rows: Rows, owned: np.ndarray, rep: np.ndarray) -> tuple[np.ndarray, FloatArray]:
    """The row of each owned account's pair, and its amount."""
    return rows.row_of_rep[rep[owned]], rows.amounts.at(owned, rep[owned])


def _chances(rows: Rows, total: FloatArray, drawn: FloatArray) -> list[RowChance]:
    slack = TOLERANCE * rows.scale
    below = (drawn < rows.lower - slack).mean(axis=0)
    above = (drawn > rows.upper + slack).mean(axis=0)
    low, high = np.quantile(drawn, [0.05, 0.95], axis=0)
    out = []
    for r in np.flatnonzero(np.isinf(rows.price)):
        holds = float(1.0 - below[r] - above[r])
        out.append(
            RowChance(
                rule=rows.name,
                label=rows.labels[r],
                measure=rows.measure,
                unit=rows.unit,
                total=float(total[r]),
                lower=float(rows.lower[r]),
                upper=float(rows.upper[r]),
                holds=holds,
                error=float(np.sqrt(holds * (1 - holds) / len(drawn))),
                below=float(below[r]),
                above=float(above[r]),
                low=float(low[r]),
                high=float(high[r]),
            )
        )
    return out


def _fragile(
    reasons: Explanation, rows: Rows, owned: np.ndarray, row: np.ndarray, amount: FloatArray
) -> list[Fragile]:
    """The accounts nearest to breaking a row by themselves."""
    s = reasons.facts.evaluation.activity[rows.name]
    used = np.flatnonzero((row >= 0) & (amount > 0))
    used = used[np.isinf(rows.price[row[used]])]
    if not len(used):
        return []
    r, a = row[used], amount[used]
    room = np.minimum(rows.upper - s, s - rows.lower)[r]
    down = np.where(s - rows.lower < rows.upper - s, 1.0, np.inf)[r]
    alone = np.maximum(room, 0.0) / a
    alone = np.where((alone > 1.0) & (down == 1.0), np.inf, alone)  # nothing falls below zero
    spread = np.bincount(row[row >= 0], amount[row >= 0] ** 2, minlength=len(rows))
    share = a**2 / np.maximum(spread[r], 1e-300)
    best = np.argsort(alone, kind="stable")[:FRAGILE]
    problem, rep = reasons.problem, reasons.rep
    return [
        Fragile(
            problem.account_id(int(owned[used[e]])),
            problem.rep_id(int(rep[owned[used[e]]])),
            rows.name,
            float(share[e]),
            float(alone[e]),
        )
        for e in best
    ]
