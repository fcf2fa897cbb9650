"""Instance x Model -> Problem: each rule and goal becomes arrays once, here."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from territoryopt.errors import Fault, InputError, ModelError
from territoryopt.problem import Cost, Exclusion, Grouping, IntArray, Problem, Rows
from territoryopt.terms import Data, FamilyPart, KeptPart, Part
from territoryopt.terms.assignments import Locks

if TYPE_CHECKING:
    from territoryopt.instance import Instance
    from territoryopt.model import Model


def compile_problem(instance: Instance, model: Model) -> Problem:
    """The arrays of an instance under a model, after the model's row filter.

    Raises ModelError where the model does not fit the data and InputError where the data cannot
    be used, with every fault of both.
    """
    instance = selected(instance, model)
    data = Data(instance, model)
    _refuse_loose_locks(instance, model, data)
    parts: list[Part] = []
    for name, term in model.terms.items():
        data.key = f"{'rules' if name in model.rules else 'goals'}.{name}"
        parts += term.parts(name, data)
    _raise(data)
    return assembled(data, parts)


def assembled(data: Data, parts: list[Part]) -> Problem:
    """The parts of all terms as one problem."""
    instance = data.instance
    families = [part for part in parts if isinstance(part, FamilyPart)]
    return Problem(
        accounts=data.accounts,
        reps=data.reps,
        costs=tuple(part for part in parts if isinstance(part, Cost)),
        rows=tuple(part for part in parts if isinstance(part, Rows)),
        exclusions=(
            *(part for part in parts if isinstance(part, Exclusion)),
            *data.exclusions.values(),
        ),
        groupings=tuple(part for part in parts if isinstance(part, Grouping)),
        current=instance.current.copy(),
        family=joined_families([part.group for part in families], data.accounts),
        family_rule=" + ".join(part.name for part in families),
        account_ids=instance.account_ids,
        rep_ids=instance.rep_ids,
        currency=data.currency,
        notes=tuple(data.notes),
        kept=_kept([part for part in parts if isinstance(part, KeptPart)]),
    )


def selected(instance: Instance, model: Model) -> Instance:
    """The rows of the instance that the model's filter keeps."""
    where = {
        table: rows
        for table, rows in (("accounts", model.where.accounts), ("reps", model.where.reps))
        if rows
    }
    return instance.select(where) if where else instance


def _refuse_loose_locks(instance: Instance, model: Model, data: Data) -> None:
    """A fault where locks were added that no rule would hold: they would be passed over."""
    held = (t for t in model.rules.values() if isinstance(t, Locks) and t.to == "locked_rep")
    if instance.added_locks and not any(t.price is None and not t.where for t in held):
        data.faults.add(
            "locks were added, and the model has no rule that holds every lock",
            'Add to the model: [rules.locks], and below it: kind = "locks"',
            key="rules",
        )


def _kept(parts: list[KeptPart]) -> dict[str, tuple[tuple[str, str], ...]]:
    """Why accounts are to stay: (rule, words) by account id."""
    out: dict[str, tuple[tuple[str, str], ...]] = {}
    for part in parts:
        for account, why in part.why.items():
            out[account] = (*out.get(account, ()), (part.name, why))
    return out


def joined_families(families: list[IntArray], accounts: int) -> IntArray:
    """One family number per account, -1 for none, where several rules name families (each
    int64[accounts]): linked ones are joined."""
    if not families:
        return np.full(accounts, -1, dtype=np.int64)
    if len(families) == 1:
        return families[0]
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    rows, cols, offset = [], [], accounts
    for group in families:
        inside = np.flatnonzero(group >= 0)
        rows.append(inside)
        cols.append(group[inside] + offset)
        offset += int(group.max(initial=-1)) + 1
    i, j = np.concatenate(rows), np.concatenate(cols)
    graph = coo_array((np.ones(len(i)), (i, j)), shape=(offset, offset))
    _, label = connected_components(graph, directed=False)
    size = np.bincount(label[:accounts], minlength=label.max() + 1)
    own = label[:accounts].astype(np.int64)
    return np.where(size[own] > 1, own, -1)


def _raise(data: Data) -> None:
    bad: list[Fault] = [fault for error in data.bad_input for fault in error.problems]
    bad = list(dict.fromkeys(bad))
    if data.faults:
        raise ModelError([*dict.fromkeys(data.faults.problems), *bad])
    if bad:
        raise InputError(bad)
