"""`Problem.from_blocks`: the door for problems too large to store, computed block by block.

The caller's functions are asked for ranges of accounts, by one thread at a time, and every answer
is copied and checked as it comes: nothing of the size accounts x reps is ever held, and a NaN in
the middle of a problem is found when it is first read, not answered as optimal.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike

from territoryopt.errors import Fault, FaultList, InputError, shortened
from territoryopt.problem.amounts import (
    BLOCK_CELLS,
    Amounts,
    ComputedAmounts,
    FloatArray,
    IntArray,
    frozen,
)
from territoryopt.problem.arrays import (
    MOST_SHOWN,
    NOT_FINITE,
    account_amounts,
    band_rows,
    named_bands,
    numbers,
    owners,
    refuse,
    refuse_costs,
)
from territoryopt.problem.parts import Cost, Exclusion
from territoryopt.problem.problem import Band, Problem

RowsFunction = Callable[[int, int], ArrayLike]
PairsFunction = Callable[[IntArray, IntArray], ArrayLike]

GAP_CELLS = 5_000
"""Pairs that a look-up rather has computed in vain than make one more call for."""
KEPT_CELLS = 2_000_000
"""The largest answer that is kept for the next question (16 MB)."""
AGREEMENT = 1e-9
"""How far two answers for one pair may differ, relative to the largest of the account."""


def from_blocks(
    accounts: int,
    reps: int,
    cost: RowsFunction,
    pairs: PairsFunction | None = None,
    bands: Sequence[Band] = (),
    current: ArrayLike | None = None,
) -> Problem:
    """A problem from functions, for which accounts x reps is too large to store.

    cost: cost(start, stop) -> float[stop - start, reps], money of every pair of the accounts
    start..stop-1; inf = not eligible (its amounts may be anything). pairs: pairs(i, j) -> float[n],
    the same money of n scattered pairs int[n], int[n]; without it, `cost` is called for the
    ranges these lie in. bands: as in `from_arrays`; an amount is float[accounts], or a function
    like `cost`. current: int[accounts], -1 = unowned.

    Functions are pure: asked again, at any time, they answer the same. They are called by one
    thread at a time, all functions of a problem together, though not always by the same one. An
    answer is copied before the next call, so a function may fill and return one buffer again and
    again. One that raises or gives what cannot be used, at any time, ends in an InputError that
    names the call. Here only the first and the last account are asked for. Raises InputError with
    every fault that these and the other arguments have.
    """
    faults = FaultList(InputError)
    counted = [_counted(n, key, faults) for n, key in ((accounts, "accounts"), (reps, "reps"))]
    wanted = "Give cost(start, stop) -> float[stop - start, reps]; from_arrays takes a table"
    if not callable(cost):
        faults.add("is not a function", wanted, key="cost", value=type(cost).__name__)
    if pairs is not None and not callable(pairs):
        remedy = "Give pairs(i, j) -> float[n], or None"
        faults.add("is not a function", remedy, key="pairs", value=type(pairs).__name__)
    named = list(named_bands(bands, faults))
    if not all(counted):
        raise InputError(faults.problems)
    calls = _Calls(int(accounts), int(reps), threading.RLock())
    source = _Source(calls, "cost", cost, None, pairs)
    if callable(cost):
        _probe(source, faults)
    rows = []
    for key, band in named:
        amounts = _amounts(band, f"{key}.amount", source, faults)
        built = band_rows(band, key, calls.reps, amounts, faults)
        if built is not None:
            rows.append(built)
    owner = owners(current, calls.accounts, calls.reps, faults)
    faults.raise_if_any()

    closed = ComputedAmounts(
        calls.accounts,
        calls.reps,
        lambda start, stop: _barred(source.block(start, stop)),
        lambda account, rep: _barred(source.at(account, rep)),
    )
    return Problem(
        accounts=calls.accounts,
        reps=calls.reps,
        costs=(Cost("cost", "cost", source.amounts, 1.0, "money"),),
        rows=tuple(rows),
        exclusions=(Exclusion("not eligible", "eligible", closed, in_cost=True),),
        groupings=(),
        current=owner,
        family=np.full(calls.accounts, -1, dtype=np.int64),
    )


def _barred(cost: FloatArray) -> FloatArray:
    out: FloatArray = np.equal(cost, np.inf).astype(np.float64)
    return out


@dataclass(frozen=True, eq=False)
class _Calls:
    """What all functions of a problem share: sizes, and the lock that one caller holds."""

    accounts: int
    reps: int
    lock: threading.RLock

    def ask(
        self, call: str, shape: tuple[int, ...], function: Callable[[], ArrayLike]
    ) -> FloatArray:
        """The function's answer, copied while nobody else may call, as float64 of the shape."""
        faults = FaultList(InputError)
        with self.lock:
            try:
                answer = function()
            except Exception as error:
                what = shortened(f"raised {type(error).__name__}: {error}", 300)
                remedy = f"It must answer for all accounts from 0 to {self.accounts - 1}"
                raise InputError([Fault(what, remedy, key=call)]) from error
            values = numbers(answer, call, faults)
        if values is not None and values.shape != shape:
            asked = f"Give float[{', '.join(str(n) for n in shape)}] for this call"
            faults.add(f"has shape {values.shape}", asked, key=call)
        faults.raise_if_any()
        assert values is not None
        return values


class _Last(threading.local):
    """The last answers that a thread was given: start, stop and block; accounts, reps and costs."""

    block: tuple[int, int, FloatArray] | None = None
    at: tuple[IntArray, IntArray, FloatArray] | None = None


@dataclass(eq=False)
class _Source:
    """One rows function of the caller as amounts. `cost` is the source that says which pairs are
    eligible, None for itself, which keeps the last answers: costs and eligibility of the same
    pairs are asked for one after the other."""

    calls: _Calls
    name: str
    rows: RowsFunction
    cost: _Source | None = None
    pairs: PairsFunction | None = None
    last: _Last = field(default_factory=_Last)

    @property
    def amounts(self) -> ComputedAmounts:
        return ComputedAmounts(self.calls.accounts, self.calls.reps, self.block, self.at)

    def block(self, start: int, stop: int) -> FloatArray:
        kept = self._kept(start, stop)
        if kept is not None:
            return kept
        values = self.asked(start, stop)
        if self.cost is None and values.size <= KEPT_CELLS:
            self.last.block = (start, stop, values)
        return values

    def at(self, account: IntArray, rep: IntArray) -> FloatArray:
        account, rep = np.asarray(account, np.int64), np.asarray(rep, np.int64)
        known = self.last.at
        if known and np.array_equal(known[0], account) and np.array_equal(known[1], rep):
            return known[2]
        out = np.empty(len(account))
        looked_up = self._by_rows if self.pairs is None else self._by_pairs
        looked_up(account, rep, out)
        frozen(out)
        if self.cost is None and len(out) <= KEPT_CELLS:
            self.last.at = (account.copy(), rep.copy(), out)
        return out

    def asked(self, start: int, stop: int) -> FloatArray:
        """The caller's answer for a range of accounts, checked; read only."""
        start, stop = int(start), int(stop)
        shape = (stop - start, self.calls.reps)
        if not shape[0] or not shape[1]:
            return np.empty(shape)
        call = f"{self.name}({start}, {stop})"
        values = self.calls.ask(call, shape, lambda: self.rows(start, stop))
        faults = FaultList(InputError)
        if self.cost is None:  # a minimum shows NaN, too
            if not values.min() > -np.inf:
                refuse_costs(values, call, faults)
        elif not (values.min() > -np.inf and values.max() < np.inf):
            eligible = self.cost.block(start, stop) < np.inf
            finite = np.isfinite(values)
            refuse(eligible & ~finite, call, *NOT_FINITE, faults)
            values[~finite] = 0.0
        faults.raise_if_any()
        frozen(values)
        return values

    def _kept(self, start: int, stop: int) -> FloatArray | None:
        first, end, values = self.last.block or (0, -1, None)
        if values is None or start < first or stop > end:
            return None
        return values[start - first : stop - first]

    def _by_rows(self, account: IntArray, rep: IntArray, out: FloatArray) -> None:
        order = np.argsort(account, kind="stable")
        account, rep = account[order], rep[order]
        for low, high in _runs(account, self.calls.reps):
            start, stop = int(account[low]), int(account[high - 1]) + 1
            values = self._kept(start, stop)
            if values is None:
                values = self.asked(start, stop)
            out[order[low:high]] = values[account[low:high] - start, rep[low:high]]

    def _by_pairs(self, account: IntArray, rep: IntArray, out: FloatArray) -> None:
        for low in range(0, len(account), BLOCK_CELLS):
            part = slice(low, low + BLOCK_CELLS)
            out[part] = self.asked_pairs(account[part], rep[part])

    def asked_pairs(self, account: IntArray, rep: IntArray) -> FloatArray:
        """The answer of `pairs` in one call, checked."""
        i, j, n, ask = account.copy(), rep.copy(), len(account), self.pairs
        assert ask is not None
        values = self.calls.ask(f"pairs(int[{n}], int[{n}])", (n,), lambda: ask(i, j))
        if not values.min() > -np.inf:
            faults = FaultList(InputError)
            for k in np.flatnonzero(~(values > -np.inf))[:MOST_SHOWN]:
                refuse_costs(values[k : k + 1], f"pairs([{account[k]}], [{rep[k]}])", faults)
            faults.raise_if_any()
        return values


def _runs(account: IntArray, reps: int) -> Iterator[tuple[int, int]]:
    """Half-open ranges of places in a sorted list of accounts, each worth one call: no wide gap
    inside, and no more accounts than `BLOCK_CELLS`."""
    if not len(account):
        return iter(())
    # Within a run of accounts close to one another, every `most` accounts make a call.
    most, gap = max(1, BLOCK_CELLS // reps), max(1, GAP_CELLS // reps)
    wide = np.diff(account) > gap
    first = account[np.concatenate([[0], np.flatnonzero(wide) + 1])]
    piece = (account - first[np.concatenate([[0], np.cumsum(wide)])]) // most
    new = (np.flatnonzero(wide | (np.diff(piece) != 0)) + 1).tolist()
    return zip([0, *new], [*new, len(account)], strict=True)


def _counted(value: object, key: str, faults: FaultList) -> bool:
    whole = isinstance(value, int | np.integer) and not isinstance(value, bool) and int(value) >= 0
    if not whole:
        faults.add("is not a count", "Give a whole number, zero or more", key=key, value=value)
    return whole


def _amounts(band: Band, key: str, cost: _Source, faults: FaultList) -> Amounts | None:
    accounts, reps = cost.calls.accounts, cost.calls.reps
    if callable(band.amount):
        source = _Source(cost.calls, key, band.amount, cost)
        if callable(cost.rows):
            _probe(source, faults)
        return source.amounts
    amount = numbers(band.amount, key, faults)
    if amount is None:
        return None
    if amount.shape != (accounts,):
        faults.add(
            f"has shape {amount.shape}",
            f"Give float[{accounts}] (per account), or a function like cost (per pair)",
            key=key,
        )
        return None
    return account_amounts(amount, reps, key, faults)


def _probe(source: _Source, faults: FaultList) -> None:
    """Ask for the first and the last account, twice: faults of the answers, and of a second
    answer, or one of `pairs`, that is not the first."""
    accounts, reps = source.calls.accounts, source.calls.reps
    if not accounts or not reps:
        return
    for i in dict.fromkeys((0, accounts - 1)):
        try:
            one, two = source.asked(i, i + 1)[0], source.asked(i, i + 1)[0]
            for j in _unlike(one, two):
                faults.add(
                    f"is {one[j]}, and {two[j]} when asked again",
                    "A function must always give the same answer",
                    key=f"{source.name}({i}, {i + 1})[0, {j}]",
                )
            if source.pairs is None:
                continue
            where = np.full(reps, i), np.arange(reps)
            other, again = source.asked_pairs(*where), source.asked_pairs(*where)
            for j in _unlike(other, again):
                faults.add(
                    f"is {other[j]}, and {again[j]} when asked again",
                    "A function must always give the same answer",
                    key=f"pairs([{i}], [{j}])",
                )
            for j in _unlike(one, other):
                faults.add(
                    f"is {other[j]}, and {source.name}({i}, {i + 1})[0, {j}] is {one[j]}",
                    "Both must give the same money for one pair",
                    key=f"pairs([{i}], [{j}])",
                )
        except InputError as error:
            faults.problems += [each for each in error.problems if each not in faults.problems]


def _unlike(one: FloatArray, other: FloatArray) -> IntArray:
    """The first few places at which two answers for one account differ."""
    slack = AGREEMENT * np.abs(one[np.isfinite(one)]).max(initial=0.0)
    return np.flatnonzero(~np.isclose(one, other, rtol=0.0, atol=slack))[:MOST_SHOWN]
