"""The workbook in LibreOffice: it opens without repair, planted formulas stay text, and a plan that
went through it comes back."""

from __future__ import annotations

import os
import shutil
import subprocess

import openpyxl
import pytest
from hostile import NAMES
from test_workbook import SHEETS, edited, rows

import territoryopt as topt
from territoryopt.report.workbook import write_workbook

OFFICE = shutil.which("soffice") or shutil.which("libreoffice")
pytestmark = pytest.mark.skipif(
    OFFICE is None, reason="needs LibreOffice Calc: apt-get install libreoffice-calc"
)


def saved_again(path, folder, kind="xlsx"):
    """The workbook as LibreOffice writes it. It refuses a damaged file where nobody can be asked
    to repair it."""
    folder.mkdir(exist_ok=True)
    done = subprocess.run(
        [OFFICE, f"-env:UserInstallation={(folder / 'profile').as_uri()}", "--headless",
         "--norestore", "--convert-to", kind, "--outdir", str(folder), str(path)],
        capture_output=True, text=True, timeout=180, check=False,
        env={**os.environ, "HOME": str(folder)},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    out = folder / f"{path.stem}.{kind.split(':')[0]}"
    assert out.exists(), done.stderr
    return out


def read_as(cell):
    """What a cell is to read as: openpyxl shows how an escape is written, not what it says."""
    if isinstance(cell, str):
        return cell.replace("_x005F_", "_")
    return pytest.approx(cell) if isinstance(cell, float) else cell


def test_it_opens_as_it_was_written(hostile, tmp_path):
    path = write_workbook(hostile, tmp_path / "plan.xlsx")
    before = openpyxl.load_workbook(path)
    after = openpyxl.load_workbook(saved_again(path, tmp_path / "lo"))
    assert after.sheetnames == SHEETS
    for name in SHEETS:
        one = [list(row) for row in before[name].iter_rows(values_only=True)]
        two = [list(row) for row in after[name].iter_rows(values_only=True)]
        assert len(one) == len(two)
        for a, b in zip(one, two, strict=True):
            cut = min(len(a), len(b))
            assert all(v is None for v in [*a[cut:], *b[cut:]])
            for u, v in zip(a[:cut], b[:cut], strict=True):
                assert v == read_as(u)
    assert all(cell.data_type != "f" for sheet in after for row in sheet for cell in row)
    assert [row["name"] for row in rows(after["Alignment"])][9:13] == NAMES[9:13]


def test_an_owner_edited_there_comes_back(hostile, tmp_path):
    """As a spreadsheet has it: the cell is changed, and LibreOffice writes the file."""
    instance = hostile.instance
    account = instance.account_ids[int((hostile.rep != 0).argmax())]
    path = write_workbook(hostile, tmp_path / "plan.xlsx")
    there = edited(
        saved_again(path, tmp_path / "a"), tmp_path / "edited.xlsx", {account: "../../x"}
    )
    back = saved_again(there, tmp_path / "b")
    assert topt.read_locks(back, instance) == {account: "../../x"}
    found = topt.check(instance, hostile.model, topt.read_alignment(back, instance))
    assert found.rep[instance.account_ids.index(account)] == 0
    assert (found.rep != hostile.rep).sum() == 1
