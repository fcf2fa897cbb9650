"""A plan mended after something happened to the team: first as few moves as keep every rule,
proven, then the least money among the plans with that few.

Stage 1 is `fewest_moves`: accounts taken from a rep who is still there count one each; those that
nobody owns any more must be placed and count nothing. Stage 2 adds the rule that no more may move
(`moves`, max) and minimises the model's money. The run that is written has that rule in its model,
so that its bound is a bound on what it says it is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Literal

import numpy as np

from territoryopt.answers.fewest import FewestMoves, fewest_moves
from territoryopt.answers.no_plan import NoPlan, why_no_plan
from territoryopt.answers.series import Series
from territoryopt.answers.showing import Shown
from territoryopt.compile import compile_problem, selected
from territoryopt.errors import Fault, InputError
from territoryopt.instance import Instance
from territoryopt.instance_changes import Change, changed, written
from territoryopt.instance_writing import with_columns
from territoryopt.model import Model
from territoryopt.problem import Evaluation, Problem, evaluate
from territoryopt.realign.closest import Closest, closest_plan
from territoryopt.realign.handovers import Handover, handovers
from territoryopt.realign.model_text import with_most_moves, without_filter
from territoryopt.reasons.explanation import Explanation, explain, speaker_of
from territoryopt.reasons.sentences import Speaker
from territoryopt.result import Result
from territoryopt.runs import Run
from territoryopt.solving import solve

if TYPE_CHECKING:
    import pandas as pd

SCHEMA = "territoryopt/realign/1"

Aim = Literal["fewest", "money"]

SECONDS = 60.0
FEWEST_SHARE = 0.5
"""Share of the time that the fewest moves may take; what is left goes to the money."""


@dataclass(frozen=True, eq=False)
class Start:
    """What a realignment starts from: the data, with the owners as they are to be taken, and the
    model, without its row filter (the data hold the rows meant). source: in words."""

    instance: Instance
    model: Model
    source: str
    folder: str = ""

    @staticmethod
    def of_run(run: Run) -> Start:
        """The plan of a run as the owners of today; InputError where it has none."""
        if run.rep is None:
            raise InputError([f"{run.folder} holds no plan: {run.record['status']}"])
        ids = np.array(run.instance.rep_ids, dtype=object)
        owners = {"current_rep": ids[run.rep]}
        accounts = with_columns(run.instance.accounts, owners)
        data = replace(run.instance, accounts=accounts).select(None)
        source = f"the plan in {run.folder}"
        return Start(data, without_filter(run.model), source, str(run.folder))

    @staticmethod
    def of_instance(instance: Instance, model: Model) -> Start:
        """Today's owners."""
        return Start(selected(instance, model), without_filter(model), "today's owners")

    @cached_property
    def problem(self) -> Problem:
        """The problem before anything happened."""
        return compile_problem(self.instance, self.model)

    @cached_property
    def before(self) -> Evaluation:
        """What the owners cost and break before anything happened."""
        return evaluate(self.problem, self.problem.current)


@dataclass(frozen=True, eq=False)
class Realignment(Shown):
    """A plan after changes. instance: changed, with the owners it started from; model: with the
    limit on moves, where one was set. fewest: what was found of the fewest moves; None with aim
    "money". extra: moves allowed beyond them. moves: every account with another rep than before,
    those that had to be placed first. no_plan, closest: why there is none, and the plan that breaks
    the least, where none exists. stopped: whether Ctrl-C cut it short."""

    start: Start
    changes: tuple[Change, ...]
    instance: Instance
    model: Model
    aim: Aim
    extra: int
    fewest: FewestMoves | None
    result: Result
    seconds: float
    no_plan: NoPlan | None = None
    closest: Closest | None = None
    notes: tuple[str, ...] = ()
    moves: tuple[Handover, ...] = field(init=False)

    def __post_init__(self) -> None:
        made: tuple[Handover, ...] = ()
        if self.reasons is not None:
            known = frozenset(self.start.instance.account_ids)
            made = handovers(self.reasons, self.instance, known, self.speaker)
        object.__setattr__(self, "moves", made)

    @cached_property
    def reasons(self) -> Explanation | None:
        """The reasons of the plan; None where there is none."""
        return None if self.result.rep is None else explain(self.result, self.instance)

    @cached_property
    def speaker(self) -> Speaker:
        """Who says sentences about it, with the names of those who left, too."""
        speaker = speaker_of(self.result.problem, self.instance)
        if self.reasons is not None:
            speaker = self.reasons.speaker
        old = self.start.instance
        names = dict(zip(old.rep_ids, old.rep_names, strict=True)) | dict(speaker.rep_names)
        return replace(speaker, rep_names=names)

    @property
    def counted(self) -> int:
        """Accounts taken from a rep who is still there."""
        return sum(move.counted for move in self.moves)

    @property
    def proved(self) -> bool:
        """Whether fewer moves are known not to do: by our own arithmetic or on a solver's word
        (`fewest.source`)."""
        return self.fewest is not None and self.fewest.moves == self.fewest.least

    def as_dict(self) -> dict[str, object]:
        """The stable JSON contract `territoryopt/realign/1`."""
        from territoryopt.realign.telling import tell_realignment

        result = self.result.as_dict()
        kept = ("status", "objective", "bound", "proved_bound", "bound_source", "gap", "currency",
                "goals")  # fmt: skip
        return {
            "schema": SCHEMA,
            "from": self.start.source,
            "changes": list(written(self.changes)),
            "aim": self.aim,
            "fewest": None if self.fewest is None else self.fewest.as_dict(),
            "extra_moves": self.extra,
            "moved": self.counted,
            "placed": len(self.moves) - self.counted,
            "plan": {name: result[name] for name in kept},
            "moves": [move.as_dict() for move in self.moves],
            "no_plan": None if self.no_plan is None else self.no_plan.as_dict(),
            "closest": None if self.closest is None else self.closest.as_dict(),
            "notes": list(self.notes),
            "seconds": round(self.seconds, 3),
            "text": tell_realignment(self),
        }

    def to_frame(self) -> pd.DataFrame:
        """One row per account with another rep than before."""
        import pandas as pd

        columns = moves_table(self)
        return pd.DataFrame(columns)

    def heading(self) -> str:
        """How many had to move."""
        from territoryopt.realign.telling import tell_realignment

        return tell_realignment(self)[0]


def moves_table(made: Realignment) -> dict[str, list[object]]:
    """moves.csv: one row per account with another rep than before.

    counts: whether it counts as a move. change_if_left: of the objective, if it alone (with its
    family) had stayed, currency/year; blank where it had nowhere to stay.
    """
    accounts = dict(zip(made.instance.account_ids, made.instance.account_names, strict=True))
    reps = dict(zip(made.instance.rep_ids, made.instance.rep_names, strict=True))
    reps = dict(zip(made.start.instance.rep_ids, made.start.instance.rep_names, strict=True)) | reps
    moves = made.moves
    return {
        "account_id": [m.account for m in moves],
        "name": [accounts[m.account] for m in moves],
        "from_rep_id": [m.before for m in moves],
        "from_name": [reps.get(m.before or "", m.before) for m in moves],
        "rep_id": [m.after for m in moves],
        "rep_name": [reps[m.after] for m in moves],
        "cause": [m.cause for m in moves],
        "counts": ["yes" if m.counted else "no" for m in moves],
        "rules": ["; ".join(m.rules) for m in moves],
        "change_if_left": [None if m.left is None else m.left.change for m in moves],
        "next_best_rep_id": [None if m.next is None else m.next.rep for m in moves],
        "next_best_change": [None if m.next is None else m.next.change for m in moves],
        "reason": [m.text for m in moves],
    }


def realigned(
    start: Start | Run,
    changes: Iterable[Change] = (),
    *,
    aim: Aim = "fewest",
    extra_moves: int = 0,
    backend: str = "auto",
    time_limit: float = SECONDS,
    gap: float = 1e-4,
    seed: int = 0,
    threads: int = 2,
    file: str = "",
    progress: Callable[[str], None] | None = None,
) -> Realignment:
    """The plan after changes to the team that moves only what it must.

    start: a run, whose plan is what everybody owns now, or `Start.of_instance`. changes: in order;
    none mends a team that is out of its rules. aim "fewest": first the fewest moves, then the least
    money with so many and `extra_moves` more; "money": the model's own objective. time_limit:
    seconds of both; where there is no plan, up to three quarters of it more to say why. file: where
    the changes stand, for messages.

    Raises InputError and ModelError for data and models that do not fit. No plan is a result: it
    says what cannot be kept, with the plan that breaks the least.
    """
    if aim not in ("fewest", "money"):
        raise InputError([Fault('must be "fewest" or "money"', key="aim", value=str(aim))])
    if extra_moves < 0 or (extra_moves and aim == "money"):
        raise InputError(
            [Fault("goes with the aim of few moves, and is zero or more", key="extra_moves",
                   value=str(extra_moves))]
        )  # fmt: skip
    series = Series(time_limit, time_limit, seed, threads)
    told = progress or (lambda _: None)
    begun = Start.of_run(start) if isinstance(start, Run) else start
    done = tuple(changes)
    data, model = changed(begun.instance, done, file=file), begun.model
    problem = compile_problem(data, model)
    fewest, first = None, None
    if aim == "fewest":
        told("the fewest moves")
        fewest = fewest_moves(
            problem, seconds=FEWEST_SHARE * series.left, seed=seed, threads=threads
        )
        first = fewest.rep
        if fewest.moves is not None:
            most = fewest.moves + extra_moves
            model = with_most_moves(model, most, _remark(fewest, extra_moves))
            problem = compile_problem(data, model)
    told("the least money")
    cut = fewest is not None and fewest.stopped == "interrupted"
    result = solve(
        problem, backend=backend, time_limit=1e-3 if cut else max(1e-3, series.left), gap=gap,
        seed=seed, threads=threads, start=first,
    )  # fmt: skip
    if cut or result.interrupted:
        result = replace(result, interrupted=True, status="interrupted")
    why, near = None, None
    if result.status == "infeasible":
        told("why there is no plan")
        why = why_no_plan(problem, seconds=max(5.0, time_limit / 2), seed=seed, threads=threads)
        told("the plan that breaks the least")
        near = closest_plan(problem, max(5.0, time_limit / 4), seed=seed, threads=threads)
    return Realignment(
        begun, done, data, model, aim, extra_moves, fewest, result, series.spent, why, near,
        _notes(begun, data, problem),
    )  # fmt: skip


def _remark(fewest: FewestMoves, extra: int) -> str:
    word = "no plan has fewer" if fewest.moves == fewest.least else f"at least {fewest.least}"
    more = f", and {extra} more" if extra else ""
    return f"the fewest accounts that must change hands ({word}){more}"


def _notes(start: Start, data: Instance, problem: Problem) -> tuple[str, ...]:
    """What a reader of the answer should know of the data."""
    notes = []
    came = [rep for rep in data.rep_ids if rep not in set(start.instance.rep_ids)]
    low = any(bool(((r.lower > 0) & np.isinf(r.price)).any()) for r in problem.rows)
    if came and not low:
        notes.append(
            f"No rule that must hold asks accounts for {', '.join(came)}: with as few moves as can"
            " be a new rep gets what nobody owns, or nothing; --extra-moves or --aim money gives"
            " more"
        )
    return tuple(notes)
