"""How an answer shows itself in a notebook: as a table, with names as text and never as markup."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd


class Shown:
    """An answer that is a table. `heading` is said above it."""

    def to_frame(self) -> pd.DataFrame:
        """The answer as a frame."""
        raise NotImplementedError

    def heading(self) -> str:
        """What the table alone would not say; may be empty."""
        return ""

    def _repr_html_(self) -> str:
        said = self.heading()
        table: str = self.to_frame().to_html(index=False, escape=True)
        return f"<p>{escape(said)}</p>{table}" if said else table
