"""The planner in a real browser: moved, held, solved, refused, compared, saved; tabs and names leave each other alone."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
import pytest
from planner_runs import question, write_run
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from optimizer.planning.file.config import config_of
from optimizer.planning.file.document import Document
from optimizer.planning.language.languages import LANGUAGES
from optimizer.planning.language.sources import messages_of
from optimizer.planning.language.translator import Translator
from optimizer.planning.outputs.in_language import speech_of
from optimizer.planning.page import controls
from optimizer.planning.stages.kept import Kept
from optimizer.planning.stages.wishes import answer, first_wish

pytestmark = [
    pytest.mark.long,
    pytest.mark.browser,
    pytest.mark.filterwarnings("ignore::DeprecationWarning:asyncio"),  # the driver's event loop, not ours
]

NAMES = [
    "tv", "<img src=x onerror=\"document.title='taken'\">", "**bold** :red[red] :smile: $x^2$", "![](http://127.0.0.2/x)",
    "Ünïcode 渠道 🎯", "a very long name " * 10 + "end", "=1+1", "[link](javascript:alert(1))",
]  # fmt: skip
OWN_WORDS = [
    "never",
    "Budget",
    "spend at most 5 %",
    "tv",
    "<i>now</i>",
    "Tests",
]  # names that are words of the catalogue
TITLE = "<script>document.title='taken'</script> & more"


class Served:
    """A planner in a process of its own."""

    def __init__(self, folder: Path, kept: Kept) -> None:
        write_run(folder, kept)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        command = "from optimizer.planning.cli import main; main()"
        words = ["planner", str(folder / "runs" / kept.run.name), "--port", str(self.port), "--no-browser"]
        home = {**os.environ, "HOME": str(folder), "PYTHONPATH": os.pathsep.join(sys.path)}
        self.log = (folder / "log.txt").open("wb")
        self.process = subprocess.Popen(
            [sys.executable, "-c", command, *words],
            env=home,
            stdout=self.log,
            stderr=self.log,
            stdin=subprocess.DEVNULL,
        )
        self.folder, self.kept, self.address = folder, kept, f"http://127.0.0.1:{self.port}"

    def ready(self) -> Served:
        for _ in range(600):
            try:
                with urllib.request.urlopen(f"{self.address}/_stcore/health", timeout=5):  # noqa: S310
                    return self
            except OSError:
                assert self.process.poll() is None, (self.folder / "log.txt").read_text()
                time.sleep(0.1)
        raise AssertionError("the planner did not start")

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait()
        self.log.close()


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Served]]:
    made = {
        "hostile": question(NAMES, name="'" + TITLE.replace("'", "''") + "'"),
        "many": question([f"channel {place}" for place in range(60)], draws=200),
        **{code: question(OWN_WORDS, language=code) for code in LANGUAGES},
    }
    running = {name: Served(tmp_path_factory.mktemp(name), kept) for name, kept in made.items()}
    yield {name: one.ready() for name, one in running.items()}
    for one in running.values():
        one.stop()


@pytest.fixture(scope="module")
def served(servers: dict[str, Served]) -> Served:
    return servers["hostile"]


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    path = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    assert path, "no Chromium: run make test, which provides one, or set CHROMIUM"
    with sync_playwright() as driver:
        running = driver.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-gpu"])
        yield running.new_context(viewport={"width": 1366, "height": 768})
        running.close()


class Runs:
    """Runs of the planner's program for one page, as their messages tell."""

    def __init__(self, page: Any) -> None:
        self.asked, self.due = 0, True
        page.on("websocket", self.heard)

    def heard(self, socket: Any) -> None:
        socket.on("framesent", self.sent)
        socket.on("framereceived", self.received)

    def sent(self, frame: bytes) -> None:
        if BackMsg.FromString(frame).HasField("rerun_script"):
            self.asked, self.due = self.asked + 1, True

    def received(self, frame: bytes) -> None:
        message = ForwardMsg.FromString(frame)
        ended = message.WhichOneof("type") == "script_finished"
        if ended and message.script_finished != ForwardMsg.FINISHED_EARLY_FOR_RERUN:
            self.due = False


def awaited(page: Any, holds: Callable[[], bool], patience: float = 60_000) -> None:
    for _ in range(round(patience / 50)):
        if holds():
            return
        page.wait_for_timeout(50)
    assert holds()


def settled(page: Any, patience: float = 60_000) -> None:
    """Waits until the page shows what was asked last."""
    awaited(page, lambda: not page.runs.due, patience)
    page.wait_for_function("!document.querySelector('[data-testid=stApp][data-test-script-state=running]')")


@contextmanager
def rerun(page: Any) -> Iterator[None]:
    """What is done inside has the page made again, and the page is again when this ends, however busy the machine."""
    before = page.runs.asked
    yield
    awaited(page, lambda: page.runs.asked > before)
    settled(page)


def opened(
    browser: Any, served: Served, scheme: str = "light", patience: float = 60_000, last: str = "Workbook"
) -> Any:
    page = browser.new_page()
    page.emulate_media(color_scheme=scheme)
    page.set_default_timeout(60_000)
    page.asked, page.runs = [], Runs(page)
    page.on("request", lambda request: page.asked.append(request.url))
    page.goto(served.address)
    page.get_by_role("button", name=last).wait_for(timeout=patience)
    settled(page, patience)
    return page


def resized(page: Any, width: int, height: int) -> None:
    page.set_viewport_size({"width": width, "height": height})
    page.wait_for_function(
        "width => innerWidth == width && !document.getAnimations().some(one => one.playState == 'running')", arg=width
    )


@pytest.fixture
def page(browser: Any, served: Served) -> Iterator[Any]:
    made = opened(browser, served)
    yield made
    made.close()


def enter(page: Any, label: str, text: str) -> None:
    field = page.get_by_label(label)
    with rerun(page):
        field.fill(text)
        field.press("Enter")


def press(page: Any, button: str) -> None:
    with rerun(page):
        page.get_by_role("button", name=button).click()


def hold(page: Any, served: Served, say: Callable[[str], str] = str) -> None:
    """Hold the channel tv; what that costs is told when it is known."""
    with rerun(page):
        page.locator(f".st-key-channel_{place_of(served)}").get_by_text(say("Hold"), exact=True).click()
    page.get_by_text(say("What it costs to hold a channel")).wait_for()


def verdict(page: Any) -> str:
    return str(page.locator(".verdict").inner_text())


def spend(page: Any, place: int) -> float:
    text = page.locator(f".st-key-channel_{place} small .yours").inner_text()
    return float(re.sub(r"[^\d.]", "", text))


def place_of(served: Served, channel: str = "tv") -> int:
    """Where a channel stands: by planned spend."""
    return served.kept.shown.index(channel)


def label(served: Served, channel: str = "tv", told: str = "tv") -> str:
    """Of a channel's number, in whose name signs are left out."""
    return f"Spend of {told}, channel {place_of(served, channel) + 1}"


def test_channels_stand_by_planned_spend_as_everywhere(page: Any, served: Served) -> None:
    planned = served.kept.planned.sort_values(ascending=False)
    shown = [one.strip() for one in page.locator(".channel b").all_inner_texts()]
    assert shown[0] == str(planned.index[0]).strip()
    assert len(shown) == len(planned)
    places = [str(name).split() for name in planned.index]
    assert [one.split() for one in shown] == places


def test_moved_and_held_and_solved_it_agrees_with_the_engine(page: Any, served: Served) -> None:
    kept = served.kept
    assert "Against today" in verdict(page)
    press(page, "Take the best plan")
    best = answer(kept, first_wish(kept)).allocation
    assert best is not None
    assert [spend(page, place) for place in range(len(NAMES))] == pytest.approx(
        list(best.spend[list(kept.shown)]), abs=0.51
    )
    assert "keeps every promise" in verdict(page)
    assert "as near to the best as proved" in verdict(page)
    enter(page, label(served), "90000")
    assert spend(page, place_of(served)) == 90_000
    assert re.search(r"from the best|breaks", verdict(page))
    hold(page, served)
    press(page, "Take the best plan")
    assert spend(page, place_of(served)) == 90_000
    other = (place_of(served) + 1) % len(NAMES)
    slider = page.get_by_role("slider").nth(other)
    before = spend(page, other)
    slider.focus()
    with rerun(page):
        page.keyboard.press("ArrowRight")
    assert spend(page, other) > before


def test_a_promise_out_of_reach_is_named_with_the_best_that_can_be_had(page: Any) -> None:
    enter(page, "Promise: customers at least", "900000")
    page.get_by_text("No plan keeps this question").wait_for()
    assert "customers at least 900,000" in verdict(page)
    assert "attainable without it" in verdict(page)
    assert page.get_by_role("button", name="Take the best plan").is_disabled()
    enter(page, "Promise: customers at least", "")
    assert "blended CAC is lowest at zero spend" in verdict(page)
    enter(page, "Promise: customers at least", "5000")
    assert "No plan keeps this question" not in verdict(page)


def test_scenarios_stand_side_by_side_and_no_more_than_four(page: Any) -> None:
    for place in range(4):
        enter(page, "Name of the scenario", f"<b>{place}</b>")
        press(page, "Keep as scenario")
        page.get_by_role("columnheader", name=f"<b>{place}</b>").wait_for()
    assert page.get_by_role("button", name="Keep as scenario").is_disabled()
    assert page.locator("table thead th").all_inner_texts() == [f"<b>{place}</b>" for place in range(4)]
    press(page, "Clear scenarios")
    page.locator("table thead").wait_for(state="detached")


def test_what_is_saved_is_what_was_asked(page: Any, served: Served, tmp_path: Path) -> None:
    enter(page, "Budget at most, EUR", "700000")
    enter(page, "Promise: customers at least", "5000")
    enter(page, label(served), "90000")
    hold(page, served)
    files = {}
    for button in ("Plan file", "Your spend", "Workbook"):
        with page.expect_download(timeout=60_000) as coming:
            page.get_by_role("button", name=button).click()
        files[button] = tmp_path / coming.value.suggested_filename
        coming.value.save_as(files[button])
    config = config_of(Document.read(files["Plan file"]))
    assert config.plan is not None
    assert config.plan.budget is not None
    assert config.plan.budget.at_most is not None
    assert config.plan.budget.at_most.value == 700_000
    assert config.plan.customers is not None
    assert config.plan.customers.at_least.value == 5000
    assert config.plan.channels["tv"].fixed is not None
    assert config.plan.channels["tv"].fixed.value == 90_000
    table = pd.read_csv(files["Your spend"], keep_default_na=False)
    assert list(table["channel"]) == list(served.kept.shown)
    assert table["spend"][place_of(served)] == 90_000
    assert openpyxl.load_workbook(files["Workbook"])["Your plan"][f"C{place_of(served) + 2}"].value == 90_000


def test_tabs_leave_each_other_alone(browser: Any, page: Any, served: Served) -> None:
    other = opened(browser, served)
    before = [spend(other, place) for place in range(len(NAMES))]
    enter(page, label(served), "12345")
    enter(page, "Promise: customers at least", "900000")
    enter(other, label(served, "=1+1", "1 1"), "54321")
    assert spend(page, place_of(served)) == 12_345
    assert spend(other, place_of(served)) == before[place_of(served)]
    assert spend(other, place_of(served, "=1+1")) == 54_321
    assert "No plan keeps this question" in verdict(page)
    assert "No plan keeps this question" not in verdict(other)
    other.close()


def test_names_are_shown_as_they_are_and_nothing_leaves_the_machine(page: Any, served: Served) -> None:
    shown = page.locator(".channel b").evaluate_all("all => all.map(one => one.textContent)")
    assert shown == list(served.kept.shown)
    assert page.locator("h1").inner_text() == TITLE
    assert "taken" not in page.title()
    assert page.locator(".stHtml img, .stHtml script, .stMain a").count() == 0
    assert [url for url in page.asked if not url.startswith((served.address, "data:", "blob:"))] == []
    assert not (served.folder / ".streamlit").exists()


def brightness(page: Any) -> int:
    colour = page.evaluate("getComputedStyle(document.querySelector('.stApp')).backgroundColor")
    return sum(int(part) for part in re.findall(r"\d+", colour)[:3])


def test_sixty_channels_fit_a_laptop_and_a_phone_and_the_dark_is_dark(
    browser: Any, page: Any, servers: dict[str, Served]
) -> None:
    assert brightness(page) > 3 * 240
    page = opened(browser, servers["many"], "dark", patience=120_000)
    assert brightness(page) < 3 * 50
    assert page.locator(".channel").count() == 60
    for width in (1366, 390):
        resized(page, width, 844)
        assert page.evaluate("document.querySelector('.stMain').scrollWidth") <= width
    page.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_screen_readers_and_weak_eyes_are_served(browser: Any, served: Served, scheme: str) -> None:
    rules = (files("axe_playwright_python") / "axe.min.js").read_text(encoding="utf-8")
    page = opened(browser, served, scheme)
    for width in (390, 1366):
        resized(page, width, 768)
        page.evaluate(rules)
        found = page.evaluate("axe.run()")["violations"]
        serious = [one for one in found if one["impact"] in ("serious", "critical")]
        assert [(one["id"], one["nodes"][0]["html"]) for one in serious] == []
    page.close()


def test_it_listens_on_the_loopback_address_alone(served: Served) -> None:
    addresses = {info[4][0] for info in socket.getaddrinfo(socket.gethostname(), None, socket.AF_INET)}
    for address in addresses - {"127.0.0.1"}:
        with socket.socket() as tried:
            tried.settimeout(2)
            assert tried.connect_ex((str(address), served.port)) != 0


@pytest.mark.parametrize("code", list(LANGUAGES))
def test_it_speaks_the_language_of_the_plan_file(
    browser: Any, servers: dict[str, Served], code: str, tmp_path: Path
) -> None:
    served = servers[code]
    say = speech_of(served.kept.config, names=served.kept.shown)
    assert say is not None
    page = opened(browser, served, last=say("Workbook"))
    assert page.locator(".channel b").all_inner_texts() == list(served.kept.shown)
    press(page, say("Take the best plan"))
    assert say("Your plan keeps every promise and limit.") in verdict(page)
    enter(page, say(f"Spend of tv, channel {place_of(served) + 1}"), "90000")
    hold(page, served, say)
    enter(page, say("Name of the scenario"), "stop")  # a word of the catalogue stays the name that was given
    press(page, say("Keep as scenario"))
    page.get_by_role("columnheader", name="stop").wait_for()
    enter(page, say("Promise: customers at least"), "900000")
    page.get_by_text(say("No plan keeps this question.")).wait_for()
    assert (re.search(r"900\.000", verdict(page)) is not None) == (code == "de")
    assert english(page, say) == set()
    enter(page, say("Promise: customers at least"), "")
    with page.expect_download(timeout=60_000) as coming:
        page.get_by_role("button", name=say("Workbook")).click()
    coming.value.save_as(tmp_path / "book.xlsx")
    assert openpyxl.load_workbook(tmp_path / "book.xlsx").sheetnames[0] == say("Your plan")
    page.close()


def english(page: Any, say: Translator) -> set[str]:
    """Labels and texts of the page that are English messages of the planner's sources."""
    told = "[...document.querySelectorAll('.stMain *:not(style)')]"
    texts = page.evaluate(
        told + ".flatMap(one => [one.getAttribute('aria-label') || '', one.children.length ? '' : one.textContent])"
    )
    sources = Path(controls.__file__).parent.glob("*.py")
    messages = {text for source in sources for text in messages_of(source.read_text(encoding="utf-8"))}
    return {text for text in messages if say(text) != text} & {text.strip() for text in texts}
