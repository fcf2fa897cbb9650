"""Can the bands of the generator hold? The least workload tightness, by LP, written on its own.

    python benchmarks/feasible.py                      # results/feasible.csv

    least t:  x in [0, 1], sum_j x_ij = 1,  |sum_i w_ij x_ij - W| <= t W,
              potential of each rep within its band

with W the centre of the workload band. A tightness below t cannot hold even with accounts cut in
pieces; above it the LP has a plan with at most two split accounts per rep.
"""

from __future__ import annotations

import math
import sys
import time
from dataclasses import replace

import numpy as np
from generate import IntArray, Territories, territories
from measure import Job, Row
from questions import Question
from recording import Recorder, finish, parser, sizes
from scipy.spatial import KDTree


def least_tightness(drawn: Territories, seconds: float, nearest: int = 0) -> float:
    """t as above, a fraction of W; nan where the LP does not end in time.

    nearest: only pairs of an account and its so many nearest reps (0: every pair). What holds
    with fewer pairs holds with all: t is then an upper bound of the least.
    """
    import highspy
    from scipy import sparse

    i, j = _pairs(drawn, nearest)
    hours = drawn.workload_pairs(i, j)
    n, r, pairs = drawn.accounts, drawn.reps, len(i)
    at = np.arange(pairs)
    centre = sum(drawn.workload_band) / 2
    mean = sum(drawn.potential_band) / 2
    load = sparse.csr_array((hours / centre, (j, at)), (r, pairs))
    worth = sparse.csr_array((drawn.potential[i] / mean, (j, at)), (r, pairs))
    whole = sparse.csr_array((np.ones(pairs), (i, at)), (n, pairs))
    slack = np.concatenate([np.zeros(n), -np.ones(r), np.ones(r), np.zeros(r)])[:, None]
    matrix = sparse.hstack([sparse.vstack([whole, load, load, worth]), slack]).tocsc()
    low, high = (np.full(r, side / mean) for side in drawn.potential_band)
    lower = np.concatenate([np.ones(n), np.full(r, -math.inf), np.ones(r), low])
    upper = np.concatenate([np.ones(n), np.ones(r), np.full(r, math.inf), high])
    highs = highspy.Highs()
    for option, value in (
        ("output_flag", False), ("solver", "ipm"), ("run_crossover", "off"),
        ("time_limit", seconds),
    ):  # fmt: skip
        highs.setOptionValue(option, value)
    highs.passModel(
        pairs + 1, matrix.shape[0], matrix.nnz, int(highspy.MatrixFormat.kColwise),
        int(highspy.ObjSense.kMinimize), 0.0, np.append(np.zeros(pairs), 1.0), np.zeros(pairs + 1),
        np.append(np.ones(pairs), math.inf), lower, upper, matrix.indptr.astype(np.int32),
        matrix.indices.astype(np.int32), matrix.data, np.zeros(pairs + 1, dtype=np.int32),
    )  # fmt: skip
    highs.run()
    if highs.getModelStatus() != highspy.HighsModelStatus.kOptimal:
        return math.nan
    return float(highs.getInfo().objective_function_value)


def _pairs(drawn: Territories, nearest: int) -> tuple[IntArray, IntArray]:
    """Eligible pairs (account, rep)."""
    if not 0 < nearest < drawn.reps:
        return np.nonzero(np.isfinite(drawn.dense()[0]))
    rep = KDTree(drawn.home).query(drawn.place, k=nearest)[1].reshape(-1).astype(np.int64)
    account = np.repeat(np.arange(drawn.accounts), nearest)
    eligible = np.isfinite(drawn.pairs(account, rep))
    return account[eligible], rep[eligible]


def main() -> int:
    arguments = parser(__doc__, time=300)
    arguments.add_argument("--sizes", type=sizes, default=sizes("1000x20,2000x40,5000x50"))
    arguments.add_argument("--skew", type=float, default=1.0)
    arguments.add_argument("--skills", type=float, default=0.2)
    arguments.add_argument("--nearest", type=int, default=0, help="reps per account; 0 = all")
    asked = arguments.parse_args()
    recorder = Recorder("feasible", asked.out)

    def work() -> None:
        name = f"lp, {asked.nearest} nearest reps" if asked.nearest else "lp, every pair"
        for size in asked.sizes:
            for seed in asked.seeds:
                question = Question(accounts=size.accounts, reps=size.reps, seed=seed)
                asking = replace(question, skew=asked.skew, skills=asked.skills)
                drawn = territories(
                    size.accounts, size.reps, seed, skew=asked.skew, skills=asked.skills
                )
                began = time.monotonic()
                least = least_tightness(drawn, asked.time, asked.nearest)
                row = Row("least tightness", least, wall=time.monotonic() - began)
                recorder.write(Job(asking, name, asked.time, 1), "territories", row)

    return finish(recorder, work, picture=False)


if __name__ == "__main__":
    sys.exit(main())
