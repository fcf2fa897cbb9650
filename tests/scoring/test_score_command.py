"""`territoryopt score` and `score_accounts` with folders: what is written, read back and told."""

import json

import pytest
from click.testing import CliRunner
from json_contract import assert_meets
from score_cases import cells, faults, make, scored

import territoryopt as topt
from territoryopt.cli import main
from territoryopt.scoring.spec import parse_scoring

TOML = """
currency = "USD"
[segments.tier]
kind = "thresholds"
column = "sales"
tiers = ["A", "B"]
at_least = [100]
[[potential.parts]]
kind = "rate"
amount = "sales"
rate = 0.1
[visits_per_year]
by = "tier"
values = { A = 12, B = 4 }
[hours_per_visit]
by = "tier"
values = { A = 2, B = 1 }
[reps]
capacity = 1600
"""
COLUMNS = {"account_id": ["007", "1e5", "=1+1"], "name": ["Ann's", "<b>", "\u202eevil"],
           "sales": ["100", "99.5", "-3"], "potential": ["7", "", "0"],
           "extra": ["-5", "x", ""]}  # fmt: skip


def run(*args):
    return CliRunner().invoke(main, [str(arg) for arg in args])


@pytest.fixture
def folders(tmp_path):
    make(tmp_path / "in", COLUMNS, rep_columns={"capacity": ["", "900"]})
    (tmp_path / "score.toml").write_text(TOML.replace("rate = 0.1", "rate = 0.1\n[potential]\n"
                                                      "least = 0"), encoding="utf-8")  # fmt: skip
    text = TOML.replace("[[potential.parts]]", "[potential]\nleast = 0\n[[potential.parts]]")
    (tmp_path / "score.toml").write_text(text, encoding="utf-8")
    return tmp_path


def test_a_scored_folder_is_an_instance_with_its_trace(folders):
    result = run("score", folders / "in", "--with", folders / "score.toml", "--out",
                 folders / "out")  # fmt: skip
    assert result.exit_code == 0, result.output
    assert "3 accounts scored." in result.stdout
    assert "tier: A 1 (33.3 %), B 2 (66.7 %)." in result.stdout
    assert "Potential: 19.9 USD a year in all (not given before)." in result.stdout
    assert ("Note: accounts.csv: the column potential was there and is replaced by potential; 2 of "
            "3 cells differ from before.") in result.stdout  # fmt: skip
    assert "Note: reps.csv: 1 rep without a capacity got 1,600 hours a year." in result.stdout
    assert sorted(p.name for p in (folders / "out").iterdir()) == [
        "accounts.csv", "changes.json", "reps.csv", "score.json", "score.toml", "scores.csv",
    ]  # fmt: skip
    data = topt.read_instance(folders / "out")
    assert data.account_ids == ("007", "1e5", "=1+1")
    assert data.accounts.columns["potential"].tolist() == ["10", "9.95", "0"]
    assert data.accounts.columns["extra"].tolist() == ["-5", "x", ""], "other columns stay"
    assert data.reps.columns["capacity"].tolist() == ["1600", "900"]
    changes = json.loads((folders / "out" / "changes.json").read_text())["changes"]
    assert [(c["file"], c["column"], c["kind"], c["cells"]) for c in changes] == [
        ("accounts.csv", "tier", "added", 3), ("accounts.csv", "potential", "replaced", 2),
        ("accounts.csv", "visits_per_year", "added", 3),
        ("accounts.csv", "hours_per_visit", "added", 3), ("reps.csv", "capacity", "filled", 1),
    ]  # fmt: skip
    assert (folders / "out" / "score.toml").read_bytes() == (folders / "score.toml").read_bytes()


def test_the_folder_tells_of_an_account_as_the_scoring_did(folders):
    given = topt.score_accounts(folders / "in", folders / "score.toml")
    kept = topt.score_accounts(folders / "in", folders / "score.toml", folders / "out")
    again = topt.read_scored(folders / "out")
    for account in given.instance.account_ids:
        assert given.explain(account) == kept.explain(account) == again.explain(account)
    assert again.as_dict() == kept.as_dict() == given.as_dict()
    assert again.to_frame().equals(given.to_frame())
    left, right = again.trace_frame(), given.trace_frame()
    assert left.astype(str).equals(right.astype(str))
    result = run("score", folders / "out", "--account", "1e5")
    assert result.stdout.splitlines() == [
        "<b> (1e5)",
        "- tier B: sales is 99.5: below 100, so B.",
        "- potential 9.95 USD a year: sales is 99.5: × 0.1.",
        "- visits_per_year 4 visits a year: tier is B.",
        "- hours_per_visit 1 hour: tier is B.",
    ]
    assert "\u202e" not in run("score", folders / "out", "-a", "=1+1").stdout


def test_json_holds_what_is_documented(folders):
    result = run("score", folders / "in", "--with", folders / "score.toml", "--json")
    found = json.loads(result.stdout)
    assert found["schema"] == "territoryopt/score/1"
    assert_meets(found)
    assert found["folder"] is None
    assert {c["column"]: c["replaced"] for c in found["columns"]} == {
        "tier": False, "potential": True, "visits_per_year": False, "hours_per_visit": False,
    }  # fmt: skip
    assert found["segments"] == [
        {"column": "tier", "by": "segments.tier", "tiers": [
            {"tier": "A", "accounts": 1, "share": 1 / 3, "potential": 10.0, "visits_per_year": 12.0,
             "hours": 24.0},
            {"tier": "B", "accounts": 2, "share": 2 / 3, "potential": 9.95, "visits_per_year": 8.0,
             "hours": 8.0}]},
    ]  # fmt: skip
    one = json.loads(run("score", folders / "in", "--with", folders / "score.toml", "-a", "007",
                         "--json").stdout)  # fmt: skip
    assert one["schema"] == "territoryopt/score-of-account/1"
    assert_meets(one)
    assert one["accounts"][0]["account"] == "007"
    assert one["accounts"][0]["parts"][1] == {
        "result": "potential", "part": "sales", "column": "sales", "value": "100",
        "rule": "× 0.1", "factor": 0.1, "contribution": 10.0, "label": "", "note": "",
    }  # fmt: skip
    assert one["accounts"][0]["parts"][0]["contribution"] is None


def test_folders_are_not_overwritten_by_chance(folders):
    args = ("score", folders / "in", "--with", folders / "score.toml", "--out")
    assert run(*args, folders / "in").exit_code == 2
    assert run(*args, folders / "out").exit_code == 0
    again = run(*args, folders / "out")
    assert again.exit_code == 2
    assert "holds an instance already" in again.stderr
    assert run(*args, folders / "out", "--overwrite").exit_code == 0


def test_faults_exit_with_2_and_write_nothing(folders):
    (folders / "score.toml").write_text(TOML.replace("sales", "salez"), encoding="utf-8")
    result = run("score", folders / "in", "--with", folders / "score.toml", "--out",
                 folders / "out", "--json")  # fmt: skip
    assert result.exit_code == 2
    problems = json.loads(result.stdout)["error"]["problems"]
    assert {p["key"] for p in problems} == {"segments.tier.column", "potential.parts.0.amount"}
    assert all("Did you mean 'sales'?" in p["remedy"] for p in problems)
    assert not (folders / "out").exists()


@pytest.mark.parametrize(("args", "told"), [
    ((), "say how to score, with --with SCORE.TOML"),
    (("--propose", "--out", "x"), "--propose prints a scoring: give only INSTANCE with it"),
    (("--account", "007"), "so this is no folder that `territoryopt score` wrote"),
    (("--with", "nothing.toml"), "nothing.toml: cannot be read: No such file or directory"),
])  # fmt: skip
def test_what_cannot_be_asked_is_told(folders, args, told):
    result = run("score", folders / "in", *args)
    assert result.exit_code == 2
    assert told in result.stderr


def test_an_account_that_is_not_there(folders):
    result = run("score", folders / "in", "--with", folders / "score.toml", "-a", "7")
    assert result.exit_code == 2
    assert "there is no such account (found '7'). Ids are text" in result.stderr


def test_only_the_rows_asked_for_are_scored_and_written(folders):
    result = run("score", folders / "in", "--with", folders / "score.toml", "--out",
                 folders / "out", "--where", "accounts.extra=-5,x")  # fmt: skip
    assert result.exit_code == 0, result.output
    assert topt.read_instance(folders / "out").account_ids == ("007", "1e5")


@pytest.mark.parametrize("content", ["", "[]", "{", '{"schema": "territoryopt/score/1"}',
                                     '{"schema": "x"}', "[" * 100_000])  # fmt: skip
def test_a_record_that_was_spoilt_is_told(folders, content):
    topt.score_accounts(folders / "in", folders / "score.toml", folders / "out")
    (folders / "out" / "score.json").write_text(content)
    assert "score.json" in faults(lambda: topt.read_scored(folders / "out"))[0]


def test_a_trace_that_was_spoilt_is_told(folders):
    topt.score_accounts(folders / "in", folders / "score.toml", folders / "out")
    path = folders / "out" / "scores.csv"
    path.write_text(path.read_text(encoding="utf-8").replace("10.0", "ten"), encoding="utf-8")
    told = faults(lambda: topt.read_scored(folders / "out"))
    assert told[0].startswith("scores.csv, row 3, column contribution: not a number")


def test_a_proposal_can_be_run_as_it_is(tmp_path):
    columns = {
        "sales": ["5", "10", "", "20", "3"] * 4, "industry": ["Road", "Hill"] * 10,
        "last_order": ["2026-01-01", "2026-03-05", "", "2025-12-31", "2026-01-02"] * 4,
        "phone": ["123"] * 20,
    }  # fmt: skip
    data = make(tmp_path, columns)
    text = topt.propose_scoring(data)
    assert "as_of = 2026-03-05" in text
    assert 'column = "sales"' in text
    assert "phone" not in text
    found = topt.score_accounts(data, parse_scoring(text))
    assert found.columns == ("tier", "last_order_ago", "potential", "visits_per_year",
                             "hours_per_visit")  # fmt: skip
    unmarked = text.replace("# [", "[").replace("# most", "most").replace("# column", "column")
    unmarked = unmarked.replace("# at_least", "at_least").replace("# points", "points")
    unmarked = unmarked.replace("# one_of", "one_of")
    assert "score" in topt.score_accounts(data, parse_scoring(unmarked)).columns
    result = run("score", tmp_path, "--propose")
    assert result.stdout == text
    as_json = json.loads(run("score", tmp_path, "--propose", "--json").stdout)
    assert as_json["toml"] == text
    assert_meets(as_json)


def test_nothing_to_propose_is_told(tmp_path):
    make(tmp_path, {"name": ["x", "y"]})
    result = run("score", tmp_path, "--propose")
    assert result.exit_code == 2
    assert "has no column of amounts to make tiers of. Columns found: 'account_id', 'name'" in (
        result.stderr
    )


def test_the_field_instance_takes_its_proposal(tmp_path):
    from territoryopt.model import library

    data = topt.read_instance(library("instances") / "us-field")
    found = topt.score_accounts(data, parse_scoring(topt.propose_scoring(data)))
    assert found.instance.account_ids == data.account_ids
    assert set(found.instance.accounts.columns) >= set(data.accounts.columns)


def test_what_a_scoring_made_can_be_scored_again(tmp_path):
    once = scored(tmp_path, {"sales": ["100", "5"]}, TOML)
    text = '[segments.tier]\nkind = "values"\ncolumn = "tier"\ntiers.gold = ["A"]\nrest = "tin"\n'
    twice = topt.score_accounts(once.instance, parse_scoring(text))
    assert cells(twice, "tier") == ["gold", "tin"]
    assert cells(twice, "potential") == ["10", "0.5"]


def test_the_frame_has_the_columns_of_the_page(folders):
    """docs/frames.md, Scored.to_frame: account_id, name and a column for each one made."""
    found = topt.score_accounts(folders / "in", folders / "score.toml")
    frame = found.to_frame()
    assert list(frame.columns) == ["account_id", "name", *found.columns]
    assert frame["account_id"].tolist() == list(found.instance.account_ids)
    assert frame["tier"].tolist() == ["A", "B", "B"]
    assert frame["potential"].tolist() == [10.0, 9.95, 0.0]
