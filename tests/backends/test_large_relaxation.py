"""The relaxation by decomposition, held against brute force and against the LP solved whole."""

from __future__ import annotations

import time

import numpy as np
import pytest
from problem_cases import KINDS, brute_force, random_problem

from territoryopt.backends import relaxation
from territoryopt.backends.large.relax import relax
from territoryopt.backends.protocol import Limits, Watch
from territoryopt.problem import Band, Problem, evaluate, prove

GROUPED = {kind for kind in KINDS if "apart" in kind or "together" in kind}
UNGROUPED = set(KINDS) - GROUPED


def limits(threads: int = 2, seconds: float = 60.0) -> Limits:
    return Limits(time.monotonic() + seconds, 0.0, 0, threads)


def whole_bound(problem: Problem) -> float:
    answer = relaxation.lp_prices(problem, limits(), Watch(problem))
    assert answer.large is None
    return prove(problem, answer.prices).bound


@pytest.mark.parametrize("seed", range(500, 800))
def test_no_plan_is_below_the_bound(seed):
    problem = random_problem(seed, 6, 3).contracted
    best = brute_force(problem)[0]
    found = relax(problem, limits(), Watch(problem))
    assert found.proof.bound <= best + 1e-9 * (1 + abs(best))


@pytest.mark.parametrize("seed", range(300))
def test_the_bound_is_that_of_the_whole_relaxation(seed):
    problem = random_problem(seed, 9, 4, UNGROUPED).contracted
    found = relax(problem, limits(), Watch(problem))
    if found.broken or not np.isfinite(found.proof.bound):
        assert relaxation.infeasibility(problem, limits(), Watch(problem)).violation > 0
        return
    whole = whole_bound(problem)
    assert found.proof.bound >= whole - 1e-6 * max(1.0, abs(whole))


@pytest.mark.parametrize("seed", range(300, 420))
def test_infeasible_rows_are_recognised_as_the_whole_recognises_them(seed, monkeypatch):
    problem = random_problem(seed, 8, 3, UNGROUPED).contracted
    whole = relaxation.infeasibility(problem, limits(), Watch(problem))
    monkeypatch.setattr(relaxation, "MOST_WHOLE", 0)
    found = relaxation.infeasibility(problem, limits(), Watch(problem))
    assert found.certified == whole.certified
    np.testing.assert_array_equal(found.homeless, whole.homeless)
    if np.isfinite(whole.violation):
        assert found.violation == pytest.approx(whole.violation, rel=1e-5, abs=1e-7)
    else:
        assert found.violation == whole.violation


def territories(accounts: int, reps: int, seed: int, width: float = 0.1, **band) -> Problem:
    rng = np.random.default_rng(seed)
    homes, places = rng.uniform(0, 100, (reps, 2)), rng.uniform(0, 100, (accounts, 2))
    km = np.hypot(*(places[:, None] - homes[None]).transpose(2, 0, 1))
    visits = rng.lognormal(0, 0.7, accounts)
    hours = visits[:, None] * (1 + km / 50)
    mean = 1.05 * hours.min(axis=1).sum() / reps
    potential = rng.lognormal(0, 1.0, accounts)
    middle = potential.sum() / reps
    return Problem.from_arrays(
        km * visits[:, None],
        [
            Band("workload", hours, (1 - width) * mean, (1 + width) * mean, **band),
            Band("potential", potential, 0.85 * middle, 1.15 * middle, **band),
        ],
    )


@pytest.mark.parametrize("band", [{}, {"price": 20.0}])
@pytest.mark.parametrize("seed", range(3))
def test_thousands_of_accounts_have_the_bound_of_the_whole_relaxation(seed, band, monkeypatch):
    problem = territories(12_000, 30, seed, **band)
    found = relax(problem, limits(), Watch(problem))
    monkeypatch.setattr(relaxation, "MOST_WHOLE", 10**9)
    whole = whole_bound(problem)
    assert whole * (1 - 1e-6) <= found.proof.bound <= whole * (1 + 1e-9)
    assert found.finished
    assert found.split > 0


def test_threads_change_nothing():
    problem = territories(9_000, 20, 1)
    one, two = (relax(problem, limits(threads), Watch(problem)) for threads in (1, 2))
    np.testing.assert_array_equal(one.rep, two.rep)
    assert one.proof.bound == two.proof.bound


def test_bands_that_cannot_hold_are_proved_impossible_at_size():
    problem = territories(9_000, 20, 2)
    narrow = Problem.from_arrays(
        problem.cost_block(0, problem.accounts),
        [Band("workload", problem.rows[0].amounts.block(0, problem.accounts), upper=10.0)],
    )
    found = relaxation.infeasibility(narrow, limits(), Watch(narrow))
    assert found.certified
    assert found.conflicts[0].rule == "workload"


def test_prices_that_run_away_are_a_proof_that_no_plan_exists(monkeypatch):
    problem = territories(9_000, 20, 2)
    hours = problem.rows[0].amounts.block(0, problem.accounts)
    least = hours.min(axis=1).sum() / problem.reps
    for share, impossible in ((0.98, True), (1.2, False)):
        narrow = Problem.from_arrays(
            problem.cost_block(0, problem.accounts), [Band("workload", hours, upper=share * least)]
        )
        known = relax(narrow, limits(), Watch(narrow))
        assert (known.violation is not None) == impossible
        assert known.broken == impossible
        if known.violation is not None:
            least_hours = evaluate(narrow.elastic(), hours.argmin(axis=1))
            assert 0 < known.violation.bound <= least_hours.objective


def test_a_short_limit_ends_with_no_bound_rather_than_a_wrong_one():
    problem = territories(9_000, 20, 3)
    found = relax(problem, limits(seconds=0.0), Watch(problem))
    assert found.proof.bound == -np.inf
    plan = np.zeros(problem.accounts, dtype=np.int64)
    assert evaluate(problem, plan).objective > found.proof.bound
