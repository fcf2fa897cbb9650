"""The report of data quality: what was repaired, refused or only noticed, cell by cell.

Entries are kept by column, many rows at a time, so that a whole column of padded cells costs no
more than one that is right.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from territoryopt.cells import IntArray, ObjectArray
from territoryopt.errors import Fault, shortened

Kind = Literal["repaired", "refused", "noticed"]
KINDS: tuple[Kind, ...] = ("refused", "repaired", "noticed")
SHOWN = 5
"""Examples of one kind of entry in the Markdown page; the CSV file has them all."""

_MARKUP = re.compile(r"([\\`*_{}\[\]<>#|!&~])")


@dataclass(frozen=True, eq=False)
class Entries:
    """What happened to a column for one reason.

    `rows` int64[n], as a spreadsheet counts, 0 for the whole file; `old` and `new` object[n].
    """

    kind: Kind
    reason: str
    remedy: str
    file: str
    column: str
    rows: IntArray
    old: ObjectArray
    new: ObjectArray

    def __len__(self) -> int:
        return len(self.rows)

    def faults(self) -> Iterator[Fault]:
        """Each row as a fault."""
        for row, old in zip(self.rows.tolist(), self.old.tolist(), strict=True):
            place = row if row else None
            yield Fault(self.reason, self.remedy, self.file, place, self.column, "", shortened(old))


class Quality:
    """Collects entries while files are read."""

    def __init__(self) -> None:
        self.entries: list[Entries] = []

    def add(
        self, kind: Kind, reason: str, *, file: str, row: int = 0, column: str = "",
        old: str = "", new: str = "", remedy: str = "",
    ) -> None:  # fmt: skip
        """One entry; `row` 0 means the whole file."""
        self.add_many(
            kind, reason, file=file, rows=np.array([row]), column=column, old=old, new=new,
            remedy=remedy,
        )  # fmt: skip

    def add_many(
        self, kind: Kind, reason: str, *, file: str, rows: IntArray, column: str = "",
        old: Sequence[str] | ObjectArray | str = "", new: Sequence[str] | ObjectArray | str = "",
        remedy: str = "",
    ) -> None:  # fmt: skip
        """An entry for each of `rows`; a single text for `old` or `new` goes for all of them."""
        if len(rows):
            if kind == "noticed" and isinstance(new, str) and not new:
                new = old  # it was kept as it is
            texts = [_column(cells, len(rows)) for cells in (old, new)]
            where = np.asarray(rows, dtype=np.int64)
            self.entries.append(Entries(kind, reason, remedy, file, column, where, *texts))

    def count(self, kind: Kind) -> int:
        """Rows of all entries of a kind."""
        return sum(len(entry) for entry in self.entries if entry.kind == kind)

    @property
    def counts(self) -> dict[str, int]:
        return {kind: self.count(kind) for kind in KINDS}

    def refusals(self) -> list[Fault]:
        """Every refusal as a fault."""
        return [f for entry in self.entries if entry.kind == "refused" for f in entry.faults()]

    def table(self) -> dict[str, Any]:
        """Columns of quality.csv, one row per entry and row of a file."""
        found = self.entries
        sizes = [len(entry) for entry in found]
        out: dict[str, Any] = {}
        for name in ("kind", "file", "column", "reason", "remedy"):
            texts = np.array([getattr(entry, name) for entry in found], dtype=object)
            out[name] = np.repeat(texts, sizes)
        rows = np.concatenate([np.zeros(0, np.int64), *(entry.rows for entry in found)])
        cells = rows.astype(object)
        cells[rows == 0] = None
        none = np.zeros(0, dtype=object)
        old = np.concatenate([none, *(entry.old for entry in found)])
        new = np.concatenate([none, *(entry.new for entry in found)])
        return {
            "kind": out["kind"], "file": out["file"], "row": cells, "column": out["column"],
            "old": old, "new": new, "reason": out["reason"], "remedy": out["remedy"],
        }  # fmt: skip

    def records(self) -> list[dict[str, Any]]:
        """The rows of `table` as dictionaries, for JSON."""
        table = self.table()
        columns = [list(column) for column in table.values()]
        return [dict(zip(table, cells, strict=True)) for cells in zip(*columns, strict=True)]

    def summary(self) -> list[str]:
        """A sentence for each kind of entry, with an example, the weightiest first."""
        return [_sentence(kind, group) for kind in KINDS for group in self._groups(kind)]

    def page(self, title: str, lines: Sequence[str]) -> str:
        """The report in Markdown: counts, then each reason with a few examples."""
        out = [f"# {_plain(title)}", "", *lines, ""]
        words = {
            "refused": "Refused: cannot be used as it stands",
            "repaired": "Repaired: read otherwise than it stands in the file",
            "noticed": "Noticed: kept as it is, worth a look",
        }
        for kind in KINDS:
            groups = self._groups(kind)
            out += [f"## {words[kind]} ({self.count(kind):,})", ""]
            if not groups:
                out += ["Nothing.", ""]
            for entries in groups:
                out += _section(entries)
        return "\n".join(out)

    def _groups(self, kind: Kind) -> list[list[Entries]]:
        """Entries of a kind that differ in their rows only, those with most rows first."""
        groups: dict[tuple[str, str, str, str], list[Entries]] = {}
        for entry in self.entries:
            if entry.kind == kind:
                key = (entry.file, entry.column, entry.reason, entry.remedy)
                groups.setdefault(key, []).append(entry)
        return sorted(groups.values(), key=lambda group: -sum(map(len, group)))


def _sentence(kind: str, entries: list[Entries]) -> str:
    first, count = entries[0], sum(map(len, entries))
    place = ", ".join(filter(None, (first.file, first.column)))
    example = f": {first.old[0]!r}" if first.old[0] else ""
    if first.new[0] not in ("", first.old[0]) and example:
        example += f" is now {first.new[0]!r}"
    where = f" in row {int(first.rows[0])}" if first.rows[0] else ""
    times = f"{count:,} x " if count > 1 else ""
    return f"{kind} {times}{place}{where}: {first.reason}{shortened(example, 160)}"


def _section(entries: list[Entries]) -> list[str]:
    first = entries[0]
    count = sum(map(len, entries))
    place = ", ".join(filter(None, (_plain(first.file), _plain(first.column))))
    text = f"**{place}**: {_plain(first.reason)}"
    if count > 1:
        text += f" ({count:,} times)"
    text += f". {_plain(first.remedy)}." if first.remedy else "."
    out = [text, ""]
    shown = [
        (row, old, new)
        for entry in entries
        for row, old, new in zip(
            entry.rows[:SHOWN].tolist(), entry.old[:SHOWN], entry.new[:SHOWN], strict=True
        )
    ][:SHOWN]
    if not any(row or old or new for row, old, new in shown):
        return out
    out += ["| row | in the file | taken as |", "|---|---|---|"]
    out += [f"| {row or ''} | {_plain(old)} | {_plain(new)} |" for row, old, new in shown]
    if count > len(shown):
        out.append(f"| ... | {count - len(shown):,} more in quality.csv | |")
    return [*out, ""]


def _plain(text: str) -> str:
    """Text that no Markdown or HTML reader takes for anything else."""
    return _MARKUP.sub(r"\\\1", shortened(text, 200)).replace("\\<", "&lt;").replace("\\>", "&gt;")


def _column(cells: Sequence[str] | ObjectArray | str, rows: int) -> ObjectArray:
    out = np.empty(rows, dtype=object)
    out[:] = cells
    return out
