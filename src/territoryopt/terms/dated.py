"""Dates of accounts, and who is meant by a column's values and dates. ISO dates only, and never
today's: a model says as of when it speaks."""

from __future__ import annotations

import calendar
from datetime import date
from typing import Annotated

import numpy as np
from pydantic import AfterValidator, Field

from territoryopt.cells import ObjectArray
from territoryopt.errors import FaultList, InputError
from territoryopt.problem.amounts import BoolArray
from territoryopt.terms.data import Data
from territoryopt.terms.term import Filter

WHERE = 'Which accounts: column = ["values"]; all when left out.'
WHEN = (
    'Only accounts with a date in a range, ends included: column = ["2026-12-01", "2027-03-31"]; '
    '"" leaves an end open.'
)


def _iso(text: str) -> str:
    if as_date(text) is None:
        raise ValueError('must be a date such as "2026-12-31"')
    return text


def _range(ends: list[str]) -> list[str]:
    if len(ends) != 2 or any(end and as_date(end) is None for end in ends):
        raise ValueError('must be two dates, such as ["2026-12-01", "2027-03-31"], "" for no end')
    if all(ends) and ends[0] > ends[1]:
        raise ValueError("the first date is after the second")
    return ends


IsoDate = Annotated[str, AfterValidator(_iso)]
When = dict[str, Annotated[list[str], AfterValidator(_range)]]
"""Column -> first and last day that are meant."""
Months = Annotated[int, Field(ge=0, le=600)]


def as_date(text: str) -> date | None:
    """The day of `YYYY-MM-DD`; None for anything else."""
    try:
        return date.fromisoformat(text) if len(text) == 10 and text[4] == "-" else None
    except ValueError:
        return None


def later(day: date, months: int) -> date:
    """So many calendar months later (or earlier), at the end of a shorter month."""
    at = day.year * 12 + day.month - 1 + months
    year, month = divmod(at, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def account_dates(data: Data, column: str, key: str) -> ObjectArray:
    """object[accounts]: the dates of a column, None where blank. A missing column is a fault of
    the model, a cell that is no ISO date one of the input."""
    table = data.instance.accounts
    out = np.full(data.accounts, None, dtype=object)
    if column not in table.columns:
        data.no_column(table, column, f"{data.key}.{key}")
        return out
    cells = table.columns[column]
    known = {text: as_date(text[:10]) for text in dict.fromkeys(cells.tolist()) if text}
    faults = FaultList(InputError)
    for i in np.flatnonzero(cells.astype(bool)):
        out[i] = known[cells[i]]
        if out[i] is None:
            faults.add("is no date", "Write it as 2026-12-31", file=table.file,
                       row=int(table.lines[i]), column=column, value=cells[i])  # fmt: skip
    if faults:
        data.bad_input.append(InputError(faults.problems))
    return out


def meant(data: Data, where: Filter, when: When) -> BoolArray:
    """bool[accounts]: those whose cells are among the values, and whose dates lie in the ranges, in
    every column named; a blank date lies in none."""
    mask = data.account_mask(where)
    for column, (first, last) in when.items():
        days = account_dates(data, column, f"when.{column}")
        low, high = as_date(first) or date.min, as_date(last) or date.max
        mask &= np.array([d is not None and low <= d <= high for d in days], dtype=bool)
    return mask


def meant_words(where: Filter, when: When) -> str:
    """Who is meant, for a formula; empty for all."""
    parts = [f"{column} in {', '.join(values)}" for column, values in where.items()]
    parts += [f"{column} {first or '...'} to {last or '...'}"
              for column, (first, last) in when.items()]  # fmt: skip
    return " and ".join(parts)
