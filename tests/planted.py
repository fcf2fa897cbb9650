"""Problems of any size that hold but for one conflict planted in them."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from territoryopt.problem import AccountAmounts, Band, Problem, Rows


@dataclass(frozen=True)
class Planted:
    """The problem, the rules that cannot hold together, and the reps whose rows take part."""

    problem: Problem
    rules: frozenset[str]
    reps: frozenset[str]


def easy(accounts: int, reps: int) -> tuple[np.ndarray, np.ndarray, float]:
    """Costs, hours and a fair share of them."""
    rng = np.random.default_rng(accounts + reps)
    cost = rng.uniform(1, 9, (accounts, reps))
    hours = rng.uniform(1, 2, accounts)
    return cost, hours, float(hours.sum() / reps)


def made(cost: np.ndarray, hours: np.ndarray, upper: float, current=None) -> Problem:
    count = Band("count", np.ones(len(cost)), upper=float(len(cost)))
    return Problem.from_arrays(cost, [Band("hours", hours, upper=upper), count], current)


def locks_against_capacity(accounts: int, reps: int) -> Planted:
    """The first accounts may be with the first rep only, who has not the hours."""
    cost, hours, fair = easy(accounts, reps)
    locked = np.arange(int(np.searchsorted(hours.cumsum(), 1.4 * fair)) + 1)
    cost[np.ix_(locked, np.arange(1, reps))] = np.inf
    problem = made(cost, hours, 1.3 * fair)
    return Planted(problem, frozenset({"hours", "not eligible"}), frozenset({"0"}))


def family_against_skills(accounts: int, reps: int) -> Planted:
    """Two accounts of one family; nobody has the skills for both."""
    cost, hours, fair = easy(accounts, reps)
    cost[0, 1:] = np.inf
    cost[1, 0] = np.inf
    family = np.full(accounts, -1, dtype=np.int64)
    family[:2] = 0
    problem = replace(made(cost, hours, 1.6 * fair), family=family, family_rule="families")
    return Planted(problem, frozenset({"families", "not eligible"}), frozenset())


def moves_against_band(accounts: int, reps: int) -> Planted:
    """The first rep has far too much today, and hardly anything may move."""
    cost, hours, fair = easy(accounts, reps)
    current = np.arange(accounts, dtype=np.int64) % reps
    current[hours.cumsum() <= 2.0 * fair] = 0
    problem = made(cost, hours, 1.6 * fair, current)
    owned = np.arange(accounts)
    moved = AccountAmounts(np.ones(accounts), reps, owned, current, np.full(accounts, -1.0))
    limit = Rows(
        "moves", "moves", "", "accounts", ("all reps",), moved, np.zeros(reps, dtype=np.int64),
        np.array([-np.inf]), np.array([0.0 if accounts < 20 else 1.0]), np.array([np.inf]),
        np.zeros(1),
    )  # fmt: skip
    problem = replace(problem, rows=(*problem.rows, limit))
    return Planted(problem, frozenset({"moves", "hours"}), frozenset({"0"}))


def whole_numbers_only(accounts: int, reps: int) -> Planted:
    """Five accounts for two reps: cut in pieces they fit, whole they do not."""
    cost, hours, fair = easy(accounts, reps)
    sizes = np.array([3.1, 3.3, 2.2, 2.7, 2.5])
    hours[:5] = sizes
    cost[:5, 2:] = np.inf
    upper = np.full(reps, 1.6 * fair + 8.0)
    upper[:2] = 6.95
    problem = made(cost, hours, upper)
    return Planted(problem, frozenset({"hours", "not eligible"}), frozenset({"0", "1"}))


KINDS = (
    locks_against_capacity,
    family_against_skills,
    moves_against_band,
    whole_numbers_only,
)
