"""The audit log of requests: lines that are only ever added, each chained to the one before.

A line is one JSON object. `previous` is the SHA-256 of the bytes of the line before (64 zeros in
the first), `sha256` that of the line itself without this field, `line` its number from 1. A line
changed, taken out or put in breaks the chain where it was done. Lines cut off at the end, or a
whole log made anew, are only seen by somebody who has kept a `sha256` of it elsewhere: every
requests.json keeps one (`log.head`), and `verify_log` takes it as `head`.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from territoryopt.errors import Fault, FaultList, InputError, shortened
from territoryopt.listening.answer import Answered, Decision, RequestAnswers
from territoryopt.listening.table import Request
from territoryopt.result import finite

SCHEMA = "territoryopt/requests-log/1"
START = "0" * 64
"""What stands for the line before the first."""
LARGEST_LINE = 1_000_000
"""Bytes; a longer line is none of ours."""


@dataclass(frozen=True)
class LogHead:
    """The end of a log: its lines, and the SHA-256 of the last (64 zeros where there is none)."""

    path: str
    lines: int
    head: str

    def as_dict(self) -> dict[str, object]:
        return {"path": self.path, "lines": self.lines, "head": self.head}


def append_log(
    answers: RequestAnswers, path: str | os.PathLike[str], *, run: str | os.PathLike[str] = ""
) -> LogHead:
    """Add a line for each request: who asked what, what was decided, by whom or what, what it
    costs. run: the folder, named in the lines with the hash of its result.json.

    All lines are written at once behind the last, under a lock that other writers wait for; where
    that fails the log is as it was. Raises InputError for a log that cannot be written, that is
    not ours, or whose last line is broken.
    """
    now = datetime.now(UTC).isoformat(timespec="seconds")
    source = _run_of(run)
    return append_records(path, [{"at": now, **source, **_record(a)} for a in answers.answered])


def append_records(path: str | os.PathLike[str], records: Sequence[Mapping[str, Any]]) -> LogHead:
    """Add records to a log, chained; see `append_log`."""
    target = Path(path)
    try:
        with _locked(target) as handle:
            last = _last_line(handle, target)
            line, before = (0, START) if last is None else (last[0], last[1])
            out, head = [], before if last is None else last[2]
            for record in records:
                line += 1
                own = {"schema": SCHEMA, "line": line, "previous": before, **record}
                head = _digest(own)
                data = _bytes({**own, "sha256": head})
                out.append(data + b"\n")
                before = hashlib.sha256(data).hexdigest()
            _write_whole(handle, b"".join(out))
            return LogHead(str(target), line, head)
    except OSError as error:
        raise InputError(
            [Fault(f"the log cannot be written: {error.strerror or error}", value=str(target))]
        ) from error


def verify_log(path: str | os.PathLike[str], head: str | None = None) -> LogHead:
    """The end of a log in which every line stands as it was written; else one InputError with each
    place where the chain is broken.

    head: a `sha256` that was kept of this log; a fault where no line has it: lines are missing at
    the end, or the log is another.
    """
    faults, seen, end = FaultList(InputError), False, LogHead(str(path), 0, START)
    before, name = START, Path(path).name
    for number, data in enumerate(_lines(path), 1):
        record = _parsed(data)
        if record is None:
            faults.add("the line is none of a log of requests", "Restore the log from a copy",
                       file=name, row=number)  # fmt: skip
        else:
            stated = record.pop("sha256", None)
            if stated != _digest(record):
                faults.add("the line was changed", "Restore the log from a copy", file=name,
                           row=number)  # fmt: skip
            elif record.get("previous") != before:
                faults.add(
                    "the line before it was changed, taken out or put in",
                    "Restore the log from a copy", file=name, row=number,
                )  # fmt: skip
            elif record.get("line") != number:
                faults.add(f"says it is line {record.get('line')}", "Restore the log from a copy",
                           file=name, row=number)  # fmt: skip
            seen = seen or stated == head
            end = LogHead(str(path), number, str(stated))
        before = hashlib.sha256(data).hexdigest()
    if head is not None and not seen and head != START:
        faults.add("no line has the hash that was kept: lines are missing, or it is another log",
                   "Restore the log from a copy", file=name, key="head",
                   value=head)  # fmt: skip
    faults.raise_if_any()
    return end


def decisions_in(path: str | os.PathLike[str], requests: Sequence[Request]) -> list[Decision]:
    """What persons decided last of these requests, by the log; a request is the same where its id,
    account, rep and wish are. A log that is not there has nothing. Raises InputError for a log that
    is broken."""
    if not Path(path).exists():
        return []
    verify_log(path)
    known = {r.id: r.what for r in requests}
    last: dict[str, Decision] = {}
    for data in _lines(path):
        record = _parsed(data) or {}
        name = str(record.get("id", ""))
        what = tuple(record.get(key) for key in ("account", "rep", "wish"))
        if record.get("because") == "person" and known.get(name) == what:
            accept = record.get("person") == "accept"
            last[name] = Decision(name, accept, str(record.get("by")), str(record.get("why", "")))
    return list(last.values())


# -- lines ----------------------------------------------------------------------------------------


def _record(a: Answered) -> dict[str, object]:
    """One line: the request, the decision, the price."""
    change = a.change
    out: dict[str, object] = {
        **a.request.as_dict(),
        "decision": a.outcome,
        "because": a.because,
        "by": a.by,
        "why": a.why,
        "verdict": a.price.verdict,
        "cost": None if change is None else change.as_dict(),
        "marginal": None if a.marginal is None else a.marginal.as_dict(),
        "limit": None if a.limit is None else finite(a.limit),
    }
    if a.because == "person":
        out["person"] = "refuse" if a.outcome == "refused" else "accept"
    return out


def _run_of(run: str | os.PathLike[str]) -> dict[str, str]:
    """The run by its folder and the SHA-256 of its record."""
    from territoryopt.run_record import RESULT
    from territoryopt.tables import sha256_of

    if not run:
        return {}
    record = Path(run) / RESULT
    try:
        return {"run": os.path.abspath(run), "run_sha256": sha256_of(record)}
    except OSError as error:
        raise InputError([f"{record} cannot be read: {error.strerror or error}"]) from error


def _bytes(record: Mapping[str, Any]) -> bytes:
    text = json.dumps(record, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return text.encode("utf-8", "backslashreplace")


def _digest(record: Mapping[str, Any]) -> str:
    """SHA-256 of a line without its own hash. What JSON cannot carry as UTF-8 is written out
    first, so that the line read back is the line that was hashed."""
    return hashlib.sha256(_bytes(record)).hexdigest()


def _parsed(data: bytes) -> dict[str, Any] | None:
    try:
        record = json.loads(data)
    except (ValueError, RecursionError):
        return None
    if not isinstance(record, dict) or record.get("schema") != SCHEMA:
        return None
    return record


def _lines(path: str | os.PathLike[str]) -> Iterator[bytes]:
    """The lines of a log without their ends; InputError where it cannot be read."""
    try:
        with open(path, "rb") as handle:
            while data := handle.readline(LARGEST_LINE + 1):
                yield data.removesuffix(b"\n") if data.endswith(b"\n") else data + b"\0"
    except OSError as error:
        raise InputError(
            [Fault(f"the log cannot be read: {error.strerror or error}",
                   value=shortened(str(path)))]
        ) from error  # fmt: skip


@contextmanager
def _locked(target: Path) -> Iterator[int]:
    """The open file, no other writer beside."""
    try:
        import fcntl
    except ImportError as error:
        raise InputError(["a log needs a system with file locks (Linux, macOS)"]) from error
    if target.is_symlink() or target.is_dir():
        raise InputError([Fault("the log must be a file, no folder and no link",
                                value=str(target))])  # fmt: skip
    target.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(target, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o644)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield handle
    finally:
        os.close(handle)


def _last_line(handle: int, target: Path) -> tuple[int, str, str] | None:
    """The number of the last line, the hash of its bytes and its own; None in an empty log."""
    size = os.fstat(handle).st_size
    if not size:
        return None
    tail = os.pread(handle, min(size, LARGEST_LINE), max(0, size - LARGEST_LINE))
    data = tail.removesuffix(b"\n").rpartition(b"\n")[2]
    record = _parsed(data) if tail.endswith(b"\n") else None
    if record is None or not isinstance(record.get("line"), int):
        raise InputError(
            [
                Fault(
                    "the last line of the log is broken; nothing was added",
                    "See what is left of it with --verify",
                    value=str(target),
                )
            ]
        )
    return record["line"], hashlib.sha256(data).hexdigest(), str(record.get("sha256"))


def _write_whole(handle: int, data: bytes) -> None:
    """All of it on the disk, or the file as it was."""
    size = os.fstat(handle).st_size
    try:
        done = 0
        while done < len(data):
            done += os.write(handle, data[done:])
        os.fsync(handle)
    except OSError:
        os.ftruncate(handle, size)
        raise
