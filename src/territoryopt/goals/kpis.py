"""KPIs: what each rep is held to besides the goal, with the formula and the columns of each."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from territoryopt.cells import FloatArray
from territoryopt.errors import FaultList, InputError
from territoryopt.goals.availability import Availability
from territoryopt.goals.cover import covered
from territoryopt.goals.measured import Measured
from territoryopt.goals.settings import GoalSettings
from territoryopt.goals.types import Kpi, LeftOut, RepGoal
from territoryopt.words import percent

VISITS = "visits/year"
SHARE = "share"
NAMES = ("sales", "retention", "new_business", "calls", "coverage")


def kpis(
    spec: GoalSettings, measured: Measured, reps: Sequence[RepGoal], there: Availability
) -> tuple[tuple[Kpi, ...], tuple[LeftOut, ...]]:
    """The KPIs whose columns are there, and why the others are not.

    Formula: sales = goal;  retention = Σ_i revenue_i (1 - churn_i);  new_business =
             max(0, goal - retention);  calls = Σ_i visits_i;  coverage = the share of the
             potential of a rep's accounts whose visits fit into its hours
    Symbols: i the accounts of the rep in the plan; churn the share of revenue lost in a year
    Units: currency/year, visits/year, a share from 0 to 1
    Source: the five are common practice; the formulas are our assumption
    """
    out: list[Kpi] = []
    absent: list[LeftOut] = []
    goals = np.array([rep.goal for rep in reps])
    money = f"{measured.run.model.currency}/year"
    out.append(_kpi("sales", money, "the goal", ("goals.csv: goal",), goals))
    retained = _retention(spec, measured, money)
    if isinstance(retained, LeftOut):
        absent += [retained, LeftOut("new_business", "it is the goal less retention")]
    else:
        kept = np.array(retained.targets)
        more = np.maximum(0.0, goals - kept)
        out.append(retained)
        out.append(
            _kpi("new_business", money, "the goal less retention, and no less than 0",
                 ("goals.csv: goal", *retained.columns), more)
        )  # fmt: skip
    for name, make in (("calls", _calls), ("coverage", _coverage)):
        found = make(spec, measured, there)
        if isinstance(found, LeftOut):
            absent.append(LeftOut(name, found.why))
        else:
            out.append(found)
    return tuple(out), tuple(absent)


def _kpi(
    name: str, unit: str, formula: str, columns: tuple[str, ...], values: FloatArray,
    together: Callable[[FloatArray], float] = lambda values: float(values.sum()),
) -> Kpi:  # fmt: skip
    return Kpi(name, unit, formula, columns, together(values), tuple(values.tolist()))


def _retention(spec: GoalSettings, measured: Measured, money: str) -> Kpi | LeftOut:
    churn, measure = spec.kpis.churn, spec.history.measure
    if churn is None:
        return LeftOut("retention", "no churn rate is stated; add churn under [kpis]")
    if why := measured.why_not(measure):
        return LeftOut("retention", why)
    sold = measured.of_accounts(measure)
    columns: tuple[str, ...] = (measured.run.model.source(measure),)
    if isinstance(churn, str):
        rate = _rates(measured, churn)
        words = f"(1 - {churn})"
        columns = (*columns, f"column {churn} of accounts.csv")
    else:
        rate = np.full(len(sold), churn)
        words = f"(1 - {churn:g})"
        columns = (*columns, f"churn {percent(churn)} a year, as stated")
    kept = measured.totals(sold * (1 - rate))
    return _kpi("retention", money, f"sum of {measure} x {words} over the rep's accounts", columns,
                np.round(kept, 2))  # fmt: skip


def _rates(measured: Measured, column: str) -> FloatArray:
    """A column of shares lost; InputError where one is above 1."""
    rate = measured.run.instance.account_numbers(column, minimum=0.0)
    faults, table = FaultList(InputError), measured.run.instance.accounts
    for i in np.flatnonzero(rate > 1):
        faults.add(
            "is above 1", "Give the share of the revenue lost in a year, from 0 to 1",
            file=table.file, row=int(table.lines[i]), column=column, value=table.columns[column][i],
        )  # fmt: skip
    faults.raise_if_any()
    return rate


def _visits_words(measured: Measured) -> str:
    source = measured.run.model.workload.visits_per_year
    return f"column {source} of accounts.csv" if isinstance(source, str) else f"{source:g} for all"


def _calls(spec: GoalSettings, measured: Measured, there: Availability) -> Kpi | LeftOut:
    visits = measured.visits
    if visits is None:
        column = measured.run.model.workload.visits_per_year
        return LeftOut("calls", f"accounts.csv has no column {column!r} full of numbers")
    return _kpi("calls", VISITS, "sum of visits a year over the rep's accounts",
                (_visits_words(measured),), measured.totals(visits))  # fmt: skip


def _coverage(spec: GoalSettings, measured: Measured, there: Availability) -> Kpi | LeftOut:
    measure = spec.potential.measure
    for each in (measure, "workload"):
        if why := measured.why_not(each):
            return LeftOut("coverage", why)
    hours = measured.rep_column(spec.capacity.column)
    visits = measured.visits
    if hours is None or visits is None:
        missing = spec.capacity.column if hours is None else "visits_per_year"
        return LeftOut("coverage", f"there is no column {missing!r} full of numbers")
    value = measured.of_accounts(measure)
    able = hours * np.array([float(share) for share in there.share])
    part = covered(measured.of_accounts("workload"), value, measured.rep, able)
    part = np.where(visits > 0, part, 0.0)
    total, seen = measured.totals(value), measured.totals(value * part)
    share = np.divide(seen, total, out=np.zeros(len(total)), where=total > 0)
    team = float(seen.sum() / total.sum()) if total.sum() else 0.0
    return _kpi(
        "coverage", SHARE,
        f"share of {measure} at accounts whose visits fit into the rep's hours, by {measure} per "
        "hour, the best first",
        (measured.run.model.source(measure), measured.run.model.source("workload"),
         f"column {spec.capacity.column} of reps.csv, less ramp and leave"),
        share, lambda _: team,
    )  # fmt: skip
