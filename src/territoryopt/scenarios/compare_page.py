"""Plans side by side as one page of HTML, by the rules and with the parts of `report/page`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np

from territoryopt.folders import write_text
from territoryopt.report.mapdata import map_data, rep_colours
from territoryopt.report.page import HULLS, rendered
from territoryopt.report.places import Map, map_of
from territoryopt.scenarios.side_by_side import Plan, SideBySide
from territoryopt.scenarios.telling_plans import (
    tell_better,
    tell_dominated,
    tell_side_by_side,
    without,
)
from territoryopt.words import gap, money, number, percent, plural

MAPS, COLUMNS, PAIRS = 6, 5, 15
"""Plans with a map, plans with columns of their own, and pairs of plans told, at most."""


def write_comparison(
    found: SideBySide, path: str | os.PathLike[str], *, overwrite: bool = False
) -> Path:
    """Write the plans side by side as one page of HTML that opens offline: costs, moves and balance
    as bars, money by goal, which is better for what, maps, and who has how much. Raises InputError
    as `write_report` does."""
    return write_text(path, comparison_page(found), overwrite=overwrite)


def comparison_page(found: SideBySide) -> str:
    """The page as text; see `write_comparison`."""
    plans = found.with_plan
    mapped, columns = plans[:MAPS], plans[:COLUMNS]
    place, data, colours, reps = _maps(mapped)
    better = tell_better(found)
    lines = [line for line in tell_side_by_side(found) if line not in better]
    count = plural(len(found.plans), "plan")
    alike = len({plan.data for plan in plans}) == 1 and len({p.prices for p in plans}) == 1
    heading = f"{count} side by side"
    if plans and alike:
        best = min(plans, key=lambda plan: plan.objective or 0.0)
        heading = f"Of {count}, {best.name} costs least: {_money(best.objective, found.currency)}"
    dominated = tell_dominated(found)
    return rendered(
        "compare.html",
        data,
        title=f"{count} side by side",
        heading=f"{heading}.",
        leads=better[:3],
        lines=[*better[3:], *(line for line in lines if line not in dominated), *dominated],
        currency=found.currency,
        measures=[(m[:1].upper() + m[1:], unit) for m, unit in found.measures],
        plans=_plans(found),
        goals=_goals(columns, found.currency),
        goal_plans=[plan.name for plan in columns],
        cut=_cut(plans, COLUMNS, "columns of their own"),
        place=place,
        reps=[{"number": j, "name": name, "colour": colours[rep]}
              for j, (rep, name) in enumerate(reps.items())],
        maps_cut=_cut(plans, MAPS, "a map"),
        rows=_rows(columns, found, reps, colours),
        first_measure=_measure_words(found),
        pairs=found.apart[:PAIRS],
    )  # fmt: skip


def _money(value: float | None, currency: str) -> str:
    if value is None:
        return ""
    return f"{'-' * (value < 0)}{money(value, currency)}"


def _cut(plans: list[Plan], most: int, what: str) -> str:
    return f"The first {most} of {len(plans)} plans have {what}." if len(plans) > most else ""


def _share(value: float, most: float) -> float:
    return round(100 * abs(value) / most, 3) if most else 0.0


def _plans(found: SideBySide) -> list[dict[str, Any]]:
    """A row for each plan: figures, and lengths of bars in percent of the longest."""
    most = max((abs(p.objective or 0.0) for p in found.plans), default=0.0)
    moved = max((p.moved for p in found.plans), default=0)
    worst = {m: max((b.worst or 0.0 for p in found.plans for b in p.balance if b.measure == m),
                    default=0.0) for m, _ in found.measures}  # fmt: skip
    out = []
    for plan in found.plans:
        about = ". ".join(filter(None, [plan.about.strip().rstrip("."), "; ".join(plan.in_words)]))
        row: dict[str, Any] = {"name": plan.name, "about": about, "none": ""}
        if plan.objective is None:
            out.append({**row, "none": without(plan).removeprefix(f"{plan.name}: ").capitalize()})
            continue
        even = {b.measure: b for b in plan.balance if b.worst is not None}
        cells: list[dict[str, Any] | None] = []
        for measure, _ in found.measures:
            b = even.get(measure)
            if b is None or b.worst is None:
                cells.append(None)
                continue
            off = percent(b.worst)
            cells.append({"bar": _share(b.worst, worst[measure]), "worst": off,
                          "cv": "" if b.cv is None else f"CV {b.cv:.3f}",
                          "words": f"{measure} at most {off} off its target"})  # fmt: skip
        hands = f"{plan.moved:,} of {plural(plan.owned, 'owned account')} change hands"
        row |= {
            "cost": number(plan.objective), "cost_bar": _share(plan.objective, most),
            "cost_words": f"costs {_money(plan.objective, found.currency)}",
            "gap": "" if plan.gap is None else gap(plan.gap),
            "moved": f"{plan.moved:,}" if plan.owned else "",
            "moved_bar": _share(plan.moved, moved), "moved_words": hands, "balance": cells,
            "broken": f"breaks rules in {plural(plan.breaches, 'place')}" * bool(plan.breaches),
        }  # fmt: skip
        out.append(row)
    return out


def _goals(plans: list[Plan], currency: str) -> list[dict[str, Any]]:
    """Money by goal and priced rule, a cell for each plan."""
    by_plan = [
        {**{share.name: share.money for share in plan.goals}, **plan.charged} for plan in plans
    ]
    names = [n for n in dict.fromkeys(n for each in by_plan for n in each)
             if any(each.get(n) for each in by_plan)]  # fmt: skip
    most = max((abs(v) for each in by_plan for v in each.values()), default=0.0)
    return [
        {
            "name": name.replace("_", " "),
            "cells": [
                {"bar": _share(each.get(name, 0.0), most), "money": number(each.get(name, 0.0)),
                 "words": _money(each.get(name, 0.0), currency)}
                for each in by_plan
            ],
        }
        for name in names
    ]  # fmt: skip


def _measure_words(found: SideBySide) -> str:
    if not found.measures:
        return ""
    measure, unit = found.measures[0]
    return f"{measure}, {unit.replace('/year', ' a year')}"


def _rows(
    plans: list[Plan], found: SideBySide, reps: dict[str, str], colours: dict[str, int]
) -> list[dict[str, Any]]:
    """A row for each rep: accounts and the first measure in each plan."""
    if not found.measures or len(plans) < 2:
        return []
    measure = found.measures[0][0]
    by_plan = [{line.rep: line for line in plan.reps} for plan in plans]
    totals = [line.totals.get(measure, 0.0) for plan in plans for line in plan.reps]
    most = max(map(abs, totals), default=0.0)
    out = []
    for rep, name in reps.items():
        cells: list[dict[str, Any] | None] = []
        first = by_plan[0].get(rep)
        for at, lines in enumerate(by_plan):
            line = lines.get(rep)
            if line is None:
                cells.append(None)
                continue
            total = line.totals.get(measure, 0.0)
            change = ""
            if at and first is not None:
                apart = total - first.totals.get(measure, 0.0)
                if abs(apart) > 5e-4 * most:
                    change = f"{'+' if apart > 0 else '−'}{number(abs(apart))}"
            cells.append({"accounts": line.accounts, "total": number(total), "change": change,
                          "bar": _share(total, most),
                          "words": f"{name}: {number(total)} in {plans[at].name}"})  # fmt: skip
        if any(cells):
            out.append({"name": name, "colour": colours.get(rep, 0), "cells": cells})
    return out


def _maps(plans: list[Plan]) -> tuple[Map | None, dict[str, Any], dict[str, int], dict[str, str]]:
    """The map with a panel for each plan, its data, and colour and name of every rep, by id.

    Accounts and reps of all plans stand on it, each where the first plan that has it says."""
    reps: dict[str, str] = {}
    homes: dict[str, Any] = {}
    accounts: dict[str, tuple[str, Any]] = {}
    for plan in plans:
        data = plan.run.instance
        for rep, name, home in zip(data.rep_ids, data.rep_names, data.homes, strict=True):
            reps.setdefault(rep, name)
            homes.setdefault(rep, home)
        for account, name, at in zip(
            data.account_ids, data.account_names, data.coordinates, strict=True
        ):
            accounts.setdefault(account, (name, at))
    if not accounts:
        return None, {}, dict.fromkeys(reps, 0), reps
    coordinates = np.array([at for _, at in accounts.values()], dtype=np.float64)
    place = map_of(coordinates, np.array(list(homes.values()), dtype=np.float64).reshape(-1, 2))
    number_of = {rep: j for j, rep in enumerate(reps)}
    panels = {}
    for plan in plans:
        owners = plan.run.record["alignment"]
        title = plan.name
        panels[title] = np.array(
            [number_of.get(owners.get(account, ""), -1) for account in accounts], dtype=np.int64
        )
    first = next(iter(panels.values()))
    colours = rep_colours(place, first, len(reps)).tolist()
    by_rep = dict(zip(reps, colours, strict=True))
    if place is None:
        return None, {}, by_rep, reps
    data_of_map = map_data(
        place, list(reps.values()), colours, panels, [name for name, _ in accounts.values()],
        list(accounts), hulls=len(reps) <= HULLS,
    )  # fmt: skip
    return place, data_of_map, by_rep, reps
