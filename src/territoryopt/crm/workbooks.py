"""Excel workbooks and Parquet files become records of text.

Their libraries are extras, imported on use. A workbook is a zip archive of XML, so its directory
is looked at before anything is unpacked.
"""

from __future__ import annotations

import math
import re
import zipfile
from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import Any

from territoryopt.crm.quality import Quality
from territoryopt.crm.sheets import MOST_ROWS, Record
from territoryopt.errors import FaultList, InputError
from territoryopt.extras import need
from territoryopt.workbook_reading import LARGEST, refuse_bomb

_FORMULA = re.compile(rb"<f[ />]")
_MERGED = re.compile(rb'<mergeCell ref="[A-Z]+\d+:[A-Z]+(\d+)"')
_TAIL = 64
"""Bytes kept between two looks at a part, so that a mark on the border is seen."""


def workbook_records(
    path: Path,
    sheet: str,
    is_accounts: Callable[[Sequence[Record]], bool],
    quality: Quality,
    faults: FaultList,
) -> tuple[Iterator[Record], str, list[int]] | None:
    """The rows of one sheet as text, its name and the last rows of its merged cells; None, with a
    fault, otherwise.

    `sheet` names it; '' takes the only one with cells, or the only one that `is_accounts` knows
    by its first rows.
    """
    file = path.name
    if not _may_be_unpacked(path, faults):
        return None
    openpyxl = _library("openpyxl", "a workbook", file, faults)
    if openpyxl is None:
        return None
    try:
        book = openpyxl.load_workbook(path, read_only=True, data_only=True, keep_links=False)
        name = _sheet(book, sheet, is_accounts, file, quality, faults)
        if not name:
            return None
        part = book[name]._worksheet_path.lstrip("/")
        formulas, merged = _marks(path, part)
        raw = None
        if formulas:
            raw = openpyxl.load_workbook(path, read_only=True, keep_links=False)[name]
        rows = _rows(book[name], raw, file, quality)
        return _guarded(rows, file, faults), name, merged
    except Exception as error:  # the library fails in many ways on a damaged file
        faults.add(
            f"the workbook cannot be read: {type(error).__name__}: {error}",
            "Open it in a spreadsheet and save it again as .xlsx or CSV UTF-8",
            file=file,
        )
        return None


def _library(module: str, what: str, file: str, faults: FaultList) -> Any:
    try:
        return need(module, "import", what, file=file)
    except InputError as error:
        faults.problems.extend(error.problems)
        return None


def _guarded(rows: Iterator[Record], file: str, faults: FaultList) -> Iterator[Record]:
    try:
        yield from rows
    except Exception as error:  # the library fails in many ways on a damaged file
        faults.add(f"the workbook cannot be read to its end: {type(error).__name__}: {error}",
                   "Open it in a spreadsheet and save it again", file=file)  # fmt: skip


def _may_be_unpacked(path: Path, faults: FaultList) -> bool:
    """Whether the parts are of a believable size; nothing is unpacked to see."""
    try:
        refuse_bomb(path)
    except InputError as error:
        for fault in error.problems:
            faults.add(fault.message, fault.remedy, file=path.name, value=fault.value)
        return False
    return True


def _sheet(
    book: Any, wanted: str, is_accounts: Callable[[Sequence[Record]], bool], file: str,
    quality: Quality, faults: FaultList,
) -> str:  # fmt: skip
    """The name of the sheet to read, '' with a fault."""
    names = [s.title for s in book.worksheets]
    if wanted:
        if wanted in names:
            return wanted
        listed = ", ".join(map(repr, names))
        faults.add("there is no such sheet", f"Sheets found: {listed}", file=file, value=wanted)
        return ""
    filled, known = [], []
    for one in book.worksheets:
        head = [_record(row) for _, row in zip(range(25), one.iter_rows(values_only=True),
                                               strict=False)]  # fmt: skip
        if one.sheet_state == "visible" and any(any(record) for record in head):
            filled.append(one.title)
            if is_accounts([record for record in head if any(record)]):
                known.append(one.title)
    found = known if len(filled) > 1 else filled
    if len(found) == 1:
        for name in names:
            if name != found[0]:
                quality.add("noticed", "the sheet was not read", file=file, column=name,
                            old=name, remedy='Write sheet = "..." in the mapping')  # fmt: skip
        return str(found[0])
    listed = ", ".join(map(repr, filled))
    faults.add(
        "the workbook has several sheets that could be meant" if filled else
        "the workbook has no cells", f'Write sheet = "..." in the mapping; sheets: {listed}',
        file=file,
    )  # fmt: skip
    return ""


def _marks(path: Path, part: str) -> tuple[bool, list[int]]:
    """Whether a sheet has formulas, and the last row of each block of merged cells."""
    formulas, merged = False, []
    with zipfile.ZipFile(path) as archive, archive.open(part) as handle:
        tail = b""
        while block := handle.read(1 << 20):
            text = tail + block
            formulas = formulas or _FORMULA.search(text) is not None
            merged += [int(row) for row in _MERGED.findall(text)]
            tail = text[-_TAIL:]
    return formulas, merged


def _rows(values: Any, formulas: Any, file: str, quality: Quality) -> Iterator[Record]:
    """The rows as text; a formula by the value it had when the workbook was saved, with a note."""
    values.reset_dimensions()
    if formulas is None:
        for row in values.iter_rows(values_only=True):
            yield _record(row)
        return
    formulas.reset_dimensions()
    both = zip(
        values.iter_rows(values_only=True), formulas.iter_rows(values_only=True), strict=False
    )
    for number, (row, source) in enumerate(both, 1):
        record = _record(row)
        for k, cell in enumerate(source):
            text = getattr(cell, "text", cell)
            value = row[k] if k < len(row) else None
            if isinstance(text, str) and text.startswith("=") and text != value:
                _tell_formula(text, as_text(value), file, number, k + 1, quality)
        yield record


def _tell_formula(
    formula: str, value: str, file: str, row: int, column: int, quality: Quality
) -> None:
    quality.add(
        "repaired" if value else "refused",
        "a formula; the value it last had was taken" if value else
        "a formula whose value was never computed", file=file, row=row, column=f"{column}",
        old=formula, new=value,
        remedy="" if value else "Open the workbook in a spreadsheet and save it",
    )  # fmt: skip


def _record(row: Sequence[object]) -> Record:
    record = [cell if type(cell) is str else as_text(cell) for cell in row]
    while record and not record[-1]:
        record.pop()
    return record


def as_text(value: object) -> str:
    """A typed cell as text that nothing takes for anything else."""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float):
        return number_text(value)
    if isinstance(value, Decimal):
        return _unambiguous(f"{value:f}") if value.is_finite() else ""
    if isinstance(value, datetime) and value.time() == time(0):
        value = value.date()
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, bytes):
        return value.decode("utf-8", "backslashreplace")
    return "" if value is None else str(value)


def number_text(value: float) -> str:
    """A float with the fewest digits; `1.250` becomes `1.2500`, which has no thousands."""
    if math.isnan(value):
        return ""
    if value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return _unambiguous(repr(value))


def _unambiguous(text: str) -> str:
    whole, point, fraction = text.partition(".")
    return f"{text}0" if point and len(fraction) == 3 and len(whole.lstrip("-")) <= 3 else text


def parquet_records(path: Path, faults: FaultList) -> Iterator[Record] | None:
    """The rows of a Parquet file as text, its header first; None, with a fault, otherwise."""
    file = path.name
    parquet = _library("pyarrow.parquet", "a Parquet file", file, faults)
    if parquet is None:
        return None
    try:
        source = parquet.ParquetFile(path)
        rows, names = source.metadata.num_rows, list(source.schema_arrow.names)
    except Exception as error:  # the library fails in many ways on a damaged file
        faults.add(f"the Parquet file cannot be read: {error}", "Write it again", file=file)
        return None
    size = sum(
        source.metadata.row_group(k).total_byte_size for k in range(source.metadata.num_row_groups)
    )
    if rows > MOST_ROWS or size > LARGEST:
        faults.add(
            f"the file has {rows:,} rows, {size / 1e6:,.0f} MB unpacked; more than {MOST_ROWS:,} "
            f"rows or {LARGEST / 1e6:,.0f} MB are not read",
            "Leave out what is no account, or split the file by region", file=file,
        )  # fmt: skip
        return None
    return _parquet_rows(source, names, file, faults)


def _parquet_rows(source: Any, names: list[str], file: str, faults: FaultList) -> Iterator[Record]:
    yield names
    try:
        for batch in source.iter_batches(batch_size=20_000):
            columns = [column.to_pylist() for column in batch.columns]
            texts = [[c if type(c) is str else as_text(c) for c in column] for column in columns]
            yield from map(list, zip(*texts, strict=True))
    except Exception as error:  # the library fails in many ways on a damaged file
        faults.add(f"the Parquet file cannot be read to its end: {error}", "Write it again",
                   file=file)  # fmt: skip
