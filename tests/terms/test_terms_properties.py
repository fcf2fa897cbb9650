"""Compiling held against a plain account-by-account reading of the rules, on random instances.

`Naive` knows nothing of arrays, rows or units of families; it reads the CSV columns as a person
would and adds up.
"""

from __future__ import annotations

from collections import defaultdict
from itertools import product
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from small import instance, problem, table

from territoryopt.problem import evaluate

QUICK = settings(
    max_examples=200,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)


@st.composite
def worlds(draw):
    """Columns of accounts and reps, hours per visit of pairs, and a plan."""
    n, r = draw(st.integers(1, 5)), draw(st.integers(1, 3))

    def column(strategy, size=n):
        return draw(st.lists(strategy, min_size=size, max_size=size))

    tenth = st.integers(0, 60).map(lambda k: k / 4)
    owner = st.sampled_from(["", *(f"R-{j + 1}" for j in range(r))])
    tags = st.sampled_from(["", "lab", "german", "lab;german"])
    accounts = {
        "potential": column(st.integers(1, 90)),
        "annual_revenue": column(tenth),
        "visits_per_year": column(st.integers(1, 12)),
        "hours_per_visit": column(tenth),
        "requires": column(tags),
        "wishes": column(st.sampled_from(["", "lab=2;german", "german", "lab=0.5"])),
        "current_rep": column(owner),
        "locked_rep": column(st.one_of(st.just(""), owner)),
        "family": column(st.sampled_from(["", "", "n", "s"])),
        "apart": column(st.sampled_from(["", "x", "x;y", "y"])),
    }
    reps = {
        "capacity": column(st.integers(1, 400), r),
        "team": column(st.sampled_from(["East", "West"]), r),
        "skills": column(st.sampled_from(["", "lab", "lab=0.5;german", "german=0.25;lab=0"]), r),
    }
    road = [column(tenth, r) for _ in range(n)]
    return accounts, reps, road, column(st.integers(0, r - 1))


RULES = """
[travel]
pairs_hours = "road"
[rules.even]
kind = "band"
measure = "potential"
tolerance = 0.3
{price}
[rules.by_capacity]
kind = "band"
measure = "workload"
tolerance = 0.5
target = "capacity"
reference = 500
{price}
[rules.year]
kind = "capacity"
{price}
[rules.teams]
kind = "group"
column = "team"
measure = "potential"
max_share = 0.7
min_share = 0.05
{price}
[rules.skills]
kind = "required_skills"
{price}
[rules.locks]
kind = "locks"
{price}
[rules.stay]
kind = "locks"
to = "current"
where = {{ account_id = ["A-1"] }}
{price}
[rules.families]
kind = "families"
{price}
[rules.apart]
kind = "apart"
{price}
[rules.moves]
kind = "moves"
max = 1
{price}
[rules.handed]
kind = "moves"
scope = "handed_off"
measure = "revenue"
max_share = 0.5
{price}
[rules.taken]
kind = "moves"
scope = "taken_over"
measure = "workload"
max = 30
{price}
"""

GOALS = """
[goals.driving]
kind = "travel"
price = 50
[goals.fit]
kind = "fit"
price = 0.1
[goals.worst]
kind = "balance"
measure = "potential"
how = "worst"
price = 10
[goals.total]
kind = "balance"
measure = "workload"
how = "total"
price = 2
reference = 100
[goals.hand_overs]
kind = "disruption"
price = 0.3
[goals.calls]
kind = "measure"
measure = "calls"
price = 1.5
"""


def graded(cell):
    pairs = (tag.partition("=") for tag in cell.split(";") if tag)
    return {name: float(number or 1) for name, _, number in pairs}


def outside(s, low, high):
    return max(0.0, low - s, s - high)


class Naive:
    """Excess of every rule and worth of every goal of a plan, one account at a time."""

    def __init__(self, accounts, reps, road, plan):
        self.n, self.r = len(plan), len(reps["capacity"])
        self.accounts, self.reps, self.plan = accounts, reps, plan
        self.owner = [int(c[2:]) - 1 if c else None for c in accounts["current_rep"]]
        self.locked = [int(c[2:]) - 1 if c else None for c in accounts["locked_rep"]]
        visits = accounts["visits_per_year"]
        self.road = [[visits[i] * h for h in road[i]] for i in range(self.n)]
        self.calls = [visits[i] * accounts["hours_per_visit"][i] for i in range(self.n)]

    def work(self, i, j):
        return self.calls[i] + self.road[i][j]

    def total(self, j, of):
        return sum(of(i, j) for i in range(self.n) if self.plan[i] == j)

    def potential(self, i, _=None):
        return self.accounts["potential"][i]

    def groups(self, column):
        """The reps of the accounts of each group, one for each account."""
        found = defaultdict(list)
        for i, cell in enumerate(self.accounts[column]):
            for label in filter(None, cell.split(";")):
                found[label].append(self.plan[i])
        return found.values()

    def excess(self):
        """rule -> how far it is broken, in its own unit."""
        reps, everyone = range(self.r), range(self.n)
        potential = sum(map(self.potential, everyone))
        capacity = self.reps["capacity"]
        share = potential / self.r
        moved = [i for i in everyone if self.owner[i] is not None and self.owner[i] != self.plan[i]]
        revenue = self.accounts["annual_revenue"]
        out = {
            "even": sum(
                outside(self.total(j, self.potential), 0.7 * share, 1.3 * share) for j in reps
            ),
            "by_capacity": sum(
                outside(
                    self.total(j, self.work),
                    0.5 * 500 * capacity[j] / sum(capacity),
                    1.5 * 500 * capacity[j] / sum(capacity),
                )
                for j in reps
            ),
            "year": sum(max(0.0, self.total(j, self.work) - capacity[j]) for j in reps),
            "teams": sum(
                outside(
                    sum(
                        self.total(j, self.potential) for j in reps if self.reps["team"][j] == team
                    ),
                    0.05 * potential,
                    0.7 * potential,
                )
                for team in set(self.reps["team"])
            ),
            "skills": sum(
                any(
                    not graded(self.reps["skills"][self.plan[i]]).get(tag)
                    for tag in graded(self.accounts["requires"][i])
                )
                for i in everyone
            ),
            "locks": sum(
                self.locked[i] is not None and self.locked[i] != self.plan[i] for i in everyone
            ),
            "stay": float(0 in moved),
            "moves": max(0, len(moved) - 1),
            "handed": 0.0,
            "taken": 0.0,
        }
        for j in reps:
            held = sum(revenue[i] for i in everyone if self.owner[i] == j)
            gone = sum(revenue[i] for i in moved if self.owner[i] == j)
            out["handed"] += max(0.0, gone - 0.5 * held)
            new = sum(self.work(i, self.owner[i]) for i in moved if self.plan[i] == j)
            out["taken"] += max(0.0, new - 30)
        out["families"] = sum(len(set(g)) - 1 for g in self.groups("family"))
        out["apart"] = sum(len(g) - len(set(g)) for g in self.groups("apart"))
        return out

    def money(self):
        """goal -> currency a year."""
        reps, everyone = range(self.r), range(self.n)
        share = sum(map(self.potential, everyone)) / self.r
        fit = 0.0
        for i in everyone:
            wish = graded(self.accounts["wishes"][i])
            skill = graded(self.reps["skills"][self.plan[i]])
            if wish:
                grade = sum(w * skill.get(t, 0) for t, w in wish.items()) / sum(wish.values())
                fit += self.potential(i) * (1 - grade)
        off = [abs(self.total(j, self.potential) - share) / share for j in reps]
        return {
            "driving": 50 * sum(self.road[i][self.plan[i]] for i in everyone),
            "fit": 0.1 * fit,
            "worst": 10 * 100 * max(off),
            "total": 2 * sum(abs(self.total(j, self.work) - 100 / self.r) for j in reps),
            "hand_overs": 0.3
            * sum(
                self.accounts["annual_revenue"][i]
                for i in everyone
                if self.owner[i] is not None and self.owner[i] != self.plan[i]
            ),
            "calls": 1.5 * sum(self.calls),
        }


def compiled(accounts, reps, road, rules, goals=GOALS):
    with TemporaryDirectory() as folder:
        data = instance(Path(folder), accounts, reps, table(road, "road"))
        return problem(data, rules, goals)


@QUICK
@given(worlds())
def test_priced_rules_and_goals_equal_a_naive_count(world):
    accounts, reps, road, plan = world
    found = evaluate(
        compiled(accounts, reps, road, RULES.format(price="price = 3")), np.array(plan)
    )
    naive = Naive(*world)
    expected = {rule: 3 * excess for rule, excess in naive.excess().items()} | naive.money()
    for name, money in expected.items():
        # a grouping without a group is left out
        assert found.money.get(name, 0.0) == pytest.approx(money, rel=1e-9, abs=1e-9), name
    assert set(found.money) <= set(expected)
    assert found.objective == pytest.approx(sum(expected.values()), rel=1e-9)
    assert found.holds


@QUICK
@given(worlds())
def test_rules_that_must_hold_are_broken_where_a_naive_count_says_so(world):
    accounts, reps, road, plan = world
    found = evaluate(compiled(accounts, reps, road, RULES.format(price="")), np.array(plan))
    naive = Naive(*world)
    assert {b.rule for b in found.breaches} == {
        rule for rule, excess in naive.excess().items() if excess > 1e-4
    }
    assert found.objective == pytest.approx(sum(naive.money().values()), rel=1e-9)


@QUICK
@given(worlds())
def test_contracting_families_changes_neither_money_nor_what_holds(world):
    accounts, reps, road, plan = world
    what = compiled(accounts, reps, road, RULES.format(price=""))
    unit = what.contracted
    of_units = np.array(plan)[what.units.first]
    whole, part = evaluate(what, of_units[what.units.unit_of]), evaluate(unit, of_units)
    assert part.objective == pytest.approx(whole.objective, rel=1e-9)
    assert part.holds == whole.holds
    for name, s in whole.activity.items():
        assert part.activity[name] == pytest.approx(s, rel=1e-9, abs=1e-9)


def optimum(what) -> float:
    plans = product(range(what.reps), repeat=what.accounts)
    found = (evaluate(what, np.array(plan, dtype=np.int64)) for plan in plans)
    return min((one.objective for one in found if one.holds), default=np.inf)


SOME = """
[travel]
pairs_hours = "road"
[rules.year]
kind = "capacity"
price = 20
[rules.skills]
kind = "required_skills"
[rules.families]
kind = "families"
[rules.apart]
kind = "apart"
price = 9
[rules.handed]
kind = "moves"
scope = "handed_off"
max_share = 0.5
price = 40
"""


@settings(QUICK, max_examples=25)
@given(worlds(), st.randoms(use_true_random=False))
def test_order_and_names_do_not_matter(world, random):
    accounts, reps, road, _ = world
    n, r = len(road), len(road[0])
    i_order, j_order = random.sample(range(n), n), random.sample(range(r), r)
    new_rep = {f"R-{old + 1}": f"R-{new + 1}" for new, old in enumerate(j_order)} | {"": ""}
    mixed = {name: [cells[i] for i in i_order] for name, cells in accounts.items()}
    for name in ("current_rep", "locked_rep"):
        mixed[name] = [new_rep[cell] for cell in mixed[name]]
    team = {name: [cells[j] for j in j_order] for name, cells in reps.items()}
    new_road = [[road[i][j] for j in j_order] for i in i_order]
    first = optimum(compiled(accounts, reps, road, SOME))
    assert optimum(compiled(mixed, team, new_road, SOME)) == pytest.approx(first, rel=1e-9)


@settings(QUICK, max_examples=25)
@given(worlds(), st.sampled_from([0.01, 7.0, 1000.0]))
def test_money_in_another_currency_scales_the_objective(world, rate):
    accounts, reps, road, _ = world
    other = {**accounts}
    for name in ("potential", "annual_revenue"):
        other[name] = [repr(rate * cell) for cell in accounts[name]]
    # prices per unit of money (fit, hand_overs) are shares and stay
    goals = GOALS.replace("price = 50", f"price = {50 * rate!r}")
    goals = goals.replace("price = 10", f"price = {10 * rate!r}")
    goals = goals.replace("price = 2", f"price = {2 * rate!r}")
    goals = goals.replace("price = 1.5", f"price = {1.5 * rate!r}")
    rules = SOME
    for price in ("20", "9", "40"):
        rules = rules.replace(f"price = {price}", f"price = {float(price) * rate!r}")
    first = optimum(compiled(accounts, reps, road, SOME))
    second = optimum(compiled(other, reps, road, rules, goals))
    assert second == pytest.approx(rate * first, rel=1e-9)
