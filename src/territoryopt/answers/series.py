"""The searches of one question, one after the other, under one limit.

A question that takes many searches (a rule, a point or a plan each) gives what it has when its time
is up or Ctrl-C comes: one mechanism for all of them, so that no search begins after that.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Literal

import numpy as np

from territoryopt.backends.protocol import Limits
from territoryopt.errors import FaultList, InputError
from territoryopt.problem import Problem
from territoryopt.result import Result
from territoryopt.solving import solve

Stopped = Literal["interrupted", "time limit"] | None
"""What ended a question before everything was looked at."""


@dataclass(eq=False)
class Series:
    """Use as a context: Ctrl-C between searches ends it, as one within a search does.

    seconds: for each search; time_limit: for all of them, from now on. Raises InputError for
    numbers that cannot be used.
    """

    seconds: float
    time_limit: float = float("inf")
    seed: int = 0
    threads: int = 2
    began: float = field(default_factory=time.monotonic)
    stopped: Stopped = None

    def __post_init__(self) -> None:
        faults = FaultList(InputError)
        for key, value in (("seconds", self.seconds), ("time_limit", self.time_limit)):
            if not value > 0:
                faults.add("cannot be used", "Give seconds above zero", key=key, value=value)
        faults.raise_if_any()

    def __enter__(self) -> Series:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None,
        trace: TracebackType | None,
    ) -> bool:  # fmt: skip
        if kind is not KeyboardInterrupt:
            return False
        self.stopped = "interrupted"
        return True

    @property
    def spent(self) -> float:
        return time.monotonic() - self.began

    @property
    def left(self) -> float:
        """Seconds until the limit of the whole."""
        return max(0.0, self.time_limit - self.spent)

    @property
    def over(self) -> bool:
        """Whether no other search may begin."""
        if self.stopped is None and self.left <= 0:
            self.stopped = "time limit"
        return self.stopped is not None

    def limits(self, seconds: float, gap: float = 1e-4) -> Limits:
        """What a search of so many seconds must honour."""
        deadline = time.monotonic() + min(seconds, self.left)
        return Limits(deadline, gap, self.seed, self.threads)

    def solve(
        self, problem: Problem, gap: float, start: Any = None, seconds: float | None = None
    ) -> Result:
        """One search; the series ends where Ctrl-C ended it."""
        given = self.seconds if seconds is None else seconds
        result = solve(
            problem, time_limit=max(1e-3, min(given, self.left)), gap=gap, seed=self.seed,
            threads=self.threads, start=start,
        )  # fmt: skip
        if result.interrupted:
            self.stopped = "interrupted"
        return result


def check_share(name: str, value: float, most: float = np.inf) -> None:
    """Raises InputError where a fraction is not above zero and at most `most`."""
    if not 0 < value <= most:
        faults = FaultList(InputError)
        need = "a number above zero" if np.isinf(most) else f"a number above 0, up to {most:g}"
        faults.add("cannot be used", f"Give {need}", key=name, value=value)
        raise InputError(faults.problems)
