"""Why there is no plan, in sentences: rules, then their rows and accounts, then ways out."""

from __future__ import annotations

from territoryopt.answers.members import ACCOUNT, FAMILY, GROUP, RULE, Member
from territoryopt.answers.no_plan import NoPlan
from territoryopt.answers.repair import ACCOUNTS, COUNT, SHARE, Repair
from territoryopt.answers.reports import SHOWN, tell_stopped
from territoryopt.reasons.sentences import Speaker
from territoryopt.words import listed, percent, plural


def tell_no_plan(answer: NoPlan, speaker: Speaker) -> list[str]:
    """Why there is none: rules, then their rows and accounts, then ways out."""
    lines = speaker.conflict(answer.conflict)
    if answer.members and len(answer.members) <= 4 * SHOWN:
        parts = [_member(member, speaker) for member in answer.members[:SHOWN]]
        rest = len(answer.members) - len(parts)
        if rest > 0:
            parts.append(plural(rest, "more"))
        tail = "; without any one of them they can" if answer.irreducible else ""
        if len(parts) > 1:
            lines.append(f"By themselves these cannot hold together: {listed(parts)}{tail}.")
    lines += [_repair(each, speaker) for each in answer.repairs]
    if not answer.repairs:
        lines.append("No single rule was found whose loosening would help.")
    return [*lines, *tell_stopped(answer.stopped)]


def _member(member: Member, speaker: Speaker) -> str:
    if member.what == ACCOUNT:
        return f"{member.rule} of {speaker.account(member.label)}"
    if member.what == GROUP:
        return f"{member.rule} of {member.label}"
    if member.what == FAMILY:
        return f"{member.rule} of the family of {speaker.account(member.label)}"
    if member.what == RULE:
        return member.rule
    return f"{member.rule} of {speaker.rep(member.label)}"


def _repair(repair: Repair, speaker: Speaker) -> str:
    sure = repair.amount - repair.least <= max(1e-4, 0.01 * repair.amount)
    if repair.unit == SHARE:
        least = "" if sure else f" (less than {percent(repair.least)} will not do)"
        if repair.least <= 0:
            least = " (less may do)"
        where = [speaker.rep(label) for label in repair.named[:SHOWN]]
        at = f", for {listed(where)}" if where and len(repair.named) <= SHOWN else ""
        return f"A way out: {repair.rule} wider by {percent(repair.amount)}{at}{least}."
    count = round(repair.amount)
    if repair.unit == COUNT:
        least = "" if sure else f" (fewer than {repair.least:,.0f} will not do)"
        return f"A way out: {repair.rule} wider by {plural(count, 'account')}{least}."
    what = repair.unit.removesuffix("s").replace("familie", "family")
    let = plural(count, what).replace("familys", "families")
    least = "" if sure else f" (fewer than {repair.least:,.0f} will not do)"
    names = [
        speaker.account(name) if repair.unit == ACCOUNTS else name for name in repair.named[:SHOWN]
    ]
    which = f": {listed(names)}" if names and len(repair.named) <= SHOWN else ""
    return f"A way out: let {let} go from {repair.rule}{least}{which}."
