"""Why a territory drifted: by all accounts a little, a few a lot, lost ones, or nothing at all."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from territoryopt.monitoring.growth import AccountGrowth
from territoryopt.problem.amounts import IntArray

CauseKind = Literal[
    "growth", "decline", "few accounts", "lost accounts", "new accounts", "stopped", "unknown"
]
FEW = 3
"""Accounts that can be few."""
WEIGHTY = 0.1
"""The share of a change from which one of a few accounts is named."""
MOST = 0.5
"""The share of a change from which one cause is the cause."""


@dataclass(frozen=True)
class Account:
    """One account of a change: amounts a month, before and now, in a usual month of the team's."""

    account: str
    before: float
    now: float

    def as_dict(self) -> dict[str, object]:
        return dict(vars(self))


@dataclass(frozen=True)
class Cause:
    """kind: what makes up at least half of the change, else "growth" or "decline" of accounts on
    the whole. accounts: those with anything before or now; along: how many of them changed in the
    direction of the territory. middle: the growth of the account in the middle, a fraction; None
    without accounts. lost_share, came_share, few_share: of the change (few: beyond what the middle
    account did). weightiest: the accounts that changed most in its direction."""

    kind: CauseKind
    accounts: int = 0
    along: int = 0
    middle: float | None = None
    lost: int = 0
    came: int = 0
    lost_share: float = 0.0
    came_share: float = 0.0
    few_share: float = 0.0
    weightiest: tuple[Account, ...] = ()

    def as_dict(self) -> dict[str, object]:
        return {**vars(self), "weightiest": [one.as_dict() for one in self.weightiest]}


def cause_of(
    growth: AccountGrowth, rep: IntArray, territory: int, up: bool, ids: tuple[str, ...]
) -> Cause:
    """Why the territory changed, by its accounts.

    The change is D = Σ d_i, d_i = now_i - before_i. Shares: of lost accounts, of new ones, and of
    the `FEW` that weigh most, Σ (d_i - m before_i) / D with m the growth of the middle account.
    """
    active = (growth.before > 0) | (growth.now > 0)
    mine = np.flatnonzero((rep == territory) & active)
    if not len(mine):
        return Cause("unknown")
    before, now = growth.before[mine], growth.now[mine]
    change = now - before
    total = float(change.sum())
    sign = 1.0 if up else -1.0
    lost, came = growth.lost[mine], growth.came[mine]
    steady = (before > 0) & ~lost
    middle = float(np.median(now[steady] / before[steady] - 1)) if steady.any() else 0.0
    order = np.argsort(-sign * change, kind="stable")[:FEW]
    order = order[sign * change[order] > 0]
    shares = [0.0, 0.0, 0.0]
    if sign * total > 0:
        beyond = change[order] - middle * before[order]
        parts = (change[lost].sum(), change[came].sum(), beyond.sum())
        shares = [float(max(0.0, part / total)) for part in parts]
    kind: CauseKind = "growth" if up else "decline"
    if shares[0] >= MOST and not up:
        kind = "lost accounts"
    elif shares[1] >= MOST and up:
        kind = "new accounts"
    elif shares[2] >= MOST and len(mine) > 2 * FEW:
        kind = "few accounts"
    if kind == "few accounts":
        order = order[sign * (change[order] - middle * before[order]) >= WEIGHTY * abs(total)]
    return Cause(
        kind, len(mine), int((sign * change > 0).sum()), middle, int(lost.sum()), int(came.sum()),
        shares[0], shares[1], shares[2],
        tuple(Account(ids[int(mine[i])], float(before[i]), float(now[i])) for i in order),
    )  # fmt: skip
