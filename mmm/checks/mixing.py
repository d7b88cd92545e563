"""How well chains mixed, by kind of parameter: what the convergence gate saw, one line a kind."""

from __future__ import annotations

import numpy as np
import pandas as pd

from mmm.posterior.posterior import Posterior
from mmm.sampling.convergence import ess_bulk, ess_tail, r_hat

__all__ = ["mixing"]

_BY_MARKET = "geo_"


def mixing(posterior: Posterior) -> pd.DataFrame:
    """The worst R-hat and the fewest effective draws of each kind of parameter.

    Parameters of single markets are left out, of which there may be thousands; the gate has judged them.

    Parameters
    ----------
    posterior
        A fit; of a single chain, R-hat compares its halves.

    Returns
    -------
    pandas.DataFrame
        One row per kind: ``parameter``, ``number`` of them, ``of`` (where R-hat is worst: a channel or a column of the
        baseline; empty where there is one alone), ``r_hat``, ``ess_bulk`` and ``ess_tail``. Parameters that no draw
        moves are not counted.
    """
    rows = []
    for name, draws in posterior.draws.items():
        if name.startswith(_BY_MARKET):
            continue
        table = draws.reshape(*draws.shape[:2], -1)
        moved = np.flatnonzero(~np.isnan(table).any(axis=(0, 1)) & (np.ptp(table, axis=(0, 1)) > 0))
        if not len(moved):
            continue
        table = table[:, :, moved]
        hats = r_hat(table)
        worst = int(np.argmax(np.nan_to_num(hats, nan=np.inf)))
        fewest = [float(np.nanmin(size(table))) for size in (ess_bulk, ess_tail)]
        rows.append((name, len(moved), _member(posterior, draws, int(moved[worst])), float(hats[worst]), *fewest))
    return pd.DataFrame(rows, columns=["parameter", "number", "of", "r_hat", "ess_bulk", "ess_tail"])


def _member(posterior: Posterior, draws: np.ndarray, place: int) -> str:
    """What of a kind a parameter is of, by its place."""
    names = posterior.panel.media_names
    if draws.ndim == 3 and draws.shape[-1] == len(names):
        return names[place]
    if draws.ndim > 2:
        columns = posterior.model.design(posterior.panel).names
        return columns[place % len(columns)]
    return ""
