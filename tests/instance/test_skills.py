"""Tags, and the fit of needs and skills against a naive loop."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from territoryopt.errors import FaultList, InputError
from territoryopt.skills import fit, lacking, missing_required, no_tags, parse_graded


def parsed(cells, low=0.0, high=1.0, faults=None, **kwargs):
    collected = FaultList(InputError) if faults is None else faults
    column = np.empty(len(cells), dtype=object)
    column[:] = cells
    tags = parse_graded(
        column, collected, "reps.csv", np.arange(2, len(cells) + 2), "skills", low, high, **kwargs
    )
    if faults is None:
        collected.raise_if_any()
    return tags


def test_tags_fold_case_and_keep_every_other_sign():
    tags = parsed(["German = 0.8; language:es;", "", "LANGUAGE:ES;gERMAN=.8", "a=b=1"])
    assert tags.of(0) == {"German": 0.8, "language:es": 1}
    assert tags.of(1) == {}
    assert tags.pattern_of[0] == tags.pattern_of[2]
    assert tags.of(3) == {"a=b": 1}
    assert len(tags) == 4
    assert tags
    assert not no_tags(3)


@pytest.mark.parametrize(
    ("cell", "message", "remedy"),
    [
        ("german=1.5", "'german' must be at least 0 and at most 1", "Correct"),
        ("german=-0.1", "at least 0", "Correct"),
        ("german=high", "not a number", "german=0.8"),
        ("german=0,8", "not a plain number", "german=0.8"),
        ("german=", "after =", "german=0.8"),
        ("=0.5", "without a tag", "before the ="),
        ("german=0.5;German=0.8", "two numbers, 0.5 and 0.8", "Keep one"),
    ],
)
def test_one_bad_tag_is_one_fault(cell, message, remedy):
    faults = FaultList(InputError)
    parsed(["medical", cell], faults=faults)
    (fault,) = faults.problems
    assert (fault.file, fault.row, fault.column, fault.value) == ("reps.csv", 3, "skills", cell)
    assert message in fault.message
    assert remedy in fault.remedy


def test_weights_and_plain_lists_have_their_own_range():
    faults = FaultList(InputError)
    parsed(["a=0", "a=7"], 0.0, float("inf"), faults, above_low=True)
    parsed(["a", "a=0.5"], 1.0, 1.0, faults)
    assert [(f.row, f.message.split("'a' ")[1]) for f in faults.problems] == [
        (2, "must be above 0"),
        (3, "has a number, but this column is a plain list"),
    ]


def test_missing_and_lacking_by_hand():
    requires = parsed(["", "German;medical", "german", "rocket"])
    skills = parsed(["GERMAN=0.5", "german=0;medical", "german;medical"])
    missing = missing_required(requires, skills)
    assert missing.shape == (4, 3)
    np.testing.assert_array_equal(
        missing.block(0, 4),
        [[False, False, False], [True, True, False], [False, True, False], [True, True, True]],
    )
    np.testing.assert_array_equal(missing.at([1, 2], [0, 0]), [True, False])
    assert lacking(requires, skills, 1, 0) == ["medical"]
    assert lacking(requires, skills, 2, 1) == ["German"]
    assert lacking(requires, skills, 1, 2) == []


def test_fit_by_hand():
    values = fit(parsed(["", "spanish=2;medical=1"], 0, 9), parsed(["spanish=0.5", "medical", ""]))
    np.testing.assert_allclose(values.block(0, 2), [[1, 1, 1], [1 / 3, 1 / 3, 0]])


WEIGHTS = st.dictionaries(st.sampled_from("abcd"), st.floats(1e-9, 1e9), max_size=4)
GRADES = st.dictionaries(st.sampled_from("abcd"), st.floats(0, 1), max_size=4)


def written(tags):
    return ";".join(f"{tag}={value!r}" for tag, value in tags.items())


@settings(max_examples=100, deadline=None)
@given(
    wishes=st.lists(WEIGHTS, min_size=1, max_size=5),
    skills=st.lists(GRADES, min_size=1, max_size=4),
)
def test_fit_and_missing_against_a_loop(wishes, skills):
    have = parsed([written(s) for s in skills])
    wish = parsed([written(w) for w in wishes], 0.0, float("inf"), above_low=True)
    values = fit(wish, have).block(0, len(wishes))
    missing = missing_required(wish, have).block(0, len(wishes))
    for i, w in enumerate(wishes):
        for j, s in enumerate(skills):
            total = sum(w.values())
            naive = sum(x * s.get(t, 0) for t, x in w.items()) / total if w else 1.0
            assert values[i, j] == pytest.approx(naive, abs=1e-12)
            assert 0 <= values[i, j] <= 1
            assert missing[i, j] == any(s.get(t, 0) == 0 for t in w)
            assert bool(lacking(wish, have, i, j)) == missing[i, j]
    full = parsed([written(dict.fromkeys("abcd", 1.0))])
    assert (fit(wish, full).values == 1).all()
