"""What a posterior answers: totals, decomposition, curves, forecasts, files."""

import numpy as np
import pandas as pd
import pytest

import mmm
from attribution.errors import BadInput


def test_contributions_sum_over_windows(posterior):
    middle = str(posterior.panel.dates[60].date())
    before = str(posterior.panel.dates[59].date())
    whole = posterior.contributions()
    parts = posterior.contributions(end=before) + posterior.contributions(start=middle)
    pd.testing.assert_frame_equal(pd.DataFrame(whole), pd.DataFrame(parts), check_names=False)
    assert len(whole) == posterior.n_draws


def test_shares_are_contributions_over_the_kpi(posterior):
    shares = posterior.contributions().to_numpy() / posterior.panel.kpi.sum()
    np.testing.assert_allclose(shares, posterior.flat("share"), rtol=1e-10)


def test_decomposition_sums_to_the_fit(posterior):
    np.testing.assert_allclose(posterior.decomposition().sum(axis=1), posterior.fitted()["mean"], rtol=1e-10)


def test_sources_of_a_week_sum_to_the_fit_and_over_weeks_to_contributions(posterior):
    table = posterior.sources_by_week()
    np.testing.assert_allclose(table.groupby("period")["mean"].sum(), posterior.fitted()["mean"], rtol=1e-10)
    whole = posterior.contributions().mean()
    sums = table.groupby("source", sort=False)["mean"].sum()
    np.testing.assert_allclose(sums[whole.index], whole, rtol=1e-10)
    assert list(sums.index) == [*whole.index, "baseline"]
    np.testing.assert_allclose(sums["baseline"], posterior.baseline_by_week().to_numpy().sum(), rtol=1e-10)
    assert (table["5%"] <= table["mean"] + 1e-9).all()
    assert (table["mean"] <= table["95%"] + 1e-9).all()


def test_fit_is_close_and_covers(posterior):
    fitted = posterior.fitted()
    inside = ((fitted["observed"] >= fitted["5%"]) & (fitted["observed"] <= fitted["95%"])).mean()
    assert 0.83 < inside < 0.98


def test_cac_is_spend_over_customers(posterior):
    spend = posterior.panel.total_spend
    expected = (spend / posterior.contributions().median()).rename("median")
    pd.testing.assert_series_equal(posterior.cac()["median"], expected, check_names=False, rtol=1e-3)


def test_curves_scale_with_the_horizon(posterior):
    week, quarter = posterior.curves(weeks=1), posterior.curves(weeks=13)
    for channel in posterior.channels:
        np.testing.assert_allclose(quarter[channel](13 * 4000.0), 13 * week[channel](4000.0))


def test_curves_at_steady_spend_equal_the_model(posterior):
    """A driver held steady brings what the curve says."""
    for place, channel in enumerate(posterior.channels):
        level = 1.7 * posterior.panel.total_spend[channel] / posterior.panel.periods
        draws = posterior.media[place]
        steady = draws.contribution(np.full(40, 1.7))[-1] * posterior.kpi_unit
        np.testing.assert_allclose(posterior.curves(weeks=1)[channel](level), steady, rtol=1e-9)


def test_marginal_cac_exceeds_average_on_concave_curves(posterior):
    spend = posterior.panel.recent_spend()
    curves = posterior.curves(weeks=1)
    marginal = posterior.marginal_cac()["median"]
    for channel in posterior.channels:
        average = spend[channel] / np.median(curves[channel](spend[channel]))
        assert marginal[channel] > average


def test_organic_continues_the_baseline(posterior):
    scenario = pd.DataFrame({"price": np.full(13, 100.0)})
    organic = posterior.organic(13, scenario)
    assert organic.by_week.shape == (posterior.n_draws, 13)
    assert organic.dates[0] == posterior.panel.dates[-1] + pd.Timedelta(days=7)
    time = np.arange(130, 143)
    true = 1000 * (0.6 + 0.1 * np.sin(2 * np.pi * time / 52.18) + 0.1 * (time / 130 - 0.5))
    low, high = np.quantile(organic.predicted, [0.01, 0.99])
    assert low < true.sum() < high
    assert organic.customers.mean() == pytest.approx(true.sum(), rel=0.15)


def test_controls_move_the_forecast_and_their_absence_is_said(posterior):
    cheap = posterior.organic(13, pd.DataFrame({"price": np.full(13, 90.0)}))
    dear = posterior.organic(13, pd.DataFrame({"price": np.full(13, 110.0)}))
    assert cheap.customers.mean() > dear.customers.mean() + 100
    assert "price" in posterior.organic(13).assumption
    with pytest.raises(BadInput, match="12 rows for 13 periods"):
        posterior.organic(13, pd.DataFrame({"price": np.full(12, 100.0)}))


def test_carried_in_dies_out(posterior):
    organic = posterior.organic(33, pd.DataFrame({"price": np.full(33, 100.0)}))
    weekly = organic.carried_in_by_week.mean(axis=0)
    assert weekly[0] > 20 * weekly[5] > 0
    assert np.allclose(weekly[26:], 0.0)


def test_a_curve_of_spend_carried_over_is_what_the_forecast_brings(posterior):
    spend = np.array([0.0, 5000.0, 20_000.0, 0.0, 9000.0])
    curves, carryover = posterior.curves(weeks=1), posterior.carryover()
    for place, channel in enumerate(posterior.channels):
        weights = carryover[channel]
        np.testing.assert_allclose(weights.sum(axis=0), 1.0)
        past = posterior.panel.national_spend[channel].to_numpy()[-(len(weights) - 1) :]
        line = np.concatenate((past, spend))
        windows = np.lib.stride_tricks.sliding_window_view(line, len(weights))[:, ::-1]
        unit = posterior.panel.media_units[0, place]
        expected = posterior.media[place].coming(spend / unit) * posterior.kpi_unit
        np.testing.assert_allclose(curves[channel].at_draws(windows @ weights)[0], expected, rtol=1e-9)


def test_saved_and_loaded_is_the_same(posterior, tmp_path):
    path = tmp_path / "posterior.nc"
    posterior.save(path)
    loaded = mmm.Posterior.load(path)
    assert loaded.model == posterior.model
    assert loaded.verdict == posterior.verdict
    for name, values in posterior.draws.items():
        np.testing.assert_array_equal(loaded.draws[name], values)
    pd.testing.assert_frame_equal(loaded.summary(), posterior.summary())
    pd.testing.assert_frame_equal(loaded.fitted(), posterior.fitted())
    again = tmp_path / "again.nc"
    posterior.save(again)
    assert path.read_bytes() == again.read_bytes()
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["again.nc", "posterior.nc"]


def test_a_damaged_file_is_refused(posterior, tmp_path):
    import netCDF4

    path = tmp_path / "posterior.nc"
    posterior.save(path)
    with netCDF4.Dataset(path, "a") as file:
        file["posterior"]["sigma"][0, 0] += 1e-9
    with pytest.raises(BadInput, match="checksum"):
        mmm.Posterior.load(path)
    path.write_bytes(b"not a posterior")
    with pytest.raises(BadInput, match="is not a posterior"):
        mmm.Posterior.load(path)
    with pytest.raises(BadInput, match="does not exist"):
        mmm.Posterior.load(tmp_path / "nowhere.nc")


def test_a_file_of_another_version_is_refused_with_what_it_lacks(posterior, tmp_path):
    import json

    import netCDF4

    from mmm.posterior import storage

    path = tmp_path / "posterior.nc"
    posterior.save(path)
    header, groups = storage._opened(path)
    del header["panel"]["calendar"]
    rest = {key: value for key, value in header.items() if key != "checksum"}
    with netCDF4.Dataset(path, "a") as file:
        file.setncattr("blended_cac", json.dumps({**rest, "checksum": storage._checksum(rest, groups)}))
    with pytest.raises(BadInput, match="lacks 'calendar': another version wrote it"):
        mmm.Posterior.load(path)


def test_opens_in_arviz(posterior, tmp_path):
    import arviz

    data = posterior.to_inferencedata()
    assert list(data.posterior["share"].coords["channel"].values) == list(posterior.channels)
    path = tmp_path / "posterior.nc"
    posterior.save(path)
    opened = arviz.from_netcdf(path)
    np.testing.assert_array_equal(opened.posterior["share"].values, posterior.draws["share"])
    assert float(arviz.rhat(opened)["sigma"]) < 1.01


def test_a_channel_that_rests_is_answered_at_its_last_active_level(company):
    frame, _ = company(90)
    frame.loc[frame.index[-20:], "tv"] = 0.0
    frame.loc[frame.index[60:64], "tv"] = 0.0  # a gap before, which is not part of the level either
    panel = mmm.Panel.from_frame(frame, "week", "customers", ["tv", "search"], ["price"])
    posterior = mmm.fit(panel, draws=100, tune=200, time_budget=0)
    table, summary = posterior.marginal_cac(), posterior.summary()
    level = frame["tv"][frame["tv"] > 0].iloc[-13:].mean()
    assert table.loc["tv", "level"] == pytest.approx(level)
    assert table.loc["search", "level"] == pytest.approx(frame["search"].iloc[-13:].mean())
    asked = posterior.marginal_cac(pd.Series({"tv": level, "search": 1.0}))
    np.testing.assert_allclose(table.loc["tv"].astype(float), asked.loc["tv"].astype(float))
    assert np.isfinite(summary.drop(columns="note").to_numpy(dtype=float)).all()
    assert "no spend in the last 13 weeks" in summary.loc["tv", "note"]
    assert summary.loc["search", "note"] == ""
    assert panel.recent_spend()["tv"] == 0.0  # what is spent today stays what it is
