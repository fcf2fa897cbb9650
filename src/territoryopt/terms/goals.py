"""Goals: what is minimised, each with the price that makes it money per year."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import numpy as np
from pydantic import Field

from territoryopt.problem import AccountAmounts, Amounts, ComputedAmounts, Cost, IntArray
from territoryopt.skills import fit
from territoryopt.terms.bands import (
    ALLOWANCE,
    REFERENCE,
    TARGET,
    Allowance,
    Reference,
    rep_rows,
    share_words,
)
from territoryopt.terms.data import Data
from territoryopt.terms.dated import WHEN, WHERE, When, meant, meant_words
from territoryopt.terms.patterns import PatternAmounts
from territoryopt.terms.term import Filter, Goal, Part, Price


class TravelGoal(Goal):
    """Less time on the road.

    Formula: price · Σ_ij travel_ij x_ij
    Symbols: travel_ij hours on the road a year when rep j visits account i
    Units: hours/year; price is currency per hour
    Source: default 75 = 50 for pay with benefits (about 35 an hour, US BLS, wholesale and
            manufacturing sales representatives, 2023; benefits are 29.5 % of what an employer
            pays, US BLS ECEC, December 2024) + 25 for the car (IRS 2025 rate, 0.70 per mile, at
            60 km/h); set your own
    """

    kind: Literal["travel"]
    price: Price = Field(default=75.0, description="Currency per hour on the road.")

    def measures(self) -> tuple[str, ...]:
        return ("travel",)

    def statement(self, units: dict[str, str], currency: str) -> str:
        return f"{self.price:,g} {currency} per hour · Σ_ij travel_ij x_ij  [{units['travel']}]"

    def parts(self, name: str, data: Data) -> Iterator[Part]:
        yield Cost(name, self.kind, data.amounts("travel"), self.price, data.unit("travel"))


class FitGoal(Goal):
    """Accounts with reps who have the skills they wish for.

    Formula: price · Σ_ij value_i (1 - fit_ij) x_ij,   fit_ij = Σ_t v_it g_jt / Σ_t v_it
    Symbols: value_i the measure of account i; v_it weight of its wish t; g_jt grade 0..1 of rep j;
             fit is 1 where nothing is wished for
    Units: price is the share of the value lost at no fit at all
    Source: default 0.02 is our assumption; we know of no published figure
    """

    kind: Literal["fit"]
    measure: str = Field(default="potential", description="The value that poor fit puts at risk.")
    price: Price = Field(default=0.02, description="Share of the value lost at fit 0.")

    def statement(self, units: dict[str, str], currency: str) -> str:
        return f"{self.price:g} · Σ_ij {self.measure}_i (1 - fit_ij) x_ij  [{units[self.measure]}]"

    def parts(self, name: str, data: Data) -> Iterator[Part]:
        grade = fit(data.instance.wishes, data.instance.skills)
        value = data.amounts(self.measure)
        amounts: Amounts
        if isinstance(value, AccountAmounts) and not len(value.shift):
            amounts = PatternAmounts(grade.pattern_of, 1 - grade.values, value.base)
        else:
            amounts = ComputedAmounts(
                data.accounts,
                data.reps,
                lambda start, stop: value.block(start, stop) * (1 - grade.block(start, stop)),
                lambda i, j: value.at(i, j) * (1 - grade.at(i, j)),
            )
        yield Cost(name, self.kind, amounts, self.price, data.unit(self.measure))


class Balance(Goal):
    """Territories of like size, as a goal beside the others instead of a band.

    Formula: price · 100 · max_j |w_j - μ_j| / μ_j     how = "worst"
             price · Σ_j |w_j - μ_j|                   how = "total"
    Symbols: w_j = Σ_i a_ij x_ij total of rep j; μ_j = s_j · (1 + allowance) · total its target
    Units: worst: currency/year per percentage point of the worst deviation;
           total: currency/year per unit of the measure away from the target
    Source: Kalcsics, Nickel & Schröder 2005, TOP 13(1), 1-56: measures of balance
    """

    kind: Literal["balance"]
    measure: str = Field(description="What is balanced.")
    how: Literal["worst", "total"] = Field(description="The worst deviation, or all of them.")
    price: Price = Field(
        description="Currency/year per percentage point (worst) or per unit of the measure (total)."
    )
    target: str = Field(default="equal", description=TARGET)
    reference: Reference = Field(default="least", description=REFERENCE)
    allowance: Allowance = Field(default=0.0, description=ALLOWANCE)

    def statement(self, units: dict[str, str], currency: str) -> str:
        unit = units[self.measure]
        share = share_words(self.measure, self.target, self.allowance)
        total = f"w_j = Σ_i {self.measure}_ij x_ij  [{unit}], {share}"
        if self.how == "worst":
            return f"{self.price:,g} {currency} per point · 100 max_j |w_j - μ_j| / μ_j, {total}"
        return f"{self.price:,g} {currency} · Σ_j |w_j - μ_j|, {total}"

    def parts(self, name: str, data: Data) -> Iterator[Part]:
        mu = data.targets(self.measure, self.target, self.reference, self.allowance)
        worst = self.how == "worst"
        yield rep_rows(
            name,
            self.kind,
            self.measure,
            data,
            lower=mu.copy(),
            upper=mu.copy(),
            price=100 * self.price / np.where(mu > 0, mu, 1.0)
            if worst
            else np.full(data.reps, self.price),
            target=mu,
            role="goal",
            worst=worst,
        )


class Disruption(Goal):
    """Fewer accounts that change hands.

    Formula: price · Σ_{i owned} w_i [rep_i != current_i]
    Symbols: w_i the measure of account i with its current owner; an account that is unowned, or not
             meant by where and when, is no move
    Units: price is currency/year per unit (for revenue: the share of it lost in a hand-over)
    Source: Shi, Sridhar, Grewal & Lilien 2017, J. Marketing 81(2), 25-44: 13.2-17.6 % of annual
            sales lost after a rep leaves; default 0.066 is half the lower figure, our assumption
            for a planned hand-over
    """

    kind: Literal["disruption"]
    measure: str = Field(default="revenue", description="What is at risk in a hand-over.")
    price: Price = Field(default=0.066, description="Currency/year per unit of the measure.")
    where: Filter = Field(default_factory=dict, description=WHERE)
    when: When = Field(default_factory=dict, description=WHEN)

    def statement(self, units: dict[str, str], currency: str) -> str:
        who = meant_words(self.where, self.when)
        return (
            f"{self.price:g} · Σ_i {self.measure}_i [rep_i != current_i]"
            f"{f' of accounts ({who})' if who else ''}  [{units[self.measure]}]"
        )

    def parts(self, name: str, data: Data) -> Iterator[Part]:
        current = np.where(meant(data, self.where, self.when), data.instance.current, -1)
        owned: IntArray = np.flatnonzero(current >= 0).astype(np.int64)
        weight = np.where(current >= 0, data.held(self.measure), 0.0)
        amounts = AccountAmounts(
            weight,
            data.reps,
            shift_account=owned,
            shift_rep=current[owned],
            shift=-weight[owned],
        )
        yield Cost(name, self.kind, amounts, self.price, data.unit(self.measure))


class MeasureGoal(Goal):
    """Less of any measure.

    Formula: price · Σ_ij a_ij x_ij
    Symbols: a_ij amount of account i with rep j
    Units: that of the measure; price is currency/year per unit
    Source: none; the price is the model's own
    """

    kind: Literal["measure"]
    measure: str = Field(description="What is minimised.")
    price: Price = Field(description="Currency/year per unit of the measure.")

    def statement(self, units: dict[str, str], currency: str) -> str:
        return f"{self.price:,g} · Σ_ij {self.measure}_ij x_ij  [{units[self.measure]}]"

    def parts(self, name: str, data: Data) -> Iterator[Part]:
        yield Cost(name, self.kind, data.amounts(self.measure), self.price, data.unit(self.measure))
