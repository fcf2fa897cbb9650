"""Prices of all pairs, as a table for other tools.

at_least: any plan with the pair costs at least so much more than the plan in hand (it may be below
zero): what the prices prove, plus the pair's reduced cost, less the plan. A price bounds and does
not decide. All pairs alike stand too low by the distance between the plan and what the prices prove
(`slack`: the plan's own pairs show it); the truth may be higher still, by the moves that a pair
drags along, which a price sees only at the margin.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from territoryopt.answers.ground import Ground
from territoryopt.folders import write_file
from territoryopt.problem import FloatArray, IntArray
from territoryopt.problem.amounts import blocks
from territoryopt.problem.bound import reduced_block
from territoryopt.reasons.explanation import Explanation
from territoryopt.tables import write_table

if TYPE_CHECKING:
    import pandas as pd


SCHEMA = "territoryopt/pair-prices/1"


@dataclass(frozen=True, eq=False)
class PairPrices:
    """Some pairs, by account and from the cheapest to the dearest.

    account, rep: int[n] numbers; cost: of the pair alone; reduced: above the account's cheapest
    pair at the prices; at_least: see the module. All currency/year.
    """

    account: IntArray
    rep: IntArray
    cost: FloatArray
    reduced: FloatArray
    at_least: FloatArray


def pair_prices(
    reasons: Explanation, *, most: int | None = None, seed: int = 0, threads: int = 2
) -> Iterator[PairPrices]:
    """All eligible pairs, block by block: at any size no more than one block is held.

    most: only so many pairs of each account, the cheapest. Members of a family have the numbers of
    their family together. Raises InputError where the plan breaks rules.
    """
    return _blocks(Ground(reasons, seed, threads), most)


def slack(reasons: Explanation, seed: int = 0, threads: int = 2) -> float:
    """By how much `at_least` is too low at most for the pairs of the plan itself, currency/year;
    for others it may be by more."""
    ground = Ground(reasons, seed, threads)
    return max(0.0, ground.objective - ground.proof.bound)


def write_pair_prices(
    reasons: Explanation,
    path: str | os.PathLike[str],
    *,
    most: int | None = None,
    seed: int = 0,
    threads: int = 2,
) -> Path:
    """The table as CSV: account_id, rep_id, in_plan, cost, reduced, at_least; block by block, so
    that no more than one is held at any size. Raises InputError where it cannot be written."""
    problem = reasons.problem
    accounts = np.array(problem.account_ids or list(map(str, range(problem.accounts))), object)
    reps = np.array(problem.rep_ids or list(map(str, range(problem.reps))), object)
    empty = np.empty(0, dtype=np.int64)
    parts = pair_prices(reasons, most=most, seed=seed, threads=threads)
    # An empty block first writes the names of the columns, whatever follows.
    first = PairPrices(empty, empty, *(np.empty(0, dtype=np.float64) for _ in range(3)))

    def write(draft: Path) -> None:
        with draft.open("w", encoding="utf-8", newline="") as handle:
            for at, part in enumerate(chain([first], parts)):
                inside = np.where(reasons.rep[part.account] == part.rep, "yes", "no")
                columns = {
                    "account_id": accounts[part.account],
                    "rep_id": reps[part.rep],
                    "in_plan": inside.astype(object),
                    "cost": part.cost,
                    "reduced": part.reduced,
                    "at_least": part.at_least,
                }
                write_table(handle, columns, header=at == 0)

    return write_file(path, write, overwrite=True)


def frame(reasons: Explanation, most: int | None = None) -> pd.DataFrame:
    """The table as a frame; for problems whose pairs fit in memory."""
    import pandas as pd

    problem = reasons.problem
    return pd.concat(
        [
            pd.DataFrame(
                {
                    "account_id": [problem.account_id(i) for i in part.account.tolist()],
                    "rep_id": [problem.rep_id(j) for j in part.rep.tolist()],
                    "cost": part.cost,
                    "reduced": part.reduced,
                    "at_least": part.at_least,
                }
            )
            for part in pair_prices(reasons, most=most)
        ],
        ignore_index=True,
    )


def _blocks(ground: Ground, most: int | None) -> Iterator[PairPrices]:
    tight, units = ground.tight, ground.reasons.problem.units
    room = ground.proof.bound - ground.objective
    for start, stop in blocks(tight.accounts, tight.reps):
        block = reduced_block(tight, ground.prices, start, stop)
        least = block.reduced.min(axis=1, initial=np.inf, keepdims=True)
        above = np.where(np.isfinite(block.reduced), block.reduced - least, np.inf)
        order = np.argsort(above, axis=1, kind="stable")[:, :most]
        member = units.order[
            units.starts[start] : units.starts[stop] if stop < units.count else len(units.order)
        ]
        row = units.unit_of[member] - start
        rep = order[row]
        account = np.repeat(member, rep.shape[1])
        value = np.take_along_axis(above, order, axis=1)[row].reshape(-1)
        cost = np.take_along_axis(block.cost, order, axis=1)[row].reshape(-1)
        kept = np.isfinite(value)
        yield PairPrices(
            account[kept], rep.reshape(-1)[kept], cost[kept], value[kept], value[kept] + room
        )
