"""What no cell may carry goes, with a note: control characters, spaces around the text, the guard
against formulas. Everything else a name may hold is data and stays."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np

from territoryopt.cells import ObjectArray, unguarded
from territoryopt.crm.quality import Quality
from territoryopt.crm.sheets import CONTROL, Sheet

_BREAK = re.compile(r"[ \t]*[\r\n\v\f]+[ \t]*|\t")


def cleaned(sheet: Sheet, quality: Quality) -> Sheet:
    """The sheet without control characters and padding, each change told."""
    columns = []
    for name, given in zip(sheet.names, sheet.cells, strict=True):
        cells = given
        joined = "".join(cells.tolist())
        if not (joined.isascii() and joined.isprintable()) and CONTROL.search(joined):
            texts = [CONTROL.sub("", cell) for cell in cells.tolist()]
            cells = _told(cells, texts, "a control character was taken out", name, sheet, quality)
        texts = list(map(str.strip, cells.tolist()))
        if texts != cells.tolist():
            cells = _told(
                cells, texts, "spaces around the text were taken off", name, sheet, quality
            )
        if "\0'" in "\0".join(["", *texts]):
            texts = list(map(unguarded, texts))
            why = "an apostrophe that guards against formulas was taken off"
            cells = _told(cells, texts, why, name, sheet, quality)
        columns.append(cells)
    return replace(sheet, cells=tuple(columns))


def on_one_line(cells: ObjectArray, name: str, sheet: Sheet, quality: Quality) -> ObjectArray:
    """Ids and names without line breaks and tabs."""
    joined = "".join(cells.tolist())
    if not _BREAK.search(joined):
        return cells
    texts = [_BREAK.sub(" ", cell) for cell in cells.tolist()]
    return _told(cells, texts, "a line break was made a space", name, sheet, quality)


def _told(
    cells: ObjectArray, texts: list[str], why: str, name: str, sheet: Sheet, quality: Quality
) -> ObjectArray:
    new = np.empty(len(cells), dtype=object)
    new[:] = texts
    at = np.flatnonzero(new != cells)
    quality.add_many("repaired", why, file=sheet.file, rows=sheet.lines[at], column=name,
                     old=cells[at], new=new[at])  # fmt: skip
    return new
