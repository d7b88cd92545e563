"""What patterns of weeks say of a KPI beyond all that a fit explains, against how far the largest goes by chance."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mmm.arrays import Array

__all__ = ["Furthest", "basis_of", "beyond", "furthest", "limit_of"]

_SIMULATED = 400
_CLIP = 4.0
_OWN = 0.05  # of a pattern's movement: where less is its own, nothing can be said of it


@dataclass(frozen=True)
class Furthest:
    """The pattern whose t statistic is the largest.

    Parameters
    ----------
    place
        Which of the patterns; -1 where none has a movement of its own.
    value, limit
        Its t statistic, and what the largest stays below by the chance that was asked for.
    """

    place: int
    value: float
    limit: float

    @property
    def found(self) -> bool:
        """Whether it is beyond chance."""
        return self.place >= 0 and abs(self.value) > self.limit


def basis_of(columns: Array) -> Array:
    """An orthonormal basis of the columns, shape (T, K)."""
    norms = np.sqrt((columns**2).sum(axis=0))
    parts = np.linalg.svd(columns[:, norms > 0] / norms[norms > 0], full_matrices=False)
    return np.asarray(parts.U[:, 1e-8 * parts.S[0] < parts.S])


def beyond(basis: Array, table: Array) -> Array:
    """What a basis leaves of a table, or of one column."""
    return np.asarray(table - basis @ (basis.T @ table))


def furthest(patterns: Array, kpi: Array, columns: Array, chance: float) -> Furthest:
    """The pattern, of shape (T, N), that says most of a KPI beyond columns of shape (T, K).

    Patterns stand beside the columns one at a time, single odd periods clipped.
    """
    basis = basis_of(columns)
    left = beyond(basis, kpi)
    spare = max(len(left) - basis.shape[1] - 1, 1)
    scale = _CLIP * float(np.sqrt((left**2).sum() / spare))
    left = beyond(basis, np.clip(left, -scale, scale))
    own = beyond(basis, patterns)
    lengths = np.sqrt((own**2).sum(axis=0))
    free = np.flatnonzero(lengths > _OWN * np.sqrt(((patterns - patterns.mean(axis=0)) ** 2).sum(axis=0)))
    if not len(free) or not scale > 0:
        return Furthest(-1, 0.0, 0.0)
    steps = own[:, free] / lengths[free]
    along = steps.T @ left
    values = along / np.sqrt(np.maximum((left**2).sum() - along**2, 1e-300) / spare)
    place = int(np.abs(values).argmax())
    return Furthest(int(free[place]), float(values[place]), limit_of(left, steps, basis, chance))


def limit_of(left: Array, steps: Array, basis: Array, chance: float) -> float:
    """What the largest t statistic stays below but for a chance, in noise as alike from period to period as residuals.

    Parameters
    ----------
    left
        Residuals, shape (T,).
    steps
        Patterns of length one beyond the basis, shape (T, N).
    """
    carried = float(np.clip((left[1:] * left[:-1]).sum() / max((left**2).sum(), 1e-300), 0.0, 0.95))
    rng = np.random.default_rng(0)
    noise = rng.standard_normal((len(left), _SIMULATED))
    for t in range(1, len(noise)):
        noise[t] = carried * noise[t - 1] + np.sqrt(1.0 - carried**2) * noise[t]
    noise = beyond(basis, noise)
    along = np.abs(steps.T @ noise).max(axis=0)
    spare = max(len(left) - basis.shape[1] - 1, 1)
    sigma = np.sqrt(((noise**2).sum(axis=0) - along**2) / spare)
    return float(np.quantile(along / sigma, 1.0 - chance))
