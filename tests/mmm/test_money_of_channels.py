"""Money of channels in two units, or in two places; markets that are one; outcomes that media bring."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import mmm
from attribution.findings import Finding
from mmm.data.panel_checks import check_panel

NEW = ("units_apart", "counted_twice", "outcome_controls")
WORLD, _ = mmm.simulate.world(seed=1, weeks=120, channels=6)
CHANNELS, CONTROLS, WEEKLY = list(WORLD.channels), list(WORLD.controls), WORLD.weekly


def found(
    table: pd.DataFrame, more: tuple[str, ...] = (), controls: tuple[str, ...] = (), **roles: str
) -> dict[str, Finding]:
    panel = mmm.Panel.from_frame(
        table, "week", "new_customers", [*CHANNELS, *more], controls=[*CONTROLS, *controls], **roles
    )
    return {each.name: each for each in check_panel(panel) if each.name in NEW}


def test_simulated_companies_raise_none_of_them() -> None:
    for seed in range(20):
        data, _ = mmm.simulate.world(seed=seed, weeks=(104, 130, 156)[seed % 3], channels=(4, 8, 10)[seed % 3])
        panel = mmm.Panel.from_frame(
            data.weekly, "week", "new_customers", list(data.channels), controls=list(data.controls)
        )
        assert not [each for each in check_panel(panel) if each.name in NEW and not each.passed], seed


@pytest.mark.parametrize("factor", [1e-3, 1e6, 1e3])
@pytest.mark.parametrize("channel", ["tv", "generic_search"])
def test_a_channel_in_another_unit_is_named(channel: str, factor: float) -> None:
    finding = found(WEEKLY.assign(**{channel: WEEKLY[channel] * factor}))["units_apart"]
    assert (finding.passed, finding.channels) == (False, (channel,))


def test_all_channels_in_another_unit_are_of_one() -> None:
    assert found(WEEKLY.assign(**{name: WEEKLY[name] / 1000 for name in CHANNELS}))["units_apart"].passed


def test_sums_among_channels_are_named_with_their_parts() -> None:
    for parts in (CHANNELS, CHANNELS[1:3]):
        finding = found(WEEKLY.assign(digital=WEEKLY[parts].sum(axis=1)), ("digital",))["counted_twice"]
        assert finding.channels == ("digital",)
        assert all(part in finding.text for part in parts[:5])
    other = {
        "twice": 2 * WEEKLY[CHANNELS[0]],
        "half": WEEKLY[CHANNELS[:2]].sum(axis=1) / 2,
        "nearly": WEEKLY[CHANNELS].sum(axis=1) * np.linspace(0.99, 1.01, len(WEEKLY)),
    }
    for name, spend in other.items():
        assert found(WEEKLY.assign(**{name: spend}), (name,))["counted_twice"].passed, name


def markets(**change: object) -> pd.DataFrame:
    rng = np.random.default_rng(0)
    parts = {"north": 0.5, "south": 0.3, "west": 0.25}
    return pd.concat(
        WEEKLY.assign(
            market=name,
            new_customers=rng.poisson(WEEKLY["new_customers"] * part),
            **{each: (WEEKLY[each] * part).round() for each in CHANNELS} | change,
        )
        for name, part in parts.items()
    )


def test_spend_that_is_the_same_in_every_market_is_named() -> None:
    assert found(markets(), geo="market")["counted_twice"].passed
    finding = found(markets(tv=WEEKLY["tv"]), geo="market")["counted_twice"]
    assert (finding.passed, finding.channels) == (False, ("tv",))
    assert "in each of 3 markets" in finding.text


def test_a_market_that_is_there_twice_is_named() -> None:
    table = markets()
    again = table[table["market"] == "south"].assign(market="sued")
    finding = found(pd.concat([table, again]), geo="market")["counted_twice"]
    assert not finding.passed
    assert "market sued has the new_customers of south in every period" in finding.text


@pytest.mark.parametrize("seed", range(3))
def test_an_outcome_that_media_bring_is_named_though_it_is_no_copy_of_the_kpi(seed: int) -> None:
    noise = np.random.default_rng(seed).lognormal(0, 0.05, len(WEEKLY))
    finding = found(WEEKLY.assign(visits=40 * WEEKLY["new_customers"] * noise), controls=("visits",))[
        "outcome_controls"
    ]
    assert not finding.passed
    assert finding.value < 0.9
    assert finding.text.startswith("visits:")


def test_weather_that_says_as_much_of_the_kpi_is_a_control() -> None:
    rng = np.random.default_rng(4)
    weather = rng.normal(size=len(WEEKLY))
    kpi = (WEEKLY["new_customers"] + 250 * weather).round().clip(lower=0)
    finding = found(WEEKLY.assign(new_customers=kpi, weather=weather), controls=("weather",))["outcome_controls"]
    assert finding.value > 0.6
    assert finding.passed
