"""The workbook: what is on its sheets, that text stays text, and that owners come back from it."""

from __future__ import annotations

import shutil
import zipfile

import openpyxl
import pytest
from hostile import NAMES, REPS

import territoryopt as topt
from territoryopt import workbook_reading
from territoryopt.report import sheets
from territoryopt.report.answer import answer
from territoryopt.report.workbook import write_workbook

SHEETS = ["Answer", "Alignment", "Territories", "Territory quality", "Whitespace", "Moves",
          "Explanations", "Data quality"]  # fmt: skip


@pytest.fixture(scope="module")
def book(hostile, tmp_path_factory):
    path = write_workbook(hostile, tmp_path_factory.mktemp("book") / "plan.xlsx")
    return path, openpyxl.load_workbook(path)


def rows(sheet):
    head, *body = sheet.iter_rows(values_only=True)
    return [dict(zip(head, row, strict=True)) for row in body]


def edited(path, out, changes, column="rep_id"):
    """The workbook with other owners, by account id."""
    book = openpyxl.load_workbook(path)
    sheet = book["Alignment"]
    head = [cell.value for cell in sheet[1]]
    at, ids = head.index(column) + 1, head.index("account_id") + 1
    for r in range(2, sheet.max_row + 1):
        account = sheet.cell(r, ids).value
        if account in changes:
            sheet.cell(r, at).value = changes[account]
    book.save(out)
    return out


def test_sheets_filters_and_panes(book):
    found = book[1]
    assert found.sheetnames == SHEETS
    for name in SHEETS[1:]:
        assert found[name].freeze_panes[1:] == "2", name
        assert found[name].auto_filter.ref.startswith("A1:"), name
        assert found[name].column_dimensions["B"].width > 5
    choices = found["Alignment"].data_validations.dataValidation[0]
    assert choices.formula1 == "Territories!$A$2:$A$5"
    assert found["Alignment"]["I2"].number_format.startswith("#,##0")


def test_the_first_sheet_is_the_answer(book, hostile):
    cells = [cell.value for cell in book[1]["Answer"]["A"] if cell.value]
    expected = answer(hostile.explanation())
    assert cells[1:4] == list(expected.sentences)
    assert set(expected.bound) <= set(cells)
    assert "driving" in cells


def test_every_account_territory_and_move_is_there(book, hostile):
    found = book[1]
    accounts = rows(found["Alignment"])
    assert [row["account_id"] for row in accounts] == list(hostile.instance.account_ids)
    owners = [hostile.problem.rep_id(int(j)) for j in hostile.rep]
    assert [row["rep_id"] for row in accounts] == owners
    assert [row["planned_rep_id"] for row in accounts] == owners
    moved = int((hostile.rep != hostile.problem.current).sum())
    moves = rows(found["Moves"])
    assert len(moves) == moved == sum(row["moved"] == "yes" for row in accounts)
    assert all(row["from"] != row["to"] for row in moves)
    territories = rows(found["Territories"])
    assert [row["rep_id"] for row in territories] == list(REPS)
    assert sum(row["accounts"] for row in territories) == hostile.problem.accounts
    money = sum(row["driving, USD/year"] + row["hand_overs, USD/year"] for row in territories)
    assert money == pytest.approx(hostile.record["objective"])
    kinds = {row["about"] for row in rows(found["Explanations"])}
    assert kinds == {"plan", "territory", "account"}


def test_names_stay_text_and_show_what_is_unseen(book):
    found = book[1]
    names = [row["name"] for row in rows(found["Alignment"])]
    assert names[0] == NAMES[0]
    assert names[6] == "right\\u202eleft & Sons"
    assert names[7] == "\\u001b[31mred\\u001b[0m\\u0007"
    assert names[8] == "line\\u000abreak \\u2028 separator"
    assert names[9:13] == [*NAMES[9:13]]
    assert names[15] == NAMES[15]
    assert all(cell.data_type != "f" for sheet in found for row in sheet for cell in row)
    assert not any(cell.hyperlink for sheet in found for row in sheet for cell in row)


def test_what_looks_like_an_escape_of_excel_is_escaped(book):
    """A cell `_x0041_` would be shown as A."""
    with zipfile.ZipFile(book[0]) as archive:
        sheet = archive.read("xl/worksheets/sheet2.xml").decode()
    assert "_x005F_x0041_ and _x005F_x003D_1" in sheet


def test_the_plan_comes_back_as_it_went(book, hostile):
    path = book[0]
    plan = topt.read_alignment(path, hostile.instance)
    assert plan.rep.tolist() == hostile.rep.tolist()
    assert topt.read_locks(path, hostile.instance) == {}
    assert topt.check(hostile.instance, hostile.model, plan).holds


def test_an_edited_owner_is_checked_and_becomes_a_lock(book, hostile, tmp_path):
    instance, model = hostile.instance, hostile.model
    accounts = instance.account_ids[:6]
    path = edited(book[0], tmp_path / "plan.xlsx", dict.fromkeys(accounts, "CON"))
    found = topt.check(instance, model, topt.read_alignment(path, instance))
    assert found.rep[:6].tolist() == [1] * 6
    locks = topt.read_locks(path, instance)
    changed = [a for i, a in enumerate(accounts) if hostile.rep[i] != 1]
    assert locks == dict.fromkeys(changed, "CON")
    assert 0 < len(locks) < 6
    locked = instance.with_locks(locks)
    result = topt.solve(locked, model, backend="highs", threads=1, time_limit=20)
    assert all(result.as_dict()["alignment"][a] == "CON" for a in locks)
    out = topt.write_run(result, locked, model, tmp_path / "run")
    again = topt.read_run(out)
    assert again.rep.tolist() == result.rep.tolist()
    assert dict(again.instance.added_locks) == locks
    write_workbook(again, tmp_path / "again.xlsx")
    notes = rows(openpyxl.load_workbook(tmp_path / "again.xlsx")["Data quality"])
    assert f"{len(locks)} owners set by hand and locked" in {row["why"] for row in notes}


def test_a_blank_owner_is_no_lock_and_an_unknown_one_is_told(book, hostile, tmp_path):
    first = hostile.instance.account_ids[0]
    blank = edited(book[0], tmp_path / "blank.xlsx", {first: None})
    assert topt.read_locks(blank, hostile.instance) == {}
    assert topt.read_alignment(blank, hostile.instance).rep[0] == -1
    wrong = edited(book[0], tmp_path / "wrong.xlsx", {first: "R-99"})
    with pytest.raises(topt.InputError) as error:
        topt.read_locks(wrong, hostile.instance)
    assert (error.value.problems[0].row, error.value.problems[0].value) == (2, "R-99")


def test_of_a_plan_without_our_column_every_owner_is_a_lock(hostile, tmp_path):
    path = tmp_path / "mine.csv"
    path.write_text("account_id,rep_id\nA-3,a/b\nA-4,\n", encoding="utf-8")
    assert topt.read_locks(path, hostile.instance) == {"A-3": "a/b"}


@pytest.mark.parametrize(
    "rule", ["", "price = 5", 'where = { account_id = ["A-1"] }', 'to = "current"']
)
def test_locks_that_no_rule_holds_are_refused(hostile, tmp_path, rule):
    head = '[rules.locks]\nkind = "locks"\n'
    text = hostile.model.text.replace(head, f"{head}{rule}\n" if rule else "")
    (tmp_path / "m.toml").write_text(text, encoding="utf-8")
    locked = hostile.instance.with_locks({"A-1": "CON"})
    with pytest.raises(topt.ModelError, match="no rule that holds every lock"):
        topt.compile_problem(locked, topt.load_model(tmp_path / "m.toml"))
    topt.compile_problem(hostile.instance, topt.load_model(tmp_path / "m.toml"))


def test_locks_of_unknown_ids_are_refused(hostile):
    with pytest.raises(topt.InputError, match="no such account to lock"):
        hostile.instance.with_locks({"nobody": "CON"})
    with pytest.raises(topt.InputError, match="no such rep"):
        hostile.instance.with_locks({"A-1": "nobody"})


def test_a_file_is_replaced_only_where_that_was_asked(tiny, tmp_path):
    path = write_workbook(tiny, tmp_path / "a.xlsx")
    before = path.read_bytes()
    with pytest.raises(topt.InputError, match="exists already"):
        write_workbook(tiny, path)
    assert path.read_bytes() == before
    write_workbook(tiny, path, overwrite=True)
    link = tmp_path / "link.xlsx"
    link.symlink_to(path)
    with pytest.raises(topt.InputError, match="is a link"):
        write_workbook(tiny, link, overwrite=True)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.xlsx", "link.xlsx"]


def test_more_rows_than_a_sheet_has_are_refused(tiny, tmp_path, monkeypatch):
    monkeypatch.setattr(sheets, "MOST_ROWS", 2)
    with pytest.raises(topt.InputError, match="do not fit on a sheet"):
        write_workbook(tiny, tmp_path / "a.xlsx")
    assert list(tmp_path.iterdir()) == []


def test_a_missing_library_says_what_to_install(tiny, tmp_path, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "xlsxwriter", None)
    with pytest.raises(topt.InputError, match=r'pip install "territoryopt\[report\]"'):
        write_workbook(tiny, tmp_path / "a.xlsx")
    monkeypatch.setitem(__import__("sys").modules, "openpyxl", None)
    shutil.copy(write_empty(tmp_path / "b.xlsx"), tmp_path / "c.xlsx")
    with pytest.raises(topt.InputError, match="openpyxl"):
        topt.read_alignment(tmp_path / "c.xlsx", tiny.instance)


# -- reading ---------------------------------------------------------------------------------------


def write_empty(path, parts=()):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in parts or [("a.txt", b"")]:
            archive.writestr(name, data)
    return path


def sheet_of(path, rows, title="Plan", more=()):
    book = openpyxl.Workbook()
    book.active.title = title
    for row in rows:
        book.active.append(row)
    for other, its in more:
        sheet = book.create_sheet(other)
        for row in its:
            sheet.append(row)
    book.save(path)
    return path


def test_a_bomb_is_refused_before_it_is_opened(tiny, tmp_path, monkeypatch):
    path = write_empty(tmp_path / "bomb.xlsx", [("xl/worksheets/sheet1.xml", b"0" * 100_000_000)])
    assert path.stat().st_size < 350_000
    monkeypatch.setattr(workbook_reading, "need", lambda *_, **__: pytest.fail("was opened"))
    with pytest.raises(topt.InputError, match="unpacks to 100 MB in 1 parts, and was not opened"):
        topt.read_alignment(path, tiny.instance)
    many = write_empty(tmp_path / "many.xlsx", [(f"{k}", b"") for k in range(10_001)])
    with pytest.raises(topt.InputError, match="10,001 parts"):
        topt.read_alignment(many, tiny.instance)


def test_what_is_no_workbook_is_told(tiny, tmp_path):
    for name, data in (("a.xlsx", b"account_id,rep_id\n"), ("b.xlsx", b"PK\x03\x04junk"),
                       ("c.xlsx", b"")):  # fmt: skip
        (tmp_path / name).write_bytes(data)
        with pytest.raises(topt.InputError, match="no workbook that can be read"):
            topt.read_alignment(tmp_path / name, tiny.instance)
    with pytest.raises(topt.InputError, match="no workbook that can be read"):
        topt.read_alignment(write_empty(tmp_path / "d.xlsx"), tiny.instance)
    with pytest.raises(topt.InputError, match="cannot be read"):
        topt.read_alignment(tmp_path / "gone.xlsx", tiny.instance)


def test_the_sheet_that_has_the_columns_is_read(tiny, tmp_path):
    ids, reps = tiny.instance.account_ids, tiny.instance.rep_ids
    plan = [("account_id", "owner", None), *((a, reps[0], None) for a in ids), (None,) * 3]
    path = sheet_of(tmp_path / "a.xlsx", [("note",), ("x",)], "Notes", [("Mine", plan)])
    assert topt.read_alignment(path, tiny.instance).rep.tolist() == [0] * len(ids)
    twice = sheet_of(tmp_path / "b.xlsx", plan, "One", [("Two", plan)])
    with pytest.raises(topt.InputError, match="'One', 'Two' all have account_id"):
        topt.read_alignment(twice, tiny.instance)
    none = sheet_of(tmp_path / "c.xlsx", [("account", "rep")])
    with pytest.raises(topt.InputError, match="no sheet has account_id and one of rep_id"):
        topt.read_alignment(none, tiny.instance)
    same = sheet_of(tmp_path / "d.xlsx", [("account_id", "rep", "rep"), (ids[0], reps[0], "")])
    with pytest.raises(topt.InputError, match="same name"):
        topt.read_alignment(same, tiny.instance)


def test_our_escape_of_an_escape_is_taken_off(book, hostile):
    table = workbook_reading.read_sheet(book[0], ("account_id",), ("rep_id",))
    assert table.columns["name"][14] == NAMES[14]


def test_numbers_and_dates_become_the_text_a_csv_file_would_have(tmp_path):
    import datetime

    cells = [("account_id", "rep_id"), (279, 7.0), (1.5, True), (datetime.date(2026, 1, 2), " x ")]
    table = workbook_reading.read_sheet(sheet_of(tmp_path / "a.xlsx", cells), ("account_id",))
    assert table.columns["account_id"].tolist() == ["279", "1.5", "2026-01-02T00:00:00"]
    assert table.columns["rep_id"].tolist() == ["7", "TRUE", "x"]
    assert table.lines.tolist() == [2, 3, 4]


def test_the_page_of_docs_names_every_sheet_and_column(book):
    from pathlib import Path

    text = (Path(__file__).parents[2] / "docs" / "files.md").read_text("utf-8")
    for name in SHEETS:
        assert f"- `{name}`:" in text
    for cell in book[1]["Alignment"][1]:
        assert f"`{cell.value.partition(' (')[0]}`" in text
