"""A public data set with its raw columns, from its files to a compiled problem."""

import pytest

import territoryopt as topt

MODEL = """
name = "AdventureWorks"
currency = "USD"
[where]
accounts.country = ["US", "CA"]
reps.rep_id = ["275", "276", "277", "278", "279", "280", "281", "282", "283"]
[travel]
missing_km = 1000
[rules.revenue]
kind = "band"
measure = "revenue"
tolerance = 0.15
[goals.km]
kind = "measure"
measure = "distance"
price = 1
"""


@pytest.mark.outside_data
def test_raw_columns_become_a_problem(outside_data, tmp_path):
    raw = outside_data / "adventureworks"
    made = topt.import_accounts(raw / "accounts.csv", raw / "reps.csv", tmp_path / "out")
    assert (made.accounts, made.reps) == (701, 17)
    places = [e for e in made.quality.records() if "(0, 0)" in e["reason"]]
    assert len(places) == 30
    padded = [e for e in made.quality.records() if e["column"] == "state"]
    assert all(entry["old"].strip() == entry["new"] for entry in padded)
    data = topt.read_instance(made.folder)
    before = topt.read_instance(raw)
    assert data.account_ids == before.account_ids
    assert (data.current == before.current).all()
    model_file = tmp_path / "model.toml"
    model_file.write_text(MODEL)
    problem = topt.compile_problem(data, topt.load_model(model_file))
    assert problem.accounts > 500
    assert problem.reps == 9
