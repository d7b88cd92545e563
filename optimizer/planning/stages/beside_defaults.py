"""What sets a run's plan apart from those whose promises were held against the truth."""

from __future__ import annotations

from collections.abc import Iterator

from optimizer.planning.stages.result import Run

__all__ = ["beside_defaults"]


def beside_defaults(run: Run) -> tuple[str, ...]:
    """What sets a run's plan apart from those that were measured, in words; empty where nothing does."""
    return tuple(_beside(run))


def _beside(run: Run) -> Iterator[str]:
    section = run.config.plan
    if section is None or run.plan is None:
        return
    if section.explore:
        yield "explores (plan.explore)"
    if section.raise_riders and run.plan.riders.untested:
        yield "raises riders (plan.raise_riders)"
    if section.risk is not None:
        yield "is made for the worst cases (plan.risk)"
    if section.robust:
        yield "is made against hidden demand (plan.robust)"
    if run.plan.plan.fees:
        yield "pays fees in steps"
    if section.referral is not None:
        yield "has a referral programme (plan.referral)"
    if section.new_channels:
        yield "has channels without history (plan.new_channels)"
    if run.inputs.markets is not None and run.inputs.markets.several:
        yield "divides money between markets"
    if run.rivals is None:
        yield "rests on one reading of the weeks"
