"""Files handed out; how they are written whole or not at all is in `folders`."""

from __future__ import annotations

import os
from importlib import import_module
from pathlib import Path
from types import ModuleType

from territoryopt.errors import Fault, InputError
from territoryopt.folders import refuse_file, write_file, write_text

__all__ = ["beside", "needed", "refuse_file", "write_file", "write_text"]


def needed(module: str, package: str, what: str) -> ModuleType:
    """A library of the extra `report`; InputError that says what to install where it is not."""
    try:
        return import_module(module)
    except ImportError as error:
        raise InputError(
            [Fault(f"{what} needs the package {package}, which is not installed",
                   "Install it: pip install 'territoryopt[report]'")]
        ) from error  # fmt: skip


def beside(run: str | os.PathLike[str], ending: str) -> Path:
    """Where a file made from a run folder goes when no place is given: beside the folder."""
    folder = Path(os.path.abspath(run))
    return folder.with_name(f"{folder.name}{ending}")
