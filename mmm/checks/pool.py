"""Pool: draws of several models' posteriors of one panel, as one set of draws that a plan can rest on."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from functools import cached_property
from typing import Any, final

import numpy as np
import numpy.typing as npt
import pandas as pd

from mmm.arrays import Array
from mmm.curves import ResponseCurves
from mmm.curves.joined import joined
from mmm.data.panel import Panel
from mmm.posterior.costs import average_cac, channel_table, marginal_cac
from mmm.posterior.forecast import Coming, Organic
from mmm.posterior.frames import DrawsFrame
from mmm.posterior.posterior import Posterior

__all__ = ["Pool", "Pooled"]


class Pool(ABC):
    """Posteriors of one panel, mixed by weights.

    Every answer is made of draws: as many of each model as its weight says, in one order throughout, so that draw i of
    a curve belongs with draw i of the organic customers.
    """

    posteriors: Mapping[str, Posterior]

    @property
    @abstractmethod
    def weights(self) -> pd.Series:
        """Share of each model in the draws, by name."""

    @property
    @abstractmethod
    def n_draws(self) -> int:
        """Number of draws of the mixture."""

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the models."""
        return tuple(self.posteriors)

    @property
    def panel(self) -> Panel:
        """What all models were fitted to."""
        return self._first.panel

    @property
    def channels(self) -> tuple[str, ...]:
        """Channels of the models."""
        return self._first.channels

    @property
    def converged(self) -> bool:
        """Whether every model with a part in the draws passed the convergence gate."""
        return all(self.posteriors[name].converged for name in self.picks)

    @cached_property
    def picks(self) -> dict[str, npt.NDArray[np.intp]]:
        """Draws taken of each model that has any: evenly over its chains."""
        counts = _apportioned(self.weights.to_numpy(), self.n_draws)
        return {
            name: ((np.arange(count) + 0.5) * (self.posteriors[name].n_draws / count)).astype(np.intp)
            for name, count in zip(self.names, counts, strict=True)
            if count
        }

    # what a posterior answers

    def contributions(self, start: str | None = None, end: str | None = None) -> DrawsFrame:
        """Customers that each channel and treatment brought, one row per draw; see :meth:`Posterior.contributions`."""
        parts = [self.posteriors[name].contributions(start, end).iloc[rows] for name, rows in self.picks.items()]
        frame = DrawsFrame(pd.concat(parts, ignore_index=True))
        frame.columns.name = "channel"
        return frame

    def contributions_by(self, labels: Sequence[str]) -> dict[str, DrawsFrame]:
        """Customers that each channel brought in the periods of each label; see :meth:`Posterior.contributions_by`."""
        parts = [(self.posteriors[name].contributions_by(labels), rows) for name, rows in self.picks.items()]
        return {
            label: DrawsFrame(pd.concat([part[label].iloc[rows] for part, rows in parts], ignore_index=True))
            for label in parts[0][0]
        }

    def cac(self, start: str | None = None, end: str | None = None) -> pd.DataFrame:
        """Spend per customer that each channel brought; see :meth:`Posterior.cac`."""
        return average_cac(self.panel.national_spend.loc[start:end].sum(), self.contributions(start, end))

    def marginal_cac(self, spend: pd.Series | None = None) -> pd.DataFrame:
        """Cost of one more customer at a steady weekly spend; see :meth:`Posterior.marginal_cac`."""
        return marginal_cac(self.curves(weeks=1), self.panel, spend)

    def curves(self, weeks: float = 13, frequency: Mapping[str, float] | None = None) -> ResponseCurves:
        """Response curves over a horizon, each draw of the model it came from; see :meth:`Posterior.curves`."""
        parts = [self.posteriors[name].curves(weeks, frequency).take(rows) for name, rows in self.picks.items()]
        return ResponseCurves({channel: joined([part[channel] for part in parts]) for channel in self.channels})

    def carryover(self) -> dict[str, Array]:
        """Lag weights of each channel, zeros where a model's end earlier, paired with the draws of the curves."""
        parts = [(self.posteriors[name].carryover(), rows) for name, rows in self.picks.items()]
        mixed = {}
        for channel in self.channels:
            own = [weights[channel][:, rows] for weights, rows in parts]
            lags = max(len(weights) for weights in own)
            mixed[channel] = np.hstack([np.pad(weights, ((0, lags - len(weights)), (0, 0))) for weights in own])
        return mixed

    def organic(self, weeks: int = 13, controls: Coming = None) -> Organic:
        """Organic customers of the coming periods; see :meth:`Posterior.organic`."""
        parts = [(self.posteriors[name].organic(weeks, controls), rows) for name, rows in self.picks.items()]
        first = parts[0][0]
        mixed: dict[str, Any] = {
            field.name: np.concatenate([getattr(part, field.name)[rows] for part, rows in parts])
            for field in fields(Organic)
            if isinstance(getattr(first, field.name), np.ndarray)
        }
        return replace(first, **mixed)

    def summary(self) -> pd.DataFrame:
        """One row per channel: spend, customers, share, CAC and marginal CAC with 90 % intervals."""
        return channel_table(self.panel, self.contributions().summary(), self.cac(), self.marginal_cac())

    @property
    def _first(self) -> Posterior:
        return next(iter(self.posteriors.values()))


@final
@dataclass(frozen=True, eq=False)
class Pooled(Pool):
    """Posteriors of one panel mixed by given weights, as many draws as the first of them has.

    Parameters
    ----------
    posteriors
        By name of the model. One with fewer draws than its part lends some of them more than once.
    parts
        Weight of each, in the same order, shape (K,).
    """

    posteriors: Mapping[str, Posterior]
    parts: Array

    @property
    def weights(self) -> pd.Series:  # noqa: D102
        return pd.Series(self.parts / self.parts.sum(), index=list(self.names), name="weight")

    @property
    def n_draws(self) -> int:  # noqa: D102
        return self._first.n_draws


def _apportioned(weights: Array, total: int) -> npt.NDArray[np.intp]:
    """Whole parts of ``total`` in proportion to the weights, by largest remainders."""
    wanted = weights / weights.sum() * total
    counts: npt.NDArray[np.intp] = np.floor(wanted).astype(np.intp)
    counts[np.argsort(counts - wanted, kind="stable")[: total - counts.sum()]] += 1
    return counts
