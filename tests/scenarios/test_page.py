"""What a page of scenarios says, and what is wrong with one, told all at once."""

from __future__ import annotations

import math
import tomllib
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scenario_pages import HEAD, SIX

import territoryopt as topt
from territoryopt.scenarios.preparing import content_of, prepare
from territoryopt.scenarios.toml_text import flat, put, take_out, to_toml


def told(place, text, error=topt.InputError):
    with pytest.raises(error) as found:
        prepare(place(text))
    return [str(problem) for problem in found.value.problems]


def test_a_grid_is_every_combination_of_its_values(place):
    page = place(
        HEAD + '[grid]\n[grid.values]\n"rules.potential_band.tolerance" = [0.2, 0.3]\n'
        '"goals.driving.price" = [20, 75.5]\n'
    )
    prepared = prepare(page)
    assert list(prepared.by_name) == [
        "base", "tolerance=0.2,price=20", "tolerance=0.2,price=75.5",
        "tolerance=0.3,price=20", "tolerance=0.3,price=75.5",
    ]  # fmt: skip
    last = prepared.by_name["tolerance=0.3,price=75.5"].model
    assert (last.rules["potential_band"].tolerance, last.goals["driving"].price) == (0.3, 75.5)
    assert last.text.startswith("# ")
    assert "goals.driving.price = 75.5" in last.text.splitlines()[2]


def test_a_grid_of_a_change_on_top_of_another_scenario(place):
    page = place(
        HEAD + "[scenarios.growth]\nmodel.goals.driving.price = 40\n"
        'changes = [\n{ kind = "change_accounts", accounts = ["A-1"], scale = '
        "{ potential = 1.1 } }]\n"
        '[grid]\nfrom = "growth"\n[grid.values]\n"changes.0.scale.potential" = [1.0, 1.5]\n'
    )
    prepared = prepare(page)
    assert list(prepared.by_name) == ["base", "growth", "potential=1", "potential=1.5"]
    more = prepared.by_name["potential=1.5"]
    assert more.scenario.in_words() == ["A-1: potential x 1.5", "goals.driving.price = 40"]
    made = prepared.instance(more, page.parent / "out")
    assert made.accounts.columns["potential"][0] == "180000"


def test_a_scenario_stands_on_another(place):
    page = place(
        HEAD
        + """
[scenarios.late]
from = "early"
model.rules.potential_band.tolerance = 0.4
remove = ["rules.capacity"]
changes = [{ kind = "change_accounts", accounts = ["A-1"], scale = { potential = 2.0 } }]
[scenarios.early]
about = "First."
model = { rules.potential_band.tolerance = 0.3, "goals.driving.price" = 60 }
changes = [{ kind = "change_accounts", accounts = ["A-1"], set = { potential = 1000 } }]
"""
    )
    prepared = prepare(page)
    late = prepared.by_name["late"]
    assert list(prepared.by_name) == ["base", "late", "early"]
    assert late.model.rules["potential_band"].tolerance == 0.4
    assert late.model.goals["driving"].price == 60
    assert list(late.model.rules) == ["potential_band"]
    assert prepared.instance(late, page.parent / "out").accounts.columns["potential"][0] == "2000"


def test_a_season_is_a_column_times_a_column(place, tmp_path):
    page = place(
        HEAD + '[seasons.july]\nvisits_per_year = "july"\nhours_per_visit = 0.5\n'
        '[scenarios.july]\nseason = "july"\n'
    )
    accounts = tmp_path / "tiny" / "accounts.csv"
    lines = accounts.read_text(encoding="utf-8").splitlines()
    extra = ["july", "1", "0.5", "2", "1", "1", "1"]
    text = "\n".join(f"{line},{more}" for line, more in zip(lines, extra, strict=True))
    accounts.write_text(text + "\n", encoding="utf-8")
    ready = prepare(page).by_name["july"]
    made = prepare(page).instance(ready, tmp_path / "out")
    before = topt.read_instance(tmp_path / "tiny")
    visits = before.account_numbers("visits_per_year")
    assert made.account_numbers("visits_per_year").tolist()[:3] == [
        visits[0], visits[1] * 0.5, visits[2] * 2,
    ]  # fmt: skip
    hours = before.account_numbers("hours_per_visit")
    assert made.account_numbers("hours_per_visit").tolist() == (hours * 0.5).tolist()
    assert ready.scenario.in_words() == [
        "all accounts: hours_per_visit x 0.5, visits_per_year x july"
    ]


def test_a_filter_that_leaves_owners_out_goes_into_the_folder_of_a_scenario(place, tmp_path):
    page = place(
        HEAD.replace("[search]", '[base.where.reps]\nrep_id = ["R-1", "R-2"]\n[search]')
        + "[scenarios.more]\n"
        'changes = [{ kind = "change_accounts", scale = { potential = 1.1 } }]\n'
        "model.rules.potential_band.tolerance = 0.9\n"
    )
    prepared = prepare(page)
    ready = prepared.by_name["more"]
    made = prepared.instance(ready, tmp_path / "out")
    assert made.rep_ids == ("R-1", "R-2")
    assert content_of(made) == ready.data
    again = prepared.instance(ready, tmp_path / "out")
    assert again.hashes == made.hashes


def test_the_content_of_a_scenario_follows_all_that_its_result_depends_on(place, tmp_path):
    def contents(text, **search):
        return {r.name: r.content for r in prepare(place(text), search).scenarios}

    first = contents(SIX)
    assert contents(SIX) == first
    assert len(set(first.values())) == len(first)
    assert contents(SIX.replace("0.3", "0.31"))["base"] == first["base"]
    assert contents(SIX.replace("0.3", "0.31"))["wide"] != first["wide"]
    assert contents(SIX.replace("1.05", "1.06"))["growth"] != first["growth"]
    assert not set(contents(SIX, seed=1).values()) & set(first.values())
    assert contents(SIX.replace("A wider band.", "Another word."), gap=1e-3) == first
    reps = tmp_path / "tiny" / "reps.csv"
    reps.write_text(reps.read_text(encoding="utf-8").replace("Chen", "Cheng"), encoding="utf-8")
    assert not set(contents(SIX).values()) & set(first.values())


def test_faults_of_the_page_are_told_at_once(place):
    assert told(
        place,
        HEAD
        + """
[scenarios.a]
frm = "b"
changes = [{ kind = "rep_leave" }]
[scenarios.b]
weight = -1
""",
    ) == [
        "page.toml, scenarios.a.changes.0.kind: is not a known kind (found 'rep_leave'). Did you "
        "mean 'rep_leaves'? Kinds here: rep_leaves, rep_joins, change_reps, change_accounts, "
        "accounts_arrive, accounts_go, lock, merge",
        "page.toml, scenarios.a.frm: is not a known key (found 'b'). Did you mean 'from'? Known "
        "here: about, from, changes, season, locks, model, model_file, remove, weight",
        "page.toml, scenarios.b.weight: must be at least 0 (found '-1')",
    ]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('[scenarios.a]\nfrom = "q"\n',
         "page.toml, scenarios.a.from: there is no such scenario (found 'q'). Known here: base, a"),
        ('[scenarios.a]\nfrom = "b"\n[scenarios.b]\nfrom = "a"\n',
         "page.toml, scenarios.a.from: stands on itself, by way of others (found 'b'). Let one of "
         "them stand on the base"),
        ("[scenarios.base]\n",
         "page.toml, scenarios.base: is the name of what all others start from. Take another name"),
        ('[scenarios.a]\nseason = "may"\n[seasons.march]\npotential = 2.0\n',
         "page.toml, scenarios.a.season: there is no such season (found 'may'). Known here: march"),
        ('[grid]\nmost = 3\n[grid.values]\n"goals.driving.price" = [1, 2, 3, 4]\n',
         "page.toml, grid.values: makes 4 scenarios, more than 3. Give fewer values, or say most = "
         "4"),
        ('[grid.values]\n"goals.driving.price" = []\n',
         "page.toml, grid.values.goals.driving.price: has no values. Give a list of them"),
        ('[grid.values]\n"changes.3.scale" = [1]\n',
         "page.toml, grid.values.changes.3.scale: is no key of the scenario that the grid stands "
         "on. Known: a key of the model such as rules.NAME.tolerance, changes.0.KEY, season, "
         "locks.ACCOUNT"),
        ('[grid.values]\n"goals.driving.price" = [1, 1]\n',
         "page.toml, grid: is the name of two scenarios (found 'price=1'). Rename one, or take out "
         "what stands twice"),
    ],
)  # fmt: skip
def test_faults_of_scenarios(place, text, words):
    assert told(place, HEAD + text) == [words]


def test_faults_of_data_and_model_are_told_together_and_are_the_models(place):
    found = told(
        place,
        HEAD
        + """
[scenarios.a]
model.rules.potential_band.tolerence = 0.3
[scenarios.b]
changes = [{ kind = "change_accounts", scale = { potental = 1.1 } }]
[scenarios.c]
changes = [{ kind = "rep_leaves", reps = ["R-9"] }]
remove = ["rules.nothing"]
[scenarios.d]
locks = { A-1 = "R-1" }
[scenarios.e]
model.rules.potential_band.measure = "nothing"
model_file = "other.toml"
""",
        topt.ModelError,
    )
    starts = [line.split(":")[0] for line in found]
    assert starts == [
        "page.toml, scenarios.a.model.rules.potential_band.tolerence",
        "page.toml, scenarios.b.changes[0].scale.potental",
        "page.toml, scenarios.c.changes[0].reps",
        "page.toml, scenarios.c.remove",
        "page.toml, scenarios.d",
        "page.toml, scenarios.e",
    ]
    assert found[3].endswith(
        "is not in the model, so it cannot be taken out (found 'rules.nothing'). There are "
        "potential_band, capacity"
    )
    assert "the model has no rule that holds every lock" in found[4]
    assert "other.toml" in found[5]


def test_locks_go_into_the_data_where_the_model_holds_them(place, tmp_path):
    page = place(
        HEAD + '[scenarios.a]\nlocks = { A-1 = "R-3" }\nmodel.rules.locks.kind = "locks"\n'
    )
    prepared = prepare(page)
    made = prepared.instance(prepared.by_name["a"], tmp_path / "out")
    assert made.locked.tolist() == [2, -1, -1, -1, -1, -1]
    assert not made.added_locks


keys = st.text(min_size=1, max_size=8)
values = st.recursive(
    st.booleans() | st.integers(-(2**62), 2**62) | st.text(max_size=12)
    | st.floats(allow_nan=False),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=3),
    max_leaves=8,
)  # fmt: skip


@given(st.dictionaries(keys, values, max_size=5), st.text(max_size=20))
def test_toml_is_read_back_as_it_was(table, heading):
    assert tomllib.loads(to_toml(table, heading)) == table


def test_toml_of_numbers_that_are_none():
    assert math.isnan(tomllib.loads(to_toml({"a": math.nan}))["a"])
    with pytest.raises(TypeError, match="date is nothing that a model holds"):
        to_toml({"a": date(2026, 1, 1)})


def test_an_instance_that_is_not_there(place):
    with pytest.raises(topt.InputError, match="nowhere: there is no such folder"):
        prepare(place(SIX.replace('"tiny"', '"nowhere"')))


def test_paths():
    table = {"a": {"b": 1}, "c": 2}
    assert flat({"a": {"b": 1, "c.d": 2}, "e.f": 3}) == {
        ("a", "b"): 1, ("a", "c.d"): 2, ("e", "f"): 3,
    }  # fmt: skip
    put(table, ("a", "x", "y"), 5)
    assert table["a"] == {"b": 1, "x": {"y": 5}}
    with pytest.raises(KeyError):
        put(table, ("c", "x"), 1)
    assert take_out(table, ("a", "x"))
    assert not take_out(table, ("a", "q"))
    assert not take_out(table, ("c", "q"))
    assert table == {"a": {"b": 1}, "c": 2}
