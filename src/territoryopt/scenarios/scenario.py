"""`Scenario`: what differs from the base, with what it stands on put in and grids spread out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import product
from math import prod
from pathlib import Path
from typing import Any

from pydantic import Field, ValidationError

from territoryopt.errors import FaultList, InputError, shortened
from territoryopt.instance_changes import (
    AccountsArrive,
    AnyChange,
    Change,
    ChangeAccounts,
    Merge,
)
from territoryopt.scenarios.page import BASE, Grid, ScenarioPage, ScenarioPart
from territoryopt.scenarios.toml_text import flat
from territoryopt.toml_page import Part
from territoryopt.toml_reading import findings, nearest

LONGEST_NAME = 200
"""Letters of the name of a scenario."""
SECTIONS = ("rules", "goals", "travel", "workload", "measures", "where")
"""What a key of the model begins with."""

KeyPath = tuple[str, ...]


@dataclass(frozen=True)
class Scenario:
    """One scenario as it will be solved.

    changes, locks: of the data, one after the other. overrides: values of the model by path.
    removed: paths taken out of it. model: its file or name. weight: how likely, against the
    others. key: where it stands in the page, for messages.
    """

    name: str
    about: str
    changes: tuple[Change, ...]
    season: str
    locks: Mapping[str, str]
    overrides: Mapping[KeyPath, Any]
    removed: tuple[KeyPath, ...]
    model: str
    weight: float
    key: str

    def in_words(self) -> list[str]:
        """What differs from the base, a line each."""
        out = [change.sentence() for change in self.changes]
        if self.locks:
            some = [f"{a} to {r}" for a, r in self.locks.items()]
            more = f" and {len(some) - 10} more" if len(some) > 10 else ""
            out.append(f"locked: {', '.join(some[:10])}{more}")
        out += [f"without {'.'.join(path)}" for path in self.removed]
        out += [f"{'.'.join(path)} = {shortened(v)}" for path, v in self.overrides.items()]
        return out


def scenarios_of(page: ScenarioPage, file: str, folder: Path) -> list[Scenario]:
    """Every scenario of a page, the base first; InputError with every fault.

    file: how messages name the page. folder: where paths in it are seen from.
    """
    faults = FaultList(InputError)
    made = {BASE: Scenario(BASE, page.base.about, (), "", {}, {}, (), page.base.model,
                           page.base.weight, BASE)}  # fmt: skip
    for name in page.scenarios:
        key = f"scenarios.{shortened(name)}"
        if name == BASE:
            faults.add("is the name of what all others start from", "Take another name", file=file,
                       key=key)  # fmt: skip
        elif not name.strip() or len(name) > LONGEST_NAME:
            faults.add(f"a name has 1 to {LONGEST_NAME} letters", file=file, key=key)
    left = {name: part for name, part in page.scenarios.items() if name != BASE}
    for name, part in left.items():
        if part.stands_on not in made and part.stands_on not in left:
            faults.add("there is no such scenario", nearest(part.stands_on, [BASE, *left]),
                       file=file, key=f"scenarios.{shortened(name)}.from",
                       value=part.stands_on)  # fmt: skip
    while left:
        ready = {name: part for name, part in left.items() if part.stands_on in made}
        if not ready:
            for name, part in left.items():
                if not faults:
                    faults.add(
                        "stands on itself, by way of others", "Let one of them stand on the base",
                        file=file, key=f"scenarios.{shortened(name)}.from", value=part.stands_on,
                    )  # fmt: skip
            break
        for name, part in ready.items():
            key = f"scenarios.{shortened(name)}"
            made[name] = _onto(made[part.stands_on], name, part, page, key, file, folder, faults)
            del left[name]
    names = dict.fromkeys((BASE, *page.scenarios))
    out = [made[name] for name in names if name in made]
    if page.grid is not None:
        out += _spread(page.grid, made, page, file, folder, faults)
    _refuse_same_names(out, file, faults)
    faults.raise_if_any()
    return out


def _onto(
    before: Scenario, name: str, part: ScenarioPart, page: ScenarioPage, key: str, file: str,
    folder: Path, faults: FaultList,
) -> Scenario:  # fmt: skip
    """The scenario of a table that stands on another."""
    changes = tuple(_placed(change, folder) for change in part.changes)
    season = before.season
    if part.season:
        columns = page.seasons.get(part.season)
        if columns is None:
            faults.add("there is no such season", nearest(part.season, list(page.seasons)),
                       file=file, key=f"{key}.season", value=part.season)  # fmt: skip
        elif before.season:
            faults.add("stands on a scenario with a season, and has another", "Keep one",
                       file=file, key=f"{key}.season", value=before.season)  # fmt: skip
        else:
            changes = (_season(columns), *changes)
            season = part.season
    removed = [tuple(path.split(".")) for path in part.remove]
    overrides = {p: v for p, v in before.overrides.items() if not _within(p, removed)}
    overrides |= flat(part.model)
    return Scenario(
        name=name,
        about=part.about,
        changes=(*before.changes, *changes),
        season=season,
        locks={**before.locks, **part.locks},
        overrides=overrides,
        removed=tuple(dict.fromkeys((*before.removed, *removed))),
        model=part.model_file or before.model,
        weight=part.weight,
        key=key,
    )


def _within(path: KeyPath, tables: list[KeyPath]) -> bool:
    return any(path[: len(table)] == table for table in tables)


def _season(columns: Mapping[str, str | float]) -> Change:
    """The change that a season is: columns of all accounts times a number or a column."""
    return ChangeAccounts(
        kind="change_accounts",
        scale={c: float(v) for c, v in columns.items() if not isinstance(v, str)},
        scale_by={c: v for c, v in columns.items() if isinstance(v, str)},
    )


def _placed(change: Change, folder: Path) -> Change:
    """A change whose file or folder is seen from the folder of the page."""
    if isinstance(change, AccountsArrive) and change.file:
        return change.model_copy(update={"file": str(folder / change.file)})
    if isinstance(change, Merge):
        return change.model_copy(update={"folder": str(folder / change.folder)})
    return change


class _Varied(Part):
    """What a grid may vary of a scenario."""

    changes: list[AnyChange] = Field(default_factory=list)
    season: str = ""
    model: dict[str, Any] = Field(default_factory=dict)
    locks: dict[str, str] = Field(default_factory=dict)


def _spread(
    grid: Grid, made: Mapping[str, Scenario], page: ScenarioPage, file: str, folder: Path,
    faults: FaultList,
) -> list[Scenario]:  # fmt: skip
    """A scenario for each combination of the grid's values."""
    before = made.get(grid.stands_on)
    if before is None:
        if grid.stands_on not in page.scenarios:
            faults.add("there is no such scenario", nearest(grid.stands_on, list(made)),
                       file=file, key="grid.from", value=grid.stands_on)  # fmt: skip
        return []
    for key, values in grid.values.items():
        if not values:
            faults.add("has no values", "Give a list of them", file=file,
                       key=f"grid.values.{shortened(key)}")  # fmt: skip
    count = prod(len(values) for values in grid.values.values())
    if count > grid.most:
        faults.add(f"makes {count:,} scenarios, more than {grid.most:,}",
                   f"Give fewer values, or say most = {count}", file=file,
                   key="grid.values")  # fmt: skip
        return []
    labels = _labels(list(grid.values))
    out: list[Scenario] = []
    told = len(faults.problems)
    for combination in product(*grid.values.values()):
        at = dict(zip(grid.values, combination, strict=True))
        name = ",".join(f"{labels[key]}={_short(value)}" for key, value in at.items())
        found = _at(grid, before, at, name[:LONGEST_NAME], page, file, folder, faults)
        if found is None or len(faults.problems) > told:
            return out  # the others have the same fault, or one of the next try
        out.append(found)
    return out


def _at(
    grid: Grid, before: Scenario, values: Mapping[str, Any], name: str, page: ScenarioPage,
    file: str, folder: Path, faults: FaultList,
) -> Scenario | None:  # fmt: skip
    """The scenario of one point of the grid."""
    table: dict[str, Any] = {
        "changes": [change.model_dump(exclude_defaults=True) for change in before.changes]
    }
    for key, value in values.items():
        path = key.split(".")
        if path[0] in SECTIONS:
            path = ["model", *path]
        if not _put(table, path, value):
            faults.add(
                "is no key of the scenario that the grid stands on",
                "Known: a key of the model such as rules.NAME.tolerance, changes.0.KEY, season, "
                "locks.ACCOUNT", file=file, key=f"grid.values.{shortened(key)}",
            )  # fmt: skip
            return None
    try:
        varied = _Varied.model_validate(table)
    except ValidationError as error:
        faults.problems += [
            replace(fault, key=f"grid.values ({shortened(name)}): {fault.key}")
            for fault in findings(error, _Varied, file)
        ]
        return None
    part = ScenarioPart.model_validate(
        {"about": grid.about, "weight": grid.weight, "season": varied.season,
         "model": varied.model, "locks": dict(varied.locks)}
    )  # fmt: skip
    bare = replace(before, changes=tuple(varied.changes))
    return _onto(bare, name, part, page, "grid", file, folder, faults)


def _put(table: dict[str, Any], path: list[str], value: Any) -> bool:
    """Set a value in tables and lists; False where there is no such place."""
    if len(path) < 2 and path != ["season"]:
        return False
    at: Any = table
    for depth, step in enumerate(path):
        last = depth == len(path) - 1
        if isinstance(at, list):
            if not step.isdigit() or int(step) >= len(at) or last:
                return False
            at = at[int(step)]
        elif isinstance(at, dict):
            if last:
                at[step] = value
                return True
            at = at.setdefault(step, {})
        else:
            return False
    return False


def _labels(keys: list[str]) -> dict[str, str]:
    """The shortest ends of dotted keys that tell them apart."""
    out = {}
    for key in keys:
        path = key.split(".")
        for size in range(1, len(path) + 1):
            end = path[-size:]
            if sum(other.split(".")[-size:] == end for other in keys) == 1:
                break
        out[key] = ".".join(end)
    return out


def _short(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else shortened(value, 40)


def _refuse_same_names(found: list[Scenario], file: str, faults: FaultList) -> None:
    seen: dict[str, Scenario] = {}
    for scenario in found:
        if scenario.name in seen:
            faults.add("is the name of two scenarios", "Rename one, or take out what stands twice",
                       file=file, key=scenario.key, value=scenario.name)  # fmt: skip
        seen[scenario.name] = scenario
