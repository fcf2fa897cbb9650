"""A change in steps, against every order there is; and its words."""

from __future__ import annotations

import json
from itertools import pairwise, product

import numpy as np
import pytest
from problem_cases import random_problem

import territoryopt as topt
from territoryopt.answers.series import Series
from territoryopt.problem import evaluate
from territoryopt.realign.between import no_worse
from territoryopt.realign.transition import cut, transition, way_of
from territoryopt.realign.writing import write_transition

QUIET = lambda _: None  # noqa: E731


def broken_amounts(problem, plan):
    """How far each rule that must hold is broken, by the definitions of the parts: rows by side,
    groups apart by group and rep, groups together by group, families in all."""
    out = []
    for rows in problem.rows:
        s = rows.activity(plan)
        for side in (rows.lower - s, s - rows.upper):
            over = np.isinf(rows.price) & (side > 1e-6 * rows.scale)
            out += np.where(over, side, 0.0).tolist()
    for part in problem.groupings:
        if not part.hard:
            continue
        for g in range(len(part)):
            member = part.member[part.start[g] : part.start[g + 1]]
            count = np.bincount(plan[member], minlength=problem.reps)
            out += np.maximum(count - 1, 0).tolist() if part.apart else [int((count > 0).sum()) - 1]
    spread = 0
    for label in set(problem.family.tolist()) - {-1}:
        spread += len(set(plan[problem.family == label].tolist())) - 1
    return np.array([*out, spread])


def every_order(way, steps, budget):
    """The least sum of costs over all orders that keep what a transition keeps; inf if none."""
    best = np.inf
    for order in product(range(steps), repeat=len(way.moving)):
        when = np.array(order)
        plans = [way.start]
        for k in range(steps):
            plan = plans[-1].copy()
            plan[way.moving[when == k]] = way.target[way.moving[when == k]]
            plans.append(plan)
        if any(way.weight[way.moving[when == k]].sum() > budget + 1e-9 for k in range(steps)):
            continue
        sizes = [broken_amounts(way.problem, plan) for plan in plans]
        if any((b > a * (1 + 1e-9) + 1e-9).any() for a, b in pairwise(sizes)):
            continue
        if not together(way, plans):
            continue
        best = min(best, sum(evaluate(way.problem, plan).objective for plan in plans[1:]))
    return best


def together(way, plans):
    """Accounts of a family with one rep and one target move in one step."""
    return all(len({tuple(plan[b].tolist() == way.target[b].tolist() for plan in plans)}) == 1
               and all(len(set(plan[b].tolist())) == 1 for plan in plans)
               for b in way.bundles)  # fmt: skip


def drawn(seed):
    """A random problem with a plan that holds as its target, from owners who may break anything."""
    problem = random_problem(seed, 6, 3)
    found = topt.solve(problem, time_limit=10)
    if found.rep is None:
        pytest.skip("there is no plan")
    rng = np.random.default_rng(seed)
    weight = np.ones(6) if seed % 2 else np.round(rng.uniform(1, 5, 6))
    way, _ = way_of(problem, found.rep, weight)
    barred = ~problem.eligible_at(np.arange(6), way.target)
    assert not barred.any()
    return way


@pytest.mark.parametrize("seed", range(40))
def test_no_order_is_better_and_every_step_keeps_what_it_must(seed):
    way = drawn(seed)
    steps = 2 + seed % 2
    whole = way.left(way.start)
    budget = max(way.heaviest, np.ceil(1.3 * whole / steps), 1.0)
    made = cut(way, steps, budget, Series(20, 20), QUIET)
    plans = [way.start]
    for k in range(1, len(made.steps) + 1):
        plans.append(np.where(made.step == k, way.target, plans[-1]))
    for before, after in pairwise(plans):
        assert (broken_amounts(way.problem, after)
                <= broken_amounts(way.problem, before) * (1 + 1e-9) + 1e-9).all()  # fmt: skip
        assert no_worse(way, before, after)
        assert way.weight[before != after].sum() <= budget * (1 + 1e-9)
    least = every_order(way, steps, budget)
    if made.in_time:
        costs = [evaluate(way.problem, plan).objective for plan in plans[1:]] or [made.start_cost]
        total = sum(costs) + (steps - len(costs)) * costs[-1]
        assert made.total == pytest.approx(total, abs=1e-6)
        assert made.total >= least - 1e-6
        assert made.bound <= least + 1e-6
        plain = not any(r.worst for r in way.problem.rows) and not way.problem.groupings
        if plain and made.total <= made.bound + 1e-6:
            assert made.total == pytest.approx(least, rel=1e-6, abs=1e-6)
    elif not np.isinf(least):
        # orders that move by one step at a time may lead nowhere; it is said, not hidden
        assert not made.reached or len(made.steps) > steps


MODEL = """name = "t"
[rules.books]
kind = "capacity"
measure = "count"
max = "most"
[goals.way]
kind = "measure"
measure = "km"
price = 1
[measures.km]
unit = "km"
pairs = "km"
"""


def swapped(tmp_path):
    """Two reps with two accounts each and no room: accounts are swapped, two at a time at least."""
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "accounts.csv").write_text(
        "account_id,name,current_rep\nA,One,ann\nB,Two,ann\nC,Three,bob\nD,Four,bob\n"
    )
    (tmp_path / "in" / "reps.csv").write_text("rep_id,name,most\nann,Ann,2\nbob,Bob,2\n")
    km = {"A": (50, 1), "B": (9, 1), "C": (1, 40), "D": (1, 8)}
    rows = [f"{a},{r},{k}" for a, (x, y) in km.items() for r, k in (("ann", x), ("bob", y))]
    (tmp_path / "in" / "pairs.csv").write_text("\n".join(["account_id,rep_id,km", *rows, ""]))
    data = topt.read_instance(tmp_path / "in")
    model = topt.model.parse_model(MODEL, "t.toml")
    topt.write_run(topt.solve(data, model), data, model, tmp_path / "run")
    return topt.read_run(tmp_path / "run")


def test_swaps_stay_together_and_what_saves_most_comes_first(tmp_path):
    run = swapped(tmp_path)
    made = transition(run, 2, 2)
    table = made.table()
    assert table["account_id"] == ["A", "C", "B", "D"]
    assert table["step"] == [1, 1, 2, 2]
    assert table["saving"] == [49, 39, 8, 7]
    assert [step.cost for step in made.steps] == [19, 4]
    lines = made.as_dict()["text"]
    assert lines[0] == "4 accounts change hands in 2 steps, at most 2 accounts in each: 2, 2."
    assert lines[1] == (
        "Step 1: 2 accounts; the plan then costs 19 USD a year, 88 USD a year less than before."
    )
    assert lines[-1].startswith("No other order in so many steps costs less in sum, as ")
    folder = write_transition(made, tmp_path / "steps")
    record = json.loads((folder / "transition.json").read_text())
    assert record["schema"] == "territoryopt/transition/1"
    assert topt.tables.read_table(folder / "transition.csv").columns["step"].tolist() == [
        "1", "1", "2", "2",
    ]  # fmt: skip


def test_too_few_steps_say_how_many_it_takes_and_too_small_a_budget_is_told(tmp_path):
    run = swapped(tmp_path)
    made = transition(run, 1, 2)
    assert (made.reached, made.in_time, len(made.steps), made.least_steps) == (True, False, 2, 2)
    assert made.as_dict()["text"][0] == (
        "1 step are not enough: it takes 2 steps, at most 2 accounts in each: 2, 2. By adding up, "
        "fewer than 2 cannot do."
    ).replace("1 step are", "1 step is")
    stuck = transition(run, 4, 1)  # one at a time would give somebody three accounts
    assert not stuck.reached
    assert stuck.as_dict()["text"][0] == (
        "The plan is not reached: 0 of 4 accounts change hands in 0 steps, at most 1 account in "
        "each; more cannot move at a time without breaking a rule more."
    )
    for bad in ({"steps": 0}, {"per_step": 0}, {"measure": "beds"}):
        with pytest.raises(topt.InputError):
            transition(run, **{"steps": 2, "per_step": 2, **bad})
