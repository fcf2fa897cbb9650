"""The pieces of the search at size: running sums, annealing, pairs left out, limits, seeds."""

from __future__ import annotations

import time
from dataclasses import replace

import numpy as np
import pytest
from problem_cases import KINDS, brute_force, random_problem
from test_large_relaxation import limits, territories

import territoryopt as topt
from territoryopt.backends import get_backend
from territoryopt.backends.large.annealing import Annealer
from territoryopt.backends.large.backend import first_plan
from territoryopt.backends.large.fixing import without_dear_pairs
from territoryopt.backends.large.near import near_pairs
from territoryopt.backends.large.neighbourhoods import Neighbourhoods
from territoryopt.backends.large.regions import embedding, links_between, regions
from territoryopt.backends.large.relax import relax
from territoryopt.backends.protocol import Limits, Watch
from territoryopt.problem import Grouping, evaluate, prove
from territoryopt.problem.part import group_costs


def plan_of(problem):
    known = relax(problem, limits(), Watch(problem))
    return known, *first_plan(problem, known, known.proof, None, limits())


@pytest.mark.parametrize("seed", range(60))
def test_the_running_value_is_that_of_the_evaluation(seed):
    problem = random_problem(seed, 9, 4).contracted
    known, plan, _, slack = plan_of(problem)
    if not np.isfinite(known.proof.bound):
        pytest.skip("an account has no rep")
    rng = np.random.default_rng(seed)
    for _ in range(30):
        before = plan.value
        assert before == pytest.approx(evaluate(plan.priced, plan.rep).objective, abs=1e-6)
        accounts = rng.choice(problem.accounts, size=min(3, problem.accounts), replace=False)
        place = rng.integers(slack.shape[1], size=len(accounts))
        if (plan.candidates.rep[accounts, place] < 0).any():
            continue
        if plan.change(accounts, place):
            assert plan.value < before
        else:
            assert plan.value == pytest.approx(before, rel=1e-12)
    holds = evaluate(problem, plan.rep).holds
    assert plan.holds == holds


def mixed(part, fixed):
    """Whether a group has several free members beside fixed ones: money may be counted twice."""
    groups = range(len(part))
    free = [np.unique(part.member[part.start[g] : part.start[g + 1]]) for g in groups]
    return any((fixed[m] < 0).sum() > 1 and (fixed[m] >= 0).any() for m in free)


@pytest.mark.parametrize("seed", range(160))
def test_a_neighbourhood_is_worth_what_the_whole_is(seed):
    problem = random_problem(seed, 10, 4, set(KINDS)).contracted
    known, plan, y, slack = plan_of(problem)
    if not np.isfinite(known.proof.bound):
        pytest.skip("an account has no rep")
    search = Neighbourhoods(plan, y, slack, limits(), Watch(problem))
    search._survey()
    found = search.part(np.array([[0, 1, 2], [1, 3], [0, 2, 3]][seed % 3]), 200)
    if found is None:
        pytest.skip("no account has a choice")
    part, accounts, own, stands = found
    fixed = plan.rep
    fixed[accounts] = -1
    exact = not any(mixed(grouping, fixed) for grouping in problem.groupings)
    rng = np.random.default_rng(seed)
    inside, whole = evaluate(part, own), evaluate(plan.priced, plan.rep)
    for _ in range(30):
        chosen = np.array([rng.choice(np.flatnonzero(line >= 0)) for line in stands])
        other = plan.rep
        other[accounts] = plan.candidates.rep[accounts, stands[np.arange(len(chosen)), chosen]]
        change = evaluate(plan.priced, other).objective - whole.objective
        got = evaluate(part, chosen)
        if not got.holds:  # what held before must hold still
            assert not evaluate(problem, other).holds
        elif exact:
            worth = got.objective - inside.objective
            assert worth == pytest.approx(change, rel=1e-7, abs=1e-6)


@pytest.mark.parametrize("seed", range(40))
def test_groups_with_one_free_member_are_worth_what_they_are(seed):
    problem = random_problem(seed, 8, 4, ["apart", "apart_soft", "together_soft"]).contracted
    rng = np.random.default_rng(seed)
    rep = rng.integers(4, size=problem.accounts)
    one = np.array([int(rng.integers(problem.accounts))])
    fixed = rep.copy()
    fixed[one] = -1
    groupings = [replace(part, price=7.0) for part in problem.groupings]
    priced = replace(problem, groupings=tuple(groupings), costs=(), rows=(), exclusions=())
    cost = group_costs(groupings, fixed, one, np.arange(4))[0]
    truth = []
    for j in range(4):
        rep[one] = j
        truth.append(evaluate(priced, rep).objective)
    np.testing.assert_allclose(cost - cost[0], np.array(truth) - truth[0], atol=1e-9)


def grouped(seed, price):
    """Territories with triples of neighbours: a third of them apart, a third together."""
    problem = territories(2_500, 20, seed)
    cheap = problem.cost_block(0, problem.accounts).argmin(axis=1)
    order = np.argsort(cheap, kind="stable")[:2_400]
    many = 100
    apart, together = order[: 3 * many], order[1_200 : 1_200 + 3 * many]
    start = np.arange(0, 3 * many + 1, 3)
    labels = tuple(map(str, range(many)))
    return replace(
        problem,
        groupings=(
            Grouping("apart", "apart", labels, apart, start, True, np.inf),
            Grouping("pals", "group", labels, together, start, False, price),
        ),
    )


def test_hundreds_of_groups_are_no_hindrance():
    result = topt.solve(grouped(11, 300.0), backend="decomposition", gap=1e-2, time_limit=120)
    assert result.status == "gap_reached"
    assert result.objective <= result.proved_bound * 1.0102


@pytest.mark.parametrize("threads", [1, 2])
def test_annealing_improves_and_adds_up(threads):
    problem = territories(6_000, 25, 4)
    _, plan, _, slack = plan_of(problem)
    before = plan.value
    Annealer(plan, slack, limits(threads), lambda: True).run()
    assert plan.value < before
    assert plan.value == pytest.approx(evaluate(plan.priced, plan.rep).objective, rel=1e-9)


def test_regions_hold_every_rep_once_and_neighbours_together():
    rng = np.random.default_rng(0)
    place = rng.uniform(0, 1, (400, 2))
    near = np.argsort(((place[:, None] - place[None]) ** 2).sum(axis=2), axis=1)[:, 1:7]
    links = links_between(np.repeat(np.arange(400), 6), near.reshape(-1), 400)
    found = regions(embedding(links, 0), 60, rng)
    assert sorted(np.concatenate(found)) == list(range(400))
    assert max(len(part) for part in found) <= 60
    number = np.empty(400, dtype=int)
    for g, part in enumerate(found):
        number[part] = g
    inside = (number[:, None] == number[near]).mean()
    assert inside > 0.6  # at random it would be about an eighth


def test_every_rep_has_near_pairs():
    problem = territories(2_000, 20, 5)
    known, plan, _, slack = plan_of(problem)
    near = near_pairs(plan.candidates, slack, 5, problem.reps)
    assert known.table.parts == 2
    assert set(plan.candidates.rep[near]) == set(range(problem.reps))
    assert near.any(axis=1).all()


@pytest.mark.parametrize("seed", range(120))
def test_pairs_left_out_are_in_no_better_plan(seed):
    problem = random_problem(seed, 6, 3).contracted
    best, rep = brute_force(problem)
    if not np.isfinite(best):
        pytest.skip("there is no plan")
    known = relax(problem, limits(), Watch(problem))
    left = without_dear_pairs(problem, known.proof.prices, known.proof.bound, best + 1e-6)
    kept = set(zip(left.pairs.account.tolist(), left.pairs.rep.tolist(), strict=True))
    assert all((i, int(j)) in kept for i, j in enumerate(rep))


def blocks_of(problem):
    cost = problem.cost_block(0, problem.accounts)
    hours = problem.rows[0].amounts.block(0, problem.accounts)
    potential = problem.rows[1].amounts.base
    return topt.Problem.from_blocks(
        problem.accounts,
        problem.reps,
        cost=lambda start, stop: cost[start:stop],
        bands=[
            topt.Band(
                "workload",
                lambda start, stop: hours[start:stop],
                problem.rows[0].lower,
                problem.rows[0].upper,
            ),
            topt.Band("potential", potential, problem.rows[1].lower, problem.rows[1].upper),
        ],
    )


def test_both_doors_lead_to_one_plan():
    problem = territories(3_000, 20, 6)
    one, two = (
        topt.solve(each, backend="decomposition", gap=2e-3, time_limit=120, threads=2)
        for each in (problem, blocks_of(problem))
    )
    np.testing.assert_array_equal(one.rep, two.rep)
    assert one.objective == pytest.approx(two.objective, rel=1e-12)
    assert one.status == "gap_reached"
    assert one.proved_bound == pytest.approx(two.proved_bound, rel=1e-12)
    assert one.objective <= one.proved_bound * (1 + 2.1e-3)


def test_one_seed_and_threads_give_one_plan():
    problem = territories(2_500, 20, 7)
    runs = [
        topt.solve(problem, backend="decomposition", gap=3e-3, time_limit=120, seed=3, threads=2)
        for _ in range(2)
    ]
    np.testing.assert_array_equal(runs[0].rep, runs[1].rep)


def test_a_search_that_is_stopped_ends_with_what_it_has():
    problem = territories(6_000, 25, 8)

    def stop_at_a_plan(_: float, objective: float, __: float) -> None:
        if np.isfinite(objective):
            watch.stopping.set()

    watch = Watch(problem, stop_at_a_plan)
    far = Limits(time.monotonic() + 3_000, 0.0, 0, 2)
    get_backend("decomposition").solve(problem, far, None, watch)
    assert watch.stopping.is_set()
    assert watch.rep is not None
    assert evaluate(problem, watch.rep).holds
    assert watch.proved >= prove(problem).bound


def test_bands_that_cannot_hold_end_in_a_proof():
    problem = territories(6_000, 25, 9)
    cost = problem.cost_block(0, problem.accounts)
    hours = problem.rows[0].amounts.block(0, problem.accounts)
    most = 0.9 * hours.min(axis=1).sum() / problem.reps
    tight = topt.Problem.from_arrays(cost, [topt.Band("workload", hours, upper=most)])
    result = topt.solve(tight, backend="decomposition", time_limit=60)
    assert result.status == "infeasible"
    assert result.bound_source == "proved"
    assert result.conflict is not None
    assert result.conflict.rules == ("workload",)


def test_soft_bands_and_shared_rows_reach_a_small_gap():
    problem = territories(3_000, 20, 10, price=50.0)
    result = topt.solve(problem, backend="decomposition", gap=5e-3, time_limit=90)
    assert result.status == "gap_reached"
