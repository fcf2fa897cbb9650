"""Makes `outlines.json` from two files of the npm packages us-atlas and world-atlas.

    npm pack us-atlas@3.0.1 world-atlas@2.0.2     # each unpacked with tar
    python -m territoryopt.report.outlines.make states-10m.json countries-110m.json

Both are TopoJSON: borders are arcs, written once, and a polygon is a list of arcs. Kept are the
rings of the land and the borders between two neighbours, thinned and rounded to 0.01 degrees.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

Points = npt.NDArray[np.float64]

SCALE = 100
"""Steps of a degree: 0.01 degrees, about 1 km."""
STATES, WORLD = 0.02, 0.05
"""How far, in degrees, a thinned line may lie from the line it was."""
SMALLEST = 0.02
"""Square degrees of a ring that is kept: an islet below is no help to find one's way."""
UNITED_STATES = "840"
SOURCE = (
    "States: US Census Bureau, cartographic boundary files, 2017 edition, public domain, by way of "
    "us-atlas 3.0.1 (ISC). Countries: Natural Earth, 1:110 million, public domain, by way of "
    "world-atlas 2.0.2 (ISC). Thinned and rounded."
)


def unpacked(topology: dict[str, Any]) -> list[Points]:
    """The arcs of a quantised TopoJSON, each float64[n, 2] of longitude and latitude."""
    scale, shift = (np.array(topology["transform"][key]) for key in ("scale", "translate"))
    return [np.cumsum(np.array(arc), axis=0) * scale + shift for arc in topology["arcs"]]


def thinned(line: Points, tolerance: float) -> Points:
    """The line with fewer points, none farther than `tolerance` from it (Douglas-Peucker)."""
    keep = np.zeros(len(line), dtype=bool)
    keep[[0, -1]] = True
    parts = [(0, len(line) - 1)]
    while parts:
        first, last = parts.pop()
        if last - first < 2:
            continue
        away = _distance(line[first + 1 : last], line[first], line[last])
        at = int(away.argmax())
        if away[at] > tolerance:
            middle = first + 1 + at
            keep[middle] = True
            parts += [(first, middle), (middle, last)]
    return line[keep]


def _distance(points: Points, one: Points, two: Points) -> Points:
    along = two - one
    length = float(np.hypot(*along))
    off = points - one
    if length == 0:
        return np.asarray(np.hypot(off[:, 0], off[:, 1]))
    return np.asarray(np.abs(off[:, 0] * along[1] - off[:, 1] * along[0]) / length)


def rings_of(geometry: dict[str, Any]) -> list[list[int]]:
    """The outer rings of a geometry, each a list of arcs; ~k is arc k from its end."""
    kind = geometry.get("type")
    if kind == "GeometryCollection":
        return [ring for each in geometry["geometries"] for ring in rings_of(each)]
    if kind == "Polygon":
        return [geometry["arcs"][0]]
    return [polygon[0] for polygon in geometry["arcs"]] if kind == "MultiPolygon" else []


def outline(
    topology: dict[str, Any], land: str, parts: str, tolerance: float, without: str = ""
) -> dict[str, Any]:
    """Rings of the land and borders between its parts, over one list of thinned arcs."""
    arcs = unpacked(topology)
    objects = topology["objects"]
    kept_parts = [g for g in objects[parts]["geometries"] if str(g.get("id")) != without]
    kept_land = kept_parts if without else [objects[land]]
    rings = [ring for geometry in kept_land for ring in rings_of(geometry)]
    rings = [ring for ring in rings if _area(arcs, ring) >= SMALLEST]
    used = Counter(
        ~arc if arc < 0 else arc
        for geometry in kept_parts
        for ring in rings_of(geometry)
        for arc in ring
    )
    borders = sorted(arc for arc, times in used.items() if times > 1)
    on_land = {~arc if arc < 0 else arc for ring in rings for arc in ring}
    number = {arc: k for k, arc in enumerate(sorted(on_land | set(borders)))}
    return {
        "arcs": [_packed(thinned(arcs[arc], tolerance)) for arc in number],
        "rings": [[number[a] if a >= 0 else ~number[~a] for a in ring] for ring in rings],
        "borders": [number[arc] for arc in borders],
    }


def _area(arcs: list[Points], ring: list[int]) -> float:
    line = np.concatenate([arcs[a] if a >= 0 else arcs[~a][::-1] for a in ring])
    x, y = line.T
    return float(abs(np.dot(x, np.roll(y, 1)) - np.dot(y, np.roll(x, 1))) / 2)


def _packed(line: Points) -> list[int]:
    """x, y of the first point, then the steps from each point to the next, in 1 / `SCALE`."""
    whole = np.round(line * SCALE).astype(np.int64)
    step = np.diff(whole, axis=0, prepend=np.zeros((1, 2), dtype=np.int64))
    moved = np.asarray(step.any(axis=1))
    moved[[0, -1]] = True
    flat: list[int] = np.diff(whole[moved], axis=0, prepend=0).reshape(-1).tolist()
    return flat


def main(states: str, countries: str) -> None:
    """Write outlines.json beside this file."""
    us, world = (json.loads(Path(path).read_text("utf-8")) for path in (states, countries))
    made = {
        "source": SOURCE,
        "scale": SCALE,
        "us": outline(us, "nation", "states", STATES),
        "world": outline(world, "land", "countries", WORLD, without=UNITED_STATES),
    }
    text = json.dumps(made, separators=(",", ":"))
    Path(__file__).with_name("outlines.json").write_text(f"{text}\n", encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
