"""What the script of a page is given to draw: numbers and names as JSON, and nothing that runs."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from territoryopt.cells import IntArray
from territoryopt.report.colours import DARK, LIGHT, colours_of
from territoryopt.report.names import visible
from territoryopt.report.places import Map, core, hull

LONGEST_NAME = 80
"""Letters of a name that a page shows."""


def shown(name: str) -> str:
    """A name as a page shows it: nothing unseen in it, and not longer than a line."""
    text = visible(name)
    return text if len(text) <= LONGEST_NAME else f"{text[:LONGEST_NAME]}…"


def rep_colours(place: Map | None, group: IntArray, reps: int) -> IntArray:
    """int64[reps]: the number of each rep's colour. group: int64[accounts], the plan."""
    size = np.bincount(group[group >= 0], minlength=reps)
    middle = np.full((reps, 2), np.nan)
    if place is not None:
        of = group[place.shown]
        for j in np.unique(of[of >= 0]):
            middle[j] = np.median(place.xy[of == j], axis=0)
    return colours_of(middle, size)


def map_data(
    place: Map,
    groups: Sequence[str],
    colours: Sequence[int],
    panels: Mapping[str, IntArray],
    names: Sequence[str],
    ids: Sequence[str],
    *,
    homes: bool = True,
    hulls: bool = True,
    cost: Sequence[float] = (),
    currency: str = "",
) -> dict[str, Any]:
    """The data of a map. groups: what the points are coloured by; panels: title and the group
    int64[accounts] of each account, -1 for none; cost: currency/year of each account."""
    at = place.shown
    xy = place.xy
    out: dict[str, Any] = {
        "width": place.width,
        "height": place.height,
        "groups": [shown(name) for name in groups],
        "light": [LIGHT[c] for c in colours],
        "dark": [DARK[c] for c in colours],
        "x": xy[:, 0].tolist(),
        "y": xy[:, 1].tolist(),
        "name": [shown(names[i]) for i in at.tolist()],
        "id": [shown(ids[i]) if ids[i] != names[i] else "" for i in at.tolist()],
        "cost": [round(float(cost[i]), 2) for i in at.tolist()] if len(cost) else [],
        "currency": currency,
        "land": [ring.reshape(-1).tolist() for ring in place.land],
        "abroad": [ring.reshape(-1).tolist() for ring in place.abroad],
        "borders": [line.reshape(-1).tolist() for line in place.borders],
        "homes": [],
        "panels": [],
    }
    if homes:
        out["homes"] = [None if np.isnan(h).any() else h.astype(int).tolist() for h in place.homes]
    for title, group in panels.items():
        of = group[at]
        corners = []
        for j in range(len(groups) if hulls else 0):
            corners.append(hull(core(xy[of == j])).reshape(-1).tolist())
        out["panels"].append({"title": title, "group": of.tolist(), "hulls": corners})
    return out


def embedded(data: Mapping[str, Any]) -> str:
    """JSON that may stand in a script element: nothing in it ends the element or begins a comment,
    and no line separator breaks a line."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    for mark in "<>&\u2028\u2029":
        text = text.replace(mark, f"\\u{ord(mark):04x}")
    return text
