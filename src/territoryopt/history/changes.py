"""What changed between two runs, by their records alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from territoryopt.alignment import Move
from territoryopt.history.entries import Entry

_NOTHING = object()


class Change(NamedTuple):
    """A thing that was one way and is another; None where it was not there."""

    name: str
    before: Any
    after: Any


@dataclass(frozen=True, eq=False)
class Changes:
    """From an earlier run (`before`) to a later one (`after`); money is currency a year.

    inputs: files whose SHA-256 differs. model: keys of the TOML that differ, dotted, old and new;
    nothing where only comments or the order do. source: the row filter and the owners locked by
    hand. settings: backend, seed, threads. versions: of territoryopt, the solvers and Python.
    moves: accounts of both runs with another rep. came, went: accounts of only one of them.
    money: the objective, then each goal, where both plans have them.
    """

    before: Entry
    after: Entry
    inputs: tuple[Change, ...]
    model: tuple[Change, ...]
    source: tuple[Change, ...]
    settings: tuple[Change, ...]
    versions: tuple[Change, ...]
    moves: tuple[Move, ...]
    came: tuple[str, ...]
    went: tuple[str, ...]
    money: tuple[Change, ...]

    def as_dict(self) -> dict[str, Any]:
        """One of `changes` of `territoryopt/log/1`."""
        listed = ("inputs", "model", "source", "settings", "versions", "money")
        return {
            "before": self.before.id,
            "after": self.after.id,
            **{key: [change._asdict() for change in getattr(self, key)] for key in listed},
            "moves": [
                {"account": move.account_id, "before": move.before, "after": move.after}
                for move in self.moves
            ],
            "came": list(self.came),
            "went": list(self.went),
        }


def changes(before: Entry, after: Entry) -> Changes:
    """What differs between two runs."""
    one, two = before.record, after.record
    inputs = tuple(c for c in _between(one["inputs"], two["inputs"]) if c.name != "model")
    owners = [_owners(record) for record in (one, two)]
    moves: tuple[Move, ...] = ()
    came: tuple[str, ...] = ()
    went: tuple[str, ...] = ()
    if one["alignment"] is not None and two["alignment"] is not None:
        was, now = owners
        moves = tuple(
            Move(account, was[account], rep)
            for account, rep in now.items()
            if account in was and was[account] != rep
        )
        came = tuple(account for account in now if account not in was)
        went = tuple(account for account in was if account not in now)
    settings = [{key: record.get(key) for key in ("backend", "seed", "threads")}
                for record in (one, two)]  # fmt: skip
    return Changes(
        before,
        after,
        inputs,
        tuple(_between(dict(_flat(before.table)), dict(_flat(after.table)))),
        tuple(_between(*(dict(_flat(_source(record))) for record in (one, two)))),
        tuple(_between(*settings)),
        tuple(_between(*(_table(record.get("versions")) for record in (one, two)))),
        moves,
        came,
        went,
        _money(before, after),
    )


def _between(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Change]:
    for key in [*before, *(key for key in after if key not in before)]:
        was, now = before.get(key, _NOTHING), after.get(key, _NOTHING)
        if _unlike(was, now):
            yield Change(key, None if was is _NOTHING else was, None if now is _NOTHING else now)


def _unlike(was: object, now: object) -> bool:
    """Whether two values differ; 1 and true do, 1 and 1.0 do not."""
    return was != now or isinstance(was, bool) != isinstance(now, bool)


def _flat(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """The keys of nested tables, dotted; what JSON does not know (dates) as text."""
    if isinstance(value, Mapping) and (value or not path):
        for key, part in value.items():
            yield from _flat(part, f"{path}.{key}" if path else str(key))
    else:
        yield path, _plain(value)


def _plain(value: Any) -> Any:
    if isinstance(value, list):
        return [_plain(part) for part in value]
    if isinstance(value, Mapping):
        return {str(key): _plain(part) for key, part in value.items()}
    if isinstance(value, float) and value - value != 0:
        return str(value)  # inf and nan, which JSON has no word for
    return value if isinstance(value, str | int | float | bool | None) else str(value)


def _source(record: Mapping[str, Any]) -> dict[str, Any]:
    source = record["source"]
    return {key: _table(source.get(key)) for key in ("where", "locks") if source.get(key)}


def _table(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _owners(record: Mapping[str, Any]) -> dict[str, str | None]:
    found = _table(record["alignment"])
    return {a: rep if isinstance(rep, str) else None for a, rep in found.items()}


def _money(before: Entry, after: Entry) -> tuple[Change, ...]:
    """The objective and the goals of two plans in one currency."""
    if before.objective is None or after.objective is None or before.currency != after.currency:
        return ()
    goals = [
        {
            goal["name"]: float(goal["money"])
            for goal in entry.record.get("goals") or ()
            if isinstance(goal, dict)
            and isinstance(goal.get("name"), str)
            and isinstance(goal.get("money"), int | float)
        }
        for entry in (before, after)
    ]
    total = Change("objective", before.objective, after.objective)
    return (total, *_between(*goals))
