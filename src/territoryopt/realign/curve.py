"""What moving more accounts buys: the least money for each share of the accounts that may change
hands, with a bound, and the fewest moves below which no plan exists.

Points go from the fewest moves to no limit. A plan with fewer moves is one with more, and what no
plan with more moves undercuts, none with fewer does: plans are handed on upwards and bounds
downwards.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import TYPE_CHECKING, Literal

import numpy as np

from territoryopt.answers.fewest import FewestMoves, fewest_moves
from territoryopt.answers.series import Series, Stopped
from territoryopt.answers.showing import Shown
from territoryopt.answers.weights import MOVES, at_most_moves, of_goal
from territoryopt.errors import Fault, InputError
from territoryopt.gaps import relative_gap
from territoryopt.problem import IntArray, Problem, evaluate
from territoryopt.result import finite

if TYPE_CHECKING:
    import pandas as pd

SCHEMA = "territoryopt/moves-curve/1"

SHARES = (0.05, 0.08, 0.10, 0.20, 0.30, 0.40, 1.0)
SECONDS = 30.0

Standing = Literal["plan", "no plan", "not found"]


@dataclass(frozen=True, eq=False)
class CurvePoint:
    """At most `most` accounts may change hands, `share` of those that have an owner (1: no limit).

    standing: "plan"; "no plan" (by `source`: fewer than the fewest moves); "not found" in the time.
    money, moves: of the plan; bound: no plan with so few moves costs less, by `source`; proved:
    the part of it that our own arithmetic proves. Currency/year.
    """

    share: float
    most: int
    standing: Standing
    money: float
    moves: int
    bound: float
    proved: float
    source: str
    rep: IntArray | None = field(repr=False)

    @property
    def gap(self) -> float:
        return relative_gap(self.money, self.bound) if self.rep is not None else np.inf

    def as_dict(self) -> dict[str, object]:
        return {
            "share": self.share,
            "most": self.most,
            "standing": self.standing,
            "money": finite(self.money),
            "moves": self.moves if self.rep is not None else None,
            "bound": finite(self.bound),
            "proved": finite(self.proved),
            "source": self.source,
            "gap": finite(self.gap),
        }


@dataclass(frozen=True, eq=False)
class MovesCurve(Shown):
    """Points by rising share. fewest: what is known of the fewest moves."""

    points: tuple[CurvePoint, ...]
    fewest: FewestMoves
    owned: int
    seconds: float
    stopped: Stopped = None

    def as_dict(self) -> dict[str, object]:
        """The stable JSON contract `territoryopt/moves-curve/1`."""
        return {
            "schema": SCHEMA,
            "owned": self.owned,
            "fewest": self.fewest.as_dict(),
            "points": [point.as_dict() for point in self.points],
            "seconds": round(self.seconds, 3),
            "stopped": self.stopped,
        }

    def to_frame(self) -> pd.DataFrame:
        """One row per point."""
        import pandas as pd

        names = [each.name for each in fields(CurvePoint) if each.name != "rep"]
        return pd.DataFrame([point.as_dict() for point in self.points], columns=[*names, "gap"])


def moves_curve(
    problem: Problem,
    shares: Sequence[float] = SHARES,
    *,
    seconds: float = SECONDS,
    seed: int = 0,
    threads: int = 2,
    gap: float = 1e-4,
    progress: Callable[[str], None] | None = None,
) -> MovesCurve:
    """The least money for each share of the owned accounts that may change hands (1: no limit).

    seconds: for the fewest moves, and for each point. Raises InputError for shares that are none,
    and where nobody owns anything.
    """
    owned = int((problem.current >= 0).sum())
    wrong = [share for share in shares if not 0 <= share <= 1]
    if wrong or not shares:
        value = str(wrong[:1] or "")
        raise InputError([Fault("are fractions from 0 to 1", key="shares", value=value)])
    if not owned:
        raise InputError(["no account has an owner, so that none can change hands"])
    series = Series(seconds, seed=seed, threads=threads)
    told = progress or (lambda _: None)
    told("the fewest moves")
    fewest = fewest_moves(problem, seconds=seconds, seed=seed, threads=threads)
    made: list[CurvePoint] = []
    best = fewest.rep
    series.stopped = fewest.stopped
    with series:
        for share in sorted(set(shares)):
            most = int(np.floor(share * owned + 1e-9))
            if most < fewest.least:
                sure = most < fewest.proved
                made.append(CurvePoint(share, most, "no plan", np.inf, 0, np.inf,
                                       np.inf if sure else -np.inf,
                                       "proved" if sure else fewest.source, None))  # fmt: skip
                continue
            if series.over:
                break
            told(f"at most {most:,} moves")
            start = best if best is not None and _moves(problem, best) <= most else None
            asked = problem if share >= 1 else at_most_moves(problem, most)
            found = series.solve(asked, gap, start)
            if found.rep is not None:
                best = found.rep
                money = evaluate(problem, best).objective
                made.append(CurvePoint(share, most, "plan", money, _moves(problem, best),
                                       found.bound, found.proved_bound, found.bound_source,
                                       best))  # fmt: skip
            else:
                none = found.status == "infeasible"
                made.append(CurvePoint(share, most, "no plan" if none else "not found", np.inf, 0,
                                       found.bound, found.proved_bound, found.bound_source,
                                       None))  # fmt: skip
    points = _handed_down(_handed_up(made))
    return MovesCurve(points, fewest, owned, series.spent, series.stopped)


def _moves(problem: Problem, rep: IntArray) -> int:
    return round(of_goal(problem, MOVES, rep))


def _handed_up(points: list[CurvePoint]) -> list[CurvePoint]:
    """Each point with the best plan of those below it, where that is better than its own."""
    out: list[CurvePoint] = []
    for point in points:
        last = out[-1] if out else None
        if last is None or last.rep is None or last.money >= point.money:
            out.append(point)
            continue
        out.append(
            replace(point, standing="plan", money=last.money, moves=last.moves, rep=last.rep)
        )
    return out


def _handed_down(points: list[CurvePoint]) -> tuple[CurvePoint, ...]:
    """Each point with the best bound of those above it, where that is better than its own."""
    out: list[CurvePoint] = []
    for point in reversed(points):
        above = out[-1] if out else None
        if point.standing == "no plan" or above is None or above.standing != "plan":
            out.append(point)
            continue
        known = above if above.bound > point.bound else point
        proved = min(max(point.proved, above.proved), point.money)
        bound = min(known.bound, point.money)
        out.append(replace(point, proved=proved, bound=bound, source=known.source))
    return tuple(reversed(out))
