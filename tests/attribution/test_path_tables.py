"""Aggregated tables as they come: totals, other separators, weights of any size."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pandas as pd
import pytest

from attribution import BadInput, Journeys, LastTouch, Linear, Markov, bootstrap
from attribution.paths.aggregated import spread_over_buckets

PATHS = ["search > tv", "tv > search", "tv", "mail > search > mail"]
COUNTS = [40, 30, 20, 10]


def table(paths: list[str], counts: list[float], **columns: list[float]) -> pd.DataFrame:
    return pd.DataFrame({"path": paths, "conversions": counts, **columns})


@pytest.mark.parametrize("name", ["Total", "TOTALS", "Grand total", "Summe"])
@pytest.mark.parametrize("place", [0, 4])
@pytest.mark.parametrize("sum_", [100, 140])  # 140: the rest of an export that was cut
def test_a_row_of_totals_is_refused(name, place, sum_):
    paths, counts = [*PATHS], [*COUNTS]
    paths.insert(place, name)
    counts.insert(place, sum_)
    with pytest.raises(BadInput, match=rf"data row {place + 1}: holds '{name}'.*delete it"):
        Journeys.from_paths(table(paths, counts))


def test_a_channel_may_be_called_total_and_an_unnamed_sum_is_told():
    assert "Total" in Journeys.from_paths(table([*PATHS, "Total"], [*COUNTS, 50])).channels
    assert "Total" in Journeys.from_paths(table([*PATHS, "Total", "Total > tv"], [*COUNTS, 103, 3])).channels
    found = {one.name: one for one in Journeys.from_paths(table([*PATHS, "(not set)"], [*COUNTS, 100])).findings}
    assert not found["totals_row"].passed
    assert "'(not set)'" in found["totals_row"].text
    assert all(one.passed for one in Journeys.from_paths(table(PATHS, COUNTS)).findings)


@pytest.mark.parametrize("sign", [" | ", "|", ";", " -> ", "->", "=>", ", ", "→", " / "])
def test_another_separator_is_refused_by_name(sign):
    with pytest.raises(BadInput, match="pass sep=") as raised:
        Journeys.from_paths(table([path.replace(" > ", sign) for path in PATHS], COUNTS))
    assert repr(sign.strip()) in str(raised.value)
    right = Journeys.from_paths(table([path.replace(" > ", sign) for path in PATHS], COUNTS), sep=sign.strip())
    assert right.channels == ("mail", "search", "tv")


@pytest.mark.parametrize("names", [["google / cpc", "google / organic", "direct"], ["a, b", "c"], ["a|b", "c;d", "e"]])
def test_signs_in_names_of_channels_are_no_separator(names):
    assert set(Journeys.from_paths(table(names, [5] * len(names))).channels) == set(names)
    assert set(Journeys.from_paths(table([" > ".join(names)], [5])).channels) == set(names)


def test_huge_weights_take_little_memory_and_keep_their_sums():
    journeys = Journeys.from_paths(table(PATHS, [1e9, 3e12, 2e17, 0.4], nulls=[5e9, 0, 7, 2.5]), nulls="nulls")
    tracemalloc.start()
    drawn = bootstrap(journeys, Markov(), replicates=20)
    assert tracemalloc.get_traced_memory()[1] < 2e8
    tracemalloc.stop()
    np.testing.assert_allclose(drawn.credit.conversions.sum(), 1e9 + 3e12 + 2e17 + 0.4)
    assert drawn.summary()["standard_error"].max() < 1e-3 * drawn.credit.conversions.sum()


@pytest.mark.parametrize("seed", range(3))
def test_spreading_keeps_weights_and_the_variance_of_single_journeys(seed):
    rng = np.random.default_rng(seed)
    counts, nulls = rng.integers(0, 5_000, 30).astype(float), rng.integers(0, 3_000, 30) + rng.random(30)
    paths = [" > ".join(rng.choice(list("abc"), rng.integers(1, 4))) for _ in range(30)]
    journeys = Journeys.from_paths(table(paths, counts, nulls=nulls, value=counts * 7), nulls="nulls", value="value")
    assert journeys.won is not None
    parts = list(spread_over_buckets(journeys.won, 1000, seed))
    for name, whole in (("conversions", counts.sum()), ("nulls", nulls.sum()), ("value", 7 * counts.sum())):
        np.testing.assert_allclose(sum(getattr(part, name).sum() for part in parts), whole)
    in_bucket = sum(np.bincount(part.labels["bucket"], part.conversions, minlength=1000) for part in parts)
    assert 0.8 < in_bucket.var() / counts.sum() * 1000 < 1.25  # Poisson: as many at random in each of 1,000


def test_shares_in_place_of_counts_are_told():
    shares = Journeys.from_paths(table(PATHS, [0.4, 0.3, 0.2, 0.1]))
    found = {one.name: one for one in shares.findings}
    assert not found["fractional_weights"].passed
    assert found["fractional_weights"].value == 1.0
    pd.testing.assert_series_equal(
        Linear()(shares).conversions * 100, Linear()(Journeys.from_paths(table(PATHS, COUNTS))).conversions
    )
    assert bootstrap(shares, LastTouch(), replicates=5).summary().notna().to_numpy().all()


def test_a_table_joined_to_itself_is_refused_and_a_path_in_two_rows_is_not():
    whole = table(PATHS, COUNTS)
    with pytest.raises(BadInput, match=r"holds every row twice.*delete the repeats"):
        Journeys.from_paths(pd.concat([whole, whole]))
    assert Journeys.from_paths(pd.concat([whole, whole.iloc[:1]])).totals["conversions"] == sum(COUNTS) + COUNTS[0]
    halves = [whole.assign(conversions=[15, 15, 5, 5]), whole.assign(conversions=[25, 15, 15, 5])]
    parted = Journeys.from_paths(pd.concat(halves))
    np.testing.assert_allclose(Linear()(parted).conversions, Linear()(Journeys.from_paths(whole)).conversions)
