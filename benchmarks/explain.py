"""Why-not answers: how long they take, and how much of the price they leave open.

    python benchmarks/explain.py            # us-field, and adventureworks with TERRITORYOPT_DATA
    python benchmarks/explain.py --sizes 10000x100 --questions 10

Random pairs of an account and another rep are asked about, each at the default time of the
question. `width / price` is the open part of the interval over its upper end: below 1 the price is
known better than its own size. Written to results/explain.csv, one line per question.
"""

from __future__ import annotations

import argparse
import csv
import sys
import time
from pathlib import Path

import numpy as np
from generate import territories
from questions import HERE, data_folder

import territoryopt as topt

FIELDS = (
    "instance", "seed", "accounts", "reps", "account", "rep", "verdict", "lower", "upper",
    "proved_lower", "at_least", "moves", "seconds",
)  # fmt: skip


def reasons_of(name: str, seconds: float) -> topt.Explanation:
    """A plan and its reasons: "us-field", "adventureworks", or a size such as 10000x100."""
    if "x" in name and name[0].isdigit():
        accounts, reps = (int(part) for part in name.split("x"))
        return topt.explain(topt.solve(territories(accounts, reps, 1).problem(),
                                       time_limit=seconds))  # fmt: skip
    if name == "us-field":
        folder, model = HERE.parent / "instances" / "us-field", "balanced-field-sales"
    else:
        folder, model = data_folder() / name, str(HERE / f"{name}.toml")
    instance = topt.read_instance(folder)
    return topt.explain(topt.solve(instance, model, time_limit=seconds, gap=1e-4), instance)


def ask(name: str, reasons: topt.Explanation, questions: int, seed: int) -> list[dict[str, object]]:
    """Random why-nots, each a row."""
    from territoryopt.answers.ground import Ground
    from territoryopt.answers.what_if import asked

    problem, ground = reasons.problem, Ground(reasons, seed)
    assert np.isfinite(ground.proof.bound)
    rng = np.random.default_rng(seed)
    rows: list[dict[str, object]] = []
    while len(rows) < questions:
        i, j = int(rng.integers(problem.accounts)), int(rng.integers(problem.reps))
        barred = not problem.eligible_at(np.array([i]), np.array([j]))[0]
        if reasons.rep[i] == j or barred:
            continue
        account, rep = problem.account_id(i), problem.rep_id(j)
        began = time.monotonic()
        said = asked(ground, {account: rep}, [])
        change = said.change
        rows.append(
            {
                "instance": name, "seed": seed, "accounts": problem.accounts,
                "reps": problem.reps, "account": account, "rep": rep, "verdict": said.verdict,
                "lower": None if change is None else change.lower,
                "upper": None if change is None else change.upper,
                "proved_lower": None if change is None else change.proved_lower,
                "at_least": said.at_least, "moves": len(said.moves),
                "seconds": time.monotonic() - began,
            }
        )  # fmt: skip
    return rows


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sizes", default="us-field,adventureworks", help="names by commas")
    parser.add_argument("--questions", type=int, default=40)
    parser.add_argument("--time", type=float, default=30.0, help="seconds for the plan itself")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, default=HERE / "results")
    given = parser.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)
    target = given.out / "explain.csv"
    fresh = not target.exists()
    for name in given.sizes.split(","):
        try:
            reasons = reasons_of(name, given.time)
        except FileNotFoundError as missing:
            print(f"{name} is left out: {missing}")
            continue
        rows = ask(name, reasons, given.questions, given.seed)
        with target.open("a", encoding="utf-8", newline="") as handle:
            writer = csv.DictWriter(handle, FIELDS, lineterminator="\n")
            if fresh:
                writer.writeheader()
                fresh = False
            writer.writerows(rows)
        known = [r for r in rows if r["upper"] is not None and np.isfinite(float(str(r["upper"])))]
        upper = np.array([float(str(r["upper"])) for r in known])
        lower = np.array([float(str(r["lower"])) for r in known])
        narrow = (upper - lower < np.abs(upper)).mean() if known else 0.0
        took = np.array([float(str(r["seconds"])) for r in rows])
        print(
            f"{name}: {len(rows)} questions, median {np.median(took):.2f} s, worst "
            f"{took.max():.2f} s; {narrow:.0%} of {len(known)} with a plan have an interval "
            "narrower than their price"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
