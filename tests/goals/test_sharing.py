"""Totals are kept to the last unit, whatever the shares, limits and steps; and water-filling is
what first principles say."""

from __future__ import annotations

from fractions import Fraction as F
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from territoryopt.goals.sharing import (
    Infeasible,
    by_weight,
    exact,
    largest_remainder,
    rounded_table,
    shares,
    water_fill,
)

numbers = st.floats(0, 1e9, allow_nan=False)
fractions = st.fractions(0, 1000, max_denominator=97)


@st.composite
def bounded(draw):
    """Wishes, limits and a total that may or may not fit between them."""
    n = draw(st.integers(1, 7))
    wanted = draw(st.lists(fractions, min_size=n, max_size=n))
    low = draw(st.lists(st.integers(0, 20), min_size=n, max_size=n))
    room = draw(st.lists(st.none() | st.integers(0, 40), min_size=n, max_size=n))
    high = [None if r is None else lo + r for lo, r in zip(low, room, strict=True)]
    return wanted, low, high, draw(st.integers(0, 300))


@settings(max_examples=100, deadline=None)
@given(st.lists(numbers, min_size=1, max_size=40), st.integers(0, 10**15))
def test_shares_add_up_to_the_total_and_are_a_unit_off_at_most(weights, total):
    if not sum(weights):
        weights = [1.0, *weights]
    found = by_weight([exact(w) for w in weights], total)
    assert sum(found) == total
    whole = sum(map(exact, weights))
    assert all(abs(n - total * exact(w) / whole) < 1 for n, w in zip(found, weights, strict=True))


@pytest.mark.parametrize("total", range(8))
def test_largest_remainders_are_the_nearest_of_all_roundings(total):
    """Against every way to round: none is nearer in the sum of squares."""
    for weights in product((1, 2, 5), repeat=3):
        amounts = [total * s for s in shares([F(w) for w in weights])]
        found = largest_remainder(amounts, total)

        def off(plan, amounts=amounts):
            return sum((n - x) ** 2 for n, x in zip(plan, amounts, strict=True))

        every = [p for p in product(range(total + 1), repeat=3) if sum(p) == total]
        assert off(found) == min(map(off, every))


def test_amounts_that_do_not_add_up_are_refused():
    with pytest.raises(ValueError, match="do not add up"):
        largest_remainder([F(1, 2), F(1, 3)], 1)


def test_a_number_is_what_is_written():
    assert exact(0.9) == F(9, 10)
    assert exact(1.4) * 1_000_000 == 1_400_000


@settings(max_examples=100, deadline=None)
@given(bounded())
def test_water_fills_between_the_limits_to_the_total(case):
    wanted, low, high, total = case
    tops = [lo if not w else hi for w, lo, hi in zip(wanted, low, high, strict=True)]
    fits = sum(low) <= total and (None in tops or total <= sum(tops))
    if not fits:
        with pytest.raises(Infeasible) as error:
            water_fill(wanted, low, high, total)
        assert error.value.least == sum(low)
        assert error.value.most == (None if None in tops else sum(tops))
        return
    found = water_fill(wanted, low, high, total)
    assert sum(found) == total
    # one level for all that touch no limit; above it who is held up, below it who is held down
    levels = [g / w for g, w, lo, hi in zip(found, wanted, low, tops, strict=True)
              if w and lo < g and (hi is None or g < hi)]  # fmt: skip
    assert len(set(levels)) <= 1
    for g, w, lo, hi in zip(found, wanted, low, tops, strict=True):
        assert g >= lo
        assert hi is None or g <= hi
        for level in levels:
            poured = max(lo, level * w)
            assert g == (poured if hi is None else min(hi, poured))
    rounded = largest_remainder(found, total)
    assert sum(rounded) == total
    assert all(lo <= n and (hi is None or n <= hi)
               for n, lo, hi in zip(rounded, low, high, strict=True))  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(bounded())
def test_water_filling_is_what_bisection_finds(case):
    wanted, low, high, total = case
    try:
        found = water_fill(wanted, low, high, total)
    except Infeasible:
        return
    w, lo = np.array(wanted, dtype=float), np.array(low, dtype=float)
    hi = np.array([np.inf if h is None else h for h in high], dtype=float)
    hi[w == 0] = lo[w == 0]
    small, large = 0.0, 1e9
    for _ in range(200):
        middle = (small + large) / 2
        if np.clip(middle * w, lo, hi).sum() < total:
            small = middle
        else:
            large = middle
    assert np.allclose(np.array(found, dtype=float), np.clip(large * w, lo, hi), atol=1e-6)


@settings(max_examples=40, deadline=None)
@given(bounded())
def test_no_other_amounts_keep_the_proportions_better(case):
    """An LP from outside: the largest level that all can reach at once is that of water-filling."""
    wanted, low, high, total = case
    wanted = [w + 1 for w in wanted]
    try:
        found = water_fill(wanted, low, high, total)
    except Infeasible:
        return
    n = len(wanted)
    lp = linprog(
        [0.0] * n + [-1.0],
        A_ub=[[-1.0 * (k == i) for k in range(n)] + [float(wanted[i])] for i in range(n)],
        b_ub=[0.0] * n,
        A_eq=[[1.0] * n + [0.0]],
        b_eq=[float(total)],
        bounds=[*zip(low, high, strict=True), (0, None)],
    )
    assert lp.status == 0
    least = min(g / w for g, w in zip(found, wanted, strict=True))
    assert float(least) == pytest.approx(-lp.fun, abs=1e-7)


@settings(max_examples=80, deadline=None)
@given(
    st.lists(st.integers(0, 10**6), min_size=1, max_size=9),
    st.lists(st.integers(0, 9), min_size=1, max_size=12),
    st.randoms(use_true_random=False),
)
def test_a_table_keeps_rows_and_columns(rows, weights, chance):
    cells = []
    for row in rows:
        own = [F(w * chance.randint(0, 3)) for w in weights]
        own = own if sum(own) else [F(1)] * len(weights)
        cells.append([row * share for share in shares(own)])
    found = rounded_table(cells)
    assert [sum(row) for row in found] == rows
    for row, given_row in zip(found, cells, strict=True):
        assert all(abs(n - x) < 1 for n, x in zip(row, given_row, strict=True))
    for k in range(len(weights)):
        assert abs(sum(row[k] for row in found) - sum(row[k] for row in cells)) < 1
