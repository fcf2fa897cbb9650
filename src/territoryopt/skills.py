"""What accounts need, what reps can do, and how well the two fit.

A cell lists tags separated by `;`, each with an optional number: `german=0.8;medical`. The text
after the last `=` is the number, 1 where there is none. Two tags are the same if they are equal
after taking off surrounding whitespace and folding case, so `German` is `german`; a tag may hold
any other sign (`language:es`).

Accounts share few distinct cells, so everything is kept once per distinct *pattern*, never once
per account or per pair.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

import numpy as np
import numpy.typing as npt

from territoryopt.cells import FloatArray, IntArray, ObjectArray, among, parse_numbers
from territoryopt.errors import FaultList, InputError

_ANY = TypeVar("_ANY", bound=np.generic)

Pattern = tuple[tuple[int, float], ...]
"""(index of the tag, its number), ascending by tag."""


@dataclass(frozen=True, eq=False)
class GradedTags:
    """The tags of n rows: `patterns[pattern_of[i]]` holds (tag, number) of row i.

    `pattern_of` is int64[n], `vocabulary` the tags with folded case in order of appearance,
    `spelled` each of them as it was first written.
    """

    pattern_of: IntArray
    patterns: tuple[Pattern, ...]
    vocabulary: tuple[str, ...]
    spelled: tuple[str, ...]

    def __post_init__(self) -> None:
        self.pattern_of.flags.writeable = False

    def __len__(self) -> int:
        return len(self.pattern_of)

    def __bool__(self) -> bool:
        """Whether any row has a tag."""
        return bool(self.vocabulary)

    def of(self, row: int) -> dict[str, float]:
        """The tags of a row, as first written in the file, with their numbers."""
        return {self.spelled[t]: value for t, value in self.patterns[self.pattern_of[row]]}


@dataclass(frozen=True, eq=False)
class PatternMatrix(Generic[_ANY]):
    """A matrix [accounts, reps] kept as one row per distinct need.

    Entry (i, j) is `values[pattern_of[i], j]`; `pattern_of` int64[accounts], `values`
    [patterns, reps].
    """

    pattern_of: IntArray
    values: npt.NDArray[_ANY]

    def __post_init__(self) -> None:
        self.values.flags.writeable = False

    @property
    def shape(self) -> tuple[int, int]:
        return len(self.pattern_of), self.values.shape[1]

    def block(self, start: int, stop: int) -> npt.NDArray[_ANY]:
        """The rows of accounts start..stop-1, [stop - start, reps]."""
        return np.asarray(self.values[self.pattern_of[start:stop]])

    def at(
        self, accounts: npt.ArrayLike | IntArray, reps: npt.ArrayLike | IntArray
    ) -> npt.NDArray[_ANY]:
        """The entries of pairs; the arguments broadcast."""
        return np.asarray(self.values[self.pattern_of[np.asarray(accounts)], np.asarray(reps)])


def no_tags(rows: int) -> GradedTags:
    """What a file without the column says: no row has a tag."""
    return GradedTags(np.zeros(rows, dtype=np.int64), ((),), (), ())


def parse_graded(
    column: ObjectArray,
    faults: FaultList,
    file: str,
    lines: IntArray,
    column_name: str,
    low: float,
    high: float,
    *,
    above_low: bool = False,
) -> GradedTags:
    """Reads a column of tags whose numbers lie in [low, high], or in (low, high] if `above_low`.

    A fault for each row whose number is none or lies outside, that has a number without a tag, or
    the same tag with two numbers. With `low == high` the column is a plain list of tags.
    """
    found: dict[str, int] = {}  # folded tag -> index
    spelled: list[str] = []
    patterns: dict[Pattern, int] = {}
    known: dict[str, int] = {}  # text of a cell -> index of its pattern
    bad: dict[str, FaultList] = {}
    cells = column.tolist()
    for text in dict.fromkeys(cells):
        of_cell = FaultList(InputError)
        tags: dict[int, float] = {}
        for piece in filter(None, map(str.strip, text.split(";"))):
            _read_piece(piece, tags, found, spelled, of_cell)
        for tag, value in tags.items():
            if not (low < value if above_low else low <= value) or not value <= high:
                of_cell.add(*_range(spelled[tag], low, high, above_low), value=text)
        if of_cell:
            bad[text] = of_cell
        known[text] = patterns.setdefault(tuple(sorted(tags.items())), len(patterns))
    pattern_of = np.fromiter(map(known.__getitem__, cells), np.int64, len(cells))
    for i in np.flatnonzero(among(bad, column)) if bad else ():
        text = cells[i]
        for fault in bad[text].problems:
            faults.add(
                fault.message,
                fault.remedy,
                file=file,
                row=int(lines[i]),
                column=column_name,
                value=text,
            )
    return GradedTags(pattern_of, tuple(patterns), tuple(found), tuple(spelled))


def _read_piece(
    piece: str,
    tags: dict[int, float],
    found: dict[str, int],
    spelled: list[str],
    faults: FaultList,
) -> None:
    name, equals, number = piece.rpartition("=")
    name = name.strip() if equals else piece
    value = 1.0
    if equals:
        one = np.array([number.strip() or "blank"], dtype=object)
        check = FaultList(InputError)
        value = float(parse_numbers(one, check, file="", lines=np.zeros(1, np.int64), column="")[0])
        if check:
            faults.add(
                f"{number.strip()!r} after = is {check.problems[0].message}",
                "Write tags as german;medical or with numbers as german=0.8;medical=1",
            )
            return
    if not name:
        faults.add("a number stands without a tag", "Write the tag before the =")
        return
    folded = name.casefold()
    if folded not in found:
        found[folded] = len(spelled)
        spelled.append(name)
    tag = found[folded]
    if tags.setdefault(tag, value) != value:
        faults.add(f"{name!r} has two numbers, {tags[tag]:g} and {value:g}", "Keep one of them")


def _range(tag: str, low: float, high: float, above_low: bool) -> tuple[str, str]:
    if low == high:
        return (f"{tag!r} has a number, but this column is a plain list", "Write the tag alone")
    least = f"above {low:g}" if above_low else f"at least {low:g}"
    most = "" if high == float("inf") else f" and at most {high:g}"
    return f"the number of {tag!r} must be {least}{most}", "Correct the number"


def _grades(skills: GradedTags, needs: GradedTags) -> FloatArray:
    """float64[tags of needs, reps]: the grade of each rep, 0 for a skill it does not have."""
    place = {tag: t for t, tag in enumerate(needs.vocabulary)}
    grades = np.zeros((len(needs.vocabulary), len(skills.patterns)))
    for p, pattern in enumerate(skills.patterns):
        for t, value in pattern:
            if skills.vocabulary[t] in place:
                grades[place[skills.vocabulary[t]], p] = value
    return grades[:, skills.pattern_of]


def missing_required(requires: GradedTags, skills: GradedTags) -> PatternMatrix[np.bool_]:
    """True where some tag the account requires is one the rep lacks, or has with grade 0."""
    absent = _grades(skills, requires) == 0
    values = np.zeros((len(requires.patterns), len(skills)), dtype=np.bool_)
    for p, pattern in enumerate(requires.patterns):
        values[p] = absent[[t for t, _ in pattern]].any(axis=0)
    return PatternMatrix(requires.pattern_of, values)


def fit(wishes: GradedTags, skills: GradedTags) -> PatternMatrix[np.float64]:
    """How well rep j meets the wishes of account i, in [0, 1]; 1 where nothing is wished.

    `fit_ij = sum_t w_it g_jt / sum_t w_it`, w_it > 0 the weight of tag t among the wishes of i and
    g_jt in [0, 1] the grade of rep j in t, 0 for a skill it does not have. No unit.
    """
    grades = _grades(skills, wishes)
    values = np.ones((len(wishes.patterns), len(skills)))
    for p, pattern in enumerate(wishes.patterns):
        if pattern:
            share = np.array([w for _, w in pattern])
            # scaled first, so that neither very large nor very small weights leave the floats
            share = share / share.max()
            share /= share.sum()
            values[p] = np.clip(share @ grades[[t for t, _ in pattern]], 0.0, 1.0)
            values[p, (grades[[t for t, _ in pattern]] == 1).all(axis=0)] = 1.0
    return PatternMatrix(wishes.pattern_of, values)


def lacking(requires: GradedTags, skills: GradedTags, account: int, rep: int) -> list[str]:
    """The tags that the account requires and the rep lacks, as first written in the file."""
    grades = skills.patterns[skills.pattern_of[rep]]
    has = {skills.vocabulary[t] for t, grade in grades if grade > 0}
    needs = requires.patterns[requires.pattern_of[account]]
    return [requires.spelled[t] for t, _ in needs if requires.vocabulary[t] not in has]
