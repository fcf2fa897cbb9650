"""Quality of territories: values by hand, thresholds, the overall rule, and totals that are those
of the model's own rules."""

from __future__ import annotations

import json

import numpy as np
import pytest
from goal_cases import REPS, made, settings

import territoryopt as topt
from territoryopt.goals.criteria import CRITERIA, NAMES, CriteriaTable
from territoryopt.goals.measured import Measured


def of(found, rep):
    territory = next(t for t in found.territories if t.rep == rep)
    return {c.name: c for c in territory.criteria}


def test_every_value_by_hand(pencil):
    """Rivera: potential 8,000 of a target of 5,000; hours 10 x (2 + 1) + 5 x (2 + 2) = 50 of a mean
    of 37 and of 100; 20 of them on the road; A-1 is 6,000 of 8,000; A-2 is new."""
    found = topt.territory_quality(pencil)
    one, two = of(found, "R-1"), of(found, "R-2")
    values = {name: judged.value for name, judged in one.items()}
    assert values == {
        "potential": pytest.approx(1.6),
        "workload": pytest.approx(50 / 37),
        "capacity_use": pytest.approx(0.5),
        "travel_share": pytest.approx(0.4),
        "largest_account": pytest.approx(0.75),
        "concentration": pytest.approx(0.75**2 + 0.25**2),
        "disruption": pytest.approx(0.5),
        "growth_room": pytest.approx(7600 / 8000),
    }
    assert two["concentration"].value == 1
    assert two["disruption"].value == 0
    assert {name: judged.verdict for name, judged in one.items()} == {
        "potential": "low", "workload": "low", "capacity_use": "low", "travel_share": "medium",
        "largest_account": "low", "concentration": "low", "disruption": "low",
        "growth_room": "high",
    }  # fmt: skip
    assert [(each.what, each.why) for each in found.left_out] == [
        ("km a visit against the team's", "accounts.csv, row 2: A-1 has no coordinates, and the "
         "model needs its distance (and 4 more)"),
        ("potential fully fit", "no account wishes for a skill"),
    ]  # fmt: skip


def test_the_words(pencil):
    found = topt.territory_quality(pencil)
    one = of(found, "R-1")
    assert one["potential"].text == (
        "potential 8,000 USD a year, 160 % of the target: low (high: 90 to 110 %; medium: 80 to "
        "120 %)."
    )
    assert one["workload"].words == "workload 50 hours a year, 135 % of the mean of the reps"
    assert one["capacity_use"].words == "50 % of 100 hours a year used"
    assert one["travel_share"].text == (
        "40 % of the workload on the road: medium (high: at most 35 %; medium: at most 50 %)."
    )
    assert one["largest_account"].words == "Harbor is 75 % of the potential"
    assert one["concentration"].words == "concentration 0.625, as of 1.60 accounts alike"
    assert one["disruption"].words == "1 of 2 accounts new to the rep (50 %), 0 handed off"
    assert one["growth_room"].words == "95 % of the potential not yet sold"
    assert found.territories[0].text == (
        "Rivera: low, 18.8 % of the points. Low: potential 8,000 USD a year, 160 % of the target; "
        "workload 50 hours a year, 135 % of the mean of the reps; 50 % of 100 hours a year used; "
        "Harbor is 75 % of the potential; concentration 0.625, as of 1.60 accounts alike; 1 of 2 "
        "accounts new to the rep (50 %), 0 handed off. Medium: 40 % of the workload on the road."
    )
    assert found.summary == "Of 2 territories: 2 low."


def test_totals_are_those_of_the_rules(pencil):
    """The amounts are the rule's own arrays, not built a second time."""
    measured = Measured(pencil)
    rules = {rows.measure: rows for rows in pencil.problem.rows}
    for measure in ("potential", "workload"):
        assert measured.amounts(measure) is rules[measure].amounts
        assert measured.of_reps(measure) == pytest.approx(rules[measure].activity(pencil.rep))
    built = measured.of_reps("travel") + measured.of_reps("calls")
    assert np.allclose(built, measured.of_reps("workload"))


def test_other_thresholds_and_the_worst_rule(pencil, tmp_path):
    text = """
[overall]
rule = "worst"
[criteria]
potential = { high = [0.4, 1.6], medium = [0.2, 2] }
workload = { weight = 0 }
capacity_use = { high = [0.01, 1], medium = [0, 1] }
travel_share = { high = 0.4 }
largest_account = { weight = 0 }
concentration = { weight = 0 }
disruption = { high = 0.5, medium = 0.5 }
"""
    found = topt.territory_quality(pencil, settings(tmp_path, text))
    one = of(found, "R-1")
    assert "workload" not in one
    assert {c.verdict for c in one.values()} == {"high"}
    assert found.territories[0].verdict == "high"
    assert found.territories[0].text.endswith("Every criterion is high.")
    assert found.rule == "A territory is as good as its worst criterion."
    assert {c.source for c in found.criteria if c.name == "potential"} == {"goals.toml"}
    points = text.replace('rule = "worst"', "high = 0.9\nmedium = 0.1")
    again = topt.territory_quality(pencil, settings(tmp_path, points))
    assert again.territories[0].points == 1
    assert again.rule.startswith("Points: high counts 2")


def test_a_broken_rule_is_low_whatever_the_thresholds(pencil, tmp_path):
    from dataclasses import replace

    broken = replace(pencil, rep=np.zeros(3, dtype=np.int64))
    text = "[criteria]\npotential = { high = [0, 5], medium = [0, 5] }\n"
    found = of(topt.territory_quality(broken, settings(tmp_path, text)), "R-1")
    assert found["potential"].verdict == "low"
    assert found["potential"].text.endswith("low (a rule is broken).")
    empty = of(topt.territory_quality(broken), "R-2")
    assert empty["largest_account"].verdict == "unknown"
    assert empty["largest_account"].value is None


@pytest.mark.parametrize(
    ("text", "key", "said"),
    [
        ("[criteria]\ntravel = { high = 1 }", "criteria.travel", "Did you mean 'travel_share'"),
        ("[criteria]\ntravel_share = { high = [1, 2] }", "criteria.travel_share.high", "Give one"),
        ("[criteria]\npotential = { high = 1 }", "criteria.potential.high", "Give two numbers"),
        ("[criteria]\npotential = { high = [2, 1] }", "criteria.potential.high", "Give two"),
        ("[criteria]\npotential = { medium = [0.95, 1] }", "criteria.potential", "narrower"),
        ("[criteria]\ntravel_share = { medium = 0.1 }", "criteria.travel_share", "narrower"),
        ("[criteria]\ngrowth_room = { medium = 0.5 }", "criteria.growth_room", "narrower"),
        ("[criteria]\ngrowth_room = { weight = -1 }", "criteria.growth_room.weight", "at least 0"),
        ('[overall]\nrule = "best"', "overall.rule", "must be 'points' or 'worst'"),
        ("[overall]\nmedium = 0.9", "overall.medium", "medium is above high"),
        ("[criteria]\n" + "\n".join(f"{n} = {{ weight = 0 }}" for n in NAMES), "criteria",
         "every criterion has weight 0"),
    ],
)  # fmt: skip
def test_settings_that_make_no_sense(pencil, tmp_path, text, key, said):
    with pytest.raises(topt.InputError) as error:
        topt.territory_quality(pencil, settings(tmp_path, text))
    assert said in str(error.value)
    assert error.value.problems[0].key == key


def test_every_criterion_has_a_table_of_thresholds_and_a_source():
    assert set(CriteriaTable.model_fields) == set(NAMES)
    assert all(c.source for c in CRITERIA)


def test_km_and_skills_where_they_are(tmp_path):
    """On the equator, where a degree of longitude is 111.2 km."""
    accounts = """\
account_id,potential,visits_per_year,hours_per_visit,latitude,longitude,wishes,locked_rep
A-1,100,1,1,0,10,german,R-1
A-2,300,1,1,0,11,,R-2
A-3,100,2,1,0,12,german=1;dairy=1,R-2
A-4,100,9,1,,,german,R-1
"""
    reps = """\
rep_id,home_latitude,home_longitude,capacity,skills
R-1,0,11,100,german
R-2,0,11,100,dairy
"""
    model = """
name = "m"
[travel]
missing_km = 500
[rules.locks]
kind = "locks"
[goals.driving]
kind = "travel"
"""
    run = made(tmp_path, accounts, reps, model, "")
    found = topt.territory_quality(run)
    one, two = of(found, "R-1"), of(found, "R-2")
    # A-4 has no place and does not count: Rivera 111.2 km a visit, Chen 2 x 111.2 / 3
    team = (111.195 * 1 + 111.195 * 2) / 4
    assert one["compactness"].value == pytest.approx(111.195 / team, rel=1e-4)
    assert two["compactness"].value == pytest.approx(111.195 * 2 / 3 / team, rel=1e-4)
    assert (one["skill_fit"].value, two["skill_fit"].value) == (1, pytest.approx(0.75))
    assert {each.what for each in found.left_out} == {
        "accounts new to the rep", "potential not yet sold",
    }  # fmt: skip
    assert "nobody owns an account today" in {each.why for each in found.left_out}


def test_the_record_is_json(pencil):
    found = topt.territory_quality(pencil)
    record = json.loads(json.dumps(found.as_dict(), allow_nan=False))
    assert record["territories"][0]["criteria"][0]["high"] == [0.9, 1.1]
    assert len(found.to_frame()) == 2


def test_reps_without_hours_or_accounts(tmp_path):
    run = made(tmp_path, reps=REPS + "R-3,Idle,0,,1\n", model=OPEN)
    found = topt.territory_quality(run)
    idle = of(found, "R-3")
    assert idle["capacity_use"].value is None
    assert idle["disruption"].value is None
    json.dumps(found.as_dict(), allow_nan=False)


OPEN = """
name = "Open"
[travel]
pairs_hours = "hours"
pairs_missing = 1
[rules.locks]
kind = "locks"
[goals.driving]
kind = "travel"
price = 1
"""
