"""Real outputs of the commands that work on runs and folders, for tests/test_json_schemas.py: each
takes an `Outputs`, the run of the tiny instance and a folder of its own."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from test_folders_crash import left_behind

import territoryopt as topt

ROOT = Path(__file__).parents[1]
TINY = ROOT / "instances" / "tiny"
MODEL = TINY / "model.toml"
QUICK = ("--time-limit", 5, "--threads", 1)

REQUESTS = """account_id,rep_id,wish,reason,asked_on
A-3,R-1,keep,ten years,2026-11-20
A-3,R-3,want,,
A-6,R-3,keep,,
A-4,R-1,keep,,
A-5,R-2,lose,two hours away,
"""


def history(out, run, root):
    """Three runs behind each other, the first of which lies elsewhere by now; a folder that is
    damaged, and what a killed writer left."""
    first, second, third = (root / name for name in ("first", "second", "third"))
    shutil.copytree(run, first)
    model, locks, data = root / "wider.toml", root / "locks.csv", root / "data"
    text = MODEL.read_text(encoding="utf-8").replace("tolerance = 0.20", "tolerance = 0.9")
    names = ("Harbor Hospital", "Lakeside Foods", "Union Mills", "City College", "Prairie Stores")
    model.write_text(f"""{text}\n[where.accounts]\nname = {list(names)}
[rules.locks]\nkind = "locks"\n""")
    locks.write_text("account_id,rep_id\nA-3,R-1\n")
    out.take("solve", TINY, "-m", model, "--from", first, "--note", "wider", "--seed", 3,
             "--locks-from", locks, "--out", second, *QUICK)  # fmt: skip
    out.read(second / "result.json")
    shutil.copytree(TINY, data)
    (data / "accounts.csv").write_text((TINY / "accounts.csv").read_text().replace("Mills", "Mill"))
    out.take("solve", data, "-m", MODEL, "--from", second, "--out", third, *QUICK)
    (second / "model.toml").write_text(text)
    first.rename(root / "elsewhere")
    (root / "damaged").mkdir()
    (root / "damaged" / "result.json").write_text('{"schema": "territoryopt/result/1"')
    left_behind(root, "fourth")
    out.take("log", root)
    out.take("log", third)
    out.take("log", root, "--clean")


def plan(out, _, root):
    rows = "".join(f"{k:03d},Shop {k},Ann,{k + 1}000,40,{k - 100},Toys\n" for k in range(6))
    accounts, reps = root / "accounts.csv", root / "reps.csv"
    accounts.write_text("Account ID,Account Name,Account Owner,Annual Revenue,Billing Latitude,"
                        f"Billing Longitude,Industry\n{rows}")  # fmt: skip
    reps.write_text("rep_id,name,home_latitude,home_longitude\n7,Ann,40,-100\n8,Bob,40,-95\n")
    out.take("plan", accounts, "--reps", reps, "--out", root / "plan", *QUICK)


def requests(out, run, root):
    """Priced, decided by a policy, by a budget and by a person, kept, and looked at again."""
    table, policy, log = root / "requests.csv", root / "policy.toml", root / "log.jsonl"
    table.write_text(REQUESTS)
    policy.write_text("[limit]\nmoney = 2000\n")
    out.take("requests", run, table, *QUICK)
    out.take("requests", run, table, "--decide", policy, "--log", log, "--decision", "refuse",
             "A-6/R-3/keep", "--by", "Dana Li", "--why", "promised in May", "--out",
             root / "answers", *QUICK)  # fmt: skip
    out.take("requests", run, table, "--budget", 10_000, "--log", log, *QUICK)
    out.read(root / "answers" / "requests.json")
    for line in log.read_text(encoding="utf-8").splitlines():
        out.append(("a line of the log", json.loads(line)))
    out.take("requests", "--verify", log)


SALES = (900, 700, 500, 800, 600, 1000)
"""Of the accounts of the tiny instance in a month."""

GOALS = """year_begins = 2027-01-01
[growth]
least = 0.9
[growth.reps.R-2]
most = 1.02
[seasons]
weights = [1, 1, 1, 2]
[segments]
column = "tier"
[ramp]
months = [0.5]
starts = { R-3 = 2027-02-01 }
[kpis]
churn = 0.1
"""


EVEN = """[travel]
pairs_hours = "travel_hours"
[rules.potential_band]
kind = "band"
measure = "potential"
tolerance = 0.3
[goals.driving]
kind = "travel"
price = 50
[goals.hand_overs]
kind = "disruption"
measure = "revenue"
price = 0.05
"""


def selling(root):
    """The run of the tiny instance with sales, tiers and states, where A-5 asks for no visits."""
    data = root / "data"
    shutil.copytree(TINY, data)
    head, *rows = (TINY / "accounts.csv").read_text(encoding="utf-8").splitlines()
    more = zip(rows, SALES, "ABABAB", ("OH", "OH", "IN", "IN", "IN", ""), strict=True)
    lines = [f"{row},{12 * sales},{tier},{state}" for row, sales, tier, state in more]
    table = "\n".join([f"{head},annual_revenue,tier,state", *lines, ""])
    (data / "accounts.csv").write_text(table.replace(",8,1,R-2", ",0,1,R-2"))
    model = root / "model.toml"
    model.write_text(f'name = "Even"\n{EVEN}')
    topt.write_run(*solved(data, model), root / "run")
    return root / "run"


def solved(data, model):
    instance, parsed = topt.read_instance(data), topt.load_model(model)
    return topt.solve(instance, parsed, time_limit=5, threads=1), instance, parsed


def goals(out, _, root):
    run, page = selling(root), root / "goals.toml"
    page.write_text(GOALS)
    out.take("goals", run, "--total", 60_000, "--with", page, "--out", root / "goals")
    out.read(root / "goals" / "goals.json")
    out.take("goals", run, "--total", 1000)
    out.take("quality", run)
    out.take("whitespace", run)
    out.take("whitespace", run, "--by", "state", "--by", "tier", "--beyond", 20)


def monitor(out, run, root):
    """By account, where one grows; and by rep, where one has stopped."""
    run, actuals, goals = selling(root), root / "actuals.csv", root / "goals.csv"
    rows = [
        f"A-{i + 1},2026-{m:02d},{sales * (2 if i == 0 and m > 4 else 1) + 5 * ((m * (i + 2)) % 3)}"
        for i, sales in enumerate(SALES) for m in range(1, 10)
    ]  # fmt: skip
    actuals.write_text("\n".join(["account_id,month,amount", *rows, ""]))
    goals.write_text("rep_id,goal\nR-1,20000\nR-2,20000\nR-3,20000\n")
    out.take("monitor", run, actuals, "--goals", goals, "--out", root / "out", *QUICK)
    out.read(root / "out" / "monitor.json")
    rows = [f"R-{j},2026-{m:02d},{0 if j == 1 and m > 5 else 900 + 7 * ((m * j) % 3)}"
            for j in (1, 2, 3) for m in range(1, 9)]  # fmt: skip
    actuals.write_text("\n".join(["rep_id,month,amount", *rows, ""]))
    out.take("monitor", run, actuals, "--no-search")


LOOSE = """name = "Loose"
[rules.capacity]
kind = "capacity"
measure = "count"
max = 4
[rules.potential_band]
kind = "band"
measure = "potential"
tolerance = 0.8
[rules.protect]
kind = "protect"
key_account = { name = ["Harbor Hospital"] }
price = 10
[goals.driving]
kind = "travel"
price = 50
"""
NEW = "account_id,name,latitude,longitude,potential,visits_per_year,hours_per_visit\n"


def realign(out, run, root):
    """A rep leaves, with and without a plan after it; new accounts; steps; the curve of moves."""
    model, new = root / "loose.toml", root / "new.csv"
    model.write_text(LOOSE)
    new.write_text(f"{NEW}N-1,Mill,40,-88,30000,4,1\nN-2,Works,40,-86,900000,4,1\n")
    topt.write_run(*solved(TINY, model), root / "run")
    out.take("realign", root / "run", "--rep-leaves", "R-2", "--out", root / "after", *QUICK)
    out.read(root / "after" / "realign.json")
    out.read(root / "after" / "explanation.json")
    out.take("realign", run, "--rep-leaves", "R-2", "--out", root / "none", *QUICK)
    out.take("realign", run, "--aim", "money", "--on-leave", "R-1=0.1", "--out", root / "money",
             *QUICK)  # fmt: skip
    out.take("realign", TINY, "-m", MODEL, "--out", root / "today", *QUICK)
    out.take("recommend", root / "run", new)
    out.append(("one account", out[-1][1]["accounts"][0]))
    out.take("transition", run, "--steps", 3, "--per-step", 1, "--out", root / "steps", *QUICK)
    out.read(root / "steps" / "transition.json")
    out.take("transition", root / "run", "--steps", 3, "--per-step", 1, "--out", root / "three",
             *QUICK)  # fmt: skip
    out.take("transition", run, "--steps", 1, "--per-step", 2, "--out", root / "more", *QUICK)
    curve = topt.moves_curve(topt.read_run(run).problem, (0.2, 1.0), seconds=2, threads=1)
    out.append(("moves_curve", curve.as_dict()))


PAGE = """[base]
instance = "tiny"
model = "tiny/model.toml"
[search]
backend = "highs"
[scenarios.wide]
about = "A wider band."
model.rules.potential_band.tolerance = 0.5
[scenarios.narrow]
model.rules.potential_band.tolerance = 0.001
[scenarios.growth]
changes = [{ kind = "change_accounts", accounts = ["A-1"], scale = { potential = 1.05 } }]
"""


def scenarios(out, _, root):
    shutil.copytree(TINY, root / "tiny")
    page, swept = root / "page.toml", root / "swept"
    page.write_text(PAGE)
    out.take("sweep", page, "--out", swept, "--workers", 1, "--time-limit", 1e-3)
    out.take("sweep", page, "--out", swept, "--workers", 1)
    out.read(swept / "sweep.json")
    out.read(swept / "growth" / "result.json")
    out.take("compare", swept, "--out", root / "plans.html")
    out.take("compare", swept / "base", swept / "wide")
    out.take("robust", swept, "--search", 2, "--threads", 1)


ROOMS = (history, plan, requests, goals, monitor, realign, scenarios)
