"""What a scoring made: accounts with new columns, where each figure comes from, and in words."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from territoryopt.errors import Fault, FaultList, InputError, shortened
from territoryopt.instance import Instance, read_instance
from territoryopt.scoring.trace import COLUMNS, plain
from territoryopt.tables import read_table
from territoryopt.words import amount, number, percent, plural

if TYPE_CHECKING:
    import pandas as pd

SCHEMA = "territoryopt/score/1"
SCORES, RECORD, COPY = "scores.csv", "score.json", "score.toml"


@dataclass(frozen=True, eq=False)
class Scored:
    """A scored instance.

    - `instance`: accounts with the columns made, the original ones kept.
    - `record`: the JSON of `as_dict`. `learned`: what was learned, in sentences.
    - `parts`: the trace as columns of equal length, see `trace_frame`.
    - `folder`: where it was written; None where it was not.
    """

    instance: Instance
    record: Mapping[str, Any]
    parts: Mapping[str, npt.NDArray[Any]] = field(repr=False)
    learned: tuple[str, ...] = ()
    folder: Path | None = None

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of accounts.csv that were made."""
        return tuple(made["column"] for made in self.record["columns"])

    @property
    def notes(self) -> tuple[str, ...]:
        """What happened that a person should know."""
        return tuple(self.record["notes"])

    def as_dict(self) -> dict[str, Any]:
        """The stable JSON contract `territoryopt/score/1`; docs/scoring.md says what is in it."""
        return dict(self.record)

    def to_frame(self) -> pd.DataFrame:
        """One row per account: `account_id`, `name` and the columns made, numbers as numbers."""
        import pandas as pd

        kinds = {made["column"]: made["kind"] for made in self.record["columns"]}
        columns: dict[str, Any] = {
            "account_id": np.array(self.instance.account_ids, dtype=object),
            "name": np.array(self.instance.account_names, dtype=object),
        }
        for name, kind in kinds.items():
            cells = self.instance.accounts.columns[name]
            text = kind in ("tier", "code")
            columns[name] = cells if text else np.where(cells == "", "nan", cells).astype(float)
        return pd.DataFrame(columns)

    def trace_frame(self) -> pd.DataFrame:
        """One row per account, result and part, as in scores.csv: `account_id`, `result`, `part`,
        `column`, `value`, `rule`, `factor`, `contribution`, `label`, `note`. The contributions of a
        result add up to it."""
        import pandas as pd

        return pd.DataFrame(dict(self.parts))

    def explain(self, account_id: str) -> list[str]:
        """Where each figure of an account comes from, a sentence for each; InputError for an id
        that is not there."""
        try:
            row = self.instance.account_ids.index(account_id)
        except ValueError:
            raise InputError(
                [Fault("there is no such account", "Ids are text, and capitals count",
                       file="accounts.csv", column="account_id", value=shortened(account_id))]
            ) from None  # fmt: skip
        name = self.instance.account_names[row]
        head = account_id if name == account_id else f"{name} ({account_id})"
        at = np.flatnonzero(self.parts["account_id"] == account_id)
        parts = [{c: self.parts[c][k] for c in COLUMNS} for k in at.tolist()]
        out = [head]
        for result in dict.fromkeys(part["result"] for part in parts):
            own = [part for part in parts if part["result"] == result]
            made = self.instance.accounts.columns.get(result)
            cell = "" if made is None else made[row]
            out.append(_sentence(result, own, cell, self._unit(result)))
        return out

    def account(self, account_id: str) -> dict[str, Any]:
        """`explain` for JSON: `account`, `text` (its sentences) and `parts`, the rows of the trace
        with None where there is no number; InputError as there."""
        text = self.explain(account_id)
        at = np.flatnonzero(self.parts["account_id"] == account_id)
        parts = [{c: _number_or_none(self.parts[c][k]) for c in COLUMNS[1:]} for k in at.tolist()]
        return {"account": account_id, "text": text, "parts": parts}

    def _unit(self, result: str) -> str:
        return next((m["unit"] for m in self.record["columns"] if m["column"] == result), "")

    def told(self) -> list[str]:
        """What was made, in sentences: tiers, scores, totals, what was learned."""
        record = self.record
        day = f" as of {record['as_of']}" if record["as_of"] else ""
        out = [f"{plural(record['accounts'], 'account')} scored{day}."]
        for segment in record["segments"]:
            tiers = ", ".join(
                f"{t['tier'] or '(blank)'} {t['accounts']:,} ({percent(t['share'])})"
                for t in segment["tiers"][:12]
            )
            more = len(segment["tiers"]) - 12
            out.append(f"{segment['column']}: {tiers}{f' and {more} more' if more > 0 else ''}.")
        for score in record["scores"]:
            if score["accounts"]:
                least, mean, most = (number(score[k]) for k in ("least", "mean", "most"))
                out.append(f"{score['column']}: from {least} to {most}, {mean} on average.")
        for total in record["totals"]:
            before = ("not given before" if total["before"] is None
                      else f"{amount(total['before'], total['unit'])} before")  # fmt: skip
            after = ("not known" if total["after"] is None
                     else amount(total["after"], total["unit"]))  # fmt: skip
            out.append(f"{total['what']}: {after} in all ({before}).")
        return [*out, *self.learned]


def _number_or_none(value: Any) -> Any:
    if not isinstance(value, float):
        return value
    return float(value) if np.isfinite(value) else None


def _sentence(result: str, parts: list[dict[str, Any]], cell: str, unit: str) -> str:
    labels = [part for part in parts if part["label"] != ""]
    if labels:
        reasons = "; ".join(_because(part) for part in parts)
        return f"{result} {cell or labels[-1]['label']}: {reasons}."
    total = sum((Decimal(repr(float(p["contribution"]))) for p in parts), Decimal(0))
    shown = f"{total:,f}" if not cell else f"{Decimal(cell):,f}"
    words = amount(float(total), unit).partition(" ")[2] if unit else ""
    head = f"{result} {shown} {words}".strip()
    if len(parts) == 1:
        return f"{head}: {_because(parts[0])}."
    return f"{head}: {'; '.join(map(_added, parts))}."


def _added(part: dict[str, Any]) -> str:
    """ "+24,000 for share of wallet (annual_sales is 800000: × 0.03)"."""
    signed, because = _signed(part["contribution"]), _because(part)
    if part["part"] == part["column"]:
        return f"{signed} as {because}"
    return f"{signed} for {part['part']} ({because})" if because else f"{signed} for {part['part']}"


def _because(part: dict[str, Any]) -> str:
    """ "annual_sales is 800000: at least 500,000"; the rule alone where no column counted."""
    label = f", so {part['label']}" if part["label"] != "" else ""
    rule = f": {part['rule']}" if part["rule"] != "" else ""
    if not part["column"]:
        return f"{part['value']}{rule}{label}".removeprefix(": ")
    cell = part["value"] if part["value"] != "" else "blank"
    return f"{part['column']} is {cell}{rule}{label}"


def _signed(value: float) -> str:
    text = f"{Decimal(plain(np.array([value]), 6)[0]):,f}"
    return text if text.startswith("-") else f"+{text}"


def read_scored(folder: str | os.PathLike[str]) -> Scored:
    """A folder that `score_accounts` wrote, read back; InputError where it is none."""
    path = Path(folder) / RECORD
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise InputError(
            [Fault("cannot be read, so this is no folder that `territoryopt score` wrote",
                   "Score the instance first, with --with and --out", file=str(path))]
        ) from error  # fmt: skip
    lists = ("columns", "segments", "scores", "totals", "notes", "sentences")
    whole = isinstance(record, dict) and record.get("schema") == SCHEMA
    if not whole or not all(isinstance(record.get(name), list) for name in lists):
        raise InputError([Fault(f"is no record of the kind {SCHEMA}", file=str(path))])
    table = read_table(Path(folder) / SCORES, required=COLUMNS)
    parts: dict[str, Any] = {name: table.columns[name] for name in COLUMNS}
    faults = FaultList(InputError)
    for name in ("factor", "contribution"):
        parts[name] = table.numbers(name, faults)
    faults.raise_if_any()
    return Scored(read_instance(folder), record, parts, tuple(record["sentences"]), Path(folder))
