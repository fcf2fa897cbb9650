"""One run in a process of its own, and what it took: wall, CPU and memory, all in one way.

`measured(job)` starts `python measure.py` with the job as JSON, waits, and gives the `Row`. The
child imports the peer's libraries, loads the instance, and then starts the clock: interpreter,
imports and the drawing of the instance are the same for all and are not counted. CPU is that of
all threads and of children. Memory is the most that was resident before the plan is evaluated.
"""

from __future__ import annotations

import contextlib
import json
import math
import os
import resource
import subprocess
import sys
import tempfile
from dataclasses import asdict, dataclass, field
from importlib import import_module
from pathlib import Path

from builders import BUILDERS
from peers import PEERS, Clock, Reply
from questions import Question

GRACE = 2.0
"""A child is ended after this multiple of its time limit, and a few minutes for the drawing."""
GRACE_SECONDS = 180.0
LIBRARIES = {
    "engine": ("territoryopt", "highspy", "scipy.sparse", "territoryopt.solving"),
    "pyomo_highs": ("pyomo.environ", "highspy", "pyomo.contrib.appsi.solvers.highs"),
    "highspy_arrays": ("highspy", "scipy.sparse"),
    "cpsat": ("ortools.sat.python.cp_model",),
    "build_pyomo": ("pyomo.environ", "highspy", "pyomo.contrib.appsi.solvers.highs"),
    "build_arrays": ("highspy", "scipy.sparse"),
    "build_problem": ("territoryopt.problem.arrays",),
    "build_engine_highs": (
        "territoryopt.problem.arrays",
        "territoryopt.backends.linear",
        "highspy",
    ),
}


@dataclass(frozen=True)
class Job:
    """A question, who answers it, and with what. time: wall seconds to build and to solve."""

    question: Question
    peer: str
    time: float
    threads: int = 2
    backend: str = "auto"

    @property
    def solver(self) -> str:
        """The peer's name in tables; the engine's backend where it is not left to the engine."""
        named = self.peer == "engine" and self.backend != "auto"
        return f"{self.peer}:{self.backend}" if named else self.peer


@dataclass(frozen=True)
class Row:
    """What a run gave. objective: by our arithmetic, inf = no plan that holds. bound: the solver's
    own; proved: the engine's, recomputed. wall, cpu: seconds to build and solve; build_*: the
    part before the solver begins. memory: GiB, of which `memory_before` was there before the peer
    began (interpreter, libraries, instance)."""

    status: str
    objective: float = math.inf
    bound: float = -math.inf
    proved: float = -math.inf
    wall: float = math.nan
    cpu: float = math.nan
    build_wall: float = math.nan
    build_cpu: float = math.nan
    memory: float = math.nan
    memory_before: float = math.nan
    note: str = ""
    trajectory: list[tuple[float, float, float, float]] = field(default_factory=list)


def measured(job: Job) -> Row:
    """Run the job in a child and wait; a child that dies or does not end is a row that says so."""
    with tempfile.TemporaryDirectory() as folder:
        answer = Path(folder) / "row.json"
        child = subprocess.Popen(
            [sys.executable, __file__, str(answer)],
            stdin=subprocess.PIPE, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL,
            start_new_session=True, text=True,
        )  # fmt: skip
        try:
            _, complaint = child.communicate(
                json.dumps(asdict(job)), timeout=GRACE * job.time + GRACE_SECONDS
            )
        except subprocess.TimeoutExpired:
            return Row("did not end", note=f"ended after {GRACE:g} x its time limit")
        finally:
            if child.poll() is None:  # Ctrl-C, or out of patience
                child.kill()
                child.wait()
        if not answer.is_file():
            last = complaint.strip().splitlines()[-1:] or [f"exit code {child.returncode}"]
            return Row("broke down", note=last[0][:200])
        found = json.loads(answer.read_text(encoding="utf-8"))
    return Row(**{**found, "trajectory": [tuple(point) for point in found["trajectory"]]})


def run_here(job: Job) -> Row:
    """Answer the job in this process."""
    for name in LIBRARIES[job.peer]:
        import_module(name)
    arrays = job.question.load()
    before = memory_gib()
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    clock = Clock(job.time)
    more = {"backend": job.backend} if job.peer == "engine" else {}
    reply: Reply = {**PEERS, **BUILDERS}[job.peer](
        arrays, clock, job.question.seed, job.threads, **more
    )
    wall, cpu = clock.now()
    ended = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu += ended.ru_utime + ended.ru_stime - children.ru_utime - children.ru_stime
    memory = memory_gib()
    objective, note = math.inf, reply.note
    if reply.rep is not None:
        from territoryopt.problem import evaluate

        found = evaluate(arrays.problem(), reply.rep)
        objective = found.objective if found.holds else math.inf
        if not found.holds:
            note = f"breaks {len(found.breaches)} rules by our arithmetic; {note}"
    return Row(
        reply.status, objective, reply.bound, reply.proved, wall, cpu, clock.built_at[0],
        clock.built_at[1], memory, before, note, clock.points,
    )  # fmt: skip


def memory_gib() -> float:
    """The most memory this process has had resident, GiB.

    /proc where there is one: ru_maxrss of a child begins at what its parent had.
    """
    status = Path("/proc/self/status")
    if status.is_file():
        for line in status.read_text(encoding="ascii").splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) / 2**20
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most / (2**30 if sys.platform == "darwin" else 2**20)


def _child() -> None:
    asked = json.load(sys.stdin)
    job = Job(Question(**asked.pop("question")), **asked)
    Path(sys.argv[1]).write_text(json.dumps(asdict(run_here(job))), encoding="utf-8")
    sys.stdout.flush()
    with contextlib.suppress(OSError):
        sys.stderr.flush()
    os._exit(0)  # a solver's thread left behind must not hold the process


if __name__ == "__main__":
    _child()
