"""The mapping file: proposed, shown, obeyed, and refused where it is wrong."""

import pytest

import territoryopt as topt
from territoryopt.crm.layouts import FIELDS
from territoryopt.crm.mapping import Mapping, parse_mapping


def test_what_is_proposed_reads_the_same_again(desk):
    desk.put("account_id;name;Umsatz 2025\n1;x;1.234,50\n")
    first = desk.take()
    text = (first.made.folder / "mapping.toml").read_text(encoding="utf-8")
    again = desk.take(text)
    assert again.made.mapping == first.made.mapping == parse_mapping(text)
    for name in ("accounts.csv", "reps.csv"):
        assert (first.made.folder / name).read_bytes() == (again.made.folder / name).read_bytes()
    assert topt.propose_mapping(desk.accounts, desk.reps) == first.made.mapping


def test_a_mapping_with_hard_names_is_written_and_read(desk):
    odd = 'a "b" \\ [c] = #d \u00e9\U0001f600'
    desk.put(f'account_id,"{odd.replace(chr(34), chr(34) * 2)}"\n1,x\n')
    mapping = f"[accounts]\nleave_out = ['{odd}']\n"
    taken = desk.take(mapping)
    assert list(taken.accounts.columns) == ["account_id"]
    assert parse_mapping(taken.made.mapping.text) == taken.made.mapping
    assert taken.made.mapping.accounts.leave_out == [odd]


WRONG = {
    "an unknown table": ("[clients]\n", "clients", "not a known key", "accounts, reps"),
    "an unknown key": ('[accounts]\nmising = ["x"]\n', "accounts.mising", "not a known key",
                       "Did you mean 'missing'"),
    "a wrong kind": ("[accounts]\nmissing = 3\n", "accounts.missing", "must be a list", ""),
    "a wrong word": ('[accounts]\nclosed = "no"\n', "accounts.closed", "must be 'leave_out'", ""),
    "a wrong row": ("[accounts]\nheader_row = -1\n", "accounts.header_row", "at least 0", ""),
    "a wrong field": ('[accounts.columns]\naccount_id = "a"\nowner = "b"\n',
                      "accounts.columns.owner", "no field of an instance", "current_rep"),
    "no ids": ('[accounts.columns]\nname = "a"\n', "accounts.columns.account_id", "missing", ""),
    "columns of a wrong kind": ("[accounts]\ncolumns = 3\n", "accounts.columns", "", ""),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_with_a_mapping_is_told(name):
    text, key, message, remedy = WRONG[name]
    with pytest.raises(topt.InputError) as caught:
        parse_mapping(text, "map.toml")
    fault = next(fault for fault in caught.value.problems if fault.key == key)
    assert fault.file == "map.toml"
    assert message in fault.message
    assert remedy in fault.remedy


def test_all_faults_of_a_mapping_come_at_once():
    with pytest.raises(topt.InputError) as caught:
        parse_mapping('[accounts]\nx = 1\ny = 2\n[reps.columns]\nid = "a"\n')
    assert len(caught.value.problems) == 4


def test_one_column_for_two_fields_is_refused(desk):
    desk.put("account_id,name\n1,x\n")
    faults = desk.refused('[accounts.columns]\naccount_id = "account_id"\nname = "account_id"')
    assert "one column for two fields" in faults[0].message


def test_parent_and_family_together_are_refused(desk):
    (fault,) = desk.put("account_id,parent_id,family\n1,,f\n").refused()
    assert "both parent and family" in fault.message


def test_half_a_mapping_leaves_the_rest_to_be_found_out(desk):
    desk.put('account_id,potential\n1,"1,234"\n')
    taken = desk.take('[accounts]\ndecimal = "."')
    assert taken.column("potential") == ["1234"]
    assert taken.made.mapping.accounts.layout == "plain"


def test_every_key_says_what_it_is_for(desk):
    text = desk.put("account_id\n1\n").take().made.mapping.text
    for key, spec in type(Mapping().accounts).model_fields.items():
        assert key == "columns" or spec.description
        assert key in ("columns", "missing") or f"\n{key} = " in text
    assert {"account_id", "current_rep", "parent"} <= set(FIELDS["accounts"])
