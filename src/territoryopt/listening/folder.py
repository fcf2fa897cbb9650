"""The folder of answers to requests, written whole or not at all."""

from __future__ import annotations

import json
import os
from pathlib import Path

from territoryopt.folders import FolderKind
from territoryopt.listening.answer import SCHEMA, RequestAnswers
from territoryopt.listening.log import LogHead
from territoryopt.listening.telling import letters
from territoryopt.tables import write_table

TABLE, LETTERS, LOCKS, RECORD, TRADE = (
    "requests.csv",
    "answers.md",
    "locks.csv",
    "requests.json",
    "frontier.csv",
)
FOLDER = FolderKind(
    "requests", {TABLE, LETTERS, LOCKS, RECORD, TRADE}, RECORD, f'"schema": "{SCHEMA}"'.encode()
)


def write_requests(
    answers: RequestAnswers,
    folder: str | os.PathLike[str],
    *,
    log: LogHead | None = None,
    overwrite: bool = False,
) -> Path:
    """Write requests.csv, answers.md, locks.csv, frontier.csv and requests.json.

    locks.csv has account_id and rep_id of everything accepted, as `solve --locks-from` reads it;
    an account that its rep is rid of is locked to the rep who has it in the plan of the set. log:
    the end of the audit log, kept in requests.json. An existing folder is refused unless
    `overwrite`, and then only if it is of this kind. Raises InputError where it cannot be written.
    """
    target = Path(folder)
    FOLDER.refuse(target, overwrite)
    record = {**answers.as_dict(), "log": None if log is None else log.as_dict()}
    text = json.dumps(record, indent=2, ensure_ascii=False, allow_nan=False)
    page = letters(answers)
    steps = answers.frontier

    def fill(draft: Path) -> None:
        write_table(draft / TABLE, answers.columns())
        write_table(draft / LOCKS, {"account_id": list(answers.locks),
                                    "rep_id": list(answers.locks.values())})  # fmt: skip
        write_table(
            draft / TRADE,
            {
                "granted": [len(step.granted) for step in steps],
                "weight": [step.weight for step in steps],
                "money": [step.money for step in steps],
                "bound": [step.bound if step.bound > -float("inf") else None for step in steps],
                "source": [step.source for step in steps],
            },
        )
        (draft / LETTERS).write_bytes(page.encode("utf-8", "backslashreplace"))
        (draft / RECORD).write_bytes(f"{text}\n".encode("utf-8", "backslashreplace"))

    FOLDER.write(target, fill, overwrite=overwrite)
    return target
