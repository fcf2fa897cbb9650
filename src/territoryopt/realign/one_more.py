"""One more account under the model of a run, without compiling the others again.

What the new account weighs with each rep comes from the same terms, compiled on an instance of a
few rows: the new account and its relatives, the accounts that share a family or a group with it.
All that depends on the others is a constant of the run: targets and totals that shares are taken
of, and each other account's amounts (the km to its next stop, too). The new account's own way to
its next stop is among all accounts of the run.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np

from territoryopt.cells import ObjectArray
from territoryopt.errors import Fault, FaultList, InputError, ModelError, shortened
from territoryopt.geography import Spots
from territoryopt.instance import Instance
from territoryopt.model import Model
from territoryopt.problem import FloatArray, IntArray, Problem
from territoryopt.problem.amounts import AccountAmounts
from territoryopt.tables import Table
from territoryopt.terms import Data, Part
from territoryopt.terms.assignments import Apart, Families
from territoryopt.travel import Travel

OWNED = ("current_rep",)
"""Columns that mean nothing of an account that nobody has yet."""

NEW = "new"
FILE = "the new account"


class Totals(Data):
    """The run's own data, asked for the totals that shares are taken of; each is found once."""

    def __init__(self, instance: Instance, model: Model) -> None:
        super().__init__(instance, model)
        self._known: dict[tuple[object, ...], Any] = {}

    def reference_total(
        self, measure: str, reference: str | float, allowance: float = 0.0
    ) -> float:
        key = ("total", measure, reference, allowance)
        if key not in self._known:
            self._known[key] = super().reference_total(measure, reference, allowance)
        return float(self._known[key])

    def targets(
        self, measure: str, target: str, reference: str | float, allowance: float
    ) -> FloatArray:
        key = (measure, target, reference, allowance)
        if key not in self._known:
            self._known[key] = super().targets(measure, target, reference, allowance)
        found: FloatArray = self._known[key]
        return found


class OneMore(Data):
    """The new account, first, and its relatives; totals and neighbours are those of the run."""

    every_account = False

    def __init__(self, instance: Instance, model: Model, totals: Totals, spots: Spots) -> None:
        super().__init__(instance, model)
        self._totals, self._spots = totals, spots

    def reference_total(
        self, measure: str, reference: str | float, allowance: float = 0.0
    ) -> float:
        return self._totals.reference_total(measure, reference, allowance)

    def targets(
        self, measure: str, target: str, reference: str | float, allowance: float
    ) -> FloatArray:
        return self._totals.targets(measure, target, reference, allowance)

    def hop_km(self, travel: Travel) -> FloatArray:
        out = np.zeros(self.accounts)  # of the relatives nothing is asked
        lat, lon = self.instance.coordinates[0].tolist()
        out[0] = travel.hop_km_among(self._spots, lat, lon)
        return out


@dataclass(frozen=True, eq=False)
class Weights:
    """What the new account adds. The run's parts in their order: cost float[reps] of each cost, in
    its unit; rows float[reps] of each `Rows`; alone: the problem of the new account (0) and its
    relatives, for rules on who may own it; rep int[relatives + 1], the plan of the relatives."""

    account: str
    costs: tuple[FloatArray, ...]
    rows: tuple[FloatArray, ...]
    alone: Problem
    rep: IntArray


@dataclass(eq=False)
class Around:
    """What of a run is looked up for every new account."""

    instance: Instance
    model: Model
    problem: Problem
    rep: IntArray
    groups: dict[str, dict[str, list[int]]] = field(init=False)

    def __post_init__(self) -> None:
        self.groups = {column: self._by_text(column, split) for column, split in self._columns()}
        _ = self.spots, self.totals, self.known, self.pairs_of

    def _columns(self) -> list[tuple[str, bool]]:
        """Columns whose text ties accounts together, and whether it names several groups."""
        terms = self.model.rules.values()
        found = {t.column: isinstance(t, Apart) for t in terms if isinstance(t, (Families, Apart))}
        return list(found.items())

    def _by_text(self, column: str, split: bool) -> dict[str, list[int]]:
        out: dict[str, list[int]] = {}
        cells = self.instance.accounts.columns.get(column)
        if cells is None:
            return out
        for i in np.flatnonzero(cells.astype(bool)).tolist():
            for text in _texts(cells[i], split):
                out.setdefault(text, []).append(i)
        return out

    @cached_property
    def known(self) -> frozenset[str]:
        return frozenset(self.instance.account_ids)

    @cached_property
    def spots(self) -> Spots:
        return Spots(*self.instance.coordinates.T)

    @cached_property
    def totals(self) -> Totals:
        return Totals(self.instance, self.model)

    @cached_property
    def pairs_of(self) -> tuple[IntArray, IntArray]:
        """Rows of pairs.csv by account: their order, and where each account's begin."""
        order = np.argsort(self.instance.pair_account, kind="stable")
        starts = np.searchsorted(
            self.instance.pair_account[order], np.arange(len(self.instance.account_ids) + 1)
        )
        return order.astype(np.int64), starts.astype(np.int64)

    def weigh(self, row: Mapping[str, Any], pairs: Sequence[Mapping[str, Any]]) -> Weights:
        """What a new account adds, by columns of accounts.csv; pairs: rows of pairs.csv without
        account_id, where the model asks for them. InputError for what cannot be used."""
        cells = {str(name): _cell(value) for name, value in row.items()}
        account = cells.setdefault("account_id", NEW) or NEW
        cells["account_id"] = account
        self._refuse(cells)
        near = self._relatives(cells)
        try:
            instance = self._instance(cells, pairs, near)
            data = OneMore(instance, self.model, self.totals, self.spots)
            parts: list[Part] = []
            for name, term in self.model.terms.items():
                data.key = f"{'rules' if name in self.model.rules else 'goals'}.{name}"
                parts += term.parts(name, data)
        except InputError as error:
            raise InputError(_of_new(error.problems, cells["account_id"])) from error
        if data.bad_input:
            faults = [f for e in data.bad_input for f in e.problems]
            raise InputError(_of_new(faults, cells["account_id"]))
        if data.faults:
            raise ModelError(list(dict.fromkeys(data.faults.problems)))
        return self._weights(account, parts, data, near)

    def _refuse(self, cells: Mapping[str, str]) -> None:
        faults = FaultList(InputError)
        if cells["account_id"] in self.known:
            faults.add("is in the run already", "explain RUN --account says what it may do",
                       file=FILE, column="account_id", value=cells["account_id"])  # fmt: skip
        for column in OWNED:
            if cells.get(column):
                faults.add("a new account has no owner yet", "Leave it blank", file=FILE,
                           column=column, value=cells[column])  # fmt: skip
        faults.raise_if_any()

    def _relatives(self, cells: Mapping[str, str]) -> IntArray:
        """The accounts that share a family or a group with the new one, by number."""
        found: set[int] = set()
        for column, split in self._columns():
            for text in _texts(cells.get(column, ""), split):
                found.update(self.groups[column].get(text, ()))
        return np.array(sorted(found), dtype=np.int64)

    def _instance(
        self, cells: Mapping[str, str], pairs: Sequence[Mapping[str, Any]], near: IntArray
    ) -> Instance:
        own = self.instance.accounts
        names = dict.fromkeys([*own.columns, *cells])
        blank = np.full(len(near), "", dtype=object)
        columns: dict[str, ObjectArray] = {}
        for name in names:
            rest = own.columns[name][near] if name in own.columns else blank
            columns[name] = np.concatenate([np.array([cells.get(name, "")], dtype=object), rest])
        lines = np.concatenate([[own.lines.max(initial=1) + 1], own.lines[near]]).astype(np.int64)
        accounts = Table(own.file, columns, lines)
        return replace(
            self.instance, accounts=accounts, pairs=self._pairs(cells["account_id"], pairs, near),
            account_ids=(), notes=(), added_locks=(),
        ).select(None)  # fmt: skip

    def _pairs(
        self, account: str, pairs: Sequence[Mapping[str, Any]], near: IntArray
    ) -> Table | None:
        own = self.instance.pairs
        if own is None:
            return None
        order, starts = self.pairs_of
        at = np.concatenate(
            [np.empty(0, dtype=np.int64), *(order[starts[i] : starts[i + 1]] for i in near)]
        )
        columns: dict[str, ObjectArray] = {}
        for name, cells in own.columns.items():
            mine = [account if name == "account_id" else _cell(p.get(name, "")) for p in pairs]
            columns[name] = np.concatenate([np.array(mine, dtype=object), cells[at]])
        first = np.arange(len(pairs), dtype=np.int64) + 2
        return Table(own.file, columns, np.concatenate([first, own.lines[at]]))

    def _weights(self, account: str, parts: list[Part], data: OneMore, near: IntArray) -> Weights:
        from territoryopt.compile import assembled

        alone = assembled(data, parts)
        names = [part.name for part in self.problem.rows], [part.name for part in alone.rows]
        if names[0] != names[1]:  # a part that is there for some accounts and not for others
            raise AssertionError(f"rows of the new account differ: {names}")
        return Weights(
            account,
            tuple(_first(part.amounts) for part in alone.costs),
            tuple(_first(part.amounts) for part in alone.rows),
            alone,
            np.concatenate([[-1], self.rep[near]]).astype(np.int64),
        )


def _first(amounts: Any) -> FloatArray:
    """float[reps]: the amounts of the new account."""
    if isinstance(amounts, AccountAmounts) and not len(amounts.shift):
        return np.full(amounts.reps, amounts.base[0])
    return np.array(amounts.block(0, 1)[0], dtype=np.float64)


def _texts(cell: str, split: bool) -> list[str]:
    parts = cell.split(";") if split else [cell]
    return [text for text in dict.fromkeys(map(str.strip, parts)) if text]


def _cell(value: Any) -> str:
    if value is None:
        return ""
    return f"{value:.17g}" if isinstance(value, float) else str(value).strip()


def _of_new(faults: Sequence[Fault], account: str) -> list[Fault]:
    """Faults of a table of one row, as faults of the account that was asked about."""
    name = shortened(f"{FILE} {account}")
    return [replace(f, file=name, row=None) if f.file == "accounts.csv" else f for f in faults]
