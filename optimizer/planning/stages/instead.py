"""A scenario's other question on the curves of the run's plan, with the holds and tried ground that it asks for."""

from __future__ import annotations

from collections.abc import Mapping

from mmm.model.model import ORGANIC
from optimizer.plan import Plan
from optimizer.planning.file.assemble import build_plan
from optimizer.planning.file.keys.plan import PlanSection
from optimizer.planning.stages.result import PlanResult
from optimizer.planning.stages.riders import held_channels
from optimizer.planning.stages.tried import tried_channels
from optimizer.question.objectives import Profit

__all__ = ["asked_instead"]


def asked_instead(section: PlanSection, base: PlanResult) -> Plan:
    """The plan that a section with other keys asks for.

    Parameters
    ----------
    section
        The plan file's, with a scenario's keys in place of its own.
    base
        The run's plan: its curves, present spend, riders, tried ground, and what is spent or committed already.
    """
    now = base.now.spend
    own, worth = base.plan.objective, None
    if isinstance(own, Profit) and isinstance(own.value_per_customer, Mapping):
        worth = {**own.value_per_customer, ORGANIC: own.organic_value}
    plan = build_plan(section, now, base.organic.predicted, base.now.expected_customers, worth)
    held = held_channels(base.riders.untested, section, now)
    tried = tried_channels(section, now, base.ground)
    limits = (*base.booked, *(one.constraint for one in (*held, *tried)))
    return plan.replaced(subject_to=[*plan.subject_to, *limits])
