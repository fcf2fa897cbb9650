"""Pages in Markdown: the whole plan for a manager, a territory for its rep.

Names come from data and stay text: what Markdown or HTML would read as markup is escaped.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from territoryopt.problem import IntArray
from territoryopt.reasons.explanation import Explanation
from territoryopt.reasons.facts import AccountFacts
from territoryopt.words import amount, listed, plural

MOST_LISTED = 200
"""Accounts of a page that are listed one by one."""

MOST_REASONS = 50
"""Moves of a page that are told with their reason."""

_MARKUP = re.compile(r"([\\`*_\[\]<>#|~&])|^([-+=]|\d+(?=[.)]))")
"""What Markdown reads as markup, anywhere or at the beginning of a line."""


def text(value: str) -> str:
    """A name or sentence as Markdown shows it, letter by letter, on one line."""
    flat = " ".join(value.split())
    return _MARKUP.sub(lambda found: _escaped(found.group()), flat)


def _escaped(found: str) -> str:
    return f"{found}\\" if found.isdigit() else f"\\{found}"


class RepAccounts(NamedTuple):
    """The accounts of a rep by number, int64 each: kept, gained from other reps, fresh (without an
    owner until now), and lost, which go to others."""

    kept: IntArray
    gained: IntArray
    fresh: IntArray
    lost: IntArray


def rep_accounts(reasons: Explanation, rep: str) -> RepAccounts:
    """What a rep keeps, gains and loses. InputError for a rep that is not known."""
    j = reasons.rep_number(rep)
    mine = np.flatnonzero(reasons.rep == j)
    current = reasons.problem.current
    return RepAccounts(
        mine[current[mine] == j],
        mine[(current[mine] >= 0) & (current[mine] != j)],
        mine[current[mine] < 0],
        np.flatnonzero((current == j) & (reasons.rep != j)),
    )


def rep_page(reasons: Explanation, rep: str) -> str:
    """A page for a rep: the territory, what is new in it and what leaves it, why, and from whom or
    to whom each account goes. InputError for a rep that is not known."""
    facts, speak = reasons.territory(rep), reasons.speaker
    current = reasons.problem.current
    kept, gained, fresh, lost = rep_accounts(reasons, rep)
    lines = [f"# The territory of {text(speak.rep(rep))}", "", text(speak.territory(facts)), ""]
    lines += _measures(reasons, rep)
    lines += _section(reasons, "What you take over", gained, "from", current)
    lines += _section(reasons, "What you hand over", lost, "to", reasons.rep)
    lines += _names(reasons, "New accounts, without an owner until now", fresh)
    lines += _names(reasons, "What stays with you", kept)
    return "\n".join(lines).rstrip() + "\n"


def _measures(reasons: Explanation, rep: str) -> list[str]:
    facts = reasons.territory(rep)
    if not facts.totals:
        return []
    lines = ["| rule | measure | yours | allowed or wished for |", "|---|---|---|---|"]
    for total in facts.totals:
        cells = (
            total.rule, total.measure, amount(total.total, total.unit),
            reasons.speaker.span(total) or "open",
        )  # fmt: skip
        lines.append(f"| {' | '.join(map(text, cells))} |")
    return [*lines, ""]


def _section(
    reasons: Explanation, title: str, accounts: np.ndarray, word: str, other: np.ndarray
) -> list[str]:
    """Accounts that change hands, by the rep at the other end, each with its reason."""
    if not len(accounts):
        return []
    speak, problem = reasons.speaker, reasons.problem
    lines = [f"## {title}: {plural(len(accounts), 'account')}", ""]
    left = MOST_REASONS
    for k in np.unique(other[accounts]):
        group = accounts[other[accounts] == k]
        name = text(speak.rep(problem.rep_id(int(k)))) if k >= 0 else "nobody"
        lines += [f"**{word} {name}** ({plural(len(group), 'account')})", ""]
        shown = group[:left]
        left -= len(shown)
        lines += [f"- {text(speak.why(reasons.facts.account(int(i), 1)))}" for i in shown]
        if len(group) > len(shown):
            lines.append(f"- and {plural(len(group) - len(shown), 'more account')}")
        lines.append("")
    return lines


def _names(reasons: Explanation, title: str, accounts: np.ndarray) -> list[str]:
    if not len(accounts):
        return []
    speak, problem = reasons.speaker, reasons.problem
    shown = [text(speak.account(problem.account_id(int(i)))) for i in accounts[:MOST_LISTED]]
    more = len(accounts) - len(shown)
    tail = [f"and {plural(more, 'more')}"] if more > 0 else []
    return [
        f"## {title}: {plural(len(accounts), 'account')}",
        "",
        listed([*shown, *tail]) + ".",
        "",
    ]


def plan_page(reasons: Explanation, answers: Sequence[tuple[str, Sequence[str]]] = ()) -> str:
    """The whole plan as a page: its summary, each territory, the weightiest moves with their
    reasons, and more answers as (title, sentences)."""
    speak = reasons.speaker
    lines = ["# The plan and its reasons", ""]
    lines += [f"- {text(line)}" for line in reasons.summary()]
    for title, sentences in answers:
        lines += ["", f"## {text(title)}", ""]
        lines += [f"- {text(line)}" for line in sentences]
    lines += ["", "## Territories", ""]
    lines += [f"- {text(speak.territory(facts))}" for facts in reasons.territories()]
    moved: list[AccountFacts] = [
        reasons.facts.account(int(i), 1) for i in reasons.facts.weightiest_moves(MOST_REASONS)
    ]
    if moved:
        count = len(reasons.facts.moved)
        lines += ["", f"## Moves: {count:,}, the weightiest first", ""]
        lines += [f"- {text(speak.why(facts))}" for facts in moved]
        if count > len(moved):
            lines.append(f"- and {plural(count - len(moved), 'more')}")
    return "\n".join(lines) + "\n"
