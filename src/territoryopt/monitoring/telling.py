"""What the actuals say, in sentences."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from territoryopt.monitoring import months as calendar
from territoryopt.monitoring.causes import Cause
from territoryopt.monitoring.health import Place, Realignment
from territoryopt.reasons.pages import text
from territoryopt.reasons.sentences import Speaker
from territoryopt.words import amount, listed, money, number, percent, plural

if TYPE_CHECKING:
    from territoryopt.monitoring.monitor import Flag, Monitor

SHOWN = 6
"""Things of one kind that are told one by one."""
MOVES_SHOWN = 5


def tell_monitor(found: Monitor) -> list[str]:
    """Everything a person is told, the weightiest first."""
    lines = [_head(found)]
    lines += [_flag_head(found)]
    for flag in found.flags:
        lines += [" ".join(tell_flag(flag, found))]
    lines += tell_goals(found)
    lines += tell_balance(found)
    lines += tell_realignments(found)
    return lines


def _head(found: Monitor) -> str:
    last = found.actuals.months[-1]
    count = calendar.number(last) - calendar.number(found.year) + 1
    what = listed([one.measure for one in found.watched])
    reps = plural(found.run.problem.reps, "territory").replace("territorys", "territories")
    return (
        f"{what[:1].upper()}{what[1:]} of {reps} to {calendar.said(last)}, "
        f"{plural(count, 'month')} into the year, against the plan in {found.run.folder.name}."
    )


# -- drift ---------------------------------------------------------------------------------------


def _flag_head(found: Monitor) -> str:
    share = percent(found.settings.drift.false_alarm)
    if not any(one.drifts.looks for one in found.watched):
        return "Whether territories drift cannot be told yet; see the notes."
    reps = len({flag.rep for flag in found.flags})
    known = f"a team without any drift has a flag in {share} of years"
    if not reps:
        return f"No territory differs from the team by more than noise explains ({known})."
    differ = "1 territory differs" if reps == 1 else f"{reps} territories differ"
    return f"{differ} from the team by more than noise explains ({known}):"


def tell_flag(flag: Flag, found: Monitor) -> list[str]:
    """What drifted, since when, how sure that is, why, and where in its bands it is now."""
    speak = found.speaker
    name = speak.rep(flag.rep)
    of = "" if len(found.watched) == 1 else f" of {flag.measure}"
    if flag.kind == "stopped":
        lines = [
            f"{name}: nothing{of} any more since {calendar.said(flag.since)}. "
            "A rep who has left or is away looks like this; so does a file that is not complete. "
            "The territory is taken to be worth what it was.",
        ]
        if flag.rep not in found.settings.plan.left:
            lines.append(f'If the rep has left, ask again with left = ["{flag.rep}"] under [plan].')
        return lines
    error, noise = flag.error or 0.0, flag.noise or 0.0
    way = "above" if flag.change > 0 else "below"
    lines = [
        f"{name}:{of} {percent(abs(flag.change))} {way} its share of the team since "
        f"{calendar.said(flag.since)}, give or take {percent(error)} (one month of it is uncertain "
        f"by {percent(noise)}); first flagged in {calendar.said(flag.flagged)}."
    ]
    if not flag.still:
        lines = [
            f"{name}:{of} flagged in {calendar.said(flag.flagged)}, and no longer beyond what "
            f"noise explains: {percent(abs(flag.change))} {way} its share of the team now, give or "
            f"take {percent(error)}."
        ]
    lines += tell_cause(flag.cause, flag.change > 0, speak)
    places = [place for place in found.health.places if place.rep == flag.rep]
    lines += [tell_place(place) for place in places if flag.still]
    return lines


def tell_cause(cause: Cause, up: bool, speak: Speaker) -> list[str]:
    """Why a territory drifted."""
    if cause.kind == "unknown":
        return ["Why cannot be told: the actuals are not by account."]
    grew, growth = ("grew", "up") if up else ("shrank", "down")
    middle = cause.middle or 0.0
    turn = "up" if middle > 0 else "down"
    broad = (
        f"{cause.along:,} of {plural(cause.accounts, 'account')} {grew}, the one in the middle is "
        f"{turn} {percent(abs(middle))}"
    )
    some = listed(
        [
            f"{speak.account(one.account)} from {number(one.before)} to {number(one.now)} a month"
            for one in cause.weightiest
        ]
    )
    if cause.kind == "few accounts":
        share = percent(min(cause.few_share, 1.0))
        return [f"Few accounts explain {share} of it: {some}. Else {broad}."]
    if cause.kind == "lost accounts":
        share = percent(min(cause.lost_share, 1.0))
        return [f"{plural(cause.lost, 'lost account')} explain{'s' * (cause.lost == 1)} {share} of "
                f"it; it is {growth} most at {some}."]  # fmt: skip
    if cause.kind == "new accounts":
        share = percent(min(cause.came_share, 1.0))
        return [f"{plural(cause.came, 'new account')} explain{'s' * (cause.came == 1)} {share} of "
                f"it; most: {some}."]  # fmt: skip
    lost = f" {plural(cause.lost, 'account')} were lost." if cause.lost and not up else ""
    if cause.lost == 1 and not up:
        lost = " 1 account was lost."
    return [f"It is broad: {broad}.{lost}"]


def tell_place(place: Place) -> str:
    """Where a territory is in a band."""
    allowed = _allowed(place)
    share = f"{place.rule}: {percent(place.share)} of its share of {place.measure} ({allowed})"
    if place.standing == "out":
        return f"{share}, out of the band."
    if place.standing == "heading out":
        months = max(1, round(place.months or 0.0))
        return f"{share}, heading out of the band: there in about {plural(months, 'month')}."
    return f"{share}, in the band."


def _allowed(place: Place) -> str:
    if not np.isfinite(place.lower):
        return f"at most {percent(place.upper)}"
    if not np.isfinite(place.upper):
        return f"at least {percent(place.lower)}"
    return f"{percent(place.lower).removesuffix(' %')} to {percent(place.upper)}"


# -- goals and balance ---------------------------------------------------------------------------


def tell_goals(found: Monitor) -> list[str]:
    """Attainment of the team, and the reps furthest from their goals."""
    got, speak = found.attained, found.speaker
    with_goal = np.flatnonzero(~np.isnan(got.projected_ratio))
    if not len(with_goal):
        return []
    done = np.nansum(got.actual[with_goal, -1]) / np.nansum(got.goal[with_goal, -1])
    year = np.nansum(got.projected[with_goal]) / np.nansum(got.year_goal[with_goal])
    season = (
        "with the season of earlier years" if got.season is not None
        else "every month of the year taken as alike, since no earlier year is known"
    )  # fmt: skip
    lines = [
        f"Goals: the team is at {percent(float(done))} of its goals to date, and ends the year at "
        f"{percent(float(year))} if each territory goes on as it is ({season})."
    ]
    order = with_goal[np.argsort(got.projected_ratio[with_goal], kind="stable")]
    below = [int(j) for j in order if got.projected_ratio[j] < 0.95]
    if below:
        said = [
            f"{speak.rep(found.run.instance.rep_ids[j])} "
            f"{percent(float(got.projected_ratio[j]))} ({percent(float(got.to_date[j, -1]))} to "
            "date)"
            for j in below[:SHOWN]
        ]
        more = f" and {len(below) - SHOWN} more" if len(below) > SHOWN else ""
        lines.append(f"More than 5 % below the year's goal by the end: {', '.join(said)}{more}.")
    return lines


def tell_balance(found: Monitor) -> list[str]:
    """How far from its shares each banded measure has grown, and who is outside."""
    lines = []
    speak, health = found.speaker, found.health
    for rule in dict.fromkeys(each.rule for each in found.imbalance if each.rule):
        series = [each for each in found.imbalance if each.rule == rule]
        first, last = series[0], series[-1]
        worst = 0.0 if last.worst is None else last.worst
        lines.append(
            f"{rule}: the largest distance from a share went from "
            f"{percent(abs(first.worst or 0.0))} to {percent(abs(worst))} "
            f"({speak.rep(found.run.instance.rep_ids[last.rep])}), CV from {percent(first.cv)} to "
            f"{percent(last.cv)}, Gini from {first.gini:.3f} to {last.gini:.3f}."
        )
    flagged = {flag.rep for flag in found.flags if flag.still}
    out = [place for place in health.places if place.standing == "out"]
    others = [place for place in out if place.rep not in flagged]
    if others:
        said = [
            f"{speak.rep(place.rep)} {percent(place.share)} of its share of {place.measure} "
            f"({_allowed(place)})"
            for place in others[:SHOWN]
        ]
        more = f" and {len(others) - SHOWN} more" if len(others) > SHOWN else ""
        lines.append(
            f"Out of the band without a drift of their own, since shares are of a total that "
            f"others move: {', '.join(said)}{more}."
        )
    return lines


# -- realigning ----------------------------------------------------------------------------------


def tell_realignments(found: Monitor) -> list[str]:
    """What it would take, what it would gain, and whether it is worth it."""
    health, speak = found.health, found.speaker
    if not health.realignments:
        if health.none:
            return [f"Realigning: {health.none}."]
        if health.breaches:
            where = plural(len(health.breaches), "place")
            return [
                f"With the numbers of now the plan breaks its rules in {where}; no realignment was "
                "looked for."
            ]
        return ["With the numbers of now the plan still holds: nothing has to be realigned."]
    broken = len(health.breaches)
    if health.present.left:
        names = listed([speak.rep(rep) for rep in health.present.left])
        head = f"Realigning without {names}:"
    else:
        head = (
            f"With the numbers of now the plan breaks its rules in {plural(broken, 'place')}. "
            "Realigning:"
        )
    return [head, *(line for each in health.realignments for line in _realignment(each, found))]


def _realignment(each: Realignment, found: Monitor) -> list[str]:
    speak, currency = found.speaker, found.run.problem.currency
    count = len(each.moves)
    accounts = plural(count, "account")
    if each.kind == "fewest":
        proof = ""
        if each.least is not None and each.least >= count:
            how = "proved" if each.source == "proved" else each.source
            proof = f" (fewer will not do, {how})"
        elif each.least is not None:
            proof = f" (fewer than {each.least:,} will not do, {each.source})"
        line = f"Fewest moves: {accounts} changing hands bring{'s' * (count == 1)} everyone into"
        line += f" the bands{proof}"
    else:
        line = f"Best by the model's goals: {accounts} chang{'es' if count == 1 else 'e'} hands"
    said = [
        f"{speak.account(move.account_id)} from {speak.rep(move.before)} to {speak.rep(move.after)}"
        for move in each.moves[:MOVES_SHOWN]
    ]
    more = f"; and {count - MOVES_SHOWN:,} more" if count > MOVES_SHOWN else ""
    lines = [f"{line}: {'; '.join(said)}{more}." if said else f"{line}."]
    if each.free:
        lines.append(
            f"{plural(len(each.free), 'account')} of a rep who left "
            f"find{'s' * (len(each.free) == 1)} another; that is no hand-over of choice."
        )
    return [*lines, _worth(each, currency)]


def _worth(each: Realignment, currency: str) -> str:
    """Gain against the cost of the hand-overs."""
    risk = f"The hand-overs put {money(each.hand_over, currency)} at risk"
    if each.gain is None or each.net is None:
        return f"{risk}."
    word = "save" if each.gain >= 0 else "cost"
    line = f"{risk}, and the other goals {word} {money(each.gain, currency)}"
    back = listed([f"{amount(a, u)} of {m}" for m, (a, u) in each.unbroken.items()])
    if each.worth:
        line += f"; bringing {back} back into its band is worth {money(each.worth, currency)}"
    if each.net >= 0:
        return f"{line}: it pays, by {money(each.net, currency)}."
    line += f": it costs {money(each.net, currency)} net"
    if each.break_even is not None:
        measure, (_, unit) = next(iter(each.unbroken.items()))
        size = 1.0 if each.break_even >= 1 else 1_000.0
        return (
            f"{line}, and brings {back} back into its band. It is worth it if "
            f"{amount(size, unit)} of {measure} outside the band cost{'s' * (size == 1)} you "
            f"{money(size * each.break_even, currency)} or more (outside_price)."
        )
    if each.unbroken and not each.worth:
        return f"{line}, and brings {back} back into the bands."
    return f"{line}, so it does not pay."


def page(found: Monitor) -> str:
    """The page monitor.md."""
    lines = [f"# Monitoring {text(found.run.folder.name)}", ""]
    lines += [f"- {text(line)}" for line in tell_monitor(found)]
    got, speak = found.attained, found.speaker
    lines += ["", "## Territories", ""]
    lines += ["| rep | to date | of goal | projected, of the year's goal | against the team, noise "
              "taken off | flagged |", "|---|---|---|---|---|---|"]  # fmt: skip
    main = next(one for one in found.watched if one.measure == found.goals_of)
    first = {flag.rep: flag.flagged for flag in found.flags if flag.measure == main.measure}
    for j, rep in enumerate(found.run.instance.rep_ids):
        cells = (
            speak.rep(rep), number(float(got.actual[j, -1])), _share(float(got.to_date[j, -1])),
            _share(float(got.projected_ratio[j])), f"{100 * (main.growth[j, -1] - 1):+.1f} %",
            first.get(rep, ""),
        )  # fmt: skip
        lines.append(f"| {' | '.join(map(text, cells))} |")
    if found.notes:
        lines += ["", "## Notes", ""]
        lines += [f"- {text(note)}" for note in found.notes]
    return "\n".join(lines) + "\n"


def _share(value: float) -> str:
    return "" if np.isnan(value) else percent(value)
