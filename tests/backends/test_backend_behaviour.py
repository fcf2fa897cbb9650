"""What every backend promises beyond the optimum: sameness, scaling, limits, starts, names."""

from __future__ import annotations

import time
from dataclasses import replace

import numpy as np
import pytest
from problem_cases import all_plans, brute_force, oracle, problem_of, random_problem, rows
from runner import ARRAY_BACKENDS, run

from territoryopt.backends import choose, get_backend
from territoryopt.backends.integers import integer_model
from territoryopt.backends.linear import linear_model
from territoryopt.backends.protocol import Limits, Watch
from territoryopt.backends.relaxation import lp_prices
from territoryopt.errors import BackendError
from territoryopt.problem import AccountAmounts, Band, Exclusion, Problem, evaluate, prove


def territory(accounts=40, reps=5, seed=0, width=0.1) -> Problem:
    rng = np.random.default_rng(seed)
    here, home = rng.random((accounts, 1, 2)), rng.random((1, reps, 2))
    work = rng.lognormal(0, 0.5, accounts)
    mean = work.sum() / reps
    cost = 1000 * np.hypot(*np.moveaxis(here - home, 2, 0))
    return Problem.from_arrays(cost, [Band("work", work, mean * (1 - width), mean * (1 + width))])


@pytest.mark.parametrize("threads", [1, 2, 4])
@pytest.mark.parametrize("backend", ARRAY_BACKENDS)
def test_one_seed_gives_one_plan(backend, threads):
    problem = territory(15, 3)
    plans = [run(backend, problem, gap=1e-3, seed=3, threads=threads).rep for _ in range(3)]
    assert (plans[0] == plans[1]).all()
    assert (plans[0] == plans[2]).all()


@pytest.mark.parametrize("backend", ARRAY_BACKENDS)
def test_thread_counts_may_change_from_run_to_run(backend):
    problem = territory(20, 3)
    found = [run(backend, problem, threads=threads).objective for threads in (1, 2, 1)]
    assert found == pytest.approx([found[0]] * 3)


@pytest.mark.parametrize("backend", ARRAY_BACKENDS)
@pytest.mark.parametrize("seed", range(8))
def test_relabelling_changes_nothing(backend, seed):
    rng = np.random.default_rng(seed)
    cost, work = rng.uniform(1, 50, (12, 3)), rng.integers(1, 9, 12).astype(float)
    target = work.sum() / 3
    a, r = rng.permutation(12), rng.permutation(3)
    found = [
        run(
            backend,
            Problem.from_arrays(
                c, [Band("hard", w, upper=target + 3), Band("soft", w, target, target, price=5.0)]
            ),
        ).objective
        for c, w in ((cost, work), (cost[a][:, r], work[a]))
    ]
    assert found[0] == pytest.approx(found[1], rel=1e-9)


@pytest.mark.parametrize("backend", ARRAY_BACKENDS)
@pytest.mark.parametrize("factor", [1e-9, 1e-6, 1e6, 1e12])
def test_money_in_another_unit_scales_the_objective(backend, factor):
    for seed in range(4):
        rng = np.random.default_rng(seed)
        cost, work = rng.uniform(1, 50, (8, 3)), rng.uniform(1, 9, 8)
        target = work.sum() / 3
        one, other = (
            run(
                backend,
                Problem.from_arrays(cost * f, [Band("soft", work, target, target, price=5.0 * f)]),
            )
            for f in (1.0, factor)
        )
        assert other.outcome.finished
        assert other.objective == pytest.approx(one.objective * factor, rel=1e-9)
        assert other.bound == pytest.approx(one.objective * factor, rel=1e-5)


@pytest.mark.parametrize("backend", ARRAY_BACKENDS)
@pytest.mark.parametrize("factor", [1e-7, 1e9])
def test_amounts_in_another_unit_change_nothing(backend, factor):
    for seed in range(4):
        rng = np.random.default_rng(seed)
        cost, work = rng.uniform(1, 50, (8, 3)), rng.uniform(1, 9, 8)
        target = work.sum() / 3
        one, other = (
            run(
                backend,
                Problem.from_arrays(
                    cost, [Band("hard", work * f, target * f - 4 * f, target * f + 4 * f)]
                ),
            )
            for f in (1.0, factor)
        )
        assert one.outcome.finished
        assert other.outcome.finished
        assert (one.objective == other.objective) or one.objective == pytest.approx(other.objective)


@pytest.mark.parametrize("backend", ARRAY_BACKENDS)
@pytest.mark.parametrize("seed", range(10))
def test_soft_at_a_high_price_equals_hard(backend, seed):
    problem = random_problem(seed, 6, 3, ["account_band", "apart", "together"])
    soft = replace(
        problem,
        rows=tuple(replace(part, price=np.full(len(part), 1e4)) for part in problem.rows),
        groupings=tuple(replace(each, price=1e4) for each in problem.groupings),
    )
    hard = run(backend, problem)
    if hard.outcome.infeasible:
        assert run(backend, soft).objective > 1000
    else:
        assert run(backend, soft).objective == pytest.approx(hard.objective)


@pytest.mark.parametrize("backend", ARRAY_BACKENDS)
def test_a_deadline_in_the_past_claims_nothing(backend):
    problem = territory(400, 10)
    got = run(backend, problem, seconds=-1.0)
    assert not got.outcome.finished
    assert not got.outcome.infeasible
    assert got.rep is None


@pytest.mark.parametrize("backend", ARRAY_BACKENDS)
def test_a_short_limit_ends_without_a_finished_claim(backend):
    got = run(backend, territory(600, 20, width=0.005), seconds=0.5)
    assert not got.outcome.finished
    assert not got.outcome.infeasible
    assert got.bound <= got.objective


@pytest.mark.parametrize("backend", ARRAY_BACKENDS)
def test_a_run_stops_when_asked(backend):
    problem = territory(600, 20, width=0.005)
    watch = Watch(problem)

    def stop_soon(seconds, objective, bound):
        watch.stopping.set()

    watch.progress = stop_soon
    deadline = time.monotonic() + 300
    outcome = get_backend(backend).solve(problem, Limits(deadline, 0.0, 0, 1), None, watch)
    assert not outcome.finished
    assert time.monotonic() < deadline - 200


@pytest.mark.parametrize("backend", ARRAY_BACKENDS)
def test_a_start_is_kept_and_used(backend):
    problem = territory()
    best = run(backend, problem, gap=1e-3)
    again = run(backend, problem, gap=1e-3, start=best.rep)
    assert again.objective <= best.objective
    bad = np.zeros(problem.accounts, dtype=np.int64)
    assert run(backend, problem, gap=1e-3, start=bad).outcome.finished


@pytest.mark.parametrize("backend", ARRAY_BACKENDS)
def test_bounds_reach_the_watch_and_stay_below_the_plan(backend):
    got = run(backend, territory(30, 4), gap=0.0)
    assert got.outcome.finished
    assert got.watch.claimed_by == got.outcome.by
    assert got.bound <= got.objective * (1 + 1e-9)
    assert got.bound == pytest.approx(got.objective, rel=1e-6)


@pytest.mark.parametrize("backend", ARRAY_BACKENDS)
def test_empty_and_tiny_problems(backend):
    empty = Problem.from_arrays(np.zeros((0, 3)))
    got = run(backend, empty)
    assert got.objective == 0
    assert not got.outcome.infeasible
    one = run(backend, Problem.from_arrays([[7.0]]))
    assert (one.objective, one.rep.tolist()) == (7.0, [0])
    none = run(backend, Problem.from_arrays(np.zeros((2, 0))))
    assert none.outcome.infeasible


@pytest.mark.parametrize("backend", ARRAY_BACKENDS)
def test_feasibility_and_elastic_questions_are_problems_too(backend):
    for seed in range(10):
        problem = random_problem(seed, 6, 3, ["pair_band", "equality", "apart", "soft_band"])
        best, _ = brute_force(problem)
        any_plan = run(backend, problem.contracted.feasibility())
        assert any_plan.outcome.infeasible == np.isinf(best)
        if not np.isinf(best):
            assert any_plan.objective == 0
            assert evaluate(problem.contracted, any_plan.rep).holds
        least = run(backend, problem.contracted.elastic())
        assert least.objective == pytest.approx(
            brute_force(problem.contracted.elastic())[0], abs=1e-6
        )


def test_big_offsets_do_not_hide_small_differences():
    cost = 1e9 + np.array([[0.0, 1.0], [3.0, 2.0], [5.0, 5.5]])
    problem = Problem.from_arrays(cost, [Band("count", np.ones(3), upper=2.0)])
    for backend in ARRAY_BACKENDS:
        assert run(backend, problem).objective == 3e9 + 7.0


@pytest.mark.parametrize("seed", range(60))
def test_whole_numbers_never_cost_more_than_the_truth(seed):
    """The integer model at a plan, with the slacks its rows need, is at most the plan's worth."""
    problem = random_problem(seed).contracted
    model = integer_model(linear_model(problem))
    plans = all_plans(problem.accounts, 3)[seed % 3 :: 13]
    objective, holds = oracle(problem, plans)
    for plan, money, good in zip(plans, objective, holds, strict=True):
        values = model.hint(plan)
        s = model.matrix @ values
        inside = bool(((s >= model.lower) & (s <= model.upper)).all())
        assert inside == good
        if good:
            told = float(model.cost @ values) / model.money + model.linear.offset
            assert told <= money + 1e-9 * (1 + abs(money))
            assert told == pytest.approx(money, rel=1e-5, abs=1e-5)


def test_whole_data_stay_exact():
    problem = Problem.from_arrays(
        [[1.25, 2.5], [3.0, 4.75]], [Band("b", [0.1, 0.2], upper=0.3, price=0.5)]
    )
    model = integer_model(linear_model(problem))
    assert model.exact
    assert not model.notes


def test_numbers_of_very_unlike_size_are_noted():
    work = np.array([1e-9, 1.0, 3.0])
    problem = problem_of(
        np.full((3, 2), 1e-12) * np.arange(1, 4)[:, None] * [1.0, 2.0],
        [rows("soft", AccountAmounts(work, 2), [0, 1], upper=1.0, price=1e12)],
    )
    got = run("cpsat", problem)
    assert got.objective >= got.bound
    assert got.objective == pytest.approx(brute_force(problem)[0], rel=1e-5)


def test_lp_says_when_the_relaxation_is_infeasible():
    problem = Problem.from_arrays(np.ones((3, 2)), [Band("b", np.ones(3), upper=1.0)])
    answer = lp_prices(problem, Limits(time.monotonic() + 10), Watch(problem))
    assert answer.infeasible
    assert not answer.finished


def test_lp_counts_split_accounts():
    problem = Problem.from_arrays([[0.0, 1.0]] * 3, [Band("b", np.ones(3), upper=1.5)])
    answer = lp_prices(problem, Limits(time.monotonic() + 10), Watch(problem))
    assert answer.split == 1
    assert prove(problem, answer.prices).bound == pytest.approx(1.5)
    # One more unit of room at rep 0 would save 1 of money.
    assert answer.prices.rows[0] == pytest.approx([1.0, 0.0])


def test_families_are_contracted_before_a_model_is_built():
    problem = random_problem(1, 6, 3, ["families"])
    with pytest.raises(BackendError, match="units"):
        linear_model(problem)


def test_registry():
    assert get_backend("highs").name == "highs"
    assert get_backend("cpsat").name == "cpsat"
    with pytest.raises(BackendError, match="Did you mean highs") as told:
        get_backend("higs")
    assert "pyomo:<solver>" in str(told.value)
    for wrong in ("", "highs:x", "pyomo:", "HIGHS!"):
        with pytest.raises(BackendError, match="no such backend"):
            get_backend(wrong)
    name, reason = choose(territory(5, 2))
    assert get_backend(name).name == name
    assert reason


def test_names_do_not_load_solvers():
    import subprocess
    import sys

    code = (
        "import sys, territoryopt.backends as b; b.get_backend('highs'); b.get_backend('cpsat'); "
        "assert not {'highspy', 'ortools', 'pyomo', 'scipy'} & set(sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_a_missing_library_is_a_backend_error(monkeypatch):
    import sys

    for library, backend in (("highspy", "highs"), ("ortools", "cpsat")):
        monkeypatch.setitem(sys.modules, library, None)
        with pytest.raises(BackendError, match="install"):
            run(backend, territory(5, 2))


@pytest.mark.parametrize(
    ("backend", "accounts", "words"),
    [("cpsat", 2_001, "2,000,000"), ("highs", 20_001, "20,000,000")],
)
def test_too_large_a_problem_is_refused_in_words_and_in_blocks(backend, accounts, words):
    thin = AccountAmounts(np.ones(accounts), 1000)
    none = np.full(accounts, -1, dtype=np.int64)
    big = Problem(accounts, 1000, (), (), (), (), none, none.copy())
    assert words in (get_backend(backend).refuses(big) or "")
    small = replace(big, exclusions=(Exclusion("all", "locks", thin),))
    assert get_backend(backend).refuses(small) is None
    assert "pairs" not in vars(big)
