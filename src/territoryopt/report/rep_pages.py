"""A page for each rep, to hand out: the territory, what comes, what goes, and why."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np

from territoryopt.cells import IntArray
from territoryopt.extras import need
from territoryopt.folders import refuse_file, write_text
from territoryopt.goals.types import Goals
from territoryopt.reasons.explanation import Explanation
from territoryopt.reasons.pages import MOST_LISTED, MOST_REASONS, rep_accounts
from territoryopt.report.balance import charts
from territoryopt.report.goal_page import RepGoalView, rep_goal_view
from territoryopt.report.goal_sheets import Given, given_goals
from territoryopt.report.mapdata import map_data, shown
from territoryopt.report.names import file_names
from territoryopt.report.page import rendered
from territoryopt.report.places import map_of
from territoryopt.runs import Run

STANDING = ("stays with you", "comes to you", "new, without an owner until now", "leaves you")
COLOURS = (0, 2, 6, 1)
"""The numbers of the colours of the four."""


def write_rep_pages(
    run: Run,
    folder: str | os.PathLike[str],
    *,
    goals: Given = None,
    overwrite: bool = False,
) -> list[Path]:
    """Write one page of HTML for each rep of a run into a folder, named by the rep's id.

    A page stands by itself: it opens offline and prints. An id that is no safe name of a file on
    every system gives a name of its letters and some digits. With goals (or the folder they lie in)
    each page has the rep's own. Raises InputError where the run has no plan, the goals are of
    another run, a file is there already and `overwrite` is not given, or jinja2 is not installed.
    """
    need("jinja2", "report", "a page")
    reasons = run.explanation()
    asked = given_goals(run, goals)
    root = Path(folder)
    names = file_names([reasons.problem.rep_id(j) for j in range(reasons.problem.reps)], ".html")
    for name in names.values():
        refuse_file(root / name, overwrite)
    return [
        write_text(root / name, rep_html(run, reasons, rep, asked), overwrite=overwrite)
        for rep, name in names.items()
    ]


def rep_html(run: Run, reasons: Explanation, rep: str, goals: Goals | None = None) -> str:
    """The page of a rep as text. InputError for a rep that is not known."""
    j = reasons.rep_number(rep)
    goal: RepGoalView | None = None if goals is None else rep_goal_view(goals, j)
    found = rep_accounts(reasons, rep)
    facts, speak = reasons.territory(rep), reasons.speaker
    standing = np.full(reasons.problem.accounts, -1, dtype=np.int64)
    for k, accounts in enumerate((found.kept, found.gained, found.fresh, found.lost)):
        standing[accounts] = k
    used = [k for k in range(len(STANDING)) if (standing == k).any()]
    return rendered(
        "rep.html",
        _map(run, standing, j, used),
        name=reasons.rep_names.get(rep, rep),
        plan=run.model.name,
        words=speak.territory(facts),
        standing=[(n, STANDING[k], COLOURS[k], int((standing == k).sum()))
                  for n, k in enumerate(used)],
        bars=[(chart, chart.bars[j]) for chart in charts(reasons)],
        goal=goal,
        comes=_groups(reasons, found.gained, reasons.problem.current),
        goes=_groups(reasons, found.lost, reasons.rep),
        fresh=_names(reasons, found.fresh),
        stays=_names(reasons, found.kept),
        counts=[len(part) for part in (found.gained, found.lost, found.fresh, found.kept)],
    )  # fmt: skip


def _map(run: Run, standing: IntArray, j: int, used: list[int]) -> dict[str, Any]:
    """The accounts that are or were the rep's, by what becomes of them."""
    mine = np.flatnonzero(standing >= 0)
    home = run.instance.homes[[j]]
    place = map_of(run.instance.coordinates[mine], home)
    if place is None:
        return {}
    number = {k: n for n, k in enumerate(used)}
    data = map_data(
        place,
        [STANDING[k] for k in used],
        [COLOURS[k] for k in used],
        {"Your accounts": np.array([number[int(k)] for k in standing[mine]], dtype=np.int64)},
        [run.instance.account_names[i] for i in mine],
        [run.instance.account_ids[i] for i in mine],
        homes=False,
        hulls=False,
        currency=run.problem.currency,
    )
    data["homes"] = [
        None if np.isnan(place.homes[0]).any() else place.homes[0].astype(int).tolist()
    ]
    data["labels"] = False
    return data


def _groups(reasons: Explanation, accounts: IntArray, other: IntArray) -> list[dict[str, Any]]:
    """Accounts that change hands by the rep at the other end, as many as a page holds with why."""
    out = []
    left = MOST_REASONS
    for k in np.unique(other[accounts]):
        group = accounts[other[accounts] == k]
        told = group[: max(0, left)]
        left -= len(told)
        rep = reasons.problem.rep_id(int(k)) if k >= 0 else ""
        out.append(
            {
                "rep": reasons.rep_names.get(rep, rep) if rep else "nobody",
                "count": len(group),
                "lines": [reasons.speaker.why(reasons.facts.account(int(i), 1)) for i in told],
                "names": _names(reasons, group[len(told) :]),
            }
        )
    return out


def _names(reasons: Explanation, accounts: IntArray) -> list[str]:
    """Names of accounts, as many as a page holds, and how many more there are."""
    names = [shown(reasons.speaker.account(reasons.problem.account_id(int(i))))
             for i in accounts[:MOST_LISTED]]  # fmt: skip
    more = len(accounts) - len(names)
    return [*names, f"and {more:,} more"] if more > 0 else names
