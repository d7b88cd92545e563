"""What a reader of credit must know of the paths it rests on."""

from __future__ import annotations

from attribution.findings import Finding
from attribution.numbers import amount, percent
from attribution.paths.journeys import Journeys

__all__ = ["path_checks"]

_TIED, _UNTOUCHED = 0.05, 0.3


def path_checks(journeys: Journeys) -> list[Finding]:
    """Findings on the paths.

    Parameters
    ----------
    journeys
        The paths.

    Returns
    -------
    list of Finding
        ``"touches_of_one_moment"``: share of touches that share their moment with another of their path.
        ``"conversions_without_a_touch"``: share of conversions that no model credits.
    """
    return [_tied(journeys), _untouched(journeys)]


def _tied(journeys: Journeys) -> Finding:
    tied, touches = journeys.totals["tied"], journeys.totals["touches"]
    share = tied / max(1.0, touches)
    text = f"{amount(tied)} of {amount(touches)} touches share their moment with another of their path"
    if share > _TIED:
        text += (
            ", so that their order is not known. Rules of thumb share credit among them; chains take them in several "
            "orders. A column that orders them can be named: PathRules(sequence=...)"
        )
    return Finding("touches_of_one_moment", share <= _TIED, share, _TIED, f"{text}.")


def _untouched(journeys: Journeys) -> Finding:
    left, worth = journeys.totals["untouched"], journeys.totals["untouched_value"]
    whole, value = left + journeys.totals["conversions"], worth + journeys.totals["value"]
    share = left / whole if whole else 0.0
    of_value = f", with {percent(worth / value)} of all value" if value > 0 else ""
    counts = f"{amount(left)} of {amount(whole)} conversions"
    text = f"{counts} have no touch in the lookback window{of_value}; no model credits them."
    return Finding("conversions_without_a_touch", share <= _UNTOUCHED, share, _UNTOUCHED, text)
