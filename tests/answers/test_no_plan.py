"""Conflicts are real and irreducible, repairs work: against every plan there is."""

from __future__ import annotations

import numpy as np
import pytest
from problem_cases import all_plans, oracle, random_problem
from seeds import seeds

import territoryopt as topt
from territoryopt.answers.members import members_of, only
from territoryopt.answers.no_plan import why_no_plan
from territoryopt.answers.repair import SHARE, elastic
from territoryopt.answers.rule_costs import loosened
from territoryopt.problem import evaluate


def feasible(problem):
    plans = all_plans(problem.accounts, problem.reps)
    return bool(oracle(problem, plans)[1].any())


def without_plan():
    """Seeds of random problems that have none."""
    many = len(seeds(60))
    return [s for s in range(7 * many) if not feasible(random_problem(s, 5, 3))][:many]


@pytest.mark.parametrize("seed", without_plan())
def test_what_is_named_cannot_hold_and_nothing_in_it_is_needless(seed):
    problem = random_problem(seed, 5, 3)
    said = why_no_plan(problem, seconds=30)
    assert said is not None
    assert said.irreducible
    rules = set(said.rules)
    assert not feasible(problem.without(set(problem.rule_names) - rules))
    for rule in rules:
        assert feasible(problem.without((set(problem.rule_names) - rules) | {rule}))
    assert said.members
    assert not feasible(only(problem, said.members))
    for member in said.members:
        assert feasible(only(problem, [m for m in said.members if m is not member]))


@pytest.mark.parametrize("seed", without_plan())
def test_repairs_work_and_less_does_not(seed):
    problem = random_problem(seed, 5, 3)
    said = why_no_plan(problem, seconds=30)
    plans = all_plans(problem.accounts, problem.reps)
    for way in said.repairs:
        asked, _ = elastic(problem, way.rule)
        objective, holds = oracle(asked, plans)
        best = objective[holds].min()
        assert way.least <= best + 1e-6 * max(1.0, best)
        assert way.amount >= best - 1e-6 * max(1.0, best)
        if way.unit == SHARE:
            assert way.amount <= best * (1 + 1e-3) + 1e-5
        else:
            assert way.amount == np.ceil(best - 1e-6)
        if way.unit == SHARE:
            wide = loosened_hard(problem, way.rule, way.amount)
            assert evaluate(wide, way.rep).holds
            assert feasible(wide)
    for rule in said.rules:
        # A rule whose loosening helps by itself is among them.
        asked, unit = elastic(problem, rule)
        helps = oracle(asked, plans)[1].any()
        assert helps == (rule in {way.rule for way in said.repairs}), (rule, unit)


def loosened_hard(problem, rule, share):
    return loosened(problem, rule, share)


def test_the_members_of_all_rules_are_the_whole():
    for seed in range(40):
        problem = random_problem(seed, 5, 3)
        every = members_of(problem, problem.rule_names)
        assert feasible(only(problem, every)) == feasible(problem)


def test_a_problem_with_a_plan_has_no_reason_for_none():
    problem = topt.Problem.from_arrays(np.ones((3, 2)), [topt.Band("n", np.ones(3), upper=2)])
    assert why_no_plan(problem) is None


def planted(accounts, reps):
    """Locks that give the first rep more than it may have, among rules that all hold."""
    rng = np.random.default_rng(accounts)
    cost = rng.uniform(1, 9, (accounts, reps))
    hours = rng.uniform(1, 2, accounts)
    fair = hours.sum() / reps
    locked = np.flatnonzero(hours.cumsum() <= 1.3 * fair)
    cost[np.ix_(locked, np.arange(1, reps))] = np.inf
    return (
        topt.Problem.from_arrays(
            cost,
            [
                topt.Band("hours", hours, upper=1.2 * fair),
                topt.Band("count", np.ones(accounts), upper=accounts),
            ],
        ),
        locked,
        hours,
        fair,
    )


@pytest.mark.parametrize(("accounts", "reps"), [(10, 3), (200, 10)])
def test_locks_against_a_capacity_are_found(accounts, reps):
    problem, locked, hours, fair = planted(accounts, reps)
    said = why_no_plan(problem, seconds=60)
    assert set(said.rules) == {"hours", "not eligible"}
    rows = [m for m in said.members if m.what == "row"]
    assert [m.label for m in rows] == ["0"]
    held = [int(m.label) for m in said.members if m.what == "account"]
    assert set(held) <= set(locked.tolist())
    assert hours[held].sum() > 1.2 * fair
    assert all(hours[held].sum() - hours[i] <= 1.2 * fair + 1e-6 for i in held)
    way = {each.rule: each for each in said.repairs}
    need = hours[locked].sum() / (1.2 * fair) - 1
    assert way["hours"].amount == pytest.approx(need, rel=0.02, abs=1e-3)
