"""`Model`: a parsed models/*.toml. Knows rules, goals and prices; knows no data."""

from __future__ import annotations

import difflib
import hashlib
import re
import tomllib
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from territoryopt.errors import FaultList, ModelError, shortened
from territoryopt.terms import GOALS, RULES, AnyGoal, AnyRule, Term
from territoryopt.terms.term import Amount, Filter, kind_name
from territoryopt.units import COUNT, DISTANCE, HOURS, money, unit_fault

LARGEST_FILE = 1_000_000
"""Bytes of a model file; a model is a page, not a data set."""

LARGEST_DEPTH = 20


class Section(BaseModel):
    """A table of the TOML file: no unknown keys, no silent conversion."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Where(Section):
    """Row filters: column -> values kept, compared as text."""

    accounts: Filter = Field(default_factory=dict)
    reps: Filter = Field(default_factory=dict)


class TravelSection(Section):
    """How long a visit's share of a tour is; `territoryopt.travel.Travel` has the formula."""

    circuity: float = Field(default=1.2, ge=1, le=5, description="Road km per great-circle km.")
    speed_kmh: float = Field(default=60.0, gt=0, le=1000, description="Mean speed, km/hour.")
    stops_per_tour: float = Field(default=4.0, ge=1, le=1000, description="Visits on one tour.")
    hop_neighbours: int = Field(default=5, ge=1, le=1000, description="For the local density.")
    missing_km: float | None = Field(
        default=None, ge=0, description="Distance where coordinates are unknown; else refused."
    )
    pairs_hours: str | None = Field(
        default=None, description="Column of pairs.csv with travel hours per visit."
    )
    pairs_km: str | None = Field(default=None, description="Column of pairs.csv with one-way km.")
    pairs_missing: Literal["refuse", "exclude"] | Amount = Field(
        default="refuse", description="What a pair that pairs.csv lacks is taken as."
    )


class WorkloadSection(Section):
    """Call frequency and duration: columns of accounts, or one number for all."""

    visits_per_year: str | Amount = Field(default="visits_per_year")
    hours_per_visit: str | Amount = Field(default="hours_per_visit")


class Measure(Section):
    """A measure of the user's own: a numeric column of accounts, or of pairs."""

    unit: str = Field(description='Its unit: "hours/year", "<currency>/year", or any word.')
    column: str | None = Field(default=None, description="Column of accounts.csv.")
    pairs: str | None = Field(default=None, description="Column of pairs.csv.")
    per: Literal["year", "visit"] = Field(
        default="year", description='"visit": times the visits per year of the account.'
    )
    missing: Literal["refuse", "exclude"] | Amount = Field(
        default="refuse", description="What a pair that pairs.csv lacks is taken as."
    )
    negative: bool = Field(default=False, description="Whether amounts below zero make sense.")

    @model_validator(mode="after")
    def _one_source(self) -> Measure:
        if (self.column is None) == (self.pairs is None):
            raise ValueError("a measure needs either column or pairs")
        if self.column is not None and ("per" in self.model_fields_set):
            raise ValueError('per = "visit" goes with pairs')
        return self


class Model(Section):
    """Measures, rules and goals under one currency label."""

    name: str = Field(min_length=1)
    audience: str = Field(default="", description="Whom it is for, one paragraph.")
    currency: str = Field(default="USD", pattern=r"^[A-Z]{3}$")
    where: Where = Field(default_factory=Where)
    travel: TravelSection = Field(default_factory=TravelSection)
    workload: WorkloadSection = Field(default_factory=WorkloadSection)
    measures: dict[str, Measure] = Field(default_factory=dict)
    rules: dict[str, AnyRule] = Field(default_factory=dict)
    goals: dict[str, AnyGoal] = Field(default_factory=dict)
    file: str = Field(default="", exclude=True)
    text: str = Field(default="", exclude=True, repr=False)

    @cached_property
    def units(self) -> dict[str, str]:
        """The unit of every measure the model knows."""
        built_in = {
            "workload": HOURS,
            "calls": HOURS,
            "travel": HOURS,
            "distance": DISTANCE,
            "potential": money(self.currency),
            "revenue": money(self.currency),
            "count": COUNT,
        }
        return built_in | {name: spec.unit for name, spec in self.measures.items()}

    @property
    def terms(self) -> dict[str, Term]:
        """Rules, then goals, by name."""
        return {**self.rules, **self.goals}

    def source(self, measure: str) -> str:
        """Where the amounts of a measure come from, as a formula."""
        spec = self.measures.get(measure)
        if spec is not None:
            if spec.column is not None:
                return f"column {spec.column} of accounts.csv"
            per = "visits_per_year_i · " if spec.per == "visit" else ""
            return f"{per}column {spec.pairs} of pairs.csv"
        t, w = self.travel, self.workload
        hours = (
            f"column {t.pairs_hours} of pairs.csv"
            if t.pairs_hours
            else f"{t.circuity:g} / {t.speed_kmh:g} km/h · (2 km_ij + {t.stops_per_tour - 1:g} "
            f"hop_i) / {t.stops_per_tour:g}"
        )
        return {
            "workload": "calls_i + travel_ij",
            "calls": f"{w.visits_per_year}_i · {w.hours_per_visit}_i",
            "travel": f"{w.visits_per_year}_i · {hours}",
            "distance": f"column {t.pairs_km} of pairs.csv"
            if t.pairs_km
            else "great circle, one way, from the rep's home",
            "potential": "column potential of accounts.csv",
            "revenue": "column annual_revenue of accounts.csv",
            "count": "1 for each account",
        }[measure]

    @property
    def sha256(self) -> str:
        """Of the file's text; names the model in a run folder."""
        return hashlib.sha256(self.text.encode()).hexdigest()


def load_model(source: str | Path) -> Model:
    """A model by its path, or by the name of one that comes with the package.

    Raises ModelError with every fault, each with file and key.
    """
    path = Path(source)
    if path.suffix != ".toml" and not path.exists():
        path = model_path(str(source))
    try:
        if path.stat().st_size > LARGEST_FILE:
            raise ModelError([f"{path}: is larger than {LARGEST_FILE:,} bytes, so not a model"])
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise ModelError([f"{path}: cannot be read: {error.strerror or error}"]) from error
    except UnicodeDecodeError as error:
        raise ModelError([f"{path}: is not UTF-8 text. Save it as UTF-8"]) from error
    return parse_model(text, str(source) if path == Path(source) else path.name)


def parse_model(text: str, file: str = "model") -> Model:
    """A model from TOML text; `file` is how messages name it."""
    faults = FaultList(ModelError)
    if _depth(text) > LARGEST_DEPTH:
        raise ModelError([f"{file}: is nested too deeply to be a model"])
    try:
        table = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError, ValueError) as error:
        row = re.search(r"at line (\d+)", str(error))
        faults.add(
            f"is not valid TOML: {error}",
            file=file,
            row=int(row.group(1)) if row else None,
        )
        raise ModelError(faults.problems) from error
    for key in ("file", "text"):
        if key in table:
            faults.add("is not a key of a model", file=file, key=key)
    try:
        model = Model.model_validate({**table, "file": file, "text": text})
    except ValidationError as error:
        for item in error.errors(include_url=False):
            _tell(dict(item), table, file, faults)
        raise ModelError(faults.problems) from error
    _check(model, faults)
    faults.raise_if_any()
    return model


def model_path(name: str) -> Path:
    """The file of a model that comes with the package."""
    known = library("models")
    path = known / f"{name}.toml"
    if not re.fullmatch(r"[\w-]+", name) or not path.is_file():
        names = sorted(p.stem for p in known.glob("*.toml"))
        close = difflib.get_close_matches(name, names, 1, 0.5)
        hint = f" Did you mean {close[0]!r}?" if close else ""
        raise ModelError(
            [
                f"there is no model {shortened(name)!r}.{hint} Give a path to a .toml file, or one "
                f"of: {', '.join(names)}"
            ]
        )
    return path


def library(kind: str) -> Path:
    """The folder of models or instances that come with the package: beside it in a checkout,
    inside it in a wheel."""
    here = Path(__file__).resolve().parent
    inside = here / "library" / kind
    return inside if inside.is_dir() else here.parent.parent / kind


def _depth(text: str) -> int:
    """How deeply brackets nest, at most; read before the parser recurses over them."""
    depth = most = 0
    for mark in re.findall(r"[\[\]{}]", text):
        depth += 1 if mark in "[{" else -1
        most = max(most, depth)
    return most


_KINDS: dict[str, dict[str, type[Term]]] = {
    "rules": {kind_name(term): term for term in RULES},
    "goals": {kind_name(term): term for term in GOALS},
}


_SECTIONS: dict[str, type[Section]] = {
    "where": Where,
    "travel": TravelSection,
    "workload": WorkloadSection,
}


def _tell(item: dict[str, Any], table: dict[str, Any], file: str, faults: FaultList) -> None:
    """One finding of the validator as a fault in our words."""
    path = [str(part) for part in item["loc"]]
    if len(path) > 2 and path[0] in ("rules", "goals"):
        del path[2]  # the validator names the kind between the rule and its key
    path = [part for part in path if not re.match(r"^(literal\[|constrained-|float$|str$)", part)]
    key = ".".join(path)
    kind, value = item["type"], item.get("input")
    message, remedy = item["msg"], ""
    if kind == "extra_forbidden":
        message = "is not a known key"
        remedy = _known_keys(path, table)
    elif kind == "missing":
        message, value = "is missing", ""
    elif kind in ("union_tag_invalid", "union_tag_not_found"):
        kinds = list(_KINDS[path[0]])
        value = value.get("kind", "") if isinstance(value, dict) else value
        message = "is not a known kind" if value else "needs a kind"
        close = difflib.get_close_matches(str(value), kinds, 1, 0.5)
        remedy = f"Did you mean {close[0]!r}? " if close else ""
        remedy += f"Kinds of {path[0]}: {', '.join(kinds)}"
        key += ".kind"
    elif kind == "less_than" and path[-1].startswith(("tolerance", "min_share", "max_share")):
        message = "is a fraction below 1"
        if isinstance(value, int | float) and 1 <= value <= 100:
            remedy = f"For {value:g} % write {value / 100:g}"
    elif kind == "greater_than_equal" and path[-1] == "price":
        message = "a price is zero or more: money for each unit broken or used"
    elif kind == "value_error":
        message = message.removeprefix("Value error, ")
    shown = "" if isinstance(value, dict | list) else value
    if not any(p.key == key and p.message == message for p in faults.problems):
        faults.add(message, remedy, file=file, key=key, value=shown)


def _known_keys(path: list[str], table: dict[str, Any]) -> str:
    fields: dict[str, Any] = dict(Model.model_fields)
    if path[0] in ("rules", "goals") and len(path) > 2:
        term = _KINDS[path[0]][table[path[0]][path[1]]["kind"]]
        fields = dict(term.model_fields)
    elif path[0] == "measures" and len(path) > 2:
        fields = dict(Measure.model_fields)
    elif len(path) > 1 and path[0] in ("where", "travel", "workload"):
        fields = dict(_SECTIONS[path[0]].model_fields)
    names = [name for name in fields if name not in ("file", "text")]
    close = difflib.get_close_matches(path[-1], names, 1, 0.6)
    hint = f"Did you mean {close[0]!r}? " if close else ""
    return f"{hint}Known here: {', '.join(names)}"


def _check(model: Model, faults: FaultList) -> None:
    """What single fields cannot say: names across tables, units, and that there is a goal."""
    if not model.goals:
        faults.add(
            "has no goal, so every plan would be as good as any other",
            'Add one, such as [goals.driving] with kind = "travel"',
            file=model.file,
            key="goals",
        )
    for name in model.rules.keys() & model.goals.keys():
        faults.add("names a rule and a goal", "Rename one", file=model.file, key=f"goals.{name}")
    for name, spec in model.measures.items():
        fault = unit_fault(spec.unit, model.currency)
        if fault:
            faults.add(
                fault,
                "Convert the column, or name the unit it has",
                file=model.file,
                key=f"measures.{name}.unit",
                value=spec.unit,
            )
    for name, term in model.terms.items():
        table = "rules" if name in model.rules else "goals"
        for measure in term.measures():
            if measure not in model.units:
                close = difflib.get_close_matches(measure, list(model.units), 1, 0.5)
                hint = f"Did you mean {close[0]!r}? " if close else ""
                faults.add(
                    "is not a known measure",
                    f"{hint}Known: {', '.join(model.units)}; add others under [measures]",
                    file=model.file,
                    key=f"{table}.{name}.measure",
                    value=measure,
                )
    if model.travel.pairs_hours is not None and model.travel.pairs_km is not None:
        faults.add(
            "pairs_hours and pairs_km both say how far it is",
            "Keep one",
            file=model.file,
            key="travel",
        )
