"""Prices, sets and marginal prices of requests held against every plan there is."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from problem_cases import all_plans, oracle, random_problem

import territoryopt as topt
from territoryopt.listening.model import step_of
from territoryopt.listening.policy import Policy

KINDS = (
    ["pair_band"],
    ["account_band", "families"],
    ["soft_band", "together_soft"],
    ["negative", "deviation"],
)
CLOSE = 1e-3


class Every:
    """Every plan of a small problem, and which requests it grants."""

    def __init__(self, seed, kinds, wanted=6):
        self.problem = random_problem(seed, 6, 3, kinds)
        plans = all_plans(6, 3)
        money, holds = oracle(self.problem, plans)
        self.plans, self.money = plans[holds], money[holds]
        if not len(self.plans):
            pytest.skip("this draw has no plan")
        result = topt.solve(self.problem, gap=0, threads=1)
        assert result.objective == pytest.approx(self.money.min(), abs=1e-6)
        self.base = result.objective
        self.reasons = topt.explain(result)
        rng = np.random.default_rng(100 + seed)
        self.rows = [
            {"account_id": str(i), "rep_id": str(rng.integers(3)), "reason": "",
             "wish": str(rng.choice(["keep", "want", "lose"])), "weight": int(rng.integers(1, 4))}
            for i in rng.permutation(6)[:wanted]
        ]  # fmt: skip
        self.weight = np.array([row["weight"] for row in self.rows], dtype=float)
        self.granted = np.stack([
            (self.plans[:, int(r["account_id"])] == int(r["rep_id"])) != (r["wish"] == "lose")
            for r in self.rows
        ], axis=1)  # fmt: skip

    def ask(self, **options):
        return topt.price_requests(self.reasons, self.rows, time_limit=60, threads=1, **options)

    def least(self, chosen):
        """What a plan that grants these costs more at least; inf where there is none."""
        some = self.granted[:, list(chosen)].all(axis=1)
        return self.money[some].min() - self.base if some.any() else np.inf


def cases():
    return [(seed, kinds) for seed in range(3) for kinds in KINDS]


@pytest.mark.parametrize(("seed", "kinds"), cases())
def test_every_single_price_lies_in_its_interval(seed, kinds):
    every = Every(seed, kinds)
    found = every.ask()
    for r, a in enumerate(found.answered):
        truth = every.least([r])
        if np.isinf(truth):
            assert a.outcome == "impossible"
            assert a.change is None
            continue
        assert a.change.lower - CLOSE <= truth <= a.change.upper + CLOSE
        assert a.change.proved_lower <= truth + CLOSE
        assert a.outcome == ("fulfilled" if a.price.verdict == "as it is" else "open")
    for step in found.frontier:
        enough = every.granted @ every.weight >= step.weight - 1e-9
        truth = every.money[enough].min() - every.base
        assert step.bound - CLOSE <= truth <= step.money + CLOSE
    if found.together is not None:
        chosen = [r for r, a in enumerate(found.answered) if a.request.id in found.asked_together]
        truth = every.least(chosen)
        if found.together.change is None:
            assert np.isinf(truth)
        else:
            assert found.together.change.lower - CLOSE <= truth
            assert truth <= found.together.change.upper + CLOSE


@pytest.mark.parametrize(("seed", "kinds"), cases())
def test_no_set_within_a_budget_weighs_more(seed, kinds):
    every = Every(seed, kinds)
    budget = 0.4 * max(every.money.max() - every.base, 1.0)
    within = every.money - every.base <= budget + 1e-9
    best = (every.granted[within] @ every.weight).max()
    found = every.ask(budget=float(budget))
    assert found.chosen.worth == pytest.approx(best)
    assert found.chosen.at_most == pytest.approx(best)
    assert found.chosen.gap == 0
    assert found.chosen.cost.upper <= budget + CLOSE
    chosen = [r for r, a in enumerate(found.answered) if a.outcome in ("accepted", "fulfilled")]
    truth = every.least(chosen)
    assert found.chosen.cost.lower - CLOSE <= truth <= found.chosen.cost.upper + CLOSE
    assert every.weight[chosen].sum() == pytest.approx(best)
    assert {a.outcome for a in found.answered} <= {
        "accepted", "fulfilled", "refused", "impossible"
    }  # fmt: skip


@pytest.mark.parametrize(("seed", "kinds"), cases())
def test_the_set_of_a_policy_is_best_and_no_part_of_it_too_dear(seed, kinds):
    every = Every(seed, kinds)
    limit = 9.0
    worth = limit * every.granted.sum(axis=1)
    best = (worth - (every.money - every.base)).max()
    found = every.ask(policy=Policy.model_validate({"limit": {"money": limit}}))
    assert found.chosen.unit == "money"
    assert found.chosen.worth == pytest.approx(best, abs=0.01)
    assert found.chosen.at_most >= best - CLOSE
    new = [r for r, a in enumerate(found.answered) if a.outcome == "accepted"]
    kept = [r for r, a in enumerate(found.answered) if a.outcome == "fulfilled"]
    whole = every.least([*new, *kept])
    for size in range(1, len(new) + 1):
        for part in combinations(new, size):
            rest = every.least([r for r in [*new, *kept] if r not in part])
            assert whole - rest <= limit * size + 0.05


@pytest.mark.parametrize(("seed", "kinds"), cases())
def test_marginal_prices(seed, kinds):
    every = Every(seed, kinds)
    found = every.ask(budget=float(0.3 * max(every.money.max() - every.base, 1.0)))
    chosen = [r for r, a in enumerate(found.answered) if a.outcome in ("accepted", "fulfilled")]
    whole = every.least(chosen)
    for r, a in enumerate(found.answered):
        if a.marginal is None:
            continue
        if r in chosen:
            truth = whole - every.least([s for s in chosen if s != r])
        else:
            truth = every.least([*chosen, r]) - whole
        assert a.marginal.lower - 0.01 <= truth <= a.marginal.upper + 0.01, a.request.id


def test_no_rep_is_granted_more_than_the_policy_allows():
    every = Every(1, ["soft_band"])
    for row in every.rows:
        row.update(rep_id="0", wish="want")
    every.granted = every.plans[:, [int(r["account_id"]) for r in every.rows]] == 0
    found = every.ask(policy=Policy.model_validate({"most_per_rep": 1, "budget": 1e6}))
    assert sum(a.outcome == "accepted" for a in found.answered) == 1
    assert {a.because for a in found.answered if a.outcome == "refused"} <= {"per rep"}


def test_two_who_ask_for_one_account_are_priced_as_alternatives():
    every = Every(0, ["soft_band"])
    rows = [{"account_id": "0", "rep_id": str(j), "wish": "keep", "reason": ""} for j in range(3)]
    found = topt.price_requests(every.reasons, rows, budget=1e6, threads=1)
    assert all(len(a.rivals) == 2 for a in found.answered)
    good = [a for a in found.answered if a.outcome in ("accepted", "fulfilled")]
    assert len(good) == 1
    others = [a for a in found.answered if a not in good]
    assert {a.because for a in others} == {"rival"}
    assert all(a.others == (good[0].request.id,) for a in others)
    for j, a in enumerate(found.answered):
        truth = every.money[every.plans[:, 0] == j].min() - every.base
        assert a.change.lower - CLOSE <= truth <= a.change.upper + CLOSE


def test_what_persons_decide_overrules():
    every = Every(2, ["soft_band"])
    names = [a.request.id for a in every.ask().answered]
    free = [a for a in every.ask(budget=1e6).answered if a.outcome == "accepted"]
    decided = [
        topt.Decision(free[0].request.id, False, "Dana", "not this year"),
        topt.Decision(free[-1].request.id, True, "Dana", "promised"),
    ]
    found = every.ask(budget=0.0, decisions=decided[1:])
    assert found.of(free[-1].request.id).because == "person"
    assert found.of(free[-1].request.id).outcome == "accepted"
    found = every.ask(budget=1e6, decisions=decided[:1])
    refused = found.of(free[0].request.id)
    assert (refused.outcome, refused.because, refused.by) == ("refused", "person", "Dana")
    assert refused.request.id not in found.chosen.accepted
    assert "Dana decided against it: not this year." in found.sentence(refused)
    with pytest.raises(topt.InputError, match="no such request"):
        every.ask(decisions=[topt.Decision("nonsense", True, "Dana")])
    with pytest.raises(topt.InputError, match="needs the name"):
        every.ask(decisions=[topt.Decision(names[0], True, " ")])


def test_the_step_between_two_sums_of_weights():
    assert step_of(np.array([2.0, 4.0, 6.0])) == 2
    assert step_of(np.array([0.5, 1.25])) == 0.25
    assert step_of(np.array([np.pi, 1.0])) == pytest.approx(1e-9 * (np.pi + 1))
