"""The fewest accounts that must change hands for every rule to hold, proven."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from territoryopt.answers.series import Series, Stopped
from territoryopt.answers.showing import Shown
from territoryopt.answers.weights import MOVES, moves_cost, of_goal
from territoryopt.problem import IntArray, Problem

if TYPE_CHECKING:
    import pandas as pd

SCHEMA = "territoryopt/fewest-moves/1"

SECONDS = 30.0


@dataclass(frozen=True, eq=False)
class FewestMoves(Shown):
    """The fewest accounts that must change hands so that every rule holds. moves: of the plan rep;
    least: no plan has fewer, by `source`; proved: nor fewer than that, by our own arithmetic.
    stopped: what ended the search early."""

    moves: int | None
    least: int
    source: str
    rep: IntArray | None = field(repr=False)
    stopped: Stopped = None
    proved: int = 0

    def as_dict(self) -> dict[str, object]:
        """The stable JSON contract `territoryopt/fewest-moves/1`."""
        return {
            "schema": SCHEMA,
            "moves": self.moves,
            "least": self.least,
            "source": self.source,
            "proved": self.proved,
            "stopped": self.stopped,
        }

    def to_frame(self) -> pd.DataFrame:
        """One row."""
        import pandas as pd

        return pd.DataFrame([{k: v for k, v in self.as_dict().items() if k != "schema"}])


def fewest_moves(
    problem: Problem,
    *,
    seconds: float = SECONDS,
    seed: int = 0,
    threads: int = 2,
    start: ArrayLike | None = None,
) -> FewestMoves:
    """The fewest moves from the present owners that keep every rule that must hold; money plays no
    part. Accounts without an owner count nothing. start: a plan int[accounts] in hand."""
    series = Series(seconds, seed=seed, threads=threads)
    asked = replace(problem.feasibility(), costs=(moves_cost(problem, 1.0),))
    found = series.solve(asked, 1e-9, start)
    bound = found.bound if np.isfinite(found.bound) else 0.0
    moves = None if found.rep is None else round(of_goal(problem, MOVES, found.rep))
    least = _least(bound)
    # Moves are whole: a proved 2.3 proves 3, whatever a solver claims beyond.
    proved = _least(found.proved_bound) if np.isfinite(found.proved_bound) else 0
    source = "proved" if proved >= least else found.bound_source
    return FewestMoves(moves, least, source, found.rep, series.stopped, min(proved, least))


def _least(bound: float) -> int:
    """The least whole number of moves that a bound allows."""
    return max(0, int(np.ceil(bound - 1e-6)))
