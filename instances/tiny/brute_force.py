"""Try all 3^6 = 729 plans of this folder and print the best ones (standard library only).

python instances/tiny/brute_force.py
"""

import csv
import itertools
from pathlib import Path

HERE = Path(__file__).parent
PRICE = 50  # money per hour on the road
BAND = 0.20  # potential of every rep within +-20 % of the mean


def read(name: str) -> list[dict[str, str]]:
    with (HERE / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def main() -> None:
    accounts, reps = read("accounts.csv"), [row["rep_id"] for row in read("reps.csv")]
    travel = {
        (row["account_id"], row["rep_id"]): float(row["travel_hours"]) for row in read("pairs.csv")
    }
    mean = sum(float(a["potential"]) for a in accounts) / len(reps)
    plans = []
    for owners in itertools.product(reps, repeat=len(accounts)):
        hours, potential = 0.0, dict.fromkeys(reps, 0.0)
        for account, rep in zip(accounts, owners, strict=True):
            hours += float(account["visits_per_year"]) * travel[account["account_id"], rep]
            potential[rep] += float(account["potential"])
        within = all(abs(p - mean) <= BAND * mean + 1e-6 for p in potential.values())
        plans.append((PRICE * hours, within, owners, tuple(potential.values())))
    plans.sort()
    print(f"{len(plans)} plans, {sum(p[1] for p in plans)} within the band")
    print("without the band:", *plans[0])
    for plan in [p for p in plans if p[1]][:5]:
        print("within the band: ", *plan)


if __name__ == "__main__":
    main()
