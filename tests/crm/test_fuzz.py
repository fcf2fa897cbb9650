"""Whatever the bytes are: a result whose rows are all accounted for, or clear errors."""

import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from import_cases import Desk

import territoryopt as topt
from territoryopt.crm.mapping import parse_mapping

COMMON = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
CELLS = st.one_of(
    st.text(max_size=12),
    st.sampled_from(
        ["", "1", "007", "0", "-1", "1,234", "1.234,5", "$5", "(3)", "nan", "1e999", "NULL", "R-1",
         "Ann Lee", "35.1", "-90", "95", "TN ", "06250", "6250", "12/31/2025", "1/2/26", "46022",
         "=1+1", "\x00", "\x1b[2J", "\u202e", "true", "yes", "\ud800", "0014000000Lmabc",
         '"', "\n", "\r", ",", ";", "\u00a0", "\u0661", "1_0", "+5", ".", "-", "e5", "%"]
    ),
)  # fmt: skip
NAMES = st.lists(
    st.one_of(
        st.sampled_from(
            ["name", "latitude", "longitude", "potential", "annual_revenue", "parent_id", "family",
             "current_rep", "locked_rep", "state", "city", "postal_code", "country", "deleted",
             "status", "currency", "last_activity", "created", "employees", "visits_per_year",
             "requires", "wishes", "apart", "last_rep", "source_id", "place_source", "parent"]
        ),
        st.text(max_size=8),
    ),
    max_size=8,
)  # fmt: skip


def take(content, *, ext=".csv", reps=None, leave_out=False):
    """The import of an export, or None where it was refused with places and words."""
    with tempfile.TemporaryDirectory() as folder:
        desk = Desk(Path(folder)).put(content, reps, ext=ext)
        mapping = '[accounts]\nrefused = "leave_out"\n[reps]\nrefused = "leave_out"\n'
        try:
            taken = desk.take(mapping if leave_out else "")
        except topt.InputError as error:
            taken, told = None, [problem.message for problem in error.problems]
        if taken is None:
            assert told
            assert all(told)
            assert not list(desk.root.glob("out-*"))
            return None
        rows = {entry[0] for entry in taken.entries() if entry[0]}
        return taken.made, len(taken.accounts), rows


@COMMON
@given(st.binary(max_size=400))
def test_any_bytes(content):
    take(content)


@COMMON
@given(
    st.binary(max_size=200), st.sampled_from([b"PK\x03\x04", b"PAR1", b"\xff\xfe", b"\xef\xbb\xbf"])
)
def test_any_bytes_after_a_mark(content, mark):
    take(mark + content, ext=".xlsx")


@COMMON
@given(st.binary(max_size=300))
def test_any_bytes_below_a_header(content):
    take(b"account_id,name,latitude,longitude,potential,current_rep\n" + content)


@COMMON
@given(NAMES, st.lists(st.lists(CELLS, max_size=10), max_size=6), st.sampled_from(",;\t|"),
       st.booleans(), st.sampled_from([True, True, False]),
       st.sampled_from(["utf-8", "utf-16", "cp1252"]))  # fmt: skip
def test_any_table(names, rows, delimiter, leave_out, even, encoding):
    width = len(names)
    if even:
        rows = [[*row, *[""] * width][:width] for row in rows]
    lines = [["account_id", *names], *([f"a{k}", *row] for k, row in enumerate(rows))]
    quoted = (
        delimiter.join('"' + cell.replace('"', '""') + '"' for cell in line) for line in lines
    )
    content = "\n".join(quoted).encode(encoding, "replace")
    found = take(content, leave_out=leave_out)
    if found is not None:
        made, accounts, told = found
        assert accounts + len(told) >= len(rows), "no row is lost without a word"
        assert accounts == made.accounts


@COMMON
@given(NAMES, st.lists(st.lists(CELLS, min_size=3, max_size=6), max_size=4), st.booleans())
def test_any_table_of_reps(names, rows, leave_out):
    width = len(names) + 2
    rows = [[*row, *[""] * width][:width] for row in rows]
    lines = [["rep_id", "active", "email", *names], *([f"r{k}", *r] for k, r in enumerate(rows))]
    text = "\n".join(
        ",".join('"' + cell.replace('"', '""') + '"' for cell in line) for line in lines
    )
    take("account_id,current_rep\n1,0\n", reps=text.encode("utf-8", "replace"),
         leave_out=leave_out)  # fmt: skip


@COMMON
@given(st.lists(st.lists(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.dates(), st.datetimes(),
              st.text(st.characters(min_codepoint=32, max_codepoint=0xD7FF), max_size=8)),
    max_size=5), max_size=5))  # fmt: skip
def test_any_workbook(rows):
    openpyxl = pytest.importorskip("openpyxl", reason="needs the extra 'import'")
    book = openpyxl.Workbook()
    book.active.append(["account_id", "name", "potential", "latitude", "longitude"])
    with tempfile.TemporaryDirectory() as folder:
        for row in rows:
            try:
                book.active.append(row)
            except (ValueError, openpyxl.utils.exceptions.IllegalCharacterError):
                return
        path = Path(folder) / "x.xlsx"
        try:
            book.save(path)
        except (ValueError, TypeError, OverflowError):
            return
        content = path.read_bytes()
    take(content, ext=".xlsx")


@COMMON
@given(st.text(max_size=200))
def test_any_mapping(text):
    for given_text in (text, f"[accounts]\n{text}", f"[accounts.columns]\n{text}"):
        try:
            mapping = parse_mapping(given_text)
        except topt.InputError as error:
            told = [str(problem) for problem in error.problems]
        else:
            told = [mapping.text]
            assert parse_mapping(mapping.text) == mapping
        assert all(told)
