"""The whole: files in, sentences, tables, JSON and a realignment out, held against all plans."""

from __future__ import annotations

import csv
import itertools
import json
import re
from pathlib import Path

import numpy as np
import pytest
from actuals_files import write_rows
from click.testing import CliRunner

import territoryopt as topt
from territoryopt.cli import main
from territoryopt.monitoring.health import realign
from territoryopt.monitoring.present import present
from territoryopt.monitoring.settings import MonitorSettings
from territoryopt.problem import evaluate

ROOT = Path(__file__).parents[2]
TINY = ROOT / "instances" / "tiny"
PAGE = ROOT / "docs" / "monitor.md"
TERRITORY_B, FAST = slice(8, 16), {"seconds": 10.0, "threads": 1}


@pytest.fixture
def drifted(amounts):
    """Rep B's accounts grow by 40 % from June on."""
    out = amounts.copy()
    out[TERRITORY_B, 5:] *= 1.4
    return out


def test_a_quiet_year_is_said_to_be_quiet(run, amounts, long_file):
    found = topt.monitor(run, long_file(amounts))
    assert found.flags == ()
    assert found.health.realignments == ()
    assert found.sentences()[:2] == [
        "Actuals of 6 territories to September 2026, 9 months into the year, against the plan in "
        "run.",
        "No territory differs from the team by more than noise explains (a team without any drift "
        "has a flag in 5 % of years).",
    ]
    assert found.sentences()[-1] == (
        "With the numbers of now the plan still holds: nothing has to be realigned."
    )


def test_growth_is_told_with_its_reason_its_band_and_what_it_takes(
    run, drifted, long_file, tmp_path
):
    goals = write_rows(tmp_path / "g.csv", ["rep_id", "goal"],
                       [(f"R-{j}", 50_000) for j in range(6)])  # fmt: skip
    found = topt.monitor(run, long_file(drifted), goals=goals, **FAST)
    (flag,) = found.flags
    assert (flag.rep, flag.kind, flag.since, flag.still) == ("R-1", "up", "2026-06", True)
    assert flag.change == pytest.approx(0.4, abs=0.03)
    assert flag.flagged in ("2026-06", "2026-07")
    assert flag.cause.kind == "growth"
    assert flag.cause.along == 8
    text = "\n".join(found.sentences())
    assert "Rep B: " in text
    assert "above its share of the team since June 2026, give or take " in text
    assert "It is broad: 8 of 8 accounts grew, the one in the middle is up " in text
    place = r"potential_band: 13\d % of its share of potential \(90 to 110 %\), out of the band"
    assert re.search(place, text)
    assert "Goals: the team is at " in text
    assert "no earlier year is known" in text
    few, best = found.health.realignments
    assert few.kind == "fewest"
    assert few.least == len(few.moves)
    assert all(move.before == "R-1" for move in few.moves)
    assert evaluate(found.health.present.problem, few.rep).holds
    assert best.objective <= few.objective + 1e-6
    assert few.hand_over > 0
    assert few.gain == 0
    assert few.net == -few.hand_over
    amount, unit = few.unbroken["potential"]
    assert unit == "USD/year"
    assert few.break_even == pytest.approx(few.hand_over / amount)
    assert "Fewest moves: " in text
    assert "fewer will not do, " in text
    assert "It is worth it if 1,000 USD a year of potential outside the band cost you" in text


def test_a_price_on_what_is_outside_settles_whether_it_pays(run, drifted, long_file):
    for price, words in ((10.0, "it pays, by "), (1e-4, "it costs ")):
        page = MonitorSettings.model_validate({"plan": {"outside_price": price}})
        found = topt.monitor(run, long_file(drifted), settings=page, **FAST)
        few = found.health.realignments[0]
        assert few.worth == pytest.approx(price * few.unbroken["potential"][0])
        assert few.net == pytest.approx(few.worth - few.hand_over)
        assert any(words in line for line in found.sentences())


def test_a_territory_that_stopped_and_a_rep_who_left(run, amounts, long_file):
    ended = amounts.copy()
    ended[:8, 6:] = 0
    found = topt.monitor(run, long_file(ended), search=False)
    (flag,) = found.flags
    assert (flag.rep, flag.kind, flag.since) == ("R-0", "stopped", "2026-07")
    text = "\n".join(found.sentences())
    assert "Rep A: nothing any more since July 2026. A rep who has left or is away" in text
    assert 'ask again with left = ["R-0"] under [plan]' in text
    assert not found.health.breaches
    page = MonitorSettings.model_validate({"plan": {"left": ["R-0"]}})
    gone = topt.monitor(run, long_file(ended), settings=page, **FAST)
    for each in gone.health.realignments:
        assert len(each.free) == 8
        assert "R-0" not in {move.after for move in (*each.moves, *each.free)}
        assert each.net is None
    assert any("Realigning without Rep A:" in line for line in gone.sentences())
    page = MonitorSettings.model_validate({"plan": {"left": ["R-7"]}})
    with pytest.raises(topt.InputError, match="the run has no such rep"):
        topt.monitor(run, long_file(ended), settings=page)


def test_lost_accounts_are_named(run, amounts, long_file):
    lost = amounts.copy()
    lost[[16, 17], 5:] = 0
    found = topt.monitor(run, long_file(lost), search=False)
    (flag,) = found.flags
    assert (flag.rep, flag.kind, flag.cause.kind) == ("R-2", "down", "lost accounts")
    assert "2 lost accounts explain " in " ".join(found.sentences())
    assert "Shop 16 (A-16) from " in " ".join(found.sentences())
    kept = MonitorSettings.model_validate({"plan": {"lost": "keep"}})
    still = topt.monitor(run, long_file(lost), settings=kept, search=False)
    worth = found.health.present.instance.account_numbers("potential")
    assert worth[16] == 0
    assert still.health.present.instance.account_numbers("potential")[16] > 0


def test_actuals_by_rep_say_what_they_can(run, drifted, tmp_path):
    totals = drifted.reshape(6, 8, 9).sum(axis=1)
    path = write_rows(tmp_path / "reps.csv", ["rep_id", *(f"2026-0{m + 1}" for m in range(9))],
                      [(f"R-{j}", *row) for j, row in enumerate(totals)])  # fmt: skip
    found = topt.monitor(run, path, search=False)
    assert [flag.rep for flag in found.flags] == ["R-1"]
    assert "Why cannot be told: the actuals are not by account." in " ".join(found.sentences())
    places = {place.rep: place.standing for place in found.health.places}
    assert places["R-1"] == "out"


def test_names_are_data_in_the_page(run, drifted, long_file, tmp_path):
    path = topt.write_monitor(topt.monitor(run, long_file(drifted), search=False), tmp_path / "m")
    page = (path / "monitor.md").read_text()
    assert "| Rep B |" in page
    assert "potential\\_band" in page


def fields_of(value, prefix=""):
    for key, inner in value.items():
        if not (isinstance(inner, list) and inner and isinstance(inner[0], dict)):
            yield f"{prefix}{key}"
        if isinstance(inner, dict) and prefix + key != "inputs":
            yield from fields_of(inner, f"{prefix}{key}.")
        if isinstance(inner, list) and inner and isinstance(inner[0], dict):
            for each in inner:
                yield from fields_of(each, f"{prefix}{key}[].")


def test_the_command_writes_what_the_documents_say(run, drifted, long_file, tmp_path):
    out = tmp_path / "watched"
    args = ["monitor", str(run.folder), str(long_file(drifted)), "--out", str(out)]
    args += ["--threads", "1", "--seconds", "10"]
    done = CliRunner().invoke(main, [*args, "--json"])
    assert done.exit_code == 0, done.output
    printed = json.loads(done.output)
    assert printed.pop("folder") == str(out)
    kept = json.loads((out / "monitor.json").read_text())
    assert kept["flags"] == printed["flags"]
    assert kept["schema"] == "territoryopt/monitor/1"
    said = set(re.findall(r"`([a-z_.\[\]]+)`", PAGE.read_text().split("## monitor.json")[1]))
    found = set(fields_of(kept))
    assert found <= said, found - said
    names = {"monitor.json", "monitor.md", "territories.csv", "flags.csv", "imbalance.csv",
             "moves.csv"}  # fmt: skip
    assert {path.name for path in out.iterdir()} == names
    documented = PAGE.read_text()
    for name in names:
        if name.endswith(".csv"):
            with open(out / name, newline="", encoding="utf-8") as file:
                reader = csv.DictReader(file)
                for column in reader.fieldnames or ():
                    assert f"`{column}`" in documented, (name, column)
                assert list(reader) or name == "flags.csv"
    again = CliRunner().invoke(main, args)
    assert again.exit_code == 2
    assert "holds a monitor already" in again.output
    assert CliRunner().invoke(main, [*args, "--overwrite"]).exit_code == 0


def test_the_command_tells_errors_and_words(run, drifted, long_file, tmp_path):
    bad = CliRunner().invoke(main, ["monitor", str(run.folder), str(tmp_path / "no.csv"), "--json"])
    assert bad.exit_code == 2
    assert json.loads(bad.output)["error"]["problems"][0]["file"] == "no.csv"
    (tmp_path / "m.toml").write_text('[plan]\ngrows = ["distance"]\n')
    done = CliRunner().invoke(
        main, ["monitor", str(run.folder), str(long_file(drifted)), "--with",
               str(tmp_path / "m.toml")],
    )  # fmt: skip
    assert done.exit_code == 2
    assert "plan.grows: is no column of accounts.csv" in done.output
    done = CliRunner().invoke(
        main, ["monitor", str(run.folder), str(long_file(drifted)), "--no-search"]
    )
    assert done.exit_code == 0
    assert "no realignment was looked for" in done.output


def test_frames(run, drifted, long_file):
    found = topt.monitor(run, long_file(drifted), search=False)
    frame = found.to_frame()
    assert len(frame) == 6 * 9
    mine = frame[(frame.rep_id == "R-1") & (frame.month == "2026-09")].iloc[0]
    assert mine.growth == pytest.approx(1.4, abs=0.03)
    assert mine.ratio == pytest.approx(1.4, abs=0.08)
    assert mine.fair == pytest.approx(mine.actual / mine.team)
    assert mine.flagged == "yes"
    assert list(found.flags_frame().rep_id) == ["R-1"]
    assert "<table" in found._repr_html_()


def test_fewest_and_best_are_so_among_all_plans(tmp_path):
    instance = topt.read_instance(TINY)
    model = topt.load_model(TINY / "model.toml")
    result = topt.solve(instance, model, backend="highs", threads=1)
    run = topt.read_run(topt.write_run(result, instance, model, tmp_path / "run"))
    factor = np.array([1.5, 1.0, 1.0, 1.0, 1.0, 1.0])
    now = present(run, {"potential": factor}, [], "")
    assert (now.rep == run.rep).all()
    grown = now.instance.account_numbers("potential")
    assert np.allclose(grown, instance.account_numbers("potential") * factor)
    plans = [np.array(p) for p in itertools.product(range(3), repeat=6)]
    held = [(int((p != now.rep).sum()), evaluate(now.problem, p).objective, p)
            for p in plans if evaluate(now.problem, p).holds]  # fmt: skip
    from territoryopt.answers.series import Series

    made = []
    price = 400.0
    none = realign(
        now, Series(10.0, threads=1), made, move_price=price, outside_price=None, gap=0.0
    )
    assert none == ""
    few, best = made
    least = min(moves for moves, _, _ in held)
    assert least > 0
    assert len(few.moves) == few.least == least
    assert few.objective == pytest.approx(min(o + price * m for m, o, _ in held if m == least))
    assert best.objective == pytest.approx(min(o + price * m for m, o, _ in held))


def test_no_plan_is_said(tmp_path):
    instance = topt.read_instance(TINY)
    model = topt.load_model(TINY / "model.toml")
    result = topt.solve(instance, model, backend="highs", threads=1)
    run = topt.read_run(topt.write_run(result, instance, model, tmp_path / "run"))
    from territoryopt.answers.series import Series

    now = present(run, {"potential": np.array([50.0, 1, 1, 1, 1, 1])}, [], "")
    made = []
    none = realign(now, Series(10.0, threads=1), made, move_price=0, outside_price=None, gap=0.0)
    assert made == []
    assert none == "no plan keeps every rule with the numbers of now"


def test_the_settings_in_the_documents_are_read(tmp_path):
    from territoryopt.monitoring.settings import load_settings

    text = PAGE.read_text().split("```toml\n")[1].split("```")[0]
    (tmp_path / "m.toml").write_text(text)
    page = load_settings(tmp_path / "m.toml")
    assert page.until == "2026-09"
    assert page.plan.grows == ["potential"]


def test_several_measures_share_the_false_alarm_and_each_grows_its_own(run, drifted, tmp_path):
    rows = [
        (f"A-{i:02d}", f"2026-0{m + 1}", measure, f"{drifted[i, m] * (1 + 9 * k):.3f}")
        for i in range(48) for m in range(9) for k, measure in enumerate(("potential", "units"))
    ]  # fmt: skip
    path = write_rows(tmp_path / "two.csv", ["account_id", "month", "measure", "amount"], rows)
    found = topt.monitor(run, path, search=False)
    assert [one.measure for one in found.watched] == ["potential", "units"]
    assert found.grown == {"potential": ("potential",), "units": ("revenue",)}
    one = topt.monitor(run, topt.Actuals.of(drifted, "2026-01"), search=False)
    assert found.watched[0].drifts.limit > one.watched[0].drifts.limit
    assert {flag.measure for flag in found.flags} == {"potential", "units"}
    assert "Potential and units of 6 territories" in found.sentences()[0]
    goals = write_rows(tmp_path / "g.csv", ["rep_id", "goal"], [("R-0", 1)])
    with pytest.raises(topt.InputError, match="none is said to be that of the goals"):
        topt.monitor(run, path, goals=goals, search=False)


def test_a_drift_that_goes_on_is_told_where_it_heads(run, amounts, long_file):
    slow = amounts.copy()
    slow[TERRITORY_B] *= 1 + 0.011 * np.arange(9)
    found = topt.monitor(run, long_file(slow), search=False)
    (place,) = [place for place in found.health.places if place.rep == "R-1"]
    assert place.standing == "heading out"
    began = int(found.flags[0].since[5:7]) - 1
    pace = np.log1p(found.flags[0].change) / (9 - began)
    assert place.months == pytest.approx(np.log(1.1 / place.share) / pace)
    assert place.months == pytest.approx(np.log(1.1 / place.share) / 0.0105, rel=0.5)
    assert "heading out of the band: there in about " in " ".join(found.sentences())
