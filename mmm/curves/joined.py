"""Draws of several curves as the draws of one, for posteriors of models that differ in their families."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from mmm.curves.base import Family, ResponseCurve
from mmm.curves.mixture import Mixture

__all__ = ["joined"]

_Place = npt.NDArray[np.intp]


def joined(parts: Sequence[ResponseCurve]) -> ResponseCurve:
    """The curve whose draws are those of all parts, one part after the other.

    Draws of one family stay one curve. Of several families each becomes a curve that brings nothing in the draws of the
    others, so that the sum of them is, draw by draw, exactly the curve that the draw came from.

    Parameters
    ----------
    parts
        Curves with draws, over the same period.

    Examples
    --------
    >>> from mmm.curves import Hill, MichaelisMenten
    >>> both = joined([Hill([50.0], [100.0], [2.0]), MichaelisMenten([30.0, 60.0], [100.0, 100.0])])
    >>> both(100.0)
    array([25., 15., 30.])
    """
    total = sum(part.n_draws for part in parts)
    ends = np.cumsum([part.n_draws for part in parts])
    places = [np.arange(end - part.n_draws, end) for part, end in zip(parts, ends, strict=True)]
    curves: list[ResponseCurve] = []
    families: dict[type[Family], tuple[list[Family], list[_Place]]] = {}
    for part, place in zip(parts, places, strict=True):
        if isinstance(part, Family):
            members, held = families.setdefault(type(part), ([], []))
            members.append(part)
            held.append(place)
        else:
            curves.append(_placed(part, place, total))
    curves += [_placed(_one_family(members), np.concatenate(held), total) for members, held in families.values()]
    return curves[0] if len(curves) == 1 else Mixture(curves, [1.0] * len(curves))


def _one_family(members: list[Family]) -> Family:
    values = {
        name: np.concatenate([np.broadcast_to(part.parameters[name], (part.n_draws,)) for part in members])
        for name in members[0].parameter_names
    }
    return type(members[0])(**values)


def _placed(curve: ResponseCurve, place: _Place, total: int) -> ResponseCurve:
    """The curve with its draws at their places among ``total``; in all others it brings nothing."""
    if len(place) == total:
        return curve.take(np.argsort(place))
    rows, own = np.arange(total) % len(place), np.zeros(total)
    rows[place], own[place] = np.arange(len(place)), 1.0
    return curve.take(rows).stretched(1.0, own)
