"""The report in a real browser: self-contained, hostile names stay text, nothing overflows."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from optimizer.planning.stages.result import Run

pytestmark = [
    pytest.mark.browser,
    pytest.mark.filterwarnings("ignore::DeprecationWarning:asyncio"),  # the driver's event loop, not ours
]


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    path = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    assert path, "no Chromium: run make test, which provides one, or set CHROMIUM"
    flags = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
    with sync_playwright() as driver:
        running = driver.chromium.launch(executable_path=path, args=flags)
        yield running
        running.close()


@pytest.fixture(scope="module")
def page(browser: Any, finished: tuple[Run, Path]) -> Iterator[Any]:
    opened = browser.new_page(viewport={"width": 1280, "height": 900})
    opened.asked: list[str] = []
    opened.said: list[str] = []
    opened.on("request", lambda request: opened.asked.append(request.url))
    opened.on("console", lambda message: opened.said.append(message.text))
    opened.goto((finished[1] / "report.html").as_uri())
    yield opened
    opened.close()


def test_a_channel_named_as_a_script_stays_text(page: Any, hostile: str) -> None:
    assert page.title() == "Quarter & <b>more</b>"
    assert page.locator("script").count() == 0
    assert page.locator("h1 b").count() == 0
    assert hostile in page.locator("h3").all_inner_texts()
    assert hostile in page.locator("body").inner_text()


def test_it_asks_for_nothing_else_and_breaks_no_policy(page: Any) -> None:
    assert [url for url in page.asked if not url.startswith("file:")] == []
    assert len(page.asked) == 1
    assert page.said == []
    policy = page.locator("meta[http-equiv='Content-Security-Policy']").get_attribute("content")
    assert "default-src 'none'" in policy


def test_the_policy_would_stop_a_script(browser: Any, finished: tuple[Run, Path], tmp_path: Path) -> None:
    text = (finished[1] / "report.html").read_text(encoding="utf-8")
    (tmp_path / "injected.html").write_text(text.replace("</body>", "<script>document.title='taken'</script></body>"))
    opened = browser.new_page()
    opened.goto((tmp_path / "injected.html").as_uri())
    assert opened.title() != "taken"


def test_the_decision_comes_first_and_says_how_sure(page: Any) -> None:
    page.set_viewport_size({"width": 1366, "height": 768})
    decision = page.locator("#decision")
    assert decision.bounding_box()["y"] < 250
    text = decision.inner_text()
    assert "blended CAC falls from" in text
    assert "with probability" in text
    assert "no allocation within the limits brings blended CAC below" in page.locator("main").inner_text()


def test_one_screen_holds_the_changes_and_what_could_make_them_wrong(page: Any) -> None:
    page.set_viewport_size({"width": 1366, "height": 768})
    for part in (page.locator("#decision figure svg"), page.locator(".doubts")):
        box = part.bounding_box()
        assert box["y"] + box["height"] < 768
    assert 1 <= page.locator(".doubts li").count() <= 3


@pytest.mark.parametrize(("scheme", "width"), [("light", 390), pytest.param("dark", 1366, marks=pytest.mark.long)])
def test_screen_readers_keyboards_and_weak_eyes_are_served(
    browser: Any, finished: tuple[Run, Path], scheme: str, width: int
) -> None:
    rules = (files("axe_playwright_python") / "axe.min.js").read_text(encoding="utf-8")
    opened = browser.new_page(viewport={"width": width, "height": 768}, color_scheme=scheme, bypass_csp=True)
    opened.goto((finished[1] / "report.html").as_uri())
    opened.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
    opened.evaluate(rules)
    violations = opened.evaluate("axe.run()")["violations"]
    assert [(one["id"], one["nodes"][0]["html"]) for one in violations] == []
    opened.close()


def test_in_the_dark_the_page_is_dark(browser: Any, finished: tuple[Run, Path]) -> None:
    colours = {}
    for scheme in ("light", "dark"):
        opened = browser.new_page(color_scheme=scheme)
        opened.goto((finished[1] / "report.html").as_uri())
        colours[scheme] = opened.evaluate("getComputedStyle(document.documentElement).backgroundColor")
        opened.close()
    light, dark = ([int(part) for part in re.findall(r"\d+", colours[name])] for name in ("light", "dark"))
    assert min(light) > 240
    assert max(dark) < 50


@pytest.mark.parametrize("width", [1280, 800, 390])
def test_nothing_overflows_sideways(page: Any, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_all_sections_and_figures_show(page: Any, finished: tuple[Run, Path]) -> None:
    page.set_viewport_size({"width": 1280, "height": 900})
    headings = page.locator("h2").all_inner_texts()
    for wanted in ("The plan", "What if", "Channel by channel", "Attribution", "Fit and diagnostics"):
        assert wanted in headings
    run, _ = finished
    assert run.plan is not None
    assert page.locator("article.channel figure svg").count() == len(run.plan.rows)
    for box in (figure.bounding_box() for figure in page.locator("figure svg").all()):
        assert box["width"] > 200
        assert box["height"] > 80
    for link in page.locator("nav a").all():
        assert page.locator(link.get_attribute("href")).count() == 1


def test_checks_that_passed_are_folded_and_channels_keep_their_names(page: Any, finished: tuple[Run, Path]) -> None:
    run, _ = finished
    passed = [finding for finding in run.findings if finding.passed]
    folded = page.locator("details:has(summary:has-text('Checks passed')) table")
    assert folded.count() == 1
    assert not folded.is_visible()
    assert folded.locator("tbody tr").count() == len(passed)
    summary = page.locator("summary:has-text('Checks passed')")
    assert summary.inner_text() == f"Checks passed: {len(passed)}"
    summary.click()
    assert folded.is_visible()
    titles = folded.locator("tbody tr th:first-child").all_inner_texts()
    assert {"r hat", "intent rider: tv"} <= set(titles)
    named = [finding.name.partition(": ") for finding in passed]
    assert [name for name in titles if "_" in name] == [
        f"{what.replace('_', ' ')}{colon}{channel}" for what, colon, channel in named if "_" in channel
    ]


def test_who_opens_and_closes_adds_up(page: Any, finished: tuple[Run, Path]) -> None:
    run, _ = finished
    assert run.attribution is not None
    table = page.locator("h3:has-text('Who opens, who closes') + div table")
    assert table.locator("tbody tr").count() == len(run.attribution.assists)
    paths = page.locator("h3:has-text('Commonest paths') + div table tbody tr")
    assert paths.count() == min(10, len(run.attribution.top_paths))


def test_tables_with_a_column_for_each_reading_fit_on_a_laptop(page: Any) -> None:
    page.set_viewport_size({"width": 1280, "height": 900})
    widths = "[...document.querySelectorAll('#rivals ~ .dense')].slice(0, 2).map(d => [d.scrollWidth, d.clientWidth])"
    for needed, given in page.evaluate(widths):
        assert needed <= given


def test_heads_of_columns_break_between_words_and_behind_underscores_alone(page: Any) -> None:
    page.set_viewport_size({"width": 1280, "height": 900})
    torn = """[...document.querySelectorAll('.dense thead th')].flatMap(th => [...th.childNodes].flatMap(node => {
        const words = [...(node.textContent || '').matchAll(/[^\\s_]+_?/g)];
        return node.nodeType !== 3 ? [] : words.filter(word => {
            const range = document.createRange();
            range.setStart(node, word.index);
            range.setEnd(node, word.index + word[0].length);
            return new Set([...range.getClientRects()].map(r => Math.round(r.top))).size > 1;
        }).map(word => word[0]);
    }))"""
    assert page.evaluate(torn) == []
    assert "_<wbr>" in page.content()


def test_no_raw_floats_or_not_a_numbers_reach_the_reader(page: Any) -> None:
    text = page.locator("body").inner_text()
    assert not re.search(r"\bnan\b|\binf\b|None\b", text)
    assert not re.search(r"\d\.\d{5,}", text)


def test_it_prints_on_paper(page: Any, tmp_path: Path) -> None:
    page.pdf(path=tmp_path / "report.pdf", format="A4")
    assert (tmp_path / "report.pdf").read_bytes().startswith(b"%PDF")
