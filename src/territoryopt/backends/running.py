"""Run a solver in a thread of its own, so that Ctrl-C and the time limit reach it.

HiGHS ignores Ctrl-C and CP-SAT swallows it; neither may overrun the limit for long. The calling
thread waits, reports progress, and asks the solver to stop.
"""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from territoryopt.backends.protocol import Limits, Watch

T = TypeVar("T")

POLL = 0.05
GRACE = 5.0
"""Seconds a solver gets to come back after it was asked to stop; then it is left behind."""


def run_watched(
    work: Callable[[], T],
    stop: Callable[[], None],
    limits: Limits,
    watch: Watch,
    grace: float | None = None,
) -> T | None:
    """The value of `work()`, run in a daemon thread; None if it did not come back in time, or
    within `grace` seconds (`GRACE` where none is given) after it was asked to stop.

    `stop` is called (again and again, it must be cheap and safe) once the deadline has passed,
    Ctrl-C came, or `watch.stopping` is set. A second Ctrl-C is raised. Errors of `work` are
    raised here.
    """
    patience = GRACE if grace is None else grace
    answer: list[T] = []
    failure: list[BaseException] = []

    # An event, not `Thread.join`: interrupted in a join, Python 3.11 takes a live thread for ended.
    ended = threading.Event()

    def target() -> None:
        try:
            answer.append(work())
        except BaseException as error:
            failure.append(error)
        finally:
            ended.set()

    thread = threading.Thread(target=target, name="territoryopt-solver", daemon=True)
    asked: float | None = None
    with _noticing_ctrl_c(watch):
        thread.start()
        while not ended.is_set():
            try:
                ended.wait(POLL)
                watch.tell()
                if watch.stopping.is_set() or limits.left <= 0:
                    asked = asked if asked is not None else time.monotonic()
                    stop()
                if asked is not None and time.monotonic() - asked > patience:
                    watch.notes.append("the solver did not stop when asked and was left behind")
                    return None
            except KeyboardInterrupt:
                _interrupt(watch)
    watch.tell()
    if failure:
        raise failure[0]
    return answer[0]


def _interrupt(watch: Watch) -> None:
    """Note Ctrl-C; raise a second one."""
    if watch.interrupted:
        raise KeyboardInterrupt
    watch.interrupted = True
    watch.stopping.set()


@contextmanager
def _noticing_ctrl_c(watch: Watch) -> Iterator[None]:
    """Ctrl-C is noted by a handler of ours while we wait, for an exception that comes in the middle
    of a lock's own code may leave it locked. Where somebody else handles it, or this is not the
    main thread, it stays as it is."""
    main = threading.current_thread() is threading.main_thread()
    if not main or signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
        yield
        return
    signal.signal(signal.SIGINT, lambda *_: _interrupt(watch))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)
