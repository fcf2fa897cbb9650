"""`sweep`: every scenario of a page solved, by several workers, each kept as soon as it is done.

A sweep folder holds a run folder for each scenario, `instances/` with the data that scenarios
changed, and `sweep.json`, which says what is there. The run folders are what counts: each names the
content (data, model, search, versions) that it is the result of, and appears whole or not at all,
so that a sweep that was ended in any way goes on where it stopped.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from territoryopt.errors import Fault, FaultList, InputError
from territoryopt.folders import write_text
from territoryopt.report.names import file_names
from territoryopt.run_record import FOLDER, LARGEST_RESULT, RESULT
from territoryopt.runs import Run, read_run, refuse_target
from territoryopt.scenarios.crew import Cluster, Crew, Processes
from territoryopt.scenarios.preparing import INSTANCES, Prepared, Ready, prepare
from territoryopt.scenarios.solving_one import Solved, Task, solve_one
from territoryopt.scenarios.working import Ended, carry_out

if TYPE_CHECKING:
    import pandas as pd

SCHEMA = "territoryopt/sweep/1"
INDEX, LOCK = "sweep.json", "sweep.lock"
LARGEST_INDEX = 50_000_000
WORKERS = 2


@dataclass(frozen=True)
class Outcome:
    """One scenario of a sweep. Money is currency/year.

    status: that of its run, "failed" with `why`, or "waiting" where it was not its turn yet.
    folder: of the run, in that of the sweep. kept: solved by an earlier call. moved, owned:
    accounts that change hands, of those that have an owner. tries: workers that had it.
    """

    name: str
    folder: str
    about: str = ""
    in_words: tuple[str, ...] = ()
    weight: float = 1.0
    status: str = "waiting"
    objective: float | None = None
    bound: float | None = None
    gap: float | None = None
    bound_source: str = ""
    moved: int = 0
    owned: int = 0
    seconds: float = 0.0
    kept: bool = False
    tries: int = 0
    why: str = ""

    @property
    def done(self) -> bool:
        """Whether it has a run."""
        return self.status not in ("waiting", "failed")

    def as_dict(self) -> dict[str, object]:
        return {**vars(self), "in_words": list(self.in_words)}


@dataclass(frozen=True)
class Sweep:
    """What a sweep has: an outcome for each scenario, in the order of the page. stopped: what ended
    it early."""

    folder: Path
    page: str
    currency: str
    outcomes: tuple[Outcome, ...]
    seconds: float
    stopped: Ended = None

    @property
    def done(self) -> int:
        return sum(outcome.done for outcome in self.outcomes)

    @property
    def failed(self) -> tuple[Outcome, ...]:
        return tuple(outcome for outcome in self.outcomes if outcome.status == "failed")

    def as_dict(self) -> dict[str, Any]:
        """The stable JSON contract `territoryopt/sweep/1`, which is also sweep.json."""
        return {
            "schema": SCHEMA,
            "page": self.page,
            "currency": self.currency,
            "scenarios": [outcome.as_dict() for outcome in self.outcomes],
            "seconds": round(self.seconds, 3),
            "stopped": self.stopped,
        }

    def to_frame(self) -> pd.DataFrame:
        """One row per scenario."""
        import pandas as pd

        return pd.DataFrame([{**vars(o), "in_words": "; ".join(o.in_words)} for o in self.outcomes])


@dataclass(frozen=True)
class Step:
    """What is told on the way. finished: the outcome that came just now, or None."""

    done: int
    total: int
    running: tuple[str, ...]
    finished: Outcome | None = None


Told = Callable[[Step], None]


def sweep(
    page: str | os.PathLike[str],
    folder: str | os.PathLike[str],
    *,
    workers: int | None = None,
    threads: int | None = None,
    scheduler: str | None = None,
    search: Mapping[str, Any] | None = None,
    time_limit: float = float("inf"),
    progress: Told | None = None,
) -> Sweep:
    """Solve every scenario of a page (docs/scenarios.md), each in a run folder below `folder`.

    workers: processes at once (2). threads: of all of them together; each has its share, one at
    least. scheduler: the address of a Dask scheduler, whose workers are used instead, each with one
    thread a task. search: values that count over [search] of the page. time_limit: wall seconds of
    the whole; what is under way then is ended and solved by the next call.

    Call it again with the same page and folder to go on: a scenario whose run is there and is of
    the same content is kept; one whose data, model, search or versions are others is solved again.
    Ctrl-C ends it with what is done (`stopped`). Raises InputError and ModelError, before anything
    is solved, with every fault of every scenario; BackendError where a scheduler is not there.

    In a script that calls it, the call stands below `if __name__ == "__main__":`, as for every pool
    of processes.
    """
    began = time.monotonic()
    count, each = _workers(workers, threads, time_limit, scheduler)
    prepared = prepare(page, search)
    root = _folder(folder)
    with _alone(root):
        state = _State.of(prepared, root, progress, began)
        state.write()
        if not state.todo:
            return state.sweep()
        crew: Crew = (
            Processes(min(count, len(state.todo))) if scheduler is None else Cluster(scheduler)
        )
        stopped = carry_out(
            {ready.name: state.task(ready, each) for ready in state.todo}, solve_one, crew,
            done=state.take, failed=state.fail, look=state.look, deadline=began + time_limit,
        )  # fmt: skip
        state.write(stopped)
        return state.sweep(stopped)


def _workers(
    workers: int | None, threads: int | None, time_limit: float, scheduler: str | None
) -> tuple[int, int]:
    """Processes at once and threads for each."""
    faults = FaultList(InputError)
    for key, value in (("workers", workers), ("threads", threads)):
        if value is not None and not 1 <= value <= 1024:
            faults.add("cannot be used", "Give a whole number from 1", key=key, value=value)
    if not time_limit > 0:
        faults.add("cannot be used", "Give seconds above zero", key="time_limit", value=time_limit)
    if scheduler is not None and workers is not None:
        faults.add("says nothing where a scheduler has the workers", "Leave it out", key="workers",
                   value=workers)  # fmt: skip
    if workers is not None and threads is not None and threads < workers:
        faults.add("is less than one for each worker", f"Give {workers} or more", key="threads",
                   value=threads)  # fmt: skip
    faults.raise_if_any()
    count = workers or min(WORKERS, threads or WORKERS)
    return count, 1 if scheduler is not None else max(1, (threads or count) // count)


def _folder(folder: str | os.PathLike[str]) -> Path:
    """The folder of a sweep; InputError where it may not be used."""
    root, why = Path(folder), ""
    try:
        if "\0" in str(root):
            why = "a path has no null character"
        elif root.is_symlink():
            why = "the sweep folder is a link; give the folder itself"
        elif root.exists() and not root.is_dir():
            why = "there is a file where the sweep folder should be; give another place"
        elif root.is_dir() and any(root.iterdir()) and not (root / INDEX).is_file():
            why = "the folder exists and is no sweep folder; give another place"
        else:
            root.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        why = f"the sweep folder cannot be used: {error.strerror or error}"
    if why:
        raise InputError([Fault(why, value=str(folder))])
    return root


@contextmanager
def _alone(root: Path) -> Iterator[None]:
    """Only one sweep writes a folder at a time. The lock ends with its process, however that ends;
    where the system has no such locks, nobody is kept out."""
    try:
        import fcntl
    except ImportError:
        yield
        return
    with (root / LOCK).open("ab") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise InputError(
                [Fault("another sweep is writing this folder",
                       "Wait for it, or give another folder", value=str(root))]
            ) from error  # fmt: skip
        yield


@dataclass(eq=False)
class _State:
    """A sweep under way."""

    prepared: Prepared
    root: Path
    progress: Told | None
    began: float
    outcomes: dict[str, Outcome]
    todo: list[Ready]
    running: tuple[str, ...] = field(default=())

    @staticmethod
    def of(prepared: Prepared, root: Path, progress: Told | None, began: float) -> _State:
        """What there is already, and what is left to do."""
        folders = folder_names([ready.name for ready in prepared.scenarios])
        outcomes, todo = {}, []
        for ready in prepared.scenarios:
            known = Outcome(
                ready.name, folders[ready.name], ready.scenario.about,
                tuple(ready.scenario.in_words()), ready.scenario.weight,
            )  # fmt: skip
            record = _read(root / known.folder / RESULT, LARGEST_RESULT)
            if _scenario(record).get("content") == ready.content:
                outcomes[ready.name] = replace(_outcome(known, record), kept=True)
            else:
                refuse_target(root / known.folder, overwrite=True)
                outcomes[ready.name] = known
                todo.append(ready)
        return _State(prepared, root, progress, began, outcomes, todo)

    def task(self, ready: Ready, threads: int) -> Callable[[], Task]:
        search, prepared = self.prepared.search, self.prepared

        def make() -> Task:
            instance = prepared.instance(ready, self.root)
            return Task(
                instance=replace(instance, folder=os.path.abspath(instance.folder)),
                model=(ready.model.text, ready.model.file),
                where={} if ready.data else prepared.where,
                search={
                    "backend": search.backend, "time_limit": search.seconds, "gap": search.gap,
                    "seed": search.seed, "threads": threads,
                },
                scenario=ready.record(),
            )  # fmt: skip

        return make

    def take(self, name: str, solved: Solved) -> None:
        """Keep what a worker found, at once."""
        if solved.failure:
            self.fail(name, solved.failure, 1)
            return
        known = self.outcomes[name]
        target = self.root / known.folder

        def fill(draft: Path) -> None:
            for file, content in solved.files.items():
                (draft / file).write_bytes(content)

        FOLDER.write(target, fill, overwrite=True)
        record = json.loads(solved.files[RESULT])
        self._set(replace(_outcome(known, record), tries=max(1, known.tries)))

    def fail(self, name: str, why: str, tries: int) -> None:
        self._set(replace(self.outcomes[name], status="failed", why=why, tries=tries))

    def _set(self, outcome: Outcome) -> None:
        self.outcomes[outcome.name] = outcome
        self.write()
        self._tell(outcome)

    def look(self, running: Iterable[str]) -> None:
        now = tuple(running)
        if now != self.running:
            self.running = now
            self._tell(None)

    def _tell(self, finished: Outcome | None) -> None:
        if self.progress is not None:
            done = sum(outcome.status != "waiting" for outcome in self.outcomes.values())
            self.progress(Step(done, len(self.outcomes), self.running, finished))

    def sweep(self, stopped: Ended = None) -> Sweep:
        first = self.prepared.scenarios[0].model.currency
        return Sweep(self.root, str(self.prepared.file), first, tuple(self.outcomes.values()),
                     time.monotonic() - self.began, stopped)  # fmt: skip

    def write(self, stopped: Ended = None) -> None:
        """Write sweep.json anew."""
        record = json.dumps(self.sweep(stopped).as_dict(), indent=2, ensure_ascii=False,
                            allow_nan=False)  # fmt: skip
        write_text(self.root / INDEX, f"{record}\n", overwrite=True)


def folder_names(names: Iterable[str]) -> dict[str, str]:
    """The run folder of each scenario: its name where that is a safe one, none like a file of the
    sweep's own."""
    ours = (INSTANCES, INDEX, LOCK)
    asked = {name: f"scenario {name}" if name.casefold() in ours else name for name in names}
    found = file_names([*ours, *asked.values()], "")
    return {name: found[each] for name, each in asked.items()}


def _outcome(known: Outcome, record: Mapping[str, Any]) -> Outcome:
    """The outcome that the record of a run tells."""
    scenario = _scenario(record)
    return replace(
        known,
        status=str(record.get("status", "")),
        objective=record.get("objective"),
        bound=record.get("bound"),
        gap=record.get("gap"),
        bound_source=str(record.get("bound_source", "")),
        moved=int(scenario.get("moved", 0)),
        owned=int(scenario.get("owned", 0)),
        seconds=float(record.get("seconds", 0.0)),
        why="",
    )


def _scenario(record: Mapping[str, Any]) -> Mapping[str, Any]:
    """What a run says of the scenario that it is of; empty where it is of none."""
    source = record.get("source")
    found = source.get("scenario") if isinstance(source, dict) else None
    return found if isinstance(found, dict) else {}


def _read(path: Path, most: int) -> dict[str, Any]:
    """A record of ours; empty where there is none that can be read."""
    try:
        if path.stat().st_size > most:
            return {}
        record = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        return {}
    return record if isinstance(record, dict) else {}


def read_sweep(folder: str | os.PathLike[str]) -> list[tuple[Outcome, Run]]:
    """The scenarios of a sweep folder that have a run, each with its run read back.

    Raises InputError where it is no sweep folder or a run cannot be read.
    """
    root = Path(folder)
    record = _read(root / INDEX, LARGEST_INDEX)
    if record.get("schema") != SCHEMA or not isinstance(record.get("scenarios"), list):
        raise InputError(
            [Fault(f"is no sweep folder: it has no {INDEX} of the schema {SCHEMA}",
                   "Give the folder that `territoryopt sweep` wrote", file=str(root))]
        )  # fmt: skip
    out = []
    known = set(Outcome.__dataclass_fields__)
    for entry in record["scenarios"]:
        try:
            told = {**{k: v for k, v in entry.items() if k in known},
                    "in_words": tuple(entry["in_words"])}  # fmt: skip
            outcome = Outcome(**told)
            place = root / Path(outcome.folder).name
        except (TypeError, KeyError, AttributeError) as error:
            raise InputError(
                [Fault(f"is damaged: {error}", "Run the sweep again", file=str(root / INDEX))]
            ) from error
        if not outcome.done:
            continue
        own = _scenario(_read(place / RESULT, LARGEST_RESULT)).get("data")
        written = root / INSTANCES / str(own)[:20]
        out.append((outcome, read_run(place, str(written) if own and written.is_dir() else None)))
    return out
