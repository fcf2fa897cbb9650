"""Drafts: what is being written, beside its place, with who writes it; and what a process that was
killed left of them.

A draft is a folder `.territoryopt-*` with `writer.json`, which its writer holds locked until he is
done, `new` (what will be put in place) and, on systems where two folders cannot change places at
one moment, for an instant `old` (what stood there before).
"""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from territoryopt.errors import InputError
from territoryopt.folders.locks import (
    DRAFT,
    LOCK,
    Writer,
    claimed,
    is_at,
    lock,
    place_of,
    read_writer,
    sign,
    this_machine,
    this_writer,
)

WRITER, NEW, OLD = "writer.json", "new", "old"
YOUNG = 3600.0
"""Seconds for which a draft of an unknown writer may still be at work."""
DEPTH = 8
"""Folders below each other that are looked through."""


@contextmanager
def drafting(target: Path, noun: str) -> Iterator[Path]:
    """A folder beside `target` to write in, taken away at the end, whatever ends it; but not where
    it still holds what stood at the target before."""
    folder, handle = _begin(target, noun)
    try:
        yield folder
    finally:
        if not (folder / OLD).exists() or target.exists():
            with suppress(OSError):
                _take_away(folder)
        os.close(handle)


def _begin(target: Path, noun: str) -> tuple[Path, int]:
    while True:
        folder = Path(tempfile.mkdtemp(prefix=DRAFT, dir=target.parent))
        try:
            handle = os.open(folder / WRITER, os.O_RDWR | os.O_CREAT, 0o644)
        except FileNotFoundError:  # taken for one that was left, and cleaned away
            continue
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        try:
            if lock(handle) != "busy" and is_at(handle, folder / WRITER):
                sign(handle, this_writer(noun, target.name))
                return folder, handle
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            os.close(handle)
            raise
        os.close(handle)


@dataclass(frozen=True)
class Draft:
    """Something that is there only while something is written: a draft, or the lock of a place.

    standing: "writing" (its process lives), "stopped" (it is gone), "unknown". earlier: what stood
    at the target before is in it, and nothing at the target. removable: nothing would be lost.
    """

    path: Path
    standing: Literal["writing", "stopped", "unknown"]
    writer: Writer | None = field(default=None)
    earlier: bool = False
    removable: bool = False

    @property
    def target(self) -> Path | None:
        """What was to be written; None where that is not known."""
        name = self.writer.target if self.writer else ""
        plain = name not in ("", "..") and Path(name).name == name
        return self.path.with_name(name) if plain else None

    def as_dict(self) -> dict[str, Any]:
        """For JSON: path, target, noun, process, machine, since, standing, earlier, removable."""
        who = self.writer
        return {
            "path": str(self.path),
            "target": str(self.target) if self.target else None,
            "noun": who.noun if who else None,
            "process": who.process if who else None,
            "machine": who.machine.partition("/")[0] if who else None,
            "since": who.since if who else None,
            "standing": self.standing,
            "earlier": self.earlier,
            "removable": self.removable,
        }


def drafts_under(folder: Path) -> list[Draft]:
    """Every draft and lock in a folder and the folders in it, by path. Reads, and takes a lock only
    for the moment of looking whether it is free."""
    return [_look(path) for path in _places(folder, DEPTH)]


def clean(folder: Path) -> list[Path]:
    """Take away the drafts under a folder whose process is gone, and those of an unknown one that
    nobody has touched for an hour; never one that is being written, and never one that holds the
    only copy of an earlier folder: that is put back. The paths that are gone."""
    return [path for path in _places(folder, DEPTH) if _clean(path)]


def recover(target: Path) -> bool:
    """Put back the folder that a killed process had set aside for `target`, if that is so.

    Raises InputError where it is there and cannot be put back, or another process is at it.
    """
    if os.path.lexists(target):
        return False
    for draft in _drafts_of(target):
        with claimed(target, draft.writer.noun if draft.writer else "file"):
            # whoever was at it may have finished while we waited
            if os.path.lexists(target):
                return True
            try:
                os.replace(draft.path / OLD, target)
            except FileNotFoundError:
                continue
            return True
    return False


def _drafts_of(target: Path) -> list[Draft]:
    """Drafts beside a target that hold what stood there."""
    place = place_of(target)
    try:
        names = sorted(os.listdir(place.parent))
    except OSError:
        return []
    drafts = [_look(place.with_name(name)) for name in names if name.startswith(DRAFT)]
    return [draft for draft in drafts if draft.target == place and (draft.path / OLD).is_dir()]


def _places(folder: Path, depth: int) -> list[Path]:
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError:
        return []
    found = []
    for entry in entries:
        below = entry.is_dir(follow_symlinks=False)
        if entry.name.startswith(DRAFT):
            if below or (entry.is_file(follow_symlinks=False) and entry.name.endswith(LOCK)):
                found.append(Path(entry.path))
        elif below and depth > 1:
            found += _places(Path(entry.path), depth - 1)
    return found


def _look(path: Path) -> Draft:
    handle, draft = _open(path)
    if handle >= 0:
        os.close(handle)
    return draft


def _open(path: Path) -> tuple[int, Draft]:
    """What is known of a draft, and its lock where it could be had (else -1)."""
    signed = path if path.is_file() else path / WRITER
    writer, standing, handle = read_writer(signed), "unknown", -1
    try:
        handle = os.open(signed, os.O_RDWR)
        found = lock(handle)
        if found == "busy" or not is_at(handle, signed):
            standing = "writing"
        elif found == "taken" and writer and writer.machine == this_machine():
            standing = "stopped"
    except OSError:
        pass
    if handle >= 0 and standing == "writing":
        os.close(handle)
        handle = -1
    draft = Draft(path, standing, writer)  # type: ignore[arg-type]
    holds = (path / OLD).exists()
    earlier = holds and (draft.target is None or not os.path.lexists(draft.target))
    idle = standing == "stopped" or (
        standing == "unknown" and (_is_empty(path) or _age(path) > YOUNG)
    )
    return handle, Draft(path, draft.standing, writer, earlier, idle and not earlier)


def _take_away(path: Path) -> None:
    """A draft or a lock; the draft's signature last, so that what is left on the way is known."""
    if path.is_file():
        path.unlink()
        return
    for inner in path.iterdir():
        if inner.is_dir() and not inner.is_symlink():
            shutil.rmtree(inner)
        elif inner.name != WRITER:
            inner.unlink()
    (path / WRITER).unlink(missing_ok=True)
    path.rmdir()


def _is_empty(path: Path) -> bool:
    """Whether a draft has nothing in it: whoever made it an instant ago makes another one."""
    try:
        return path.is_dir() and not any(path.iterdir())
    except OSError:
        return False


def _age(path: Path) -> float:
    """Seconds since anything in a draft was written."""
    times = []
    for place in (path, *(path.rglob("*") if path.is_dir() else ())):
        try:
            times.append(place.lstat().st_mtime)
        except OSError:
            continue
    return time.time() - max(times, default=time.time())


def _clean(path: Path) -> bool:
    handle, draft = _open(path)
    try:
        if draft.earlier and draft.target is not None and draft.standing != "writing":
            if handle >= 0:
                os.close(handle)
                handle = -1
            try:
                recover(draft.target)
            except (InputError, OSError):
                return False
            handle, draft = _open(path)
        if not draft.removable:
            return False
        _take_away(path)
    except OSError:
        return False
    finally:
        if handle >= 0:
            os.close(handle)
    return True
