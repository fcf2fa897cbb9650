"""Solvers behind one protocol, by name. A solver's library is imported when it is used."""

from __future__ import annotations

from difflib import get_close_matches
from importlib import import_module
from typing import TYPE_CHECKING

from territoryopt.backends.auto import choose
from territoryopt.errors import BackendError, Fault, shortened

if TYPE_CHECKING:
    from territoryopt.backends.protocol import Backend

BACKENDS = {
    "highs": ("territoryopt.backends.highs", "HighsBackend"),
    "decomposition": ("territoryopt.backends.large.backend", "DecompositionBackend"),
    "tight": ("territoryopt.backends.tight.backend", "TightBackend"),
    "cpsat": ("territoryopt.backends.cpsat", "CpSatBackend"),
    "pyomo": ("territoryopt.backends.pyomo_solver", "PyomoBackend"),
}
"""Module and class of each backend. `pyomo:<solver>` names any solver that Pyomo reaches."""

__all__ = ["AUTO", "BACKENDS", "backend_names", "choose", "get_backend"]

AUTO = "auto"
"""The name that leaves the choice to `territoryopt.backends.auto.choose`."""


def backend_names() -> tuple[str, ...]:
    """Every name `get_backend` knows, but for `pyomo:<solver>`."""
    return tuple(BACKENDS)


def get_backend(name: str) -> Backend:
    """The backend of a name: one of `BACKENDS`, or "pyomo:<solver>".

    "auto" depends on the problem: ask `territoryopt.backends.auto.choose` for a name first.
    Raises BackendError for a name that is not known.
    """
    base, colon, solver = name.partition(":")
    if base not in BACKENDS or (colon and (base != "pyomo" or not solver)):
        known = [*backend_names(), "pyomo:<solver>", AUTO]
        near = get_close_matches(base.lower(), [*BACKENDS, AUTO], n=2, cutoff=0.5)
        meant = f"Did you mean {' or '.join(near)}? " if near else ""
        raise BackendError(
            [
                Fault(
                    "there is no such backend",
                    f"{meant}Known are {', '.join(known)}",
                    key="backend",
                    value=shortened(name),
                )
            ]
        )
    module, class_name = BACKENDS[base]
    made = getattr(import_module(module), class_name)
    backend: Backend = made(solver=solver) if colon else made()
    return backend
