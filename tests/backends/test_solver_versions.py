"""Releases of solvers that call wrong answers optimal must not come back unnoticed."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pytest
from runner import ARRAY_BACKENDS, run

from territoryopt.problem import Band, Problem

BINARY = 1
SIX = 6


def raw_highs(model: dict, seed: int, integer) -> tuple[str, float]:
    """Status and objective by bare highspy, nothing of ours in between."""
    import highspy

    solver = highspy.Highs()
    solver.setOptionValue("output_flag", False)
    solver.setOptionValue("threads", 1)
    solver.setOptionValue("random_seed", seed)
    solver.setOptionValue("mip_rel_gap", 1e-6)
    columns, rows = len(model["col_cost"]), len(model["row_lower"])
    solver.passModel(
        columns,
        rows,
        len(model["value"]),
        int(highspy.MatrixFormat.kColwise),
        int(highspy.ObjSense.kMinimize),
        0.0,
        model["col_cost"],
        model["col_lower"],
        model["col_upper"],
        model["row_lower"],
        model["row_upper"],
        model["start"],
        model["index"],
        model["value"],
        integer,
    )
    solver.run()
    status = solver.modelStatusToString(solver.getModelStatus())
    highspy.Highs.resetGlobalScheduler(True)
    return status, solver.getInfo().objective_function_value


@pytest.mark.outside_data
@pytest.mark.parametrize("seed", range(5))
def test_shape_that_highs_1_13_gets_wrong(seed, outside_data):
    path = outside_data / "solver_regressions" / "highs_1_13.npz"
    with np.load(path) as file:
        model = {name: file[name] for name in file.files}
    status, objective = raw_highs(model, seed, model["integer"].astype(np.int32))
    assert status == "Optimal"
    assert objective == pytest.approx(6614.311, abs=0.01)


def elastic_capacity() -> Problem:
    """Six accounts of size 4. Rep 0 holds 12, rep 1 holds 20, at 1 for each unit more; a third
    rep stands for staying out, for 1,000. Account 0 may go to either, the others to rep 0."""
    inf = np.inf
    cost = np.array([[0.0, 0.0, 1000.0]] + [[0.0, inf, 1000.0]] * 5)
    size = np.array([[4.0, 4.0, 0.0]] * 6)
    return Problem.from_arrays(
        cost, [Band("capacity", size, upper=np.array([12.0, 20.0, inf]), price=1.0)]
    )


@pytest.mark.parametrize("backend", ARRAY_BACKENDS)
def test_shape_that_highs_1_14_gets_wrong(backend):
    got = run(backend, elastic_capacity())
    assert got.objective == 8.0
    assert got.outcome.finished


def test_shape_that_highs_1_14_gets_wrong_by_bare_highspy():
    # Columns: account 0 at rep 0, at rep 1; accounts 1-5 at rep 0; six out; over 0, over 1.
    columns = 2 + 5 + SIX + 2
    entries = [[] for _ in range(columns)]
    for column, account in [(0, 0), (1, 0), *((1 + k, k) for k in range(1, SIX))]:
        entries[column] += [(account, 1.0), (SIX + (column == 1), 4.0)]
    for account in range(SIX):
        entries[7 + account].append((account, 1.0))
    entries[13].append((SIX, -1.0))
    entries[14].append((SIX + 1, -1.0))
    flat = [entry for column in entries for entry in column]
    model = {
        "col_cost": np.array([0.0] * 7 + [1000.0] * SIX + [1.0, 1.0]),
        "col_lower": np.zeros(columns),
        "col_upper": np.array([1.0] * 13 + [np.inf, np.inf]),
        "row_lower": np.array([1.0] * SIX + [-np.inf] * 2),
        "row_upper": np.array([1.0] * SIX + [12.0, 20.0]),
        "start": np.cumsum([0, *(len(column) for column in entries)]).astype(np.int32),
        "index": np.array([row for row, _ in flat], dtype=np.int32),
        "value": np.array([value for _, value in flat]),
    }
    integer = np.array([BINARY] * 13 + [0, 0], dtype=np.int32)
    status, objective = raw_highs(model, 0, integer)
    assert (status, objective) == ("Optimal", pytest.approx(8.0))


# Amounts of five accounts with any of three reps, whose sums should all be near 2.1e12. CP-SAT
# 9.15.6755 with default presolve calls 2,617 (in 1e9) optimal; 557 can be had.
WORST_SIZE = [2067936583989, 1613819654057, 959879378517, 672315098210, 2674377514234]
WORST_STEP = [1540334, 1537189, 1134479]
WORST_UPPER = [2581456617492, 2212183059468, 2287136261683]
WORST_LOWER = [2048898321562, 1679624769829, 1754578777463]
WORST_COST = [
    *(505310821580, 1108175894310, 0),
    *(875235988023, 0, 153237556998),
    *(575186772165, 0, 192956802043),
    *(0, 997743574009, 701741581040),
    *(36472020061, 666900358505, 0),
]
WORST_OPTIMUM = 557403528285


@pytest.mark.parametrize(
    "guarded",
    [
        True,
        pytest.param(
            False,
            marks=pytest.mark.xfail(
                version("ortools").startswith("9.15."),
                reason="google/or-tools#5293: why cpsat.py sets presolve_inclusion_work_limit",
                strict=True,
            ),
        ),
    ],
)
def test_shape_that_cpsat_9_15_gets_wrong(guarded):
    from ortools.sat.python import cp_model

    model = cp_model.CpModel()
    x = [[model.new_bool_var("") for _ in range(3)] for _ in range(5)]
    z = model.new_int_var(0, 5025384, "")
    for row in x:
        model.add_exactly_one(row)
    for j in range(3):
        s = sum(size * x[i][j] for i, size in enumerate(WORST_SIZE))
        model.add(s - WORST_STEP[j] * z <= WORST_UPPER[j])
        model.add(s + WORST_STEP[j] * z >= WORST_LOWER[j])
    flat = [each for row in x for each in row]
    model.minimize(sum(c * v for c, v in zip(WORST_COST, flat, strict=True)) + 1048576 * z)
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1
    if guarded:
        solver.parameters.presolve_inclusion_work_limit = 0
    assert solver.solve(model) == cp_model.OPTIMAL
    assert solver.objective_value == WORST_OPTIMUM


@pytest.mark.parametrize("order", [("highspy", "ortools"), ("ortools", "highspy")])
def test_both_libraries_share_a_process(order):
    """highspy 1.15 and ortools 9.15 do not: both bring a libhighs (google/or-tools#5246)."""
    use = {
        "highspy": "import highspy; highspy.Highs()",
        "ortools": "from ortools.sat.python import cp_model; cp_model.CpSolver()",
    }
    code = "; ".join(use[name] for name in order)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_installed_versions_are_allowed():
    highs = tuple(int(part) for part in version("highspy").split(".")[:2])
    assert (1, 12) <= highs < (1, 13)
    ortools = tuple(int(part) for part in version("ortools").split(".")[:2])
    assert (9, 12) <= ortools < (9, 16)


def test_declared_versions_leave_out_wrong_releases():
    from packaging.requirements import Requirement

    text = (Path(__file__).parents[2] / "pyproject.toml").read_text()
    declared = map(Requirement, tomllib.loads(text)["project"]["dependencies"])
    allowed = next(each.specifier for each in declared if each.name == "highspy")
    assert "1.12.0" in allowed
    for wrong in ("1.13.0", "1.13.1", "1.14.0", "1.15.1"):
        assert wrong not in allowed


def test_backends_name_their_release():
    names = [run(backend, elastic_capacity()).outcome.by for backend in ARRAY_BACKENDS]
    assert names == [f"HiGHS {version('highspy')}", f"CP-SAT {version('ortools')}"]
