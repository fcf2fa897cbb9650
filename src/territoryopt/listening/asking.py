"""`price_requests`: each request by itself, all together, the best set to grant, decisions."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from territoryopt.alignment import Alignment
from territoryopt.answers.ground import Ground
from territoryopt.answers.series import Series
from territoryopt.answers.what_if import WhatIf, asked
from territoryopt.errors import Fault, FaultList, InputError
from territoryopt.instance import Instance, read_instance
from territoryopt.listening.answer import Answered, Chosen, Decision, RequestAnswers, Step
from territoryopt.listening.choosing import Choice, Rules, choose
from territoryopt.listening.deciding import answered_of
from territoryopt.listening.model import Wishes
from territoryopt.listening.policy import Limits, Policy, limits_of, load_policy
from territoryopt.listening.pricing import Singles, Told
from territoryopt.listening.search import Search, sweep
from territoryopt.listening.table import Request, as_requests
from territoryopt.reasons.explanation import Explanation
from territoryopt.runs import Run, refuse_target, write_run
from territoryopt.solving import solve

SECONDS = 120.0
"""Seconds of the whole call where nobody says."""

NEAR_SHARE, UNKNOWN_SHARE, ALL_SHARE, SWEEP_SHARE, CHOOSE_SHARE = 0.25, 0.2, 0.2, 0.3, 0.65
"""Shares of the time left that the stages may take, one after the other; what they leave goes to
prices that are still open."""
POINTS = 8
"""Prices at which the frontier is asked for, at most."""


def price_requests(
    run: Run | Explanation,
    table: object,
    *,
    policy: Policy | str | os.PathLike[str] | None = None,
    budget: float | None = None,
    decisions: Sequence[Decision] = (),
    time_limit: float = SECONDS,
    seed: int = 0,
    threads: int = 2,
    progress: Callable[[str], None] | None = None,
) -> RequestAnswers:
    """What requests would cost, one by one and together, and which to grant.

    run: a run with a plan that holds, or its reasons. table: a CSV file with account_id, rep_id,
    wish (keep, want or lose) and reason, or its rows (`as_requests`). policy: a page of TOML or a
    `Policy`; budget: money a year for all requests together, in place of the policy's. With a
    limit for each, the set is that of the most limits less costs; else the most weight within the
    budget. decisions: what persons decide, which overrules both. time_limit: wall seconds of the
    whole; at its end, as after Ctrl-C, what is known so far is given.

    Raises InputError for what cannot be read or used, each fault with file, row and remedy.
    """
    series = Series(time_limit, time_limit, seed, threads)
    reasons = run if isinstance(run, Explanation) else run.explanation()
    instance = None if isinstance(run, Explanation) else run.instance
    requests = as_requests(table, reasons.problem)
    rules = _rules(policy, budget, requests, instance, reasons)
    rules = replace(rules, persons=_persons(decisions, requests))
    ground = Ground(reasons, seed, threads)
    state = _Asking(
        ground, Wishes.of(requests, ground), rules, series, progress or (lambda _: None)
    )
    with series:
        state.run()
    return state.answers(instance)


def _rules(
    policy: Policy | str | os.PathLike[str] | None,
    budget: float | None,
    requests: Sequence[Request],
    instance: Instance | None,
    reasons: Explanation,
) -> Rules:
    if budget is not None and not (budget >= 0 and np.isfinite(budget)):
        raise InputError([Fault("cannot be used", "Give money a year, zero or more", key="budget",
                                value=str(budget))])  # fmt: skip
    file = "policy"
    if policy is not None and not isinstance(policy, Policy):
        file = os.path.basename(os.fspath(policy))
        policy = load_policy(policy)
    if policy is None:
        return Rules(budget=budget)
    alone = policy.limit is None or policy.limit.percent is None
    if instance is None and (policy.never or not alone):
        raise InputError(["a policy that reads columns of accounts needs a run, not its reasons"])
    found = Limits(None, {})
    if instance is not None:
        found = limits_of(policy, instance, file)
    elif policy.limit is not None:
        found = Limits(np.full(reasons.problem.accounts, policy.limit.money or 0.0), {})
    limit = None
    if found.each is not None:
        number = [reasons.account_number(r.account) for r in requests]
        limit = found.each[np.array(number, dtype=np.int64)]
    most = policy.budget if budget is None else budget
    return Rules(most, limit, policy.most_per_rep, found.never, True, file)


def _persons(decisions: Sequence[Decision], requests: Sequence[Request]) -> dict[int, Decision]:
    """The last decision of persons on each request by number; faults for ids that are not there and
    for two accepted that cannot both be."""
    faults = FaultList(InputError)
    number = {r.id: k for k, r in enumerate(requests)}
    out: dict[int, Decision] = {}
    for decision in decisions:
        if decision.id not in number:
            faults.add("there is no such request", "Give its id, as in requests.csv",
                       key="decision", value=decision.id)  # fmt: skip
        elif not decision.by.strip():
            faults.add("a decision needs the name of who decides", "Say by whom", key="by",
                       value=decision.id)  # fmt: skip
        else:
            out[number[decision.id]] = decision
    given: dict[str, int] = {}
    for k, decision in out.items():
        if decision.accept and not requests[k].loses:
            other = given.setdefault(requests[k].account, k)
            if requests[other].rep != requests[k].rep:
                faults.add(
                    f"the account was given to {requests[other].rep} by accepting "
                    f"{requests[other].id}",
                    "Refuse that one first", key="decision", value=decision.id,
                )  # fmt: skip
    faults.raise_if_any()
    return out


def solve_with(
    run: Run,
    answers: RequestAnswers,
    folder: str | os.PathLike[str],
    *,
    time_limit: float = 60.0,
    seed: int = 0,
    threads: int = 2,
    overwrite: bool = False,
) -> Path:
    """Solve the run's instance again with everything accepted locked, and write the new run.

    The plan of the set, which is in hand, is the start. Raises ModelError where the model has no
    rule that holds locks, InputError where the folder cannot be written.
    """
    refuse_target(folder, overwrite)
    source = run.record["source"]
    where = source.get("where") or None
    data = read_instance(run.instance.folder, where=where)
    data = data.with_locks({**(source.get("locks") or {}), **answers.locks})
    start = None if answers.chosen is None else Alignment(
        run.instance.account_ids, run.instance.rep_ids, answers.chosen.rep
    )  # fmt: skip
    result = solve(data, run.model, start=start, time_limit=time_limit, seed=seed, threads=threads)
    return write_run(
        result, data, run.model, folder, where=where, overwrite=overwrite, predecessor=run,
        note="requests accepted", by="territoryopt requests",
    )  # fmt: skip


@dataclass(eq=False)
class _Asking:
    """One call under way: what is known so far, which is what is given when it ends early."""

    ground: Ground
    wishes: Wishes
    rules: Rules
    series: Series
    told: Told
    singles: Singles = field(init=False)
    together: WhatIf | None = None
    asked_together: tuple[int, ...] = ()
    search: Search | None = None
    choice: Choice | None = None

    def __post_init__(self) -> None:
        self.singles = Singles(self.ground, self.wishes, self.rules.limit)

    def stage(self, share: float) -> Series:
        """A part of the time left; what stops it is told to the whole by `ended`."""
        left = max(1e-3, share * self.series.left)
        return Series(left, left, self.series.seed, self.series.threads)

    def ended(self, stage: Series) -> None:
        if stage.stopped == "interrupted":
            self.series.stopped = "interrupted"

    def run(self) -> None:
        self.told("pricing requests")
        self.singles.first_look(self.series)
        if self.series.over:
            return
        stage = self.stage(NEAR_SHARE)
        self.singles.look_nearer(stage, self.told)
        self.ended(stage)
        if not self.series.over:
            stage = self.stage(UNKNOWN_SHARE)
            self.singles.settle(stage, self.told, unknown=True)
            self.ended(stage)
        for step in (self.all_at_once, self.trade, self.decide):
            if self.series.over:
                return
            step()
        self.learn()
        if not self.series.over:
            self.singles.settle(self.series, self.told)

    @property
    def impossible(self) -> list[int]:
        return [
            r for r, p in enumerate(self.singles.prices)
            if p is not None and p.verdict == "impossible"
        ]  # fmt: skip

    def all_at_once(self) -> None:
        """What all of them cost that do not rule each other out by what they ask."""
        out = set(self.impossible)
        out |= {r for r in range(len(self.wishes)) if len(self.wishes.rivals(r))}
        chosen = [r for r in range(len(self.wishes)) if r not in out]
        if len(chosen) < 2:
            return
        self.told("all requests at once")
        force, forbid = self.wishes.ids(chosen)
        left = max(1e-3, ALL_SHARE * self.series.left)
        self.asked_together = tuple(chosen)
        self.together = asked(self.ground, force, forbid, left)
        if self.together.stopped == "interrupted":
            self.series.stopped = "interrupted"

    def trade(self) -> None:
        """The frontier of weight granted against money."""
        weight = np.array([r.weight for r in self.wishes.requests])
        weight[self.impossible] = 0.0
        if not weight.any():
            return
        search = Search(self.ground, self.wishes, weight, self.ground.unit, self.singles.typical)
        self.search = search
        self.seed(search)
        uppers = [
            p.change.upper / r.weight
            for p, r in zip(self.singles.prices, self.wishes.requests, strict=True)
            if p is not None and p.change is not None and np.isfinite(p.change.upper)
        ]
        highest = 2 * max([self.singles.typical, *uppers])
        self.told("number granted against money")
        stage = self.stage(SWEEP_SHARE)
        with stage:
            sweep(search, stage, POINTS, highest, max(1e-3, stage.left / 3))
        self.ended(stage)

    def seed(self, search: Search) -> None:
        """Plans that other questions found are plans here too."""
        first = self.ground.reasons.problem.units.first
        known = [*self.singles.prices, self.together]
        for answer in known:
            if answer is not None and answer.rep is not None:
                search.add(answer.rep[first])
        if self.search is not None and self.search is not search:
            for found in self.search.pool:
                search.add(found.plan)

    def decide(self) -> None:
        if not self.rules.any:
            return
        self.told("the best set to grant")
        stage = self.stage(CHOOSE_SHARE)
        self.choice = Choice(self.ground, self.wishes, self.rules, self.singles)
        with stage:
            choose(self.choice, stage, self.seed)
        self.ended(stage)

    def learn(self) -> None:
        """Prices from plans that the searches of sets found."""
        pools = [s for s in (self.search, self.choice.search if self.choice else None) if s]
        found = [f for s in pools for f in s.pool]
        self.singles.learn(self.series, [f.plan for f in found], [f.cost for f in found])
        every = list(self.asked_together)
        granting = [f for f in found if every and self.wishes.granted(f.plan)[every].all()]
        best = min(granting, key=lambda f: f.cost, default=None)
        known = self.together
        if best is None or known is None or known.change is None:
            return
        if 0 < best.cost < known.change.upper:  # all of them, by a plan made for another question
            change = replace(known.change, upper=max(best.cost, known.change.lower))
            self.together = replace(known, change=change, rep=self.ground.plan_of(best.plan))

    # -- what is given ----------------------------------------------------------------------------

    def answers(self, instance: Instance | None) -> RequestAnswers:
        if self.series.stopped == "interrupted" and any(p is None for p in self.singles.prices):
            raise KeyboardInterrupt  # nothing can be said of some requests yet
        requests = self.wishes.requests
        answered: list[Answered] = answered_of(self.wishes, self.singles, self.rules, self.choice)
        chosen: Chosen | None = None if self.choice is None else self.choice.chosen(answered)
        notes = () if self.choice is None else tuple(self.choice.notes)
        locks = {}
        if chosen is not None:
            reasons = self.ground.reasons
            for a in answered:
                if a.outcome in ("accepted", "fulfilled") and a.because != "not asked":
                    rep = int(chosen.rep[reasons.account_number(a.request.account)])
                    locks[a.request.account] = reasons.problem.rep_id(rep)
        return RequestAnswers(
            tuple(answered),
            self.together,
            tuple(requests[r].id for r in self.asked_together),
            self.frontier(),
            chosen,
            locks,
            self.rules.budget,
            self.series.spent,
            self.series.stopped,
            notes,
            self.ground.reasons,
            instance,
        )

    def frontier(self) -> tuple[Step, ...]:
        search = self.search
        if search is None:
            return ()
        if self.choice is not None and self.choice.search is not None:
            for found in self.choice.search.pool:
                search.add(found.plan)
        out = []
        for found in search.undominated():
            bound, source = search.bound_at(found.worth)
            granted = self.wishes.granted(found.plan)
            ids = tuple(self.wishes.requests[r].id for r in np.flatnonzero(granted))
            out.append(Step(found.worth, found.cost, min(bound, found.cost), source, ids))
        return tuple(out)
