"""The audit log: chained, added to under a lock, and never rewritten."""

from __future__ import annotations

import json
import multiprocessing
import os

import pytest

import territoryopt as topt
from territoryopt.listening import log as logs
from territoryopt.listening.log import START, append_records, decisions_in, verify_log
from territoryopt.listening.table import Request


def made(path, count=4):
    for k in range(count):
        append_records(path, [{"id": f"Q-{k}", "reason": 'wörds, "quotes"\nand \udc80'}])
    return path.read_bytes().splitlines(keepends=True)


def broken(path, head=None):
    with pytest.raises(topt.InputError) as error:
        verify_log(path, head)
    return [str(fault) for fault in error.value.problems]


def test_lines_are_chained(tmp_path):
    path = tmp_path / "log.jsonl"
    lines = [json.loads(line) for line in made(path)]
    assert [line["line"] for line in lines] == [1, 2, 3, 4]
    assert lines[0]["previous"] == START
    found = verify_log(path)
    assert (found.lines, found.head) == (4, lines[-1]["sha256"])
    assert verify_log(path, lines[1]["sha256"]).lines == 4


def test_a_changed_line_is_found(tmp_path):
    path = tmp_path / "log.jsonl"
    for k in range(4):
        path.unlink(missing_ok=True)
        lines = made(path)
        lines[k] = lines[k].replace(b'"Q-', b'"X-')
        path.write_bytes(b"".join(lines))
        told = broken(path)
        assert (
            told[0] == f"log.jsonl, row {k + 1}: the line was changed. Restore the log from a copy"
        )


def test_a_line_changed_with_its_own_hash_is_found_by_the_next(tmp_path):
    path = tmp_path / "log.jsonl"
    lines = made(path)
    record = json.loads(lines[1])
    record["id"] = "X"
    record.pop("sha256")
    data = logs._bytes({**record, "sha256": logs._digest(record)})
    path.write_bytes(b"".join([lines[0], data + b"\n", *lines[2:]]))
    assert broken(path)[0].startswith("log.jsonl, row 3: the line before it was changed")


@pytest.mark.parametrize("gone", [0, 1, 2])
def test_a_missing_line_is_found(tmp_path, gone):
    path = tmp_path / "log.jsonl"
    lines = made(path)
    del lines[gone]
    path.write_bytes(b"".join(lines))
    assert broken(path)[0].startswith(f"log.jsonl, row {gone + 1}: the line before it was")


def test_lines_cut_off_at_the_end_are_found_by_a_hash_that_was_kept(tmp_path):
    path = tmp_path / "log.jsonl"
    lines = made(path)
    kept = verify_log(path).head
    path.write_bytes(b"".join(lines[:-1]))
    assert verify_log(path).lines == 3  # the chain alone cannot say
    assert "lines are missing" in broken(path, kept)[0]


def test_swapped_and_repeated_lines_are_found(tmp_path):
    path = tmp_path / "log.jsonl"
    lines = made(path)
    path.write_bytes(b"".join([lines[0], lines[2], lines[1], lines[3]]))
    assert broken(path)
    path.write_bytes(b"".join([*lines, lines[3]]))
    assert broken(path)[0].startswith("log.jsonl, row 5")


@pytest.mark.parametrize("tail", [b"{", b"garbage\n", b'{"schema":"other/1"}\n', b"\xff\xfe\n"])
def test_a_broken_last_line_is_told_and_nothing_is_added(tmp_path, tail):
    path = tmp_path / "log.jsonl"
    made(path)
    with path.open("ab") as handle:
        handle.write(tail)
    before = path.read_bytes()
    with pytest.raises(topt.InputError, match="the last line of the log is broken"):
        append_records(path, [{"id": "Q"}])
    assert path.read_bytes() == before
    assert broken(path)[0].startswith("log.jsonl, row 5: the line is none of a log of requests")


def _write(path, name):
    for k in range(15):
        append_records(path, [{"id": f"{name}-{k}"}, {"id": f"{name}-{k}b"}])


def test_two_writers_lose_no_line(tmp_path):
    path = tmp_path / "log.jsonl"
    context = multiprocessing.get_context("fork")
    both = [context.Process(target=_write, args=(path, name)) for name in "ab"]
    for each in both:
        each.start()
    for each in both:
        each.join()
        assert each.exitcode == 0
    assert verify_log(path).lines == 60
    ids = [json.loads(line)["id"] for line in path.read_bytes().splitlines()]
    assert len(set(ids)) == 60
    # the lines of one call stand together
    assert all(ids[k] + "b" == ids[k + 1] for k in range(0, 60, 2))


def test_a_full_disk_leaves_the_log_as_it_was(tmp_path, monkeypatch):
    path = tmp_path / "log.jsonl"
    made(path)
    before, write = path.read_bytes(), os.write
    left = [10]

    def full(handle, data):
        if not left[0]:
            raise OSError(28, "No space left on device")
        some = write(handle, data[: left[0]])
        left[0] -= some
        return some

    monkeypatch.setattr(logs.os, "write", full)
    with pytest.raises(topt.InputError, match="No space left"):
        append_records(path, [{"id": "Q"}])
    monkeypatch.undo()
    assert path.read_bytes() == before
    assert append_records(path, [{"id": "Q"}]).lines == 5


def test_what_is_no_log_is_refused(tmp_path):
    with pytest.raises(topt.InputError, match="cannot be read"):
        verify_log(tmp_path / "nothing")
    with pytest.raises(topt.InputError, match="must be a file"):
        append_records(tmp_path, [{}])


def test_what_persons_decided_last(tmp_path):
    path = tmp_path / "log.jsonl"
    asked = Request("Q", "A-1", "R-1", "keep")
    assert decisions_in(path, [asked]) == []
    base = {"id": "Q", "account": "A-1", "rep": "R-1", "wish": "keep", "by": "Dana"}
    append_records(path, [{**base, "because": "person", "person": "accept", "why": "a"}])
    append_records(path, [{**base, "because": "policy"}])
    (found,) = decisions_in(path, [asked])
    assert (found.accept, found.by, found.why) == (True, "Dana", "a")
    append_records(path, [{**base, "because": "person", "person": "refuse", "why": "b"}])
    assert not decisions_in(path, [asked])[0].accept
    assert decisions_in(path, [Request("Q", "A-2", "R-1", "keep")]) == []
