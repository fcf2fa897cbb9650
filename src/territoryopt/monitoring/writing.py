"""The folder that `monitor` leaves: a record, tables, and a page to read."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

from territoryopt.folders import FolderKind
from territoryopt.monitoring.tables import flags, imbalance, moves, record, territories
from territoryopt.monitoring.telling import page
from territoryopt.tables import write_table

if TYPE_CHECKING:
    from territoryopt.monitoring.monitor import Monitor

RECORD, PAGE = "monitor.json", "monitor.md"
TERRITORIES, FLAGS, IMBALANCE, MOVES = "territories.csv", "flags.csv", "imbalance.csv", "moves.csv"
FOLDER = FolderKind(
    "monitor", {RECORD, PAGE, TERRITORIES, FLAGS, IMBALANCE, MOVES}, RECORD,
    b'"schema": "territoryopt/monitor/',
)  # fmt: skip


def write_monitor(
    found: Monitor, folder: str | os.PathLike[str], *, overwrite: bool = False
) -> Path:
    """Write monitor.json, monitor.md, territories.csv, flags.csv, imbalance.csv and moves.csv.

    The folder appears whole or not at all; an existing one is refused unless `overwrite`, and then
    only if it is of this kind. Raises InputError where it cannot be written.
    """
    target = Path(folder)
    FOLDER.refuse(target, overwrite)
    text = json.dumps(record(found), indent=2, ensure_ascii=False, allow_nan=False)

    def fill(draft: Path) -> None:
        for name, table in (
            (TERRITORIES, territories(found)), (FLAGS, flags(found)),
            (IMBALANCE, imbalance(found)), (MOVES, moves(found)),
        ):  # fmt: skip
            write_table(draft / name, table)
        (draft / RECORD).write_bytes(f"{text}\n".encode("utf-8", "backslashreplace"))
        (draft / PAGE).write_bytes(page(found).encode("utf-8", "backslashreplace"))

    FOLDER.write(target, fill, overwrite=overwrite)
    return target
