"""What can go wrong, told all at once.

Every error carries `.problems`, the whole list of faults, so that a person mends a file in one
sitting and a program can read each fault by field. One class per exit code of the command line.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import ClassVar

SHOWN = 50
"""How many faults the text of an error shows; `.problems` always has them all."""


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong, where it stands and what would be right.

    `row` is the line a spreadsheet shows (the header is row 1). `key` is the dotted path in a
    TOML file or the name of an argument.
    """

    message: str
    remedy: str = ""
    file: str = ""
    row: int | None = None
    column: str = ""
    key: str = ""
    value: str = ""

    def __str__(self) -> str:
        place = [self.file] if self.file else []
        if self.row is not None:
            place.append(f"row {self.row}")
        if self.column:
            place.append(f"column {self.column}")
        if self.key:
            place.append(self.key)
        text = f"{', '.join(place)}: {self.message}" if place else self.message
        if self.value:
            text += f" (found {self.value!r})"
        return f"{text}. {self.remedy}" if self.remedy else text

    def as_dict(self) -> dict[str, object]:
        """The filled fields only, for JSON."""
        return {k: v for k, v in asdict(self).items() if v not in ("", None)}


class TerritoryoptError(Exception):
    """Base of every error this package raises on purpose."""

    kind: ClassVar[str] = "error"
    exit_code: ClassVar[int] = 1

    def __init__(self, problems: Iterable[Fault | str]) -> None:
        if isinstance(problems, str):
            problems = [problems]
        self.problems: list[Fault] = [
            p if isinstance(p, Fault) else Fault(message=p) for p in problems
        ]
        super().__init__(self.problems)

    def __str__(self) -> str:
        lines = [str(p) for p in self.problems[:SHOWN]]
        if len(self.problems) > SHOWN:
            lines.append(f"... and {len(self.problems) - SHOWN:,} more of {len(self.problems):,}")
        return "\n".join(lines)


class InputError(TerritoryoptError, ValueError):
    """The data cannot be used: a file, a table, an array or a plan."""

    kind = "input"
    exit_code = 2


class ModelError(TerritoryoptError, ValueError):
    """The model cannot be used: a TOML file, or a model that does not fit the data."""

    kind = "model"
    exit_code = 3


class BackendError(TerritoryoptError, RuntimeError):
    """A solver is missing, cannot take this problem, or broke down."""

    kind = "backend"
    exit_code = 4


class FaultList:
    """Collects faults so that all of them are told at once."""

    def __init__(self, error: type[TerritoryoptError]) -> None:
        self._error = error
        self.problems: list[Fault] = []

    def add(
        self,
        message: str,
        remedy: str = "",
        *,
        file: str = "",
        row: int | None = None,
        column: str = "",
        key: str = "",
        value: object = "",
    ) -> None:
        self.problems.append(Fault(message, remedy, file, row, column, key, shortened(value)))

    def __bool__(self) -> bool:
        return bool(self.problems)

    def raise_if_any(self) -> None:
        if self.problems:
            raise self._error(self.problems)


def shortened(value: object, most: int = 80) -> str:
    """A value as it may safely stand in a message: printable and not long."""
    text = value if isinstance(value, str) else str(value)
    text = "".join(c if c.isprintable() else f"\\x{ord(c):02x}" for c in text[: most + 1])
    return text if len(text) <= most else text[:most] + "..."
