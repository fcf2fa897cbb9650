"""Files of one defect each, and what the message must say of it."""

import io
import math
import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from territoryopt import csv_reading, tables
from territoryopt.errors import FaultList, InputError
from territoryopt.tables import check_identity, read_table, sha256_of, write_table


def put(tmp_path, content, name="t.csv"):
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def faults_of(path, **kwargs):
    with pytest.raises(InputError) as caught:
        read_table(path, **kwargs)
    return caught.value.problems


ONE_DEFECT = {
    # content: row, column, part of the message, part of the remedy, value
    "empty": (b"", None, "", "is empty", "name the columns", ""),
    "only a BOM": (b"\xef\xbb\xbf", None, "", "is empty", "name the columns", ""),
    "header only": (b"id,b\n", None, "", "no row below the header", "Add", ""),
    "blank header": (b",,\nx,y,z\n", 1, "", "first row is blank", "name the columns", ""),
    "header name twice": (b"id,b,b\n1,2,3\n", 1, "b", "cells 2 and 3", "Rename", ""),
    "nameless column": (b"id,,b\n1,,3\n", 1, "", "column 2 has no name", "Name it", ""),
    "nameless data": (b"id,b,\n1,2,\n1,3,x\n", 3, "", "column 3 has no name", "Name it", "x"),
    "missing column": (b"ID,b\n1,2\n", 1, "id", "no such column", "'ID', 'b'", ""),
    "semicolons": (b"id;b\n1;2\n", 1, "", "separated by ';'", "comma", "id;b"),
    "tabs": (b"id\tb\n1\t2\n", 1, "", "separated by '\\t'", "comma", "id\\x09b"),
    "pipes": (b"id|b\n1|2\n", 1, "", "separated by '|'", "comma", "id|b"),
    "short row": (b"id,b\n1,2\n3\n", 3, "", "has 1 cells, the header has 2", "quotes", ""),
    "long row": (b"id,b\n1,2,3\n4,5\n", 2, "", "has 3 cells", "quotes", ""),
    "blank row": (b"id,b\n1,2\n,\n3,4\n", 3, "", "blank", "Delete", ""),
    "NUL": (b"id,b\n1,x\0y\n2,z\n", 2, "", "NUL", "Delete", "x\\x00y"),
    "cp1252": (
        "id,b\n1,x\n2,M\u00fcnchen\n".encode("cp1252"),
        3,
        "",
        "not UTF-8",
        "CSV UTF-8",
        "M\\xfcnchen",
    ),
    "cp1252 header": (
        "id,\u00fc\n1,x\n".encode("cp1252"),
        1,
        "",
        "not UTF-8",
        "CSV UTF-8",
        "\\xfc",
    ),
    "UTF-16": ("id,b\n1,2\n".encode("utf-16"), None, "", "UTF-16", "CSV UTF-8", ""),
    "UTF-16 bare": ("id,b\n1,2\n".encode("utf-16-le"), None, "", "UTF-16", "CSV UTF-8", ""),
    "workbook": (b"PK\x03\x04....", None, "", "workbook", "CSV UTF-8", ""),
    "open quote": (b'id,b\n1,"x\n2,y\n', 2, "", "quotes", "Close every quote", ""),
    "bad quote": (b'id,b\n1,2\n3,"x"y\n', 3, "", "quotes", '""', ""),
    "blank id": (b"id,b\n ,2\n", 2, "id", "blank", "needs an id", ""),
    "same row": (b"id,b\n1,2\n1,2\n", 3, "id", "same row as row 2", "Delete one", "1"),
    "same id": (b"id,b\n1,2\n1,3\n", 3, "id", "id as in row 2, but b differs", "own id", "1"),
}


@pytest.mark.parametrize("name", ONE_DEFECT)
def test_one_defect_is_one_fault_with_its_place(tmp_path, name):
    content, row, column, message, remedy, value = ONE_DEFECT[name]
    (fault,) = faults_of(put(tmp_path, content), id_columns=("id",))
    assert fault.file == "t.csv"
    assert (fault.row, fault.column, fault.value) == (row, column, value)
    assert message in fault.message
    assert remedy in fault.remedy


def test_a_missing_file_is_named(tmp_path):
    (fault,) = faults_of(tmp_path / "gone.csv")
    assert fault.file == "gone.csv"
    assert "cannot be read" in fault.message


def test_all_faults_are_told_at_once(tmp_path):
    path = put(tmp_path, b"id,b\n1,2\n1,2\n3\n,4\n5,6\0\n\n7,8,9\n1,0\n")
    assert {fault.row for fault in faults_of(path, id_columns=("id",))} == {3, 4, 5, 6, 7, 8, 9}


def test_without_ids_only_whole_rows_may_not_come_twice(tmp_path):
    assert len(read_table(put(tmp_path, "a,b\n1,2\n1,3\n"))) == 2
    (fault,) = faults_of(put(tmp_path, "a,b\n1,2\n1,3\n1,2\n"))
    assert (fault.row, fault.message) == (4, "the same row as row 2")


def test_text_stays_text_and_loses_only_whitespace(tmp_path):
    path = put(
        tmp_path,
        "\ufeffid , b\r\nNA,007\r\n\u00a0None\u00a0,1e5\r\n'=x,'y\r\n,,\r\n".replace(
            ",,\r\n", " ,\r\n\r\n"
        ),
    )
    table = read_table(path, required=("id", "b"))
    assert list(table.text("id")) == ["NA", "None", "=x"]
    assert list(table.text("b")) == ["007", "1e5", "'y"]
    assert list(table.lines) == [2, 3, 4]
    with pytest.raises(InputError, match=r"'id', 'b'"):
        table.text("B")


def test_rows_are_counted_as_a_spreadsheet_does(tmp_path):
    path = put(tmp_path, 'id,street\n1,"a\nb\r\nc"\n2,d\n2,e\n')
    (fault,) = faults_of(path, id_columns=("id",))
    assert fault.row == 4


def test_blank_columns_at_the_right_are_dropped_with_a_note(tmp_path):
    table = read_table(put(tmp_path, "id,b,,\n1,2,, \n"))
    assert list(table.columns) == ["id", "b"]
    assert [(n.row, n.column) for n in table.notes] == [(1, "3"), (1, "4")]


def test_a_table_is_frozen_also_after_pickling(tmp_path):
    table = read_table(put(tmp_path, "id,b\n1,2\n3,4\n"))
    for t in (table, pickle.loads(pickle.dumps(table)), table.select(np.array([True, False]))):
        with pytest.raises(ValueError, match="read-only"):
            t.text("id")[0] = "x"
        with pytest.raises(TypeError):
            t.columns["new"] = t.lines
    assert list(table.select(np.array([1])).lines) == [3]


BAD_NUMBERS = {
    "nan": "finite",
    "NaN": "finite",
    "inf": "finite",
    "-Infinity": "finite",
    "1e999": "finite",
    "1,234.56": "plain",
    "1.234,56": "plain",
    "1 234,56": "plain",
    "1'234.56": "plain",
    "$1200": "plain",
    "USD 10,000": "plain",
    "12%": "percent",
    "(500)": "plain",
    "1_000": "plain",
    "1,234": "could mean 1234 or 1.234",
    "NULL": "missing",
    "N/A": "missing",
    "-": "missing",
    "many": "not a number",
    "0x10": "plain",
    "٣": "plain",
    "12 h": "plain",
}


@pytest.mark.parametrize("text", BAD_NUMBERS)
def test_a_cell_that_is_no_plain_number_is_refused(tmp_path, text):
    table = read_table(put(tmp_path, f'id,b\nx,1\ny,"{text}"\n'))
    faults = FaultList(InputError)
    table.numbers("b", faults)
    (fault,) = faults.problems
    assert (fault.row, fault.column, fault.value) == (3, "b", text)
    assert BAD_NUMBERS[text] in fault.message
    assert fault.remedy


def test_plain_numbers_blanks_and_minimum(tmp_path):
    table = read_table(put(tmp_path, "id,b\na,-1\nb,\nc,.5\nd,+1e5\ne,2.\n"))
    faults = FaultList(InputError)
    np.testing.assert_array_equal(table.numbers("b", faults), [-1, math.nan, 0.5, 1e5, 2])
    assert not faults
    table.numbers("b", faults, minimum=0, blank="refuse")
    assert [(f.row, f.value) for f in faults.problems] == [(3, ""), (2, "-1")]


HOSTILE = [
    "=1+1",
    "+1",
    "-1",
    "@x",
    "\tx",
    "\rx",
    "'=x",
    "''@x",
    "'x",
    "a,b",
    'say "x"',
    "a\nb",
    "a\r\nb",
    "a\rb",
    "</script><script>",
    "\x1b[31mred",
    "\u202eabc",
    "😀",
    "x" * 10_000,
    "NA",
    "007",
    "1e5",
    "../../x",
    "CON",
    "München",
]


def test_hostile_text_comes_back_as_it_was(tmp_path):
    path = tmp_path / "t.csv"
    write_table(path, {"id": HOSTILE, "=name": HOSTILE[::-1]})
    table = read_table(path, id_columns=("id",))
    assert list(table.text("id")) == HOSTILE
    assert list(table.text("=name")) == HOSTILE[::-1]


def test_no_text_runs_as_a_formula_and_numbers_stay_bare():
    handle = io.StringIO()
    write_table(
        handle,
        {"t": ["=1", "-x", None], "n": [-1.0, -2, math.nan], "f": np.array([0.1, 1e300, -0.0])},
    )
    assert handle.getvalue() == "t,n,f\n'=1,-1.0,0.1\n'-x,-2,1e+300\n,,-0.0\n"


def test_what_no_cell_can_carry_is_written_visibly():
    handle = io.StringIO()
    write_table(handle, {"t": ["a\0b", "\udc80"]})
    assert handle.getvalue() == "t\na\\x00b\n\\udc80\n"


@pytest.mark.parametrize(
    "cells",
    [
        HOSTILE, ["plain", "text"], [1, 2.5, True, None, "=x"], [math.nan, 1.0], [None, "", "a,b"],
        ["a\0b"], ["x\0=y"], [""], [np.float64(1)],
    ],
)  # fmt: skip
def test_a_column_is_written_as_each_of_its_cells(cells, monkeypatch):
    expected = [tables._written(cell) for cell in cells]
    assert tables._texts(cells) == expected
    monkeypatch.setattr(tables, "ROWS", 2)
    handle = io.StringIO()
    write_table(handle, {"a": cells, "b": [1] * len(cells)})
    assert handle.getvalue() == "a,b\n" + "".join(f"{text},1\n" for text in expected)


def test_columns_of_unlike_length_are_refused():
    with pytest.raises(ValueError, match="shorter"):
        write_table(io.StringIO(), {"a": [1, 2], "b": [1]})


TEXT = (
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1)
    .map(str.strip)
    .filter(bool)
)
CELL = st.one_of(TEXT, TEXT.map(lambda t: "\t" + t), TEXT.map(lambda t: "=" + t))


@settings(max_examples=150, deadline=None)
@given(
    rows=st.lists(
        st.tuples(CELL, CELL | st.just(""), st.floats(allow_infinity=False)),
        min_size=1,
        max_size=5,
        unique_by=lambda row: row[0],
    )
)
def test_everything_written_is_read_again(tmp_path_factory, rows):
    path = tmp_path_factory.mktemp("round") / "t.csv"
    ids, texts, numbers = zip(*rows, strict=True)
    write_table(path, {"id": ids, "text": texts, "number": numbers})
    table = read_table(path, id_columns=("id",))
    faults = FaultList(InputError)
    assert tuple(table.text("id")) == ids
    assert tuple(table.text("text")) == texts
    np.testing.assert_array_equal(table.numbers("number", faults), numbers)
    assert not faults


def test_chunks_join_without_a_seam(tmp_path, monkeypatch):
    monkeypatch.setattr("territoryopt.csv_reading.CHUNK", 3)
    ids = [f"A{i}" for i in range(10)]
    write_table(tmp_path / "t.csv", {"id": ids, "kind": ["x"] * 10})
    table = read_table(tmp_path / "t.csv", id_columns=("id",))
    assert list(table.text("id")) == ids
    assert list(table.lines) == list(range(2, 12))


def test_identity_may_need_two_columns(tmp_path):
    table = read_table(put(tmp_path, "a,b,c\n1,2,3\n1,3,3\n1,2,4\n"))
    faults = FaultList(InputError)
    check_identity(table, ("a", "b"), faults)
    (fault,) = faults.problems
    assert (fault.row, fault.value) == (4, "1, 2")


def test_sha256(tmp_path):
    # the published digest of the three letters abc (FIPS 180-2, appendix B.1)
    assert sha256_of(put(tmp_path, b"abc")).startswith("ba7816bf8f01cfea414140de5dae2223")


@pytest.mark.parametrize("name", ONE_DEFECT)
def test_a_defect_is_the_same_wherever_chunks_end(tmp_path, monkeypatch, name):
    path = put(tmp_path, ONE_DEFECT[name][0])
    whole = faults_of(path, id_columns=("id",))
    for chunk in (1, 2):
        monkeypatch.setattr(csv_reading, "CHUNK", chunk)
        assert faults_of(path, id_columns=("id",)) == whole


def test_rows_are_the_same_wherever_chunks_end(tmp_path, monkeypatch):
    path = put(tmp_path, 'id,b\n1,"x\ny"\n ,3\n2,\n3,ü\n4,z\n,\n,\n')
    whole = read_table(path)
    assert list(whole.lines) == [2, 3, 4, 5, 6]
    for chunk in (1, 2, 3):
        monkeypatch.setattr(csv_reading, "CHUNK", chunk)
        part = read_table(path)
        assert list(part.lines) == list(whole.lines)
        assert all((part.text(n) == whole.text(n)).all() for n in ("id", "b"))
