"""Whitespace: regions or segments with potential and no cover, by money, with the reasons."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from territoryopt.answers.showing import Shown
from territoryopt.cells import FloatArray, IntArray
from territoryopt.errors import Fault, FaultList, InputError
from territoryopt.goals.cover import REASONS, uncovered
from territoryopt.goals.measured import Measured
from territoryopt.goals.types import LeftOut
from territoryopt.runs import Run
from territoryopt.words import listed, money, number, percent, plural

if TYPE_CHECKING:
    import pandas as pd

SCHEMA = "territoryopt/whitespace/1"
WORDS = {
    "barred": "no rep may have it",
    "nobody": "nobody has it",
    "no_visits": "no visits are planned",
    "hours_end": "the rep's hours end before it",
    "far": "it lies more than {beyond:,g} km from its rep",
}
SEGMENTS = ("state", "region", "territory", "country", "industry", "segment", "tier")
"""Columns that are looked for, in this order, where none is named."""
BLANK = "(blank)"
LISTED = 1_000
"""Accounts of the JSON, the weightiest first; the frame has them all."""


@dataclass(frozen=True)
class Segment:
    """A region or segment: what it could bring, what has no cover and why, and the hours it gets.

    values: of the columns asked for. potential, uncovered: currency/year; reasons: uncovered money
    by the names of `REASONS`. hours: of the plan, a year, that are really spent there; None where
    there is no workload. potential_share, hours_share: of all. revenue: None where it is not known.
    """

    values: tuple[str, ...]
    accounts: int
    potential: float
    revenue: float | None
    uncovered: float
    uncovered_accounts: int
    reasons: dict[str, float]
    hours: float | None
    potential_share: float
    hours_share: float | None
    text: str


@dataclass(frozen=True)
class Gap:
    """An account with potential and no cover, or not enough of it: money that has none, why."""

    account: str
    name: str
    rep: str
    potential: float
    uncovered: float
    reason: str
    km: float | None


@dataclass(frozen=True)
class Whitespace(Shown):
    """Segments by the money that has no cover, the most first. beyond: km from which a rep is far,
    None where nobody asked."""

    by: tuple[str, ...]
    currency: str
    potential: float
    uncovered: float
    beyond: float | None
    segments: tuple[Segment, ...]
    gaps: tuple[Gap, ...]
    left_out: tuple[LeftOut, ...]

    def heading(self) -> str:
        if not self.uncovered:
            return f"All potential has cover: {money(self.potential, self.currency)}."
        share = percent(self.uncovered / self.potential)
        return (
            f"{money(self.uncovered, self.currency)} of potential has no full cover, {share} of "
            f"{number(self.potential)}, at {plural(len(self.gaps), 'account')}."
        )

    def as_dict(self) -> dict[str, Any]:
        """The stable JSON contract `territoryopt/whitespace/1`."""
        record = asdict(self)
        return {
            "schema": SCHEMA,
            "summary": self.heading(),
            **record,
            "by": list(self.by),
            "segments": [{**s, "values": list(s["values"])} for s in record["segments"]],
            "gaps": list(record["gaps"][:LISTED]),
            "left_out": list(record["left_out"]),
        }

    def to_frame(self) -> pd.DataFrame:
        """One row per segment."""
        import pandas as pd

        return pd.DataFrame(self.columns())

    def columns(self) -> dict[str, list[Any]]:
        """The columns of `to_frame`."""
        found = self.segments
        out: dict[str, list[Any]] = {
            name: [s.values[k] for s in found] for k, name in enumerate(self.by)
        }
        for name in ("accounts", "potential", "revenue", "uncovered", "uncovered_accounts"):
            out[name] = [getattr(s, name) for s in found]
        for name in REASONS:
            out[f"uncovered_{name}"] = [s.reasons.get(name, 0.0) for s in found]
        for name in ("hours", "potential_share", "hours_share", "text"):
            out[name] = [getattr(s, name) for s in found]
        return out

    def thin(self, most: int = 3) -> list[Segment]:
        """The segments whose share of the potential is most above their share of the hours."""
        known = [(s.potential_share - s.hours_share, s) for s in self.segments
                 if s.hours_share is not None]  # fmt: skip
        return [s for more, s in sorted(known, key=lambda k: -k[0])[:most] if more > 0.005]

    def gaps_frame(self) -> pd.DataFrame:
        """One row per account without full cover, the most money first."""
        import pandas as pd

        names = list(Gap.__dataclass_fields__)
        return pd.DataFrame([asdict(gap) for gap in self.gaps], columns=names)

    def sentences(self, most: int = 20) -> list[str]:
        """The whole, the segments with the most money without cover, what was not looked at."""
        bare = [s for s in self.segments if s.uncovered > 0]
        lines = [self.heading(), *(s.text for s in bare[:most])]
        if len(bare) > most:
            lines.append(f"And {plural(len(bare) - most, 'more segment')}.")
        if thin := self.thin():
            told = [f"{', '.join(s.values)} ({percent(s.potential_share)} of the potential, "
                    f"{percent(s.hours_share or 0.0)} of the hours)" for s in thin]  # fmt: skip
            lines.append(f"Most potential for the hours it gets: {listed(told)}.")
        return lines + [f"Not looked at: {each.what}: {each.why}." for each in self.left_out]


def default_columns(run: Run) -> list[str]:
    """The column that is taken where none is named; none where the accounts have none such."""
    return [c for c in SEGMENTS if c in run.instance.accounts.columns][:1]


def whitespace(
    run: Run,
    by: Sequence[str] | None = None,
    *,
    beyond: float | None = None,
    potential: str = "potential",
    capacity: str = "capacity",
) -> Whitespace:
    """Potential without cover in a plan, by one or two columns of accounts.csv, the most first.

    Formula: uncovered_i = potential_i                 no rep, or no visits asked for
             uncovered_i = potential_i (1 - served_i)  the hours of the rep end (`cover.covered`)
             and all of it where the rep's home lies more than `beyond` km away
    Symbols: served_i the share of the hours of account i that fits into the hours of its rep
    Units: potential currency/year, beyond km one way, hours a year
    Errors: InputError for a run without a plan, columns that are not there, a measure that is not
            money, a distance that is none
    Source: our assumption. A region without any account is not seen: the data do not name it.

    by: state, region, industry or such where it is left out, see `SEGMENTS`. potential: a measure
    of the model. capacity: a column of reps.csv, hours a year; without it hours do not end.
    """
    measured = Measured(run)
    columns = default_columns(run) if by is None else [by] if isinstance(by, str) else list(by)
    _refuse(run, columns, beyond, by is not None)
    if why := measured.why_not(potential):
        raise InputError([Fault(f"there is no potential to look at: {why}",
                                "Name another measure of the model", key="potential")])  # fmt: skip
    value = measured.of_accounts(potential, _anybody(measured))
    left: list[LeftOut] = []
    reasons, km, hours = uncovered(measured, value, beyond, capacity, left)
    bare = value * np.clip(sum(reasons.values(), np.zeros(len(value))), 0.0, 1.0)
    revenue = None
    if potential != "revenue" and measured.has("revenue"):
        revenue = measured.of_accounts("revenue", _anybody(measured))
    segments = _segments(run, columns, value, bare, reasons, revenue, hours, beyond)
    return Whitespace(
        by=tuple(columns),
        currency=run.model.currency,
        potential=float(value.sum()),
        uncovered=float(bare.sum()),
        beyond=beyond,
        segments=segments,
        gaps=_gaps(run, measured, value, bare, reasons, km),
        left_out=tuple(left),
    )


def _refuse(run: Run, columns: list[str], beyond: float | None, asked: bool) -> None:
    faults = FaultList(InputError)
    table = run.instance.accounts
    if asked and not 1 <= len(columns) <= 2:
        faults.add("give one column, or two", "Such as state, or state and tier", key="by")
    for column in columns:
        if column not in table.columns:
            faults.add(f"{table.file} has no column {column!r}",
                       f"There are {', '.join(table.columns)}", key="by")  # fmt: skip
    if len(set(columns)) < len(columns):
        faults.add("the same column stands there twice", "Give two different ones", key="by")
    if beyond is not None and not (np.isfinite(beyond) and beyond > 0):
        faults.add("is no distance", "Give km above zero", key="beyond", value=beyond)
    faults.raise_if_any()


def _anybody(measured: Measured) -> IntArray:
    """The plan, with some rep for an account that has none: potential is the account's own."""
    return np.where(measured.rep >= 0, measured.rep, 0)


def _segments(
    run: Run,
    columns: list[str],
    value: FloatArray,
    bare: FloatArray,
    reasons: dict[str, FloatArray],
    revenue: FloatArray | None,
    hours: FloatArray | None,
    beyond: float | None,
) -> tuple[Segment, ...]:
    table = run.instance.accounts
    cells = [np.where(table.columns[c] == "", BLANK, table.columns[c]).tolist() for c in columns]
    keys: list[tuple[str, ...]] = list(zip(*cells, strict=True)) if cells else [()] * len(value)
    number_of = {key: k for k, key in enumerate(dict.fromkeys(keys))}
    of = np.fromiter((number_of[key] for key in keys), np.int64, len(keys))
    size, total = len(number_of), float(value.sum())

    def sums(amounts: FloatArray) -> FloatArray:
        out: FloatArray = np.bincount(of, amounts, size).astype(np.float64)
        return out

    count, potential, uncovered = sums(np.ones(len(of))), sums(value), sums(bare)
    without = sums((bare > 0).astype(np.float64))
    by_reason = {name: sums(value * part) for name, part in reasons.items()}
    sold = None if revenue is None else sums(revenue)
    spent = None if hours is None else sums(hours)
    all_hours = 0.0 if hours is None else float(hours.sum())
    out = []
    for key, k in number_of.items():
        found = Segment(
            values=key,
            accounts=int(count[k]),
            potential=float(potential[k]),
            revenue=None if sold is None else float(sold[k]),
            uncovered=float(uncovered[k]),
            uncovered_accounts=int(without[k]),
            reasons={name: float(each[k]) for name, each in by_reason.items() if each[k] > 0},
            hours=None if spent is None else float(spent[k]),
            potential_share=float(potential[k]) / total if total else 0.0,
            hours_share=None if spent is None or not all_hours else float(spent[k]) / all_hours,
            text="",
        )
        out.append(_told(found, run.model.currency, beyond))
    out.sort(key=lambda s: (-s.uncovered, -s.potential, s.values))
    return tuple(out)


def _told(found: Segment, currency: str, beyond: float | None) -> Segment:
    """The segment with its sentence."""
    name = ", ".join(found.values) or "All accounts"
    if not found.uncovered:
        text = f"{name}: {money(found.potential, currency)} of potential, all with cover."
    else:
        share = percent(found.uncovered / found.potential)
        why = [
            f"{number(amount)} because {WORDS[reason].format(beyond=beyond or 0)}"
            for reason, amount in sorted(found.reasons.items(), key=lambda r: -r[1])
        ]
        text = (
            f"{name}: {money(found.uncovered, currency)} of potential without full cover "
            f"({share}), at {found.uncovered_accounts:,} of "
            f"{plural(found.accounts, 'account')}: {listed(why)}."
        )
    if found.hours_share is not None and found.potential:
        text += (
            f" It has {percent(found.potential_share)} of the potential and gets "
            f"{percent(found.hours_share)} of the hours."
        )
    return replace(found, text=text)


def _gaps(
    run: Run,
    measured: Measured,
    value: FloatArray,
    bare: FloatArray,
    reasons: dict[str, FloatArray],
    km: FloatArray | None,
) -> tuple[Gap, ...]:
    instance = run.instance
    names = list(reasons)
    table = np.array([reasons[name] for name in names])
    out = []
    for i in np.argsort(-bare, kind="stable")[: int((bare > 0).sum())].tolist():
        rep = int(measured.rep[i])
        out.append(
            Gap(
                instance.account_ids[i],
                instance.account_names[i],
                instance.rep_ids[rep] if rep >= 0 else "",
                float(value[i]),
                float(bare[i]),
                names[int(table[:, i].argmax())],
                None if km is None or rep < 0 else float(km[i]),
            )
        )
    return tuple(out)
