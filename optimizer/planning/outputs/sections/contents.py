"""The sections of the report, in their order on the page."""

from __future__ import annotations

from dataclasses import replace

from optimizer.planning.outputs.sections.attribution import ATTRIBUTION
from optimizer.planning.outputs.sections.belief import BELIEF
from optimizer.planning.outputs.sections.brought import BROUGHT
from optimizer.planning.outputs.sections.cautions import CAUTIONS
from optimizer.planning.outputs.sections.changes import CHANGES
from optimizer.planning.outputs.sections.channels import CHANNELS
from optimizer.planning.outputs.sections.customer_worth import CUSTOMER_WORTH
from optimizer.planning.outputs.sections.decision import DECISION
from optimizer.planning.outputs.sections.diagnostics import DIAGNOSTICS
from optimizer.planning.outputs.sections.forecast import FORECAST
from optimizer.planning.outputs.sections.funnel import FUNNEL
from optimizer.planning.outputs.sections.given import GIVEN
from optimizer.planning.outputs.sections.markets import MARKETS
from optimizer.planning.outputs.sections.moves import MOVES
from optimizer.planning.outputs.sections.new_channels import NEW_CHANNELS
from optimizer.planning.outputs.sections.opinions import OPINIONS
from optimizer.planning.outputs.sections.provenance import PROVENANCE
from optimizer.planning.outputs.sections.reading import READING
from optimizer.planning.outputs.sections.referral import REFERRAL
from optimizer.planning.outputs.sections.rivals import RIVALS
from optimizer.planning.outputs.sections.scenarios import SCENARIOS
from optimizer.planning.outputs.sections.schedule import SCHEDULE
from optimizer.planning.outputs.sections.section import Section, Table
from optimizer.planning.outputs.sections.stages import STAGES
from optimizer.planning.outputs.sections.stress import STRESS
from optimizer.planning.outputs.sections.tests import TESTS
from optimizer.planning.outputs.sections.today_to_plan import TODAY_TO_PLAN
from optimizer.planning.outputs.sections.trust import TRUST
from optimizer.planning.outputs.sections.worth import WORTH
from optimizer.planning.stages.order import order_of
from optimizer.planning.stages.result import Run

__all__ = ["SECTIONS", "tables_of"]

SECTIONS: tuple[Section, ...] = (
    DECISION,
    CAUTIONS,
    CHANGES,
    MOVES,
    TODAY_TO_PLAN,
    MARKETS,
    WORTH,
    NEW_CHANNELS,
    REFERRAL,
    TRUST,
    SCHEDULE,
    FORECAST,
    GIVEN,
    SCENARIOS,
    STRESS,
    BROUGHT,
    CHANNELS,
    CUSTOMER_WORTH,
    FUNNEL,
    STAGES,
    BELIEF,
    RIVALS,
    TESTS,
    OPINIONS,
    ATTRIBUTION,
    DIAGNOSTICS,
    PROVENANCE,
    READING,
)


def tables_of(run: Run) -> list[Table]:
    """The tables of all sections, channels in the run's order."""
    order = order_of(run)
    return [replace(table, frame=order.frame(table.frame)) for section in SECTIONS for table in section.tables(run)]
