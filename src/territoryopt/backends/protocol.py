"""What every backend is: one small protocol, and the watch that keeps what it finds."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

import numpy as np

from territoryopt.problem import IntArray, Problem, Proof, evaluate

if TYPE_CHECKING:
    from territoryopt.backends.large.relax import Relaxation
    from territoryopt.problem.territory_bound import TerritoryProof

log = logging.getLogger("territoryopt")

Progress = Callable[[float, float, float], None]
"""Called with seconds since the start, best objective (inf: none yet) and best bound."""


@dataclass(frozen=True)
class Limits:
    """What a backend must honour. `deadline` is a `time.monotonic()` second; `gap` a fraction."""

    deadline: float
    gap: float = 1e-4
    seed: int = 0
    threads: int = 2

    @property
    def left(self) -> float:
        """Seconds until the deadline, never below zero."""
        return max(0.0, self.deadline - time.monotonic())


@dataclass(frozen=True, eq=False)
class Outcome:
    """What a backend says when it stops; plans and bounds on the way go through the `Watch`.

    finished: it claims its search is complete (the gap is reached, or nothing is left).
    infeasible: it claims that no plan exists. by: name and version, e.g. "HiGHS 1.12.0".
    """

    by: str
    finished: bool = False
    infeasible: bool = False
    notes: tuple[str, ...] = ()


class Backend(Protocol):
    """A solver behind our arrays. Each lives in a module of its own and imports its library on
    use."""

    name: str

    def refuses(self, problem: Problem) -> str | None:
        """Why this backend cannot take this problem; None where it can."""
        ...

    def solve(
        self, problem: Problem, limits: Limits, start: IntArray | None, watch: Watch
    ) -> Outcome:
        """Search until the limits bind. `problem` is over units (no families left to contract).

        Reports every better plan to `watch.plan` and every better bound to `watch.bound`; stops
        soon after `watch.stopping` is set. Raises BackendError if the solver is missing or
        breaks.
        """
        ...


@dataclass(eq=False)
class Watch:
    """Keeps the best plan and bound of a run, from whichever thread they come.

    A plan counts only if it holds by our own arithmetic, and at our own objective. proof and
    relaxation: what the LP relaxation said, where it was solved already: its prices and what they
    prove of the problem that is searched, and all the rest where it was solved by decomposition.
    territories: the best proof of whole territories, where one was found.
    """

    problem: Problem
    progress: Progress | None = None
    began: float = field(default_factory=time.monotonic)
    rep: IntArray | None = None
    objective: float = np.inf
    proved: float = -np.inf
    claimed: float = -np.inf
    claimed_by: str = ""
    interrupted: bool = False
    rejected: int = 0
    proof: Proof | None = None
    relaxation: Relaxation | None = None
    territories: TerritoryProof | None = None
    notes: list[str] = field(default_factory=list)
    stopping: threading.Event = field(default_factory=threading.Event)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _told: tuple[float, float] = (np.inf, -np.inf)
    _caller: int = field(default_factory=threading.get_ident)

    def plan(self, rep: IntArray) -> bool:
        """Take a plan int[units] if it holds and beats the one in hand."""
        found = evaluate(self.problem, rep)
        with self._lock:
            if not found.holds:
                self.rejected += 1
                log.debug("a plan was rejected: %s", found.breaches[:3])
                return False
            if found.objective < self.objective:
                self.objective, self.rep = found.objective, rep.copy()
                return True
        return False

    def forget_plan(self) -> None:
        """Start again without a plan, as for a model that asks for more than the problem."""
        with self._lock:
            self.objective, self.rep = np.inf, None

    def bound(self, value: float, by: str = "") -> None:
        """Take a bound: proved by our arithmetic, or claimed `by` a named solver."""
        if np.isnan(value):
            return
        with self._lock:
            if not by:
                self.proved = max(self.proved, value)
            elif value > self.claimed:
                self.claimed, self.claimed_by = value, by

    def prove(self, proof: TerritoryProof) -> None:
        """Take the bound of whole territories, and keep what proves it."""
        if proof.bound > self.proved:
            self.territories = proof
        self.bound(proof.bound)

    @property
    def best_bound(self) -> float:
        return max(self.proved, self.claimed)

    def tell(self) -> None:
        """Call `progress` if there is news; on the caller's thread alone, so that it may print."""
        if threading.get_ident() != self._caller:
            return
        news = (self.objective, min(self.best_bound, self.objective))
        if self.progress is not None and news != self._told:
            self._told = news
            self.progress(time.monotonic() - self.began, *news)
