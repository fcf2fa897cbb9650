"""Time and memory to reach the solver: Pyomo, arrays, and the engine's `Problem`.

    python benchmarks/build.py

Sizes are pairs (binary variables). Pyomo is asked only up to --most-pyomo pairs, and the engine's
whole model only up to what its backend "highs" takes.
"""

from __future__ import annotations

import sys

from builders import BUILDERS
from measure import Job
from questions import Question
from recording import Recorder, finish, parser, seeds, sizes

MOST_WHOLE = 20_000_000


def main() -> int:
    arguments = parser(__doc__, time=600)
    arguments.set_defaults(seeds=seeds("1"))
    arguments.add_argument(
        "--sizes", type=sizes, default=sizes("1000x20,5000x20,10000x100,100000x100,1000000x2000")
    )
    arguments.add_argument("--most-pyomo", type=int, default=1_000_000, help="pairs")
    asked = arguments.parse_args()
    recorder = Recorder("build", asked.out)

    def work() -> None:
        for size in asked.sizes:
            pairs = size.accounts * size.reps
            for seed in asked.seeds:
                question = Question(accounts=size.accounts, reps=size.reps, seed=seed)
                for builder in BUILDERS:
                    most = asked.most_pyomo if builder == "build_pyomo" else MOST_WHOLE
                    if pairs <= most or builder == "build_problem":
                        job = Job(question, builder, asked.time, asked.threads)
                        recorder.measure(job, "territories")

    return finish(recorder, work)


if __name__ == "__main__":
    sys.exit(main())
