"""A mapping for files without one, from what their columns are called and hold."""

from __future__ import annotations

import re

from territoryopt.crm.amounts import looks_numeric
from territoryopt.crm.dates import looks_like_dates
from territoryopt.crm.ids import looks_like_salesforce
from territoryopt.crm.layouts import ID_FIELD, LAYOUTS, match
from territoryopt.crm.mapping import AccountsSource, RepsSource
from territoryopt.crm.sheets import Sheet
from territoryopt.errors import FaultList

_NO_AMOUNT = re.compile(
    r"phone|telefon|fax|mobile|zip|postal|plz|code|\b(id|no|nr|number|ids)\b|version|isbn|iban",
    re.IGNORECASE,
)
"""Columns that hold digits and no amounts."""
WHAT = {"accounts": "an account", "reps": "a rep"}


def proposed(
    kind: str, sheet: Sheet, given: AccountsSource | RepsSource, declared: bool, faults: FaultList
) -> AccountsSource | RepsSource:
    """`given` with columns and what else the sheet tells; a fault where no column has the ids.

    Where a mapping was `declared`, what it says goes before what the sheet tells.
    """
    layout, columns = match(kind, sheet.names)
    id_field = ID_FIELD[kind]
    if id_field not in columns:
        listed = ", ".join(map(repr, sheet.names[:40]))
        labels = [found.labels[id_field][0] for found in LAYOUTS[kind]]
        faults.add(
            f"no column is known as the id of {WHAT[kind]}",
            f"Columns found: {listed}. Name it in a mapping: [{kind}.columns] {id_field} = "
            f'"..."; known without one: {", ".join(dict.fromkeys(labels))}. If the first row is '
            "no header, write header_row = 0"
            + ("; reps without ids may be known by their e-mail" if kind == "reps" else ""),
            file=sheet.file,
            row=sheet.header_row,
        )
        return given
    _refuse_twins(columns, sheet, faults)
    free = [name for name in sheet.names if name not in columns.values()]
    of_salesforce = layout.salesforce and looks_like_salesforce(sheet.column(columns[id_field]))
    amounts = [name for name in free if not _NO_AMOUNT.search(name)]
    dates = [name for name in free if looks_like_dates(sheet.column(name))]
    told = {
        "layout": layout.name,
        "encoding": sheet.encoding,
        "delimiter": sheet.delimiter,
        "sheet": sheet.sheet,
        "header_row": sheet.header_row,
        "ids": "salesforce" if of_salesforce else "text",
        "decimal": "." if layout.machine else "",
        "numbers": [
            name for name in amounts if name not in dates and looks_numeric(sheet.column(name))
        ],
        "dates": dates,
        "columns": columns,
    }
    said = given.model_fields_set if declared else set()
    return given.model_copy(update={key: v for key, v in told.items() if key not in said})


def _refuse_twins(columns: dict[str, str], sheet: Sheet, faults: FaultList) -> None:
    for field, name in columns.items():
        if f"{name} (2)" in sheet.names:
            faults.add(
                f"two columns have this name, so it cannot be told which is {field}",
                f"Name one of them in a mapping: {name!r} is the first, '{name} (2)' the second",
                file=sheet.file,
                row=sheet.header_row,
                column=name,
            )
