"""A finished run as an assistant reads it: whole, converged, and each figure with its interval."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from attribution.errors import BadInput, NotConverged, UnknownChannel, UnknownName
from attribution.files import checksum
from optimizer.planning.agent.answers import INTERVALS, Answer, estimate, findings_told, rows_told
from optimizer.planning.ledger.manifest import read_manifest, require_whole
from optimizer.planning.ledger.runs import MANIFEST

__all__ = ["KeptRun"]

_ROWS = 50
_INPUTS, _NOTES = 20, 10
_OF_A_CHANNEL = ("plan.csv", "tipping_points.csv", "belief.csv", "rivals.csv", "attribution.csv", "new_channels.csv")
_NAMES = ("channel", "market", "scenario", "problem", "path")
_OF_ALL = ("plan.csv", "worth.csv", "promises.csv", "tipping_points.csv")


@dataclass(frozen=True)
class KeptRun:
    """A run's folder that is as the run wrote it.

    Parameters
    ----------
    folder
        The folder.
    manifest
        What it says of itself.
    """

    folder: Path
    manifest: dict[str, Any]

    @classmethod
    def of(cls, folder: Path) -> KeptRun:
        """Read a run.

        Raises
        ------
        BadInput
            A file of it is not as the run wrote it.
        NotConverged
            Its fit is not fit for use, whatever its plan file accepts.
        """
        require_whole(folder)
        manifest = read_manifest(folder)
        if manifest.get("converged") is not True:
            raise NotConverged(
                f"{folder}: the mix model of this run did not converge, so an assistant gets no figure of it. "
                "Remedy: raise model.time_budget, or simplify the model, and run again."
            )
        return cls(folder, manifest)

    @property
    def tables(self) -> list[str]:
        """Names of its tables."""
        return [name for name in self.manifest["outputs"] if name.endswith(".csv")]

    def summary(self) -> Answer:
        """What it is, what its plan comes to, its findings and tables."""
        return {**self._header(), "plan": self._plan(), "tables": self.tables}

    def table(self, name: str, columns: Sequence[str], start: int) -> Answer:
        """Rows of a table from one on, counted from 0.

        Raises
        ------
        UnknownName
            It has no such table, or the table no such column.
        BadInput
            The start is below 0.
        """
        if start < 0:
            raise BadInput("start: counts from 0.")
        frame = self._frame(name)
        for column in columns:
            if column not in frame:
                raise UnknownName(column, frame.columns, where=name)
        part = frame.iloc[start : start + _ROWS]
        place = {"table": name, "from_row": str(start), "of_rows": str(len(frame))}
        return {**self._header(), **place, **rows_told(name, part, columns)}

    def explained(self, channel: str) -> Answer:
        """What moved and how sure that is; of one channel what each view says of it, of all where ``channel`` is empty.

        Raises
        ------
        UnknownChannel
            The run has no such channel.
        """
        names = [name for name in (_OF_A_CHANNEL if channel else _OF_ALL) if name in self.tables]
        frames = {name: self._frame(name) for name in names}
        if channel:
            of_it = {name: frame[frame["channel"] == channel] for name, frame in frames.items() if "channel" in frame}
            if all(frame.empty for frame in of_it.values()):
                known = dict.fromkeys(each for frame in frames.values() for each in frame.get("channel", ()))
                raise UnknownChannel(channel, known)
            frames = {name: frame for name, frame in of_it.items() if not frame.empty}
        about = [one for one in self.manifest["findings"] if not channel or channel in one["channels"]]
        tables = {
            name: {"of_rows": str(len(frame)), **rows_told(name, frame.head(_ROWS))} for name, frame in frames.items()
        }
        said = {"about_it": findings_told(about)} if channel else {}
        notes = [str(note) for note in self.manifest["assumptions"][:_NOTES]]
        return {**self._header(), "plan": self._plan(), "tables": tables, **said, "assumptions": notes}

    def _header(self) -> Answer:
        """The fingerprint, and what is to be known of every figure beside it."""
        inputs = self.manifest["inputs"]
        return {
            "fingerprint": {
                "run": str(self.manifest["run"]),
                "manifest": checksum(self.folder / MANIFEST),
                "fits": self.manifest["fits"],
                "inputs": {one["file"]: one["checksum"] for one in inputs[:_INPUTS]},
                **({"inputs_left_out": str(len(inputs) - _INPUTS)} if len(inputs) > _INPUTS else {}),
            },
            "units": self.manifest.get("units", {}),
            "intervals": INTERVALS,
            "converged": True,
            "findings": findings_told(self.manifest["findings"]),
        }

    def _plan(self) -> Answer | None:
        plan = self.manifest.get("plan")
        if plan is None:
            return None
        figures = ("blended_cac_now", "blended_cac_planned", "aim_now", "aim_planned", "aim_change")
        corrected = ("aim_change_corrected",) if "aim_change_corrected" in plan else ()
        odds = ("probability_better", *(["probability_better_corrected"] if corrected else []))
        return {
            "aim": plan["aim"],
            "made_for": plan["made_for"],
            "certificate": plan["status"],
            "estimates": {name: estimate(plan[name]) for name in (*figures, *corrected)},
            "known": {name: plan[name] for name in ("bound", "gap", *odds) if plan.get(name) is not None},
        }

    def _frame(self, name: str) -> pd.DataFrame:
        if name not in self.tables:
            raise UnknownName(name, self.tables, where=f"the run {self.folder}")
        return pd.read_csv(self.folder / name, dtype=str, keep_default_na=False).apply(_numbers)


def _numbers(column: pd.Series) -> pd.Series:
    """Numbers of a column that holds nothing else; names such as ``NA`` and ``001`` stay as they are."""
    if column.name in _NAMES:
        return column
    try:
        return pd.to_numeric(column.replace("", None))
    except (ValueError, TypeError):
        return column
