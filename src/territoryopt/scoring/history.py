"""What was won and lost, as numbers to learn from; and data that would only seem to teach."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from territoryopt.cells import FloatArray, IntArray, ObjectArray, among
from territoryopt.errors import FaultList, InputError, shortened
from territoryopt.scoring.columns import Board, Mask, Refused, iso_days
from territoryopt.scoring.spec import Learned
from territoryopt.tables import Table, parse_table, sha256_of
from territoryopt.toml_reading import nearest
from territoryopt.words import number, plural

LEAST = 20
"""Rows won, and rows lost, below which nothing is learned."""
PER_TERM = 10
"""Rows of the rarer outcome for each coefficient, below which a word is said: Peduzzi et al. 1996,
J. Clinical Epidemiology 49(12), 1373-1379."""
GIVEN_AWAY, SUSPICIOUS = 0.995, 0.95
"""The AUC of one feature alone from which it is refused, or worth a look. Our assumption: nobody
knows an outcome that well beforehand."""
CHANCE = 1e-6
"""How unlikely it must be that so many rows of one text all ended alike, for a word about it."""
OTHER = "(other)"


@dataclass(frozen=True, eq=False)
class History:
    """Rows with an outcome: `won` bool[n], `numbers` float64[n] and `texts` object[n] by column;
    `days` float64[n], the ordinal of each row's date, where a date is named."""

    source: str
    sha256: str
    won: Mask
    numbers: Mapping[str, FloatArray]
    texts: Mapping[str, ObjectArray]
    days: FloatArray | None

    def __len__(self) -> int:
        return len(self.won)


def read_history(spec: Learned, board: Board, path: Path | None) -> History:
    """The rows of the history file, or of accounts.csv where none is named; Refused with faults."""
    if path is None:
        table, source, sha256 = board.table, board.table.file, ""
    else:
        read = parse_table(path, board.faults)
        if read is None:
            raise Refused
        table, source, sha256 = read, str(path), sha256_of(path)
    before = len(board.faults.problems)
    named = {"outcome": [spec.outcome], "numbers": spec.numbers, "texts": spec.texts,
             "date": [] if spec.date is None else [spec.date]}  # fmt: skip
    for key, columns in named.items():
        for column in columns:
            if column not in table.columns:
                remedy = nearest(column, list(table.columns), "Columns")
                board.fault(f"{table.file} has no such column", remedy, key=key, value=column)
    if len(board.faults.problems) > before:
        raise Refused
    won, known = _outcomes(spec, table, board)
    table, won = table.select(known), won[known]
    found, faults = {}, FaultList(InputError)
    for column in spec.numbers:
        blank = "refuse" if spec.blank == "refuse" else "nan"
        found[column] = table.numbers(column, faults, blank=blank)  # type: ignore[arg-type]
    days = None
    if spec.date is not None:
        days = _days(table, spec.date, board)
    board.faults.problems.extend(faults.problems)
    if len(board.faults.problems) > before:
        raise Refused
    texts = {column: table.columns[column] for column in spec.texts}
    return History(source, sha256, won, found, texts, days)


def _outcomes(spec: Learned, table: Table, board: Board) -> tuple[Mask, Mask]:
    cells = table.columns[spec.outcome]
    sides = [frozenset(str(v).strip() for v in side) for side in (spec.won, spec.lost)]
    left_out = {str(v).strip() for v in spec.left_out}
    unknown = [t for t in dict.fromkeys(cells.tolist())
               if t and t not in sides[0] | sides[1] | left_out]  # fmt: skip
    if unknown:
        shown = ", ".join(repr(shortened(t)) for t in unknown[:10])
        more = f" and {len(unknown) - 10:,} more" if len(unknown) > 10 else ""
        text = f"{table.file} has outcomes that are neither won nor lost: {shown}{more}"
        remedy = "Put each into won, lost or left_out"
        board.fault(text, remedy, key="outcome", value=spec.outcome)
        raise Refused
    won, lost = among(sides[0], cells), among(sides[1], cells)
    known = won | lost
    if not known.all():
        gone = len(table) - int(known.sum())
        board.note(f"learned: {plural(gone, 'row')} of {table.file} without an outcome were not "
                   "learned from")  # fmt: skip
    for count, side in ((int(won.sum()), "won"), (int(lost.sum()), "lost")):
        if count < LEAST:
            board.fault(f"{table.file} has {plural(count, 'row')} that were {side}; at least "
                        f"{LEAST} are needed to learn anything",
                        "Give a longer history, or score by points", key="outcome")  # fmt: skip
    if min(int(won.sum()), int(lost.sum())) < LEAST:
        raise Refused
    return won, known


def _days(table: Table, column: str, board: Board) -> FloatArray:
    cells = table.columns[column]
    days, as_of = iso_days(cells), board.scoring.as_of
    for row in np.flatnonzero(np.isnan(days)).tolist():
        board.fault("is no date", "Write it as 2026-12-31", file=table.file,
                    row=int(table.lines[row]), column=column, value=cells[row])  # fmt: skip
    if as_of is not None:
        for row in np.flatnonzero(days > as_of.toordinal()).tolist():
            board.fault(f"lies after as_of = {as_of}", "Correct the date, or as_of",
                        file=table.file, row=int(table.lines[row]), column=column,
                        value=cells[row])  # fmt: skip
    return days


def refuse_false_teachers(spec: Learned, history: History, board: Board) -> None:
    """Faults for features that are constant, nearly ids, or determine the outcome; notes for those
    that come near it. Refused if there is a fault."""
    before = len(board.faults.problems)
    for column, values in history.numbers.items():
        known = values[~np.isnan(values)]
        if len(np.unique(known)) < 2:
            _constant(column, "numbers", board)
            continue
        filled = np.where(np.isnan(values), np.nanmean(values), values)
        _judge(column, "numbers", auc(filled, history.won), board)
        blank = np.isnan(values)
        if blank.any():
            texts = np.where(blank, "", "filled").astype(object)
            _judge(column, "numbers", auc(blank.astype(float), history.won), board, "being blank")
            _tell_pure(column, texts, history.won, spec.least_rows, board)
    for column, cells in history.texts.items():
        levels = len(set(cells.tolist()))
        if levels < 2:
            _constant(column, "texts", board)
            continue
        if levels > max(50, len(history) // 2):
            text = f"{column!r} has {levels:,} texts in {len(history):,} rows, so it names rows"
            board.fault(f"{text} and teaches nothing", "Take it out of texts", key="texts")
            continue
        pooled = np.array(pool(cells, spec.least_rows), dtype=object)
        names, which = np.unique(pooled.astype(str), return_inverse=True)
        rates = np.bincount(which, history.won) / np.bincount(which, minlength=len(names))
        _judge(column, "texts", auc(rates[which], history.won), board)
        _tell_pure(column, cells, history.won, spec.least_rows, board)
    if len(board.faults.problems) > before:
        raise Refused


def _constant(column: str, key: str, board: Board) -> None:
    board.fault(f"{column!r} is the same in every row, so nothing can be learned from it",
                f"Take it out of {key}", key=key)  # fmt: skip


def _judge(column: str, key: str, area: float, board: Board, what: str = "") -> None:
    area, subject = max(area, 1 - area), f"{what} of {column!r}" if what else f"{column!r}"
    if area >= GIVEN_AWAY:
        board.fault(f"{subject} alone tells won from lost (AUC {area:.3f}), as only what became "
                    "known with the outcome can", f"Take it out of {key}", key=key)  # fmt: skip
    elif area >= SUSPICIOUS:
        board.note(f"learned: {subject} alone nearly tells won from lost (AUC {area:.3f}); make "
                   "sure that it was known before the outcome")  # fmt: skip


def _tell_pure(column: str, cells: ObjectArray, won: Mask, least: int, board: Board) -> None:
    names, which, counts = np.unique(cells.astype(str), return_inverse=True, return_counts=True)
    wins, base = np.bincount(which, won), float(won.mean())
    for name, count, win in zip(names.tolist(), counts.tolist(), wins.tolist(), strict=True):
        alike = base if win == count else 1 - base
        if count >= least and win in (0, count) and alike**count < CHANCE:
            shown = repr(shortened(name)) if name else "blank"
            board.note(f"learned: all {number(count)} rows with {column} {shown} were "
                       f"{'won' if win else 'lost'}; make sure that it was known before the "
                       "outcome")  # fmt: skip


def auc(values: FloatArray, won: Mask) -> float:
    """The chance that a row won has the higher value than a row lost, ties half: the area under the
    ROC curve (Mann & Whitney 1947; Hanley & McNeil 1982, Radiology 143(1), 29-36)."""
    from scipy.stats import rankdata

    ranks = rankdata(values)
    wins, losses = int(won.sum()), int((~won).sum())
    return float((ranks[won].sum() - wins * (wins + 1) / 2) / (wins * losses))


def pool(cells: ObjectArray, least: int) -> list[str]:
    """The cells with every text of fewer than `least` rows as OTHER."""
    texts, counts = np.unique(cells.astype(str), return_counts=True)
    kept = {t for t, count in zip(texts.tolist(), counts.tolist(), strict=True) if count >= least}
    return [text if text in kept else OTHER for text in cells.tolist()]


def held_out(spec: Learned, history: History, board: Board) -> tuple[Mask, str]:
    """bool[n]: the rows kept aside to judge by, and how they were chosen, in words.

    With a date: the latest, whole days; without: drawn by the seed, of won and lost alike.
    """
    count, share = len(history), spec.held_out
    if history.days is not None:
        ordered = np.sort(history.days)
        first = ordered[min(count - 1, int(np.floor((1 - share) * count)))]
        aside = history.days >= first
        day = np.datetime64("0001-01-01") + np.timedelta64(int(first) - 1, "D")
        words = f"the rows from {day} on"
    else:
        aside = np.zeros(count, dtype=np.bool_)
        draw = np.random.default_rng(spec.seed)
        for side in (True, False):
            rows: IntArray = np.flatnonzero(history.won == side)
            aside[draw.permutation(rows)[: max(1, round(share * len(rows)))]] = True
        words = f"a share of {share:g} of won and of lost, drawn by seed {spec.seed}"
    for part, name in ((aside, "held out"), (~aside, "learned from")):
        wins = int(history.won[part].sum())
        for outcome, got in (("won", wins), ("lost", int(part.sum()) - wins)):
            if got < LEAST // 4:
                board.fault(f"of the rows {name} ({words}) {plural(got, 'row')} were {outcome}; at "
                            f"least {LEAST // 4} are needed",
                            "Change held_out, or leave date out", key="date")  # fmt: skip
                raise Refused
    return aside, words
