"""Families by registry: names and codes, what the plan file offers, and what the kernel computes for each."""

from dataclasses import dataclass
from typing import ClassVar, get_args

import numpy as np
import pytest
from graph_density import density_and_gradient

import mmm
from attribution.errors import BadInput
from mmm.model.adstock import Adstock
from mmm.model.model import Likelihood
from mmm.model.priors import AroundLevel, Flat, Prior
from mmm.model.saturation import Saturation
from mmm.sampling.prepared import prepare
from optimizer.planning.file.keys import analyses

pytestmark = pytest.mark.long

KINDS = (Adstock, Saturation, Likelihood, Prior)
PRIORS = {  # of a channel's half-saturation, one of every family that has a mass
    "normal": mmm.Normal(1.2, 0.1),
    "log_normal": mmm.LogNormal(1.2, 0.5),
    "half_normal": mmm.HalfNormal(1.5),
    "beta": mmm.Beta(2.0, 3.0),
    "gamma": mmm.Gamma(2.0, 2.0),
}


@dataclass(frozen=True)
class Own(Saturation):
    """A saturation that the kernel does not know."""

    name: ClassVar[str] = "own"
    code: ClassVar[int] = 99

    @property
    def priors(self):
        return {}

    def response(self, stock, *parameters):
        return stock**0.5

    def curve(self, scale, unit, *parameters):
        return mmm.Power(scale / unit**0.5, 0.5)


@dataclass(frozen=True)
class Disguised(Own):
    """One under the code of another: the kernel would compute that other."""

    code: ClassVar[int] = mmm.HillSaturation.code


@pytest.mark.parametrize("kind", KINDS)
def test_names_and_codes_are_unique(kind):
    known = kind.families()
    assert len({family.code for family in known.values()}) == len(known) > 2
    assert all(family.name == name for name, family in known.items())
    assert Own not in known.values()


@pytest.mark.parametrize("own", [Own(), Disguised()])
@pytest.mark.parametrize("ask", [mmm.fit, mmm.preview, prepare])
def test_a_family_of_ones_own_is_refused_before_sampling(panel, own, ask):
    with pytest.raises(BadInput, match=rf"no saturation {type(own).__name__}\. Remedy: use one of HillSaturation, Log"):
        ask(panel, mmm.Model(saturation={"tv": own}))


@pytest.mark.parametrize(
    "model",
    [
        mmm.Model(saturation=mmm.MichaelisMentenSaturation(AroundLevel())),
        mmm.Model(likelihood=mmm.NormalLikelihood(AroundLevel())),
    ],
)
def test_only_shares_have_a_level_in_common(panel, model):
    with pytest.raises(BadInput, match="around the level that shares have in common"):
        prepare(panel, model)


def test_a_prior_of_ones_own_is_refused(panel):
    class Mine(Prior):
        code, numbers, log_constant, centre = 98, (0.0, 1.0), 0.0, 0.0

        def sample(self, rng, size):
            return rng.random(size)

    for model in (
        mmm.Model(saturation=mmm.MichaelisMentenSaturation(Mine())),
        mmm.Model(likelihood=mmm.NormalLikelihood(Mine())),
    ):
        with pytest.raises(BadInput, match="no prior Mine"):
            prepare(panel, model)


@pytest.mark.parametrize(
    ("kind", "choices"),
    [
        (Adstock, analyses.AdstockName),
        (Saturation, analyses.SaturationName),
        (Likelihood, analyses.LikelihoodName),
    ],
)
def test_the_plan_file_offers_exactly_the_registry(kind, choices):
    of_another_belief = {"s_shaped"}  # Hill, believed to bend
    assert [name for name in get_args(choices) if name not in of_another_belief] == list(kind.families())


def density_pair(panel, model):
    from mmm.sampling.pymc_graph import build, coordinates

    problem = prepare(panel, model).problem
    density = problem.fused()
    theta = density.centre + np.random.default_rng(0).normal(0, 0.3, density.size)
    return density(theta), density_and_gradient(build(panel, model))(coordinates(problem, theta))


@pytest.mark.parametrize("kind", KINDS)
def test_the_kernel_has_a_branch_for_every_family(company, kind):
    frame = company(60)[0]
    panel = mmm.Panel.from_frame(frame, "week", "customers", ["tv"])
    for name, family in kind.families().items():
        if family in (Flat, AroundLevel):  # of whitened coefficients, and of the shares that every model has
            continue
        models = {
            Adstock: lambda family=family: mmm.Model(adstock=family()),
            Saturation: lambda family=family: mmm.Model(saturation=family()),
            Likelihood: lambda family=family: mmm.Model(likelihood=family()),
            Prior: lambda name=name: mmm.Model(saturation=mmm.MichaelisMentenSaturation(PRIORS[name])),
        }
        (value, gradient), (expected, slope) = density_pair(panel, models[kind]())
        assert np.isfinite(value), name
        np.testing.assert_allclose(value, expected, rtol=1e-8, err_msg=name)
        np.testing.assert_allclose(gradient, slope, rtol=1e-7, atol=1e-7, err_msg=name)
