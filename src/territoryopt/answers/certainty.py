"""How sure is this plan: who is where in every good plan, who is contested, and other good plans.

An account belongs to the backbone within a distance d if every plan of at most the plan's money
plus d has it with the same rep. The prices prove that where every other rep's reduced cost lifts
their bound above that; where they do not, the plans found say that it is contested, or the
question stays open.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

import numpy as np

from territoryopt.answers.different import different
from territoryopt.answers.ground import Ground
from territoryopt.answers.series import Series, Stopped, check_share
from territoryopt.answers.showing import Shown
from territoryopt.problem import FloatArray, IntArray, evaluate
from territoryopt.problem.amounts import blocks
from territoryopt.problem.bound import reduced_costs
from territoryopt.reasons.explanation import Explanation
from territoryopt.result import finite

if TYPE_CHECKING:
    import pandas as pd

SCHEMA = "territoryopt/certainty/1"

Standing = Literal["proved", "seen", "contested"]

WITHIN = 0.01
"""The distance, as a fraction of the plan's money."""

PLANS = 4
"""Other plans that are looked for."""

SECONDS = 5.0
"""Seconds for each."""


@dataclass(frozen=True, eq=False)
class OtherPlan:
    """rep: int[accounts]. change: of the objective, currency/year. differing: accounts with another
    rep than in the plan in hand."""

    rep: IntArray = field(repr=False)
    change: float
    differing: int


@dataclass(frozen=True, eq=False)
class Certainty(Shown):
    """What is sure of a plan. within: the distance, currency/year. standing: of each account,
    "proved" (the same rep in every plan within the distance), "seen" (the same in all plans that
    were found: no proof) or "contested" (another rep in some plan found). margin: float[accounts],
    what another rep costs at least over the plan, by the prices, currency/year; inf where there is
    no other rep. plans: others within the distance, each far from those before. stopped: what ended
    the question before all were sought."""

    reasons: Explanation = field(repr=False)
    objective: float
    bound: float
    proved_bound: float
    bound_source: str
    within: float
    standing: tuple[Standing, ...] = field(repr=False)
    margin: FloatArray = field(repr=False)
    plans: tuple[OtherPlan, ...]
    seconds: float
    stopped: Stopped = None

    def count(self, standing: Standing) -> int:
        return self.standing.count(standing)

    def as_dict(self) -> dict[str, object]:
        """The stable JSON contract `territoryopt/certainty/1`."""
        problem = self.reasons.problem
        return {
            "schema": SCHEMA,
            "objective": self.objective,
            "bound": finite(self.bound),
            "proved_bound": finite(self.proved_bound),
            "bound_source": self.bound_source,
            "within": self.within,
            "accounts": [
                {
                    "account": problem.account_id(i),
                    "standing": standing,
                    "margin": finite(float(self.margin[i])),
                    "reps": self._reps(i),
                }
                for i, standing in enumerate(self.standing)
            ],
            "plans": [{"change": plan.change, "differing": plan.differing} for plan in self.plans],
            "seconds": round(self.seconds, 3),
            "stopped": self.stopped,
        }

    def _reps(self, account: int) -> list[str]:
        """The reps an account is with in the plans found, this one first."""
        plans = [self.reasons.rep, *(plan.rep for plan in self.plans)]
        found = dict.fromkeys(int(rep[account]) for rep in plans)
        return [self.reasons.problem.rep_id(j) for j in found]

    def to_frame(self) -> pd.DataFrame:
        """One row per account: its standing, its margin, and the reps it is seen with."""
        import pandas as pd

        problem = self.reasons.problem
        every = range(problem.accounts)
        return pd.DataFrame(
            {
                "account_id": [problem.account_id(i) for i in every],
                "standing": list(self.standing),
                "margin": self.margin,
                "reps": ["; ".join(self._reps(i)) for i in every],
            }
        )


def certainty(
    reasons: Explanation,
    *,
    within: float = WITHIN,
    plans: int = PLANS,
    seconds: float = SECONDS,
    time_limit: float = float("inf"),
    seed: int = 0,
    threads: int = 2,
    progress: Callable[[str], None] | None = None,
) -> Certainty:
    """How sure the plan of `reasons` is, within a fraction of its money.

    plans: how many others to look for; seconds: for each; time_limit: for all of them, and then, as
    after Ctrl-C, those found so far are given. progress: called with what is looked for. Raises
    InputError for numbers that cannot be used.
    """
    series = Series(seconds, time_limit, seed, threads)
    if within:
        check_share("within", within)
    ground = Ground(reasons, seed, threads)
    distance = within * abs(ground.objective)
    margin = margins(ground)
    sure = margin > distance
    found: list[IntArray] = []
    others: list[OtherPlan] = []
    with series:
        for k in range(plans):
            if series.over:
                break
            if progress is not None:
                progress(f"another plan within {within:.1%} ({k + 1} of {plans})")
            other = different(ground, [ground.rep, *found], distance, series)
            if other is None:
                break
            found.append(other)
            rep = ground.plan_of(other)
            change = evaluate(ground.unit, other).objective - ground.objective
            others.append(OtherPlan(rep, change, int((rep != reasons.rep).sum())))
    contested = np.zeros(ground.unit.accounts, dtype=bool)
    for rep in found:
        contested |= rep != ground.rep
    words: list[Standing] = [
        "contested" if c else "proved" if s else "seen"
        for c, s in zip(contested.tolist(), sure.tolist(), strict=True)
    ]
    unit_of = reasons.problem.units.unit_of
    return Certainty(
        reasons=reasons,
        objective=ground.objective,
        bound=ground.bound,
        proved_bound=ground.proved,
        bound_source=ground.source,
        within=distance,
        standing=tuple(words[u] for u in unit_of.tolist()),
        margin=margin[unit_of],
        plans=tuple(others),
        seconds=series.spent,
        stopped=series.stopped,
    )


def margins(ground: Ground) -> FloatArray:
    """float[units]: what any plan with another rep for the unit costs at least over the plan in
    hand, by the prices, currency/year; inf where nobody else may have it."""
    out = np.full(ground.unit.accounts, np.inf)
    room = ground.proof.bound - ground.objective
    for start, stop in blocks(ground.tight.accounts, ground.tight.reps):
        cost = reduced_costs(ground.tight, ground.prices, start, stop)
        least = cost.min(axis=1)
        cost[np.arange(stop - start), ground.rep[start:stop]] = np.inf
        out[start:stop] = cost.min(axis=1, initial=np.inf) - least + room
    return out
