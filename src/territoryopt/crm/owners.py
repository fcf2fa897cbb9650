"""Owners as a CRM gives them (an id, a name, an e-mail) and the reps they are: matched exactly or
not at all."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

import numpy as np

from territoryopt.cells import IntArray, ObjectArray
from territoryopt.crm.amounts import MISSING
from territoryopt.crm.ids import SALESFORCE, checked_id
from territoryopt.crm.quality import Quality

TRUE = frozenset({"true", "1", "yes", "y", "x", "active", "wahr", "ja"})
FALSE = frozenset({"false", "0", "no", "n", "inactive", "falsch", "nein"})
_SEVERAL = re.compile(r"\s*[;|\n]\s*")


@dataclass(frozen=True)
class Known:
    """The reps by what an owner may be called: `ids`, `names`, `emails` (case folded) -> places
    among the reps. `gone` are such texts of reps that are inactive, `ids_of` the ids."""

    ids_of: tuple[str, ...]
    ids: dict[str, list[int]] = field(default_factory=dict)
    names: dict[str, list[int]] = field(default_factory=dict)
    emails: dict[str, list[int]] = field(default_factory=dict)
    gone: frozenset[str] = frozenset()

    def find(self, text: str) -> tuple[str, str]:
        """The id of a rep and what it was found by, or '' and why there is none."""
        by = (("id", self.ids, text), ("e-mail", self.emails, text.casefold()),
              ("name", self.names, " ".join(text.split())))  # fmt: skip
        hits = [(what, table[key]) for what, table, key in by if key in table]
        if not hits and SALESFORCE.fullmatch(text) and len(text) == 15 and text.isascii():
            full = checked_id(text)
            hits = [("id", self.ids[full])] if full in self.ids else []
        reps = {rep for _, found in hits for rep in found}
        if len(reps) == 1:
            return self.ids_of[reps.pop()], hits[0][0]
        if reps:
            return "", f"is {len(reps)} reps: " + ", ".join(self.ids_of[k] for k in sorted(reps))
        if text in self.gone or text.casefold() in self.gone:
            return "", "is a rep who is not active"
        parts = [part for part in _SEVERAL.split(text) if part]
        if len(parts) > 1 and all(self.find(part)[0] for part in parts):
            return "", "names several owners"
        return "", "is no rep in the file of reps (a former employee, a queue, a manager?)"


def known_reps(
    ids: ObjectArray, names: ObjectArray | None, emails: ObjectArray | None,
    gone: frozenset[str] = frozenset(),
) -> Known:  # fmt: skip
    """The reps by id, name and e-mail."""
    known = Known(tuple(ids.tolist()), gone=gone)
    for table, cells, fold in (
        (known.ids, ids, False), (known.names, names, False), (known.emails, emails, True)
    ):  # fmt: skip
        for k, text in enumerate([] if cells is None else cells.tolist()):
            if text:
                key = text.casefold() if fold else " ".join(text.split())
                table.setdefault(key, []).append(k)
    return known


def rep_of_each(
    cells: ObjectArray, known: Known, file: str, lines: IntArray, column: str, quality: Quality,
    *, binding: bool = False,
) -> ObjectArray:  # fmt: skip
    """The id of the rep of each account, '' where there is none, object[n].

    Who is no rep is told, row by row, and the account is without owner; refused if `binding` (a
    lock). How a text was matched is told once for each text.
    """
    texts = cells.tolist()
    told: dict[str, tuple[str, str]] = {"": ("", "")}
    marks = {mark.casefold() for mark in MISSING}
    for text in dict.fromkeys(texts):
        if text:
            rep, why = known.find(text)
            if not rep and text.casefold() in marks:
                why = "stands for an owner that is not known"
            told[text] = rep, why
    out = np.empty(len(cells), dtype=object)
    out[:] = [told[text][0] for text in texts]
    lost = np.flatnonzero((out == "") & (cells != ""))
    whys: dict[str, list[int]] = {}
    for i in lost.tolist():
        whys.setdefault(told[texts[i]][1], []).append(i)
    for why, at in whys.items():
        rows = np.array(at)
        quality.add_many(
            "refused" if binding else "repaired",
            f"the owner {why}" + ("" if binding else "; the account is without owner"),
            file=file, rows=lines[rows], column=column, old=cells[rows],
            remedy="Add the rep, or correct the cell" if binding else "",
        )  # fmt: skip
    count: dict[str, int] = {}
    for text, rep in zip(texts, out.tolist(), strict=True):
        if rep and rep != text:
            count[text] = count.get(text, 0) + 1
    for text, times in count.items():
        rep, by = told[text]
        accounts = "1 account" if times == 1 else f"{times:,} accounts"
        quality.add("repaired", f"the owner was found by {by}, {accounts}", file=file,
                    column=column, old=text, new=rep)  # fmt: skip
    return out


def truth(
    cells: ObjectArray, file: str, lines: IntArray, column: str, quality: Quality
) -> ObjectArray:
    """object[n] of bool or None for a column of yes and no; another word is refused."""
    out = np.full(len(cells), None, dtype=object)
    for i, text in enumerate(cells.tolist()):
        low = text.casefold()
        if low in TRUE or low in FALSE:
            out[i] = low in TRUE
        elif text:
            quality.add("refused", "neither yes nor no", file=file, row=int(lines[i]),
                        column=column, old=text, remedy="Write TRUE or FALSE")  # fmt: skip
    return out
