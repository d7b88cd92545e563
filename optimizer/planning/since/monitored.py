"""What `cac monitor` has to show."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from optimizer.cycle.alarms import Alarm, Level, worst
from optimizer.cycle.guardrails import Verdicts
from optimizer.cycle.watched import Watched
from optimizer.planning.file.config import Config
from optimizer.planning.since.replans import Replan

__all__ = ["EXIT_CODES", "Monitored"]

EXIT_CODES = {Level.QUIET: 0, Level.WATCH: 0, Level.HALVE: 8, Level.STOP: 5}
"""Of ``cac monitor``; a re-plan that fails its own check is told in words and takes no code."""


@dataclass(frozen=True, eq=False)
class Monitored:
    """What the rules say of the weeks since the last fit, and the plans they lead to.

    Parameters
    ----------
    config
        The plan file.
    watched, verdicts
        The weeks and what the rules say.
    replans
        One for each channel that an alarm would cut.
    notes
        What was left out, and what cannot be told; what may be no truth stands first.
    fitted_to
        First day of the last period that the fit has seen.
    doubts
        Notes on what may be no truth about the weeks.
    """

    config: Config
    watched: Watched
    verdicts: Verdicts
    replans: tuple[Replan, ...]
    notes: tuple[str, ...]
    fitted_to: pd.Timestamp
    doubts: tuple[str, ...] = ()

    @property
    def level(self) -> Level:
        """The highest of all rules."""
        return worst(self.verdicts.alarms)

    @property
    def exit_code(self) -> int:
        """Of ``cac monitor``."""
        return EXIT_CODES[self.level]

    @property
    def speaking(self) -> tuple[Alarm, ...]:
        """Alarms above quiet, the highest first."""
        loud = [alarm for alarm in self.verdicts.alarms if alarm.level > Level.QUIET]
        return tuple(sorted(loud, key=lambda alarm: -alarm.level))

    @property
    def silent(self) -> tuple[Alarm, ...]:
        """What rules say where nothing is wrong."""
        return tuple(alarm for alarm in self.verdicts.alarms if alarm.level is Level.QUIET)

    @property
    def period(self) -> str:
        """The weeks in words."""
        first, last = self.watched.weeks[0], self.watched.weeks[-1] + pd.Timedelta(days=6)
        count = len(self.watched.weeks)
        return f"{count} week{'s' if count > 1 else ''} from {first:%Y-%m-%d} to {last:%Y-%m-%d}"

    @property
    def headline(self) -> str:
        """One sentence to be posted."""
        if self.level is Level.QUIET and self.doubts:
            return f"No rule speaks of the {self.period}, but the table may not be right. {self.doubts[0]}"
        if self.level is Level.QUIET:
            return f"On track: no rule speaks of the {self.period}."
        subjects = dict.fromkeys(alarm.subject for alarm in self.speaking if alarm.level is self.level)
        whom = ", ".join("all channels together" if one == "blended" else one for one in subjects)
        word = {Level.WATCH: "Watch", Level.HALVE: "Halve", Level.STOP: "Stop"}[self.level]
        doubted = " The table may not be right: read the notes before acting on it." if self.doubts else ""
        return f"{word}: {whom}, by the {self.period}.{doubted}"
