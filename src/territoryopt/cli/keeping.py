"""Keeping what a search found: its run folder, where it came from, and a way out where the folder
cannot be written."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from territoryopt.errors import InputError
    from territoryopt.run_record import Predecessor


def predecessor(named: str | None, locks_from: str | None, start: str | None) -> Predecessor | None:
    """The run that a new one follows: the one named, or that of the locks, or of the start."""
    from territoryopt.run_record import run_behind, run_in

    if named is not None:
        return run_in(named)
    for plan in (locks_from, start):
        found = run_behind(plan) if plan is not None else None
        if found is not None:
            return found
    return None


def keep(
    write: Callable[..., Path], out: str, overwrite: bool
) -> tuple[Path | None, InputError | None]:
    """Write a run folder; where that fails, keep the run in the folder for temporary files, for
    the search may have taken hours. The folder, and the error to end with."""
    import os
    import tempfile

    from territoryopt.errors import Fault, InputError

    try:
        return write(folder=out, overwrite=overwrite), None
    except InputError as error:
        problems: list[Any] = list(error.problems)
        name = Path(os.path.abspath(out)).name
        try:
            place = Path(tempfile.mkdtemp(prefix="territoryopt-kept-"))
            folder = write(folder=place / name)
        except (InputError, OSError):
            return None, InputError([*problems, "the plan could not be kept anywhere else either"])
        kept = Fault("the run is kept in another folder instead", "Move it where it belongs",
                     value=str(folder))  # fmt: skip
        return folder, InputError([*problems, kept])
