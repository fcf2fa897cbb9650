"""Rows and columns of the linear model that say which accounts should share a rep, or must not."""

from __future__ import annotations

import numpy as np

from territoryopt.backends.building import Builder, GroupBlock
from territoryopt.problem import FloatArray, Grouping, IntArray


def add_grouping(build: Builder, k: int, grouping: Grouping) -> None:
    """Add part k of `Problem.groupings`: a_gj and Σ_{i in g} x_ij - a_gj <= 1 where apart,
    y_gj >= x_ij where together."""
    if grouping.price == 0 or not len(grouping.member):
        return
    # A unit that stands in a group several times is a family: it counts as often when apart.
    key, place, times = np.unique(
        np.stack([grouping.group_of_member, grouping.member]),
        axis=1,
        return_index=True,
        return_counts=True,
    )
    group, account = key
    if not grouping.apart:
        several = np.bincount(group, minlength=len(grouping)) > 1
        keep = several[group]
        group, account, place = group[keep], account[keep], place[keep]
        if not grouping.hard:
            build.offset -= grouping.price * float(several.sum())
    pair, source = _pairs_of(build, account)
    cell, of_cell = np.unique(
        group[source] * build.reps + build.pairs.rep[pair], return_inverse=True
    )
    of_cell = of_cell.reshape(-1)
    if grouping.apart:
        _apart(build, k, grouping, pair, times[source].astype(np.float64), cell, of_cell)
    else:
        rows = _together(build, grouping, pair, cell, of_cell)
        build.group_blocks.append(GroupBlock(k, place[source], build.pairs.rep[pair], rows))


def _pairs_of(build: Builder, account: IntArray) -> tuple[IntArray, IntArray]:
    """The eligible pairs of the listed accounts, and for each the place in the list."""
    start = build.pairs.start
    many = start[account + 1] - start[account]
    source = np.repeat(np.arange(len(account)), many)
    inside = np.arange(int(many.sum())) - np.repeat(np.cumsum(many) - many, many)
    return start[account][source] + inside, source


def _apart(
    build: Builder,
    k: int,
    grouping: Grouping,
    pair: IntArray,
    times: FloatArray,
    cell: IntArray,
    of_cell: IntArray,
) -> None:
    most = np.bincount(of_cell, weights=times, minlength=len(cell)).astype(np.float64)
    number = np.full(len(cell), -1, dtype=np.int64)
    number[most > 1] = np.arange(int((most > 1).sum()))
    cell, most = cell[most > 1], most[most > 1]
    used = number[of_cell] >= 0
    rows = build.add_rows(np.full(len(cell), -np.inf), np.ones(len(cell)))
    build.add_entries(rows[number[of_cell[used]]], pair[used], times[used])
    build.group_blocks.append(GroupBlock(k, cell // build.reps, cell % build.reps, rows))
    if grouping.hard or not len(cell):
        return

    def values(rep: IntArray) -> FloatArray:
        counts = grouping.counts(rep, build.reps).reshape(-1)[cell]
        return np.maximum(counts - 1, 0).astype(np.float64)

    columns = build.add_block(
        "count", np.full(len(cell), grouping.price), most - 1, cell[:0], values
    )
    build.add_entries(rows, columns, np.full(len(cell), -1.0))


def _together(
    build: Builder, grouping: Grouping, pair: IntArray, cell: IntArray, of_cell: IntArray
) -> IntArray:
    """The LP rows y_gj >= x_ij, one for each of `pair`."""
    if not len(cell):
        return cell

    def values(rep: IntArray) -> FloatArray:
        counts = grouping.counts(rep, build.reps).reshape(-1)[cell]
        return (counts > 0).astype(np.float64)

    price = 0.0 if grouping.hard else grouping.price
    columns = build.add_block(
        "count", np.full(len(cell), price), np.ones(len(cell)), cell[:0], values
    )
    rows = build.add_rows(np.full(len(pair), -np.inf), np.zeros(len(pair)))
    build.add_entries(rows, pair, np.ones(len(pair)))
    build.add_entries(rows, columns[of_cell], np.full(len(pair), -1.0))
    if grouping.hard:
        group, of_group = np.unique(cell // build.reps, return_inverse=True)
        one = build.add_rows(np.full(len(group), -np.inf), np.ones(len(group)))
        build.add_entries(one[of_group.reshape(-1)], columns, np.ones(len(cell)))
    return rows
