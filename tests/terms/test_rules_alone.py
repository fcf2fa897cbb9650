"""Each rule alone on two or three objects, with numbers worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest
from small import holding, instance, judged, problem, table

from territoryopt.errors import ModelError

THREE = {"potential": [60, 30, 10]}


# -- band -----------------------------------------------------------------------------------------


def test_a_band_is_about_an_equal_share(tmp_path):
    # total 100, share 50, band 40..60
    rule = '[rules.even]\nkind = "band"\nmeasure = "potential"\ntolerance = 0.2\n'
    what = problem(instance(tmp_path, THREE, 2), rule)
    assert what.rows[0].lower.tolist() == [40, 40]
    assert what.rows[0].upper.tolist() == [60, 60]
    assert holding(what) == {"122", "211"}
    breach = judged(what, 1, 1, 2).breaches
    assert [(b.rule, b.label, b.activity, b.lower, b.upper, b.unit) for b in breach] == [
        ("even", "R-1", 90, 40, 60, "USD/year"),
        ("even", "R-2", 10, 40, 60, "USD/year"),
    ]


def test_a_priced_band_charges_each_unit_outside(tmp_path):
    rule = '[rules.even]\nkind = "band"\nmeasure = "potential"\ntolerance = 0.2\nprice = 3\n'
    what = problem(instance(tmp_path, THREE, 2), rule)
    found = judged(what, 1, 1, 2)  # 90 is 30 above 60, 10 is 30 below 40
    assert found.holds
    assert found.money["even"] == 3 * (30 + 30)
    assert judged(what, 1, 2, 2).money["even"] == 0


def test_a_target_share_follows_a_column_of_reps(tmp_path):
    rule = '[rules.b]\nkind = "band"\nmeasure = "potential"\ntolerance = 0.1\ntarget = "quota"\n'
    what = problem(instance(tmp_path, THREE, {"quota": [3, 2]}), rule)
    # 100 in proportion 3 : 2
    assert what.rows[0].target.tolist() == pytest.approx([60, 40])
    assert holding(what) == {"122"}


PAIRED = [[1, 3], [4, 2], [5, 6]]
KM = '[measures.km]\nunit = "km by boat"\npairs = "km"\n'


@pytest.mark.parametrize(
    ("reference", "total"),
    [
        ('"least"', 1 + 2 + 5),  # each account with the rep of its least amount
        ('"current"', 3 + 4 + 5),  # owned today by
        ("20", 20),
    ],
)
def test_what_shares_are_taken_of_is_chosen_and_noted(tmp_path, reference, total):
    data = instance(tmp_path, {"current_rep": ["R-2", "R-1", "R-1"]}, 2, table(PAIRED, "km"))
    rule = f'[rules.b]\nkind = "band"\nmeasure = "km"\ntolerance = 0.5\nreference = {reference}\n'
    what = problem(data, KM + rule)
    assert what.rows[0].target.tolist() == [total / 2, total / 2]
    if reference != "20":
        (note,) = what.notes
        assert note.startswith(f"rules.b: shares are of {total} km by boat of km (")


def test_no_current_total_where_an_account_is_unowned(tmp_path):
    data = instance(tmp_path, {"current_rep": ["R-2", "", "R-1"]}, 2, table(PAIRED, "km"))
    rule = '[rules.b]\nkind = "band"\nmeasure = "km"\ntolerance = 0.5\nreference = "current"\n'
    with pytest.raises(ModelError, match="1 accounts have no current owner") as error:
        problem(data, KM + rule)
    assert error.value.problems[0].key == "rules.b.reference"


def test_the_least_total_leaves_out_pairs_that_may_not_be_used(tmp_path):
    # A-1 may only be with R-2 (3 km): 3 + 2 + 5
    pairs = table([[None, 3], [4, 2], [5, 6]], "km")
    rule = '[rules.b]\nkind = "band"\nmeasure = "km"\ntolerance = 0.5\n'
    what = problem(instance(tmp_path, 3, 2, pairs), KM + 'missing = "exclude"\n' + rule)
    assert what.rows[0].target.tolist() == [5, 5]


@pytest.mark.parametrize(
    ("accounts", "reps", "target", "key", "message"),
    [
        ([0, 0, 0], 2, "equal", "rules.b.measure", "the target of R-1 is 0 USD/year"),
        ([1, 1, 1], {"quota": [1, 0]}, "quota", "rules.b.target", "the target of R-2 is 0"),
        ([1, 1, 1], {"quota": [0, 0]}, "quota", "rules.b.target", "adds up to zero"),
    ],
)
@pytest.mark.parametrize("role", ["rules", "goals"])
def test_a_target_of_zero_is_refused(tmp_path, accounts, reps, target, key, message, role):
    kind = {
        "rules": 'kind = "band"\ntolerance = 0.1',
        "goals": 'kind = "balance"\nhow = "worst"\nprice = 1',
    }[role]
    text = f'[{role}.b]\n{kind}\nmeasure = "potential"\ntarget = "{target}"\n'
    with pytest.raises(ModelError) as error:
        problem(instance(tmp_path, {"potential": accounts}, reps), text)
    fault = error.value.problems[0]
    assert fault.key == key.replace("rules", role)
    assert message in fault.message


# -- capacity and group ---------------------------------------------------------------------------


def test_capacity_is_a_column_of_reps_on_the_workload(tmp_path):
    # workload = visits (hours + travel): 4 (1 + 2) = 12 with R-1, 4 (1 + 1) = 8 with R-2;
    # 2 (3 + 0.5) = 7 and 2 (3 + 2) = 10
    data = instance(
        tmp_path,
        {"visits_per_year": [4, 2], "hours_per_visit": [1, 3]},
        {"capacity": [12, 17.5]},
        table([[2, 1], [0.5, 2]], "road"),
    )
    travel = '[travel]\npairs_hours = "road"\n'
    what = problem(data, travel + '[rules.year]\nkind = "capacity"\n')
    assert what.rows[0].amounts.block(0, 2).tolist() == [[12, 8], [7, 10]]
    assert holding(what) == {"12", "21"}  # 22 needs 18 hours of R-2
    soft = problem(data, travel + '[rules.year]\nkind = "capacity"\nprice = 40\n')
    assert judged(soft, 2, 2).money["year"] == 40 * 0.5
    assert judged(soft, 1, 1).money["year"] == 40 * 7


def test_capacity_between_a_least_and_a_most(tmp_path):
    rule = '[rules.c]\nkind = "capacity"\nmeasure = "count"\nmin = "least"\nmax = 2\n'
    what = problem(instance(tmp_path, 3, {"least": [1, 2]}), rule)
    assert holding(what) == {"122", "212", "221"}


def test_a_least_above_the_most_is_refused(tmp_path):
    rule = '[rules.c]\nkind = "capacity"\nmeasure = "count"\nmin = "least"\nmax = 2\n'
    with pytest.raises(ModelError, match=r"for R-2 the least \(3\) is above the most \(2\)"):
        problem(instance(tmp_path, 3, {"least": [1, 3]}), rule)


TEAMS = {"team": ["East", "West", "East", ""]}


def test_a_group_adds_up_the_reps_of_one_value(tmp_path):
    rule = '[rules.g]\nkind = "group"\ncolumn = "team"\nmeasure = "potential"\nmax_share = 0.6\n'
    what = problem(instance(tmp_path, THREE, TEAMS), rule)
    (rows,) = what.rows
    assert rows.labels == ("East", "West")
    assert rows.row_of_rep.tolist() == [0, 1, 0, -1]
    assert judged(what, 1, 2, 3).breaches[0].activity == 70  # 60 with R-1, 10 with R-3
    assert judged(what, 1, 2, 2).holds
    assert judged(what, 4, 4, 4).holds  # the rep without a team is in no group
    assert judged(what, 1, 2, 3).breaches[0].label == "East"


def test_group_bounds_the_tighter_of_amount_and_share(tmp_path):
    rule = (
        '[rules.g]\nkind = "group"\ncolumn = "team"\nvalues = ["West", "West"]\n'
        'measure = "potential"\nmin = 5\nmin_share = 0.2\nmax = 95\nmax_share = 0.9\n'
    )
    (rows,) = problem(instance(tmp_path, THREE, TEAMS), rule).rows
    assert rows.labels == ("West",)
    assert rows.row_of_rep.tolist() == [-1, 0, -1, -1]
    assert rows.lower.tolist() == [20]
    assert rows.upper.tolist() == [90]


def test_a_priced_group(tmp_path):
    rule = '[rules.g]\nkind = "group"\ncolumn = "team"\nmeasure = "count"\nmax = 1\nprice = 8\n'
    what = problem(instance(tmp_path, THREE, TEAMS), rule)
    assert judged(what, 1, 3, 3).money["g"] == 8 * 2


@pytest.mark.parametrize(
    ("text", "key", "message"),
    [
        ('column = "teem"\nmax = 1', "rules.g.column", "reps.csv has no column 'teem'"),
        ('column = "team"\nvalues = ["North"]\nmax = 1', "rules.g.values", "no rep has team"),
        ('column = "team"', "rules.g", "has no bound"),
        ('column = "team"\nmin = 2\nmax = 1', "rules.g.min", "above the most (1)"),
    ],
)
def test_groups_that_make_no_sense(tmp_path, text, key, message):
    with pytest.raises(ModelError) as error:
        problem(
            instance(tmp_path, THREE, TEAMS),
            f'[rules.g]\nkind = "group"\nmeasure = "count"\n{text}\n',
        )
    (fault,) = error.value.problems
    assert fault.key == key
    assert message in fault.message


# -- required skills and locks --------------------------------------------------------------------


SKILLED = (
    {"requires": ["lab", "lab; German", ""]},
    {"skills": ["lab", "LAB=0.5;german=1", "german=1;lab=0"]},
)


def test_required_skills_bar_reps_who_lack_one(tmp_path):
    what = problem(instance(tmp_path, *SKILLED), '[rules.s]\nkind = "required_skills"\n')
    # A-1 needs lab: R-1, R-2 (any grade above 0); A-2 needs both: R-2; A-3 is free
    assert holding(what) == {f"{i}2{k}" for i in "12" for k in "123"}
    assert [(b.account, b.rep) for b in judged(what, 3, 2, 1).breaches] == [("A-1", "R-3")]


def test_priced_skills_charge_an_account_once(tmp_path):
    rule = '[rules.s]\nkind = "required_skills"\nprice = 400\n'
    what = problem(instance(tmp_path, {"requires": ["lab;german", ""]}, 2), rule)
    assert judged(what, 1, 1).money["s"] == 400  # lacks two skills, one account
    assert judged(what, 1, 1).holds


OWNED = {"current_rep": ["R-1", "R-2", ""], "tier": ["A", "B", "A"]}


def test_locks_by_column(tmp_path):
    rule = '[rules.l]\nkind = "locks"\n'
    what = problem(instance(tmp_path, {"locked_rep": ["R-2", ""]}, 2), rule)
    assert holding(what) == {"21", "22"}


def test_locks_to_the_current_owner_leave_unowned_accounts_free(tmp_path):
    rule = '[rules.l]\nkind = "locks"\nto = "current"\n'
    what = problem(instance(tmp_path, OWNED, 2), rule)
    assert holding(what) == {"121", "122"}


def test_locks_of_chosen_accounts(tmp_path):
    rule = '[rules.l]\nkind = "locks"\nto = "current"\nwhere = { tier = ["A"] }\n'
    what = problem(instance(tmp_path, OWNED, 2), rule)
    assert holding(what) == {f"1{i}{k}" for i in "12" for k in "12"}  # A-3 is A, but unowned


def test_priced_locks(tmp_path):
    rule = '[rules.l]\nkind = "locks"\nto = "current"\nprice = 250\n'
    what = problem(instance(tmp_path, OWNED, 2), rule)
    assert judged(what, 1, 2, 1).money["l"] == 0
    assert judged(what, 2, 1, 1).money["l"] == 500


@pytest.mark.parametrize(
    ("where", "key", "message"),
    [
        ('{ teir = ["A"] }', "rules.l.where.teir", "accounts.csv has no column 'teir'"),
        ('{ tier = ["C"] }', "rules.l.where.tier", "no account has such a value"),
    ],
)
def test_a_filter_of_locks_that_finds_nothing(tmp_path, where, key, message):
    with pytest.raises(ModelError) as error:
        problem(
            instance(tmp_path, OWNED, 2),
            f'[rules.l]\nkind = "locks"\nto = "current"\nwhere = {where}\n',
        )
    (fault,) = error.value.problems
    assert (fault.file, fault.key) == ("test.toml", key)
    assert message in fault.message
    if "teir" in where:
        assert "Did you mean 'tier'?" in fault.remedy


# -- families and apart ---------------------------------------------------------------------------


FAMILY = {
    "family": ["north", "", "north"],
    "potential": [60, 30, 10],
    "requires": ["lab", "", "german"],
    "current_rep": ["R-1", "R-1", "R-2"],
}
FAMILY_REPS = {"skills": ["lab", "lab;german", "german"]}
FAMILIES = '[rules.f]\nkind = "families"\n'
SKILLS = '[rules.s]\nkind = "required_skills"\n'


def test_a_family_is_contracted_to_one_unit(tmp_path):
    limit = '[rules.b]\nkind = "capacity"\nmeasure = "potential"\nmax = 90\n'
    goal = '[goals.g]\nkind = "disruption"\nmeasure = "potential"\nprice = 1\n'
    what = problem(instance(tmp_path, FAMILY, FAMILY_REPS), FAMILIES + SKILLS + limit, goal)
    unit = what.contracted
    assert unit.account_ids == ("A-1", "A-2")
    assert unit.rows[0].amounts.block(0, 2)[:, 0].tolist() == [70, 30]  # 60 + 10
    assert unit.eligible_block(0, 2).tolist() == [[False, True, False], [True, True, True]]
    # hand-overs of the family: A-3 moves to R-1; both to R-3
    assert unit.cost_block(0, 1).tolist() == [[10, 60, 70]]
    assert holding(what) == {"212", "232"}  # "222" would be 100


def test_a_split_family_is_told(tmp_path):
    what = problem(instance(tmp_path, FAMILY, 3), FAMILIES)
    (breach,) = judged(what, 1, 2, 3).breaches
    assert (breach.rule, breach.account, breach.rep) == ("f", "A-3", "R-3")
    assert breach.label == "R-1"  # where its family is


def test_a_priced_family_pays_for_each_extra_rep(tmp_path):
    data = instance(tmp_path, {"family": ["n", "n", "n", ""]}, 3)
    what = problem(data, FAMILIES + "price = 7\n")
    assert what.contracted is what
    assert judged(what, 1, 1, 1, 2).money["f"] == 0
    assert judged(what, 1, 2, 1, 2).money["f"] == 7
    assert judged(what, 1, 2, 3, 2).money["f"] == 14


def test_families_of_two_rules_are_joined_where_they_share_an_account(tmp_path):
    accounts = {"family": ["n", "n", "", ""], "site": ["", "s", "s", ""]}
    rules = FAMILIES + '[rules.sites]\nkind = "families"\ncolumn = "site"\n'
    what = problem(instance(tmp_path, accounts, 2), rules)
    assert what.units.unit_of.tolist() == [0, 0, 0, 1]
    assert what.family_rule == "f + sites"
    assert holding(what) == {"1111", "1112", "2221", "2222"}


def test_a_family_of_locks_that_clash_has_no_rep(tmp_path):
    accounts = {"family": ["n", "n"], "locked_rep": ["R-1", "R-2"]}
    what = problem(instance(tmp_path, accounts, 2), FAMILIES + '[rules.l]\nkind = "locks"\n')
    assert not what.contracted.eligible_block(0, 1).any()
    assert holding(what) == set()


def test_apart_groups_are_listed_between_semicolons(tmp_path):
    accounts = {"apart": ["mills", "mills; oil", " oil"]}
    what = problem(instance(tmp_path, accounts, 2), '[rules.a]\nkind = "apart"\n')
    assert what.groupings[0].labels == ("mills", "oil")
    assert holding(what) == {"121", "212"}
    assert [b.label for b in judged(what, 1, 1, 2).breaches] == ["mills"]


def test_priced_apart_counts_each_account_beyond_the_first(tmp_path):
    rule = '[rules.a]\nkind = "apart"\nprice = 5\n'
    what = problem(instance(tmp_path, {"apart": ["m", "m", "m"]}, 2), rule)
    assert judged(what, 1, 1, 1).money["a"] == 10
    assert judged(what, 1, 2, 1).money["a"] == 5


@pytest.mark.parametrize("kind", ["families", "apart"])
def test_a_rule_whose_own_column_is_absent_binds_nothing_and_says_so(tmp_path, kind):
    column = {"families": "family", "apart": "apart"}[kind]
    what = problem(instance(tmp_path, 2, 2), f'[rules.r]\nkind = "{kind}"\n')
    assert len(holding(what)) == 4
    assert what.notes == (f"rules.r binds nothing: accounts.csv has no column {column}",)
    with pytest.raises(ModelError, match=r"accounts\.csv has no column 'other'") as error:
        problem(instance(tmp_path, 2, 2), f'[rules.r]\nkind = "{kind}"\ncolumn = "other"\n')
    assert error.value.problems[0].key == "rules.r.column"


# -- moves ----------------------------------------------------------------------------------------


# owned: R-1 has 50 + 30, R-2 has 20; A-4 (99) is unowned
HELD = {"annual_revenue": [50, 30, 20, 99], "current_rep": ["R-1", "R-1", "R-2", ""]}


def moves(folder, text):
    rule = f'[rules.m]\nkind = "moves"\nmeasure = "revenue"\n{text}\n'
    return problem(instance(folder, HELD, 3), rule)


def activity(what, *plan):
    return what.rows[0].activity(np.array(plan) - 1).tolist()


def test_total_moves_count_each_moved_account_once(tmp_path):
    what = moves(tmp_path, "max = 50")
    assert activity(what, 1, 1, 2, 1) == [0]
    assert activity(what, 2, 1, 2, 1) == [50]
    assert activity(what, 2, 3, 1, 3) == [100]  # all three; the unowned one is no move
    assert judged(what, 1, 2, 1, 2).holds  # 30 + 20
    assert not judged(what, 2, 2, 2, 2).holds  # 50 + 30


def test_handed_off_is_the_current_total_less_what_is_kept(tmp_path):
    what = moves(tmp_path, 'scope = "handed_off"\nmax = 30')
    assert what.rows[0].constant.tolist() == [80, 20, 0]
    assert activity(what, 1, 1, 2, 1) == [0, 0, 0]
    assert activity(what, 1, 3, 1, 1) == [30, 20, 0]
    assert judged(what, 1, 3, 1, 1).holds
    assert [b.label for b in judged(what, 2, 1, 2, 1).breaches] == ["R-1"]


def test_taken_over_counts_what_a_rep_did_not_own(tmp_path):
    what = moves(tmp_path, 'scope = "taken_over"\nmax = 45')
    assert activity(what, 1, 3, 3, 1) == [0, 0, 50]  # A-4 had no owner, so it is no take-over
    assert activity(what, 2, 1, 1, 2) == [20, 50, 0]
    assert [b.label for b in judged(what, 1, 3, 3, 1).breaches] == ["R-3"]


@pytest.mark.parametrize(
    ("scope", "upper"),
    [
        ("total", [25]),  # of 100 owned today
        ("handed_off", [20, 5, 0]),  # of what each rep owns today
        ("taken_over", [20, 5, 0]),
    ],
)
def test_max_share_of_moves(tmp_path, scope, upper):
    assert moves(tmp_path, f'scope = "{scope}"\nmax_share = 0.25').rows[0].upper.tolist() == upper
    both = moves(tmp_path, f'scope = "{scope}"\nmax_share = 0.25\nmax = 10')
    assert both.rows[0].upper.tolist() == [min(10, u) for u in upper]


def test_priced_moves(tmp_path):
    what = moves(tmp_path, "max = 20\nprice = 0.5")
    assert judged(what, 2, 1, 2, 1).money["m"] == 0.5 * 30


def test_moves_without_a_limit_are_refused(tmp_path):
    with pytest.raises(ModelError, match=r"has no limit\. Give max or max_share") as error:
        moves(tmp_path, "")
    assert error.value.problems[0].key == "rules.m"


# -- filters --------------------------------------------------------------------------------------


def test_a_row_filter_comes_before_everything(tmp_path):
    data = instance(
        tmp_path, {**THREE, "region": ["N", "S", "N"]}, {"active": ["yes", "no", "yes"]}
    )
    rule = (
        '[where]\naccounts = { region = ["N"] }\nreps = { active = ["yes"] }\n'
        '[rules.even]\nkind = "band"\nmeasure = "potential"\ntolerance = 0.1\n'
    )
    what = problem(data, rule)
    assert what.account_ids == ("A-1", "A-3")
    assert what.rep_ids == ("R-1", "R-3")
    assert what.rows[0].target.tolist() == [35, 35]  # 60 + 10, without the 30
