"""Tiers of accounts: by limits, by quantiles, by texts, by history (RFM), by a grid of two others.

Accounts that are equal in what counts are always in the same tier, so a tier by quantiles may hold
more than its share; how many it holds is told.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from territoryopt.cells import FloatArray, IntArray, ObjectArray
from territoryopt.scoring.columns import Board, Mask, Refused, rows_of
from territoryopt.scoring.spec import Grid, Quantiles, Rfm, Thresholds, Tiers, Values
from territoryopt.scoring.trace import Piece, Trace, exact, plain
from territoryopt.toml_reading import nearest
from territoryopt.words import percent, plural


def share_above(values: FloatArray, weights: FloatArray | None = None) -> FloatArray:
    """The share that lies strictly above each value, float64[n]: #{k: v_k > v_i} / n, or of the
    weights, Σ_{v_k > v_i} w_k / Σ w. Equal values get the same share. No value may be NaN."""
    distinct, which = np.unique(values, return_inverse=True)
    each = np.bincount(which, weights, minlength=len(distinct)).astype(np.float64)
    total = each.sum()
    above = total - np.cumsum(each) if total else np.zeros(len(distinct))
    return np.asarray(np.clip(above / (total or 1.0), 0.0, 1.0)[which])


def thresholds(name: str, spec: Thresholds, board: Board, trace: Trace) -> None:
    """The first tier whose limit is met: v_i >= at_least_t, or age_i <= within_days_t."""
    dated = spec.within_days is not None
    if spec.within_days is not None:
        values, limits = board.ages(spec.column, "column"), [-v for v in spec.within_days]
        values = -values
    else:
        values, limits = board.numbers(spec.column, "column"), list(spec.at_least or [])
    which = _tier_of(values, limits)
    words = ([f"in the last {exact(-v)} days" for v in limits] if dated
             else [f"at least {exact(v)}" for v in limits])  # fmt: skip
    last = f"below {exact(limits[-1])}" if limits else "any number"
    if dated and limits:
        last = f"more than {exact(-limits[-1])} days ago"
    cells = board.text(spec.column, "column")
    _place(name, spec, which, np.isnan(values), spec.column, cells, [*words, last], board, trace)


def _tier_of(values: FloatArray, limits: list[float]) -> IntArray:
    """The first of the falling limits that each value reaches, their number where it reaches none;
    int64[n]."""
    rising = np.array(limits[::-1], dtype=np.float64)
    return len(limits) - np.searchsorted(rising, values, side="right").astype(np.int64)


def quantiles(name: str, spec: Quantiles, board: Board, trace: Trace) -> None:
    """The first tier t with share above v_i < s_1 + ... + s_t; see `share_above`.

    `of = "accounts"` counts accounts; `of = "amount"` weighs them by the column itself, the ABC
    analysis (Pareto): A are the accounts that bring the first s_1 of all that is brought.
    `within` ranks the accounts of each text of a column by themselves.
    """
    values = board.numbers(spec.column, "column")
    if spec.of == "amount":
        for row in np.flatnonzero(values < 0).tolist():
            board.fault("is below 0, and shares of an amount need amounts of 0 or more",
                        'Correct it, or write of = "accounts"', row=int(board.table.lines[row]),
                        column=spec.column)  # fmt: skip
        if (values < 0).any():
            raise Refused
    known = ~np.isnan(values)
    group = np.zeros(len(board), dtype=np.int64)
    if spec.within is not None:
        group = np.unique(board.text(spec.within, "within").astype(str), return_inverse=True)[1]
    above = np.full(len(board), np.nan)
    for rows in _groups(group, known):
        weights = values[rows] if spec.of == "amount" else None
        above[rows] = share_above(values[rows], weights)
    ends = np.cumsum(spec.shares)[:-1]
    # a share of 0.2 is reached by 20 of 100, whatever the sums of floats say
    which = np.searchsorted(ends - 1e-9, above, side="right").astype(np.int64)
    what = "accounts" if spec.of == "accounts" else spec.column
    of = f"{what} within {spec.within}" if spec.within else what
    starts = np.concatenate([[0.0], ends])
    words = [f"the top {percent(float(end))} of {of}" if k == 0 else
             f"after the top {percent(float(start))} of {of}"
             for k, (start, end) in enumerate(zip(starts, [*ends, 1.0], strict=True))]  # fmt: skip
    cells = board.text(spec.column, "column")
    _place(name, spec, which, ~known, spec.column, cells, words, board, trace)
    _tell_shares(name, spec, which, known, board)


def _groups(group: npt.NDArray[np.int64], known: Mask) -> list[IntArray]:
    rows = rows_of(known)
    order = rows[np.argsort(group[rows], kind="stable")]
    return [r for r in np.split(order, np.flatnonzero(np.diff(group[order])) + 1) if len(r)]


def _tell_shares(name: str, spec: Quantiles, which: IntArray, known: Mask, board: Board) -> None:
    """That ties made tiers other than asked, by more than an account and a percent."""
    if spec.of != "accounts" or not known.any():
        return
    got = np.bincount(which[known], minlength=len(spec.tiers)) / known.sum()
    off = np.abs(got - spec.shares)
    if off.max() > 0.01 + 1 / known.sum():
        told = ", ".join(
            f"{tier} {percent(float(share))} (asked {percent(asked)})"
            for tier, share, asked in zip(spec.tiers, got, spec.shares, strict=True)
        )
        board.note(f"segments.{name}: accounts equal in {spec.column} share a tier, so the tiers "
                   f"hold {told}")  # fmt: skip


def values(name: str, spec: Values, board: Board, trace: Trace) -> None:
    """The tier in whose list the text of the cell stands, else `rest`."""
    cells = board.text(spec.column, "column")
    tier = {str(v).strip(): t for t, texts in spec.tiers.items() for v in texts}
    present = dict.fromkeys(cells.tolist())
    unknown = [text for text in present if text not in tier]
    if unknown and spec.rest is None:
        for text in unknown[:20]:
            board.fault("is in no tier", nearest(text, list(tier), 'Give rest = "...", or name it;'
                        " named"), key="tiers", value=text or "a blank cell")  # fmt: skip
        raise Refused
    for text in tier:
        if text not in present:
            board.note(f"segments.{name}: no account has {text!r} in {spec.column}")
    texts = np.array([tier.get(text, spec.rest) for text in cells.tolist()], dtype=object)
    rows = np.arange(len(board))
    told = {t: f"one of {', '.join(map(str, v))}" for t, v in spec.tiers.items()}
    told = {text: told[tier[text]] if text in tier else "the rest" for text in present}
    rules = np.array([told[text] for text in cells.tolist()], dtype=object)
    trace.add(Piece(name, spec.column, rows, spec.column, cells, rules, label=texts))
    board.make(name, texts)


def rfm(name: str, spec: Rfm, board: Board, trace: Trace) -> None:
    """Ranks of recency, frequency and money from 1 to `bins`, and tiers of their weighted mean.

    rank_i = bins - floor(bins · share above v_i), where more recent, more often and more are above;
    m_i = Σ_side w_side · rank_side,i / Σ_side w_side; the first tier t with m_i >= at_least_t.
    Also makes `<name>_code`, the ranks joined: "5-4-5". Fifths of the accounts by each of the three
    and codes of them are RFM: Hughes 1994, Strategic Database Marketing. Each side is ranked by
    itself, equal values share a rank, and tiers by a weighted mean are our choice.
    """
    ranks, sound = {}, True
    for side, column in spec.sides.items():
        try:
            values = (-board.ages(column, side) if side == "recency"
                      else board.numbers(column, side))  # fmt: skip
            ranks[side] = _ranks(name, side, values, spec, board)
        except Refused:
            sound = False
    if not sound:
        raise Refused
    weight = {side: getattr(spec.weights, side) for side in ranks}
    mean = sum(weight[s] * ranks[s] for s in ranks) / sum(weight.values())
    for side, column in spec.sides.items():
        cells = board.text(column, side)
        label = plain(ranks[side], 0)
        rule = f"{side}, rank from 1 to {spec.bins}"
        trace.add(Piece(name, side, np.arange(len(board)), column, cells, rule,
                        factor=weight[side], label=label))  # fmt: skip
    which = _tier_of(np.asarray(mean) + 1e-9, spec.at_least)
    words = [f"a mean rank of at least {exact(v)}" for v in spec.at_least]
    words.append(f"a mean rank below {exact(spec.at_least[-1])}" if spec.at_least else "any rank")
    shown = plain(np.asarray(mean))
    blank = np.zeros(len(board), np.bool_)
    _place(name, spec, which, blank, "", shown, words, board, trace, part="mean rank")
    codes = ["-".join(f"{r:.0f}" for r in row) for row in zip(*ranks.values(), strict=True)]
    board.make(f"{name}_code", np.array(codes, dtype=object))


def _ranks(name: str, side: str, values: FloatArray, spec: Rfm, board: Board) -> FloatArray:
    blank = np.isnan(values)
    column = spec.sides[side]
    if spec.blank == "refuse":
        board.refuse_blank(blank, column, side, 'write blank = "lowest"')
    ranks = np.ones(len(values))
    known = ~blank
    if known.any():
        steps = np.floor(spec.bins * share_above(values[known]) + 1e-9)
        ranks[known] = spec.bins - np.minimum(steps, spec.bins - 1)
    if blank.any():
        board.note(f"segments.{name}: {plural(int(blank.sum()), 'account')} with a blank {column} "
                   "got the lowest rank")  # fmt: skip
    return ranks


def grid(name: str, spec: Grid, board: Board, trace: Trace) -> None:
    """The tier where the texts of two columns cross, else `rest`.

    For a portfolio of accounts, such as what they could bring against how we stand with them.
    """
    row, column = board.text(spec.rows, "rows"), board.text(spec.columns, "columns")
    pairs = list(zip(row.tolist(), column.tolist(), strict=True))
    present = dict.fromkeys(pairs)
    tiers: dict[tuple[str, str], str | None] = {}
    for a, b in present:
        tiers[a, b] = spec.tiers.get(a, {}).get(b, spec.rest)
        if tiers[a, b] is None:
            board.fault(f"has no tier for {a!r} ({spec.rows}) with {b!r} ({spec.columns})",
                        'Add it, or give rest = "..."', key="tiers")  # fmt: skip
    if None in tiers.values():
        raise Refused
    found = np.array([tiers[pair] for pair in pairs], dtype=object)
    both = {pair: " with ".join(part or "(blank)" for part in pair) for pair in present}
    shown = np.array([both[pair] for pair in pairs], dtype=object)
    trace.add(Piece(name, f"{spec.rows} with {spec.columns}", np.arange(len(board)),
                    f"{spec.rows}, {spec.columns}", shown, label=found))  # fmt: skip
    board.make(name, found)


def _place(
    name: str, spec: Tiers | Rfm, which: IntArray, blank: Mask, column: str, cells: ObjectArray,
    rules: list[str], board: Board, trace: Trace, part: str = "",
) -> None:  # fmt: skip
    """Put each account into its tier and say by which rule; blanks where `spec.blank` says."""
    if isinstance(spec, Tiers) and spec.blank is None:
        board.refuse_blank(blank, column, "column", 'give the tier of blanks: blank = "..."')
    names = np.empty(len(spec.tiers), dtype=object)
    names[:] = spec.tiers
    words = np.empty(len(rules), dtype=object)
    words[:] = rules
    at = np.where(blank, len(names) - 1, np.minimum(which, len(names) - 1))
    tiers, told = names[at], words[at]
    if blank.any():
        assert isinstance(spec, Tiers)
        tiers[blank], told[blank] = spec.blank, "blank"
        board.note(f"segments.{name}: {plural(int(blank.sum()), 'account')} with a blank {column} "
                   f"went to {spec.blank}")  # fmt: skip
    trace.add(Piece(name, part or column, np.arange(len(board)), column, cells, told, label=tiers,
                    note=np.where(blank, "blank", "")))  # fmt: skip
    board.make(name, tiers)
