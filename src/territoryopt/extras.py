"""Libraries that come with an extra are imported on use; what is missing is told in one way.

Solvers are no extras: a backend says itself what it lacks (`BackendError`).
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

from territoryopt.errors import Fault, InputError

PACKAGES = {"sklearn": "scikit-learn"}
"""What pip calls a module, where that is another name."""


def need(module: str, extra: str, what: str, *, file: str = "", otherwise: str = "") -> Any:
    """The module, for example `need("sklearn.linear_model", "score", "a learned score")`.

    extra: the one of `pyproject.toml` that brings it. what: what cannot be done without it. file:
    the file it is about. otherwise: another way out, a sentence. Raises InputError where the
    package is not there, or is there and cannot be loaded.
    """
    try:
        return import_module(module)
    except ImportError as error:
        top = module.partition(".")[0]
        package = PACKAGES.get(top, top)
        missing = isinstance(error, ModuleNotFoundError) and (error.name or "").startswith(top)
        why = "which is not installed" if missing else f"which cannot be loaded ({error})"
        remedy = f'Install it with: pip install "territoryopt[{extra}]"'
        if otherwise:
            remedy += f". Or: {otherwise}"
        raise InputError([Fault(f"{what} needs the package {package}, {why}", remedy, file)]) from (
            error
        )
