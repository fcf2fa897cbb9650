"""The LP relaxation written down from the definitions of the parts, and solved by scipy.

Nothing of the engine is called: no linear model, no contraction of families, no arithmetic of rows
or groups, so that a proved bound can be held against it.
"""

from __future__ import annotations

import numpy as np
from scipy.optimize import linprog

from territoryopt.problem import Problem


def lp_optimum(problem: Problem) -> float:
    """The optimum of the LP relaxation; inf where it has no solution."""
    n, reps = problem.accounts, problem.reps
    cost = np.zeros((n, reps))
    upper = np.ones((n, reps))
    for part in problem.costs:
        cost += part.price * np.array(part.amounts.block(0, n))
    for part in problem.exclusions:
        upper[np.array(part.barred.block(0, n)) > 0] = 0.0
    lp = _Lp(cost.reshape(-1), upper.reshape(-1))
    for i in range(n):
        lp.equal({i * reps + j: 1.0 for j in range(reps)}, 1.0)
    for label in set(problem.family.tolist()) - {-1}:
        first, *others = np.flatnonzero(problem.family == label)
        for i in others:
            for j in range(reps):
                lp.equal({first * reps + j: 1.0, i * reps + j: -1.0}, 0.0)
    for part in problem.rows:
        _add_rows(lp, part, n, reps)
    for part in problem.groupings:
        for g in range(len(part.labels)):
            member = part.member[part.start[g] : part.start[g + 1]].tolist()
            (_add_apart if part.apart else _add_together)(lp, part.price, member, reps)
    return lp.solve()


class _Lp:
    def __init__(self, cost, upper):
        self.cost, self.upper = cost.tolist(), upper.tolist()
        self.offset = 0.0
        self.most, self.same = [], []

    def column(self, cost, upper=np.inf):
        self.cost.append(cost)
        self.upper.append(upper)
        return len(self.cost) - 1

    def at_most(self, terms, right):
        if np.isfinite(right):
            self.most.append((terms, right))

    def equal(self, terms, right):
        self.same.append((terms, right))

    def solve(self):
        def table(rows):
            matrix = np.zeros((len(rows), len(self.cost)))
            for r, (terms, _) in enumerate(rows):
                for column, value in terms.items():
                    matrix[r, column] += value
            return {"A": matrix, "b": [right for _, right in rows]}

        most, same = table(self.most), table(self.same)
        found = linprog(
            self.cost,
            A_ub=most["A"] if self.most else None,
            b_ub=most["b"] if self.most else None,
            A_eq=same["A"],
            b_eq=same["b"],
            bounds=[(0, u) for u in self.upper],
            method="highs-ds",
        )
        assert found.status in (0, 2), found.message
        return found.fun + self.offset if found.status == 0 else np.inf


def _add_rows(lp, part, n, reps):
    amount = np.array(part.amounts.block(0, n))
    soft = part.worst and np.isfinite(part.price).any()
    worst = lp.column(1.0) if soft else None
    for r in range(len(part.labels)):
        s = {
            i * reps + j: amount[i, j]
            for i in range(n)
            for j in range(reps)
            if part.row_of_rep[j] == r
        }
        price, free = part.price[r], {}
        if np.isfinite(price):
            excess = lp.column(0.0 if part.worst else price)
            free = {excess: -1.0}
            if part.worst:
                lp.at_most({excess: price, worst: -1.0}, 0.0)
        lp.at_most(s | free, part.upper[r] - part.constant[r])
        lp.at_most({c: -v for c, v in s.items()} | free, part.constant[r] - part.lower[r])


def _add_apart(lp, price, member, reps):
    """Σ_i x_ij - a_j <= 1, a member as often as it is listed."""
    for j in range(reps):
        terms = {i * reps + j: float(member.count(i)) for i in member}
        if np.isfinite(price):
            terms[lp.column(price)] = -1.0
        lp.at_most(terms, 1.0)


def _add_together(lp, price, member, reps):
    """x_ij <= y_j; the money is P (Σ_j y_j - 1), or Σ_j y_j <= 1."""
    if not member:
        return
    hard = np.isinf(price)
    ys = [lp.column(0.0 if hard else price, 1.0) for _ in range(reps)]
    for j, y in enumerate(ys):
        for i in member:
            lp.at_most({i * reps + j: 1.0, y: -1.0}, 0.0)
    if hard:
        lp.at_most(dict.fromkeys(ys, 1.0), 1.0)
    else:
        lp.offset -= price
