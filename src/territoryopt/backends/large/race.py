"""A search of the whole beside the small ones: cuts lift its bound above that of the prices.

The two exchange nothing but the end, so that a seed and a number of threads give one plan: the
small searches stop at the proved bound, and where the search of the whole is done first, the plan
is the one it ends with.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field, replace

from territoryopt.backends.highs import HighsBackend
from territoryopt.backends.protocol import Limits, Outcome, Watch
from territoryopt.errors import TerritoryoptError
from territoryopt.problem import IntArray, Problem

LEAD, MOST_LEAD = 0.1, 5.0
"""How much sooner the race ends than the time: a share of what is left, and seconds at most. HiGHS
looks at the clock seldom while it works at its root."""

PATIENCE = 0.5
"""Seconds it gets to come back at the end; then it is left behind, and its plans with it."""


FOR_BOUND = {
    "mip_heuristic_effort": 0.0,
    "mip_heuristic_run_feasibility_jump": False,
    "mip_heuristic_run_rens": False,
    "mip_heuristic_run_rins": False,
    "mip_heuristic_run_root_reduced_cost": False,
}
"""Options of the search of the whole: plans are found by the small searches, and what it spent on
its own was half of its time."""


@dataclass(eq=False)
class _SideWatch(Watch):
    """Hands bounds on as they come, and keeps plans to itself."""

    main: Watch | None = None

    def bound(self, value: float, by: str = "") -> None:
        super().bound(value, by)
        if self.main is not None:
            self.main.bound(value, by)


@dataclass(eq=False)
class Race:
    """HiGHS on the whole problem in a thread of its own, from a first plan."""

    problem: Problem
    limits: Limits
    main: Watch
    start: IntArray
    outcome: Outcome | None = None
    side: _SideWatch = field(init=False)
    thread: threading.Thread = field(init=False)

    def __post_init__(self) -> None:
        self.side = _SideWatch(self.problem, began=self.main.began, main=self.main)
        self.thread = threading.Thread(target=self._run, name="territoryopt-race", daemon=True)
        self.thread.start()

    def _run(self) -> None:
        lead = min(MOST_LEAD, LEAD * self.limits.left)
        alone = replace(self.limits, threads=1, deadline=self.limits.deadline - lead)
        try:
            # Where no plan holds yet, it has to look for one as well.
            search = HighsBackend(options=FOR_BOUND if self.main.rep is not None else None)
            self.outcome = search.solve(self.problem, alone, self.start, self.side)
        except TerritoryoptError as error:
            self.side.notes.append(f"the search of the whole broke down: {error}")

    @property
    def won(self) -> bool:
        """Whether the search of the whole is done, and its plan as good as was asked."""
        return self.outcome is not None and self.outcome.finished and self.side.rep is not None

    def end(self) -> Outcome | None:
        """Stop it; its outcome where it won, else its plan is one among others."""
        won = self.won
        self.side.stopping.set()
        self.thread.join(PATIENCE)
        if self.side.rep is not None:
            if won:
                self.main.forget_plan()
            self.main.plan(self.side.rep)
        self.main.notes += self.side.notes
        return self.outcome if won else None
