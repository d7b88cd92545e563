"""The sequential test: its rate holds where weeks share their errors, and it names who it is."""

from __future__ import annotations

import numpy as np
import pytest

from optimizer.cycle.sequential import QUARTER, Quiet, Series, sequential

RNG = np.random.default_rng(5)
WEEKS = QUARTER


def since(shift: np.ndarray) -> np.ndarray:
    """What a suspicion moves by, first week by week."""
    return np.triu(np.ones((len(shift), len(shift)))) * shift


def shared(level: float, alike: float, noise: float = 1.0) -> np.ndarray:
    """Covariance of weeks that share a level of unknown height, and of neighbours that err alike."""
    apart = np.abs(np.subtract.outer(np.arange(WEEKS), np.arange(WEEKS)))
    return noise * alike**apart + level


@pytest.mark.parametrize(
    ("covariances", "rate"),
    [
        ([shared(0.0, 0.0)], 0.05),
        ([shared(2.0, 0.6)], 0.05),  # taken for independent weeks, it would cry wolf in half of the quarters
        ([shared(0.3, 0.3), shared(0.0, 0.8), shared(5.0, 0.0)], 0.1),
    ],
)
def test_quiet_quarters_give_alarms_no_more_often_than_stated(covariances: list[np.ndarray], rate: float) -> None:
    suspects = {"a": since(np.full(WEEKS, -0.7)), "b": since(-np.linspace(0.2, 1.5, WEEKS))}
    worlds = [RNG.multivariate_normal(np.full(WEEKS, 9.0), each, 200) for each in covariances]

    def alarmed(world: int) -> bool:
        drawn = [Quiet(np.full(WEEKS, 9.0), covariance) for covariance in covariances]
        test = sequential({str(at): Series(worlds[at][world], one, suspects) for at, one in enumerate(drawn)}, rate)
        return any(test.alarms(name).any() for name in test.scores)

    alarms = [alarmed(world) for world in range(200)]
    assert np.mean(alarms) <= rate + 3.3 * np.sqrt(rate * (1 - rate) / len(alarms))


@pytest.mark.long
def test_the_mean_ratio_of_quiet_worlds_is_one() -> None:
    suspects = {"a": since(np.full(WEEKS, -0.4)), "b": since(-np.linspace(0.1, 0.6, WEEKS))}
    covariance = shared(0.3, 0.3)
    worlds = RNG.multivariate_normal(np.zeros(WEEKS), covariance, 800)
    quiet = Quiet(np.zeros(WEEKS), covariance)
    ends = np.exp([sequential({"x": Series(each, quiet, suspects)}, 0.05).scores["x"][-1] for each in worlds])
    assert ends.mean() == pytest.approx(1.0, abs=4 * ends.std() / np.sqrt(len(ends)))


def test_weeks_that_come_later_change_no_score() -> None:
    """Or a path that was quiet when somebody looked would not be the one whose rate is known."""
    weeks = 2 * WEEKS + 3
    observed, suspects = RNG.normal(0, 1, weeks), np.triu(np.ones((weeks, weeks))) * -0.8

    def scored(until: int) -> np.ndarray:
        quiet = Quiet(np.zeros(until), np.eye(until))
        return sequential({"x": Series(observed[:until], quiet, {"a": suspects[:until, :until]})}, 0.05).scores["x"]

    for until in (1, WEEKS, WEEKS + 4):
        np.testing.assert_allclose(scored(weeks)[:until], scored(until), atol=1e-12)


def test_what_weeks_share_is_no_alarm_and_a_fall_beyond_it_is() -> None:
    quiet = Quiet(np.full(WEEKS, 100.0), shared(100.0, 0.0, noise=4.0))
    low = np.full(WEEKS, 88.0)  # a level that the fit may have wrong
    fallen = np.where(np.arange(WEEKS) < 6, 88.0, 79.0)
    suspects = {"all": since(np.full(WEEKS, -10.0))}

    def alarmed(observed: np.ndarray) -> np.ndarray:
        return sequential({"x": Series(observed, quiet, suspects)}, 0.05).alarms("x")

    assert not alarmed(low).any()
    assert alarmed(fallen)[6:9].any()
    assert not alarmed(fallen)[:6].any()


def test_the_likeliest_suspect_is_the_one_it_was() -> None:
    quiet = Quiet(np.full(WEEKS, 100.0), np.eye(WEEKS))
    season = 5.0 * (1 + np.sin(np.arange(WEEKS)))
    suspects = {"steady": since(np.full(WEEKS, -5.0)), "seasonal": since(-season)}
    for name, shift in (("steady", np.full(WEEKS, 5.0)), ("seasonal", season)):
        observed = 100.0 - np.where(np.arange(WEEKS) >= 4, shift, 0.0) + RNG.normal(0, 1, WEEKS)
        test = sequential({"x": Series(observed, quiet, suspects)}, 0.05)
        assert sum(test.suspicion["x"].values()) == pytest.approx(1.0)
        assert test.suspicion["x"][name] > 0.9


def test_more_than_expected_is_never_an_alarm_and_units_do_not_matter() -> None:
    covariance, shift = shared(0.5, 0.4), np.full(WEEKS, -1.0)
    observed = 50.0 + RNG.normal(0, 1, WEEKS)
    higher = sequential(
        {"x": Series(observed + 4.0, Quiet(np.full(WEEKS, 50.0), covariance), {"a": since(shift)})}, 0.05
    )
    assert not higher.alarms("x").any()
    tests = [
        sequential(
            {
                "x": Series(
                    unit * observed,
                    Quiet(np.full(WEEKS, 50.0 * unit), unit**2 * covariance),
                    {"a": since(unit * shift)},
                )
            },
            0.05,
        )
        for unit in (1.0, 250.0)
    ]
    np.testing.assert_allclose(tests[0].scores["x"], tests[1].scores["x"], rtol=1e-9)
    assert tests[0].limit == tests[1].limit


def test_the_score_of_a_single_week_is_the_likelihood_ratio_at_its_weight() -> None:
    test = sequential(
        {"x": Series(np.array([8.0]), Quiet(np.array([10.0]), np.array([[4.0]])), {"a": np.array([[-3.0]])})}, 0.2
    )
    ratio = (-((8 - 7) ** 2) + (8 - 10) ** 2) / (2 * 4)
    weight = 0.5 / QUARTER
    assert test.scores["x"][0] == pytest.approx(np.log(weight * np.exp(ratio) + 1 - weight))
    assert test.limit == pytest.approx(np.log(5))


@pytest.mark.parametrize("size", [1.5, 4.0, 40.0])
def test_a_large_shift_is_seen_as_well_as_a_small_one(size: float) -> None:
    observed = np.where(np.arange(WEEKS) < 4, 0.0, -size)
    series = Series(observed, Quiet(np.zeros(WEEKS), np.eye(WEEKS)), {"a": since(np.full(WEEKS, -size))})
    assert sequential({"x": series}, 0.05).alarms("x")[4:].any()


def test_one_wild_week_is_no_alarm() -> None:
    observed = np.where(np.arange(WEEKS) == 8, -50.0, 0.0)
    series = Series(observed, Quiet(np.zeros(WEEKS), np.eye(WEEKS)), {"a": since(np.full(WEEKS, -3.0))})
    test = sequential({"x": series}, 0.05)
    assert not test.alarms("x").any()
