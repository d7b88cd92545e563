"""Designs and readouts of tests, as the terminal prints them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from attribution.findings import Finding
from attribution.numbers import amount, cost, count, counted, percent
from mmm import OnOffReadout, RateReadout
from mmm.experiments.conversion_rates import RatePlan
from mmm.experiments.rate_readout import RateWorth
from optimizer.planning.outputs.against_today import signed
from optimizer.planning.stages.national_tests import NationalTests

__all__ = ["designs_in_words", "rates_in_words", "readout_in_words", "visitors_in_words"]


def designs_in_words(designed: NationalTests, written: tuple[Path, ...], plan: Path) -> Iterator[str]:
    """Each design with its cost and worth, most valuable first."""
    for prospect, (_, row) in zip(designed.prospects, designed.table.iterrows(), strict=True):
        design = prospect.design
        blocks = len(design.schedule)
        yield (
            f"{design.channel}: {counted(design.weeks, 'week')} from {design.start}, {blocks} blocks of "
            f"{counted(round(design.block * design.days / 7), 'week')}, spend {percent(design.change, signed=True)} in "
            f"{sum(design.schedule)} of them ({amount(prospect.spend_change)}); costs "
            f"{count(float(row['customers_cost']))} customers, is worth {count(float(row['value']))} to the coming "
            f"plan, standard error {count(prospect.standard_error)}."
        )
        yield f"  {_marked(prospect.finding)}"
    if not designed.beyond.passed:
        yield _marked(designed.beyond)
    if designed.unweighed:
        named = ", ".join(designed.unweighed)
        yield f"Not designed: {named}, of which less is open; name one with --channel to have its test as well."
    yield f"Written to {written[0].parent}: {', '.join(path.name for path in written)}"
    yield f"When the weekly table holds the test's weeks: cac test readout <design>.json {plan}"


def readout_in_words(readout: OnOffReadout, written: tuple[Path, ...]) -> Iterator[str]:
    """What a test showed, and what speaks against it."""
    yield readout.sentence
    yield (
        f"  standard error {count(readout.standard_error)} by the draw of the schedule, {count(readout.hac_error)} by "
        "Newey and West, which is usually too small"
    )
    yield from (f"  {_marked(finding)}" for finding in readout.findings)
    yield f"Written to {written[0].parent}: {', '.join(path.name for path in written)}"
    if readout.was_run:
        yield f"Add the row of {written[0].name} to the table of data.lift_tests."
    else:
        yield "No row for data.lift_tests is written, for the test was not run as it was drawn."


def rates_in_words(readout: RateReadout, worth: Mapping[str, RateWorth]) -> Iterator[str]:
    """Every arm against the first, what it is worth, and whether visitors came as they should."""
    for one, sentence in zip(readout.comparisons, readout.sentences, strict=True):
        yield sentence
        if one.revenue == one.revenue:
            money = signed(cost)
            yield f"  revenue per visitor {money(one.revenue)} ({money(one.revenue_low)} to {money(one.revenue_high)})"
        if one.arm in worth:
            own = worth[one.arm]
            yield (
                f"  at today's spend {own.gained.written(signed(count))} customers, blended CAC "
                f"{cost(own.cac_before.point)} to {cost(own.cac_after.point)}, "
                f"{own.cac_change.written(signed(cost))}"
            )
    yield from (_marked(finding) for finding in readout.findings)


def visitors_in_words(plan: RatePlan) -> str:
    """How many visitors a test needs."""
    return (
        f"{amount(plan.per_arm)} visitors in each of {plan.arms} arms show {percent(plan.rate, decimals=2)} "
        f"{percent(plan.lift, signed=True)} where the test is read once, when all have come; "
        f"{amount(plan.per_arm_at_any_time)} at most where it may be read and ended at any time (then read it with "
        f"--planned {plan.per_arm_at_any_time * plan.arms})."
    )


def _marked(finding: Finding) -> str:
    return f"{'ok ' if finding.passed else '!! '} {finding.text}"
