"""A run small enough for a pencil: three accounts, two reps, every owner locked."""

from __future__ import annotations

import territoryopt as topt

ACCOUNTS = """\
account_id,name,potential,annual_revenue,visits_per_year,hours_per_visit,current_rep,locked_rep,state,tier,lost
A-1,Harbor,6000,200,10,2,R-1,R-1,OH,A,0.1
A-2,Lake,2000,200,5,2,R-2,R-1,OH,B,0.5
A-3,Mill,2000,600,4,5,R-2,R-2,IN,,0
"""
REPS = """\
rep_id,name,capacity,first_day,worked
R-1,Rivera,100,,1
R-2,Chen,300,2027-02-15,0.5
"""
MODEL = """
name = "Pencil"
[travel]
pairs_hours = "hours"
[rules.locks]
kind = "locks"
[rules.potential]
kind = "band"
measure = "potential"
tolerance = 0.7
[rules.capacity]
kind = "capacity"
[goals.driving]
kind = "travel"
price = 1
"""
PAIRS = """\
account_id,rep_id,hours
A-1,R-1,1
A-1,R-2,1
A-2,R-1,2
A-2,R-2,2
A-3,R-1,1
A-3,R-2,1
"""


def made(folder, accounts=ACCOUNTS, reps=REPS, model=MODEL, pairs=PAIRS):
    """The run of these files, written below `folder` and read back."""
    data = folder / "data"
    data.mkdir(parents=True)
    for name, text in (("accounts.csv", accounts), ("reps.csv", reps), ("pairs.csv", pairs)):
        if text:
            (data / name).write_text(text, encoding="utf-8")
    (folder / "model.toml").write_text(model, encoding="utf-8")
    instance, parsed = topt.read_instance(data), topt.load_model(folder / "model.toml")
    result = topt.solve(instance, parsed, backend="highs", threads=1, time_limit=20)
    return topt.read_run(topt.write_run(result, instance, parsed, folder / "run"))


def settings(folder, text):
    """A goals.toml (or quality.toml) with this text."""
    path = folder / "goals.toml"
    path.write_text(text, encoding="utf-8")
    return path
