"""Generalized assignment, types C, D, E: published files, and generated ones up to 80 x 1,600.

    TERRITORYOPT_DATA=... python benchmarks/gap.py
    python benchmarks/gap.py --files "" --generated D:20x400,E:40x800

Files are held against `best_known.csv` (written as rows of a solver `best_known`); generated
instances (m agents x n jobs, written mxn as in the literature) against the best bound of the run.
Files have no seed of their own: the first of --seeds goes to the solver, unless --all-seeds.
"""

from __future__ import annotations

import math
import sys

from gap_instances import KINDS, best_known, read_gap
from measure import Job, Row
from questions import Question, data_folder
from reading import BEST_KNOWN
from recording import Recorder, finish, jobs, parser

GENERATED = ",".join(f"{kind}:{size}" for size in ("20x400", "40x800", "80x1600") for kind in KINDS)
ALL = "all"


def file_questions(names: str, seed: int) -> list[Question]:
    """The files of types C, D and E ("all"), or those named; none where the data are not there."""
    if not names:
        return []
    try:
        folder = data_folder() / "gap"
    except FileNotFoundError as missing:
        print(f"the files are left out: {missing}", flush=True)
        return []
    known = sorted(name for name in best_known(folder) if name[0].upper() in KINDS)
    out = []
    for name in known if names == ALL else names.split(","):
        agents, jobs_ = read_gap(folder / name).cost.shape
        out.append(Question("gap_file", name, jobs_, agents, seed))
    return sorted(out, key=lambda q: (q.name[0], q.accounts * q.reps))


def generated(text: str, seed: int) -> list[Question]:
    """From "D:20x400,E:40x800"."""
    out = []
    for part in filter(None, text.split(",")):
        kind, size = part.split(":")
        agents, jobs_ = (int(k) for k in size.split("x"))
        out.append(Question("gap", kind, jobs_, agents, seed))
    return out


def main() -> int:
    arguments = parser(__doc__, time=60, peers="engine,highspy_arrays,cpsat")
    arguments.add_argument("--files", default=ALL, help='"all", names by commas, or "" for none')
    arguments.add_argument("--generated", default=GENERATED, help="type:agentsxjobs by commas")
    arguments.add_argument("--all-seeds", action="store_true", help="files with every solver seed")
    asked = arguments.parse_args()
    recorder = Recorder("gap", asked.out)

    def work() -> None:
        for seed in asked.seeds if asked.all_seeds else asked.seeds[:1]:
            for question in file_questions(asked.files, seed):
                best, proven = best_known(data_folder() / "gap")[question.name]
                published = Row("published", best, best if proven else -math.inf)
                recorder.write(Job(question, BEST_KNOWN, 0), question.name, published)
                for job in jobs(question, asked.peers, asked.time, asked.threads):
                    recorder.measure(job, question.name)
        for seed in asked.seeds:
            for question in generated(asked.generated, seed):
                for job in jobs(question, asked.peers, asked.time, asked.threads):
                    recorder.measure(job, f"type {question.name}")

    return finish(recorder, work)


if __name__ == "__main__":
    sys.exit(main())
