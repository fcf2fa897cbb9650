"""`monitor`: the actuals of a run against its goals, its bands and its team."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from math import inf
from typing import TYPE_CHECKING, Any

import numpy as np

from territoryopt.answers.series import Series, Stopped
from territoryopt.answers.showing import Shown
from territoryopt.errors import FaultList, InputError
from territoryopt.monitoring import months as calendar
from territoryopt.monitoring.actuals import Actuals, Goals, read_actuals, read_goals
from territoryopt.monitoring.attainment import Attainment, attainment, season_index
from territoryopt.monitoring.balance import Imbalance, imbalances
from territoryopt.monitoring.causes import Cause, cause_of
from territoryopt.monitoring.health import Health, Realignment, places, realign
from territoryopt.monitoring.present import Present, grown_measures, present
from territoryopt.monitoring.settings import MonitorSettings, load_settings
from territoryopt.monitoring.watching import Watched, watch
from territoryopt.problem import evaluate
from territoryopt.problem.amounts import FloatArray
from territoryopt.reasons.explanation import speaker_of
from territoryopt.reasons.sentences import Speaker
from territoryopt.runs import Run, read_run

if TYPE_CHECKING:
    import pandas as pd

SECONDS = 30.0
GAP = 1e-3

Told = Callable[[str], None]


@dataclass(frozen=True)
class Flag:
    """A territory that differs from the team. kind: "up" or "down", or "stopped" where there is
    nothing any more. flagged: the month it was first flagged in; since: the first month that
    differs. change: against the team since then, a fraction; error: its standard error; noise: of
    one month of the territory, a fraction; both None where it stopped. chance: that any territory
    of a team without drift shows as much. still: whether it is above the limit after the last
    month."""

    measure: str
    rep: str
    kind: str
    flagged: str
    since: str
    change: float
    error: float | None
    noise: float | None
    statistic: float | None
    chance: float | None
    still: bool
    cause: Cause

    def as_dict(self) -> dict[str, object]:
        return {**vars(self), "cause": self.cause.as_dict()}


@dataclass(frozen=True, eq=False)
class Monitor(Shown):
    """What the actuals say of a plan.

    year: the first month of the year watched; months: all months of the actuals. watched: one for
    each measure. attained: of the measure `goals_of`, from the first month of the year on.
    imbalance: month by month, `Imbalance.month` counted from the first month watched. grown: the
    measures of the model that grow with each measure of the actuals.
    """

    run: Run = field(repr=False)
    settings: MonitorSettings
    actuals: Actuals = field(repr=False)
    goals: Goals | None = field(repr=False)
    year: str
    watched: tuple[Watched, ...] = field(repr=False)
    flags: tuple[Flag, ...]
    goals_of: str
    attained: Attainment = field(repr=False)
    imbalance: tuple[Imbalance, ...] = field(repr=False)
    grown: dict[str, tuple[str, ...]]
    health: Health = field(repr=False)
    notes: tuple[str, ...]
    seconds: float
    stopped: Stopped = None

    @property
    def speaker(self) -> Speaker:
        return speaker_of(self.run.problem, self.run.instance)

    def heading(self) -> str:
        from territoryopt.monitoring.telling import tell_monitor

        return " ".join(tell_monitor(self)[:2])

    def sentences(self) -> list[str]:
        """What a person is told."""
        from territoryopt.monitoring.telling import tell_monitor

        return tell_monitor(self)

    def as_dict(self) -> dict[str, Any]:
        """The stable JSON contract `territoryopt/monitor/1`; see docs/monitor.md."""
        from territoryopt.monitoring.tables import record

        return record(self)

    def to_frame(self) -> pd.DataFrame:
        """One row for each measure, territory and month; see docs/monitor.md."""
        import pandas as pd

        from territoryopt.monitoring.tables import territories

        return pd.DataFrame(territories(self))

    def flags_frame(self) -> pd.DataFrame:
        """One row for each flag."""
        import pandas as pd

        from territoryopt.monitoring.tables import flags

        return pd.DataFrame(flags(self))


def monitor(
    run: Run | str | os.PathLike[str],
    actuals: Actuals | str | os.PathLike[str],
    *,
    goals: str | os.PathLike[str] | None = None,
    settings: MonitorSettings | str | os.PathLike[str] | None = None,
    search: bool = True,
    seconds: float = SECONDS,
    time_limit: float = inf,
    gap: float = GAP,
    seed: int = 0,
    threads: int = 2,
    progress: Told | None = None,
) -> Monitor:
    """Watch the plan of a run: attainment, drift, imbalance, and what realigning would take.

    run: a run folder with a plan, or one read back. actuals, goals: CSV files (see `read_actuals`,
    `read_goals`), or `Actuals`. settings: a TOML file or `MonitorSettings`. search: whether a
    realignment is looked for where rules are broken or reps have left; seconds: for each of up to
    four searches, time_limit: for all of them; gap: at which the last two may end. Raises
    InputError with every fault of the files; what Ctrl-C cuts short is told in `stopped`.
    """
    began = time.monotonic()
    found = run if isinstance(run, Run) else read_run(run)
    if found.rep is None:
        raise InputError([f"{found.folder} holds no plan to watch: {found.record['status']}"])
    file = "" if settings is None or isinstance(settings, MonitorSettings) else str(settings)
    page = settings if isinstance(settings, MonitorSettings) else MonitorSettings()
    if file:
        page = load_settings(file)
    series = Series(seconds, time_limit, seed, threads)
    read = _actuals(actuals, found, page)
    first, year = _year(read, page)
    aims = None if goals is None else read_goals(goals, found.instance, calendar.text(first))
    notes = [*read.notes, *(aims.notes if aims else ())]
    watched, more = _watch(found, read, page, year)
    notes += more
    grown = _grown(found, watched, page, file, notes)
    flags = tuple(flag for one in watched for flag in _flags(one, found, read))
    now = _present(found, watched, grown, page, file)
    goals_of = _goals_of(read, page, aims)
    main = next(one for one in watched if one.measure == goals_of)
    attained = _attained(main, read, found, aims, year, page)
    balance = tuple(
        each for one in watched
        for each in imbalances(
            found.problem, found.rep, frozenset(grown[one.measure]), one.growth, one.totals
        )
    )  # fmt: skip
    health = _health(now, watched, grown, found, page, series, search, gap, progress)
    return Monitor(
        found, page, read, aims, calendar.text(first), watched, flags, goals_of, attained, balance,
        grown, health, tuple(notes), time.monotonic() - began, health.stopped,
    )  # fmt: skip


def _actuals(given: Actuals | str | os.PathLike[str], run: Run, page: MonitorSettings) -> Actuals:
    if not isinstance(given, Actuals):
        given = read_actuals(given, run.instance, page.measure)
    size = len(run.instance.account_ids if given.by == "account" else run.instance.rep_ids)
    faults = FaultList(InputError)
    for name, table in given.amounts.items():
        if table.shape != (size, len(given.months)):
            faults.add(f"needs float[{size}, {len(given.months)}], one row for each {given.by} of "
                       "the run", key=f"actuals.{name}", value=table.shape)  # fmt: skip
    faults.raise_if_any()
    return given.until(page.until) if page.until else given


def _year(read: Actuals, page: MonitorSettings) -> tuple[int, int]:
    """The number of the first month of the year watched, and its place among the months (below 0
    where the actuals begin within the year)."""
    last = calendar.number(read.months[-1])
    first = last - (last - (page.season.year_begins - 1)) % 12
    return first, first - calendar.number(read.months[0])


def _watch(
    run: Run, read: Actuals, page: MonitorSettings, year: int
) -> tuple[tuple[Watched, ...], list[str]]:
    notes = []
    own = page.season.compare == "own"
    if own and year < 12:
        faults = FaultList(InputError)
        faults.add(
            "needs a whole year of actuals before the year watched", 'Add it, or take "team"',
            key="season.compare", value="own",
        )  # fmt: skip
        faults.raise_if_any()
    watched = tuple(
        watch(
            table, run.rep if read.by == "account" else None, run.problem.reps,
            year=max(0, year), measure=name, present=read.present, own_season=own,
            false_alarm=page.drift.false_alarm / len(read.amounts), least=page.drift.least,
        )
        for name, table in read.amounts.items()
    )  # fmt: skip
    for one in watched:
        if not one.drifts.looks:
            notes.append(
                f"{one.measure}: drift is told of three territories or more and after four months "
                f"or more; known are {int((~one.team.silent).sum())} territories and "
                f"{int(one.team.known.sum())} months"
            )
        silent = [run.instance.rep_ids[int(j)] for j in np.flatnonzero(one.team.silent)]
        if silent:
            notes.append(f"{one.measure}: nothing in any month for {', '.join(silent[:10])}")
    return watched, notes


def _grown(
    run: Run, watched: tuple[Watched, ...], page: MonitorSettings, file: str, notes: list[str]
) -> dict[str, tuple[str, ...]]:
    out: dict[str, tuple[str, ...]] = {}
    taken: set[str] = set()
    for one in watched:
        found = grown_measures(run.model, run.instance, one.measure, page.plan.grows, file)
        out[one.measure] = tuple(name for name in found if name not in taken)
        taken |= set(found)
    banded = {rows.measure for rows in run.problem.rows if rows.target is not None}
    if not banded & taken:
        what = ", ".join(sorted(taken)) or "nothing"
        notes.append(
            f"no band of the model is on a measure that grows with the actuals ({what}): drift is "
            "told, and no territory is outside a band for it; plan.grows says what grows"
        )
    return out


def _flags(one: Watched, run: Run, read: Actuals) -> list[Flag]:
    assert run.rep is not None
    months = read.months[one.begins :]
    out = []
    for j, drift in enumerate(one.drifts.territories):
        rep, stopped = run.instance.rep_ids[j], int(one.team.stopped[j])
        if stopped >= 0:
            out.append(Flag(one.measure, rep, "stopped", months[stopped], months[stopped], -1.0,
                            None, None, None, None, True, Cause("stopped")))  # fmt: skip
        elif drift.flagged >= 0:
            cause = Cause("unknown")
            if one.accounts is not None:
                ids = run.instance.account_ids
                cause = cause_of(one.accounts, run.rep, j, drift.change > 0, ids)
            out.append(
                Flag(one.measure, rep, "up" if drift.change > 0 else "down", months[drift.flagged],
                     months[drift.onset], drift.change, drift.error, drift.noise, drift.statistic,
                     drift.chance, drift.still, cause)
            )  # fmt: skip
    return sorted(out, key=lambda flag: (flag.kind != "stopped", -abs(flag.change)))


def _present(
    run: Run, watched: tuple[Watched, ...], grown: dict[str, tuple[str, ...]],
    page: MonitorSettings, file: str,
) -> Present:  # fmt: skip
    assert run.rep is not None
    factors = {
        measure: _factor(one, run, page) for one in watched for measure in grown[one.measure]
    }
    return present(run, factors, page.plan.left, file)


def _factor(one: Watched, run: Run, page: MonitorSettings) -> FloatArray:
    """float[accounts]: what a measure of each account is multiplied by."""
    assert run.rep is not None
    if one.accounts is None:
        growth: FloatArray = one.growth[:, -1]
        return growth[run.rep]
    if page.plan.lost == "gone":
        return one.accounts.factor
    return np.where(one.accounts.lost, 1.0, one.accounts.factor)


def _goals_of(read: Actuals, page: MonitorSettings, aims: Goals | None) -> str:
    """The measure that goals are of."""
    names = list(read.amounts)
    if page.measure in names or len(names) == 1:
        return page.measure if page.measure in names else names[0]
    if aims is not None:
        faults = FaultList(InputError)
        faults.add("the actuals hold several measures, and none is said to be that of the goals",
                   f"Say measure = one of: {', '.join(names)}", key="measure")  # fmt: skip
        faults.raise_if_any()
    return names[0]


def _attained(
    main: Watched, read: Actuals, run: Run, aims: Goals | None, year: int, page: MonitorSettings
) -> Attainment:
    assert run.rep is not None
    table = read.amounts[main.measure]
    totals = table
    if read.by == "account":
        totals = np.zeros((run.problem.reps, table.shape[1]))
        np.add.at(totals, run.rep, table)
    season = season_index(totals, max(0, year))
    so_far = totals[:, max(0, year) :]
    if year < 0:  # months of the year before the actuals begin: not known
        so_far = np.hstack([np.full((len(totals), -year), np.nan), so_far])
    lately: FloatArray = np.array(
        [d.flagged >= 0 and d.still for d in main.drifts.territories], dtype=np.float64
    )
    stopped = (main.team.stopped >= 0).astype(np.float64)
    return attainment(so_far, aims, season, lately, stopped)


def _health(
    now: Present, watched: tuple[Watched, ...], grown: dict[str, tuple[str, ...]], run: Run,
    page: MonitorSettings, series: Series, search: bool, gap: float, progress: Told | None,
) -> Health:  # fmt: skip
    measures = frozenset(name for names in grown.values() for name in names)
    pace: dict[str, float] = {}
    for one in watched:
        if not grown[one.measure]:
            continue
        for j, drift in enumerate(one.drifts.territories):
            if drift.flagged >= 0 and drift.still and drift.shape == "ramp":
                took = one.totals.shape[1] - drift.onset
                pace[run.instance.rep_ids[j]] = float(np.log1p(drift.change)) / max(1, took)
    where = places(now, measures, pace)
    state = evaluate(now.problem, now.rep)
    if not search or (state.holds and not now.left):
        return Health(now, state, where, ())
    if progress is not None:
        progress("what realigning would take")
    made: list[Realignment] = []
    none = "interrupted before a plan was found"
    with series:
        none = realign(
            now, series, made, move_price=page.plan.move_price,
            outside_price=page.plan.outside_price, gap=gap,
        )  # fmt: skip
    return Health(now, state, where, tuple(made), "" if made else none, series.stopped)
