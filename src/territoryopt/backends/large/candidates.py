"""Candidate pairs: for each account its few reps of least reduced cost, with all that the kernels
need to know of them. Memory is linear in accounts x candidates; every other pair stays where it
is and is looked at again by the next pass over all pairs (`priced`)."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from territoryopt.backends.large import kernels
from territoryopt.backends.large.rowtable import RowTable
from territoryopt.problem import FloatArray, IntArray, Prices, Problem, Proof, prove
from territoryopt.problem.bound import Block

CHUNKS = 16
"""Parts that the kernels' work is cut in, whatever the threads: sums do not depend on them."""


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
        """float[n, k]: reduced costs at the prices y float[rows]."""
        out = np.empty(self.rep.shape)
        price = table.by_rep(y)

        def work(part: tuple[int, int]) -> None:
            kernels.reduced_of(self.rep, self.cost, self.amount, price, *part, out)

        list(pool.map(work, chunks(len(self))))
        return out

    def place(self, rep: IntArray) -> IntArray:
        """int[n]: which candidate of each account a plan uses; -1 where it is not one."""
        match = self.rep == rep[:, None]
        return np.where(match.any(axis=1), match.argmax(axis=1), -1)


def chunks(size: int) -> list[tuple[int, int]]:
    """Half-open ranges that cover `size`, the same for any number of threads."""
    edges = np.linspace(0, size, min(CHUNKS, max(1, size)) + 1).astype(np.int64)
    return [(int(a), int(b)) for a, b in pairwise(edges)]


def priced(
    problem: Problem,
    prices: Prices,
    k: int,
    threads: int,
    going: Callable[[], bool],
) -> tuple[Proof, Candidates]:
    """One pass over all pairs: what `prices` prove, and the k cheapest pairs of each account at
    them. Where `going()` turns false the pass ends and the proof is of nothing (-inf)."""
    found = Candidates.empty(problem.accounts, min(k, problem.reps), len(problem.rows))
    proof = prove(
        problem, prices, visit=lambda block: found.fill(block, block.start), threads=threads,
        going=going,
    )  # fmt: skip
    return proof, found
