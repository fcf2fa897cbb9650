"""Plans side by side, and the choice for several futures: held against sums done here and against
every plan there is."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from itertools import product
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from scenario_pages import HEAD

import territoryopt as topt
from territoryopt.cli import main
from territoryopt.problem import Prices, evaluate, prove
from territoryopt.scenarios.averaged import Weighted, averaged
from territoryopt.scenarios.carrying import carry, worth_of_breaches
from territoryopt.scenarios.robust import FOR_ALL, robust, tell_robust
from territoryopt.scenarios.side_by_side import Dominated, _dominated, side_by_side
from territoryopt.scenarios.sweep import read_sweep, sweep
from territoryopt.scenarios.telling_plans import summary, tell_side_by_side

PAGE = (
    HEAD
    + """
[scenarios.wide]
about = "A wider band."
weight = 3
model.rules.potential_band.tolerance = 0.9
[scenarios.again]
[scenarios.shift]
changes = [{ kind = "change_accounts", accounts = ["A-1"], scale = { visits_per_year = 3.0 } }]
model.rules.potential_band.tolerance = 0.5
model.rules.capacity.price = 10
[scenarios.new]
weight = 0
remove = ["rules.capacity"]
model.rules.potential_band.tolerance = 0.5
[[scenarios.new.changes]]
kind = "accounts_arrive"
[[scenarios.new.changes.accounts]]
account_id = "A-7"
name = "Seven"
latitude = 40
longitude = -89
potential = 1000
visits_per_year = 2
hours_per_visit = 1
[scenarios.none]
changes = [{ kind = "rep_leaves", reps = ["R-3"] }]
"""
)


@pytest.fixture(scope="module")
def swept(tmp_path_factory):
    """A sweep folder of the tiny instance, with one scenario that has no plan."""
    import shutil

    from scenario_pages import TINY

    root = tmp_path_factory.mktemp("choice")
    shutil.copytree(TINY, root / "tiny")
    page = root / "page.toml"
    page.write_text(PAGE, encoding="utf-8")
    # travel of every pair by a formula, so that an account that arrives has it, too
    model = root / "tiny" / "model.toml"
    text = model.read_text(encoding="utf-8").replace(
        '[travel]\npairs_hours = "travel_hours"\n',
        "[travel]\nspeed_kmh = 85\ncircuity = 1\nstops_per_tour = 1\n",
    )
    assert "speed_kmh" in text
    model.write_text(text, encoding="utf-8")
    made = sweep(page, root / "out", workers=1)
    assert [o.status for o in made.outcomes][-1] == "infeasible"
    assert made.done == 6
    return root / "out"


def runs(swept):
    return {outcome.name: run for outcome, run in read_sweep(swept)}


def test_plans_side_by_side(swept):
    found = side_by_side(swept)
    plans = {plan.name: plan for plan in found.plans}
    run = runs(swept)["base"]
    base, wide = plans["base"], plans["wide"]
    assert base.objective == pytest.approx(run.record["objective"])
    potential = run.instance.account_numbers("potential")
    totals = np.bincount(run.rep, potential, 3)
    (even,) = [b for b in base.balance if b.measure == "potential"]
    assert even.worst == pytest.approx(np.abs(totals / totals.mean() - 1).max())
    assert even.cv == pytest.approx(totals.std() / totals.mean())
    assert [r.totals["potential"] for r in base.reps] == totals.tolist()
    assert sum(r.money for r in base.reps) == pytest.approx(base.objective)
    assert base.moved == int((run.rep != run.problem.current).sum())
    other = runs(swept)["wide"]
    (apart,) = [p for p in found.apart if (p.one, p.two) == ("base", "wide")]
    assert (apart.differing, apart.accounts) == (int((run.rep != other.rep).sum()), 6)
    assert base.data == wide.data == plans["again"].data != plans["shift"].data
    assert (base.prices, base.rules) == (plans["again"].prices, plans["again"].rules)
    assert base.rules != wide.rules
    assert plans["none"].objective is None
    json.dumps(found.as_dict(), allow_nan=False)
    assert list(found.to_frame()["plan"]) == list(plans)
    assert len(found.reps_frame()) == 3 * 5
    lines = tell_side_by_side(found)
    assert lines[0] == "none: there is no plan."
    assert lines[1].startswith("These plans stand on different data")
    assert "again is as good as base in all of this: one will do." in lines


def test_two_plans_in_words(swept):
    found = side_by_side(swept / "base", swept / "wide")
    base, wide = found.plans
    lines = tell_side_by_side(found)
    less = base.objective - wide.objective
    assert less > 0
    money = f"{less:,.0f}"
    assert f"wide costs {money} USD a year less" in " ".join(lines)
    worst = {p.name: {b.measure: b.worst for b in p.balance}["potential"] for p in (base, wide)}
    assert worst["base"] < worst["wide"]
    assert any("base has potential more even (" in line for line in lines)
    assert summary(base, "USD").startswith(f"base: costs {base.objective:,.0f} USD a year; gap 0 %")
    gains = [line for line in lines if line.startswith("In wide, against base, potential in USD")]
    assert len(gains) == 1
    change = {
        r.name: r.totals["potential"] - b.totals["potential"]
        for r, b in zip(wide.reps, base.reps, strict=True)
    }
    for name, value in change.items():
        sign = "+" if value > 0 else "-"
        assert (f"{name} ({sign}{abs(value):,.0f})" in gains[0]) == (value != 0)


def test_one_plan_dominates_another(swept):
    """Worse in money and moves and in nothing better is dominated; a trade is not; of two alike the
    first stays; other data, or fewer broken rules, do not compare."""
    found = side_by_side(swept / "base", swept / "again")
    assert found.dominated == (Dominated("again", "base", ()),)
    base = found.plans[0]
    worse = replace(base, name="worse", objective=base.objective + 10, moved=base.moved + 1)
    assert _dominated((base, worse)) == (Dominated("worse", "base", ("money", "moves")),)
    assert _dominated((worse, base)) == (Dominated("worse", "base", ("money", "moves")),)
    trade = replace(base, name="trade", objective=base.objective - 10, moved=base.moved + 1)
    assert _dominated((base, trade)) == ()
    assert _dominated((base, replace(worse, data="other"))) == ()
    broken = replace(base, name="broken", breaches=1)
    assert _dominated((broken, worse)) == ()
    skewed = tuple(replace(b, worst=(b.worst or 0) + 0.5) for b in base.balance)
    (only,) = _dominated((base, replace(base, name="skewed", balance=skewed)))
    assert all(name.startswith("balance ") for name in only.better)


def test_every_plan_in_every_future_is_our_own_arithmetic(swept):
    found = robust(swept)
    known = runs(swept)
    assert [f.name for f in found.futures] == ["base", "wide", "again", "shift"]
    assert [f.weight for f in found.futures] == pytest.approx([1 / 6, 3 / 6, 1 / 6, 1 / 6])
    assert found.left_out == ("none",)
    cells = {(c.plan, c.future): c for c in found.cells}
    assert len(cells) == 5 * 4
    for future in found.futures:
        run = known[future.name]
        lawful = {}
        for plan in ("base", "wide", "again", "shift"):
            value = topt.check(run.instance, run.model, known[plan].rep).evaluation
            cell = cells[plan, future.name]
            assert cell.cost == pytest.approx(value.objective)
            assert cell.breaches == len(value.breaches)
            assert (cell.broken_worth > 0) <= (cell.breaches > 0)
            assert (cell.placed, cell.gone) == (0, 0)
            # breaking rules never makes a plan look better than the bound of the future
            assert cell.cost + cell.broken_worth >= run.record["proved_bound"] - 1e-6
            if value.holds:
                lawful[plan] = value.objective
        assert future.best == pytest.approx(min(lawful.values()))
        for plan in ("base", "wide", "again", "shift"):
            cell = cells[plan, future.name]
            worth = cell.cost + cell.broken_worth - future.best
            assert cell.regret == pytest.approx(max(0.0, worth))
    by = {s.plan: s for s in found.standings}
    for plan, standing in by.items():
        own = {f.name: cells[plan, f.name].regret for f in found.futures}
        assert standing.worst == max(own.values())
        assert standing.mean == pytest.approx(sum(f.weight * own[f.name] for f in found.futures))
    assert by[found.by_worst].worst == min(s.worst for s in found.standings)
    assert by[found.by_mean].mean == pytest.approx(min(s.mean for s in found.standings))
    assert cells["new", "base"].gone == 1
    json.dumps(found.as_dict(), allow_nan=False)
    lines = tell_robust(found)
    assert lines[0] == (
        "Futures and their weights: base 16.7 %, wide 50 %, again 16.7 % and shift 16.7 %."
    )
    assert "none" in lines[1]
    assert f"Whatever comes, {found.by_worst} loses least:" in " ".join(lines)


def test_weights_and_a_price_for_breaches(swept):
    found = robust(swept, weights={"wide": 1, "base": 0})
    assert [f.name for f in found.futures] == ["wide"]
    assert found.by_worst == "wide"
    free = robust(swept, weights={"base": 1})
    dear = robust(swept, weights={"base": 1}, breach_price=1000.0)
    for one, two in zip(free.cells, dear.cells, strict=True):
        charged = one.cost + one.broken_worth + 1000 * one.breaches - free.futures[0].best
        assert two.regret == pytest.approx(max(0.0, charged))
    assert dear.standing(dear.by_worst).breaches == 0
    with pytest.raises(topt.InputError) as error:
        robust(swept, weights={"wde": 1, "base": -1})
    assert [p.key for p in error.value.problems] == ["weights", "weights.base"]
    assert "Did you mean 'wide'?" in str(error.value)
    with pytest.raises(topt.InputError, match="two plans or more, and a future"):
        robust(swept, weights={"base": 0})


def test_a_new_account_goes_where_it_costs_least_without_breaking_a_rule(swept):
    run = runs(swept)["new"]
    owners = dict(runs(swept)["base"].record["alignment"])
    found = carry(owners, run.problem)
    assert (found.placed, found.gone) == (1, 0)
    at = run.problem.account_ids.index("A-7")
    best = []
    for j in range(3):
        rep = found.rep.copy()
        rep[at] = j
        value = evaluate(run.problem, rep)
        best.append((len(value.breaches), value.objective, j))
    assert best[found.rep[at]] == min(best)


def test_breaches_are_worth_no_less_than_the_bound_allows(swept):
    """The Lagrangian: for any prices, cost and worth of the broken rows are above the bound."""
    problem = runs(swept)["base"].problem
    rng = np.random.default_rng(0)
    for _ in range(20):
        prices = Prices(tuple(rng.normal(0, 0.02, len(rows)) for rows in problem.rows))
        proof = prove(problem, prices)
        for rep in rng.integers(3, size=(20, 6)):
            value = evaluate(problem, rep)
            worth = worth_of_breaches(problem, value, proof.prices)
            assert value.objective + worth >= proof.bound - 1e-6


def test_the_plan_for_all_is_the_best_of_all_plans(swept):
    known = runs(swept)
    weights = {"base": 0.5, "wide": 0.25, "shift": 0.25}
    best = np.inf
    for plan in product(range(3), repeat=6):
        rep = np.array(plan)
        values = {name: evaluate(known[name].problem, rep) for name in weights}
        if all(value.holds for value in values.values()):
            best = min(best, sum(w * values[n].objective for n, w in weights.items()))
    found = robust(swept, weights=weights, seconds=20, gap=0.0)
    rep = np.array([int(r[-1]) - 1 for r in found.owners.values()])
    mean = sum(w * evaluate(known[n].problem, rep).objective for n, w in weights.items())
    assert mean == pytest.approx(best)
    assert found.standing(FOR_ALL).holds == 3
    assert "keeps the rules of every future" in found.searched
    # once with each future's rules by themselves, once shared by two futures of the same rules
    alone = [Weighted(n, known[n].problem, 0.5, n) for n in ("base", "again")]
    shared = [Weighted(n, known[n].problem, 0.5, "same") for n in ("base", "again")]
    one, two = averaged(alone), averaged(shared)
    assert len(one.rows) == 2 * len(two.rows)
    plan = np.zeros(6, dtype=np.int64)
    assert evaluate(one, plan).objective == pytest.approx(evaluate(two, plan).objective)


def test_no_plan_for_all_of_other_accounts(swept):
    found = robust(swept, weights={"base": 1, "new": 1}, seconds=5)
    assert found.searched == (
        "A plan for all was not searched for: the futures are not of the same accounts and reps."
    )
    assert found.owners == {}
    assert "Accounts that a plan does not know" in " ".join(tell_robust(found))


def call(*args):
    return CliRunner().invoke(main, [str(a) for a in args])


def test_on_the_command_line(swept, tmp_path):
    done = call("compare", swept / "base", swept / "wide")
    assert done.exit_code == 0
    assert "wide costs" in done.stdout
    record = json.loads(call("compare", swept, "--json").stdout)
    assert record["schema"] == "territoryopt/side-by-side/1"
    assert len(record["plans"]) == 6
    assert record["text"]
    done = call("robust", swept, "--weights", "base=1", "--weights", "wide=1", "--search", "10",
                "--plan-out", tmp_path / "all.csv")  # fmt: skip
    assert done.exit_code == 0, done.output
    with (tmp_path / "all.csv").open(encoding="utf-8") as file:
        assert [row["account_id"] for row in csv.DictReader(file)] == [
            f"A-{k}" for k in range(1, 7)
        ]
    record = json.loads(call("robust", swept, "--json").stdout)
    assert record["schema"] == "territoryopt/robust/1"
    done = call("robust", swept, "--weights", "base")
    assert done.exit_code == 2
    assert "--weights: is no weight (found 'base'). Write NAME=NUMBER" in done.stderr
    done = call("compare", swept / "base")
    assert done.exit_code == 2
    assert "give two runs or more" in done.stderr
    done = call("sweep", tmp_path / "none.toml", "--out", tmp_path / "x", "--json")
    assert done.exit_code == 2
    assert "cannot be read" in json.loads(done.stdout)["error"]["problems"][0]["message"]


def test_the_page(swept, tmp_path):
    page = tmp_path / "plans.html"
    done = call("compare", swept, "--out", page)
    assert done.exit_code == 0, done.output
    text = page.read_text(encoding="utf-8")
    assert "6 plans side by side" in text
    assert "There is no plan." in text
    assert 'style="' not in text
    assert "Content-Security-Policy" in text
    for name in ("base", "wide", "again", "shift", "new"):
        assert f"<bdi>{name}</bdi>" in text
    done = call("compare", swept, "--out", page)
    assert done.exit_code == 2
    assert "exists already" in done.stderr
    assert call("compare", swept, "--out", page, "--overwrite").exit_code == 0


def test_names_do_no_harm_on_the_page(tmp_path):
    import shutil

    from scenario_pages import TINY

    shutil.copytree(TINY, tmp_path / "tiny")
    nasty = '</script><script>alert(1)</script>"><img src=x onerror=alert(1)>'
    reps = tmp_path / "tiny" / "reps.csv"
    quoted = '"' + nasty.replace('"', '""') + '"'
    reps.write_text(reps.read_text(encoding="utf-8").replace("Chen", quoted), encoding="utf-8")
    page = tmp_path / "page.toml"
    page.write_text(HEAD + f"[scenarios.'{nasty}']\nabout = '{nasty}'\n", encoding="utf-8")
    out = tmp_path / "out"
    assert sweep(page, out, workers=1).done == 2
    assert {p.name for p in Path(out).iterdir() if p.is_dir() and p.name != "base"} != {nasty}
    done = call("compare", out, "--out", tmp_path / "x.html")
    assert done.exit_code == 0, done.output
    text = (tmp_path / "x.html").read_text(encoding="utf-8")
    assert "<img" not in text
    assert text.count("<script") == 2
    assert "alert(1)</script>" not in text
