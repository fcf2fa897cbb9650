"""The search for multipliers of the knapsack bound: subgradient steps from the LP's own prices.

    λ <- λ + θ (target - L(λ)) d / |d|²,   d = g + μ d,   g_i = 1 - Σ_j x_ij

with Polyak's step (1969, USSR Computational Mathematics 9, 14-29) and Camerini, Fratta and
Maffioli's deflection (1975, Math. Programming Study 3, 26-34). What is found proves nothing by
itself: `Knapsacks.bound` does.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from territoryopt.backends.tight.knapsack import Knapsacks
from territoryopt.problem import FloatArray

PATIENCE = 12
"""Steps without a better bound before θ is halved."""

LEAST_STEP = 2e-3
MOST_STEPS = 400
RISE = 2e-3
"""The first target is so much above the first bound, relative."""


@dataclass(eq=False)
class Ascent:
    """The search in slices. best: the largest bound so far, at `multipliers`, currency/year."""

    knapsacks: Knapsacks
    multipliers: FloatArray
    best: float = -np.inf
    value: float = -np.inf
    steps: int = 0
    _theta: float = 1.0
    _idle: int = 0
    _at: FloatArray = field(init=False)
    _way: FloatArray = field(init=False)
    _target: float = np.inf

    def __post_init__(self) -> None:
        self._at = self.multipliers.copy()
        self._way = np.zeros(len(self._at))

    @property
    def done(self) -> bool:
        """Whether steps have become too small, or too many, to help."""
        return self.steps >= MOST_STEPS or self._theta < LEAST_STEP

    def run(self, steps: int) -> float:
        """Take so many steps; the best bound."""
        for _ in range(steps):
            if self.done:
                break
            self._step()
        return self.best

    def _step(self) -> None:
        value, taken = self.knapsacks.value(self._at)
        self.steps += 1
        if not np.isfinite(value):
            self.best, self._theta = value, 0.0
            return
        if value > self.value:
            self.value, self.multipliers = value, self._at.copy()
            self.best = max(self.best, self.knapsacks.round_up(value))
            self._idle = 0
        else:
            self._idle += 1
        if self.steps == 1:
            self._target = value + RISE * max(1.0, abs(value))
        if self._idle >= PATIENCE:
            self._theta, self._idle = self._theta / 2, 0
            self._at, self._way = self.multipliers.copy(), np.zeros(len(self._at))
            # The target comes down with the hope for it.
            self._target = self.value + (self._target - self.value) / 2
            return
        gradient = 1.0 - taken
        if not gradient.any():
            self._theta = 0.0
            return
        against = float(self._way @ gradient)
        norm = float(self._way @ self._way)
        deflect = -1.5 * against / norm if against < 0 < norm else 0.0
        self._way = gradient + deflect * self._way
        length = self._theta * (self._target - value) / float(self._way @ self._way)
        self._at = self._at + length * self._way
