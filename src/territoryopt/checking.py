"""`check`: what any plan is worth and whether it holds, from the files and with no solver."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from numpy.typing import ArrayLike

from territoryopt.alignment import Alignment
from territoryopt.compile import compile_problem, selected
from territoryopt.errors import InputError
from territoryopt.model import Model, load_model
from territoryopt.problem import Evaluation, IntArray, Problem, evaluate, plan_array

if TYPE_CHECKING:
    from territoryopt.instance import Instance

SCHEMA = "territoryopt/check/1"


@dataclass(frozen=True, eq=False)
class Check:
    """A plan recomputed: `evaluation` has its money, totals and every breach."""

    problem: Problem = field(repr=False)
    rep: IntArray = field(repr=False)
    evaluation: Evaluation

    @property
    def holds(self) -> bool:
        return self.evaluation.holds

    def as_dict(self) -> dict[str, Any]:
        """The stable JSON contract `territoryopt/check/1`."""
        found = self.evaluation
        return {
            "schema": SCHEMA,
            "holds": found.holds,
            "currency": self.problem.currency,
            **found.as_dict(),
            "totals": [
                {"name": rows.name, "row": label, "total": float(s), "unit": rows.unit}
                for rows in self.problem.rows
                for label, s in zip(rows.labels, found.activity[rows.name], strict=True)
            ],
        }


def check(instance: Instance, model: Model | str, alignment: Alignment | ArrayLike) -> Check:
    """Recompute every total, rule and goal of a plan, ours or anyone's.

    alignment: an `Alignment` of the instance (before the model's row filter, which is applied to
    it), or int[accounts] of the filtered instance. Raises InputError and ModelError as `solve`
    does; a plan that breaks rules is an answer, not an error.
    """
    if not isinstance(model, Model):
        model = load_model(model)
    problem = compile_problem(instance, model)
    kept = selected(instance, model)
    if not isinstance(alignment, Alignment):
        rep = plan_array(problem, alignment)
    else:
        rep = aligned(alignment, kept)
    return Check(problem, rep, evaluate(problem, rep))


def aligned(alignment: Alignment, instance: Instance) -> IntArray:
    """The plan int[accounts] in the numbering of an instance; -1 where its rep is not there."""
    number = {name: j for j, name in enumerate(instance.rep_ids)}
    owner = {a: alignment.owner(i) for i, a in enumerate(alignment.account_ids)}
    unknown = [a for a in instance.account_ids if a not in owner]
    if unknown:
        raise InputError([f"the alignment does not know the account {a}" for a in unknown])
    import numpy as np

    return np.array([number.get(owner[a] or "", -1) for a in instance.account_ids], dtype=np.int64)
