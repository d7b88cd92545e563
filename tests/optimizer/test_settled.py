"""Plans of several shared limits, as of several markets, end where slopes agree: prices read there are prices."""

import numpy as np
import pytest

from mmm.curves import Hill, ResponseCurves
from optimizer import BlendedCAC, Budget, Customers, Group, Plan
from optimizer.solvers import branch

MARKETS, CHANNELS = ("A", "B", "C"), ("tv", "search", "social", "display", "audio")


def asked(seed: int, objective, draws: int = 40):
    """Curves of each channel in each market in draws; floors and ceilings of a channel over all markets."""
    rng = np.random.default_rng(seed)
    size = dict(zip(MARKETS, (1.0, 0.6, 0.3), strict=True))
    curves, now = {}, {}
    for channel in CHANNELS:
        top, half = rng.uniform(400, 3000), rng.uniform(4e4, 3e5)
        slope = rng.lognormal(0.4, 0.35, draws)
        for market in MARKETS:
            cell, part = f"{channel} @ {market}", size[market] * rng.uniform(0.6, 1.5)
            spread = rng.lognormal(0, 0.3, draws)
            curves[cell] = Hill(top * part * spread, half * part * rng.lognormal(0, 0.3, draws), slope)
            now[cell] = half * part * rng.uniform(0.2, 1.6)
    held = ResponseCurves(curves)
    limits = [Budget(at_most=sum(now.values()))]
    for channel in CHANNELS:
        cells = [cell for cell in now if cell.startswith(f"{channel} @")]
        spent = sum(now[cell] for cell in cells)
        limits += [Group(channel, cells).at_least(0.7 * spent), Group(channel, cells).at_most(1.3 * spent)]
    if isinstance(objective, BlendedCAC):
        promised = float(held.by_channel(now).sum(axis=1).mean())
        limits.append(Customers(at_least=promised + 3000))
    return held, Plan(minimize=objective, subject_to=limits) if isinstance(objective, BlendedCAC) else Plan(
        maximize=objective, subject_to=limits
    )


AIMS = {"least CAC": BlendedCAC(fixed_cost=150_000, organic=3000), "most customers": Customers(organic=3000)}


SEEN = [("least CAC", seed) for seed in (3, 11, 12, 17, 20, 24)] + [("most customers", seed) for seed in (8, 18, 27)]


@pytest.mark.parametrize(("aim", "seed"), [*SEEN, ("least CAC", 0), ("most customers", 1)])
def test_a_channels_next_customer_costs_alike_wherever_it_is_free(aim: str, seed: int) -> None:
    """A shared limit moves money between its channels until no move gains, at the default gap too."""
    curves, plan = asked(seed, AIMS[aim])
    found = plan.solve(curves).to_frame()
    costs = found["marginal_cac"].where(found["spend"] > 0)
    for channel in CHANNELS:
        inner = costs[[f"{channel} @ {market}" for market in MARKETS]]
        assert inner.max() <= inner.min() * 1.001


@pytest.mark.parametrize("seed", [seed for aim, seed in SEEN if aim == "least CAC"])
def test_a_price_is_no_more_than_what_its_unit_costs(seed: int) -> None:
    """Spending one unit more on one channel alone moves the figure by less than a floor's price may say."""
    curves, plan = asked(seed, AIMS["least CAC"])
    found = plan.solve(curves)
    most = 1 / found.customers
    floors = [one for one in found.prices if "at least" in str(one.limit) and "customers" not in str(one.limit)]
    assert floors
    assert all(abs(side) <= most for one in floors for side in (one.per_unit, one.below))


@pytest.mark.parametrize("seed", [8, 27])
def test_prices_at_the_default_gap_are_those_of_a_closed_one(seed: int) -> None:
    curves, plan = asked(seed, AIMS["most customers"])
    read, exact = (plan.solve(curves, **asking).shadow_prices for asking in ({}, {"gap": 1e-6}))
    np.testing.assert_allclose(read.reindex(exact.index), exact, rtol=0.1, atol=1e-6 * exact.abs().max())


def test_prices_that_are_not_of_an_optimum_are_called_rough(monkeypatch: pytest.MonkeyPatch) -> None:
    curves, plan = asked(8, AIMS["most customers"])
    told = "does not settle at an optimum"
    assert not any(told in line for line in plan.solve(curves).explain())
    monkeypatch.setattr(branch, "MANY", 3)  # as where channels are too many to settle
    found = plan.solve(curves)
    assert not found.settled
    assert any(told in line for line in found.explain())
