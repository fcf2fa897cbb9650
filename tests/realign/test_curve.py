"""The curve of moves against every plan there is."""

from __future__ import annotations

import numpy as np
import pytest
from problem_cases import all_plans, oracle, random_problem

import territoryopt as topt
from territoryopt.realign.curve import moves_curve

SHARES = (0.2, 0.4, 0.6, 1.0)


@pytest.mark.parametrize("seed", range(24))
def test_each_point_is_the_least_money_with_so_few_moves(seed):
    problem = random_problem(seed, 5, 3)
    owned = problem.current >= 0
    if not owned.any():
        pytest.skip("nobody owns anything")
    plans = all_plans(5, 3)
    objective, holds = oracle(problem, plans)
    moves = ((plans != problem.current) & owned).sum(axis=1)
    curve = moves_curve(problem, SHARES, seconds=10, gap=1e-9)
    fewest = moves[holds].min() if holds.any() else None
    if fewest is not None:
        assert curve.fewest.moves == curve.fewest.least == fewest
        assert curve.fewest.proved <= fewest
    assert [p.share for p in curve.points] == list(SHARES)
    for point in curve.points:
        assert point.most == int(np.floor(point.share * owned.sum() + 1e-9))
        fit = holds & (moves <= point.most)
        if point.share == 1:
            fit = holds
        if not fit.any():
            assert point.standing == "no plan"
            assert point.source == "proved" or point.source.startswith("claimed by")
            continue
        truth = objective[fit].min()
        assert point.standing == "plan"
        assert point.money == pytest.approx(truth, rel=1e-6, abs=1e-6)
        assert point.bound <= truth + 1e-6
        assert point.proved <= point.bound + 1e-6
        assert point.moves <= point.most
    found = [p.money for p in curve.points if p.rep is not None]
    assert found == sorted(found, reverse=True)


def test_shares_that_are_none_are_refused():
    problem = random_problem(1, 5, 3)
    for shares in ((), (5,), (-0.1,)):
        with pytest.raises(topt.InputError, match="fractions"):
            moves_curve(problem, shares)
