"""One level of what media bring, and its split: laws of the prior, and worlds where media bring little or much."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import multivariate_normal, norm

import mmm
from attribution.errors import BadInput
from mmm.model.level import level_constant, level_precision, sampled
from mmm.model.priors import AroundLevel, LogNormal
from mmm.simulate.weekly_world import world


def panel_of(spend: dict[str, float], weeks: int = 60) -> mmm.Panel:
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({name: amount * rng.gamma(4.0, 0.25, weeks) for name, amount in spend.items()})
    frame["customers"] = 1000.0 + rng.normal(0, 10, weeks)
    frame["week"] = pd.date_range("2024-01-01", periods=weeks, freq="7D")
    return mmm.Panel.from_frame(frame, date="week", kpi="customers", spend=list(spend))


def cut(spend: dict[str, float], channel: str, parts: int) -> dict[str, float]:
    rest = {name: amount for name, amount in spend.items() if name != channel}
    return rest | {f"{channel} {part}": spend[channel] / parts for part in range(parts)}


def test_a_shared_level_is_a_normal_with_equal_covariances() -> None:
    rng = np.random.default_rng(1)
    priors = [
        AroundLevel(float(m), float(s), 0.7) for m, s in zip(rng.gamma(2, 0.1, 5), rng.gamma(3, 0.2, 5), strict=True)
    ]
    centre, sigma = np.array([prior.numbers for prior in priors]).T
    for _ in range(5):
        point = centre + rng.normal(0, 1, 5)
        pull, whole = ((point - centre) / sigma**2).sum(), level_precision(priors) + (sigma**-2.0).sum()
        alone = norm.logpdf(point, centre, sigma).sum()
        dense = multivariate_normal.logpdf(point, centre, np.diag(sigma**2) + 0.7**2)
        assert alone + 0.5 * pull**2 / whole + level_constant(priors) == pytest.approx(dense, rel=1e-10)


def test_joint_draws_share_their_level_and_others_do_not() -> None:
    priors = [AroundLevel(0.1, 0.4, 1.0), AroundLevel(0.2, 0.4, 1.0), LogNormal(0.3, 0.5)]
    logs = np.log(sampled(priors, np.random.default_rng(2), 200_000))
    covariance = np.cov(logs.T)
    np.testing.assert_allclose(covariance, [[1.16, 1.0, 0], [1.0, 1.16, 0], [0, 0, 0.25]], atol=0.02)


def test_levels_of_different_spread_are_no_one_level() -> None:
    with pytest.raises(BadInput, match="different spreads"):
        level_precision([AroundLevel(level=1.0), AroundLevel(level=0.5)])


def test_a_total_surer_than_its_split_allows_is_refused() -> None:
    with pytest.raises(BadInput, match="raise total_sigma, or lower spread"):
        mmm.TotalAndSplit(total_sigma=0.2).resolve(panel_of({"tv": 1.0, "search": 1.0}))


@pytest.mark.parametrize("channels", [2, 5, 20])
def test_the_total_is_believed_as_stated_however_many_channels(channels: int) -> None:
    panel = panel_of({f"c{place}": 100.0 for place in range(channels)})
    total = sampled(mmm.TotalAndSplit().resolve(panel), np.random.default_rng(3), 40_000).sum(axis=1)
    assert np.median(total) == pytest.approx(0.3, rel=0.05)
    assert np.log(total).std() == pytest.approx(1.0, abs=0.05)


@pytest.mark.parametrize("parts", [2, 5])
def test_a_channel_cut_into_parts_is_believed_to_bring_what_it_did(parts: int) -> None:
    """Mean and variance of the sum around the level, in closed form; spend noise makes the parts a little unequal.

    So for a channel with up to a quarter of all spend; the spread of a larger one is not narrowed.
    """
    spend = {"tv": 240.0, "search": 400.0, "social": 360.0}

    def moments(panel: mmm.Panel) -> tuple[float, float]:
        chosen = [
            prior
            for name, prior in zip(panel.channels, mmm.TotalAndSplit().resolve(panel), strict=True)
            if name.startswith("tv")
        ]
        means = [prior.median * np.exp(prior.sigma**2 / 2) for prior in chosen]
        return sum(means), sum(m**2 * np.expm1(p.sigma**2) for m, p in zip(means, chosen, strict=True))

    whole, pieces = moments(panel_of(spend)), moments(panel_of(cut(spend, "tv", parts)))
    np.testing.assert_allclose(pieces, whole, rtol=0.1)


@pytest.mark.parametrize(("share", "seed"), [(0.07, 1), (0.07, 2), (0.8, 1)])
def test_media_that_bring_little_or_much_are_covered(share: float, seed: int) -> None:
    data, truth = world(900 + seed, channels=5, media_share=share)
    panel = mmm.Panel.from_frame(
        data.weekly, date="week", kpi="new_customers", spend=list(data.channels), controls=list(data.controls)
    )
    posterior = mmm.fit(panel, draws=500, tune=500, chains=2, seed=1, time_budget=0)
    low, high = np.quantile(posterior.contributions().sum(axis=1), [0.05, 0.95])
    assert low <= truth.contributions.sum() <= high
    table = posterior.media_share()
    assert table.loc["prior", "95%"] / table.loc["prior", "5%"] > 15
    assert table.loc["posterior", "95%"] / table.loc["posterior", "5%"] < 10
    assert next(one for one in posterior.diagnostics if one.name == "media_total").passed
