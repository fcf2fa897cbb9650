"""Rule costs, certainty, trades, changes and prices of pairs against every plan there is."""

from __future__ import annotations

import numpy as np
import pytest
from problem_cases import all_plans, oracle, random_problem
from seeds import seeds

import territoryopt as topt
from territoryopt.answers.certainty import certainty
from territoryopt.answers.compare import compare
from territoryopt.answers.fewest import fewest_moves
from territoryopt.answers.frontier import frontier
from territoryopt.answers.ground import Ground
from territoryopt.answers.pair_prices import pair_prices, slack
from territoryopt.answers.rule_costs import loosened, priced_rules, rule_costs
from territoryopt.answers.weights import MOVES, goals, of_goal, only_goals, weighted
from territoryopt.problem import evaluate
from territoryopt.reasons.explanation import Explanation

CLOSE = 1e-6


def solved(seed, accounts=5, reps=3):
    """A random problem, its plans that hold (cheapest first), what they cost, and one of them."""
    problem = random_problem(seed, accounts, reps)
    plans = all_plans(accounts, reps)
    objective, holds = oracle(problem, plans)
    if not holds.any():
        pytest.skip("there is no plan")
    plans, objective = plans[holds], objective[holds]
    order = np.argsort(objective, kind="stable")
    plans, objective = plans[order], objective[order]
    rep = plans[0 if seed % 2 else min(len(plans) - 1, 2)].astype(np.int64)
    return problem, plans, objective, Explanation(problem, rep)


def least(problem):
    plans = all_plans(problem.accounts, problem.reps)
    objective, holds = oracle(problem, plans)
    return float(objective[holds].min())


@pytest.mark.parametrize("seed", seeds(60))
def test_what_a_rule_costs_lies_in_its_interval(seed):
    problem, _, _, reasons = solved(seed)
    cost = reasons.facts.evaluation.objective
    size = CLOSE * max(1.0, abs(cost))
    said = rule_costs(reasons, seconds=5)
    assert {rule.rule for rule in said.rules} == set(priced_rules(problem))
    for rule in said.rules:
        truth = least(problem.without({rule.rule})) - cost
        assert rule.dropped.lower - size <= truth <= rule.dropped.upper + size
        assert rule.dropped.upper <= 0
        assert rule.dropped.width <= 1e-3 * max(1.0, abs(cost)) + size
        if rule.loosened is not None:
            # Loosened lies between what there is and dropped.
            assert rule.dropped.upper <= rule.loosened.upper
            assert rule.dropped.lower <= rule.loosened.lower + size
            truth = least(loosened(problem, rule.rule, rule.step)) - cost
            assert rule.loosened.lower - size <= truth <= rule.loosened.upper + size


@pytest.mark.parametrize("seed", seeds(80))
def test_a_proved_backbone_is_in_every_plan_within(seed):
    problem, plans, objective, reasons = solved(seed)
    cost = reasons.facts.evaluation.objective
    within = (0.0, 0.02, 0.2)[seed % 3]
    said = certainty(reasons, within=within, plans=2, seconds=4)
    near = plans[objective <= cost + said.within + CLOSE]
    unit_of = problem.units.unit_of
    for i, word in enumerate(said.standing):
        others = near[(near[:, i] != reasons.rep[i])]
        if word == "proved":
            assert not len(others)
        if word == "contested":
            assert len(others)
        away = objective[plans[:, i] != reasons.rep[i]]
        if len(away):
            assert said.margin[i] <= away.min() - cost + CLOSE * max(1.0, abs(cost))
    for plan in said.plans:
        found = evaluate(problem, plan.rep)
        assert found.holds
        assert found.objective - cost == pytest.approx(plan.change, abs=1e-6)
        assert plan.change <= said.within + CLOSE
        assert plan.differing == int((plan.rep != reasons.rep).sum()) > 0
        assert (plan.rep == plan.rep[problem.units.first][unit_of]).all()


@pytest.mark.parametrize("seed", seeds(40))
def test_no_plan_is_below_the_frontier(seed):
    problem, plans, _, reasons = solved(seed)
    goal = MOVES if seed % 2 else problem.costs[0].name
    said = frontier(reasons, goal, points=4, seconds=5)
    assert said.points
    for rep in plans:
        money = evaluate(problem, rep.astype(np.int64))
        if goal == MOVES:
            owned = problem.current >= 0
            x, rest = float((owned & (problem.current != rep)).sum()), money.objective
        else:
            x = money.money[goal]
            rest = money.objective - x
        assert rest >= said.bound_at(x) - CLOSE * max(1.0, abs(rest), abs(x))
    xs = [point.x for point in said.points]
    ys = [point.money for point in said.points]
    assert xs == sorted(xs)
    assert ys == sorted(ys, reverse=True)
    for point in said.points:
        assert evaluate(problem, point.rep).holds
        assert point.bound <= point.money + CLOSE


@pytest.mark.parametrize("seed", seeds(40))
def test_no_plan_is_below_the_frontier_of_two_goals(seed):
    problem, plans, _, reasons = solved(seed)
    names = goals(problem)
    one = MOVES if seed % 3 == 0 else names[0]
    others = [name for name in names if name != one]
    if not others:
        pytest.skip("there is one goal")
    said = frontier(reasons, one, others[-1], points=4, seconds=5)
    assert said.points
    for rep in plans.astype(np.int64):
        x, money = of_goal(problem, one, rep), of_goal(problem, others[-1], rep)
        assert money >= said.bound_at(x) - CLOSE * max(1.0, abs(money), abs(x))
    for point in said.points:
        assert point.x == pytest.approx(of_goal(problem, one, point.rep), abs=1e-6)
        assert point.money == pytest.approx(of_goal(problem, others[-1], point.rep), abs=1e-6)
        assert evaluate(problem, point.rep).holds


def test_a_frontier_has_as_many_points_as_asked_where_there_are_so_many():
    rng = np.random.default_rng(4)
    problem = topt.Problem.from_arrays(
        rng.uniform(1, 9, (60, 4)), [topt.Band("n", np.ones(60), upper=18)],
        current=rng.integers(4, size=60),
    )  # fmt: skip
    said = frontier(topt.explain(topt.solve(problem, gap=0.0)), MOVES, points=8, seconds=5)
    assert len(said.points) >= 8
    assert said.points[-1].x > said.points[0].x


@pytest.mark.parametrize("seed", seeds(40))
def test_one_goal_against_a_rule(seed):
    problem, _, _, reasons = solved(seed)
    rows = [r for r in problem.rows if r.hard and r.role == "rule"]
    if not rows:
        pytest.skip("no rule has rows")
    goal = problem.costs[0].name
    said = frontier(reasons, rows[0].name, goal, points=3, seconds=5)
    assert len(said.points) == 3
    for point in said.points:
        truth = least(only_goals(loosened(problem, rows[0].name, point.at), {goal}))
        size = CLOSE * max(1.0, abs(truth))
        assert point.bound - size <= truth <= point.money + size


@pytest.mark.parametrize("seed", seeds(40))
def test_money_against_a_rule_is_bounded_between_its_steps(seed):
    problem, _, _, reasons = solved(seed)
    rows = [r for r in problem.rows if r.hard and r.role == "rule"]
    if not rows:
        pytest.skip("no rule has rows")
    rule = rows[0].name
    said = frontier(reasons, rule, points=4, seconds=5)
    for point in said.points:
        truth = least(loosened(problem, rule, point.at))
        size = CLOSE * max(1.0, abs(truth))
        assert point.bound - size <= truth <= point.money + size
    for one, two in zip(said.points, said.points[1:], strict=False):
        middle = (one.at + two.at) / 2
        truth = least(loosened(problem, rule, middle))
        size = CLOSE * max(1.0, abs(truth))
        assert said.bound_at(middle) - size <= truth <= one.money + size


@pytest.mark.parametrize("seed", seeds(60))
def test_the_fewest_moves(seed):
    problem, plans, _, _ = solved(seed)
    owned = problem.current >= 0
    truth = int((owned[None, :] & (plans != problem.current)).sum(axis=1).min())
    said = fewest_moves(problem, seconds=20)
    assert said.moves == said.least == truth
    assert evaluate(problem, said.rep).holds


@pytest.mark.parametrize("seed", seeds(60))
def test_prices_of_pairs_bound_every_plan_with_them(seed):
    problem, plans, objective, reasons = solved(seed)
    cost = reasons.facts.evaluation.objective
    assert slack(reasons) >= -CLOSE
    seen = set()
    for part in pair_prices(reasons):
        for i, j, at_least in zip(part.account, part.rep, part.at_least, strict=True):
            seen.add((int(i), int(j)))
            with_it = objective[plans[:, i] == j]
            if len(with_it):
                assert at_least <= with_it.min() - cost + CLOSE * max(1.0, abs(cost))
    for rep in plans:
        assert {(i, int(j)) for i, j in enumerate(rep)} <= seen
    few = list(pair_prices(reasons, most=1))
    assert sum(len(part.account) for part in few) == problem.accounts


@pytest.mark.parametrize("seed", seeds(60))
def test_alternatives_say_what_they_cost_at_least(seed):
    problem = random_problem(seed, 5, 3)
    result = topt.solve(problem, gap=0.0)
    if result.rep is None:
        pytest.skip("there is no plan")
    plans = all_plans(5, 3)
    objective, holds = oracle(problem, plans)
    reasons = topt.explain(result)
    size = CLOSE * max(1.0, abs(result.objective))
    for i in range(problem.accounts):
        for other in reasons.account(str(i)).alternatives:
            mine = holds & (plans[:, i] == int(other.rep))
            if mine.any():
                assert other.at_least <= objective[mine].min() - result.objective + size


@pytest.mark.parametrize("seed", seeds(30))
def test_a_comparison_adds_up(seed):
    _, plans, objective, reasons = solved(seed)
    other = plans[-1].astype(np.int64)
    said = compare(reasons, other)
    assert said.change == pytest.approx(reasons.facts.evaluation.objective - objective[-1])
    assert sum(after - before for _, before, after in said.money) == pytest.approx(said.change)
    assert len(said.moves) == int((other != reasons.rep).sum())
    for move in said.moves:
        if move.back is not None:
            assert move.back.rep == move.before
    assert sum(rep.gained for rep in said.reps) == sum(rep.lost for rep in said.reps)
    for rep in said.reps:
        assert rep.accounts_after == rep.accounts_before + rep.gained - rep.lost


def test_a_weight_changes_one_goal_only():
    problem, plans, _, _ = solved(1)
    goal = problem.costs[0].name
    rep = plans[0].astype(np.int64)
    one, two = evaluate(problem, rep), evaluate(weighted(problem, goal, 3.0), rep)
    assert two.money[goal] == pytest.approx(3 * one.money[goal])
    assert two.objective == pytest.approx(one.objective + 2 * one.money[goal])


def test_names_that_are_not_known():
    problem, _, _, reasons = solved(1)
    goal = problem.costs[0].name
    for pair in ((goal, "no such goal"), (goal, goal), (MOVES, MOVES)):
        with pytest.raises(topt.InputError):
            frontier(reasons, *pair)
    with pytest.raises(topt.InputError):
        rule_costs(reasons, ["no such rule"])
    with pytest.raises(topt.InputError):
        frontier(reasons, "no such goal")


def test_a_ground_finds_prices_where_there_are_none():
    _, _, _, reasons = solved(2)
    assert reasons.prices is None
    ground = Ground(reasons)
    assert np.isfinite(ground.proof.bound)
    assert ground.proof.bound <= ground.objective + CLOSE
