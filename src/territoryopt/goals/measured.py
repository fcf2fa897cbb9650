"""The measures of a run's plan, rep by rep, with the arrays that its model reads.

Where a rule of the model has the measure, the amounts are those of the rule itself; else they are
built as the model would build them. What a model or its data do not have is told with the reason.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from territoryopt.cells import FloatArray, IntArray
from territoryopt.errors import InputError
from territoryopt.problem import Amounts
from territoryopt.runs import Run
from territoryopt.terms import Data

PLAIN_KINDS = ("band", "capacity", "group", "balance")
"""Rules whose rows hold the amounts of their measure as they are."""


@dataclass(eq=False)
class Measured:
    """What each rep's accounts add up to in the plan of a run; InputError for a run without one."""

    run: Run
    _data: Data = field(init=False, repr=False)
    _amounts: dict[str, Amounts | None] = field(default_factory=dict, repr=False)
    _why: dict[str, str] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        if self.run.rep is None:
            raise InputError([f"{self.run.folder} holds no plan: {self.run.record['status']}"])
        self._data = self._fresh()

    def _fresh(self) -> Data:
        """A plan asks for one pair an account, so nothing is stored for all of them."""
        return Data(self.run.instance, self.run.model, stored=False)

    @property
    def rep(self) -> IntArray:
        """int64[accounts]: the plan, -1 for an account without a rep."""
        assert self.run.rep is not None
        return self.run.rep

    @property
    def current(self) -> IntArray:
        """int64[accounts]: today's owners."""
        return self.run.problem.current

    @property
    def reps(self) -> int:
        return self.run.problem.reps

    def has(self, measure: str) -> bool:
        return self.amounts(measure) is not None

    def why_not(self, measure: str) -> str:
        """Why a measure is not there; empty where it is."""
        self.amounts(measure)
        return self._why.get(measure, "")

    def unit(self, measure: str) -> str:
        return self.run.model.units[measure]

    def amounts(self, measure: str) -> Amounts | None:
        """The amounts of a measure over pairs, in its unit; None where there are none."""
        if measure not in self._amounts:
            self._amounts[measure] = self._find(measure)
        return self._amounts[measure]

    def _find(self, measure: str) -> Amounts | None:
        for rows in self.run.problem.rows:
            if rows.measure == measure and rows.kind in PLAIN_KINDS:
                return rows.amounts
        for cost in self.run.problem.costs:
            if cost.kind == measure == "travel":
                return cost.amounts
        if measure not in self.run.model.units:
            known = ", ".join(self.run.model.units)
            self._why[measure] = f"the model has no measure {measure!r}; it has {known}"
            return None
        data = self._data
        data.key = "goals"
        found = data.amounts(measure)
        problems = [*data.faults.problems, *(p for e in data.bad_input for p in e.problems)]
        if not problems:
            return found
        self._data = self._fresh()  # what was built is made of ones
        more = f" (and {len(problems) - 1:,} more)" if len(problems) > 1 else ""
        first = problems[0]
        place = f"{first.file}, row {first.row}: " if first.row is not None else ""
        self._why[measure] = f"{place}{first.message}{more}"
        return None

    def of_accounts(self, measure: str, rep: IntArray | None = None) -> FloatArray:
        """float64[accounts]: the amount of each account with its rep in the plan (or in another
        plan `rep`); 0 without a rep."""
        plan = self.rep if rep is None else rep
        amounts = self.amounts(measure)
        assert amounts is not None, measure
        owned = np.flatnonzero(plan >= 0)
        out = np.zeros(len(plan))
        out[owned] = amounts.at(owned, plan[owned])
        return out

    def totals(self, values: FloatArray, rep: IntArray | None = None) -> FloatArray:
        """float64[reps]: what amounts of accounts add up to for each rep of the plan."""
        plan = self.rep if rep is None else rep
        owned = plan >= 0
        out: FloatArray = np.bincount(plan[owned], values[owned], self.reps).astype(np.float64)
        return out

    def of_reps(self, measure: str) -> FloatArray:
        """float64[reps]: the total of a measure for each rep of the plan."""
        return self.totals(self.of_accounts(measure))

    @property
    def visits(self) -> FloatArray | None:
        """float64[accounts]: visits a year as the model reads them; None where it cannot."""
        source = self.run.model.workload.visits_per_year
        if not isinstance(source, str):
            return np.full(len(self.rep), float(source))
        if source not in self.run.instance.accounts.columns:
            return None
        try:
            return self.run.instance.account_numbers(source, minimum=0.0)
        except InputError:
            return None

    def rep_column(self, column: str) -> FloatArray | None:
        """float64[reps]: a column of reps.csv, every cell a number of zero or more; else None."""
        if column not in self.run.instance.reps.columns:
            return None
        try:
            return self.run.instance.rep_numbers(column, minimum=0.0)
        except InputError:
            return None
