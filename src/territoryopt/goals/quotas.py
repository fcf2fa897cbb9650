"""A goal for each rep: a total shared out by potential, history and capacity, kept to the cent."""

from __future__ import annotations

import os
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from fractions import Fraction

import numpy as np

from territoryopt.cells import FloatArray
from territoryopt.errors import Fault, FaultList, InputError, shortened
from territoryopt.goals.availability import Availability, availability
from territoryopt.goals.kpis import kpis
from territoryopt.goals.limits import BASES, Shared, share_out
from territoryopt.goals.measured import Measured
from territoryopt.goals.segments import segment_goals
from territoryopt.goals.settings import LARGEST, WEIGHTS, GoalSettings, load_goal_settings
from territoryopt.goals.sharing import exact, rounded_table, shares
from territoryopt.goals.telling import fairness, rep_sentence, summary
from territoryopt.goals.types import (
    PARTS,
    Goals,
    LeftOut,
    RepGoal,
    cents,
    money_of,
    plain_money,
)
from territoryopt.run_record import RESULT
from territoryopt.runs import Run
from territoryopt.tables import sha256_of
from territoryopt.words import plural

FILE = "goals.toml"


@dataclass(eq=False)
class _Basis:
    """What goals stand on: float64[reps] each, None where it is not there, then `why`."""

    potential: FloatArray | None
    history: FloatArray | None
    capacity: FloatArray | None
    taken_over: FloatArray | None
    history_today: FloatArray | None
    why: dict[str, tuple[str, str]]

    def of(self, name: str) -> FloatArray | None:
        found: FloatArray | None = getattr(self, name)
        return found


def set_goals(
    run: Run,
    total: float | str | Decimal | None = None,
    *,
    settings: GoalSettings | str | os.PathLike[str] | None = None,
) -> Goals:
    """A goal for each rep of a plan, money a year, that together are `total` to the cent.

    Formula: b_j = T Σ_k w_k V_kj / Σ_j V_kj          what the shares say
             c_j = min(high_j, max(low_j, λ b_j))     with limits on growth, λ so that Σ c_j = T
             g_j = c_j rounded to the step by largest remainders, Σ g_j = T
    Symbols: T the total; w_k the weights of potential, history and capacity, adding up to 1; V_kj
             what rep j has of each in the plan: potential and last year's sales of its accounts
             (those taken over with it), hours, times the share of the year that ramp and leave
             leave; low_j, high_j = least and most times that history, rounded inwards to the step
    Units: currency/year; parts of a goal are exact to the cent and add up to it
    Errors: InputError where the total, the file or a column cannot be used, or where the limits
            cannot add up to the total, with by how much
    Source: goals by history and potential, and their fairness: Zoltners, Sinha & Lorimer 2006, The
            Complete Guide to Sales Force Incentive Compensation, AMACOM, on setting quotas; the
            weights we take where none are given are our assumption

    settings: a goals.toml or what was read of one; a total given here goes before that of the file.
    """
    file = FILE
    text = ""
    if isinstance(settings, str | os.PathLike):
        file = os.path.basename(os.fspath(settings))
        settings = load_goal_settings(settings)
    spec = settings or GoalSettings()
    if settings is not None:
        text = spec.model_dump_json(exclude_defaults=True)
    whole, step = _total(spec, total, file)
    measured = Measured(run)
    there = availability(spec, run.instance, file)
    basis = _basis(spec, measured)
    weights = _weights(spec, basis, file)
    amounts = {name: _available(spec, name, basis, there) for name in weights}
    for name, values in amounts.items():
        if not sum(values, Fraction(0)):
            raise InputError([Fault(f"nobody has any {name}, so no share can go by it",
                                    f"Take {name} out of the weights", file=file,
                                    key=f"weights.{name}")])  # fmt: skip
    shared = share_out(spec, run, whole, step, weights, amounts, _repeatable(spec, basis, there),
                        file)  # fmt: skip
    reps = _rep_goals(spec, measured, basis, there, shared, step)
    found = fairness(reps, run.model.currency)
    table, absent = kpis(spec, measured, reps, there)
    segments = segment_goals(spec, measured, reps, step, file)
    left = [LeftOut(f"a share by {name}", why) for name, why in _dropped(spec, basis)]
    return Goals(
        total=money_of(whole),
        step=money_of(step),
        currency=run.model.currency,
        weights={name: float(weights.get(name, 0)) for name in BASES},
        periods=_period_names(spec),
        summary=summary(money_of(whole), run.model.currency, weights, reps, spec),
        reps=reps,
        fairness=found,
        kpis=table,
        segment_column=spec.segments.column if spec.segments else "",
        segments=segments,
        left_out=(*left, *absent),
        run=run.folder.name,
        run_sha256=sha256_of(run.folder / RESULT),
        settings=text,
    )


def _total(spec: GoalSettings, given: float | str | Decimal | None, file: str) -> tuple[int, int]:
    """The total and the step in cents."""
    value = spec.total if given is None else given
    if value is None:
        raise InputError([Fault("there is no total to share out",
                                "Give it: --total 12000000, or total = 12000000 in the file",
                                file=file, key="total")])  # fmt: skip
    named = file if given is None else ""
    try:
        money = Decimal(str(value))
    except InvalidOperation:
        money = Decimal("NaN")
    if not (money.is_finite() and 0 < money <= Decimal(LARGEST)):
        remedy = "Give money a year above zero and at most 1e13, as a plain number"
        raise InputError(
            [Fault("is no total", remedy, file=named, key="total", value=shortened(value))]
        )
    if money * 100 != int(money * 100):
        raise InputError([Fault("has more than two digits after the point", "Give it to the cent",
                                file=named, key="total", value=shortened(value))])  # fmt: skip
    whole = int(money * 100)
    if spec.step is None:
        return whole, 100 if whole % 100 == 0 else 1
    if exact(spec.step) * 100 != cents(spec.step) or cents(spec.step) < 1:
        raise InputError([Fault("is no whole number of cents", "Give 0.01, 1, 100 or such",
                                file=file, key="step", value=str(spec.step))])  # fmt: skip
    step = cents(spec.step)
    if whole % step:
        low = whole - whole % step
        one, two, three = (plain_money(money_of(c)) for c in (whole, low, low + step))
        raise InputError(
            [Fault(f"the total {one} is no multiple of the step {plain_money(spec.step)}",
                   f"Take {two} or {three}, or a finer step", file=file, key="step")]
        )  # fmt: skip
    return whole, step


def _basis(spec: GoalSettings, measured: Measured) -> _Basis:
    """What each rep has to stand on, and why something is not there (reason, key)."""
    why: dict[str, tuple[str, str]] = {}
    potential = history = taken = today = None
    run, unit = measured.run, f"{measured.run.model.currency}/year"

    def wanted(name: str, measure: str) -> bool:
        problem = measured.why_not(measure)
        if not problem and measured.unit(measure) != unit:
            problem = f"the measure {measure} is counted in {measured.unit(measure)}, not {unit}"
        if problem:
            why[name] = (problem, f"{name}.measure")
        return not problem

    if wanted("potential", spec.potential.measure):
        potential = measured.of_reps(spec.potential.measure)
    if spec.history.reps is not None:
        history = run.instance.rep_numbers(spec.history.reps, minimum=0.0)
        today = history
    elif wanted("history", spec.history.measure):
        sold = measured.of_accounts(spec.history.measure)
        history = measured.totals(sold)
        current = measured.current
        came = (current >= 0) & (current != measured.rep)
        taken = measured.totals(np.where(came, sold, 0.0))
        now = measured.of_accounts(spec.history.measure, current)
        today = measured.totals(now, current)
    for name, values in (("potential", potential), ("history", history)):
        if values is not None and (values < 0).any():
            below = plural(int((values < 0).sum()), "rep")
            why[name] = (f"it is below zero for {below}", f"{name}.measure")
    potential = None if "potential" in why else potential
    history = None if "history" in why else history
    column = spec.capacity.column
    capacity = measured.rep_column(column)
    if capacity is None:
        there = column in run.instance.reps.columns
        problem = "has blank cells or cells that are no number" if there else "is not there"
        why["capacity"] = (f"the column {column} of {run.instance.reps.file} {problem}",
                           "capacity.column")  # fmt: skip
    return _Basis(potential, history, capacity, taken, today, why)


def _weights(spec: GoalSettings, basis: _Basis, file: str) -> dict[str, Fraction]:
    """The weights of what is there, adding up to 1. A weight that was asked for and has nothing to
    stand on is refused."""
    asked = WEIGHTS if spec.weights is None else spec.weights.model_dump()
    if spec.weights is not None:
        faults = FaultList(InputError)
        for name, (reason, key) in basis.why.items():
            if asked[name]:
                faults.add(f"weights.{name} cannot be used: {reason}",
                           f"Name another under [{name}], or leave the weight out",
                           file=file, key=key)  # fmt: skip
        faults.raise_if_any()
    there = {n: exact(w) for n, w in asked.items() if w and basis.of(n) is not None
             and (spec.weights is not None or basis.of(n).sum() > 0)}  # type: ignore[union-attr] # fmt: skip
    if not there:
        reasons = "; ".join(reason for reason, _ in basis.why.values())
        message = f"there is nothing to share the total by: {reasons}"
        remedy = "Name measures under [potential] or [history]"
        raise InputError([Fault(message, remedy, file=file)])
    return dict(zip(there, shares(list(there.values())), strict=True))


def _dropped(spec: GoalSettings, basis: _Basis) -> list[tuple[str, str]]:
    """Parts that would have a weight by default and have nothing to stand on."""
    if spec.weights is not None:
        return []
    out = []
    for name in BASES:
        values = basis.of(name)
        if values is None:
            out.append((name, basis.why[name][0]))
        elif not values.sum() > 0:
            out.append((name, f"nobody has any {name}"))
    return out


def _available(spec: GoalSettings, name: str, basis: _Basis, there: Availability) -> list[Fraction]:
    values = basis.of(name)
    assert values is not None
    lowered = name == "capacity" or spec.availability.applies_to == "all"
    return [
        Fraction(cents(v), 100) * (share if lowered else 1)
        for v, share in zip(values.tolist(), there.share, strict=True)
    ]


def _repeatable(spec: GoalSettings, basis: _Basis, there: Availability) -> list[Fraction] | None:
    """The history, in money, that limits on growth are taken of."""
    if basis.history is None:
        return None
    return _available(spec, "history", basis, there)


def _period_names(spec: GoalSettings) -> tuple[str, ...]:
    count = len(spec.seasons.weights)
    return tuple(f"Q{k}" if count == 4 else f"M{k:02}" for k in range(1, count + 1))


def _periods(
    spec: GoalSettings, there: Availability, goals: list[int], step: int
) -> list[tuple[float, ...]]:
    """Each goal by quarter or month, with the sums of reps and of periods kept."""
    rows = []
    for goal, season in zip(goals, there.season, strict=True):
        weight = season
        if len(spec.seasons.weights) == 4:
            weight = [sum(season[k : k + 3], Fraction(0)) for k in range(0, 12, 3)]
        rows.append([goal // step * share for share in shares(weight)])
    return [tuple(money_of(n * step) for n in row) for row in rounded_table(rows)]


def _rep_goals(
    spec: GoalSettings,
    measured: Measured,
    basis: _Basis,
    there: Availability,
    shared: Shared,
    step: int,
) -> tuple[RepGoal, ...]:
    instance, currency = measured.run.instance, measured.run.model.currency
    periods = _periods(spec, there, shared.goals, step)
    accounts = np.bincount(measured.rep[measured.rep >= 0], minlength=measured.reps).tolist()
    totals = {name: money_of(sum(shared.parts[name])) for name in BASES}
    out = []
    for j, rep in enumerate(instance.rep_ids):
        goal, share = money_of(shared.goals[j]), float(there.share[j])

        def at(values: FloatArray | None, j: int = j) -> float | None:
            return None if values is None else float(values[j])

        def per(value: float | None, goal: float = goal) -> float | None:
            return goal / value if value else None

        history, hours = at(basis.history), at(basis.capacity)
        hours = None if hours is None else hours * share
        ratio = per(history)
        low, high = shared.low[j], shared.high[j]
        limit = {shared.goals[j]: "", high: "most", low: "least"}.get(shared.goals[j], "")
        if not shared.parts["limits"][j]:
            limit = ""  # it would have been there by its shares
        found = RepGoal(
            rep=rep,
            name=instance.rep_names[j],
            accounts=accounts[j],
            goal=goal,
            parts={name: money_of(shared.parts[name][j]) for name in PARTS},
            limit=limit,
            low=None if low is None else money_of(low),
            high=None if high is None else money_of(high),
            potential=at(basis.potential),
            history=history,
            taken_over=at(basis.taken_over),
            history_today=at(basis.history_today),
            hours=hours,
            share_of_year=share,
            goal_per_potential=per(at(basis.potential)),
            goal_per_hour=per(hours),
            growth=None if ratio is None else ratio - 1,
            periods=periods[j],
            text="",
        )
        out.append(rep_sentence(found, currency, totals, spec))
    return tuple(out)
