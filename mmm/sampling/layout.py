"""Layout: where each parameter of a model stands in the flat vector that is sampled."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from attribution.errors import BadInput, Problem
from mmm.arrays import Array
from mmm.data.panel import Panel
from mmm.model.adstock import Adstock
from mmm.model.model import Likelihood, Model
from mmm.model.priors import AroundLevel, Prior
from mmm.model.saturation import Saturation

__all__ = ["Block", "Layout", "layout"]


@dataclass(frozen=True)
class Block:
    """One named parameter of the channels that have it.

    Parameters
    ----------
    name
        ``"retention"``, ``"half_saturation"``, ``"share"``, ...
    channels
        Places of those channels.
    priors
        One per channel of the block, all of one family.
    start
        Place of the first of them in the flat vector.
    """

    name: str
    channels: tuple[int, ...]
    priors: tuple[Prior, ...]
    start: int


@dataclass(frozen=True, eq=False)
class Layout:
    """The blocks of a model and the tables by which the kernel finds its parameters.

    Parameters
    ----------
    blocks
        In the order of the flat vector.
    families
        Adstock code, lags in periods, saturation code, 1 for reach and frequency, and periods in a week, by channel,
        shape (C, 5).
    slots
        Places in the flat vector of both adstock parameters, both saturation parameters and the share, shape (C, 5).
    sigma
        Prior of the noise, the last coordinate but for those of a baseline that is not integrated out.
    """

    blocks: tuple[Block, ...]
    families: np.ndarray[Any, np.dtype[np.int64]]
    slots: np.ndarray[Any, np.dtype[np.int64]]
    sigma: Prior

    @property
    def size(self) -> int:
        """Length of the flat vector, an explicit baseline aside."""
        return sum(len(block.priors) for block in self.blocks) + 1

    @property
    def priors(self) -> tuple[Prior, ...]:
        """The prior of each coordinate, an explicit baseline aside."""
        return (*(prior for block in self.blocks for prior in block.priors), self.sigma)

    @property
    def longest(self) -> int:
        """The longest lag window."""
        return int(self.families[:, 1].max())

    def natural(self, theta: Array) -> dict[str, Array]:
        """Natural values of flat draws by parameter name.

        Parameters
        ----------
        theta
            Shape (..., n).

        Returns
        -------
        Parameter name -> shape (..., C), NaN for channels whose families lack it; ``"sigma"`` -> shape (...).
        """
        values: dict[str, Array] = {}
        for block in self.blocks:
            table = values.setdefault(block.name, np.full((*theta.shape[:-1], len(self.slots)), np.nan))
            for offset, (channel, prior) in enumerate(zip(block.channels, block.priors, strict=True)):
                table[..., channel] = prior.natural(theta[..., block.start + offset])
        values["sigma"] = self.sigma.natural(theta[..., self.size - 1])
        return values


def layout(model: Model, panel: Panel) -> Layout:
    """Lay out the parameters of ``model`` for the channels of ``panel``.

    Raises
    ------
    UnknownChannel
        Where the model names a channel that the panel lacks.
    BadInput
        Where a family of adstock, saturation, likelihood or prior is none that the kernel knows.
    """
    families = tuple((Adstock.known(a), Saturation.known(s)) for a, s in model.families(panel))
    shares = model.shares(panel)
    noise = Likelihood.known(model.likelihood).noise
    wanted: list[tuple[str, int, int, Prior]] = []  # name, channel, slot, prior
    for channel, (adstock, saturation) in enumerate(families):
        wanted += [(name, channel, slot, prior) for slot, (name, prior) in enumerate(adstock.priors.items())]
        wanted += [(name, channel, slot + 2, prior) for slot, (name, prior) in enumerate(saturation.priors.items())]
    wanted += [("share", channel, 4, prior) for channel, prior in enumerate(shares)]
    grouped: dict[tuple[str, int], list[tuple[int, int, Prior]]] = {}
    for prior in (noise, *(entry[3] for entry in wanted)):
        Prior.known(prior)
    for name, prior in (("noise", noise), *((entry[0], entry[3]) for entry in wanted)):
        if isinstance(prior, AroundLevel) and name != "share":
            text = f"{name} has a prior around the level that shares have in common."
            raise BadInput(Problem("model", text, remedy="give it another, such as LogNormal."))
    for name, channel, slot, prior in wanted:
        grouped.setdefault((name, prior.code), []).append((channel, slot, prior))
    slots = np.full((len(families), 5), -1, dtype=np.int64)
    blocks, start = [], 0
    for (name, _), members in grouped.items():
        for offset, (channel, slot, _prior) in enumerate(members):
            slots[channel, slot] = start + offset
        channels = tuple(member[0] for member in members)
        blocks.append(Block(name, channels, tuple(member[2] for member in members), start))
        start += len(members)
    codes = [[a.code, a.window, s.code, int(r), a.per_week] for (a, s), r in zip(families, panel.by_reach, strict=True)]
    return Layout(tuple(blocks), np.array(codes, dtype=np.int64), slots, noise)
