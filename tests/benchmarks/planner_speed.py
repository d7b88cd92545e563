"""The planner of ten channels in a browser: from the command to the first page, from a click to the best plan shown.

    CHROMIUM="$(sh .ci/browser .venv/bin/python)" python tests/benchmarks/planner_speed.py

The page is opened in headless Chromium. ``solved`` is what the solver takes for the plan and its verdict, ``shown`` what
a reader waits for: from the click on "Take the best plan" until the page stands still.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "helpers"))

from planner_runs import question, write_run
from playwright.sync_api import sync_playwright

from optimizer.planning.stages.wishes import answer, first_wish

CHANNELS, REPEATS = 10, 5
FIRST_PAGE, SOLVED = 5.0, 0.3
STILL = "!document.querySelector('[data-testid=stApp][data-test-script-state=running]')"


def main() -> int:
    kept = question([f"channel_{place}" for place in range(CHANNELS)])
    solved = []
    for _ in range(REPEATS):
        begun = time.perf_counter()
        answer(kept, first_wish(kept))
        solved.append(time.perf_counter() - begun)
    with tempfile.TemporaryDirectory() as place:
        first, shown = in_browser(kept, Path(place))
    print(f"first page {first:.1f} s, solved {min(solved):.2f} to {max(solved):.2f} s, shown in {shown:.2f} s")
    verdicts = {
        f"first page under {FIRST_PAGE:.0f} s": first < FIRST_PAGE,
        f"solved under {SOLVED} s": sorted(solved)[REPEATS // 2] < SOLVED,
    }
    for text, holds in verdicts.items():
        print(f"{'holds' if holds else 'FAILS'}: {text}")
    return 0 if all(verdicts.values()) else 1


def in_browser(kept: object, folder: Path) -> tuple[float, float]:
    """Seconds from the command to the first page, and from the click to the page with the best plan."""
    write_run(folder, kept)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = ["-c", "from optimizer.planning.cli import main; main()", "planner", str(folder / "runs" / kept.run.name)]
    path = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    with sync_playwright() as driver:
        page = driver.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-gpu"]).new_page()
        begun = time.perf_counter()
        served = subprocess.Popen(
            [sys.executable, *command, "--port", str(port), "--no-browser"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            while not answers(f"http://127.0.0.1:{port}/_stcore/health"):
                time.sleep(0.02)
            page.goto(f"http://127.0.0.1:{port}")
            page.get_by_role("button", name="Workbook").wait_for(timeout=60_000)
            first = time.perf_counter() - begun
            page.wait_for_function(STILL)
            begun = time.perf_counter()
            page.get_by_role("button", name="Take the best plan").click()
            page.get_by_text("as near to the best as proved").wait_for()
            page.wait_for_function(STILL)
            return first, time.perf_counter() - begun
        finally:
            served.terminate()
            served.wait()


def answers(address: str) -> bool:
    try:
        with urllib.request.urlopen(address, timeout=5):  # noqa: S310
            return True
    except OSError:  # the server is not up yet
        return False


if __name__ == "__main__":
    sys.exit(main())
