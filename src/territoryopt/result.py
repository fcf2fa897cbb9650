"""`Result`: a plan with its proof, in the same form from every backend and at every size."""

from __future__ import annotations

import json
import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from territoryopt.problem import Evaluation, IntArray, Prices, Problem, evaluate
from territoryopt.problem.price_records import group_price_records
from territoryopt.problem.territory_bound import TerritoryProof

if TYPE_CHECKING:
    import pandas as pd

    from territoryopt.reasons.conflict import Conflict

SCHEMA = "territoryopt/result/1"

Status = Literal["optimal", "gap_reached", "time_limit", "interrupted", "infeasible", "no_plan"]


@dataclass(frozen=True, eq=False)
class Result:
    """What `solve` found. Money is currency/year.

    status: "optimal" (gap <= 1e-9), "gap_reached", "time_limit" and "interrupted" (a plan, its
    gap still open), "infeasible" (no plan exists), "no_plan" (none found in time).
    rep: int64[accounts], or None where there is no plan. objective: by our own arithmetic; inf
    without a plan. bound: best lower bound in hand, inf only when infeasible. proved_bound: the
    part of it recomputed by our own arithmetic from `prices`, or from `territories`, where whole
    territories prove more (of the units, with bounds drawn in: `tighten(problem.contracted)`).
    bound_source: "proved", or who claims the rest. gap: (objective - bound) / abs(objective), 0
    when equal, inf without a plan. evaluation: every total and rule of the plan. conflict:
    why there is no plan. interrupted: whether Ctrl-C ended it, whatever was reached by then.
    """

    problem: Problem = field(repr=False)
    status: Status
    rep: IntArray | None = field(repr=False)
    objective: float
    bound: float
    proved_bound: float
    bound_source: str
    gap: float
    backend: str
    backend_reason: str
    seconds: float
    seed: int
    threads: int
    evaluation: Evaluation | None = field(repr=False)
    prices: Prices = field(repr=False)
    conflict: Conflict | None = None
    notes: tuple[str, ...] = ()
    inputs: Mapping[str, str] = field(default_factory=dict)
    interrupted: bool = False
    territories: TerritoryProof | None = None

    def as_dict(self) -> dict[str, Any]:
        """The stable JSON contract `territoryopt/result/1`; a number that is not finite is None."""
        problem = self.problem
        return {
            "schema": SCHEMA,
            "status": self.status,
            "objective": finite(self.objective),
            "bound": finite(self.bound),
            "proved_bound": finite(self.proved_bound),
            "bound_source": self.bound_source,
            "gap": finite(self.gap),
            "currency": problem.currency,
            "backend": self.backend,
            "backend_reason": self.backend_reason,
            "seconds": round(self.seconds, 3),
            "seed": self.seed,
            "threads": self.threads,
            "versions": dict(versions()),
            "inputs": dict(self.inputs),
            "accounts": problem.accounts,
            "reps": problem.reps,
            "moved": self._moved(),
            "goals": self._goals(),
            "rules": self._rules(),
            "group_prices": group_price_records(problem, self.prices.groups),
            "current": self._current(),
            "conflict": self.conflict.as_dict() if self.conflict else None,
            "notes": list(self.notes),
            "alignment": None if self.rep is None else self._alignment(self.rep),
        }

    def _moved(self) -> int | None:
        """How many accounts that have an owner get another one."""
        if self.rep is None:
            return None
        current = self.problem.current
        return int(((current >= 0) & (self.rep >= 0) & (current != self.rep)).sum())

    def _alignment(self, rep: IntArray) -> dict[str, str]:
        """The rep of each account by their ids."""
        ids = np.array(_ids(self.problem.rep_ids, self.problem.reps), dtype=object)
        accounts = _ids(self.problem.account_ids, self.problem.accounts)
        return dict(zip(accounts, ids[rep].tolist(), strict=True))

    def _current(self) -> dict[str, object] | None:
        """What the present owners cost and break; None where an account has none."""
        current = self.problem.current
        if not len(current) or (current < 0).any():
            return None
        return evaluate(self.problem, current).as_dict()

    def _goals(self) -> list[dict[str, object]]:
        if self.evaluation is None:
            return []
        return [{"name": n, "money": m} for n, m in self.evaluation.money.items()]

    def _rules(self) -> list[dict[str, object]]:
        """Every row of every rule and convex goal: total, bounds and price."""
        if self.evaluation is None:
            return []
        out: list[dict[str, object]] = []
        for rows, price in zip(self.problem.rows, self.prices.rows, strict=True):
            activity = self.evaluation.activity[rows.name]
            out += [
                {
                    "name": rows.name,
                    "kind": rows.kind,
                    "row": label,
                    "measure": rows.measure,
                    "unit": rows.unit,
                    "total": float(activity[r]),
                    "lower": finite(float(rows.lower[r])),
                    "upper": finite(float(rows.upper[r])),
                    "hard": bool(np.isinf(rows.price[r])),
                    "lp_price": float(price[r]),
                }
                for r, label in enumerate(rows.labels)
            ]
        return out

    def to_json(self, indent: int | None = 2) -> str:
        """`as_dict` as JSON text."""
        return json.dumps(self.as_dict(), indent=indent, ensure_ascii=False, allow_nan=False)

    def to_frame(self) -> pd.DataFrame:
        """One row per account: account_id, rep_id, current_rep_id (None where there is none),
        moved, and cost (currency/year of the pair over all linear goals)."""
        import pandas as pd

        problem = self.problem
        ids = np.array([*_ids(problem.rep_ids, problem.reps), None], dtype=object)
        rep = np.full(problem.accounts, -1, dtype=np.int64) if self.rep is None else self.rep
        cost = np.full(problem.accounts, np.nan)
        if self.rep is not None:
            cost = problem.cost_at(np.arange(problem.accounts), rep)
        return pd.DataFrame(
            {
                "account_id": _ids(problem.account_ids, problem.accounts),
                "rep_id": ids[rep],
                "current_rep_id": ids[problem.current],
                "moved": (problem.current >= 0) & (rep >= 0) & (problem.current != rep),
                "cost": cost,
            }
        )


def _ids(ids: tuple[str, ...] | None, count: int) -> Sequence[str]:
    """The ids there are, or numbers from 0."""
    return ids if ids else list(map(str, range(count)))


def finite(value: float) -> float | None:
    """For JSON, which knows no infinity."""
    return value if np.isfinite(value) else None


@cache
def versions() -> Mapping[str, str]:
    """Versions of what may have had a say in a result."""
    found = {"python": platform.python_version()}
    for name in ("territoryopt", "highspy", "ortools", "pyomo", "numpy"):
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "not installed"
    return found
