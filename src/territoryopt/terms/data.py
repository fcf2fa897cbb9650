"""What terms compile against: the instance's columns as measured amounts, with units.

Built-in measures: workload = calls + travel (hours/year), potential, revenue (currency/year),
distance (km, one way), count (accounts). A model adds more from any numeric column of accounts or
pairs.
"""

from __future__ import annotations

from difflib import get_close_matches
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from territoryopt.cells import ObjectArray
from territoryopt.errors import FaultList, InputError, ModelError, shortened
from territoryopt.problem import (
    AccountAmounts,
    Amounts,
    DenseAmounts,
    Exclusion,
    FloatArray,
    IntArray,
)
from territoryopt.problem.amounts import BoolArray
from territoryopt.tables import Table
from territoryopt.terms.journeys import Scaled, Source, distance_km, travel_hours
from territoryopt.terms.pair_list import PairList
from territoryopt.terms.sections import Frame

if TYPE_CHECKING:
    from territoryopt.instance import Instance
    from territoryopt.travel import Travel

COLUMNS = {"potential": "potential", "revenue": "annual_revenue"}
"""The columns of accounts.csv that built-in measures are."""

DENSE_CELLS = 20_000_000
"""Pairs up to which computed amounts are stored (160 MB each); beyond, computed when asked for."""


class Data:
    """One instance under one model: amounts by measure, targets, current owners.

    Faults are collected in `faults` (model) and `bad_input` (files), so that a compile tells all
    of them at once. `key` is the TOML key of the term being compiled. stored: whether amounts that
    are computed may be stored for every pair; a look-up for each account is quicker without.
    """

    every_account = True
    """Whether these are all accounts; else what is asked of all of them is not asked."""

    def __init__(self, instance: Instance, model: Frame, *, stored: bool = True) -> None:
        self.instance = instance
        self.model = model
        self.stored = stored
        self.currency = model.currency
        self.accounts = len(instance.account_ids)
        self.reps = len(instance.rep_ids)
        self.every_rep: IntArray = np.arange(self.reps, dtype=np.int64)
        self.faults = FaultList(ModelError)
        self.bad_input: list[InputError] = []
        self.exclusions: dict[str, Exclusion] = {}
        self.notes: list[str] = []
        self.key = ""
        self._amounts: dict[str, Amounts] = {}
        self._scaled: dict[str, Scaled] = {}

    # -- faults ---------------------------------------------------------------------------------

    def fault(self, field: str, message: str, remedy: str = "", value: object = "") -> None:
        """Something wrong with a field of the term being compiled."""
        key = f"{self.key}.{field}" if field else self.key
        self.faults.add(message, remedy, file=self.model.file, key=key, value=value)

    def no_column(self, table: Table, column: str, key: str) -> None:
        """A column that a file does not have; `key` is the TOML key that asks for it."""
        close = get_close_matches(column, list(table.columns), 1, 0.5)
        hint = f"Did you mean {close[0]!r}? " if close else ""
        self.faults.add(
            f"{table.file} has no column {shortened(column)!r}",
            f"{hint}Add it, or name another in the model. There are {', '.join(table.columns)}",
            file=self.model.file,
            key=key,
        )

    def account_column(self, column: str, key: str, minimum: float | None = 0.0) -> FloatArray:
        """float[accounts]: a numeric column of accounts; every cell must be filled."""
        return self._column("accounts", column, key, minimum)

    def _column(self, table: str, column: str, key: str, minimum: float | None) -> FloatArray:
        source = self.instance.accounts if table == "accounts" else self.instance.reps
        size = self.accounts if table == "accounts" else self.reps
        if column not in source.columns:
            self.no_column(source, column, key)
            return np.ones(size)
        try:
            if table == "accounts":
                return self.instance.account_numbers(column, minimum=minimum)
            return self.instance.rep_numbers(column, minimum=minimum)
        except InputError as error:
            self.bad_input.append(error)
            return np.ones(size)

    def rep_column(self, column: str, field: str) -> FloatArray:
        """float[reps]: a numeric column of reps, zero or more; every cell must be filled.
        `field` is the field of the term being compiled that names it."""
        return self._column("reps", column, f"{self.key}.{field}", 0.0)

    def rep_text(self, column: str) -> ObjectArray | None:
        """The text of a column of reps; None, with a fault, where there is none."""
        if column not in self.instance.reps.columns:
            self.no_column(self.instance.reps, column, f"{self.key}.column")
            return None
        return self.instance.reps.columns[column]

    def note_unbound(self, column: str) -> None:
        """Note that a rule binds nothing where accounts lack the column it speaks of."""
        if column not in self.instance.accounts.columns:
            file = self.instance.accounts.file
            self.notes.append(f"{self.key} binds nothing: {file} has no column {column}")

    def optional_text(self, column: str, default: str) -> ObjectArray:
        """The text of a column of accounts. Where the column of that `default` name is absent
        the rule binds nothing, which is noted; any other absent column is a fault."""
        cells = self.instance.accounts.columns.get(column)
        if cells is not None:
            return cells
        if column == default:
            self.note_unbound(column)
        else:
            self.no_column(self.instance.accounts, column, f"{self.key}.column")
        return np.full(self.accounts, "", dtype=object)

    def account_mask(self, where: dict[str, list[str]]) -> BoolArray:
        """bool[accounts]: the accounts whose cells are among the values, in every column named."""
        mask = np.ones(self.accounts, dtype=bool)
        for column, values in where.items():
            if column not in self.instance.accounts.columns:
                self.no_column(self.instance.accounts, column, f"{self.key}.where.{column}")
                continue
            cells = self.instance.accounts.columns[column]
            wanted = frozenset(values)
            found = np.fromiter(map(wanted.__contains__, cells.tolist()), np.bool_, len(cells))
            if self.every_account and not found.any():
                self.fault(f"where.{column}", "no account has such a value", value=values)
            mask &= found
        return mask

    # -- amounts --------------------------------------------------------------------------------

    def unit(self, measure: str) -> str:
        return self.model.units[measure]

    def amounts(self, measure: str) -> Amounts:
        """Amounts of a measure over pairs, in its unit."""
        if measure not in self._amounts:
            self._amounts[measure] = self._build(measure)
        return self._amounts[measure]

    def _build(self, measure: str) -> Amounts:
        spec, column = self.model.measures.get(measure), COLUMNS.get(measure)
        if spec is not None and spec.column is not None:
            minimum = None if spec.negative else 0.0
            key = f"measures.{measure}.column"
            return AccountAmounts(self.account_column(spec.column, key, minimum), self.reps)
        if spec is None and column is not None:
            return AccountAmounts(self.account_column(column, f"{self.key}.measure"), self.reps)
        if spec is None and measure == "count":
            return AccountAmounts(np.ones(self.accounts), self.reps)
        if spec is None and measure == "calls":
            return AccountAmounts(self.visits * self.hours, self.reps)
        scaled = self._scaled[measure] = self._of_pairs(measure)
        if not self.stored or self.accounts * self.reps > DENSE_CELLS:
            return scaled.amounts()
        return DenseAmounts(scaled.table())

    def _of_pairs(self, measure: str) -> Scaled:
        """An amount that depends on the rep."""
        none, one = np.zeros(self.accounts), np.ones(self.accounts)
        spec = self.model.measures.get(measure)
        if spec is not None:
            assert spec.pairs is not None  # the model sees to it that there is one of the two
            minimum = None if spec.negative else 0.0
            source = self.pair_list(spec.pairs, spec.missing, f"measures.{measure}.pairs", minimum)
            return Scaled(source, none, self.visits if spec.per == "visit" else one)
        if measure == "distance":
            return Scaled(self.km, none, one)
        if measure == "travel":
            return travel_hours(self)
        travel, calls = self.amounts("travel"), self.visits * self.hours
        if isinstance(travel, AccountAmounts) and "travel" not in self._scaled:
            # a measure of the model's own, the same with every rep
            return Scaled(PairList.of_one(self.accounts, self.reps, 0.0), travel.base + calls, none)
        return self._scaled["travel"].plus(calls)

    @cached_property
    def km(self) -> Source:
        """One-way km of each pair."""
        return distance_km(self)

    def hop_km(self, travel: Travel) -> FloatArray:
        """float[accounts]: km from one stop to the next around each account; NaN where its place
        is unknown."""
        places = self.instance.coordinates
        return travel.local_hop_km(places[:, 0], places[:, 1])

    def _per_account(self, source: str | float, key: str) -> FloatArray:
        if isinstance(source, str):
            return self.account_column(source, key)
        return np.full(self.accounts, float(source))

    @cached_property
    def visits(self) -> FloatArray:
        """float[accounts]: call frequency f_i, visits per year."""
        source = self.model.workload.visits_per_year
        return self._per_account(source, "workload.visits_per_year")

    @cached_property
    def hours(self) -> FloatArray:
        """float[accounts]: call duration c_i, hours per visit, without travel."""
        source = self.model.workload.hours_per_visit
        return self._per_account(source, "workload.hours_per_visit")

    def pair_list(
        self, column: str, missing: str | float, key: str, minimum: float | None = 0.0
    ) -> PairList:
        """A pairs column, with absent pairs treated as `missing` says."""
        source = self.instance.pairs
        if source is None or column not in source.columns:
            found = "there is no pairs.csv" if source is None else f"no column {column!r} in it"
            self.faults.add(
                f"needs the column {column!r} of pairs.csv, and {found}",
                "Add pairs.csv with account_id, rep_id and this column",
                file=self.model.file,
                key=key,
            )
            return PairList.of_one(self.accounts, self.reps, 1.0)
        try:
            i, j, cells = self.instance.pair_numbers(column)
        except InputError as error:
            self.bad_input.append(error)
            return PairList.of_one(self.accounts, self.reps, 1.0)
        if minimum is not None and (cells < minimum).any():
            self._refuse_below(source, column, cells, minimum)
        other = 0.0 if isinstance(missing, str) else missing
        usable = missing != "exclude"
        out = PairList(self.accounts, self.reps, i, j, cells, other, usable)
        absent = self.accounts * self.reps - len(i)
        if absent and not usable:
            name = f"no {column} in pairs.csv"
            self.exclusions[name] = Exclusion(name, "pairs", self._stored(out.unlisted()))
        elif absent and missing == "refuse":
            first = int(np.flatnonzero(out.count < self.reps)[0])
            with_rep = self.instance.rep_ids[out.first_unlisted[first]]
            self.faults.add(
                f"{absent:,} pairs have no {column} in pairs.csv, the first "
                f"{self.instance.account_ids[first]} with {with_rep}",
                'Add them, or say missing = "exclude" (such pairs may not be used) or a number',
                file=self.model.file,
                key=key,
            )
        return out

    def _stored(self, amounts: Amounts) -> Amounts:
        if not self.stored or self.accounts * self.reps > DENSE_CELLS:
            return amounts
        return DenseAmounts(amounts.block(0, self.accounts))

    def _refuse_below(self, table: Table, column: str, cells: FloatArray, minimum: float) -> None:
        faults = FaultList(InputError)
        for k in np.flatnonzero(cells < minimum):
            faults.add(
                f"the number is below {minimum:g}",
                "Correct it, or say negative = true where such amounts make sense",
                file=table.file,
                row=int(table.lines[k]),
                column=column,
                value=table.columns[column][k],
            )
        self.bad_input.append(InputError(faults.problems))

    # -- totals and targets ---------------------------------------------------------------------

    def held(self, measure: str) -> FloatArray:
        """float[accounts]: the amount of each account with its current owner; 0 if unowned."""
        current = self.instance.current
        owned = np.flatnonzero(current >= 0)
        out = np.zeros(self.accounts)
        out[owned] = self.amounts(measure).at(owned, current[owned])
        return out

    def reference_total(
        self, measure: str, reference: str | float, allowance: float = 0.0
    ) -> float:
        """The constant total that shares of a measure are taken of, in its unit.

        "least": every account with the rep it has the least amount with (for an amount of the
        account alone, simply the total). "current": as owned today. A number: that number.
        allowance: the fraction by which a word's total is raised, for what evening out costs.
        Where the amount depends on the pair the choice is noted, since it is a choice.
        """
        amounts = self.amounts(measure)
        scaled = self._scaled.get(measure)
        if allowance and (scaled is None or not isinstance(reference, str)):
            self.fault(
                "allowance",
                "goes with an amount that depends on the rep, and a reference in words",
                "Leave it out",
                allowance,
            )
        if not isinstance(reference, str):
            return float(reference)
        if scaled is None:
            assert isinstance(amounts, AccountAmounts)
            return float(amounts.base.sum())
        if reference == "current":
            unowned = int((self.instance.current < 0).sum())
            if unowned:
                self.fault(
                    "reference",
                    f"{unowned:,} accounts have no current owner, so there is no current total",
                    'Use reference = "least" or a number',
                )
            total = float(self.held(measure).sum())
            words = "as owned today"
        else:
            nearest = scaled.source.nearest()
            usable = np.flatnonzero(nearest >= 0)
            total = float(amounts.at(usable, nearest[usable]).sum())
            words = "every account with the rep of its least amount"
        if allowance:
            total *= 1 + allowance
            words += f", and {100 * allowance:g} % for evening out"
        note = f"{self.key}: shares are of {total:,.0f} {self.unit(measure)} of {measure} ({words})"
        if note not in self.notes:
            self.notes.append(note)
        return total

    def targets(
        self, measure: str, target: str, reference: str | float, allowance: float
    ) -> FloatArray:
        """float[reps]: mu_j = s_j x total, in the measure's unit.

        target "equal": s_j = 1/R; else the name of a column of reps, s_j in proportion to it.
        """
        if target == "equal":
            share = np.full(self.reps, 1.0 / self.reps)
        else:
            weight = self.rep_column(target, "target")
            if not weight.sum() > 0:
                self.fault("target", f"the column {target!r} of reps adds up to zero")
                weight = np.ones(self.reps)
            share = weight / weight.sum()
        mu: FloatArray = share * self.reference_total(measure, reference, allowance)
        for j in np.flatnonzero(~(mu > 0)):
            self.fault(
                "target" if target != "equal" else "measure",
                f"the target of {self.instance.rep_ids[j]} is {mu[j]:g} {self.unit(measure)}; "
                "a share of zero has no band around it",
                "Give the rep a positive target, or leave the rep out with a filter",
            )
        return mu
