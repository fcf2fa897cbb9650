"""Exports written by the tests, byte by byte, and what an import made of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

import territoryopt as topt
from territoryopt.errors import Fault
from territoryopt.tables import Table, read_table

REPS = "rep_id,name,email\nR-1,Ann Lee,ann@x.com\nR-2,Bob Ray,bob@x.com\n"


def raw(content: str | bytes) -> bytes:
    return content if isinstance(content, bytes) else content.encode()


@dataclass
class Desk:
    """A folder with an export of accounts and one of reps."""

    root: Path
    accounts: Path = field(init=False)
    reps: Path = field(init=False)
    runs: int = 0

    def __post_init__(self) -> None:
        self.accounts, self.reps = self.root / "accounts.csv", self.root / "reps.csv"
        self.reps.write_bytes(raw(REPS))

    def put(self, accounts: str | bytes, reps: str | bytes | None = None, *, ext: str = ".csv"):
        self.accounts = self.root / f"export{ext}"
        self.accounts.write_bytes(raw(accounts))
        if reps is not None:
            self.reps.write_bytes(raw(reps))
        return self

    def mapping(self, text: str) -> Path:
        path = self.root / "map.toml"
        path.write_text(text, encoding="utf-8")
        return path

    def take(self, mapping: str | Path = "", **options: Any) -> Taken:
        self.runs += 1
        out = self.root / f"out-{self.runs}"
        if mapping:
            text = isinstance(mapping, str)
            options["mapping"] = self.mapping(mapping) if text else mapping
        return Taken(topt.import_accounts(self.accounts, self.reps, out, **options))

    def refused(self, mapping: str | Path = "", **options: Any) -> list[Fault]:
        """The faults of an import that must write nothing."""
        before = set(self.root.glob("out-*"))
        with pytest.raises(topt.InputError) as caught:
            self.take(mapping, **options)
        assert set(self.root.glob("out-*")) == before, "nothing is half-written"
        assert not list(self.root.glob(".territoryopt-*"))
        return caught.value.problems


@dataclass
class Taken:
    """An import that went through, and its tables read back as the engine reads them."""

    made: topt.Imported

    @property
    def accounts(self) -> Table:
        return read_table(self.made.folder / "accounts.csv", id_columns=("account_id",))

    @property
    def reps(self) -> Table:
        return read_table(self.made.folder / "reps.csv", id_columns=("rep_id",))

    @property
    def instance(self) -> topt.Instance:
        return topt.read_instance(self.made.folder)

    def column(self, name: str) -> list[str]:
        return self.accounts.text(name).tolist()

    def entries(self, kind: str = "", column: str = "") -> list[tuple[Any, ...]]:
        """(row, old, new, reason) of the entries of a kind and a column."""
        return [
            (record["row"], record["old"], record["new"], record["reason"])
            for record in self.made.quality.records()
            if kind in ("", record["kind"]) and column in ("", record["column"])
        ]

    def told(self, reason: str, kind: str = "") -> list[tuple[Any, ...]]:
        """(row, old, new) of the entries in whose reason a text stands."""
        return [e[:3] for e in self.entries(kind) if reason in e[3]]
