"""What the data taught: how far each channel's share of customers moved from its prior."""

from __future__ import annotations

import numpy as np
import pandas as pd

from attribution.estimates import MEDIAN
from attribution.findings import Finding
from attribution.numbers import percent
from mmm.arrays import Array
from mmm.model.level import sampled
from mmm.model.priors import Prior

__all__ = ["data_speak", "media_share", "media_total", "prior_shift"]

_SILENT, _HALF = 0.2, 0.5


def prior_shift(
    channels: tuple[str, ...], priors: tuple[Prior, ...], shares: Array, rng: np.random.Generator
) -> pd.DataFrame:
    """See :meth:`mmm.Posterior.prior_shift`; ``shares`` are the posterior draws by channel, shape (S, M)."""
    rows, points = [], list(MEDIAN.values())
    for channel, prior, after in zip(channels, priors, shares.T, strict=True):
        before = prior.sample(rng, 4000)
        learnt = 1.0 - float(np.log(after).std() / np.log(np.maximum(before, 1e-12)).std())
        row = [*np.quantile(before, points), *np.quantile(after, points)]
        text = "mostly your prior" if learnt < _SILENT else "prior and data" if learnt < _HALF else "mostly your data"
        rows.append((channel, *row, learnt, text))
    sides = [f"{side} {point}" for side in ("prior", "posterior") for point in MEDIAN]
    return pd.DataFrame(rows, columns=["channel", *sides, "learnt", "text"]).set_index("channel")


def media_share(priors: tuple[Prior, ...], shares: Array, rng: np.random.Generator) -> pd.DataFrame:
    """See :meth:`mmm.Posterior.media_share`; ``priors`` and ``shares`` (S, C) are those of channels with spend."""
    sides = {"prior": sampled(priors, rng, 4000).sum(axis=1), "posterior": shares.sum(axis=1)}
    table = {name: np.quantile(total, list(MEDIAN.values())) for name, total in sides.items()}
    return pd.DataFrame(table, list(MEDIAN)).T


def media_total(share: pd.DataFrame, channels: tuple[str, ...]) -> Finding:
    """Whether prior and data agree on what all media bring, given :func:`media_share`: their 90 % intervals meet."""
    (_, least, most), (_, lower, upper) = share.loc[["prior", "posterior"], list(MEDIAN)].to_numpy().tolist()
    said = (
        f"All media together are credited with {percent(lower, decimals=1)} to {percent(upper, decimals=1)} of the KPI"
    )
    if upper < least:
        text = (
            f"{said}; at least {percent(least, decimals=1)} was believed before the data. Either they bring so little, "
            "or what they bring is not where the model looks for it: later than its lags, of spend before the table "
            "begins, beside a level that broke. Every channel's CAC looks too high then: compare other readings of "
            "the weeks, and run a lift test before money moves."
        )
        return Finding("media_total", False, upper, least, text, channels)
    if lower > most:
        text = (
            f"{said}; at most {percent(most, decimals=1)} was believed before the data. What else rose with spend may "
            "be credited to it: every channel's CAC looks too low then. Run a lift test before money moves."
        )
        return Finding("media_total", False, lower, most, text, channels)
    return Finding("media_total", True, upper, least, f"{said}, as was thought possible before the data.")


def data_speak(shift: pd.DataFrame) -> Finding:
    """Whether the data moved every channel from its prior, given :func:`prior_shift`."""
    silent = list(shift.index[shift["learnt"] < _SILENT])
    text = (
        f"The data say little about {', '.join(silent)}: those figures are mostly the prior."
        if silent
        else "The data moved every channel from its prior."
    )
    return Finding("data_speak", not silent, float(len(silent)), 0.0, text, tuple(silent))
