"""Where files that are handed out go; how they are written whole or not at all is in `folders`."""

from __future__ import annotations

import os
from pathlib import Path


def beside(run: str | os.PathLike[str], ending: str) -> Path:
    """Where a file made from a run folder goes when no place is given: beside the folder."""
    folder = Path(os.path.abspath(run))
    return folder.with_name(f"{folder.name}{ending}")
