"""Pictures from the CSVs in results/: one PNG per benchmark, remade at any time.

    python benchmarks/plots.py                         # all
    python benchmarks/plots.py scale --results /tmp/trial

Needs matplotlib. Gaps are those of `reading.py`; a gap below 0.001 % is drawn there.
"""

from __future__ import annotations

import argparse
import math
import sys
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

from questions import HERE
from reading import BEST_KNOWN, Case, Record, records, trajectories

MISSING = "matplotlib is missing: pip install 'territoryopt[benchmarks]'"
FLOOR = 1e-5


def draw(results: Path, benchmark: str) -> str:
    """Draw one benchmark; what was written, or in a word why nothing was."""
    if benchmark not in PICTURES:
        return f"there is no picture of {benchmark}"
    found = records(results / f"{benchmark}.csv")
    if not found:
        return f"nothing to draw in {benchmark}.csv"
    try:
        import matplotlib
    except ImportError:
        return MISSING
    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure = PICTURES[benchmark](found, results, pyplot)
    figure.savefig(results / f"{benchmark}.png", dpi=120, bbox_inches="tight", metadata={})
    pyplot.close(figure)
    return f"{benchmark}.png is drawn"


def _scale(found: list[Record], _: Path, pyplot: Any) -> Any:
    figure, (time, memory, gap) = pyplot.subplots(1, 3, figsize=(15, 4.5))
    for solver, group in _by_solver(found).items():
        for instance, marker in (("territories", "o-"), ("us_hospitals", "s")):
            drawn = [record for record in group if record.instance == instance]
            if not drawn:
                continue
            name = solver if instance == "territories" else f"{solver}, {instance}"
            for axes, what, value in (
                (time, "wall", lambda r: r.wall),
                (time, "CPU", lambda r: r.cpu),
                (memory, "most resident", lambda r: r.memory),
                (gap, "to the best bound", lambda r: max(r.gap, FLOOR) * 100),
                (gap, "to the proved bound", lambda r: max(r.proved_gap, FLOOR) * 100),
            ):
                _line(axes, drawn, value, marker, f"{name}: {what}")
    for axes, title, unit in (
        (time, "Time", "s"), (memory, "Memory", "GiB"), (gap, "Gap, median over seeds", "%"),
    ):  # fmt: skip
        _decorate(axes, title, "accounts", unit)
    return figure


def _line(
    axes: Any, drawn: list[Record], value: Callable[[Record], float], marker: str, label: str
) -> None:
    by: dict[int, list[float]] = defaultdict(list)
    for record in drawn:
        if math.isfinite(value(record)):
            by[record.accounts].append(value(record))
    if by:
        axes.plot(sorted(by), [median(by[n]) for n in sorted(by)], marker, label=label)


def _gaps(found: list[Record], _: Path, pyplot: Any) -> Any:
    """One column of points per case, one point per seed, the median as a bar."""
    found = [record for record in found if record.solver != BEST_KNOWN]
    cases = list(dict.fromkeys(record.case for record in found))
    solvers = list(_by_solver(found))
    figure, axes = pyplot.subplots(figsize=(max(6, 1.8 * len(cases) + 2), 4.5))
    for k, solver in enumerate(solvers):
        color = f"C{k}"
        for x, case in enumerate(cases):
            at = x + 0.8 * (k - (len(solvers) - 1) / 2) / len(solvers)
            gaps = [r.gap for r in found if r.solver == solver and r.case == case]
            shown = [max(g, FLOOR) * 100 for g in gaps if math.isfinite(g)]
            axes.plot([at] * len(shown), shown, "o", color=color, alpha=0.5, ms=5)
            if gaps and math.isfinite(median(gaps)):
                axes.plot(at, max(median(gaps), FLOOR) * 100, "_", color=color, ms=18, mew=2)
            if len(shown) < len(gaps):
                text = f"{len(gaps) - len(shown)} without a plan"
                axes.annotate(text, (at, 1), xycoords=("data", "axes fraction"), rotation=90,
                              va="top", ha="center", fontsize=7, color=color)  # fmt: skip
        axes.plot([], [], "o", color=color, label=solver)
    axes.set_xticks(range(len(cases)), [_named(case, cases) for case in cases], fontsize=8)
    _decorate(axes, "Gap to the best bound of the run", "", "%", log_x=False)
    return figure


def _build(found: list[Record], _: Path, pyplot: Any) -> Any:
    figure, (time, memory) = pyplot.subplots(1, 2, figsize=(11, 4.5))
    for solver, group in _by_solver(found).items():
        group.sort(key=lambda r: r.accounts * r.reps)
        pairs = [r.accounts * r.reps for r in group]
        label = solver.removeprefix("build_")
        time.plot(pairs, [max(r.build_cpu, 1e-3) for r in group], "o-", label=label)
        added = [max(r.memory - r.memory_before, 1e-3) for r in group]
        memory.plot(pairs, added, "o-", label=label)
    _decorate(time, "CPU time to reach the solver", "pairs", "s")
    _decorate(memory, "Memory added", "pairs", "GiB")
    return figure


def _speedup(found: list[Record], results: Path, pyplot: Any) -> Any:
    """Gap against CPU time; the plain model by the one point it ends with."""
    figure, axes = pyplot.subplots(figsize=(8, 4.5))
    paths = trajectories(results / "speedup-trajectories.csv")
    for record in found:
        color, label = f"C{record.seed}", f"{record.solver}, seed {record.seed}"
        path = paths.get((record.run, record.case, record.seed, record.solver), [])
        best = record.best_bound
        points = [(p[1], max((p[2] - best) / abs(p[2]), FLOOR) * 100) for p in path
                  if math.isfinite(p[2]) and p[1] > 0]  # fmt: skip
        if points and math.isfinite(best):
            axes.step(*zip(*points, strict=True), where="post", color=color, label=label)
        elif math.isfinite(record.gap):
            end = max(record.gap, FLOOR) * 100
            axes.plot(record.cpu, end, "X", ms=10, color=color, label=label)
    _decorate(axes, "Gap to the best bound against CPU time", "CPU s", "%")
    return figure


def _decorate(axes: Any, title: str, x: str, y: str, log_x: bool = True) -> None:
    axes.set_title(title)
    axes.set_xlabel(x)
    axes.set_ylabel(y)
    axes.set_yscale("log")
    if log_x:
        axes.set_xscale("log")
    axes.grid(alpha=0.3, which="both")
    if axes.get_legend_handles_labels()[0]:
        axes.legend(fontsize=8)


def _named(case: Case, cases: list[Case]) -> str:
    """The case by what sets it apart from the others."""
    name, accounts, reps, tightness, _, skew, skills = case
    lines = [
        f"{accounts:,} x {reps:,}" if name == "territories" else f"{name}\n{reps} x {accounts}"
    ]
    for k, text in (
        (3, f"±{100 * tightness:g} %"),
        (5, f"skew {skew:g}"),
        (6, f"skills {100 * skills:g} %"),
    ):
        if len({other[k] for other in cases}) > 1:
            lines.append(text)
    return "\n".join(lines)


def _by_solver(found: list[Record]) -> dict[str, list[Record]]:
    out: dict[str, list[Record]] = defaultdict(list)
    for record in found:
        out[record.solver].append(record)
    return out


PICTURES: dict[str, Callable[[list[Record], Path, Any], Any]] = {
    "quality": _gaps,
    "hardness": _gaps,
    "gap": _gaps,
    "scale": _scale,
    "build": _build,
    "speedup": _speedup,
}


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.formatter_class = argparse.RawDescriptionHelpFormatter
    arguments.add_argument("benchmark", nargs="?", choices=list(PICTURES))
    arguments.add_argument("--results", type=Path, default=HERE / "results")
    asked = arguments.parse_args()
    said = [
        draw(asked.results, name) for name in ([asked.benchmark] if asked.benchmark else PICTURES)
    ]
    print("\n".join(said))
    return int(MISSING in said)


if __name__ == "__main__":
    sys.exit(main())
