"""Whether the weeks say that a channel's curve bends, where the model believes that it does."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from attribution.estimates import Estimate
from attribution.findings import Finding
from attribution.numbers import decimal
from mmm.arrays import Array
from mmm.data.panel import Panel
from mmm.model.model import Model
from mmm.model.saturation import S_SHAPED

__all__ = ["bends"]

_SILENT = 0.2  # of the spread of the belief that is gone


def bends(panel: Panel, model: Model, flat: Callable[[str], Array]) -> Iterator[Finding]:
    """One finding; none where no channel is believed to be S-shaped.

    Parameters
    ----------
    panel, model
        What was fitted.
    flat
        Parameter name -> its draws by channel, shape (S, M).
    """
    families = zip(panel.media_names, model.families(panel), panel.by_reach, strict=True)
    shaped = [place for place, (_, (_, own), reached) in enumerate(families) if own == S_SHAPED and not reached]
    if not shaped:
        return
    prior = S_SHAPED.slope.sample(np.random.default_rng(0), 4000)
    slopes = {panel.media_names[place]: flat("slope")[:, place] for place in shaped}
    learnt = {name: 1 - float(np.log(own).std() / np.log(prior).std()) for name, own in slopes.items()}
    silent = tuple(name for name in slopes if learnt[name] < _SILENT)
    text = "The weeks say how far each S-shaped curve bends."
    if silent:
        told = ", ".join(f"{name} {_of(slopes[name])}" for name in silent)
        text = (
            f"Believed to be S-shaped, and the weeks do not tell: {told}, where a slope of {_of(prior)} was believed; "
            "above 1 a curve bends. That little comes of little spend there is belief: compare with hill saturation, "
            "and test at half of the spend before such a channel is shut or doubled."
        )
    yield Finding("s_shape_seen", not silent, float(len(silent)), 0.0, text, silent)


def _of(draws: Array) -> str:
    low, middle, high = np.quantile(draws, [0.05, 0.5, 0.95]).tolist()
    return f"{decimal(middle, 1)} ({Estimate(middle, low, high).range(lambda value: decimal(value, 1))})"
