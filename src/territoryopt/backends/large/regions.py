"""Reps in compact regions, from who neighbours whom: no map is needed."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.linalg import eigh
from scipy.sparse import coo_array, csgraph, csr_array
from scipy.sparse.linalg import eigsh

from territoryopt.problem import FloatArray, IntArray

DENSE = 1_500


def links_between(one: IntArray, two: IntArray, reps: int) -> csr_array:
    """float[reps, reps]: how many pairs join two reps, both ways."""
    links = coo_array((np.ones(len(one)), (one, two)), shape=(reps, reps))
    out: csr_array = (links + links.T).tocsr()
    return out


def embedding(links: csr_array, seed: int) -> FloatArray:
    """float[reps, 2]: places in which linked reps lie near each other, the eigenvectors of the two
    least nonzero eigenvalues of the normalised Laplacian (Shi and Malik 2000, IEEE PAMI 22(8))."""
    reps = links.shape[0]
    laplacian: Any = csgraph.laplacian(links, normed=True)
    if reps <= DENSE:
        _, vectors = eigh(laplacian.toarray(), subset_by_index=[0, min(2, reps - 1)])
    else:
        start = np.random.default_rng(seed).random(reps)
        shifted = csr_array(2.0 * _identity(reps) - laplacian)
        _, vectors = eigsh(shifted, k=3, which="LA", v0=start, tol=1e-3, maxiter=2_000)
        vectors = vectors[:, ::-1]
    out = np.zeros((reps, 2))
    known = vectors[:, 1:3]
    out[:, : known.shape[1]] = known
    return out


def _identity(n: int) -> csr_array:
    from scipy.sparse import eye_array

    return csr_array(eye_array(n))


def regions(place: FloatArray, most: int, rng: np.random.Generator) -> list[IntArray]:
    """Reps cut by turned medians into regions of at most `most`; other cuts at each call."""
    angle = rng.random() * np.pi
    turned = place @ np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    out = [np.arange(len(place))]
    while max(len(part) for part in out) > most:
        cut: list[IntArray] = []
        for part in out:
            if len(part) <= most:
                cut.append(part)
                continue
            axis = int(np.ptp(turned[part], axis=0).argmax())
            order = part[np.argsort(turned[part, axis], kind="stable")]
            at = int(len(order) * (0.4 + 0.2 * rng.random()))
            cut += [order[:at], order[at:]]
        out = cut
    return out
