"""The No-U-Turn sampler of nutpie, driven through pointers without importing its Python front end.

Each chain starts near the centre, adapts step size and a diagonal mass matrix during tuning, and then doubles
trajectories of the Hamiltonian -log density(θ) + pᵀ M⁻¹ p / 2 until they turn back (Hoffman and Gelman 2014); nutpie
adapts the mass matrix to gradients as well as draws, hence the short tuning.

The front end imports ArviZ and plotting, which takes seconds; the compiled extension alone loads in milliseconds.
Only this module knows nutpie's internals, so nutpie is pinned and a test runs against it.

References
----------
Hoffman, Gelman (2014), "The No-U-Turn Sampler", Journal of Machine Learning Research 15.
"""

from __future__ import annotations

import importlib.util
import os
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from attribution.errors import MissingExtra
from attribution.shown import shown
from mmm.arrays import Array

__all__ = ["ChainProgress", "Draws", "Progress", "Settings", "Target", "cores_for", "run"]

_LOOK = 0.2  # seconds
_TEMPLATE = (
    "{% for chain in chains %}{{ chain.finished_draws }} {{ chain.total_draws }} {{ chain.divergences }};{% endfor %}"
)


class Target(Protocol):
    """A density in memory, reachable by pointer."""

    @property
    def numbers(self) -> npt.NDArray[Any]:
        """Sizes and addresses that the functions read."""

    @property
    def address(self) -> int:
        """Address of the C function for density and gradient."""

    @property
    def expand_address(self) -> int:
        """Address of the C function that hands a draw through."""

    @property
    def centre(self) -> Array:
        """Where chains start, before they are set apart, shape (n,)."""

    @property
    def jitter(self) -> Array:
        """How far chains start apart, shape (n,)."""

    @property
    def size(self) -> int:
        """Number of coordinates."""


@dataclass(frozen=True)
class ChainProgress:
    """Where one chain stands: draws finished out of all, tuning included, and its divergences."""

    finished: int
    total: int
    divergences: int


@shown
@dataclass(frozen=True)
class Progress:
    """Where sampling stands.

    Parameters
    ----------
    attempt
        1 for the first run; more where the convergence gate asked for another.
    chains
        State of each chain.
    seconds
        Since the fit began.
    running
        Seconds since this attempt began.
    """

    attempt: int
    chains: tuple[ChainProgress, ...]
    seconds: float
    running: float

    @property
    def share(self) -> float:
        """Share of this attempt's draws that are done."""
        total = sum(chain.total for chain in self.chains)
        return sum(chain.finished for chain in self.chains) / total if total else 0.0

    @property
    def remaining(self) -> float:
        """Seconds this attempt still needs if it goes on as it went; infinite before the first draw."""
        return self.running * (1.0 / self.share - 1.0) if self.share else float("inf")

    @property
    def divergences(self) -> int:
        """Divergences of all chains."""
        return sum(chain.divergences for chain in self.chains)


@dataclass(frozen=True)
class Settings:
    """How one run samples."""

    draws: int
    tune: int
    chains: int
    seed: int
    target_accept: float = 0.8


@dataclass(frozen=True, eq=False)
class Draws:
    """Draws in the unconstrained coordinates.

    Parameters
    ----------
    theta
        Shape (chains, draws, n).
    diverging
        Shape (chains, draws).
    steps
        Gradient evaluations of each draw, shape (chains, draws).
    energy
        Shape (chains, draws).
    """

    theta: Array
    diverging: npt.NDArray[np.bool_]
    steps: npt.NDArray[np.int64]
    energy: Array


def run(
    target: Target,
    start: Callable[[int], Array],
    settings: Settings,
    watch: Callable[[tuple[ChainProgress, ...]], None] | None = None,
    seconds: float | None = None,
    clock: Callable[[], float] = time.monotonic,
) -> Draws | None:
    """Sample a density.

    Parameters
    ----------
    target
        The density.
    start
        Seed -> a starting point, shape (n,).
    settings
        Lengths, chains, seed.
    watch
        Called a few times a second while chains run; where it raises KeyboardInterrupt they end, and it is raised.
    seconds, clock
        When to give up, and the clock that says so.

    Returns
    -------
    The draws, or None where time ran out.
    """
    lib = _extension()
    options = lib.PyNutsSettings.Diag(settings.seed)
    options.num_draws, options.num_tune, options.num_chains = settings.draws, settings.tune, settings.chains
    options.target_accept = settings.target_accept
    options.maxdepth = 10  # at most 1,023 gradients a draw: a chain that needs more is better started again
    model = _model(lib, target, start)
    interrupts: list[KeyboardInterrupt] = []
    if watch is None:
        progress = lib.ProgressType.none()
    else:
        told = watch

        def tell(text: str) -> None:
            try:
                told(_parsed(text))
            except KeyboardInterrupt as interrupt:  # in a thread of the sampler, which would swallow it
                interrupts.append(interrupt)

        progress = lib.ProgressType.template_callback(200, _TEMPLATE, settings.chains, tell)
    sampler = lib.PySampler.from_pymc(options, cores_for(settings.chains), model, progress, lib.PyStorage.arrow())
    end = float("inf") if seconds is None else seconds
    try:
        while not _ended(sampler, min(_LOOK, max(end - clock(), 0.0))):
            if interrupts:
                raise interrupts[0]
            if clock() >= end:
                sampler.abort()
                return None
    except KeyboardInterrupt:
        sampler.abort()
        raise
    return _gathered(sampler.take_results(), settings, target.size)


def cores_for(chains: int) -> int:
    """Cores that so many chains may use; in a container they are fewer than the machine's."""
    return min(chains, len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1)


def _ended(sampler: Any, seconds: float) -> bool:
    """Whether chains have ended, after so many seconds at most."""
    try:
        sampler.wait(seconds)
    except TimeoutError:
        return False
    return True


def _extension() -> Any:
    """The module of nutpie, registered under its own name so that a later ``import nutpie`` shares it."""
    name = "nutpie._lib"
    if name in sys.modules:
        return sys.modules[name]
    package = importlib.util.find_spec("nutpie")
    if package is None or not package.submodule_search_locations:
        raise MissingExtra("nutpie", "mmm")
    library = next(iter(sorted(Path(package.submodule_search_locations[0]).glob("_lib*.so"))), None)
    if library is None:  # another platform's suffix: the slow way works everywhere
        return importlib.import_module(name)
    spec = importlib.util.spec_from_file_location(name, library)
    if spec is None or spec.loader is None:
        return importlib.import_module(name)
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def _model(lib: Any, target: Target, start: Callable[[int], Array]) -> Any:
    n, numbers = target.size, target.numbers.ctypes.data
    sizes = {"coordinate": n}
    variables = lib.PyVariable.new_variables(["theta"], ["float64"], [(n,)], sizes, {"theta": ["coordinate"]})
    return lib.PyMcModel(
        lib.LogpFunc(target.address, numbers, target),
        lib.ExpandFunc(n, n, target.expand_address, numbers, target),
        variables,
        n,
        sizes,
        {},
        start,
        lambda *_, **__: None,
    )


def _parsed(text: str) -> tuple[ChainProgress, ...]:
    chains = [chain.split() for chain in text.split(";") if chain.strip()]
    return tuple(ChainProgress(int(finished), int(total), int(bad)) for finished, total, bad in chains)


def _gathered(results: Any, settings: Settings, size: int) -> Draws:
    draws, stats = results.get_arrow_trace()
    shape = (settings.chains, settings.draws)
    theta = np.empty((*shape, size))
    diverging, steps, energy = np.zeros(shape, dtype=bool), np.zeros(shape, dtype=np.int64), np.zeros(shape)
    for chain, (draw, stat) in enumerate(zip(draws, stats, strict=True)):
        kept = slice(settings.tune, settings.tune + settings.draws)
        theta[chain] = _plain(draw.column("theta")).reshape(-1, size)[kept]
        diverging[chain] = _plain(stat.column("diverging"))[kept]
        steps[chain] = _plain(stat.column("n_steps"))[kept]
        energy[chain] = _plain(stat.column("energy"))[kept]
    return Draws(theta, diverging, steps, energy)


def _plain(column: Any) -> npt.NDArray[Any]:
    import pyarrow as pa

    values = pa.array(column)
    return np.asarray((values.flatten() if hasattr(values, "flatten") else values).to_numpy(zero_copy_only=False))
