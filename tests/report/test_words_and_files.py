"""The three sentences, names of files, files for the CRM, and what a page may hold."""

from __future__ import annotations

import csv
import json
import re
from dataclasses import replace

import numpy as np
import pytest
from hostile import NAMES, REPS

import territoryopt as topt
from territoryopt.folders import write_text
from territoryopt.reasons.explanation import Explanation
from territoryopt.report import owners
from territoryopt.report.answer import answer
from territoryopt.report.balance import charts
from territoryopt.report.mapdata import embedded
from territoryopt.report.names import file_names, visible
from territoryopt.report.owners import CRMS, write_owners
from territoryopt.report.page import report_page, write_report
from territoryopt.report.rep_pages import write_rep_pages

# -- the answer ------------------------------------------------------------------------------------


def test_the_three_sentences_of_a_best_plan(tiny):
    found = answer(tiny.explanation())
    assert found.sentences == (
        "This plan gives 6 accounts to 3 reps and costs 4,050 USD a year, 900 USD a year (18.2 %) "
        "less than with today's owners.",
        "No plan can cost less, as claimed by HiGHS 1.12.0; our own arithmetic proves that no plan "
        "can be better by more than 514 USD a year (13 %).",
        "3 of 6 owned accounts change hands (50 %), and no rule that must hold is broken; today's "
        "owners break the rules in 4 places.",
    )
    assert any("The gap is closed" in line for line in found.bound)


def plan(tiny, **changes):
    return answer(replace(tiny.explanation(), **changes))


def test_the_sentences_say_on_whose_word(tiny):
    open_gap = plan(tiny, bound=4000.0, proved_bound=3900.0, bound_source="claimed by X 1")
    assert open_gap.sure == (
        "No plan can be better by more than 50 USD a year (1.2 %), as claimed by X 1; our own "
        "arithmetic proves that no plan can be better by more than 150 USD a year (3.7 %)."
    )
    assert any("50 USD a year, 1.2 % of its cost" in line for line in open_gap.bound)
    assert any("On whose word: the bound is claimed by X 1." in line for line in open_gap.bound)
    proved = plan(tiny, bound=4000.0, proved_bound=4000.0, bound_source="proved")
    assert proved.sure == (
        "No plan can be better by more than 50 USD a year (1.2 %), as our own arithmetic proves."
    )
    unknown = plan(tiny, bound=float("-inf"), proved_bound=float("-inf"))
    assert unknown.sure == "How much better another plan could be is not known."
    assert unknown.bound[0].startswith("No bound is known")


def test_the_sentences_of_a_plan_that_breaks_rules_or_leaves_accounts_out(tiny):
    all_one = plan(tiny, rep=np.zeros(6, dtype=np.int64))
    assert all_one.sure.startswith("It breaks its rules in ")
    assert "cannot be held against each other" in all_one.bound[0]
    left = np.asarray(tiny.rep).copy()
    left[0] = -1
    assert plan(tiny, rep=left).plan.startswith("This plan gives 5 of 6 accounts to 3 reps")


def test_the_sentences_of_a_plan_like_today_and_of_accounts_without_owner(tiny):
    problem = replace(tiny.problem, current=np.asarray(tiny.rep).copy())
    same = answer(Explanation(problem, tiny.rep))
    assert same.moves == "No account changes hands, and no rule that must hold is broken."
    assert "as much as today's owners" in same.plan
    none = replace(tiny.problem, current=np.full(6, -1))
    fresh = answer(Explanation(none, tiny.rep))
    assert fresh.moves == (
        "6 accounts without an owner get one, and no rule that must hold is broken."
    )
    assert fresh.plan.endswith(" USD a year.")


# -- bars ------------------------------------------------------------------------------------------


def test_bars_stand_where_the_numbers_are(tiny):
    reasons = tiny.explanation()
    for chart in charts(reasons):
        for bar, facts in zip(chart.bars, reasons.territories(), strict=True):
            totals = [t for t in facts.totals if t.measure == chart.title.lower()]
            assert totals, chart.title
            low, high = max(t.lower for t in totals), min(t.upper for t in totals)
            if bar.low is not None and bar.high is not None and totals[0].total:
                assert bar.low / bar.plan == pytest.approx(low / totals[0].total, rel=1e-3)
                assert bar.high / bar.plan == pytest.approx(high / totals[0].total, rel=1e-3)
            assert bar.outside == ""
            assert max(bar.plan, bar.today or 0, bar.high or 0) <= 100


def test_a_bar_out_of_its_range_is_marked(tiny):
    reasons = replace(tiny.explanation(), rep=np.zeros(6, dtype=np.int64))
    assert {bar.outside for chart in charts(reasons) for bar in chart.bars} == {"", "not allowed"}
    assert [bar.outside for bar in charts(reasons)[0].bars] == ["not allowed"] * 3


def test_a_wish_and_a_target_are_no_range_that_must_hold(tiny):
    """A balance goal on the measure of a band does not hide the band."""
    from territoryopt.reasons.territories import Total
    from territoryopt.report.balance import _outside, _range

    band = Total("b", "band", "m", "h", 9.0, 0.0, 4.0, 8.0, 6.0, True)
    goal = Total("g", "balance", "m", "h", 9.0, 0.0, 6.0, 6.0, 6.0, False)
    wish = Total("w", "band", "m", "h", 9.0, 0.0, 5.0, 7.0, 6.0, False)
    assert _range([goal, band, wish]) == (4.0, 8.0)
    assert _range([goal, wish]) == (5.0, 7.0)
    assert _range([goal]) == (-np.inf, np.inf)
    assert _outside([goal, band, wish]) == "not allowed"
    assert _outside([goal, wish]) == "off the wish"
    assert _outside([goal]) == ""


# -- names -----------------------------------------------------------------------------------------


def test_file_names_are_safe_and_no_two_alike():
    ids = ["R-01", "r-01", "../../x", "CON", "con.txt", "a/b", "a\\b", "", ".", "..", "x" * 300,
           "тест", "a.", " a", "a:b", "NUL", "\0", "-rf", "R-01.html"]  # fmt: skip
    names = file_names(ids, ".html")
    assert names["R-01"] == "R-01.html"
    assert len({name.casefold() for name in names.values()}) == len(ids)
    for name in names.values():
        assert re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*\.html", name)
        assert len(name) < 90
        assert not re.match(r"(?i)(con|nul)\.", name)
    assert file_names(reversed(ids), ".html")["a/b"] == names["a/b"]


def test_what_has_no_shape_is_made_visible():
    assert visible("Ünï 前 👩‍👩‍👧 it's fine") == "Ünï 前 👩‍👩‍👧 it's fine"
    assert visible("a\u202eb\x1bc\nd\ud800e\u2066") == "a\\u202eb\\u001bc\\u000ad\\ud800e\\u2066"


# -- files for the CRM -----------------------------------------------------------------------------


def read(path):
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))


def test_only_changed_accounts_with_their_ids_as_they_came(hostile, tmp_path):
    found = write_owners(hostile, "plain", tmp_path / "out")
    assert [p.name for p in found.files] == ["owners-plain-1.csv"]
    head, *body = read(found.files[0])
    assert head == ["account_id", "rep_id"]
    changed = np.flatnonzero(hostile.rep != hostile.problem.current)
    ids = hostile.problem
    assert [row[0].removeprefix("'") for row in body] == [
        ids.account_id(int(i)).removeprefix("'") for i in changed
    ]
    assert [row[1] for row in body] == [ids.rep_id(int(hostile.rep[i])) for i in changed]
    assert found.accounts == len(changed)


@pytest.mark.parametrize(
    ("crm", "columns"),
    [("salesforce", ["Id", "OwnerId"]), ("hubspot", ["Record ID", "Company owner"])],
)
def test_columns_of_each_crm_and_no_cell_that_runs(hostile, tmp_path, crm, columns):
    found = write_owners(hostile, crm, tmp_path)
    head, *body = read(found.files[0])
    assert head == columns
    assert not any(re.match(r"[=+\-@\t\r]", cell) for row in body for cell in row)
    if crm == "hubspot":
        assert {row[1] for row in body} >= {"'=1+1"}
    else:
        assert "15 or 18 letters" in found.notes[0]


def test_batches_are_as_large_as_the_crm_takes(hostile, tmp_path, monkeypatch):
    small = {**CRMS, "plain": replace(CRMS["plain"], rows=4)}
    monkeypatch.setattr(owners, "CRMS", small)
    found = write_owners(hostile, "plain", tmp_path / "rows")
    sizes = [len(read(path)) - 1 for path in found.files]
    assert sum(sizes) == found.accounts
    assert set(sizes[:-1]) == {4}
    assert 0 < sizes[-1] <= 4
    assert [p.name for p in found.files][:2] == ["owners-plain-1.csv", "owners-plain-2.csv"]
    monkeypatch.setattr(owners, "CRMS", {"plain": replace(CRMS["plain"], size=100)})
    found = write_owners(hostile, "plain", tmp_path / "bytes")
    assert max(path.stat().st_size for path in found.files) <= 120
    assert len(found.files) > 3
    names = [p.name for p in found.files]
    assert names == sorted(names)


def test_limits_are_those_of_the_crms():
    assert (CRMS["salesforce"].rows, CRMS["hubspot"].size) == (10_000, 20_000_000)
    assert all(crm.limits for crm in CRMS.values())


def test_what_is_wrong_with_owners_is_told(hostile, tiny, tmp_path):
    with pytest.raises(topt.InputError, match="no such CRM"):
        write_owners(tiny, "sap", tmp_path)
    with pytest.raises(topt.InputError, match="no such column"):
        write_owners(tiny, "plain", tmp_path, owner_column="email")
    with pytest.raises(topt.InputError, match="two reps have this same owner"):
        write_owners(hostile, "plain", tmp_path, owner_column="capacity")
    write_owners(hostile, "plain", tmp_path)
    with pytest.raises(topt.InputError, match="exists already"):
        write_owners(hostile, "plain", tmp_path)


# -- pages -----------------------------------------------------------------------------------------


def test_data_in_a_page_ends_no_element(hostile):
    text = embedded({"name": [*NAMES, "\u2028"]})
    assert not set("<>&\u2028\u2029") & set(text)
    assert json.loads(text) == {"name": [*NAMES, "\u2028"]}


def test_the_page_names_every_rep_and_says_the_answer(hostile):
    page = report_page(hostile)
    assert page.count("<script") == 2
    assert "<script>window" not in page
    assert "<img" not in page
    for sentence in answer(hostile.explanation()).sentences:
        assert sentence.replace("'", "&#39;") in page
    assert "default-src &#39;none&#39;" in page
    assert not re.search(r"(src|href|url)\s*[=(]", re.sub(r"<script type.*?</script>", "", page)
                         .split("<section")[0])  # fmt: skip


def test_of_a_book_of_accounts_without_places_there_is_a_page_without_a_map(tiny, tmp_path):
    instance = replace(tiny.instance, coordinates=np.full((6, 2), np.nan))
    page = report_page(replace(tiny, instance=instance))
    assert 'id="map"' not in page
    assert "6 accounts without a place" in page


def test_pages_for_reps_have_safe_names_and_stay_in_their_folder(hostile, tmp_path):
    pages = write_rep_pages(hostile, tmp_path / "in" / "pages")
    assert {p.parent for p in pages} == {tmp_path / "in" / "pages"}
    assert len({p.name for p in pages}) == len(REPS)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["in"]
    with pytest.raises(topt.InputError, match="exists already"):
        write_rep_pages(hostile, tmp_path / "in" / "pages")


def test_a_missing_library_says_what_to_install(tiny, tmp_path, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "jinja2", None)
    with pytest.raises(topt.InputError, match=r'pip install "territoryopt\[report\]"'):
        write_report(tiny, tmp_path / "a.html")
    assert list(tmp_path.iterdir()) == []


def test_a_file_is_whole_or_not_there(tmp_path):
    with pytest.raises(topt.InputError, match="File name too long"):
        write_text(tmp_path / ("n" * 300), "x")
    with pytest.raises(topt.InputError, match="null character"):
        write_text(tmp_path / "a\0b", "x")
    with pytest.raises(topt.InputError, match="a folder"):
        write_text(tmp_path, "x")
    assert list(tmp_path.iterdir()) == []
    assert write_text(tmp_path / "a" / "b.txt", "\ud800é").read_bytes() == b"\\ud800\xc3\xa9"
