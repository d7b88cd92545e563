"""CAC matched to the sales cycle: by hand, by laws, and on simulated businesses of known truth."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from attribution import BadInput, Journeys, matched_cac, sales_cycle
from attribution.analysis.log_begins import FEW, begun_before, certain_from
from attribution.analysis.sales_cycle import ALL

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "benchmarks"))
from sales_cycle_truth import errors, errors_as_stated, world


def moments(days: list[float], users: list[str]) -> pd.DataFrame:
    time = pd.Timestamp("2025-01-01", tz="UTC") + pd.to_timedelta(np.array(days) * 86_400, "s")
    return pd.DataFrame({"user": users, "time": time})


def journeys(touches: list[float], ends: dict[int, float], lookback: str = "365D") -> Journeys:
    """A person for each touch; some of them convert on a day."""
    users = [f"u{place:03}" for place in range(len(touches))]
    log = moments(touches, users).assign(channel="search")
    won = moments(list(ends.values()), [users[place] for place in ends])
    return Journeys.from_touchpoints(log, conversions=won, lookback=lookback)


def test_lags_and_waiting_persons_by_hand() -> None:
    touches = [*np.linspace(0.1, 29, 20), *np.linspace(31.1, 58, 20)]
    ends = {place: touches[place] + 5.5 for place in range(10)} | {25: 58.9}
    cycle = sales_cycle(journeys(touches, ends))
    converted = cycle.converted[0].sum(axis=1)
    inside = dict(zip(cycle.months, converted, strict=True))
    assert inside["2025-02"] == 1
    assert cycle.waiting[0].sum() + converted.sum() <= 40
    lag = int(58.9 - touches[25])
    assert cycle.converted[0, cycle.months.index("2025-02"), lag] == 1


def test_the_product_limit_is_kaplan_and_meiers() -> None:
    """Against a direct product over persons, of a log whose days are whole."""
    rng = np.random.default_rng(0)
    touches = np.sort(rng.uniform(0, 90, 400))
    lag = np.where(rng.random(400) < 0.6, rng.exponential(20, 400), np.inf)
    ends = {place: touches[place] + lag[place] for place in range(400) if touches[place] + lag[place] < 90}
    made = journeys(list(touches), ends)
    cycle = sales_cycle(made)
    first = cycle.months
    seen, gone = cycle.hazard("search")
    share = 1.0
    for day in range(cycle.days):
        share *= 1 - (gone[day] / seen[day] if seen[day] >= 5 else 0.0)
        assert cycle.conversion("search")[day] == pytest.approx(1 - share)
    assert first


def test_customers_to_come_are_none_where_all_were_seen() -> None:
    touches = list(np.linspace(0, 100, 300))
    ends = {place: touch + 0.2 for place, touch in enumerate(touches) if place % 2}
    so_far, whole = sales_cycle(journeys(touches, ends)).customers("search")
    assert np.allclose(whole, so_far)


@pytest.mark.parametrize("cycle", [98.0, 30.0])
def test_matched_cac_is_near_the_truth_where_the_naive_one_is_not(cycle: float) -> None:
    table = errors(2, people=40_000, cycle=cycle).iloc[6:]  # the log's first half year has customers of no spend
    known = table[table["waiting"] < 0.5]
    assert known["matched"].abs().mean() < 0.03
    assert known["matched"].abs().mean() < 0.2 * known["naive"].abs().mean()
    assert table["inside"].mean() >= 0.7


def test_a_log_that_begins_among_people_on_their_way_gives_no_month_that_is_wrong() -> None:
    """Uncorrected, January is off by half, February by a fifth and March by 6 %."""
    touches, ends, spend, truth = world(2, 12_000, gap=30.0)
    made = Journeys.from_touchpoints(touches, conversions=ends, lookback="500D")
    cycle = sales_cycle(made)
    table = matched_cac(cycle, made, spend).query("channel == @ALL").set_index("month")
    off = table["matched_cac"] / truth[table.index] - 1
    told = table["customers_so_far"] / table["customers_matched"]
    assert "2024-03" < table.index[0] <= "2024-06"
    assert off[told > 0.98].abs().max() < 0.03
    assert off[told > 0.7].abs().max() < 0.08
    assert not cycle.converted[:, : cycle.months.index("2024-03")].any()
    assert not cycle.waiting[:, : cycle.months.index("2024-03")].any()
    assert f"before {cycle.certain:%Y-%m-%d} are left out" in cycle.first_touches.text


def test_who_seems_to_begin_after_a_cut_is_counted_by_hand() -> None:
    touches = [1.0, 4.0, 8.0, 16.0, 17.5]
    log = moments([*touches, 15.2, 18.3, 18.6], ["u000", "u001", "u002", "u003", "u004", "u000", "u001", "u003"])
    won = moments([19.0, 19.0, 19.5, 19.5], ["u000", "u001", "u002", "u003"])
    made = Journeys.from_touchpoints(log.assign(channel="search"), conversions=won, lookback="60D")
    cut = int(pd.Timestamp("2025-01-16", tz="UTC").value // 1000)
    assert made.won is not None
    every, before = begun_before(made.won, cut)
    assert every.tolist() == [1, 1, 0, 1]  # u000 and u001 come back, u003 begins, u002 has no touch since
    assert before.tolist() == [1, 0, 0, 1]


def test_spend_twice_as_large_is_cac_twice_as_large() -> None:
    touches, ends, spend, _ = world(1, people=4_000)
    made = Journeys.from_touchpoints(touches, conversions=ends, lookback="500D")
    cycle = sales_cycle(made)
    once, twice = (matched_cac(cycle, made, spend.assign(spend=spend["spend"] * k)) for k in (1, 2))
    for column in ("naive_cac", "matched_cac", "matched_cac_low", "matched_cac_high"):
        assert np.allclose(2 * once[column], twice[column])
    assert np.allclose(once["difference"], twice["difference"])
    parts = once[once["channel"] != ALL].groupby("month")[["spend", "customers_of_month", "customers_so_far"]].sum()
    assert np.allclose(parts, once[once["channel"] == ALL].set_index("month")[list(parts)])


def test_a_window_that_cuts_the_cycle_is_told() -> None:
    touches, ends, _, _ = world(1, people=4_000)
    wide = sales_cycle(Journeys.from_touchpoints(touches, conversions=ends, lookback="500D"))
    narrow = sales_cycle(Journeys.from_touchpoints(touches, conversions=ends, lookback="100D"))
    assert wide.finding.passed
    assert not narrow.finding.passed


def test_what_cannot_be_matched_is_refused() -> None:
    everybody = journeys([1.0, 2.0, 40.0], {0: 3.0, 1: 4.0, 2: 41.0})
    spend = pd.DataFrame({"date": pd.date_range("2025-01-01", periods=60), "channel": "search", "spend": 1.0})
    with pytest.raises(BadInput, match="nobody who did not convert"):
        matched_cac(sales_cycle(everybody), everybody, spend)
    with pytest.raises(BadInput, match="no times"):
        sales_cycle(Journeys.from_paths(pd.DataFrame({"path": ["a > b"], "conversions": [2]})))


def test_a_stated_cycle_of_98_days_comes_near_the_truth_without_a_log() -> None:
    table = errors_as_stated(3, people=60_000)
    table = table[(table.index >= "2024-08") & (table["waiting"] < 0.5)]
    assert table["matched"].abs().mean() < 0.05
    assert table["matched"].abs().mean() < 0.2 * table["naive"].abs().mean()
    assert table["inside"].mean() > 0.7


def test_what_cuts_say_of_the_log_s_beginning_is_as_sure_as_they_say() -> None:
    """A log that is cut off, against what its earlier touches tell of the same people."""
    held, left = [], []
    start = pd.Timestamp("2024-01-01", tz="UTC") + pd.Timedelta(days=200)
    for seed in range(6):
        touches, ends, *_ = world(seed, 4_000, gap=30.0)
        whole = Journeys.from_touchpoints(touches, conversions=ends, lookback="500D")
        seen = (touches[touches["time"] >= start], ends[ends["time"] >= start])
        log = Journeys.from_touchpoints(seen[0], conversions=seen[1], lookback="500D")
        every, before = begun_before(whole.won, int(start.value // 1000))
        said = certain_from(log.won, *log.span)
        held.append(said.begun_before.low <= before[:30].sum() / every[:30].sum() <= said.begun_before.high)
        left.append(before[said.days :].sum() / ((every - before).sum() * 30 / len(every)))
    assert np.mean(held) >= 0.75
    assert np.mean(np.array(left) <= FEW) >= 0.6
    assert max(left) <= 2 * FEW  # one customer of such a month is 2.6 %
