"""Rules that cannot hold together: really so, no rule too many, and named rightly."""

from __future__ import annotations

import time
from dataclasses import replace

import numpy as np
import pytest
from problem_cases import all_plans, grouping, oracle, problem_of, random_problem, rows

import territoryopt as topt
from territoryopt.backends import get_backend
from territoryopt.backends.protocol import Limits, Outcome
from territoryopt.problem import AccountAmounts, DenseAmounts, Exclusion, Problem
from territoryopt.reasons.conflict import Conflict, Verdict, find_conflict, has_plan

BACKENDS = ("highs", "cpsat")


def limits(seconds: float = 20.0) -> Limits:
    return Limits(time.monotonic() + seconds, threads=1)


def feasible(problem: Problem) -> bool:
    return bool(oracle(problem, all_plans(problem.accounts, problem.reps))[1].any())


def only(problem: Problem, kept) -> Problem:
    return problem.without(set(problem.rule_names) - set(kept))


def barred(name: str, table) -> Exclusion:
    return Exclusion(name, name, DenseAmounts(np.array(table, dtype=np.float64)))


def lock_against_capacity():
    """Three accounts of 2 hours locked to rep 0, who has 5."""
    lock = barred("lock", [[0, 1]] * 3)
    work = AccountAmounts(np.full(3, 2.0), 2)
    return problem_of(np.ones((3, 2)), [rows("capacity", work, [0, 1], upper=[5, 50])], [lock])


def family_against_skills():
    """Two accounts of one family: one needs rep 0, the other rep 1."""
    return problem_of(
        np.ones((2, 2)), exclusions=[barred("skills", [[0, 1], [1, 0]])], family=[3, 3]
    )


def moves_against_band():
    """All four accounts are with rep 0, at most one may move, and rep 1 needs two."""
    one = np.ones(4)
    owned = np.arange(4)
    moved = AccountAmounts(one, 2, owned, np.zeros(4, dtype=np.int64), -one)
    parts = [
        rows("moves", moved, [0, 0], upper=1.0),
        rows("band", AccountAmounts(one, 2), [0, 1], lower=2.0),
    ]
    return problem_of(np.ones((4, 2)), parts, current=[0] * 4)


def apart_with_too_few_reps():
    return problem_of(np.ones((3, 2)), groupings=[grouping("rivals", [[0, 1, 2]], True)])


def integer_only():
    """Three accounts of 2 hours and two reps with exactly 3 each: halves would do."""
    work = AccountAmounts(np.full(3, 2.0), 2)
    return problem_of(np.ones((3, 2)), [rows("exact", work, [0, 1], 3.0, 3.0)])


def three_together():
    """Any two of the three hold: at most 2 accounts for rep 0, at most 2 for rep 1, 1 for 2."""
    one = AccountAmounts(np.ones(6), 3)
    caps = [rows(f"cap {j}", one, np.where(np.arange(3) == j, 0, -1), upper=[u])
            for j, u in enumerate((2.0, 2.0, 1.0))]  # fmt: skip
    return problem_of(np.ones((6, 3)), caps)


CASES = {
    lock_against_capacity: {"lock", "capacity"},
    family_against_skills: {"families", "skills"},
    moves_against_band: {"moves", "band"},
    apart_with_too_few_reps: {"rivals"},
    integer_only: {"exact"},
    three_together: {"cap 0", "cap 1", "cap 2"},
}


def holds_up(problem: Problem, conflict: Conflict) -> None:
    """By brute force: no plan under these rules alone; a plan without any one of them."""
    assert set(conflict.rules) <= set(problem.rule_names)
    assert not feasible(only(problem, conflict.rules))
    if conflict.irreducible:
        for name in conflict.rules:
            assert feasible(only(problem, set(conflict.rules) - {name}))


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.__name__)
def test_the_rules_to_blame(case, backend):
    problem = case()
    result = topt.solve(problem, backend=backend, threads=1)
    assert (result.status, result.rep, result.bound) == ("infeasible", None, np.inf)
    assert set(result.conflict.rules) == CASES[case]
    assert result.conflict.irreducible
    holds_up(problem, result.conflict)


def test_needless_rules_stay_out():
    base = lock_against_capacity()
    work = AccountAmounts(np.ones(3), 2)
    problem = problem_of(
        np.ones((3, 2)),
        [*base.rows, rows("loose", work, [0, 1], upper=9.0), rows("goal", work, [0, 1], upper=0.0,
                                                                   price=2.0)],
        base.exclusions,
        [grouping("rivals", [[0, 1]], False)],
    )  # fmt: skip
    found = find_conflict(problem, get_backend("highs"), limits(), "proved")
    assert set(found.rules) == {"lock", "capacity"}


@pytest.mark.parametrize("seed", range(40))
def test_random_problems_without_a_plan(seed):
    kinds = {"pair_band", "account_band", "equality", "handed_off", "apart", "families",
             "ineligible", "plan_total"}  # fmt: skip
    problem = random_problem(1000 + seed, accounts=5, kinds=kinds)
    verdict = has_plan(problem, get_backend(BACKENDS[seed % 2]), limits())
    assert verdict.feasible == feasible(problem)
    if verdict.feasible:
        assert oracle(problem, verdict.rep[None, :])[1].all()
        return
    found = find_conflict(problem, get_backend(BACKENDS[seed % 2]), limits(), "proved")
    assert found.irreducible
    holds_up(problem, found)


def test_an_account_nobody_may_own_is_named_with_the_rules():
    problem = problem_of(
        np.ones((2, 2)),
        exclusions=[barred("skills", [[1, 0], [0, 0]]), barred("locks", [[0, 1], [0, 0]])],
    )
    result = topt.solve(problem)
    assert set(result.conflict.rules) == {"skills", "locks"}
    assert [(f.account, f.rules) for f in result.conflict.facts] == [("0", ("skills", "locks"))]
    assert (result.bound_source, result.proved_bound) == ("proved", np.inf)
    holds_up(problem, result.conflict)


def test_a_row_out_of_reach_is_told_with_its_numbers():
    problem = problem_of(
        np.ones((2, 2)), [rows("least", AccountAmounts(np.ones(2), 2), [0, 1], lower=[5.0, 0.0])]
    )
    (fact,) = topt.solve(problem).conflict.facts
    assert (fact.rules, fact.label, fact.most, fact.lower) == (("least",), "least 0", 2.0, 5.0)
    assert topt.solve(problem).to_json()  # its open side is left out, not written as Infinity


class Silent:
    """Never knows."""

    name = "silent"

    def refuses(self, problem):
        return None

    def solve(self, problem, limits, start, watch):
        return Outcome("silent 1")


def test_what_is_not_known_is_not_called_irreducible():
    assert has_plan(integer_only(), Silent(), limits()).feasible is None
    twice = integer_only()
    (exact,) = twice.rows
    twice = replace(twice, rows=(exact, replace(exact, name="exact again")))
    found = find_conflict(twice, Silent(), limits(), "claimed by somebody")
    assert isinstance(found, Conflict)
    assert not found.irreducible
    assert found.proof == "claimed by somebody"


def test_what_the_relaxation_shows_needs_no_solvers_word():
    found = find_conflict(three_together(), Silent(), limits(), "claimed by somebody")
    assert isinstance(found, Conflict)
    assert found.proof == "proved"


def test_a_wrong_claim_is_answered_with_a_plan():
    problem = Problem.from_arrays(np.ones((2, 2)))
    found = find_conflict(problem, get_backend("highs"), limits(), "claimed by somebody")
    assert isinstance(found, Verdict)
    assert found.feasible
    assert len(found.rep) == 2


def test_every_claim_is_named():
    found = find_conflict(integer_only(), get_backend("cpsat"), limits(), "claimed by X 1.0")
    assert isinstance(found, Conflict)
    assert found.proof.startswith("claimed by X 1.0 and by ")
    assert any(c.isdigit() for c in found.proof.removeprefix("claimed by X 1.0"))  # a version


def test_no_time_gives_what_is_known():
    found = find_conflict(three_together(), get_backend("highs"), limits(0.0), "proved")
    assert isinstance(found, Conflict)
    assert not feasible(only(three_together(), found.rules))
