"""The researcher's door: a problem as a Pyomo model with readable names, to extend and write.

Names from the data are index values only, never names of components: an account may be called
`load` or `name`, which Pyomo keeps for itself.

Sets         accounts, reps, pairs[account, rep], goals, rules, rows[rule, row]
Var          assign[account, rep]                0/1, one per eligible pair
             over, under[rule, row]              distance outside the bounds, in the row's unit
             worst[rule]                         currency/year
             shared[rule, group, rep]            accounts too many with one rep (priced `apart`)
             present[rule, group, rep]           whether the rep has an account of the group
             split[rule, group]                  reps too many (priced `together`)
Constraint   one_rep[account]                    Σ_j assign_ij = 1
             within[rule, row]                   lower <= activity + under - over <= upper
             charge[rule, row]                   price · (over + under) <= worst
             apart[rule, group, rep]             Σ_i assign_ij <= 1 + shared
             together[rule, group, account, rep] assign_ij <= present
             one_team[rule, group]               Σ_j present_j <= 1 + split
Expression   activity[rule, row]                 s_r = constant_r + Σ a_ij assign_ij, row's unit
             money[goal or priced rule]          currency/year
Objective    total                               Σ money, to be least

Hard rows have no `over` and `under`; there is no `worst`, `shared` or `split` without a price.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from territoryopt.backends.pyomo_parts import (
    Build,
    Names,
    add_apart,
    add_one_rep,
    add_rows,
    add_together,
    objects,
)
from territoryopt.errors import BackendError, Fault, InputError, ModelError
from territoryopt.folders import write_file
from territoryopt.problem import IntArray, Problem

if TYPE_CHECKING:
    from pyomo.environ import ConcreteModel

LABEL_LENGTH = 240
"""LP readers stop at 255 characters, and Pyomo's writer adds a few to the name of a row."""


def to_pyomo(problem: Problem) -> ConcreteModel:
    """The problem as a Pyomo `ConcreteModel`; the module's text lists its components.

    It is built over `problem.contracted`: a family is one account, named by its first member, and
    amounts are sums. Where two rows, rules or ids share a name, the second is indexed as
    `name #2`. Parts that can neither forbid nor charge anything are left out. An account without
    an eligible rep keeps its `one_rep`, over a variable `nobody[account]` that is fixed at 0, and
    a hard row that no pair can move keeps `over` and `under` fixed at 0: the model then says,
    as it should, that there is no plan.
    """
    import pyomo.environ as pyo

    names = Names(problem)
    problem = problem.contracted
    pairs = problem.pairs
    model = pyo.ConcreteModel(name="territories")
    model.accounts = pyo.Set(initialize=names.accounts, dimen=1)
    model.reps = pyo.Set(initialize=names.reps, dimen=1)
    model.pairs = pyo.Set(initialize=names.pairs(pairs), dimen=2)
    model.assign = pyo.Var(model.pairs, within=pyo.Binary)
    build = Build(model, pairs, objects(model.assign.values()))
    add_one_rep(build, names)
    for cost in problem.costs:
        amounts = cost.amounts.at(pairs.account, pairs.rep)
        build.charge(cost.name, build.linear(np.arange(len(pairs)), cost.price * amounts))
    model.rules = pyo.Set(initialize=[*names.rules, *names.grouping_rules], dimen=1)
    add_rows(build, problem.rows, names.rows)
    groupings = list(zip(names.grouping_rules, names.groups, problem.groupings, strict=True))
    add_apart(build, [x for x in groupings if x[2].apart], names)
    add_together(build, [x for x in groupings if not x[2].apart], names)
    model.goals = pyo.Set(initialize=list(build.money), dimen=1)
    model.money = pyo.Expression(model.goals)
    for name, parts in build.money.items():
        model.money[name] = parts[0] if len(parts) == 1 else sum(parts)
    model.total = pyo.Objective(expr=sum(model.money.values()), sense=pyo.minimize)
    return model


def plan_from_pyomo(model: ConcreteModel, problem: Problem) -> IntArray:
    """The plan int64[accounts] that the values of `assign` say; -1 where none is above zero.

    An account goes to the rep with the largest value, the first of equals, and a family as one.
    `problem` is the one given to `to_pyomo`. Raises ModelError if the model is of another one.
    """
    _check_same(model, problem)
    pairs = problem.contracted.pairs
    value = np.array([v.value if v.value is not None else 0.0 for v in model.assign.values()])
    # Sorted by account, then from the largest value: the first pair of each account is its best.
    order = np.lexsort((-value, pairs.account))
    owned = np.flatnonzero(np.diff(pairs.start) > 0)
    best = order[pairs.start[owned]]
    rep = np.full(len(pairs.start) - 1, -1, dtype=np.int64)
    rep[owned] = np.where(value[best] > 0, pairs.rep[best], -1)
    return rep[problem.units.unit_of]


def set_start(model: ConcreteModel, problem: Problem, plan: IntArray) -> None:
    """Give every variable of `to_pyomo(problem)` the value it has in `plan` int[accounts].

    A solver called with `warmstart=True` then begins there. An account without a rep (-1), and a
    family with several, gets zeros. Raises ModelError if the model is of another problem.
    """
    _check_same(model, problem)
    names, units = Names(problem), problem.units
    head = plan[units.first]
    mixed = np.bincount(units.unit_of, plan != head[units.unit_of], units.count) > 0
    rep = np.where(mixed, -1, head)
    problem = problem.contracted
    chosen = rep[problem.pairs.account] == problem.pairs.rep
    for variable, value in zip(model.assign.values(), chosen.tolist(), strict=True):
        variable.set_value(float(value), skip_validation=True)
    for rows, keys in zip(problem.rows, names.rows, strict=True):
        s = rows.activity(rep)
        for key, more, less in zip(keys, s - rows.upper, rows.lower - s, strict=True):
            for component, value in ((model.over, more), (model.under, less)):
                if key in component:
                    component[key].set_value(max(0.0, float(value)), skip_validation=True)
        if keys and keys[0][0] in model.worst:
            model.worst[keys[0][0]].set_value(rows.money(s), skip_validation=True)
    for rule, groups, part in zip(
        names.grouping_rules, names.groups, problem.groupings, strict=True
    ):
        counts = part.counts(rep, problem.reps)
        for label, row, excess in zip(groups, counts, part.excess(counts), strict=True):
            for j, n in enumerate(row.tolist()):
                key = (rule, label, names.reps[j])
                if key in model.shared:
                    model.shared[key].set_value(float(max(0, n - 1)))
                if key in model.present:
                    model.present[key].set_value(float(n > 0))
            if (rule, label) in model.split:
                model.split[rule, label].set_value(float(excess))


def write_model(what: Problem | ConcreteModel, path: str | Path) -> None:
    """Write a problem, or a model made by `to_pyomo` and extended, as `.lp` or `.mps`.

    The same problem always gives the same text. A name such as `assign['a b',Ü]` becomes
    `assign(a_b,_)`: everything but ASCII letters, digits, `_` and `.` in an id is written as `_`,
    long names are cut, and a name already taken gets `_2`, `_3`, ... Names come from the data and
    mean no more than that. Raises BackendError for another suffix or a file that cannot be
    written.
    """
    from pyomo.opt import ProblemFormat

    path = Path(path)
    if path.suffix.lower() not in (".lp", ".mps"):
        raise BackendError(
            [
                Fault(
                    "a model is written as .lp or .mps",
                    "Give the file one of these endings",
                    value=path.name,
                )
            ]
        )
    model = to_pyomo(what) if isinstance(what, Problem) else what
    try:
        lp = path.suffix.lower() == ".lp"
        form = ProblemFormat.cpxlp if lp else ProblemFormat.mps
        options = {"labeler": _Labeler()}
        write_file(
            path,
            lambda draft: model.write(str(draft), format=form, io_options=options),
            overwrite=True,
        )
    except InputError as error:
        raise BackendError(error.problems) from error


class _Labeler:
    """Legal, unique names for LP and MPS.

    Pyomo's own labeler stops where two names become one (`a b` and `a_b`) and lets letters
    beyond Latin-1 through, which LP readers refuse.
    """

    def __init__(self) -> None:
        self._taken: set[str] = set()
        self._given: dict[int, str] = {}

    def __call__(self, item: Any) -> str:
        if id(item) not in self._given:
            parent, index = item.parent_component(), item.index()
            block = parent.parent_block()
            name = parent.local_name if block is item.model() else parent.name
            parts = index if isinstance(index, tuple) else (index,)
            text = re.sub(r"[^A-Za-z0-9_.]", "_", name)
            if index is not None:
                text += "(" + ",".join(re.sub(r"[^A-Za-z0-9_.]", "_", str(p)) for p in parts) + ")"
            self._given[id(item)] = self._free(text[:LABEL_LENGTH])
        return self._given[id(item)]

    def _free(self, text: str) -> str:
        label, k = text, 1
        while label in self._taken:
            k += 1
            label = f"{text}_{k}"
        self._taken.add(label)
        return label


def _check_same(model: ConcreteModel, problem: Problem) -> None:
    expected = problem.contracted
    found = (len(model.accounts), len(model.reps), len(model.assign))
    if found != (expected.accounts, expected.reps, len(expected.pairs)):
        raise ModelError(
            [
                Fault(
                    "the model was made from another problem",
                    "Give the problem that to_pyomo was called with",
                )
            ]
        )
