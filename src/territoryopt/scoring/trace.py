"""Where each figure comes from: for every account and result its parts, which add up to it.

Contributions are whole hundredths (of a point, of money a year), so that parts add up to their
result exactly, as decimals, in whatever order they are added.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from territoryopt.cells import FloatArray, IntArray, ObjectArray

COLUMNS = ("account_id", "result", "part", "column", "value", "rule", "factor", "contribution",
           "label", "note")  # fmt: skip
LARGEST = 9e13
"""Hundredths up to here are whole numbers in a float64."""

Cells = ObjectArray | str
Numbers = FloatArray | float


@dataclass(frozen=True, eq=False)
class Piece:
    """One part of a result for some accounts (`rows` int64[n]); arrays are of n.

    `value` is the cell of `column` that counted, `rule` what was asked of it or done with it,
    `factor` the points or rates it was multiplied by, `contribution` what it added to the result;
    both NaN where that is no number. `label` is the text it led to, such as a tier.
    """

    result: str
    part: str
    rows: IntArray
    column: str = ""
    value: Cells = ""
    rule: Cells = ""
    factor: Numbers = float("nan")
    contribution: Numbers = float("nan")
    label: Cells = ""
    note: Cells = ""


@dataclass(eq=False)
class Trace:
    """The parts of every result, in the order they were found."""

    pieces: list[Piece] = field(default_factory=list)

    def add(self, piece: Piece) -> None:
        if len(piece.rows):
            self.pieces.append(piece)

    def columns(self, account_ids: Sequence[str]) -> dict[str, npt.NDArray[Any]]:
        """COLUMNS, one row per account, result and part, account after account."""
        sizes = [len(piece.rows) for piece in self.pieces]
        rows = np.concatenate([np.zeros(0, np.int64), *(p.rows for p in self.pieces)])
        order = np.argsort(rows, kind="stable")
        ids = np.array(account_ids, dtype=object)
        out: dict[str, npt.NDArray[Any]] = {"account_id": ids[rows[order]]}
        for name in COLUMNS[1:]:
            kind = np.float64 if name in ("factor", "contribution") else object
            whole: npt.NDArray[Any] = np.empty(len(rows), dtype=kind)
            start = 0
            for piece, size in zip(self.pieces, sizes, strict=True):
                whole[start : start + size] = getattr(piece, name)
                start += size
            out[name] = whole[order]
        return out


def hundredths(values: FloatArray) -> FloatArray:
    """To the nearest hundredth, as whole numbers of hundredths; float64[n]."""
    return np.rint(values * 100.0) + 0.0


def exact(value: float) -> str:
    """A limit or a rate in words, with every digit that was given: 1,500,000; 0.125."""
    return f"{value + 0.0:,.12g}"


def plain(values: FloatArray, digits: int = 2) -> ObjectArray:
    """Numbers as cells: plain decimals without needless zeros, blank for NaN; object[n] of str."""
    distinct, which = np.unique(values, return_inverse=True)
    texts = np.empty(len(distinct), dtype=object)
    texts[:] = [_plain(value, digits) for value in distinct.tolist()]
    out: ObjectArray = texts[which]
    return out


def _plain(value: float, digits: int) -> str:
    if np.isnan(value):
        return ""
    text = f"{value:.{digits}f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text == "-0" else text
