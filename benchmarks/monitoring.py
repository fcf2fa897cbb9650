"""Are territories that drift found, and the others left alone? Simulated years, seed by seed.

    python benchmarks/monitoring.py                     # seeds 1-20 with drift, 200 years without
    python benchmarks/monitoring.py --territories 8 --size-spread 1.3 --out /tmp

A year has 20 territories of about 50 accounts (`monitoring/simulating`): log-normal sizes, a season
of ±20 %, 15 % noise per account and month; in three territories +25 % over six months that begin in
month three or four. A seed succeeds where the three are flagged by month nine and at most one other
is. A year without drift is a false alarm where anything at all is flagged in any of its months.
The settings are the defaults (false_alarm = 0.05, least = 0.05); whatever was chosen was chosen on
seeds from 1,000 on, and seeds 1 to 20 and, without drift, 10,001 on are reported. Written to
results/monitoring.csv, one line a year.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np
from recording import Recorder, append, seeds
from scipy.stats import binomtest

from territoryopt.monitoring.simulating import simulated_year
from territoryopt.monitoring.watching import Watched, watch

FIELDS = (
    "run", "seed", "by", "territories", "accounts", "drift", "size_spread", "months", "drifting",
    "flagged", "missed", "others", "first_flagged", "change", "success",
)  # fmt: skip
MONTH_NINE, YEAR = 9, 12
WITHOUT_FROM = 10_001


def watched(drawn, by: str, months: int, territories: int, false_alarm: float) -> Watched:
    amounts = drawn.amounts[:, :months]
    if by == "account":
        return watch(amounts, drawn.rep, territories, year=0, false_alarm=false_alarm)
    totals = np.zeros((territories, months))
    np.add.at(totals, drawn.rep, amounts)
    return watch(totals, None, territories, year=0, false_alarm=false_alarm)


def one(seed: int, drifting: int, months: int, given: argparse.Namespace) -> dict[str, object]:
    """A year of a seed, watched until a month."""
    drawn = simulated_year(
        seed, territories=given.territories, accounts=given.accounts, drifting=drifting,
        drift=given.drift if drifting else 0.0, noise=given.noise, size_spread=given.size_spread,
    )  # fmt: skip
    found = watched(drawn, given.by, months, given.territories, given.false_alarm)
    flagged = np.flatnonzero(found.flagged).tolist()
    true = list(drawn.drifting)
    missed = sorted(set(true) - set(flagged))
    others = sorted(set(flagged) - set(true))
    drifts = found.drifts.territories
    success = not missed and len(others) <= 1 if drifting else not flagged
    values = (
        seed, given.by, given.territories, given.accounts, given.drift if drifting else 0.0,
        given.size_spread, months, " ".join(map(str, true)), " ".join(map(str, flagged)),
        len(missed), len(others),
        " ".join(str(drifts[j].flagged + 1) for j in true),
        " ".join(f"{drifts[j].change:.3f}" for j in true), "yes" if success else "no",
    )  # fmt: skip
    return dict(zip(FIELDS[1:], values, strict=True))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=seeds, default=seeds("1-20"))
    parser.add_argument("--without", type=int, default=200, help="years without drift")
    parser.add_argument("--by", choices=("account", "rep"), default="account")
    parser.add_argument("--territories", type=int, default=20)
    parser.add_argument("--accounts", type=int, default=50)
    parser.add_argument("--drift", type=float, default=0.25)
    parser.add_argument("--noise", type=float, default=0.15)
    parser.add_argument("--size-spread", type=float, default=1.0)
    parser.add_argument("--false-alarm", type=float, default=0.05)
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "results")
    given = parser.parse_args()
    recorder = Recorder("monitoring", given.out)

    def keep(row: dict[str, object]) -> dict[str, object]:
        append(given.out / "monitoring.csv", FIELDS, [[recorder.run, *row.values()]])
        return row

    rows = [keep(one(seed, 3, MONTH_NINE, given)) for seed in given.seeds]
    for row in rows:
        print(
            f"seed {row['seed']}: drifting {row['drifting']}, flagged {row['flagged']}, first in "
            f"month {row['first_flagged']}, change {row['change']}: {row['success']}"
        )
    hit = sum(row["success"] == "yes" for row in rows)
    print(f"the three by month nine and at most one other: {hit} of {len(rows)} seeds")
    first = WITHOUT_FROM
    quiet = [keep(one(seed, 0, YEAR, given)) for seed in range(first, first + given.without)]
    alarms = sum(row["success"] == "no" for row in quiet)
    if quiet:
        low, high = binomtest(alarms, len(quiet)).proportion_ci(0.95, "exact")
        print(
            f"without drift: a flag in {alarms} of {len(quiet)} years "
            f"({100 * alarms / len(quiet):.1f} %, 95 % interval {100 * low:.1f} to "
            f"{100 * high:.1f} %; asked for {100 * given.false_alarm:g} %)"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
