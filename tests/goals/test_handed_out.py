"""Goals, quality and whitespace in the workbook, on the page and on the pages of reps."""

from __future__ import annotations

import re

import openpyxl
import pytest
from goal_cases import ACCOUNTS, made, settings

import territoryopt as topt
from territoryopt.report.page import report_page
from territoryopt.report.rep_pages import write_rep_pages
from territoryopt.report.workbook import write_workbook

TEXT = """
step = 10
[growth]
most = 1.2
[segments]
column = "tier"
[kpis]
churn = 0.1
"""


@pytest.fixture(scope="module")
def goals(pencil, tmp_path_factory):
    """The folder of goals of the pencil run."""
    root = tmp_path_factory.mktemp("goals")
    found = topt.set_goals(pencil, 1000, settings=settings(root, TEXT))
    return topt.write_goals(found, root / "goals")


def rows(sheet):
    head, *rest = sheet.iter_rows(values_only=True)
    return [dict(zip(head, row, strict=True)) for row in rest]


def test_the_workbook_has_goals_with_their_basis(pencil, goals, tmp_path):
    path = write_workbook(pencil, tmp_path / "a.xlsx", goals=goals)
    book = openpyxl.load_workbook(path)
    assert book.sheetnames == [
        "Answer", "Alignment", "Territories", "Goals", "Goal segments", "KPIs",
        "Territory quality", "Whitespace", "Moves", "Explanations", "Data quality",
    ]  # fmt: skip
    found = rows(book["Goals"])
    assert sum(row["goal, USD/year"] for row in found) == 1000
    for row in found:
        parts = [v for k, v in row.items() if k.startswith("by ")]
        assert sum(parts) == row["goal, USD/year"]
        assert sum(row[f"Q{k}, USD"] for k in range(1, 5)) == row["goal, USD/year"]
        assert row["basis"].startswith(f"{row['name']}: {row['goal, USD/year']:,}")
    assert sum(row["goal, USD/year"] for row in rows(book["Goal segments"])) == 1000
    kpis = rows(book["KPIs"])
    assert {row["kpi"] for row in kpis} == {
        "sales", "retention", "new_business", "calls", "coverage",
    }  # fmt: skip
    assert all(row["formula"] and row["from"] for row in kpis)
    quality = rows(book["Territory quality"])
    judged = topt.territory_quality(pencil).territories
    assert [row["verdict"] for row in quality] == [t.verdict for t in judged]
    head = [c for c in quality[0] if c.startswith("travel in the workload")]
    assert head == ["travel in the workload (high at most 35 %, medium at most 50 %)"]
    assert book["Territory quality"]["D2"].number_format == "0.0%"
    white = rows(book["Whitespace"])
    assert sum(row["potential, USD/year"] for row in white) == 10_000
    first = [row[0] for row in book["Answer"].iter_rows(values_only=True) if row[0]]
    assert "Goals for the reps" in first


def test_without_goals_there_is_quality_all_the_same(pencil, tmp_path):
    book = openpyxl.load_workbook(write_workbook(pencil, tmp_path / "a.xlsx"))
    assert "Goals" not in book.sheetnames
    assert "Territory quality" in book.sheetnames
    page = report_page(pencil)
    assert '<section class="quality"' in page
    assert '<section class="goals"' not in page


def test_the_page_shows_goals_and_marks(pencil, goals):
    page = report_page(pencil, goals)
    assert '<section class="goals"' in page
    assert "1,000 USD a year for 2 reps" in page
    found = topt.read_goals(goals)
    for rep in found.reps:
        assert rep.text.replace("'", "&#39;").replace("<", "&lt;") in page
    quality = topt.territory_quality(pencil)
    verdicts = [c.verdict for t in quality.territories for c in t.criteria]
    for verdict in ("high", "medium", "low"):
        key = 1  # the mark beside the word, above the table
        marks = len(re.findall(f'class="mark {verdict}"', page))
        assert marks == verdicts.count(verdict) + key
    assert "style=" not in page.replace("<style>", "")


def test_a_rep_reads_the_own_goal(pencil, goals, tmp_path):
    one, two = write_rep_pages(pencil, tmp_path / "pages", goals=goals)
    found = topt.read_goals(goals)
    text = one.read_text("utf-8")
    assert f"Your goal: {found.reps[0].goal:,.0f} USD a year" in text
    assert found.reps[1].text not in text
    assert "What else you are held to" in two.read_text("utf-8")
    plain = write_rep_pages(pencil, tmp_path / "plain")
    assert "Your goal" not in plain[0].read_text("utf-8")


def test_goals_of_another_run_are_refused(goals, tmp_path):
    other = made(tmp_path, accounts=ACCOUNTS.replace("Harbor", "Harbour"))
    for write in (lambda: report_page(other, goals),
                  lambda: write_workbook(other, tmp_path / "x.xlsx", goals=goals),
                  lambda: write_rep_pages(other, tmp_path / "pages", goals=goals)):  # fmt: skip
        with pytest.raises(topt.InputError, match="are of another run"):
            write()
    assert not (tmp_path / "x.xlsx").exists()


def test_names_are_data_on_the_page(tmp_path):
    reps = "rep_id,name,capacity\nR-1,<img src=x onerror=alert(1)>,100\nR-2,\u202eevil,300\n"
    run = made(tmp_path, accounts=ACCOUNTS.replace("Harbor", "<script>alert(1)</script>"),
               reps=reps)  # fmt: skip
    found = topt.set_goals(run, 1000)
    page = report_page(run, found)
    assert "<img src=x" not in page
    assert "<script>alert" not in page
    assert "\u202e" not in page
    book = openpyxl.load_workbook(write_workbook(run, tmp_path / "a.xlsx", goals=found))
    cells = [cell for sheet in book for row in sheet for cell in row]
    assert all(cell.data_type != "f" for cell in cells)
    assert not any("\u202e" in str(cell.value) for cell in cells)


def test_months_are_in_the_workbook_and_not_on_the_page(pencil, tmp_path):
    text = "[seasons]\nweights = [1,1,1,1,1,1,1,1,1,1,1,1]\n"
    found = topt.set_goals(pencil, 1200, settings=settings(tmp_path, text))
    page = report_page(pencil, found)
    assert "M12" not in page
    book = openpyxl.load_workbook(write_workbook(pencil, tmp_path / "a.xlsx", goals=found))
    assert "M12, USD" in rows(book["Goals"])[0]


def test_other_thresholds_reach_workbook_and_page(pencil, tmp_path):
    text = 'potential = "revenue"\n[criteria]\ntravel_share = { high = 0.45 }\n'
    path = settings(tmp_path, text)
    page = report_page(pencil, quality=path)
    assert "high at most 45 %; medium at most 50 %" in page
    assert "potential and revenue are the same measure" in page
    book = openpyxl.load_workbook(write_workbook(pencil, tmp_path / "a.xlsx", quality=path))
    head = list(rows(book["Territory quality"])[0])
    assert "travel in the workload (high at most 45 %, medium at most 50 %)" in head
    assert sum(row["potential, USD/year"] for row in rows(book["Whitespace"])) == 1000
    with pytest.raises(topt.InputError, match="is not a known key"):
        report_page(pencil, quality=settings(tmp_path, "x = 1"))
