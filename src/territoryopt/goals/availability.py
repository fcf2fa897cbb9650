"""How much of the year each rep is there: first days, months of ramp, leave."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from territoryopt.errors import FaultList, InputError
from territoryopt.goals.settings import GoalSettings
from territoryopt.goals.sharing import exact, shares
from territoryopt.instance import Instance

MONTHS = 12


@dataclass(frozen=True)
class Availability:
    """share: of the year, for each rep, from 0 to 1, weighted by the seasons. season: for each rep
    the weight of each month, all that it can do there."""

    share: list[Fraction]
    season: list[list[Fraction]]


def months_of(settings: GoalSettings) -> list[Fraction]:
    """The weight of each month of the year, adding up to 1; those of a quarter alike."""
    given = shares([exact(w) for w in settings.seasons.weights])
    if len(given) == MONTHS:
        return given
    return [quarter / 3 for quarter in given for _ in range(3)]


def availability(settings: GoalSettings, instance: Instance, file: str) -> Availability:
    """What ramp and leave leave of the year of each rep.

    Formula: share_j = leave_j · Σ_m season_m ramp_jm
    Symbols: season_m the weight of month m; ramp_jm 0 before the month of the first day, then the
             ramp's shares month by month, then 1; leave_j the share of the year worked
    Errors: InputError for ids that are no rep, dates that are none, numbers outside 0..1
    Source: our assumption: productivity grows by whole months, and leave falls evenly on the year
    """
    faults = FaultList(InputError)
    reps = instance.rep_ids
    number = {rep: j for j, rep in enumerate(reps)}
    leave = [Fraction(1)] * len(reps)
    spec = settings.availability
    if spec.column is not None:
        leave = [exact(v) for v in _column(instance, spec.column, faults)]
    for rep, value in spec.reps.items():
        if _known(rep, number, f"availability.reps.{rep}", file, faults):
            leave[number[rep]] = exact(value)
    season = months_of(settings)
    table = [list(season) for _ in reps]
    if settings.ramp is not None and settings.year_begins is not None:
        for rep, first in _starts(settings, instance, number, file, faults).items():
            ramp = [exact(v) for v in settings.ramp.months]
            for m in range(MONTHS):
                begun = _months_between(first, settings.year_begins) + m
                part = Fraction(0) if begun < 0 else ramp[begun] if begun < len(ramp) else 1
                table[number[rep]][m] = season[m] * part
    faults.raise_if_any()
    whole = [sum(row, Fraction(0)) for row in table]
    return Availability(
        [part * leave for part, leave in zip(whole, leave, strict=True)],
        [row if part else list(season) for row, part in zip(table, whole, strict=True)],
    )


def _months_between(first: datetime.date, year: datetime.date) -> int:
    """Whole months from the month of the first day to that in which the year begins."""
    return (year.year - first.year) * MONTHS + year.month - first.month


def _starts(
    settings: GoalSettings,
    instance: Instance,
    number: dict[str, int],
    file: str,
    faults: FaultList,
) -> dict[str, datetime.date]:
    """First days by rep: of the column, then of the file."""
    ramp = settings.ramp
    assert ramp is not None
    out: dict[str, datetime.date] = {}
    if ramp.column is not None:
        table = instance.reps
        for j, cell in enumerate(table.text(ramp.column)):
            if not cell:
                continue
            try:
                out[instance.rep_ids[j]] = datetime.date.fromisoformat(cell)
            except ValueError:
                faults.add(
                    "is no date", "Write it as 2027-02-01, or leave it blank", file=table.file,
                    row=int(table.lines[j]), column=ramp.column, value=cell,
                )  # fmt: skip
    for rep, first in ramp.starts.items():
        if _known(rep, number, f"ramp.starts.{rep}", file, faults):
            out[rep] = first
    return out


def _column(instance: Instance, column: str, faults: FaultList) -> list[float]:
    """A column of shares; blank cells stand for the whole year."""
    table = instance.reps
    values = table.numbers(column, faults, minimum=0.0)
    for j, value in enumerate(values.tolist()):
        if value > 1:
            faults.add(
                "is above 1", "Give the share of the year that the rep works, from 0 to 1",
                file=table.file, row=int(table.lines[j]), column=column,
                value=table.columns[column][j],
            )  # fmt: skip
    return [1.0 if np.isnan(value) else value for value in values.tolist()]


def _known(rep: str, number: dict[str, int], key: str, file: str, faults: FaultList) -> bool:
    if rep in number:
        return True
    known = ", ".join(list(number)[:8])
    faults.add("there is no such rep", f"Reps of the run: {known}", file=file, key=key)
    return False
