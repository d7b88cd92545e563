"""What is said of lift tests that conflict with weekly data, or with each other."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from attribution.findings import Finding
from attribution.numbers import compact, decimal, plain
from mmm.arrays import Array
from mmm.model.lift_trust import LiftTrust
from mmm.posterior.lift_evidence import Evidence, Pair

__all__ = ["LiftWeights"]

_LIMIT = 2.5  # standard deviations past which a conflict is spoken of, where every test is believed


@dataclass(frozen=True, eq=False)
class LiftWeights:
    """Lift tests with the standard errors with which they enter a fit.

    Parameters
    ----------
    evidence
        What is measured, and what is predicted without any test.
    taken
        Standard errors in the fit, shape (M,).
    factor
        What they are of those that the model would otherwise read, shape (M,).
    trust
        By which they were weighed.
    """

    evidence: Evidence
    taken: Array
    factor: Array
    trust: LiftTrust

    def record(self) -> list[dict[str, Any]]:
        """One row a test, for a fit's ``information``."""
        known = self.evidence
        columns = {
            "predicted": known.predicted,
            "predicted_sd": np.sqrt(known.covariance.diagonal()),
            "z": known.z,
            "error_taken": self.taken,
        }
        return [
            {**asdict(test), **{name: float(values[m]) for name, values in columns.items()}}
            for m, test in enumerate(known.tests)
        ]

    def findings(self) -> tuple[Finding, ...]:
        """Whether tests fit the weekly data, and each other."""
        return self._conflicts(), self._disagreements()

    @property
    def _limit(self) -> float:
        return self.trust.limit or _LIMIT

    def _conflicts(self) -> Finding:
        known, z = self.evidence, np.abs(self.evidence.z)
        weighed = self.taken > known.error * (1 + 1e-9)
        odd = np.flatnonzero((z > self._limit) | weighed)
        text = "What every lift test measured is within what the weekly data predict for it."
        if len(odd):
            sentences = "; ".join(self._sentence(int(m), bool(weighed[m])) for m in odd)
            text = (
                f"Lift tests and weekly data conflict: {sentences}. Possible reasons: a wrong window or unit, another "
                "market, carryover counted in one and not the other; or spend that follows demand, which misleads the "
                "weekly data. Look the test up, or test the channel again."
            )
        channels = dict.fromkeys(known.tests[m].channel for m in odd)
        return Finding("test_conflicts", not len(odd), float(z.max()), self._limit, text, tuple(channels))

    def _sentence(self, m: int, weighed: bool) -> str:
        known, test = self.evidence, self.evidence.tests[m]
        per = 1000 / test.spend_change
        low, high = sorted(known.interval[:, m] * per)
        said = (
            f"test {m + 1} of {test.channel} says {compact(test.customers_gained * per)} customers per {plain(1000)} "
            f"spent, the data say {compact(low)} to {compact(high)}"
        )
        if weighed:
            return (
                f"{said}; it counts with a standard error of {plain(self.taken[m])} instead of {plain(known.error[m])}"
            )
        if self.trust.limit is None:
            return f"{said}; it counts in full, as the model asks"
        return f"{said}; it counts in full, for the data may be wrong by that much or other tests agree with it"

    def _disagreements(self) -> Finding:
        pairs = list(self.evidence.pairs())
        odd = [pair for pair in pairs if abs(pair.z) > self._limit]
        text = "Lift tests of one channel agree with each other."
        if odd:
            text = (
                f"Lift tests of one channel disagree beyond their standard errors: {'; '.join(map(self._apart, odd))}. "
                "One of them, or its standard error, is wrong, or the channel has changed; the channel's effect lies "
                "where neither test puts it. Leave out the one that is wrong."
            )
        channels = dict.fromkeys(self.evidence.tests[pair.one].channel for pair in odd)
        largest = max((abs(pair.z) for pair in pairs), default=0.0)
        return Finding("tests_disagree", not odd, largest, self._limit, text, tuple(channels))

    def _apart(self, pair: Pair) -> str:
        tests = self.evidence.tests
        one, other = tests[pair.one], tests[pair.other]
        said = (compact(1000 * test.customers_gained / test.spend_change) for test in (one, other))
        return (
            f"{pair.one + 1} and {pair.other + 1} of {one.channel} say {' and '.join(said)} customers per "
            f"{plain(1000)} spent, {decimal(abs(pair.z), 1)} standard errors apart"
        )
