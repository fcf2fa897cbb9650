"""What is wrong with a model is told in words, with file, key and remedy, all at once."""

from __future__ import annotations

import time

import pytest

from territoryopt.errors import ModelError
from territoryopt.model import load_model, parse_model
from territoryopt.toml_reading import LARGEST_FILE

GOAL = '[goals.driving]\nkind = "travel"\n'
BAND = '[rules.b]\nkind = "band"\nmeasure = "potential"\ntolerance = 0.1\n'


def faults(text: str, head: str = 'name = "m"\n', goal: str = GOAL):
    with pytest.raises(ModelError) as error:
        parse_model(head + text + goal, "my.toml")
    assert all(fault.file == "my.toml" for fault in error.value.problems)
    return error.value.problems


def the_fault(text: str, head: str = 'name = "m"\n', goal: str = GOAL):
    (fault,) = faults(text, head, goal)
    return fault


@pytest.mark.parametrize(
    ("text", "key", "message", "remedy"),
    [
        # keys
        ('[rules.b]\nkind = "band"\nmeasure = "count"\ntolerance = 0\ntolerence = 0\n',
         "rules.b.tolerence", "is not a known key", "Did you mean 'tolerance'?"),
        ("[travel]\nspeed = 60\n", "travel.speed", "is not a known key", "'speed_kmh'"),
        ("[workload]\nvisits = 1\n", "workload.visits", "is not a known key", "visits_per_year"),
        ("[where]\naccount = {}\n", "where.account", "is not a known key", "'accounts'"),
        ('[measures.x]\nunits = "beds"\nunit = "beds"\ncolumn = "x"\n',
         "measures.x.units", "is not a known key", "'unit'"),
        ("[rule.b]\n", "rule", "is not a known key", "Did you mean 'rules'?"),
        ("[rules.float]\nkind = 'locks'\nwhen = 1\n",
         "rules.float.when", "is not a known key", "Known here: kind, price, to, where"),
        # kinds
        ('[rules.b]\nkind = "bond"\n', "rules.b.kind", "is not a known kind",
         "Did you mean 'band'? Kinds of rules: band, capacity"),
        ('[goals.b]\nkind = "band"\n', "goals.b.kind", "is not a known kind",
         "Kinds of goals: travel, fit"),
        ('[rules.b]\nmeasure = "count"\n', "rules.b.kind", "needs a kind", "Kinds of rules"),
        ("[rules.b.kind]\na = 1\n", "rules.b.kind", "is not a known kind", ""),
        # missing
        ('[rules.b]\nkind = "band"\nmeasure = "count"\n', "rules.b.tolerance", "is missing", ""),
        ('[goals.b]\nkind = "measure"\nmeasure = "count"\n', "goals.b.price", "is missing", ""),
        ('[measures.x]\ncolumn = "x"\n', "measures.x.unit", "is missing", ""),
        ('[measures.x]\nunit = "x"\n', "measures.x", "either column or pairs", ""),
        ('[measures.x]\nunit = "x"\ncolumn = "x"\nper = "visit"\n',
         "measures.x", "per goes with pairs", ""),
        ('[measures.x]\nunit = "x"\ncolumn = "x"\nmissing = 0\n',
         "measures.x", "missing goes with pairs", ""),
        # types
        ('[rules.b]\nkind = "capacity"\nprice = "90"\n', "rules.b.price", "must be a number", ""),
        ('[rules.b]\nkind = "capacity"\nprice = true\n', "rules.b.price", "must be a number", ""),
        ('[rules.b]\nkind = "capacity"\nmax = [1]\n', "rules.b.max",
         'must be a number, or text in quotes, such as "name"', ""),
        ('[rules.b]\nkind = "locks"\nwhere = { tier = "A" }\n', "rules.b.where.tier",
         "must be a list", ""),
        ('[rules.b]\nkind = "locks"\nto = "nobody"\n', "rules.b.to",
         "must be 'locked_rep' or 'current'", ""),
        ("[travel]\nhop_neighbours = 2.5\n", "travel.hop_neighbours", "must be a whole number", ""),
        ("[rules]\nb = 1\n", "rules.b", "must be a table", ""),
        ('[[rules.b]]\nkind = "band"\n', "rules.b", "must be a table", ""),
        ('[measures.x]\nunit = "x"\ncolumn = "x"\nnegative = "no"\n', "measures.x.negative",
         "must be true or false", ""),
        # values
        ('[rules.b]\nkind = "band"\nmeasure = "count"\ntolerance = 15\n', "rules.b.tolerance",
         "is a fraction below 1", "For 15 % write 0.15"),
        ('[rules.b]\nkind = "moves"\nmax_share = 15\n', "rules.b.max_share",
         "is a fraction, at most 1", "For 15 % write 0.15"),
        ('[rules.b]\nkind = "capacity"\nprice = -1\n', "rules.b.price", "zero or more", ""),
        ('[rules.b]\nkind = "moves"\nmax = -1\n', "rules.b.max", "must be at least 0", ""),
        ("[travel]\nspeed_kmh = 0\n", "travel.speed_kmh", "must be above 0", ""),
        ("[travel]\nmissing_km = inf\n", "travel.missing_km", "must be a finite number", ""),
        ('[rules.b]\nkind = "capacity"\nprice = nan\n', "rules.b.price", "finite number", ""),
        ('[rules.b]\nkind = "capacity"\nmax = inf\n', "rules.b.max", "finite number", ""),
        (f'[rules.b]\nkind = "capacity"\nprice = {"9" * 400}\n', "rules.b.price",
         "is too large a whole number", ""),
        ('[workload]\nvisits_per_year = -1\n', "workload.visits_per_year", "at least 0", ""),
        ('[measures.x]\nunit = "x"\npairs = "x"\nmissing = -1.0\n', "measures.x",
         "missing is below zero", ""),
        # measures and units
        ('[rules.b]\nkind = "band"\nmeasure = "potentail"\ntolerance = 0.1\n', "rules.b.measure",
         "is not a known measure", "Did you mean 'potential'? Known: workload"),
        ('[measures.x]\nunit = "minutes/year"\ncolumn = "x"\n', "measures.x.unit",
         "time is counted in hours/year, not minutes/year", "Convert the column"),
        ('[measures.x]\nunit = "hours/month"\ncolumn = "x"\n', "measures.x.unit",
         "time is counted in hours/year, not hours/month", ""),
        ('[measures.x]\nunit = "visits/month"\ncolumn = "x"\n', "measures.x.unit",
         "amounts are counted per year, not /month", ""),
        ('[measures.x]\nunit = "EUR/year"\ncolumn = "x"\n', "measures.x.unit",
         "money is counted in USD/year in this model, not EUR/year", ""),
        ('[measures.x]\nunit = " "\ncolumn = "x"\n', "measures.x.unit", "a unit is missing", ""),
        ('[measures.travel]\nunit = "beds"\ncolumn = "beds"\n', "measures.travel.unit",
         "travel is a built-in measure, counted in hours/year", ""),
        # names
        ('[rules.driving]\nkind = "locks"\n', "goals.driving", "names a rule and a goal",
         "Rename one"),
        ('[travel]\npairs_km = "a"\npairs_hours = "b"\n', "travel", "both say how far", "Keep one"),
    ],
)  # fmt: skip
def test_one_fault(text, key, message, remedy):
    fault = the_fault(text)
    assert fault.key == key
    assert message in fault.message
    assert remedy in fault.remedy


@pytest.mark.parametrize(
    ("head", "key", "message"),
    [
        ("", "name", "is missing"),
        ('name = ""\n', "name", "must not be empty"),
        ('name = "m"\ncurrency = "$"\n', "currency", "three capital letters"),
        ('name = "m"\nfile = "x"\n', "file", "is not a key of a model"),
        ('name = "m"\ntext = 1\n', "text", "is not a key of a model"),
    ],
)
def test_faults_of_the_head(head, key, message):
    fault = the_fault("", head)
    assert fault.key == key
    assert message in fault.message


def test_a_model_needs_a_goal():
    fault = the_fault(BAND, goal="")
    assert fault.key == "goals"
    assert "has no goal" in fault.message
    assert "[goals.driving]" in fault.remedy


def test_everything_wrong_is_told_at_once():
    found = faults(
        "[travel]\nspeed = 1\n"
        '[measures.x]\nunit = "minutes/year"\ncolumn = "x"\n'
        '[measures.y]\ncolumn = "y"\n'
        '[rules.a]\nkind = "band"\nmeasure = "potential"\ntolerance = 10\n'
        '[rules.b]\nkind = "bandd"\n'
        '[rules.c]\nkind = "capacity"\nmeasure = "wrkload"\nmax = 1\n'
        '[rules.d]\nkind = "capacity"\nmeasure = "y"\nmax = 1\n'
        '[rules.driving]\nkind = "locks"\n'
    )
    assert sorted(fault.key for fault in found) == [
        "goals.driving",
        "measures.x.unit",
        "measures.y.unit",
        "rules.a.tolerance",
        "rules.b.kind",
        "rules.c.measure",
        "travel.speed",
    ]


def test_no_fault_follows_from_another():
    # the only goal is wrong, the currency is wrong: neither "no goal" nor wrong units follow
    assert [f.key for f in faults('[goals.g]\nkind = "x"\n', goal="")] == ["goals.g.kind"]
    own = '[measures.x]\nunit = "EUR/year"\ncolumn = "x"\n'
    assert [f.key for f in faults(own, 'name = "m"\ncurrency = "Euro"\n')] == ["currency"]


def test_toml_that_cannot_be_read_names_its_row():
    fault = the_fault("[rules\n")
    assert fault.row == 2
    assert fault.message.startswith("is not valid TOML: ")


@pytest.mark.parametrize(
    "text",
    [
        "x = " + "[" * 100_000,
        "x = " + "[" * 100_000 + "]" * 100_000 + "\n",
        "x = " + "{a = " * 100_000,
        "[" + ".".join("a" * 100_000) + "]\n",
        ".".join("a" * 100_000) + " = 1\n",
        " . ".join(['"a b"', "'c'"] * 50_000) + " = 1\n",
    ],
    ids=["open", "closed", "inline", "header", "dotted", "quoted"],
)
def test_a_text_nested_100_000_deep_is_refused_at_once(text):
    start = time.perf_counter()
    assert "nested too deeply" in the_fault(text).message
    assert time.perf_counter() - start < 2


@pytest.mark.parametrize(
    "value",
    ["9" * 5_000, "1e999999999999", "0x" + "f" * 5_000, "-inf"],
    ids=["digits", "exponent", "hex", "inf"],
)
def test_numbers_out_of_this_world_are_refused(value):
    (fault,) = faults(f'[rules.b]\nkind = "capacity"\nprice = {value}\n')
    assert fault.message
    assert len(str(fault)) < 400


def test_a_number_out_of_this_world_is_no_kind():
    fault = the_fault(f"[rules.b]\nkind = 0x{'f' * 5_000}\n")
    assert (fault.key, fault.message, fault.value) == (
        "rules.b.kind",
        "is too large a whole number",
        "",
    )


def test_many_faults_are_told_in_time():
    start = time.perf_counter()
    found = faults("".join(f"k{i} = 1\n" for i in range(5_000)))
    assert len(found) == 5_000
    assert time.perf_counter() - start < 5


def test_control_characters_do_not_reach_the_screen():
    text = str(the_fault('[rules."\\u001b[2J"]\nkind = "\\u001b[2J"\n'))
    assert text.isprintable()


# -- files ----------------------------------------------------------------------------------------


def told(source) -> str:
    with pytest.raises(ModelError) as error:
        load_model(source)
    (fault,) = error.value.problems
    return str(fault)


def test_a_file_that_is_not_utf8(tmp_path):
    path = tmp_path / "latin.toml"
    path.write_bytes('name = "Größe"\n'.encode("latin-1"))
    assert told(path) == f"{path}: is not UTF-8 text. Save it as UTF-8"


def test_a_file_that_is_too_large(tmp_path):
    path = tmp_path / "large.toml"
    path.write_bytes(b"#" * (LARGEST_FILE + 1))
    assert told(path) == f"{path}: is larger than 1,000,000 bytes, so no model"


def test_a_byte_order_mark_and_windows_lines_do_no_harm(tmp_path):
    path = tmp_path / "windows.toml"
    path.write_bytes(('\ufeffname = "m"\n' + GOAL).replace("\n", "\r\n").encode())
    assert load_model(path).name == "m"


def test_no_such_file(tmp_path):
    assert "cannot be read: No such file" in told(tmp_path / "none.toml")
    assert "cannot be read: " in told(tmp_path)
    assert "cannot be read: " in told("a\0.toml")


def test_a_name_that_is_close_to_one_of_ours():
    text = told("balanced-field-sale")
    assert "there is no model 'balanced-field-sale'" in text
    assert "Did you mean 'balanced-field-sales'?" in text


@pytest.mark.parametrize(
    "name", ["../x", "../instances/tiny/model", "/etc/none", "..", "a\0b", "x" * 5_000, ""]
)
def test_a_name_is_no_path(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    text = told(name)
    assert "there is no model" in text or "cannot be read" in text
    assert len(text) < 400
