"""`territoryopt score`: tiers, scores, potential and calls of accounts, with their parts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from territoryopt.cli.commands import command, where_option

if TYPE_CHECKING:
    from territoryopt.scoring.scored import Scored


@command("score")
@click.argument("instance", type=click.Path())
@click.option("--with", "scoring", type=click.Path(), metavar="SCORE.TOML",
              help="How accounts are scored.")  # fmt: skip
@click.option("--out", type=click.Path(), metavar="FOLDER", help="The instance folder to write.")
@click.option("--history", type=click.Path(), metavar="FILE.csv",
              help="What was won and lost, in place of the file that [learned] names.")  # fmt: skip
@click.option("--account", "-a", multiple=True, metavar="ID",
              help="Where the figures of this account come from.")  # fmt: skip
@where_option
@click.option("--overwrite", is_flag=True, help="Replace an earlier instance in that folder.")
@click.option("--propose", is_flag=True, help="Only print a scoring to begin with.")
def score_command(
    instance: str,
    scoring: str | None,
    out: str | None,
    history: str | None,
    account: tuple[str, ...],
    where: tuple[str, ...],
    overwrite: bool,
    propose: bool,
    as_json: bool,
) -> int:
    """Score the accounts of INSTANCE, and write it with the columns made as a folder of its own.

    Without --with, INSTANCE is a folder written so, and --account tells where its figures come
    from. Every part of every figure is a row of the folder's scores.csv.
    """
    import territoryopt as topt
    from territoryopt.cli.paths import parse_where
    from territoryopt.cli.printing import print_json, say

    if propose:
        if scoring or out or account or history:
            raise topt.InputError(["--propose prints a scoring: give only INSTANCE with it"])
        text = topt.propose_scoring(topt.read_instance(instance, where=parse_where(where)))
        if as_json:
            print_json({"schema": "territoryopt/scoring/1", "toml": text})
        else:
            for line in text.splitlines():
                say(line)
        return 0
    if scoring is None:
        if out or history or where or not account:
            raise topt.InputError(
                ["say how to score, with --with SCORE.TOML (--propose prints one to begin with), "
                 "or ask a scored folder with --account"]
            )  # fmt: skip
        return _explain(topt.read_scored(instance), account, as_json)
    data = topt.read_instance(instance, where=parse_where(where))
    found = topt.score_accounts(data, scoring, out, history=history, overwrite=overwrite)
    if account:
        return _explain(found, account, as_json)
    if as_json:
        print_json({**found.as_dict(), "folder": None if out is None else str(out)})
        return 0
    for k, line in enumerate(found.told()):
        say(line, bold=k == 0)
    for note in found.notes:
        say(f"Note: {note}.")
    _tell_place(found)
    return 0


def _explain(found: Scored, accounts: tuple[str, ...], as_json: bool) -> int:
    from territoryopt.cli.printing import print_json, say

    told = {account: found.explain(account) for account in accounts}
    if as_json:
        print_json({"schema": "territoryopt/score-of-account/1",
                    "accounts": [found.account(account) for account in accounts]})  # fmt: skip
        return 0
    for lines in told.values():
        for k, line in enumerate(lines):
            say(line if k == 0 else f"- {line}", bold=k == 0)
    return 0


def _tell_place(found: Scored) -> None:
    from shlex import quote

    from territoryopt.cli.printing import say

    say("")
    if found.folder is None:
        say("Nothing was written: say where with --out.")
        return
    folder = quote(str(found.folder))
    say(f"Written to {found.folder}. Each part of each figure: {folder}/scores.csv")
    first = found.instance.account_ids[0]
    say(f"Where a figure comes from: territoryopt score {folder} --account={quote(first)}")
