"""Encodings, separators, broken and huge files (cases 12 to 14)."""

import pytest

from territoryopt.crm import reading, records

CITY = "account_id,city\n1,München\n2,Besançon\n3,Málaga\n4,Französisch Buchholz\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_unicode_is_read(desk, encoding):
    taken = desk.put(CITY.encode(encoding)).take()
    assert taken.column("city") == ["München", "Besançon", "Málaga", "Französisch Buchholz"]


@pytest.mark.parametrize(("encoding", "line"), [("cp1252", "\r\n"), ("mac_roman", "\r")])
def test_code_pages_are_told_apart_by_their_letters(desk, encoding, line):
    taken = desk.put(CITY.replace("\n", line).encode(encoding)).take()
    assert taken.column("city")[3] == "Französisch Buchholz"
    ((row, old, new),) = taken.told(f"was read as {encoding}", "repaired")
    assert row is None
    assert (new, "\\x" in old) == ("München", True)
    assert taken.made.mapping.accounts.encoding == encoding


@pytest.mark.parametrize("name", ["Café", "Macy’s", "O’Hara", "Nestlé – Paris", "5 °C", "École"])
def test_one_letter_is_enough_in_a_file_of_windows(desk, name):
    content = f"account_id,name\r\n1,{name}\r\n"
    assert desk.put(content.encode("cp1252")).take().column("name") == [name]


def test_a_sign_that_is_a_letter_elsewhere_is_refused_with_both_readings(desk):
    (fault,) = desk.put("account_id,name\n1,Macy’s\n".encode("cp1252")).refused()
    assert "as cp1252 it reads 'Macy’s', as MacRoman 'Macyís'" in fault.message


def test_a_code_page_that_cannot_be_told_is_refused_and_can_be_declared(desk):
    desk.put("account_id,city\n1,Москва\n2,Тверь\n".encode("cp1251"))
    (fault,) = desk.refused()
    assert "what it is cannot be told" in fault.message
    assert "encoding" in fault.remedy
    assert fault.row == 2
    assert desk.take('[accounts]\nencoding = "cp1251"').column("city") == ["Москва", "Тверь"]
    (fault,) = desk.refused('[accounts]\nencoding = "klingon"')
    assert "is no known encoding" in fault.message
    (fault,) = desk.put(b"account_id,x\n1,\\ud800\xff\n").refused(
        '[accounts]\nencoding = "unicode_escape"'
    )
    assert "does not give text" in fault.message
    (fault,) = desk.put(b"account_id\n\xff\n").refused('[accounts]\nencoding = "ascii"')
    assert "does not fit the bytes, first in row 2" in fault.message


def test_one_wrong_byte_in_utf8_is_named(desk):
    content = CITY.encode() + b"5,M\xfcller\n"
    (fault,) = desk.put(content).refused()
    assert fault.row == 6
    assert "UTF-8 in most places" in fault.message


@pytest.mark.parametrize("line", ["\n", "\r\n", "\r"])
def test_line_ends_and_line_feeds_in_a_street(desk, line):
    content = line.join(["account_id,street,name", '1,"1 Main St\nFloor 2",x', "2,z,y", ""])
    taken = desk.put(content).take()
    assert taken.column("street") == ["1 Main St\nFloor 2", "z"]
    assert taken.instance.account_names == ("x", "y")


def test_nul_bytes_are_taken_out_with_a_note(desk):
    taken = desk.put(b"account_id,name\n1,x\0y\n").take()
    assert taken.column("name") == ["xy"]
    ((row, old, new),) = taken.told("control character")
    assert (row, old, new) == (2, "x\0y", "xy")
    report = (taken.made.folder / "quality.csv").read_bytes()
    assert b"x\\x00y" in report
    assert b"\0" not in report


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_separators_are_found(desk, delimiter):
    rows = [["account_id", "name", "potential"], ["1", "a", "5"], ["2", "b", "6"]]
    taken = desk.put("\n".join(delimiter.join(row) for row in rows)).take()
    assert taken.column("potential") == ["5", "6"]
    assert taken.made.mapping.accounts.delimiter == delimiter


def test_decimal_commas_do_not_pass_for_separators(desk):
    taken = desk.put("account_id;potential\n1;1,5\n2;2,75\n3;3,25\n").take()
    assert taken.column("potential") == ["1.5", "2.75", "3.25"]
    assert taken.made.mapping.accounts.delimiter == ";"


def test_a_wrong_separator_makes_one_column_and_is_refused(desk):
    desk.put("account_id;name\n1;x\n")
    faults = desk.refused(
        '[accounts]\ndelimiter = ","\n[accounts.columns]\naccount_id="account_id"'
    )
    assert "'account_id;name'" in faults[0].remedy
    taken = desk.put("sep=;\naccount_id;name\n1;x\n").take()
    assert taken.column("name") == ["x"]
    assert taken.told("names the separator") == [(1, "sep=;", "")]


@pytest.mark.parametrize("content", [b"", b"\xef\xbb\xbf", b"\n\n\n", b" , \n,\n"])
def test_an_empty_file_is_refused(desk, content):
    (fault,) = desk.put(content).refused()
    assert "is empty" in fault.message
    assert fault.file == "export.csv"


def test_ragged_rows_are_refused_and_can_be_left_out(desk):
    desk.put("account_id,name,city\n1,x,y\n2,x\n3,x,y,z\n4,x,y\n")
    faults = desk.refused()
    assert [(f.row, f.value) for f in faults] == [(3, "2 | x"), (4, "3 | x | y | z")]
    assert "has 2 cells, the header has 3" in faults[0].message
    taken = desk.take('[accounts]\nrefused = "leave_out"')
    assert taken.column("account_id") == ["1", "4"]
    assert len(taken.told("cells, the header has", "refused")) == 2


def test_quotes_that_do_not_match_are_refused(desk):
    (fault,) = desk.put('account_id,name\n1,x\n2,"y\n3,z\n').refused()
    assert "quotes do not match" in fault.message
    assert fault.row == 3


def test_too_many_rows_are_refused_without_reading_them_all(desk, monkeypatch):
    monkeypatch.setattr(records, "MOST_ROWS", 5_000)
    (fault,) = desk.put("account_id\n" + "".join(f"{k}\n" for k in range(9_000))).refused()
    assert "more than 5,000 rows" in fault.message


def test_ten_million_rows_are_refused_in_a_few_seconds(desk):
    row = b"1,a\n"
    (fault,) = desk.put(b"account_id,name\n" + row * 10_000_000).refused()
    assert "more than 1,000,000 rows" in fault.message


def test_a_file_too_large_is_not_opened(desk, monkeypatch):
    monkeypatch.setattr(reading, "LARGEST_TEXT", 1_000)
    (fault,) = desk.put("account_id\n" + "1\n" * 1_000).refused()
    assert "MB, more than" in fault.message


@pytest.mark.parametrize(
    ("head", "what"),
    [
        (b"\xd0\xcf\x11\xe0\xa1\xb1", "old format .xls"),
        (b"\x1f\x8b\x08", "gzip"),
        (b"%PDF-1.7", "PDF"),
        (b"<html><table><tr><td>Account ID", "web page"),
        (b'\xef\xbb\xbf<?xml version="1.0"?>', "web page"),
        (b"PK\x03\x04broken", "no workbook"),
        (b"PAR1broken", "Parquet"),
    ],
)
def test_other_kinds_of_file_are_named(desk, head, what):
    (fault,) = desk.put(head + b" " * 100, ext=".xls").refused()
    assert what in fault.message
    assert fault.remedy


def test_a_missing_file_and_a_folder_are_named(desk):
    desk.accounts = desk.root / "gone.csv"
    desk.reps = desk.root
    faults = desk.refused()
    assert {fault.file for fault in faults} == {"gone.csv", desk.root.name}
