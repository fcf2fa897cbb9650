"""Ids as a CRM and a spreadsheet leave them: Salesforce's two lengths, `279.0`, blanks, twins.

A Salesforce id has 15 characters in which capitals count, or 18, of which the last three say which
of the others are capitals: each stands for five characters, and its place in `A..Z0..5` is the sum
of 2^k over the capitals among them (Salesforce, "ID Field Type"). So a changed letter shows, and
case is never folded.
"""

from __future__ import annotations

import re

import numpy as np
import numpy.typing as npt

from territoryopt.cells import IntArray, ObjectArray, index_of
from territoryopt.crm.quality import Quality

SALESFORCE = re.compile(r"[A-Za-z0-9]{15}(?:[A-Za-z0-9]{3})?")
_SUFFIX = np.array(list("ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"))
_WHOLE = re.compile(r"(\d+)\.0+")
_DAMAGED = re.compile(r"\d[.,]\d+[eE]\+\d+")


def checked_id(text: str) -> str:
    """The 18 characters of a Salesforce id of 15: `0014000000Lmabc` is `0014000000LmabcAAB`."""
    return str(_with_suffix(np.array([text[:15]]))[0])


def _with_suffix(stems: npt.NDArray[np.str_]) -> npt.NDArray[np.str_]:
    """The ids of 18 characters that belong to ids of 15; `stems` <U15[n]."""
    codes = np.ascontiguousarray(stems, dtype="<U15").view(np.uint32).reshape(-1, 3, 5)
    capital = (codes >= ord("A")) & (codes <= ord("Z"))
    signs = _SUFFIX[capital @ (1 << np.arange(5))]
    return np.char.add(stems, np.char.add(signs[:, 0], np.char.add(signs[:, 1], signs[:, 2])))


def looks_like_salesforce(cells: ObjectArray) -> bool:
    """Whether most cells that are not blank could be Salesforce ids."""
    filled = [cell for cell in cells.tolist() if cell]
    fits = sum(map(bool, map(SALESFORCE.fullmatch, filled)))
    return bool(filled) and fits > len(filled) / 2


def salesforce_ids(
    cells: ObjectArray, file: str, lines: IntArray, column: str, quality: Quality,
    *, binding: bool = True,
) -> ObjectArray:  # fmt: skip
    """Every id with its 18 characters, object[n].

    An id of another form, or one whose suffix does not fit, is refused if `binding`; else it is
    left for others to judge (an owner may be a name).
    """
    out = cells.copy()
    texts = cells.tolist()
    form = np.fromiter(
        (SALESFORCE.fullmatch(t) is not None and t.isascii() for t in texts), np.bool_, len(texts)
    )
    at = np.flatnonzero(form)
    if len(at):
        found = cells[at].astype(np.str_)
        full = _with_suffix(found.astype("<U15")).astype(object)
        short = np.char.str_len(found) == 15
        same = (full == cells[at]) | short
        out[at[same]] = full[same]
        quality.add_many(
            "repaired", "a Salesforce id of 15 characters was given its checksum",
            file=file, rows=lines[at[short]], column=column, old=cells[at[short]],
            new=full[short],
        )  # fmt: skip
        if binding:
            quality.add_many(
                "refused", "the last three characters of the Salesforce id do not fit the others: "
                "capitals were lost, or a character was changed", file=file, rows=lines[at[~same]],
                column=column, old=cells[at[~same]],
                remedy="Export the ids again, and do not sort or compare them without capitals",
            )  # fmt: skip
        out[at[~same]] = "" if binding else cells[at[~same]]
    odd = np.flatnonzero(~form & (cells != ""))
    if binding:
        quality.add_many(
            "refused", "this is no Salesforce id: they have 15 or 18 letters and digits",
            file=file, rows=lines[odd], column=column, old=cells[odd],
            remedy='Correct it, or write ids = "text" in the mapping',
        )  # fmt: skip
        out[odd] = ""
    return out


def plain_ids(
    cells: ObjectArray, file: str, lines: IntArray, column: str, quality: Quality
) -> ObjectArray:
    """Ids as text; `279.0` is 279 where all ids of the column are whole numbers."""
    texts = cells.tolist()
    whole = [_WHOLE.fullmatch(text) if "." in text else None for text in texts]
    at = np.flatnonzero(np.array([found is not None for found in whole], dtype=np.bool_))
    out = cells.copy()
    if len(at) and all(
        found or text.isdigit() or not text for found, text in zip(whole, texts, strict=True)
    ):
        for i in at:
            found = whole[i]
            out[i] = found.group(1) if found else texts[i]
        quality.add_many(
            "repaired", "a whole number was written as a decimal one", file=file, rows=lines[at],
            column=column, old=cells[at], new=out[at],
        )  # fmt: skip
    damaged = [i for i, text in enumerate(texts) if "+" in text and _DAMAGED.fullmatch(text)]
    quality.add_many(
        "noticed", "this looks like a number that a spreadsheet has cut short", file=file,
        rows=lines[damaged] if damaged else lines[:0], column=column, old=cells[damaged],
        remedy="Compare it with the id in the CRM",
    )  # fmt: skip
    _tell_lost_zeros(out, file, lines, column, quality)
    return out


def _tell_lost_zeros(
    cells: ObjectArray, file: str, lines: IntArray, column: str, quality: Quality
) -> None:
    """Ids of digits that are shorter than the ones that begin with a zero."""
    texts = cells.tolist()
    zeros = {len(text) for text in texts if text[:1] == "0" and text.isdigit()}
    if len(zeros) != 1:
        return
    width = zeros.pop()
    short = np.array(
        [k for k, text in enumerate(texts) if text.isdigit() and len(text) < width],
        dtype=np.int64,
    )
    quality.add_many(
        "noticed", f"ids with a leading zero have {width} digits here; this one may have lost its "
        "zeros", file=file, rows=lines[short], column=column, old=cells[short],
        remedy="Compare it with the id in the CRM",
    )  # fmt: skip


def one_of_each(
    ids: ObjectArray, given: ObjectArray, others: dict[str, ObjectArray], label: str, file: str,
    lines: IntArray, quality: Quality, owner: str = "",
) -> npt.NDArray[np.bool_]:  # fmt: skip
    """bool[n]: the first row of each id. A row that comes twice is left out with a note, an id
    with other data and a blank id are refused.

    `given` are the ids as they stand in the file under `label`, `others` its other columns;
    `owner` is the one in which rows of one account may differ because several reps own it.
    """
    texts = ids.tolist()
    keep = ids != ""
    quality.add_many(
        "refused", "the id is blank", file=file, rows=lines[given == ""], column=label,
        remedy="Every record needs an id",
    )  # fmt: skip
    if len(set(texts)) == len(texts):
        return np.asarray(keep, dtype=np.bool_)
    first = index_of(texts)
    for i in np.flatnonzero(keep & (np.array([first[t] for t in texts]) != np.arange(len(texts)))):
        at = first[texts[i]]
        keep[i] = False
        row, earlier = int(lines[i]), int(lines[at])
        unlike = [name for name, cells in others.items() if cells[i] != cells[at]]
        if not unlike:
            quality.add(
                "repaired", f"the same row as row {earlier}, so it was left out", file=file,
                row=row, column=label, old=texts[i],
            )  # fmt: skip
        elif unlike == [owner]:
            quality.add(
                "refused", f"the account has another owner in row {earlier}", file=file, row=row,
                column=label, old=texts[i], remedy="Keep the row of the one who owns it",
            )  # fmt: skip
        else:
            quality.add(
                "refused", f"the id of row {earlier}, but {unlike[0]} differs", file=file, row=row,
                column=label, old=texts[i], remedy="Keep one of the two rows",
            )  # fmt: skip
    return np.asarray(keep, dtype=np.bool_)
