"""Every sentence of an answer: its words, its units and its signs."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import territoryopt as topt
from territoryopt.answers import reports
from territoryopt.answers.certainty import Certainty, OtherPlan
from territoryopt.answers.compare import Comparison, Exchange, RepChange
from territoryopt.answers.fewest import FewestMoves
from territoryopt.answers.frontier import Frontier, Point
from territoryopt.answers.ground import Interval
from territoryopt.answers.members import Member
from territoryopt.answers.moves import Move
from territoryopt.answers.no_plan import NoPlan
from territoryopt.answers.repair import Repair
from territoryopt.answers.rule_costs import RuleCost, RuleCosts
from territoryopt.answers.telling import tell_moves, tell_what_if
from territoryopt.answers.telling_no_plan import tell_no_plan
from territoryopt.answers.uncertain import Fragile, RowChance, Uncertain
from territoryopt.answers.what_if import WhatIf
from territoryopt.problem.evaluate import Breach, Evaluation
from territoryopt.reasons.conflict import Conflict
from territoryopt.reasons.explanation import Explanation
from territoryopt.reasons.facts import Alternative, Broken
from territoryopt.reasons.pages import plan_page, rep_page, text
from territoryopt.reasons.sentences import Speaker

SPEAK = Speaker("USD", {"A-117": "Acme", "B-20": "Bolt"}, {"R1": "Chen", "R2": "Rivera"})
PLAN = np.array([0])
WHO = "claimed by HiGHS 1.12.0"


def what_if(verdict, change=None, moves=(), conflict=None, forbid=()):
    force = () if forbid else (("A-117", "R1"),)
    return WhatIf(force, forbid, verdict, change, moves, 0.0, PLAN, conflict, 0.0, 1.0)


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (
            what_if("dearer", Interval(455.0, 455.1, 455.0)),
            "Acme (A-117) with Chen would cost 455 USD a year more, as our own arithmetic proves.",
        ),
        (
            what_if("dearer", Interval(1503.0, 5110.0, -4090.0, WHO)),
            "Acme (A-117) with Chen would cost 1,503 to 5,110 USD a year more: a plan for the "
            "larger sum is in hand, and less than the smaller is not possible, as claimed by HiGHS "
            "1.12.0.",
        ),
        (
            what_if("same", Interval(-0.1, 0.1, -0.1)),
            "Acme (A-117) with Chen would cost the same as this plan: a tie, as our own arithmetic "
            "proves.",
        ),
        (
            what_if("cheaper", Interval(-900.0, -700.0, -900.0)),
            "Acme (A-117) with Chen would cost 700 USD a year less: this plan is not the best. The "
            "better plan is in hand.",
        ),
        (
            what_if("open", Interval(-273.0, 334.0, -300.0, WHO)),
            "Acme (A-117) with Chen would cost at most 334 USD a year more; there is a plan for "
            "that. It may cost less than this plan, which is not proved to be the best: by at most "
            "273 USD a year.",
        ),
        (
            what_if("open", Interval(-273.0, 0.1, -300.0, WHO)),
            "Acme (A-117) with Chen: a tie. There is a plan with it that costs the same as this "
            "one. It may cost less than this plan, which is not proved to be the best: by at most "
            "273 USD a year.",
        ),
        (
            what_if("open", Interval(0.2, 334.0, 0.2)),
            "Acme (A-117) with Chen would cost at most 334 USD a year more; there is a plan for "
            "that. It is not certain that it costs anything.",
        ),
        (
            what_if("unknown", Interval(38_523.0, np.inf, 100.0, WHO)),
            "Acme (A-117) with Chen: no such plan was found in the time given; it would cost at "
            "least 38,523 USD a year more, as claimed by HiGHS 1.12.0.",
        ),
        (
            what_if("unknown", Interval(-5.0, np.inf, -5.0)),
            "Acme (A-117) with Chen: no such plan was found in the time given; that there is none "
            "is not proved.",
        ),
        (
            what_if("impossible", conflict=Conflict(("skills", "what was asked for"), True,
                                                    "proved")),
            "Acme (A-117) with Chen: there is no such plan: skills rules it out.",
        ),
        (
            what_if("impossible", conflict=Conflict(("band", "locks", "what was asked for"), True,
                                                    WHO)),
            "Acme (A-117) with Chen: there is no such plan: band and locks rule it out (claimed by "
            "HiGHS 1.12.0).",
        ),
        (
            what_if("as it is", Interval(0.0, 0.0, 0.0)),
            "Acme (A-117) with Chen: so it is in this plan.",
        ),
        (
            what_if("dearer", Interval(20.0, 20.0, 20.0), forbid=(("A-117", "R1"),)),
            "Acme (A-117) not with Chen would cost 20 USD a year more, as our own arithmetic "
            "proves.",
        ),
    ],
)  # fmt: skip
def test_what_if(answer, said):
    assert " ".join(tell_what_if(answer, SPEAK)) == said


def test_the_chain_of_moves():
    moves = (
        Move("A-117", "R2", "R1", "asked"),
        Move("B-20", "R1", "R2", "room"),
        Move("C-3", "R3", "R1", "return", 3),
        Move("D-4", "R3", "R2", "besides"),
    )
    assert tell_moves(moves, SPEAK) == [
        "To make room at Chen: Bolt (B-20) to Rivera.",
        "In return to Chen: C-3 with its family (3 accounts) from R3.",
        "Besides: D-4 from R3 to Rivera.",
    ]
    assert tell_moves(moves[:1], SPEAK) == ["Nothing else would have to move."]
    many = (moves[0], *(Move(f"X-{i}", "R1", "R2", "room") for i in range(12)))
    assert tell_moves(many, SPEAK)[-1] == "And 4 more moves."


NONE = Interval(0.0, 0.0, 0.0)


def rule(**given):
    base = {
        "rule": "band", "kind": "band", "hard": True, "charged": 0.0, "step": 0.05, "before": 0.1,
        "after": 0.15, "estimate": -5.0, "loosened": Interval(-60.0, -60.0, -60.0),
        "dropped": Interval(-210.0, -210.0, -210.0),
    }  # fmt: skip
    return RuleCost(**{**base, **given})


@pytest.mark.parametrize(
    ("cost", "said"),
    [
        (
            rule(),
            "Without band the plan could cost 210 USD a year less; at +-15 % instead of +-10 %, 60 "
            "USD a year less.",
        ),
        (
            rule(before=None, after=None, loosened=Interval(-70.0, -50.0, -80.0, WHO)),
            "Without band the plan could cost 210 USD a year less; 5 % wider, 50 to 70 USD a year "
            "less, claimed by HiGHS 1.12.0.",
        ),
        (
            rule(step=None, loosened=None, dropped=Interval(-0.1, 0.0, -0.1)),
            "Without band the plan could cost nothing less.",
        ),
        (
            rule(step=None, loosened=None, dropped=Interval(-90.0, 0.0, -90.0)),
            "Without band the plan could cost at most 90 USD a year less.",
        ),
        (
            rule(step=None, loosened=None, dropped=Interval(-np.inf, -40.0, -np.inf)),
            "Without band the plan could cost 40 USD a year less or better still.",
        ),
        (
            rule(step=None, loosened=None, dropped=Interval(-np.inf, 0.0, -np.inf)),
            "Without band the plan could cost less, by how much is not known.",
        ),
        (
            rule(hard=False, charged=12.0, step=None, loosened=None),
            "Without band the plan could cost 210 USD a year less; the plan pays 12 USD a year for "
            "breaking it.",
        ),
    ],
)
def test_what_a_rule_costs(cost, said):
    assert reports.tell_rule_costs(RuleCosts((cost,), NONE, 1.0), SPEAK) == [said]


def test_what_is_open_with_every_rule_is_told_first():
    kept = Interval(-660.0, 0.0, -8000.0, WHO)
    assert reports.tell_rule_costs(RuleCosts((rule(),), kept, 1.0), SPEAK)[0] == (
        "With every rule in place a plan could cost at most 660 USD a year less than this one, "
        "claimed by HiGHS 1.12.0; the rules below include that."
    )


def test_what_was_not_looked_at_is_told():
    assert reports.tell_stopped(None) == []
    assert reports.tell_stopped("interrupted") == [
        "Not everything was looked at: the search was interrupted."
    ]
    assert reports.tell_rule_costs(RuleCosts((), NONE, 1.0, "time limit"), SPEAK) == [
        "Not everything was looked at: time was up."
    ]


def test_an_interrupted_what_if_says_so():
    said = replace(what_if("dearer", Interval(455.0, 455.1, 455.0)), stopped="interrupted")
    assert tell_what_if(said, SPEAK)[1] == (
        "The search was interrupted; a longer one may say it more exactly."
    )


def test_fewer_moves_than_the_best_plan_makes_are_told_with_their_own_cost():
    asked = Move("A-117", "R2", "R1", "asked")
    said = replace(what_if("dearer", Interval(400.0, 455.0, 400.0), (asked,)), moves_change=470.0)
    assert tell_what_if(said, SPEAK)[-1] == (
        "With these moves and no others it costs 470 USD a year more."
    )


def some_plan():
    problem = topt.Problem.from_arrays(np.ones((3, 2)))
    return Explanation(problem, np.array([0, 1, 1]))


def test_how_sure():
    standing = ("proved", "seen", "contested")
    plan = OtherPlan(np.array([0, 1, 0]), 12.0, 1)
    said = Certainty(some_plan(), 1000.0, 990.0, 990.0, "proved", 10.0, standing, np.ones(3),
                     (plan,), 1.0)  # fmt: skip
    lines = reports.tell_certainty(said, Speaker("USD"))
    assert lines[1:] == [
        "1 of 3 accounts has the same rep in every plan within 1 % of this one; that is proved.",
        "1 more has the same rep in all 2 plans that were looked at; that is no proof.",
        "Another plan has 1 account with other reps and costs 12 USD a year more.",
        "1 account could as well be with somebody else: account 2.",
    ]


def test_nothing_proved_is_not_called_proved():
    said = Certainty(some_plan(), 1000.0, 990.0, 990.0, "proved", 10.0, ("seen", "seen", "seen"),
                     np.ones(3), (OtherPlan(np.array([0, 1, 1]), 12.0, 1),), 1.0)  # fmt: skip
    assert reports.tell_certainty(said, Speaker("USD"))[1:3] == [
        "Of no account is it proved that it has the same rep in every plan within 1 % of this one.",
        "3 have the same rep in all 2 plans that were looked at; that is no proof.",
    ]


def test_what_trades_for_what():
    points = (
        Point(10.0, 3.0, 500.0, 500.0, "proved", PLAN),
        Point(0.0, 9.0, 400.0, 350.0, WHO, PLAN),
    )
    line = Frontier("moves", "accounts", points, ((1.0, 100.0),), 1.0)
    assert reports.tell_frontier(line, SPEAK) == [
        "With 3 accounts changing hands the plan costs 500 USD a year; no plan can be better "
        "there.",
        "With 9 accounts changing hands the plan costs 400 USD a year; no plan there can be better "
        "by more than 50 USD a year (claimed by HiGHS 1.12.0).",
    ]
    goal = Frontier("driving", "USD/year", points[:1], ((1.0, 100.0),), 1.0)
    assert reports.tell_frontier(goal, SPEAK)[0].startswith(
        "With driving at 3 USD a year all else costs 500 USD a year;"
    )
    pair = replace(line, against="driving", better=40.0)
    assert reports.tell_frontier(pair, SPEAK)[0] == (
        "Only moves and driving are looked at here; other goals may cost anything."
    )
    assert "changing hands driving costs 500 USD a year;" in reports.tell_frontier(pair, SPEAK)[1]
    assert reports.tell_frontier(pair, SPEAK)[-1] == (
        "One of these plans costs 40 USD a year less than the plan of this run: solve again, for "
        "longer, to have it."
    )
    wide = Frontier("band", "", (Point(0.05, 0.05, 9.0, -np.inf, "proved", PLAN),), (), 1.0)
    assert reports.tell_frontier(wide, SPEAK) == [
        "With band 5 % wider the plan costs 9 USD a year; how much better another could be is not "
        "known."
    ]


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (FewestMoves(3, 3, "proved", PLAN), "3 accounts must change hands; fewer will not do "
         "(proved)."),
        (FewestMoves(5, 3, WHO, PLAN), "5 accounts changing hands are enough, and fewer than 3 are "
         "not (claimed by HiGHS 1.12.0)."),
        (FewestMoves(0, 0, "proved", PLAN), "No account has to change hands: today's owners keep "
         "every rule."),
        (FewestMoves(None, 2, "proved", None), "No plan that keeps every rule was found in the "
         "time given; it takes at least 2 moves."),
    ],
)  # fmt: skip
def test_the_fewest_moves(answer, said):
    assert reports.tell_fewest(answer) == [said]


def test_what_changed():
    before = Evaluation(900.0, {"driving": 900.0}, {}, (Breach("band", "band"),))
    after = Evaluation(700.0, {"driving": 700.0}, {}, ())
    said = Comparison(
        before, after, (("driving", 900.0, 700.0),), (Exchange("A-117", "R2", "R1", -200.0),),
        (RepChange("R1", 1, 0, 3, 4, (("workload", "hours/year", 100.0, 120.0),)),),
    )  # fmt: skip
    assert reports.tell_comparison(said, SPEAK) == [
        "This plan costs 200 USD a year less than the other, with 1 account with other reps.",
        "driving: 700 USD a year, 200 USD a year less than 900 USD a year.",
        "The other plan breaks its rules in 1 place.",
        "Chen gains 1 account and loses 0; workload 120 hours a year instead of 100 hours a year.",
        "Acme (A-117) goes from Rivera to Chen.",
    ]
    same = Comparison(after, after, (), (), ())
    assert reports.tell_comparison(same, SPEAK) == ["The two plans are the same."]


def test_a_move_between_plans_is_told_with_its_reason():
    broken = Broken("band", "band", "workload", "R2", "hours/year", 99.0, upper=90.0)
    move = Exchange("A-117", "R2", "R1", -200.0, Alternative("R2", 200.0, (broken,)))
    empty = Evaluation(0.0, {}, {}, ())
    said = Comparison(empty, empty, (), (move,), ())
    assert reports.tell_comparison(said, SPEAK)[-1] == (
        "Acme (A-117) goes from Rivera to Chen: leaving it there would cost 200 USD a year more, "
        "and would push Rivera's workload to 99 hours a year (allowed: at most 90 hours a year)."
    )


def test_a_chance_that_never_came_is_no_percentage():
    said = reports.tell_uncertain(replace(uncertain_one(), all_hold=0.0), SPEAK)
    assert said[0] == (
        "With every account's numbers wrong by about 20 %, some limit was missed in every one of "
        "2,000 draws."
    )


def uncertain_one():
    row = RowChance("band", "R1", "workload", "hours/year", 100.0, 90.0, 110.0, 0.8, 0.01, 0.15,
                    0.05, 85.0, 112.0)  # fmt: skip
    return Uncertain(20.0, 0.0, 2000, 0.64, (row,), (Fragile("A-117", "R1", "band", 0.5, 0.1),),
                     1.0)  # fmt: skip


def test_wrong_numbers():
    assert reports.tell_uncertain(uncertain_one(), SPEAK) == [
        "With every account's numbers wrong by about 20 %, all limits hold with a chance of 64 % "
        "(2,000 draws).",
        "Chen stays within band with a chance of 80 %; workload would be 85 to 112 hours a year "
        "nine times in ten, and where it misses it is mostly too little.",
        "Much hangs on Acme (A-117) with Chen: if its own number is wrong by 10 %, band breaks.",
    ]


def test_no_plan():
    members = (
        Member("locks", "account", 0, "A-117"),
        Member("capacity", "row", 1, "R2"),
        Member("families", "family", 2, "B-20"),
    )
    ways = (
        Repair("capacity", "share", 0.073, 0.073, "proved", ("R2",), PLAN),
        Repair("moves", "count", 52.0, 52.0, "proved", ("all reps",), PLAN),
        Repair("locks", "accounts", 2.0, 1.0, WHO, ("A-117", "B-20"), PLAN),
    )
    said = NoPlan(("locks", "capacity"), members, True, "proved", (), ways, 1.0)
    assert tell_no_plan(said, SPEAK) == [
        "No plan exists: locks and capacity cannot both be kept, whatever becomes of the other "
        "rules; drop either one and the rest of these can.",
        "By themselves these cannot hold together: locks of Acme (A-117), capacity of Rivera and "
        "families of the family of Bolt (B-20); without any one of them they can.",
        "A way out: capacity wider by 7.3 %, for Rivera.",
        "A way out: moves wider by 52 accounts.",
        "A way out: let 2 accounts go from locks (fewer than 1 will not do): Acme (A-117) and Bolt "
        "(B-20).",
    ]


def test_names_are_no_markup():
    assert text("12. <b>*a*</b> [x](y) a_b | c") == r"12\. \<b\>\*a\*\</b\> \[x\](y) a\_b \| c"
    assert text("- a\n# b") == r"\- a \# b"


def test_pages_name_every_account_once():
    problem = topt.Problem.from_arrays(np.ones((5, 2)), current=[0, 0, 1, 1, -1])
    reasons = Explanation(problem, np.array([0, 1, 0, 1, 0]), rep_names={"0": "<i>Eve</i>"})
    page = rep_page(reasons, "0")
    assert page.startswith("# The territory of \\<i\\>Eve\\</i\\>")
    assert "## What you take over: 1 account" in page
    assert "## What you hand over: 1 account" in page
    assert "## New accounts, without an owner until now: 1 account" in page
    assert "## What stays with you: 1 account" in page
    whole = plan_page(reasons, [("Why not", ["It *would* cost more."])])
    assert "<i>" not in whole
    assert "It \\*would\\* cost more." in whole
    assert "## Moves: 2, the weightiest first" in whole
