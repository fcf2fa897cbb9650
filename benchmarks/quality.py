"""Gap at a fixed time: the engine and its peers on the same instances, in the same run.

    python benchmarks/quality.py                       # sizes: results/quality.csv
    python benchmarks/quality.py --axis all            # hardness at 2,000 x 40: hardness.csv

Every figure is measured as `measure.py` says; gaps are taken later, by `report.py`, against the
best bound that any solver of the run gave for that instance.
"""

from __future__ import annotations

import sys
from dataclasses import replace

from questions import Question
from recording import PEERS_BY_DEFAULT, Recorder, Size, finish, jobs, parser, sizes

AXES: dict[str, tuple[float, ...]] = {
    "tightness": (0.10, 0.05, 0.02),
    "skew": (0.5, 1.0, 1.5),
    "skills": (0.0, 0.2, 0.5),
}


def cases(question: Question, axis: str) -> list[Question]:
    """The question with each value of an axis ("all": of every axis), one axis at a time."""
    out = [question] if axis == "all" else []
    for name in AXES if axis == "all" else (axis,):
        out += [replace(question, **{name: value}) for value in AXES[name]]
    return list(dict.fromkeys(out))


def main() -> int:
    arguments = parser(__doc__, time=60, peers=PEERS_BY_DEFAULT)
    arguments.add_argument("--sizes", type=sizes, help="1000x20,5000x50; of an axis 2000x40")
    arguments.add_argument("--axis", choices=[*AXES, "all"], help="vary hardness instead of size")
    asked = arguments.parse_args()
    recorder = Recorder("hardness" if asked.axis else "quality", asked.out)
    default = [Size(2000, 40)] if asked.axis else [Size(1000, 20), Size(5000, 50)]

    def work() -> None:
        for size in asked.sizes or default:
            for seed in asked.seeds:
                question = Question(accounts=size.accounts, reps=size.reps, seed=seed)
                for case in cases(question, asked.axis) if asked.axis else [question]:
                    for job in jobs(case, asked.peers, size.time or asked.time, asked.threads):
                        recorder.measure(job, "territories")

    return finish(recorder, work)


if __name__ == "__main__":
    sys.exit(main())
