"""Tasks carried out by a crew: each result is handed over as it comes, a lost worker loses none,
and a task that takes its workers down does not take the others along."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import FIRST_COMPLETED, CancelledError, Future, wait
from typing import Literal

from territoryopt.errors import BackendError
from territoryopt.scenarios.crew import GONE, Crew, Made, Task

TRIES = 3
"""Workers that a task may take down before it is given up."""
LOOK = 0.2
"""Seconds between two looks at the clock."""

Ended = Literal["interrupted", "time limit"] | None


def carry_out(
    tasks: Mapping[str, Callable[[], Task]],
    work: Callable[[Task], Made],
    crew: Crew,
    *,
    done: Callable[[str, Made], None],
    failed: Callable[[str, str, int], None],
    look: Callable[[Iterable[str]], None] = lambda running: None,
    deadline: float = float("inf"),
) -> Ended:
    """Carry out every task; what ended it before all were done: Ctrl-C, or the deadline
    (`time.monotonic`).

    tasks: by name, made when their turn comes. done, failed: called in this process, one at a time,
    with name and result, or name, reason and tries. look: called now and then with the names under
    way. Raises BackendError where the crew as a whole is gone; what was done is kept.
    """
    waiting = deque(tasks)
    tries = dict.fromkeys(tasks, 0)
    running: dict[Future[Made], str] = {}
    try:
        while waiting or running:
            while waiting and len(running) < crew.places:
                name = waiting.popleft()
                running[crew.submit(work, tasks[name]())] = name
                tries[name] += 1
            look(running.values())
            for future in wait(running, LOOK, FIRST_COMPLETED).done:
                name = running.pop(future)
                crew.ended(future)
                error = _error(future)
                if error is None:
                    done(name, future.result())
                elif isinstance(error, CancelledError):
                    raise BackendError([GONE]) from error
                elif not crew.lost(error):
                    failed(name, f"{type(error).__name__}: {error}", tries[name])
                elif tries[name] < TRIES:
                    waiting.append(name)
                else:
                    failed(name, f"its worker was lost {TRIES} times: killed, out of memory, or "
                           "broken by this scenario", tries[name])  # fmt: skip
            if (waiting or running) and time.monotonic() > deadline:
                return "time limit"
    except KeyboardInterrupt:
        return "interrupted"
    finally:
        crew.close()
    return None


def _error(future: Future[Made]) -> BaseException | None:
    try:
        return future.exception()
    except CancelledError as error:
        return error
