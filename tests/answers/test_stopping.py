"""Ctrl-C and time limits end every question, with what it has; numbers that cannot be used are
refused."""

from __future__ import annotations

import _thread
import signal
import threading
import time

import numpy as np
import pytest
from planted import locks_against_capacity

import territoryopt as topt
from territoryopt.answers.no_plan import why_no_plan
from territoryopt.answers.series import Series


@pytest.fixture(autouse=True)
def ctrl_c_is_heard():
    """A shell starts what runs in its background deaf to Ctrl-C."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture(scope="module")
def reasons():
    """A plan with much left to search for: nobody settles these in seconds."""
    rng = np.random.default_rng(5)
    hours = rng.uniform(1, 3, 300)
    fair = hours.sum() / 12
    bands = [
        topt.Band(name, amount, lower=0.97 * amount.sum() / 12, upper=1.03 * amount.sum() / 12)
        for name, amount in (("hours", hours), ("value", rng.lognormal(0, 1, 300)))
    ]
    bands.append(topt.Band("capacity", hours, upper=1.05 * fair))
    problem = topt.Problem.from_arrays(
        rng.uniform(1, 9, (300, 12)), bands, current=rng.integers(12, size=300)
    )
    return topt.explain(topt.solve(problem, time_limit=10, gap=0.02))


QUESTIONS = {
    "rules": topt.rule_costs,
    "sure": topt.certainty,
    "moves": lambda reasons, **given: topt.frontier(reasons, "moves", **given),
    "rule": lambda reasons, **given: topt.frontier(reasons, "hours", **given),
}


@pytest.mark.parametrize("ask", QUESTIONS.values(), ids=QUESTIONS.keys())
def test_ctrl_c_ends_a_question_with_what_it_has(reasons, ask):
    timer = threading.Timer(1.0, _thread.interrupt_main)
    timer.start()
    began = time.monotonic()
    said = ask(reasons, seconds=30.0)
    timer.cancel()
    assert said.stopped == "interrupted"
    assert said.as_dict()["stopped"] == "interrupted"
    assert time.monotonic() - began < 25.0  # less than one search, let alone all


@pytest.mark.parametrize("ask", QUESTIONS.values(), ids=QUESTIONS.keys())
def test_a_time_limit_ends_a_question_with_what_it_has(reasons, ask):
    began = time.monotonic()
    said = ask(reasons, seconds=30.0, time_limit=1.0)
    assert said.stopped == "time limit"
    assert time.monotonic() - began < 25.0


def test_ctrl_c_ends_a_what_if(reasons):
    problem = reasons.problem
    rep = problem.rep_id((int(reasons.rep[0]) + 1) % problem.reps)
    timer = threading.Timer(1.0, _thread.interrupt_main)
    timer.start()
    said = topt.why_not(reasons, problem.account_id(0), rep, seconds=60.0)
    timer.cancel()
    assert said.stopped == "interrupted"
    assert said.change.lower <= said.change.upper


def test_a_conflict_within_a_short_limit_is_still_one():
    said = why_no_plan(locks_against_capacity(200, 10).problem, seconds=5)
    assert said is not None
    assert said.stopped is None


def test_a_series_swallows_ctrl_c_and_nothing_else():
    series = Series(1.0)
    with series:
        raise KeyboardInterrupt
    assert series.over
    assert series.stopped == "interrupted"
    with pytest.raises(ValueError, match="other"), Series(1.0):
        raise ValueError("other")


@pytest.mark.parametrize("bad", [{"seconds": 0.0}, {"seconds": float("nan")}, {"time_limit": -1}])
def test_seconds_that_cannot_be_used(reasons, bad):
    for ask in QUESTIONS.values():
        with pytest.raises(topt.InputError):
            ask(reasons, **bad)


def test_shares_that_cannot_be_used(reasons):
    with pytest.raises(topt.InputError):
        topt.rule_costs(reasons, step=float("nan"))
    with pytest.raises(topt.InputError):
        topt.certainty(reasons, within=-0.1)
