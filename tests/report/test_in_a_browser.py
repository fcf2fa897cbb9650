"""The page in a headless Chromium: every account has a point, nothing planted runs, nothing is
asked of a network, and it prints."""

from __future__ import annotations

import browser
import numpy as np
import pytest
from browser import Browser
from hostile import NAMES, REPS

from territoryopt.report.page import write_report
from territoryopt.report.rep_pages import write_rep_pages

pytestmark = pytest.mark.skipif(bool(browser.missing()), reason=browser.missing() or "there")

PLACES = """
const c = document.querySelectorAll('canvas')[arguments[0]];
c.scrollIntoView({block: 'center'});
const r = c.getBoundingClientRect(), data = JSON.parse(document.getElementById('data').textContent);
return data.x.map((x, i) => [r.left + x * r.width / data.width, r.top + data.y[i] * r.width / data.width]);
"""  # noqa: E501
INKED = """
const c = document.querySelectorAll('canvas')[arguments[0]], g = c.getContext('2d');
const d = g.getImageData(0, 0, c.width, c.height).data, seen = new Set();
for (let k = 0; k < d.length; k += 4) if (d[k + 3] > 250) seen.add(d[k] << 16 | d[k + 1] << 8 | d[k + 2]);
return [...seen].map((v) => '#' + v.toString(16).padStart(6, '0'));
"""  # noqa: E501


@pytest.fixture(scope="module")
def page(hostile, tmp_path_factory):
    """The report of the run with hostile names, opened, with what was asked for until then."""
    root = tmp_path_factory.mktemp("page")
    path = write_report(hostile, root / "report.html")
    with Browser(root / "profile") as window:
        window.open(path)
        yield window, path


def quiet(window):
    """Nothing planted ran, and the console tells of no error."""
    assert window.run("return window.planted === undefined")
    assert [e for e in window.log("browser") if e["level"] in ("SEVERE", "WARNING")] == []


def test_there_are_as_many_points_as_accounts(page, hostile):
    window, _ = page
    counts = window.run(
        "return [...document.querySelectorAll('canvas')].map(c => c.dataset.points)"
    )
    assert counts == [str(hostile.problem.accounts)] * 2
    colours = window.run("return JSON.parse(document.getElementById('data').textContent).light")
    for panel in (0, 1):
        assert set(colours) <= set(window.run(INKED, panel))
    quiet(window)


def test_nothing_is_asked_for_but_the_page_itself(page):
    window, path = page
    assert window.run("return document.documentElement.dataset.drawn") == "yes"
    assert set(window.requests()) <= {path.as_uri()}
    assert window.run("return performance.getEntriesByType('resource').length") == 0


def test_hover_and_click_show_names_as_text_and_run_nothing(page, hostile):
    window, _ = page
    said = set()
    for panel in (0, 1):
        for x, y in window.run(PLACES, panel):
            window.point(x, y)
            shown = window.run("const t = document.getElementById('tip');"
                               "return [t.hidden, t.textContent, t.querySelector('script,img,svg,a')]")  # fmt: skip  # noqa: E501
            assert shown[0] is False
            assert shown[2] is None
            said.add(shown[1])
        window.point(x, y, click=True)
    assert any(NAMES[0] in words for words in said)
    assert not any("\u202e" in words or "\x1b" in words for words in said)
    for button in range(len(REPS)):
        box = window.run(
            "const b = document.querySelectorAll('#legend button')[arguments[0]];"
            "b.scrollIntoView({block: 'center'}); const r = b.getBoundingClientRect();"
            "return [r.left + 5, r.top + 5]", button)  # fmt: skip
        window.point(*box)
        window.point(*box, click=True)
        assert window.run("return document.querySelectorAll('#legend [aria-pressed=false]').length"
                          ) == button + 1  # fmt: skip
    window.settle()
    assert window.run("return document.querySelector('canvas').dataset.points") == "0"
    window.run("document.getElementById('all').click()")
    window.run("document.querySelectorAll('a,summary,td,th,h3,li').forEach(e => e.click())")
    quiet(window)


def test_the_page_holds_only_our_own_elements(page):
    window, _ = page
    assert window.run("return document.scripts.length") == 2
    assert (
        window.run("return document.querySelectorAll('img,a,iframe,object,embed,link').length") == 0
    )
    attributes = "[...document.querySelectorAll('*')].flatMap(e => e.getAttributeNames())"
    assert window.run(f"return {attributes}.filter(n => n.startsWith('on')).length") == 0


def test_only_moves_and_one_panel(page, hostile):
    window, _ = page
    moved = int((hostile.rep != hostile.problem.current).sum())
    assert 0 < moved < hostile.problem.accounts
    toggle = "document.getElementById('moves').click()"
    window.run(toggle)
    window.settle()
    assert window.run("return document.querySelector('canvas').dataset.points") == str(moved)
    window.run(toggle)
    window.settle()
    window.run("document.querySelectorAll('#panels button')[2].click()")
    assert window.run("return [...document.querySelectorAll('.panel')].map(p => p.hidden)") == [
        True, False,
    ]  # fmt: skip
    window.run("document.querySelectorAll('#panels button')[0].click()")
    quiet(window)


def test_it_prints_and_follows_the_dark(hostile, tmp_path):
    path = write_report(hostile, tmp_path / "report.html")
    with Browser(tmp_path / "profile", dark=True) as window:
        window.open(path)
        ground = window.run("return getComputedStyle(document.body).backgroundColor")
        assert np.mean([int(v) for v in ground[4:-1].split(",")]) < 60
        pdf = window.call("POST", f"{window.session}/print")
        assert len(pdf) > 10_000
        quiet(window)


def test_pages_for_reps(hostile, tmp_path):
    pages = write_rep_pages(hostile, tmp_path / "pages")
    assert len(pages) == len(REPS)
    with Browser(tmp_path / "profile") as window:
        for j, path in enumerate(pages):
            window.open(path)
            problem = hostile.problem
            mine = int(((hostile.rep == j) | (problem.current == j)).sum())
            assert window.run("return document.querySelector('canvas').dataset.points") == str(mine)
            window.run("document.querySelectorAll('button,li,h3').forEach(e => e.click())")
            quiet(window)
        assert {u.split(":")[0] for u in window.requests()} == {"file"}
