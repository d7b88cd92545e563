"""Numbers, priors, days and lengths that no model can have are refused where they are written."""

from __future__ import annotations

import re
from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

import mmm
from attribution.errors import BadInput

WRONG: dict[str, Callable[[], object]] = {
    "order is -1": lambda: mmm.Season(order=-1),
    "order is 1.5": lambda: mmm.Season(order=1.5),  # type: ignore[arg-type]
    "order is True": lambda: mmm.Season(order=True),
    "period is 0": lambda: mmm.Season(period=0),
    "every is 0": lambda: mmm.RandomWalk(0.1, every=0),
    "sd is nan": lambda: mmm.RandomWalk(np.nan),
    "sd is -1": lambda: mmm.LinearTrend(sd=-1),
    "changepoints is -2": lambda: mmm.PiecewiseTrend(changepoints=-2),
    "lags is 0": lambda: mmm.GeometricAdstock(lags=0),
    "total is 30": lambda: mmm.TotalAndSplit(total=30),
    "total is -1": lambda: mmm.Neutral(total=-1),
    "sigma is 0": lambda: mmm.SpendInformed(sigma=0),
    "median is -1": lambda: mmm.LogNormal(-1, 1),
    "a is 0": lambda: mmm.Beta(0, 1),
    "shape is inf": lambda: mmm.Gamma(np.inf, 1),
    "scale is '1'": lambda: mmm.HalfNormal("1"),  # type: ignore[arg-type]
    "retention is Normal(mean=0.0, sd=1.0)": lambda: mmm.GeometricAdstock(retention=mmm.Normal()),
    "retention is LogNormal(median=1.0, sigma=1.0)": lambda: mmm.DelayedAdstock(retention=mmm.LogNormal()),
    "retention is 0.5": lambda: mmm.GeometricAdstock(retention=0.5),  # type: ignore[arg-type]
    "slope is Normal(mean=1.0, sd=1.0)": lambda: mmm.HillSaturation(slope=mmm.Normal(1.0)),
    "exponent is Gamma(shape=2.0, rate=2.0)": lambda: mmm.PowerSaturation(exponent=mmm.Gamma()),
    "'tv' is (5, 10)": lambda: mmm.ShareOfCustomers({"tv": (5, 10)}),
    "'tv' is (50, 100)": lambda: mmm.CostPerCustomer({"tv": (50, 100)}),
    "'tv' is 50": lambda: mmm.CostPerCustomer({"tv": 50}),  # type: ignore[dict-item]
    "channels is 'tv'": lambda: mmm.ControlFunctions(channels="tv"),  # type: ignore[arg-type]
    "is '01/06/2025', no day": lambda: mmm.LiftTest("tv", "01/06/2025", "02/02/2025", 1.0, 1.0, 1.0),
    "is '2000', no number": lambda: mmm.LiftTest("tv", "2025-01-06", "2025-02-02", "2000", 1.0, 1.0),  # type: ignore[arg-type]
}


def test_a_normal_prior_stands_where_all_of_it_lies_in_the_range() -> None:
    assert mmm.MichaelisMentenSaturation(mmm.Normal(1.2, 0.1)).priors["half_saturation"] == mmm.Normal(1.2, 0.1)
    assert mmm.GeometricAdstock(retention=mmm.Normal(0.5, 0.05)).priors["retention"] == mmm.Normal(0.5, 0.05)
    with pytest.raises(BadInput, match="retention is"):
        mmm.GeometricAdstock(retention=mmm.Normal(0.8, 0.05))


def test_what_no_part_of_a_model_can_be_is_named() -> None:
    silent = []
    for told, made in WRONG.items():
        try:
            made()
        except BadInput as error:
            if told not in str(error) or "Remedy: " not in str(error):
                silent.append((told, str(error)))
        else:
            silent.append((told, "accepted"))
    assert not silent


def test_what_a_model_can_be_is_taken() -> None:
    mmm.Season(order=np.int64(0), sd=0)
    mmm.GeometricAdstock(lags=1, retention=mmm.Beta(3, 1))
    mmm.HillSaturation(slope=mmm.Beta(2, 2), half_saturation=mmm.Gamma())
    mmm.ShareOfCustomers({"tv": (0.2, 0.5), "radio": [0.01, 2.0]})  # type: ignore[dict-item]
    day = pd.Timestamp("2025-01-06")
    assert mmm.LiftTest("tv", day, day.date(), 1.0, 1.0, 1.0).start == "2025-01-06"  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def posterior() -> mmm.Posterior:
    rng = np.random.default_rng(3)
    table = pd.DataFrame({"week": pd.date_range("2024-01-01", periods=80, freq="7D"), "tv": rng.gamma(3, 400, 80)})
    table["kpi"] = 200 + 0.05 * table["tv"] + rng.normal(0, 5, 80)
    return mmm.fit(mmm.Panel.from_frame(table, "week", "kpi", ["tv"]), preview=True)


WINDOWS = {
    "06/01/2025": {"start": "06/01/2025"},
    "2030-01-01": {"start": "2030-01-01"},
    "2000-01-01": {"end": "2000-01-01"},
    "from 2025-06-02 to 2025-01-06": {"start": "2025-06-02", "end": "2025-01-06"},
    "no whole period": {"start": "2025-01-08", "end": "2025-01-09"},
}


@pytest.mark.parametrize("told", WINDOWS)
def test_a_window_without_a_period_is_no_window(posterior: mmm.Posterior, told: str) -> None:
    for figure in (posterior.contributions, posterior.cac):
        with pytest.raises(BadInput, match=re.escape(told)):
            figure(**WINDOWS[told])


def test_windows_add_up(posterior: mmm.Posterior) -> None:
    parts = [posterior.contributions(end="2024-06-30"), posterior.contributions(start="2024-07-01")]
    pd.testing.assert_frame_equal(parts[0] + parts[1], posterior.contributions(), check_frame_type=False)


def test_lengths_that_are_none(posterior: mmm.Posterior) -> None:
    panel = posterior.panel
    wrong: dict[str, Callable[[], object]] = {
        "weeks: is 0": lambda: posterior.curves(weeks=0),
        "weeks: is '13'": lambda: posterior.organic(weeks="13"),  # type: ignore[arg-type]
        "weeks: is -1": lambda: posterior.organic(weeks=-1),
        "weeks: is '4'": lambda: mmm.without_last(posterior, "4"),  # type: ignore[arg-type]
        "horizon: is 1.5": lambda: mmm.hold_out(panel, horizon=1.5),  # type: ignore[arg-type]
        "is given as a text": lambda: panel.with_events({"fair": "2025-01-06"}),
        "is one test alone": lambda: mmm.fit(
            panel,
            mmm.Model(lift_tests=mmm.LiftTest("tv", "2025-01-06", "2025-02-02", 1.0, 1.0, 1.0)),  # type: ignore[arg-type]
        ),
        "the model's rides_on": lambda: mmm.fit(panel, mmm.Model(rides_on={"tv": "radio"})),
        "the model's organic_share": lambda: mmm.fit(panel, mmm.Model(organic_share=0.3)),  # type: ignore[arg-type]
        "the model's trend": lambda: mmm.fit(panel, mmm.Model(trend=None)),  # type: ignore[arg-type]
    }
    for told, asked in wrong.items():
        with pytest.raises(BadInput, match=re.escape(told)):
            asked()
