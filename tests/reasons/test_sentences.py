"""Every sentence by its exact words: who gains, who loses, more or less, in what unit."""

from __future__ import annotations

import re

import pytest

from territoryopt.problem import Breach
from territoryopt.problem.screen import Impossible
from territoryopt.reasons.conflict import Conflict
from territoryopt.reasons.facts import AccountFacts, Alternative, Broken
from territoryopt.reasons.sentences import Speaker
from territoryopt.reasons.territories import Share, TerritoryFacts, Total
from territoryopt.words import amount, gap, listed, money, number, percent, plural

INF = float("inf")
ACCOUNTS = {"A-1": "Harbor Hospital", "A-2": "A-2", "7": "7"}
REPS = {"R-1": "Rivera", "R-2": "Chen", "R-3": "Ellis", "275": "275"}
SPEAK = Speaker("USD", ACCOUNTS, REPS)
PLAIN = Speaker()
USD, HOURS = "USD/year", "hours/year"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"), (-0.0, "0"), (1, "1"), (12, "12"), (1240, "1,240"), (1240.4, "1,240"),
        (99.96, "100.0"), (12.34, "12.3"), (1.234, "1.23"), (-1.5, "-1.50"), (0.25, "0.25"),
        (0.0123, "0.012"), (1e-9, "1e-09"), (1e15, "1e+15"), (123456789.0, "123,456,789"),
        (INF, "no limit"), (-INF, "no least"), (float("nan"), "unknown"),
    ],
)  # fmt: skip
def test_number(value, text):
    assert number(value) == text


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (1240, USD, "1,240 USD a year"),
        (1, USD, "1 USD a year"),
        (1, HOURS, "1 hour a year"),
        (-1, HOURS, "-1 hour a year"),
        (1.5, HOURS, "1.50 hours a year"),
        (0, HOURS, "0 hours a year"),
        (1, "accounts", "1 account"),
        (2, "accounts", "2 accounts"),
        (1, "km", "1 km"),
        (1, "gross", "1 gross"),
        (1, "basis", "1 basis"),
        (3, "", "3"),
        (INF, USD, "no limit"),
    ],
)
def test_amount(value, unit, text):
    assert amount(value, unit) == text


def test_amount_without_a_unit_may_be_money():
    assert amount(3, "", "EUR") == "3 EUR a year"


def test_money_has_no_sign():
    assert money(-1240, "USD") == "1,240 USD a year"
    assert money(1240, "") == "1,240"


@pytest.mark.parametrize(
    ("share", "text"),
    [
        (0, "0 %"), (0.104, "10.4 %"), (0.5, "50 %"), (0.85, "85 %"), (1, "100 %"),
        (1.05, "105 %"), (0.0001, "less than 0.1 %"), (-0.1, "-10 %"), (25, "2,500 %"),
    ],
)  # fmt: skip
def test_percent(share, text):
    assert percent(share) == text


@pytest.mark.parametrize(
    ("share", "text"),
    [
        (0, "0 %"), (1e-9, "less than 0.0001 %"), (1.3e-5, "0.0013 %"), (0.127, "13 %"),
        (3.21, "321 %"), (INF, "unknown"), (float("nan"), "unknown"),
    ],
)  # fmt: skip
def test_gap(share, text):
    assert gap(share) == text


def test_plural_and_listed():
    assert [plural(n, "account") for n in (0, 1, 1200)] == [
        "0 accounts",
        "1 account",
        "1,200 accounts",
    ]
    assert [listed(x) for x in ([], ["a"], ["a", "b"], ["a", "b", "c"])] == [
        "",
        "a",
        "a and b",
        "a, b and c",
    ]


def test_names():
    assert SPEAK.rep("R-1") == "Rivera"
    assert SPEAK.rep(None) == SPEAK.rep("") == "nobody"
    assert SPEAK.rep("275") == "rep 275"  # a bare number would read as an amount
    assert SPEAK.rep("North") == "North"  # a group of reps
    assert PLAIN.rep("3") == "rep 3"
    assert SPEAK.account("A-1") == "Harbor Hospital (A-1)"
    assert SPEAK.account("A-2") == "A-2"
    assert SPEAK.account("7") == "account 7"
    assert len(Speaker("USD", {"x": "n" * 10_000}).account("x")) < 100


# -- one account --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("share", "text"),
    [
        (Share("driving", "travel", 12, HOURS, 600),
         "600 USD a year for 12 hours a year on the road"),
        (Share("driving", "travel", 0, HOURS, 0), ""),
        (Share("skills", "fit", 0, USD, 0), "full skill fit"),
        (Share("skills", "fit", 1e-9, USD, 2e-11), "full skill fit"),
        (Share("skills", "fit", 1000, USD, 20), "20 USD a year at risk through missing skills"),
        (Share("skills", "fit", 10, USD, 0.2), "0.20 USD a year at risk through missing skills"),
        (Share("skills", "fit", 1000, USD, 0), ""),  # a price of zero is not a full fit
        (Share("hand_overs", "disruption", 900, USD, 60),
         "60 USD a year at risk because it changes hands"),
        (Share("locks", "locks", 1, "accounts", 500), "500 USD a year for breaking locks"),
        (Share("skill", "required_skills", 1, "accounts", 500),
         "500 USD a year for breaking skill"),
        (Share("cost", "cost", 12, "money", 12), "a cost of 12 USD a year"),
        (Share("cost", "cost", -12, "money", -12), "a gain of 12 USD a year"),
        (Share("beds", "measure", 40, "beds", 80), "80 USD a year for 40 beds of beds"),
        (Share("waste", "measure", -3, "tons", -9),
         "a gain of 9 USD a year for -3 tons of waste"),
    ],
)  # fmt: skip
def test_share(share, text):
    assert SPEAK.share(share) == text


def facts(**changes):
    base = {
        "account": "A-1",
        "rep": "R-1",
        "before": None,
        "shares": (Share("driving", "travel", 12, HOURS, 600),),
        "alternatives": (Alternative("R-2", 455, ()),),
        "barred": {},
        "family": (),
    }
    return AccountFacts(**{**base, **changes})


HAS = "Harbor Hospital (A-1) is with Rivera: 600 USD a year for 12 hours a year on the road."


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({}, f"{HAS} Chen would cost 455 USD a year more."),
        ({"shares": ()}, "Harbor Hospital (A-1) is with Rivera. "
                         "Chen would cost 455 USD a year more."),
        ({"before": "R-1"}, f"{HAS} Chen would cost 455 USD a year more."),
        ({"alternatives": (Alternative("R-2", -455, ()),)},
         f"{HAS} Chen would cost 455 USD a year less."),
        ({"alternatives": (Alternative("R-2", -0.4, ()),)}, f"{HAS} Chen would cost the same."),
        ({"alternatives": (Alternative("275", 3, ()),)},
         f"{HAS} Rep 275 would cost 3 USD a year more."),
        ({"before": "R-2"},
         f"{HAS} It moves from Chen: staying there, all else as it is, would cost 455 USD a year "
         "more."),
        ({"before": "R-2", "barred": {"locks": ("R-2",)}, "alternatives": ()},
         f"{HAS} It moves from Chen, whom locks does not allow. "
         "Nobody else may have it: locks (1 rep)."),
        ({"before": "R-2", "alternatives": (Alternative("R-3", 5, ()),)},
         f"{HAS} It moves from Chen. Ellis would cost 5 USD a year more."),
        ({"alternatives": ()}, f"{HAS} There is no other rep."),
        ({"alternatives": (), "barred": {"skills": ("R-2", "R-3"), "locks": ("275",)}},
         f"{HAS} Nobody else may have it: skills (2 reps) and locks (1 rep)."),
        ({"family": ("A-1", "A-2"), "alternatives": ()},
         f"{HAS} Its family of 2 accounts goes together; what follows is for all of them. "
         "There is no other rep."),
        ({"rep": None, "shares": (), "alternatives": ()}, "Harbor Hospital (A-1) is with nobody."),
        ({"account": "7", "alternatives": ()},
         "Account 7 is with Rivera: 600 USD a year for 12 hours a year on the road. "
         "There is no other rep."),
    ],
)  # fmt: skip
def test_why(changes, text):
    assert SPEAK.why(facts(**changes)) == text


def test_why_speaks_of_as_many_other_reps_as_asked_and_of_the_former_one_once():
    many = facts(before="R-2", alternatives=(Alternative("R-2", 1, ()), Alternative("R-3", 2, ())))
    assert SPEAK.why(many, 0).count("would cost") == 1
    assert SPEAK.why(many, 3).count("Chen") == 1
    assert SPEAK.why(many, 3).endswith("Ellis would cost 2 USD a year more.")


def test_money_without_a_currency_has_no_unit_and_other_words_stay():
    text = PLAIN.why(facts(account="0", rep="1", shares=(Share("cost", "cost", 12, "money", 12),),
                           alternatives=(Alternative("2", 3, ()),)))  # fmt: skip
    assert text == "Account 0 is with rep 1: a cost of 12. Rep 2 would cost 3 more."


def broken(**changes):
    base = {
        "rule": "band", "kind": "band", "measure": "potential", "label": "R-1", "unit": USD,
        "after": 280000.0, "lower": 160000.0, "upper": 240000.0,
    }  # fmt: skip
    return Broken(**{**base, **changes})


MOST, LEAST = "(allowed: at most 240,000 USD a year)", "(allowed: at least 160,000 USD a year)"


@pytest.mark.parametrize(
    ("changes", "subject", "text"),
    [
        ({}, "", f"push Rivera's potential to 280,000 USD a year {MOST}"),
        ({"label": "R-3"}, "", f"push Ellis' potential to 280,000 USD a year {MOST}"),
        ({}, "R-1", f"have 280,000 USD a year of potential {MOST}"),
        ({"after": 90000.0}, "", f"leave Rivera with 90,000 USD a year of potential {LEAST}"),
        ({"after": 90000.0}, "R-1", f"have 90,000 USD a year of potential {LEAST}"),
        ({"label": "North"}, "", f"push North's potential to 280,000 USD a year {MOST}"),
        ({"measure": "count", "unit": "accounts", "after": 3.0, "upper": 2.0}, "",
         "bring Rivera to 3 accounts (allowed: at most 2 accounts)"),
        ({"measure": "count", "unit": "accounts", "after": 3.0, "upper": 2.0}, "R-1",
         "have 3 accounts (allowed: at most 2 accounts)"),
        ({"measure": "count", "unit": "accounts", "after": 1.0, "lower": 2.0, "upper": 9.0}, "",
         "leave Rivera with 1 account (allowed: at least 2 accounts)"),
        ({"kind": "moves", "measure": "count", "unit": "accounts", "label": "all reps",
          "after": 3.0, "upper": 2.0}, "",
         "bring what changes hands to 3 accounts (allowed: at most 2 accounts)"),
        ({"kind": "moves", "measure": "count", "unit": "accounts", "after": 1.0, "upper": 0.0},
         "R-1", "bring what changes hands at Rivera to 1 account (allowed: at most 0 accounts)"),
        ({"kind": "apart", "label": "cola", "after": None}, "",
         "put accounts that must be apart (cola) with one rep"),
        ({"kind": "together", "label": "cola", "after": None}, "",
         "part accounts that must be together (cola)"),
    ],
)  # fmt: skip
def test_broken(changes, subject, text):
    assert SPEAK.broken(broken(**changes), subject) == text


def test_a_plan_of_numbers_only_speaks_of_all_reps_in_moves_too():
    one = broken(kind="moves", label="all reps", unit="accounts", after=3.0, upper=2.0)
    assert PLAIN.broken(one).startswith("bring what changes hands to 3 accounts")


@pytest.mark.parametrize(
    ("change", "link"),
    [
        (455, "would cost 455 USD a year more, and would"),
        (-455, "would cost 455 USD a year less, but would"),
        (0, "would cost the same, but would"),
    ],
)
def test_alternative_that_breaks_a_rule(change, link):
    text = SPEAK.alternative(Alternative("R-1", change, (broken(),)))
    assert text == f"Rivera {link} have 280,000 USD a year of potential {MOST}."


def test_staying_names_the_rep_it_would_burden():
    text = SPEAK.why(
        facts(rep="R-2", before="R-1", alternatives=(Alternative("R-1", -500, (broken(),)),)), 0
    )
    assert text.endswith(
        "It moves from Rivera: staying there, all else as it is, would cost 500 USD a year less, "
        "but would push "
        f"Rivera's potential to 280,000 USD a year {MOST}."
    )


def test_many_broken_limits_are_counted_the_worst_first_and_one_total_told_once():
    worse = broken(rule="capacity", after=280000.0, upper=100000.0)
    other = broken(label="R-2", after=100.0)
    third = broken(label="R-3", after=250000.0)
    fourth = broken(label="275", after=250000.0)
    text = SPEAK.alternative(Alternative("R-1", 1, (broken(), worse, other, third, fourth)))
    assert text.index("at most 100,000") < text.index("leave Chen with 100 USD")
    assert MOST not in text
    assert text.endswith("and break 2 more limits.")
    three = SPEAK.alternative(Alternative("R-1", 1, (worse, other, third)))
    assert three.endswith("and break 1 more limit.")


def test_a_limit_on_moves_is_not_taken_for_a_limit_on_what_a_rep_has():
    count = broken(measure="count", unit="accounts", after=5.0, upper=4.0)
    moves = broken(rule="hand_offs", kind="moves", measure="count", unit="accounts", after=3.0,
                   upper=2.0)  # fmt: skip
    text = SPEAK.alternative(Alternative("R-2", 1, (count, moves)))
    assert "what changes hands at Rivera to 3 accounts" in text
    assert "bring Rivera to 5 accounts" in text


# -- one territory ------------------------------------------------------------------------------


def territory(**changes):
    base = {"rep": "R-1", "accounts": 3, "accounts_before": 3, "gained": 0, "new": 0, "lost": 0,
            "totals": (), "shares": ()}  # fmt: skip
    return TerritoryFacts(**{**base, **changes})


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({}, "Rivera has 3 accounts (as today)."),
        ({"accounts": 1, "accounts_before": 1}, "Rivera has 1 account (as today)."),
        ({"gained": 2, "lost": 1, "accounts": 4},
         "Rivera has 4 accounts (2 taken over, 1 handed off)."),
        ({"new": 2, "accounts": 5}, "Rivera has 5 accounts (2 new)."),
        ({"new": 3, "accounts_before": 0}, "Rivera has 3 accounts."),
        ({"accounts": 0, "lost": 3}, "Rivera has no accounts (3 handed off)."),
        ({"accounts": 0, "accounts_before": 0}, "Rivera has no accounts."),
        ({"rep": "275"}, "Rep 275 has 3 accounts (as today)."),
    ],
)  # fmt: skip
def test_territory(changes, text):
    assert SPEAK.territory(territory(**changes)) == text


def total(**changes):
    base = {"rule": "band", "kind": "band", "measure": "potential", "unit": USD, "total": 210000.0,
            "before": 1.0, "lower": 160000.0, "upper": 240000.0, "target": 200000.0,
            "hard": True}  # fmt: skip
    return Total(**{**base, **changes})


OF = "Potential 210,000 USD a year, 105 % of the target"
RANGE = "160,000 to 240,000 USD a year"


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({}, f"{OF} (allowed: {RANGE})."),
        ({"hard": False}, f"{OF} (wished for: {RANGE})."),
        ({"total": 250000.0, "hard": False},
         f"Potential 250,000 USD a year, 125 % of the target "
         f"(outside what is wished for: {RANGE})."),
        ({"total": 100000.0},
         f"Potential 100,000 USD a year, 50 % of the target (outside what is allowed: {RANGE})."),
        ({"total": 240000.1, "target": None},  # within what a check forgives
         f"Potential 240,000 USD a year (allowed: {RANGE})."),
        ({"target": None, "lower": -INF},
         "Potential 210,000 USD a year (allowed: at most 240,000 USD a year)."),
        ({"target": None, "upper": INF},
         "Potential 210,000 USD a year (allowed: at least 160,000 USD a year)."),
        ({"target": None, "lower": -INF, "upper": INF}, "Potential 210,000 USD a year."),
        ({"lower": 200000.0, "upper": 200000.0, "hard": False}, f"{OF}."),
        ({"lower": 210000.0, "upper": 210000.0, "target": None},
         "Potential 210,000 USD a year (allowed: exactly 210,000 USD a year)."),
        ({"measure": "sales calls", "unit": HOURS, "total": 1.0, "target": None, "lower": 0.0,
          "upper": 2.0}, "Sales calls 1 hour a year (allowed: 0 to 2 hours a year)."),
        ({"measure": "count", "unit": "accounts", "total": 4.0, "target": 4.0, "lower": 3.0,
          "upper": 5.0}, "4 accounts, 100 % of the target (allowed: 3 to 5 accounts)."),
        ({"kind": "moves", "measure": "count", "unit": "accounts", "total": 1.0, "target": None,
          "lower": -INF, "upper": 2.0},
         "1 account handed off or taken over (allowed: at most 2 accounts)."),
        ({"target": 0.0}, f"Potential 210,000 USD a year (allowed: {RANGE})."),
    ],
)  # fmt: skip
def test_total(changes, text):
    assert SPEAK.total(total(**changes)) == text


def test_cell():
    assert SPEAK.cell(total()) == "210,000 (105 %)"
    assert SPEAK.cell(total(target=None)) == "210,000 of 240,000"
    assert SPEAK.cell(total(target=None, upper=INF)) == "210,000"
    assert SPEAK.cell(total(target=None, upper=0.0)) == "210,000"


# -- the plan -----------------------------------------------------------------------------------


def test_cost_has_its_sign():
    assert SPEAK.cost(120) == "120 USD a year"
    assert SPEAK.cost(-120) == "-120 USD a year"
    assert SPEAK.cost(0) == "0 USD a year"


BY = "claimed by HiGHS 1.12.0"


@pytest.mark.parametrize(
    ("objective", "bound", "proved", "source", "text"),
    [
        (4050, 4050, 4050, "proved",
         "This plan costs 4,050 USD a year; no plan can cost less, as our own arithmetic proves."),
        (4050, 4000, 4000, "proved",
         "This plan costs 4,050 USD a year; no plan can be better by more than 50 USD a year "
         "(1.2 %), as our own arithmetic proves."),
        (4050, 4050, 3536, BY,
         "This plan costs 4,050 USD a year; no plan can cost less, as claimed by HiGHS 1.12.0. "
         "Our own arithmetic proves that no plan can be better by more than 514 USD a year "
         "(13 %)."),
        (4050, 4050, -INF, BY,
         "This plan costs 4,050 USD a year; no plan can cost less, as claimed by HiGHS 1.12.0."),
        (4050, -INF, -INF, "proved",
         "This plan costs 4,050 USD a year; how much better another could be is not known."),
        (-120, -120, -120, "proved",
         "This plan gains 120 USD a year; no plan can gain more, as our own arithmetic proves."),
        (-120, -150, -150, "proved",
         "This plan gains 120 USD a year; no plan can be better by more than 30 USD a year (25 %), "
         "as our own arithmetic proves."),
        (0, 0, 0, "proved",
         "This plan costs 0 USD a year; no plan can cost less, as our own arithmetic proves."),
        (0, -5, -5, "proved",
         "This plan costs 0 USD a year; no plan can be better by more than 5 USD a year, as our "
         "own arithmetic proves."),
    ],
)  # fmt: skip
def test_proof(objective, bound, proved, source, text):
    assert SPEAK.proof(objective, bound, proved, source) == text


def row_breach(**changes):
    base = {"rule": "band", "kind": "band", "label": "R-1", "activity": 280000.0,
            "lower": 160000.0, "upper": 240000.0, "unit": USD}  # fmt: skip
    return Breach(**{**base, **changes})


@pytest.mark.parametrize(
    ("breach", "text"),
    [
        (Breach("one rep per account", "one_rep", account="A-1"),
         "Harbor Hospital (A-1) has no rep."),
        (Breach("one rep per account", "one_rep", account="7"), "Account 7 has no rep."),
        (Breach("locks", "locks", account="A-1", rep="R-2"),
         "locks: Harbor Hospital (A-1) may not be with Chen."),
        (Breach("kin", "families", account="A-1", rep="R-2", label="R-1"),
         "kin: Harbor Hospital (A-1) is with Chen, but its family is with Rivera."),
        (Breach("kin", "families", account="A-1", rep="", label="R-1"),
         "kin: Harbor Hospital (A-1) is with nobody, but its family is with Rivera."),
        (Breach("rivals", "apart", "cola"),
         "rivals: accounts that must be apart (cola) share a rep."),
        (Breach("kin", "together", "cola"),
         "kin: accounts that must be together (cola) do not share a rep."),
        (row_breach(), "band: Rivera has 280,000 USD a year, 40,000 USD a year above the most "
                       "allowed (240,000 USD a year)."),
        (row_breach(activity=150000.0),
         "band: Rivera has 150,000 USD a year, 10,000 USD a year below the least allowed "
         "(160,000 USD a year)."),
        (row_breach(activity=5.0, lower=-INF, upper=0.0, unit="accounts"),
         "band: Rivera has 5 accounts, 5 accounts above the most allowed (0 accounts)."),
        (row_breach(kind="moves", label="all reps", activity=4.0, lower=-INF, upper=3.0,
                    unit="accounts"),
         "band: what changes hands comes to 4 accounts, 1 account above the most allowed "
         "(3 accounts)."),
        (row_breach(kind="moves", activity=4.0, lower=-INF, upper=3.0, unit="accounts"),
         "band: what changes hands at Rivera comes to 4 accounts, 1 account above the most "
         "allowed (3 accounts)."),
    ],
)  # fmt: skip
def test_breach(breach, text):
    assert SPEAK.breach(breach) == text


# -- no plan ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("conflict", "head"),
    [
        (Conflict((), True, "proved"), "No plan exists."),
        (Conflict(("band",), True, "proved"), "No plan exists: the rule band cannot be kept."),
        (Conflict(("band", "locks"), True, BY),
         f"No plan exists ({BY}): band and locks cannot both be kept, whatever becomes of "
         "the other rules; drop either one and the rest of these can."),
        (Conflict(("a", "b", "c"), True, "proved"),
         "No plan exists: a, b and c cannot all be kept, whatever becomes of the other rules; drop "
         "any one and the rest of these can."),
        (Conflict(("a", "b"), False, "proved"),
         "No plan exists: a and b cannot both be kept; some of them may not be needed for that."),
    ],
)  # fmt: skip
def test_conflict(conflict, head):
    assert SPEAK.conflict(conflict) == [head]


@pytest.mark.parametrize(
    ("fact", "text"),
    [
        (Impossible((), account="A-1"), "There is no rep for Harbor Hospital (A-1)."),
        (Impossible(("locks",), account="A-1"),
         "Nobody may own Harbor Hospital (A-1): locks bars every rep."),
        (Impossible(("locks", "skills"), account="A-1"),
         "Nobody may own Harbor Hospital (A-1): locks and skills between them bar every rep."),
        (Impossible(("band",), label="R-1", least=300.0, most=900.0, lower=-INF, upper=200.0,
                    unit=HOURS, forced=1),
         "band: in any plan Rivera comes to at least 300 hours a year (1 account can go nowhere "
         "else), and at most 200 hours a year is allowed."),
        (Impossible(("band",), label="R-1", least=300.0, most=900.0, lower=-INF, upper=200.0,
                    unit=HOURS),
         "band: in any plan Rivera comes to at least 300 hours a year, and at most 200 hours a "
         "year is allowed."),
        (Impossible(("band",), label="R-1", least=0.0, most=100.0, lower=200.0, upper=INF,
                    unit=HOURS),
         "band: in any plan Rivera comes to at most 100 hours a year, and at least 200 hours a "
         "year is needed."),
    ],
)  # fmt: skip
def test_impossible(fact, text):
    assert SPEAK.impossible(fact) == text
    assert SPEAK.conflict(Conflict(("band",), True, "proved", (fact,)))[1] == text


def test_no_plan():
    one = Conflict(("band",), True, "proved")
    assert SPEAK.no_plan("infeasible", "proved", one) == SPEAK.conflict(one)
    assert SPEAK.no_plan("infeasible", "proved", None) == [
        "No plan exists. There was no time to find the rules to blame."
    ]
    assert SPEAK.no_plan("infeasible", BY, None)[0].startswith(f"No plan exists ({BY}).")
    assert SPEAK.no_plan("no_plan", "proved", None) == [
        "No plan was found in the time given; a plan may still exist. "
        "Give more time, or loosen a rule."
    ]


def test_no_sentence_uses_a_solvers_words():
    said = " ".join(
        [
            SPEAK.why(facts(before="R-2")),
            SPEAK.territory(territory(totals=(total(),))),
            SPEAK.proof(4050, 4000, 3000, BY),
            *SPEAK.conflict(Conflict(("a", "b"), True, BY)),
            *SPEAK.no_plan("no_plan", "proved", None),
        ]
    )
    jargon = r"\b(infeasib|constraint|dual|relax|objective|slack|incumbent|binary|MIP|LP|row)\w*\b"
    assert not re.search(jargon, said, re.IGNORECASE)


@pytest.mark.parametrize(
    ("share", "today", "said"),
    [
        (Share("driving", "travel", 12.5, "hours/year", 750.0), 900.0,
         "driving: 750 USD a year for 12.5 hours a year (today 900 USD a year)."),
        (Share("fit", "fit", 5000.0, "USD/year", 100.0), None, "fit: 100 USD a year."),
        (Share("gain", "measure", -3.0, "beds", -30.0), 0.0,
         "gain: -30 USD a year for -3 beds (today 0 USD a year)."),
        (Share("even", "balance", float("nan"), "", 40.0), 50.0,
         "even: 40 USD a year (today 50 USD a year)."),
    ],
)  # fmt: skip
def test_a_goal_of_the_plan_and_today(share, today, said):
    assert Speaker("USD").goal(share, today) == said


def test_todays_owners():
    speak = Speaker("EUR")
    assert speak.today(1200.0, 0) == (
        "Today's owners cost 1,200 EUR a year and keep every rule that must hold."
    )
    assert speak.today(1200.0, 1) == (
        "Today's owners cost 1,200 EUR a year and break the rules in 1 place."
    )
    assert speak.today(-5.0, 3).startswith("Today's owners cost -5 EUR a year and break")


def test_a_sum_out_of_reach_speaks_of_the_whole_team():
    fact = Impossible(("hours",), least=2000.0, most=3000.0, lower=float("-inf"), upper=1800.0,
                      unit="hours/year")  # fmt: skip
    assert SPEAK.impossible(fact) == (
        "hours: in any plan the whole team comes to at least 2,000 hours a year, and at most "
        "1,800 hours a year is allowed."
    )


def test_an_interrupted_search_is_not_told_to_take_more_time():
    assert SPEAK.no_plan("interrupted", "proved", None) == [
        "The search was interrupted before it had a plan; one may exist."
    ]


def test_what_an_alternative_costs_whatever_else_moves():
    broken = Broken("band", "band", "hours", "R-2", HOURS, 50.0, 0.0, 40.0)
    told = SPEAK.alternative(Alternative("R-2", -455, (broken,), at_least=120.0))
    assert told == (
        "Chen would cost 455 USD a year less, but would have 50 hours a year of hours (allowed: at "
        "most 40 hours a year). Whatever else moves, that costs at least 120 USD a year more."
    )
    # Where the move breaks nothing, or nothing is proved, there is no more to say.
    for other in (
        Alternative("R-2", 455, (), at_least=120.0),
        Alternative("R-2", -455, (broken,), at_least=-3.0),
        Alternative("R-2", -455, (broken,)),
    ):
        assert "Whatever" not in SPEAK.alternative(other)
