"""territoryopt: the open engine for sales-territory alignment.

Every account to the rep who should own it, with a proof (bound and gap) and the reasons.
Names below are loaded on use, so that importing the package costs next to nothing.
"""

from __future__ import annotations

import logging
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from territoryopt.alignment import Alignment, current_alignment, read_alignment
    from territoryopt.answers.what_if import WhatIf, what_if, why_not
    from territoryopt.backends.pyomo_model import plan_from_pyomo, to_pyomo, write_model
    from territoryopt.backends.pyomo_solver import PyomoBackend
    from territoryopt.checking import Check, check
    from territoryopt.compile import compile_problem
    from territoryopt.errors import (
        BackendError,
        Fault,
        InputError,
        ModelError,
        TerritoryoptError,
    )
    from territoryopt.instance import Instance, read_instance
    from territoryopt.model import Model, load_model
    from territoryopt.problem import Band, Problem
    from territoryopt.reasons.explanation import Explanation, explain
    from territoryopt.result import Result
    from territoryopt.runs import Run, read_run, write_run
    from territoryopt.solving import solve

_HOME = {
    "Alignment": "alignment",
    "current_alignment": "alignment",
    "read_alignment": "alignment",
    "plan_from_pyomo": "backends.pyomo_model",
    "to_pyomo": "backends.pyomo_model",
    "write_model": "backends.pyomo_model",
    "PyomoBackend": "backends.pyomo_solver",
    "Check": "checking",
    "check": "checking",
    "compile_problem": "compile",
    "BackendError": "errors",
    "Fault": "errors",
    "InputError": "errors",
    "ModelError": "errors",
    "TerritoryoptError": "errors",
    "Explanation": "reasons.explanation",
    "Instance": "instance",
    "read_instance": "instance",
    "Model": "model",
    "load_model": "model",
    "Band": "problem",
    "Problem": "problem",
    "explain": "reasons.explanation",
    "Result": "result",
    "Run": "runs",
    "read_run": "runs",
    "write_run": "runs",
    "solve": "solving",
    "WhatIf": "answers.what_if",
    "what_if": "answers.what_if",
    "why_not": "answers.what_if",
}

__version__ = "0.1.0"
__all__ = [
    "Alignment",
    "BackendError",
    "Band",
    "Check",
    "Explanation",
    "Fault",
    "InputError",
    "Instance",
    "Model",
    "ModelError",
    "Problem",
    "PyomoBackend",
    "Result",
    "Run",
    "TerritoryoptError",
    "WhatIf",
    "check",
    "compile_problem",
    "current_alignment",
    "explain",
    "load_model",
    "plan_from_pyomo",
    "read_alignment",
    "read_instance",
    "read_run",
    "solve",
    "to_pyomo",
    "what_if",
    "why_not",
    "write_model",
    "write_run",
]

logging.getLogger("territoryopt").addHandler(logging.NullHandler())


def __getattr__(name: str) -> object:
    if name not in _HOME:
        raise AttributeError(f"module 'territoryopt' has no attribute {name!r}")
    value = getattr(import_module(f"territoryopt.{_HOME[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
