"""What a plan is worth against today, in words that the report and the terminal share."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from attribution.numbers import MISSING, amount, cost, count, decimal, likelihood, percent, significant
from optimizer.answer.worth import Difference, NaivePlan, Worth
from optimizer.planning.stages.beside_defaults import beside_defaults
from optimizer.planning.stages.experience import COMPANIES, Corrected, experience_of
from optimizer.planning.stages.result import PlanResult, Run
from optimizer.question.limits import labels
from optimizer.uncertainty.naive_plans import MIX

__all__ = [
    "chance",
    "change_in_words",
    "corrected_in_words",
    "experience",
    "form_of",
    "lines",
    "name_of",
    "promises",
    "signed",
    "verdict",
]

_EVEN = 0.5
_FORMS = {"customers": count, "spend": amount, "blended CAC": cost, "profit": amount, "net present value": amount}


def form_of(figure: str) -> Callable[[float], str]:
    """How a figure of a worth is written."""
    return _FORMS.get(figure, significant)


def name_of(figure: str, outcome: str) -> str:
    """What a figure is called where one unit of the KPI is an ``outcome``."""
    return outcome if figure == "customers" else figure


def signed(form: Callable[[float], str]) -> Callable[[float], str]:
    """A form with a plus before what rises; what rounds to nothing is 0."""

    def written(value: float) -> str:
        text = form(value)
        if not any(digit in text for digit in "123456789∞"):
            return MISSING if text == MISSING else "0"
        return f"+{text}" if value > 0 else text

    return written


def chance(probability: float) -> str:
    """A probability as a cell has it: ``> 99 %``; missing where no draw tells two spends apart."""
    if probability != probability:
        return MISSING
    return likelihood(probability).replace("more than ", "> ").replace("less than ", "< ")


def change_in_words(one: Difference, outcome: str, currency: str) -> str:
    """A difference with its interval: ``blended CAC −7.69 EUR (−9.20 to −6.20)``."""
    form = signed(form_of(one.name))
    unit = "" if one.name == "customers" else f" {currency}"
    text = f"{name_of(one.name, outcome)} {form(one.change.point)}{unit}"
    return text if one.change.low == one.change.high else f"{text} ({one.change.range(form)})"


def lines(worth: Worth, plan: PlanResult, run: Run) -> Iterator[str]:
    """The differences to today, how likely the plan is better, what experience makes of that, and of its promises."""
    outcome, currency = run.config.outcome, run.config.currency
    told = ", ".join(change_in_words(one, outcome, currency) for one in worth.figures)
    yield f"Against today's spend carried on over the same weeks: {told}."
    yield verdict(worth, plan.aim.name, float(plan.planned.spend.sum() / plan.now.spend.sum() - 1))
    corrected = run.worth.corrected if run.worth is not None else None
    yield experience(worth, outcome, currency, beside_defaults(run), corrected)
    if worth.promises:
        yield promises(worth)


def experience(
    worth: Worth, outcome: str, currency: str, beside: Sequence[str] = (), corrected: Corrected | None = None
) -> str:
    """What plans with this aim promised and brought where the truth is known, and what that leaves of this one.

    Parameters
    ----------
    worth
        Of the plan.
    outcome, currency
        Of the plan file.
    beside
        What sets the plan apart from those that were measured.
    corrected
        Its improvement as theirs turned out; None where nothing improves.
    """
    one, known = worth.aim, experience_of(worth.aim.name)
    if known is None:
        return (
            "A plan chooses what looks best, so its figures are too good on average; by how much was not measured for "
            "this aim."
        )
    if beside:
        apart = ", and ".join([", ".join(beside[:-1]), beside[-1]] if len(beside) > 1 else beside)
        return (
            "A plan chooses what looks best, so its figures are too good on average; by how much was measured of plans "
            f"by a run's defaults and not of one that {apart}."
        )
    told = (
        f"A plan chooses what looks best, so its figures are too good on average: on {COMPANIES} simulated "
        f"companies plans with this aim, by a run's defaults, promised {decimal(known.ratio, 2)} times "
        f"({decimal(known.low, 2)} to {decimal(known.high, 2)}) the improvement that came true"
    )
    if known.came_true != known.said:
        told = f"{told}, and beat today in {percent(known.came_true)} where they said {percent(known.said)}"
    if corrected is None:  # a promise that costs has not been chosen for its figure
        return f"{told}."
    return (
        f"{told}. Corrected by that experience expect {corrected_in_words(one, corrected, outcome, currency)}, better "
        f"than today with probability {likelihood(corrected.probability_better)}, where the mix model alone says "
        f"{change_in_words(one, outcome, currency)} and {likelihood(one.probability_better)}."
    )


def corrected_in_words(one: Difference, corrected: Corrected, outcome: str, currency: str) -> str:
    """The corrected difference in the aim, as :func:`change_in_words` writes the plan's own."""
    return change_in_words(replace(one, change=corrected.change), outcome, currency)


def verdict(worth: Worth, aim: str, flat: float) -> str:
    """How likely the plan is better than today, and what the same money gets without a model.

    Parameters
    ----------
    worth
        Of the plan.
    aim
        What the plan's aim is called.
    flat
        The plan's change of all spend, as a share of today's.
    """
    better = worth.open_figure.probability_better
    aim = "customers, for what it spends is known," if worth.aim.name == "spend" else aim
    if worth.today_misses:
        broken = ", ".join(labels([miss.limit for miss in worth.today_misses]))
        text = f"Today's spend is no alternative, for it breaks what is asked: {broken}"
        if better == better:
            price = "the price of keeping that and " if better < _EVEN else ""
            text += (
                f". On {aim} the plan does better than it with probability {likelihood(better)}, which is {price}no "
                "measure of the plan"
            )
    elif better != better:
        text = f"On {aim} the plan does not differ from today's spend in any draw"
    else:
        text = (
            f"By the mix model's own uncertainty it beats today's spend on {aim} with probability {likelihood(better)}"
        )
    return ". ".join([text, *(_beside(one, flat) for one in worth.naive)]) + "."


def _beside(one: NaivePlan, flat: float) -> str:
    """A plan of no model at the same spend: what it gets of today, and whether the plan beats it."""
    what = (
        f"A flat {percent(flat, signed=True)} of every channel" if one.name == MIX else f"The same money by {one.name}"
    )
    own, rival = one.against_today.probability_better, one.rival.probability_better
    does = f" beats today with {likelihood(own)}" if own == own else " does as today"
    return f"{what}{does}{f'; the plan beats that with {likelihood(rival)}' if rival == rival else ''}"


def promises(worth: Worth) -> str:
    """How likely each promise is kept, by the plan and by today's spend."""
    names = labels([one.promise for one in worth.promises])
    told = [
        f"{name} with probability {likelihood(one.plan)} (today's spend: {likelihood(one.today)})"
        for name, one in zip(names, worth.promises, strict=True)
    ]
    return f"It keeps {'; '.join(told)}."
