"""All steps at once: which bundle moves in which step, so that the plans between cost least in sum.

With t_b the step in which bundle b moves, the total of row r after step k is s_r + Σ_b δ_br [t_b <=
k]: an assignment of bundles to steps, which is a `Problem` like any other. It is a relaxation of
what a transition must keep: a row may be broken as much as at the start, groups are left out, and
of a goal that counts the worst row alone nothing is charged. So its bound holds, and its plan
counts where it is found to keep the rest.
"""

from __future__ import annotations

import numpy as np

from territoryopt.problem import AccountAmounts, Cost, DenseAmounts, FloatArray, Problem, Rows
from territoryopt.realign.between import SLACK, Way, money

MOST_CELLS = 2_000_000
"""Numbers of the joint model, up to which it is made: rows x bundles x steps."""


def joint_size(way: Way, steps: int) -> int:
    rows = sum(len(part) for part in way.problem.rows)
    return rows * max(1, steps - 1) * max(1, len(way.bundles)) * steps


def joint_problem(way: Way, steps: int, budget: float) -> Problem:
    """Bundles to steps. Its objective and what `constant_money` gives are the sum over the steps of
    the cost of the plan after each, less what the relaxation leaves out."""
    bundles = way.bundles
    count = len(bundles)
    after = np.arange(steps)[:, None] >= np.arange(steps)[None, :]  # [k, t]: moved by step k
    old = np.array([way.problem.cost_at(b, way.start[b]).sum() for b in bundles])
    new = np.array([way.problem.cost_at(b, way.target[b]).sum() for b in bundles])
    times = after.sum(axis=0)  # steps after which a bundle that moves in t is at its target
    cost = old[:, None] * (steps - times)[None, :] + new[:, None] * times[None, :]
    weight = np.array([way.weight[b].sum() for b in bundles])
    rows = [
        Rows(
            name="budget",
            kind="moves",
            measure="",
            unit="",
            labels=tuple(f"step {k + 1}" for k in range(steps)),
            amounts=AccountAmounts(weight, steps),
            row_of_rep=np.arange(steps, dtype=np.int64),
            lower=np.full(steps, -np.inf),
            upper=np.full(steps, budget * (1 + SLACK)),
            price=np.full(steps, np.inf),
            constant=np.zeros(steps),
        )
    ]
    for part in way.problem.rows:
        if part.worst:
            continue
        base = part.activity(way.start)
        delta = _deltas(part, way)
        hard = np.isinf(part.price)
        lower = np.where(hard, np.minimum(part.lower, base), part.lower)
        upper = np.where(hard, np.maximum(part.upper, base), part.upper)
        for r in np.flatnonzero((delta != 0).any(axis=0)):
            for k in range(steps - 1):  # after the last step the plan is the target
                rows.append(
                    Rows(
                        name=f"{part.name} {r} {k}",
                        kind=part.kind,
                        measure=part.measure,
                        unit=part.unit,
                        labels=(part.labels[r],),
                        amounts=DenseAmounts(delta[:, r, None] * after[k][None, :]),
                        row_of_rep=np.zeros(steps, dtype=np.int64),
                        lower=lower[[r]],
                        upper=upper[[r]],
                        price=part.price[[r]],
                        constant=base[[r]],
                    )
                )
    alone = np.full(count, -1, dtype=np.int64)
    return Problem(
        accounts=count,
        reps=steps,
        costs=(Cost("money of the steps", "cost", DenseAmounts(cost), 1.0, "money"),),
        rows=tuple(rows),
        exclusions=(),
        groupings=(),
        current=alone.copy(),
        family=alone.copy(),
        currency=way.problem.currency,
    )


def constant_money(way: Way, steps: int) -> float:
    """What the steps cost that no order changes: accounts that stay, priced rows that no move
    touches, and all that is not linear in the target after the last step."""
    still = np.flatnonzero(way.start == way.target)
    out = steps * float(way.problem.cost_at(still, way.target[still]).sum())
    every = np.arange(way.problem.accounts)
    out += money(way.problem, way.target)
    out -= float(way.problem.cost_at(every, way.target).sum())
    for part in way.problem.rows:
        if part.worst:
            continue
        soft = np.where(np.isinf(part.price), 0.0, part.price)
        touched = (_deltas(part, way) != 0).any(axis=0)
        charge = soft * part.excess(part.activity(way.start))
        out += (steps - 1) * float(charge[~touched].sum())
    return out


def _deltas(part: Rows, way: Way) -> FloatArray:
    """float[bundles, rows]: what the move of each bundle adds to each row."""
    out = np.zeros((len(way.bundles), len(part)))
    for b, members in enumerate(way.bundles):
        for sign, rep in ((-1.0, way.start[members]), (1.0, way.target[members])):
            row = part.row_of_rep[rep]
            inside = row >= 0
            np.add.at(out[b], row[inside], sign * part.amounts.at(members[inside], rep[inside]))
    out[np.abs(out) < 1e-12] = 0.0
    return out
