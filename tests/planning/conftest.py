"""The starter plan, and one finished run on it, shared by the tests that only look at it."""

from __future__ import annotations

import html
import io
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from matplotlib.figure import Figure
from matplotlib.text import Text

from attribution import Journeys
from optimizer.planning.inputs import paths_of_file
from optimizer.planning.ledger.runs import FITS, run_folder
from optimizer.planning.outputs import figures
from optimizer.planning.run import Goal, run_plan
from optimizer.planning.stages.progress import Progress
from optimizer.planning.stages.result import Run
from optimizer.planning.starter import write_starter

QuietRun = Callable[..., tuple[Run, tuple[Path, ...]]]
HOSTILE = "<script>document.title='taken'</script>"


@pytest.fixture(scope="session")
def untouched(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The starter folder as it is written, which no test may change."""
    return write_starter(tmp_path_factory.mktemp("untouched") / "starter")[0].parent


@pytest.fixture
def starter(untouched: Path, tmp_path: Path) -> Path:
    """A fresh starter folder; the plan file inside it."""
    return Path(shutil.copytree(untouched, tmp_path / "starter")) / "plan.yaml"


@pytest.fixture(scope="session", autouse=True)
def _log_read_once(untouched: Path) -> Iterator[None]:
    """The starter's own log, wherever it lies, is read once for each way to read it: most tests look at other tables."""
    own = [untouched / name for name in ("touchpoints.csv", "conversions.csv")]
    content, made = [path.read_bytes() for path in own], dict[str, Journeys]()

    def content_of(table: Any) -> bytes | None:
        return Path(table).read_bytes() if isinstance(table, str) and Path(table).is_file() else None

    def read(log: Any, conversions: Any, **how: Any) -> Journeys:
        if [content_of(log), content_of(conversions)] != content:
            return Journeys.from_touchpoints(log, conversions, **how)
        key = repr(sorted(how.items()))
        if key not in made:
            made[key] = Journeys.from_touchpoints(*map(str, own), **how)
        return made[key]

    with pytest.MonkeyPatch.context() as patch:
        reading = SimpleNamespace(from_touchpoints=read, from_paths=Journeys.from_paths)
        patch.setattr(paths_of_file, "Journeys", reading)
        yield


@pytest.fixture(scope="session")
def sampled_quietly() -> QuietRun:
    """Runs a plan file without a word on the terminal, knowing no fit but those of its own output folder."""

    def run(plan: Path, out: Path, goal: Goal = "report") -> tuple[Run, tuple[Path, ...]]:
        return run_plan(plan, out=out, goal=goal, progress=Progress(io.StringIO()))

    return run


@pytest.fixture(scope="session")
def run_quietly(sampled_quietly: QuietRun, tmp_path_factory: pytest.TempPathFactory) -> QuietRun:
    """Runs a plan file without a word on the terminal; fits on the same inputs are made once for all tests."""
    known = tmp_path_factory.getbasetemp().parent / "fits"

    def run(plan: Path, out: Path, goal: Goal = "report", pictures: bool = False) -> tuple[Run, tuple[Path, ...]]:
        _copied(known, out / FITS)
        try:
            with nullcontext() if pictures else _unrendered():
                return sampled_quietly(plan, out, goal)
        finally:
            _copied(out / FITS, known)

    return run


@pytest.fixture(scope="module")
def unrendered() -> Iterator[None]:
    """Figures of a run are composed and only their words kept: to render them takes as long as all stages from the plan on."""
    with _unrendered():
        yield


@contextmanager
def _unrendered() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(figures, "plots", SimpleNamespace(svg=_words))
        yield


def _words(figure: Figure, label: str) -> str:
    words = " ".join(html.escape(text.get_text()) for text in figure.findobj(Text))
    return f"<svg><title>{html.escape(label)}</title><desc>{words}</desc></svg>"


def _copied(here: Path, there: Path) -> None:
    """Fits that stand here and not there, each whole as soon as it has its name: other workers look too."""
    for fit in here.glob("*.nc"):
        if not (there / fit.name).exists():
            there.mkdir(parents=True, exist_ok=True)
            draft = there / f"{fit.name}.{os.getpid()}"
            shutil.copy(fit, draft)
            draft.replace(there / fit.name)


@pytest.fixture(scope="session")
def hostile() -> str:
    """The hostile channel's name."""
    return HOSTILE


@pytest.fixture(scope="session")
def hostile_plan(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The starter plan with a channel whose name is a script, throughout."""
    plan = write_starter(tmp_path_factory.mktemp("hostile") / "starter")[0]
    text = plan.read_text(encoding="utf-8")
    text = text.replace("      paid_social: paid_social", f'      "{HOSTILE}": paid_social')
    text = text.replace("[generic_search, paid_social]", f'[generic_search, "{HOSTILE}"]')
    text = text.replace("cost: {paid_social: +15%}", f'cost: {{"{HOSTILE}": +15%}}')
    text = text.replace("  # tests: {weeks: 4} ", "  tests: {weeks: 4} ")
    text = text.replace(
        "  # schedule: {pacing: 25%} ", "  schedule: {pacing: 60%, months: {2026-11: {at_most: 900_000}}} "
    )
    text += "\nstress: {competitor: competitor_activity, channels: 2}\n"
    plan.write_text(text.replace("name: Next quarter", "name: Quarter & <b>more</b>"), encoding="utf-8")
    staying = "".join(
        f'2026-0{m}-01,"{name}",{age},{1000 - 100 * age},{9000 - 900 * age}\n'
        for name in (HOSTILE, "tv")
        for m in range(1, 5)
        for age in range(5 - m)
    )
    (plan.parent / "cohorts.csv").write_text(f"month,channel,age,active,margin\n{staying}", encoding="utf-8")
    text = plan.read_text(encoding="utf-8")
    plan.write_text(text.replace("  upcoming: up", "  cohorts: {path: cohorts.csv}\n  upcoming: up"), encoding="utf-8")
    touches = plan.parent / "touchpoints.csv"
    touches.write_text(touches.read_text(encoding="utf-8").replace("paid_social", HOSTILE), encoding="utf-8")
    return plan


@pytest.fixture(scope="session")
def finished(hostile_plan: Path, tmp_path_factory: pytest.TempPathFactory, run_quietly: QuietRun) -> tuple[Run, Path]:
    """A finished run and the folder of its files."""
    out = tmp_path_factory.mktemp("finished")
    return run_quietly(hostile_plan, out, pictures=True)[0], run_folder(out)
