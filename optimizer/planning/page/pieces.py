"""What the page shows, as HTML in which every name is text: escaped here, and cleaned once more in the browser."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from html import escape
from pathlib import Path

import numpy as np
import pandas as pd

from attribution.estimates import Estimate
from attribution.numbers import amount, cost, count, gap, likelihood
from optimizer.planning.stages.aim import Aim
from optimizer.planning.stages.kept import Kept
from optimizer.planning.stages.wishes import Answer, Judged, Wish, aim_of_wish, judged

__all__ = ["cards", "channel", "head", "holding", "note", "side_by_side", "verdict"]


def head(kept: Kept) -> str:
    """Style, title and what the page is of."""
    weeks, currency = kept.section.weeks, escape(kept.config.currency)
    style = Path(__file__).with_name("planner.css").read_text(encoding="utf-8")
    told = f"{weeks} {'week' if weeks == 1 else 'weeks'}, money in {currency}, 90 % intervals."
    run = f"Run {escape(kept.run.name)}; nothing here changes it."
    return f"<style>{style}</style><header>{_name('h1', kept.name)}{_part('p', f'{told} {run}')}</header>"


def note(text: str) -> str:
    """A sentence of small importance."""
    return _part("p", escape(text), "note")


def verdict(kept: Kept, wish: Wish, result: Judged, free: Answer, held: Answer) -> str:
    """What the own plan comes to: what it breaks, how far it is from the best, and the odds against today."""
    if free.problem:
        refusal = f"{_part('b', 'No plan keeps this question.')} {escape(free.problem)}"
        return f'<div class="verdict bad" role="status">{refusal}</div>'
    parts, tone = [], "good"
    if result.broken:
        tone = "bad"
        parts.append(_part("b", f"Your plan breaks {escape('; '.join(result.broken))}."))
    if result.certificate is not None:
        near = result.certificate.gap <= kept.section.gap * (1 + 1e-9)
        tone = tone if near or tone == "bad" else "warn"
        if not result.broken:
            parts.append(_part("b", "Your plan keeps every promise and limit."))
        parts.append(escape(_distance_in_words(kept, wish, result, near)))
    aim, odds = aim_of_wish(kept, wish), likelihood(result.better)
    parts.append(escape(f"Against today's spend it does better on {aim.name} with probability {odds}."))
    if held.problem:
        tone = "bad"
        parts.append(f"{_part('b', 'No plan keeps the channels that you hold.')} {escape(held.problem)}")
    return f'<div class="verdict {tone}" role="status">{" ".join(parts)}</div>'


def _distance_in_words(kept: Kept, wish: Wish, result: Judged, near: bool) -> str:
    """How far the own plan is from the best that keeps everything."""
    aim, certificate = aim_of_wish(kept, wish), result.certificate
    assert certificate is not None  # noqa: S101  asked only where there is one
    bound = f"{aim.written(certificate.bound)}{aim.unit(kept.config.currency)}"
    side = "below" if aim.lower_is_better else "above"
    rule = f"no plan that keeps everything brings {aim.name} {side} {bound}"
    if certificate.gap < -kept.section.gap and result.broken:
        return f"It is {gap(certificate.ahead)} better than allowed by what it breaks: {rule}."
    if near:
        return f"It is as near to the best as proved: {rule}."
    return f"It is {gap(max(certificate.gap, 0.0))} from the best: {rule}."


def cards(kept: Kept, wish: Wish, result: Judged, best: pd.Series | None) -> str:
    """Today, the own plan and the best one beside each other."""
    aim = aim_of_wish(kept, wish)
    title = "Best plan around what you hold" if wish.locked else "Best plan"
    shown = [("Today", judged(kept, wish, kept.now)), ("Your plan", result)]
    shown += [] if best is None else [(title, judged(kept, wish, best))]
    body = "".join(_card(kept, aim, name, one, "yours" if one is result else "") for name, one in shown)
    return f'<div class="cards">{body}</div>'


def channel(kept: Kept, name: str, spend: pd.Series, best: pd.Series | None, marginal: Estimate, top: float) -> str:
    """A channel's name, its spend today, own and best as marks on one line, and what its next customer costs."""
    values = {"now": float(kept.now[name]), "yours": float(spend[name])}
    if best is not None:
        values["best"] = float(best[name])
    words = {"now": "today", "yours": "yours", "best": "best"}
    marks = "".join(
        f'<i class="{kind}" style="{"width" if kind == "yours" else "left"}:{min(100 * value / top, 100):.1f}%"></i>'
        for kind, value in values.items()
    )
    told = ", ".join(_part("span", f"{words[kind]} {amount(value)}", kind) for kind, value in values.items())
    next_one = f"next customer {marginal.written(cost)}" if marginal.known else "nothing spent"
    return (
        f'<div class="channel">{_name("b", name)}<div class="line">{marks}</div>'
        f"<small>{told}</small>{_part('small', next_one)}</div>"
    )


def holding(kept: Kept, wish: Wish, costs: Mapping[str, float]) -> str:
    """What each channel that is held costs."""
    aim = aim_of_wish(kept, wish)
    unit = escape(aim.unit(kept.config.currency))
    rows = "".join(
        f"<tr>{_name('th', name, 'row')}<td>{amount(spend)}</td><td>{_cost(aim, costs[name], unit)}</td></tr>"
        for name, spend in wish.locked
    )
    heads = "".join(f'<th scope="col">{text}</th>' for text in ("Held", "at", f"costs, {escape(aim.name)}"))
    caption = _part("caption", "What it costs to hold a channel")
    return f"<table>{caption}<thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>"


def side_by_side(kept: Kept, scenarios: Mapping[str, tuple[Wish, pd.Series]]) -> str:
    """Scenarios as columns: question, figures, verdict and spend by channel."""
    judgements = [(wish, spend, judged(kept, wish, spend)) for wish, spend in scenarios.values()]
    heads = "".join(_name("th", name, "col") for name in scenarios)
    rows = [
        _row("Aim", [_figure(aim_of_wish(kept, wish), one) for wish, _, one in judgements]),
        _row("Spend", [amount(float(spend.sum())) for _, spend, _ in judgements]),
        _row(_title(kept), [one.customers.written(count) for _, _, one in judgements]),
        _row("Blended CAC", [_cac(aim_of_wish(kept, wish), one) for wish, _, one in judgements]),
        _row("From the best", [_distance(one) for _, _, one in judgements]),
        _row("Breaks", ["; ".join(one.broken) or "nothing" for _, _, one in judgements]),
        _row("Held", [", ".join(name for name, _ in wish.locked) or "nothing" for wish, _, _ in judgements]),
    ]
    for name in kept.shown:
        spends = "".join(f"<td>{amount(float(spend[name]))}</td>" for _, spend, _ in judgements)
        rows.append(f"<tr>{_name('th', name, 'row')}{spends}</tr>")
    caption = _part("caption", "Scenarios side by side")
    table = f"<table>{caption}<thead><tr><td></td>{heads}</tr></thead><tbody>{''.join(rows)}</tbody></table>"
    return f'<div class="scroll" tabindex="0" role="region" aria-label="{"Scenarios"}">{table}</div>'


def _card(kept: Kept, aim: Aim, title: str, one: Judged, kind: str) -> str:
    """The aim large, the rest small."""
    unit = escape(aim.unit(kept.config.currency))
    lines = "".join(f"<dt>{escape(name)}</dt><dd>{value}</dd>" for name, value in _others(kept, aim, one))
    label, figure = (
        _part("p", escape(aim.name), "label"),
        _part("p", f"{aim.written(one.figure.point)}{unit}", "figure"),
    )
    body = f"{_part('h2', escape(title))}{label}{figure}{_part('p', _range(aim, one.figure), 'label')}<dl>{lines}</dl>"
    return f'<section class="card {kind}">{body}</section>'


def _others(kept: Kept, aim: Aim, one: Judged) -> Iterator[tuple[str, str]]:
    if aim.name != "spend":
        yield "Spend", amount(float(one.outcome.spend.sum()))
    if "customers" not in aim.name or aim.in_currency:
        yield _title(kept), one.customers.written(count)
    if aim.name != "blended CAC":
        yield "Blended CAC", one.cac.written(cost)


def _range(aim: Aim, figure: Estimate) -> str:
    return "" if figure.low == figure.high else escape(figure.range(aim.written))


def _figure(aim: Aim, one: Judged) -> str:
    figure = aim.written(one.figure.point) if one.figure.low == one.figure.high else one.figure.written(aim.written)
    return f"{aim.name} {figure}"


def _cac(aim: Aim, one: Judged) -> str:
    """The blended CAC, as the aim has it where that is it: the two take their intervals in different ways."""
    return (one.figure if aim.name == "blended CAC" else one.cac).written(cost)


def _distance(one: Judged) -> str:
    if one.certificate is None:
        return "no plan keeps the question"
    return (
        gap(one.certificate.gap)
        if one.certificate.gap >= 0
        else f"{gap(one.certificate.ahead)} better, by what it breaks"
    )


def _cost(aim: Aim, value: float, unit: str) -> str:
    if np.isnan(value):
        return "not known: one of the two has no plan"
    return f"{escape(aim.written(max(value, 0.0)))}{unit}"


def _title(kept: Kept) -> str:
    return kept.config.outcome[:1].upper() + kept.config.outcome[1:]


def _row(name: str, cells: list[str]) -> str:
    told = "".join(f"<td>{escape(cell)}</td>" for cell in cells)
    return f'<tr><th scope="row">{escape(name)}</th>{told}</tr>'


def _part(tag: str, html: str, kind: str = "") -> str:
    """An element, its text in a message of its own."""
    return f'<{tag} class="{kind}">{html}</{tag}>' if kind else f"<{tag}>{html}</{tag}>"


def _name(tag: str, name: str, scope: str = "") -> str:
    """An element with a name of the user, which no language changes."""
    place = f' scope="{scope}"' if scope else ""
    return f'<{tag}{place} translate="no">{escape(name)}</{tag}>'
