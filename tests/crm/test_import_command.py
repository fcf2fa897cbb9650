"""`territoryopt import`: what it prints, writes and exits with."""

import json

import pytest
from click.testing import CliRunner

from territoryopt.cli import main


def run(*args):
    return CliRunner().invoke(main, [str(arg) for arg in args])


@pytest.fixture
def files(desk):
    desk.put('Record ID,Company name,Company owner\n1,"x ",Ann Lee\n2,y,Nobody\n')
    return [desk.accounts, "--reps", desk.reps]


def test_it_says_what_it_took_each_column_for(files, desk):
    result = run("import", *files, "--out", desk.root / "out")
    assert result.exit_code == 0, result.output
    text = result.stdout
    assert text.startswith("2 accounts and 2 reps")
    assert "looks like hubspot" in text
    assert "  account_id   Record ID" in text
    assert "repaired export.csv, Company name in row 2: spaces around the text were taken" in text
    assert "mapping.toml" in text
    assert (desk.root / "out" / "quality.md").is_file()


def test_json_holds_every_entry(files, desk):
    result = run("import", *files, "--out", desk.root / "out", "--json")
    assert result.exit_code == 0
    assert result.stderr == ""
    found = json.loads(result.stdout)
    assert found["schema"] == "territoryopt/import/1"
    assert (found["accounts"], found["reps"]) == (2, 2)
    assert sum(found["counts"].values()) == len(found["entries"])
    written = json.loads((desk.root / "out" / "quality.json").read_text(encoding="utf-8"))
    assert written["entries"] == found["entries"]
    assert {"kind", "file", "row", "column", "old", "new", "reason", "remedy"} == set(
        found["entries"][0]
    )


def test_proposing_prints_a_mapping_and_writes_nothing(files, desk):
    before = sorted(desk.root.iterdir())
    result = run("import", *files, "--propose")
    assert result.exit_code == 0
    assert 'account_id = "Record ID"' in result.stdout
    assert sorted(desk.root.iterdir()) == before
    (desk.root / "map.toml").write_text(result.stdout, encoding="utf-8")
    again = run("import", *files, "--mapping", desk.root / "map.toml", "--out", desk.root / "out")
    assert again.exit_code == 0, again.output
    as_json = run("import", *files, "--propose", "--json")
    assert json.loads(as_json.stdout)["accounts"]["layout"] == "hubspot"


def test_faults_exit_with_2_and_write_nothing(files, desk):
    desk.put("account_id,potential\n1,x\n,2\n")
    out = desk.root / "out"
    result = run("import", desk.accounts, "--reps", desk.reps, "--out", out)
    assert result.exit_code == 2
    assert "export.csv, row 2, column potential: not a number (found 'x')" in result.stderr
    assert "export.csv, row 3, column account_id: the id is blank" in result.stderr
    assert not out.exists()
    as_json = run("import", desk.accounts, "--reps", desk.reps, "--out", out, "--json")
    assert as_json.exit_code == 2
    assert len(json.loads(as_json.stdout)["error"]["problems"]) == 2


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ([], "with --out"),
        (["--propose", "--out", "x"], "no --out"),
        (["--out", "x", "--mapping", "gone.toml"], "gone.toml"),
        (["--out", "x", "--centroids", "gone.csv"], "gone.csv"),
    ],
)
def test_wrong_options_are_told(files, options, why):
    result = run("import", *files, *options)
    assert result.exit_code == 2
    assert why in result.stderr


def test_an_earlier_import_is_only_replaced_when_asked(files, desk):
    out = desk.root / "out"
    assert run("import", *files, "--out", out).exit_code == 0
    second = run("import", *files, "--out", out)
    assert second.exit_code == 2
    assert "holds an import already" in second.stderr
    assert run("import", *files, "--out", out, "--overwrite").exit_code == 0
