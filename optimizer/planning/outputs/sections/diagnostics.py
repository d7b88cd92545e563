"""Fit and diagnostics: the model against the weeks it has seen, and every check of the run."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import pandas as pd

from attribution import plots as paths
from attribution.drawing.side_by_side import side_by_side
from attribution.estimates import INTERVAL, Estimate
from attribution.numbers import amount, decimal, percent
from mmm import LastWeeks, Posterior
from mmm import plots as model
from mmm.checks.mixing import mixing
from optimizer.planning.outputs.sections.section import Figure, Section, Table
from optimizer.planning.stages.order import order_of
from optimizer.planning.stages.result import Run
from optimizer.question.outcomes import new_of

__all__ = ["DIAGNOSTICS"]


def _view(run: Run) -> dict[str, Any] | None:
    if not run.findings:
        return None
    told = [(finding, finding.title, "pass" if finding.passed else "fail") for finding in run.findings]
    return {
        "fit": "" if run.posterior is None else _fit_in_words(run.posterior.fitted()),
        "without": {} if run.last_weeks is None else _without(run.last_weeks, order_of(run).names),
        "mixing": [] if run.posterior is None else _mixing(run.posterior),
        "open": [one for one in told if not one[0].passed],
        "passed": [one for one in told if one[0].passed],
    }


_KINDS = {
    "share": "share of customers, by channel",
    "retention": "retention of carryover, by channel",
    "half_saturation": "half-way point of saturation, by channel",
    "slope": "slope of saturation, by channel",
    "sigma": "noise of single weeks",
    "baseline": "baseline: level, trend, season, controls",
}


def _mixing(posterior: Posterior) -> list[dict[str, str]]:
    """What the convergence gate saw, by kind of parameter; one without words is called as in Python."""
    return [
        {
            "name": row["parameter"],
            "kind": _KINDS.get(row["parameter"], ""),
            "number": amount(row["number"]),
            "worst": decimal(row["r_hat"], 3),
            "of": row["of"],
            "bulk": amount(row["ess_bulk"]),
            "tail": amount(row["ess_tail"]),
        }
        for _, row in mixing(posterior).iterrows()
    ]


def _without(fits: LastWeeks, order: Sequence[str]) -> dict[str, Any]:
    """CAC of the same weeks by fits of all weeks and without the last ones."""
    cells, weeks = fits.cells(), list(fits.shorter)
    known = [name for name in order if name in fits.posterior.channels] or list(fits.posterior.channels)
    return {
        "end": fits.end,
        "weeks": weeks,
        "rows": [(name, [Estimate(*cells[(name, at)]) for at in (0, *weeks)]) for name in known],
    }


def _fit_in_words(weeks: pd.DataFrame) -> str:
    """The measures that other tools judge a fit by, over the periods that it has seen."""
    seen, off = weeks["observed"].to_numpy(float), (weeks["observed"] - weeks["mean"]).abs().to_numpy(float)
    spread, total, some = float(((seen - seen.mean()) ** 2).sum()), float(seen.sum()), seen > 0
    low, high = (weeks[end].to_numpy(float) for end in INTERVAL)
    held = float(((seen >= low) & (seen <= high)).mean())
    parts = [f"R² {decimal(1 - float((off**2).sum()) / spread, 2)}"] if spread > 0 else []
    parts += [f"wMAPE {percent(float(off.sum()) / total, decimals=1)}"] if total > 0 else []
    parts += [f"MAPE {percent(float((off[some] / seen[some]).mean()), decimals=1)}"] if some.any() else []
    measures = ", ".join([*parts, f"inside the 90 % band {percent(held)}"])
    return (
        f"Over the {amount(len(weeks))} periods that the model has seen: {measures}. A model can follow every week and "
        "be wrong about each channel, so these judge the fit and no CAC. The check named r squared asks what part of "
        "its own forecasts a model expects, the noise that it allows for being the rest, and may differ by some points."
    )


def _figures(run: Run) -> Iterator[Figure]:
    posterior, outcome = run.posterior, new_of(run.config.outcome)
    if posterior is None:
        return
    if run.plan is not None:
        history = posterior.baseline_by_week().sum(axis=1).tail(52 * posterior.panel.per_week)
        axes = model.forecast(run.plan.organic, paths.canvas(9.8, 3.4), history=history, outcome=outcome)
        caption = (
            f"Organic {run.config.outcome} of the coming weeks, with 90 % intervals, and what past spend carries in."
        )
        yield Figure("forecast", caption, axes)
    axes = model.fit(posterior, paths.canvas(9.8, 3.6), outcome=outcome)
    yield Figure("fit", "Observed weeks against the mix model's 90 % predictive band.", axes)
    axes = model.decomposition(posterior, paths.canvas(9.8, 4.0), outcome=outcome, order=order_of(run).names or None)
    caption = f"Where the {run.config.outcome} of each week come from, by the mix model's mean."
    yield Figure("decomposition", caption, axes)
    left = posterior.residuals()
    by_period, by_level, by_lag = side_by_side(9.8, 3.3, (5, 2.6, 2.6))
    model.residuals(left, by_period)
    model.residuals_by_level(left, by_level)
    by_level.set_ylabel("")  # as at its left
    model.autocorrelation(left, by_lag)
    caption = (
        "Left: how far each period is off, in standard deviations; the band holds 90 % of them where the model is "
        "right. Middle: the same against what is expected, the line through means of fifths, which bends where the "
        "model is off at high or low levels. Right: how alike periods so far apart are; one bar in ten lies beyond the "
        "band by chance, a run of them says that something lasting is missing."
    )
    yield Figure("residuals", caption, by_period)


def _tables(run: Run) -> Iterator[Table]:
    if run.last_weeks is not None:
        yield Table("last_weeks.csv", run.last_weeks.to_frame().reset_index())


DIAGNOSTICS = Section("diagnostics", "Fit and diagnostics", _view, _figures, _tables)
