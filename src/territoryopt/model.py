"""`Model`: a parsed models/*.toml. Knows rules, goals and prices; knows no data."""

from __future__ import annotations

import difflib
import hashlib
import re
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any

from pydantic import Field, ValidationError

from territoryopt.errors import Fault, FaultList, ModelError, shortened
from territoryopt.terms import GOALS, RULES, AnyGoal, AnyRule, Term
from territoryopt.terms.sections import Measure, Section, TravelSection, Where, WorkloadSection
from territoryopt.terms.term import kind_name
from territoryopt.toml_reading import WORDS, parse, read_text
from territoryopt.units import COUNT, DISTANCE, HOURS, money, unit_fault

_BRANCH = re.compile(r"^(literal\[.*|constrained-.*|float|str)$")
"""How the validator ends the path of a finding in a field that takes one of several types."""


class Model(Section):
    """Measures, rules and goals under one currency label."""

    name: str = Field(min_length=1, description="What the model is called in results.")
    audience: str = Field(default="", description="Whom it is for, one paragraph.")
    currency: str = Field(
        default="USD",
        pattern=r"^[A-Z]{3}$",
        description="The label of all money, three capital letters; nothing is converted.",
    )
    where: Where = Field(default_factory=Where)
    travel: TravelSection = Field(default_factory=TravelSection)
    workload: WorkloadSection = Field(default_factory=WorkloadSection)
    measures: dict[str, Measure] = Field(default_factory=dict)
    rules: dict[str, AnyRule] = Field(default_factory=dict)
    goals: dict[str, AnyGoal] = Field(default_factory=dict)
    file: str = Field(default="", exclude=True)
    text: str = Field(default="", exclude=True, repr=False)

    @property
    def built_in(self) -> dict[str, str]:
        """The measures every model knows, with their units."""
        return {
            "workload": HOURS,
            "calls": HOURS,
            "travel": HOURS,
            "distance": DISTANCE,
            "potential": money(self.currency),
            "revenue": money(self.currency),
            "count": COUNT,
        }

    @cached_property
    def units(self) -> dict[str, str]:
        """The unit of every measure the model knows."""
        return self.built_in | {name: spec.unit for name, spec in self.measures.items()}

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
    if path.suffix != ".toml" and not _is_there(path):
        path = model_path(str(source))
    text = read_text(path, "model", ModelError)
    return parse_model(text, str(source) if path == Path(source) else path.name)


def _is_there(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:  # a name too long for a file
        return False


def parse_model(text: str, file: str = "model") -> Model:
    """A model from TOML text; `file` is how messages name it."""
    faults = FaultList(ModelError)
    table = parse(text, file, "model", ModelError)
    for key in ("file", "text"):
        if key in table:
            faults.add("is not a key of a model", file=file, key=key)
    try:
        model = Model.model_validate({**table, "file": file, "text": text})
    except ValidationError as error:
        items = [dict(item) for item in error.errors(include_url=False)]
        _tell_all(items, table, file, faults)
        rest = _sound_part(items, table, file)
        if rest is not None:
            _check(rest, table, faults)
        raise ModelError(faults.problems) from error
    _check(model, table, faults)
    faults.raise_if_any()
    return model


def model_path(name: str) -> Path:
    """The file of a model that comes with the package."""
    known = library("models")
    path = known / f"{name}.toml"
    if not re.fullmatch(r"[\w-]{1,100}", name) or not path.is_file():
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


_KINDS: dict[str, dict[str, type[Term]]] = {
    "rules": {kind_name(term): term for term in RULES},
    "goals": {kind_name(term): term for term in GOALS},
}


_SECTIONS: dict[str, type[Section]] = {
    "where": Where,
    "travel": TravelSection,
    "workload": WorkloadSection,
}


def _tell_all(
    items: list[dict[str, Any]], table: dict[str, Any], file: str, faults: FaultList
) -> None:
    """The findings of the validator in our words, one fault for each key."""
    found: dict[str, Fault] = {}
    for item in items:
        path, branch = _path(item["loc"])
        fault = _fault(item, path, table, file)
        earlier = found.get(fault.key)
        if earlier is None:
            found[fault.key] = fault
        elif branch and earlier.message != fault.message:
            message = f"{earlier.message}, or {fault.message.removeprefix('must be ')}"
            found[fault.key] = replace(earlier, message=message)
    faults.problems.extend(found.values())


def _path(loc: tuple[int | str, ...]) -> tuple[list[str], bool]:
    """The dotted path of a finding, and whether it was one of several types a field may take."""
    path = [str(part) for part in loc]
    if len(path) > 2 and path[0] in ("rules", "goals"):
        del path[2]  # the validator names the kind between the rule and its key
    named = 1 if path[0] in ("travel", "workload") else 2  # tables whose keys are fields
    branch = len(path) > named + 1 and path[0] != "where" and path[named] != "where"
    branch = branch and _BRANCH.match(path[-1]) is not None
    return (path[:-1] if branch else path), branch


def _fault(item: dict[str, Any], path: list[str], table: dict[str, Any], file: str) -> Fault:
    key = ".".join(path)
    kind, value, limits = item["type"], item.get("input"), item.get("ctx", {})
    message = WORDS[kind].format(**limits) if kind in WORDS else item["msg"]
    remedy = ""
    if kind == "extra_forbidden":
        message = "is not a known key"
        remedy = _known_keys(path, table)
    elif kind == "missing":
        message, value = "is missing", ""
    elif kind in ("union_tag_invalid", "union_tag_not_found"):
        kinds = list(_KINDS[path[0]])
        value = value.get("kind", "") if isinstance(value, dict) else value
        value = value if isinstance(value, str) else type(value).__name__
        message = "is not a known kind" if value else "needs a kind"
        close = difflib.get_close_matches(value[:100], kinds, 1, 0.5)
        remedy = f"Did you mean {close[0]!r}? " if close else ""
        remedy += f"Kinds of {path[0]}: {', '.join(kinds)}"
        key += ".kind"
    elif kind in ("less_than", "less_than_equal") and path[-1] in _FRACTIONS:
        message = "is a fraction below 1" if kind == "less_than" else "is a fraction, at most 1"
        if isinstance(value, int | float) and 1 <= value <= 100:
            remedy = f"For {value:g} % write {value / 100:g}"
    elif kind == "greater_than_equal" and path[-1] == "price":
        message = "a price is zero or more: money for each unit broken or used"
    elif kind == "value_error":
        message = message.removeprefix("Value error, ")
    shown = "" if isinstance(value, dict | list) else shortened(value)
    return Fault(message, remedy, file=file, key=shortened(key, 200), value=shown)


_FRACTIONS = ("tolerance", "min_share", "max_share")

UNSOUND = "unknown"
"""The unit of a measure that could not be read, while the rest of the model is judged."""


def _sound_part(items: list[dict[str, Any]], table: dict[str, Any], file: str) -> Model | None:
    """The model without what the validator found fault with, so that the rest is judged too."""
    rest = {name: dict(part) if isinstance(part, dict) else part for name, part in table.items()}
    rest.setdefault("name", "model")
    for item in items:
        section, *path = (str(part) for part in item["loc"])
        if section in ("currency", "measures") and not path:
            return None  # every unit, or every measure, would seem wrong
        if section in ("rules", "goals", "measures") and path:
            rest[section].pop(path[0], None)
            if section == "measures":
                rest[section][path[0]] = {"unit": UNSOUND, "column": path[0]}
        elif section == "name":
            rest["name"] = "model"
        else:
            rest.pop(section, None)
    try:
        return Model.model_validate({**rest, "file": file, "text": ""})
    except ValidationError:
        return None


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


def _check(model: Model, table: dict[str, Any], faults: FaultList) -> None:
    """What single fields cannot say: names across tables, units, and that there is a goal.

    `table` is the file, which may hold more than the model where part of it was not sound.
    """
    if not table.get("goals"):
        faults.add(
            "has no goal, so every plan would be as good as any other",
            'Add one, such as [goals.driving] with kind = "travel"',
            file=model.file,
            key="goals",
        )
    for name in model.goals:
        if name in model.rules:
            key = f"goals.{shortened(name)}"
            faults.add("names a rule and a goal", "Rename one", file=model.file, key=key)
    for name, spec in model.measures.items():
        fault = unit_fault(spec.unit, model.currency)
        built_in = model.built_in.get(name, spec.unit)
        if not fault and spec.unit not in (built_in, UNSOUND):
            fault = f"{name} is a built-in measure, counted in {built_in}"
        if fault:
            faults.add(
                fault,
                "Convert the column, or name the unit it has",
                file=model.file,
                key=f"measures.{shortened(name)}.unit",
                value=spec.unit,
            )
    for name, term in model.terms.items():
        section = "rules" if name in model.rules else "goals"
        for measure in term.measures():
            if measure not in model.units:
                close = difflib.get_close_matches(measure, list(model.units), 1, 0.5)
                hint = f"Did you mean {close[0]!r}? " if close else ""
                faults.add(
                    "is not a known measure",
                    f"{hint}Known: {', '.join(model.units)}; add others under [measures]",
                    file=model.file,
                    key=f"{section}.{shortened(name)}.measure",
                    value=measure,
                )
    if model.travel.pairs_hours is not None and model.travel.pairs_km is not None:
        faults.add(
            "pairs_hours and pairs_km both say how far it is",
            "Keep one",
            file=model.file,
            key="travel",
        )
