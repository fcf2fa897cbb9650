"""The public contract of `solve` and `Problem.from_arrays`, word by word."""

from __future__ import annotations

import json
import math
import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from itertools import count
from pathlib import Path

import numpy as np
import pytest
from problem_cases import all_plans, brute_force, oracle, random_problem

import territoryopt as topt
from territoryopt.backends.protocol import Outcome
from territoryopt.problem import evaluate

ROOT = Path(__file__).parents[1]
TINY = ROOT / "instances" / "tiny"
COST = np.array([[1.0, 4.0], [2.0, 3.0], [5.0, 1.0], [2.0, 2.0]])
WORK = np.array([3.0, 1.0, 2.0, 2.0])


def small(price=None) -> topt.Problem:
    band = topt.Band("workload", amount=WORK, lower=3.0, upper=5.0, price=price)
    return topt.Problem.from_arrays(COST, bands=[band])


def hard_one(accounts=300, reps=10, seed=0) -> topt.Problem:
    """Bands so narrow that nothing is proved within seconds."""
    rng = np.random.default_rng(seed)
    cost = rng.uniform(1, 100, (accounts, reps))
    bands = []
    for name in ("a", "b", "c"):
        amount = rng.lognormal(0, 1, accounts)
        mean = amount.sum() / reps
        bands.append(topt.Band(name, amount, 0.98 * mean, 1.02 * mean))
    return topt.Problem.from_arrays(cost, bands)


def exact(count=25, seed=0) -> topt.Problem:
    """Odd totals in two halves exactly alike: no plan, but not to be seen by a relaxation."""
    work = 2.0 * np.random.default_rng(seed).integers(10**5, 10**6, count) + 2
    work[0] += 1 if work.sum() % 4 == 0 else 3
    return topt.Problem.from_arrays(
        np.ones((count, 2)), [topt.Band("exact", work, work.sum() / 2, work.sum() / 2)]
    )


# -- what comes back ----------------------------------------------------------------------------


def test_the_contract_to_the_letter():
    problem = topt.Problem.from_arrays(
        COST,
        bands=[topt.Band("workload", amount=WORK, lower=3.0, upper=5.0, price=None)],
        current=None,
    )
    result = topt.solve(
        problem, backend="auto", time_limit=60, gap=1e-4, seed=0, threads=2, start=None,
        progress=None,
    )  # fmt: skip
    best, _ = brute_force(problem)
    assert result.status == "optimal"
    assert result.rep.dtype == np.int64
    assert result.rep.shape == (4,)
    assert result.objective == evaluate(problem, result.rep).objective == best
    assert result.proved_bound <= result.bound <= result.objective
    assert result.gap == pytest.approx(0, abs=1e-9)
    assert result.bound_source == "proved" or result.bound_source.startswith("claimed by HiGHS 1.")
    assert (result.seed, result.threads, result.backend) == (0, 2, "highs")
    assert result.backend_reason
    found = json.loads(result.to_json())
    assert found["schema"] == "territoryopt/result/1"
    assert found["objective"] == best
    assert found["versions"]["highspy"]
    assert found["alignment"] == {str(i): str(j) for i, j in enumerate(result.rep)}
    frame = result.to_frame()
    assert list(frame.columns) == ["account_id", "rep_id", "current_rep_id", "moved", "cost"]
    assert frame["cost"].sum() == best
    assert not frame["moved"].any()
    assert frame["current_rep_id"].isna().all()


def test_from_files():
    instance = topt.read_instance(TINY)
    model = topt.load_model(TINY / "model.toml")
    result = topt.solve(instance, model)
    assert (result.status, result.objective) == ("optimal", 4050.0)
    assert result.rep.tolist() == [0, 0, 1, 1, 2, 2]
    assert set(result.inputs) == {"accounts.csv", "reps.csv", "pairs.csv", "model"}
    assert topt.solve(instance, str(TINY / "model.toml")).objective == 4050.0
    found = topt.check(instance, model, result.rep)
    assert found.holds
    assert found.evaluation.objective == 4050.0
    before = topt.check(instance, model, topt.current_alignment(instance))
    assert before.evaluation.objective == 4950.0
    assert {b.label for b in before.evaluation.breaches if b.rule == "potential_band"} == {
        "R-1", "R-2", "R-3",
    }  # fmt: skip
    started = topt.solve(instance, model, start=topt.current_alignment(instance))
    assert started.objective == 4050.0
    with pytest.raises(topt.InputError, match="needs a model"):
        topt.solve(instance)
    with pytest.raises(topt.InputError, match="has its rules already"):
        topt.solve(small(), model)


@pytest.mark.parametrize("backend", ["highs", "cpsat"])
@pytest.mark.parametrize("seed", range(12))
def test_random_problems_and_the_rules_of_bounds(seed, backend):
    problem = random_problem(seed)
    result = topt.solve(problem, backend=backend, gap=0, threads=1)
    best, _ = brute_force(problem)
    if math.isinf(best):
        assert (result.status, result.bound, result.gap) == ("infeasible", math.inf, math.inf)
        return
    assert result.status in ("optimal", "gap_reached")
    assert result.objective == pytest.approx(best, rel=1e-6, abs=1e-6)
    assert result.proved_bound <= best + 1e-9 * max(1, abs(best))
    assert result.proved_bound <= result.bound <= result.objective
    if result.objective:
        assert result.gap == pytest.approx(
            (result.objective - result.bound) / abs(result.objective), abs=1e-12
        )


# -- statuses -----------------------------------------------------------------------------------


def test_gap_reached():
    result = topt.solve(hard_one(60, 4), gap=0.5, time_limit=20)
    assert result.status == "gap_reached"
    assert 1e-9 < result.gap <= 0.5


def test_time_limit_and_its_wall_seconds():
    began = time.monotonic()
    result = topt.solve(hard_one(), gap=0, time_limit=2.0)
    assert time.monotonic() - began < 3.0
    assert result.status in ("time_limit", "no_plan")
    assert (result.rep is None) == (result.status == "no_plan")


@pytest.mark.parametrize("limit", [1e-9, 1e-3, 0.05])
def test_a_tiny_time_limit_is_no_exception(limit):
    began = time.monotonic()
    result = topt.solve(hard_one(), time_limit=limit)
    assert time.monotonic() - began < 1.5
    assert result.status in ("time_limit", "no_plan")
    assert result.bound < math.inf
    json.loads(result.to_json())


def test_no_plan():
    result = topt.solve(exact(), time_limit=1e-6)
    assert (result.status, result.rep, result.objective) == ("no_plan", None, math.inf)
    assert result.bound < math.inf
    assert result.gap == math.inf
    found = json.loads(result.to_json())
    assert (found["objective"], found["gap"], found["alignment"]) == (None, None, None)
    frame = result.to_frame()
    assert frame["rep_id"].isna().all()
    assert frame["cost"].isna().all()


def test_infeasible():
    problem = topt.Problem.from_arrays(COST, [topt.Band("workload", WORK, upper=1.0)])
    result = topt.solve(problem)
    assert (result.status, result.rep, result.bound) == ("infeasible", None, math.inf)
    assert result.conflict.rules == ("workload",)
    found = json.loads(result.to_json())
    assert (found["bound"], found["status"]) == (None, "infeasible")
    assert found["conflict"]["rules"] == ["workload"]


def test_an_account_that_nobody_may_own_is_named():
    cost = COST.copy()
    cost[2] = np.inf
    result = topt.solve(topt.Problem.from_arrays(cost))
    assert (result.status, result.bound_source) == ("infeasible", "proved")
    assert [fact.account for fact in result.conflict.facts] == ["2"]
    assert json.loads(result.to_json())["conflict"]["facts"][0]["account"] == "2"


def test_interrupted_from_within():
    def stop(seconds, objective, bound):
        if objective < math.inf:
            raise KeyboardInterrupt

    result = topt.solve(hard_one(120, 5), gap=0, time_limit=20, progress=stop)
    assert result.status == "interrupted"
    assert evaluate(result.problem, result.rep).holds


# -- bands, current, start, progress, seed ------------------------------------------------------


def test_the_price_of_a_soft_band_is_in_the_objective():
    result = topt.solve(small(price=0.5), gap=0)
    assert result.objective == pytest.approx(brute_force(small(price=0.5))[0])
    totals = np.bincount(result.rep, WORK, 2)
    outside = np.maximum(0, np.maximum(3 - totals, totals - 5)).sum()
    cost = COST[np.arange(4), result.rep].sum()
    assert result.objective == pytest.approx(cost + 0.5 * outside)
    assert dict(result.evaluation.money) == pytest.approx({"cost": cost, "workload": 0.5 * outside})
    free = topt.solve(small(price=0.0), gap=0)
    assert free.objective == pytest.approx(COST.min(axis=1).sum())
    dear = topt.solve(small(price=1e6), gap=0)
    assert dear.objective == pytest.approx(topt.solve(small(), gap=0).objective)


def test_amounts_per_pair_and_bounds_per_rep_and_ineligible_amounts_are_ignored():
    cost = COST.copy()
    cost[0, 1] = np.inf
    amount = np.stack([WORK, 2 * WORK], axis=1)
    amount[0, 1] = np.nan
    band = topt.Band("work", amount, lower=[-np.inf, 2.0], upper=[6.0, np.inf])
    result = topt.solve(topt.Problem.from_arrays(cost, [band]), gap=0)
    assert result.status == "optimal"
    assert result.rep[0] == 0
    assert result.objective == pytest.approx(brute_force(result.problem)[0])


def test_current_adds_no_cost_and_is_a_start():
    here = topt.Problem.from_arrays(COST, current=[1, 0, 0, -1])
    assert topt.solve(here).objective == topt.solve(topt.Problem.from_arrays(COST)).objective
    held = topt.Problem.from_arrays(COST, current=[1, 0, 0, 1])
    first = topt.solve(held, time_limit=1e-9)
    assert first.rep is not None
    frame = topt.solve(held).to_frame()
    assert frame["moved"].tolist() == [True, False, True, frame["rep_id"][3] == "0"]


def test_start_is_honoured():
    problem = hard_one()
    rng = np.random.default_rng(1)
    soft = topt.Problem.from_arrays(
        rng.uniform(1, 9, (50, 5)), [topt.Band("w", rng.random(50), 4, 5, price=3.0)]
    )
    start = rng.integers(5, size=50)
    result = topt.solve(soft, start=start, time_limit=1e-9)
    assert result.objective <= evaluate(soft, start).objective
    assert topt.solve(small(), start=[0, 0, 1, 1]).status == "optimal"
    refused = topt.solve(problem, start=np.zeros(300), time_limit=0.1)
    assert any("start" in note for note in refused.notes)
    partial = topt.solve(small(), start=[0, -1, 1, 1])
    assert any("start" in note for note in partial.notes)
    assert partial.status == "optimal"
    for bad in ([0, 1], [0, 0, 0, 7], [0.5] * 4, "plan", [[0] * 4]):
        with pytest.raises(topt.InputError):
            topt.solve(small(), start=bad)


def test_progress_is_called_with_seconds_objective_and_bound_on_the_callers_thread():
    calls, threads = [], set()

    def progress(*news):
        calls.append(news)
        threads.add(threading.get_ident())

    topt.solve(hard_one(60, 4), gap=0.01, time_limit=2, progress=progress)
    assert calls
    seconds, objectives, bounds = map(list, zip(*calls, strict=True))
    assert seconds == sorted(seconds)
    assert objectives == sorted(objectives, reverse=True)
    assert all(b <= o for b, o in zip(bounds, objectives, strict=True))
    assert threads == {threading.get_ident()}


@pytest.mark.parametrize("backend", ["highs", "cpsat"])
def test_an_error_in_progress_ends_the_search_and_is_raised(backend):
    calls = count()

    def progress(seconds, objective, bound):
        if next(calls) >= 1:
            raise RuntimeError("my display broke")

    before = threading.active_count()
    began = time.monotonic()
    with pytest.raises(RuntimeError, match="my display broke"):
        topt.solve(hard_one(), gap=0, time_limit=30, backend=backend, progress=progress)
    assert time.monotonic() - began < 15
    assert threading.active_count() <= before + 1  # no search goes on behind our back


@pytest.mark.parametrize("backend", ["highs", "cpsat"])
def test_same_seed_same_plan(backend):
    problem = hard_one(30, 3)
    plans = [topt.solve(problem, backend=backend, seed=7, gap=0.05, time_limit=30).rep
             for _ in range(2)]  # fmt: skip
    assert (plans[0] == plans[1]).all()


# -- refusals -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "key"),
    [
        ({"time_limit": 0}, "time_limit"), ({"time_limit": -1}, "time_limit"),
        ({"time_limit": math.nan}, "time_limit"), ({"time_limit": "60"}, "time_limit"),
        ({"time_limit": True}, "time_limit"), ({"time_limit": 10**400}, "time_limit"),
        ({"time_limit": None}, "time_limit"), ({"gap": -1e-9}, "gap"), ({"gap": math.nan}, "gap"),
        ({"gap": None}, "gap"), ({"seed": -1}, "seed"), ({"seed": 1.5}, "seed"),
        ({"seed": 2**31}, "seed"), ({"threads": 0}, "threads"), ({"threads": 2.0}, "threads"),
        ({"progress": 3}, "progress"), ({"backend": None}, "backend"), ({"backend": 5}, "backend"),
    ],
)  # fmt: skip
def test_arguments_that_cannot_be_used(options, key):
    with pytest.raises(topt.InputError) as caught:
        topt.solve(small(), **options)
    assert [fault.key for fault in caught.value.problems] == [key]


def test_all_bad_arguments_are_told_at_once():
    with pytest.raises(topt.InputError) as caught:
        topt.solve([1], time_limit=0, gap=-1, seed="x", threads=None, progress=1, backend=1)
    assert {fault.key for fault in caught.value.problems} == {
        "problem", "time_limit", "gap", "seed", "threads", "progress", "backend",
    }  # fmt: skip


def test_unlimited_is_a_limit_too():
    assert topt.solve(small(), time_limit=math.inf, gap=math.inf).rep is not None


def test_an_unknown_backend_is_a_backend_error():
    with pytest.raises(topt.BackendError, match="Did you mean highs"):
        topt.solve(small(), backend="higs")


@pytest.mark.parametrize(
    ("cost", "keys"),
    [
        ([[1.0, math.nan], [-math.inf, 2.0]], ["cost[0, 1]", "cost[1, 0]"]),
        ([1.0, 2.0], ["cost"]),
        ([[[1.0]]], ["cost"]),
        ("cost", ["cost"]),
        ([[1.0], [1.0, 2.0]], ["cost"]),
        ([["a"]], ["cost"]),
        ([[1 + 2j]], ["cost"]),
        (None, ["cost"]),
    ],
)
def test_costs_that_are_none(cost, keys):
    with pytest.raises(topt.InputError) as caught:
        topt.Problem.from_arrays(cost)
    assert [fault.key for fault in caught.value.problems][: len(keys)] == keys


def test_everything_wrong_with_arrays_is_told_at_once():
    cost = COST.copy()
    cost[0, 0] = np.nan
    bands = [
        topt.Band("short", [1.0, 2.0]),
        topt.Band("nan", [1.0, np.nan, 1.0, 1.0]),
        topt.Band("swapped", WORK, lower=2.0, upper=1.0),
        topt.Band("never", WORK, lower=np.inf),
        topt.Band("bounds", WORK, upper=[1.0, 2.0, 3.0]),
        topt.Band("price", WORK, price=-1.0),
        topt.Band("price nan", WORK, price=float("nan")),
        topt.Band("short", WORK),
        topt.Band("", WORK),
        "band",
    ]
    with pytest.raises(topt.InputError) as caught:
        topt.Problem.from_arrays(cost, bands, current=[0, 1, 2, 0.5])
    text = str(caught.value)
    for part in ("cost[0, 0]", "'short'.amount", "'nan'.amount[1]", "'swapped'", "'never'.lower",
                 "'bounds'.upper", "'price'.price", "'price nan'.price", "bands[7]", "bands[8]",
                 "bands[9]", "current[2]", "current[3]"):  # fmt: skip
        assert part in text, part
    assert len(caught.value.problems) >= 13


def test_arrays_are_copied():
    cost = COST.copy()
    problem = topt.Problem.from_arrays(cost)
    cost[:] = 99
    assert topt.solve(problem).objective == pytest.approx(COST.min(axis=1).sum())


# -- shapes and sizes ---------------------------------------------------------------------------


@pytest.mark.parametrize("backend", ["highs", "cpsat"])
def test_empty_problems(backend):
    none = topt.solve(topt.Problem.from_arrays(np.zeros((0, 3))), backend=backend)
    assert (none.status, none.objective, none.bound, none.gap) == ("optimal", 0.0, 0.0, 0.0)
    assert none.rep.shape == (0,)
    assert none.to_frame().empty
    nobody = topt.solve(topt.Problem.from_arrays(np.zeros((2, 0))), backend=backend)
    assert nobody.status == "infeasible"
    assert [fact.account for fact in nobody.conflict.facts] == ["0", "1"]
    nothing = topt.solve(topt.Problem.from_arrays(np.zeros((0, 0))), backend=backend)
    assert nothing.status == "optimal"
    unmet = topt.Problem.from_arrays(np.zeros((0, 2)), [topt.Band("b", np.zeros(0), lower=1.0)])
    assert topt.solve(unmet, backend=backend).status == "infeasible"
    for result in (none, nobody, nothing):
        json.loads(result.to_json())


@pytest.mark.parametrize("backend", ["highs", "cpsat"])
def test_one_by_one_and_ties(backend):
    one = topt.solve(topt.Problem.from_arrays([[7.5]]), backend=backend)
    assert (one.status, one.objective, one.rep.tolist()) == ("optimal", 7.5, [0])
    ties = topt.Problem.from_arrays(np.ones((6, 3)), [topt.Band("n", np.ones(6), 2, 2)])
    result = topt.solve(ties, backend=backend)
    assert (result.status, result.objective) == ("optimal", 6.0)
    assert np.bincount(result.rep).tolist() == [2, 2, 2]
    zero = topt.solve(topt.Problem.from_arrays(np.zeros((3, 2))), backend=backend)
    assert (zero.status, zero.gap) == ("optimal", 0.0)


@pytest.mark.parametrize("backend", ["highs", "cpsat"])
@pytest.mark.parametrize("money", [1e-9, 1e-4, 1.0, 1e6, 1e12])
@pytest.mark.parametrize("work", [1e-9, 1.0, 1e9, 1e15])
def test_huge_and_tiny_magnitudes(money, work, backend):
    band = topt.Band("workload", WORK * work, 3.0 * work, 5.0 * work)
    problem = topt.Problem.from_arrays(COST * money, [band])
    result = topt.solve(problem, backend=backend, gap=1e-6)
    best, _ = brute_force(problem)
    assert result.objective == pytest.approx(best, rel=1e-5)
    assert result.status in ("optimal", "gap_reached")
    json.loads(result.to_json())


# -- backends that are wrong --------------------------------------------------------------------


class Fake:
    """A backend of somebody else's, with one fault."""

    name = "fake"

    def __init__(self, fault):
        self.fault = fault

    def refuses(self, problem):
        return "it is Monday" if self.fault == "refuses" else None

    def solve(self, problem, limits, start, watch):
        if self.fault == "bound":
            watch.bound(1e9, "Fake 1.0")
        if self.fault == "bound inf":
            watch.bound(math.inf, "Fake 1.0")
        if self.fault == "bound nan":
            watch.bound(math.nan, "Fake 1.0")
        if self.fault == "breaks a rule":
            watch.plan(np.zeros(problem.accounts, dtype=np.int64))
        if self.fault == "raises":
            raise ZeroDivisionError("oh")
        while self.fault == "never stops":
            time.sleep(0.01)
        return Outcome("Fake 1.0", finished=True, infeasible=self.fault == "infeasible")


def hand() -> topt.Problem:
    """A problem whose relaxation leaves a gap, so that a backend is asked; 2,187 plans."""
    rng = np.random.default_rng(1)
    work = rng.uniform(1, 9, 7)
    return topt.Problem.from_arrays(
        rng.uniform(1, 9, (7, 3)), [topt.Band("work", work, 0.8 * work.mean(), 0.38 * work.sum())]
    )


def first_plan() -> np.ndarray:
    """Some plan of `hand` that holds, and not the best."""
    problem = hand()
    plans = all_plans(problem.accounts, problem.reps)
    objective, holds = oracle(problem, plans)
    order = np.argsort(np.where(holds, objective, np.inf))
    return plans[order[5]]


@pytest.mark.parametrize("fault", ["bound", "bound inf", "bound nan", "infeasible",
                                   "breaks a rule", "none"])  # fmt: skip
@pytest.mark.parametrize("start", [False, True])
def test_a_wrong_backend_does_no_harm(fault, start):
    problem = hand()
    best, _ = brute_force(problem)
    first = first_plan() if start else None
    result = topt.solve(problem, backend=Fake(fault), start=first, gap=0, time_limit=10)
    assert result.backend == "fake"
    if fault == "bound" and not start:
        assert result.bound_source == "claimed by Fake 1.0"  # whose word it is, is always told
    else:
        assert result.bound <= best + 1e-9
    assert result.proved_bound <= best + 1e-9
    if result.rep is not None:
        assert evaluate(problem, result.rep).holds
        assert result.objective >= best
    else:
        assert result.status == "no_plan"
    if fault == "infeasible":
        assert result.rep is not None
        assert any("wrong" in note for note in result.notes)
    if fault in ("bound", "bound inf") and result.rep is not None:
        assert any("Fake 1.0 is wrong" in note for note in result.notes)
    if fault == "breaks a rule":
        assert any("break a rule" in note for note in result.notes)
    json.loads(result.to_json())


def test_a_backend_that_breaks_down_loses_no_plan():
    result = topt.solve(hand(), backend=Fake("raises"), start=first_plan(), gap=0)
    assert evaluate(hand(), result.rep).holds
    assert "the backend fake broke down: ZeroDivisionError: oh" in result.notes


def test_a_backend_that_breaks_down_without_a_plan_is_an_error():
    with pytest.raises(topt.BackendError, match="ZeroDivisionError"):
        topt.solve(exact(), backend=Fake("raises"))


def test_a_backend_that_refuses_is_an_error():
    with pytest.raises(topt.BackendError, match="it is Monday"):
        topt.solve(small(), backend=Fake("refuses"))


def test_a_backend_that_never_stops_is_left_behind(monkeypatch):
    monkeypatch.setattr("territoryopt.backends.running.GRACE", 0.3)
    began = time.monotonic()
    slow = Fake("never stops")
    result = topt.solve(hand(), backend=slow, start=first_plan(), gap=0, time_limit=0.5)
    assert time.monotonic() - began < 2
    assert result.status == "time_limit"
    assert evaluate(hand(), result.rep).holds
    assert any("did not stop" in note for note in result.notes)


# -- where it runs ------------------------------------------------------------------------------

SCRIPT = """
import numpy as np
import territoryopt as topt
rng = np.random.default_rng(0)
work = rng.random(20)
problem = topt.Problem.from_arrays(
    rng.random((20, 3)), [topt.Band("w", work, work.sum() / 4, work.sum() / 2)])
"""
SOLVE = SCRIPT + "print(topt.solve(problem, backend='{}').status)\n"


def python(*args, **more):
    env = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
    return subprocess.run([sys.executable, *args], capture_output=True, text=True, env=env,
                          timeout=60, check=False, **more)  # fmt: skip


@pytest.mark.parametrize("backend", ["highs", "cpsat"])
def test_from_standard_input_and_from_a_script_without_a_main_guard(backend, tmp_path):
    code = SOLVE.format(backend)
    piped = python("-", input=code)
    assert (piped.stdout, piped.stderr) == ("gap_reached\n", "") or piped.stdout == "optimal\n"
    (tmp_path / "script.py").write_text(code)
    run = python(str(tmp_path / "script.py"))
    assert (run.stdout, run.stderr) == (piped.stdout, "")


def test_from_a_thread_and_from_two_at_once():
    problem, found = hard_one(30, 3), []

    def work(backend):
        found.append(topt.solve(problem, backend=backend, gap=0.05, time_limit=20, threads=1))

    threads = [threading.Thread(target=work, args=(b,)) for b in ("highs", "cpsat")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [r.status in ("gap_reached", "optimal") for r in found] == [True, True]


SLOW = textwrap.dedent(
    """
    import sys
    sys.path.insert(0, {tests!r})
    import territoryopt as topt
    from test_solve_api import hard_one
    def progress(seconds, objective, bound):
        print("going", flush=True)
    result = topt.solve(hard_one(200, 6), backend={backend!r}, gap=0, time_limit=60,
                        progress=progress)
    print(result.status, result.bound < 1e300, not any("broke" in n for n in result.notes))
    """
)


@pytest.mark.skipif(sys.platform == "win32", reason="signals are sent differently there")
@pytest.mark.parametrize("backend", ["highs", "cpsat"])
def test_ctrl_c_gives_what_is_in_hand(backend):
    code = SLOW.format(tests=str(Path(__file__).parent), backend=backend)
    env = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
    child = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE,
                             stderr=subprocess.PIPE, text=True, env=env)  # fmt: skip
    assert child.stdout.readline() == "going\n"
    time.sleep(1.0)
    asked = time.monotonic()
    child.send_signal(signal.SIGINT)
    out, err = child.communicate(timeout=30)
    assert time.monotonic() - asked < 8
    assert child.returncode == 0, err
    assert out.splitlines()[-1] == "interrupted True True"


def test_the_library_prints_nothing_and_logs_by_name(capfd):
    topt.solve(small())
    topt.solve(exact(), time_limit=0.5)
    assert capfd.readouterr() == ("", "")
