"""Locks that the system lets go of when a process ends, however it ends."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import platform
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

from territoryopt.errors import Fault, InputError, shortened

DRAFT = ".territoryopt-"
"""What the name of everything begins with that is there only while something is being written."""
LOCK = ".lock"
WAIT, LOOK = 10.0, 0.05
"""Seconds that a writer waits for another one of the same place, and between two looks."""

Standing = Literal["taken", "busy", "unknown"]
"""Of an attempt to lock: ours now; held by a living process; this file system has no locks."""

_NO_LOCKS = (errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOLCK, errno.EINVAL)
_MINE: ContextVar[frozenset[str]] = ContextVar("places claimed by this call", default=frozenset())


@dataclass(frozen=True)
class Writer:
    """Who writes what: `noun` and the name of the `target`, the process, the machine (its name and,
    where the system tells, this start of it), since when (UTC)."""

    noun: str
    target: str
    process: int
    machine: str
    since: str

    def __str__(self) -> str:
        host = self.machine.partition("/")[0]
        return f"process {self.process} on {shortened(host)}, since {shortened(self.since)}"


def this_writer(noun: str, target: str) -> Writer:
    """This process, now."""
    since = time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime())
    return Writer(noun, target, os.getpid(), this_machine(), since)


@cache
def this_machine() -> str:
    """The name of the machine and, on Linux, the id of its start: two that are alike are one
    kernel, so a lock that is free there is free for certain."""
    try:
        start = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except (OSError, ValueError):
        start = ""
    return f"{platform.node()}/{start}"


def read_writer(path: Path) -> Writer | None:
    """Who wrote himself into a file; None where that cannot be read."""
    try:
        with path.open("rb") as handle:
            record: Any = json.loads(handle.read(10_000))
        fields = {name: kind(record[name]) for name, kind in _FIELDS.items()}
    except (OSError, ValueError, TypeError, KeyError, RecursionError):
        return None
    return Writer(**fields)


_FIELDS: dict[str, Any] = {
    "noun": str, "target": str, "process": int, "machine": str, "since": str,
}  # fmt: skip


def sign(handle: int, writer: Writer) -> None:
    """Write who it is into a file that is locked."""
    os.ftruncate(handle, 0)
    os.lseek(handle, 0, os.SEEK_SET)
    os.write(handle, json.dumps(asdict(writer)).encode())


def lock(handle: int) -> Standing:
    """Lock an open file for this process, without waiting."""
    if sys.platform == "win32":
        import msvcrt

        os.lseek(handle, 1 << 30, os.SEEK_SET)  # beyond what is written, which stays readable
        try:
            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        except OSError:
            return "busy"
        return "taken"
    import fcntl

    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return "busy"
    except OSError as error:
        if error.errno in _NO_LOCKS:
            return "unknown"
        raise
    return "taken"


def is_at(handle: int, path: Path) -> bool:
    """Whether an open file is still the one that has this name."""
    try:
        return os.path.samestat(os.fstat(handle), os.stat(path, follow_symlinks=False))
    except FileNotFoundError:
        return False


def place_of(target: Path) -> Path:
    """The place a path names, whatever links lead to its folder."""
    return Path(os.path.realpath(target.parent)) / target.name


def lock_of(place: Path) -> Path:
    """The file beside a place that is locked while it is being written."""
    name = hashlib.sha256(os.fsencode(place.name)).hexdigest()[:16]
    return place.with_name(f"{DRAFT}{name}{LOCK}")


@contextmanager
def claimed(target: Path, noun: str, wait: float = WAIT) -> Iterator[None]:
    """Hold the place of a file or folder for this call alone, and make the folders above it.

    Within a claim the same place can be claimed again. Another process or thread waits; after
    `wait` seconds it raises InputError, which says who is writing. OSError where nothing can be
    written there. The lock ends with the process, however that ends.
    """
    place = place_of(target)
    if str(place) in _MINE.get():
        yield
        return
    made = _missing(place.parent)
    path, handle = lock_of(place), -1
    try:
        handle = _wait_for(path, place, noun, time.monotonic() + wait)
        token = _MINE.set(_MINE.get() | {str(place)})
        try:
            yield
        finally:
            _MINE.reset(token)
    finally:
        if handle >= 0:
            _let_go(handle, path)
        for folder in made:
            with suppress(OSError):  # it goes only where nothing is in it
                folder.rmdir()


def _wait_for(path: Path, place: Path, noun: str, until: float) -> int:
    while True:
        place.parent.mkdir(parents=True, exist_ok=True)
        try:
            handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
        except FileNotFoundError:  # another took the empty folder away again
            if time.monotonic() > until:
                raise
            continue
        try:
            found = lock(handle)
            ours = found != "busy" and is_at(handle, path)
            if ours:
                with suppress(OSError):  # on a full disk nobody learns who we are
                    sign(handle, this_writer(noun, place.name))
                return handle
        except BaseException:
            os.close(handle)
            raise
        os.close(handle)
        if found != "busy":
            continue  # the one before took the file with it
        if time.monotonic() > until:
            raise InputError([_busy(path, place, noun)])
        time.sleep(LOOK)


def _busy(path: Path, place: Path, noun: str) -> Fault:
    writer = read_writer(path)
    who = f" ({writer})" if writer else ""
    what = "file" if noun == "file" else f"{noun} folder"
    return Fault(
        f"another process is writing this {what}{who}",
        "Wait for it, or give another place",
        value=shortened(str(place)),
    )


def _let_go(handle: int, path: Path) -> None:
    if sys.platform == "win32":  # an open file cannot be removed there
        os.close(handle)
    with suppress(OSError):
        path.unlink()
    if sys.platform != "win32":
        os.close(handle)


def _missing(folder: Path) -> Sequence[Path]:
    """The folders above a place that are not there yet, the innermost first."""
    return [path for path in (folder, *folder.parents) if not path.exists()]
