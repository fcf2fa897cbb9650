"""A history in sentences."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from territoryopt.errors import shortened
from territoryopt.folders import Draft
from territoryopt.history.changes import Change, Changes
from territoryopt.history.entries import Entry
from territoryopt.history.log import SHORT, RunLog
from territoryopt.words import gap, listed, number, plural

MOST = 12
"""Changes of one kind that are told one by one."""
WIDEST = 60
"""Letters of a value."""
ENDS = {
    "optimal": "as good as the bound",
    "gap_reached": "as near as asked",
    "time_limit": "time was up",
    "interrupted": "interrupted",
    "infeasible": "no plan exists",
    "no_plan": "none found in time",
}
PARTS = {
    "where": "The rows kept, ",
    "locks": "Owner set by hand, ",
}


def when(entry: Entry) -> str:
    """2026-03-01 09:30 UTC; of a run older than lineages when its file was written."""
    text = f"{entry.when[:10]} {entry.when[11:16]} UTC"
    return text if entry.made else f"{text} (file)"


def sure(entry: Entry) -> str:
    """The gap, and on whose word: 0.03 %, claimed by HiGHS 1.12.0."""
    if entry.gap is None:
        return ""
    return f"{gap(entry.gap)}, {shortened(entry.bound_source)}"


def head(entry: Entry) -> str:
    """Which run it is."""
    by = f", by {entry.by}" if entry.by else ""
    note = f": {entry.note}" if entry.note else ""
    return shortened(f"{entry.folder.name} ({entry.id[:SHORT]}), {when(entry)}{by}{note}", 300)


def found(entry: Entry) -> str:
    """What the run found."""
    end = ENDS.get(entry.status, shortened(entry.status))
    what = f"{shortened(entry.model) or 'A model'} on {shortened(entry.instance)}"
    if entry.objective is None:
        return f"{what}: {end}."
    moved = ""
    if entry.moved is not None:
        moved = f"; {plural(entry.moved, 'account')} with another rep than today"
    surely = f" (gap {sure(entry)})" if entry.gap is not None else ""
    return f"{what}: {number(entry.objective)} {entry.currency} a year, {end}{surely}{moved}."


def told(step: Changes) -> list[str]:
    """What changed from one run to the next, a line each; never empty."""
    lines = [_file(change) for change in step.inputs]
    lines += _some(step.model, "Model, ")
    lines += _some(step.source)
    lines += _some(step.settings, "Search, ")
    lines += _some(step.versions, "Version, ")
    if step.moves:
        shown = [f"{shortened(m.account_id)} from {_rep(m.before)} to {_rep(m.after)}"
                 for m in step.moves[:MOST]]  # fmt: skip
        more = len(step.moves) - len(shown)
        tail = f"; and {more:,} more" if more else ""
        lines.append(
            f"{plural(len(step.moves), 'account')} with another rep: {'; '.join(shown)}{tail}."
        )
    for accounts, what in ((step.came, "new"), (step.went, "gone")):
        if accounts:
            names = listed([shortened(a) for a in accounts[:MOST]])
            more = len(accounts) - MOST
            tail = f" and {more:,} more" if more > 0 else ""
            lines.append(f"{plural(len(accounts), 'account')} {what}: {names}{tail}.")
    lines += _money(step)
    return lines or ["Nothing: the inputs, the model, the versions and the plan are the same."]


def warnings(log: RunLog) -> list[str]:
    """What is wrong with folders, who is writing, and what killed writers left."""
    lines = [f"{entry.folder}: {fault}." for entry in log.runs for fault in entry.faults]
    lines += [f"{bad.folder} cannot be read: {bad.why}." for bad in log.damaged]
    lines += [draft_told(draft) for draft in log.drafts]
    lines += [f"Taken away: {path}" for path in log.cleaned]
    if any(draft.removable for draft in log.drafts):
        lines.append("territoryopt log --clean takes away what killed writers left.")
    return lines


def draft_told(draft: Draft) -> str:
    """What a draft is."""
    target = f"{draft.target} " if draft.target else ""
    who = f" by {draft.writer}" if draft.writer else ""
    if draft.standing == "writing":
        return f"{target or f'{draft.path} '}is being written{who}."
    if draft.earlier:
        back = "reading it puts it back" if draft.target else "look there, and move it back"
        stood = target or "its target "
        return f"{draft.path} holds what stood at {stood}before a writer was killed; {back}."
    if draft.standing == "stopped":
        return f"{draft.path} was left by a writer of {target or 'something '}that was killed{who}."
    age = "and nobody touched it for an hour" if draft.removable else "and may still be in use"
    return f"{draft.path} is a draft of {target or 'something '}by an unknown writer{who}, {age}."


def _file(change: Change) -> str:
    if change.before is None:
        return f"Input {shortened(change.name)} is new."
    if change.after is None:
        return f"Input {shortened(change.name)} is gone."
    return f"Input {shortened(change.name)} differs ({change.before[:8]} -> {change.after[:8]})."


def _some(changed: Sequence[Change], prefix: str = "") -> list[str]:
    lines = []
    for change in changed[:MOST]:
        part, _, key = change.name.partition(".")
        said = prefix or PARTS.get(part, "")
        name = change.name if prefix or not said else key
        lines.append(f"{said}{shortened(name)}: {_value(change.before)} -> {_value(change.after)}.")
    more = len(changed) - len(lines)
    if more:
        lines.append(f"{prefix}{'and ' if prefix else 'And '}{more:,} more such changes.")
    return lines


def _value(value: Any) -> str:
    if value is None:
        return "nothing"
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return shortened(text, WIDEST)


def _rep(rep: str | None) -> str:
    return shortened(rep) if rep is not None else "nobody"


def _money(step: Changes) -> list[str]:
    """The whole and each goal, where they differ."""
    lines = []
    currency = step.after.currency
    for change in step.money:
        was, now = change.before or 0.0, change.after or 0.0
        name = "The plan" if change.name == "objective" else shortened(change.name)
        if was == now:
            continue
        way = "more" if now > was else "less"
        lines.append(
            f"{name}: {number(was)} -> {number(now)} {currency} a year"
            f" ({number(abs(now - was))} {way})."
        )
    return lines
