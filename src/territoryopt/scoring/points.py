"""A points score: signals with points that may fade, added up within limits.

score_i = start + Σ_g held(Σ_{s in g} points_s · met_si · 2^(-age_si / half_life_s), ± cap_g)
held between least and most; a signal without a group is one of its own.

Points from the knowledge of those who sell, for who a lead is and what it did, are what the
literature calls traditional lead scoring: Wu, Andreev & Benyoucef 2023, The state of lead scoring
models and their impact on sales performance, Information Technology and Management. Half-lives and
caps are defined here as we think right; tools for marketing have them in many forms.
"""

from __future__ import annotations

import numpy as np

from territoryopt.cells import FloatArray
from territoryopt.scoring.columns import Board, Mask, Refused, rows_of
from territoryopt.scoring.spec import AGED, Points, Signal
from territoryopt.scoring.trace import LARGEST, Piece, Trace, exact, hundredths, plain
from territoryopt.words import plural


def score(name: str, spec: Points, board: Board, trace: Trace) -> None:
    """Make the column `name` of points, in hundredths, blank for accounts outside of `where`."""
    total = np.zeros(len(board))
    groups: dict[str, FloatArray] = {}
    sound = True
    covered = board.where(spec.where, "where")
    if spec.start:
        begin = hundredths(np.full(len(board), float(spec.start)))
        total += begin
        rows = rows_of(covered)
        trace.add(Piece(name, "start", rows, rule="given to every account",
                        contribution=begin[rows] / 100))  # fmt: skip
    for k, signal in enumerate(spec.signals):
        try:
            got = _signal(name, k, signal, covered, board, trace)
        except Refused:
            sound = False
            continue
        total += got
        if signal.group in spec.caps:
            groups[signal.group] = groups.get(signal.group, 0.0) + got
    if not sound:
        raise Refused
    for group, cap in spec.caps.items():
        held = np.clip(groups[group], -round(cap * 100), round(cap * 100))
        total += _held(name, f"limit of {group}", f"at most {exact(cap)} in all", groups[group],
                       held, covered, trace)  # fmt: skip
    least = -np.inf if spec.least is None else round(spec.least * 100)
    most = np.inf if spec.most is None else round(spec.most * 100)
    within = np.clip(total, least, most)
    words = [f"{word} {exact(limit)}" for word, limit in
             (("at least", spec.least), ("at most", spec.most)) if limit is not None]  # fmt: skip
    total = total + _held(name, "limit of the score", ", ".join(words), total, within, covered,
                          trace)  # fmt: skip
    if np.abs(total).max(initial=0) > LARGEST * 100:
        board.fault("gives scores too large to be told exactly", "Use fewer points")
        raise Refused
    values = np.where(covered, total / 100, np.nan)
    board.make(name, plain(values), values)


def _held(
    name: str, part: str, rule: str, before: FloatArray, after: FloatArray, covered: Mask,
    trace: Trace,
) -> FloatArray:  # fmt: skip
    change = after - before
    rows = rows_of(covered & (change != 0))
    trace.add(Piece(name, part, rows, value=plain(before[rows] / 100), rule=rule,
                    contribution=change[rows] / 100))  # fmt: skip
    return change


def _signal(
    name: str, k: int, signal: Signal, covered: Mask, board: Board, trace: Trace
) -> FloatArray:
    """Hundredths of points of one signal, float64[n]."""
    key = f"signals.{k}"
    covered = covered & board.where(signal.where, f"{key}.where")
    met, blank = _met(signal, key, board)
    fading: FloatArray | None = None
    if signal.fades_from is not None and signal.half_life_days is not None:
        ages = board.ages(signal.fades_from, f"{key}.since")
        # a blank date of a signal that is not met changes nothing
        blank = blank | (np.isnan(ages) & (met != 0))
        fading = np.exp2(-np.nan_to_num(ages) / signal.half_life_days)
    blank &= covered
    part = signal.name or f"{signal.column} {rule_of(signal)}"
    if signal.blank == "refuse":
        board.refuse_blank(blank, signal.column, key, f"give {key} another blank than 'refuse'")
    points = signal.points * met
    if signal.cap is not None:
        points = np.clip(points, -signal.cap, signal.cap)
    factor = np.full(len(board), float(signal.points))
    if fading is not None:
        points, factor = points * fading, factor * fading
    got = hundredths(np.where(covered & ~blank, points, 0.0))
    cells = board.text(signal.column, f"{key}.column")
    rule = rule_of(signal)
    if signal.fades_from is not None:
        rule += f"; halves every {exact(float(signal.half_life_days or 0))} days from "
        rule += "its date" if signal.fades_from == signal.column else signal.fades_from
    rows = rows_of(got != 0)
    trace.add(Piece(name, part, rows, signal.column, cells[rows], rule, factor[rows],
                    got[rows] / 100))  # fmt: skip
    if blank.any():
        given = hundredths(np.array([float(signal.blank)]))[0]
        got = got + np.where(blank, given, 0.0)
        rows = rows_of(blank)
        trace.add(Piece(name, part, rows, signal.column, cells[rows], rule,
                        contribution=given / 100, note="blank"))  # fmt: skip
        column = signal.column if signal.fades_from is None else (
            f"{signal.column} or {signal.fades_from}")  # fmt: skip
        board.note(f"points.{name}: {plural(len(rows), 'account')} with a blank {column} got "
                   f"{exact(given / 100)} points for {part!r}")  # fmt: skip
    return got


def _met(signal: Signal, key: str, board: Board) -> tuple[FloatArray, Mask]:
    """How often the signal counts, float64[n] (0 or 1; whole steps for `each`), and which accounts
    have a blank where it needs something."""
    kind, at = signal.condition, f"{key}.column"
    if kind == "filled":
        filled = (board.text(signal.column, at) != "").astype(bool)
        return (filled == signal.filled).astype(np.float64), np.zeros(len(board), np.bool_)
    if kind == "one_of":
        cells = board.text(signal.column, at)
        wanted = signal.one_of or []
        met = board.one_of(signal.column, wanted, at)
        return met.astype(np.float64), (cells == "").astype(bool) & ~met
    if kind in AGED:
        days = board.ages(signal.column, at, future=kind == "due_within_days")
        limit = getattr(signal, kind)
        met = days > limit if kind == "older_than_days" else (days >= 0) & (days <= limit)
        return met.astype(np.float64), np.isnan(days)
    values = board.numbers(signal.column, at)
    if kind == "at_least":
        found = (values >= _of(signal.at_least)).astype(np.float64)
    elif kind == "below":
        found = (values < _of(signal.below)).astype(np.float64)
    elif kind == "between":
        low, high = signal.between or [0.0, 0.0]
        found = ((values >= low) & (values < high)).astype(np.float64)
    else:
        with np.errstate(over="ignore"):
            steps = np.floor(values / _of(signal.each) + 1e-9)  # 0.3 is three times 0.1
        found = np.clip(np.nan_to_num(steps), 0.0, LARGEST)
    return found, np.isnan(values)


def _of(value: float | None) -> float:
    assert value is not None
    return value


def rule_of(signal: Signal) -> str:
    """The condition in words: "at least 500"."""
    kind = signal.condition
    value = getattr(signal, kind)
    if kind == "between":
        return f"from {exact(value[0])} to below {exact(value[1])}"
    if kind == "one_of":
        return f"one of {', '.join(str(v).strip() for v in value)}"
    if kind == "filled":
        return "filled in" if value else "not filled in"
    forms = {
        "at_least": "at least {}", "below": "below {}", "within_days": "in the last {} days",
        "older_than_days": "more than {} days ago", "due_within_days": "in the next {} days",
        "each": "for each full {}",
    }  # fmt: skip
    cap = "" if signal.cap is None else f", at most {exact(signal.cap)} points"
    return forms[kind].format(exact(value)) + cap
