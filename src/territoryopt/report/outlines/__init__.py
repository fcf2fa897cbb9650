"""Outlines of the US states and of the countries, to find one's way on a map."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import numpy as np

from territoryopt.cells import FloatArray


@dataclass(frozen=True, eq=False)
class Outlines:
    """rings: the land; borders: lines between two neighbours; each float64[n, 2] of longitude and
    latitude, degrees. source: where they come from."""

    rings: tuple[FloatArray, ...]
    borders: tuple[FloatArray, ...]
    source: str


@cache
def outlines(which: str) -> Outlines:
    """Those of the "us" states, or of the other countries of the "world"."""
    held = json.loads(files(__package__).joinpath("outlines.json").read_text("utf-8"))
    part, scale = held[which], held["scale"]
    arcs = [
        np.cumsum(np.array(arc, dtype=np.float64).reshape(-1, 2), axis=0) / scale
        for arc in part["arcs"]
    ]
    return Outlines(
        tuple(
            np.concatenate([arcs[a] if a >= 0 else arcs[~a][::-1] for a in ring])
            for ring in part["rings"]
        ),
        tuple(arcs[a] for a in part["borders"]),
        held["source"],
    )
