"""Folders of results: a reader sees all of the files or none; replaced only where they are ours."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from territoryopt.errors import Fault, InputError, shortened
from territoryopt.folders.drafts import NEW, OLD, drafting, recover
from territoryopt.folders.locks import claimed
from territoryopt.folders.placing import flush, put_folder


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
            recover(target)
            why = self._refusal(target, overwrite)
        except (OSError, ValueError) as error:
            text = getattr(error, "strerror", None) or error
            raise InputError(
                [Fault(f"the {self.noun} folder cannot be used: {text}", value=str(target))]
            ) from error
        if why:
            raise InputError([Fault(why, value=shortened(str(target)))])

    def write(self, target: Path, fill: Callable[[Path], None], *, overwrite: bool) -> None:
        """Let `fill` write the files into a draft and put that at `target`; raises InputError where
        that cannot be done, and what was there before is there still then.

        The place is claimed first and looked at again, so that nothing that came there since
        `refuse` is replaced unasked. At no moment is there a half-written folder.
        """
        self.refuse(target, overwrite)
        try:
            with claimed(target, self.noun):
                self.refuse(target, overwrite)
                with drafting(target, self.noun) as draft:
                    new = draft / NEW
                    new.mkdir()
                    fill(new)
                    new.chmod(0o755)
                    flush(new)
                    self.refuse(target, overwrite)  # a program without our locks may have come
                    put_folder(new, draft / OLD, target)
        except OSError as error:
            raise InputError([self._unwritable(target, error)]) from error

    @contextmanager
    def claim(self, folder: str | os.PathLike[str], overwrite: bool) -> Iterator[Path]:
        """Hold the place for what will be written there, while it is being made: another process
        that wants it is told at once, and not after its work. Raises InputError as `refuse` does.
        """
        target = Path(folder)
        self.refuse(target, overwrite)
        with ExitStack() as stack:
            try:
                stack.enter_context(claimed(target, self.noun, wait=0.0))
            except OSError as error:
                raise InputError([self._unwritable(target, error)]) from error
            self.refuse(target, overwrite)
            yield target

    def recover(self, folder: str | os.PathLike[str]) -> bool:
        """Put back a folder that a killed process had set aside; whether there was one."""
        target = Path(folder)
        try:
            return recover(target)
        except ValueError:  # no path at all
            return False
        except OSError as error:
            raise InputError([self._unwritable(target, error)]) from error

    def _unwritable(self, target: Path, error: OSError) -> str:
        return f"the {self.noun} folder {target} cannot be written: {error.strerror or error}"

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
            return (
                f"the folder holds {a} {self.noun} already; give another place, or overwrite it "
                "(--overwrite)"
            )
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
