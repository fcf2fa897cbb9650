"""`tighten` keeps exactly the plans that hold; what `screen` calls impossible is impossible."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from problem_cases import all_plans, oracle, problem_of, random_problem, rows

from territoryopt.problem import AccountAmounts, Band, DenseAmounts, Exclusion, Problem, evaluate
from territoryopt.problem.screen import screen
from territoryopt.problem.tighten import tighten


def assert_same_plans(problem: Problem) -> Problem:
    """The tightened problem, once it is seen to allow the same plans within the same bounds."""
    out = tighten(problem)
    plans = all_plans(problem.accounts, problem.reps)
    money, before = oracle(problem, plans)
    money_after, after = oracle(out, plans)
    assert (before == after).all()
    assert (money == money_after).all()
    for old, new in zip(problem.rows, out.rows, strict=True):
        assert (new.lower >= old.lower).all()
        assert (new.upper <= old.upper).all()
        soft = np.isfinite(old.price)
        assert (new.lower[soft] == old.lower[soft]).all()
        assert (new.upper[soft] == old.upper[soft]).all()
    return out


def band(amount, lower=-np.inf, upper=np.inf, reps=2, price=None) -> Problem:
    amount = np.array(amount, dtype=float)
    return Problem.from_arrays(
        np.zeros((len(amount), reps)), [Band("b", amount, lower, upper, price)]
    )


@pytest.mark.parametrize(
    ("amount", "lower", "upper", "new_lower", "new_upper"),
    [
        ([3, 6, 9], 4, 16, 6, 15),
        ([0.3, 0.6, 0.9], 0.4, 1.6, 0.6, 1.5),
        ([30_000, 50_000, 70_000], 42_500, 111_000, 50_000, 110_000),
        ([3, 6, 9], 6, 15, 6, 15),  # multiples already
        ([0.1, 0.2, 0.3], 0.1, 0.3, 0.1, 0.3),  # 0.3 is no whole number of 0.1 in floating point
        ([3, 6, 9], -np.inf, 16, -np.inf, 15),
        ([3, 6, 9], 10, 11, 10, 11),  # nothing between: left for the search to find impossible
        ([0, 0, 0], -1, 1, -1, 1),
        ([np.pi, 1, 2], 1, 4, 1, 4),  # no step
        ([-3, 6, 9], -4, 16, -3, 15),
        ([1e15, 3, 6], 1, 1e15 + 0.5, 1, 1e15 + 0.5),  # tolerance far above a step
        ([1e-6, 2e-6], -np.inf, 1.5e-6, -np.inf, 1e-6),
        ([1e-6, 2e-6], -np.inf, 0.5e-6, -np.inf, 0.5e-6),  # at 0 the tolerance would be a step
        ([1, 5e-10], -np.inf, 1e-10, -np.inf, 1e-10),  # small, and not nothing
    ],
)
def test_bounds_move_to_multiples_of_the_step(amount, lower, upper, new_lower, new_upper):
    out = assert_same_plans(band(amount, lower, upper)).rows[0]
    assert out.lower.tolist() == pytest.approx([new_lower] * 2, rel=1e-9, abs=1e-15)
    assert out.upper.tolist() == pytest.approx([new_upper] * 2, rel=1e-9, abs=1e-15)


def test_the_constant_of_a_row_is_no_multiple():
    # handed off: 10.5 owned less what is kept in steps of 3; at most 5 -> 4.5
    kept = AccountAmounts(
        np.zeros(3), 2, np.arange(3), np.zeros(3, dtype=np.int64), np.full(3, -3.0)
    )
    part = rows("m", kept, [0, -1], upper=5, constant=10.5)
    out = assert_same_plans(problem_of(np.zeros((3, 2)), [part]))
    assert out.rows[0].upper.tolist() == [4.5]


def test_only_pairs_that_may_be_used_set_the_step():
    barred = np.array([[1.0, 0.0], [0.0, 0.0]])
    amounts = DenseAmounts(np.array([[np.pi, 3.0], [6.0, 6.0]]))
    part = rows("b", amounts, [0, 1], upper=[8.0, 7.0])
    exclusion = Exclusion("x", "x", DenseAmounts(barred))
    out = assert_same_plans(problem_of(np.zeros((2, 2)), [part], [exclusion]))
    assert out.rows[0].upper.tolist() == [6, 6]


def test_priced_rows_and_untouched_problems_stay_as_they_are():
    soft = band([3, 6, 9], 4, 16, price=2.0)
    assert tighten(soft) is soft
    round_ = band([3, 6, 9], 6, 15)
    assert tighten(round_) is round_


STEPS = st.sampled_from([1.0, 3.0, 5.0, 0.1, 0.25, 0.01, 0.3, 1e-6, 1e4, 250.0])


@st.composite
def banded(draw):
    """Bands about a possible total: on it, off by about the tolerance, or anywhere near."""
    n, reps, step = draw(st.integers(1, 5)), draw(st.integers(1, 3)), draw(STEPS)
    whole = st.integers(draw(st.sampled_from([0, -4])), draw(st.sampled_from([4, 1000])))
    amount = np.array(draw(st.lists(whole, min_size=n * reps, max_size=n * reps)), dtype=float)
    amount = amount.reshape(n, reps) * step
    if draw(st.booleans()):
        amount = np.repeat(amount[:, :1], reps, axis=1)
    constant = draw(st.sampled_from([0.0, 0.0, 7.0, 0.3, -2.5])) * draw(st.sampled_from([1, step]))
    nudge = st.sampled_from([0, 0.9e-6, 1.1e-6, -0.9e-6, -1.1e-6, 1e-9, 1e-15])
    jump = st.sampled_from([0.0, 0.0, 0.5, -0.5, 0.999999, 1.0, -0.3, 1e-7])

    def bound():
        base = draw(st.integers(-2, 8)) * step + constant
        return base * (1 + draw(nudge)) + draw(jump) * step

    low, high = sorted([bound(), bound()])
    lower = low if draw(st.booleans()) else -np.inf
    upper = high if draw(st.booleans()) else np.inf
    price = draw(st.sampled_from([np.inf, np.inf, 2.0]))
    row_of_rep = draw(st.sampled_from([list(range(reps)), [0] * reps]))
    part = rows("b", DenseAmounts(amount), row_of_rep, lower, upper, price, constant)
    return problem_of(np.zeros((n, reps)), [part])


@settings(max_examples=600, deadline=None, derandomize=True)
@given(banded())
def test_tighten_keeps_the_plans_of_any_band(problem):
    assert_same_plans(problem)


@pytest.mark.parametrize("seed", range(60))
def test_tighten_keeps_the_plans_of_any_problem(seed):
    problem = random_problem(seed, accounts=5)
    assert_same_plans(problem.contracted)


def assert_true(problem: Problem) -> int:
    """Each finding of `screen`, held against all plans; how many there are."""
    found = screen(problem)
    if not found:
        return 0
    plans = all_plans(problem.accounts, problem.reps)
    _, holds = oracle(problem, plans)
    assert not holds.any()
    allowed = np.ones(len(plans), dtype=bool)
    for exclusion in problem.exclusions:
        table = exclusion.barred.block(0, problem.accounts) <= 0
        allowed &= table[np.arange(problem.accounts), plans].all(axis=1)
    for one in found:
        if one.account:
            i = int(one.account)
            bars = {e.name: e.barred.block(0, problem.accounts)[i] > 0 for e in problem.exclusions}
            own = [bars[name] for name in one.rules]
            assert np.logical_or.reduce(own).all()
            for k in range(len(own)):  # none is needless
                rest = own[:k] + own[k + 1 :]
                assert not rest or not np.logical_or.reduce(rest).all()
            continue
        (part,) = (p for p in problem.rows if p.name == one.rules[0])
        if not one.label:  # the sums over all rows
            sums = [evaluate(problem, p).activity[part.name].sum() for p in plans[allowed]]
            assert min(sums) >= one.least - 1e-9
            assert max(sums) <= one.most + 1e-9
            assert max(sums) < part.lower.sum() or min(sums) > part.upper.sum()
            continue
        r = part.labels.index(one.label)
        totals = [evaluate(problem, plan).activity[part.name][r] for plan in plans[allowed]]
        assert min(totals) >= one.least - 1e-9
        assert max(totals) <= one.most + 1e-9
        assert max(totals) < part.lower[r] or min(totals) > part.upper[r]
    return len(found)


@settings(max_examples=300, deadline=None, derandomize=True)
@given(st.integers(0, 10_000), st.floats(0.3, 0.9), st.floats(-8, 8))
def test_what_screen_finds_is_impossible(seed, barred, shift):
    """Bands pushed aside and many pairs barred, so that much is out of reach."""
    rng = np.random.default_rng(seed)
    n, reps = int(rng.integers(1, 5)), int(rng.integers(1, 4))
    amounts = np.round(rng.uniform(-3, 9, (n, reps)), 1)
    row_of_rep = rng.integers(-1, 2, size=reps)
    row_of_rep[0] = 1
    middle = rng.uniform(-5, 20, 2) + shift
    part = rows("b", DenseAmounts(amounts), row_of_rep, middle - 2, middle + 2, constant=1.5)
    bars = [
        Exclusion(name, "x", DenseAmounts((rng.random((n, reps)) < barred).astype(float)))
        for name in ("skills", "locks")
    ]
    assert_true(problem_of(np.zeros((n, reps)), [part], bars))


@pytest.mark.parametrize("seed", range(80))
def test_what_screen_finds_in_any_problem_is_impossible(seed):
    assert_true(random_problem(seed, accounts=4).contracted)


def test_screen_finds_an_account_that_two_rules_bar():
    bars = [
        Exclusion(name, "x", DenseAmounts(np.array([[0.0] * 3, cells])))
        for name, cells in (("a", [1.0, 0, 0]), ("b", [1.0, 1, 0]), ("c", [0.0, 0, 1]))
    ]
    problem = problem_of(np.zeros((2, 3)), exclusions=bars)
    (found,) = screen(problem)
    assert (found.account, found.rules) == ("1", ("b", "c"))
    assert assert_true(problem) == 1


def test_screen_counts_what_is_forced():
    # accounts 0 and 1 may only be with rep 0: 8 of at most 7
    bars = Exclusion("x", "x", DenseAmounts(np.array([[0.0, 1], [0, 1], [0, 0]])))
    part = rows("b", AccountAmounts(np.array([3.0, 5, 1]), 2), [0, 1], upper=7)
    problem = problem_of(np.zeros((3, 2)), [part], [bars])
    (found,) = screen(problem)
    assert (found.label, found.least, found.upper, found.forced) == ("b 0", 8, 7, 2)
    assert assert_true(problem) == 1


def test_screen_is_silent_at_the_tolerance():
    part = rows("b", AccountAmounts(np.array([1.0]), 1), [0], upper=1 - 0.9e-6)
    problem = problem_of(np.zeros((1, 1)), [part])
    assert evaluate(problem, np.zeros(1, dtype=np.int64)).holds
    assert screen(problem) == ()
