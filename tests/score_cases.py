"""Small instances and scorings that the tests of scoring share."""

from pathlib import Path

import numpy as np

import territoryopt as topt
from territoryopt.scoring.spec import parse_scoring
from territoryopt.tables import write_table


def make(folder, columns, reps=2, rep_columns=None):
    """An instance folder of these columns of accounts, ids a1, a2, ... where none are given."""
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    n = len(next(iter(columns.values())))
    ids = {} if "account_id" in columns else {"account_id": [f"a{k + 1}" for k in range(n)]}
    write_table(folder / "accounts.csv", {**ids, **columns})
    people = {"rep_id": [f"r{k + 1}" for k in range(reps)], **(rep_columns or {})}
    write_table(folder / "reps.csv", people)
    return topt.read_instance(folder)


def scored(folder, columns, text, out=None, **more):
    """The accounts of these columns scored by this TOML; money in USD where it names none."""
    if "[[potential" in text and "currency" not in text:
        text = f'currency = "USD"\n{text}'
    data = make(Path(folder) / "in", columns)
    scoring = parse_scoring(text, "score.toml", str(folder))
    return topt.score_accounts(data, scoring, out, **more)


def cells(found, column):
    return found.instance.accounts.columns[column].tolist()


def faults(call):
    """The texts of the faults that a call raises."""
    try:
        call()
    except topt.InputError as error:
        return [str(problem) for problem in error.problems]
    raise AssertionError("nothing was refused")


def totals(found, result):
    """account_id -> the exact sum of the contributions of a result, as the trace has them."""
    from decimal import Decimal

    out = {}
    parts = found.parts
    for k in range(len(parts["account_id"])):
        if parts["result"][k] == result:
            one = Decimal(repr(float(parts["contribution"][k])))
            account = parts["account_id"][k]
            out[account] = out.get(account, Decimal(0)) + one
    return out


LEARNED = """
[learned]
history = "deals.csv"
outcome = "stage"
won = ["Won"]
lost = ["Lost"]
left_out = ["Open"]
numbers = ["employees"]
texts = ["industry"]
"""
ACCOUNTS = {"employees": ["10", "500", "990"], "industry": ["steel", "food", "unheard"]}


def deals(n=3000, seed=0, signal=True):
    """A history whose log odds are -2 + employees / 200 + 1 for food."""
    draw = np.random.default_rng(seed)
    employees = draw.uniform(0, 1000, n)
    industry = draw.choice(["steel", "food", "paper"], n, p=[0.5, 0.3, 0.2])
    odds = (-2 + employees / 200 + (industry == "food")) if signal else np.full(n, 0.4)
    won = draw.random(n) < 1 / (1 + np.exp(-odds))
    return {
        "stage": np.where(won, "Won", "Lost").astype(object),
        "employees": employees.round(1),
        "industry": industry.astype(object),
        "closed": np.array([f"20{20 + k * 6 // n:02d}-0{1 + k % 9}-15" for k in range(n)], object),
    }
