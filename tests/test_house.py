"""The house: who may import whom, what an import costs, how long a module may be."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "src" / "territoryopt"
MODULES = sorted(PACKAGE.rglob("*.py"))
FLOORS = (
    ("errors", "units", "words", "gaps", "toml_reading", "toml_page", "folders", "extras",
     "schemas"),
    ("cells", "csv_reading", "tables", "geography", "travel", "skills", "instance_reading",
     "instance", "instance_writing", "instance_changes", "workbook_reading", "alignment"),
    ("crm", "scoring"),
    ("problem", "terms", "model", "compile"),
    ("backends",),
    ("reasons",),
    ("result", "run_record", "solving", "checking", "runs"),
    ("answers", "goals", "history"),
    ("realign", "scenarios", "monitoring", "listening", "report"),
    ("planning",),
    ("cli", "__main__"),
)  # fmt: skip
FLOOR = {name: floor for floor, names in enumerate(FLOORS) for name in names}
SOLVERS = {
    "highspy": ("backends/highs",),
    "ortools": ("backends/cpsat",),
    "pyomo": ("backends/pyomo",),
}
BARRED = {
    "pickle", "shelve", "marshal", "socket", "ssl", "http", "urllib", "requests", "httpx",
    "ftplib", "smtplib", "telnetlib", "xmlrpc", "asyncio", "dill", "joblib",
}  # fmt: skip
HEAVY = ("openpyxl", "pyarrow", "pandas", "pyomo", "ortools", "highspy", "numba", "jinja2",
         "xlsxwriter", "sklearn", "distributed", "dask")  # fmt: skip


def name_of(path: Path) -> str:
    return path.relative_to(PACKAGE).as_posix()


def room_of(module: str) -> str:
    """`territoryopt.backends.highs` is in the room `backends`; the package itself is in none."""
    return module.split(".")[1] if "." in module else ""


def imports(path: Path):
    """(module, whether inside a function) of every import that runs; TYPE_CHECKING ones do not."""

    def walk(node, inside):
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test):
                for other in child.orelse:
                    yield from walk(other, inside)
                continue
            if isinstance(child, ast.Import):
                for alias in child.names:
                    yield alias.name, inside
            elif isinstance(child, ast.ImportFrom):
                assert child.level == 0, f"{name_of(path)} imports by dots"
                yield child.module, inside
                for alias in child.names:
                    if (child.module or "") == "territoryopt":
                        yield f"territoryopt.{alias.name}", inside
            function = isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
            yield from walk(child, inside or function)

    yield from walk(ast.parse(path.read_text(encoding="utf-8")), False)


def test_every_module_has_a_floor():
    rooms = {path.relative_to(PACKAGE).parts[0].removesuffix(".py") for path in MODULES}
    assert rooms - {"__init__"} == set(FLOOR)


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_imports_point_down(path):
    room = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
    if room == "__init__":
        assert not [m for m, _ in imports(path) if m.startswith("territoryopt")]
        return
    for module, _ in imports(path):
        if module.split(".")[0] != "territoryopt":
            continue
        other = room_of(module)
        if other and other in FLOOR:
            assert FLOOR[other] <= FLOOR[room], f"{name_of(path)} imports {module}"
        elif room not in {"cli", "__main__"}:
            raise AssertionError(f"{name_of(path)} imports the package from within: {module}")


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_solvers_are_imported_in_their_own_room_and_on_use(path):
    for module, inside in imports(path):
        library = module.split(".")[0]
        if library in SOLVERS:
            assert name_of(path).startswith(SOLVERS[library]), f"{name_of(path)}: {module}"
            assert inside, f"{name_of(path)} imports {module} when it is imported"


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_nothing_dangerous_is_used(path):
    assert not {m.split(".")[0] for m, _ in imports(path)} & BARRED
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            assert node.func.id not in ("eval", "exec", "compile", "__import__"), node.lineno
        if isinstance(node, ast.keyword) and node.arg == "shell":
            raise AssertionError(f"{name_of(path)}:{node.lineno} runs a shell")


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_modules_are_short(path):
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 500


def python(code: str) -> str:
    env = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
    done = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True,
                          timeout=60, check=False)  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


LOADED = f"print(sorted(set(sys.modules) & set({HEAVY!r})))"


def test_importing_the_package_loads_nothing_heavy():
    assert python(f"import sys, territoryopt\n{LOADED}") == "[]\n"


def test_help_loads_nothing_heavy():
    code = f"""
import sys
from click.testing import CliRunner
from territoryopt.cli import main
for args in ([], *([name] for name in main.commands)):
    for flag in ("-h", "--help"):
        result = CliRunner().invoke(main, [*args, flag])
        assert result.exit_code == 0 and "Usage" in result.output, result.output
assert len(main.commands) >= 5
{LOADED}
"""
    assert python(code) == "[]\n"


def test_public_names_stay_what_they_are_after_every_module_was_imported():
    code = """
import importlib, pkgutil, types
import territoryopt as topt
for found in pkgutil.walk_packages(topt.__path__, "territoryopt."):
    if not found.name.endswith("__main__"):
        importlib.import_module(found.name)
for name in topt.__all__:
    assert not isinstance(getattr(topt, name), types.ModuleType), name
assert callable(topt.solve) and callable(topt.check)
assert not [n for n in topt.__all__ if f"territoryopt.{n}" in __import__("sys").modules]
"""
    python(code)


def test_every_public_name_is_there_and_unknown_ones_are_refused():
    import territoryopt as topt

    for name in topt.__all__:
        assert getattr(topt, name) is not None
    assert set(topt.__all__) <= set(dir(topt))
    assert set(topt.__all__) == set(topt._HOME)
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = topt.nothing
