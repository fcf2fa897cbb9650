"""The bound of whole territories: never above the best plan, whoever found what it rests on; not
below the bound of the prices; found again from what the result keeps."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from itertools import product

import numpy as np
import pytest
from problem_cases import brute_force, random_problem
from test_large_relaxation import limits, territories

import territoryopt as topt
from territoryopt.backends.large.backend import first_plan
from territoryopt.backends.large.relax import relax
from territoryopt.backends.large.territories import Ascent
from territoryopt.backends.protocol import Watch
from territoryopt.problem import Prices, evaluate, prove, reduced_costs
from territoryopt.problem.group_prices import GroupPrices
from territoryopt.problem.territory_bound import OwnRows, prove_territories
from territoryopt.problem.territory_kernels import (
    _best_step,
    centre,
    least_change,
    least_of_territory,
)
from territoryopt.problem.tighten import tighten


def drawn_prices(problem, rng, size):
    rows = tuple(rng.normal(0, size, len(part)) for part in problem.rows)
    groups = []
    for part in problem.groupings:
        many = len(part) if part.apart else len(part.member)
        of, rep = rng.integers(many, size=6), rng.integers(problem.reps, size=6)
        groups.append(GroupPrices.listed(of, rep, rng.exponential(size, 6)))
    return Prices(rows, tuple(groups) if problem.groupings and rng.integers(2) else ())


def holds(bound, best):
    return bound <= best + 1e-7 * max(1.0, abs(best)) or (np.isinf(best) and best > 0)


@pytest.mark.parametrize("seed", range(300))
def test_no_worth_and_no_prices_prove_more_than_the_best_plan(seed):
    problem = random_problem(seed, 6, 3).contracted
    best, _ = brute_force(problem)
    rng = np.random.default_rng(seed)
    for size in (0.0, 1.0, 10.0):
        prices = drawn_prices(problem, rng, size)
        worth = rng.normal(10, 15, problem.accounts)
        guess = rng.exponential(20.0, problem.reps)
        for nodes in (3, 10_000):
            proof = prove_territories(problem, prices, worth, guess, nodes=nodes)
            assert holds(proof.bound, best), (size, nodes)


@pytest.mark.parametrize("seed", range(200))
def test_the_ascent_proves_at_least_what_the_prices_do(seed):
    problem = random_problem(1_000 + seed, 7, 3).contracted
    best, _ = brute_force(problem)
    known = relax(problem, limits(), Watch(problem))
    if not np.isfinite(known.proof.bound):
        pytest.skip("an account has no rep")
    plan = first_plan(problem, known, known.proof, None, limits())[0]
    ascent = Ascent(plan, known.proof, 1, lambda: True)
    if np.isfinite(best):
        ascent.objective = best
    with ThreadPoolExecutor(1) as pool:
        ascent.run(30, pool)
    proof = ascent.certify()
    assert holds(proof.bound, best)
    slack = 1e-7 * max(1.0, abs(known.proof.bound))
    if len(OwnRows.of(problem)):
        assert proof.bound >= known.proof.bound - slack
    again = prove_territories(
        problem, proof.prices, proof.worth, proof.guess, nodes=proof.nodes, threads=2
    )
    assert again.bound == pytest.approx(proof.bound, rel=1e-12)


@pytest.mark.parametrize("seed", range(100))
def test_the_best_step_is_the_best_on_a_line(seed):
    rng = np.random.default_rng(seed)
    m, rows = int(rng.integers(1, 8)), int(rng.integers(1, 4))
    q, amount = rng.normal(0, 5, m), rng.exponential(2, (m, rows))
    lower = np.where(rng.random(rows) < 0.3, -np.inf, rng.normal(0, 3, rows))
    upper = np.where(np.isinf(lower), 0.0, lower) + rng.exponential(3, rows)
    constant = rng.normal(0, 1, rows)
    high = rng.exponential(20, rows)
    low = np.where(np.isfinite(lower), -high, 0.0)
    y, move = np.clip(rng.normal(0, 3, rows), low, high), np.zeros(rows)
    move[rng.integers(rows)] = 1.0
    move[rng.integers(rows)] -= 0.5 * rng.integers(2)

    def dual(t):
        at = np.clip(y + t * move, low, high)
        side = np.where(at > 0, upper, np.where(at < 0, lower, 0.0))
        return np.minimum(0, q + amount @ at).sum() + (at * (constant - side)).sum()

    t = _best_step(q, amount, y, move, low, high, lower, upper, constant)
    for other in np.linspace(-30, 30, 601):
        at = y + other * move
        if (at >= low).all() and (at <= high).all():
            assert dual(t) >= dual(other) - 1e-9
    size = np.ones(rows)
    before = dual(0.0)
    centre(q, amount, y, low, high, lower, upper, constant, size, 6)
    assert dual(0.0) >= before - 1e-9


def test_the_bound_is_that_of_prices_where_accounts_are_worth_their_cheapest_pair():
    problem = territories(400, 8, 1)
    prices = relax(problem, limits(), Watch(problem)).proof.prices
    proof = prove(problem, prices)
    worth = reduced_costs(problem, prices, 0, problem.accounts).min(axis=1)
    none = np.zeros(problem.reps)
    assert prove_territories(problem, prices, worth, none).bound == pytest.approx(
        proof.bound, rel=1e-9
    )


def by_hand(dear, amount, at, lower, upper, y, price):
    best = np.inf
    for each in product((False, True), repeat=len(dear)):
        chosen = np.array(each, dtype=bool)
        s = at + amount[chosen].sum(axis=0)
        excess = np.maximum(0, np.maximum(lower - s, s - upper))
        if (np.isinf(price) & (excess > 0)).any():
            continue
        side = np.where(y > 0, upper, np.where(y < 0, lower, 0.0))
        charge = np.where(excess > 0, np.where(np.isinf(price), 0.0, price), 0.0) * excess
        best = min(best, float(dear[chosen].sum() + (charge + y * side - y * s).sum()))
    return best


@pytest.mark.parametrize("seed", range(200))
def test_the_search_of_sets_finds_the_least(seed):
    rng = np.random.default_rng(seed)
    m, rows = int(rng.integers(0, 10)), int(rng.integers(1, 5))
    dear = np.sort(rng.exponential(5.0, m))
    amount = rng.normal(0, 3, (m, rows)) if rng.integers(2) else rng.exponential(3.0, (m, rows))
    at = rng.normal(0, 4, rows)
    lower = rng.normal(-3, 2, rows)
    upper = lower + rng.exponential(3.0, rows)
    lower = np.where(rng.random(rows) < 0.2, -np.inf, lower)
    upper = np.where(rng.random(rows) < 0.2, np.inf, upper)
    price = np.where(rng.random(rows) < 0.5, np.inf, rng.exponential(6.0, rows))
    y = np.clip(rng.normal(0, 3, rows), -price, price)
    y = np.where((y > 0) & np.isinf(upper) | (y < 0) & np.isinf(lower), 0.0, y)
    truth = by_hand(dear, amount, at, lower, upper, y, price)
    slip = np.zeros(rows)
    chosen = np.zeros(m, dtype=bool)
    rows_of = (at, lower, upper, slip, y, price)
    found, complete = least_change(dear, amount, *rows_of, 1e9, 10**6, chosen)
    assert complete
    assert found == pytest.approx(min(truth, 1e9), rel=1e-9, abs=1e-9)
    for guess, nodes in ((1.0, 10**6), (50.0, 5), (0.1, 40)):
        bound = least_of_territory(dear, amount, *rows_of, guess, 1e4, nodes, chosen)
        assert bound <= min(truth, 1e4) + 1e-9
        if nodes == 10**6:
            assert bound == pytest.approx(min(truth, 1e4), rel=1e-9, abs=1e-9)


@pytest.mark.parametrize("threads", [1, 2])
def test_the_bound_of_a_search_is_kept_with_what_proves_it(threads):
    problem = territories(300, 6, 7)
    known = relax(problem, limits(), Watch(problem))
    with ThreadPoolExecutor(1) as pool:  # compiled by now
        plan = first_plan(problem, known, known.proof, None, limits())[0]
        Ascent(plan, known.proof, 1, lambda: True).run(1, pool)
    result = topt.solve(problem, backend="decomposition", gap=5e-4, time_limit=60, threads=threads)
    proof = result.territories
    assert proof is not None
    assert result.proved_bound == pytest.approx(proof.bound, rel=1e-12)
    again = prove_territories(
        tighten(problem.contracted), proof.prices, proof.worth, proof.guess, nodes=proof.nodes
    )
    assert again.bound == pytest.approx(proof.bound, rel=1e-12)
    assert proof.bound > prove(problem, result.prices).bound
    assert evaluate(problem, result.rep).objective >= proof.bound
