"""The arithmetic of a problem against itself read another way."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from problem_cases import KINDS, all_plans, computed, random_problem

from territoryopt.problem import (
    AccountAmounts,
    DenseAmounts,
    Units,
    evaluate,
    move_table,
)

SEEDS = range(120)


@pytest.mark.parametrize("seed", SEEDS)
def test_units_are_worth_what_their_accounts_are(seed):
    kinds = {"families", *np.random.default_rng(seed).choice(KINDS, 4, replace=False)}
    problem = random_problem(seed, 7, 3, kinds)
    unit = problem.contracted
    assert unit.accounts < problem.accounts
    assert unit.units.count == unit.accounts
    for plan in all_plans(unit.accounts, 3)[seed % 11 :: 19]:
        of_units = evaluate(unit, plan)
        of_accounts = evaluate(problem, plan[problem.units.unit_of])
        assert of_units.objective == pytest.approx(of_accounts.objective, rel=1e-12, abs=1e-9)
        assert of_units.holds == of_accounts.holds
        for name, s in of_accounts.activity.items():
            assert of_units.activity[name] == pytest.approx(s, rel=1e-12, abs=1e-9)


def broken_amounts(problem, plan):
    """Excess of every hard row and group beyond its tolerance, as one array."""
    out = []
    for part in problem.rows:
        excess = part.excess(part.activity(plan))
        out.append(np.where(np.isinf(part.price) & (excess > 1e-6 * part.scale), excess, 0.0))
    for each in problem.groupings:
        if each.hard:
            out.append(each.excess(each.counts(plan, problem.reps)).astype(np.float64))
    return np.concatenate([np.zeros(0), *out])


@pytest.mark.parametrize("seed", SEEDS)
def test_a_move_is_the_difference_of_two_evaluations(seed):
    problem = random_problem(seed, 7, 4).contracted
    rng = np.random.default_rng(seed)
    plan = rng.integers(4, size=problem.accounts)
    table = move_table(problem, plan, 0, problem.accounts)
    split = [move_table(problem, plan, a, b) for a, b in ((0, 2), (2, problem.accounts))]
    assert np.allclose(np.concatenate([each.change for each in split]), table.change)
    here, before = evaluate(problem, plan), broken_amounts(problem, plan)
    for i in range(problem.accounts):
        for j in range(4):
            moved = plan.copy()
            moved[i] = j
            there = evaluate(problem, moved)
            change = there.objective - here.objective
            assert table.change[i, j] == pytest.approx(change, rel=1e-9, abs=1e-8)
            worse = bool((broken_amounts(problem, moved) > before * (1 + 1e-9) + 1e-12).any())
            assert table.breaks[i, j] == worse
            alone = problem.eligible_at(np.array([i]), np.array([j]))
            assert table.eligible[i, j] == alone[0]


@pytest.mark.parametrize("seed", range(30))
def test_amounts_of_three_sources_agree(seed):
    rng = np.random.default_rng(seed)
    n, reps, shifts = 9, 4, 12
    base = rng.normal(size=n)
    i, j = rng.integers(n, size=shifts), rng.integers(reps, size=shifts)
    shift = rng.normal(size=shifts)
    thin = AccountAmounts(base, reps, i, j, shift)
    table = np.repeat(base[:, None], reps, axis=1)
    np.add.at(table, (i, j), shift)
    dense = DenseAmounts(table.copy())
    lazy = computed(dense)
    units = Units.from_groups(n, rng.integers(-1, 3, size=n))
    summed = np.zeros((units.count, reps))
    np.add.at(summed, units.unit_of, table)
    for source in (thin, dense, lazy):
        assert np.allclose(source.block(0, n), table)
        assert np.allclose(source.block(2, 5), table[2:5])
        assert source.block(3, 3).shape == (0, reps)
        assert np.allclose(source.at(i, j), table[i, j])
        assert len(source.at(i[:0], j[:0])) == 0
        few = source.contracted(units)
        assert (few.accounts, few.reps) == (units.count, reps)
        assert np.allclose(few.block(0, units.count), summed)
        assert np.allclose(few.block(1, 3), summed[1:3])
        a, b = rng.integers(units.count, size=20), rng.integers(reps, size=20)
        assert np.allclose(few.at(a, b), summed[a, b])


@pytest.mark.parametrize("seed", range(40))
def test_computed_amounts_change_nothing(seed):
    problem = random_problem(seed).contracted
    lazy = replace(
        problem,
        rows=tuple(
            replace(
                part,
                amounts=computed(DenseAmounts(np.array(part.amounts.block(0, problem.accounts)))),
            )
            for part in problem.rows
        ),
    )
    plan = np.random.default_rng(seed).integers(3, size=problem.accounts)
    one, two = evaluate(problem, plan), evaluate(lazy, plan)
    assert one.objective == pytest.approx(two.objective)
    assert one.holds == two.holds
    size = problem.accounts
    assert np.allclose(
        move_table(problem, plan, 0, size).change, move_table(lazy, plan, 0, size).change
    )
