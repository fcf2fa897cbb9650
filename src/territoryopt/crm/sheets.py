"""A sheet: the text of one file by position, whatever kind of file it was."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from territoryopt.cells import IntArray, ObjectArray

MOST_ROWS = 1_000_000
"""Rows of a file that is read; the engine is made for as many accounts."""
MOST_COLUMNS = 1_000
CONTROL = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff]"
)
"""Control characters but tab and line breaks, marks that turn the direction of the text around
them, stray byte order marks and lone surrogates. Letters of any script stay, as do joiners."""

Record = list[str]


@dataclass(frozen=True, eq=False)
class Sheet:
    """The text of one file by position: `cells[k]` object[n] under `names[k]`.

    `lines` int64[n] is the row of each record as a spreadsheet counts. `header_row` counts from 1,
    0 where there is none.
    """

    file: str
    names: tuple[str, ...]
    cells: tuple[ObjectArray, ...]
    lines: IntArray
    header_row: int = 1
    encoding: str = ""
    delimiter: str = ""
    sheet: str = ""

    def __len__(self) -> int:
        return len(self.lines)

    def select(self, rows: npt.NDArray[np.bool_]) -> Sheet:
        """The rows of a mask bool[n]."""
        return replace(self, cells=tuple(c[rows] for c in self.cells), lines=self.lines[rows])

    def column(self, name: str) -> ObjectArray:
        """The first column of that name."""
        return self.cells[self.names.index(name)]
