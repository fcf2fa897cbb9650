"""Potential in money a year, and how often and how long an account is called on.

potential_i = Σ_p part_pi, each part rounded to a cent, so that parts add up to it exactly:

- rate:  amount_i · rate(segment of i) · Π of the columns in `times` (a probability, a share)
- peers: max(0, Q_q{own_k : k like i} - own_i) · rate: what accounts like it bring, less its own
- share: total · v_i / Σ v, the cents left over given to the largest remainders (Hamilton)

Calls per tier are the usual reading of response to call frequency: Lodish 1971, CALLPLAN,
Management Science 18(4), P25-P40, and Lodish 1975, J. Marketing Research 12(1), 30-36. The numbers
per tier are the planner's; nothing here estimates a response.
"""

from __future__ import annotations

import numpy as np

from territoryopt.cells import FloatArray, IntArray, ObjectArray
from territoryopt.scoring.columns import Board, Cells, Mask, Refused, rows_of
from territoryopt.scoring.spec import (
    AnyPart,
    PeersPart,
    Potential,
    Rate,
    RatePart,
    Rates,
    SharePart,
)
from territoryopt.scoring.trace import LARGEST, Piece, Trace, exact, hundredths, plain
from territoryopt.words import percent, plural

MONEY = "potential"


def potential(spec: Potential, board: Board, trace: Trace) -> None:
    """Make the column potential of its parts, held between `least` and `most`."""
    total, sound = np.zeros(len(board)), True
    for k, part in enumerate(spec.parts):
        try:
            total += _part(k, part, board, trace)
        except Refused:
            sound = False
    if not sound:
        raise Refused
    least = -np.inf if spec.least is None else round(spec.least * 100)
    most = np.inf if spec.most is None else round(spec.most * 100)
    held = np.clip(total, least, most)
    change = held - total
    for rows, rule in ((rows_of(change > 0), f"at least {exact(spec.least or 0)}"),
                       (rows_of(change < 0), f"at most {exact(spec.most or 0)}")):  # fmt: skip
        trace.add(Piece(MONEY, "limit of the potential", rows, value=plain(total[rows] / 100),
                        rule=rule, contribution=change[rows] / 100))  # fmt: skip
        if len(rows):
            board.note(f"potential: {plural(len(rows), 'account')} held to {rule}")
    for row in np.flatnonzero(held < 0).tolist():
        board.fault(f"the potential would be {held[row] / 100:,.2f}",
                    "Correct the cells, or write least = 0 under [potential]",
                    row=int(board.table.lines[row]), column=MONEY)  # fmt: skip
    if (held < 0).any():
        raise Refused
    board.make(MONEY, plain(held / 100), held / 100)


def _part(k: int, part: AnyPart, board: Board, trace: Trace) -> FloatArray:
    """One part in cents, float64[n], and its trace."""
    key = f"parts.{k}"
    covered = board.where(part.where, f"{key}.where")
    if isinstance(part, RatePart):
        got, piece, blank, column = _rate(key, part, covered, board)
    elif isinstance(part, PeersPart):
        got, piece, blank, column = _peers(key, part, covered, board)
    else:
        got, piece, blank, column = _share(key, part, covered, board)
    got = np.where(covered & ~blank, got, 0.0)
    if not np.all(np.isfinite(got)) or np.abs(got).max(initial=0.0) > LARGEST:
        board.fault("gives amounts too large to be told to the cent", "Use a smaller rate", key=key)
        raise Refused
    name = part.name or piece.part
    rows = rows_of(covered & ~blank)
    trace.add(_cut(piece, rows, name, got))
    if blank.any():
        given = float(hundredths(np.array([float(part.blank)]))[0])
        got = got + np.where(blank, given, 0.0)
        rows = rows_of(blank)
        value = board.text(column, key)[rows]
        trace.add(Piece(MONEY, name, rows, column, value, "taken where it is blank",
                        contribution=given / 100, note="blank"))  # fmt: skip
        board.note(f"potential: {plural(len(rows), 'account')} with a blank {column} got "
                   f"{exact(given / 100)} for {name!r}")  # fmt: skip
    return got


def _cut(piece: Piece, rows: IntArray, name: str, got: FloatArray) -> Piece:
    """The piece for these rows only; its arrays are of all accounts."""

    def of(cells: Cells) -> Cells:
        return cells if isinstance(cells, str) else cells[rows]

    factor = piece.factor[rows] if isinstance(piece.factor, np.ndarray) else piece.factor
    return Piece(MONEY, name, rows, piece.column, of(piece.value), of(piece.rule), factor,
                 got[rows] / 100)  # fmt: skip


Found = tuple[FloatArray, Piece, Mask, str]
"""Cents float64[n], the trace of all accounts, which have a blank, and in which column."""


def _blank(cells: FloatArray, column: str, part: AnyPart, covered: Mask, key: str,
           board: Board) -> Mask:  # fmt: skip
    blank = np.isnan(cells) & covered
    if part.blank == "refuse":
        board.refuse_blank(blank, column, key, f"give {key} blank = 0")
    return blank


def _rate(key: str, part: RatePart, covered: Mask, board: Board) -> Found:
    if isinstance(part.amount, str):
        amount, column = board.numbers(part.amount, f"{key}.amount"), part.amount
        value: Cells = board.text(part.amount, f"{key}.amount")
    else:
        amount, column = np.full(len(board), float(part.amount)), ""
        value = exact(part.amount)
    blank, where = _blank(amount, column, part, covered, key, board), column
    rate, told = board.rate(part.rate, f"{key}.rate", covered)
    factor, words = rate, _times(part.rate, rate, told)
    for name in part.times:
        cells = board.numbers(name, f"{key}.times")
        missing = _blank(cells, name, part, covered, key, board) & ~blank
        where = name if missing.any() else where
        blank, factor = blank | missing, factor * cells
        words = _joined(words, plain(cells, 6), f" ({name})")
    with np.errstate(over="ignore", invalid="ignore"):
        cents = hundredths(amount * factor)
    piece = Piece(MONEY, column or "amount", np.zeros(0, np.int64), column, value, words, factor)
    return cents, piece, blank, where


def _times(rate: Rate, numbers: FloatArray, told: Cells) -> Cells:
    """ "× 0.1 (tier A)", for each account or for all."""
    if not isinstance(rate, Rates):
        return "" if rate == 1.0 else f"× {exact(rate)}"
    assert isinstance(told, np.ndarray)
    return _joined("", plain(numbers, 6), told)


def _joined(before: Cells, numbers: ObjectArray, after: Cells) -> ObjectArray:
    starts = [before] * len(numbers) if isinstance(before, str) else before.tolist()
    ends = [after] * len(numbers) if isinstance(after, str) else [f" ({t})" for t in after.tolist()]
    out = np.empty(len(numbers), dtype=object)
    out[:] = [f"{a}{' ' if a else ''}× {n}{e}"
              for a, n, e in zip(starts, numbers.tolist(), ends, strict=True)]  # fmt: skip
    return out


def _peers(key: str, part: PeersPart, covered: Mask, board: Board) -> Found:
    own = board.numbers(part.column, f"{key}.column")
    blank = _blank(own, part.column, part, covered, key, board)
    known = ~np.isnan(own) & covered
    rate, told = board.rate(part.rate, f"{key}.rate", covered)
    names = [board.text(column, f"{key}.by").tolist() for column in part.by]
    groups: dict[tuple[str, ...], list[int]] = {}
    for row in np.flatnonzero(known).tolist():
        groups.setdefault(tuple(cells[row] for cells in names), []).append(row)
    peers, words = np.full(len(board), np.nan), np.full(len(board), "", dtype=object)
    everyone = float(np.quantile(own[known], part.quantile)) if known.any() else 0.0
    small = 0
    for label, rows in groups.items():
        enough = len(rows) >= part.least_accounts or not part.by
        level = float(np.quantile(own[rows], part.quantile)) if enough else everyone
        small += 0 if enough else len(rows)
        peers[rows] = level
        kind = ", ".join(f"{c} {t or '(blank)'}" for c, t in zip(part.by, label, strict=True))
        of = plural(len(rows), "account") + (f" of {kind}" if kind else "")
        if not enough:
            of = f"all {plural(int(known.sum()), 'account')}, for there are only {of}"
        words[rows] = (f"{percent(part.quantile)} of {of} bring at most {exact(round(level, 2))}"
                       + (", less its own" if part.less_own else ""))  # fmt: skip
    if small:
        board.note(f"potential: {plural(small, 'account')} in groups of fewer than "
                   f"{part.least_accounts} were held against all accounts")  # fmt: skip
    room = np.maximum(peers - own, 0.0) if part.less_own else peers
    if part.rate != 1.0:
        times = _times(part.rate, rate, told)
        ends = [times] * len(board) if isinstance(times, str) else times.tolist()
        words[:] = [f"{a}; {b}" for a, b in zip(words.tolist(), ends, strict=True)]
    cells = board.text(part.column, f"{key}.column")
    piece = Piece(MONEY, f"room of {part.column}", np.zeros(0, np.int64), part.column, cells, words,
                  rate)  # fmt: skip
    with np.errstate(over="ignore", invalid="ignore"):  # too large an amount is told by `_part`
        cents = hundredths(room * rate)
    return cents, piece, blank, part.column


def _share(key: str, part: SharePart, covered: Mask, board: Board) -> Found:
    column = part.in_proportion_to
    weight = board.numbers(column, f"{key}.in_proportion_to")
    blank = _blank(weight, column, part, covered, key, board)
    known = covered & ~np.isnan(weight)
    for row in np.flatnonzero(known & (weight < 0)).tolist():
        board.fault("is below 0, and nothing can be shared out by it", "Correct it",
                    row=int(board.table.lines[row]), column=column)  # fmt: skip
    if (known & (weight < 0)).any():
        raise Refused
    total, told = board.rate(part.total, f"{key}.total", covered)
    texts = told.tolist() if isinstance(told, np.ndarray) else [""] * len(board)
    groups: dict[str, list[int]] = {}
    for row in np.flatnonzero(known).tolist():
        groups.setdefault(texts[row], []).append(row)
    cents, words = np.zeros(len(board)), np.full(len(board), "", dtype=object)
    factor = np.full(len(board), np.nan)
    for label, rows in groups.items():
        whole, weights = float(total[rows[0]]), weight[rows]
        if not 0 <= whole * 100 <= LARGEST:
            board.fault("is a total that cannot be shared out to the cent",
                        f"Give one from 0 to {LARGEST / 100:,.0f}", key=f"{key}.total",
                        value=whole)  # fmt: skip
            raise Refused
        if not weights.sum() or not np.isfinite(weights.sum()):
            text = f"has nothing in {column!r} to share {exact(whole)} out by"
            board.fault(text + (f" ({label})" if label else ""), "Give another column", key=key)
            raise Refused
        cents[rows] = apportioned(round(whole * 100), weights)
        with np.errstate(over="ignore"):
            factor[rows] = whole / weights.sum()
        words[rows] = (f"a share of {exact(whole)}" + (f" ({label})" if label else "")
                       + f" in proportion to {exact(float(weights.sum()))} in all")  # fmt: skip
    cells = board.text(column, f"{key}.in_proportion_to")
    piece = Piece(MONEY, f"share by {column}", np.zeros(0, np.int64), column, cells, words, factor)
    return cents, piece, blank, column


def apportioned(total: int, weights: FloatArray) -> FloatArray:
    """Whole parts of `total` in proportion to weights, float64[n], that add up to it.

    Each gets the floor of its quota total · w_i / Σ w; what is left goes one by one to the largest
    remainders, the first of equals first (Hamilton's method: Balinski & Young 2001, Fair
    Representation).
    """
    quota = total * (weights / weights.sum())
    parts = np.floor(quota)
    left = round(total - float(parts.sum()))
    order = np.argsort(-(quota - parts), kind="stable")
    parts[order[:left]] += 1.0
    return np.asarray(parts)


def calls(column: str, rate: Rate, board: Board, trace: Trace) -> None:
    """Make visits_per_year or hours_per_visit: a number for each text of a column, or for all."""
    numbers, _ = board.rate(rate, "")
    low = [v for v in (rate.values.values() if isinstance(rate, Rates) else [rate]) if v < 0]
    if low or (isinstance(rate, Rates) and (rate.rest or 0) < 0):
        board.fault("is below 0", "Give 0 or more", value=min(low, default=""))
        raise Refused
    numbers = np.round(numbers, 6)
    by = rate.by if isinstance(rate, Rates) else ""
    value: Cells = board.text(by, "by") if by else ""
    rule = "" if by else "the same for every account"
    trace.add(Piece(column, by or "all", np.arange(len(board)), by, value, rule,
                    contribution=numbers))  # fmt: skip
    board.make(column, plain(numbers, 6), numbers)
