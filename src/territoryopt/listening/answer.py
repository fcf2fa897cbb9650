"""What is answered to requests: prices one by one and together, the set to grant, decisions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

import numpy as np

from territoryopt.answers.ground import Interval
from territoryopt.answers.series import Stopped
from territoryopt.answers.showing import Shown
from territoryopt.answers.what_if import WhatIf
from territoryopt.listening.table import Request
from territoryopt.problem import IntArray
from territoryopt.reasons.explanation import Explanation
from territoryopt.result import finite

if TYPE_CHECKING:
    import pandas as pd

    from territoryopt.instance import Instance

SCHEMA = "territoryopt/requests/1"

Outcome = Literal["fulfilled", "accepted", "refused", "impossible", "open"]
"""fulfilled: the plan has it so, and nothing need be done; open: nobody has decided."""

Because = Literal[
    "as it is", "policy", "budget", "person", "never", "limit", "beside", "rival", "per rep",
    "impossible", "not settled", "not asked",
]  # fmt: skip
"""What decided. beside: too dear beside those accepted; rival: another request for the account was
accepted; not asked: there was no policy, budget or person to decide."""

GRANTED = ("fulfilled", "accepted")


@dataclass(frozen=True)
class Decision:
    """What a person decides of a request by its id, whatever the policy says."""

    id: str
    accept: bool
    by: str
    why: str = ""


@dataclass(frozen=True)
class Marginal:
    """What a request costs beside the others accepted, currency/year: what granting it too would
    add to their plan, or, of an accepted one, what the others alone would cost less.

    The truth lies from lower to upper; one end is a plan in hand, the other on the word of
    `source`.
    """

    lower: float
    upper: float
    source: str

    def as_dict(self) -> dict[str, object]:
        return {
            "lower": finite(self.lower),
            "upper": finite(self.upper),
            "source": self.source,
        }


@dataclass(frozen=True, eq=False)
class Answered:
    """One request: its price alone, its marginal price, and what was decided.

    limit: what the policy lets it cost, currency/year. by, why: the person, or the policy's own
    words. others: ids of the accepted requests that stand against it. rivals: ids of all that
    cannot hold together with it.
    """

    request: Request
    price: WhatIf
    outcome: Outcome
    because: Because
    by: str = ""
    why: str = ""
    limit: float | None = None
    marginal: Marginal | None = None
    others: tuple[str, ...] = ()
    rivals: tuple[str, ...] = ()

    @property
    def change(self) -> Interval | None:
        """What it would cost alone; None where it is impossible."""
        return self.price.change

    def as_dict(self) -> dict[str, object]:
        what = self.price.as_dict()
        return {
            **self.request.as_dict(),
            "verdict": self.price.verdict,
            "change": what["change"],
            "moves": what["moves"],
            "conflict": what["conflict"],
            "limit": None if self.limit is None else finite(self.limit),
            "marginal": None if self.marginal is None else self.marginal.as_dict(),
            "decision": self.outcome,
            "because": self.because,
            "by": self.by,
            "why": self.why,
            "others": list(self.others),
            "rivals": list(self.rivals),
        }


@dataclass(frozen=True, eq=False)
class Step:
    """A point of the frontier: a plan that grants `weight` for `money` a year more; to grant so
    much costs at least `bound`, by `source`. granted: ids."""

    weight: float
    money: float
    bound: float
    source: str
    granted: tuple[str, ...]

    def as_dict(self) -> dict[str, object]:
        return {
            "granted": len(self.granted),
            "weight": self.weight,
            "money": self.money,
            "bound": finite(self.bound),
            "source": self.source,
            "requests": list(self.granted),
        }


@dataclass(frozen=True, eq=False)
class Chosen:
    """The set accepted. cost: of all of them at once. worth: what they count, in `unit`: "weight",
    or "money" (what the policy lets them cost, less what they cost). at_most: no set that may be
    accepted counts more, by `source`. rep: int[accounts], the plan in hand that grants them.
    """

    accepted: tuple[str, ...]
    cost: Interval
    worth: float
    at_most: float
    unit: str
    source: str
    rep: IntArray = field(repr=False)

    @property
    def gap(self) -> float:
        """How much more another set may count, as a fraction of this one; inf where this counts
        nothing."""
        open_ = self.at_most - self.worth
        if open_ <= 1e-9 * max(1.0, abs(self.worth)):
            return 0.0
        return open_ / abs(self.worth) if self.worth else float("inf")

    def as_dict(self) -> dict[str, object]:
        return {
            "accepted": list(self.accepted),
            "cost": self.cost.as_dict(),
            "worth": self.worth,
            "at_most": finite(self.at_most),
            "unit": self.unit,
            "gap": finite(self.gap),
            "source": self.source,
        }


@dataclass(frozen=True, eq=False)
class RequestAnswers(Shown):
    """The answer to a table of requests. Money is currency/year, against the plan of the run.

    together: all that can be granted at once by what they ask, `asked_together` by id; None where
    there are fewer than two. chosen: None where nobody asked for a decision, or no plan grants what
    persons accepted (then `notes` says so). locks: rep by account, to be held by `with_locks`.
    """

    answered: tuple[Answered, ...]
    together: WhatIf | None
    asked_together: tuple[str, ...]
    frontier: tuple[Step, ...]
    chosen: Chosen | None
    locks: Mapping[str, str]
    budget: float | None
    seconds: float
    stopped: Stopped
    notes: tuple[str, ...]
    reasons: Explanation = field(repr=False)
    instance: Instance | None = field(default=None, repr=False)

    def of(self, request: str) -> Answered:
        """The answer to a request by its id."""
        return next(a for a in self.answered if a.request.id == request)

    def sentence(self, answered: Answered) -> str:
        """The answer to one request, in sentences of the third person."""
        from territoryopt.listening.telling import sentence

        return sentence(self, answered)

    def by_rep(self) -> list[dict[str, object]]:
        """Who asked for how much and got what: one record per rep who asks, in their order."""
        out: dict[str, dict[str, object]] = {}
        for a in self.answered:
            row = out.setdefault(
                a.request.rep,
                {"rep": a.request.rep, "asked": 0, "fulfilled": 0, "accepted": 0, "refused": 0,
                 "impossible": 0, "open": 0},
            )  # fmt: skip
            for key in ("asked", a.outcome):
                row[key] = int(str(row[key])) + 1
        return list(out.values())

    def as_dict(self) -> dict[str, object]:
        """The stable JSON contract `territoryopt/requests/1`."""
        return {
            "schema": SCHEMA,
            "currency": self.reasons.problem.currency,
            "requests": [{**a.as_dict(), "text": self.sentence(a)} for a in self.answered],
            "together": None
            if self.together is None
            else {
                "requests": list(self.asked_together),
                "verdict": self.together.verdict,
                "change": None if self.together.change is None else self.together.change.as_dict(),
            },
            "frontier": [step.as_dict() for step in self.frontier],
            "chosen": None if self.chosen is None else self.chosen.as_dict(),
            "locks": dict(self.locks),
            "by_rep": self.by_rep(),
            "budget": self.budget,
            "seconds": round(self.seconds, 3),
            "stopped": self.stopped,
            "notes": list(self.notes),
        }

    def columns(self) -> dict[str, list[object]]:
        """requests.csv: one row per request."""
        out: dict[str, list[object]] = {name: [] for name in COLUMNS}
        for a in self.answered:
            change, marginal = a.change, a.marginal
            row: dict[str, object] = {
                "request_id": a.request.id,
                "account_id": a.request.account,
                "rep_id": a.request.rep,
                "wish": a.request.wish,
                "reason": a.request.reason,
                "asked_by": a.request.asked_by,
                "asked_on": a.request.asked_on,
                "weight": a.request.weight,
                "verdict": a.price.verdict,
                "lower": None if change is None else _known(change.lower),
                "upper": None if change is None else _known(change.upper),
                "source": "" if change is None else change.source,
                "limit": None if a.limit is None else _known(a.limit),
                "marginal_lower": None if marginal is None else _known(marginal.lower),
                "marginal_upper": None if marginal is None else _known(marginal.upper),
                "decision": a.outcome,
                "because": a.because,
                "by": a.by,
                "sentence": self.sentence(a),
            }
            for name, column in out.items():
                column.append(row[name])
        return out

    def to_frame(self) -> pd.DataFrame:
        """One row per request, as in requests.csv."""
        import pandas as pd

        return pd.DataFrame(self.columns())

    def heading(self) -> str:
        from territoryopt.listening.telling import summary

        return " ".join(summary(self))


COLUMNS = (
    "request_id", "account_id", "rep_id", "wish", "reason", "asked_by", "asked_on", "weight",
    "verdict", "lower", "upper", "source", "limit", "marginal_lower", "marginal_upper", "decision",
    "because", "by", "sentence",
)  # fmt: skip


def _known(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
