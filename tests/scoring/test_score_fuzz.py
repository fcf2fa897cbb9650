"""Whatever the TOML and the cells are: scores whose parts add up, or clear errors."""

from decimal import Decimal

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from score_cases import make, totals

import territoryopt as topt
from territoryopt.scoring.spec import parse_scoring

COMMON = settings(
    max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
CELL = st.one_of(
    st.sampled_from(["", "1", "0", "-1", "1e308", "-1e308", "1e-320", "5e12", "0.005", "nan", "inf",
                     "1,5", "2026-01-01", "2026-02-30", "9999-12-31", "0001-01-01", "A", "=1+1",
                     "\u202e", "\u0661", "1_0", "007"]),
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0\r\n"), max_size=6),
    st.floats(-1e6, 1e6).map(str),
)  # fmt: skip
WORD = st.sampled_from(["x", "y", "day", "tier", "score", "potential", "nothing", "A", "B", ""])
VALUE = st.recursive(
    st.one_of(st.integers(-5, 5), st.floats(), st.booleans(), WORD, st.integers(2**62, 2**66)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(WORD, inner, max_size=3)),
    max_leaves=6,
)
KEYS = st.sampled_from(
    ["kind", "column", "tiers", "shares", "at_least", "below", "between", "one_of", "filled",
     "each", "within_days", "older_than_days", "points", "cap", "half_life_days", "since", "group",
     "where",
     "blank", "signals", "parts", "amount", "rate", "times", "by", "values", "rest", "total", "of",
     "in_proportion_to", "quantile", "least", "most", "caps", "weights", "bins", "recency", "rows",
     "columns", "history", "outcome", "won", "lost", "numbers", "texts", "capacity", "foo"]
)  # fmt: skip
TABLE = st.dictionaries(KEYS, VALUE, max_size=6)


def toml(value):
    """A value as TOML writes it, for nested garbage."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return f'"{value}"'
    if isinstance(value, list):
        return f"[{', '.join(map(toml, value))}]"
    if isinstance(value, dict):
        return "{" + ", ".join(f'"{k}" = {toml(v)}' for k, v in value.items()) + "}"
    return str(value)


def attempt(call):
    try:
        return call()
    except topt.InputError as error:
        problems = error.problems
    assert problems
    assert all(problem.message and "\n" not in str(problem) for problem in problems)
    return None


@COMMON
@given(st.text(max_size=200))
@example("as_of = 2026-06-30T12:00:00")
@example("segments = 3")
@example("[points]\nx = 1")
def test_any_text(text):
    attempt(lambda: parse_scoring(text))


@COMMON
@given(st.dictionaries(
    st.sampled_from(["points", "segments", "potential", "learned", "visits_per_year", "reps",
                     "hours_per_visit", "as_of", "currency", "name", "file"]),
    st.one_of(TABLE, VALUE, st.dictionaries(WORD, TABLE, max_size=2)), max_size=4))  # fmt: skip
def test_any_table(tables):
    text = "".join(f"{key} = {toml(value)}\n" for key, value in tables.items())
    attempt(lambda: parse_scoring(text))


SCORINGS = [
    'as_of = 2026-06-30\n[points.s]\nleast = -9\nmost = 50\ncaps = { g = 7 }\n'
    '[[points.s.signals]]\ncolumn = "x"\neach = 0.3\npoints = 0.07\ncap = 20\ngroup = "g"\n'
    '[[points.s.signals]]\ncolumn = "day"\nwithin_days = 9000\nhalf_life_days = 77\npoints = 31\n'
    'group = "g"\n[[points.s.signals]]\ncolumn = "y"\none_of = ["A", "1"]\npoints = -3.333\n',
    '[[potential.parts]]\nkind = "rate"\namount = "x"\nrate = 0.333\nblank = 0\n'
    '[[potential.parts]]\nkind = "peers"\ncolumn = "x"\nby = ["y"]\nleast_accounts = 2\n'
    'blank = 1.5\nrate = 0.1\n[potential]\nleast = 0\n',
    '[[potential.parts]]\nkind = "share"\ntotal = 1000.01\nin_proportion_to = "x"\nblank = 0\n',
    '[segments.t]\nkind = "quantiles"\ncolumn = "x"\ntiers = ["A", "B"]\nshares = [0.3, 0.7]\n'
    'blank = "B"\nof = "amount"\n',
    'as_of = 2026-06-30\n[segments.t]\nkind = "rfm"\nrecency = "day"\nfrequency = "x"\n'
    'tiers = ["A", "B"]\nat_least = [3]\nblank = "lowest"\n',
    '[visits_per_year]\nby = "y"\nvalues = { A = 1, "1" = 2.5 }\nrest = 0.1\n',
    '[learned]\noutcome = "y"\nwon = ["A"]\nlost = ["1"]\nnumbers = ["x"]\n',
]  # fmt: skip


@pytest.mark.parametrize("text", SCORINGS[:-1])
def test_the_scorings_that_are_tried_run_on_sound_cells(tmp_path, text):
    text = text if "[[potential" not in text else f'currency = "USD"\n{text}'
    columns = {"x": ["1", "20", ""], "y": ["A", "1", ""], "day": ["2026-06-01", "2020-01-01", ""]}
    assert topt.score_accounts(make(tmp_path, columns), parse_scoring(text)).columns


def test_amounts_beyond_every_number_are_refused(tmp_path):
    columns = {"x": ["", "1", "1e308"], "y": ["", "", ""], "day": ["", "", ""]}
    text = ('currency = "USD"\n[[potential.parts]]\nkind = "peers"\ncolumn = "x"\nrate = 0.1\n'
            'quantile = 1.0\nless_own = false\nblank = 0\n')  # fmt: skip
    with pytest.raises(topt.InputError, match="too large to be told to the cent"):
        topt.score_accounts(make(tmp_path, columns), parse_scoring(text))


@settings(COMMON, max_examples=40)
@pytest.mark.parametrize("text", SCORINGS)
@given(st.lists(st.tuples(CELL, CELL, CELL), min_size=1, max_size=12))
def test_any_cells(tmp_path_factory, text, rows):
    text = text if "[[potential" not in text else f'currency = "USD"\n{text}'
    names = ("x", "y", "day")
    columns = {name: [row[k] for row in rows] for k, name in enumerate(names)}
    data = attempt(lambda: make(tmp_path_factory.mktemp("fuzz"), columns))
    if data is None:
        return
    found = attempt(lambda: topt.score_accounts(data, parse_scoring(text)))
    if found is None:
        return
    for column in found.record["columns"]:
        if column["kind"] in ("score", "potential", "visits_per_year"):
            sums = totals(found, column["column"])
            told = found.instance.accounts.columns[column["column"]]
            for account, cell in zip(found.instance.account_ids, told, strict=True):
                assert sums.get(account, 0) == Decimal(cell)
    for account in found.instance.account_ids[:3]:
        assert all(found.explain(account))
