"""Each goal by segment of the rep's accounts, such as new business and accounts to keep."""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from territoryopt.cells import FloatArray
from territoryopt.errors import Fault, InputError
from territoryopt.goals.measured import Measured
from territoryopt.goals.settings import GoalSettings
from territoryopt.goals.sharing import by_weight, exact, shares
from territoryopt.goals.types import RepGoal, SegmentGoal, cents, money_of

NO_SEGMENT, NO_ACCOUNT = "(blank)", "(no account)"


def segment_goals(
    spec: GoalSettings, measured: Measured, reps: tuple[RepGoal, ...], step: int, file: str
) -> tuple[SegmentGoal, ...]:
    """Each goal by segment of the rep's accounts: every part by what it stands on, and the whole in
    those proportions, by largest remainders."""
    if spec.segments is None:
        return ()
    table = measured.run.instance.accounts
    column = spec.segments.column
    if column not in table.columns:
        raise InputError([Fault(f"{table.file} has no column {column!r}",
                                f"There are {', '.join(table.columns)}", file=file,
                                key="segments.column")])  # fmt: skip
    values = np.where(table.columns[column] == "", NO_SEGMENT, table.columns[column])
    names, of = np.unique(values.astype(str), return_inverse=True)
    one = np.ones(len(of))
    bases = {
        name: measured.of_accounts(measure) if measured.has(measure) else one
        for name, measure in (("potential", spec.potential.measure),
                              ("history", spec.history.measure), ("capacity", "workload"))
    }  # fmt: skip
    owned = measured.rep >= 0
    key = (measured.rep * len(names) + of)[owned]
    size = measured.reps * len(names)

    def table_of(amounts: FloatArray) -> FloatArray:
        sums: FloatArray = np.bincount(key, amounts[owned], size).astype(np.float64)
        return sums.reshape(measured.reps, -1)

    count = table_of(one)
    sums = {name: table_of(amounts) for name, amounts in bases.items()}
    out = []
    for j, rep in enumerate(reps):
        there = np.flatnonzero(count[j]).tolist()
        if not there:
            out.append(SegmentGoal(rep.rep, NO_ACCOUNT, 0, rep.goal))
            continue
        weight = [Fraction(0)] * len(there)
        for name, table_sums in sums.items():
            row = table_sums[j] if table_sums[j].sum() > 0 else count[j]
            part = exact(rep.parts[name])
            by = shares([exact(float(row[s])) for s in there])
            weight = [w + part * share for w, share in zip(weight, by, strict=True)]
        if not sum(weight, Fraction(0)):
            weight = [exact(float(count[j, s])) for s in there]
        units = by_weight(weight, cents(rep.goal) // step)
        out += [
            SegmentGoal(rep.rep, str(names[s]), int(count[j, s]), money_of(n * step))
            for s, n in zip(there, units, strict=True)
        ]
    return tuple(out)
