"""Parent accounts become families: all accounts below one head share a rep."""

from __future__ import annotations

import numpy as np

from territoryopt.cells import IntArray, ObjectArray, index_of, numbers
from territoryopt.crm.amounts import MISSING
from territoryopt.crm.quality import Quality

ALONE = "parent account"


def families(
    ids: ObjectArray, names: ObjectArray, parents: ObjectArray, owners: ObjectArray, file: str,
    lines: IntArray, column: str, quality: Quality,
) -> ObjectArray:  # fmt: skip
    """The family of each account: the id of the account at its head, '' for one that is alone,
    object[n].

    `parents` are ids, or names where exactly one account has that name. A parent that is not in
    the file heads a family all the same; parents that go round in a circle are not taken. `owners`
    are ids of reps, to tell of families under several.
    """
    above, outside = _above(ids, names, parents, file, lines, column, quality)
    circle = _in_circle(above)
    quality.add_many(
        "repaired", "the parents go round in a circle, so none of them was taken", file=file,
        rows=lines[circle], column=column, old=parents[circle],
    )  # fmt: skip
    above[circle] = circle
    head = _head(above)
    out = ids[head].copy()
    where_out = outside[head] != ""
    out[where_out] = outside[head][where_out]
    _, of, size = np.unique(out.astype(np.str_), return_inverse=True, return_counts=True)
    out[size[of] < 2] = ""
    _tell_owners(out, owners, ids, file, lines, column, quality)
    return out


def _above(
    ids: ObjectArray, names: ObjectArray, parents: ObjectArray, file: str, lines: IntArray,
    column: str, quality: Quality,
) -> tuple[IntArray, ObjectArray]:  # fmt: skip
    """int64[n]: the parent of each account, itself where it has none; and what a parent that is
    not in the file is called, object[n]."""
    n = len(ids)
    own = np.arange(n)
    at = numbers(index_of(ids.tolist()), parents)
    by_name: dict[str, int] = {}
    for k, name in enumerate(names.tolist()):
        by_name[name] = -2 if name in by_name else k
    outside = np.full(n, "", dtype=object)
    marks = {mark.casefold() for mark in MISSING}
    for i in np.flatnonzero((at < 0) & (parents != "")):
        text = parents[i]
        row = int(lines[i])
        named = by_name.get(text, -1)
        if named >= 0:
            at[i] = named
            quality.add("repaired", "the parent was found by its name", file=file, row=row,
                        column=column, old=text, new=ids[named])  # fmt: skip
        elif named == -2:
            quality.add("repaired", "several accounts have the name of the parent, so none was "
                        "taken", file=file, row=row, column=column, old=text)  # fmt: skip
        elif text.casefold() in marks:
            quality.add("repaired", "stands for a parent that is not known", file=file, row=row,
                        column=column, old=text)  # fmt: skip
        else:
            outside[i] = text
            quality.add(
                "noticed", "the parent is not in the file; accounts that name it are a family all "
                "the same", file=file, row=row, column=column, old=text,
            )  # fmt: skip
    itself = (at == own) & (parents != "")
    quality.add_many("repaired", "the account is its own parent, so it has none", file=file,
                     rows=lines[itself], column=column, old=parents[itself])  # fmt: skip
    return np.where(at < 0, own, at), outside


def _head(above: IntArray) -> IntArray:
    """int64[n]: the last account on the way up, found by doubling the steps."""
    head = above
    for _ in range(len(above).bit_length() + 1):
        further = head[head]
        if np.array_equal(further, head):
            break
        head = further
    return head


def _in_circle(above: IntArray) -> IntArray:
    """int64[k]: the accounts that come back to themselves on the way up, and are not at a head."""
    far = above
    for _ in range(len(above).bit_length()):  # more steps than there are accounts
        far = far[far]
    found = np.unique(far)
    return np.asarray(found[above[found] != found])


def _tell_owners(
    family: ObjectArray, owners: ObjectArray, ids: ObjectArray, file: str, lines: IntArray,
    column: str, quality: Quality,
) -> None:  # fmt: skip
    """Whoever has another owner than the head of the family, or than its first account."""
    member = np.flatnonzero((family != "") & (owners != ""))
    place = index_of(ids[member].tolist())
    first: dict[str, int] = {}
    for k, name in zip(member.tolist(), family[member].tolist(), strict=True):
        first.setdefault(name, int(member[place[name]]) if name in place else k)
    other = [k for k in member.tolist() if owners[k] != owners[first[family[k]]]]
    rows = np.array(other, dtype=np.int64)
    quality.add_many(
        "noticed", "another owner than the rest of its family has", file=file, rows=lines[rows],
        column=column, old=owners[rows], new=owners[rows],
        remedy="A rule of families in the model will give them one",
    )  # fmt: skip
