"""The example of docs/scoring.md on the public data set it is written for, up to a problem."""

import re
from decimal import Decimal
from pathlib import Path

import pytest
from score_cases import ACCOUNTS, LEARNED, deals, scored, totals

import territoryopt as topt
from territoryopt.scoring.spec import parse_scoring
from territoryopt.tables import write_table

DOCS = (Path(__file__).parents[2] / "docs" / "scoring.md").read_text(encoding="utf-8")
EXAMPLE = re.search(r"```toml\n(.*?)```", DOCS, re.DOTALL)
WHERE = {
    "accounts": {"country": ["US", "CA"]},
    "reps": {"rep_id": [str(k) for k in range(275, 284)]},
}


def test_the_example_can_be_read():
    assert EXAMPLE is not None
    scoring = parse_scoring(EXAMPLE[1])
    assert [column for column, _ in scoring.made()] == [
        "fit", "size", "suits", "tier", "potential", "visits_per_year", "hours_per_visit",
    ]  # fmt: skip


def paths(record, head=""):
    """The dotted paths of a record, lists as []."""
    for key, value in record.items():
        if not isinstance(value, list | dict) or key == "inputs":
            yield f"{head}{key}"
        for one in value[:1] if isinstance(value, list) else [value]:
            if isinstance(one, dict) and key not in ("inputs",):
                yield from paths(one, f"{head}{key}{'[]' if isinstance(value, list) else ''}.")


def test_every_field_of_the_record_is_documented(tmp_path):
    pytest.importorskip("sklearn", reason="needs the extra 'score'")
    write_table(tmp_path / "deals.csv", deals(400))
    tiers = '[segments.t]\nkind = "values"\ncolumn = "industry"\ntiers.a = ["food"]\nrest = "b"\n'
    text = LEARNED + tiers
    record = scored(tmp_path, ACCOUNTS, f"visits_per_year = 2\n{text}").as_dict()
    about = DOCS.split("## territoryopt/score/1")[1]
    missing = [path for path in paths(record)
               if path != "schema" and f"`{path}`" not in about
               and f"`{path.rsplit('.', 1)[-1]}`" not in about]  # fmt: skip
    assert missing == []


@pytest.mark.outside_data
def test_raw_columns_become_scores_and_a_problem(outside_data, tmp_path):
    raw = outside_data / "adventureworks"
    made = topt.import_accounts(raw / "accounts.csv", raw / "reps.csv", tmp_path / "aw")
    found = topt.score_accounts(made.folder, parse_scoring(EXAMPLE[1]), tmp_path / "scored")
    tiers = {s["column"]: {t["tier"]: t["accounts"] for t in s["tiers"]}
             for s in found.as_dict()["segments"]}  # fmt: skip
    assert tiers["size"] == {"large": 204, "middle": 244, "small": 253}
    assert tiers["tier"] == {"A": 298, "B": 123, "C": 280}
    told = "\n".join(found.explain("292"))
    for line in ("fit 10 points: SquareFeet is 21000: for each full 10,000.",
                 "tier C: size, suits is small with cold, so C."):  # fmt: skip
        assert line in told
        assert line in DOCS
    sums = totals(found, "potential")
    cells = found.instance.accounts.columns["potential"]
    ids = found.instance.account_ids
    assert all(sums[a] == Decimal(c) for a, c in zip(ids, cells, strict=True))
    data = topt.read_instance(tmp_path / "scored", where=WHERE)
    problem = topt.compile_problem(data, topt.load_model("balanced-field-sales"))
    assert (problem.accounts, problem.reps) == (541, 9)


@pytest.mark.outside_data
def test_the_proposal_for_raw_columns_runs(outside_data, tmp_path):
    raw = outside_data / "adventureworks"
    made = topt.import_accounts(raw / "accounts.csv", raw / "reps.csv", tmp_path / "aw")
    data = topt.read_instance(made.folder)
    found = topt.score_accounts(data, parse_scoring(topt.propose_scoring(data)))
    assert found.columns == ("tier", "potential", "visits_per_year", "hours_per_visit")
