"""Worlds of regions: complete tables, truth that adds up, sizes that show."""

import numpy as np
import pandas as pd
import pytest

from attribution.errors import BadInput
from mmm.simulate.geo_world import geo_world


@pytest.fixture(scope="module")
def sample():
    return geo_world(5, geos=8, weeks=104, channels=4)


def test_every_region_has_every_week(sample):
    data, _ = sample
    assert len(data.weekly) == 8 * 104
    assert not data.weekly.duplicated(["geo", "week"]).any()
    assert not data.weekly.isna().any().any()
    assert (data.weekly[list(data.channels)] >= 0).all().all()
    assert data.population.index.tolist() == sorted(data.weekly["geo"].unique())


def test_customers_scatter_around_what_was_caused(sample):
    data, truth = sample
    expected = truth.contributions.sum(axis=1) + truth.organic
    observed = data.weekly.groupby("geo")["new_customers"].sum()
    assert np.allclose(observed / expected, 1, atol=0.05)


def test_contributions_follow_from_spend_by_hand(sample):
    data, truth = sample
    share = data.population / data.population.sum()
    for place, medium in enumerate(truth.media):
        for geo in data.population.index[:3]:
            rows = data.weekly[data.weekly["geo"] == geo]
            carried, customers = rows[medium.name].mean(), 0.0
            for spend in rows[medium.name]:
                carried = medium.decay * carried + (1 - medium.decay) * spend
                customers += float(truth.response[medium.name](carried / share[geo])) * share[geo]
            customers *= truth.strength.iloc[truth.strength.index.get_loc(geo), place]
            assert truth.contributions.loc[geo, medium.name] == pytest.approx(customers, rel=0.02), geo


def test_larger_regions_have_more_customers(sample):
    data, _ = sample
    observed = data.weekly.groupby("geo")["new_customers"].sum()
    assert np.corrcoef(np.log(observed), np.log(data.population))[0, 1] > 0.95


def test_regions_spend_differently(sample):
    """Else regions would teach a model nothing that the nation does not."""
    data, _ = sample
    wide = data.weekly.pivot_table(index="week", columns="geo", values="paid_social")
    correlations = wide.corr().to_numpy()[np.triu_indices(8, 1)]
    assert 0.1 < correlations.mean() < 0.9


def test_same_seed_same_world_and_no_spread_no_difference():
    pd.testing.assert_frame_equal(geo_world(1, geos=3, weeks=20)[0].weekly, geo_world(1, geos=3, weeks=20)[0].weekly)
    assert (geo_world(1, geos=3, weeks=20, spread=0.0)[1].strength == 1).all().all()


@pytest.mark.parametrize("wrong", [{"geos": 0}, {"weeks": 1}, {"r2": 0.0}, {"spread": -1.0}])
def test_impossible_worlds_are_refused(wrong):
    with pytest.raises(BadInput):
        geo_world(0, **wrong)
