"""Real outputs of the commands that work on runs and folders, for tests/test_json_schemas.py: each
takes an `Outputs`, the run of the tiny instance and a folder of its own."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from test_folders_crash import left_behind

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
    """Two runs behind each other, a folder that is damaged, and what a killed writer left."""
    first, second = root / "first", root / "second"
    shutil.copytree(run, first)
    model = root / "wider.toml"
    text = MODEL.read_text(encoding="utf-8").replace("tolerance = 0.20", "tolerance = 0.9")
    names = ("Harbor Hospital", "Lakeside Foods", "Union Mills", "City College", "Prairie Stores")
    model.write_text(f"{text}\n[where.accounts]\nname = {list(names)}\n")
    out.take("solve", TINY, "-m", model, "--from", first, "--note", "wider", "--seed", 3,
             "--out", second, *QUICK)  # fmt: skip
    out.read(second / "result.json")
    (root / "damaged").mkdir()
    (root / "damaged" / "result.json").write_text('{"schema": "territoryopt/result/1"')
    left_behind(root, "third")
    out.take("log", root)
    out.take("log", second)
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


ROOMS = (history, plan, requests)
