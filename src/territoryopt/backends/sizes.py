"""How large a problem is, before anything of that size is built."""

from __future__ import annotations

from territoryopt.problem import Problem
from territoryopt.problem.amounts import blocks


def too_many_pairs(problem: Problem, most: int, solver: str) -> str | None:
    """Why `solver` refuses a problem of more than `most` eligible pairs; None where it need not.

    Counts block by block and no further than it must: nothing is stored.
    """
    if problem.accounts * problem.reps <= most:
        return None
    count = 0
    for start, stop in blocks(problem.accounts, problem.reps):
        count += int(problem.eligible_block(start, stop).sum())
        if count > most:
            return (
                f"{solver} takes at most {most:,} eligible pairs of account and rep, and this "
                f"problem of {problem.accounts:,} x {problem.reps:,} has more"
            )
    return None
