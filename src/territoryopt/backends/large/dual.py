"""Prices of the side rows by a smoothed dual: near those of the LP relaxation, at any size.

The bound of `territoryopt.problem.bound` is concave in the prices y and has kinks. Smoothed at a
heat h_i (currency/year per account) it is

    g_h(y) = Σ_i -h_i log Σ_{j candidate} exp(-r_ij(y) / h_i) + Σ_r (y_r k_r - φ*_r(y_r) smoothed),

whose slope in y_r is the activity of the row under the soft assignment less what its bounds give
(Nesterov 2005, Math. Programming 103, 127-152; for transport Cuturi 2013, NIPS 26, 2292-2300).
L-BFGS-B climbs it while h falls in stages; between the stages the candidates are listed anew by a
pass over all pairs, so that no list starves a rep for long. Prices stay in a box: where the rows
cannot all hold they run to its sides instead of to infinity, and say which rows it is.

Nothing here is a proof: `prove` says what the prices are worth.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.optimize import minimize

from territoryopt.backends.large import kernels
from territoryopt.backends.large.candidates import Candidates, in_chunks
from territoryopt.backends.large.rowtable import RowTable
from territoryopt.problem import FloatArray

LEAST_HEAT = 1e-9


@dataclass(frozen=True, eq=False)
class Scales:
    """step: currency/year, what another rep costs an account more as a rule: float[n] each
    account's own, `mean` the mean. unit: float[rows], price of a row at which its typical amount
    weighs one mean step (currency/year per unit of the row)."""

    step: FloatArray
    mean: float
    unit: FloatArray

    @staticmethod
    def of(table: RowTable, candidates: Candidates) -> Scales:
        """From the costs and amounts of candidates."""
        listed = candidates.rep >= 0
        count = np.maximum(1, listed.sum(axis=1))
        cost = np.where(listed, candidates.cost, 0.0)
        least = np.where(listed, candidates.cost, np.inf).min(axis=1, initial=np.inf)
        step = cost.sum(axis=1) / count - np.where(np.isfinite(least), least, 0.0)
        mean = float(step.mean()) if len(step) else 0.0
        typical = np.zeros(table.parts)
        for p in range(table.parts):
            size = np.abs(candidates.amount[:, :, p][listed])
            typical[p] = float(size.mean()) if size.size else 0.0
        if mean <= 0:
            # All reps cost the same: what the rows charge an account is all the money there is.
            charge = np.where(np.isfinite(table.price), table.price, 0.0) * typical[table.part]
            mean = float(charge.max(initial=0.0)) or 1.0
        step = np.maximum(step, 0.05 * mean)
        unit = mean / np.where(typical > 0, typical, 1.0)[table.part]
        return Scales(step, mean, unit)


@dataclass(eq=False)
class Dual:
    """The smoothed dual over some candidates.

    weight: how many accounts each candidate account stands for (a sample of n of N: N/n). box:
    float[rows], the largest |price| allowed, currency/year per unit of the row.
    """

    table: RowTable
    candidates: Candidates
    scales: Scales
    box: FloatArray
    weight: float
    pool: ThreadPoolExecutor
    going: Callable[[], bool]

    def climb(self, y: FloatArray, heat: float, steps: int, radius: FloatArray) -> FloatArray:
        """Prices float[rows] after up to `steps` steps of L-BFGS-B at `heat` (of a step), none
        farther than `radius` from y (float[rows], currency/year per unit of the row)."""
        if not len(y) or not self.going():
            return y
        unit = self.scales.unit
        low, high = self.sides()
        y = np.clip(y, low, high)
        low, high = np.maximum(low, y - radius), np.minimum(high, y + radius)
        size = self.scales.mean * max(1, len(self.candidates)) * self.weight
        warmth = np.maximum(LEAST_HEAT, heat * self.scales.step)
        round_off = heat * unit

        def negative(z: FloatArray) -> tuple[float, FloatArray]:
            value, slope = self._smoothed(z * unit, warmth, round_off)
            return -value / size, -(slope * unit) / size

        def watch(_: FloatArray) -> None:
            if not self.going():
                raise StopIteration

        found: Any = minimize(  # type: ignore[call-overload]
            negative,
            y / unit,
            jac=True,
            method="L-BFGS-B",
            bounds=list(zip(low / unit, high / unit, strict=True)),
            callback=watch,
            options={"maxiter": steps, "maxcor": 20, "ftol": 1e-10, "gtol": 1e-10, "maxls": 30},
        )
        out: FloatArray = np.clip(found.x * unit, low, high)
        return out

    def sides(self) -> tuple[FloatArray, FloatArray]:
        """The least and the largest price of each row."""
        most = np.minimum(self.box, self.table.price)
        low = np.where(np.isneginf(self.table.lower), 0.0, -most)
        high = np.where(np.isposinf(self.table.upper), 0.0, most)
        return low, high

    def _smoothed(
        self, y: FloatArray, warmth: FloatArray, round_off: FloatArray
    ) -> tuple[float, FloatArray]:
        table, candidates = self.table, self.candidates
        price = table.by_rep(y)

        def work(part: tuple[int, int]) -> tuple[float, FloatArray]:
            activity = np.zeros(len(table))
            value = kernels.soft_minimum(
                candidates.rep, candidates.cost, candidates.amount, price, table.row, warmth,
                *part, activity,
            )  # fmt: skip
            return value, activity

        answers = in_chunks(work, len(candidates), self.pool)
        value = self.weight * sum(answer[0] for answer in answers)
        activity = self.weight * np.sum([answer[1] for answer in answers], axis=0)
        given, side = self._support(y, round_off)
        value += float((y * table.constant - given).sum())
        slope = activity + table.constant - side
        for p in table.worst:
            rows = slice(int(table.first[p]), int(table.first[p + 1]))
            inverse = 1.0 / np.maximum(table.price[rows], 1e-300)
            over = float((np.abs(y[rows]) * inverse).sum()) - 1.0
            if over > 0:
                # Beyond the budget of a worst row a steep charge; `valid_prices` ends it exactly.
                steep = 1e3 * self.scales.mean * len(candidates) * self.weight
                value -= steep * over**2
                slope[rows] -= 2 * steep * over * inverse * np.sign(y[rows])
        return value, slope

    def _support(self, y: FloatArray, round_off: FloatArray) -> tuple[FloatArray, FloatArray]:
        """φ*_r(y_r) with the kink at zero rounded off, and its slope; float[rows] both."""
        table = self.table
        both = np.isfinite(table.lower) & np.isfinite(table.upper)
        upper = np.where(np.isfinite(table.upper), table.upper, 0.0)
        lower = np.where(np.isfinite(table.lower), table.lower, 0.0)
        # A row with one side has prices of one sign only, and no kink.
        middle = np.where(both, (upper + lower) / 2, upper + lower)
        half = np.where(both, (upper - lower) / 2, 0.0)
        size = np.abs(y)
        inside = size < round_off
        bend = np.where(inside, y * y / (2 * round_off), size - round_off / 2)
        slope = np.where(inside, y / round_off, np.sign(y))
        return middle * y + half * bend, middle + half * slope
