"""The plan as one page of HTML that needs nothing but a browser: no network, no other file.

Names are data: the template escapes each, the script shows them as text, and the page forbids
every script and style but its own by their hashes (Content-Security-Policy).
"""

from __future__ import annotations

import base64
import hashlib
import os
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np

from territoryopt.extras import need
from territoryopt.folders import refuse_file, write_text
from territoryopt.gaps import OPTIMAL_GAP, relative_gap
from territoryopt.reasons.explanation import Explanation
from territoryopt.report.answer import answer
from territoryopt.report.balance import charts
from territoryopt.report.goal_page import goal_view, quality_view
from territoryopt.report.goal_sheets import Given, Thresholds, given_goals, given_quality
from territoryopt.report.handing import beside
from territoryopt.report.mapdata import embedded, map_data, rep_colours, shown
from territoryopt.report.names import visible
from territoryopt.report.notes import data_notes, facts_of_run
from territoryopt.report.places import map_of
from territoryopt.runs import Run
from territoryopt.words import amount, gap, number, percent, plural

TOLD, LISTED, NOTED = 8, 300, 50
"""Moves told with their reason, moves listed, and repairs of the data listed, at most."""
ROWS_OPEN = 40
"""Territories whose bars are seen at once; beyond, the others are folded away."""
RINGS = 2_000
"""Accounts up to which those that change hands have a ring on the whole map, as in map.js."""
HULLS = 400
"""Territories up to which hulls are drawn."""


def write_report(
    run: Run,
    path: str | os.PathLike[str] | None = None,
    *,
    goals: Given = None,
    quality: Thresholds = None,
    overwrite: bool = False,
) -> Path:
    """Write the plan of a run as one page of HTML, beside the run folder where no path is given.

    The answer in three sentences, maps of today and of the plan with a point for every account that
    has a place, bars against the ranges, money by goal, the goals of the reps where they (or the
    folder they lie in) are given, how well each territory is cut, moves and reasons, what bound and
    gap mean. quality: other thresholds, or the file they stand in. It opens offline, prints, and
    follows light or dark. Raises InputError where the run has no plan, the goals are of another
    run, the file is there already and `overwrite` is not given, or jinja2 is not installed.
    """
    target = refuse_file(beside(run.folder, "-report.html") if path is None else path, overwrite)
    return write_text(target, report_page(run, goals, quality), overwrite=overwrite)


def report_page(run: Run, goals: Given = None, quality: Thresholds = None) -> str:
    """The page as text; see `write_report`."""
    asked = given_goals(run, goals)
    reasons = run.explanation()
    instance = run.instance
    place = map_of(instance.coordinates, instance.homes)
    colours = rep_colours(place, reasons.rep, reasons.problem.reps)
    data: dict[str, Any] = {}
    owned = bool((reasons.problem.current >= 0).any())
    if place is not None:
        panels = {"Today": reasons.problem.current} if owned else {}
        cost = np.zeros(reasons.problem.accounts)
        with_rep = np.flatnonzero(reasons.rep >= 0)
        cost[with_rep] = reasons.problem.cost_at(with_rep, reasons.rep[with_rep])
        data = map_data(
            place,
            [_rep(reasons, j) for j in range(reasons.problem.reps)],
            colours.tolist(),
            {**panels, "Plan": reasons.rep},
            instance.account_names,
            instance.account_ids,
            hulls=reasons.problem.reps <= HULLS,
            cost=cost.tolist(),
            currency=reasons.problem.currency,
        )
    found = answer(reasons)
    return rendered(
        "report.html",
        data,
        title=shown(run.model.name),
        answer=found,
        tiles=_tiles(reasons),
        place=place,
        owned=owned,
        few=reasons.problem.accounts <= RINGS,
        off_map=reasons.problem.accounts - (0 if place is None else len(place.shown)),
        reps=_reps(reasons, colours.tolist()),
        charts=charts(reasons),
        rows_open=ROWS_OPEN,
        goals=_goals(reasons),
        quotas=None if asked is None else goal_view(asked),
        quality=quality_view(run, given_quality(quality)),
        told=_told(reasons),
        moves=_moves(reasons),
        moved=len(reasons.facts.moved),
        notes=data_notes(run)[:NOTED],
        notes_count=len(data_notes(run)),
        facts=facts_of_run(run),
        currency=reasons.problem.currency,
    )


def rendered(template: str, data: Mapping[str, Any], **context: Any) -> str:
    """A template of ours filled in, with its style, its script and the data the script draws."""
    jinja2 = need("jinja2", "report", "a page")
    markup = need("markupsafe", "report", "a page").Markup
    room = files(__package__).joinpath("templates")
    env = jinja2.Environment(
        loader=jinja2.FunctionLoader(lambda name: room.joinpath(name).read_text("utf-8")),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    env.filters["shown"] = shown
    env.filters["sentence"] = visible
    env.filters["number"] = lambda value: f"{value:,}"
    style, script = (room.joinpath(name).read_text("utf-8") for name in ("page.css", "map.js"))
    policy = (
        f"default-src 'none'; script-src '{_hash(script)}'; style-src '{_hash(style)}'; "
        "base-uri 'none'; form-action 'none'"
    )
    text: str = env.get_template(template).render(
        policy=policy,
        style=markup(style),
        script=markup(script),
        data=markup(embedded(data)) if data else "",
        **context,
    )
    return text


def _hash(text: str) -> str:
    digest = hashlib.sha256(text.encode()).digest()
    return f"sha256-{base64.b64encode(digest).decode()}"


def _rep(reasons: Explanation, j: int) -> str:
    """A rep by name, or by its id where it has none or -1 for nobody."""
    if j < 0:
        return "nobody"
    rep = reasons.problem.rep_id(j)
    return reasons.rep_names.get(rep, rep)


def _tiles(reasons: Explanation) -> list[tuple[str, str, str, str]]:
    """What is seen at a glance: a word, a figure, its unit, and what to hold it against."""
    facts, problem = reasons.facts, reasons.problem
    found, today = facts.evaluation, facts.today
    unit = f"{problem.currency} a year" if problem.currency else ""
    against = "" if today is None else f"today {number(today.objective)} {unit}"
    tiles = [("The plan costs", number(found.objective), unit, against)]
    if found.holds and np.isfinite(reasons.bound):
        relative = relative_gap(found.objective, reasons.bound)
        closed = relative <= OPTIMAL_GAP
        room = "nothing" if closed else number(found.objective - reasons.bound)
        share = f"{gap(relative)} of its cost" if np.isfinite(relative) and not closed else ""
        against = ", ".join(filter(None, [share, reasons.bound_source]))
        tiles.append(("Another plan could save at most", room, "" if closed else unit, against))
    owned = int((problem.current >= 0).sum())
    if owned:
        moved = len(facts.moved)
        tiles.append(("Accounts that change hands", f"{moved:,}", f"of {owned:,}",
                      percent(moved / owned)))  # fmt: skip
    broken = len(found.breaches)
    before = plural(len(today.breaches), "place") if today and today.breaches else ""
    tiles.append(("Rules broken", f"in {plural(broken, 'place')}" if broken else "none", "",
                  f"today in {before}" if before else ""))  # fmt: skip
    return tiles


def _reps(reasons: Explanation, colours: list[int]) -> list[dict[str, Any]]:
    return [
        {
            "number": j,
            "colour": colours[j],
            "name": _rep(reasons, j),
            "id": reasons.problem.rep_id(j),
            "accounts": t.accounts,
            "before": t.accounts_before,
            "came": t.gained + t.new,
            "went": t.lost,
            "words": reasons.speaker.territory(t),
        }
        for j, t in enumerate(reasons.territories())
    ]


def _goals(reasons: Explanation) -> list[dict[str, Any]]:
    """Money by goal and priced rule: the plan, today, and the length of both bars in percent."""
    today = reasons.facts.today
    speak = reasons.speaker
    rows = []
    for share in reasons.facts.shares():
        before = None if today is None else today.money.get(share.name, 0.0)
        if not share.money and not before:
            continue
        rows.append((share, before))
    most = max([abs(v) for share, before in rows for v in (share.money, before or 0.0)] or [1.0])
    out = []
    for share, before in rows:
        money_unit = f"{reasons.problem.currency}/year"
        plain = share.unit in ("", money_unit, "money") or not np.isfinite(share.amount)
        out.append(
            {
                "name": share.name.replace("_", " "),
                "plan": speak.cost(share.money),
                "for": "" if plain else amount(share.amount, share.unit),
                "today": "" if before is None else speak.cost(before),
                "plan_bar": round(100 * abs(share.money) / most, 3),
                "today_bar": None if before is None else round(100 * abs(before) / most, 3),
            }
        )
    return out


def _told(reasons: Explanation) -> list[dict[str, str]]:
    """The moves that weigh most, with the whole reason."""
    out = []
    for i in reasons.facts.weightiest_moves(TOLD).tolist():
        facts = reasons.facts.account(i, 1)
        out.append({**_move(reasons, i), "why": reasons.speaker.why(facts, 1)})
    return out


def _moves(reasons: Explanation) -> list[dict[str, str]]:
    """The moves in order of weight, with what each pair costs more or less."""
    order = reasons.facts.weightiest_moves(LISTED)
    problem = reasons.problem
    change = problem.cost_at(order, reasons.rep[order])
    change = change - problem.cost_at(order, problem.current[order])
    out = []
    for i, value in zip(order.tolist(), change.tolist(), strict=True):
        barred = not np.isfinite(value)
        text = "could not stay" if barred else number(value).replace("-", "−")
        out.append({**_move(reasons, i), "change": text})
    return out


def _move(reasons: Explanation, i: int) -> dict[str, str]:
    account = reasons.problem.account_id(i)
    return {
        "id": account,
        "name": reasons.account_names.get(account, account),
        "from": _rep(reasons, int(reasons.problem.current[i])),
        "to": _rep(reasons, int(reasons.rep[i])),
    }
