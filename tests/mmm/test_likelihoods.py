"""Likelihoods that keep their baseline: they agree with the collapsed one where they should, and differ where meant."""

import numpy as np
import pandas as pd
import pytest

import mmm

MEDIA = mmm.MichaelisMentenSaturation()


@pytest.fixture(scope="module")
def short(company):
    frame, _ = company(weeks=90, seed=3)
    return frame


def panel_of(frame: pd.DataFrame) -> mmm.Panel:
    return mmm.Panel.from_frame(frame, "week", "customers", ["tv", "search"], ["price"])


def fitted(panel, likelihood):
    model = mmm.Model(saturation=MEDIA, likelihood=likelihood, season=mmm.Season(order=1))
    return mmm.fit(panel, model, draws=400, tune=500, seed=1)


def test_student_t_with_many_degrees_is_the_normal(short):
    normal = fitted(panel_of(short), mmm.NormalLikelihood())
    student = fitted(panel_of(short), mmm.StudentTLikelihood(freedom=300.0))
    assert student.converged
    first, second = normal.contributions(), student.contributions()
    for channel in normal.channels:
        spread = first[channel].std()
        assert abs(first[channel].mean() - second[channel].mean()) < 0.35 * spread
        assert second[channel].std() == pytest.approx(spread, rel=0.3)
    np.testing.assert_allclose(student.fitted()["mean"], normal.fitted()["mean"], rtol=0.03)


def test_student_t_shrugs_off_a_wild_week(short):
    wild = short.copy()
    wild.loc[45, "customers"] *= 2.5
    normal = fitted(panel_of(wild), mmm.NormalLikelihood())
    student = fitted(panel_of(wild), mmm.StudentTLikelihood())
    calm = fitted(panel_of(short), mmm.NormalLikelihood())
    away = {
        name: (np.log(post.contributions().median() / calm.contributions().median())).abs().mean()
        for name, post in (("normal", normal), ("student", student))
    }
    assert away["student"] < away["normal"]


def test_negative_binomial_on_small_counts(company):
    frame, _ = company(weeks=120, noise=0.0, seed=8)
    rng = np.random.default_rng(0)
    frame["customers"] = rng.poisson(frame["customers"] * 0.03)
    posterior = fitted(panel_of(frame), mmm.NegativeBinomialLikelihood())
    assert posterior.converged
    table = posterior.fitted()
    inside = ((table["observed"] >= table["5%"]) & (table["observed"] <= table["95%"])).mean()
    assert 0.82 < inside < 0.99
    assert (table["5%"] == np.rint(table["5%"])).mean() > 0.5  # counts, not a continuous band
    assert posterior.organic(4, pd.DataFrame({"price": [100.0] * 4})).predicted.min() >= 0
