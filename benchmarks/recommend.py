"""How long one new account takes: `Recommender.recommend` on a plan of 10,000 accounts and 100 reps
under the model balanced-field-sales, milliseconds of wall and of CPU, median and worst of 200
questions.

    python benchmarks/recommend.py [--accounts 10000] [--reps 100] [--questions 200]

The team is drawn (places clustered about 100 homes in a box of 40 by 20 degrees, skills, families,
groups apart). The plan is each account with its nearest rep: the time does not depend on which plan
it is. Every question goes from the columns of a row to the ranked list with its reasons. Prints a
line and writes benchmarks/results/recommend.csv.
"""

from __future__ import annotations

import argparse
import csv
import tempfile
import time
from pathlib import Path

import numpy as np

HERE = Path(__file__).resolve().parent
RESULTS = HERE / "results" / "recommend.csv"
MODEL = "balanced-field-sales"


def drawn_rows(rng: np.random.Generator, homes: np.ndarray, count: int, first: int) -> list[dict]:
    """Accounts about the homes, as columns of accounts.csv."""
    near = homes[rng.integers(len(homes), size=count)] + rng.normal(0, 1.2, (count, 2))
    potential = np.round(np.exp(rng.normal(11, 0.8, count)), -2)
    kin, apart = rng.random(count), rng.random(count)
    return [
        {
            "account_id": f"A-{first + k:06d}",
            "name": f"Account {first + k}",
            "latitude": round(float(near[k, 0]), 5),
            "longitude": round(float(near[k, 1]), 5),
            "potential": float(potential[k]),
            "annual_revenue": float(potential[k] // 5),
            "visits_per_year": int(rng.integers(2, 13)),
            "hours_per_visit": float(rng.integers(2, 8)) / 2,
            "requires": "medical" if rng.random() < 0.05 else "",
            "wishes": "industry:hospital=2" if rng.random() < 0.2 else "",
            "family": f"F{int(kin[k] * 40 * count) % (count // 3 + 1)}" if kin[k] < 0.1 else "",
            "apart": f"G{int(apart[k] * 50 * count) % (count // 10 + 1)}"
            if apart[k] < 0.03
            else "",
        }
        for k in range(count)
    ]


def write_rows(path: Path, rows: list[dict]) -> None:
    with path.open("w", newline="", encoding="utf-8") as handle:
        out = csv.DictWriter(handle, rows[0])
        out.writeheader()
        out.writerows(rows)


def measure(accounts: int, reps: int, questions: int, seed: int = 0) -> dict[str, float]:
    """Seconds to load, then milliseconds for each question."""
    import territoryopt as topt
    from territoryopt.realign.recommending import Recommender
    from territoryopt.runs import Run
    from territoryopt.terms.roads import nearest_home

    rng = np.random.default_rng(seed)
    homes = np.column_stack([rng.uniform(30, 48, reps), rng.uniform(-118, -78, reps)])
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        write_rows(root / "accounts.csv", drawn_rows(rng, homes, accounts, 0))
        write_rows(root / "reps.csv", [
            {"rep_id": f"R-{j:03d}", "name": f"Rep {j}", "home_latitude": homes[j, 0],
             "home_longitude": homes[j, 1], "capacity": 20000,
             "skills": "medical;industry:hospital" if j % 2 else "industry:hospital=0.4"}
            for j in range(reps)
        ])  # fmt: skip
        instance = topt.read_instance(root)
    model = topt.load_model(MODEL)
    problem = topt.compile_problem(instance, model)
    plan = nearest_home(instance.coordinates, instance.homes)[0]
    run = Run(Path("drawn"), {"status": "drawn"}, model, instance, problem, plan)
    began = time.perf_counter()
    ask = Recommender(run)
    ask.recommend(drawn_rows(rng, homes, 1, accounts)[0])  # the first finds the run's totals
    loaded = time.perf_counter() - began
    took, spent = [], []
    for row in drawn_rows(rng, homes, questions, accounts + 1):
        began, cpu = time.perf_counter(), time.process_time()
        found = ask.recommend(row)
        took.append(1000 * (time.perf_counter() - began))
        spent.append(1000 * (time.process_time() - cpu))
        assert len(found.choices) == reps
    return {
        "accounts": accounts,
        "reps": reps,
        "questions": questions,
        "load_seconds": loaded,
        "median_ms": float(np.median(took)),
        "worst_ms": max(took),
        "median_cpu_ms": float(np.median(spent)),
        "worst_cpu_ms": max(spent),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--accounts", type=int, default=10_000)
    parser.add_argument("--reps", type=int, default=100)
    parser.add_argument("--questions", type=int, default=200)
    asked = parser.parse_args()
    found = measure(asked.accounts, asked.reps, asked.questions)
    shown = {k: round(v, 3) if isinstance(v, float) else v for k, v in found.items()}
    print(", ".join(f"{name} {value}" for name, value in shown.items()))
    RESULTS.parent.mkdir(exist_ok=True)
    write_rows(RESULTS, [shown])


if __name__ == "__main__":
    main()
