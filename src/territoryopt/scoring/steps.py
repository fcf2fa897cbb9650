"""The steps of a scoring in an order in which each finds what it reads."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

from territoryopt.scoring import segments
from territoryopt.scoring.columns import Board
from territoryopt.scoring.learning import LearnedModel, learn
from territoryopt.scoring.points import score
from territoryopt.scoring.potential import calls, potential
from territoryopt.scoring.spec import (
    Grid,
    PeersPart,
    Potential,
    Quantiles,
    Rate,
    RatePart,
    Rates,
    Rfm,
    Scoring,
    Segment,
    SharePart,
    Thresholds,
    Values,
)
from territoryopt.scoring.trace import Trace


@dataclass(frozen=True, eq=False)
class Step:
    """What one section of the file does: the columns it makes and reads, and how."""

    key: str
    makes: dict[str, str]
    """column -> kind: tier, code, score, probability, potential, visits_per_year, ..."""
    reads: frozenset[str]
    run: Callable[[Board, Trace], LearnedModel | None]


def steps(scoring: Scoring, history: Path | None) -> list[Step]:
    """Every step, in the order of the file's sections."""
    out = []
    for name, points in scoring.points.items():
        reads = {*points.where, *(c for s in points.signals for c in (s.column, *s.where))}
        reads |= {s.since for s in points.signals if s.since is not None}
        out.append(_step(f"points.{name}", {name: "score"}, reads, partial(score, name, points)))
    if scoring.learned is not None:
        learned = scoring.learned
        reads = {*learned.numbers, *learned.texts}
        run = partial(learn, learned, history=history)
        out.append(_step("learned", {learned.column: "probability"}, reads, run))
    for name, segment in scoring.segments.items():
        makes = {name: "tier"}
        if isinstance(segment, Rfm):
            makes[f"{name}_code"] = "code"
        reads, run_segment = _of_segment(name, segment)
        out.append(_step(f"segments.{name}", makes, reads, run_segment))
    if scoring.potential is not None:
        found = partial(potential, scoring.potential)
        reads = set(_of_potential(scoring.potential))
        out.append(_step("potential", {"potential": "potential"}, reads, found))
    for column, rate in (("visits_per_year", scoring.visits_per_year),
                         ("hours_per_visit", scoring.hours_per_visit)):  # fmt: skip
        if rate is not None:
            out.append(_step(column, {column: column}, set(_of_rate(rate)),
                             partial(calls, column, rate)))  # fmt: skip
    return out


def _step(
    key: str, makes: dict[str, str], reads: set[str],
    run: Callable[[Board, Trace], LearnedModel | None],
) -> Step:  # fmt: skip
    return Step(key, makes, frozenset(reads) - set(makes), run)


def _of_segment(name: str, spec: Segment) -> tuple[set[str], Callable[[Board, Trace], None]]:
    if isinstance(spec, Thresholds):
        return {spec.column}, partial(segments.thresholds, name, spec)
    if isinstance(spec, Quantiles):
        within = set() if spec.within is None else {spec.within}
        return {spec.column, *within}, partial(segments.quantiles, name, spec)
    if isinstance(spec, Values):
        return {spec.column}, partial(segments.values, name, spec)
    if isinstance(spec, Rfm):
        return set(spec.sides.values()), partial(segments.rfm, name, spec)
    assert isinstance(spec, Grid)
    return {spec.rows, spec.columns}, partial(segments.grid, name, spec)


def _of_potential(spec: Potential) -> Iterator[str]:
    for part in spec.parts:
        yield from part.where
        if isinstance(part, RatePart):
            if isinstance(part.amount, str):
                yield part.amount
            yield from part.times
            yield from _of_rate(part.rate)
        elif isinstance(part, PeersPart):
            yield part.column
            yield from part.by
            yield from _of_rate(part.rate)
        else:
            assert isinstance(part, SharePart)
            yield part.in_proportion_to
            yield from _of_rate(part.total)


def _of_rate(rate: Rate) -> Iterator[str]:
    if isinstance(rate, Rates):
        yield rate.by


def in_order(found: list[Step], board: Board) -> list[Step]:
    """The steps, each after those that make what it reads, else as they stand; none where they wait
    for each other, with a fault."""
    maker = {column: step for step in found for column in step.makes}
    graph = {step.key: {maker[c].key for c in sorted(step.reads) if c in maker} for step in found}
    try:
        order = list(TopologicalSorter(graph).static_order())
    except CycleError as error:
        names = list(error.args[1])
        board.begin(names[0], frozenset())
        board.fault(f"these wait for each other: {' needs '.join(reversed(names))}",
                    "Let one of them read a column of the accounts")  # fmt: skip
        return []
    by_key = {step.key: step for step in found}
    done: list[Step] = []
    placed: set[str] = set()

    def place(key: str) -> None:  # depth first, so that the file's own order is kept where it may
        if key not in placed:
            placed.add(key)
            for other in sorted(graph[key], key=order.index):
                place(other)
            done.append(by_key[key])

    for step in found:
        place(step.key)
    return done
