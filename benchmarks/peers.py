"""The peers: four ways to the same plan, each timed alike, each written as its users would.

engine: territoryopt. pyomo_highs: a plain Pyomo model, rule by rule. highspy_arrays: our arrays
straight into HiGHS, without the engine. cpsat: CP-SAT on whole numbers. Each gets the arrays and
a `Clock`, builds its model, calls `clock.built()`, solves until the deadline, and answers with a
plan and its own bound. A deadline covers building and solving.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from generate import FloatArray, IntArray
from questions import Arrays, Side

GAP = 1e-4  # every peer stops at this relative gap of its own


@dataclass(eq=False)
class Clock:
    """Wall and CPU seconds (all threads) since the peer began; imports come before that."""

    limit: float
    wall0: float = field(default_factory=time.monotonic)
    cpu0: float = field(default_factory=time.process_time)
    built_at: tuple[float, float] = (math.nan, math.nan)
    points: list[tuple[float, float, float, float]] = field(default_factory=list)

    def now(self) -> tuple[float, float]:
        return time.monotonic() - self.wall0, time.process_time() - self.cpu0

    @property
    def left(self) -> float:
        """Wall seconds until the deadline, at least 0.1."""
        return max(0.1, self.limit - (time.monotonic() - self.wall0))

    def built(self) -> None:
        """The model is complete and the solver has not begun."""
        self.built_at = self.now()

    def note(self, objective: float, bound: float) -> None:
        """A better plan or bound, in the solver's own words; a point of the trajectory."""
        self.points.append((*self.now(), objective, bound))


@dataclass(frozen=True, eq=False)
class Reply:
    """rep: int[accounts] or None. bound: the peer's own; proved: the engine's recomputed one."""

    rep: IntArray | None
    bound: float
    status: str
    proved: float = -math.inf
    note: str = ""


def engine(
    arrays: Arrays, clock: Clock, seed: int, threads: int, backend: str = "auto"
) -> Reply:  # fmt: skip
    """territoryopt.solve; `backend` as there."""
    import territoryopt as topt

    problem = arrays.problem()
    clock.built()
    result = topt.solve(
        problem, backend=backend, time_limit=clock.left, gap=GAP, seed=seed, threads=threads,
        progress=lambda _, objective, bound: clock.note(objective, bound),
    )  # fmt: skip
    note = "; ".join([result.backend, result.bound_source, *result.notes[:2]])
    return Reply(result.rep, result.bound, result.status, result.proved_bound, note)


def pyomo_highs(arrays: Arrays, clock: Clock, seed: int, threads: int) -> Reply:
    """A ConcreteModel over all eligible pairs, constraints by rule, solver `appsi_highs`.

    The object behind `SolverFactory("appsi_highs")`, whose own results say whether there is a
    plan at a time limit. Without a bound it repeats the plan as one; that is not taken.
    """
    from pyomo.contrib.appsi.solvers.highs import Highs

    m = pyomo_model(arrays)
    clock.built()
    solver = Highs()
    solver.config.time_limit = clock.left
    solver.config.load_solution = False
    solver.highs_options = {"threads": threads, "random_seed": seed, "mip_rel_gap": GAP}
    found = solver.solve(m)
    best, bound = found.best_feasible_objective, found.best_objective_bound
    ended = found.termination_condition.name
    rep = None
    if best is not None and math.isfinite(best):
        found.solution_loader.load_vars()
        rep = np.full(arrays.accounts, -1, dtype=np.int64)
        for (i, j), x in m.x.items():
            if x.value > 0.5:
                rep[i] = j
    if bound is None or (ended != "optimal" and bound == best):
        bound = -math.inf
    return Reply(rep, bound, ended)


def pyomo_model(arrays: Arrays) -> object:
    """The model as an operations researcher would write it at first."""
    import pyomo.environ as pyo

    cost, sides = arrays.table()
    m = pyo.ConcreteModel()
    m.accounts = pyo.RangeSet(0, arrays.accounts - 1)
    m.reps = pyo.RangeSet(0, arrays.reps - 1)
    m.pairs = pyo.Set(
        initialize=[(i, j) for i in m.accounts for j in m.reps if math.isfinite(cost[i, j])]
    )
    m.x = pyo.Var(m.pairs, domain=pyo.Binary)
    m.cost = pyo.Objective(expr=pyo.quicksum(float(cost[i, j]) * m.x[i, j] for i, j in m.pairs))
    of_account: dict[int, list[int]] = {i: [] for i in m.accounts}
    of_rep: dict[int, list[int]] = {j: [] for j in m.reps}
    for i, j in m.pairs:
        of_account[i].append(j)
        of_rep[j].append(i)
    m.one_rep = pyo.Constraint(
        m.accounts, rule=lambda m, i: pyo.quicksum(m.x[i, j] for j in of_account[i]) == 1
    )
    for side in sides:

        def rule(m: object, j: int, side: Side = side) -> object:
            amount = side.amount if side.amount.ndim == 1 else side.amount[:, j]
            total = pyo.quicksum(float(amount[i]) * m.x[i, j] for i in of_rep[j])  # type: ignore[attr-defined]
            return pyo.inequality(float(side.lower[j]), total, float(side.upper[j]))

        setattr(m, side.name, pyo.Constraint(m.reps, rule=rule))
    return m


def highspy_arrays(arrays: Arrays, clock: Clock, seed: int, threads: int) -> Reply:
    """Arrays straight into HiGHS by passModel; plans and bounds by its callbacks."""
    import highspy

    account, rep, highs = highs_model(arrays)
    for option, value in (("threads", threads), ("random_seed", seed), ("mip_rel_gap", GAP)):
        highs.setOptionValue(option, value)
    clock.built()
    highs.setOptionValue("time_limit", clock.left)
    highs.cbMipImprovingSolution += lambda event: clock.note(
        event.data_out.objective_function_value, event.data_out.mip_dual_bound
    )
    highs.run()
    status = highs.modelStatusToString(highs.getModelStatus())
    solution, bound = highs.getSolution(), highs.getInfo().mip_dual_bound
    plan = None
    if highs.getInfo().primal_solution_status == highspy.SolutionStatus.kSolutionStatusFeasible:
        chosen = np.asarray(solution.col_value) > 0.5
        plan = np.full(arrays.accounts, -1, dtype=np.int64)
        plan[account[chosen]] = rep[chosen]
    return Reply(plan, bound, status)


def highs_model(arrays: Arrays) -> tuple[IntArray, IntArray, object]:
    """(account, rep) of each column, and a HiGHS that has the model."""
    import highspy
    from scipy import sparse

    cost, sides = arrays.table()
    account, rep = np.nonzero(np.isfinite(cost))
    pairs, column = len(account), np.arange(len(account))
    blocks = [sparse.csr_array((np.ones(pairs), (account, column)), (arrays.accounts, pairs))]
    lower, upper = [np.ones(arrays.accounts)], [np.ones(arrays.accounts)]
    for side in sides:
        amount = side.amount[account] if side.amount.ndim == 1 else side.amount[account, rep]
        blocks.append(sparse.csr_array((amount, (rep, column)), (arrays.reps, pairs)))
        lower.append(side.lower)
        upper.append(side.upper)
    matrix = sparse.vstack(blocks).tocsc()
    highs = highspy.Highs()
    highs.setOptionValue("output_flag", False)
    highs.passModel(
        pairs, matrix.shape[0], matrix.nnz, int(highspy.MatrixFormat.kColwise),
        int(highspy.ObjSense.kMinimize), 0.0, cost[account, rep], np.zeros(pairs), np.ones(pairs),
        np.concatenate(lower), np.concatenate(upper), matrix.indptr.astype(np.int32),
        matrix.indices.astype(np.int32), matrix.data, np.ones(pairs, dtype=np.int32),
    )  # fmt: skip
    return account, rep, highs


def cpsat(arrays: Arrays, clock: Clock, seed: int, threads: int) -> Reply:
    """CP-SAT on whole numbers: money in 1/1000, each amount so that its widest bound is 10^9.

    Bounds are drawn in by half a unit per account, so that a plan of whole numbers is one of the
    real ones; the bound of the objective is lowered by as much. Whole data are left as they are.
    """
    from ortools.sat.python import cp_model

    cost, sides = arrays.table()
    account, rep = np.nonzero(np.isfinite(cost))
    model = cp_model.CpModel()
    x = np.array([model.new_bool_var("") for _ in account], dtype=object)
    for i in range(arrays.accounts):
        model.add_exactly_one(x[_range(account, i)].tolist())
    money = 1.0 if arrays.whole else 1000.0
    for side in sides:
        amount = side.amount[account] if side.amount.ndim == 1 else side.amount[account, rep]
        scale, slack = _scaled(side, arrays)
        whole = np.rint(amount * scale).astype(np.int64)
        for j in range(arrays.reps):
            of = rep == j
            low, high = np.ceil(side.lower[j] * scale + slack), side.upper[j] * scale - slack
            total = cp_model.LinearExpr.weighted_sum(x[of].tolist(), whole[of].tolist())
            floor = int(low) if np.isfinite(low) else -(2**60)
            model.add_linear_constraint(total, floor, math.floor(min(high, 2.0**60)))
    prices = np.rint(cost[account, rep] * money).astype(np.int64)
    model.minimize(cp_model.LinearExpr.weighted_sum(x.tolist(), prices.tolist()))
    solver = cp_model.CpSolver()
    clock.built()
    solver.parameters.max_time_in_seconds = clock.left
    solver.parameters.num_workers = threads
    solver.parameters.random_seed = seed
    solver.parameters.relative_gap_limit = GAP
    status = solver.solve(model, _noting(clock, money))
    plan = None
    if status in (cp_model.OPTIMAL, cp_model.FEASIBLE):
        chosen = np.array([solver.boolean_value(v) for v in x])
        plan = np.full(arrays.accounts, -1, dtype=np.int64)
        plan[account[chosen]] = rep[chosen]
    rounding = 0.0 if arrays.whole else 0.5 * arrays.accounts
    bound = (solver.best_objective_bound - rounding) / money
    return Reply(plan, bound, solver.status_name(status))


def _range(account: IntArray, i: int) -> slice:
    return slice(*np.searchsorted(account, [i, i + 1]))


def _scaled(side: Side, arrays: Arrays) -> tuple[float, float]:
    """Units per amount, and by how many units its bounds are drawn in."""
    if arrays.whole:
        return 1.0, 0.0
    ends: FloatArray = np.concatenate([side.lower, side.upper])
    return 1e9 / float(np.abs(ends[np.isfinite(ends)]).max()), 0.5 * arrays.accounts


def _noting(clock: Clock, money: float) -> object:
    from ortools.sat.python import cp_model

    class Noting(cp_model.CpSolverSolutionCallback):
        def on_solution_callback(self) -> None:
            clock.note(self.objective_value / money, self.best_objective_bound / money)

    return Noting()


PEERS: dict[str, Callable[..., Reply]] = {
    "engine": engine,
    "pyomo_highs": pyomo_highs,
    "highspy_arrays": highspy_arrays,
    "cpsat": cpsat,
}
