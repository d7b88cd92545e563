"""How far conclusions hang on the prior: the same data under another belief, side by side."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pandas as pd

from attribution.estimates import INTERVAL
from attribution.findings import Finding
from attribution.numbers import decimal
from attribution.shown import shown
from mmm.model.effects import Effects, Neutral
from mmm.posterior.posterior import Posterior
from mmm.sampling.fit import fit

__all__ = ["Sensitivity", "sensitivity"]

_LIMIT = 1.5


@shown
@dataclass(frozen=True, eq=False)
class Sensitivity:
    """Two posteriors that differ in their prior only.

    Parameters
    ----------
    given, other
        Under the model's own belief, and under the other one.
    """

    given: Posterior
    other: Posterior

    def to_frame(self) -> pd.DataFrame:
        """CAC by channel under both beliefs with 5 % and 95 % points, and their ratio."""
        first, second = self.given.cac(), self.other.cac()
        points = ["median", *INTERVAL]
        frame = first[points].add_prefix("given ").join(second[points].add_prefix("other "))
        return frame.assign(ratio=second["median"] / first["median"])

    @property
    def finding(self) -> Finding:
        """Whether no channel's CAC moves by more than half."""
        moved = self.to_frame()["ratio"].map(lambda ratio: max(ratio, 1 / ratio))
        channel, worst = str(moved.idxmax()), float(moved.max())
        text = (
            f"Under the other prior the CAC that moves most is that of {channel}, by a factor of {decimal(worst, 2)}."
        )
        if worst > _LIMIT:
            text += (
                " The weeks say little of it: a lift test says more, or a belief on its CAC (mmm.CostPerCustomer) that "
                "somebody stands for."
            )
            return Finding("prior_sensitivity", False, worst, _LIMIT, text, (channel,))
        return Finding("prior_sensitivity", True, worst, _LIMIT, text)


def sensitivity(posterior: Posterior, effects: Effects | None = None) -> Sensitivity:
    """Fit the same panel again under another belief on the channels' effects.

    Parameters
    ----------
    posterior
        A fit.
    effects
        The other belief; :class:`Neutral` with the same total share where None.
    """
    total = float(getattr(posterior.model.effects, "total", 0.3))
    model = replace(posterior.model, effects=Neutral(total) if effects is None else effects)
    chains, draws = posterior.draws["sigma"].shape
    return Sensitivity(posterior, fit(posterior.panel, model, draws=draws, chains=chains, seed=posterior.seed))
