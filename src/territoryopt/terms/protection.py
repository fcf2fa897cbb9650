"""Accounts that stay with their owner for a stated reason."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Literal

import numpy as np
from pydantic import Field, model_validator

from territoryopt.terms.assignments import held_to
from territoryopt.terms.data import Data
from territoryopt.terms.dated import IsoDate, Months, account_dates, as_date, later
from territoryopt.terms.term import Filter, KeptPart, Part, Rule


class Protect(Rule):
    """Keeps accounts with their current owner for a reason, which explanations give in words.

    Formula: x_{i,current_i} = 1   for each owned account i with one of the reasons
    Symbols: reasons: changed_i + changed_months > as_of; as_of - renewal_after_months <= renewal_i
             <= as_of + renewal_days; cells of at_risk or of key_account among the values
    Units: as_of and the columns are ISO dates (2026-12-31), months are calendar months; a blank
           date is no reason; price is currency/year per protected account with another rep
    Source: holdovers, the practice of field sales; Shi, Sridhar, Grewal & Lilien 2017, J. Marketing
            81(2), 25-44, on sales lost when a rep goes; the default lengths are our assumptions
    """

    kind: Literal["protect"]
    as_of: IsoDate | None = Field(
        default=None, description="The day the model speaks of; needed with changed and renewal."
    )
    changed: str | None = Field(
        default=None, description="Column with the day the account last changed hands."
    )
    changed_months: Months = Field(
        default=12, description="So long after that it is left in peace."
    )
    renewal: str | None = Field(
        default=None, description="Column with the day its contract is renewed."
    )
    renewal_days: int = Field(
        default=90, ge=0, le=3660, description="From so many days before that day it stays."
    )
    renewal_after_months: Months = Field(default=0, description="And for so long after it.")
    at_risk: Filter = Field(
        default_factory=dict, description='Accounts at risk: column = ["values"].'
    )
    key_account: Filter = Field(
        default_factory=dict, description='Key accounts: column = ["values"].'
    )

    @model_validator(mode="after")
    def _says_something(self) -> Protect:
        if not (self.changed or self.renewal or self.at_risk or self.key_account):
            raise ValueError("protects nothing: give changed, renewal, at_risk or key_account")
        if (self.changed or self.renewal) and self.as_of is None:
            raise ValueError('needs as_of, the day the model speaks of, such as "2026-12-31"')
        return self

    def statement(self, units: dict[str, str], currency: str) -> str:
        parts = []
        if self.changed:
            parts.append(
                f"{self.changed} less than {self.changed_months} months before {self.as_of}"
            )
        if self.renewal:
            after = f" or {self.renewal_after_months} months after it"
            parts.append(
                f"{self.renewal} within {self.renewal_days} days of {self.as_of}"
                f"{after * bool(self.renewal_after_months)}"
            )
        for word, rows in (("at risk", self.at_risk), ("key account", self.key_account)):
            parts += [f"{word}: {column} in {', '.join(v)}" for column, v in rows.items()]
        return f"x_{{i,current_i}} = 1  accounts ({'; '.join(parts)})" + self.strictness(
            currency, "account"
        )

    def parts(self, name: str, data: Data) -> Iterator[Part]:
        data.note_unbound("current_rep")
        current = data.instance.current
        why = self._reasons(data)
        locked = np.full(data.accounts, -1, dtype=np.int64)
        kept = [i for i in sorted(why) if current[i] >= 0]
        locked[kept] = current[kept]
        yield held_to(self, name, locked, data.reps)
        yield KeptPart(name, {data.instance.account_ids[i]: "; ".join(why[i]) for i in kept})

    def _reasons(self, data: Data) -> dict[int, list[str]]:
        """The reasons of each account that has one, in words that go on "because ..."."""
        out: dict[int, list[str]] = {}

        def add(i: int, text: str) -> None:
            out.setdefault(i, []).append(text)

        day = as_date(self.as_of or "")
        if self.changed and day is not None:
            for i, when in enumerate(account_dates(data, self.changed, "changed")):
                if when is not None and later(when, self.changed_months) > day:
                    add(i, f"it changed hands on {when}, less than {self.changed_months} months "
                           f"before {day}")  # fmt: skip
        if self.renewal and day is not None:
            last = day + timedelta(days=self.renewal_days)
            first = later(day, -self.renewal_after_months)
            for i, when in enumerate(account_dates(data, self.renewal, "renewal")):
                if when is not None and first <= when <= last:
                    add(i, f"its renewal {'was' if when < day else 'is'} on {when}")
        for word, rows in (("is at risk", self.at_risk), ("is a key account", self.key_account)):
            if not rows:
                continue
            for i in np.flatnonzero(data.account_mask(rows)).tolist():
                cells = [f"{c}: {data.instance.accounts.columns[c][i]}" for c in rows
                         if c in data.instance.accounts.columns]  # fmt: skip
                add(i, f"it {word} ({', '.join(cells)})")
        return out
