"""What the shell gives us, made into what the API takes."""

from __future__ import annotations

import re
import time
from pathlib import Path
from typing import TYPE_CHECKING

from territoryopt.errors import FaultList, InputError

if TYPE_CHECKING:
    from territoryopt.instance import Instance
    from territoryopt.model import Model

DEFAULT_MODEL = "balanced-field-sales"


def parse_where(texts: tuple[str, ...]) -> dict[str, dict[str, list[str]]] | None:
    """`accounts.country=US,CA` as {"accounts": {"country": ["US", "CA"]}}."""
    faults = FaultList(InputError)
    out: dict[str, dict[str, list[str]]] = {}
    for text in texts:
        name, equals, values = text.partition("=")
        table, dot, column = name.partition(".")
        if not equals or not dot or table not in ("accounts", "reps") or not column:
            faults.add(
                "is not a row filter",
                "Write accounts.COLUMN=VALUE,VALUE or reps.COLUMN=VALUE",
                key="--where",
                value=text,
            )
            continue
        found = out.setdefault(table, {}).setdefault(column.strip(), [])
        found += [value.strip() for value in values.split(",")]
    faults.raise_if_any()
    return out or None


def default_run_folder(instance: str) -> str:
    """runs/<time>-<instance>, a name made of plain letters whatever the instance is called."""
    name = re.sub(r"[^\w-]+", "-", Path(instance).resolve().name).strip("-") or "run"
    now = time.time()
    stamp = f"{time.strftime('%Y%m%d-%H%M%S', time.localtime(now))}-{int(now * 1000) % 1000:03d}"
    return str(Path("runs") / f"{stamp}-{name[:60]}")


def asked_about(
    source: str, model: str | None, where: tuple[str, ...]
) -> tuple[Instance, Model, dict[str, dict[str, list[str]]] | None]:
    """The data, the model and the row filter that a command is asked about: of an instance folder,
    or of a run folder with its locks, whose model and rows count where none are given."""
    import territoryopt as topt
    from territoryopt.run_record import RESULT

    filters = parse_where(where)
    if not (Path(source) / RESULT).is_file():
        parsed = topt.load_model(model or DEFAULT_MODEL)
        return topt.read_instance(source, where=filters), parsed, filters
    run = topt.read_run(source)
    parsed = topt.load_model(model) if model else run.model
    known = run.record["source"]
    rows = filters or known.get("where") or None
    data = topt.read_instance(known["instance"], where=rows)
    return data.with_locks(known.get("locks") or {}), parsed, rows
