"""What-if answers against every plan there is."""

from __future__ import annotations

import numpy as np
import pytest
from problem_cases import all_plans, oracle, random_problem
from seeds import seeds

import territoryopt as topt
from territoryopt.answers.ground import Ground
from territoryopt.answers.what_if import asked
from territoryopt.problem import evaluate
from territoryopt.reasons.explanation import Explanation

CLOSE = 1e-6


def every_plan(problem):
    """All plans that hold, the cheapest first, and what each costs."""
    plans = all_plans(problem.accounts, problem.reps)
    objective, holds = oracle(problem, plans)
    plans, objective = plans[holds], objective[holds]
    order = np.argsort(objective, kind="stable")
    return plans[order], objective[order]


def truth(plans, objective, to, never):
    """The least objective of a plan with these pairs; inf where there is none."""
    good = np.ones(len(plans), dtype=bool)
    for i, j in to.items():
        good &= plans[:, i] == j
    for i, j in never:
        good &= plans[:, i] != j
    return float(objective[good].min(initial=np.inf))


@pytest.mark.parametrize("seed", seeds(150))
def test_the_interval_has_the_truth_in_it(seed):
    problem = random_problem(seed, 5, 3)
    plans, objective = every_plan(problem)
    if not len(plans):
        pytest.skip("there is no plan")
    rep = plans[0 if seed % 3 else min(len(plans) - 1, seed % 7)].astype(np.int64)
    bound = objective[0]
    known = Explanation(problem, rep, bound, -np.inf) if seed % 2 else Explanation(problem, rep)
    ground = Ground(known)
    cost = evaluate(problem, rep).objective
    rng = np.random.default_rng(seed)
    for _ in range(3):
        i, j = int(rng.integers(problem.accounts)), int(rng.integers(3))
        to, never = {i: j}, []
        if rng.random() < 0.3:
            k = int(rng.integers(problem.accounts))
            if problem.family[k] < 0 and problem.family[i] < 0 and k != i:
                to[k] = int(rng.integers(3))
        if rng.random() < 0.3:
            to, never = {}, [(i, int(rep[i]))]
        best = truth(plans, objective, to, never)
        said = asked(
            ground, {str(a): str(b) for a, b in to.items()}, [(str(a), str(b)) for a, b in never]
        )
        size = CLOSE * max(1.0, abs(cost))
        if not np.isfinite(best):
            assert said.verdict == "impossible"
            assert said.rep is None
            continue
        change = said.change
        assert change.proved_lower <= change.lower + size
        assert change.lower - size <= best - cost <= change.upper + size
        assert said.at_least <= best - cost + size
        found = evaluate(problem, said.rep)
        assert found.holds
        assert found.objective - cost == pytest.approx(change.upper, abs=size)
        assert all(said.rep[a] == b for a, b in to.items())
        assert not any(said.rep[a] == b for a, b in never)
        if said.verdict == "as it is":
            assert change.upper == 0.0
            continue
        # So small a problem is settled.
        assert change.width <= max(1e-2 * abs(cost), 0.05 * abs(change.upper)) + size
        assert said.verdict != "unknown"
        if said.verdict == "dearer":
            assert best > cost
        if said.verdict == "cheaper":
            assert best < cost


@pytest.mark.parametrize("seed", seeds(60))
def test_the_moves_lead_to_a_plan_of_that_cost(seed):
    problem = random_problem(seed, 6, 3)
    plans, _ = every_plan(problem)
    if not len(plans):
        pytest.skip("there is no plan")
    rep = plans[0].astype(np.int64)
    cost = evaluate(problem, rep).objective
    ground = Ground(Explanation(problem, rep))
    for j in range(3):
        said = asked(ground, {"0": str(j)}, [])
        if said.rep is None or said.verdict == "as it is":
            continue
        after = rep.copy()
        units = problem.units
        for move in said.moves:
            for i in units.members(int(units.unit_of[int(move.account)])):
                assert str(after[i]) == move.before
                after[i] = int(move.after)
        found = evaluate(problem, after)
        assert found.holds
        assert found.objective - cost == pytest.approx(said.moves_change, abs=1e-6)
        assert said.moves_change >= said.change.upper - 1e-6
        assert [m.cause for m in said.moves].count("asked") == 1
        assert after[0] == j


def test_names_that_are_not_known_are_told_at_once():
    problem = topt.Problem.from_arrays(np.ones((3, 2)))
    reasons = Explanation(problem, np.zeros(3, dtype=np.int64))
    with pytest.raises(topt.InputError) as error:
        topt.what_if(reasons, {"7": "0", "1": "5"}, [("9", "1")])
    assert len(error.value.problems) == 3
    with pytest.raises(topt.InputError):
        topt.what_if(reasons)


def test_a_plan_that_breaks_a_rule_is_no_ground():
    problem = topt.Problem.from_arrays(np.ones((3, 2)), [topt.Band("n", np.ones(3), upper=2)])
    with pytest.raises(topt.InputError):
        topt.why_not(Explanation(problem, np.zeros(3, dtype=np.int64)), "0", "1")


def test_a_pair_that_may_not_be_is_told_with_the_rule():
    cost = np.array([[1.0, np.inf], [1.0, 2.0]])
    problem = topt.Problem.from_arrays(cost)
    said = topt.why_not(Explanation(problem, np.zeros(2, dtype=np.int64)), "0", "1")
    assert said.verdict == "impossible"
    assert "not eligible" in said.conflict.rules
