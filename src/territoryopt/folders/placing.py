"""Putting what was written in its place: on the disk first, then by one rename."""

from __future__ import annotations

import errno
import os
import sys
from functools import cache
from pathlib import Path
from typing import Any

_NOT_HERE = (errno.ENOSYS, errno.EINVAL, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EPERM)
"""What a system or a file system says that cannot do what was asked."""
_SWAP, _HERE = 2, -100
"""RENAME_EXCHANGE and AT_FDCWD of Linux (man 2 rename, man 2 open)."""


def flush(path: Path) -> None:
    """Wait until a file, or a folder with all that is in it, is on the disk, so that a power cut
    after the rename cannot leave an empty one."""
    if path.is_dir():
        for inner in sorted(path.iterdir()):
            if not inner.is_symlink():
                flush(inner)
        flush_names(path)
        return
    handle = os.open(path, os.O_RDWR)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def flush_names(folder: Path) -> None:
    """Wait until the names in a folder are on the disk, where the system has such a call."""
    if sys.platform == "win32":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    except OSError as error:
        if error.errno not in _NOT_HERE:
            raise
    finally:
        os.close(handle)


def swap(one: Path, other: Path) -> bool:
    """Let two paths change places at one moment; False, and nothing done, where the system cannot.

    Linux 3.15 (renameat2) on most file systems. Raises OSError where it can and fails.
    """
    call = _renameat2()
    if call is None:
        return False
    import ctypes

    ctypes.set_errno(0)
    if call(_HERE, os.fsencode(one), _HERE, os.fsencode(other), _SWAP) == 0:
        return True
    code = ctypes.get_errno()
    if code in _NOT_HERE:
        return False
    raise OSError(code, os.strerror(code), str(other))


@cache
def _renameat2() -> Any:
    """The call of the C library (glibc 2.28, musl 1.2.4); None where there is none."""
    if sys.platform != "linux":
        return None
    import ctypes

    try:
        call = ctypes.CDLL(None, use_errno=True).renameat2
    except (OSError, AttributeError):
        return None
    text, number = ctypes.c_char_p, ctypes.c_int
    call.argtypes = (number, text, number, text, ctypes.c_uint)
    call.restype = number
    return call


def put_folder(new: Path, old: Path, target: Path) -> None:
    """The folder `new` at the place `target`, which it takes from a folder that may be there.

    Where two folders cannot change places at one moment, the earlier one is set aside at `old` in
    between; it comes back if the second rename fails, or by `drafts.recover` if the process is
    killed there.
    """
    if not target.exists():
        os.replace(new, target)
    elif not swap(new, target):
        try:
            os.replace(target, old)
            os.replace(new, target)
        finally:
            if old.exists() and not target.exists():
                os.replace(old, target)
    flush_names(target.parent)
