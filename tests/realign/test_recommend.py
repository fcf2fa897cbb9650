"""One new account: the same answer as compiling the instance with the account in it and evaluating
every rep, on random teams with every kind of rule and goal; and its words."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import territoryopt as topt
from territoryopt.compile import compile_problem
from territoryopt.instance_changes import AccountsArrive, changed
from territoryopt.model import parse_model
from territoryopt.problem import DenseAmounts, evaluate
from territoryopt.realign.recommending import Recommender, read_new_accounts
from territoryopt.runs import Run

PARTS = {
    "band": 'kind = "band"\nmeasure = "potential"\ntolerance = 0.4',
    "work_band": 'kind = "band"\nmeasure = "workload"\ntolerance = 0.3\nprice = 7',
    "capacity": 'kind = "capacity"',
    "capacity_soft": 'kind = "capacity"\nmeasure = "count"\nmin = 1\nmax = 3\nprice = 40',
    "team": 'kind = "group"\ncolumn = "team"\nmeasure = "potential"\nmax_share = 0.5',
    "required_skills": 'kind = "required_skills"',
    "skills_soft": 'kind = "required_skills"\nprice = 300',
    "locks": 'kind = "locks"',
    "keep": 'kind = "locks"\nto = "current"\nwhere = { tier = ["A"] }',
    "protect": 'kind = "protect"\nat_risk = { tier = ["A"] }\nprice = 15',
    "families": 'kind = "families"',
    "families_soft": 'kind = "families"\ncolumn = "holding"\nprice = 90',
    "apart": 'kind = "apart"',
    "apart_soft": 'kind = "apart"\ncolumn = "mills"\nprice = 70',
    "moves": 'kind = "moves"\nscope = "taken_over"\nmax = 3',
}
GOALS = {
    "driving": 'kind = "travel"\nprice = 60',
    "fit": 'kind = "fit"\nprice = 0.1',
    "worst": 'kind = "balance"\nmeasure = "potential"\nhow = "worst"\nprice = 9',
    "even": 'kind = "balance"\nmeasure = "workload"\nhow = "total"\nprice = 2',
    "hand_overs": 'kind = "disruption"\nprice = 0.5',
}


def drawn_model(rng):
    names = rng.choice(list(PARTS), size=6, replace=False)
    goals = ["driving", *rng.choice(list(GOALS)[1:], size=2, replace=False)]
    text = 'name = "drawn"\n'
    text += "".join(f"[rules.{name}]\n{PARTS[name]}\n" for name in names)
    text += "".join(f"[goals.{name}]\n{GOALS[name]}\n" for name in goals)
    return parse_model(text, "drawn.toml")


def account(rng, k, tied=0.4):
    def maybe(choices):
        return str(rng.choice(choices)) if rng.random() < tied else ""

    return {
        "account_id": f"A{k}",
        "latitude": round(40 + rng.uniform(0, 3), 4),
        "longitude": round(-90 + rng.uniform(0, 3), 4),
        "potential": int(rng.integers(0, 90)),
        "annual_revenue": int(rng.integers(0, 60)),
        "visits_per_year": int(rng.integers(1, 12)),
        "hours_per_visit": float(rng.integers(1, 5)) / 2,
        "requires": maybe(["lab", "german"]),
        "wishes": maybe(["lab=2;german", "german"]),
        "locked_rep": maybe(["R0", "R1"]) if rng.random() < 0.2 else "",
        "family": maybe(["f1", "f2", "f3"]),
        "holding": maybe(["h1", "h2"]),
        "apart": maybe(["p1", "p1;p2", "p2"]),
        "mills": maybe(["m1", "m2;m1"]),
        "tier": str(rng.choice(["A", "B"])),
    }


def drawn_run(folder: Path, seed: int, accounts=12, reps=4):
    """A run of a random team and model, its plan whatever it is."""
    rng = np.random.default_rng(seed)
    folder.mkdir()
    rows = [account(rng, k) for k in range(accounts)]
    owner = rng.integers(reps, size=accounts)
    lines = [",".join([*rows[0], "current_rep"])]
    lines += [",".join([*map(str, row.values()), f"R{j}"])
              for row, j in zip(rows, owner, strict=True)]  # fmt: skip
    (folder / "accounts.csv").write_text("\n".join([*lines, ""]))
    lines = ["rep_id,name,home_latitude,home_longitude,capacity,team,skills"]
    for j in range(reps):
        skills = ";".join(t for t in ("lab", "german=0.5") if rng.random() < 0.6)
        lines.append(f"R{j},Rep {j},{40 + rng.uniform(0, 3):.4f},{-90 + rng.uniform(0, 3):.4f},"
                     f"{rng.integers(20, 90)},{'East' if j % 2 else 'West'},{skills}")  # fmt: skip
    (folder / "reps.csv").write_text("\n".join([*lines, ""]))
    instance, model = topt.read_instance(folder), drawn_model(rng)
    problem = compile_problem(instance, model)
    plan = rng.integers(reps, size=accounts)
    run = Run(folder, {"status": "drawn"}, model, instance, problem, plan.astype(np.int64))
    return run, account(rng, accounts, tied=0.8)


def full(run, row):
    """The problem with the account in it: its own amounts as compiled with all others, the others'
    and every bound as in the run."""
    arrived = changed(run.instance, [AccountsArrive(kind="accounts_arrive", accounts=[row])])
    whole, n = compile_problem(arrived, run.model), run.problem.accounts

    def joined(old, new):
        both = np.vstack([old.amounts.block(0, n), new.amounts.block(n, n + 1)])
        return replace(old, amounts=DenseAmounts(both))

    return replace(
        whole,
        costs=tuple(map(joined, run.problem.costs, whole.costs)),
        rows=tuple(map(joined, run.problem.rows, whole.rows)),
    )


def worse(before, after):
    """Breaches of a plan that are not there, or less, in another."""

    def size(b):
        if b.activity is None:
            return 0.0
        return max((b.lower or -np.inf) - b.activity if b.lower is not None else -np.inf,
                   b.activity - b.upper if b.upper is not None else -np.inf)  # fmt: skip

    known = {(b.rule, b.label, b.account, b.rep): size(b) for b in before.breaches}
    out = set()
    for b in after.breaches:
        key = (b.rule, b.label, b.account, b.rep)
        if key not in known or size(b) > known[key] * (1 + 1e-9) + 1e-12:
            out.add(b.rule)
    return out


@pytest.mark.parametrize("seed", range(60))
def test_the_same_answer_as_the_full_arithmetic(tmp_path, seed):
    run, row = drawn_run(tmp_path / "in", seed)
    whole = full(run, row)
    before = evaluate(run.problem, run.rep)
    found = Recommender(run).recommend(row)
    assert len(found.choices) == run.problem.reps
    for choice in found.choices:
        j = run.instance.rep_ids.index(choice.rep)
        after = evaluate(whole, np.append(run.rep, j))
        assert choice.change == pytest.approx(after.objective - before.objective, abs=1e-6)
        for name, money in choice.money.items():
            assert money == pytest.approx(
                after.money.get(name, 0.0) - before.money.get(name, 0.0), abs=1e-6
            )
        rules = {b.rule for b in choice.breaks} | set(choice.barred)
        broken = worse(before, after)
        for part in (g for g in whole.groupings if g.hard):  # a breach of a group has no number
            less, more = (
                part.excess(part.counts(np.append(run.rep, k), whole.reps)).sum() for k in (-1, j)
            )
            broken |= {part.name} if more > less else set()
        if whole.family_rule in broken and whole.family[-1] < 0:
            broken -= {whole.family_rule}
        # a family that the plan splits already is broken whoever takes its new member
        mates = run.rep[np.flatnonzero(whole.family[:-1] == whole.family[-1])]
        if whole.family[-1] >= 0 and len(set(mates.tolist())) > 1:
            rules, broken = rules - {whole.family_rule}, broken - {whole.family_rule}
        assert rules == broken, choice
    allowed = [c.change for c in found.choices if c.allowed]
    assert allowed == sorted(allowed)
    flags = [(bool(c.barred), bool(c.breaks)) for c in found.choices]
    assert flags == sorted(flags)


def small(tmp_path, rows="A1,10,ann,\nA2,20,ann,\nB1,25,bob,north\n"):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "accounts.csv").write_text(
        "account_id,potential,current_rep,family\n" + rows
    )
    (tmp_path / "in" / "reps.csv").write_text("rep_id,name,most\nann,Ann,35\nbob,Bob,90\n")
    pairs = "account_id,rep_id,km\nA1,ann,1\nA1,bob,5\nA2,ann,1\nA2,bob,5\nB1,ann,9\nB1,bob,2\n"
    (tmp_path / "in" / "pairs.csv").write_text(pairs)
    model = parse_model(
        'name = "s"\n[measures.km]\nunit = "km"\npairs = "km"\n'
        '[rules.room]\nkind = "capacity"\nmeasure = "potential"\nmax = "most"\n'
        '[rules.families]\nkind = "families"\n'
        '[goals.way]\nkind = "measure"\nmeasure = "km"\nprice = 10\n', "s.toml",
    )  # fmt: skip
    instance = topt.read_instance(tmp_path / "in")
    problem = compile_problem(instance, model)
    return Run(tmp_path, {"status": "optimal"}, model, instance, problem, instance.current.copy())


NEW = {"account_id": "N", "name": "New Mill", "potential": 8,
       "pairs": [{"rep_id": "ann", "km": 3}, {"rep_id": "bob", "km": 4}]}  # fmt: skip


def test_its_words_and_its_json(tmp_path):
    run = small(tmp_path)
    found = Recommender(run).recommend(NEW)
    assert found.sentences() == [
        "New Mill goes best to Bob.",
        "Bob costs 40 USD a year. Potential 33 USD a year (allowed: at most 90 USD a year).",
        "Ann costs 30 USD a year, and would have 38 USD a year of potential (allowed: at most "
        "35 USD a year).",
    ]
    record = json.loads(json.dumps(found.as_dict(), allow_nan=False))
    assert record["schema"] == "territoryopt/recommend/1"
    assert record["best"] == "bob"
    assert record["choices"][1]["breaks"][0]["rule"] == "room"
    assert found.to_frame()["allowed"].tolist() == [True, False]
    kin = Recommender(run).recommend({**NEW, "family": "north"})
    assert kin.sentences()[-1] == "Ann may not have it: families."


def test_what_cannot_be_used_is_told(tmp_path):
    ask = Recommender(small(tmp_path))
    for row, word in (
        ({**NEW, "account_id": "A1"}, "in the run already"),
        ({**NEW, "current_rep": "ann"}, "no owner yet"),
        ({**NEW, "potential": "x"}, f"the new account {NEW['account_id']}, column potential"),
        ({**NEW, "potential": ""}, "column potential"),
        ({k: v for k, v in NEW.items() if k != "pairs"}, "1 pairs|2 pairs"),
        ({**NEW, "pairs": "x"}, "list of tables"),
        ({**NEW, "locked_rep": "zoe"}, "zoe"),
    ):
        with pytest.raises(topt.TerritoryoptError, match=word):
            ask.recommend(row)
    assert ask.recommend(NEW).best.rep == "bob"  # and goes on


def test_files_of_new_accounts(tmp_path):
    (tmp_path / "n.json").write_text(json.dumps(NEW))
    assert read_new_accounts(str(tmp_path / "n.json")) == [NEW]
    (tmp_path / "n.csv").write_text("account_id,potential\nN,8\nM,9\n")
    assert [r["account_id"] for r in read_new_accounts(str(tmp_path / "n.csv"))] == ["N", "M"]
    (tmp_path / "bad.json").write_text("[1]")
    with pytest.raises(topt.InputError, match="list of objects"):
        read_new_accounts(str(tmp_path / "bad.json"))
