"""What the data taught: how far each channel's share of customers moved from its prior."""

from __future__ import annotations

import numpy as np
import pandas as pd

from attribution.estimates import MEDIAN
from attribution.findings import Finding
from mmm.arrays import Array
from mmm.model.level import sampled
from mmm.model.priors import Prior

__all__ = ["data_speak", "media_share", "prior_shift"]

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


def data_speak(shift: pd.DataFrame) -> Finding:
    """Whether the data moved every channel from its prior, given :func:`prior_shift`."""
    silent = list(shift.index[shift["learnt"] < _SILENT])
    text = (
        f"The data say little about {', '.join(silent)}: those figures are mostly the prior."
        if silent
        else "The data moved every channel from its prior."
    )
    return Finding("data_speak", not silent, float(len(silent)), 0.0, text, tuple(silent))
