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
    from territoryopt.goals.keeping import read_goals, write_goals
    from territoryopt.goals.quality import Quality, territory_quality
    from territoryopt.goals.quotas import set_goals
    from territoryopt.goals.settings import load_goal_settings
    from territoryopt.goals.types import Goals
    from territoryopt.goals.whitespace import Whitespace, whitespace
    from territoryopt.history.log import RunLog, run_log
    from territoryopt.instance import Instance, read_instance
    from territoryopt.listening.answer import Decision, RequestAnswers
    from territoryopt.listening.asking import price_requests
    from territoryopt.listening.folder import write_requests
    from territoryopt.listening.log import append_log, verify_log
    from territoryopt.listening.policy import Policy, load_policy
    from territoryopt.listening.table import Request, read_requests
    from territoryopt.model import Model, load_model
    from territoryopt.monitoring.actuals import Actuals, read_actuals
    from territoryopt.monitoring.monitor import Monitor, monitor
    from territoryopt.monitoring.writing import write_monitor
    from territoryopt.planning import Planned, plan_from_export
    from territoryopt.problem import Band, Problem
    from territoryopt.realign.curve import MovesCurve, moves_curve
    from territoryopt.realign.realigning import Realignment, Start, realigned
    from territoryopt.realign.recommending import Recommendation, Recommender
    from territoryopt.realign.transition import Transition, transition
    from territoryopt.realign.writing import write_realignment, write_transition
    from territoryopt.reasons.explanation import Explanation, explain
    from territoryopt.reasons.pages import plan_page, rep_page
    from territoryopt.report.owners import write_owners
    from territoryopt.report.page import write_report
    from territoryopt.report.rep_pages import write_rep_pages
    from territoryopt.report.workbook import write_workbook
    from territoryopt.result import Result
    from territoryopt.run_record import Lineage, Predecessor
    from territoryopt.runs import Run, claim_run, read_run, write_run
    from territoryopt.scenarios.compare_page import write_comparison
    from territoryopt.scenarios.robust import robust
    from territoryopt.scenarios.side_by_side import side_by_side
    from territoryopt.scenarios.sweep import Sweep, read_sweep, sweep
    from territoryopt.schemas import json_schema, json_schemas
    from territoryopt.scoring.proposing import propose_scoring
    from territoryopt.scoring.scored import Scored, read_scored
    from territoryopt.scoring.scoring import score_accounts
    from territoryopt.scoring.spec import Scoring, load_scoring
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
    "Goals": "goals.types",
    "Quality": "goals.quality",
    "Whitespace": "goals.whitespace",
    "load_goal_settings": "goals.settings",
    "read_goals": "goals.keeping",
    "set_goals": "goals.quotas",
    "territory_quality": "goals.quality",
    "whitespace": "goals.whitespace",
    "write_goals": "goals.keeping",
    "Explanation": "reasons.explanation",
    "Instance": "instance",
    "read_instance": "instance",
    "Decision": "listening.answer",
    "RequestAnswers": "listening.answer",
    "price_requests": "listening.asking",
    "write_requests": "listening.folder",
    "append_log": "listening.log",
    "verify_log": "listening.log",
    "Policy": "listening.policy",
    "load_policy": "listening.policy",
    "Request": "listening.table",
    "read_requests": "listening.table",
    "Model": "model",
    "load_model": "model",
    "Planned": "planning",
    "plan_from_export": "planning",
    "Band": "problem",
    "Problem": "problem",
    "Actuals": "monitoring.actuals",
    "read_actuals": "monitoring.actuals",
    "Monitor": "monitoring.monitor",
    "monitor": "monitoring.monitor",
    "write_monitor": "monitoring.writing",
    "explain": "reasons.explanation",
    "Realignment": "realign.realigning",
    "Start": "realign.realigning",
    "realigned": "realign.realigning",
    "Recommendation": "realign.recommending",
    "Recommender": "realign.recommending",
    "MovesCurve": "realign.curve",
    "moves_curve": "realign.curve",
    "Transition": "realign.transition",
    "transition": "realign.transition",
    "write_realignment": "realign.writing",
    "write_transition": "realign.writing",
    "Result": "result",
    "RunLog": "history.log",
    "run_log": "history.log",
    "Lineage": "run_record",
    "Predecessor": "run_record",
    "Run": "runs",
    "claim_run": "runs",
    "read_run": "runs",
    "write_run": "runs",
    "propose_scoring": "scoring.proposing",
    "Scored": "scoring.scored",
    "read_scored": "scoring.scored",
    "score_accounts": "scoring.scoring",
    "Scoring": "scoring.spec",
    "load_scoring": "scoring.spec",
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
    "json_schema": "schemas",
    "json_schemas": "schemas",
}

__version__ = "0.1.0"
__all__ = [
    "Actuals",
    "Alignment",
    "BackendError",
    "Band",
    "Check",
    "Decision",
    "Explanation",
    "Fault",
    "Goals",
    "Imported",
    "InputError",
    "Instance",
    "Lineage",
    "Mapping",
    "Model",
    "ModelError",
    "Monitor",
    "MovesCurve",
    "Planned",
    "Policy",
    "Predecessor",
    "Problem",
    "PyomoBackend",
    "Quality",
    "Realignment",
    "Recommendation",
    "Recommender",
    "Request",
    "RequestAnswers",
    "Result",
    "Run",
    "RunLog",
    "Scored",
    "Scoring",
    "Start",
    "Sweep",
    "TerritoryoptError",
    "Transition",
    "WhatIf",
    "Whitespace",
    "append_log",
    "certainty",
    "check",
    "claim_run",
    "compare",
    "compile_problem",
    "current_alignment",
    "explain",
    "fewest_moves",
    "frontier",
    "import_accounts",
    "json_schema",
    "json_schemas",
    "load_goal_settings",
    "load_mapping",
    "load_model",
    "load_policy",
    "load_scoring",
    "monitor",
    "moves_curve",
    "pair_prices",
    "plan_from_export",
    "plan_from_pyomo",
    "plan_page",
    "price_requests",
    "propose_mapping",
    "propose_scoring",
    "read_actuals",
    "read_alignment",
    "read_goals",
    "read_instance",
    "read_locks",
    "read_requests",
    "read_run",
    "read_scored",
    "read_sweep",
    "realigned",
    "rep_page",
    "robust",
    "rule_costs",
    "run_log",
    "score_accounts",
    "set_goals",
    "side_by_side",
    "solve",
    "sweep",
    "territory_quality",
    "to_pyomo",
    "transition",
    "uncertain",
    "verify_log",
    "what_if",
    "whitespace",
    "why_no_plan",
    "why_not",
    "write_comparison",
    "write_goals",
    "write_model",
    "write_monitor",
    "write_owners",
    "write_pair_prices",
    "write_realignment",
    "write_rep_pages",
    "write_report",
    "write_requests",
    "write_run",
    "write_transition",
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
