"""Folders of results: written beside their place first and put there by one rename, so that a
reader sees all of the files or none; replaced only where they are ours."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path

from territoryopt.errors import Fault, InputError, shortened

DRAFT = ".territoryopt-"
"""What the name of a folder begins with while it is being written."""


@dataclass(frozen=True)
class FolderKind:
    """A kind of folder: `noun` in messages, the `files` it may hold, and the file `record` in
    whose first 200 bytes `mark` stands if the folder is ours."""

    noun: str
    files: Collection[str]
    record: str
    mark: bytes

    def refuse(self, folder: str | os.PathLike[str], overwrite: bool) -> None:
        """Raises InputError where such a folder may not be written.

        Only a folder that holds such files and nothing else is ever replaced.
        """
        target = Path(folder)
        try:
            why = self._refusal(target, overwrite)
        except (OSError, ValueError) as error:
            text = getattr(error, "strerror", None) or error
            raise InputError(
                [Fault(f"the {self.noun} folder cannot be used: {text}", value=str(target))]
            ) from error
        if why:
            raise InputError([Fault(why, value=shortened(str(target)))])

    def write(self, target: Path, fill: Callable[[Path], None]) -> None:
        """Let `fill` write the files into a draft and rename it to `target`; raises InputError
        where that cannot be done, and leaves nothing."""
        draft: Path | None = None
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            draft = Path(tempfile.mkdtemp(prefix=DRAFT, dir=target.parent))
            fill(draft)
            draft.chmod(0o755)
            _put_in_place(draft, target)
        except OSError as error:
            raise InputError(
                [f"the {self.noun} folder {target} cannot be written: {error.strerror or error}"]
            ) from error
        finally:
            if draft is not None and draft.exists():
                shutil.rmtree(draft, ignore_errors=True)

    def _refusal(self, target: Path, overwrite: bool) -> str:
        if "\0" in str(target):
            return "a path has no null character"
        if target.is_symlink():
            return f"the {self.noun} folder is a link; give the folder itself"
        if target.exists() and not target.is_dir():
            return f"there is a file where the {self.noun} folder should be; give another place"
        found = {path.name for path in target.iterdir()} if target.exists() else set()
        return self._refusal_of_files(target, found, overwrite) if found else ""

    def _refusal_of_files(self, target: Path, found: set[str], overwrite: bool) -> str:
        if self.record not in found or not self._is_ours(target / self.record):
            return f"the folder exists and is no {self.noun} folder; give another place"
        if not overwrite:
            a = "an" if self.noun[0] in "aeiou" else "a"
            return f"the folder holds {a} {self.noun} already; give another place, or overwrite it"
        others = sorted(found - set(self.files))
        if others:
            return (
                f"the {self.noun} folder holds other files too ({', '.join(others[:3])}); "
                "move them first"
            )
        return ""

    def _is_ours(self, path: Path) -> bool:
        if not path.is_file() or path.is_symlink():
            return False
        with path.open("rb") as handle:
            head = handle.read(200)
        return self.mark in head


def _put_in_place(draft: Path, target: Path) -> None:
    """Rename the draft to the target; an earlier folder comes back if that fails."""
    if not target.exists():
        os.replace(draft, target)
        return
    aside = Path(tempfile.mkdtemp(prefix=DRAFT, dir=target.parent))
    old = aside / "old"
    try:
        os.replace(target, old)
        os.replace(draft, target)
    finally:
        if old.exists() and not target.exists():
            os.replace(old, target)
        shutil.rmtree(aside, ignore_errors=True)
