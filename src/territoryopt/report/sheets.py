"""Sheets of a workbook, with filters, frozen panes, number formats and widths."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Literal

import numpy as np

from territoryopt.errors import InputError
from territoryopt.extras import need
from territoryopt.report.names import visible

MOST_ROWS = 1_048_575
"""Rows of a sheet below its header."""
LONGEST = 32_000
"""Letters of a cell; a sheet takes 32,767."""
LINE, TALLEST = 15.5, 400
"""Points of a line, and of the tallest row."""
FORMATS = {"amount": "#,##0;-#,##0;0", "count": "#,##0", "small": "#,##0.00", "share": "0.0%"}


@dataclass(frozen=True, eq=False)
class Column:
    """A column: texts (long ones over several lines), or numbers of one `kind`; width in letters.
    A share of 1 is shown as 100 %.

    edit: the cells from which the planner may choose, as a range; the column is then marked.
    """

    title: str
    values: Any
    width: float
    kind: Literal["text", "long", "amount", "count", "share"] = "text"
    edit: str = ""


class Book:
    """A workbook under way; a context that closes the file."""

    def __init__(self, path: Path) -> None:
        library = need("xlsxwriter", "report", "a workbook")
        self.failed = library.exceptions.XlsxWriterException
        self.book = library.Workbook(
            str(path),
            {
                "constant_memory": True,
                "strings_to_formulas": False,
                "strings_to_urls": False,
                "strings_to_numbers": False,
                "in_memory": False,
            },
        )
        self.book.set_calc_mode("auto")
        font = {"font_name": "Calibri", "font_size": 11, "valign": "top"}
        self.plain = self.book.add_format(font)
        self.bold = self.book.add_format({**font, "bold": True})
        head = {**font, "bold": True, "bottom": 1, "text_wrap": True}
        self.head = self.book.add_format({**head, "bg_color": "#E8ECEF"})
        self.number_head = self.book.add_format({**head, "bg_color": "#E8ECEF", "align": "right"})
        self.edit = self.book.add_format({**font, "bg_color": "#FFF6D6"})
        self.edit_head = self.book.add_format({**head, "bg_color": "#FFE08A"})
        self.changed = self.book.add_format({"bold": True, "bg_color": "#F6C08A"})
        self.title = self.book.add_format({**font, "bold": True, "font_size": 16})
        self.wrapped = self.book.add_format({**font, "text_wrap": True})
        self.long = self.book.add_format({**font, "text_wrap": True, "indent": 1})
        self.numbers = {
            kind: self.book.add_format({**font, "num_format": text})
            for kind, text in FORMATS.items()
        }

    def __enter__(self) -> Book:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:  # fmt: skip
        try:
            self.book.close()
        except self.failed as failed:  # the library's own, around what the disk said
            cause = failed.args[0] if failed.args else None
            raise (cause if isinstance(cause, OSError) else OSError(str(failed))) from failed

    def mark(self, name: str, text: str) -> None:
        """A property of the file, which programs that save it keep; 255 letters at most."""
        self.book.set_custom_property(name, visible(text)[:255], "text")

    def number(self, value: float, kind: str) -> Any:
        """The format of a number: two digits after the point where it would be lost without."""
        small = kind == "amount" and 0 < abs(value) < 10 and value != round(value)
        return self.numbers["small" if small else kind]

    def page(self, name: str) -> Page:
        """A sheet of lines to be read."""
        return Page(self, self.book.add_worksheet(name))

    def table(
        self, name: str, columns: Sequence[Column], *, frozen: int = 0,
        changed: tuple[int, int] | None = None,
    ) -> None:  # fmt: skip
        """A sheet with a header row, a filter, and `frozen` columns that stay in sight.

        changed: two columns; rows in which they differ are marked. InputError for more rows than a
        sheet has.
        """
        rows = len(columns[0].values)
        if rows > MOST_ROWS:
            raise InputError(
                [f"{rows:,} rows do not fit on a sheet, which has {MOST_ROWS:,}; use alignment.csv"]
            )
        sheet = self.book.add_worksheet(name)
        last = len(columns) - 1
        sheet.freeze_panes(1, frozen)
        sheet.autofilter(0, 0, max(rows, 1), last)
        sheet.set_landscape()
        sheet.fit_to_pages(1, 0)
        sheet.repeat_rows(0)
        for k, column in enumerate(columns):
            sheet.set_column(k, k, column.width)
            if column.edit and rows:
                sheet.data_validation(
                    1, k, rows, k,
                    {"validate": "list", "source": column.edit, "ignore_blank": True,
                     "error_title": "No such rep", "error_message": "Choose a rep_id of the list."},
                )  # fmt: skip
        if changed and rows:
            one, two = (chr(ord("A") + k) for k in changed)
            sheet.conditional_format(
                1, changed[0], rows, changed[0],
                {"type": "formula", "criteria": f"=${one}2<>${two}2", "format": self.changed},
            )  # fmt: skip
        sheet.set_row(0, 3 * LINE)
        for k, column in enumerate(columns):
            head = self.edit_head if column.edit else self.head
            if column.kind in FORMATS:
                head = self.number_head
            sheet.write_string(0, k, _cell(column.title), head)
        cells = [_listed(column.values) for column in columns]
        long = [(cells[k], column.width) for k, column in enumerate(columns)
                if column.kind == "long"]  # fmt: skip
        for r in range(rows):
            if long:  # no program measures the lines of a file that it did not write itself
                lines = max(1 + int(len(_cell(text[r])) / width) for text, width in long)
                sheet.set_row(r + 1, min(LINE * lines, TALLEST))
            for k, column in enumerate(columns):
                self._write(sheet, r + 1, k, cells[k][r], column)

    def _write(self, sheet: Any, row: int, at: int, value: Any, column: Column) -> None:
        if column.kind in ("text", "long"):
            if value or column.edit:
                form = self.edit if column.edit else self.plain
                form = self.long if column.kind == "long" else form
                sheet.write_string(row, at, _cell(value), form)
        elif value is not None and np.isfinite(value):
            sheet.write_number(row, at, value, self.number(value, column.kind))


class Page:
    """A sheet of lines, one below the other."""

    def __init__(self, book: Book, sheet: Any) -> None:
        self.book, self.sheet, self.at = book, sheet, 0
        sheet.hide_gridlines(2)
        sheet.set_column(0, 0, 34)
        sheet.set_column(1, 3, 24)
        sheet.set_landscape()
        sheet.fit_to_pages(1, 0)

    def title(self, text: str) -> None:
        """The name of the sheet's matter."""
        self.sheet.set_row(self.at, 26)
        self.sheet.write_string(self.at, 0, _cell(text), self.book.title)
        self.at += 1

    def heading(self, text: str) -> None:
        """A heading, after a blank line."""
        self.at += 1
        self.sheet.write_string(self.at, 0, _cell(text), self.book.bold)
        self.at += 1

    def lines(self, lines: Sequence[str]) -> None:
        """Sentences, each over the whole width and as high as it needs."""
        for line in lines:
            text = _cell(line)
            self.sheet.set_row(self.at, LINE * (1 + len(text) // 115))
            self.sheet.merge_range(self.at, 0, self.at, 3, "", self.book.wrapped)
            self.sheet.write_string(self.at, 0, text, self.book.wrapped)
            self.at += 1

    def row(self, cells: Sequence[object], bold: bool = False) -> None:
        """A row of texts and numbers."""
        for k, value in enumerate(cells):
            if isinstance(value, int | float):
                if np.isfinite(value):
                    form = self.book.number(value, "amount")
                    self.sheet.write_number(self.at, k, value, form)
            elif value is not None:
                form = self.book.bold if bold else self.book.plain
                self.sheet.write_string(self.at, k, _cell(value), form)
        self.at += 1


def _listed(values: Any) -> list[Any]:
    return values.tolist() if isinstance(values, np.ndarray) else list(values)


def _cell(value: object) -> str:
    """A text as a cell holds it: one line, nothing unseen, and no longer than a cell may be."""
    text = visible(str(value))
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}..."
