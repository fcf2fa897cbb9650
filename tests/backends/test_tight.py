"""Few reps, tight capacities: knapsack bound and chains, held against what they did not write."""

from __future__ import annotations

import itertools
import threading
import time

import numpy as np
import pytest

from territoryopt.backends.highs import HighsBackend
from territoryopt.backends.protocol import Limits, Watch
from territoryopt.backends.relaxation import lp_prices
from territoryopt.backends.tight.backend import TightBackend
from territoryopt.backends.tight.knapsack import Knapsacks, knapsack
from territoryopt.backends.tight.merging import Pool
from territoryopt.backends.tight.multipliers import Ascent
from territoryopt.backends.tight.stiffening import Stiffening
from territoryopt.backends.tight.table import Table, factor
from territoryopt.errors import BackendError
from territoryopt.problem import Band, Problem, evaluate, prove, reduced_costs


def assignment(seed, reps, accounts, unit=1.0, barred=0.0):
    """A problem of type D (costs against amounts), capacities at 0.8 of the mean load and more
    where pairs are barred."""
    rng = np.random.default_rng(seed)
    amount = rng.integers(1, 101, (accounts, reps)).astype(float)
    cost = 111 - amount + rng.integers(-10, 11, amount.shape)
    cost[rng.random(cost.shape) < barred] = np.inf
    cost[np.arange(accounts), rng.integers(0, reps, accounts)] = 50.0
    room = np.floor((0.8 + barred) * amount.sum(axis=0) / reps)
    return Problem.from_arrays(cost, [Band("capacity", amount * unit, upper=room * unit)])


def solved(problem, seconds=20.0, **limits):
    watch = Watch(problem)
    limits = {"gap": 0.0, "threads": 1, **limits}
    outcome = TightBackend().solve(
        problem, Limits(time.monotonic() + seconds, **limits), None, watch
    )
    return outcome, watch


def optimum(problem):
    """By trying every plan; inf where none holds."""
    best = np.inf
    for plan in itertools.product(range(problem.reps), repeat=problem.accounts):
        found = evaluate(problem, np.array(plan))
        if found.holds:
            best = min(best, found.objective)
    return best


def lp(problem):
    proof = prove(problem, lp_prices(problem, Limits(time.monotonic() + 20), Watch(problem)).prices)
    reduced = reduced_costs(problem, proof.prices, 0, problem.accounts)
    return proof, reduced.min(axis=1)


def test_a_knapsack_is_solved_as_by_trying_every_choice():
    rng = np.random.default_rng(0)
    for case in range(400):
        n = int(rng.integers(1, 11))
        weight = rng.integers(0, 12, n)
        profit = rng.normal(0, 5, n) if case % 3 else weight + rng.integers(-2, 3, n) * 1.0
        profit[rng.random(n) < 0.1] = -np.inf
        room = int(rng.integers(0, 40))
        choices = np.array(list(itertools.product([False, True], repeat=n)))
        worth = np.where(choices, profit, 0.0).sum(axis=1)
        want = worth[choices @ weight <= room].max()
        value, chosen = knapsack(profit, weight, room)
        assert value == pytest.approx(want, abs=1e-9)
        assert weight[chosen].sum() <= room
        assert profit[chosen].sum() == pytest.approx(value, abs=1e-9)


def test_a_large_knapsack_agrees_with_plain_dynamic_programming():
    rng = np.random.default_rng(1)
    for _ in range(20):
        weight, room = rng.integers(5, 60, 120), 900
        profit = weight + rng.normal(0, 3, 120)
        best = np.zeros(room + 1)
        for p, w in zip(profit, weight, strict=True):
            best[w:] = np.maximum(best[w:], best[:-w] + p)
        assert knapsack(profit, weight, room)[0] == pytest.approx(best[-1], rel=1e-12)


@pytest.mark.parametrize("unit", [1.0, 0.01, 5.0])
def test_no_multipliers_prove_more_than_the_optimum(unit):
    rng = np.random.default_rng(2)
    tried = 0
    for seed in range(12):
        problem = assignment(seed, 3, 6, unit, barred=0.1)
        best = optimum(problem)
        knapsacks = Knapsacks.of(Table.of(problem))
        for spread in (0.0, 1.0, 30.0):
            multipliers = 60 + rng.normal(0, 1, 6) * spread
            bound, _ = knapsacks.bound(multipliers)
            assert bound <= best
            tried += 1
    assert tried == 36


def test_what_a_pair_costs_at_least_is_not_more_than_the_best_plan_with_it():
    for seed in range(8):
        problem = assignment(seed, 3, 6)
        knapsacks = Knapsacks.of(Table.of(problem))
        _, multipliers = lp(problem)
        forced = knapsacks.forced(multipliers)
        for plan in itertools.product(range(3), repeat=6):
            found = evaluate(problem, np.array(plan))
            if found.holds:
                assert (forced[np.arange(6), list(plan)] <= found.objective + 1e-9).all()


def test_the_bound_starts_no_lower_than_the_relaxation_and_only_rises():
    for seed in range(3):
        problem = assignment(seed, 3, 20)
        proof, multipliers = lp(problem)
        knapsacks = Knapsacks.of(Table.of(problem))
        first, _ = knapsacks.value(multipliers)
        assert first >= proof.bound - 1e-7 * abs(proof.bound)
        ascent = Ascent(knapsacks, multipliers)
        assert ascent.run(150) >= first
        exact = Watch(problem)
        limits = Limits(time.monotonic() + 20, gap=0.0)
        assert HighsBackend().solve(problem, limits, None, exact).finished
        assert proof.bound < ascent.best <= exact.objective


def test_the_step_of_the_costs_rounds_the_bound_up():
    cost = np.array([[20.0, 30.0], [40.0, 10.0], [30.0, 20.0]])
    knapsacks = Knapsacks.of(
        Table.of(Problem.from_arrays(cost, [Band("room", np.ones(3), upper=2)]))
    )
    assert knapsacks.step == 10.0
    assert knapsacks.round_up(41.0) == 50.0
    assert knapsacks.round_up(40.0) == 40.0
    half = Problem.from_arrays(cost + 0.5, [Band("room", np.ones(3), upper=2)])
    assert Knapsacks.of(Table.of(half)).step == 0.0
    assert Knapsacks.of(Table.of(half)).round_up(41.0) == 41.0


def test_what_the_checker_forgives_is_room_in_the_knapsack_too():
    cost = np.array([[1.0, 100.0], [1.0, 100.0]])
    amount = np.array([[500_000.0, 1.0], [500_001.0, 1.0]])
    problem = Problem.from_arrays(cost, [Band("room", amount, upper=[1e6, 1e6])])
    assert evaluate(problem, np.array([0, 0])).holds
    knapsacks = Knapsacks.of(Table.of(problem))
    assert knapsacks.bound(np.array([1.0, 1.0]))[0] <= 2.0


def test_whole_numbers_are_told_from_others():
    assert factor(np.array([1.0, 20.0, np.inf])) == 1.0
    assert factor(np.array([1.25, 3.0])) == 100.0
    assert factor(np.array([1 / 3])) is None


@pytest.mark.parametrize("barred", [0.0, 0.3])
def test_chains_keep_account_of_loads_and_costs(barred):
    problem = assignment(3, 6, 60, barred=barred)
    proof, _ = lp(problem)
    table = Table.of(problem)
    search = Stiffening(table, proof.prices.rows[0], 5)
    here = np.arange(60)
    for k in range(32):
        search.run(32, k / 20)
        assert np.isfinite(table.cost[here, search.rep]).all()
        load = np.bincount(search.rep, table.amount[here, search.rep], 6)
        np.testing.assert_allclose(search.load, load)
        for j in range(6):
            members = search.member[j, : search.count[j]]
            assert set(members) == set(np.flatnonzero(search.rep == j))
            np.testing.assert_array_equal(
                search.size[j, : search.count[j]], table.amount[members, j]
            )
            assert (np.diff(search.size[j, : search.count[j]]) >= 0).all()
    assert search.best is not None
    found = evaluate(problem, search.best)
    assert found.holds
    reduced = search.reduced[here, search.best].sum()
    load = np.bincount(search.best, table.amount[here, search.best], 6)
    assert search.value == pytest.approx(reduced + (search.y * (search.b - load)).sum())
    priced = table.cost[here, search.best] + (search.y * table.amount)[here, search.best]
    constant = (priced - search.reduced[here, search.best]).sum()
    if (proof.prices.rows[0] > 0).all():
        total = search.value + constant - (search.y * search.b).sum()
        assert total == pytest.approx(found.objective)


def test_small_problems_are_solved_to_their_optimum():
    for seed in range(2):
        problem = assignment(seed, 3, 18)
        outcome, watch = solved(problem)
        exact = Watch(problem)
        HighsBackend().solve(problem, Limits(time.monotonic() + 20, gap=0.0), None, exact)
        assert watch.objective == exact.objective
        assert outcome.finished
        assert watch.best_bound == pytest.approx(exact.objective)
        assert watch.proved <= exact.objective


def test_a_seed_and_a_number_of_threads_give_one_plan():
    problem = assignment(7, 5, 50)
    for threads in (1, 2):
        plans = [solved(problem, gap=0.01, seed=3, threads=threads)[1].rep for _ in range(2)]
        np.testing.assert_array_equal(plans[0], plans[1])


def test_no_plan_is_told_where_no_plan_is():
    amount = np.full((4, 2), 10.0)
    problem = Problem.from_arrays(np.ones((4, 2)), [Band("room", amount, upper=[15.0, 15.0])])
    outcome, watch = solved(problem, 5)
    assert outcome.infeasible
    assert watch.rep is None


def test_a_plan_in_hand_is_never_lost():
    problem = assignment(1, 4, 24)
    _, first = solved(problem, gap=0.05)
    watch = Watch(problem)
    TightBackend().solve(problem, Limits(time.monotonic() + 5, gap=0.1), first.rep, watch)
    assert watch.objective <= first.objective


def test_it_stops_when_asked():
    problem = assignment(0, 20, 300)
    watch = Watch(problem)
    timer = threading.Timer(1.0, watch.stopping.set)
    timer.start()
    outcome = TightBackend().solve(problem, Limits(time.monotonic() + 600, gap=0.0), None, watch)
    assert watch.stopping.is_set()
    assert not outcome.finished
    assert "the solver did not stop" not in " ".join(watch.notes)


def test_it_says_what_it_does_not_take():
    cost, amount = np.ones((6, 2)), np.ones((6, 2))
    refused = TightBackend().refuses
    assert refused(Problem.from_arrays(cost, [Band("room", amount, upper=4)])) is None
    assert "least" in refused(Problem.from_arrays(cost, [Band("room", amount, lower=1, upper=4)]))
    assert "price" in refused(Problem.from_arrays(cost, [Band("room", amount, upper=4, price=1)]))
    two = [Band("room", amount, upper=4), Band("hours", amount, upper=4)]
    assert "2 measures" in refused(Problem.from_arrays(cost, two))
    assert "0 measures" in refused(Problem.from_arrays(cost))
    assert "below zero" in refused(Problem.from_arrays(cost, [Band("room", -amount, upper=4)]))
    with pytest.raises(BackendError, match="2 measures"):
        solved(Problem.from_arrays(cost, two))


def test_it_says_which_problems_suit_it():
    suits = TightBackend().suits
    assert "whole numbers" in suits(assignment(0, 5, 50))
    loose = Problem.from_arrays(np.ones((50, 5)), [Band("room", np.ones((50, 5)), upper=50)])
    assert suits(loose) is None
    assert suits(Problem.from_arrays(np.ones((50, 5)))) is None
    fraction = np.random.default_rng(0).random((50, 5))
    assert suits(Problem.from_arrays(fraction, [Band("room", fraction, upper=5)])) is None


def test_the_pool_keeps_the_best_plans_once():
    pool = Pool()
    for k in range(40):
        pool.add(float(100 - k // 2), np.array([k // 2]))
    assert len(pool.plans) == 12
    assert pool.costs == sorted(pool.costs)
    assert pool.costs[0] == 81.0
    assert pool.new == 20
