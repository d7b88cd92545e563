"""What changed since the last run, in words that report and terminal share."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from attribution.numbers import amount, cost, count, decimal, likelihood, percent
from optimizer.answer.misses import Miss
from optimizer.cycle.switching import Switch
from optimizer.planning.outputs.against_today import form_of, name_of
from optimizer.planning.stages.result import Changes, Reversal, Run
from optimizer.question.limits import labels

__all__ = ["advice", "lines", "written"]

_SHOWN = 4
_OTHER_SUM = 0.005  # of the last plan's money


def lines(changes: Changes, run: Run) -> Iterator[str]:
    """What is different, what it did, and whether to switch; a sentence or two each."""
    said = " ".join(changes.said.values())
    if said or not changes.problems:
        yield f"Since {changes.since}: {said or 'nothing that a run writes down has changed.'}"
    yield from (*changes.problems, *changes.notes)
    if changes.moved is not None:
        yield from _moved(changes, run)
    if changes.switch is not None:
        yield f"The plan: {percent(changes.switch.churn, decimals=1)} of the money sits elsewhere than in the last one."
        more = float(changes.switch.new.sum() - changes.switch.last.sum())
        if abs(more) > _OTHER_SUM * changes.switch.last.sum():  # shares alone would hide it
            way = "more" if more > 0 else "less"
            yield f"In all it spends {amount(abs(more))} {run.config.currency} {way} than the last one."
        if changes.reversals:
            yield f"Moves that point the other way now: {'; '.join(_reversal(one) for one in changes.reversals)}."
        yield advice(changes.switch, run)


def advice(switch: Switch, run: Run) -> str:
    """Whether to switch to the new plan, and why; what of the last one is no longer allowed."""
    if not switch.is_new:
        return "The plan is the last one, so there is nothing to switch."
    if switch.is_gone:
        return f"Switch to the new plan: the last one, as it was, no longer keeps {_listed(switch.broken)}."
    unit = f" {run.config.currency}" if switch.wording.in_currency else ""
    form = form_of(_figure(switch))
    told = "Switch to the new plan: " if switch.advised else "Keep the last plan: "
    against = "keeping the last one" if switch.is_whole else "the nearest to the last one that is allowed"
    error = f" (± {form(switch.error)} Monte Carlo error)" if switch.error > 0 else ""
    told += f"the new one improves {_name(switch, run)} by {form(switch.gain)}{unit}{error} over {against}"
    if switch.cost > 0:
        many = "s" if len(switch.touched) > 1 else ""
        told += (
            f", where switching costs {form(switch.cost_in_aim)}{unit}: {amount(switch.cost)} {run.config.currency}, "
            f"with {amount(switch.moved)} moved in {len(switch.touched)} channel{many}"
        )
    counted = ", its cost counted," if switch.cost > 0 else ""
    if switch.probability == switch.probability:
        told += f"; it{counted} is better with probability {likelihood(switch.probability)}"
    most = f"by more than {form(switch.most)}{unit}" if switch.most > 0 else "at all"
    told += f"; no allowed plan improves it {most}."
    if not switch.advised and switch.cost_in_aim < switch.gain <= switch.cost_in_aim + switch.noise:
        told += " That is less than Monte Carlo error, or than how near to the best the plan is proved."
    if switch.broken:
        near = ", by less than a forecast knows" if switch.is_whole else ""
        told += f" The last plan as it was no longer keeps {_listed(switch.broken)}{near}."
    return told


def written(figure: str, value: float) -> str:
    """A figure of a row of changes as a cell has it."""
    if figure == "planned_share":
        return percent(value, decimals=1)
    form = {"customers": count, "planned_spend": amount}.get(figure, cost)
    return form(value)


def _moved(changes: Changes, run: Run) -> Iterator[str]:
    moved = changes.moved
    assert moved is not None  # noqa: S101
    if not changes.divided and changes.said and any(row.change for row in moved.rows):
        yield (
            "All changes together, not divided among their causes, which takes fits of their own: cac refresh makes "
            "them."
        )
    blended = [row for row in moved.rows if row.figure == "blended_cac"]
    for row in blended:
        noise = ", no more than Monte Carlo error" if row.change and row.is_noise else ""
        parts = [
            f"{name} {_signed(cost(part))}" for name, part in row.parts.items() if changes.divided and cost(part) != "0"
        ]
        yield (
            f"Blended CAC at today's spend: {cost(row.old.point)} before, {cost(row.new.point)} {run.config.currency} "
            f"now{noise}{' (' + ', '.join(parts) + ')' if parts and row.change else ''}."
        )
    overlaps = {row.channel: row.overlap for row in moved.of("cac") if np.isfinite(row.overlap)}
    if overlaps:
        least = min(overlaps, key=lambda name: overlaps[name])
        if decimal(overlaps[least], 2) == decimal(1.0, 2):
            yield "90 % intervals of channels' CAC are the same before and now."
            return
        yield (
            f"90 % intervals of channels' CAC, before and now, share {decimal(overlaps[least], 2)} ({least}) to "
            f"{decimal(max(overlaps.values()), 2)} of what they cover."
        )


def _signed(text: str) -> str:
    return text if text.startswith("−") else f"+{text}"


def _reversal(one: Reversal) -> str:
    was, now = ("raised", "lowered") if one.was_raised else ("lowered", "raised")
    noise = ", within Monte Carlo error" if one.is_noise else ""
    return f"{one.channel}, {was} before and {now} now{noise}"


def _figure(switch: Switch) -> str:
    return "customers" if switch.wording.name.startswith("new ") else switch.wording.name


def _name(switch: Switch, run: Run) -> str:
    return name_of(_figure(switch), run.config.outcome)


def _listed(misses: tuple[Miss, ...]) -> str:
    names = labels([miss.limit for miss in misses])
    told = [f"{name} (by {miss.written})" for name, miss in zip(names, misses, strict=True)]
    more = f" and {len(told) - _SHOWN} more" if len(told) > _SHOWN else ""
    return "; ".join(told[:_SHOWN]) + more
