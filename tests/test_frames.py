"""docs/frames.md says which columns the frame of every result has."""

from __future__ import annotations

import ast
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from planted import locks_against_capacity

import territoryopt as topt
from territoryopt.answers.frontier import Frontier
from territoryopt.answers.rule_costs import RuleCosts
from territoryopt.answers.uncertain import Uncertain, uncertain
from territoryopt.history.log import RunLog
from territoryopt.realign.curve import MovesCurve

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "frames.md"
TINY = ROOT / "instances" / "tiny"
NUMBERS = ("cost", "total", "lower", "upper", "change", "margin", "money", "bound", "x", "holds")

HELD_ELSEWHERE: dict[str, str] = {"Scored": "scoring/test_score_command.py"}
"""Results whose frames another test module holds against the page: class -> the module under
tests/, which has its heading of the page in it."""


def bullets() -> dict[str, list[list[str]]]:
    """The columns of each line of each result, in the order of the page."""
    out = {}
    for section in PAGE.read_text(encoding="utf-8").split("\n## ")[1:]:
        name, _, body = section.partition("\n")
        heads = [line[2:].split(":")[0] for line in body.splitlines() if line.startswith("- ")]
        out[name.removesuffix(".to_frame").strip()] = [
            re.findall(r"`([\w<>]+)`", head) for head in heads
        ]
    return out


def documented() -> dict[str, list[str]]:
    """The columns of each result, in the order of the page."""
    return {name: [c for line in lines for c in line] for name, lines in bullets().items()}


def columns(name: str, names: dict[str, list[str]]) -> list[str]:
    """The documented columns; a line with a name in brackets stands there for each such name."""
    out = []
    for line in bullets()[name]:
        kind = re.search(r"<(\w+)>", line[0])
        each = names[kind[1]] if kind else [""]
        out += [column.replace(kind[0] if kind else "", one) for one in each for column in line]
    return out


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    """A result of every kind that gives a frame."""
    root = tmp_path_factory.mktemp("frames")
    instance, model = topt.read_instance(TINY), topt.load_model(TINY / "model.toml")
    result = topt.solve(instance, model, time_limit=10, gap=0)
    reasons = topt.explain(result, instance)
    quick = {"seconds": 1}
    (root / "a.csv").write_text("account_id,name,current_rep\n7, Harbor ,Chen\n8,Union,Chen\n")
    (root / "r.csv").write_text("rep_id,name\nR-1,Chen\n")
    found = [
        result,
        reasons,
        topt.check(instance, model, topt.current_alignment(instance)),
        topt.import_accounts(root / "a.csv", root / "r.csv", root / "out"),
        topt.why_not(reasons, "A-3", "R-1"),
        topt.rule_costs(reasons, **quick),
        topt.certainty(reasons, **quick),
        topt.frontier(reasons, "moves", points=3, **quick),
        topt.fewest_moves(result.problem),
        topt.compare(reasons, result.problem.current),
        uncertain(reasons, 20),
        topt.why_no_plan(locks_against_capacity(10, 3).problem),
        topt.run_log(topt.write_run(result, instance, model, root / "run")),
        topt.price_requests(
            topt.read_run(root / "run"),
            [{"account_id": "A-3", "rep_id": "R-1", "wish": "keep", "reason": ""}], time_limit=5,
        ),
        *after_the_plan(topt.read_run(root / "run"), root),
        *of_several_futures(root),
    ]  # fmt: skip
    return {type(one).__name__: one for one in found}


def after_the_plan(run, root):
    """What is asked of a plan that is there."""
    (root / "goals.toml").write_text("[seasons]\nweights = [1, 1, 1, 2]\n")
    rows = [f"R-{j},2026-0{m},{100 * j + m}" for j in (1, 2, 3) for m in (1, 2, 3)]
    (root / "sold.csv").write_text("\n".join(["rep_id,month,amount", *rows]))
    pairs = [{"rep_id": f"R-{j}", "travel_hours": j} for j in (1, 2, 3)]
    new = {"account_id": "N-1", "latitude": 40, "longitude": -88, "potential": 9, "pairs": pairs,
           "visits_per_year": 1, "hours_per_visit": 1}  # fmt: skip
    quick = {"time_limit": 5, "threads": 1}
    return [
        topt.set_goals(run, 1000, settings=root / "goals.toml"),
        topt.territory_quality(run),
        topt.whitespace(run, "name"),
        topt.monitor(run, root / "sold.csv", search=False),
        topt.realigned(topt.Start.of_instance(run.instance, run.model), **quick),
        topt.moves_curve(run.problem, (1.0,), seconds=2, threads=1),
        topt.Recommender(run).recommend(new),
        topt.transition(run, 1, 3, **quick),
    ]


def of_several_futures(root):
    page = root / "page.toml"
    base = f'[base]\ninstance = "{TINY.as_posix()}"\nmodel = "{TINY.as_posix()}/model.toml"\n'
    page.write_text(f"{base}[scenarios.wide]\nmodel.rules.potential_band.tolerance = 0.5\n")
    swept = topt.sweep(page, root / "swept", workers=1)
    return [swept, topt.side_by_side(root / "swept"), topt.robust(root / "swept")]


def test_every_frame_has_the_columns_of_the_page(results):
    problem = results["Result"].problem
    names = {
        "rule": [rows.name for rows in problem.rows if len(rows) == problem.reps],
        "goal": [cost.name for cost in problem.costs],
        "cost": list(results["Recommendation"].choices[0].money),
        "period": ["q1", "q2", "q3", "q4"],
        "criterion": [one.name for one in results["Quality"].criteria],
        "by": ["name"],
        "priced": [],
        "measure": [measure for measure, _ in results["SideBySide"].measures],
    }
    assert set(documented()) - set(HELD_ELSEWHERE) == set(results)
    for name, result in results.items():
        frame = result.to_frame()
        assert isinstance(frame, pd.DataFrame)
        assert list(frame.columns) == columns(name, names), name
        assert len(frame), name
        for column in set(NUMBERS) & set(frame.columns):
            assert pd.api.types.is_numeric_dtype(frame[column].astype(float)), (name, column)


def test_every_class_that_gives_a_frame_is_on_the_page():
    for path in (ROOT / "src").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.ClassDef) or node.name == "Shown":
                continue
            methods = [part.name for part in node.body if isinstance(part, ast.FunctionDef)]
            if "to_frame" in methods:
                assert node.name in documented(), (
                    f"{path.relative_to(ROOT)}: write '## {node.name}.to_frame' with its columns "
                    "and units into docs/frames.md, and give a result to tests/test_frames.py"
                )
    for name, module in HELD_ELSEWHERE.items():
        text = (ROOT / "tests" / module).read_text(encoding="utf-8")
        assert f"{name}.to_frame" in text, f"tests/{module} does not hold {name}.to_frame"


def test_a_frame_without_rows_has_its_columns():
    no = topt.fewest_moves(locks_against_capacity(10, 3).problem, seconds=1)
    assert list(no.to_frame().columns) == documented()["FewestMoves"]
    kept = None
    for empty in (
        Frontier("moves", "moves", (), (), 0.0),
        RuleCosts((), kept, 0.0),
        Uncertain(20, 0.0, 10, 1.0, (), (), 0.0),
        RunLog(Path("runs"), False, ()),
        MovesCurve((), no, 0, 0.0),
    ):
        frame = empty.to_frame()
        assert list(frame.columns) == documented()[type(empty).__name__]
        assert not len(frame)


def test_what_the_frames_say(results):
    """The numbers of the tiny instance, checked by hand in its README."""
    plan = results["Result"].to_frame().set_index("account_id")
    assert plan["cost"].sum() == results["Result"].objective == 4050
    assert (
        plan.loc[plan["moved"]].index.tolist() == ["A-2", "A-3", "A-5"] or plan["moved"].sum() == 3
    )
    today = results["Check"].to_frame().set_index(["rule", "row"])
    assert today.loc[("potential_band", "R-1"), "total"] == 380_000
    assert today.loc[("potential_band", "R-1"), "upper"] == pytest.approx(240_000)
    assert today.loc[("capacity", "R-1"), "unit"] == "hours/year"
    assert np.isnan(today.loc[("capacity", "R-1"), "lower"])
    assert today["hard"].all()
    told = results["Imported"].to_frame()
    (row,) = told[told["old"] == " Harbor "].itertuples()
    assert (row.kind, row.row, row.column, row.new) == ("repaired", 2, "name", "Harbor")


def test_a_result_without_a_plan_has_a_frame(results):
    none = replace(results["Result"], rep=None)
    frame = none.to_frame()
    assert frame["rep_id"].isna().all()
    assert frame["cost"].isna().all()
    assert not frame["moved"].any()
