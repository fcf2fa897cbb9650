"""A total shared out between limits, in whole cents: the goals, and the parts they are made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from territoryopt.errors import Fault, FaultList, InputError
from territoryopt.goals.settings import WEIGHTS, GoalSettings
from territoryopt.goals.sharing import (
    Infeasible,
    by_weight,
    exact,
    largest_remainder,
    shares,
    water_fill,
)
from territoryopt.goals.types import money_of, plain_money
from territoryopt.runs import Run
from territoryopt.words import percent

BASES = tuple(WEIGHTS)


@dataclass(eq=False)
class Shared:
    """Cents of each rep: goals, parts by the names of `PARTS`, and limits where there are any."""

    goals: list[int]
    parts: Mapping[str, list[int]]
    low: list[int | None]
    high: list[int | None]


def share_out(
    spec: GoalSettings,
    run: Run,
    total: int,
    step: int,
    weights: Mapping[str, Fraction],
    amounts: Mapping[str, list[Fraction]],
    history: list[Fraction] | None,
    file: str,
) -> Shared:
    """Goals and their parts in cents; see `set_goals` for the formula.

    total, step: cents. amounts: by part, what each rep has. history: money of each rep that limits
    on growth are taken of, None where there is none. Parts are whole units of money where total
    and step are. InputError where the limits do not let the total be met.
    """
    reps = len(run.instance.rep_ids)
    grain = 100 if total % 100 == 0 and step % 100 == 0 else 1
    split = by_weight(list(weights.values()), total // grain)
    parts = {
        name: [grain * n for n in by_weight(amounts[name], part)]
        for name, part in zip(weights, split, strict=True)
    }
    by_share = {name: shares(values) for name, values in amounts.items()}
    wanted = [
        sum((total * w * by_share[name][j] for name, w in weights.items()), Fraction(0)) / step
        for j in range(reps)
    ]
    low, high = _limits(spec, run, history, step, file)
    floors = [0 if lo is None else lo for lo in low]
    try:
        filled = water_fill(wanted, floors, high, total // step)
    except Infeasible as error:
        raise InputError([_out_of_reach(error, total, step, history, file)]) from None
    base = [sum(parts[name][j] for name in parts) for j in range(reps)]
    after = base
    if filled != wanted:
        exactly = [amount * step / grain for amount in filled]
        after = [grain * n for n in largest_remainder(exactly, total // grain)]
    goals = [units * step for units in largest_remainder(filled, total // step)]
    zero = [0] * reps
    return Shared(
        goals,
        {
            **{name: parts.get(name, zero) for name in BASES},
            "limits": [a - b for a, b in zip(after, base, strict=True)],
            "rounding": [g - a for g, a in zip(goals, after, strict=True)],
        },
        [None if lo is None else lo * step for lo in low],
        [None if hi is None else hi * step for hi in high],
    )


def _limits(
    spec: GoalSettings, run: Run, history: list[Fraction] | None, step: int, file: str
) -> tuple[list[int | None], list[int | None]]:
    """The least and the most of each rep in steps, rounded inwards; None where there is none."""
    growth, ids = spec.growth, run.instance.rep_ids
    faults = FaultList(InputError)
    for rep in growth.reps:
        if rep not in ids:
            faults.add("there is no such rep", f"Reps of the run: {', '.join(ids[:8])}", file=file,
                       key=f"growth.reps.{rep}")  # fmt: skip
    low: list[int | None] = [None] * len(ids)
    high: list[int | None] = [None] * len(ids)
    asked = any(x is not None for each in (growth, *growth.reps.values())
                for x in (each.least, each.most))  # fmt: skip
    if asked and history is None:
        faults.add("limits on growth need last year's sales, which are not there",
                   "Name them under [history]", file=file, key="growth")  # fmt: skip
    faults.raise_if_any()
    for j, rep in enumerate(ids):
        own = growth.reps.get(rep)
        least = growth.least if own is None or own.least is None else own.least
        most = growth.most if own is None or own.most is None else own.most
        if history is None or not history[j]:
            continue  # growth over nothing has no limit
        steps = history[j] * 100 / step
        if least is not None:
            low[j] = -((-exact(least) * steps) // 1)
        if most is not None:
            high[j] = (exact(most) * steps) // 1
        lo, hi = low[j], high[j]
        if lo is not None and hi is not None and lo > hi:
            apart = least is not None and most is not None and least > most
            faults.add(
                f"the least goal of {rep} is above the most" if apart else
                f"no multiple of the step lies between the least and the most of {rep}",
                "Set the limits farther apart" if apart else "Take a finer step",
                file=file, key=f"growth.reps.{rep}" if own is not None else "step",
            )  # fmt: skip
    faults.raise_if_any()
    return low, high


def _out_of_reach(
    error: Infeasible, total: int, step: int, history: list[Fraction] | None, file: str
) -> Fault:
    """By how much limits miss the total, and what would do."""
    whole = plain_money(money_of(total))
    past = 100 * sum(history or [], Fraction(0))
    ratio = f"; the total is {percent(float(total / past))} of last year's sales" if past else ""
    least = int(error.least * step)
    if total < least:
        return Fault(
            f"the least goals add up to {plain_money(money_of(least))}, "
            f"{plain_money(money_of(least - total))} more than the total {whole}{ratio}",
            "Lower growth.least, or raise the total by so much", file=file, key="growth.least",
        )  # fmt: skip
    assert error.most is not None
    most = int(error.most * step)
    return Fault(
        f"the most that goals may be adds up to {plain_money(money_of(most))}, "
        f"{plain_money(money_of(total - most))} less than the total {whole}{ratio}",
        "Raise growth.most, or lower the total by so much", file=file, key="growth.most",
    )  # fmt: skip
