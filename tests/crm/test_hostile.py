"""Names, cells, ids and files that mean harm (cases 34 to 38)."""

import os
import re

import pytest
from click.testing import CliRunner

from territoryopt.cli import main

NAMES = {
    "script": "</script><script>alert(1)</script>",
    "image": "<img src=x onerror=alert(1)>",
    "template": "${7*7}{{7*7}}",
    "quotes": 'O\'Hara "The" `Boss`',
    "emoji": "Caf\u00e9 \U0001f469\u200d\U0001f680",
    "arabic": "\u0634\u0631\u0643\u0629",
    "long": "x" * 10_000,
    "path": "../../etc/passwd",
    "markdown": "| **a** | [x](javascript:alert(1)) |",
}
FORMULAS = ("=1+1", "+1", "-1+1", "-x", "@SUM(A1)", "=cmd|'/c calc'!A1", "'=x", "''=x")


def quoted(text):
    return '"' + text.replace('"', '""') + '"'


@pytest.mark.parametrize("name", NAMES.values(), ids=list(NAMES))
def test_names_stay_data(desk, name):
    taken = desk.put(f"account_id,name\n1,{quoted(name)}\n").take()
    assert taken.column("name") == [name]
    assert taken.instance.account_names == (name,)
    assert taken.entries("repaired") == []


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("a\x1b[31mred", "a[31mred"),
        ("a\x07b", "ab"),
        ("a\u202egnp.exe", "agnp.exe"),
        ("a\u2066b\u2069", "ab"),
        ("a\x85b\u2028c", "abc"),
        ("a\ufeffb", "ab"),
        ("two\nlines", "two lines"),
        ("two \r\n lines", "two lines"),
        ("a\tb", "a b"),
    ],
)
def test_controls_are_taken_out_with_a_note(desk, name, kept):
    taken = desk.put(f"account_id,name\n1,{quoted(name)}\n").take()
    assert taken.column("name") == [kept]
    assert [e[:3] for e in taken.entries("repaired", "name")][-1][2] == kept
    assert taken.entries("repaired", "name")[0][1] == name


@pytest.mark.parametrize("cell", FORMULAS)
def test_formulas_stay_text_and_are_guarded_in_every_file(desk, cell):
    taken = desk.put(f"account_id,name,note\n1,{quoted(cell)},{quoted(cell)}\n").take()
    stripped = cell[1:] if re.match(r"'+[=+\-@]", cell) else cell
    assert taken.column("note") == [stripped]
    for name in ("accounts.csv", "quality.csv"):
        text = (taken.made.folder / name).read_text(encoding="utf-8")
        assert not re.search(r'(^|,)"?[=+@-][^,]*', text.partition("\n")[2], re.MULTILINE), text


def test_formulas_as_headers_and_ids(desk):
    taken = desk.put("account_id,=HYPERLINK(1)\n=1+1,x\n@x,y\n").take()
    assert taken.column("account_id") == ["=1+1", "@x"]
    text = (taken.made.folder / "accounts.csv").read_text()
    assert text.startswith("account_id,'=HYPERLINK(1)\n'=1+1,x\n'@x")
    assert "leave_out = []" in taken.made.mapping.text


@pytest.mark.parametrize("odd", ["../../x", "CON", "a/b", "NUL.txt", "y" * 5_000, "C:\\x"])
def test_ids_are_never_file_names(desk, odd):
    taken = desk.put(f"account_id,name\n{odd},x\n").take()
    assert taken.column("account_id") == [odd]
    made = {path.name for path in taken.made.folder.rglob("*")}
    assert made == {"accounts.csv", "reps.csv", "mapping.toml", "quality.csv", "quality.md",
                    "quality.json"}  # fmt: skip


def test_the_page_shows_names_as_text(desk):
    name = "</script><script>alert(1)</script> | **x** `y`"
    taken = desk.put(f"account_id,name\n1,{quoted(name + ' ')}\n").take()
    page = (taken.made.folder / "quality.md").read_text(encoding="utf-8")
    assert "<script>" not in page
    assert "**x**" not in page


def test_the_terminal_shows_no_escapes(desk):
    desk.put(f"account_id,na\x1b[31mme\n1,{quoted('x' + chr(27) + '[2J')}\n")
    result = CliRunner().invoke(
        main, ["import", str(desk.accounts), "--reps", str(desk.reps), "--out",
               str(desk.root / "out")],
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    assert "\x1b" not in result.output


DEEP = {
    "lists": "x = " + "[" * 100_000 + "]" * 100_000,
    "tables": "a." * 100_000 + "b = 1",
    "number": "[accounts]\nheader_row = " + "9" * 10_000,
    "no TOML": "[accounts",
    "not text": "\udcff",
}


@pytest.mark.parametrize("text", DEEP.values(), ids=list(DEEP))
def test_a_hostile_mapping_is_refused(desk, text):
    desk.put("account_id\n1\n")
    path = desk.root / "map.toml"
    path.write_bytes(text.encode("utf-8", "surrogateescape"))
    faults = desk.refused(mapping=path)
    assert all("map.toml" in fault.file for fault in faults)


def test_a_link_in_place_of_the_folder_is_refused(desk):
    desk.put("account_id\n1\n")
    (desk.root / "real").mkdir()
    os.symlink(desk.root / "real", desk.root / "link")
    with pytest.raises(Exception, match="is a link"):
        import_into(desk, "link")
    assert not list((desk.root / "real").iterdir())


def import_into(desk, name, **options):
    import territoryopt as topt

    return topt.import_accounts(desk.accounts, desk.reps, desk.root / name, **options)


def test_only_an_import_is_ever_replaced(desk):
    desk.put("account_id\n1\n")
    import_into(desk, "out")
    with pytest.raises(Exception, match="holds an import already"):
        import_into(desk, "out")
    import_into(desk, "out", overwrite=True)
    (desk.root / "out" / "mine.txt").write_text("x")
    with pytest.raises(Exception, match=r"other files too \(mine.txt\)"):
        import_into(desk, "out", overwrite=True)
    (desk.root / "other").mkdir()
    (desk.root / "other" / "accounts.csv").write_text("x")
    with pytest.raises(Exception, match="is no"):
        import_into(desk, "other", overwrite=True)


def test_nothing_is_fetched(desk, monkeypatch):
    import socket

    def refuse(*_args, **_named):
        raise AssertionError("the network was asked")

    monkeypatch.setattr(socket, "socket", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    content = "account_id,latitude,longitude,postal_code,country,website\n1,,,38103,US,http://x\n"
    taken = desk.put(content).take()
    assert len(taken.accounts) == 1
