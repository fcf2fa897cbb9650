"""The proved bound, groups and all: below every plan, and not below the LP relaxation.

Plans are tried one by one (`problem_cases.oracle`), and the relaxation is written down from the
definitions (`lp_oracle`): neither calls the engine.
"""

from __future__ import annotations

import time
from dataclasses import replace

import numpy as np
import pytest
from lp_oracle import lp_optimum
from problem_cases import KINDS, all_plans, grouping, oracle, random_problem

import territoryopt as topt
from territoryopt.backends import relaxation
from territoryopt.backends.large.fixing import without_dear_pairs
from territoryopt.backends.protocol import Limits, Watch
from territoryopt.problem import GroupPrices, Prices, prove, reduced_costs
from territoryopt.problem.bound import reduced_pairs, valid_prices

ACCOUNTS, REPS = 6, 3
OTHERS = [kind for kind in KINDS if "apart" not in kind and "together" not in kind]


def limits(seconds: float = 60.0) -> Limits:
    return Limits(time.monotonic() + seconds, 0.0)


def random_groupings(rng):
    """One to three groupings, hard or priced: groups that overlap, are alone, empty or list an
    account twice."""
    out = []
    for k in range(rng.integers(1, 4)):
        apart = bool(rng.integers(2))
        price = rng.choice([np.inf, 0.0, 0.7, 6.0, 25.0], p=[0.35, 0.05, 0.2, 0.2, 0.2])
        groups = []
        for _ in range(rng.integers(1, 4)):
            # Hard groups are small, so that most problems have a plan.
            size = rng.integers(0, 4 if np.isinf(price) else 6)
            again = rng.random() < 0.15 and not (apart and np.isinf(price))
            groups.append(rng.choice(ACCOUNTS, size, replace=again).tolist())
        groups = [[], *groups] if rng.random() < 0.2 else groups
        groups.append(rng.choice(ACCOUNTS, 2, replace=False).tolist())
        out.append(grouping(f"grouping {k}", groups, apart, float(price)))
    return tuple(out)


def grouped_problem(seed):
    """A problem with groups and up to three kinds of other parts; nearly ties in every fourth."""
    rng = np.random.default_rng(10_000 + seed)
    kinds = rng.choice(OTHERS, size=rng.integers(0, 4), replace=False)
    problem = random_problem(seed, ACCOUNTS, REPS, kinds)
    problem = replace(problem, groupings=random_groupings(rng))
    if seed % 4 == 0:
        problem = replace(problem, costs=tuple(replace(c, price=0.05) for c in problem.costs))
    return problem


def least(problem):
    """The best objective over all plans; inf where none holds."""
    objective, holds = oracle(problem, all_plans(problem.accounts, problem.reps))
    return float(np.where(holds, objective, np.inf).min())


def slip(value, relative):
    return relative * max(1.0, abs(value)) if np.isfinite(value) else 0.0


@pytest.mark.parametrize("problems", [random_problem, grouped_problem])
@pytest.mark.parametrize("seed", range(400))
def test_it_is_the_optimum_of_the_whole_relaxation(seed, problems):
    problem = problems(seed)
    optimum, unit = lp_optimum(problem), problem.contracted
    answer = relaxation.lp_prices(unit, limits(), Watch(unit))
    proved = prove(unit, answer.prices).bound
    assert proved <= least(problem) + slip(proved, 1e-9)
    assert answer.infeasible == np.isinf(optimum)
    if np.isfinite(optimum):
        assert answer.finished
        assert proved == pytest.approx(optimum, rel=1e-6, abs=1e-6)


def test_the_problems_are_worth_asking():
    """Groups lift the bound of many of them, and there are some with and some without a plan."""
    lifted = feasible = 0
    for seed in range(100):
        problem = grouped_problem(seed)
        feasible += np.isfinite(least(problem))
        optimum, without = lp_optimum(problem), lp_optimum(replace(problem, groupings=()))
        lifted += bool(np.isfinite(optimum) and optimum > without + 1e-3)
    assert lifted > 25
    assert 50 < feasible < 95


@pytest.mark.parametrize("seed", range(150))
def test_solve_proves_no_less_than_the_relaxation(seed):
    problem = grouped_problem(seed)
    best, optimum = least(problem), lp_optimum(problem)
    result = topt.solve(problem, gap=0.0, time_limit=30)
    assert result.proved_bound <= best + slip(best, 1e-9)
    if np.isfinite(best):
        assert result.proved_bound >= optimum - slip(optimum, 1e-6)
    else:
        assert result.status == "infeasible"


GARBAGE = [np.nan, np.inf, -np.inf, -3.0, -1.7e308, 1.7e308, 1e-300, 0.0, 5.0, 1e3]


def random_prices(rng, problem, scale):
    """Prices of any sign within the problem's numbers, as lists in no order."""
    groups = []
    for part in problem.groupings:
        many = len(part) if part.apart else len(part.member)
        n = int(rng.integers(0, 3 * many + 1))
        of, rep = rng.integers(0, max(1, many), n), rng.integers(0, REPS, n)
        groups.append(GroupPrices(of[: n * (many > 0)], rep, rng.normal(scale, scale, n)))
    rows = tuple(rng.normal(0, scale, len(part)) for part in problem.rows)
    return Prices(rows, tuple(g if len(g.of) == len(g.rep) else GroupPrices.none() for g in groups))


@pytest.mark.parametrize("seed", range(300))
def test_any_prices_prove_something_true(seed):
    problem = grouped_problem(seed).contracted
    best, rng = least(problem), np.random.default_rng(seed)
    for scale in (0.3, 3, 30, 1000):
        bound = prove(problem, random_prices(rng, problem, scale)).bound
        assert bound <= best + slip(best, 1e-9)
    for _ in range(5):
        given = random_prices(rng, problem, 1.0)
        wild = tuple(
            GroupPrices(
                np.where(rng.random(len(g)) < 0.1, rng.choice([-1, 999], len(g)), g.of),
                np.where(rng.random(len(g)) < 0.1, rng.choice([-1, 999], len(g)), g.rep),
                rng.choice(GARBAGE, len(g)),
            )
            for g in given.groups
        )
        rows = tuple(rng.choice(GARBAGE, len(y)) for y in given.rows)
        bound = prove(problem, Prices(rows, wild)).bound
        assert bound <= best + slip(best, 1e-9)
        assert bound > -np.inf


@pytest.mark.parametrize("seed", range(300))
def test_the_prices_of_a_stricter_problem_prove_no_more_than_is_true(seed):
    """Prices that are right where groups must hold, or cost a hundred times more, are far above
    what these groups charge."""
    problem = grouped_problem(seed).contracted
    best = least(problem)
    for price in (np.inf, 600.0):
        parts = tuple(replace(part, price=price) for part in problem.groupings)
        stricter = replace(problem, groupings=parts)
        found = relaxation.lp_prices(stricter, limits(), Watch(stricter)).prices
        for factor in (0.5, 1.0, 4.0):
            groups = tuple(GroupPrices(g.of, g.rep, factor * g.price) for g in found.groups)
            bound = prove(problem, Prices(found.rows, groups)).bound
            assert bound <= best + slip(best, 1e-9)


@pytest.mark.parametrize("seed", range(150))
def test_reduced_costs_bound_every_plan(seed):
    """What a plan's pairs cost above the cheapest at the prices comes on top of the bound."""
    problem = grouped_problem(seed).contracted
    plans = all_plans(problem.accounts, REPS)
    objective, holds = oracle(problem, plans)
    here, rng = np.arange(problem.accounts), np.random.default_rng(seed)
    found = relaxation.lp_prices(problem, limits(), Watch(problem)).prices
    for prices in (found, random_prices(rng, problem, 3.0)):
        proof = prove(problem, prices)
        reduced = reduced_costs(problem, proof.prices, 0, problem.accounts)
        if np.isinf(proof.bound):
            assert not holds.any()
            continue
        above = (reduced - reduced.min(axis=1, keepdims=True))[here, plans].sum(axis=1)
        size = slip(float(np.abs(objective).max()), 1e-9)
        assert (objective[holds] >= (proof.bound + above)[holds] - size).all()
        # One account at a time, and as a list of pairs, they are the same.
        for i in here:
            assert (reduced_costs(problem, proof.prices, i, i + 1)[0] == reduced[i]).all()
        pairs = problem.pairs
        listed = reduced_pairs(problem, proof.prices)
        assert np.allclose(listed, reduced[pairs.account, pairs.rep], rtol=1e-12, atol=1e-9)
        if holds.any():
            best = float(objective[holds].min())
            left = without_dear_pairs(problem, proof.prices, proof.bound, best + 1e-6).pairs
            kept = set(zip(left.account.tolist(), left.rep.tolist(), strict=True))
            assert set(enumerate(plans[holds][objective[holds].argmin()].tolist())) <= kept


def test_a_price_is_no_more_than_its_group_charges():
    problem = random_problem(0, ACCOUNTS, REPS, [])
    groups = [[0, 1, 2], [3, 4]]
    parts = (grouping("apart", groups, True, 2.0), grouping("free", groups, False, 0.0))
    problem = replace(problem, groupings=parts)
    given = GroupPrices(np.array([1, 0, 0, 0]), np.array([0, 2, 1, 1]), np.array([9.0, 1, 1.5, 1]))
    apart, free = valid_prices(problem, Prices((), (given, given))).groups
    assert apart.of.tolist() == [0, 0, 1]
    assert apart.rep.tolist() == [1, 2, 0]
    assert apart.price.tolist() == [2.0, 1.0, 2.0]
    assert not len(free)


def test_by_hand():
    """Two accounts, both cheapest with the first rep at 0, with the other at 3 and 5."""
    cost = np.array([[0.0, 3.0], [0.0, 5.0]])
    problem = topt.Problem.from_arrays(cost)

    def bound(part, of, rep, price):
        given = GroupPrices(np.array(of), np.array(rep), np.array(price))
        return prove(replace(problem, groupings=(part,)), Prices((), (given,))).bound

    # Apart at a price of 2: sharing costs 2, and no less does the other rep.
    priced, hard = (grouping("apart", [[0, 1]], True, p) for p in (2.0, np.inf))
    assert bound(priced, [0], [0], [2.0]) == pytest.approx(2.0)
    assert bound(priced, [0], [0], [9.0]) == pytest.approx(2.0)
    assert bound(hard, [0], [0], [3.0]) == pytest.approx(3.0)  # 3 + 3 - 3
    assert bound(hard, [0], [0], [9.0]) == pytest.approx(3 + 5 - 9.0)
    # Together: now the first account is cheaper with the other rep, by 3.
    problem = topt.Problem.from_arrays(np.array([[3.0, 0.0], [0.0, 5.0]]))
    priced, hard = (grouping("one", [[0, 1]], False, p) for p in (2.0, np.inf))
    # μ on the cheapest pair of each account: parting costs 2, the account that goes over 3.
    assert bound(priced, [0, 1], [1, 0], [2.0, 2.0]) == pytest.approx(2.0)
    assert bound(priced, [0, 1], [1, 0], [3.0, 3.0]) == pytest.approx(3 + 3 - 2 - 1 - 1)
    assert bound(hard, [0, 1], [1, 0], [3.0, 3.0]) == pytest.approx(3.0)
    assert bound(hard, [0], [1], [3.0]) == pytest.approx(3 - 3)
    # Of two groups each has a ν of its own: where one rep alone has prices it is 0.
    both = grouping("two", [[0, 1], [0, 1]], False)
    assert bound(both, [0, 2, 3], [1, 1, 0], [1.0, 2.0, 2.0]) == pytest.approx(3 + 2 - 1 - 2)


@pytest.mark.parametrize("seed", range(40))
def test_up_to_a_size_groups_are_proved_where_rows_alone_would_be_decomposed(seed, monkeypatch):
    problem = grouped_problem(seed)
    optimum, best = lp_optimum(problem), least(problem)
    if np.isinf(best):
        pytest.skip("there is no plan")
    monkeypatch.setattr(relaxation, "MOST_WHOLE", 0)
    result = topt.solve(problem, backend="decomposition", gap=0.0, time_limit=30)
    assert result.objective == pytest.approx(best, rel=1e-6, abs=1e-6)
    assert optimum - slip(optimum, 1e-6) <= result.proved_bound <= best + slip(best, 1e-9)
    assert not any("leaves out" in note for note in result.notes)
    # Beyond it, or where the time is too short, groups are left out.
    unit = problem.contracted
    for name, value in (("MOST_GROUPED", 0), ("WHOLE_SHARE", 0.0)):
        with monkeypatch.context() as patch:
            patch.setattr(relaxation, name, value)
            if name == "WHOLE_SHARE":
                patch.setattr(relaxation, "_whole", unfinished(relaxation._whole))
            answer = relaxation.lp_prices(unit, limits(), Watch(unit))
        assert answer.large is not None
        assert not answer.prices.groups
        assert prove(unit, answer.prices).bound <= best + slip(best, 1e-9)


def test_a_proof_without_groups_says_so(monkeypatch):
    problem = topt.Problem.from_arrays(np.array([[0.0, 3.0], [0.0, 5.0]]))
    problem = replace(problem, groupings=(grouping("rivals", [[0, 1]], True),))
    whole = topt.solve(problem, backend="highs", gap=0.0)
    assert whole.proved_bound == pytest.approx(3.0)
    assert not whole.notes
    monkeypatch.setattr(relaxation, "MOST_WHOLE", 0)
    monkeypatch.setattr(relaxation, "MOST_GROUPED", 0)
    result = topt.solve(problem, backend="highs", gap=0.0)
    assert result.objective == 3.0
    assert result.proved_bound == pytest.approx(0.0, abs=1e-9)
    assert [note for note in result.notes if "the proved bound leaves out rivals" in note]


def unfinished(whole):
    def run(problem, limits, watch):
        assert limits.left == 0.0
        return replace(whole(problem, limits, watch), finished=False, infeasible=False)

    return run
