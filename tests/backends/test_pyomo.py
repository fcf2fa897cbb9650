"""The Pyomo door: readable models, the same optimum as by hand, any solver, one's own rules."""

from __future__ import annotations

import itertools
import threading
import time
from dataclasses import replace

import numpy as np
import pyomo.environ as pyo
import pytest
from problem_cases import brute_force, random_problem

from territoryopt.backends.protocol import Limits, Outcome, Watch
from territoryopt.backends.pyomo_call import Solver, available_solvers
from territoryopt.backends.pyomo_model import (
    plan_from_pyomo,
    set_start,
    to_pyomo,
    write_model,
)
from territoryopt.backends.pyomo_options import DIALECTS
from territoryopt.backends.pyomo_solver import PyomoBackend
from territoryopt.errors import BackendError, ModelError
from territoryopt.problem import (
    AccountAmounts,
    Cost,
    DenseAmounts,
    Exclusion,
    Grouping,
    Problem,
    Rows,
    evaluate,
)

ACCOUNTS, REPS = 6, 3
NASTY = ("load", "name", "a b;c[1]", "a_b_c(1)", "α", "")


def random_cost(seed: int = 1) -> Cost:
    rng = np.random.default_rng(seed)
    return Cost("travel", "pairs", DenseAmounts(rng.integers(1, 30, (ACCOUNTS, REPS)) * 1.0), 2.0,
                "hours/year")  # fmt: skip


def weights(seed: int = 2) -> np.ndarray:
    return np.random.default_rng(seed).integers(2, 9, ACCOUNTS) * 1.0


def build(rows=(), exclusions=(), groupings=(), family=None, costs=None, **ids) -> Problem:
    return Problem(
        accounts=ACCOUNTS,
        reps=REPS,
        costs=(random_cost(),) if costs is None else costs,
        rows=tuple(rows),
        exclusions=tuple(exclusions),
        groupings=tuple(groupings),
        current=np.full(ACCOUNTS, -1, dtype=np.int64),
        family=np.full(ACCOUNTS, -1, dtype=np.int64) if family is None else np.array(family),
        family_rule="" if family is None else "families",
        **ids,
    )


def rows(name="load", price=np.inf, row_of_rep=(0, 1, 2), lower=0.0, upper=np.inf, worst=False,
         constant=0.0, amounts=None) -> Rows:  # fmt: skip
    row_of_rep = np.array(row_of_rep, dtype=np.int64)
    n = int(row_of_rep.max()) + 1
    fill = [np.broadcast_to(np.asarray(x, float), (n,)).copy() for x in (lower, upper, price)]
    return Rows(
        name=name,
        kind="band",
        measure="load",
        unit="hours/year",
        labels=tuple(f"row {r}" for r in range(n)),
        amounts=AccountAmounts(weights(), REPS) if amounts is None else amounts,
        row_of_rep=row_of_rep,
        lower=fill[0],
        upper=fill[1],
        price=fill[2],
        constant=np.broadcast_to(np.asarray(constant, float), (n,)).copy(),
        worst=worst,
    )


def grouping(apart: bool, price: float, groups=((0, 1, 2), (3, 4))) -> Grouping:
    member = np.array([i for g in groups for i in g], dtype=np.int64)
    start = np.cumsum([0, *(len(g) for g in groups)]).astype(np.int64)
    labels = tuple(f"group {g}" for g in range(len(groups)))
    return Grouping("rivals" if apart else "chains", "group", labels, member, start, apart, price)


def barred(*pairs: tuple[int, int]) -> Exclusion:
    value = np.zeros((ACCOUNTS, REPS))
    for i, j in pairs:
        value[i, j] = 1.0
    return Exclusion("locks", "lock", DenseAmounts(value))


def run(problem: Problem, backend: PyomoBackend | None = None, seconds: float = 60.0, gap=0.0,
        start=None) -> tuple[Outcome, Watch]:  # fmt: skip
    unit = problem.contracted
    watch = Watch(unit)
    limits = Limits(time.monotonic() + seconds, gap=gap)
    outcome = (backend or PyomoBackend()).solve(unit, limits, start, watch)
    return outcome, watch


MEAN = weights().sum() / REPS
CASES = {
    "costs alone": build(),
    "two costs of one name": build(costs=(random_cost(1), random_cost(3))),
    "hard band": build([rows(lower=MEAN * 0.8, upper=MEAN * 1.2)]),
    "soft band": build([rows(lower=MEAN * 0.9, upper=MEAN * 1.1, price=7.0)]),
    "soft below only": build([rows(lower=MEAN * 1.1, price=3.0)]),
    "a price of nothing": build([rows(lower=MEAN, upper=MEAN, price=0.0)]),
    "rows of both sorts": build(
        [rows(lower=MEAN * 0.7, upper=MEAN * 1.1, price=[np.inf, 4.0, 0.0])]
    ),
    "worst": build([rows(lower=MEAN, upper=MEAN, price=[9.0, 5.0, 7.0], worst=True)]),
    "worst with a hard row": build(
        [rows(lower=MEAN * 0.7, upper=MEAN, price=[np.inf, 5.0, 7.0], worst=True)]
    ),
    "row of a group": build([rows(row_of_rep=(0, 0, -1), upper=MEAN)]),
    "row of the plan, constant": build(
        [
            rows(
                row_of_rep=(0, 0, 0),
                upper=14.0,
                constant=10.0,
                amounts=AccountAmounts(
                    np.zeros(ACCOUNTS),
                    REPS,
                    np.arange(ACCOUNTS),
                    np.zeros(ACCOUNTS, dtype=np.int64),
                    np.full(ACCOUNTS, 1.0),
                ),
            ),
            rows("second", lower=4.0, row_of_rep=(0, 1, 1), constant=[1.0, -2.0], price=2.5),
        ]
    ),
    "two rules of one name": build([rows(upper=MEAN * 1.2), rows(lower=MEAN, price=1.0)]),
    "apart, hard": build(groupings=[grouping(True, np.inf)]),
    "apart, soft": build(groupings=[grouping(True, 6.0)]),
    "together, hard": build(groupings=[grouping(False, np.inf)]),
    "together, soft": build(groupings=[grouping(False, 5.0)]),
    "exclusions": build([rows(upper=MEAN * 1.3)], [barred((0, 0), (1, 0), (1, 1), (5, 2))]),
    "together, some not eligible": build(
        exclusions=[barred((0, 0), (1, 1))], groupings=[grouping(False, np.inf)]
    ),
    "families": build(
        [rows(lower=MEAN * 0.5, upper=MEAN * 1.5)],
        [barred((0, 0))],
        [grouping(True, 6.0), grouping(False, 3.0)],
        family=[0, -1, 0, 7, -1, 7],
    ),
    "nothing to minimise": build([rows(upper=MEAN * 1.2)], costs=()),
    "everything": build(
        [
            rows(lower=MEAN * 0.6, upper=MEAN * 1.4),
            rows("even", lower=MEAN, upper=MEAN, price=3.0, worst=True),
        ],
        [barred((4, 1))],
        [grouping(True, 4.0), grouping(False, 2.0, ((0, 3, 5),))],
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_the_optimum_is_the_one_found_by_trying_every_plan(name: str) -> None:
    problem = CASES[name]
    best, _ = brute_force(problem)
    outcome, watch = run(problem)
    assert outcome.finished
    assert not outcome.infeasible
    assert watch.objective == pytest.approx(best)
    assert watch.claimed == pytest.approx(best)
    assert watch.claimed_by == outcome.by == Solver("appsi_highs").by
    assert outcome.by.startswith("HiGHS 1.")


@pytest.mark.parametrize("seed", range(60))
def test_random_problems_against_trying_every_plan(seed: int) -> None:
    problem = random_problem(seed)
    best, _ = brute_force(problem)
    outcome, watch = run(problem)
    assert outcome.finished
    assert outcome.infeasible == np.isinf(best)
    assert watch.objective == pytest.approx(best, rel=1e-6, abs=1e-6)
    if not outcome.infeasible:
        assert watch.claimed == pytest.approx(best, rel=1e-6, abs=1e-6)


@pytest.mark.parametrize("name", CASES)
def test_the_model_prices_every_plan_as_our_arithmetic_does(name: str) -> None:
    problem = CASES[name]
    model = to_pyomo(problem)
    rng = np.random.default_rng(5)
    units = problem.units
    pairs = problem.contracted.pairs
    for _ in range(20):
        picked = [rng.choice(pairs.rep[a:b]) for a, b in itertools.pairwise(pairs.start)]
        plan = np.array(picked)[units.unit_of]
        set_start(model, problem, plan)
        found = evaluate(problem, plan)
        assert pyo.value(model.total) == pytest.approx(found.objective)
        for goal in model.goals:
            assert pyo.value(model.money[goal]) == pytest.approx(found.money[goal])
        broken = [c.name for c in model.component_data_objects(pyo.Constraint)
                  if c.slack() < -1e-7]  # fmt: skip
        assert bool(broken) == (not found.holds), broken
        assert (plan_from_pyomo(model, problem) == plan).all()


def test_components_have_the_documented_names() -> None:
    model = to_pyomo(
        build(
            [rows("load", upper=9.0, price=1.0), rows("worst of all", upper=9.0, price=2.0,
                                                      worst=True)],
            groupings=[grouping(True, 1.0), grouping(False, 1.0)],
            account_ids=NASTY,
            rep_ids=("type", "config", "Müller, \n\"O'Hara\""),
        )
    )  # fmt: skip
    assert list(model.accounts) == list(NASTY)
    assert list(model.rules) == ["load", "worst of all", "rivals", "chains"]
    assert list(model.goals) == ["travel", "load", "worst of all", "rivals", "chains"]
    assert ("load", "row 2") in model.rows
    assert ("a b;c[1]", "config") in model.pairs
    assert model.assign["load", "type"].is_binary()
    assert {c.local_name for c in model.component_objects(pyo.Var) if len(c)} == {
        "assign", "over", "under", "worst", "shared", "present", "split"}  # fmt: skip
    assert {c.local_name for c in model.component_objects(pyo.Constraint) if len(c)} == {
        "one_rep", "within", "charge", "apart", "together", "one_team"}  # fmt: skip
    assert {c.local_name for c in model.component_objects(pyo.Expression)} == {
        "activity", "money"}  # fmt: skip
    assert model.within["load", "row 0"].upper() == 9.0
    assert model.shared["rivals", "group 0", "type"].lb == 0
    assert model.split["chains", "group 1"].lb == 0
    assert ("chains", "group 0", "load", "type") in model.together
    assert model.total.sense == pyo.minimize


def test_names_that_repeat_are_numbered() -> None:
    twice = replace(rows(upper=9.0), labels=("north", "north", "north #2"))
    model = to_pyomo(build([twice, rows(upper=9.0)], account_ids=("x",) * ACCOUNTS))
    assert list(model.rows)[:3] == [("load", "north"), ("load", "north #2"),
                                    ("load", "north #2 #2")]  # fmt: skip
    assert list(model.rules) == ["load", "load #2"]
    assert list(model.accounts)[:3] == ["x", "x #2", "x #3"]


def test_a_family_is_one_account_named_by_its_first_member() -> None:
    problem = build(family=[0, -1, 0, 7, -1, 7], account_ids=tuple("abcdef"))
    model = to_pyomo(problem)
    assert list(model.accounts) == ["a", "b", "d", "e"]
    set_start(model, problem, np.array([0, 1, 2, 0, 1, 0]))  # a and c apart: no start for them
    assert (plan_from_pyomo(model, problem) == [-1, 1, -1, 0, 1, 0]).all()
    with pytest.raises(ModelError, match="another problem"):
        plan_from_pyomo(model, build())


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("suffix", [".lp", ".mps"])
def test_a_written_model_is_always_the_same_and_has_the_same_optimum(
    tmp_path, name: str, suffix: str
) -> None:
    highspy = pytest.importorskip("highspy")
    problem = CASES[name]
    first, second = tmp_path / f"one{suffix}", tmp_path / f"two{suffix}"
    write_model(problem, first)
    write_model(to_pyomo(problem), str(second))
    assert first.read_bytes() == second.read_bytes()
    highs = highspy.Highs()
    highs.setOptionValue("output_flag", False)
    assert highs.readModel(str(first)) == highspy.HighsStatus.kOk
    highs.run()
    assert highs.getModelStatus() == highspy.HighsModelStatus.kOptimal
    value = highs.getInfo().objective_function_value
    assert value == pytest.approx(brute_force(problem)[0], abs=1e-6)


@pytest.mark.parametrize("suffix", [".lp", ".mps"])
def test_names_in_a_written_model_are_legal_and_stay_apart(tmp_path, suffix: str) -> None:
    highspy = pytest.importorskip("highspy")
    ids = ("a b", "a_b", "α", "β", "x" * 400, "End\nBounds\n free")
    problem = build([rows("St: >= 4", upper=MEAN * 1.2)], account_ids=ids)
    path = tmp_path / f"model{suffix}"
    write_model(problem, path)
    text = path.read_text(encoding="ascii")
    for label in ("assign(a_b,0)", "assign(a_b,0)_2", "assign(_,0)", "assign(_,0)_2"):
        assert f" {label}" in text
    assert "within(St_____4,row_1)" in text
    assert max(len(word) for word in text.split()) <= 255
    highs = highspy.Highs()
    highs.setOptionValue("output_flag", False)
    assert highs.readModel(str(path)) == highspy.HighsStatus.kOk
    highs.run()
    best, _ = brute_force(problem)
    assert highs.getInfo().objective_function_value == pytest.approx(best)


def test_a_model_is_written_as_lp_or_mps_only(tmp_path) -> None:
    with pytest.raises(BackendError, match=r"\.lp or \.mps"):
        write_model(build(), tmp_path / "model.gms")
    (tmp_path / "file").write_text("x")
    with pytest.raises(BackendError, match="cannot be written"):
        write_model(build(), tmp_path / "file" / "model.lp")


@pytest.mark.parametrize(
    "problem",
    [
        build([rows(upper=1.0)]),
        build(exclusions=[barred((2, 0), (2, 1), (2, 2))]),
        build([rows(lower=5.0, amounts=DenseAmounts(np.zeros((ACCOUNTS, REPS))))]),
        build(groupings=[grouping(True, np.inf, ((0, 1, 2, 3),))]),
    ],
    ids=["a band", "nobody may", "a row that nothing moves", "apart"],
)
@pytest.mark.parametrize("solver", ["appsi_highs", "highs"])
def test_no_plan_is_an_answer(problem: Problem, solver: str) -> None:
    outcome, watch = run(problem, PyomoBackend(solver))
    assert outcome.infeasible
    assert outcome.finished
    assert watch.rep is None
    assert watch.claimed == -np.inf


def test_an_extension_restricts_and_says_so() -> None:
    problem = build(account_ids=tuple("abcdef"), rep_ids=("Ann", "Bo", "Cy"))

    def extend(model: pyo.ConcreteModel) -> None:
        model.pilots = pyo.Constraint(expr=sum(model.assign[a, "Ann"] for a in model.accounts) == 5)

    plain, extended = PyomoBackend(), PyomoBackend(extend=extend)
    assert not plain.extended
    assert extended.extended
    _, free = run(problem, plain)
    best = min(
        evaluate(problem, np.array(plan)).objective
        for plan in itertools.product(range(REPS), repeat=ACCOUNTS)
        if plan.count(0) == 5
    )
    watch = Watch(problem)
    watch.plan(free.rep)  # a better plan, outside the extension
    outcome = extended.solve(problem, Limits(time.monotonic() + 60, gap=0.0), free.rep, watch)
    assert best > free.objective
    assert (watch.rep == 0).sum() == 5
    assert watch.objective == pytest.approx(best)
    assert watch.claimed == pytest.approx(best)
    assert watch.claimed_by.endswith("via Pyomo, model extended")
    assert any("keep to the extension" in note for note in outcome.notes)


def test_an_extended_model_without_a_solution_says_nothing_of_the_problem() -> None:
    def extend(model: pyo.ConcreteModel) -> None:
        model.never = pyo.Constraint(expr=sum(model.assign.values()) <= 1)

    outcome, watch = run(build(), PyomoBackend(extend=extend))
    assert not outcome.infeasible
    assert outcome.finished
    assert watch.rep is None
    assert any("the extended model has no solution" in note for note in outcome.notes)


def test_an_extension_that_changes_the_objective_gives_plans_but_no_bound() -> None:
    def extend(model: pyo.ConcreteModel) -> None:
        model.total.deactivate()
        model.mine = pyo.Objective(expr=sum(model.assign[a, "0"] for a in model.accounts))

    outcome, watch = run(build(), PyomoBackend(extend=extend))
    assert (watch.rep != 0).all()
    assert watch.claimed == -np.inf
    assert any("changed the objective" in note for note in outcome.notes)


def test_optimal_with_an_open_gap_is_not_taken_at_its_word(monkeypatch) -> None:
    real = Solver.solve
    monkeypatch.setattr(Solver, "solve", lambda *a: replace(real(*a), bound=40.0))
    problem = build()
    outcome, watch = run(problem)
    assert watch.objective > 41
    assert not outcome.finished
    assert any("the gap counts as open" in note for note in outcome.notes)


def test_a_plan_that_breaks_a_rule_is_not_used(monkeypatch) -> None:
    real = Solver.solve

    def tamper(self, model, call):
        reply = real(self, model, call)
        for (_, rep), variable in model.assign.items():
            variable.set_value(float(rep == "0"))
        return reply

    monkeypatch.setattr(Solver, "solve", tamper)
    outcome, watch = run(build([rows("even", upper=MEAN * 1.2)]))
    assert watch.rep is None
    assert not outcome.finished
    assert any("breaks 'even row 0'" in note for note in outcome.notes)


def test_an_error_in_an_extension_is_the_callers() -> None:
    def extend(model: pyo.ConcreteModel) -> None:
        raise KeyError("no such rep")

    with pytest.raises(KeyError, match="no such rep"):
        run(build(), PyomoBackend(extend=extend))


def test_a_missing_solver_is_named_with_what_is_there() -> None:
    with pytest.raises(BackendError, match=r"'nosuch' cannot be reached.*Available here: .*highs"):
        run(build(), PyomoBackend("nosuch"))


def test_names_of_the_backend() -> None:
    assert PyomoBackend().name == "pyomo"
    assert PyomoBackend("cbc").name == "pyomo:cbc"


def test_a_model_too_large_for_pyomo_is_refused_before_it_is_built() -> None:
    def problem(eligible: int) -> Problem:
        accounts, reps = 20_000, 400
        off = AccountAmounts(np.zeros(accounts), reps)
        base = np.where(np.arange(accounts) < eligible, 0.0, 1.0)
        return replace(
            build(), accounts=accounts, reps=reps, costs=(Cost("c", "c", off, 1.0, "hours"),),
            exclusions=(Exclusion("no", "lock", AccountAmounts(base, reps)),),
        )  # fmt: skip

    assert PyomoBackend().refuses(build()) is None
    assert PyomoBackend().refuses(problem(100)) is None
    assert "5,000,000" in (PyomoBackend().refuses(problem(20_000)) or "")


def test_no_time_left_is_not_an_error() -> None:
    outcome, watch = run(build(), seconds=0.0)
    assert not outcome.finished
    assert watch.rep is None


def hard_problem() -> Problem:
    rng = np.random.default_rng(0)
    accounts, reps = 80, 9  # within the free licences of Gurobi, CPLEX and Xpress
    weight = rng.lognormal(0, 1, accounts)
    mean = weight.sum() / reps
    share = [weight * rng.uniform(0.5, 1.5, accounts) for _ in range(3)]
    bands = [
        replace(
            rows(f"even {k}", row_of_rep=range(reps), amounts=AccountAmounts(a, reps)),
            lower=np.full(reps, a.sum() / reps),
            upper=np.full(reps, a.sum() / reps),
            price=np.full(reps, 50.0 / mean),
        )
        for k, a in enumerate(share)
    ]
    return replace(
        build(bands, costs=(Cost("c", "c", DenseAmounts(rng.random((accounts, reps))), 1.0, "h"),)),
        accounts=accounts, reps=reps, current=np.full(accounts, -1), family=np.full(accounts, -1),
    )  # fmt: skip


@pytest.mark.parametrize("solver", list(DIALECTS))
def test_every_solver_that_is_here(solver: str, capfd) -> None:
    try:
        Solver(solver)
    except BackendError as error:
        pytest.skip(f"{solver} is not installed here: {error.problems[0].message}")
    for name in ("everything", "soft band", "families", "together, hard", "nothing to minimise"):
        problem = CASES[name]
        outcome, watch = run(problem, PyomoBackend(solver), start=None)
        best, _ = brute_force(problem)
        assert watch.objective == pytest.approx(best), name
        assert watch.claimed <= best + 1e-6 * max(1.0, abs(best)), name
        assert watch.claimed == pytest.approx(best, rel=1e-4, abs=1e-4), name
        assert outcome.finished, name
    again, watch = run(CASES["everything"], PyomoBackend(solver), start=watch.rep, gap=0.05)
    assert again.finished
    none, watch = run(build([rows(upper=1.0)]), PyomoBackend(solver))
    assert none.infeasible
    assert watch.rep is None
    assert not capfd.readouterr().out


@pytest.mark.parametrize("solver", list(DIALECTS))
def test_a_time_limit_gives_a_plan_and_an_honest_bound(solver: str) -> None:
    try:
        Solver(solver)
    except BackendError as error:
        pytest.skip(f"{solver} is not installed here: {error.problems[0].message}")
    problem = hard_problem()
    began = time.monotonic()
    outcome, watch = run(problem, PyomoBackend(solver), seconds=3.0)
    assert time.monotonic() - began < 8.0
    assert not outcome.finished
    assert watch.notes == []
    assert watch.rep is not None
    assert watch.claimed <= 27.9905 <= watch.objective + 1.0  # the best plan known costs 27.9904
    assert watch.rejected == 0
    if solver != "glpk":
        assert np.isfinite(watch.claimed)


@pytest.mark.parametrize("solver", ["appsi_highs", "highs"])
def test_stopping_reaches_the_solver_and_its_plan_is_kept(solver: str) -> None:
    problem = hard_problem()
    watch = Watch(problem)
    start = np.random.default_rng(1).integers(0, problem.reps, problem.accounts)
    limits = Limits(time.monotonic() + 60)

    def extend(model: pyo.ConcreteModel) -> None:
        threading.Timer(2.0, watch.stopping.set).start()

    began = time.monotonic()
    outcome = PyomoBackend(solver, extend=extend).solve(problem, limits, start, watch)
    assert time.monotonic() - began < 8.0
    assert not outcome.finished
    if solver == "appsi_highs":  # the other takes no start
        assert watch.objective <= evaluate(problem, start).objective
        assert np.isfinite(watch.claimed)


def test_standard_output_is_left_alone_while_highs_runs(capfd) -> None:
    def extend(model: pyo.ConcreteModel) -> None:
        threading.Timer(1.0, lambda: print("still here", flush=True)).start()

    run(hard_problem(), PyomoBackend(extend=extend), seconds=3.0)
    assert capfd.readouterr().out == "still here\n"


def test_available_solvers_are_found_by_trying() -> None:
    assert "appsi_highs" in available_solvers()
