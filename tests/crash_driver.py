"""Processes that are stopped while they write, for `test_folders_crash.py`; run as a script.

crash_driver.py kill WHAT MODE FOLDER     moments of a write, one killed child for each
crash_driver.py hold FOLDER               write a folder, and wait in the middle for stdin
crash_driver.py race FOLDER TOKEN TIMES   write a folder again and again
crash_driver.py once FOLDER TOKEN         write a folder that must not be there
crash_driver.py limit WHAT FOLDER BYTES   write with files limited to so many bytes
"""

from __future__ import annotations

import json
import os
import signal
import sys
from pathlib import Path

from territoryopt.errors import InputError
from territoryopt.folders import FolderKind, clean, drafts_under, placing, write_text
from territoryopt.run_record import OF_EVERY_PLAN

KIND = FolderKind("test", {"a", "b", "record.json"}, "record.json", b'"schema": "test/')
TINY = Path(__file__).parents[1] / "instances" / "tiny"
STEPS = {
    "mkdir", "open", "write", "close", "__exit__", "fsync", "rename", "replace", "chmod", "flock",
    "unlink", "remove", "rmdir", "ftruncate", "set_errno",
}  # fmt: skip
"""Calls before which a process is killed; `set_errno` comes right before two folders swap."""


def fill(draft: Path, token: str) -> None:
    (draft / "a").write_text(token * 1000)
    (draft / "b").write_text(token * 100_000)
    (draft / "record.json").write_text(json.dumps({"schema": "test/1", "token": token}))


def fill_file(draft: Path) -> None:
    draft.write_text("text")


def token_in(folder: Path) -> str:
    """Which of two contents a folder has, if it has one of them whole."""
    token = json.loads((folder / "record.json").read_text())["token"]
    assert (folder / "a").read_text() == token * 1000
    assert (folder / "b").read_text() == token * 100_000
    assert {path.name for path in folder.iterdir()} == {"a", "b", "record.json"}
    return token


def put(folder: Path, token: str, overwrite: bool = True) -> None:
    KIND.write(folder, lambda draft: fill(draft, token), overwrite=overwrite)


class Killer:
    """Kills this process before its n-th file operation."""

    def __init__(self, moment: int) -> None:
        self.left = moment

    def __call__(self, frame: object, event: str, what: object) -> None:
        if event == "c_call" and getattr(what, "__name__", "") in STEPS:
            self.left -= 1
            if self.left == 0:
                os.kill(os.getpid(), signal.SIGKILL)


def killed(moment: int, write) -> bool:
    """Whether a child that writes was killed before its n-th operation; else it got to the end."""
    child = os.fork()
    if child == 0:
        code = 1
        try:
            sys.setprofile(Killer(moment))
            write()
            sys.setprofile(None)
            code = 0
        finally:
            os._exit(code)
    status = os.waitpid(child, 0)[1]
    if os.WIFSIGNALED(status):
        assert os.WTERMSIG(status) == signal.SIGKILL
        return True
    assert os.WEXITSTATUS(status) == 0
    return False


def run_pair(folder: Path):
    """Two runs of the tiny instance under one roof: a function that writes one, one that reads."""
    import territoryopt as topt

    instance = topt.read_instance(TINY)
    model = topt.load_model(TINY / "model.toml")
    loose = topt.model.parse_model(model.text.replace("[goals.driving]", "[goals.miles]"))
    results = {"old": (topt.solve(instance, model), model),
               "new": (topt.solve(instance, loose), loose)}  # fmt: skip

    fills = {}  # the work before the writing is done once

    def write(name):
        if name in fills:
            topt.runs.FOLDER.write(folder, fills[name], overwrite=True)
            return
        real = FolderKind.write
        FolderKind.write = lambda kind, target, fill, **how: (
            fills.update({name: fill}) or real(kind, target, fill, **how)
        )
        result, used = results[name]
        topt.write_run(result, instance, used, folder, overwrite=True, note=name)
        FolderKind.write = real

    write("new"), write("old")
    remove(folder)

    def read():
        run = topt.read_run(folder)
        assert run.rep is not None
        run.explanation()
        assert {path.name for path in folder.iterdir()} == OF_EVERY_PLAN
        return run.lineage.note

    return write, read


def kind_pair(folder: Path):
    def read():
        KIND.recover(folder)
        return {"o": "old", "n": "new"}[token_in(folder)]

    return lambda name: put(folder, name[0]), read


def file_pair(file: Path):
    return (
        lambda name: write_text(file, name * 50_000, overwrite=True),
        lambda: {"old" * 50_000: "old", "new" * 50_000: "new"}[file.read_text()],
    )


PAIRS = {"run": run_pair, "kind": kind_pair, "file": file_pair}


def kill(what: str, mode: str, root: str) -> None:
    """Prints what was found after each kill."""
    if mode == "aside":
        placing.swap = lambda one, other: False
    target = Path(root) / "target"
    write, read = PAIRS[what](target)
    fresh = mode == "fresh"
    found = []
    # every moment of the bare folder; of a run, whose reading takes its time, every fifth
    for moment in range(1, 10_000, 5 if what == "run" else 1):
        if not fresh:
            write("old")
        went = killed(moment, lambda: write("new"))
        seen = {"moment": moment, "there": target.exists(),
                "left": [draft.standing for draft in drafts_under(target.parent)]}  # fmt: skip
        if fresh and not target.exists():
            seen["read"] = "nothing"
        else:
            seen["read"] = read()
        if len(found) % 2:  # by a reader and then the broom, or by the next writer
            clean(target.parent)
            seen["after"] = sorted(os.listdir(target.parent))
            if not (fresh and seen["read"] == "nothing"):
                assert read() == seen["read"]
        write("new")
        assert read() == "new"
        assert all(draft.standing != "writing" for draft in drafts_under(target.parent))
        clean(target.parent)
        for draft in drafts_under(target.parent):  # one without a signature may be an hour old
            assert not draft.removable
            for path in (*draft.path.rglob("*"), draft.path):
                os.utime(path, (0, 0))
        clean(target.parent)
        assert os.listdir(target.parent) == [target.name], os.listdir(target.parent)
        if fresh:
            remove(target)
        if not went:
            break
        found.append(seen)
    print(json.dumps(found))


def remove(target: Path) -> None:
    import shutil

    target.unlink() if target.is_file() else shutil.rmtree(target)


def hold(root: str) -> None:
    def wait(draft: Path) -> None:
        fill(draft, "h")
        print("writing", flush=True)
        sys.stdin.readline()

    KIND.write(Path(root), wait, overwrite=True)
    print("written", flush=True)


def race(root: str, token: str, times: str) -> None:
    for _ in range(int(times)):
        put(Path(root), token)


def once(root: str, token: str) -> None:
    try:
        put(Path(root), token, overwrite=False)
        print("written")
    except InputError as error:
        print(error)


def limit(what: str, root: str, size: str) -> None:
    import resource

    write, read = PAIRS[what](Path(root) / "target")
    write("old")
    most = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(size), most))
    try:
        write("new")
        said = "written"
    except InputError as error:
        said = str(error)
    print(json.dumps({"said": said, "read": read(), "there": os.listdir(root)}))


if __name__ == "__main__":
    globals()[sys.argv[1]](*sys.argv[2:])
