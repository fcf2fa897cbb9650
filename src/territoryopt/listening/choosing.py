"""The set to grant under a policy, a budget and persons' decisions, and what each request of it
costs beside the others.

With a limit L_r for each request the set is that of max Σ L_r - cost: no request of the best set
costs more beside the others than its limit, and no set of them more than theirs together, for
without them the sum would be larger. With a budget alone it is the most weight within it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np

from territoryopt.answers.ground import Ground, Interval, interval
from territoryopt.answers.series import Series
from territoryopt.answers.what_if import asked
from territoryopt.listening.answer import Answered, Chosen, Decision, Marginal
from territoryopt.listening.model import Wishes, at_most, granting, refusing
from territoryopt.listening.pricing import SMALL_MOST, Singles
from territoryopt.listening.search import Found, Search, within
from territoryopt.problem import Problem, evaluate
from territoryopt.problem.amounts import FloatArray
from territoryopt.problem.asked import with_pairs
from territoryopt.reasons.explanation import Explanation

ROUNDS = 3
"""How often a better set found beside the way is looked at anew."""

LIMIT_PRICE = 1.0
"""Limits are money: each is worth itself."""


@dataclass(frozen=True, eq=False)
class Rules:
    """What decides. limit: float[requests], currency/year. never: why by account. persons: their
    decisions by number of the request. policy: whether there is one; `file` it came from."""

    budget: float | None = None
    limit: FloatArray | None = None
    most_per_rep: int | None = None
    never: dict[str, str] = field(default_factory=dict)
    policy: bool = False
    file: str = ""
    persons: dict[int, Decision] = field(default_factory=dict)

    @property
    def chooses(self) -> bool:
        """Whether it says what to grant of the requests that no person decided."""
        return self.policy or self.budget is not None

    @property
    def any(self) -> bool:
        return self.chooses or bool(self.persons)

    @property
    def most(self) -> float:
        return np.inf if self.budget is None else self.budget


@dataclass(eq=False)
class Choice:
    """The set chosen so far, its plan and the marginal prices."""

    ground: Ground
    wishes: Wishes
    rules: Rules
    singles: Singles
    search: Search | None = None
    accepted: tuple[int, ...] = ()
    best: Found | None = None
    beside: Ground | None = None
    marginals: dict[int, Marginal] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        prices = self.singles.prices
        self.impossible = {r for r, p in enumerate(prices) if p and p.verdict == "impossible"}
        self.fulfilled = set(np.flatnonzero(self.wishes.granted(self.ground.rep)).tolist())
        persons = self.rules.persons
        self.forced = [r for r, d in persons.items() if d.accept]
        self.refused = {r for r, d in persons.items() if not d.accept}
        self.never = {
            r for r, request in enumerate(self.wishes.requests)
            if request.account in self.rules.never and r not in self.fulfilled
            and r not in persons
        }  # fmt: skip
        self.barred = (self.refused | self.never | self.impossible) - set(self.forced)

    @property
    def problem(self) -> Problem:
        """The units with what must be granted, what may not be, and how many at most."""
        out = [r for r in self.barred if r not in self.fulfilled]
        problem = refusing(self.ground.unit, self.wishes, self._unforced(out))
        problem = granting(problem, self.wishes, self.forced)
        if self.rules.most_per_rep is None:
            return problem
        counted = [r for r in range(len(self.wishes)) if r not in {*self.fulfilled, *self.barred}]
        must = np.bincount(self.wishes.rep[[r for r in self.forced if r not in self.fulfilled]],
                           minlength=problem.reps)  # fmt: skip
        return at_most(problem, self.wishes, counted, np.fmax(must, self.rules.most_per_rep))

    def _unforced(self, out: Iterable[int]) -> list[int]:
        """Those of requests that ask for no pair that is forced."""
        force = self.wishes.pairs(self.forced)[0]
        return [r for r in out if force.get(int(self.wishes.unit[r])) != self.wishes.rep[r]]

    @property
    def worth(self) -> FloatArray:
        """float[requests]: what each counts; nothing where a person or a rule decides it."""
        if not self.rules.chooses:
            return np.zeros(len(self.wishes))
        weight = np.array([r.weight for r in self.wishes.requests])
        worth = weight if self.rules.limit is None else self.rules.limit.copy()
        worth[[*self.forced, *self.barred]] = 0.0
        return worth

    @property
    def pick(self) -> Found | None:
        """The best plan in hand: within the budget, or where what persons accepted is not, the
        cheapest."""
        assert self.search is not None
        search, small = self.search, 1e-3 * self.ground.reasons.speaker.small
        if self.rules.limit is None:
            best = search.cheapest_within(self.rules.most)
        else:
            fit = [f for f in search.pool if f.cost <= self.rules.most + small]
            best = min(fit, key=lambda f: search.value(f, LIMIT_PRICE), default=None)
        return best or min(search.pool, key=lambda f: f.cost, default=None)

    def chosen(self, answered: Sequence[Answered]) -> Chosen | None:
        if self.best is None or self.search is None:
            return None
        most, source = self.at_most
        ids = tuple(a.request.id for a in answered if a.outcome == "accepted")
        unit = "weight" if self.rules.limit is None else "money"
        rep = self.ground.plan_of(self.best.plan) if self.beside is None else (
            self.beside.reasons.rep
        )  # fmt: skip
        most = max(float(most), self.counts)
        return Chosen(ids, self.cost, self.counts, most, unit, source, rep)

    @property
    def counts(self) -> float:
        """What the set counts: its weight, or its limits less its cost."""
        assert self.best is not None
        return self.best.worth - (0.0 if self.rules.limit is None else self.best.cost)

    @property
    def at_most(self) -> tuple[float, str]:
        """What no set that may be granted exceeds, and on whose word."""
        assert self.search is not None
        most, source = self.search.most_within(self.rules.most)
        if self.rules.limit is None:
            return most, source
        least, by = self.search.bound_at(0.0)
        ends = [(most - least, source if by == "proved" else by)]
        ends += [
            (self.search.whole - line.bound, line.source)
            for line in self.search.lines
            if line.price <= LIMIT_PRICE
        ]
        return min(ends)

    @property
    def settled(self) -> bool:
        """Whether no other set can count more."""
        if self.best is None or self.search is None:
            return False
        open_ = self.at_most[0] - self.counts
        if self.rules.limit is None:
            return open_ < self.search.step / 2
        return open_ <= max(self.ground.reasons.speaker.small, 0.01 * self.search.typical)

    @property
    def cost(self) -> Interval:
        """Of all accepted at once."""
        base = self.ground.objective
        if self.beside is None:
            upper = base if self.best is None else base + self.best.cost
            return interval(base, upper, self.ground.bound, self.ground.proved, self.ground.source)
        there = self.beside
        return interval(base, there.objective, there.bound, there.proved, there.source)


def choose(choice: Choice, series: Series, seed: Callable[[Search], None]) -> None:
    """Find the set, its plan and marginal prices; `choice` keeps what is found."""
    search = Search(choice.ground, choice.wishes, choice.worth, choice.problem,
                    choice.singles.typical)  # fmt: skip
    choice.search = search
    seed(search)
    if choice.rules.chooses:
        dear = 10 * max(choice.singles.typical, 1.0) / search.step
        search.combine(dear if choice.rules.limit is None else LIMIT_PRICE, choice.rules.most)
    third = max(1e-3, series.left / 3)
    if choice.rules.limit is not None:
        search.at_price(series, LIMIT_PRICE, third)
        best = min(search.pool, key=lambda f: search.value(f, LIMIT_PRICE), default=None)
        if best is not None and best.cost > choice.rules.most:
            within(search, series, choice.rules.most, third / 3)
    elif choice.rules.chooses:
        within(search, series, choice.rules.most, third / 2)
    elif choice.forced or not search.pool:
        search.at_least(series, 0.0, third)
    for _ in range(ROUNDS):
        best = choice.best = choice.pick
        if best is None:
            choice.notes.append(_no_plan(search))
            return
        choice.accepted = _accepted(choice, best)
        _stand_beside(choice, series)
        if choice.pick is best and not series.over:
            _marginals(choice, series)
        if choice.pick is best or series.over:
            break
    if choice.cost.upper > choice.rules.most + choice.ground.reasons.speaker.small:
        choice.notes.append("what persons accepted costs more than the budget by itself")


def _no_plan(search: Search) -> str:
    result = search.infeasible
    if result is None:
        return "no plan that grants what persons accepted was found in the time given"
    word = "" if result.bound_source == "proved" else f", as {result.bound_source}"
    return f"no plan grants all that persons accepted{word}"


def _accepted(choice: Choice, found: Found) -> tuple[int, ...]:
    granted = set(np.flatnonzero(choice.wishes.granted(found.plan)).tolist())
    counts = {r for r, worth in enumerate(choice.worth.tolist()) if worth > 0}
    meant = counts | set(choice.forced) | (choice.fulfilled - choice.refused)
    return tuple(sorted(granted & meant - choice.barred))


def _problem_of(choice: Choice, accepted: Iterable[int]) -> Problem:
    """The problem over accounts in which these are granted and no other that may not be."""
    reasons, requests = choice.ground.reasons, choice.wishes.requests
    chosen = list(accepted)
    force, forbid = choice.wishes.ids(chosen)
    units = choice.wishes.pairs(chosen)[0]
    forbid += [
        (requests[r].account, requests[r].rep)
        for r in choice.barred - choice.fulfilled
        if not requests[r].loses and units.get(int(choice.wishes.unit[r])) != choice.wishes.rep[r]
    ]
    to = {reasons.account_number(a): reasons.rep_number(j) for a, j in force.items()}
    never = [(reasons.account_number(a), reasons.rep_number(j)) for a, j in forbid]
    return with_pairs(reasons.problem, to, never)


def _stand_beside(choice: Choice, series: Series) -> None:
    """The cheapest plan with all accepted, as ground for questions about it."""
    assert choice.best is not None
    assert choice.search is not None
    ground, best = choice.ground, choice.best
    plan = ground.plan_of(best.plan)
    problem = _problem_of(choice, choice.accepted)
    bound, proved, source, prices = ground.bound, ground.proved, ground.source, None
    if np.array_equal(best.plan, ground.rep):
        prices = ground.reasons.prices
    elif not series.over:
        seconds = max(1e-3, series.left / 3)
        found = series.solve(problem, 1e-6, plan, seconds)
        plan = plan if found.rep is None else found.rep
        prices, proved = found.prices, max(proved, found.proved_bound)
        if found.bound > bound:
            bound, source = found.bound, found.bound_source
    old = ground.reasons
    reasons = Explanation(problem, plan, bound, proved, source, prices, old.account_names,
                          old.rep_names)  # fmt: skip
    choice.beside = Ground(reasons, ground.seed, ground.threads)
    choice.search.add(plan[problem.units.first])


def _marginals(choice: Choice, series: Series) -> None:
    """What each accepted request costs beside the others, and each that is not."""
    assert choice.beside is not None
    assert choice.search is not None
    choice.marginals.clear()
    ours = set(choice.accepted)
    inside = [r for r in choice.accepted if r not in choice.fulfilled]
    outside = [
        r for r in range(len(choice.wishes))
        if r not in ours | choice.barred and not ours & set(choice.wishes.rivals(r).tolist())
    ]  # fmt: skip
    first = choice.beside.reasons.problem.units.first
    todo = [*inside, *outside]
    for k, r in enumerate(todo):
        if series.over:
            return
        seconds = max(1e-3, min(2 * SMALL_MOST, series.left / (len(todo) - k)))
        if r in ours:
            plan = _without(choice, series, r, seconds)
        else:
            force, forbid = choice.wishes.ids([r])
            found = asked(choice.beside, force, forbid, seconds, whole=False)
            if found.stopped == "interrupted":
                series.stopped = "interrupted"
            change = found.change
            source = "proved" if found.conflict is None else found.conflict.proof
            choice.marginals[r] = (
                Marginal(np.inf, np.inf, source)
                if change is None
                else Marginal(change.lower, change.upper, change.source)
            )
            plan = found.rep
        if plan is not None:
            choice.search.add(plan[first])
    _settle_marginals(choice, series, outside)


def _settle_marginals(choice: Choice, series: Series, outside: Sequence[int]) -> None:
    """Searches of the whole for those outside that may yet be cheap enough."""
    assert choice.beside is not None
    assert choice.search is not None
    rules, first = choice.rules, choice.beside.reasons.problem.units.first

    def room(r: int) -> float:
        return min(np.inf if rules.limit is None else float(rules.limit[r]),
                   rules.most - choice.cost.upper)  # fmt: skip

    left = [
        r for r in outside
        if (known := choice.marginals.get(r)) and known.lower <= room(r) < known.upper
    ]  # fmt: skip
    for k, r in enumerate(left):
        if series.over:
            return
        force, forbid = choice.wishes.ids([r])
        seconds = max(1e-3, series.left / (len(left) - k))
        found = asked(choice.beside, force, forbid, seconds)
        if found.stopped == "interrupted":
            series.stopped = "interrupted"
        elif found.change is None:
            proof = "proved" if found.conflict is None else found.conflict.proof
            choice.marginals[r] = Marginal(np.inf, np.inf, proof)
        else:
            change = found.change
            choice.marginals[r] = Marginal(change.lower, change.upper, change.source)
            choice.search.add(None if found.rep is None else found.rep[first])


def _without(choice: Choice, series: Series, r: int, seconds: float) -> np.ndarray | None:
    """What the others accepted would cost less without one of them; the plan found for them."""
    assert choice.beside is not None
    beside = choice.beside
    problem = _problem_of(choice, [s for s in choice.accepted if s != r])
    found = series.solve(problem, 1e-6, beside.reasons.rep, seconds)
    saved = 0.0
    if found.rep is not None:
        saved = beside.objective - evaluate(problem, found.rep).objective
    bound, source = choice.ground.bound, choice.ground.source
    if found.bound > bound:
        bound, source = found.bound, found.bound_source
    most = max(saved, beside.objective - bound)
    choice.marginals[r] = Marginal(max(0.0, saved), most, source)
    return found.rep
