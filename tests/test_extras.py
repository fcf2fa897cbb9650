"""A package that is missing is told in one way, with the extra that brings it."""

from __future__ import annotations

import re
import sys
import tomllib
from pathlib import Path

import pytest

import territoryopt as topt
from territoryopt.extras import PACKAGES, need

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "src" / "territoryopt"


def test_what_is_there_is_given():
    assert need("os.path", "report", "a thing") is __import__("os").path


def test_what_is_missing_is_told_with_its_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "sklearn", None)
    monkeypatch.setitem(sys.modules, "sklearn.linear_model", None)
    with pytest.raises(topt.InputError) as caught:
        need("sklearn.linear_model", "score", "a learned score", file="m.toml", otherwise="Wait")
    (fault,) = caught.value.problems
    assert str(fault) == (
        "m.toml: a learned score needs the package scikit-learn, which is not installed. "
        'Install it with: pip install "territoryopt[score]". Or: Wait'
    )


def test_what_is_broken_is_not_called_missing(tmp_path, monkeypatch):
    (tmp_path / "half_there.py").write_text("import nothing_of_this_name")
    monkeypatch.syspath_prepend(tmp_path)
    told = "half_there, which cannot be loaded (No module named 'nothing_of_this_name')"
    with pytest.raises(topt.InputError, match=re.escape(told)):
        need("half_there", "report", "a page")


def test_every_extra_that_is_named_brings_the_package():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    used = 0
    for path in SOURCE.rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        if path.name != "extras.py":
            assert "territoryopt[" not in text, f"{path}: extras.need says what to install"
        for module, extra in re.findall(r'\bneed\(\s*"([\w.]+)", "(\w+)"', text):
            top = module.partition(".")[0]
            brought = {re.split(r"[<>=]", one)[0] for one in extras[extra]}
            brought |= {"markupsafe"} if "jinja2" in brought else set()
            assert PACKAGES.get(top, top) in brought, f"{path}: {module} and [{extra}]"
            used += 1
    assert used >= 6
