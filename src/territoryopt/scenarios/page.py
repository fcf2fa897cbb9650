"""The page of scenarios: a base, and named ways in which the future may differ from it.

A scenario is the base with changes to the data (`instance_changes`) and to the model (keys of its
TOML file); it may stand on another scenario. A grid is the product of values, a scenario for each
combination. Nothing is read here but the page.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from pydantic import Field

from territoryopt.errors import InputError
from territoryopt.instance_changes import AnyChange
from territoryopt.toml_page import Part, load_page

BASE = "base"
"""The name of the scenario in which nothing differs."""

MOST = 200
"""Scenarios that a grid may make where its page says nothing else."""


class Search(Part):
    """How each scenario is searched; each with the same seed."""

    backend: str = Field(default="auto", min_length=1, description="As of `solve`.")
    seconds: float = Field(default=60.0, gt=0, description="Wall seconds for each scenario.")
    gap: float = Field(default=1e-3, ge=0, description="Stop this close to the best: a fraction.")
    seed: int = Field(default=0, ge=0, lt=2**31)


class Base(Part):
    """What every scenario starts from; paths are seen from the page's folder."""

    instance: str = Field(min_length=1, description="The instance folder.")
    model: str = Field(min_length=1, description="A .toml file, or the name of a model of ours.")
    where: dict[str, dict[str, list[str]]] = Field(
        default_factory=dict, description='Row filter: where.accounts.country = ["US"].'
    )
    about: str = Field(default="Nothing differs.", description="For people.")
    weight: float = Field(default=1.0, ge=0, description="How likely this future is, see below.")


class ScenarioPart(Part):
    """One scenario: what differs from the scenario it stands on.

    Changes are done after those of the scenario it stands on; keys of the model, locks and the
    season count over its.
    """

    about: str = Field(default="", description="For people.")
    stands_on: str = Field(default=BASE, alias="from", description="Another scenario, or the base.")
    changes: list[AnyChange] = Field(default_factory=list, description="What happens to the team.")
    season: str = Field(default="", description="One of [seasons].")
    locks: dict[str, str] = Field(default_factory=dict, description="account id = rep id.")
    model: dict[str, Any] = Field(
        default_factory=dict,
        description="Keys of the model and their values: rules.workload_band.tolerance = 0.05.",
    )
    model_file: str = Field(default="", description="Another model than that of the base.")
    remove: list[str] = Field(
        default_factory=list, description='Tables of the model to take out: "rules.capacity".'
    )
    weight: float = Field(
        default=1.0, ge=0, description="How likely this future is, against the weights of others."
    )


class Grid(Part):
    """Every combination of these values, each a scenario named like tolerance=0.05,price=75.

    values: a dotted key of a scenario (model.rules.workload_band.tolerance,
    changes.0.scale.potential, season) = the values it takes. A key that begins with rules., goals.,
    travel. or workload. is one of the model.
    """

    about: str = ""
    stands_on: str = Field(default=BASE, alias="from")
    values: dict[str, list[Any]] = Field(min_length=1)
    most: int = Field(default=MOST, ge=1, le=10_000, description="Refuse to make more than these.")
    weight: float = Field(default=1.0, ge=0, description="Of each of them.")


class ScenarioPage(Part):
    """The whole page."""

    base: Base
    search: Search = Field(default_factory=Search)
    seasons: dict[str, dict[str, str | float]] = Field(
        default_factory=dict,
        description="name = columns of accounts and what they are multiplied with: a number, or "
        "the column that holds each account's factor.",
    )
    scenarios: dict[str, ScenarioPart] = Field(default_factory=dict)
    grid: Grid | None = None


def load_scenario_page(path: str | os.PathLike[str]) -> ScenarioPage:
    """The page in a file; InputError with every fault, each with file and key."""
    return load_page(ScenarioPage, Path(path), "page of scenarios", InputError)
