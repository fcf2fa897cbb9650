"""The text of `models/README.md`, made from the rules, goals and sections themselves.

    python -m territoryopt.terms.reference > models/README.md

A kind of rule or goal stands on that page by its docstring (formula, symbols, units, source) and
by the descriptions of its fields; nothing is written twice.
"""

from __future__ import annotations

import inspect
import json
import re
import sys
from collections.abc import Iterable
from typing import Any

from pydantic import BaseModel

from territoryopt.model import Model, library, load_model, parse_model
from territoryopt.terms import GOALS, RULES
from territoryopt.terms.sections import Measure, TravelSection, Where, WorkloadSection
from territoryopt.terms.term import Term, kind_name

EXAMPLE = """\
name = "Spring alignment"
currency = "USD"

[rules.even_potential]      # the name is yours; results and messages speak of the rule by it
kind = "band"               # the kind says what it means
measure = "potential"
tolerance = 0.20            # within 20 % of an equal share; no price, so it must hold

[rules.hours]
kind = "capacity"           # workload of a rep <= column `capacity` of reps.csv
price = 100                 # may be broken, at 100 USD for each hour above

[rules.few_moves]
kind = "moves"
max_share = 0.50            # at most half of the accounts owned today change hands

[goals.driving]
kind = "travel"
price = 60                  # an hour on the road costs 60 USD

[goals.hand_overs]
kind = "disruption"
measure = "potential"
price = 0.02                # a hand-over puts 2 % of the account's potential at risk
"""

HEAD = """\
# Models

A model is one page of TOML that says which alignment of accounts to reps is the best. You edit
numbers and names; the formulas are those below. `x_ij` is 1 where rep `j` owns account `i`, and
every account has exactly one rep.

This page is made from the code by `python -m territoryopt.terms.reference`; change it there.

## A small model, complete

```toml
{example}```

Save it as `my-model.toml`. `territoryopt show my-model.toml` prints what it says, with its numbers
and units:

```text
{statements}
```

And this runs it on data that comes with the package:

```sh
territoryopt solve instances/tiny --model my-model.toml
```

## How it is read

- **A rule must hold.** Give it a `price` and it may be broken, at that much money for each unit.
  Where rules cannot hold together, the answer names those that clash.
- **A goal has a price**, which turns its unit into money a year, so that all goals add up. The sum
  of goals and broken priced rules is what is minimised. If you have no figures in money, take
  prices as weights: nothing else changes.
- **A measure** is an amount of each account, or of each pair of an account and a rep: built in, or
  any numeric column of your files ([below](#measures)).
- **Units are fixed**: time is hours/year, money is `<currency>/year`, distance is km. Anything
  else (beds, people, visits/year) is a label of your own. Nothing is converted.
- **Fractions, not percent**: `tolerance = 0.15` is 15 %.
- **Several rules of one kind** are fine, each under its own name. No rule and goal share a name.
- **A wrong key is an error**, with the nearest right one. Everything wrong is told at once.
"""

SHIPPED = """\
## Models that come with the package

Use one by its name (`--model {first}`), or copy its file and change it.
"""

MEASURES = """\
## Measures

Built in, with the columns they need:

{table}

`_i` is an amount of the account, `_ij` of the pair; money is in the model's own currency. Travel
and distance need `latitude`, `longitude` of accounts and `home_latitude`, `home_longitude` of reps,
or a column of pairs.csv: see [travel](#travel).
"""


def reference() -> str:
    """The whole page, ending in one line break."""
    example = parse_model(EXAMPLE, "example")
    said = "\n".join(f"{name:<15} {text}" for name, text in statements(example).items())
    parts = [HEAD.format(example=EXAMPLE, statements=said), _shipped(), _file(), _measures()]
    parts += [_index("Rules", RULES), *(_kind(term) for term in RULES)]
    parts += [_index("Goals", GOALS), *(_kind(term) for term in GOALS)]
    return "\n".join(parts)


def statements(model: Model) -> dict[str, str]:
    """Each rule and goal by its name, as a formula with its numbers."""
    return {name: t.statement(model.units, model.currency) for name, t in model.terms.items()}


def _shipped() -> str:
    paths = sorted(library("models").glob("*.toml"))
    out = [SHIPPED.format(first=paths[0].stem)]
    for path in paths:
        model = load_model(path)
        out.append(f"- **`{path.stem}`**: {' '.join(model.audience.split())}")
    return "\n".join(out) + "\n"


def _file() -> str:
    sections = (("where", Where), ("travel", TravelSection), ("workload", WorkloadSection))
    out = ["## The file\n", _table(Model, ("name", "audience", "currency"))]
    out += [
        "Then the tables `[where]`, `[travel]`, `[workload]`, `[measures.<name>]`, "
        "`[rules.<name>]` and `[goals.<name>]`; all but a goal may be left out.\n"
    ]
    for name, section in sections:
        out += [f"### [{name}]\n", _text(section), _table(section, section.model_fields)]
    return "\n".join(out)


def _measures() -> str:
    model = Model(name="example")
    rows = [(f"`{name}`", unit, model.source(name)) for name, unit in model.units.items()]
    table = _rows(("measure", "unit", "amount (at the defaults)"), rows)
    out = [MEASURES.format(table=table), "### [measures.\\<name>]\n", _text(Measure)]
    return "\n".join([*out, _table(Measure, Measure.model_fields)])


def _index(title: str, terms: Iterable[type[Term]]) -> str:
    rows = []
    for term in terms:
        about, _, _ = (inspect.getdoc(term) or "").partition("\n\n")
        name = kind_name(term)
        rows.append((f"[{name}](#{title.lower()}-{name})", " ".join(about.split())))
    return f"## {title}\n\n" + _rows(("kind", "what it does"), rows) + "\n"


def _kind(term: type[Term]) -> str:
    names = [name for name in term.model_fields if name not in ("kind", "price")]
    names += ["price"] if "price" in term.model_fields else []
    title = f'### <a id="{term.role}s-{kind_name(term)}"></a>{kind_name(term)}\n'
    return "\n".join([title, _text(term), _table(term, names)])


def _text(source: type) -> str:
    """A docstring as Markdown: what it is, its formula as it stands, and the rest as a list."""
    text = inspect.getdoc(source) or ""
    about, *parts = re.split(r"^(Formula|Symbols|Units|Source): ", text, flags=re.MULTILINE)
    lines = [" ".join(paragraph.split()) + "\n" for paragraph in about.strip().split("\n\n")]
    for label, body in zip(parts[::2], parts[1::2], strict=True):
        if label == "Formula":
            indented = " " * len("Formula: ") + body.rstrip()
            formula = "\n".join(
                line.rstrip() for line in inspect.cleandoc("\n" + indented).split("\n")
            )
            lines.append(f"```text\n{formula}\n```\n")
        else:
            lines.append(f"- **{label}**: {' '.join(body.split())}")
    return "\n".join(lines).rstrip("\n") + "\n"


def _table(source: type[BaseModel], names: Iterable[str]) -> str:
    """The keys of a table of the file: type, default and meaning."""
    schema = source.model_json_schema()["properties"]
    required = source.model_json_schema().get("required", [])
    rows = []
    for name in names:
        field = schema[name]
        default = field.get("default")
        shown = "left out" if default in (None, "", {}) else f"`{json.dumps(default)}`"
        rows.append(
            (
                f"`{name}`",
                _type(field),
                "required" if name in required else shown.replace(".0`", "`"),
                field["description"],
            )
        )
    return _rows(("key", "type", "default", "meaning"), rows) + "\n"


def _type(field: dict[str, Any]) -> str:
    """The type of a key in words."""
    if "anyOf" in field:
        return " or ".join(_type(one) for one in field["anyOf"] if one["type"] != "null")
    if "enum" in field:
        return " or ".join(f'`"{value}"`' for value in field["enum"])
    return {
        "string": "text",
        "boolean": "true or false",
        "array": "list of texts",
        "object": "columns, each with a list of texts",
        "integer": "whole number" + _limits(field),
        "number": "number" + _limits(field),
    }[field["type"]]


def _limits(field: dict[str, Any]) -> str:
    low, high = field.get("minimum"), field.get("maximum")
    above, below = field.get("exclusiveMinimum"), field.get("exclusiveMaximum")
    limits = [f"{low:g} or more"] if low is not None else []
    limits += [f"above {above:g}"] if above is not None else []
    limits += [f"at most {high:g}"] if high is not None else []
    limits += [f"below {below:g}"] if below is not None else []
    return ", " + ", ".join(limits) if limits else ""


def _rows(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [head, ("---",) * len(head), *rows]
    return "\n".join(
        "| " + " | ".join(re.sub(r"([|<])", r"\\\1", cell) for cell in line) + " |"
        for line in lines
    )


if __name__ == "__main__":
    sys.stdout.buffer.write(reference().encode())
