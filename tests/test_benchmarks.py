"""The benchmarks: what the generator promises, and that every figure is taken one way."""

from __future__ import annotations

import csv
import math
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import territoryopt as topt
from territoryopt.problem import evaluate

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"

pytest.importorskip("numba", reason="pip install 'territoryopt[benchmarks]'")
sys.path.insert(0, str(BENCHMARKS))

import gap_instances  # noqa: E402
import generate  # noqa: E402
import globe  # noqa: E402
import measure  # noqa: E402
import plots  # noqa: E402
import quality  # noqa: E402
import reading  # noqa: E402
import recording  # noqa: E402
import report  # noqa: E402
from questions import Question  # noqa: E402

SMALL = Question(accounts=60, reps=3, seed=0)


def arrays_of(drawn):
    return {k: v for k, v in vars(drawn).items() if isinstance(v, np.ndarray)}


def test_a_seed_gives_the_same_arrays_and_another_seed_does_not():
    first, again, other = (generate.territories(300, 6, seed) for seed in (1, 1, 2))
    assert len(arrays_of(first)) >= 9
    for name, value in arrays_of(first).items():
        np.testing.assert_array_equal(value, arrays_of(again)[name])
        assert not np.array_equal(value, arrays_of(other)[name]), name
    assert first.workload_band == again.workload_band


def test_an_axis_of_hardness_leaves_the_rest_as_it_was():
    base = arrays_of(generate.territories(300, 6, 1))
    for change, moved in (
        ({"tightness": 0.02}, set()),
        ({"skills": 0.5}, {"requires"}),
        ({"skew": 1.5}, {"potential", "revenue"}),
    ):
        other = arrays_of(generate.territories(300, 6, 1, **change))
        assert {k for k in base if not np.array_equal(base[k], other[k])} == moved


@pytest.mark.parametrize("hard", [False, True])
def test_rows_pairs_and_dense_agree_with_the_formula(hard):
    drawn = generate.territories(200, 7, 3, skills=0.5, hard_skills=hard)
    cost, workload = drawn.dense()
    i, j = np.repeat(np.arange(200), 7), np.tile(np.arange(7), 200)
    np.testing.assert_array_equal(drawn.pairs(i, j), cost.ravel())
    np.testing.assert_array_equal(drawn.workload_pairs(i, j), workload.ravel())
    np.testing.assert_array_equal(drawn.rows(50, 80), cost[50:80])
    np.testing.assert_array_equal(drawn.workload(50, 80), workload[50:80])

    km = np.hypot(*(drawn.place[:, None, :] - drawn.home[None]).transpose(2, 0, 1))
    road = drawn.visits[:, None] * km * 2 * 1.2 / (60 * 4)
    asks = drawn.requires >= 0
    missing = asks[:, None] & ~drawn.holds.T[drawn.requires]
    fit = np.where(missing, np.inf if hard else 0.05 * drawn.potential[:, None], 0.0)
    owned = (drawn.current >= 0)[:, None] & (drawn.current[:, None] != np.arange(7))
    risk = np.where(owned, 0.03 * drawn.revenue[:, None], 0.0)
    np.testing.assert_allclose(cost, 75 * road + fit + risk)
    np.testing.assert_allclose(workload, drawn.visits[:, None] * drawn.hours[:, None] + road)


def test_shares_totals_and_skew_are_as_asked():
    drawn = generate.territories(20_000, 40, 1, skew=1.0, skills=0.2)
    assert (drawn.requires >= 0).mean() == pytest.approx(0.2, abs=0.01)
    assert drawn.holds.mean(axis=0) == pytest.approx(0.5)
    assert (drawn.current < 0).mean() == pytest.approx(0.05, abs=0.01)
    assert drawn.potential.sum() == pytest.approx(40 * 2e6)
    assert drawn.potential.max() <= 0.2 * 2e6 * (1 + 1e-9)
    assert np.log(drawn.potential).std() == pytest.approx(1.0, abs=0.02)
    assert (drawn.visits * drawn.hours).sum() == pytest.approx(40 * 900)
    side = math.sqrt(20_000 * 40)
    assert (drawn.place >= 0).all()
    assert (drawn.place <= side).all()
    least = drawn.workload(0, 20_000).min(axis=1).sum() / 40
    assert drawn.workload_band == pytest.approx((0.9 * 1.06 * least, 1.1 * 1.06 * least))
    assert drawn.potential_band == pytest.approx((0.85 * 2e6, 1.15 * 2e6))


@pytest.mark.parametrize("seed", [1, 2])
def test_the_bands_can_hold(seed):
    result = topt.solve(
        generate.territories(300, 6, seed).problem(), backend="highs", time_limit=20, gap=0.05
    )
    assert result.rep is not None
    assert result.evaluation.holds


def test_pairs_on_demand_are_the_same_problem():
    drawn = generate.territories(200, 5, 1)
    stored, computed = drawn.problem(on_demand=False), drawn.problem(on_demand=True)
    plan = np.arange(200) % 5
    one, other = (evaluate(problem, plan) for problem in (stored, computed))
    assert one.objective == pytest.approx(other.objective)
    assert one.activity["workload"] == pytest.approx(other.activity["workload"])


def test_territories_on_the_globe_cost_what_the_formula_says():
    laid = globe.globe(300, 7, 3, skills=0.5)
    drawn, problem = laid.drawn, laid.problem()
    (lat, lon), (hlat, hlon) = (np.radians(each).T for each in (laid.place, laid.home))
    chord = np.sin((lat[:, None] - hlat) / 2) ** 2
    chord += np.cos(lat)[:, None] * np.cos(hlat) * np.sin((lon[:, None] - hlon) / 2) ** 2
    road = drawn.visits[:, None] * 2 * 6371.0088 * np.arcsin(np.sqrt(chord)) * 2 * 1.2 / (60 * 4)
    asks = drawn.requires >= 0
    missing = asks[:, None] & ~drawn.holds.T[drawn.requires]
    owned = (drawn.current >= 0)[:, None] & (drawn.current[:, None] != np.arange(7))
    cost = 75 * road + 0.05 * drawn.potential[:, None] * missing
    cost += 0.03 * drawn.revenue[:, None] * owned
    np.testing.assert_allclose(problem.cost_block(0, 300), cost, rtol=1e-9)
    workload, potential = problem.rows
    hours = drawn.visits[:, None] * drawn.hours[:, None] + road
    np.testing.assert_allclose(workload.amounts.block(0, 300), hours, rtol=1e-9)
    middle = 1.06 * hours.min(axis=1).sum() / 7
    np.testing.assert_allclose((workload.lower + workload.upper) / 2, middle)
    np.testing.assert_array_equal(potential.amounts.base, drawn.potential)
    wide = np.degrees(np.ptp(drawn.place[:, 0]) / 6371.0088)
    assert np.ptp(laid.place[:, 1]) == pytest.approx(wide)


@pytest.mark.parametrize("kind", gap_instances.KINDS)
def test_gap_instances_follow_the_recipe(kind):
    gap = gap_instances.gap_instances(kind, 10, 200, 1)
    again, other = (gap_instances.gap_instances(kind, 10, 200, seed) for seed in (1, 2))
    np.testing.assert_array_equal(gap.cost, again.cost)
    assert not np.array_equal(gap.cost, other.cost)
    assert (gap.cost == np.floor(gap.cost)).all()
    np.testing.assert_array_equal(gap.capacity, np.floor(0.8 * gap.use.sum(axis=1) / 10 + 1e-9))
    if kind == "C":
        assert (gap.use.min(), gap.use.max()) == (5, 25)
        assert (gap.cost.min(), gap.cost.max()) == (10, 50)
    elif kind == "D":
        assert (gap.use.min(), gap.use.max()) == (1, 100)
        assert np.abs(gap.cost + gap.use - 111).max() == 10
    else:
        assert gap.use.mean() == pytest.approx(10.5, abs=1)  # floor of 1 + an exponential of 10
        assert (gap.cost <= 1000 / gap.use).all()
        assert (gap.cost >= np.floor(1000 / gap.use - 10)).all()


def test_gap_files_are_read_and_refused(tmp_path):
    path = tmp_path / "g"
    path.write_text(" 2 3\n 1 2 3\n 4 5 6\n 7 8 9\n 10 11 12\n 20 21\n", encoding="ascii")
    gap = gap_instances.read_gap(path)
    np.testing.assert_array_equal(gap.cost, [[1, 2, 3], [4, 5, 6]])
    np.testing.assert_array_equal(gap.use, [[7, 8, 9], [10, 11, 12]])
    np.testing.assert_array_equal(gap.capacity, [20, 21])
    assert gap.problem().accounts == 3
    path.write_text("2 3 1 2", encoding="ascii")
    with pytest.raises(ValueError, match="2 x 3 needs 16 numbers"):
        gap_instances.read_gap(path)


@pytest.mark.outside_data
def test_the_best_known_values_are_of_the_files(outside_data):
    known = gap_instances.best_known(outside_data / "gap")
    assert known["c05100"] == (1931, True)
    assert gap_instances.read_gap(outside_data / "gap" / "c05100").cost.shape == (5, 100)


def test_peers_agree_on_the_optimum():
    rows = {
        peer: measure.run_here(measure.Job(SMALL, peer, 20)) for peer in ("highspy_arrays", "cpsat")
    }
    rows |= {peer: measure.measured(measure.Job(SMALL, peer, 20)) for peer in ("engine",)}
    rows |= {"pyomo_highs": measure.run_here(measure.Job(SMALL, "pyomo_highs", 20))}
    best = min(row.objective for row in rows.values())
    for peer, row in rows.items():
        assert row.objective == pytest.approx(best, rel=2e-4), peer
        assert best * (1 - 2e-4) <= row.bound <= best * (1 + 1e-6), peer
        assert 0 < row.build_cpu <= row.cpu
        assert row.memory >= row.memory_before > 0
    assert rows["engine"].proved <= best
    assert rows["engine"].trajectory[-1][2] == pytest.approx(rows["engine"].objective)


def test_a_child_that_breaks_is_a_row_that_says_so(monkeypatch):
    monkeypatch.delenv("TERRITORYOPT_DATA", raising=False)
    row = measure.measured(measure.Job(Question("gap_file", "c05100"), "highspy_arrays", 1))
    assert row.status == "broke down"
    assert "TERRITORYOPT_DATA" in row.note
    assert row.objective == math.inf


def row_of(objective, bound, proved=-math.inf, cpu=1.0, trajectory=()):
    return measure.Row(
        "x", objective, bound, proved, cpu, cpu, 0.1, 0.1, 0.5, 0.2, "a, \"b\"", list(trajectory)
    )  # fmt: skip


def test_tables_come_from_the_csv(tmp_path, monkeypatch):
    recorder = recording.Recorder("speedup", tmp_path)
    question = replace(SMALL, seed=4)
    path = [(1.0, 2.0, math.inf, 80.0), (2.0, 4.0, 120.0, 90.0), (3.0, 5.0, 100.0, 95.0)]
    answers = iter([row_of(110.0, 90.0, cpu=100.0), row_of(100.0, 99.0, 95.0, 6.0, path)])
    monkeypatch.setattr(recording, "measured", lambda job: next(answers))
    recorder.measure(measure.Job(question, "pyomo_highs", 300), "territories")
    recorder.measure(measure.Job(question, "engine", 60), "territories")
    text = report.filled("a\n<!-- table:speedup -->\nold\n<!-- end -->\nb\n", tmp_path)
    assert "old" not in text
    assert "| 60 x 3 | 4 | 10.000 % | 100 | engine | 1.000 % | 5.0 | 20 |" in text
    assert f"{recorder.run}: " in text
    assert "not yet run" in report.filled("<!-- table:scale -->\n<!-- end -->", tmp_path)
    with pytest.raises(ValueError, match="no table 'scal'"):
        report.filled("<!-- table:scal -->\n<!-- end -->", tmp_path)
    with (tmp_path / "speedup.csv").open(newline="") as file:
        assert [line["solver"] for line in csv.DictReader(file)] == ["pyomo_highs", "engine"]


def test_the_latest_run_counts_and_a_wrong_bound_is_left_out(tmp_path, monkeypatch):
    rows = [row_of(100.0, 50.0), row_of(200.0, 195.0, 190.0), row_of(220.0, 300.0)]
    answers = iter(rows)
    monkeypatch.setattr(recording, "measured", lambda job: next(answers))
    old, new = recording.Recorder("quality", tmp_path), recording.Recorder("quality", tmp_path)
    old.run, new.run = "20260101", "20260102"
    for recorder, peer in ((old, "engine"), (new, "engine"), (new, "cpsat")):
        recorder.measure(measure.Job(SMALL, peer, 1), "territories")
    found = reading.records(tmp_path / "quality.csv")
    assert [record.run for record in found] == ["20260102", "20260102"]
    assert [record.gap for record in found] == pytest.approx([5 / 200, 25 / 220])
    assert found[0].proved_gap == pytest.approx(10 / 200)
    text = report.table("quality", tmp_path)
    assert "cpsat claimed a bound above a plan in hand" in text


def test_a_seed_without_a_plan_is_the_worst(tmp_path, monkeypatch):
    answers = iter([row_of(100.0, 99.0), row_of(math.inf, 99.0)])
    monkeypatch.setattr(recording, "measured", lambda job: next(answers))
    recorder = recording.Recorder("quality", tmp_path)
    for seed in (1, 2):
        recorder.measure(measure.Job(replace(SMALL, seed=seed), "engine", 1), "territories")
    assert "| engine | 1 s | 1 of 2 | no plan | no plan |" in report.table("quality", tmp_path)


def test_other_columns_are_refused(tmp_path):
    (tmp_path / "x.csv").write_text("a,b\n1,2\n")
    with pytest.raises(ValueError, match="other columns"):
        recording.append(tmp_path / "x.csv", ("a", "c"), [[1, 2]])


def test_plots_are_drawn_or_say_what_is_missing(tmp_path, monkeypatch):
    assert plots.draw(tmp_path, "quality") == "nothing to draw in quality.csv"
    monkeypatch.setattr(recording, "measured", lambda job: row_of(100.0, 99.0))
    recording.Recorder("quality", tmp_path).measure(measure.Job(SMALL, "engine", 1), "territories")
    with monkeypatch.context() as without:
        without.setitem(sys.modules, "matplotlib", None)
        assert "matplotlib is missing" in plots.draw(tmp_path, "quality")
    pytest.importorskip("matplotlib")
    assert plots.draw(tmp_path, "quality") == "quality.png is drawn"
    assert (tmp_path / "quality.png").stat().st_size > 1000


def test_the_axes_vary_one_thing_at_a_time():
    every = quality.cases(SMALL, "all")
    assert len(every) == 7
    assert every[0] == SMALL
    assert {c.tightness for c in quality.cases(SMALL, "tightness")} == {0.10, 0.05, 0.02}


def test_sizes_and_seeds_are_read():
    assert recording.sizes("1000x20,5000x50:60") == [(1000, 20, None), (5000, 50, 60.0)]
    assert recording.seeds("1-3,7") == [1, 2, 3, 7]


def test_the_readme_shows_every_table():
    text = (BENCHMARKS / "README.md").read_text(encoding="utf-8")
    assert {match[1] for match in report.MARKED.findall(text)} == set(report.TABLES)
    assert report.filled(text, BENCHMARKS / "results") == text, "run benchmarks/report.py"
