"""Candidate pairs: for each account its few reps of least reduced cost, with all that the kernels
need to know of them. Memory is linear in accounts x candidates; every other pair stays where it
is, to be looked at again by the next pass over all pairs."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import pairwise
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from territoryopt.backends.large import kernels
from territoryopt.backends.large.rowtable import RowTable
from territoryopt.problem import FloatArray, IntArray, Prices, Problem
from territoryopt.problem.bound import Block
from territoryopt.problem.group_prices import add_to_candidates

CHUNKS, LEAST_CHUNK = 16, 500
"""Parts that the kernels' work is cut in, at most, and the least accounts of one, whatever the
threads: sums do not depend on them."""

T = TypeVar("T")


@dataclass(frozen=True, eq=False)
class Candidates:
    """rep: int32[n, k], -1 = fewer than k; cost: float[n, k] currency/year; amount: float[n, k,
    parts]. The pairs of an account stand in the order of reduced cost when they were listed."""

    rep: NDArray[np.int32]
    cost: FloatArray
    amount: FloatArray

    def __len__(self) -> int:
        return len(self.rep)

    @staticmethod
    def empty(accounts: int, k: int, parts: int) -> Candidates:
        return Candidates(
            np.full((accounts, k), -1, dtype=np.int32),
            np.zeros((accounts, k)),
            np.zeros((accounts, k, parts)),
        )

    def fill(self, block: Block, at: int) -> None:
        """List the cheapest pairs of a block of accounts, from row `at` on."""
        stop = at + len(block.reduced)
        rep = self.rep[at:stop]
        kernels.cheapest_pairs(block.reduced, rep.shape[1], rep)
        chosen = np.maximum(rep, 0)
        self.cost[at:stop] = np.take_along_axis(block.cost, chosen, axis=1)
        for p, amounts in enumerate(block.amounts):
            self.amount[at:stop, :, p] = np.take_along_axis(amounts, chosen, axis=1)
        none = rep < 0
        if none.any():
            self.cost[at:stop][none] = np.inf
            self.amount[at:stop][none] = 0.0

    def reduced(self, table: RowTable, y: FloatArray, pool: ThreadPoolExecutor) -> FloatArray:
        """float[n, k]: reduced costs at the prices y float[rows]; groups are left out."""
        out = np.empty(self.rep.shape)
        price = table.by_rep(y)

        def work(part: tuple[int, int]) -> None:
            kernels.reduced_of(self.rep, self.cost, self.amount, price, *part, out)

        in_chunks(work, len(self), pool)
        return out

    def priced(self, problem: Problem, table: RowTable, prices: Prices, threads: int) -> FloatArray:
        """float[n, k]: reduced costs at prices of rows and groups; inf where there is none."""
        with ThreadPoolExecutor(max(1, threads)) as pool:
            out = self.reduced(table, table.flat(prices), pool)
        add_to_candidates(out, self.rep, problem.groupings, prices.groups)
        return out

    def include(self, problem: Problem, rep: IntArray) -> None:
        """List every account's pair in the plan int[n]; where it is not listed yet, it takes the
        place of the last. In place: at a million accounts a copy is half a gigabyte."""
        out = np.flatnonzero(self.place(rep) < 0)
        if not len(out):
            return
        last = np.minimum((self.rep[out] >= 0).sum(axis=1), self.rep.shape[1] - 1)
        self.rep[out, last] = rep[out]
        self.cost[out, last] = problem.cost_at(out, rep[out])
        for p, rows in enumerate(problem.rows):
            self.amount[out, last, p] = rows.amounts.at(out, rep[out])

    def place(self, rep: IntArray) -> IntArray:
        """int[n]: which candidate of each account a plan uses; -1 where it is not one."""
        match = self.rep == rep[:, None]
        return np.where(match.any(axis=1), match.argmax(axis=1), -1)


def chunks(size: int) -> list[tuple[int, int]]:
    """Half-open ranges that cover `size`, the same for any number of threads."""
    many = max(1, min(CHUNKS, size // LEAST_CHUNK))
    edges = np.linspace(0, size, many + 1).astype(np.int64)
    return [(int(a), int(b)) for a, b in pairwise(edges)]


def in_chunks(work: Callable[[tuple[int, int]], T], size: int, pool: ThreadPoolExecutor) -> list[T]:
    """The answers of `work` for each chunk, in order."""
    parts = chunks(size)
    return list(map(work, parts)) if len(parts) == 1 else list(pool.map(work, parts))
