"""Any file of an export as a sheet of clean text: what kind of file it is, is told by its bytes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from territoryopt.crm import layouts
from territoryopt.crm.cleaning import cleaned
from territoryopt.crm.decoding import decode, records_of
from territoryopt.crm.mapping import Source
from territoryopt.crm.quality import Quality
from territoryopt.crm.records import sheet_of
from territoryopt.crm.sheets import Record, Sheet
from territoryopt.crm.workbooks import parquet_records, workbook_records
from territoryopt.errors import FaultList, shortened

LARGEST_TEXT = 400_000_000
"""Bytes of a CSV file; a million accounts of twenty columns take about 200 MB."""

_OTHER = (
    (b"\xd0\xcf\x11\xe0", "a workbook in the old format .xls, or one under a password",
     "Save it as .xlsx without a password, or as CSV UTF-8"),
    (b"\x1f\x8b", "a gzip archive", "Unpack it first"),
    (b"%PDF", "a PDF file", "Export the table as CSV or .xlsx"),
    (b"{\\rtf", "a document", "Export the table as CSV or .xlsx"),
)  # fmt: skip
_PAGES = (b"<html", b"<!doctype", b"<table", b"<?xml", b"<meta")


def read_sheet(
    path: Path, kind: str, source: Source, quality: Quality, faults: FaultList
) -> Sheet | None:
    """The cells of a file, without control characters and padding; None, with a fault, where it
    cannot be read. `kind` is "accounts" or "reps"."""
    file = path.name
    try:
        with path.open("rb") as handle:
            head = handle.read(512)
        size = path.stat().st_size
        sheet = _sheet(path, head, size, kind, source, quality, faults)
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or error
        faults.add(f"the file cannot be read: {why}", "Check the folder and the name",
                   file=shortened(file))  # fmt: skip
        return None
    return None if sheet is None else cleaned(sheet, quality)


def _sheet(
    path: Path, head: bytes, size: int, kind: str, source: Source, quality: Quality,
    faults: FaultList,
) -> Sheet | None:  # fmt: skip
    file = path.name

    def find_header(records: Sequence[Record]) -> int:
        return layouts.find_header(kind, records, set(source.columns.values()))

    def make(records: Iterator[Record], *, fill: bool = False) -> Sheet | None:
        before = len(faults.problems)
        found = sheet_of(records, file, source.header_row, find_header, quality, faults, fill=fill)
        return found if len(faults.problems) == before else None

    if head[:4] == b"PK\x03\x04":
        book = workbook_records(
            path, source.sheet, partial(layouts.is_known, kind), quality, faults
        )
        if book is None:
            return None
        rows, name, merged = book
        sheet = make(rows, fill=True)
        if sheet is None:
            return None
        if below := [row for row in merged if row > sheet.header_row]:
            faults.add(
                f"the sheet {name!r} has merged cells down to row {max(below)}, so it cannot be "
                "told which rows their text belongs to",
                "Unmerge them and fill in every cell",
                file=file,
            )
            return None
        return replace(sheet, sheet=name)
    if head[:4] == b"PAR1":
        lines = parquet_records(path, faults)
        return None if lines is None else make(lines)
    return _text_sheet(path, head, size, source, quality, faults, make)


def _text_sheet(
    path: Path, head: bytes, size: int, source: Source, quality: Quality, faults: FaultList,
    make: Callable[[Iterator[Record]], Sheet | None],
) -> Sheet | None:  # fmt: skip
    file = path.name
    for mark, what, remedy in _OTHER:
        if head.startswith(mark):
            faults.add(f"the file is {what}", remedy, file=file)
            return None
    if head.lstrip(b"\xef\xbb\xbf \t\r\n").lower().startswith(_PAGES):
        faults.add("the file is a web page, whatever its name says",
                   "Export it as CSV or .xlsx, not as .xls or HTML", file=file)  # fmt: skip
        return None
    if size > LARGEST_TEXT:
        faults.add(
            f"the file has {size / 1e6:,.0f} MB, more than {LARGEST_TEXT / 1e6:,.0f} MB",
            "Leave out columns and rows that are not needed, or split it by region",
            file=file,
        )
        return None
    decoded = decode(path.read_bytes(), source.encoding, file, quality, faults)
    if decoded is None:
        return None
    text, encoding = decoded
    records, delimiter = records_of(text, source.delimiter, file, quality, faults)
    sheet = make(records)
    return None if sheet is None else replace(sheet, encoding=encoding, delimiter=delimiter)
