"""Does a model predict who converts? Hold-out log-loss and AUC, and the order of a Markov model chosen out of sample.

Users are split by bucket into folds. Each fold's paths are predicted from the others: a Markov model by the conversion
rate of the path's last state, a heuristic by the weighted mean of its channels' rates under its own weights. Rates are
drawn towards a coarser one, that of the state without its oldest channel and in the end the overall rate, so that rare
states neither claim certainty nor vanish.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from attribution.arrays import Array, Ints
from attribution.errors import BadInput
from attribution.models.heuristic import Heuristic
from attribution.models.markov import Markov
from attribution.models.model import Model
from attribution.models.sums_by_key import Tally
from attribution.numbers import decimal
from attribution.paths.journeys import Journeys
from attribution.paths.path_rules import BUCKETS
from attribution.paths.touches import Touches

__all__ = ["OrderChoice", "choose_order", "evaluate"]

FOLDS = 5
_PRIOR = 10.0
_RANKS = 1e7  # chances closer than its inverse count as equal, so that engines agree on ties


@dataclass(frozen=True, eq=False)
class OrderChoice:
    """The order that predicts best, the figures, and what they say.

    Parameters
    ----------
    order
        The lowest order that no higher one beats by more than two standard errors.
    table
        One row per order: ``log_loss``, ``auc``, ``gain`` over the chosen order and its ``standard_error``.
    sentence
        The verdict in words.
    """

    order: int
    table: pd.DataFrame
    sentence: str


def evaluate(journeys: Journeys, models: Sequence[Model]) -> pd.DataFrame:
    """Prediction of conversion on paths the model has not seen.

    Parameters
    ----------
    journeys
        Paths with and without conversion.
    models
        Markov models and heuristics.

    Returns
    -------
    pandas.DataFrame
        One row per model and one, ``"base rate"``, that knows the overall rate only. ``log_loss`` per path (lower is
        better), ``auc`` (0.5 is a coin), ``gain`` in log-loss over the base rate and its ``standard_error`` from
        users in buckets.

    Raises
    ------
    BadInput
        Without paths that did not convert there is nothing to predict.
    """
    if journeys.totals["nulls"] == 0:
        raise BadInput("evaluation needs paths that did not convert; all of these did.")
    scores = {"base rate": _scored(journeys, Markov(order=1), flat=True)}
    scores |= {model.name: _scored(journeys, model) for model in models}
    return _table(scores, "base rate")


def choose_order(journeys: Journeys, orders: Sequence[int] = (1, 2, 3)) -> OrderChoice:
    """The order of a Markov model that predicts conversion best out of sample.

    Parameters
    ----------
    journeys
        Paths with and without conversion.
    orders
        Candidates.
    """
    if journeys.totals["nulls"] == 0:
        raise BadInput("the choice of order needs paths that did not convert; all of these did.")
    if not orders:
        raise BadInput("choose_order needs at least one order.")
    ranked = sorted(set(orders))
    scores = {str(order): _scored(journeys, Markov(order=order)) for order in ranked}
    chosen = ranked[0]
    for order in ranked[1:]:
        gain, error = _gain(scores[str(chosen)], scores[str(order)])
        if gain > 2 * error:
            chosen = order
    table = _table(scores, str(chosen))
    table.index = pd.Index(ranked, name="order")
    return OrderChoice(chosen, table, _sentence(ranked, chosen, table))


def _sentence(ranked: list[int], chosen: int, table: pd.DataFrame) -> str:
    higher = [order for order in ranked if order > chosen]
    auc = f"AUC {decimal(float(table['auc'].loc[chosen]), 3)} on held-out paths, where 0.5 is a coin"
    if not higher:
        return f"Order {chosen} predicts best of those tried ({auc})."
    plural = "predicts" if len(higher) == 1 else "predict"
    return f"Order {' and '.join(map(str, higher))} {plural} no better than order {chosen} ({auc})."


@dataclass(frozen=True, eq=False)
class _Score:
    """Log-loss summed per bucket, paths per bucket, and conversions and non-conversions by prediction, rising."""

    loss: Array
    paths: Array
    won: Array
    lost: Array


def _table(scores: dict[str, _Score], base: str) -> pd.DataFrame:
    rows = {}
    for name, score in scores.items():
        gain, error = _gain(scores[base], score)
        rows[name] = {
            "log_loss": score.loss.sum() / score.paths.sum(),
            "auc": _auc(score),
            "gain": gain,
            "standard_error": error,
        }
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("model")


def _gain(base: _Score, other: _Score) -> tuple[float, float]:
    """Log-loss per path that the other saves, and its standard error over buckets."""
    paths = base.paths.sum()
    saved = base.loss - other.loss
    gain = saved.sum() / paths
    spread = saved - gain * base.paths
    return float(gain), float(np.sqrt((spread**2).sum()) / paths)


def _auc(score: _Score) -> float:
    below = np.cumsum(score.lost) - score.lost
    pairs = (score.won * (below + score.lost / 2)).sum()
    total = score.won.sum() * score.lost.sum()
    return float(pairs / total) if total > 0 else float("nan")


def _scored(journeys: Journeys, model: Model, flat: bool = False) -> _Score:
    if isinstance(model, Markov):
        return _scored_states(journeys, model, flat)
    if isinstance(model, Heuristic):
        return _scored_weights(journeys, model)
    raise BadInput(f"{model.name} makes no prediction; evaluate takes Markov models and heuristics.")


def _scored_states(journeys: Journeys, model: Markov, flat: bool) -> _Score:
    """All from the tally: how often paths that end in a state convert."""
    tally = model.tally(journeys, by=("bucket",))
    ends = tally.items["last"].to_numpy()[tally.columns] == 1
    bucket = tally.keys.to_numpy(dtype=np.int64)[tally.rows[ends]]
    state = tally.items["state"].to_numpy(dtype=np.int64)[tally.columns[ends]]
    won, lost = tally.sums["conversions"][ends], tally.sums["nulls"][ends]
    predicted = np.empty(len(state))
    base = len(journeys.channels) + 1
    for fold in range(FOLDS):
        held = bucket % FOLDS == fold
        rate = (won[~held].sum() + 1) / ((won + lost)[~held].sum() + 2)
        guess = np.full(int(held.sum()), rate)
        for length in range(0 if flat else model.order):
            scale = base ** (length + 1)
            guess = _drawn_rates(state[~held] % scale, won[~held], lost[~held], state[held] % scale, guess)
        predicted[held] = guess
    return _summed(bucket, predicted, won, lost)


def _drawn_rates(seen: Ints, won: Array, lost: Array, asked: Ints, prior: Array) -> Array:
    """Rates of states, each drawn towards its prior as by a few further paths."""
    states, code = np.unique(seen, return_inverse=True)
    sums = [np.bincount(code, weights=x, minlength=len(states)) for x in (won, lost)]
    at = np.minimum(np.searchsorted(states, asked), len(states) - 1)
    known = states[at] == asked
    hits, misses = sums[0][at] * known, sums[1][at] * known
    return np.asarray((hits + _PRIOR * prior) / (hits + misses + _PRIOR))


def _scored_weights(journeys: Journeys, model: Heuristic) -> _Score:
    model.check(journeys)
    rates = _rates(journeys, model)

    def predicted(touches: Touches) -> tuple[Any, Any]:
        """Prediction of each path, at each of its touches, and the loss it makes."""
        fold = touches.bucket % FOLDS
        rate = touches.of_channel(rates[0])
        for number in range(1, FOLDS):
            rate = touches.choose(fold == number, touches.of_channel(rates[number]), rate)
        chance = touches.path_sum(model.share(touches, journeys.channels) * rate)
        loss = touches.conversions * touches.log(chance) + touches.nulls * touches.log(1.0 - chance)
        return chance, -loss

    buckets, ranks = [], []
    for touches in journeys.blocks(("bucket",)):
        chance, loss = predicted(touches)
        paths = {"won": touches.conversions, "lost": touches.nulls}
        buckets.append(touches.group(("bucket",), {}, {"loss": loss, **paths}, touches.opens))
        ranks.append(touches.group((), {"chance": touches.whole(chance * _RANKS)}, paths, touches.opens))
    by_bucket = pd.concat(buckets).groupby("bucket").sum().reindex(range(BUCKETS), fill_value=0.0)
    by_rank = pd.concat(ranks).groupby("chance").sum()
    return _Score(
        loss=by_bucket["loss"].to_numpy(dtype=float),
        paths=(by_bucket["won"] + by_bucket["lost"]).to_numpy(dtype=float),
        won=by_rank["won"].to_numpy(dtype=float),
        lost=by_rank["lost"].to_numpy(dtype=float),
    )


def _rates(journeys: Journeys, model: Heuristic) -> Array:
    """Conversion rate of each channel's touches, weighed as the model weighs them, without each fold's own paths."""

    def count(touches: Touches) -> pd.DataFrame:
        share = model.share(touches, journeys.channels)
        sums = {"conversions": share * touches.conversions, "nulls": share * touches.nulls}
        return touches.group(("bucket",), {"channel": touches.channel}, sums)

    tally = Tally.gathered(journeys.blocks(("bucket",)), count, ("bucket",)).over(pd.RangeIndex(BUCKETS))
    channels = tally.items["channel"].to_numpy(dtype=np.int64)
    rates = np.zeros((FOLDS, len(journeys.channels)))
    for fold in range(FOLDS):
        train = tally.weighted((np.arange(BUCKETS) % FOLDS != fold).astype(float)[None, :])
        won, lost = train["conversions"][0], train["nulls"][0]
        prior = (won.sum() + 1) / (won.sum() + lost.sum() + 2)
        rates[fold] = prior
        rates[fold, channels] = (won + _PRIOR * prior) / (won + lost + _PRIOR)
    return rates


def _summed(bucket: Ints, predicted: Array, won: Array, lost: Array) -> _Score:
    loss = -(won * np.log(predicted) + lost * np.log1p(-predicted))
    at = np.unique(predicted, return_inverse=True)[1]
    return _Score(
        loss=np.bincount(bucket, weights=loss, minlength=BUCKETS).astype(float),
        paths=np.bincount(bucket, weights=won + lost, minlength=BUCKETS).astype(float),
        won=np.bincount(at, weights=won).astype(float),
        lost=np.bincount(at, weights=lost).astype(float),
    )
