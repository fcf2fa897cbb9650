"""Goals of the pencil run by hand: parts, limits, seasons, ramp, words; and what is refused."""

from __future__ import annotations

import json
from dataclasses import replace
from decimal import Decimal

import pytest
from goal_cases import ACCOUNTS, REPS, made, settings
from hypothesis import HealthCheck, given
from hypothesis import settings as fewer
from hypothesis import strategies as st

import territoryopt as topt
from territoryopt.goals.settings import GoalSettings
from territoryopt.goals.types import PARTS

WEIGHTS = "[weights]\npotential = 0.5\nhistory = 0.25\ncapacity = 0.25\n"


def parts(rep):
    return [rep.parts[name] for name in PARTS]


def cents(values):
    """As a program sums them that reads the file: the digits as they stand there."""
    return sum(Decimal(repr(v)) for v in values)


def refused(run, folder, text, match, total=None):
    with pytest.raises(topt.InputError, match=match) as error:
        topt.set_goals(run, total, settings=settings(folder, text))
    return error.value.problems


def test_by_hand(pencil, tmp_path):
    """Potential 8,000 : 2,000, sales 400 : 600, hours 100 : 300, so of 1,000: 400 + 100 + 62.5 and
    100 + 150 + 187.5. Of the two equal halves the first rep gets the unit."""
    found = topt.set_goals(pencil, 1000, settings=settings(tmp_path, WEIGHTS))
    one, two = found.reps
    assert (one.goal, two.goal) == (563.0, 437.0)
    assert parts(one) == [400, 100, 63, 0, 0]
    assert parts(two) == [100, 150, 187, 0, 0]
    assert (one.potential, one.history, one.taken_over, one.history_today) == (8000, 400, 200, 200)
    assert (two.potential, two.history, two.taken_over, two.history_today) == (2000, 600, 0, 800)
    assert (one.hours, two.hours) == (100, 300)
    assert one.growth == pytest.approx(563 / 400 - 1)
    assert one.goal_per_potential == pytest.approx(563 / 8000)
    assert two.goal_per_hour == pytest.approx(437 / 300)
    assert one.periods == (141, 141, 141, 140)
    assert found.total == 1000
    assert found.weights == {"potential": 0.5, "history": 0.25, "capacity": 0.25}


def test_the_words_by_hand(pencil, tmp_path):
    found = topt.set_goals(pencil, 1000, settings=settings(tmp_path, WEIGHTS))
    assert found.summary == (
        "1,000 USD a year for 2 reps: 50 % by the potential, 25 % by last year's sales and 25 % by "
        "the hours.",
        "Last year these accounts brought 1,000 USD; the total is as much.",
    )
    assert found.reps[0].text == (
        "Rivera: 563 USD a year = 400 for 80 % of the potential (8,000) + 100 for 40 % of last "
        "year's sales (400) + 63 for its share of the hours (100 a year). That is 40.8 % more than "
        "its accounts brought last year. Accounts taken over brought 200 USD of it."
    )
    assert [each.text for each in found.fairness] == [
        "Goal per USD of potential: 0.100 for the team, from 0.07 (Rivera) to 0.218 (Chen); not "
        "even: it varies by 51.3 %.",
        "Goal per hour: 2.50 for the team, from 1.46 (Chen) to 5.63 (Rivera); not even: it varies "
        "by 58.9 %.",
        "Growth over last year: 0 % for the team, from -27.2 % (Chen) to +40.8 % (Rivera); not "
        "even: it varies by 31.8 %.",
    ]


def test_a_limit_binds_and_the_others_make_up_for_it(pencil, tmp_path):
    """At most 1.3 times 400 is 520, so that 480 are left for the other."""
    text = f"{WEIGHTS}[growth]\nleast = 0.5\nmost = 1.3\n"
    found = topt.set_goals(pencil, 1000, settings=settings(tmp_path, text))
    one, two = found.reps
    assert (one.goal, two.goal) == (520, 480)
    assert (one.limit, two.limit) == ("most", "")
    assert (one.low, one.high, two.low, two.high) == (200, 520, 300, 780)
    assert parts(one) == [400, 100, 63, -43, 0]
    assert parts(two) == [100, 150, 187, 43, 0]
    assert "- 43 down to 130 % of last year's sales, the most allowed." in one.text
    assert "+ 43 because other reps meet their limits." in two.text
    assert found.summary[-1] == "1 rep is held at the most allowed (130 % of last year's sales)."
    least = f"{WEIGHTS}[growth.reps.R-2]\nleast = 0.9\n"
    found = topt.set_goals(pencil, 1000, settings=settings(tmp_path, least))
    assert [r.goal for r in found.reps] == [460, 540]
    assert "+ 103 up to 90 % of last year's sales, the least allowed." in found.reps[1].text
    assert found.summary[-1] == "1 rep is held at the least allowed."


def test_a_step_rounds_the_goals_and_not_the_parts(pencil, tmp_path):
    text = f"step = 50\n{WEIGHTS}"
    found = topt.set_goals(pencil, 1000, settings=settings(tmp_path, text))
    assert [r.goal for r in found.reps] == [550, 450]
    assert parts(found.reps[0]) == [400, 100, 63, 0, -13]
    assert "- 13 by rounding" in found.reps[0].text
    assert [sum(r.periods[k] for r in found.reps) for k in range(4)] == [250] * 4
    problems = refused(pencil, tmp_path, f"step = 300\n{WEIGHTS}", "no multiple of the step", 1000)
    assert (problems[0].file, problems[0].key) == ("goals.toml", "step")
    assert problems[0].remedy == "Take 900 or 1,200, or a finer step"


@fewer(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    total=st.integers(1, 10**15),
    step=st.sampled_from([1, 3, 100, 12_345, 100_000]),
    weights=st.tuples(*[st.floats(0, 10, allow_nan=False)] * 3).filter(lambda w: sum(w) > 1e-6),
    seasons=st.lists(st.integers(0, 9), min_size=12, max_size=12).filter(any),
    limits=st.sampled_from([(None, None), (0.9, None), (None, 1.4), (0.9, 1.4), (0.0, 100.0)]),
)
def test_every_sum_is_exact(pencil, total, step, weights, seasons, limits):
    total -= total % step
    if not total:
        return
    spec = GoalSettings.model_validate({
        "step": step / 100,
        "weights": dict(zip(("potential", "history", "capacity"), weights, strict=True)),
        "seasons": {"weights": seasons},
        "growth": {"least": limits[0], "most": limits[1]},
        "segments": {"column": "tier"},
    })  # fmt: skip
    try:
        found = topt.set_goals(pencil, Decimal(total) / 100, settings=spec)
    except topt.InputError as error:
        out_of_reach = ("less than the total", "more than the total", "no multiple of the step")
        if not any(words in str(error) for words in out_of_reach):
            raise
        return
    whole = Decimal(total) / 100
    assert cents(r.goal for r in found.reps) == whole
    for rep in found.reps:
        goal = Decimal(repr(rep.goal))
        assert goal % (Decimal(step) / 100) == 0
        assert cents(rep.parts.values()) == goal == cents(rep.periods)
        assert cents(s.goal for s in found.segments if s.rep == rep.rep) == goal
        assert rep.low is None or rep.goal >= rep.low
        assert rep.high is None or rep.goal <= rep.high
    for part in ("limits", "rounding"):
        assert cents(r.parts[part] for r in found.reps) == 0


def test_limits_out_of_reach_say_by_how_much(pencil, tmp_path):
    text = f"{WEIGHTS}[growth]\nmost = 0.9\n"
    problems = refused(pencil, tmp_path, text, "100 less than the total 1,000", 1000)
    assert str(problems[0]) == (
        "goals.toml, growth.most: the most that goals may be adds up to 900, 100 less than the "
        "total 1,000; the total is 100 % of last year's sales. Raise growth.most, or lower the "
        "total by so much"
    )
    text = f"{WEIGHTS}[growth]\nleast = 1.25\n"
    refused(pencil, tmp_path, text, "least goals add up to 1,250, 250 more than the total", 1000)
    text = f"step = 500\n{WEIGHTS}[growth]\nleast = 0.9\nmost = 1.2\n"
    refused(pencil, tmp_path, text, "no multiple of the step lies between the least", 1000)
    text = f"{WEIGHTS}[growth]\nleast = 1.2\n[growth.reps.R-1]\nmost = 1.1\n"
    refused(pencil, tmp_path, text, "the least goal of R-1 is above the most", 1000)


def test_ramp_and_leave_lower_shares_history_and_early_months(pencil, tmp_path):
    """Chen begins in the middle of February, with 50 % in that month and the next."""
    text = (
        'year_begins = 2027-01-01\n[weights]\nhistory = 1\n[ramp]\nmonths = [0.5, 0.5]\n'
        'column = "first_day"\n[seasons]\nweights = [1,1,1,1,1,1,1,1,1,1,1,1]\n'
    )  # fmt: skip
    found = topt.set_goals(pencil, 1200, settings=settings(tmp_path, text))
    one, two = found.reps
    assert (one.share_of_year, two.share_of_year) == (1.0, pytest.approx(10 / 12))
    assert (one.goal, two.goal) == (533, 667)  # 400 : 500
    assert two.periods[:3] == (0, 33, 33)
    assert two.periods[4] in (66, 67)
    assert "Ramp and leave leave 83.3 % of the year." in two.text
    assert two.hours == pytest.approx(250)
    text = '[weights]\nhistory = 1\n[availability]\ncolumn = "worked"\n'
    found = topt.set_goals(pencil, 700, settings=settings(tmp_path, text))
    assert [r.goal for r in found.reps] == [400, 300]
    only = f'{text}applies_to = "capacity"\n'
    found = topt.set_goals(pencil, 1000, settings=settings(tmp_path, only))
    assert [r.goal for r in found.reps] == [400, 600]
    held = f"{text}[growth]\nmost = 1\n"
    refused(pencil, tmp_path, held, "adds up to 700, 300 less", 1000)


def test_who_begins_after_the_year_gets_nothing(pencil, tmp_path):
    text = "year_begins = 2027-01-01\n[weights]\nhistory = 1\n[ramp.starts]\nR-2 = 2028-05-01\n"
    found = topt.set_goals(pencil, 1200, settings=settings(tmp_path, text))
    assert [r.goal for r in found.reps] == [1200, 0]
    assert found.reps[1].periods == (0, 0, 0, 0)


def test_segments_go_by_what_the_parts_stand_on(pencil, tmp_path):
    """Of Rivera's 563: 400 by potential 6,000 : 2,000, 100 by sales 200 : 200, 63 by hours
    30 : 20, so 300 + 50 + 37.8 and 100 + 50 + 25.2."""
    text = f'{WEIGHTS}[segments]\ncolumn = "tier"\n'
    found = topt.set_goals(pencil, 1000, settings=settings(tmp_path, text))
    assert [(s.rep, s.segment, s.accounts, s.goal) for s in found.segments] == [
        ("R-1", "A", 1, 388), ("R-1", "B", 1, 175), ("R-2", "(blank)", 1, 437),
    ]  # fmt: skip
    refused(pencil, tmp_path, '[segments]\ncolumn = "nothing"\n', "no column 'nothing'", 1000)


def test_kpis_by_hand(pencil, tmp_path):
    found = topt.set_goals(
        pencil, 1000, settings=settings(tmp_path, f"{WEIGHTS}[kpis]\nchurn = 0.1\n")
    )
    kpis = {kpi.name: kpi for kpi in found.kpis}
    assert list(kpis) == ["sales", "retention", "new_business", "calls", "coverage"]
    assert kpis["sales"].targets == (563, 437)
    assert kpis["retention"].targets == (360, 540)
    assert kpis["new_business"].targets == (203, 0)
    assert kpis["calls"].targets == (15, 4)
    # Rivera's 100 hours hold the 30 of A-1 and the 20 of A-2; all is seen
    assert kpis["coverage"].targets == (1, 1)
    assert kpis["retention"].formula == "sum of revenue x (1 - 0.1) over the rep's accounts"
    assert kpis["retention"].columns == (
        "column annual_revenue of accounts.csv", "churn 10 % a year, as stated",
    )  # fmt: skip
    text = f'{WEIGHTS}[kpis]\nchurn = "lost"\n'
    by_column = topt.set_goals(pencil, 1000, settings=settings(tmp_path, text))
    assert by_column.kpis[1].targets == (280, 600)
    refused(pencil, tmp_path, '[kpis]\nchurn = "potential"\n', "is above 1", 1000)
    absent = topt.set_goals(pencil, 1000)
    assert [(each.what, each.why) for each in absent.left_out] == [
        ("retention", "no churn rate is stated; add churn under [kpis]"),
        ("new_business", "it is the goal less retention"),
    ]


def test_coverage_ends_with_the_hours(tmp_path):
    """Of 45 hours A-1 takes its 20 (300 a unit), and A-2, 20 hours, too; with 30 hours A-2 gets 10
    of its 20."""
    run = made(tmp_path, reps=REPS.replace("R-1,Rivera,100", "R-1,Rivera,50"))
    text = f"{WEIGHTS}[availability.reps]\nR-1 = 0.8\n"
    found = topt.set_goals(run, 1000, settings=settings(tmp_path, text))
    coverage = found.kpis[-1]
    # 50 hours less leave are 40: 30 for A-1 (10 visits of 2 + 1), 10 of the 20 of A-2
    assert coverage.targets == (pytest.approx((6000 + 1000) / 8000), 1)
    assert coverage.team == pytest.approx((6000 + 1000 + 2000) / 10000)


def test_without_columns_what_is_there_is_used_and_the_rest_is_named(tmp_path):
    accounts = "\n".join(
        ",".join(c for k, c in enumerate(line.split(",")) if k != 2)
        for line in ACCOUNTS.strip().split("\n")
    )
    model = MODEL_WITHOUT
    run = made(tmp_path, accounts=accounts, model=model, reps="rep_id,name\nR-1,Rivera\nR-2,Chen\n")
    found = topt.set_goals(run, 1000)
    assert found.weights == {"potential": 0.0, "history": 1.0, "capacity": 0.0}
    assert [r.goal for r in found.reps] == [400, 600]
    assert [(each.what, each.why) for each in found.left_out][:2] == [
        ("a share by potential", "accounts.csv has no column 'potential'"),
        ("a share by capacity", "the column capacity of reps.csv is not there"),
    ]
    assert "coverage" in {each.what for each in found.left_out}
    problems = refused(run, tmp_path, "[weights]\npotential = 1\ncapacity = 1\n",
                       "weights.potential cannot be used", 1000)  # fmt: skip
    assert {p.key for p in problems} == {"potential.measure", "capacity.column"}
    refused(run, tmp_path, '[history]\nmeasure = "workload"\n[weights]\nhistory = 1\n',
            "counted in hours/year, not USD/year", 1000)  # fmt: skip
    refused(run, tmp_path, '[history]\nmeasure = "sold"\n[weights]\nhistory = 1\n',
            "the model has no measure 'sold'", 1000)  # fmt: skip


MODEL_WITHOUT = """
name = "No potential"
[travel]
pairs_hours = "hours"
[rules.locks]
kind = "locks"
[goals.driving]
kind = "travel"
price = 1
"""


def test_amounts_below_zero_are_nothing_to_share_by(tmp_path):
    model = f'{MODEL_WITHOUT}[measures.net]\nunit = "USD/year"\ncolumn = "net"\nnegative = true\n'
    accounts = ACCOUNTS.replace(",lost", ",net").replace("A,0.1", "A,-9").replace("B,0.5", "B,1")
    run = made(tmp_path, accounts=accounts, model=model)
    text = '[weights]\npotential = 1\n[potential]\nmeasure = "net"\n'
    refused(run, tmp_path, text, "it is below zero for 1 rep", 1000)


def test_history_of_reps_stays_with_the_rep(tmp_path):
    reps = "rep_id,name,capacity,sold\nR-1,Rivera,100,300\nR-2,Chen,300,100\n"
    run = made(tmp_path, reps=reps)
    text = '[weights]\nhistory = 1\n[history]\nreps = "sold"\n'
    found = topt.set_goals(run, 1000, settings=settings(tmp_path, text))
    assert [r.goal for r in found.reps] == [750, 250]
    assert found.summary[1].startswith("Last year these reps brought 400 USD")
    assert found.reps[0].text.endswith("150 % more than the rep brought last year.")
    assert found.reps[0].taken_over is None


@pytest.mark.parametrize(
    ("text", "key", "said"),
    [
        ("totl = 5", "totl", "is not a known key"),
        ("total = -5", "total", "must be above 0"),
        ('total = "many"', "total", "must be a number"),
        ("step = 0.001\ntotal = 5", "step", "no whole number of cents"),
        ("[weights]\npotental = 1", "weights.potental", "Did you mean 'potential'"),
        ("[weights]\npotential = 0", "weights", "add up to zero"),
        ("[weights]\npotential = nan", "weights.potential", "must be a finite number"),
        ("[growth]\nleast = 1.2\nmost = 1.1", "growth", "least (1.2) is above most (1.1)"),
        ("[growth.reps.R-9]\nmost = 1.1", "growth.reps.R-9", "there is no such rep"),
        ("[growth.reps.R-1]\nmots = 1.1", "growth.reps.R-1.mots", "Did you mean 'most'"),
        ("[availability.reps]\nR-9 = 1", "availability.reps.R-9", "there is no such rep"),
        ("[availability.reps]\nR-1 = 1.5", "availability.reps.R-1", "must be at most 1"),
        ("[ramp]\nmonths = [0.5]", "", "a ramp needs year_begins"),
        ('year_begins = "soon"', "year_begins", "must be a date without quotes"),
        ("year_begins = 2027-01-01\n[ramp.starts]\nR-9 = 2027-01-01", "ramp.starts.R-9", "no such"),
        ("[seasons]\nweights = [1, 2]", "seasons", "there are 2 weights: give 4 or 12"),
        ("[seasons]\nweights = [0, 0, 0, 0]", "seasons", "add up to zero"),
        ("[kpis]\nchurn = 1.2", "kpis.churn", "must be at most 1"),
        ('[kpis]\nchurn = "nothing"', "", "nothing"),
        ("[potential]\nmeasure = 3", "potential.measure", "must be text in quotes"),
        ("total = [", "", "is not valid TOML"),
    ],
)  # fmt: skip
def test_a_file_that_cannot_be_used_says_where_and_why(pencil, tmp_path, text, key, said):
    with pytest.raises(topt.InputError) as error:
        topt.set_goals(pencil, None if "total" in text else 1000,
                       settings=settings(tmp_path, text))  # fmt: skip
    first = error.value.problems[0]
    assert said in str(first)
    assert first.key == key or not key


def test_all_faults_are_told_at_once(pencil, tmp_path):
    text = "totl = 5\nstep = -1\n[weights]\nx = 1\n[growth]\nleast = -1\n"
    problems = refused(pencil, tmp_path, text, "totl")
    assert {p.key for p in problems} == {"totl", "step", "weights.x", "growth.least"}
    assert all(p.file == "goals.toml" for p in problems)


@pytest.mark.parametrize("total", ["x", "-1", "0", "nan", "inf", "1e14", "1.001", True, "", None])
def test_a_total_that_is_none_is_refused(pencil, total):
    if total is True:
        assert topt.set_goals(pencil, 1).total == 1
        return
    with pytest.raises(topt.InputError) as error:
        topt.set_goals(pencil, total)
    assert error.value.problems[0].key == "total"


def test_a_column_of_dates_or_shares_that_holds_neither(tmp_path):
    reps = REPS.replace("2027-02-15,0.5", "15/2/2027,1.5")
    run = made(tmp_path, reps=reps)
    text = (
        'year_begins = 2027-01-01\n[availability]\ncolumn = "worked"\n'
        '[ramp]\ncolumn = "first_day"\n'
    )
    problems = refused(run, tmp_path, text, "is no date", 1000)
    assert [(p.row, p.column, p.value) for p in problems] == [
        (3, "worked", "1.5"), (3, "first_day", "15/2/2027"),
    ]  # fmt: skip


def test_a_run_without_a_plan_is_refused(pencil):
    with pytest.raises(topt.InputError, match="holds no plan"):
        topt.set_goals(replace(pencil, rep=None), 1000)


def test_the_record_is_json_and_frames_have_a_row_each(pencil, tmp_path):
    text = f'{WEIGHTS}[segments]\ncolumn = "tier"\n'
    found = topt.set_goals(pencil, 1000, settings=settings(tmp_path, text))
    record = json.loads(json.dumps(found.as_dict(), allow_nan=False))
    assert record["schema"] == "territoryopt/goals/1"
    assert sum(r["goal"] for r in record["reps"]) == 1000
    assert len(found.to_frame()) == 2
    assert len(found.parts_frame()) == 2 * len(PARTS)
    assert len(found.kpi_frame()) == 2 * len(found.kpis)
    assert found.segment_frame()["goal"].sum() == 1000
    assert "<table" in found._repr_html_()
