"""territoryopt: the open engine for sales-territory alignment.

Every account to the rep who should own it, with a proof (bound and gap) and the reasons.
Names below are loaded on use, so that importing the package costs next to nothing.
"""

from __future__ import annotations

import logging
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from territoryopt.alignment import Alignment, current_alignment, read_alignment, read_locks
    from territoryopt.answers.certainty import certainty
    from territoryopt.answers.compare import compare
    from territoryopt.answers.fewest import fewest_moves
    from territoryopt.answers.frontier import frontier
    from territoryopt.answers.no_plan import why_no_plan
    from territoryopt.answers.pair_prices import pair_prices, write_pair_prices
    from territoryopt.answers.rule_costs import rule_costs
    from territoryopt.answers.uncertain import uncertain
    from territoryopt.answers.what_if import WhatIf, what_if, why_not
    from territoryopt.backends.pyomo_model import plan_from_pyomo, to_pyomo, write_model
    from territoryopt.backends.pyomo_solver import PyomoBackend
    from territoryopt.checking import Check, check
    from territoryopt.compile import compile_problem
    from territoryopt.crm.importing import Imported, import_accounts, propose_mapping
    from territoryopt.crm.mapping import Mapping, load_mapping
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
    from territoryopt.reasons.pages import plan_page, rep_page
    from territoryopt.report.owners import write_owners
    from territoryopt.report.page import write_report
    from territoryopt.report.rep_pages import write_rep_pages
    from territoryopt.report.workbook import write_workbook
    from territoryopt.result import Result
    from territoryopt.runs import Run, read_run, write_run
    from territoryopt.scenarios.compare_page import write_comparison
    from territoryopt.scenarios.robust import robust
    from territoryopt.scenarios.side_by_side import side_by_side
    from territoryopt.scenarios.sweep import Sweep, read_sweep, sweep
    from territoryopt.solving import solve

_HOME = {
    "Alignment": "alignment",
    "current_alignment": "alignment",
    "read_alignment": "alignment",
    "read_locks": "alignment",
    "plan_from_pyomo": "backends.pyomo_model",
    "to_pyomo": "backends.pyomo_model",
    "write_model": "backends.pyomo_model",
    "PyomoBackend": "backends.pyomo_solver",
    "Check": "checking",
    "check": "checking",
    "compile_problem": "compile",
    "Imported": "crm.importing",
    "import_accounts": "crm.importing",
    "propose_mapping": "crm.importing",
    "Mapping": "crm.mapping",
    "load_mapping": "crm.mapping",
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
    "Sweep": "scenarios.sweep",
    "sweep": "scenarios.sweep",
    "read_sweep": "scenarios.sweep",
    "side_by_side": "scenarios.side_by_side",
    "robust": "scenarios.robust",
    "write_comparison": "scenarios.compare_page",
    "rule_costs": "answers.rule_costs",
    "certainty": "answers.certainty",
    "frontier": "answers.frontier",
    "fewest_moves": "answers.fewest",
    "compare": "answers.compare",
    "uncertain": "answers.uncertain",
    "pair_prices": "answers.pair_prices",
    "write_pair_prices": "answers.pair_prices",
    "why_no_plan": "answers.no_plan",
    "rep_page": "reasons.pages",
    "plan_page": "reasons.pages",
    "WhatIf": "answers.what_if",
    "what_if": "answers.what_if",
    "why_not": "answers.what_if",
    "write_owners": "report.owners",
    "write_rep_pages": "report.rep_pages",
    "write_report": "report.page",
    "write_workbook": "report.workbook",
}

__version__ = "0.1.0"
__all__ = [
    "Alignment",
    "BackendError",
    "Band",
    "Check",
    "Explanation",
    "Fault",
    "Imported",
    "InputError",
    "Instance",
    "Mapping",
    "Model",
    "ModelError",
    "Problem",
    "PyomoBackend",
    "Result",
    "Run",
    "Sweep",
    "TerritoryoptError",
    "WhatIf",
    "certainty",
    "check",
    "compare",
    "compile_problem",
    "current_alignment",
    "explain",
    "fewest_moves",
    "frontier",
    "import_accounts",
    "load_mapping",
    "load_model",
    "pair_prices",
    "plan_from_pyomo",
    "plan_page",
    "propose_mapping",
    "read_alignment",
    "read_instance",
    "read_locks",
    "read_run",
    "read_sweep",
    "rep_page",
    "robust",
    "rule_costs",
    "side_by_side",
    "solve",
    "sweep",
    "to_pyomo",
    "uncertain",
    "what_if",
    "why_no_plan",
    "why_not",
    "write_comparison",
    "write_model",
    "write_owners",
    "write_pair_prices",
    "write_rep_pages",
    "write_report",
    "write_run",
    "write_workbook",
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
