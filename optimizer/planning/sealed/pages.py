"""review.json, review.md and review.html of a review."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

from attribution import plots as paths
from attribution.drawing.dot_rows import row_height
from attribution.errors import BadInput
from attribution.estimates import Estimate
from attribution.files import write_whole
from attribution.numbers import amount, change, closing, count
from optimizer import plots
from optimizer.cycle.bridge import ACTUAL, PLANNED
from optimizer.planning.language.markup import translated_markup
from optimizer.planning.language.spoken import said, spoken
from optimizer.planning.ledger.lock import one_at_a_time
from optimizer.planning.outputs.in_language import translate_axes
from optimizer.planning.outputs.pages import environment
from optimizer.planning.sealed.chain import home_of
from optimizer.planning.sealed.review import Review
from optimizer.planning.sealed.story import cac, cannot_tell, headline, meaning, of_causes, span, story

__all__ = ["write_review"]

_CAPTION = "What moved customers from planned to actual; each line is the 90 % interval of its step alone."


def write_review(review: Review, output: Path) -> tuple[Path, ...]:
    """Write the three files into ``review/<name>/`` of an output folder; each is whole or as it was before."""
    folder = home_of(output).parent / "review" / review.seal.name
    text = json.dumps(_facts(review), indent=2, ensure_ascii=False, allow_nan=False) + "\n"
    contents = {"review.json": text, "review.md": said(_markdown(review)), "review.html": _page(review)}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with one_at_a_time(folder):  # so that all three are of one review
            for name, content in contents.items():
                write_whole(folder / name, content)
    except OSError as error:
        raise BadInput(f"{folder}: the review cannot be written ({error.strerror or error}).") from None
    return tuple(folder / name for name in contents)


def _facts(review: Review) -> dict[str, Any]:
    steps = review.bridge.to_frame()
    planned, came = cac(review)
    scores = review.scorecard
    return {
        "name": review.seal.name,
        "seal": review.seal.hash,
        "sealed": review.seal.when,
        "sealed_in_time": review.seal.in_time,
        "first_week": review.seal.first_week,
        "weeks_over": review.weeks,
        "weeks": review.seal.weeks,
        "bridge": [
            {"step": str(name), **{key: float(value) for key, value in row.items()}} for name, row in steps.iterrows()
        ],
        "actual_inside_sealed_interval": _inside(review.planned, review.bridge.actual),
        "expected_as_spent": _estimate(review.as_spent),
        "actual_inside_expected_as_spent": _inside(review.as_spent, review.bridge.actual),
        "blended_cac": {"planned": _estimate(planned), "actual": _number(came)},
        "channels": {
            name: {
                "spend_planned": float(review.planned_spend[name]),
                "spend": float(review.actual_spend[name]),
                "expected_as_planned": _estimate(before),
                "expected_as_spent": _estimate(after),
            }
            for name, (before, after) in review.by_channel.items()
        },
        "scorecard": {
            "counted": len(scores.counted),
            "held": scores.held(),
            "coverage": _estimate(scores.coverage()),
            "held_as_spent": scores.held("expected_as_spent"),
            "coverage_as_spent": _estimate(scores.coverage("expected_as_spent")),
            "bias": _estimate(scores.bias()),
        },
        "story": story(review),
        "cannot_tell": list(cannot_tell(review)),
    }


def _rows(review: Review) -> list[dict[str, str]]:
    steps = review.bridge.to_frame()
    rows = []
    for name, written in zip(steps.index, closing(steps["customers"].to_numpy()), strict=True):
        low, high = (count(float(steps.loc[name, f"customers_{end}"])) for end in ("low", "high"))
        means = {PLANNED: "as sealed", ACTUAL: "as they came"}.get(str(name)) or meaning(str(name))
        rows.append(
            {
                "step": str(name),
                "customers": written,
                "range": "" if name == ACTUAL else f"{low} to {high}",
                "means": means,
            }
        )
    return rows


def _channels(review: Review) -> list[dict[str, str]]:
    return [
        {
            "name": name,
            "planned": amount(float(review.planned_spend[name])),
            "spent": amount(float(review.actual_spend[name])),
            "change": change(float(review.planned_spend[name]), float(review.actual_spend[name])),
            "before": before.written(count),
            "after": after.written(count),
        }
        for name, (before, after) in review.by_channel.items()
    ]


def _markdown(review: Review) -> str:
    outcome = str(review.record["outcome"])
    lines = [f"# Review of {_plain(review.seal.name)}", "", *(f"{_plain(one)}\n" for one in story(review))]
    lines += ["## The bridge", "", f"| step | {_plain(outcome)} | 90 % interval | what it is |", "|---|---:|---:|---|"]
    lines += [f"| {row['step']} | {row['customers']} | {row['range']} | {row['means']} |" for row in _rows(review)]
    lines += [
        "",
        "## By channel",
        "",
        "| channel | planned | spent | change | expected as planned | expected as spent |",
    ]
    lines += ["|---|---:|---:|---:|---:|---:|"]
    lines += [f"| {' | '.join([_plain(row['name']), *list(row.values())[1:]])} |" for row in _channels(review)]
    lines += ["", "## What this cannot tell", "", *(f"- {_plain(one)}" for one in cannot_tell(review))]
    return "\n".join(lines) + "\n"


def _plain(text: str) -> str:
    """Text in which nothing is a mark of Markdown or HTML."""
    for mark in "\\`*_[]<>|#":
        text = text.replace(mark, f"\\{mark}" if mark not in "<>" else {"<": "&lt;", ">": "&gt;"}[mark])
    return text.replace("\n", " ")


def _page(review: Review) -> str:
    from markupsafe import Markup

    steps = review.bridge.to_frame()
    axes = plots.bridge(steps, paths.canvas(9.8, row_height(len(steps)) + 0.2), outcome=str(review.record["outcome"]))
    say = spoken()
    if say is not None:
        translate_axes(axes, say)
    pages = environment()
    # Matplotlib escapes all text in its SVG, and the style sheet is ours: both may stand as they are
    page = pages.get_template(
        "templates/review.html"
    ).render(
        css=Markup(pages.get_template("templates/report.css").render()),  # noqa: S704
        figure=Markup(paths.svg(axes, said(_CAPTION))),  # noqa: S704
        caption=_CAPTION,
        title=f"{review.record['name']}: review of {review.seal.name}",
        subtitle=span(review),
        headline=headline(review),
        good=_inside(review.planned, review.bridge.actual),
        sentences=[*story(review)[2:4], *of_causes(review)],
        rows=_rows(review),
        channels=_channels(review),
        currency=review.record["currency"],
        outcome=review.record["outcome"],
        scores=review.scorecard.sentences,
        record=_record(review),
        unknown=list(cannot_tell(review)),
        seal=review.seal,
    )
    return page if say is None else translated_markup(page, say, say.language.html)


def _record(review: Review) -> list[dict[str, str]]:
    table = review.scorecard.table
    counted = set(review.scorecard.counted["name"])
    rows = []
    for row in table.to_dict(orient="records"):
        foreseen = Estimate(*(float(row[f"planned{end}"]) for end in ("", "_low", "_high")))
        held = "inside" if _inside(foreseen, float(row["actual"])) else "outside"
        rows.append(
            {
                "name": str(row["name"]),
                "weeks": f"{float(row['weeks']):g} of {float(row['of_weeks']):g}",
                "planned": foreseen.written(count),
                "actual": count(float(row["actual"])),
                "held": held if row["name"] in counted else f"{held}, not counted",
            }
        )
    return rows


def _inside(interval: Estimate, value: float) -> bool:
    return interval.low <= value <= interval.high


def _estimate(estimate: Estimate) -> dict[str, float | None]:
    return {"mean": _number(estimate.point), "low": _number(estimate.low), "high": _number(estimate.high)}


def _number(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None
