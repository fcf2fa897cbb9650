"""Who does the work of a sweep: processes of this machine, or the workers of a Dask cluster.

Both are `concurrent.futures` executors behind one face that says how many tasks they take at once
and whether an error means that a worker was lost. A pool of processes forgets every task that waits
when one of its workers is killed, and cannot say which task it was; so here each worker is a pool
of its own, and a lost one takes one task along, which is known.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import BrokenExecutor, Future, ProcessPoolExecutor
from contextlib import contextmanager, suppress
from multiprocessing import resource_tracker
from multiprocessing.connection import wait
from typing import Any, Protocol, TypeVar

from territoryopt.errors import BackendError, Fault
from territoryopt.extras import need

GONE = (
    "the workers are gone: the connection to the scheduler was lost. What was done is kept; run "
    "the sweep again to go on"
)

Task = TypeVar("Task")
Made = TypeVar("Made")


class Crew(Protocol):
    """places: tasks taken at once."""

    @property
    def places(self) -> int: ...

    def submit(self, work: Callable[[Task], Made], task: Task) -> Future[Made]:
        """Begin a task; no more than `places` at once."""

    def ended(self, future: Future[Any]) -> None:
        """A task has ended, well or not; its place is free again."""

    def lost(self, error: BaseException) -> bool:
        """Whether the error says that a worker was lost with the task."""

    def close(self) -> None:
        """End all work, also what is under way."""


class Processes:
    """Workers of this machine, each a process of its own that ends with this one."""

    def __init__(self, workers: int) -> None:
        self._places = workers
        self._free = list(range(workers))[::-1]
        self._pools: dict[int, ProcessPoolExecutor] = {}
        self._at: dict[Future[Any], int] = {}

    @property
    def places(self) -> int:
        return self._places

    @property
    def pids(self) -> list[int]:
        """The processes there are."""
        return [pid for pool in self._pools.values() for pid in _processes(pool)]

    def submit(self, work: Callable[[Task], Made], task: Task) -> Future[Made]:
        place = self._free.pop()
        with _no_ctrl_c():
            try:
                future = self._pool(place).submit(work, task)
            except BrokenExecutor:  # killed while it had nothing to do
                self._drop(place)
                future = self._pool(place).submit(work, task)
        self._at[future] = place
        return future

    def ended(self, future: Future[Any]) -> None:
        place = self._at.pop(future)
        if isinstance(future.exception(), BrokenExecutor):
            self._drop(place)
        self._free.append(place)

    def lost(self, error: BaseException) -> bool:
        return isinstance(error, BrokenExecutor)

    def close(self) -> None:
        for place in list(self._pools):
            self._drop(place)

    def _pool(self, place: int) -> ProcessPoolExecutor:
        if place not in self._pools:
            # A fork would take along locks that threads of solvers hold.
            self._pools[place] = ProcessPoolExecutor(
                1, mp_context=multiprocessing.get_context("spawn"), initializer=_begin
            )
        return self._pools[place]

    def _drop(self, place: int) -> None:
        """End a worker, whatever it does."""
        pool = self._pools.pop(place)
        pids = _processes(pool)
        pool.shutdown(wait=False, cancel_futures=True)
        for pid in pids:
            with suppress(OSError):  # gone already
                os.kill(pid, getattr(signal, "SIGKILL", signal.SIGTERM))


@contextmanager
def _no_ctrl_c() -> Iterator[None]:
    """What is begun in here never sees Ctrl-C, from its first moment on; it reaches this process
    when the time is over."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    resource_tracker.ensure_running()  # else it is begun in here, and lets Ctrl-C in again
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _processes(pool: ProcessPoolExecutor) -> list[int]:
    """The processes of a pool; Python 3.14 has a method to end them, earlier ones have not."""
    return list(getattr(pool, "_processes", None) or {})


def _begin() -> None:
    """In a worker: Ctrl-C is for the process that gives the work, and when that is gone, however it
    ended, nobody waits for what is done here."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_end_with, args=(parent.sentinel,), daemon=True).start()


def _end_with(sentinel: int) -> None:
    wait([sentinel])
    os._exit(1)


class Cluster:
    """The workers of a Dask cluster, by the address of its scheduler; they need this package in
    the same version. A worker that is lost is seen by the scheduler, which gives its task to
    another."""

    def __init__(self, address: str, seconds: float = 15.0) -> None:
        library = need("distributed", "cluster", "a cluster")
        try:
            self._client = library.Client(address, timeout=seconds, set_as_default=False)
        except (OSError, ValueError, TimeoutError) as error:
            raise BackendError(
                [Fault(f"the scheduler of the cluster cannot be reached: {error}",
                       "Give the address that dask scheduler prints, tcp://host:8786",
                       value=address)]
            ) from error  # fmt: skip
        self._executor = self._client.get_executor(pure=False)
        self._killed = library.KilledWorker

    @property
    def places(self) -> int:
        try:
            threads: dict[str, int] = self._client.nthreads()
        except OSError as error:
            raise BackendError([GONE]) from error
        return max(1, sum(threads.values()))

    def submit(self, work: Callable[[Task], Made], task: Task) -> Future[Made]:
        future: Future[Made] = self._executor.submit(work, task)
        return future

    def ended(self, future: Future[Any]) -> None:
        pass

    def lost(self, error: BaseException) -> bool:
        return isinstance(error, self._killed)

    def close(self) -> None:
        self._executor.shutdown(wait=False)
        self._client.close()
