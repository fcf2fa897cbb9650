"""`Problem.from_arrays`: the door for tools that bring their own arrays. Checks, then copies."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np
from numpy.typing import ArrayLike

from territoryopt.errors import FaultList, InputError
from territoryopt.problem.amounts import (
    AccountAmounts,
    Amounts,
    BoolArray,
    DenseAmounts,
    FloatArray,
    IntArray,
)
from territoryopt.problem.parts import Cost, Exclusion, Rows
from territoryopt.problem.problem import Band, Problem

MOST_SHOWN = 5
NOT_A_COST = ("is not a number (NaN)", "Use inf for a pair that is not eligible")
NOT_FINITE = ("is not a finite number", "Give a finite amount for every eligible pair")


def from_arrays(
    cost: ArrayLike, bands: Sequence[Band] = (), current: ArrayLike | None = None
) -> Problem:
    """A problem from arrays.

    cost: float[accounts, reps], money per pair; inf = not eligible (its amounts are ignored).
    bands: bounds on sums of amounts per rep. current: int[accounts], -1 = unowned.
    Arrays are copied. Raises InputError with every fault.
    """
    faults = FaultList(InputError)
    table = numbers(cost, "cost", faults)
    if table is not None and table.ndim != 2:
        faults.add(
            f"cost needs two axes, [accounts, reps], and has {table.ndim}",
            "Give one row per account and one column per rep",
            key="cost",
        )
        table = None
    if table is None:
        raise InputError(faults.problems)
    accounts, reps = table.shape
    refuse_costs(table, "cost", faults)
    barred = np.isposinf(table)
    rows = []
    for key, band in named_bands(bands, faults):
        amounts = _amounts(band, key, barred, faults)
        built = band_rows(band, key, reps, amounts, faults)
        if built is not None:
            rows.append(built)
    owner = owners(current, accounts, reps, faults)
    faults.raise_if_any()
    exclusions = (
        (Exclusion("not eligible", "eligible", DenseAmounts(barred.astype(np.float64))),)
        if barred.any()
        else ()
    )
    return Problem(
        accounts=accounts,
        reps=reps,
        costs=(Cost("cost", "cost", DenseAmounts(np.where(barred, 0.0, table)), 1.0, "money"),),
        rows=tuple(rows),
        exclusions=exclusions,
        groupings=(),
        current=owner,
        family=np.full(accounts, -1, dtype=np.int64),
    )


def _amounts(band: Band, key: str, barred: BoolArray, faults: FaultList) -> Amounts | None:
    accounts, reps = barred.shape
    amount = numbers(band.amount, f"{key}.amount", faults)
    if amount is None:
        return None
    if amount.shape == (accounts,):
        return account_amounts(amount, reps, f"{key}.amount", faults)
    if amount.shape == (accounts, reps):
        amount = np.where(barred, 0.0, amount)
        refuse(~np.isfinite(amount), f"{key}.amount", *NOT_FINITE, faults)
        return DenseAmounts(amount)
    faults.add(
        f"has shape {amount.shape}",
        f"Give float[{accounts}] (per account) or float[{accounts}, {reps}] (per pair)",
        key=f"{key}.amount",
    )
    return None


# -- what both doors ask of an argument -----------------------------------------------------------


def numbers(
    value: ArrayLike | Callable[..., ArrayLike], key: str, faults: FaultList
) -> FloatArray | None:
    """A copy as float64, in the order of C; None, and a fault, where there is none."""
    if callable(value):
        faults.add(
            "is a function, not an array",
            "Give an array; cost and amounts by blocks of accounts go to Problem.from_blocks",
            key=key,
        )
        return None
    try:
        if np.iscomplexobj(value):
            faults.add("holds complex numbers", "Give real numbers", key=key)
            return None
        return np.array(value, dtype=np.float64, order="C")
    except (TypeError, ValueError, OverflowError) as error:
        faults.add(
            f"is not an array of numbers: {error}", "Give a rectangular array of numbers", key=key
        )
        return None


def refuse(bad: np.ndarray, key: str, what: str, remedy: str, faults: FaultList) -> None:
    """A fault for each place that is bad, the first few by name."""
    places = np.argwhere(bad)
    for place in places[:MOST_SHOWN]:
        faults.add(what, remedy, key=f"{key}[{', '.join(str(p) for p in place)}]")
    if len(places) > MOST_SHOWN:
        faults.add(f"{what} in {len(places):,} places in all", remedy, key=key)


def refuse_costs(table: FloatArray, key: str, faults: FaultList) -> None:
    """Faults of costs: all but finite numbers and inf."""
    refuse(np.isnan(table), key, *NOT_A_COST, faults)
    refuse(np.isneginf(table), key, "is -inf", "A cost must be finite, or inf", faults)


def account_amounts(
    amount: FloatArray, reps: int, key: str, faults: FaultList
) -> AccountAmounts | None:
    """Amounts of accounts alone, float[accounts]."""
    before = len(faults.problems)
    refuse(~np.isfinite(amount), key, *NOT_FINITE, faults)
    return AccountAmounts(amount, reps) if len(faults.problems) == before else None


def named_bands(bands: Sequence[Band], faults: FaultList) -> Iterator[tuple[str, Band]]:
    """The bands, each with what faults call it; a fault for what is none, or has no own name."""
    if isinstance(bands, Band):
        bands = [bands]
    seen: set[str] = set()
    for k, band in enumerate(bands):
        key = f"bands[{k}]"
        if not isinstance(band, Band):
            faults.add(
                "is not a territoryopt.Band",
                "Use topt.Band(name, amount=...)",
                key=key,
                value=type(band).__name__,
            )
            continue
        if not isinstance(band.name, str) or not band.name:
            faults.add("a band needs a name", "Give a text that says what it limits", key=key)
        elif band.name in seen:
            faults.add(
                "two bands have one name", "Name each band differently", key=key, value=band.name
            )
        seen.add(band.name)
        yield f"{key} {band.name!r}", band


def band_rows(
    band: Band, key: str, reps: int, amounts: Amounts | None, faults: FaultList
) -> Rows | None:
    """The rows of a band, one per rep; None where its amounts, sides or price have faults."""
    before = len(faults.problems)
    sides = _sides(band, key, reps, faults)
    price = _price(band.price, key, faults)
    if len(faults.problems) > before or amounts is None:
        return None
    return Rows(
        name=band.name,
        kind="band",
        measure=band.name,
        unit="",
        labels=tuple(str(j) for j in range(reps)),
        amounts=amounts,
        row_of_rep=np.arange(reps, dtype=np.int64),
        lower=sides["lower"],
        upper=sides["upper"],
        price=np.full(reps, price),
        constant=np.zeros(reps),
    )


def _sides(band: Band, key: str, reps: int, faults: FaultList) -> dict[str, FloatArray]:
    sides = {}
    for side in ("lower", "upper"):
        value = numbers(getattr(band, side), f"{key}.{side}", faults)
        if value is None:
            continue
        if value.shape not in ((), (reps,)):
            faults.add(
                f"has shape {value.shape}", f"Give one number or float[{reps}]", key=f"{key}.{side}"
            )
            continue
        sides[side] = np.broadcast_to(value, (reps,)).copy()
        never = np.isposinf if side == "lower" else np.isneginf
        refuse(
            np.isnan(sides[side]),
            f"{key}.{side}",
            "is not a number (NaN)",
            "Use -inf or inf for an open side",
            faults,
        )
        refuse(
            never(sides[side]),
            f"{key}.{side}",
            "can never hold",
            "Use -inf for an open lower side, inf for an open upper side",
            faults,
        )
    if len(sides) == 2:
        refuse(
            sides["lower"] > sides["upper"],
            key,
            "has its lower bound above its upper bound",
            "Swap them, or widen the band",
            faults,
        )
    return sides


def _price(price: object, key: str, faults: FaultList) -> float:
    if price is None:
        return np.inf
    try:
        value = float(price)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        value = np.nan
    if not value >= 0:
        faults.add(
            "a price is a number of money per unit, zero or more",
            "Use None for a band that must hold",
            key=f"{key}.price",
            value=price,
        )
    return value


def owners(current: ArrayLike | None, accounts: int, reps: int, faults: FaultList) -> IntArray:
    """The present owners int64[accounts]; all -1 without any, or with faults."""
    if current is None:
        return np.full(accounts, -1, dtype=np.int64)
    value = numbers(current, "current", faults)
    if value is None:
        return np.full(accounts, -1, dtype=np.int64)
    if value.shape != (accounts,):
        faults.add(f"has shape {value.shape}", f"Give int[{accounts}], -1 = unowned", key="current")
        return np.full(accounts, -1, dtype=np.int64)
    wrong = ~((value >= -1) & (value < reps) & (value == np.floor(value)))
    refuse(
        wrong,
        "current",
        f"is not a rep's number from 0 to {reps - 1}, or -1 for unowned",
        "Number reps as the columns of cost",
        faults,
    )
    return np.where(wrong, -1, value).astype(np.int64)
