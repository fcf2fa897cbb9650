"""A probability learned from what was won and lost: a regression that can be read.

log odds_i = b + Σ_k w_k z_ki, with z the numbers standardised (less their mean, by their standard
deviation) and texts as 0 or 1 for each level but the most common; weights by logistic regression
with a quadratic penalty (scikit-learn, `strength` is its C), then calibrated by Platt's sigmoid on
scores of rows not learned from, in five folds: Platt 1999, Probabilistic outputs for support vector
machines; Niculescu-Mizil & Caruana 2005, Predicting good probabilities with supervised learning
(ICML). The sigmoid is linear in the log odds, so b and w include it and stay readable.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from territoryopt.cells import FloatArray, ObjectArray
from territoryopt.extras import need
from territoryopt.scoring.columns import Board, Mask, Refused
from territoryopt.scoring.history import (
    OTHER,
    PER_TERM,
    History,
    auc,
    held_out,
    pool,
    read_history,
    refuse_false_teachers,
)
from territoryopt.scoring.spec import Learned
from territoryopt.scoring.trace import Piece, Trace, exact, plain
from territoryopt.words import plural

FOLDS = 5
DIGITS = 6
"""Decimals of log odds and probabilities."""
LARGEST_TERMS = 2_000


@dataclass(frozen=True, eq=False)
class Term:
    """A column of the regression: a number (`mean`, `deviation` in its unit), a level of a text, or
    the blank of a number."""

    column: str
    kind: str
    level: str = ""
    mean: float = 0.0
    deviation: float = 1.0

    @property
    def name(self) -> str:
        if self.kind == "number":
            return self.column
        return f"{self.column} {'is blank' if self.kind == 'blank' else self.level or '(blank)'}"


@dataclass(frozen=True, eq=False)
class Regression:
    """Terms, weights float64[terms] and the start, in log odds and calibrated; for each text column
    the level that all others are compared with, and how often each term occurs."""

    terms: tuple[Term, ...]
    weights: FloatArray
    start: float
    references: dict[str, str]
    slope: float

    def log_odds(self, matrix: FloatArray) -> FloatArray:
        """float64[n], for a matrix float64[n, terms]."""
        out: FloatArray = self.start + matrix @ self.weights
        return out


@dataclass(frozen=True, eq=False)
class LearnedModel:
    """What was learned and how good it is on rows it had not seen."""

    source: str
    sha256: str
    rows: int
    won: int
    regression: Regression
    split: str
    quality: dict[str, Any]
    calibration: list[dict[str, Any]] = field(default_factory=list)

    def coefficients(self) -> list[dict[str, Any]]:
        """One record per term, the weightiest first; `weight` is in log odds per standard deviation
        or for the level, `odds_per` times the odds for each `per` more."""
        found = []
        for term, weight in zip(self.regression.terms, self.regression.weights, strict=True):
            number = term.kind == "number"
            per = 10.0 ** math.floor(math.log10(term.deviation)) if number else None
            each = float(weight) / term.deviation
            found.append(
                {"feature": term.column, "kind": term.kind,
                 "level": None if number else term.level,
                 "compared_with": self.regression.references.get(term.column),
                 "weight": round(float(weight), DIGITS),
                 "odds": _exp(float(weight)),
                 "odds_per_unit": _exp(each) if number else None,
                 "per": per, "odds_per": _exp(each * per) if per else None,
                 "mean": term.mean if number else None,
                 "deviation": term.deviation if number else None}
            )  # fmt: skip
        return sorted(found, key=lambda record: -abs(record["weight"]))

    def as_dict(self) -> dict[str, Any]:
        return {
            "source": self.source, "sha256": self.sha256 or None, "rows": self.rows,
            "won": self.won, "base_rate": round(self.won / self.rows, DIGITS),
            "held_out": self.split, "quality": self.quality, "calibration": self.calibration,
            "start": round(self.regression.start, DIGITS), "coefficients": self.coefficients(),
        }  # fmt: skip

    def told(self) -> list[str]:
        """What was learned and how sure it is, in sentences."""
        q = self.quality
        better = q["brier"] < q["brier_base_rate"]
        out = [
            f"Learned from {self.rows:,} rows, {self.won:,} of them won "
            f"({100 * self.won / self.rows:.1f} %).",
            f"On {q['rows']:,} rows it had not seen ({self.split}): of a row won and a row lost it "
            f"puts the one won first in {100 * q['auc']:.0f} of 100 cases (AUC {q['auc']:.3f}; 50 "
            f"is chance). Brier score {q['brier']:.4f}, {q['brier_base_rate']:.4f} by the base rate"
            f" alone; log loss {q['log_loss']:.4f} and {q['log_loss_base_rate']:.4f}.",
        ]
        if not better:
            out.append("It is no better than the base rate: do not rely on it.")
        for found in self.coefficients()[:8]:
            if found["kind"] == "number":
                odds = found["odds_per"]
                where = f"each {exact(found['per'])} more {found['feature']}"
            elif found["kind"] == "blank":
                odds, where = found["odds"], f"a blank {found['feature']}"
            else:
                odds = found["odds"]
                where = (f"{found['feature']} {found['level'] or '(blank)'} against "
                         f"{found['compared_with'] or '(blank)'}")  # fmt: skip
            out.append(f"Odds times {'more than can be told' if odds is None else f'{odds:.3g}'} "
                       f"for {where}.")  # fmt: skip
        return out


def _exp(value: float) -> float | None:
    return float(f"{math.exp(value):.9g}") if abs(value) < 700 else None


def learn(spec: Learned, board: Board, trace: Trace, history: Path | None) -> LearnedModel:
    """Make the column of probabilities; Refused with faults where the history teaches nothing.

    The figures of quality are of a regression that saw only the rows not held out; the one that
    scores the accounts has seen them all.
    """
    data = read_history(spec, board, history)
    refuse_false_teachers(spec, data, board)
    aside, words = held_out(spec, data, board)
    tried = _fit(spec, data, ~aside, board)
    quality, table = _judged(tried, data, aside)
    whole = _fit(spec, data, np.ones(len(data), np.bool_), board)
    rarer = min(int(data.won.sum()), int((~data.won).sum()))
    if rarer < PER_TERM * len(whole.terms):
        board.note(f"learned: {plural(rarer, 'row')} of the rarer outcome for "
                   f"{plural(len(whole.terms), 'coefficient')}; fewer than {PER_TERM} for each "
                   "make them unsure")  # fmt: skip
    if quality["brier"] >= quality["brier_base_rate"]:
        board.note("learned: on rows it had not seen the score is no better than the base rate; do "
                   "not rely on it")  # fmt: skip
    found = LearnedModel(data.source, data.sha256, len(data), int(data.won.sum()), whole, words,
                         quality, table)  # fmt: skip
    _apply(spec, found, board, trace)
    return found


def _terms(spec: Learned, data: History, rows: Mask) -> tuple[tuple[Term, ...], dict[str, str]]:
    """The columns of the regression, as those rows give them."""
    terms, references = [], {}
    for column, values in data.numbers.items():
        known = values[rows][~np.isnan(values[rows])]
        deviation = float(known.std()) if len(known) else 0.0
        if deviation > 0:
            terms.append(Term(column, "number", "", float(known.mean()), deviation))
        if 0 < len(known) < int(rows.sum()):
            terms.append(Term(column, "blank"))
    for column, cells in data.texts.items():
        levels, counts = np.unique(pool(cells[rows], spec.least_rows), return_counts=True)
        most = str(levels[int(counts.argmax())])
        references[column] = most
        terms += [Term(column, "level", str(level)) for level in levels if str(level) != most]
    return tuple(terms), references


def matrix(
    terms: tuple[Term, ...], references: dict[str, str], numbers: dict[str, FloatArray],
    texts: dict[str, ObjectArray], rows: int,
) -> FloatArray:  # fmt: skip
    """float64[rows, terms]; a text that was not learned counts as OTHER where there is such."""
    out = np.zeros((rows, len(terms)))
    read: dict[str, ObjectArray] = {}
    for column, cells in texts.items():
        levels = {t.level for t in terms if t.column == column and t.kind == "level"}
        known = levels | {references[column]}
        read[column] = np.array([c if c in known else OTHER for c in cells.tolist()], dtype=object)
    for k, term in enumerate(terms):
        if term.kind == "number":
            out[:, k] = np.nan_to_num((numbers[term.column] - term.mean) / term.deviation)
        elif term.kind == "blank":
            out[:, k] = np.isnan(numbers[term.column])
        else:
            out[:, k] = read[term.column] == term.level
    return out


def _fit(spec: Learned, data: History, rows: Mask, board: Board) -> Regression:
    from threadpoolctl import threadpool_limits

    calibration_, linear, selection = (
        need(f"sklearn.{name}", "score", "a learned score", file=board.scoring.file)
        for name in ("calibration", "linear_model", "model_selection")
    )
    terms, references = _terms(spec, data, rows)
    if len(terms) > LARGEST_TERMS:
        board.fault(f"the texts have {len(terms):,} levels in all, more than {LARGEST_TERMS:,}",
                    "Raise least_rows, or take a column out", key="texts")  # fmt: skip
    if not terms:
        board.fault("no feature differs in the rows learned from", "Give other features")
    if not terms or len(terms) > LARGEST_TERMS:
        raise Refused
    whole = matrix(terms, references, dict(data.numbers), dict(data.texts), len(data))
    folds = selection.StratifiedKFold(FOLDS, shuffle=True, random_state=spec.seed)
    regression = linear.LogisticRegression(C=spec.strength, max_iter=2_000, tol=1e-8)
    with threadpool_limits(1):  # one order of sums, whatever machine
        learned = calibration_.CalibratedClassifierCV(
            regression, method="sigmoid", ensemble=False, cv=folds
        )
        learned.fit(whole[rows], data.won[rows].astype(int))
    inner = learned.calibrated_classifiers_[0]
    sigmoid = inner.calibrators[0]  # p = 1 / (1 + exp(a f + b))
    slope = -float(sigmoid.a_)
    if not slope > 0:
        text = "on rows not learned from the score ran against the outcome, so there is nothing to"
        board.fault(f"{text} learn from these features", "Give others, or score by points")
        raise Refused
    weights = slope * np.asarray(inner.estimator.coef_[0], dtype=np.float64)
    start = slope * float(inner.estimator.intercept_[0]) - float(sigmoid.b_)
    return Regression(terms, weights, start, references, slope)


def probability(log_odds: FloatArray) -> FloatArray:
    """1 / (1 + exp(-log odds)), float64[n], without overflow."""
    return np.asarray(0.5 * (1.0 + np.tanh(0.5 * log_odds)))


def _judged(
    tried: Regression, data: History, aside: Mask
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """AUC, Brier score (Brier 1950, Monthly Weather Review 78(1), 1-3) and log loss on the rows
    held out, beside those of saying the base rate for all; and chance told against share won."""
    table = matrix(tried.terms, tried.references, dict(data.numbers), dict(data.texts), len(data))
    chance, won = probability(tried.log_odds(table[aside])), data.won[aside]
    base = np.full(len(won), data.won[~aside].mean())
    quality = {
        "rows": len(won), "won": int(won.sum()),
        "auc": round(auc(chance, won), DIGITS),
        "brier": round(brier(chance, won), DIGITS),
        "brier_base_rate": round(brier(base, won), DIGITS),
        "log_loss": round(log_loss(chance, won), DIGITS),
        "log_loss_base_rate": round(log_loss(base, won), DIGITS),
    }  # fmt: skip
    return quality, calibration(chance, won)


def brier(chance: FloatArray, won: Mask) -> float:
    """Σ (p_i - y_i)² / n."""
    return float(np.mean((chance - won) ** 2))


def log_loss(chance: FloatArray, won: Mask) -> float:
    """-Σ ln(p_i if won else 1 - p_i) / n, with p held within 1e-15 of 0 and 1."""
    right = np.clip(np.where(won, chance, 1.0 - chance), 1e-15, 1.0)
    return float(-np.mean(np.log(right)))


def calibration(chance: FloatArray, won: Mask) -> list[dict[str, Any]]:
    """Up to ten groups by rising chance, of about the same size and at least 20 rows: how many, the
    mean chance told, and the share won; equal chances share a group."""
    groups = int(np.clip(len(chance) // 20, 1, 10))
    cuts = np.unique(np.quantile(chance, np.linspace(0, 1, groups + 1)[1:-1]))
    which = np.searchsorted(cuts, chance, side="right")
    return [
        {"rows": int(at.sum()), "chance": round(float(chance[at].mean()), DIGITS),
         "won": round(float(won[at].mean()), DIGITS)}
        for at in (which == k for k in range(len(cuts) + 1)) if at.any()
    ]  # fmt: skip


def _apply(spec: Learned, found: LearnedModel, board: Board, trace: Trace) -> None:
    """Log odds of each account in millionths, so that its parts add up, and the probability."""
    regression, name = found.regression, f"log odds of {spec.column}"
    numbers = {column: board.numbers(column, "numbers") for column in spec.numbers}
    for column, values in numbers.items():
        blank = np.isnan(values)
        if spec.blank == "refuse":
            board.refuse_blank(blank, column, "numbers", 'write blank = "average"')
        elif blank.any():
            board.note(f"learned: a blank {column} counts as average: "
                       f"{plural(int(blank.sum()), 'account')}")  # fmt: skip
    texts = {column: board.text(column, "texts") for column in spec.texts}
    whole = matrix(regression.terms, regression.references, numbers, texts, len(board))
    rows = np.arange(len(board))
    total = np.full(len(board), np.rint(regression.start * 1e6))
    trace.add(Piece(name, "start", rows, rule="of a typical account", contribution=total / 1e6))
    for column in [*numbers, *texts]:
        parts = [k for k, term in enumerate(regression.terms) if term.column == column]
        got = np.rint((whole[:, parts] @ regression.weights[parts]) * 1e6) + 0.0
        total += got
        if column in numbers:
            weight = sum(float(regression.weights[k]) for k in parts
                         if regression.terms[k].kind == "number")  # fmt: skip
            mean = next((t.mean for t in regression.terms if t.column == column), 0.0)
            rule = f"against a mean of {exact(round(mean, 6))}"
            cells = board.text(column, "numbers")
            at = np.flatnonzero(got)
            trace.add(Piece(name, column, at, column, cells[at], rule, weight, got[at] / 1e6))
        else:
            levels = {t.level for t in regression.terms if t.column == column}
            levels.add(regression.references[column])
            strange = np.array([text not in levels for text in texts[column].tolist()])
            if strange.any() and OTHER not in levels:
                most = regression.references[column] or "(blank)"
                board.note(f"learned: text of {column} that was not learned counts as {most}: "
                           f"{plural(int(strange.sum()), 'account')}")  # fmt: skip
            at = np.flatnonzero(got)
            rule = f"against {regression.references[column] or '(blank)'}"
            note = np.where(strange[at], "not learned", "").astype(object)
            trace.add(Piece(name, column, at, column, texts[column][at], rule,
                            contribution=got[at] / 1e6, note=note))  # fmt: skip
    chance = np.round(probability(total / 1e6), DIGITS)
    trace.add(Piece(spec.column, "from log odds", rows, "", plain(total / 1e6, DIGITS),
                    "1 / (1 + exp(-log odds))", contribution=chance))  # fmt: skip
    board.make(spec.column, plain(chance, DIGITS), chance)
