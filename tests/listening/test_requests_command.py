"""`requests` from the files to the folder: words for people, JSON for programs, exit codes."""

from __future__ import annotations

import csv
import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

import territoryopt as topt
from territoryopt.answers.ground import Interval
from territoryopt.cli.commands import main
from territoryopt.listening.answer import Marginal
from territoryopt.listening.telling import letters, sentence, summary

ROOT = Path(__file__).parents[2]
TINY = ROOT / "instances" / "tiny"
TABLE = """account_id,rep_id,wish,reason,asked_on
A-3,R-1,keep,"ten years, <b>friends</b>",2026-11-20
A-4,R-1,keep,,2026-11-20
A-1,R-3,want,closer to home,2026-11-21
A-6,R-3,keep,,
A-5,R-2,lose,two hours away,
"""


def run(*arguments):
    return CliRunner().invoke(main, [str(a) for a in arguments])


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    root = tmp_path_factory.mktemp("requests")
    model = (TINY / "model.toml").read_text(encoding="utf-8")
    model = model.replace("[goals.driving]", '[rules.locks]\nkind = "locks"\n\n[goals.driving]')
    (root / "model.toml").write_text(model, encoding="utf-8")
    (root / "table.csv").write_text(TABLE, encoding="utf-8")
    (root / "policy.toml").write_text("[limit]\nmoney = 2000\n", encoding="utf-8")
    made = run("solve", TINY, "-m", root / "model.toml", "--out", root / "run", "--gap", 0)
    assert made.exit_code == 0, made.output
    return root


@pytest.fixture(scope="module")
def answered(folder):
    """The whole way: decided by a policy, written, solved anew with what was accepted."""
    said = run("requests", folder / "run", folder / "table.csv", "--decide", folder / "policy.toml",
               "--out", folder / "out", "--solve", folder / "new", "--json")  # fmt: skip
    assert said.exit_code == 0, said.output
    return json.loads(said.stdout)


def rows(path):
    with path.open(encoding="utf-8", newline="") as handle:
        return list(csv.DictReader(handle))


def test_the_folder_and_the_new_run(folder, answered):
    assert answered["schema"] == "territoryopt/requests/1"
    table = rows(folder / "out" / "requests.csv")
    assert [row["account_id"] for row in table] == ["A-3", "A-4", "A-1", "A-6", "A-5"]
    assert all(row["sentence"] for row in table)
    by_id = {each["id"]: each for each in answered["requests"]}
    assert by_id["A-6/R-3/keep"]["decision"] == "fulfilled"
    locks = {row["account_id"]: row["rep_id"] for row in rows(folder / "out" / "locks.csv")}
    assert locks == answered["locks"]
    new = topt.read_run(folder / "new")
    owners = dict(zip(new.instance.account_ids, new.rep.tolist(), strict=True))
    for account, rep in locks.items():
        assert new.problem.rep_id(owners[account]) == rep
    for each in answered["requests"]:
        if each["decision"] in ("accepted", "fulfilled"):
            rep = new.problem.rep_id(owners[each["account"]])
            assert (rep == each["rep"]) == (each["wish"] != "lose")
    cost = new.record["objective"] - topt.read_run(folder / "run").record["objective"]
    assert cost == pytest.approx(answered["chosen"]["cost"]["upper"], abs=1)
    again = run("solve", TINY, "-m", folder / "model.toml", "--locks-from",
                folder / "out" / "locks.csv", "--out", folder / "again", "--json")  # fmt: skip
    assert json.loads(again.stdout)["objective"] == pytest.approx(new.record["objective"])


def test_letters_hold_names_as_text(folder, answered):
    page = (folder / "out" / "answers.md").read_text(encoding="utf-8")
    assert "## Rivera\n" in page
    assert "“ten years, \\<b\\>friends\\</b\\>”" in page
    assert "Okafor" in page
    assert "with you" in page


def test_the_log_is_chained_and_kept(folder, answered):
    log = folder / "run-requests-log.jsonl"
    assert str(log) in answered["files"]
    record = json.loads((folder / "out" / "requests.json").read_text(encoding="utf-8"))
    said = run("requests", "--verify", log, "--head", record["log"]["head"], "--json")
    assert said.exit_code == 0, said.output
    assert json.loads(said.stdout)["lines"] >= 5
    line = json.loads(log.read_bytes().splitlines()[0])
    assert line["account"] == "A-3"
    assert line["by"] == ("policy.toml" if line["because"] == "policy" else line["by"])
    assert len(line["run_sha256"]) == 64
    spoilt = folder / "spoilt.jsonl"
    spoilt.write_bytes(log.read_bytes().replace(b"A-3", b"A-4", 1))
    bad = run("requests", "--verify", spoilt)
    assert bad.exit_code == 2
    assert "spoilt.jsonl, row 1: the line was changed" in bad.stderr


def test_a_person_overrules_now_and_next_time(folder, answered):
    name = next(e["id"] for e in answered["requests"] if e["decision"] in ("refused", "accepted"))
    was = next(e for e in answered["requests"] if e["id"] == name)
    verb = "refuse" if was["decision"] == "accepted" else "accept"
    log = folder / "persons.jsonl"
    base = ("requests", folder / "run", folder / "table.csv", "--decide", folder / "policy.toml",
            "--log", log, "--json")  # fmt: skip
    first = run(*base, "--decision", verb, name, "--by", "Dana", "--why", "promised")
    assert first.exit_code == 0, first.output
    second = run(*base)
    for said in (first, second):
        found = next(e for e in json.loads(said.stdout)["requests"] if e["id"] == name)
        assert (found["because"], found["by"], found["why"]) == ("person", "Dana", "promised")
        assert found["decision"] == ("refused" if verb == "refuse" else "accepted")


def test_without_policy_nothing_is_decided_and_nothing_logged(folder, tmp_path):
    said = run("requests", folder / "run", folder / "table.csv")
    assert said.exit_code == 0, said.output
    assert "5 requests:" in said.stdout
    assert "not decided" in said.stdout
    assert "Written to" not in said.stdout


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (["--decision", "accept", "A-3/R-1/keep"], "--by: a decision needs the name"),
        (["--why", "so"], "--by, --why: goes with a decision"),
        (["--budget", "-1"], "budget: cannot be used"),
        (["--budget", "nan"], "budget: cannot be used"),
        (["--time-limit", "0"], "--time-limit: cannot be used"),
        (["--head", "x"], "--head: goes with --verify"),
        (["--decide", "nothing.toml"], "nothing.toml: cannot be read"),
        (["--decision", "accept", "Q", "--by", "D", "--why", "w"], "there is no such request"),
    ],
)
def test_wrong_options(folder, more, said):
    found = run("requests", folder / "run", folder / "table.csv", *more)
    assert found.exit_code == 2
    assert said in found.stderr


def test_a_folder_that_is_not_ours_is_refused_before_the_work(folder, tmp_path):
    (tmp_path / "mine.txt").write_text("x", encoding="utf-8")
    found = run("requests", folder / "run", folder / "table.csv", "--out", tmp_path)
    assert found.exit_code == 2
    assert "is no requests folder" in found.stderr
    assert run("requests").exit_code == 2


# -- words ----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def answers(folder):
    run_ = topt.read_run(folder / "run")
    table = topt.read_requests(folder / "table.csv", run_.problem)
    return topt.price_requests(run_, table, budget=0, threads=1)


def reworded(answers, **changes):
    """The answer to the first request as if it had come out otherwise."""
    first = answers.answered[0]
    price = replace(first.price, **changes.pop("price", {}))
    return replace(first, price=price, **changes)


def change(low, high):
    return {"change": Interval(low, high, low), "verdict": "dearer", "moves": ()}


def test_what_a_request_costs_in_words(answers):
    said = sentence(answers, reworded(answers, price=change(3200, 3200)))
    assert said.startswith(
        "Keeping Union Mills (A-3) with Rivera would cost 3,200 USD a year more."
    )
    assert "would cost 2,000 to 3,200 USD a year more." in sentence(
        answers, reworded(answers, price=change(2000, 3200))
    )
    assert "would cost at most 3,200 USD a year more." in sentence(
        answers, reworded(answers, price=change(-10, 3200))
    )
    assert "would cost nothing." in sentence(answers, reworded(answers, price=change(0, 0)))
    assert "would cost 90 USD a year less." in sentence(
        answers, reworded(answers, price=change(-95, -90))
    )
    unknown = {**change(500, np.inf), "verdict": "unknown"}
    assert ("no plan with it was found in the time given; it would cost at least 500 USD a year "
            "more.") in sentence(answers, reworded(answers, price=unknown))  # fmt: skip
    you = sentence(answers, reworded(answers, price=change(3200, 3200)), you=True)
    assert you.startswith("Keeping Union Mills (A-3) with you would cost")


def test_what_was_decided_in_words(answers):
    def said(outcome, because, **more):
        return sentence(answers, reworded(answers, price=change(3200, 3200), outcome=outcome,
                                          because=because, **more))  # fmt: skip

    assert "It is granted." in said("accepted", "policy")
    assert "It is not granted: it may cost at most 2,000 USD a year." in said(
        "refused", "limit", limit=2000.0
    )
    assert "Dana granted it: promised." in said("accepted", "person", by="Dana", why="promised")
    assert "Dana decided against it: no!" in said("refused", "person", by="Dana", why="no!")
    assert "It is not granted: key accounts stay." in said(
        "refused", "never", why="key accounts stay"
    )
    assert "Rivera has as many requests granted as the policy allows." in said("refused", "per rep")
    assert "what all requests together may cost (0 USD a year) is better used for others." in said(
        "refused", "budget"
    )
    beside = said("refused", "beside", limit=4000.0, others=("A-4/R-1/keep",),
                  marginal=Marginal(5000.0, 6000.0, "proved"))  # fmt: skip
    assert (
        "beside the requests that are granted it would cost 5,000 USD a year or more, and it may "
        "cost at most 4,000 USD a year; it needs the same room as City College (A-4)."
    ) in beside
    dear = said("accepted", "policy", marginal=Marginal(5000.0, 5000.0, "proved"))
    assert "it costs 5,000 USD a year or more: they need the same room." in dear
    cheap = said("accepted", "policy", marginal=Marginal(0.0, 0.0, "proved"))
    assert "Beside the others that are granted it costs nothing." in cheap
    assert "the time given did not settle it" in said("open", "not settled")


def test_the_whole_in_words(answers):
    lines = summary(answers)
    assert lines[0].startswith("5 requests: ")
    assert any("No other set counts more" in line for line in lines)
    page = letters(answers)
    assert page.startswith("# Answers to requests\n")
    assert "| rep | asked | fulfilled | granted | not granted |" in page
    frame = answers.to_frame()
    assert len(frame) == 5
    assert "<b>" not in answers._repr_html_()


def test_the_page_holds_every_field_of_the_json(answered):
    page = (ROOT / "docs" / "requests.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`([a-z_0-9.\[\]]+)`", page))

    def names(record, prefix=""):
        for key, value in record.items():
            yield f"{prefix}{key}"
            if key in ("locks", "conflict", "moves"):
                continue
            if isinstance(value, dict):
                yield from names(value, f"{prefix}{key}.")
            elif isinstance(value, list) and value and isinstance(value[0], dict):
                for each in value:
                    yield from names(each, f"{prefix}{key}[].")

    used = set(names({k: v for k, v in answered.items() if k not in ("schema", "text", "files")}))
    assert used <= named, used - named
