"""The absorbing chain behind Markov attribution: dense and closed for few states, a masked fixed point for many."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from attribution.arrays import Array, Flags, Ints
from attribution.errors import NotConverged
from attribution.paths.workers import WORKERS

if TYPE_CHECKING:
    from scipy import sparse

__all__ = ["Chain"]

_DENSE = 600
_AT_ONCE = 16
_MASS_LEFT = 1e-14
_STEPS = 5_000
_LOOK = 4
_TRADE = 12
_RESIDUAL = 1e-11


@dataclass(frozen=True)
class Chain:
    """The pattern of a chain: which state follows which, and which channels each state holds.

    Parameters
    ----------
    before, state, last
        Per transition: position of the earlier state (-1 for the start), of the later one, and whether a path ends
        there.
    holds
        Shape (states, channels): whether a state contains a channel.
    order_one
        Whether each state is one channel.
    """

    before: Ints
    state: Ints
    last: Flags
    holds: Flags
    order_one: bool

    @classmethod
    def of(cls, items: pd.DataFrame, channels: int) -> Chain:
        """The chain of the items of a tally."""
        codes, state = np.unique(items["state"].to_numpy(dtype=np.int64), return_inverse=True)
        before_code = items["before"].to_numpy(dtype=np.int64)
        before = np.where(before_code == 0, -1, np.searchsorted(codes, before_code))
        holds = np.zeros((len(codes), channels), dtype=bool)
        left, order_one = codes.copy(), bool((codes <= channels).all())
        while left.any():
            digit = left % (channels + 1)
            at = np.flatnonzero(digit)
            holds[at, digit[at] - 1] = True
            left //= channels + 1
        return cls(before, state, items["last"].to_numpy() == 1, holds, order_one)

    @property
    def states(self) -> int:
        """Number of states."""
        return len(self.holds)

    @property
    def cells(self) -> int:
        """Numbers that one replicate takes in memory."""
        return self.states**2 if self.states <= _DENSE else len(self.state)

    def removal(self, sums: dict[str, Array]) -> tuple[Array, Array]:
        """Removal effects on conversions and on value, each of shape (replicates, channels)."""
        if self.states <= _DENSE:
            return self._dense(sums)
        rows = [self._sparse({name: values[i] for name, values in sums.items()}) for i in range(len(sums["nulls"]))]
        return np.array([row[0] for row in rows]), np.array([row[1] for row in rows])

    def _dense(self, sums: dict[str, Array]) -> tuple[Array, Array]:
        """RE(c) = x_R (N_RR)^-1 h_R / P, with R the states that hold c; for order 1, x_c h_c / (N_cc P)."""
        weight = sums["conversions"] + sums["nulls"]
        count, n = len(weight), self.states
        flow = np.zeros((count, n + 1, n))
        replicate = np.arange(count)[:, None]
        np.add.at(flow, (replicate, self.before + 1, self.state), weight)
        ends = [np.zeros((count, n)) for _ in range(2)]
        for end, name in zip(ends, ("conversions", "value"), strict=True):
            np.add.at(end, (replicate, self.state[self.last]), sums[name][:, self.last])
        through = flow.sum(axis=1)
        share = np.divide(1.0, through, out=np.zeros_like(through), where=through > 0)
        visits = np.linalg.inv(np.eye(n) - flow[:, 1:] * share[:, :, None])
        start = flow[:, 0] / np.maximum(flow[:, 0].sum(axis=1, keepdims=True), np.finfo(float).tiny)
        reached = np.einsum("rs,rst->rt", start, visits)
        gains = np.stack([np.einsum("rst,rt->rs", visits, end * share) for end in ends], axis=-1)
        total = np.einsum("rs,rsm->rm", start, gains)
        lost = self._lost(reached, visits, gains)
        effect = np.divide(lost, total[:, None, :], out=np.zeros_like(lost), where=total[:, None, :] > 0)
        return effect[..., 0], effect[..., 1]

    def _lost(self, reached: Array, visits: Array, gains: Array) -> Array:
        """Conversions and value lost per channel, shape (replicates, channels, 2)."""
        lost = np.zeros((len(reached), self.holds.shape[1], 2))
        if self.order_one:
            diagonal = np.einsum("rss->rs", visits)
            at, channel = np.nonzero(self.holds)
            lost[:, channel] = (reached / diagonal)[:, at, None] * gains[:, at]
            return lost
        for one in range(self.holds.shape[1]):
            held = np.flatnonzero(self.holds[:, one])
            if held.size:
                within = visits[:, held[:, None], held]
                lost[:, one] = np.einsum("rs,rsm->rm", reached[:, held], np.linalg.solve(within, gains[:, held]))
        return lost

    def _sparse(self, sums: dict[str, Array]) -> tuple[Array, Array]:
        """What the mass that meets a channel would have brought, followed from the states that hold the channel."""
        from scipy import sparse

        weight = sums["conversions"] + sums["nulls"]
        n = self.states
        inner = self.before >= 0
        through = _binned(self.state, weight, n)
        share = np.divide(1.0, through, out=np.zeros_like(through), where=through > 0)
        step = sparse.csr_array(
            (weight[inner] * share[self.before[inner]], (self.state[inner], self.before[inner])), shape=(n, n)
        )
        begun = _binned(self.state[~inner], weight[~inner], n)
        paths = max(begun.sum(), np.finfo(float).tiny)
        ends = np.stack(
            [_binned(self.state[self.last], sums[name][self.last], n) * share for name in ("conversions", "value")]
        )
        visits = _visits(step, begun / paths)
        groups = [self.holds[:, at : at + _AT_ONCE] for at in range(0, self.holds.shape[1], _AT_ONCE)]
        with ThreadPoolExecutor(WORKERS) as pool:
            losses = list(pool.map(lambda held: _brought(step, visits, held, ends), groups))
        lost = np.concatenate(losses, axis=1)
        whole = ends @ through / paths
        effect = np.zeros_like(lost)
        np.divide(lost, whole[:, None], out=effect, where=whole[:, None] > 0)
        return effect[0], effect[1]


def _binned(ids: Ints, weights: Array, size: int) -> Array:
    return np.bincount(ids, weights=weights, minlength=size).astype(float)


def _visits(step: sparse.csr_array, start: Array) -> Array:
    """Expected visits to each state."""
    mass, visits = start, start.copy()
    for _ in range(_STEPS):
        mass = step @ mass
        visits += mass
        if mass.sum() < _MASS_LEFT:
            return visits
    return _solved(step, start[:, None], np.ones((len(start), 1)))[:, 0]


def _brought(step: sparse.csr_array, visits: Array, held: Flags, ends: Array) -> Array:
    """Conversions and value per path of the mass that meets held states, shape (2, sets of held states).

    With A the steps among open states, the loss is what visits to held states bring themselves, and what the mass b
    that leaves them for open states still brings, ends (I - A)^-1 b. For any number l, (I - A)^-1 m =
    (m + (I - A)^-1 (A m - l m)) / (1 - l): the sum over steps may trade the mass for its remainder beside the slowest
    mode, which forgets faster, and stays exact.
    """
    closed = np.flatnonzero(held)
    within = held * visits[:, None]
    brought = ends @ within
    mass = step @ within
    mass.reshape(-1)[closed] = 0.0
    scale = np.ones(held.shape[1])
    for count in range(1, _STEPS + 1):
        after = step @ mass
        after.reshape(-1)[closed] = 0.0
        gain = ends @ mass
        brought += scale * gain
        if count % _TRADE == 0:
            mode = _mode(mass, after)
            brought += scale * (mode / (1 - mode)) * gain
            scale = scale / (1 - mode)
            after -= mode * mass
        mass = after
        if count % _LOOK == 0 and (abs(scale) * np.abs(mass).sum(axis=0)).max() < _MASS_LEFT:
            return np.asarray(brought)
    return np.asarray(brought + scale * (ends @ _solved(step, mass, (~held).astype(float))))


def _mode(mass: Array, after: Array) -> Array:
    """Rate of the slowest mode of each column, or 0 where trading it would not pay."""
    size = np.einsum("sc,sc->c", mass, mass)
    rate = np.divide(np.einsum("sc,sc->c", mass, after), size, out=np.zeros_like(size), where=size > 0)
    rate = np.clip(rate, 0.0, 0.999)
    remainder = np.maximum(np.einsum("sc,sc->c", after, after) - rate**2 * size, 0.0)
    pays = remainder < (1 - rate) ** 2 * np.einsum("sc,sc->c", after, after)
    return np.where(pays, rate, 0.0)


def _solved(step: sparse.csr_array, mass: Array, mask: Array) -> Array:
    """(I - A)^-1 of each column of mass by Krylov methods, for chains that forget too slowly."""
    from scipy import sparse
    from scipy.sparse import linalg

    solved = np.zeros_like(mass)
    for at in range(mass.shape[1]):
        target = mass[:, at]
        size = float(np.linalg.norm(target))
        if size == 0:
            continue
        system = sparse.eye_array(len(target), format="csr") - sparse.diags_array(mask[:, at]) @ step
        for method in (linalg.bicgstab, linalg.gmres):
            solved[:, at] = method(system, target, rtol=1e-13, atol=0.0, maxiter=2_000)[0]
            if float(np.linalg.norm(system @ solved[:, at] - target)) <= _RESIDUAL * size:
                break
        else:
            raise NotConverged("the chain of transitions did not settle; lower the order or split long paths.")
    return solved
