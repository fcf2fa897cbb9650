"""Every backend and every piece of arithmetic against an oracle that tries all plans."""

from __future__ import annotations

import time

import numpy as np
import pytest
from problem_cases import KINDS, all_plans, brute_force, oracle, random_problem
from runner import ARRAY_BACKENDS, run

from territoryopt.backends.linear import linear_model
from territoryopt.backends.protocol import Limits, Watch
from territoryopt.backends.relaxation import infeasibility, lp_prices
from territoryopt.problem import evaluate, prove

SEEDS = range(150)


def limits():
    return Limits(time.monotonic() + 60)


def compare(backend: str, problem) -> None:
    best, _ = brute_force(problem)
    got = run(backend, problem)
    assert got.outcome.finished
    assert got.watch.rejected == 0
    if np.isinf(best):
        assert got.outcome.infeasible
        assert got.rep is None
        return
    assert not got.outcome.infeasible
    assert got.objective == pytest.approx(best, rel=1e-6, abs=1e-6)
    assert got.bound <= best + 1e-7 * (1 + abs(best))
    assert got.bound == pytest.approx(best, rel=1e-5, abs=1e-5)


@pytest.mark.parametrize("backend", ARRAY_BACKENDS)
@pytest.mark.parametrize("seed", SEEDS)
def test_backend_equals_brute_force(backend, seed):
    compare(backend, random_problem(seed))


@pytest.mark.parametrize("backend", ARRAY_BACKENDS)
@pytest.mark.parametrize("whole", [True, False])
@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_alone_equals_brute_force(backend, kind, whole):
    for seed in range(3):
        compare(backend, random_problem(seed, 5, 3, [kind], whole))


@pytest.mark.parametrize("seed", SEEDS)
def test_evaluate_equals_the_oracle(seed):
    problem = random_problem(seed)
    plans = all_plans(6, 3)[seed % 7 :: 23]
    objective, holds = oracle(problem, plans)
    for plan, money, good in zip(plans, objective, holds, strict=True):
        found = evaluate(problem, plan)
        assert found.holds == good
        assert found.objective == pytest.approx(money, rel=1e-12, abs=1e-9)


@pytest.mark.parametrize("seed", SEEDS)
def test_linear_model_says_what_evaluate_says(seed):
    problem = random_problem(seed).contracted
    model = linear_model(problem)
    for plan in all_plans(problem.accounts, 3)[seed % 5 :: 17]:
        found = evaluate(problem, plan)
        values = model.values_of(plan)
        s = model.matrix @ values
        inside = (s <= model.row_upper + 2e-6) & (s >= model.row_lower - 2e-6)
        inside_columns = (values >= 0) & (values <= model.upper)
        assert (inside.all() and inside_columns.all()) == found.holds
        if problem.eligible_at(np.arange(problem.accounts), plan).all():
            money = float(model.cost @ values) + model.offset
            assert money == pytest.approx(found.objective, rel=1e-9, abs=1e-7)
            assert (model.plan_of(values) == plan).all()


@pytest.mark.parametrize("seed", SEEDS)
def test_proved_bounds_never_exceed_the_optimum(seed):
    problem = random_problem(seed)
    best, _ = brute_force(problem)
    unit = problem.contracted
    rng = np.random.default_rng(seed)
    for scale in (0, 0.1, 1, 10, 1000):
        prices = [rng.normal(0, scale, len(part)) for part in unit.rows]
        assert prove(unit, prices).bound <= best + 1e-9
    answer = lp_prices(unit, limits(), Watch(unit))
    assert prove(unit, answer.prices).bound <= best + 1e-9 * (1 + abs(best))
    if answer.infeasible:
        assert np.isinf(best)


@pytest.mark.parametrize("seed", SEEDS)
def test_bound_from_duals_equals_the_lp_optimum(seed):
    """Against another LP code, scipy's interface to HiGHS's dual simplex on the same matrix."""
    from scipy.optimize import linprog
    from scipy.sparse import vstack

    drop = {"apart", "apart_soft", "together", "together_soft"}
    rng = np.random.default_rng(seed)
    kinds = rng.choice([k for k in KINDS if k not in drop], size=3, replace=False)
    problem = random_problem(seed, 8, 3, kinds).contracted
    model = linear_model(problem)
    upper, lower = np.isfinite(model.row_upper), np.isfinite(model.row_lower)
    matrix = model.matrix.tocsr()
    reference = linprog(
        model.cost,
        A_ub=vstack([matrix[upper], -matrix[lower]]),
        b_ub=np.concatenate([model.row_upper[upper], -model.row_lower[lower]]),
        bounds=np.stack([np.zeros(model.columns), model.upper], axis=1),
        method="highs-ds",
    )
    answer = lp_prices(problem, limits(), Watch(problem))
    if reference.status == 2:
        assert answer.infeasible
        return
    assert answer.finished
    optimum = reference.fun + model.offset
    assert prove(problem, answer.prices).bound == pytest.approx(optimum, rel=1e-9, abs=1e-8)


@pytest.mark.parametrize("seed", SEEDS)
def test_certified_infeasibility_is_true(seed):
    problem = random_problem(seed)
    best, _ = brute_force(problem)
    unit = problem.contracted
    found = infeasibility(unit, limits(), Watch(unit))
    if found.certified:
        assert np.isinf(best)
        assert len(found.homeless) or found.conflicts


def test_a_conflict_of_bands_is_certified_by_our_own_arithmetic():
    from territoryopt.problem import Band, Problem

    problem = Problem.from_arrays(
        np.ones((10, 3)),
        [Band("work", np.full(10, 5.0), upper=16.0), Band("calm", np.ones(10), upper=9.0)],
    )
    found = infeasibility(problem, limits(), Watch(problem))
    assert found.certified
    # 50 of work do not fit in 3 x 16: at least 2/16 of relative violation.
    assert found.violation == pytest.approx(2 / 16, rel=1e-9)
    assert {each.rule for each in found.conflicts} == {"work"}
    assert all(each.price > 0 for each in found.conflicts)


def test_an_account_without_a_rep_is_certified():
    from territoryopt.problem import Problem

    problem = Problem.from_arrays([[1.0, 2.0], [np.inf, np.inf]])
    found = infeasibility(problem, limits(), Watch(problem))
    assert found.certified
    assert found.homeless.tolist() == [1]
    for backend in ARRAY_BACKENDS:
        assert run(backend, problem).outcome.infeasible
