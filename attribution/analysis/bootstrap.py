"""Intervals by the bucketed bootstrap: users fall into buckets, buckets are drawn with replacement."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from html import escape

import numpy as np
import pandas as pd

from attribution.analysis.skewed_intervals import skewed_intervals
from attribution.arrays import Array
from attribution.economics.cac import channel_cac
from attribution.errors import BadInput, require
from attribution.estimates import INTERVAL
from attribution.models.credit import Credit
from attribution.models.model import Model, Solution, require_journeys
from attribution.models.sums_by_key import Tally
from attribution.paths.journeys import Journeys
from attribution.paths.path_rules import BUCKETS
from attribution.shown import shown, table_html

__all__ = ["Bootstrap", "bootstrap", "resampled", "summary_of"]


@shown
@dataclass(frozen=True, eq=False)
class Bootstrap:
    """A credit with replicates of every number.

    Parameters
    ----------
    credit
        The estimate from all paths.
    draws
        ``conversions``, ``value`` and, for Markov, removal effects -> frame of replicates x channels.
    """

    credit: Credit
    draws: dict[str, pd.DataFrame]

    @property
    def model(self) -> str:
        """Name of the model."""
        return self.credit.model

    @property
    def conversions(self) -> pd.Series:
        """Credited conversions of the estimate."""
        return self.credit.conversions

    @property
    def value(self) -> pd.Series:
        """Credited value of the estimate."""
        return self.credit.value

    @property
    def share(self) -> pd.Series:
        """Shares of the estimate."""
        return self.credit.share

    def summary(self, of: str = "conversions") -> pd.DataFrame:
        """Estimate, mean, standard error and 5 % to 95 % interval by channel.

        Bounds are quantiles of the replicates; those of a value, which a few orders may decide, allow for its skewness,
        see :func:`attribution.analysis.skewed_intervals.skewed_intervals`, but for channels with negative credit in
        some replicate, which is no sum of orders but a difference.

        Parameters
        ----------
        of
            ``"conversions"``, ``"value"``, ``"share"``, ``"removal_effect"`` or ``"removal_effect_value"``.
        """
        if of == "share":
            draws = self.draws["conversions"]
            draws = draws.div(draws.sum(axis=1), axis=0)
        elif of in self.draws:
            draws = self.draws[of]
        else:
            raise BadInput(f"{self.model} has no {of!r}; there is {', '.join([*self.draws, 'share'])}.")
        table = summary_of(draws, getattr(self.credit, of))
        if of == "value" and (sums := (draws >= 0).all()).any():
            table.loc[sums, [*INTERVAL]] = skewed_intervals(draws.loc[:, sums], self.credit.value[sums])
        return table

    def cac(self, spend: pd.Series | dict[str, float]) -> pd.DataFrame:
        """CAC by channel with its interval; spend is taken as known."""
        estimate = self.credit.cac(spend)
        draws = self.draws["conversions"].apply(lambda row: channel_cac(spend, row), axis=1)
        return summary_of(draws, estimate)

    def to_frame(self) -> pd.DataFrame:
        """The summary of conversions."""
        return self.summary()

    def __getitem__(self, column: str) -> pd.Series:
        """A column of the summary."""
        return self.summary()[column]

    def _repr_html_(self) -> str:
        return f"<p>{escape(self.model)} credit</p>{table_html(self.summary())}"


def summary_of(draws: pd.DataFrame, estimate: pd.Series) -> pd.DataFrame:
    """Estimate, mean, standard error, 5 % and 95 % of draws, one row per column of the draws."""
    values = draws.to_numpy(dtype=float)
    with np.errstate(invalid="ignore"):
        return pd.DataFrame(
            {
                "estimate": estimate.to_numpy(dtype=float),
                "mean": values.mean(axis=0),
                "standard_error": values.std(axis=0, ddof=1),
                **{name: _quantile(values, share) for name, share in INTERVAL.items()},
            },
            index=estimate.index,
        )


def _quantile(values: Array, share: float) -> Array:
    """Quantile of each column; between infinite draws lies infinity."""
    between = np.quantile(values, share, axis=0)
    return np.asarray(np.where(np.isnan(between), np.quantile(values, share, axis=0, method="higher"), between))


def bootstrap(journeys: Journeys, model: Model, replicates: int = 200, seed: int = 0) -> Bootstrap:
    """Standard errors and intervals of a model's credit.

    Users are hashed into 1,000 buckets once, the model's sums are kept per bucket, and whole buckets are drawn with
    replacement, so that a replicate costs one refit on small tables and never a pass over the log.

    Parameters
    ----------
    journeys
        The paths.
    model
        Any attribution model.
    replicates
        Number of refits.
    seed
        The same seed gives the same numbers.

    Raises
    ------
    BadInput
        Fewer than two replicates.
    """
    require_journeys(journeys)
    require(model, Model, "model", "give one such as attribution.Markov(), with its brackets.")
    tally = model.tally(journeys, by=("bucket",))
    replicated = model.solve(tally.items, resampled(tally, replicates, seed), len(journeys.channels))
    return Bootstrap(model.credit_of(journeys, tally.items, tally.total()), _frames(replicated, journeys))


def resampled(tally: Tally, replicates: int, seed: int) -> dict[str, Array]:
    """Sums of replicates in which buckets are drawn with replacement, shape (replicates, items).

    All tallies see the same draws, so that replicates of two models or two segments belong together.
    """
    if replicates < 2:
        raise BadInput("intervals need at least 2 replicates; 200 give steady ones.")
    return tally.over(pd.RangeIndex(BUCKETS)).weighted(_drawn(replicates, seed))


@lru_cache(maxsize=2)
def _drawn(replicates: int, seed: int) -> Array:
    """How often each replicate draws each bucket, shape (replicates, buckets)."""
    rng = np.random.default_rng(seed)
    drawn = rng.multinomial(BUCKETS, np.full(BUCKETS, 1 / BUCKETS), size=replicates).astype(float)
    drawn.flags.writeable = False
    return drawn


def _frames(solution: Solution, journeys: Journeys) -> dict[str, pd.DataFrame]:
    names = ("conversions", "value", "removal_effect", "removal_effect_value")
    index = pd.Index(journeys.channels, name="channel")
    arrays = {name: getattr(solution, name) for name in names}
    return {name: pd.DataFrame(array, columns=index) for name, array in arrays.items() if array is not None}
