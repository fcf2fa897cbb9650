"""What is printed is ours alone: libraries in C write to the process's output past Python."""

from __future__ import annotations

import os
import sys


def keep_output_ours() -> None:
    """Leave file descriptor 1 to libraries and point it nowhere; `sys.stdout` goes on to where it
    went. HiGHS prints a line of its own at times, whatever its options say, which would make
    `--json` no JSON. Nothing is done where there is no such descriptor."""
    try:
        sys.stdout.flush()
        if sys.stdout.fileno() != 1:
            return
        ours = os.dup(1)
        nowhere = os.open(os.devnull, os.O_WRONLY)
    except (AttributeError, OSError, ValueError):
        return
    os.dup2(nowhere, 1)
    os.close(nowhere)
    sys.stdout = os.fdopen(
        ours, "w", encoding=sys.stdout.encoding, errors=sys.stdout.errors, buffering=1
    )
