"""The models that come with the package: they load, speak and fit the data beside them."""

from __future__ import annotations

import numpy as np
import pytest

from territoryopt.compile import compile_problem
from territoryopt.instance import read_instance
from territoryopt.model import library, load_model, parse_model
from territoryopt.problem.screen import screen
from territoryopt.terms import GOALS, RULES
from territoryopt.terms.reference import EXAMPLE, statements
from territoryopt.terms.term import kind_name

NAMES = sorted(path.stem for path in library("models").glob("*.toml"))


@pytest.fixture(scope="module")
def us_field():
    return read_instance(library("instances") / "us-field")


def test_there_are_models():
    assert len(NAMES) >= 4


@pytest.mark.parametrize("name", NAMES)
def test_a_shipped_model_loads_and_states_measures_and_units(name):
    model = load_model(name)
    assert model.name
    assert len(model.audience.split()) > 20
    said = statements(model)
    assert list(said) == [*model.rules, *model.goals]
    for key, term in model.terms.items():
        assert said[key].isprintable()
        for measure in term.measures():
            assert measure in said[key]
            assert f"[{model.units[measure]}]" in said[key]
            assert model.source(measure)


@pytest.mark.parametrize("name", NAMES)
def test_a_shipped_model_fits_us_field(name, us_field):
    what = compile_problem(us_field, load_model(name))
    assert (what.accounts, what.reps) == (len(us_field.account_ids), len(us_field.rep_ids))
    assert not screen(what.contracted)
    assert not [note for note in what.notes if "binds nothing" in note]
    money = what.contracted.cost_block(0, 50)
    assert np.isfinite(money).all()


def test_the_example_of_the_page_fits_tiny():
    compile_problem(read_instance(library("instances") / "tiny"), parse_model(EXAMPLE))


SAID = {
    'kind = "band"\nmeasure = "potential"\ntolerance = 0.2\nprice = 3\n':
    "0.8 μ_j <= Σ_i potential_ij x_ij <= 1.2 μ_j  [USD/year]  for each rep j, μ_j = an equal share "
    "of all potential  or pay 3 USD per USD",
    'kind = "capacity"\nmin = 10\nprice = 1500\n':
    "10 <= Σ_i workload_ij x_ij  [hours/year]  for each rep j  or pay 1,500 USD per hour",
    'kind = "capacity"\n': "Σ_i workload_ij x_ij <= capacity_j  [hours/year]  for each rep j",
    'kind = "group"\ncolumn = "team"\nmeasure = "count"\nmin = 2\nmax_share = 0.5\nprice = 1\n':
    "2 <= Σ_{j in G} Σ_i count_ij x_ij <= 0.5 of the total  [accounts]  for G = reps by team (each "
    "value)  or pay 1 USD/year per account",
    'kind = "required_skills"\nprice = 400\n':
    "x_ij = 0  where account i requires a skill rep j has not  or pay 400 USD/year per account",
    'kind = "locks"\nto = "current"\nwhere = { tier = ["A", "B"] }\n':
    "x_{i,l(i)} = 1  accounts (tier in A, B) stay with their current owner",
    'kind = "families"\n': "x_ij = x_kj  for accounts i, k with one family",
    'kind = "apart"\nprice = 5\n':
    "Σ_{i in g} x_ij <= 1  for each rep j and group g of apart  or pay 5 USD/year per account too "
    "many",
    'kind = "moves"\nmax = 10\nmax_share = 0.1\n':
    "Σ_i count_i [rep_i != current_i] <= 10 and 0.1 of what is owned today  [accounts]",
    'kind = "moves"\nscope = "handed_off"\nmax = 10\n':
    "Σ_{i: current_i = j} count_i (1 - x_ij) <= 10  [accounts]  for each rep j",
    'kind = "moves"\nscope = "taken_over"\nmax = 10\n':
    "Σ_{i: current_i != j} count_i x_ij <= 10  [accounts]  for each rep j",
    'kind = "moves"\nmax = 10\nwhere = { tier = ["A"] }\nwhen = { renewal = ["", "2027-01-31"] }\n':
    "Σ_i count_i [rep_i != current_i] of accounts (tier in A and renewal ... to 2027-01-31) <= 10  "
    "[accounts]",
    'kind = "protect"\nas_of = "2026-11-27"\nchanged = "since"\nrenewal = "renewal"\n'
    'renewal_after_months = 2\nat_risk = { health = ["red"] }\nprice = 9\n':
    "x_{i,current_i} = 1  accounts (since less than 12 months before 2026-11-27; renewal within 90 "
    "days of 2026-11-27 or 2 months after it; at risk: health in red)  or pay 9 USD/year per "
    "account",
}  # fmt: skip


@pytest.mark.parametrize("text", SAID)
def test_the_words_of_a_rule(text):
    model = parse_model(f'name = "m"\n[rules.r]\n{text}[goals.g]\nkind = "travel"\n')
    assert statements(model)["r"] == SAID[text]


SAID_GOALS = {
    'kind = "travel"\n': "75 USD per hour · Σ_ij travel_ij x_ij  [hours/year]",
    'kind = "fit"\n': "0.02 · Σ_ij potential_i (1 - fit_ij) x_ij  [USD/year]",
    'kind = "balance"\nmeasure = "count"\nhow = "worst"\nprice = 1000\n':
    "1,000 USD per point · 100 max_j |w_j - μ_j| / μ_j, w_j = Σ_i count_ij x_ij  "
    "[accounts], μ_j = an equal share of all count",
    'kind = "balance"\nmeasure = "count"\nhow = "total"\nprice = 2\n':
    "2 USD · Σ_j |w_j - μ_j|, w_j = Σ_i count_ij x_ij  [accounts], μ_j = an equal share of all "
    "count",
    'kind = "disruption"\n': "0.066 · Σ_i revenue_i [rep_i != current_i]  [USD/year]",
    'kind = "measure"\nmeasure = "distance"\nprice = 3\n': "3 · Σ_ij distance_ij x_ij  [km]",
}  # fmt: skip


@pytest.mark.parametrize("text", SAID_GOALS)
def test_the_words_of_a_goal(text):
    model = parse_model(f'name = "m"\n[goals.g]\n{text}')
    assert statements(model)["g"] == SAID_GOALS[text]


def test_every_kind_has_its_words_tested():
    for terms, said in ((RULES, SAID), (GOALS, SAID_GOALS)):
        assert {kind_name(term) for term in terms} == {text.split('"')[1] for text in said}
