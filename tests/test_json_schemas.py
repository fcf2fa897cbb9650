"""The JSON Schemas that are published hold for what every command prints and writes, and fail for
what it does not."""

from __future__ import annotations

import copy
import json
import re
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from json_contract import assert_meets, faults
from json_rooms import ROOMS
from problem_cases import random_problem

import territoryopt as topt
from territoryopt.cli.commands import main
from territoryopt.instance_writing import CHANGES, write_instance
from territoryopt.schemas import DEFINITIONS, PREFIX, schema_files

jsonschema = pytest.importorskip("jsonschema", reason="pip install jsonschema, or the extra 'dev'")

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "src" / "territoryopt"
TINY = ROOT / "instances" / "tiny"
MODEL = TINY / "model.toml"
SCHEMA_ID = re.compile(r"territoryopt/[a-z][a-z-]*/\d+")

HELD_ELSEWHERE: dict[str, str] = {
    "territoryopt/score/1": "scoring/test_score_command.py",
    "territoryopt/score-of-account/1": "scoring/test_score_command.py",
    "territoryopt/scoring/1": "scoring/test_score_command.py",
}
"""Schemas whose outputs another test module gives to `json_contract.assert_meets`: id -> the module
under tests/. All others have an output below."""

ACCOUNTS = """Account ID,Account Name,Account Owner,Billing Latitude,Billing Longitude,Rating
001A00000000001, Harbor ,Rivera,40,-90,Hot
001A00000000002,Lakeside,Chen,41,,Cold
"""
REPS = "rep_id,name,home_latitude,home_longitude\nR-1,Rivera,40,-90\nR-2,Chen,40,-88\n"


def command(*arguments):
    """What a command prints with --json, a record."""
    said = CliRunner().invoke(main, [*map(str, arguments), "--json"])
    assert said.exception is None or isinstance(said.exception, SystemExit), said.exception
    return json.loads(said.stdout)


class Outputs(list):
    """Pairs of what made a record, and the record."""

    def take(self, *arguments):
        self.append((" ".join(map(str, arguments)), command(*arguments)))

    def read(self, path):
        self.append((path.name, json.loads(path.read_text(encoding="utf-8"))))


@pytest.fixture(scope="module")
def outputs(tmp_path_factory):
    """Real outputs of every command and every file in JSON."""
    root, out = tmp_path_factory.mktemp("outputs"), Outputs()
    run = root / "run"
    out.take("solve", TINY, "-m", MODEL, "--out", run, "--gap", 0)
    _plan(out, run, root)
    _questions(out, run, root)
    _no_plan(out, root)
    _imports(out, root)
    _errors(out, root)
    for arguments in ((), ("balanced-field-sales",), ("key-accounts-first",), (MODEL,)):
        out.take("show", *arguments)
    out.take("schema")
    for room in ROOMS:
        (root / room.__name__).mkdir()
        room(out, run, root / room.__name__)
    return out


def _plan(out, run, root):
    out.read(run / "result.json")
    out.read(run / "explanation.json")
    out.take("check", TINY, run / "alignment.csv", "-m", MODEL)
    broken = root / "broken.csv"
    rows = "".join(f"A-{k},R-1\n" for k in range(1, 6))
    broken.write_text(f"account_id,rep_id\n{rows}A-6,\n")
    out.take("check", TINY, broken, "-m", MODEL)
    out.take("explain", run)
    out.take("explain", run, "-a", "A-3", "-r", "R-1")
    out.take("explain", run, "--markdown")
    out.take("report", run, "--out", root / "r.html")
    out.take("workbook", run, "--out", root / "r.xlsx")
    out.take("owners", run, "--for", "plain", "--out", root / "owners")
    problem = topt.compile_problem(topt.read_instance(TINY), topt.load_model(str(MODEL)))
    result = topt.solve(problem, time_limit=5)
    out.append(("interrupted", replace(result, status="interrupted").as_dict()))
    out.append(("without accounts", topt.explain(result).as_dict(accounts=False)))
    change = {"what": "capacity", "rep": "R-1", "before": 100, "after": 90}
    write_instance(topt.read_instance(TINY), root / "changed", changes=(change,))
    out.read(root / "changed" / CHANGES)


def _questions(out, run, root):
    out.take(
        "explain", run, "--why-not", "A-3", "R-1", "--force", "A-1", "R-2", "--rules", "--sure",
        "--trade", "moves", "--trade", "capacity", "--fewest-moves", "--uncertain", 20, "--prices",
        root / "prices.csv", "--seconds", 1,
    )  # fmt: skip
    other = root / "other.csv"
    rows = "".join(f"A-{k},R-{(k + 1) % 3 + 1}\n" for k in range(1, 7))
    other.write_text(f"account_id,rep_id\n{rows}")
    out.take("explain", run, "--against", other)
    out.take("explain", run, "--rules", "--time-limit", 1e-6)


def _no_plan(out, root):
    narrow, none = root / "narrow.toml", root / "none"
    rule = '[rules.narrow]\nkind = "band"\nmeasure = "potential"\ntolerance = 0.001\n'
    narrow.write_text(f"{MODEL.read_text()}\n{rule}")
    out.take("solve", TINY, "-m", narrow, "--out", none)
    out.read(none / "result.json")
    out.take("explain", none)
    out.take("explain", none, "--why", "--seconds", 1)
    out.take("solve", TINY, "-m", MODEL, "--out", root / "late", "--time-limit", 1e-9)
    out.take("explain", root / "late")


def _imports(out, root):
    accounts, reps = root / "accounts.csv", root / "reps.csv"
    accounts.write_text(ACCOUNTS)
    reps.write_text(REPS)
    out.take("import", accounts, "--reps", reps, "--propose")
    out.take("import", accounts, "--reps", reps, "--out", root / "imported")
    out.read(root / "imported" / "quality.json")
    made = topt.import_accounts(accounts, reps, root / "again")
    out.append(("Imported.as_dict()", made.as_dict()))
    out.take("import", reps, "--reps", accounts, "--out", root / "wrong")


def _errors(out, root):
    bad = root / "bad.toml"
    bad.write_text('name = "x"\nprise = 3\n[goals.driving]\nkind = "travel"\n')
    out.take("solve", "nowhere", "-m", MODEL)
    out.take("solve", TINY, "--no-such-option")
    out.take("solve", TINY, "-m", bad)
    out.take("solve", TINY, "-m", MODEL, "--backend", "higs")


@pytest.fixture(scope="module")
def one_of_each(outputs):
    """The longest output of each schema, and of each form of it."""
    found = {}
    for _, record in sorted(outputs, key=lambda pair: len(str(pair[1]))):
        found[record["schema"], *_forms(record)] = record
        for answer in record.get("answers", []):
            found[answer["schema"],] = answer
    return list(found.values())


def _forms(record):
    return (key for key in ("summary", "entries", "folder", "objective") if key in record)


# -- the files --------------------------------------------------------------------------------


@pytest.mark.parametrize("name", schema_files())
def test_a_file_is_a_schema_by_itself(name):
    schema = topt.json_schema(name)
    jsonschema.Draft202012Validator.check_schema(schema)
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert schema["$id"] == "urn:" + name.replace("/", ":")
    assert schema["title"]
    for urn in set(re.findall(r'"\$ref": "(urn:[a-z:0-9-]+)', json.dumps(schema))):
        assert any(part.get("$id") == urn for part in schema[DEFINITIONS].values()), urn
    assert "http" not in json.dumps(schema).replace(schema["$schema"], "")


@pytest.mark.parametrize("path", sorted(p.name for p in (SOURCE / "schemas").glob("*.json")))
def test_everything_in_a_file_is_described(path):
    text = (SOURCE / "schemas" / path).read_text(encoding="utf-8")
    schema = json.loads(text)
    assert text == json.dumps(schema, indent=2, ensure_ascii=False) + "\n"
    assert schema["description"].endswith(".")
    for where, part in _described(schema, path):
        assert part.get("description", "").endswith((".", ".)")) or "$ref" in part, where
        if part.get("type") == "object":
            assert {"properties", "additionalProperties"} & set(part), where
        if "properties" in part:
            assert set(part.get("required", [])) <= set(part["properties"]), where


def _described(part, where):
    """Every schema within a schema that stands for a value, with its place."""
    for key in ("properties", "$defs"):
        for name, inner in part.get(key, {}).items():
            yield f"{where}/{name}", inner
            yield from _described(inner, f"{where}/{name}")
    for key in ("items", "additionalProperties"):
        if isinstance(part.get(key), dict):
            yield f"{where}/{key}", part[key]
            yield from _described(part[key], f"{where}/{key}")


def test_every_schema_that_the_code_names_has_a_file_and_an_output(outputs):
    named = {}
    for path in SOURCE.rglob("*.py"):
        if path.parent != SOURCE / "schemas":
            for name in SCHEMA_ID.findall(path.read_text(encoding="utf-8")):
                named.setdefault(name, path.relative_to(ROOT).as_posix())
    files = schema_files()
    for name, path in sorted(named.items()):
        file = f"{name.removeprefix(PREFIX).replace('/', '-')}.json"
        assert name in files, (
            f"{path} gives records of {name}, which has no JSON Schema. Write "
            f"src/territoryopt/schemas/{file} as the files beside it are (docs/json.md, 'A new "
            "record') and give a real output of it to `outputs` in this module"
        )
    assert not set(files) - set(named), "schemas of records that nothing gives"
    seen = {record["schema"] for _, record in outputs}
    seen |= {a["schema"] for _, r in outputs for a in r.get("answers", []) if "schema" in a}
    for name in sorted(set(files) - seen):
        assert name in HELD_ELSEWHERE, (
            f"no output of {name} is held against its schema. Give one to `outputs` in this "
            "module; or call json_contract.assert_meets(record) in the tests of what makes it, and "
            "name that module in HELD_ELSEWHERE"
        )
        text = (ROOT / "tests" / HELD_ELSEWHERE[name]).read_text(encoding="utf-8")
        assert "assert_meets(" in text, HELD_ELSEWHERE[name]


# -- what is printed ----------------------------------------------------------------------------


def test_every_output_meets_its_schema(outputs):
    for made_by, record in outputs:
        found = faults(record)
        assert not found, "\n".join([made_by, *found])


def test_the_outputs_are_of_every_form(outputs):
    records = [record for _, record in outputs]
    status = {r["status"] for r in records if r["schema"] == "territoryopt/result/1"}
    assert status >= {"optimal", "infeasible", "no_plan", "interrupted"}
    kinds = {r["error"]["kind"] for r in records if "error" in r}
    assert kinds == {"input", "model", "backend"}
    assert any(r.get("holds") is False and r["breaches"] for r in records)
    told = [a for r in records for a in r.get("answers", [])]
    assert {a["schema"] for a in told} >= {f"territoryopt/{k}/1" for k in (
        "what-if", "rule-costs", "certainty", "frontier", "fewest-moves", "comparison",
        "uncertain", "no-plan", "pair-prices")}  # fmt: skip
    assert "time limit" in {a.get("stopped") for a in told}


@pytest.mark.parametrize(
    "place",
    [
        "goals.segments", "log.changes.came", "log.changes.moves", "log.changes.model",
        "log.damaged", "log.drafts", "log.notes", "log.cleaned", "monitor.flags.cause.weightiest",
        "monitor.realignments.moves", "plan.files", "quality.territories.criteria",
        "realign.closest.breaches", "realign.fewest.moves", "realign.moves.left",
        "realign.moves.next", "realign.no_plan.members", "recommendations.accounts.choices.breaks",
        "requests-log.person", "requests.chosen.accepted", "requests.frontier.requests",
        "requests.requests.conflict", "requests.requests.marginal", "requests.together.change",
        "result.lineage.predecessor", "result.source.locks", "result.source.scenario",
        "robust.left_out", "robust.cells", "side-by-side.plans.reps.totals", "sweep.scenarios",
        "transition.moves.step", "whitespace.gaps.km",
    ],
)  # fmt: skip
def test_what_may_be_empty_is_there_in_an_output(outputs, place):
    name, *keys = place.split(".")
    found = [record for _, record in outputs if record["schema"] == f"territoryopt/{name}/1"]
    for key in keys:
        found = [value.get(key) for value in found]
        each = (value if isinstance(value, list) else [value] for value in found)
        found = [one for values in each for one in values if one]
    assert found


@pytest.mark.parametrize("seed", range(12))
def test_results_of_problems_with_any_parts_meet_their_schema(seed):
    """Groups, families, exclusions, soft rules, accounts without owners, plans and none."""
    problem = random_problem(seed)
    result = topt.solve(problem, time_limit=10, gap=0.0)
    assert_meets(result.as_dict())
    if result.rep is not None:
        reasons = topt.explain(result)
        assert_meets(reasons.as_dict())
        other = np.roll(result.rep, 1)
        assert_meets(topt.compare(reasons, other).as_dict())


def test_a_start_that_was_interrupted_meets_its_schema(monkeypatch):
    def interrupt(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr("territoryopt.model.load_model", interrupt)
    record = command("show", MODEL)
    assert record["error"]["kind"] == "interrupted"
    assert_meets(record)


def test_a_key_less_is_seen(one_of_each):
    seen = 0
    for record in one_of_each:
        required = _required(record)
        assert "schema" in required
        for key in required - {"schema"}:
            less = {name: value for name, value in record.items() if name != key}
            assert faults(less, strict=False), f"{record['schema']} without {key}"
            seen += 1
    assert seen > 120


def _required(record):
    schema = topt.json_schema(record["schema"])
    for part in schema.get("anyOf", []):
        if "$ref" in part:
            form = schema[DEFINITIONS][part["$ref"].rpartition("/")[2]]
            if set(form["required"]) <= set(record):
                return set(form["required"])
    return set(schema["required"])


ANYTHING = {
    "instance": re.compile(r"\$\.changes\[0\]\.\w+"),
    "model": re.compile(r"\$\.(rules|goals)\.\w+\.(?!kind)\w+.*"),
    "log": re.compile(r"\$\.changes\[0\]\.(model|source)\[0\]\.(before|after).*"),
    "realign": re.compile(r"\$\.(changes\[0\]\.(?!kind|in_words)|(fewest|no_plan)\.).+"),
    "plan": re.compile(r"\$\.(imported|scored|result)\..*"),
}
"""What may hold anything: changes of an instance, terms of a model, and keys of two models; and
records within a record, which are tried by themselves."""


def test_another_type_is_seen_at_every_depth(one_of_each):
    seen = 0
    for record in one_of_each:
        for place, holder, key in list(_places(record, "$")):
            anything = ANYTHING.get(record["schema"].split("/")[1])
            if anything and anything.match(place):
                continue
            value = holder[key]
            holder[key] = ["not", {"this": 1}] if not isinstance(value, list) else {"no": "list"}
            found = faults(record, strict=False) if place != "$.schema" else ["seen"]
            holder[key] = value
            assert found, f"{record['schema']}: {place} may be anything"
            seen += 1
    assert seen > 500


def _places(value, where):
    """Every key of a record, in its first element where there are many."""
    if isinstance(value, dict):
        for key in value:
            yield f"{where}.{key}", value, key
            yield from _places(value[key], f"{where}.{key}")
    elif isinstance(value, list) and value and isinstance(value[0], dict):
        yield from _places(value[0], f"{where}[0]")


def test_a_key_that_nobody_described_is_ours_to_describe_and_theirs_to_pass_over(one_of_each):
    for record in one_of_each:
        more = copy.deepcopy(record)
        more["a_new_key"] = 1
        assert faults(more, strict=True), record["schema"]
        assert not faults(more, strict=False), record["schema"]


def test_parts_name_the_fields_that_the_code_has():
    from territoryopt.crm.mapping import AccountsSource, RepsSource
    from territoryopt.errors import Fault
    from territoryopt.model import Model
    from territoryopt.problem.evaluate import Breach
    from territoryopt.problem.screen import Impossible
    from territoryopt.reasons.facts import Broken
    from territoryopt.reasons.territories import Share, Total

    parts = topt.json_schema("answers")[DEFINITIONS]["parts"][DEFINITIONS]
    parts = {
        **parts,
        "fault": topt.json_schema("error")[DEFINITIONS]["parts"][DEFINITIONS]["fault"],
    }
    for name, kind in {"breach": Breach, "impossible": Impossible, "broken": Broken, "fault": Fault,
                       "share": Share, "total": Total}.items():  # fmt: skip
        assert set(parts[name]["properties"]) == {field.name for field in fields(kind)}, name
    mapping = topt.json_schema("mapping")["properties"]
    for name, source in (("accounts", AccountsSource), ("reps", RepsSource)):
        assert set(mapping[name]["properties"]) == set(source.model_fields)
    model = topt.json_schema("model")["properties"]
    written = {name for name, spec in Model.model_fields.items() if not spec.exclude}
    assert set(model) == written | {"schema", "statements"}
    for name in ("where", "travel", "workload"):
        section = Model.model_fields[name].annotation
        assert set(model[name]["properties"]) == set(section.model_fields)


# -- how one is had -----------------------------------------------------------------------------


def test_a_schema_is_had_by_its_id_or_its_name():
    assert topt.json_schema("result") == topt.json_schema("territoryopt/result/1")
    assert topt.json_schemas()["territoryopt/result/1"] == "Result"
    with pytest.raises(topt.InputError, match="Did you mean 'territoryopt/result/1'"):
        topt.json_schema("territoryopt/results/1")
    with pytest.raises(topt.InputError, match="no such JSON schema"):
        topt.json_schema("territoryopt/result/2")
    with pytest.raises(topt.InputError, match="no such JSON schema"):
        topt.json_schema("../../result-1")


def test_the_command_prints_the_list_or_one():
    runner = CliRunner()
    listed = runner.invoke(main, ["schema"]).stdout.splitlines()
    assert [line.split()[0] for line in listed] == list(topt.json_schemas())
    assert command("schema", "result") == topt.json_schema("result")
    assert runner.invoke(main, ["schema", "nothing"]).exit_code == 2


def test_a_validator_of_another_needs_no_network_and_no_files_of_ours(outputs, tmp_path):
    """As a consumer does it: the schema saved, read back, and the record held against it."""
    saved = tmp_path / "schema.json"
    saved.write_text(json.dumps(topt.json_schema("result")), encoding="utf-8")
    record = next(r for _, r in outputs if r["schema"] == "territoryopt/result/1")
    jsonschema.validate(record, json.loads(saved.read_text(encoding="utf-8")))


def test_the_page_lists_every_schema():
    page = (ROOT / "docs" / "json.md").read_text(encoding="utf-8")
    listed = re.findall(r"^\| `(territoryopt/[a-z-]+/\d+)` \|", page, re.MULTILINE)
    assert sorted(listed) == sorted(schema_files()), "docs/json.md, 'The records'"
