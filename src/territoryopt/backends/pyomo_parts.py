"""The pieces that `to_pyomo` puts together: names, linear expressions, rows and groups."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from territoryopt.problem import FloatArray, Grouping, IntArray, Pairs, Problem, Rows

Key = tuple[str, ...]


@dataclass
class Names:
    """Index values for a problem's accounts, reps, rows and groups, each unique in its set."""

    problem: Problem
    accounts: list[str] = field(init=False)
    reps: list[str] = field(init=False)
    rules: list[str] = field(init=False)
    rows: list[list[Key]] = field(init=False)
    grouping_rules: list[str] = field(init=False)
    groups: list[list[str]] = field(init=False)

    def __post_init__(self) -> None:
        problem = self.problem
        self.accounts = _unique(problem.account_id(int(i)) for i in problem.units.first)
        self.reps = _unique(problem.rep_id(j) for j in range(problem.reps))
        rules = _unique([*(p.name for p in problem.rows), *(p.name for p in problem.groupings)])
        self.rules = rules[: len(problem.rows)]
        self.grouping_rules = rules[len(problem.rows) :]
        self.rows = [
            [(rule, label) for label in _unique(part.labels)]
            for rule, part in zip(self.rules, problem.rows, strict=True)
        ]
        self.groups = [_unique(part.labels) for part in problem.groupings]

    def pairs(self, pairs: Pairs) -> list[Key]:
        accounts, reps = self.accounts, self.reps
        return [
            (accounts[i], reps[j])
            for i, j in zip(pairs.account.tolist(), pairs.rep.tolist(), strict=True)
        ]


def _unique(names: Iterable[str]) -> list[str]:
    used: set[str] = set()
    count: dict[str, int] = {}
    out = []
    for name in names:
        label = name
        while label in used:
            count[name] = count.get(name, 1) + 1
            label = f"{name} #{count[name]}"
        used.add(label)
        out.append(label)
    return out


def objects(items: Iterable[Any]) -> np.ndarray:
    listed = list(items)
    out = np.empty(len(listed), dtype=object)
    out[:] = listed
    return out


@dataclass
class Build:
    """What the parts of a model are built with. money: expressions by goal or rule."""

    model: Any
    pairs: Pairs
    assign: np.ndarray
    money: dict[str, list[Any]] = field(default_factory=dict)

    def linear(self, pair: IntArray, weight: FloatArray, constant: float = 0.0) -> Any:
        """constant + Σ weight · assign[pair], zeros left out; one flat node, fast to walk."""
        from pyomo.core.expr import LinearExpression

        used = np.flatnonzero(weight)
        return LinearExpression(
            constant=constant,
            linear_coefs=weight[used].tolist(),
            linear_vars=self.assign[pair[used]].tolist(),
        )

    def charge(self, name: str, expression: Any) -> None:
        self.money.setdefault(name, []).append(expression)


def add_one_rep(build: Build, names: Names) -> None:
    import pyomo.environ as pyo

    model, start = build.model, build.pairs.start
    lonely = [names.accounts[i] for i in np.flatnonzero(np.diff(start) == 0)]
    model.nobody = pyo.Var(pyo.Set(initialize=lonely, dimen=1), bounds=(0, 0))
    model.one_rep = pyo.Constraint(model.accounts)
    ones = np.ones(len(build.pairs))
    for i, name in enumerate(names.accounts):
        if start[i] == start[i + 1]:
            model.one_rep[name] = model.nobody[name] == 1
        else:
            own = np.arange(start[i], start[i + 1])
            model.one_rep[name] = build.linear(own, ones[own]) == 1


def add_rows(build: Build, parts: tuple[Rows, ...], keys: list[list[Key]]) -> None:
    import pyomo.environ as pyo

    model = build.model
    model.rows = pyo.Set(initialize=[key for part in keys for key in part], dimen=2)
    model.activity = pyo.Expression(model.rows)
    plans = [_row_plan(build, part, own) for part, own in zip(parts, keys, strict=True)]
    for name, side in (("over", "upper"), ("under", "lower")):
        index = [
            key
            for part, own, plan in zip(parts, keys, plans, strict=True)
            for r, key in enumerate(own)
            if plan[r] in ("soft", "stuck") and np.isfinite(getattr(part, side)[r])
        ]
        setattr(model, name, pyo.Var(pyo.Set(initialize=index, dimen=2), bounds=(0, None)))
    model.within = pyo.Constraint(model.rows)
    model.charge = pyo.Constraint(model.rows)
    worst = [own[0][0] for part, own in zip(parts, keys, strict=True) if part.worst and own]
    model.worst = pyo.Var(pyo.Set(initialize=worst, dimen=1), bounds=(0, None))
    for part, own, plan in zip(parts, keys, plans, strict=True):
        _add_limits(build, part, own, plan)


def _row_plan(build: Build, part: Rows, keys: list[Key]) -> list[str]:
    """Write the activities; per row "open" (nothing to say), "hard", "soft" or "stuck"."""
    pairs = build.pairs
    row = part.row_of_rep[pairs.rep]
    amount = part.amounts.at(pairs.account, pairs.rep)
    used = np.flatnonzero((row >= 0) & (amount != 0))
    used = used[np.argsort(row[used], kind="stable")]
    edge = np.searchsorted(row[used], np.arange(len(part) + 1))
    out = []
    broken = part.broken(part.constant)
    for r, key in enumerate(keys):
        own = used[edge[r] : edge[r + 1]]
        build.model.activity[key] = build.linear(own, amount[own], float(part.constant[r]))
        closed = np.isfinite(part.lower[r]) or np.isfinite(part.upper[r])
        if not closed or part.price[r] == 0:
            out.append("open")
        elif np.isfinite(part.price[r]):
            out.append("soft")
        elif len(own):
            out.append("hard")
        else:
            out.append("stuck" if broken[r] else "open")
    return out


def _add_limits(build: Build, part: Rows, keys: list[Key], plan: list[str]) -> None:
    model = build.model
    charges = []
    for r, key in enumerate(keys):
        if plan[r] == "open":
            continue
        slacks = [(model.over[key], -1)] if key in model.over else []
        slacks += [(model.under[key], 1)] if key in model.under else []
        body = model.activity[key] + sum(sign * slack for slack, sign in slacks)
        low, high = float(part.lower[r]), float(part.upper[r])
        model.within[key] = (
            low if np.isfinite(low) else None,
            body,
            high if np.isfinite(high) else None,
        )
        if plan[r] == "stuck":
            for slack, _ in slacks:
                slack.setub(0)
        elif plan[r] == "soft":
            charge = float(part.price[r]) * sum(slack for slack, _ in slacks)
            if part.worst:
                model.charge[key] = charge <= model.worst[key[0]]
            else:
                charges.append(charge)
    if part.worst and keys:
        charges = [model.worst[keys[0][0]]]
    if charges:
        build.charge(part.name, sum(charges))


Groups = list[tuple[str, list[str], Grouping]]


def _by_rep(build: Build, part: Grouping, g: int) -> dict[int, tuple[list[int], list[float]]]:
    """Per rep, the pairs of group g and how many members stand behind each."""
    start, rep = build.pairs.start, build.pairs.rep
    out: dict[int, tuple[list[int], list[float]]] = {}
    unit, times = np.unique(part.member[part.start[g] : part.start[g + 1]], return_counts=True)
    for i, n in zip(unit.tolist(), times.tolist(), strict=True):
        for p in range(int(start[i]), int(start[i + 1])):
            pair, count = out.setdefault(int(rep[p]), ([], []))
            pair.append(p)
            count.append(float(n))
    return dict(sorted(out.items()))


def add_apart(build: Build, groupings: Groups, names: Names) -> None:
    import pyomo.environ as pyo

    model = build.model
    bodies: dict[Key, Any] = {}
    priced: dict[Key, float] = {}
    for rule, labels, part in groupings:
        for g, label in enumerate(labels):
            for j, (pair, count) in _by_rep(build, part, g).items():
                if sum(count) > 1 and part.price != 0:
                    key: Key = (rule, label, names.reps[j])
                    bodies[key] = build.linear(np.array(pair), np.array(count))
                    if not part.hard:
                        priced[key] = part.price
    model.shared = pyo.Var(pyo.Set(initialize=list(priced), dimen=3), bounds=(0, None))
    model.apart = pyo.Constraint(pyo.Set(initialize=list(bodies), dimen=3))
    for key, body in bodies.items():
        model.apart[key] = body <= (1 + model.shared[key] if key in priced else 1)
    for rule, _, part in groupings:
        slacks = [model.shared[key] for key in priced if key[0] == rule]
        if slacks:
            build.charge(part.name, part.price * sum(slacks))


def add_together(build: Build, groupings: Groups, names: Names) -> None:
    import pyomo.environ as pyo

    model = build.model
    links: dict[Key, int] = {}
    teams: dict[Key, list[Key]] = {}
    soft: dict[str, list[Key]] = {}
    for rule, labels, part in groupings:
        for g, label in enumerate(labels):
            members = np.unique(part.member[part.start[g] : part.start[g + 1]])
            if len(members) < 2 or part.price == 0:
                continue
            reps = _by_rep(build, part, g)
            teams[rule, label] = [(rule, label, names.reps[j]) for j in reps]
            if not part.hard:
                soft.setdefault(rule, []).append((rule, label))
            for j, (pair, _) in reps.items():
                for p in pair:
                    account = names.accounts[build.pairs.account[p]]
                    links[rule, label, account, names.reps[j]] = p
    present = [key for team in teams.values() for key in team]
    model.present = pyo.Var(pyo.Set(initialize=present, dimen=3), bounds=(0, 1))
    split = [key for own in soft.values() for key in own]
    model.split = pyo.Var(pyo.Set(initialize=split, dimen=2), bounds=(0, None))
    model.together = pyo.Constraint(pyo.Set(initialize=list(links), dimen=4))
    for key, p in links.items():
        model.together[key] = build.assign[p] <= model.present[key[0], key[1], key[3]]
    model.one_team = pyo.Constraint(pyo.Set(initialize=list(teams), dimen=2))
    for key, team in teams.items():
        free = model.split[key] if key in split else 0
        model.one_team[key] = sum(model.present[k] for k in team) <= 1 + free
    for rule, _, part in groupings:
        if rule in soft:
            build.charge(part.name, part.price * sum(model.split[key] for key in soft[rule]))
