"""A team after something happened, against every plan there is; and the words of each reason."""

from __future__ import annotations

import json

import numpy as np
import pytest
from events_cases import every_plan, model, team

import territoryopt as topt
from territoryopt.compile import compile_problem
from territoryopt.instance_changes import AccountsArrive, RepJoins, RepLeaves
from territoryopt.realign.events import joining, load_changes, on_leave
from territoryopt.realign.model_text import with_most_moves, without_filter
from territoryopt.realign.realigning import Start, realigned
from territoryopt.realign.telling import tell_realignment
from territoryopt.realign.writing import write_realignment

LEAVES = RepLeaves(kind="rep_leaves", reps=["R1"])


def held(instance, seed):
    """The instance with owners that keep every rule, the cheapest of every plan; skipped if there
    is none."""
    start = Start.of_instance(instance, model())
    plans, objective, holds, _ = every_plan(start.problem)
    if not holds.any():
        pytest.skip("there is no plan to begin with")
    best = plans[np.argmin(np.where(holds, objective, np.inf))]
    cells = np.array([f"R{j}" for j in best], dtype=object)
    from dataclasses import replace

    from territoryopt.instance_writing import with_columns

    accounts = with_columns(instance.accounts, {"current_rep": cells})
    return replace(instance, accounts=accounts).select(None)


def answered(made):
    """The problem without the limit that a realignment adds, and every plan of it."""
    problem = compile_problem(made.instance, made.start.model)
    return problem, *every_plan(problem)


def hold_against_every_plan(made):
    problem, _, objective, holds, moves = answered(made)
    if not holds.any():
        assert made.result.rep is None
        assert made.result.status == "infeasible"
        assert not made.moves
        return
    fewest = int(moves[holds].min())
    assert made.fewest.moves == made.fewest.least == fewest
    assert made.counted == fewest
    cheapest = objective[holds & (moves == fewest)].min()
    assert made.result.objective == pytest.approx(cheapest, rel=1e-4, abs=1e-6)
    assert made.result.bound <= cheapest + 1e-6
    rep = made.result.rep
    changed = {problem.account_id(int(i)) for i in np.flatnonzero(rep != problem.current)}
    assert {move.account for move in made.moves} == changed
    for move in made.moves:
        assert move.counted == (problem.current[made.instance.account_ids.index(move.account)] >= 0)
        if move.counted:  # left where it was, alone, some rule would be broken: no move for nothing
            assert move.cause in ("room", "fill", "rule")
            assert move.rules


@pytest.mark.parametrize("seed", range(40))
def test_a_rep_leaves_and_as_few_as_can_be_move(tmp_path, seed):
    begun = Start.of_instance(held(team(tmp_path / "in", seed, 6, 4), seed), model())
    made = realigned(begun, [LEAVES], time_limit=20)
    hold_against_every_plan(made)
    for move in made.moves:
        assert (move.cause == "orphan") == (move.before == "R1")


@pytest.mark.parametrize("seed", range(100, 120))
def test_owners_who_break_rules_are_mended_with_few_moves(tmp_path, seed):
    """Nothing happened: the fewest moves that bring everyone into the rules."""
    begun = Start.of_instance(team(tmp_path / "in", seed, 6, 3), model())
    hold_against_every_plan(realigned(begun, time_limit=20))


@pytest.mark.parametrize("seed", range(200, 212))
def test_more_moves_may_only_save_money(tmp_path, seed):
    begun = Start.of_instance(held(team(tmp_path / "in", seed, 6, 4), seed), model())
    few = realigned(begun, [LEAVES], time_limit=20)
    more = realigned(begun, [LEAVES], extra_moves=1, time_limit=20)
    money = realigned(begun, [LEAVES], aim="money", time_limit=20)
    _, _, objective, holds, moves = answered(few)
    if not holds.any():
        return
    near = holds & (moves <= few.counted + 1)
    assert more.result.objective == pytest.approx(objective[near].min(), rel=1e-4, abs=1e-6)
    assert money.result.objective == pytest.approx(objective[holds].min(), rel=1e-4, abs=1e-6)
    assert money.fewest is None


BOOKS = """name = "books"
[rules.books]
kind = "capacity"
measure = "count"
min = "least"
max = "most"
[goals.driving]
kind = "measure"
measure = "km"
price = 1
[measures.km]
unit = "km"
pairs = "km"
missing = 50
"""


def books(folder):
    """Ann has 3 of at most 3 accounts, Bob 2 of 3, Cy 1 of 3; all near to whom they are with."""
    folder.mkdir()
    (folder / "accounts.csv").write_text(
        "account_id,name,current_rep\nA1,One,ann\nA2,Two,ann\nA3,Three,ann\nB1,Four,bob\n"
        "B2,Five,bob\nC1,Six,cy\n"
    )
    (folder / "reps.csv").write_text(
        "rep_id,name,least,most\nann,Ann,0,3\nbob,Bob,0,3\ncy,Cy,0,3\n"
    )
    (folder / "pairs.csv").write_text(
        "account_id,rep_id,km\nA1,ann,1\nA2,ann,2\nA3,ann,3\nA3,bob,4\nB1,bob,1\nB2,bob,1\n"
        "C1,cy,1\nC1,ann,2\nC1,bob,30\nB1,ann,9\nB2,ann,9\n"
    )
    return Start.of_instance(topt.read_instance(folder), topt.model.parse_model(BOOKS, "b.toml"))


def test_the_words_of_one_who_leaves_and_of_room_made(tmp_path):
    start = books(tmp_path / "in")
    made = realigned(start, [RepLeaves(kind="rep_leaves", reps=["cy"])])
    # Six could go to Bob for 30 km with nobody else moving: no other account has to change hands
    assert [(m.account, m.before, m.after, m.cause) for m in made.moves] == [
        ("C1", "cy", "bob", "orphan")
    ]
    lines = tell_realignment(made)
    assert lines[0] == "cy leaves the team."
    assert lines[1] == "1 account without an owner gets one; no rule asks for more."
    assert lines[2].startswith("This plan costs 38 USD a year; no plan with so few moves can cost")
    assert (
        "Six (C1) of Cy, who has left, goes to Bob. Next best: Ann would cost 28 USD a year less, "
        "but would have 4 accounts (allowed: at most 3 accounts)."
    ) in lines
    # one move more makes room at Ann, which pays
    made = realigned(start, [RepLeaves(kind="rep_leaves", reps=["cy"])], extra_moves=1)
    assert [(m.account, m.after, m.cause) for m in made.moves] == [
        ("C1", "ann", "orphan"), ("A3", "bob", "room"),
    ]  # fmt: skip
    assert made.moves[1].text == (
        "Three (A3) goes from Ann to Bob to make room at Ann: leaving it there would cost 1 USD a "
        "year less, but would bring Ann to 4 accounts (allowed: at most 3 accounts)."
    )


def test_one_who_joins_is_given_what_the_rules_ask(tmp_path):
    start = books(tmp_path / "in")
    dee = RepJoins(kind="rep_joins", rep={"rep_id": "dee", "name": "Dee", "least": 2, "most": 3})
    made = realigned(start, [dee])
    assert made.counted == 2
    assert {(m.after, m.cause) for m in made.moves} == {("dee", "fill")}
    assert all("so that Dee has enough: leaving it there" in m.text for m in made.moves)
    assert "leave Dee with 1 account (allowed: at least 2 accounts)" in made.moves[0].text
    none = realigned(start, [RepJoins(kind="rep_joins", rep={"rep_id": "dee", "least": 0,
                                                           "most": 3})])  # fmt: skip
    assert none.counted == 0
    assert "No rule that must hold asks accounts for dee" in tell_realignment(none)[-1]


def test_nothing_can_be_kept_says_what_and_offers_the_least_bad(tmp_path):
    start = books(tmp_path / "in")
    gone = RepLeaves(kind="rep_leaves", reps=["bob", "cy"])
    made = realigned(start, [gone], time_limit=10)
    assert made.result.status == "infeasible"
    assert made.no_plan.rules == ("books",)
    assert made.closest.violation == pytest.approx(1.0)  # 6 accounts of at most 3
    assert made.closest.least == pytest.approx(1.0)
    text = " ".join(tell_realignment(made))
    assert "No plan exists: the rule books cannot be kept." in text
    assert "exceeds its limits by 100 % of their size in all" in text
    folders = write_realignment(made, tmp_path / "run")
    plan = topt.read_alignment(folders.run / "closest.csv", topt.read_instance(folders.data))
    assert plan.rep.tolist() == [0] * 6
    assert json.loads((folders.run / "realign.json").read_text())["plan"]["status"] == "infeasible"


def test_the_folders_read_back_and_can_be_realigned_again(tmp_path):
    start = books(tmp_path / "in")
    made = realigned(start, [RepLeaves(kind="rep_leaves", reps=["cy"])], extra_moves=1)
    folders = write_realignment(made, tmp_path / "run")
    run = topt.read_run(folders.run)
    assert run.explanation().facts.evaluation.holds
    assert run.model.rules["few_moves_enough"].max == 1
    assert run.record["objective"] == pytest.approx(made.result.objective)
    moves = topt.tables.read_table(folders.run / "moves.csv")
    assert moves.columns["account_id"].tolist() == ["C1", "A3"]
    assert moves.columns["counts"].tolist() == ["no", "yes"]
    changes = json.loads((folders.data / "changes.json").read_text())["changes"]
    assert changes[0]["in_words"] == "cy leaves the team"
    again = realigned(run, [RepLeaves(kind="rep_leaves", reps=["bob"])], time_limit=10)
    assert again.start.source == f"the plan in {folders.run}"
    assert again.result.status == "infeasible"
    back = realigned(run)
    assert back.counted == 0
    with pytest.raises(topt.InputError, match="already"):
        write_realignment(made, tmp_path / "run")


def test_a_rep_on_leave_can_do_less_of_what_the_model_limits(tmp_path):
    start = books(tmp_path / "in")
    change = on_leave(start.instance, start.model, "ann=0.5")
    assert change.scale == {"most": 0.5, "least": 0.5}
    made = realigned(start, [change])  # at most 1.5 accounts: two of three go
    assert made.counted == 2
    assert {m.before for m in made.moves} == {"ann"}
    assert {m.cause for m in made.moves} == {"room"}
    for text in ("ann", "ann=2", "=0.5", "ann=x"):
        with pytest.raises(topt.InputError):
            on_leave(start.instance, start.model, text)


def test_new_accounts_are_placed_and_do_not_count(tmp_path):
    start = books(tmp_path / "in")
    new = AccountsArrive(kind="accounts_arrive", accounts=[{"account_id": "N1", "name": "New"}])
    made = realigned(start, [new])
    assert [(m.account, m.cause, m.counted) for m in made.moves] == [("N1", "new", False)]
    assert made.moves[0].text.startswith("New (N1) is new and goes to ")


def test_a_file_of_changes_and_its_faults(tmp_path):
    page = tmp_path / "changes.toml"
    page.write_text('[[changes]]\nkind = "rep_leaves"\nreps = ["cy"]\n')
    assert load_changes(page) == (RepLeaves(kind="rep_leaves", reps=["cy"]),)
    page.write_text('[[changes]]\nkind = "rep_leave"\nreps = ["cy"]\n')
    with pytest.raises(topt.InputError, match="rep_leaves") as caught:
        load_changes(page)
    assert caught.value.problems[0].key == "changes.0.kind"
    with pytest.raises(topt.InputError, match="is no JSON"):
        joining("{rep_id: 1}")
    with pytest.raises(topt.InputError, match="needs rep_id"):
        joining('{"name": "x"}')


FILTERED = """name = "x"
[where.reps]
rep_id = [
  "ann",
  "bob",
]
[rules.moves]
kind = "moves"
max = 3
[goals.g]
kind = "measure"
measure = "count"
price = 1
"""


def test_the_filter_goes_and_the_limit_comes(tmp_path):
    plain = without_filter(topt.model.parse_model(FILTERED, "f.toml"))
    assert not plain.where.reps
    assert plain.rules["moves"].max == 3
    limited = with_most_moves(plain, 7, "why")
    assert limited.rules["few_moves_enough"].max == 7
    twice = with_most_moves(limited, 5, "why")
    assert twice.rules["few_moves_enough_2"].max == 5
    inline = 'name = "x"\nwhere = { reps = { rep_id = ["a"] } }\n[goals.g]\nkind = "travel"\n'
    with pytest.raises(topt.ModelError, match="row filter"):
        without_filter(topt.model.parse_model(inline, "f.toml"))
    rules = 'name = "x"\nrules = { b = { kind = "locks" } }\n[goals.g]\nkind = "travel"\n'
    with pytest.raises(topt.ModelError, match="on one line"):
        with_most_moves(topt.model.parse_model(rules, "f.toml"), 1, "why")
