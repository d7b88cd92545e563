"""Beliefs about channels: how much of the KPI each is thought to bring before the data speak.

Stated on shares of customers or on cost per customer, in business units; each becomes a prior on a channel's share.
"""

from __future__ import annotations

import math
import numbers
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import ClassVar, final

import numpy as np

from attribution.errors import BadInput, Problem, UnknownChannel
from attribution.shown import shown
from mmm.data.panel import Panel
from mmm.model.priors import AroundLevel, LogNormal, Prior
from mmm.model.ranges import POSITIVE, SHARE, Bounded, Range

__all__ = [
    "CostPerCustomer",
    "Effects",
    "FromAttribution",
    "Neutral",
    "ShareOfCustomers",
    "SpendInformed",
    "TotalAndSplit",
]

_VAGUEST = 5.0  # sigma of a logarithm: 90 % between a 3,700th and 3,700 times the median


@dataclass(frozen=True)
class Effects(Bounded, ABC):
    """What each channel is believed to bring, as a prior on its share of the KPI over the panel."""

    @abstractmethod
    def resolve(self, panel: Panel) -> tuple[Prior, ...]:
        """One prior on the share of the KPI per channel of ``panel``, in its order."""

    def without(self, channels: Sequence[str]) -> Effects:
        """The same beliefs, silent about some channels."""
        return self


@final
@dataclass(frozen=True)
class SpendInformed(Effects):
    """Channels bring customers in proportion to what was spent on them, give or take a factor.

    Parameters
    ----------
    total
        Share of the KPI that all media together are believed to bring (median).
    sigma
        Standard deviation of the logarithm: 0.8 puts 90 % between 0.27 and 3.7 times the median.
    """

    ranges: ClassVar[Mapping[str, Range]] = {"total": SHARE, "sigma": POSITIVE}
    total: float = 0.3
    sigma: float = 0.8

    def resolve(self, panel: Panel) -> tuple[LogNormal, ...]:  # noqa: D102
        spend = panel.spend.sum(axis=(0, 1))
        shares = spend / spend.sum() if spend.sum() > 0 else np.full(len(spend), 1.0 / len(spend))
        floor = 0.1 / len(spend)  # a channel with hardly any spend still may bring something
        return tuple(LogNormal(float(self.total * max(share, floor)), self.sigma) for share in shares)


_USUAL_PART = 0.25  # of all spend; a channel of this size has the stated spread
_WIDEST = 1.5


@final
@dataclass(frozen=True)
class TotalAndSplit(Effects):
    """How much all media bring, apart from how it divides between channels.

    share_c = level x w_c x exp(s_c z_c - s_c² / 2), with w_c the channel's part of all spend, z_c ~ N(0, 1) and a
    log-normal level. Independent beliefs on ten channels say within a factor of 1.6 what all media bring, although each
    leaves a factor of 3.7; here the total is believed as it is written down, however many channels there are. The
    relative variance e^(s_c²) - 1 goes with 1 / w_c up to a quarter of all spend: a channel cut into parts is believed
    to bring what the whole was, with the same variance. The split then has the relative variance
    k = Σ w_c² (e^(s_c²) - 1), and the level's logarithm the variance total_sigma² - log(1 + k).

    Parameters
    ----------
    total
        Share of the KPI that all media together are believed to bring (median).
    total_sigma
        Standard deviation of its logarithm: 1 puts 90 % between 0.19 and 5.2 times the median.
    spread
        s_c of a channel with a quarter of all spend or more; the default gives 0.86 with a tenth, and 1.5 at most.
    """

    ranges: ClassVar[Mapping[str, Range]] = {"total": SHARE, "total_sigma": POSITIVE, "spread": POSITIVE}
    total: float = 0.3
    total_sigma: float = 1.0
    spread: float = 0.6

    def resolve(self, panel: Panel) -> tuple[AroundLevel, ...]:  # noqa: D102
        spend = panel.spend.sum(axis=(0, 1))
        parts = spend / spend.sum() if spend.sum() > 0 else np.full(len(spend), 1.0 / len(spend))
        parts = np.maximum(parts, 1e-4)
        variance = math.expm1(self.spread**2) * np.maximum(_USUAL_PART / parts, 1.0)
        sigma = np.minimum(np.sqrt(np.log1p(variance)), _WIDEST)
        split = float((parts**2 * np.expm1(sigma**2)).sum())
        medians = self.total * math.sqrt(1 + split) * parts * np.exp(-(sigma**2) / 2)
        left = self.total_sigma**2 - math.log1p(split)
        if not left > 0:
            text = (
                f"total_sigma {self.total_sigma:g} is less than a spread of {self.spread:g} alone makes of the total."
            )
            raise BadInput(Problem("belief", text, remedy="raise total_sigma, or lower spread."))
        level = math.sqrt(left)
        return tuple(AroundLevel(float(m), float(s), level) for m, s in zip(medians, sigma, strict=True))


_TOTAL_AND_SPLIT = TotalAndSplit()


@final
@shown
@dataclass(frozen=True)
class FromAttribution(Effects):
    """Beliefs by spend drawn towards what attribution credits, never more than ``weight`` of the way.

    Attribution says how credit divides between channels, not how much media bring in all, so only its proportions are
    used. The two beliefs are joined as a logarithmic opinion pool: medians geometrically, precisions linearly.

    Parameters
    ----------
    credit
        Conversions credited by channel, such as ``credit.conversions``; channels that the panel lacks play no part.
    weight
        Of attribution, from 0 (ignored) to 1 (spend ignored).
    spread
        Standard deviation of the logarithm of the belief that attribution alone would justify.
    spend
        The belief it is pooled with.
    """

    ranges: ClassVar[Mapping[str, Range]] = {"spread": POSITIVE}
    credit: Mapping[str, float]
    weight: float = 0.25
    spread: float = 0.8
    spend: TotalAndSplit | SpendInformed = _TOTAL_AND_SPLIT

    def resolve(self, panel: Panel) -> tuple[Prior, ...]:  # noqa: D102
        if not 0.0 <= self.weight <= 1.0:
            raise BadInput(Problem("prior from attribution", f"weight is {self.weight:g}.", remedy="give 0 to 1."))
        lacking = [channel for channel in panel.channels if channel not in self.credit]
        if lacking:
            text = f"no credit for {', '.join(lacking)}."
            raise BadInput(Problem("prior from attribution", text, remedy="name channels alike in both tables."))
        credited = np.array([max(float(self.credit[channel]), 0.0) for channel in panel.channels])
        parts = np.maximum(credited / max(credited.sum(), 1e-300), 0.1 / len(credited))
        pooled: list[Prior] = []
        beliefs: Sequence[AroundLevel | LogNormal] = self.spend.resolve(panel)
        for part, base in zip(parts, beliefs, strict=True):
            centre, sigma = base.numbers
            precision = (1 - self.weight) / sigma**2 + self.weight / self.spread**2
            credit_side = self.weight / self.spread**2 * math.log(self.spend.total * part)
            middle = ((1 - self.weight) / sigma**2 * centre + credit_side) / precision
            pooled.append(replace(base, median=math.exp(middle), sigma=precision**-0.5))
        return tuple(pooled)


@final
@dataclass(frozen=True)
class Neutral(Effects):
    """The same belief for every channel, whatever was spent on it, and hardly any on all of them together.

    Parameters
    ----------
    total
        Share of the KPI that all media together are believed to bring (median of the level, which varies as in
        :class:`TotalAndSplit`).
    spread
        Standard deviation of the logarithm of a channel's share around the level.
    """

    ranges: ClassVar[Mapping[str, Range]] = {"total": SHARE, "spread": POSITIVE}
    total: float = 0.3
    spread: float = 1.0

    def resolve(self, panel: Panel) -> tuple[Prior, ...]:  # noqa: D102
        count = len(panel.channels)
        median = self.total / count * math.exp(-(self.spread**2) / 2)
        return tuple(AroundLevel(median, self.spread) for _ in range(count))


@dataclass(frozen=True)
class _OfNamedChannels(Effects):
    """Beliefs on named channels; the others as in ``otherwise``."""

    belief: Mapping[str, tuple[float, float]]
    otherwise: Effects = field(default_factory=TotalAndSplit)
    about: ClassVar[str]
    below: ClassVar[float] = math.inf  # of the median

    def __post_init__(self) -> None:
        problems = [
            Problem(f"prior on {self.about}", f"of channel {channel!r} is {given!r}.", remedy=self._remedy)
            for channel, given in self.belief.items()
            if not self._told(given)
        ]
        if problems:
            raise BadInput(problems)

    @property
    def _remedy(self) -> str:
        most = "" if math.isinf(self.below) else f" and below {self.below:g}"
        return (
            f"give a pair: the median, above 0{most}, and the sigma of its logarithm, above 0 and up to {_VAGUEST:g}; "
            "a range from low to high that holds with 90 % is sqrt(low * high) and log(high / low) / 3.29."
        )

    def _told(self, given: object) -> bool:
        if not isinstance(given, Sequence | np.ndarray) or len(given) != 2:
            return False
        if not all(isinstance(part, numbers.Real) for part in given):
            return False
        return bool(0 < given[0] < self.below and 0 < given[1] <= _VAGUEST)

    @abstractmethod
    def shares(self, panel: Panel) -> Mapping[str, tuple[float, float]]:
        """Median share of the KPI, and sigma of its logarithm, of each named channel."""

    def without(self, channels: Sequence[str]) -> Effects:
        belief = {channel: given for channel, given in self.belief.items() if channel not in channels}
        return replace(self, belief=belief, otherwise=self.otherwise.without(channels))

    def resolve(self, panel: Panel) -> tuple[Prior, ...]:
        for channel in self.belief:
            if channel not in panel.channels:
                raise UnknownChannel(channel, panel.channels, f"the prior on {self.about}")
        shares, rest = self.shares(panel), self.otherwise.resolve(panel)
        return tuple(
            LogNormal(*shares[channel]) if channel in shares else prior
            for channel, prior in zip(panel.channels, rest, strict=True)
        )


@final
@shown
@dataclass(frozen=True)
class ShareOfCustomers(_OfNamedChannels):
    """Beliefs on the share of the KPI that named channels bring; the others as in ``otherwise``.

    Parameters
    ----------
    belief
        Channel -> (median share, sigma of its logarithm).
    otherwise
        Prior of the channels that are not named.
    """

    about: ClassVar[str] = "shares of customers"
    below: ClassVar[float] = 1.0

    def shares(self, panel: Panel) -> Mapping[str, tuple[float, float]]:  # noqa: D102
        return self.belief


@final
@shown
@dataclass(frozen=True)
class CostPerCustomer(_OfNamedChannels):
    """Beliefs on the cost per customer of named channels; the others as in ``otherwise``.

    Parameters
    ----------
    belief
        Channel -> (median cost per customer in the panel's currency, sigma of its logarithm).
    otherwise
        Prior of the channels that are not named.
    """

    about: ClassVar[str] = "cost per customer"

    def shares(self, panel: Panel) -> Mapping[str, tuple[float, float]]:  # noqa: D102
        spend, total = panel.total_spend, float(panel.kpi.sum())
        problems = [
            Problem(
                "prior on cost per customer", f"channel {channel!r} has no spend, so no cost.", remedy="leave it out."
            )
            for channel in self.belief
            if spend[channel] <= 0
        ]
        if problems:
            raise BadInput(problems)
        return {c: (float(spend[c]) / median / total, sigma) for c, (median, sigma) in self.belief.items()}
