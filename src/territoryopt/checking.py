"""`check`: what any plan is worth and whether it holds, from the files and with no solver."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from territoryopt.alignment import Alignment
from territoryopt.cells import index_of, numbers
from territoryopt.compile import compile_problem, selected
from territoryopt.errors import InputError
from territoryopt.model import Model, load_model
from territoryopt.problem import Evaluation, FloatArray, IntArray, Problem, evaluate, plan_array

if TYPE_CHECKING:
    import pandas as pd

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

    def to_frame(self) -> pd.DataFrame:
        """One row per row of a rule: rule, row, measure, unit, total, and in the same unit lower
        and upper, NaN where there is no such limit; hard: whether it must hold."""
        import pandas as pd

        parts = self.problem.rows
        each = [len(rows) for rows in parts]

        def whole(name: str) -> list[object]:
            return [getattr(rows, name) for rows, n in zip(parts, each, strict=True) for _ in
                    range(n)]  # fmt: skip

        def joined(arrays: list[FloatArray]) -> FloatArray:
            values = np.concatenate([np.empty(0), *arrays])
            return np.where(np.isfinite(values), values, np.nan)

        return pd.DataFrame(
            {
                "rule": whole("name"),
                "row": [label for rows in parts for label in rows.labels],
                "measure": whole("measure"),
                "unit": whole("unit"),
                "total": joined([self.evaluation.activity[rows.name] for rows in parts]),
                "lower": joined([rows.lower for rows in parts]),
                "upper": joined([rows.upper for rows in parts]),
                "hard": [bool(np.isinf(p)) for rows in parts for p in rows.price],
            }
        )


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
    ids = np.array(instance.account_ids, dtype=object)
    where = numbers(index_of(alignment.account_ids), ids)
    if (where < 0).any():
        raise InputError([f"the alignment does not know the account {a}" for a in ids[where < 0]])
    number = numbers(index_of(instance.rep_ids), np.array([*alignment.rep_ids, ""], dtype=object))
    return number[np.maximum(alignment.rep, -1)[where]]
