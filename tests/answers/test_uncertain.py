"""Chances against what can be worked out by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

import territoryopt as topt
from territoryopt.answers.uncertain import uncertain
from territoryopt.reasons.explanation import Explanation


def two_reps(upper, amounts=(10.0, 10.0, 10.0, 10.0)):
    problem = topt.Problem.from_arrays(
        np.ones((4, 2)), [topt.Band("hours", np.array(amounts), upper=upper)]
    )
    return Explanation(problem, np.array([0, 0, 1, 1]))


def test_one_account_alone_has_the_chance_of_a_lognormal():
    problem = topt.Problem.from_arrays(np.ones((1, 1)), [topt.Band("hours", [10.0], upper=12.0)])
    said = uncertain(Explanation(problem, np.array([0])), 25.0, draws=40_000)
    sigma = np.sqrt(np.log(1 + 0.25**2))
    z = (np.log(1.2) + sigma**2 / 2) / sigma
    chance = 0.5 * (1 + math.erf(z / math.sqrt(2)))
    assert said.rows[0].holds == pytest.approx(float(chance), abs=0.01)
    assert said.all_hold == said.rows[0].holds


def test_errors_that_all_share_do_not_cancel():
    apart = uncertain(two_reps(23.0), 20.0, draws=20_000)
    alike = uncertain(two_reps(23.0), 20.0, common=1.0, draws=20_000)
    assert apart.rows[0].holds > alike.rows[0].holds + 0.05
    # Reps that err alike hold together; those that do not, hold both less often than one.
    assert alike.all_hold == pytest.approx(alike.rows[0].holds, abs=0.01)
    assert apart.all_hold < apart.rows[0].holds - 0.05


def test_the_same_seed_draws_the_same():
    one, two = (uncertain(two_reps(23.0), 20.0, seed=3) for _ in range(2))
    assert one.rows == two.rows


def test_the_account_nearest_to_breaking_a_limit_is_named():
    said = uncertain(two_reps(23.0, (4.0, 18.0, 1.0, 2.0)), 5.0)
    assert said.fragile[0].account == "1"
    assert said.fragile[0].alone == pytest.approx(1.0 / 18.0)
    assert said.fragile[0].share == pytest.approx(18.0**2 / (18.0**2 + 4.0**2))


@pytest.mark.parametrize("bad", [{"percent": 0}, {"percent": -1}, {"percent": 5, "common": 2}])
def test_numbers_that_cannot_be_used(bad):
    with pytest.raises(topt.InputError):
        uncertain(two_reps(23.0), **bad)
