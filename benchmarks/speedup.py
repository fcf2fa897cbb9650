"""CPU time to a plan as good as the one a plain Pyomo model with HiGHS ends with.

    python benchmarks/speedup.py                       # 5,000 x 50, three seeds, Pyomo 300 s

Per seed, in one run: Pyomo until its limit, then the engine until its own. The factor is Pyomo's
CPU seconds over those at which the engine first held a plan at least as good, each counted from
the arrays, building included; `report.py` works it out from the trajectories.
"""

from __future__ import annotations

import sys

from measure import Job
from questions import Question
from recording import Recorder, finish, jobs, parser, seeds, sizes


def main() -> int:
    arguments = parser(__doc__, time=300, peers="engine")
    arguments.set_defaults(seeds=seeds("1-3"))
    arguments.add_argument("--sizes", type=sizes, default=sizes("5000x50"))
    arguments.add_argument("--engine-time", type=float, default=60, help="wall seconds")
    asked = arguments.parse_args()
    recorder = Recorder("speedup", asked.out)

    def work() -> None:
        for size in asked.sizes:
            for seed in asked.seeds:
                question = Question(accounts=size.accounts, reps=size.reps, seed=seed)
                pyomo = Job(question, "pyomo_highs", size.time or asked.time, asked.threads)
                recorder.measure(pyomo, "territories")
                for job in jobs(question, asked.peers, asked.engine_time, asked.threads):
                    recorder.measure(job, "territories")

    return finish(recorder, work)


if __name__ == "__main__":
    sys.exit(main())
