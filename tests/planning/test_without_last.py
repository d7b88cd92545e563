"""``model.without_last`` in a plan file: refused before a fit, shown in the report, and no reason to fit anew."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

import mmm
from attribution.errors import BadInput
from optimizer.planning.check import check_plan
from optimizer.planning.outputs.sections.diagnostics import DIAGNOSTICS
from optimizer.planning.stages.fit import _fingerprint
from optimizer.planning.stages.result import Run


@pytest.mark.parametrize(("weeks", "told"), [("[13, 200]", "leaves 0 of "), ("[100]", "is the most"), ("[0]", "1")])
def test_a_table_that_is_too_short_is_refused_at_its_line(starter: Path, weeks: str, told: str) -> None:
    text = starter.read_text(encoding="utf-8")
    starter.write_text(text.replace("model:\n", f"model:\n  without_last: {weeks}\n", 1), encoding="utf-8")
    line = starter.read_text(encoding="utf-8").splitlines().index(f"  without_last: {weeks}") + 1
    with pytest.raises(BadInput, match="without_last") as raised:
        check_plan(starter)
    assert told in str(raised.value)
    assert f"{starter.name}:{line}" in str(raised.value)


def test_the_report_shows_every_channel_under_each_fit(finished: tuple[Run, Path]) -> None:
    run = finished[0]
    assert run.posterior is not None
    run = replace(run, last_weeks=mmm.LastWeeks(run.posterior, {13: run.posterior, 26: run.posterior}))
    view = DIAGNOSTICS.view(run)
    assert view is not None
    assert {name for name, _ in view["without"]["rows"]} == set(run.posterior.channels)
    assert all(len(cells) == 3 for _, cells in view["without"]["rows"])
    (table,) = DIAGNOSTICS.tables(run)
    assert table.file == "last_weeks.csv"
    assert len(table.frame) == 3 * len(run.posterior.channels)


def test_asking_for_it_keeps_the_fit(finished: tuple[Run, Path]) -> None:
    run = finished[0]
    asked = run.config.model_copy(update={"model": run.config.model.model_copy(update={"without_last": [13]})})
    assert _fingerprint(asked, run.inputs, "posterior") == _fingerprint(run.config, run.inputs, "posterior")
