"""Marginal CAC against differences of a response written once more in plain numpy, from a posterior's own parameters.

A quarter of one per cent more spend, in the midst of steady spend, brings so many customers more until nothing is
carried on; what a customer of these costs is the marginal CAC, whatever the baseline of those weeks. Nothing of the
package is used but the parameters' draws, the panel's figures and the prior's names.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import mmm

DRAWS, QUARTER = 7, 13
RNG = np.random.default_rng(3)
PARAMETERS = {
    "retention": RNG.uniform(0.1, 0.8, DRAWS),
    "delay": RNG.uniform(0.5, 2.5, DRAWS),
    "shape": RNG.uniform(0.8, 2.5, DRAWS),
    "scale": RNG.uniform(1.0, 4.0, DRAWS),
    "half_saturation": RNG.uniform(0.4, 2.5, DRAWS),
    "slope": RNG.uniform(0.7, 2.2, DRAWS),
    "exponent": RNG.uniform(0.3, 0.9, DRAWS),
}
SATURATED = {
    mmm.HillSaturation: lambda x, p: 1 / (1 + (p["half_saturation"] / x) ** p["slope"]),
    mmm.LogisticSaturation: lambda x, p: np.tanh(0.5 * np.log(3) * x / p["half_saturation"]),
    mmm.MichaelisMentenSaturation: lambda x, p: x / (x + p["half_saturation"]),
    mmm.ExponentialSaturation: lambda x, p: -np.expm1(-np.log(2) * x / p["half_saturation"]),
    mmm.PowerSaturation: lambda x, p: x ** p["exponent"],
    mmm.NoSaturation: lambda x, _: x,
}
LEFT = {
    mmm.GeometricAdstock: lambda week, p: p["retention"] ** week,
    mmm.DelayedAdstock: lambda week, p: p["retention"] ** ((week - p["delay"]) ** 2),
    mmm.NoAdstock: lambda week, _: float(week == 0),
}


def panel_of(days: int, paused: bool) -> mmm.Panel:
    weeks, each = 40, 7 // days
    spend = np.random.default_rng(1).gamma(2.0, 4_000.0 / each, weeks * each) + 50.0
    if paused:
        spend[-15 * each :] = 0.0
    frame = pd.DataFrame({"date": pd.date_range("2025-01-06", periods=len(spend), freq=f"{days}D"), "tv": spend})
    customers = np.random.default_rng(2).normal(700 / each, 30 / each, len(spend)).round()
    return mmm.Panel.from_frame(frame.assign(customers=customers), "date", "customers", ["tv"])


def posterior_of(panel: mmm.Panel, model: mmm.Model) -> mmm.Posterior:
    """Draws as a fit would leave them, but stated; those of a baseline are random."""
    fitted = mmm.fit(panel, model, preview=True, draws=8)
    draws = {name: values[:, :DRAWS].copy() for name, values in fitted.draws.items()}
    chains = len(draws["sigma"])
    for name, values in PARAMETERS.items():
        if name in draws:
            draws[name] = np.broadcast_to(values[None, :, None], (chains, DRAWS, 1)).copy()
    draws["share"] = np.broadcast_to(np.linspace(0.05, 0.5, DRAWS)[None, :, None], (chains, DRAWS, 1)).copy()
    return mmm.Posterior(panel, model, draws, {}, ())


def customers(series: np.ndarray, before: float, left: list[float], saturated, scale: float) -> np.ndarray:
    """Customers by period of a series of spend in units of its mean, of one draw."""
    lags = len(left)
    padded = np.concatenate([np.full(lags - 1, before), series])
    stock = np.array([sum(left[k] * padded[lags - 1 + t - k] for k in range(lags)) for t in range(len(series))])
    return scale * saturated(stock)


@pytest.mark.parametrize(
    ("days", "paused", "adstock", "saturation"),
    [(7, paused, mmm.GeometricAdstock, each) for paused, each in zip([False, True] * 3, SATURATED, strict=True)]
    + [(7, False, each, mmm.HillSaturation) for each in (mmm.DelayedAdstock, mmm.NoAdstock)]
    + [(1, paused, mmm.GeometricAdstock, mmm.HillSaturation) for paused in (False, True)],
)
def test_marginal_cac_is_what_a_quarter_of_a_little_more_costs(
    days: int, paused: bool, adstock: type, saturation: type
) -> None:
    panel, each = panel_of(days, paused), 7 // days
    lags = 1 if adstock is mmm.NoAdstock else 6
    family = adstock() if lags == 1 else adstock(lags=lags)
    model = mmm.Model(adstock=family, saturation=saturation())
    posterior = posterior_of(panel, model)
    assert set(family.priors) | set(saturation().priors) <= set(PARAMETERS) & set(posterior.draws)

    spend = panel.national_spend["tv"].to_numpy()
    active = spend[: len(spend) - 15 * each] if paused else spend
    level = active[-13 * each :].mean()
    mean, kpi = spend.mean(), float(panel.kpi.mean())
    window, quarter = lags * each if lags > 1 else 1, QUARTER * each
    costs = []
    for draw in range(DRAWS):
        p = {name: values[draw] for name, values in PARAMETERS.items()}
        left = [LEFT[adstock](lag / each, p) for lag in range(window)]
        left = [one / sum(left) for one in left]
        share = float(posterior.draws["share"][0, draw, 0])

        def saturated(stock: np.ndarray, p: dict[str, float] = p) -> np.ndarray:
            return SATURATED[saturation](np.maximum(stock, 1e-30), p)

        history = customers(spend / mean, spend[: 13 * each].mean() / mean, left, saturated, 1.0)
        scale, baseline = share * kpi / history.mean(), 100.0 * draw
        brought = []
        for change in (1e-4, -1e-4):
            coming = np.full(quarter + window, level / mean)
            coming[:quarter] *= 1 + change
            brought.append(baseline + customers(coming, level / mean, left, saturated, scale).sum())
        costs.append(2e-4 * level * quarter / (brought[0] - brought[1]))

    table = posterior.marginal_cac()
    assert table.loc["tv", "level"] == pytest.approx(level)
    assert table.loc["tv", "median"] == pytest.approx(np.median(costs), rel=1e-4)
    assert table.loc["tv", "mean"] == pytest.approx(np.mean(costs), rel=1e-4)
    slopes = posterior.curves(weeks=QUARTER * each)["tv"].marginal(level * quarter)
    np.testing.assert_allclose(1 / slopes[:DRAWS], costs, rtol=1e-4)
