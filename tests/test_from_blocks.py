"""`Problem.from_blocks` against `Problem.from_arrays`, and against callers that do as they like."""

from __future__ import annotations

import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

import territoryopt as topt
from territoryopt.problem import Prices, evaluate, from_blocks, move_table, prove
from territoryopt.problem.amounts import blocks


class Table:
    """A table behind functions that fill one buffer again and again, and count their calls."""

    def __init__(self, values):
        self.values, self.buffer, self.asked = values, np.empty(values.size), []

    def rows(self, start, stop):
        self.asked.append((start, stop))
        out = self.buffer[: (stop - start) * self.values.shape[1]].reshape(stop - start, -1)
        out[:] = self.values[start:stop]
        return out

    def pairs(self, i, j):
        self.asked.append(len(i))
        out = self.buffer[: len(i)]
        out[:] = self.values[i, j]
        i[:], j[:] = -1, -1  # its own copies
        return out


def case(seed, barred, accounts=7, reps=3):
    """Costs with inf, bands over accounts and over pairs (`barred` where barred), and owners."""
    rng = np.random.default_rng(seed)
    cost = rng.uniform(-5, 30, (accounts, reps))
    cost[rng.random(cost.shape) < 0.25] = np.inf
    cost[np.arange(accounts), rng.integers(reps, size=accounts)] = 12.0
    work, pair = rng.uniform(1, 5, accounts), rng.uniform(1, 5, (accounts, reps))
    pair[np.isinf(cost)] = barred
    fair = work.sum() / reps

    def bands(amount):
        return [
            topt.Band("work", work, 0.4 * fair, 1.7 * fair),
            topt.Band("pair", amount, upper=2 * fair),
            topt.Band("even", amount, fair, fair, price=2.0),
        ]

    return cost, pair, bands, rng.integers(-1, reps, size=accounts)


def both(seed, barred=np.nan, accounts=7, reps=3):
    cost, pair, bands, current = case(seed, barred, accounts, reps)
    one = topt.Problem.from_arrays(cost, bands(pair), current)
    table, other = Table(cost), Table(pair)
    two = topt.Problem.from_blocks(
        accounts, reps, table.rows, table.pairs if seed % 2 else None, bands(other.rows), current
    )
    return one, two, table


@pytest.mark.parametrize("seed", range(30))
def test_blocks_are_worth_what_arrays_are(seed):
    one, two, _ = both(seed, (np.nan, np.inf, -np.inf)[seed % 3])
    rng = np.random.default_rng(seed)
    n, reps = one.accounts, one.reps
    prices = Prices(tuple(rng.normal(0, 2, reps) for _ in one.rows))
    for given in (None, prices):
        assert prove(two, given).bound == pytest.approx(prove(one, given).bound, rel=1e-12)
        assert np.array_equal(prove(two, given).cheapest, prove(one, given).cheapest)
    for name in ("account", "rep", "start", "cost"):
        assert np.array_equal(getattr(one.pairs, name), getattr(two.pairs, name)), name
    assert np.array_equal(one.priced_block(1, 4), two.priced_block(1, 4))
    for _ in range(5):
        plan = rng.integers(reps, size=n)  # some of its pairs are barred
        ours, theirs = evaluate(two, plan), evaluate(one, plan)
        assert ours.objective == pytest.approx(theirs.objective, rel=1e-12)
        assert {b.account for b in ours.breaches if b.kind == "eligible"} == {
            b.account for b in theirs.breaches if b.kind == "eligible"
        }
        a, b = move_table(one, plan, 0, n), move_table(two, plan, 0, n)
        assert np.array_equal(a.eligible, b.eligible)
        assert np.allclose(a.change[a.eligible], b.change[a.eligible])
        assert not np.isnan(b.change).any()
        assert (b.change[np.arange(n), plan] == 0).all()
        json.dumps(ours.as_dict(), allow_nan=False)


@pytest.mark.parametrize("seed", range(8))
def test_solving_finds_the_same(seed):
    one, two, _ = both(seed, (np.nan, 3.0)[seed % 3 % 2])
    a, b = (topt.solve(p, backend="highs", gap=0) for p in (one, two))
    assert a.status == b.status
    assert b.objective == pytest.approx(a.objective)
    assert b.bound == pytest.approx(a.bound)
    if b.rep is not None:
        json.dumps(topt.explain(b).as_dict(), allow_nan=False)


def test_the_rule_of_a_barred_pair_can_be_dropped():
    problem = topt.Problem.from_blocks(1, 2, lambda a, b: np.array([[np.inf, 3.0]]))
    free = problem.without({"not eligible"})
    assert free.eligible_block(0, 1).all()
    assert free.priced_block(0, 1).tolist() == [[0.0, 3.0]]
    for part in (problem.feasibility(), problem.elastic()):
        assert part.priced_block(0, 1).tolist() == [[np.inf, 0.0]]
    nobody = topt.Problem.from_blocks(2, 2, lambda a, b: np.full((b - a, 2), np.inf))
    assert topt.solve(nobody, backend="highs").status == "infeasible"
    for shape in ((0, 3), (0, 0), (2, 0)):
        empty = topt.Problem.from_blocks(*shape, cost=lambda a, b: pytest.fail("was asked"))
        assert topt.solve(empty).status == topt.solve(
            topt.Problem.from_arrays(np.zeros(shape))
        ).status  # fmt: skip


@pytest.mark.parametrize("seed", range(20))
def test_scattered_pairs_without_a_function_of_pairs(seed, monkeypatch):
    rng = np.random.default_rng(seed)
    table = Table(rng.uniform(0, 9, (3000, 5)))
    monkeypatch.setattr(from_blocks, "BLOCK_CELLS", 1000)
    monkeypatch.setattr(from_blocks, "GAP_CELLS", 50)
    amounts = topt.Problem.from_blocks(3000, 5, table.rows).costs[0].amounts
    for size in (1, 7, 400, 9000):
        account, rep = rng.integers(3000, size=size), rng.integers(5, size=size)
        table.asked.clear()
        assert np.array_equal(amounts.at(account, rep), table.values[account, rep])
        assert len(table.asked) <= min(size, 3000 / 10 + 3000 / 200)
        assert max(b - a for a, b in table.asked) <= 200
        assert np.array_equal(amounts.at(account, rep), table.values[account, rep])
    table.asked.clear()
    every = rng.permutation(3000)
    amounts.at(every, every % 5)
    assert sum(b - a for a, b in table.asked) == 3000
    assert len(table.asked) == 15
    assert amounts.at(every[:0], every[:0]).shape == (0,)


def test_a_block_is_computed_once_for_cost_and_eligibility():
    _, problem, table = both(1)
    table.asked.clear()
    problem.eligible_block(0, 7)
    first = problem.cost_block(0, 7)
    first[:] = 0  # what is handed out is the caller's own
    assert np.array_equal(problem.priced_block(0, 7), table.values)
    assert table.asked == [(0, 7)]
    plan = np.zeros(7, dtype=np.int64)
    evaluate(problem, plan)
    assert table.asked == [(0, 7), 7]


def test_functions_are_called_by_one_thread_at_a_time():
    inside, most, calls = [], [], []

    def rows(start, stop):
        inside.append(threading.get_ident())
        time.sleep(0.001)
        most.append(len(inside))
        calls.append((start, stop))
        inside.remove(threading.get_ident())
        return np.full((stop - start, 4), float(start))

    def pairs(i, j):
        return rows(0, len(i))[:, 0] + i

    problem = topt.Problem.from_blocks(200, 4, rows, pairs, [topt.Band("w", rows)])
    calls.clear()
    with ThreadPoolExecutor(8) as pool:
        for start in range(0, 200, 5):
            pool.submit(problem.priced_block, start, start + 5)
            pool.submit(problem.rows[0].amounts.block, start, start + 5)
            pool.submit(problem.cost_at, np.arange(start + 1), np.zeros(start + 1, dtype=int))
    assert len(calls) == 120
    assert set(most) == {1}


# -- faults ---------------------------------------------------------------------------------------

GOOD = np.arange(12.0).reshape(4, 3)


def rows_of(values):
    return lambda start, stop: values[start:stop]


def faults_of(*args, **options):
    with pytest.raises(topt.InputError) as caught:
        topt.Problem.from_blocks(*args, **options)
    return [str(fault) for fault in caught.value.problems]


def changing(values):
    count = iter(range(100))
    return lambda start, stop: values[start:stop] + next(count)


def raising(start, stop):
    raise ZeroDivisionError("by none")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"accounts": -1}, "accounts: is not a count (found '-1'). Give a whole number"),
        ({"reps": 2.5}, "reps: is not a count"),
        ({"cost": GOOD}, "cost: is not a function (found 'ndarray'). Give cost(start, stop)"),
        ({"pairs": 3}, "pairs: is not a function (found 'int'). Give pairs(i, j)"),
        ({"cost": rows_of(GOOD[:, :2])}, "cost(0, 1): has shape (1, 2). Give float[1, 3]"),
        ({"cost": rows_of(GOOD[:1])}, "cost(3, 4): has shape (0, 3)"),
        ({"cost": rows_of(GOOD * 1j)}, "cost(0, 1): holds complex numbers"),
        ({"cost": lambda a, b: "x"}, "cost(0, 1): is not an array of numbers"),
        ({"cost": rows_of(GOOD * np.nan)}, "cost(3, 4)[0, 2]: is not a number (NaN). Use inf"),
        ({"cost": lambda a, b: np.full((b - a, 3), -np.inf)}, "cost(0, 1)[0, 1]: is -inf"),
        ({"cost": raising}, "cost(0, 1): raised ZeroDivisionError: by none. It must answer"),
        ({"cost": changing(GOOD)}, "cost(0, 1)[0, 1]: is 1.0, and 2.0 when asked again"),
        ({"pairs": lambda i, j: GOOD[i, j] + (i == 3)}, "pairs([3], [1]): is 11.0, and cost(3, 4)"),
        ({"pairs": lambda i, j: GOOD[i, j] * np.nan}, "pairs([0], [1])[0]: is not a number"),
        ({"pairs": lambda i, j: [1.0]}, "pairs(int[3], int[3]): has shape (1,). Give float[3]"),
        ({"bands": [topt.Band("w", GOOD)]}, "bands[0] 'w'.amount: has shape (4, 3). Give float[4]"),
        ({"bands": [topt.Band("w", [1, np.nan, 2, 3])]}, "bands[0] 'w'.amount[1]: is not a finite"),
        ({"bands": [topt.Band("w", rows_of(GOOD / [1, 1, np.nan]))]},
         "bands[0] 'w'.amount(0, 1)[0, 2]: is not a finite number. Give a finite"),
        ({"bands": [topt.Band("w", changing(GOOD))]}, "'w'.amount(0, 1)[0, 0]: is 0.0, and 1.0"),
        ({"bands": [topt.Band("w", GOOD[:, 0], 2, 1)]}, "has its lower bound above its upper"),
        ({"bands": [topt.Band("", GOOD[:, 0])]}, "bands[0]: a band needs a name"),
        ({"bands": [topt.Band("w", GOOD[:, 0], price=-1)]}, "bands[0] 'w'.price: a price is"),
        ({"current": [0, 1, 2, 3]}, "current[3]: is not a rep's number"),
    ],
)  # fmt: skip
def test_each_fault_says_where_and_what_would_be_right(options, words):
    given = {"accounts": 4, "reps": 3, "cost": rows_of(GOOD)} | options
    assert any(words in fault for fault in faults_of(**given)), faults_of(**given)


def test_all_faults_are_told_at_once_and_causes_are_kept():
    bands = [topt.Band("a", raising), topt.Band("a", GOOD[:, 0], upper=-np.inf), "band"]
    found = "\n".join(faults_of(4, 3, rows_of(GOOD * np.nan), 5, bands, [9, 0, 0, 0]))
    for part in ("cost(0, 1)[0, 0]", "cost(3, 4)[0, 0]", "pairs:", "'a'.amount(3, 4): raised",
                 "two bands have one name", "'a'.upper[0]: can never", "bands[2]",
                 "current[0]"):  # fmt: skip
        assert part in found, part
    several = "\n".join(faults_of(-4, "3", 5, 6, bands))
    for part in ("accounts", "reps", "cost", "pairs", "bands[1]", "bands[2]"):
        assert part in several, part
    with pytest.raises(topt.InputError) as caught:
        topt.Problem.from_blocks(4, 3, raising)
    assert str(caught.value).count("raised") == 2  # of the first and of the last account

    def stop(start, stop):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        topt.Problem.from_blocks(4, 3, stop)
    with pytest.raises(topt.InputError, match=r"is a function.*Problem\.from_blocks"):
        topt.Problem.from_arrays(GOOD, [topt.Band("w", rows_of(GOOD))])


def test_a_fault_in_the_middle_ends_the_search_and_is_named():
    values = np.random.default_rng(0).uniform(1, 9, (40_000, 20))
    start, stop = blocks(*values.shape)[1]
    values[start + 7, 3] = np.nan
    problem = topt.Problem.from_blocks(*values.shape, rows_of(values))
    with pytest.raises(topt.InputError) as caught:
        topt.solve(problem, time_limit=20)
    assert [fault.key for fault in caught.value.problems] == [f"cost({start}, {stop})[7, 3]"]

    def fails(first, last):
        if first > 0 and last < 40_000:
            raise OSError("the disk is gone")
        return np.ones((last - first, 20))

    with pytest.raises(topt.InputError, match="the disk is gone") as caught:
        topt.solve(topt.Problem.from_blocks(40_000, 20, fails), time_limit=20)
    assert isinstance(caught.value.__cause__, OSError)
