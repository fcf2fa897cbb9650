"""Random teams of a few reps, written as CSV, and every plan of the changed problem."""

from __future__ import annotations

import numpy as np
from problem_cases import all_plans, oracle

import territoryopt as topt
from territoryopt.model import parse_model

MODEL = """name = "small team"
[travel]
pairs_hours = "hours"
[workload]
visits_per_year = 1
[rules.even]
kind = "band"
measure = "potential"
tolerance = {tolerance}
[rules.books]
kind = "capacity"
measure = "count"
max = "most"
[rules.required_skills]
kind = "required_skills"
[rules.families]
kind = "families"
[rules.apart]
kind = "apart"
[goals.driving]
kind = "travel"
price = 50
[goals.hand_overs]
kind = "disruption"
price = 0.1
"""


def model(tolerance=0.5):
    return parse_model(MODEL.format(tolerance=tolerance), "small.toml")


def team(folder, seed, accounts=7, reps=4, owned=0.9):
    """An instance drawn by a seed: potential and revenue, a few skills, a family, groups apart."""
    rng = np.random.default_rng(seed)
    folder.mkdir(parents=True, exist_ok=True)
    owner = rng.integers(reps, size=accounts)
    family = np.full(accounts, "", dtype=object)
    if rng.random() < 0.5:
        members = rng.permutation(accounts)[:2]
        family[members], owner[members] = "north", owner[members[0]]
    apart = np.full(accounts, "", dtype=object)
    if rng.random() < 0.3:
        apart[rng.permutation(accounts)[:2]] = "mills"
    lines = ["account_id,name,potential,annual_revenue,hours_per_visit,requires,current_rep,"
             "family,apart"]  # fmt: skip
    for i in range(accounts):
        needs = "lab" if rng.random() < 0.15 else ""
        rep = f"R{owner[i]}" if rng.random() < owned else ""
        lines.append(f"A{i},Account {i},{rng.integers(5, 30)},{rng.integers(10, 99)},1,{needs},"
                     f"{rep},{family[i]},{apart[i]}")  # fmt: skip
    (folder / "accounts.csv").write_text("\n".join([*lines, ""]))
    lines = ["rep_id,name,most,skills"]
    for j in range(reps):
        skill = "lab" if rng.random() < 0.7 else ""
        lines.append(f"R{j},Rep {j},{rng.integers(2, accounts)},{skill}")
    (folder / "reps.csv").write_text("\n".join([*lines, ""]))
    lines = ["account_id,rep_id,hours"]
    lines += [f"A{i},R{j},{rng.uniform(1, 9):.3f}" for i in range(accounts) for j in range(reps)]
    (folder / "pairs.csv").write_text("\n".join([*lines, ""]))
    return topt.read_instance(folder)


def every_plan(problem):
    """(plans, objective, holds, moves) of every plan; an unowned account is no move."""
    plans = all_plans(problem.accounts, problem.reps)
    objective, holds = oracle(problem, plans)
    owned = problem.current >= 0
    moves = ((plans != problem.current) & owned).sum(axis=1)
    return plans, objective, holds, moves
