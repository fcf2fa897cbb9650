"""Models and numbers that do not fit each other: each is told with the rules, reps and accounts to
blame, and none is searched until the time limit."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

import territoryopt as topt
from territoryopt.cli import main

ACCOUNTS = """account_id,name,potential,visits_per_year,hours_per_visit,requires,locked_rep,family
A1,Giant,1000,10,2,,,
A2,Two,10,10,2,,,
A3,Three,10,10,2,,,
A4,Four,10,10,2,,,
"""
REPS = "rep_id,name,capacity,skills\nR1,Ann,100,dental\nR2,Bob,100,\n"
GOAL = '[goals.g]\nkind = "measure"\nmeasure = "{}"\nprice = 1\n'


@pytest.fixture
def solve(tmp_path):
    """Solve the four accounts, changed by replacing texts, under a model."""

    def run(model: str, *changes: tuple[str, str], goal: str = "potential", seconds: float = 20):
        accounts, reps = ACCOUNTS, REPS
        for old, new in changes:
            assert old in accounts + reps
            accounts, reps = accounts.replace(old, new), reps.replace(old, new)
        (tmp_path / "accounts.csv").write_text(accounts)
        (tmp_path / "reps.csv").write_text(reps)
        (tmp_path / "m.toml").write_text(f'name = "M"\n{model}\n{GOAL.format(goal)}')
        instance, parsed = topt.read_instance(tmp_path), topt.load_model(tmp_path / "m.toml")
        return topt.solve(instance, parsed, time_limit=seconds, threads=1)

    return run


def names(result) -> set[str]:
    """The rules that are to blame."""
    assert result.status == "infeasible"
    assert result.rep is None
    return set(json.loads(json.dumps(result.conflict.as_dict()))["rules"])


BAND = '[rules.band]\nkind = "band"\nmeasure = "potential"\ntolerance = 0.1'
HOURS = '[workload]\n[rules.hours]\nkind = "capacity"\nmeasure = "calls"\nmax = "capacity"'
LOCKS = '[rules.locks]\nkind = "locks"'
SKILLS = '[rules.skills]\nkind = "required_skills"'
FAMILIES = '[rules.families]\nkind = "families"'


def test_a_band_narrower_than_the_largest_account(solve):
    assert names(solve(BAND)) == {"band"}


def test_capacity_below_the_total_work(solve):
    assert names(solve(HOURS, ("Ann,100", "Ann,30"), ("Bob,100", "Bob,49"))) == {"hours"}


def test_locks_beyond_capacity(solve):
    result = solve(
        f"{HOURS}\n{LOCKS}", ("A1,Giant,1000,10,2,,,", "A1,Giant,1000,10,2,,R2,"),
        ("A2,Two,10,10,2,,,", "A2,Two,10,10,2,,R2,"), ("Bob,100", "Bob,39"),
    )  # fmt: skip
    assert names(result) == {"hours", "locks"}


def test_a_required_skill_that_nobody_has(solve):
    result = solve(SKILLS, ("A3,Three,10,10,2,,,", "A3,Three,10,10,2,lasers,,"))
    assert names(result) == {"skills"}
    assert "A3" in json.dumps(result.conflict.as_dict())


def test_a_family_with_contradictory_locks(solve):
    result = solve(
        f"{LOCKS}\n{FAMILIES}", ("A1,Giant,1000,10,2,,,", "A1,Giant,1000,10,2,,R1,f"),
        ("A2,Two,10,10,2,,,", "A2,Two,10,10,2,,R2,f"),
    )  # fmt: skip
    assert names(result) == {"locks", "families"}


@pytest.mark.parametrize(
    ("model", "key", "word"),
    [
        (f"{HOURS}\nprice = -5", "rules.hours.price", "zero or more"),
        (BAND.replace("0.1", "15"), "rules.band.tolerance", "write 0.15"),
        (BAND.replace("0.1", "-0.1"), "rules.band.tolerance", "at least 0"),
        (BAND.replace("0.1", "nan"), "rules.band.tolerance", "finite"),
    ],
)
def test_numbers_of_the_wrong_sign_or_size(solve, model, key, word):
    with pytest.raises(topt.ModelError) as caught:
        solve(model)
    (fault,) = caught.value.problems
    assert fault.key == key
    assert word in str(fault)


def test_magnitudes_from_a_billionth_to_a_quadrillion_in_one_model(solve):
    result = solve(
        '[rules.band]\nkind = "band"\nmeasure = "potential"\ntolerance = 0.9\nprice = 1e-9\n'
        '[rules.few]\nkind = "capacity"\nmeasure = "count"\nmax = 2',
        ("A1,Giant,1000", "A1,Giant,1e15"), ("A2,Two,10", "A2,Two,1e-9"), goal="calls",
    )  # fmt: skip
    assert result.status in ("optimal", "gap_reached")
    assert result.bound <= result.objective
    counts = sorted(result.rep.tolist())
    assert counts == [0, 0, 1, 1]
    # what stands outside the band, by hand: targets are halves of all potential
    total = 1e15 + 1e-9 + 20
    with_giant = 1e15 + min(10.0, 1e-9)
    outside = (with_giant - 1.9 * total / 2) + (0.1 * total / 2 - (total - with_giant))
    calls = 80.0
    assert result.objective == pytest.approx(calls + 1e-9 * outside, rel=1e-6)


def test_the_command_says_it_too(tmp_path):
    (tmp_path / "accounts.csv").write_text(ACCOUNTS)
    (tmp_path / "reps.csv").write_text(REPS)
    model = tmp_path / "m.toml"
    model.write_text(f'name = "M"\n{BAND}\n{GOAL.format("potential")}')
    out = tmp_path / "run"
    said = CliRunner().invoke(
        main, ["solve", str(tmp_path), "-m", str(model), "--out", str(out), "--threads", "1"]
    )
    assert said.exit_code == 1
    assert "band" in said.output
    assert Path(out, "result.json").exists()
