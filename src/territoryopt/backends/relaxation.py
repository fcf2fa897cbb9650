"""The LP relaxation: prices for the proved bound, and proof that no plan exists.

HiGHS finds the prices; what they prove is recomputed by `territoryopt.problem.prove`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from territoryopt.backends.highs_session import INFEASIBLE, Answer, Session, load, version_of
from territoryopt.backends.linear import LinearModel, linear_model
from territoryopt.backends.protocol import Limits, Watch
from territoryopt.backends.running import GRACE, run_watched
from territoryopt.errors import BackendError
from territoryopt.problem import IntArray, Prices, Problem, Proof, prove
from territoryopt.problem.amounts import BoolArray, blocks
from territoryopt.problem.bound import forbids

if TYPE_CHECKING:
    from territoryopt.backends.large.relax import Relaxation

MOST_WHOLE = 50_000
"""Pairs up to which the relaxation is solved as one model; at 250,000 decomposition takes a third
of the time."""

MOST_GROUPED = 250_000
"""The same of problems with groupings, which decomposition leaves out: with 600 to 900 groups of
three, 5,000 x 50 takes 4 to 7 s; 8,000 x 50 with 1,000 groups takes 30 s."""

GRACE_PER_ACCOUNT = 3e-6

WHOLE_SHARE = 0.4
"""Share of the time left that one model may take beyond `MOST_WHOLE`: a plan is wanted, too."""


@dataclass(frozen=True, eq=False)
class LpAnswer:
    """The LP relaxation as HiGHS leaves it.

    prices: of the problem's rows, and of its groupings where the relaxation was solved as one
    model, in our sign (`Prices`); zeros where HiGHS has none. infeasible:
    HiGHS says the relaxation has no solution, hence no plan exists (a claim). finished: solved to
    optimality. rep: int[accounts], each account's rep of largest share, -1 where there is no
    solution. split: accounts the LP shares among several reps. large: all that is known where the
    relaxation was solved by decomposition.
    """

    prices: Prices
    infeasible: bool
    finished: bool
    rep: IntArray
    split: int
    by: str
    large: Relaxation | None = None


@dataclass(frozen=True)
class PricedRow:
    """One hard row that takes part in a proof that no plan exists."""

    rule: str
    label: str
    price: float


@dataclass(frozen=True, eq=False)
class Infeasibility:
    """What the least-violation LP proves.

    violation: proved least sum over the hard rows of violation / scale, by any plan; inf where an
    account has no eligible rep. certified: it exceeds what the checker's tolerance forgives, so
    that no plan exists, by our own arithmetic whoever found the prices. conflicts: rows whose
    price is not zero, the dearest first (price: per unit of the row, in violation per unit).
    homeless: int[n], accounts without an eligible rep. proof: of `Problem.elastic()`.
    """

    certified: bool
    violation: float
    conflicts: tuple[PricedRow, ...]
    homeless: IntArray
    proof: Proof


def lp_prices(problem: Problem, limits: Limits, watch: Watch) -> LpAnswer:
    """Solve the LP relaxation over all eligible pairs: in one model where they are few, by
    decomposition where they are many. `problem` is over units.

    `prove(problem, answer.prices)` equals the LP optimum (to about 1e-9, and from below in any
    case), but that decomposition leaves groupings out. Problems with groupings are solved as one
    model up to `MOST_GROUPED` pairs, and by decomposition where that is not done in its share of
    the time. Raises BackendError if HiGHS is missing or breaks.
    """
    pairs = problem.accounts * problem.reps
    if problem.listed is not None or pairs <= MOST_WHOLE:
        return _whole(problem, limits, watch)
    if problem.groupings and pairs <= MOST_GROUPED:
        share = replace(limits, deadline=limits.deadline - (1.0 - WHOLE_SHARE) * limits.left)
        answer = _whole(problem, share, watch)
        if answer.finished or answer.infeasible:
            return answer
    return _decomposed(problem, limits, watch)


def _whole(problem: Problem, limits: Limits, watch: Watch) -> LpAnswer:
    """The relaxation as one model, groupings and all."""
    model = linear_model(problem)
    answer, by = _relaxation(model, limits, watch)
    prices, rep, split = Prices.zero(problem), np.full(problem.accounts, -1, dtype=np.int64), 0
    if answer is not None and answer.row_dual is not None:
        prices = model.prices_of(answer.row_dual)
    if answer is not None and answer.values is not None:
        rep = model.plan_of(answer.values)
        inner = (answer.values[: len(model.pairs)] > 1e-6) & (
            answer.values[: len(model.pairs)] < 1 - 1e-6
        )
        split = len(np.unique(model.pairs.account[inner]))
    status = answer.status if answer is not None else ""
    return LpAnswer(prices, status in INFEASIBLE, status == "Optimal", rep, split, by)


def _decomposed(problem: Problem, limits: Limits, watch: Watch) -> LpAnswer:
    from territoryopt.backends.large.relax import relax

    # A step over all accounts is not cut short; at ten million it takes some seconds.
    grace = GRACE + GRACE_PER_ACCOUNT * problem.accounts
    found = run_watched(lambda: relax(problem, limits, watch), lambda: None, limits, watch, grace)
    if found is None:  # left behind
        nobody = np.full(problem.accounts, -1, dtype=np.int64)
        return LpAnswer(Prices.zero(problem), False, False, nobody, 0, version_of(load()))
    by = version_of(load())
    return LpAnswer(
        found.proof.prices, found.broken, found.finished, found.rep, found.split, by, found
    )


def infeasibility(
    problem: Problem, limits: Limits, watch: Watch, known: Proof | None = None
) -> Infeasibility:
    """Whether no plan exists, by the LP over eligible pairs in which hard rows may be violated, or
    by a proof of `Problem.elastic` that is known already.

    Groupings and integrality are dropped, so that "not certified" proves nothing. Raises
    BackendError if HiGHS is missing or breaks.
    """
    elastic = problem.elastic()
    proof = known
    if proof is None:
        proof = prove(elastic, lp_prices(elastic, limits, watch).prices)
    conflicts = [
        PricedRow(rows.name, rows.labels[r], float(y[r]))
        for rows, y in zip(elastic.rows, proof.prices.rows, strict=True)
        for r in np.flatnonzero(np.abs(y) * rows.scale > 1e-6)
    ]
    conflicts.sort(key=lambda each: -abs(each.price))
    homeless = np.flatnonzero(~_housed(elastic))
    return Infeasibility(
        certified=forbids(elastic, proof),
        violation=proof.bound,
        conflicts=tuple(conflicts),
        homeless=homeless,
        proof=proof,
    )


def _housed(problem: Problem) -> BoolArray:
    """bool[accounts]: whether some rep is eligible."""
    out = np.zeros(problem.accounts, dtype=bool)
    for start, stop in blocks(problem.accounts, problem.reps):
        out[start:stop] = problem.eligible_block(start, stop).any(axis=1)
    return out


def _relaxation(model: LinearModel, limits: Limits, watch: Watch) -> tuple[Answer | None, str]:
    session = Session(model, limits, relaxed=True)
    # At every size measured (20 thousand to a million pairs) the simplex method was faster than the
    # interior-point method, which at a million without crossover gave prices that prove little.
    session.option("solver", "simplex")
    session.watch(watch)
    try:
        answer = run_watched(session.run, session.stop, limits, watch)
    except BackendError as error:
        # Prices are a help, not a need: without them the bound is only weaker.
        watch.notes.append(f"there are no prices of the relaxation: {error}")
        return None, session.by
    if answer is not None:
        session.close()
    return answer, session.by
