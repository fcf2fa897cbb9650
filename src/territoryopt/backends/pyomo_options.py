"""What each solver calls a gap, a thread and a seed, as data. Names are those of Pyomo's
`SolverFactory`; a solver that is not listed still runs, with a time limit only.

The names come from the solvers' manuals. `PyomoBackend` says in a note what could not be passed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType


@dataclass(frozen=True)
class Dialect:
    """How to speak to one solver.

    gap, threads, seed: names of its options, "" = it has none. seconds: the same for the time
    limit of a classic interface that ignores Pyomo's own keyword for it. always: options set in
    any case. silent: it prints nothing with these options, so that Pyomo need not take the
    standard output of the whole process while it runs. echoes: once the gap is reached, Pyomo
    reports the plan's own objective, or the first LP's, as its bound. remedy: how to get it.
    """

    label: str
    gap: str = ""
    threads: str = ""
    seed: str = ""
    seconds: str = ""
    always: Mapping[str, object] = field(default_factory=dict)
    silent: bool = False
    echoes: bool = False
    remedy: str = "Install it, so that Pyomo finds it, or choose another solver"


HIGHS = Dialect(
    "HiGHS",
    gap="mip_rel_gap",
    threads="threads",
    seed="random_seed",
    # Absolute tolerances: our own check forgives a millionth of a row's size, whatever its unit.
    always={
        "mip_abs_gap": 0.0,
        "mip_feasibility_tolerance": 1e-9,
        "primal_feasibility_tolerance": 1e-9,
        "log_to_console": False,
    },
    silent=True,
    remedy="Install it with: pip install 'highspy>=1.12,<1.13'",
)
GUROBI = Dialect(
    "Gurobi",
    gap="MIPGap",
    threads="Threads",
    seed="Seed",
    seconds="TimeLimit",
    remedy="Install it with: pip install gurobipy (past 2,000 variables it needs a licence)",
)
CPLEX = Dialect(
    "CPLEX",
    gap="mip_tolerances_mipgap",
    threads="threads",
    seed="randomseed",
    seconds="timelimit",
    remedy="Install it with: pip install cplex (past 1,000 variables it needs a licence), and "
    "choose cplex_direct; cplex needs the program of this name on the PATH",
)
XPRESS = Dialect(
    "Xpress",
    gap="miprelstop",
    threads="threads",
    seed="randomseed",
    seconds="timelimit",
    # By itself it gives up what is not better by a ten-thousandth, whatever gap it is asked for.
    always={"miprelcutoff": 0.0, "mipaddcutoff": 0.0},
    remedy="Install it with: pip install xpress (its free licence is limited in size)",
)
SCIP = Dialect(
    "SCIP",
    gap="limits/gap",
    seed="randomization/randomseedshift",
    remedy="Install the program scip (built with its AMPL interface), or choose scip_direct",
)
SCIP_DIRECT = replace(
    SCIP,
    label="PySCIPOpt",
    threads="lp/threads",
    always={"display/verblevel": 0},
    silent=True,
    remedy="Install it with: pip install pyscipopt",
)
CBC = Dialect(
    "CBC",
    gap="ratioGap",
    threads="threads",
    seed="randomCbcSeed",
    echoes=True,
    remedy="Install the program cbc (Debian and Ubuntu: coinor-cbc)",
)
GLPK = Dialect(
    # It has a gap ("mipgap"), but then Pyomo gives back neither a bound nor why it stopped.
    "GLPK",
    remedy="Install the program glpsol (Debian and Ubuntu: glpk-utils)",
)

DIALECTS: Mapping[str, Dialect] = MappingProxyType(
    {
        "appsi_highs": HIGHS,
        "highs": HIGHS,
        "appsi_gurobi": GUROBI,
        "gurobi": GUROBI,
        "gurobi_direct": GUROBI,
        "gurobi_direct_v2": GUROBI,
        "cplex": CPLEX,
        "cplex_direct": CPLEX,
        "xpress": XPRESS,
        "xpress_direct": XPRESS,
        "scip": SCIP,
        "scip_direct": SCIP_DIRECT,
        "cbc": CBC,
        "glpk": GLPK,
    }
)
