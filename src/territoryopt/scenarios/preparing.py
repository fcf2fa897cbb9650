"""From a page of scenarios to tasks that can be solved: every scenario's data and model are built
and held against each other before anything is solved, so that all that is wrong is told at once."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from territoryopt.compile import compile_problem
from territoryopt.errors import Fault, FaultList, InputError, ModelError, TerritoryoptError
from territoryopt.instance import ACCOUNTS, PAIRS, REPS, Instance, read_instance
from territoryopt.instance_changes import changed, written
from territoryopt.instance_writing import as_written, with_columns, write_instance
from territoryopt.model import Model, load_model, parse_model
from territoryopt.result import versions
from territoryopt.scenarios.page import Search, load_scenario_page
from territoryopt.scenarios.scenario import Scenario, scenarios_of
from territoryopt.scenarios.toml_text import put, take_out, to_toml
from territoryopt.tables import Table
from territoryopt.toml_reading import parse

INSTANCES = "instances"
"""The folder, in that of a sweep, of the data that scenarios changed; each is named by its
content, so that scenarios with the same data share one."""
SAYING = ("territoryopt", "highspy", "ortools", "pyomo", "numpy")


@dataclass(frozen=True, eq=False)
class Ready:
    """A scenario that can be solved. data: what its instance holds, as a hash; "" where it is that
    of the base. content: the hash of everything that its result depends on."""

    scenario: Scenario
    model: Model
    data: str
    content: str

    @property
    def name(self) -> str:
        return self.scenario.name

    def record(self) -> dict[str, Any]:
        """What the run of the scenario keeps of it (`source.scenario` of result.json)."""
        return {
            "name": self.name,
            "about": self.scenario.about,
            "in_words": self.scenario.in_words(),
            "weight": self.scenario.weight,
            "data": self.data,
            "content": self.content,
        }


@dataclass(frozen=True, eq=False)
class Prepared:
    """A page of scenarios, read and checked. file: the page."""

    file: Path
    search: Search
    where: Mapping[str, Mapping[str, list[str]]]
    base: Instance
    scenarios: tuple[Ready, ...]

    def instance(self, ready: Ready, folder: Path) -> Instance:
        """The instance of a scenario: that of the base, or one written below `folder`."""
        if not ready.data:
            return self.base
        place = folder / INSTANCES / ready.data[:20]
        if place.is_dir():
            try:
                there = read_instance(place)
                if content_of(there) == ready.data:
                    return there
            except InputError:
                pass  # written anew
        scenario = ready.scenario
        made = _changed(self.base, scenario, str(self.file))
        told = written(scenario.changes)
        if scenario.locks:
            told += ({"kind": "lock", "accounts": dict(scenario.locks)},)
        return write_instance(made, place, changes=told, overwrite=True)

    @cached_property
    def by_name(self) -> dict[str, Ready]:
        return {ready.name: ready for ready in self.scenarios}


def prepare(page: str | os.PathLike[str], search: Mapping[str, Any] | None = None) -> Prepared:
    """Read a page of scenarios and everything it names.

    search: values of [search] that count over those of the page. Raises InputError, or ModelError
    where a model is at fault, with every fault of every scenario.
    """
    path = Path(page)
    parsed = load_scenario_page(path)
    folder, file = path.resolve().parent, path.name
    options = Search.model_validate({**parsed.search.model_dump(), **(search or {})})
    wanted = scenarios_of(parsed, file, folder)
    where = {table: dict(rows) for table, rows in parsed.base.where.items()}
    base = read_instance(folder / parsed.base.instance, where=where or None)
    base = replace(base, folder=os.path.abspath(base.folder))
    faults = _Faults(file)
    texts: dict[str, str] = {}
    ready = []
    for scenario in wanted:
        instance = faults.of(scenario, lambda s=scenario: _changed(base, s, file))
        model = faults.of(
            scenario, lambda s=scenario: _model(s, _text(s.model, folder, texts), file)
        )
        if instance is None or model is None:
            continue
        locked = instance.with_locks(scenario.locks) if scenario.locks else instance
        if faults.of(scenario, lambda i=locked, m=model: compile_problem(i, m)) is None:
            continue
        same = not scenario.changes and not scenario.locks
        data = "" if same else content_of(instance)
        inputs = data or {**base.hashes, "rows": content_of(base)}
        ready.append(Ready(scenario, model, data, _content(inputs, model, options)))
    faults.raise_if_any()
    return Prepared(path, options, where, base, tuple(ready))


class _Faults:
    """Every fault of all scenarios; one that several have is told of the first."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.found: dict[tuple[object, ...], Fault] = {}
        self.model = False

    def of(self, scenario: Scenario, make: Any) -> Any:
        """What `make` makes; None, with its faults, where that fails."""
        try:
            return make()
        except TerritoryoptError as error:
            self.model |= isinstance(error, ModelError)
            for fault in error.problems:
                same = (fault.message, fault.key.removeprefix(scenario.key), fault.row,
                        fault.column, fault.value, fault.file)  # fmt: skip
                told = fault
                if not fault.key.startswith(scenario.key):
                    place = ", ".join(filter(None, [fault.file, fault.key]))
                    told = replace(
                        fault, file=self.file, key=scenario.key,
                        message=f"{place}: {fault.message}" if place else fault.message,
                    )  # fmt: skip
                self.found.setdefault(same, told)
            return None

    def raise_if_any(self) -> None:
        if self.found:
            raise (ModelError if self.model else InputError)(self.found.values())


def _changed(base: Instance, scenario: Scenario, file: str) -> Instance:
    """The data of a scenario."""
    if not scenario.changes and not scenario.locks:
        return base
    made = changed(base, scenario.changes, key=f"{scenario.key}.changes", file=file)
    try:
        made = made.with_locks(scenario.locks)
    except InputError as error:
        raise InputError(
            [replace(f, file=file, key=f"{scenario.key}.locks") for f in error.problems]
        ) from error
    return replace(made, accounts=_without_left_out(made), added_locks=())


def _without_left_out(instance: Instance) -> Table:
    """The accounts, without owners that a filter left out: in a folder of their own nobody would
    know them."""
    accounts = instance.accounts
    for column, rep in (("current_rep", instance.current), ("locked_rep", instance.locked)):
        cells = accounts.columns.get(column)
        if cells is not None and ((rep < 0) & (cells != "")).any():
            kept = np.where(rep < 0, "", cells).astype(object)
            accounts = with_columns(accounts, {column: kept})
    return accounts


def _text(source: str, folder: Path, texts: dict[str, str]) -> str:
    """The text of a model by its file, seen from the folder of the page, or its name."""
    if source not in texts:
        path: str | Path = folder / source if source.endswith(".toml") else source
        texts[source] = load_model(path).text
    return texts[source]


def _model(scenario: Scenario, text: str, file: str) -> Model:
    """The model of a scenario; its text is that of the base where nothing differs."""
    if not scenario.overrides and not scenario.removed:
        return parse_model(text, scenario.model)
    table = parse(text, scenario.model, "model", ModelError)
    faults = FaultList(ModelError)
    for path in scenario.removed:
        if not take_out(table, path):
            faults.add("is not in the model, so it cannot be taken out", _there(table, path[:-1]),
                       file=file, key=f"{scenario.key}.remove", value=".".join(path))  # fmt: skip
    for path, value in scenario.overrides.items():
        try:
            put(table, path, value)
        except KeyError:
            faults.add("something that is no table is in the way", file=file,
                       key=f"{scenario.key}.model.{'.'.join(path)}")  # fmt: skip
    faults.raise_if_any()
    heading = f"{scenario.model}, of the scenario {scenario.name}:\n"
    heading += "\n".join(
        [*(f"without {'.'.join(path)}" for path in scenario.removed),
         *(f"{'.'.join(path)} = {value}" for path, value in scenario.overrides.items())]
    )  # fmt: skip
    try:
        return parse_model(to_toml(table, heading), file)
    except ModelError as error:
        raise ModelError(
            [replace(f, key=f"{scenario.key}.model.{f.key}") for f in error.problems]
        ) from error


def _there(table: Mapping[str, Any], path: Iterable[str]) -> str:
    at: Any = table
    for step in path:
        at = at.get(step, {}) if isinstance(at, dict) else {}
    return f"There are {', '.join(at)}" if isinstance(at, dict) and at else ""


def content_of(instance: Instance) -> str:
    """The SHA-256 of what an instance holds: every cell of its tables, in their order."""
    digest = hashlib.sha256()

    def add(name: str, cells: Iterable[str]) -> None:
        digest.update(f"\x1d{name}\x1e".encode("utf-8", "surrogatepass"))
        digest.update("\x1f".join(cells).encode("utf-8", "surrogatepass"))

    tables = ((ACCOUNTS, instance.accounts), (REPS, instance.reps), (PAIRS, instance.pairs))
    for file, table in tables:
        if table is not None:
            add(file, [str(len(table))])
            for name, cells in as_written(table.columns).items():
                add(name, map(str, cells.tolist()))
    return digest.hexdigest()


def _content(data: object, model: Model, search: Search) -> str:
    """The SHA-256 of all that a result depends on: data, model, search and versions. Threads are
    not among it: a seed gives one plan on any number, until time binds."""
    known = {
        "data": data,
        "model": model.sha256,
        "search": search.model_dump(),
        "versions": {name: versions()[name] for name in SAYING},
    }
    return hashlib.sha256(json.dumps(known, sort_keys=True).encode()).hexdigest()
