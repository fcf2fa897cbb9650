"""Write the tables of README.md from the CSVs in results/, between their markers.

    python benchmarks/report.py                        # README.md beside this file
    python benchmarks/report.py --results /tmp/trial --readme /tmp/trial/README.md

A table stands between `<!-- table:scale -->` and `<!-- end -->`. Medians and worst cases are over
seeds; a seed without a plan counts as the worst there is.
"""

from __future__ import annotations

import argparse
import math
import re
import sys
from collections import defaultdict
from collections.abc import Callable, Iterable
from pathlib import Path
from statistics import median
from typing import TypeVar

from questions import HERE
from reading import (
    BEST_KNOWN,
    Case,
    Record,
    about,
    gap_of,
    reached,
    records,
    trajectories,
    wrong_bounds,
)

MARKED = re.compile(r"(<!-- table:([\w-]+) -->\n).*?(<!-- end -->)", re.DOTALL)
Key = TypeVar("Key")
NOT_YET = "*not yet run*"

AIMS = {
    ("territories", 1_000, 20): 5e-4,
    ("territories", 5_000, 50): 5e-4,
    ("us_hospitals", 7_005, 50): 5e-4,
    ("territories", 20_000, 100): 5e-4,
    ("territories", 100_000, 500): 5e-4,
    ("territories", 1_000_000, 2_000): 5e-4,
    ("globe", 10_000_000, 5_000): 2e-3,
}
"""The gap we aim for at each size, as a fraction."""


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.formatter_class = argparse.RawDescriptionHelpFormatter
    arguments.add_argument("--results", type=Path, default=HERE / "results")
    arguments.add_argument("--readme", type=Path, default=HERE / "README.md")
    asked = arguments.parse_args()
    text = asked.readme.read_text(encoding="utf-8")
    asked.readme.write_text(filled(text, asked.results), encoding="utf-8")
    return 0


def filled(text: str, results: Path) -> str:
    """The text with every marked table made anew. ValueError for a name that is no table."""

    def made(match: re.Match[str]) -> str:
        if match[2] not in TABLES:
            raise ValueError(f"there is no table {match[2]!r}; there are {', '.join(TABLES)}")
        return f"{match[1]}{table(match[2], results)}\n{match[3]}"

    return MARKED.sub(made, text)


def table(name: str, results: Path) -> str:
    """A table in Markdown, with what its runs ran on."""
    found = records(results / f"{name}.csv")
    if not found:
        return NOT_YET
    lines = TABLES[name](found, results)
    for group in _by(found, lambda r: (r.case, r.seed)).values():
        for record in wrong_bounds(group):
            lines.append(
                f"\n{record.solver} claimed a bound above a plan in hand at {_size(record.case)}, "
                f"seed {record.seed}; it is left out."
            )
    runs = about(results, {record.run for record in found})
    return "\n".join([*lines, *(f"\n{line}." for line in runs)])


def _quality(found: list[Record], _: Path) -> list[str]:
    head = ["accounts x reps", "solver", "limit", "plans", "gap: median", "worst", "CPU s", "GiB"]
    rows = []
    for (case, solver), group in _by(found, lambda r: (r.case, r.solver)).items():
        gaps = [record.gap for record in group]
        rows.append([
            _size(case), solver, f"{group[0].time_limit:g} s", _plans(group),
            _percent(median(gaps)), _percent(max(gaps)), _number(_middle(r.cpu for r in group)),
            _memory(group),
        ])  # fmt: skip
    return _markdown(head, rows)


def _hardness(found: list[Record], _: Path) -> list[str]:
    head = ["workload band", "skew", "skills", "solver", "plans", "gap: median", "worst"]
    rows = []
    for (case, solver), group in _by(found, lambda r: (r.case, r.solver)).items():
        gaps = [record.gap for record in group]
        rows.append([
            f"±{100 * case[3]:g} %", f"{case[5]:g}", f"{100 * case[6]:g} %", solver, _plans(group),
            _percent(median(gaps)), _percent(max(gaps)),
        ])  # fmt: skip
    sizes = sorted({_size(record.case) for record in found})
    return [f"{' and '.join(sizes)}, {found[0].time_limit:g} s.\n", *_markdown(head, rows)]


def _scale(found: list[Record], _: Path) -> list[str]:
    head = ["instance", "solver", "seeds", "limit", "gap: median", "worst", "to the proved bound",
            "aim", "wall s", "CPU s", "GiB"]  # fmt: skip
    rows = []
    for (case, solver), group in _by(found, lambda r: (r.case, r.solver)).items():
        gaps = [record.gap for record in group]
        rows.append([
            _size(case), solver, str(len(group)), f"{group[0].time_limit:g} s",
            _percent(median(gaps)), _percent(max(gaps)),
            _percent(median(r.proved_gap for r in group)), _aim(case, median(gaps)),
            _number(_middle(r.wall for r in group)), _number(_middle(r.cpu for r in group)),
            _memory(group),
        ])  # fmt: skip
    return _markdown(head, rows)


def _aim(case: Case, gap: float) -> str:
    """The aim at a size, and whether the median gap meets it."""
    aim = AIMS.get(case[:3])
    if aim is None:
        return "–"
    return f"{100 * aim:g} %: {'met' if gap <= aim else 'not met'}"


def _gap(found: list[Record], _: Path) -> list[str]:
    known = {r.instance: r.objective for r in found if r.solver == BEST_KNOWN}
    head = ["instance", "agents x jobs", "solver", "limit", "best known", "plan",
            "above it: median", "worst", "above the bound"]  # fmt: skip
    rows = []
    for (case, solver), group in _by(found, lambda r: (r.case, r.solver)).items():
        if solver == BEST_KNOWN:
            continue
        best = known.get(case[0], 0.0)
        above = [(r.objective - best) / best for r in group] if best else []
        rows.append([
            case[0], f"{case[2]} x {case[1]:,}", solver, f"{group[0].time_limit:g} s",
            f"{best:,.0f}" if above else "–", _number(median(r.objective for r in group)),
            _percent(median(above)) if above else "–", _percent(max(above)) if above else "–",
            _percent(median(r.gap for r in group)),
        ])  # fmt: skip
    return _markdown(head, rows)


def _build(found: list[Record], _: Path) -> list[str]:
    head = ["accounts x reps", "pairs", "how", "wall s", "CPU s", "GiB added"]
    rows = []
    for (case, solver), group in _by(found, lambda r: (r.case, r.solver)).items():
        rows.append([
            _size(case), f"{case[1] * case[2]:,}", solver.removeprefix("build_"),
            f"{_middle(r.build_wall for r in group):.2f}",
            f"{_middle(r.build_cpu for r in group):.2f}",
            f"{_middle(r.memory - r.memory_before for r in group):.2f}",
        ])  # fmt: skip
    return _markdown(head, rows)


def _speedup(found: list[Record], results: Path) -> list[str]:
    head = ["accounts x reps", "seed", "Pyomo + HiGHS: gap", "CPU s", "engine", "gap at its end",
            "CPU s to a plan as good", "factor"]  # fmt: skip
    paths = trajectories(results / "speedup-trajectories.csv")
    rows = []
    for group in _by(found, lambda r: (r.case, r.seed)).values():
        pyomo = [record for record in group if record.solver == "pyomo_highs"]
        for record in group:
            if record in pyomo or not pyomo:
                continue
            rival = pyomo[0]
            path = paths[record.run, record.case, record.seed, record.solver]
            cpu = reached(path, rival.objective)[1]
            factor = f"{rival.cpu / cpu:,.0f}" if math.isfinite(cpu) and cpu > 0 else "not reached"
            rows.append([
                _size(record.case), str(record.seed), _percent(rival.gap), _number(rival.cpu),
                record.solver, _percent(gap_of(record.objective, record.best_bound)),
                _number(cpu), factor,
            ])  # fmt: skip
    return _markdown(head, rows)


def _feasible(found: list[Record], _: Path) -> list[str]:
    head = ["accounts x reps", "skew", "skills", "by", "least tightness, each seed"]
    rows = []
    for (case, solver), group in _by(found, lambda r: (r.case, r.solver)).items():
        values = ", ".join(f"{100 * record.objective:.2f} %" for record in group)
        rows.append([_size(case), f"{case[5]:g}", f"{100 * case[6]:g} %", solver, values])
    return _markdown(head, rows)


TABLES: dict[str, Callable[[list[Record], Path], list[str]]] = {
    "quality": _quality,
    "hardness": _hardness,
    "scale": _scale,
    "gap": _gap,
    "build": _build,
    "speedup": _speedup,
    "feasible": _feasible,
}


def _by(found: Iterable[Record], key: Callable[[Record], Key]) -> dict[Key, list[Record]]:
    out: dict[Key, list[Record]] = defaultdict(list)
    for record in found:
        out[key(record)].append(record)
    return out


def _size(case: Case) -> str:
    named = "" if case[0] == "territories" else f"{case[0]}, "
    return f"{named}{case[1]:,} x {case[2]:,}"


def _plans(group: list[Record]) -> str:
    return f"{sum(math.isfinite(record.objective) for record in group)} of {len(group)}"


def _percent(value: float) -> str:
    return f"{100 * value:.3f} %" if math.isfinite(value) else "no plan"


def _number(value: float) -> str:
    if not math.isfinite(value):
        return "–"
    return f"{value:,.1f}" if abs(value) < 100 else f"{value:,.0f}"


def _middle(values: Iterable[float]) -> float:
    """The median of what was measured; nan where a run broke down before."""
    known = [value for value in values if not math.isnan(value)]
    return median(known) if known else math.nan


def _memory(group: list[Record]) -> str:
    known = [record.memory for record in group if not math.isnan(record.memory)]
    return f"{max(known):.2f}" if known else "–"


def _markdown(head: list[str], rows: list[list[str]]) -> list[str]:
    lines = [head, ["---"] * len(head), *rows]
    return ["| " + " | ".join(cells) + " |" for cells in lines]


if __name__ == "__main__":
    sys.exit(main())
