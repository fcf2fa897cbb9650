"""Time, memory and both gaps of the engine against size.

    python benchmarks/scale.py                         # up to 1,000,000 x 2,000
    python benchmarks/scale.py --huge --seeds 1        # and 10,000,000 x 5,000
    python benchmarks/scale.py --sizes 1000x20:30,us_hospitals:60

A size may name its own wall seconds after a colon. `us_hospitals` needs TERRITORYOPT_DATA. `globe`
before a size draws accounts on the sphere, with costs from the engine's own travel and fit.
"""

from __future__ import annotations

import sys

from questions import Question, data_folder
from recording import Recorder, Size, finish, jobs, parser

SIZES = (
    "1000x20:30,5000x50:60,us_hospitals:60,20000x100:120,100000x500:300,1000000x2000:900"
)  # fmt: skip
HUGE = "globe:10000000x5000:5400"
GLOBE = "globe"
HOSPITALS = "us_hospitals"


def main() -> int:
    arguments = parser(__doc__, time=60, peers="engine")
    arguments.add_argument("--sizes", default=SIZES, help=SIZES)
    arguments.add_argument("--huge", action="store_true", help=f"also {HUGE}")
    asked = arguments.parse_args()
    recorder = Recorder("scale", asked.out)

    def work() -> None:
        for named in (asked.sizes + (f",{HUGE}" if asked.huge else "")).split(","):
            if named.startswith(HOSPITALS):
                try:
                    data_folder()
                except FileNotFoundError as missing:
                    print(f"{HOSPITALS} is left out: {missing}", flush=True)
                    continue
                size = Size(7005, 50, float(named.partition(":")[2] or asked.time))
                kind = HOSPITALS
            else:
                kind = GLOBE if named.startswith(GLOBE) else "territories"
                size = Size.parse(named.removeprefix(f"{GLOBE}:"))
            for seed in asked.seeds:
                question = Question(kind, kind, size.accounts, size.reps, seed)
                time = size.time or asked.time
                for job in jobs(question, asked.peers, time, asked.threads):
                    recorder.measure(job, kind)

    return finish(recorder, work)


if __name__ == "__main__":
    sys.exit(main())
