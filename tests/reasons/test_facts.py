"""The numbers behind the reasons, held against evaluations of whole plans."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from problem_cases import KINDS, all_plans, oracle, problem_of, random_problem, rows

import territoryopt as topt
from territoryopt.problem import AccountAmounts, Cost, DenseAmounts, Problem, evaluate
from territoryopt.problem.problem import Band
from territoryopt.reasons.explanation import Explanation
from territoryopt.reasons.facts import PlanFacts
from territoryopt.reasons.next_best import next_best

TINY = Path(__file__).parents[2] / "instances" / "tiny"
BEST = [0, 0, 1, 1, 2, 2]


@pytest.fixture(scope="module")
def tiny():
    instance = topt.read_instance(TINY)
    return instance, topt.solve(instance, topt.load_model(TINY / "model.toml"))


@pytest.fixture(scope="module")
def reasons(tiny):
    return topt.explain(tiny[1], tiny[0])


def plans_of(problem: Problem, seed: int, count: int = 3) -> list[np.ndarray]:
    """Plans drawn at will: most of them break rules, some split families."""
    rng = np.random.default_rng(seed)
    found = [rng.integers(problem.reps, size=problem.accounts) for _ in range(count)]
    return [*found, found[0][problem.units.first][problem.units.unit_of]]


def test_tiny_by_hand(reasons):
    union = reasons.account("A-3")
    assert (union.rep, union.before, union.moved) == ("R-2", "R-1", True)
    assert [(s.name, s.amount, s.unit, s.money) for s in union.shares] == [
        ("driving", 25.0, "hours/year", 1250.0)
    ]
    back = union.alternative("R-1")
    assert back.change == -500.0
    assert {(b.rule, b.label, b.after) for b in back.breaks if b.rule == "potential_band"} == {
        ("potential_band", "R-1", 280000.0),
        ("potential_band", "R-2", 100000.0),
    }
    chen = reasons.territory("R-2")
    assert (chen.accounts, chen.accounts_before, chen.gained, chen.new, chen.lost) == (
        2,
        1,
        2,
        0,
        1,
    )
    assert [(t.total, t.before, t.target) for t in chen.totals if t.rule == "potential_band"] == [
        (170000.0, 80000.0, pytest.approx(200000.0))
    ]
    assert reasons.summary()[0].startswith(
        "This plan costs 4,050 USD a year; no plan can cost less"
    )
    assert "3 of 6 owned accounts change hands (50 %)." in reasons.summary()


def test_unknown_ids_are_refused_with_the_nearest(reasons):
    with pytest.raises(topt.InputError, match="Did you mean"):
        reasons.account("A-33")
    with pytest.raises(topt.InputError, match="no such rep"):
        reasons.territory("A-3")


@pytest.mark.parametrize("seed", range(25))
def test_shares_add_up_to_the_linear_part_and_all_charges_to_the_objective(seed):
    problem = random_problem(seed)
    for rep in plans_of(problem, seed):
        facts = PlanFacts(problem, rep)
        money = evaluate(problem, rep).money
        linear = sum(money[c.name] for c in problem.costs)
        alone = Problem(**{**vars_of(problem), "family": np.full(problem.accounts, -1)})
        per_account = PlanFacts(alone, rep)
        assert sum(
            s.money for i in range(problem.accounts) for s in per_account.account(i).shares
        ) == pytest.approx(linear)
        assert sum(
            s.money for j in range(problem.reps) for s in facts.territories[j].shares
        ) == pytest.approx(linear)
        assert sum(s.money for s in facts.shares()) == pytest.approx(facts.evaluation.objective)


def vars_of(problem):
    names = problem.__dataclass_fields__
    return {name: getattr(problem, name) for name in names}


def excesses(problem, rep):
    """How far each hard limit is exceeded, by rule and label."""
    found = {}
    for part in problem.rows:
        s = part.activity(rep)
        over = np.where(np.isinf(part.price), part.excess(s), 0.0)
        found |= {(part.name, label): over[r] for r, label in enumerate(part.labels)}
    for each in problem.groupings:
        if each.hard:
            over = each.excess(each.counts(rep, problem.reps))
            found |= {(each.name, label): over[g] for g, label in enumerate(each.labels)}
    return found


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("seed", range(4))
def test_a_move_changes_and_breaks_what_two_evaluations_say(kind, seed):
    other = KINDS[(seed * 5 + KINDS.index(kind)) % len(KINDS)]
    problem = random_problem(seed, kinds={kind, other})
    for rep in plans_of(problem, seed, 2):
        facts = PlanFacts(problem, rep)
        before, old = evaluate(problem, rep), excesses(problem, rep)
        broken_before = {(b.rule, b.label) for b in before.breaches}
        for i in range(problem.accounts):
            account = facts.account(i)
            members = [int(a) for a in account.family] or [i]
            assert {int(rep[m]) for m in members} == {int(rep[i])}
            assert len(account.alternatives) + sum(map(len, account.barred.values())) == (
                problem.reps - 1
            )
            changes = [a.change for a in account.alternatives]
            assert changes == sorted(changes)
            for alternative in account.alternatives:
                moved = rep.copy()
                moved[members] = int(alternative.rep)
                after = evaluate(problem, moved)
                assert alternative.change == pytest.approx(
                    after.objective - before.objective, abs=1e-7
                )
                now = {
                    (b.rule, b.label)
                    for b in after.breaches
                    if not b.account
                    and excesses(problem, moved)[b.rule, b.label]
                    > old[b.rule, b.label] * (1 + 1e-9)
                }
                told = {(b.rule, b.label) for b in alternative.breaks}
                assert told == now
                assert {
                    (b.rule, b.label) for b in after.breaches if not b.account
                } - broken_before <= told


def test_the_evaluations_agree_with_the_definitions():
    problem = random_problem(3)
    plans = all_plans(problem.accounts, problem.reps)[::37]
    objective, holds = oracle(problem, plans)
    for plan, value, good in zip(plans, objective, holds, strict=True):
        found = PlanFacts(problem, plan).evaluation
        assert found.objective == pytest.approx(value)
        assert found.holds == good


@pytest.mark.parametrize("seed", range(12))
def test_barred_reps_stand_under_the_first_rule_that_bars_them(seed):
    problem = random_problem(seed, kinds={"ineligible"})
    rep = plans_of(problem, seed, 1)[0]
    for i in range(problem.accounts):
        seen = set()
        for rule, reps in PlanFacts(problem, rep).account(i).barred.items():
            part = next(e for e in problem.exclusions if e.name == rule)
            bars = np.flatnonzero(part.barred.block(i, i + 1)[0] > 0)
            assert {int(j) for j in reps} == set(bars.tolist()) - {int(rep[i])} - seen
            seen |= set(bars.tolist())


def test_a_family_moves_as_one_and_its_money_is_told_account_by_account():
    cost = np.array([[1.0, 5.0], [2.0, 9.0], [3.0, 3.0]])
    problem = problem_of(cost, family=[4, 4, -1])
    facts = PlanFacts(problem, np.array([0, 0, 1]))
    first, alone = facts.account(0), facts.account(2)
    assert first.family == ("0", "1")
    assert first.shares[0].money == 1.0
    assert first.alternatives[0].change == 11.0
    assert (alone.family, alone.shares[0].money) == ((), 3.0)


def test_a_split_family_is_told_and_each_of_its_accounts_looked_at_by_itself():
    cost = np.array([[1.0, 5.0], [2.0, 9.0], [3.0, 3.0]])
    problem = problem_of(cost, family=[4, 4, -1])
    reasons = Explanation(problem, np.array([0, 1, 1]))
    assert reasons.summary()[0] == "This plan breaks its rules in 1 place. It costs 13."
    assert "families: account 1 is with rep 1, but its family is with rep 0." in reasons.summary()
    assert reasons.account("1").rep == "1"
    assert reasons.account("1").alternatives[0].change == -7.0
    assert reasons.account("0").alternatives[0].change == 4.0


def test_an_account_left_out_is_with_nobody():
    cost = np.array([[1.0, 5.0], [2.0, np.inf]])
    problem = Problem.from_arrays(cost, [Band("work", [1.0, 1.0], upper=1.0)], current=[1, 0])
    reasons = Explanation(problem, np.array([-1, 0]))
    left = reasons.account("0")
    assert (left.rep, left.alternatives, left.moved) == (None, (), False)
    assert reasons.speaker.why(left) == "Account 0 is with nobody."
    assert reasons.facts.moved.tolist() == []
    assert reasons.facts.weightiest_moves(5).tolist() == []
    assert reasons.territory("1").lost == 1
    assert reasons.account("1").barred == {"not eligible": ("1",)}
    assert "Account 0 has no rep." in reasons.summary()
    json.dumps(reasons.as_dict(), allow_nan=False)


def test_a_plan_that_is_none_is_refused():
    problem = Problem.from_arrays(np.ones((2, 2)))
    for rep in ([0], [0, 2], [0, -2], [[0, 1]]):
        with pytest.raises(topt.InputError):
            _ = Explanation(problem, np.array(rep)).facts


def test_new_accounts_are_not_taken_over():
    problem = Problem.from_arrays(np.ones((4, 2)), current=[-1, 0, 1, 1])
    facts = PlanFacts(problem, np.array([0, 0, 0, 1]))
    first, second = facts.territories[0], facts.territories[1]
    assert (first.accounts, first.accounts_before, first.gained, first.new) == (3, 1, 1, 1)
    assert (second.accounts, second.lost) == (1, 1)
    for t in (first, second):
        assert t.accounts == t.accounts_before + t.new + t.gained - t.lost
    assert facts.moved.tolist() == [2]


def test_the_weightiest_moves_come_first():
    cost = np.array([[0.0, 5.0], [0.0, 50.0], [0.0, 1.0], [0.0, 9.0]])
    problem = Problem.from_arrays(cost, current=[1, 1, -1, 0])
    assert PlanFacts(problem, np.array([0, 0, 0, 0])).weightiest_moves(5).tolist() == [1, 0]
    assert PlanFacts(problem, np.array([0, 0, 0, 0])).weightiest_moves(1).tolist() == [1]


def test_binding_rows_are_full_and_not_broken():
    work = [2.0, 2.0, 3.0]
    problem = Problem.from_arrays(
        np.ones((3, 3)),
        [Band("full", work, upper=[4, 9, 9]), Band("broken", work, upper=[9, 1, 9]),
         Band("soft", work, upper=[4, 3, 9], price=0.0)],
    )  # fmt: skip
    facts = PlanFacts(problem, np.array([0, 0, 1]))
    assert [(part.name, r) for part, r in facts.binding()] == [("full", 0)]


def test_rows_of_groups_are_no_totals_of_reps():
    amounts = AccountAmounts(np.ones(3), 2)
    plan_total = rows("plan", amounts, [0, 0], upper=3)
    group = rows("team", amounts, [1, -1], upper=3)  # as many rows as reps, but not theirs
    problem = problem_of(np.ones((3, 2)), [plan_total, group])
    assert PlanFacts(problem, np.array([0, 0, 1])).territories[0].totals == ()


@pytest.mark.parametrize("seed", range(15))
def test_explanations_are_json_without_nan(seed):
    problem = random_problem(seed)
    for rep in plans_of(problem, seed, 1):
        rep[0] = -1 if seed % 2 else rep[0]
        reasons = Explanation(problem, rep)
        text = json.dumps(reasons.as_dict(), allow_nan=False)
        back = json.loads(text)
        assert back["schema"] == "territoryopt/explanation/1"
        assert len(back["accounts"]) == problem.accounts
        assert all(account["text"] for account in back["accounts"])


@pytest.mark.parametrize("seed", range(120))
def test_the_next_best_of_all_accounts_at_once_is_that_of_each(seed):
    problem = random_problem(seed, accounts=9, reps=4, kinds=list(KINDS) if seed % 4 == 0 else None)
    plans = plans_of(problem, seed)
    plans[0][seed % 9] = -1
    for rep in plans:
        facts = PlanFacts(problem, rep)
        found = next_best(facts)
        for i in range(problem.accounts):
            others = facts.account(i).alternatives
            if not others:
                assert (found.rep[i], found.breaks[i]) == (-1, "")
                assert np.isnan(found.change[i])
                continue
            best = others[0]
            assert found.change[i] == pytest.approx(best.change, rel=1e-9, abs=1e-9)
            # equals may come in another order where sums are rounded otherwise
            named = next(o for o in others if o.rep == problem.rep_id(int(found.rep[i])))
            assert named.change == pytest.approx(best.change, rel=1e-9, abs=1e-9)
            assert found.breaks[i] == "; ".join(dict.fromkeys(b.rule for b in named.breaks))


def test_open_sides_are_null():
    problem = Problem.from_arrays([[1.0, 2.0]], [Band("work", [3.0], upper=[3.0, 1.0])])
    account = Explanation(problem, np.array([0])).as_dict()["accounts"][0]
    broken = account["alternatives"][0]["breaks"][0]
    assert (broken["lower"], broken["upper"], broken["after"]) == (None, 1.0, 3.0)


def test_a_summary_tells_gains_as_gains():
    problem = problem_of(
        np.array([[-5.0, 0.0]]),
        costs=(Cost("extra", "measure", DenseAmounts(np.ones((1, 2))), 2.0, "beds"),),
    )
    lines = Explanation(problem, np.array([0]), -3.0, -3.0).summary()
    assert lines == [
        "This plan gains 3; no plan can gain more, as our own arithmetic proves.",
        "cost: -5.",
        "extra: 2 for 1 bed.",
    ]


def test_no_plan_no_explanation():
    result = topt.solve(Problem.from_arrays(np.full((1, 1), np.inf)))
    with pytest.raises(topt.InputError, match="no plan to explain: the status is infeasible"):
        topt.explain(result)
