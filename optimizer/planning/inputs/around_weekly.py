"""What belongs to the weekly table: markets, coming controls, tests, present spend, a schedule, given plans, claims."""

from __future__ import annotations

from dataclasses import dataclass, field

import pandas as pd

from mmm import LiftTest
from optimizer.planning.file.config import Config
from optimizer.planning.file.document import Document
from optimizer.planning.file.keys.plan import PlanSection
from optimizer.planning.file.markets import Markets, misfits_of_markets
from optimizer.planning.file.misfits import misfits_of_today
from optimizer.planning.inputs.given_tables import Given
from optimizer.planning.inputs.markets import markets_of, silent_cells
from optimizer.planning.inputs.platform_reports import Claims
from optimizer.planning.inputs.present_spend import read_present_spend
from optimizer.planning.inputs.reading import Problems, Reading
from optimizer.planning.inputs.small_tables import noted_claims, noted_given, noted_lift_tests, noted_timetable
from optimizer.planning.inputs.timetable import Timetable
from optimizer.planning.inputs.upcoming import read_upcoming
from optimizer.planning.inputs.weekly_panel import WeeklyPanel

__all__ = ["Around", "read_around"]


@dataclass
class Around:
    """What is read of such tables, as :class:`optimizer.planning.inputs.inputs.Inputs` has it."""

    markets: Markets | None = None
    upcoming: pd.DataFrame | dict[str, pd.DataFrame] | None = None
    lift_tests: tuple[LiftTest, ...] = ()
    now: pd.Series | None = None
    timetable: Timetable | None = None
    given: dict[str, Given] = field(default_factory=dict)
    claims: Claims | None = None


def read_around(reading: Reading, table: WeeklyPanel, problems: Problems) -> Around:
    """Read them; problems of all of them are kept beside those before."""
    config, document, panel = reading.config, reading.document, table.panel
    weekly, plan, data = config.data.weekly, config.plan, config.data
    around = Around(problems.of(lambda: markets_of(panel)))
    markets = around.markets
    problems.seen.extend([] if markets is None else misfits_of_markets(config, markets, document))
    if (panel.control_names or panel.organic_channels) and plan and weekly is not None:
        around.upcoming = problems.of(lambda: read_upcoming(reading, panel, weekly, table.words, plan.weeks))
    if data.lift_tests is not None:
        asked = data.lift_tests
        around.lift_tests = problems.of(lambda: noted_lift_tests(reading, panel, asked)) or ()
    if plan and markets is not None:
        reading.assumptions.extend([silent_cells(markets)] if silent_cells(markets) else [])
        around.now = now = problems.of(lambda: read_present_spend(reading, panel, markets, plan, around.lift_tests))
        around.timetable = problems.of(lambda: noted_timetable(reading, panel))
        problems.seen.extend([] if now is None else _misfits_of_today(config, plan, now, markets, document))
        for name, given in plan.given_tables.items():
            read = problems.of(lambda given=given: noted_given(reading, panel, markets, plan, given))  # type: ignore[misc]
            around.given |= {} if read is None else {name: read}
            reading.assumptions.extend([] if read is None or not read.says else [f"Given plan {name}: {read.says}"])
    if data.platform_reports is not None:
        reports = data.platform_reports
        around.claims = problems.of(lambda: noted_claims(reading, panel, reports))
    return around


def _misfits_of_today(
    config: Config, plan: PlanSection, now: pd.Series, markets: Markets, document: Document
) -> list[str]:
    """Limits of the plan, and of the plan as each scenario has it, that today's spend makes meaningless."""
    total = markets.totals(now)
    idle = [str(cell) for cell in now.index[now == 0]] if markets.several else []
    misfits = misfits_of_today(plan, total, document, idle=idle)
    for number, scenario in enumerate(config.scenarios):
        if scenario.instead is not None:
            own = misfits_of_today(scenario.section(plan), total, document, ("scenarios", number, "instead"), idle)
            misfits += [] if misfits else own
    return misfits
