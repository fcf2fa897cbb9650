"""Travel against the share of accounts moved: AdventureWorks, United States and Canada, annual
revenue and a second measure of the file each within +-10 % of the mean.

    TERRITORYOPT_DATA=... python benchmarks/realign_curve.py [--second employees] [--seconds 25]

For each share (5, 8, 10, 20, 30, 40 %, no limit): the least sum of one-way great-circle kilometres,
its bound and gap; where no plan exists, on whose word, and the fewest moves that would do. Writes
benchmarks/results/realign_curve.csv and .png.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

from questions import data_folder

HERE = Path(__file__).resolve().parent
RESULTS = HERE / "results"
BAND = '\n[measures.{name}]\nunit = "{unit}"\ncolumn = "{column}"\n'
SECOND = {
    "count": ("count", ""),
    "employees": ("employees", BAND.format(name="employees", unit="people",
                                           column="NumberEmployees")),
    "square_feet": ("square_feet", BAND.format(name="square_feet", unit="square feet",
                                               column="SquareFeet")),
}  # fmt: skip


def curve_of(second: str, seconds: float, threads: int = 2):
    """The curve, and the problem."""
    import territoryopt as topt
    from territoryopt.model import parse_model
    from territoryopt.realign.curve import moves_curve

    measure, table = SECOND[second]
    text = (HERE / "adventureworks.toml").read_text(encoding="utf-8")
    text += (
        f'{table}\n[rules.second_band]\nkind = "band"\nmeasure = "{measure}"\ntolerance = 0.10\n'
    )
    model = parse_model(text, "adventureworks.toml")
    problem = topt.compile_problem(topt.read_instance(data_folder() / "adventureworks"), model)
    problem = replace(problem, notes=())
    return moves_curve(problem, seconds=seconds, threads=threads, progress=print), problem


def picture(curve, today: float, path: Path) -> None:
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot as plt

    found = [p for p in curve.points if p.rep is not None]
    x = [100 * p.moves / curve.owned for p in found]
    figure, axes = plt.subplots(figsize=(7, 4.2))
    axes.plot(x, [p.money for p in found], "o-", color="#1f5fa8", label="plan")
    axes.plot(x, [p.bound for p in found], "_", color="#c0392b", ms=14, mew=2, label="bound")
    none = [p for p in curve.points if p.standing == "no plan"]
    if none:
        axes.axvspan(0, 100 * curve.fewest.least / curve.owned, color="#dddddd",
                     label=f"no plan: fewer than {curve.fewest.least} moves")  # fmt: skip
    for p in found:
        text = "no limit" if p.share >= 1 else f"{100 * p.share:g} %"
        axes.annotate(text, (100 * p.moves / curve.owned, p.money), textcoords="offset points",
                      xytext=(4, 6), fontsize=8)  # fmt: skip
    axes.axhline(today, color="#888888", lw=0.8, ls="--", label="today's owners (break the bands)")
    axes.set_xlabel("accounts moved, %")
    axes.set_ylabel("one-way km, sum over accounts")
    axes.set_xlim(left=0)
    axes.set_ylim(bottom=0)
    axes.legend(fontsize=8)
    axes.set_title("AdventureWorks, US and Canada: travel against accounts moved", fontsize=10)
    figure.tight_layout()
    figure.savefig(path, dpi=130)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--second", choices=list(SECOND), default="employees")
    parser.add_argument("--seconds", type=float, default=25.0)
    parser.add_argument("--threads", type=int, default=2)
    asked = parser.parse_args()
    from territoryopt.problem import evaluate
    from territoryopt.tables import write_table

    curve, problem = curve_of(asked.second, asked.seconds, asked.threads)
    today = evaluate(problem, problem.current)
    print(f"today {today.objective:,.0f} km, {len(today.breaches)} limits broken")
    print(f"second measure {asked.second}; fewest moves {curve.fewest.as_dict()}")
    print(f"{curve.seconds:.0f} s in all")
    frame = curve.to_frame()
    print(frame.to_string())
    RESULTS.mkdir(exist_ok=True)
    columns = {"second_measure": [asked.second] * len(frame),
               "fewest_moves": [curve.fewest.moves] * len(frame),
               "fewest_least": [curve.fewest.least] * len(frame),
        "fewest_proved": [curve.fewest.proved] * len(frame),
               **{name: frame[name].tolist() for name in frame}}  # fmt: skip
    write_table(RESULTS / "realign_curve.csv", columns)
    picture(curve, today.objective, RESULTS / "realign_curve.png")


if __name__ == "__main__":
    main()
