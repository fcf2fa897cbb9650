"""What the shell gives us, made into what the API takes."""

from __future__ import annotations

import re
import time
from pathlib import Path

from territoryopt.errors import FaultList, InputError


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
