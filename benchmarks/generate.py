"""Sales territories drawn at random: seeded, documented, and written without the engine.

`territories(accounts, reps, seed)` draws a `Territories`. The recipe, with every formula, is in
README.md beside this file. All places lie in a plane, in km; straight lines, a stated circuity.
Each part is drawn from a stream of its own, so that a change of `skew`, `skills` or a tightness
leaves everything else as it was: one axis of hardness at a time.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from kernels import cost_at, cost_rows, workload_at, workload_rows
from numpy.typing import NDArray
from scipy.spatial import KDTree

if TYPE_CHECKING:
    import territoryopt as topt

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

AREA_PER_REP = 20_000.0  # km2: the region grows with the reps, so that sizes look alike
RURAL = 0.2  # share of accounts spread evenly over the region
CIRCUITY = 1.2  # km by road per km of straight line
SPEED = 60.0  # km/hour by road
STOPS = 4.0  # visits per tour from home and back
HOURS_PER_REP = 900.0  # hours/year at the accounts, mean of all reps; scales the visits
PRICE_PER_HOUR = 75.0  # money per hour on the road
POTENTIAL_PER_REP = 2_000_000.0  # money/year, mean of all reps
LARGEST = 0.2  # an account's potential is cut at this share of POTENTIAL_PER_REP
LOST = 0.05  # share of an account's potential lost where the skill it requires is missing
AT_RISK = 0.03  # share of an account's revenue at risk when it changes hands
PENETRATION = 0.4  # revenue / potential, before noise
UNOWNED = 0.05  # share of accounts without a current owner
POPULARITY = (0.35, 0.25, 0.2, 0.12, 0.08)  # of the skills, among accounts that require one
HOLDERS = 0.5  # share of reps that hold each skill
ALLOWANCE = 0.06  # the centre of the workload band lies this share above the least workload
MOST_DENSE_PAIRS = 2_000_000


@dataclass(frozen=True, eq=False)
class Territories:
    """One alignment question. Units: km, hours, money (per year where that makes sense).

    place, home: float[accounts, 2], float[reps, 2], km. visits: float[accounts], a year (a mean:
    0.4 is twice in five years). hours: per visit. potential, revenue: money/year.
    requires: int[accounts], the skill an account asks for, -1 = none. holds: bool[reps, skills].
    current: int[accounts], -1 = unowned. hard_skills: a missing skill bars the pair (cost inf)
    instead of costing `LOST` of the potential. *_band: (lower, upper) per rep.
    """

    place: FloatArray
    home: FloatArray
    visits: FloatArray
    hours: FloatArray
    potential: FloatArray
    revenue: FloatArray
    requires: IntArray
    holds: NDArray[np.bool_]
    current: IntArray
    hard_skills: bool
    workload_band: tuple[float, float]
    potential_band: tuple[float, float]

    @property
    def accounts(self) -> int:
        return len(self.place)

    @property
    def reps(self) -> int:
        return len(self.home)

    def _cost_terms(self) -> tuple[FloatArray, ...]:
        """What the kernels read: cost = a d + m lacks[s, j] + r (j is not the owner)."""
        per_km = PRICE_PER_HOUR * self.visits * HOURS_PER_KM
        lacks = np.vstack([np.zeros(self.reps), ~self.holds.T]).astype(np.float64)
        misfit = LOST * self.potential
        if self.hard_skills:
            lacks[lacks > 0] = np.inf
            misfit = np.ones(self.accounts)
        at_risk = np.where(self.current >= 0, AT_RISK * self.revenue, 0.0)
        return (*self._ends(), per_km, misfit, at_risk, lacks)

    def _ends(self) -> tuple[FloatArray, ...]:
        return (*map(np.ascontiguousarray, self.place.T), *map(np.ascontiguousarray, self.home.T))

    def rows(self, start: int, stop: int) -> FloatArray:
        """float[stop - start, reps]: cost of the accounts start..stop-1, money/year; inf = barred.

        price x visits x hours on the road per visit + what a missing skill loses + what changing
        hands puts at risk.
        """
        return cost_rows(start, stop, *self._terms, self.requires, self.current)

    def pairs(self, account: IntArray, rep: IntArray) -> FloatArray:
        """float[n]: cost of scattered pairs, money/year, the same numbers as `rows`."""
        return cost_at(account, rep, *self._terms, self.requires, self.current)

    def workload(self, start: int, stop: int) -> FloatArray:
        """float[stop - start, reps]: visits x (hours + hours on the road per visit), hours/year."""
        return workload_rows(start, stop, *self._work)

    def workload_pairs(self, account: IntArray, rep: IntArray) -> FloatArray:
        """float[n]: workload of scattered pairs, hours/year, the same numbers as `workload`."""
        return workload_at(account, rep, *self._work)

    def __post_init__(self) -> None:
        work = (*self._ends(), self.visits * HOURS_PER_KM, self.visits * self.hours)
        object.__setattr__(self, "_terms", self._cost_terms())
        object.__setattr__(self, "_work", work)

    def dense(self) -> tuple[FloatArray, FloatArray]:
        """Cost and workload of every pair, float[accounts, reps] each; for small sizes."""
        return self.rows(0, self.accounts), self.workload(0, self.accounts)

    def problem(self, on_demand: bool | None = None) -> topt.Problem:
        """The engine's `Problem`; pairs computed on demand beyond 2 million (or as asked)."""
        import territoryopt as topt

        if on_demand is None:
            on_demand = self.accounts * self.reps > MOST_DENSE_PAIRS
        low, high = self.workload_band
        least, most = self.potential_band
        potential = topt.Band("potential", self.potential, least, most)
        if not on_demand:
            cost, workload = self.dense()
            bands = [topt.Band("workload", workload, low, high), potential]
            return topt.Problem.from_arrays(cost, bands, self.current)
        bands = [topt.Band("workload", self.workload, low, high), potential]
        return topt.Problem.from_blocks(
            self.accounts, self.reps, cost=self.rows, pairs=self.pairs, bands=bands,
            current=self.current,
        )  # fmt: skip


HOURS_PER_KM = 2 * CIRCUITY / (SPEED * STOPS)
"""Hours on the road per visit and km from home: there and back, shared by the stops of a tour."""


def territories(
    accounts: int,
    reps: int,
    seed: int,
    tightness: float = 0.10,
    potential_tightness: float = 0.15,
    skew: float = 1.0,
    skills: float = 0.2,
    hard_skills: bool = False,
) -> Territories:
    """Draw accounts and reps; see `Territories` and the recipe in README.md.

    tightness, potential_tightness: half widths of the bands, as a fraction of their centre.
    skew: sigma of the lognormal potential. skills: share of accounts that require a skill.
    """
    where, who, worth, skill, owner = map(
        np.random.default_rng, np.random.SeedSequence(seed).spawn(5)
    )
    side = np.sqrt(AREA_PER_REP * reps)
    city, radius, place = _places(where, accounts, reps, side)
    draw = worth.standard_normal((4, accounts))
    potential = _potential(skew * draw[0], POTENTIAL_PER_REP * reps, LARGEST * POTENTIAL_PER_REP)
    # The rank that sets the visits is the potential's, blurred: large accounts are not always busy.
    visits, hours = _visits(draw[0] + 0.5 * draw[1], draw[2], HOURS_PER_REP * reps)
    revenue = PENETRATION * potential * np.exp(0.3 * draw[3] - 0.045)
    home = _homes(who, city, radius, place, visits * hours, reps, side)
    holds = _profiles(skill, home, side)
    asked = skill.random(accounts) < skills
    requires = np.where(asked, skill.choice(len(POPULARITY), accounts, p=POPULARITY), -1)
    nearest = KDTree(home)
    current = _owners(owner, nearest, place)
    distance = _least_distance(nearest, home, holds, place, requires, hard_skills)
    least = float((visits * (hours + HOURS_PER_KM * distance)).sum())
    work, mean = (1 + ALLOWANCE) * least / reps, float(potential.sum()) / reps
    return Territories(
        place, home, visits, hours, potential, revenue, requires, holds, current, hard_skills,
        ((1 - tightness) * work, (1 + tightness) * work),
        ((1 - potential_tightness) * mean, (1 + potential_tightness) * mean),
    )  # fmt: skip


def _places(
    rng: np.random.Generator, accounts: int, reps: int, side: float
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Cities (km), their radii (km) and the places of accounts (km).

    2 cities per rep (at least 5), sizes lognormal(sigma 1), radius 8 km sqrt(size / mean); an
    account of a city lies at radius x Lomax(2.5) from its middle, reflected at the borders.
    """
    count = max(5, 2 * reps)
    city = rng.uniform(0, side, (count, 2))
    size = rng.lognormal(0.0, 1.0, count)
    radius = 8.0 * np.sqrt(size / size.mean())
    of = rng.choice(count, accounts, p=size / size.sum())
    angle, far = rng.uniform(0, 2 * np.pi, accounts), rng.pareto(2.5, accounts)
    far = np.minimum(radius[of] * far, side / 2)
    place = city[of] + far[:, None] * np.column_stack([np.cos(angle), np.sin(angle)])
    place = side - np.abs(side - np.abs(place))
    rural = rng.random(accounts) < RURAL
    place[rural] = rng.uniform(0, side, (int(rural.sum()), 2))
    return city, radius, place


def _potential(log: FloatArray, total: float, most: float) -> FloatArray:
    """exp(log), scaled to the total and cut at `most`: no account outweighs a rep's band."""
    value = np.exp(log)
    for _ in range(50):
        value = np.minimum(value * (total / value.sum()), most)
    return value


def _visits(rank: FloatArray, noise: FloatArray, total: float) -> tuple[FloatArray, FloatArray]:
    """Visits a year and hours per visit: classes 24, 12, 6, 3 visits for the first 10, next 20,
    next 30 and last 40 % by rank, with noise, scaled to `total` hours/year."""
    order = np.argsort(np.argsort(-rank, kind="stable"), kind="stable") / len(rank)
    visits = np.array([24.0, 12.0, 6.0, 3.0])[np.searchsorted([0.1, 0.3, 0.6], order, "right")]
    hours = np.clip(np.exp(0.3 * noise), 0.5, 2.0)
    return visits * (total / (visits * hours).sum()), hours


def _homes(
    rng: np.random.Generator, city: FloatArray, radius: FloatArray, place: FloatArray,
    load: FloatArray, reps: int, side: float,
) -> FloatArray:  # fmt: skip
    """Homes (km) in cities, as many as the hours/year of the accounts nearest to a city ask for:
    cities in the order of a space-filling curve, one rep for each equal share of the hours."""
    nearest = KDTree(city).query(place)[1]
    order = np.argsort(_curve(city, side), kind="stable")
    filled = np.cumsum(np.bincount(nearest, load, len(city))[order])
    at = order[np.searchsorted(filled, (np.arange(reps) + 0.5) / reps * filled[-1])]
    home = city[at] + rng.normal(0, 0.5, (reps, 2)) * radius[at, None]
    return np.clip(home, 0, side)


def _curve(place: FloatArray, side: float) -> IntArray:
    """Position on a Hilbert curve of order 16 over the square [0, side]^2."""
    n = 1 << 16
    x, y = np.minimum((place.T / side * n).astype(np.int64), n - 1)
    out = np.zeros(len(place), dtype=np.int64)
    s = n // 2
    while s:
        right, up = (x & s) > 0, (y & s) > 0
        out += s * s * ((3 * right) ^ up)
        flip = ~up & right
        x, y = np.where(flip, n - 1 - x, x), np.where(flip, n - 1 - y, y)
        x, y = np.where(up, x, y), np.where(up, y, x)
        s //= 2
    return out


def _profiles(rng: np.random.Generator, home: FloatArray, side: float) -> NDArray[np.bool_]:
    """bool[reps, skills]: each skill is held by HOLDERS of the reps, evenly along the curve."""
    order, reps = np.argsort(_curve(home, side), kind="stable"), len(home)
    holds = np.zeros((reps, len(POPULARITY)), dtype=bool)
    count = max(1, round(HOLDERS * reps))
    for s in range(len(POPULARITY)):
        step = (np.arange(count) + rng.random()) * reps / count
        holds[order[step.astype(np.int64) % reps], s] = True
    return holds


def _owners(rng: np.random.Generator, nearest: KDTree, place: FloatArray) -> IntArray:
    """One of the 6 nearest reps, the least of distance x lognormal(sigma 0.4); some unowned."""
    k = min(6, nearest.n)
    distance, rep = nearest.query(place, k=np.arange(1, k + 1))
    pick = np.argmin(distance * np.exp(0.4 * rng.standard_normal(distance.shape)), axis=1)
    owned = rng.random(len(place)) >= UNOWNED
    return np.where(owned, rep[np.arange(len(place)), pick], -1).astype(np.int64)


def _least_distance(
    nearest: KDTree, home: FloatArray, holds: NDArray[np.bool_], place: FloatArray,
    requires: IntArray, hard: bool,
) -> FloatArray:  # fmt: skip
    """float[accounts]: km to the nearest rep (who holds the skill, where that is hard)."""
    distance = np.asarray(nearest.query(place)[0])
    for s in range(holds.shape[1]) if hard else ():
        asks = np.flatnonzero(requires == s)
        distance[asks] = KDTree(home[holds[:, s]]).query(place[asks])[0]
    return distance
