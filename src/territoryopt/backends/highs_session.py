"""One HiGHS run: options, model, scaling, callbacks and what came of it.

What is worked around here: HiGHS has absolute tolerances (the objective is scaled by a power of
two), calls NaN optimal (our arrays have none), keeps one thread pool per calling thread (it is
given back after each run) and looks at Ctrl-C only through callbacks.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import numpy as np

from territoryopt.backends.linear import LinearModel
from territoryopt.backends.protocol import Limits, Watch, log
from territoryopt.errors import BackendError
from territoryopt.problem import FloatArray, IntArray

FEASIBILITY = 1e-9
"""Of a row's scale; a thousandth of what our own check forgives."""

SMALLEST = 1e-12
"""Entries nearer to zero are dropped by HiGHS; 1e-12 is the least it allows."""

BOUND_EVERY = 0.1
"""Seconds between two readings of the bound while HiGHS runs."""


def load() -> Any:
    """The `highspy` module; raises BackendError where it is missing or broken."""
    try:
        return import_module("highspy")
    except ImportError as error:
        raise BackendError(
            f"highspy cannot be loaded ({error}); install it: pip install 'highspy>=1.12,<1.13'"
        ) from error


def version_of(highspy: Any) -> str:
    """E.g. "HiGHS 1.12.0"."""
    return (
        f"HiGHS {highspy.HIGHS_VERSION_MAJOR}.{highspy.HIGHS_VERSION_MINOR}"
        f".{highspy.HIGHS_VERSION_PATCH}"
    )


def money_scale(cost: FloatArray, pairs: int) -> float:
    """The power of two that brings the largest cost of a pair (of a slack, where pairs cost
    nothing) between 16 and 2^17, where absolute tolerances of 1e-9 to 1e-6 mean little."""
    size = np.abs(cost)
    most = float(size[:pairs].max(initial=0.0)) or float(size.max(initial=0.0))
    if most == 0.0 or 16 <= most <= 2**17:
        return 1.0
    return float(np.exp2(10 - np.floor(np.log2(most))))


INFEASIBLE = ("Infeasible", "Primal infeasible or unbounded")
"""How HiGHS says that there is no solution; nothing in our models is unbounded."""


@dataclass(frozen=True, eq=False)
class Answer:
    """Raw words of a run: status by name, column values and row duals (currency/year) if any."""

    status: str
    values: FloatArray | None
    row_dual: FloatArray | None
    bound: float


class Session:
    """A model in HiGHS. `relaxed` drops integrality."""

    def __init__(self, model: LinearModel, limits: Limits, *, relaxed: bool) -> None:
        self.highspy = load()
        self.model = model
        self.limits = limits
        self.relaxed = relaxed
        self.by = version_of(self.highspy)
        self.money = money_scale(model.cost, len(model.pairs))
        self._stop = False
        self._next_bound = 0.0
        self.highs = self.highspy.Highs()
        self._set("output_flag", False)
        self._set("random_seed", int(limits.seed) % 2**31)
        self._set("threads", max(1, int(limits.threads)))
        self._set("small_matrix_value", SMALLEST)
        for option in ("primal_feasibility_tolerance", "dual_feasibility_tolerance"):
            self._set(option, FEASIBILITY)
        if not relaxed:
            self._set("mip_feasibility_tolerance", FEASIBILITY)
            self._set("mip_rel_gap", float(limits.gap))
            self._set("mip_abs_gap", 0.0)
        self._pass()

    def _set(self, option: str, value: object) -> None:
        if self.highs.setOptionValue(option, value) == self.highspy.HighsStatus.kError:
            raise BackendError(f"{self.by} refused the option {option} = {value!r}")

    def option(self, name: str, value: object) -> None:
        """Set one more option; raises BackendError if HiGHS refuses it."""
        self._set(name, value)

    def _pass(self) -> None:
        m = self.model
        rows, columns = m.matrix.shape
        binary = np.zeros(columns, dtype=np.int32)
        if not self.relaxed:
            binary[: len(m.pairs)] = 1
        status = self.highs.passModel(
            columns,
            rows,
            m.matrix.nnz,
            int(self.highspy.MatrixFormat.kColwise),
            int(self.highspy.ObjSense.kMinimize),
            m.offset * self.money,
            m.cost * self.money,
            np.zeros(columns),
            m.upper,
            m.row_lower,
            m.row_upper,
            m.matrix.indptr.astype(np.int32),
            m.matrix.indices.astype(np.int32),
            m.matrix.data,
            binary,
        )
        if status == self.highspy.HighsStatus.kError:
            raise BackendError(f"{self.by} refused the model")

    def start_from(self, rep: IntArray) -> None:
        """Hand over a plan int[accounts] to start from."""
        solution = self.highspy.HighsSolution()
        solution.col_value = self.model.values_of(rep).tolist()
        self.highs.setSolution(solution)

    def stop(self) -> None:
        """Ask the run to end; cheap, from any thread."""
        self._stop = True

    def watch(self, watch: Watch) -> None:
        """Hand plans and bounds found on the way to the watch."""

        def plan(event: Any) -> None:
            watch.plan(self.model.plan_of(np.asarray(event.data_out.mip_solution)))

        def bound(event: Any) -> None:
            now = time.monotonic()
            if now >= self._next_bound:
                self._next_bound = now + BOUND_EVERY
                watch.bound(self._money_of(event.data_out.mip_dual_bound), self.by)

        def interrupt(event: Any) -> None:
            if self._stop:
                event.interrupt()

        self.highs.cbMipImprovingSolution += plan
        self.highs.cbMipInterrupt += interrupt
        self.highs.cbMipInterrupt += bound
        self.highs.cbSimplexInterrupt += interrupt
        self.highs.cbIpmInterrupt += interrupt

    def _money_of(self, value: float) -> float:
        """A bound in HiGHS's scaled money as currency/year; -inf where it has none yet."""
        return value / self.money if np.isfinite(value) else -np.inf

    def run(self) -> Answer:
        """Solve until done, interrupted or out of time. Raises BackendError if HiGHS breaks."""
        status = self._run()
        if status == self.highspy.HighsStatus.kError:
            # Its presolve has been seen to fail on models that the solver itself takes.
            log.debug("%s broke down; running again without presolve", self.by)
            self.highs.clearSolver()
            self._set("presolve", "off")
            status = self._run()
        found = self.highs.getModelStatus()
        name = self.highs.modelStatusToString(found)
        if status == self.highspy.HighsStatus.kError:
            raise BackendError(f"{self.by} broke down: {name}")
        solution = self.highs.getSolution()
        info = self.highs.getInfo()
        values = np.asarray(solution.col_value) if solution.value_valid else None
        dual = np.asarray(solution.row_dual) / self.money if solution.dual_valid else None
        log.debug("%s: %s after %.1f s", self.by, name, self.highs.getRunTime())
        bound = -np.inf if self.relaxed else self._money_of(info.mip_dual_bound)
        return Answer(name, values, dual, bound)

    def _run(self) -> Any:
        self._set("time_limit", max(0.01, self.limits.left))
        try:
            return self.highs.run()
        finally:
            # The pool belongs to the calling thread and remembers its size: the next run in this
            # thread may want another, and a pool left behind keeps its threads.
            self.highspy.Highs.resetGlobalScheduler(False)

    def close(self) -> None:
        """Give the memory back; the callbacks hold a cycle that would keep it."""
        self.highs.clearCallbacks()
        self.highs.clear()
