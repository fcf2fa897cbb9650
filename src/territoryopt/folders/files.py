"""Single files: written whole or not at all, replacing others only where that was asked."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from territoryopt.errors import Fault, InputError
from territoryopt.folders.drafts import NEW, drafting
from territoryopt.folders.locks import claimed
from territoryopt.folders.placing import flush, flush_names


def refuse_file(path: str | os.PathLike[str], overwrite: bool) -> Path:
    """The path; InputError where a file may not be written to it."""
    target = Path(path)
    try:
        why = _refusal(target, overwrite)
    except OSError as error:
        why = f"the file cannot be used: {error.strerror or error}"
    if why:
        raise InputError([Fault(why, value=str(target))])
    return target


def _refusal(target: Path, overwrite: bool) -> str:
    if "\0" in str(target):
        return "a path has no null character"
    if target.is_symlink():
        return "the file is a link; give the file itself"
    if target.is_dir():
        return "there is a folder where the file should be; give another name"
    if target.exists() and not overwrite:
        return "the file exists already; give another name, or overwrite it (--overwrite)"
    return ""


def write_file(
    path: str | os.PathLike[str], write: Callable[[Path], None], *, overwrite: bool = False
) -> Path:
    """Call `write` with a draft beside the file and put that in place by one rename.

    Raises InputError where it cannot be written; what was there before is there still then. Of two
    processes that write the same file the second waits a little for the first.
    """
    target = refuse_file(path, overwrite)
    try:
        with claimed(target, "file"):
            refuse_file(target, overwrite)  # the one we waited for may have written it
            with drafting(target, "file") as draft:
                new = draft / f"{NEW}{target.suffix}"
                write(new)
                new.chmod(0o644)
                flush(new)
                os.replace(new, target)
                flush_names(target.parent)
    except OSError as error:
        raise InputError([f"{target} cannot be written: {error.strerror or error}"]) from error
    return target


def write_text(path: str | os.PathLike[str], text: str, *, overwrite: bool = False) -> Path:
    """Write a text as UTF-8; see `write_file`. Lone surrogates are written out as `\\udc80`."""
    data = text.encode("utf-8", "backslashreplace")
    return write_file(path, lambda draft: _put(draft, data), overwrite=overwrite)


def _put(path: Path, data: bytes) -> None:
    path.write_bytes(data)
