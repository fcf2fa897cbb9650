"""A sheet of a workbook becomes columns of text, as the rows of a CSV file do.

Only the zip directory is looked at before the size of what it unpacks to is known.
"""

from __future__ import annotations

import datetime
import os
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from territoryopt.csv_reading import SAVE_AS_UTF8
from territoryopt.errors import Fault, FaultList, InputError
from territoryopt.extras import need
from territoryopt.tables import Table

ENDINGS = (".xlsx", ".xlsm")
LARGEST = 1_000_000_000
"""Bytes that a workbook may unpack to: about what a full sheet of a dozen columns takes."""
PLAIN, RATIO = 50_000_000, 100
"""A workbook of text packs about 5 to 20 to 1; one beyond `PLAIN` bytes that packs better than
`RATIO` to 1 was made to fill memory, not to be read."""
MOST_PARTS = 10_000
"""Files within a workbook; a sheet takes a handful."""


def is_workbook(path: str | os.PathLike[str]) -> bool:
    """Whether a file is to be read as a workbook, by the ending of its name."""
    return Path(path).suffix.lower() in ENDINGS


def read_sheet(
    path: str | os.PathLike[str], required: Sequence[str], one_of: Sequence[str] = ()
) -> Table:
    """The one sheet whose first row names the columns `required` and one of `one_of`, as text.

    Formulas count as the value they were saved with, whole numbers as their digits, dates as ISO
    8601. Rows that are blank are passed over; columns without a name and content too. Raises
    InputError for a file that is no workbook, unpacks to too much, or has no such sheet, or two.
    """
    file = Path(path).name
    refuse_bomb(path)
    openpyxl = need("openpyxl", "report", "reading a workbook", file=file, otherwise=SAVE_AS_UTF8)
    try:
        book = openpyxl.load_workbook(path, read_only=True, data_only=True, keep_links=False)
    except Exception as error:  # the library raises what its parsers do
        raise InputError([_unreadable(file, error)]) from error
    try:
        fitting = [sheet for sheet in book.worksheets if _fits(sheet, required, one_of)]
        if len(fitting) != 1:
            raise InputError([_which(file, book, fitting, required, one_of)])
        return _table(file, fitting[0])
    except InputError:
        raise
    except Exception as error:
        raise InputError([_unreadable(file, error)]) from error
    finally:
        book.close()


def read_marks(path: str | os.PathLike[str]) -> dict[str, str]:
    """The custom properties of a workbook that are texts; none where it cannot be read."""
    openpyxl = need("openpyxl", "report", "reading a workbook", file=Path(path).name)
    try:
        refuse_bomb(path)
        book = openpyxl.load_workbook(path, read_only=True, keep_links=False)
    except Exception:  # whether it is a workbook at all is for `read_sheet` to say
        return {}
    try:
        return {
            str(mark.name): mark.value
            for mark in book.custom_doc_props.props
            if isinstance(mark.value, str)
        }
    finally:
        book.close()


def refuse_bomb(path: str | os.PathLike[str]) -> None:
    """Raises InputError for a file that is no zip archive, or whose directory says that it unpacks
    to far too much. Nothing is unpacked."""
    file = Path(path).name
    try:
        with zipfile.ZipFile(path) as archive:
            parts = archive.infolist()
    except OSError as error:
        fault = Fault(f"the file cannot be read: {error.strerror or error}",
                      "Check the folder and the name", file=file)  # fmt: skip
        raise InputError([fault]) from error
    except (zipfile.BadZipFile, NotImplementedError, ValueError) as error:
        raise InputError([_unreadable(file, error)]) from error
    unpacked = sum(part.file_size for part in parts)
    packed = max(1, Path(path).stat().st_size)
    if len(parts) > MOST_PARTS or unpacked > LARGEST or (unpacked > max(PLAIN, RATIO * packed)):
        raise InputError(
            [
                Fault(
                    f"the workbook of {packed / 1e6:,.1f} MB unpacks to {unpacked / 1e6:,.0f} MB "
                    f"in {len(parts):,} parts, and was not opened",
                    f"{SAVE_AS_UTF8}, which has no such limit",
                    file=file,
                )
            ]
        )


def _unreadable(file: str, error: Exception) -> Fault:
    why = str(error) or type(error).__name__
    return Fault("the file is no workbook that can be read", SAVE_AS_UTF8, file=file,
                 value=why[:200])  # fmt: skip


def _rows(sheet: Any) -> Iterator[tuple[object, ...]]:
    sheet.reset_dimensions()  # what the file says of its size need not be so
    rows: Iterator[tuple[object, ...]] = sheet.iter_rows(values_only=True)
    return rows


def _header(sheet: Any) -> list[str]:
    names = [_text(cell) for cell in next(iter(_rows(sheet)), ())]
    while names and not names[-1]:
        names.pop()
    return names


def _fits(sheet: Any, required: Sequence[str], one_of: Sequence[str]) -> bool:
    names = set(_header(sheet))
    return names.issuperset(required) and (not one_of or not names.isdisjoint(one_of))


def _which(
    file: str, book: Any, fitting: list[Any], required: Sequence[str], one_of: Sequence[str]
) -> Fault:
    wanted = ", ".join(required) + (f" and one of {', '.join(one_of)}" if one_of else "")
    if fitting:
        titles = ", ".join(repr(sheet.title) for sheet in fitting)
        return Fault(f"the sheets {titles} all have {wanted} in their first row",
                     "Keep one of them", file=file)  # fmt: skip
    titles = ", ".join(repr(sheet.title) for sheet in book.worksheets)
    return Fault(f"no sheet has {wanted} in its first row", f"Sheets there: {titles}", file=file,
                 row=1)  # fmt: skip


def _table(file: str, sheet: Any) -> Table:
    names = _header(sheet)
    faults = FaultList(InputError)
    for name in dict.fromkeys(names):
        if name and names.count(name) > 1:
            faults.add("two columns have this same name", "Rename or delete one", file=file, row=1,
                       column=name)  # fmt: skip
    faults.raise_if_any()
    at = [k for k, name in enumerate(names) if name]
    cells: list[list[str]] = [[] for _ in at]
    lines = []
    for line, row in enumerate(_rows(sheet), 1):
        if line == 1 or _blank(row):
            continue
        lines.append(line)
        for column, k in zip(cells, at, strict=True):
            column.append(_text(row[k]) if k < len(row) else "")
    columns = {}
    for column, k in zip(cells, at, strict=True):
        packed = np.empty(len(column), dtype=object)
        packed[:] = column
        columns[names[k]] = packed
    return Table(file, columns, np.array(lines, dtype=np.int64))


def _blank(row: Iterable[object]) -> bool:
    return not any(cell is not None and str(cell).strip() for cell in row)


def _text(cell: object) -> str:
    """A cell as the text that a CSV file would have of it."""
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "TRUE" if cell else "FALSE"
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 1e15:
        return str(int(cell))
    if isinstance(cell, datetime.datetime | datetime.date | datetime.time):
        return cell.isoformat()
    return str(cell).replace("_x005F_", "_").strip()  # how a workbook writes `_x0041_` itself
