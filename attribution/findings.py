"""Findings: the checks of a run as data, so that reports, gates and tests read the same verdicts."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass

import pandas as pd

from attribution.errors import bounded
from attribution.shown import shown

__all__ = ["Finding", "findings_frame"]

_LONGEST = 4_000


@shown
@dataclass(frozen=True)
class Finding:
    """The outcome of one check.

    Parameters
    ----------
    name
        Stable identifier, such as ``"r_hat"``.
    passed
        Whether the value keeps its limit.
    value, limit
        The figure and what it is held against; None where a check has no single figure.
    text
        One sentence for the reader of a report.
    channels
        Channels whose figures the check puts in doubt; empty where it speaks of none, or of all alike.
    """

    name: str
    passed: bool
    value: float | None
    limit: float | None
    text: str
    channels: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "channels", tuple(self.channels))  # files give lists
        object.__setattr__(self, "text", bounded(self.text, _LONGEST))

    @property
    def title(self) -> str:
        """The name in words; a channel behind its colon keeps its own."""
        what, colon, channel = self.name.partition(": ")
        return f"{what.replace('_', ' ')}{colon}{channel}"


def findings_frame(findings: Iterable[Finding]) -> pd.DataFrame:
    """Findings as a table, one row each, failed ones first."""
    columns = ["name", "passed", "value", "limit", "text"]
    frame = pd.DataFrame([asdict(finding) for finding in findings], columns=columns)
    return frame.sort_values("passed", kind="stable", ignore_index=True)
