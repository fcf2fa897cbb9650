"""The table of requests and the policy: everything wrong is told at once, each with its place."""

from __future__ import annotations

from pathlib import Path

import pytest

import territoryopt as topt
from territoryopt.listening.policy import Policy, limits_of
from territoryopt.listening.table import as_requests

TINY = Path(__file__).parents[2] / "instances" / "tiny"


@pytest.fixture(scope="module")
def instance():
    return topt.read_instance(TINY)


@pytest.fixture(scope="module")
def problem(instance):
    return topt.compile_problem(instance, topt.load_model(str(TINY / "model.toml")))


def read(tmp_path, text, problem):
    path = tmp_path / "requests.csv"
    path.write_text(text, encoding="utf-8")
    return topt.read_requests(path, problem)


def faults(tmp_path, text, problem):
    with pytest.raises(topt.InputError) as error:
        read(tmp_path, text, problem)
    return [str(fault) for fault in error.value.problems]


def test_a_sound_table(tmp_path, problem):
    found = read(
        tmp_path,
        "account_id,rep_id,wish,reason,weight,asked_by,asked_on\n"
        'A-1,R-1,Keep,"ten years, and more",2,Dana,2026-11-20\nA-2,R-1,lose,,,,\n',
        problem,
    )
    assert found[0].id == "A-1/R-1/keep"
    assert (found[0].wish, found[0].weight, found[0].asked_by) == ("keep", 2.0, "Dana")
    assert (found[1].weight, found[1].asked_on, found[1].row) == (1.0, "", 3)


def test_every_fault_is_told_at_once(tmp_path, problem):
    told = faults(
        tmp_path,
        "account_id,rep_id,wish,reason,weight,asked_on\n"
        "A-9,R-1,keep,,1,\nA-1,R-9,keep,,1,\nA-2,R-1,hold,,1,\nA-3,R-1,keep,,0,\n"
        "A-4,R-2,keep,,x,\nA-5,R-2,keep,,1,20.11.2026\nA-6,R-3,keep,,1,2026-02-30\n"
        "A-6,R-3,lose,,1,\nA-1,R-1,keep,,1,\nA-1,R-1,want,,1,\n,R-1,keep,,1,\n",
        problem,
    )
    text = "\n".join(told)
    assert all(line.startswith("requests.csv, row ") for line in told)
    assert "row 2, column account_id: there is no such account in this plan (found 'A-9')" in text
    assert "row 3, column rep_id: there is no such rep in this plan (found 'R-9')" in text
    assert "row 4, column wish: is not a wish (found 'hold')" in text
    assert "Write keep, want or lose" in text
    assert "row 5, column weight: a weight is a number above zero" in text
    assert "row 6, column weight: not a number" in text
    assert "row 7, column asked_on: is not a date (found '20.11.2026')" in text
    assert "row 8, column asked_on: is not a date (found '2026-02-30')" in text
    assert "row 9, column wish: the rep asks for the opposite in row 8: keep" in text
    assert "row 11, column wish: the rep asks for this account in row 10 already" in text
    assert "row 12, column account_id: names no account" in text
    assert len(told) == 10


def test_two_reps_who_keep_one_account_are_no_fault(tmp_path, problem):
    head = "account_id,rep_id,wish,reason\n"
    assert len(read(tmp_path, f"{head}A-1,R-1,keep,\nA-1,R-2,keep,\n", problem)) == 2


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "the file is empty"),
        ("account_id,rep_id,wish,reason\n", "there is no row below the header"),
        ("account_id;rep_id;wish;reason\nA-1;R-1;keep;\n", "separated by"),
        ("account,rep_id,wish,reason\nA-1,R-1,keep,\n", "there is no such column"),
        ("request_id,account_id,rep_id,wish,reason\nQ,A-1,R-1,keep,\nQ,A-2,R-1,keep,\n",
         "the id stands in row 2 already"),
    ],
)  # fmt: skip
def test_garbage(tmp_path, problem, text, said):
    assert any(said in line for line in faults(tmp_path, text, problem))


def test_rows_from_python(problem):
    row = {"account_id": "A-1", "rep_id": "R-1", "wish": "keep", "reason": None}
    (found,) = as_requests([row], problem)
    assert as_requests([found], problem)[0].what == found.what
    import pandas as pd

    frame = pd.DataFrame([{**row, "weight": float("nan")}])
    assert as_requests(frame, problem)[0].weight == 1.0
    for wrong in (3, "", [3], []):
        with pytest.raises(topt.InputError):
            as_requests(wrong, problem)


def policy(tmp_path, text):
    path = tmp_path / "policy.toml"
    path.write_text(text, encoding="utf-8")
    return topt.load_policy(path)


def test_what_a_policy_means(tmp_path, instance):
    page = policy(
        tmp_path,
        "budget = 5\n[limit]\nmoney = 1000\npercent = 1\nof = 'potential'\n"
        "[[never]]\nwhy = 'stays'\nwhere = {current_rep = ['R-3']}\n",
    )
    found = limits_of(page, instance)
    assert found.never == {"A-6": "stays"}
    # 1 % of a potential of 120,000 and 90,000, or 1,000 where that is more
    assert found.each.tolist()[:2] == [1200.0, 1000.0]
    assert page.budget == 5.0


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("budgett = 5", "budgett: is not a known key (found '5'). Did you mean 'budget'?"),
        ("budget = -5", "policy.toml, budget: must be at least 0"),
        ("budget = 'much'", "policy.toml, budget: must be a number"),
        ("most_per_rep = 1.5", "policy.toml, most_per_rep: must be a whole number"),
        ("[[never]]\nwhere = {tier = ['A']}", "policy.toml, never.0.why: is missing"),
        ("[limit", "policy.toml: is not valid TOML"),
    ],
)
def test_a_wrong_policy(tmp_path, text, said):
    with pytest.raises(topt.InputError) as error:
        policy(tmp_path, text)
    assert said in str(error.value)


def test_a_policy_that_does_not_fit_the_instance(instance):
    page = Policy.model_validate({
        "limit": {"percent": 1.0},
        "never": [{"why": "so", "where": {"tear": ["A"]}},
                  {"why": "so", "where": {"current_rep": ["R-7"]}}],
    })  # fmt: skip
    with pytest.raises(topt.InputError) as error:
        limits_of(page, instance, "policy.toml")
    told = [str(fault) for fault in error.value.problems]
    assert told[0].startswith("policy.toml, limit.of: accounts.csv has no such column")
    assert told[1].startswith("policy.toml, never.0.where.tear: accounts.csv has no such column")
    assert told[2].startswith("policy.toml, never.1.where.current_rep: no row of accounts.csv has")
    with pytest.raises(topt.InputError, match=r"limit: says nothing"):
        limits_of(Policy.model_validate({"limit": {}}), instance)
