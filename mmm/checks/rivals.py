"""rivals: what else the same weeks could mean, and which figures that moves.

A rival is the same panel under another assumption (:mod:`mmm.checks.rival_models`), fitted by two short chains. Scores
of periods left out say which rivals the weeks refute; those that stand are as good an answer as the model's own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property, partial

import numpy as np
import pandas as pd

from attribution.errors import BadInput, Problem, require
from attribution.estimates import ends_of
from attribution.findings import Finding
from attribution.shown import shown
from mmm.arrays import Array
from mmm.checks.leave_one_out import LeftOut, leave_one_out
from mmm.checks.pool import Pooled
from mmm.checks.rival_findings import Moved, better_finding, not_compared, put_aside, resolved, unresolved_finding
from mmm.checks.rival_models import Reading, readings
from mmm.checks.rival_scores import Standing, Verdict, bootstrapped_weights, compared
from mmm.posterior.frames import DrawsFrame
from mmm.posterior.posterior import Posterior
from mmm.posterior.rough_figures import rough_figures
from mmm.sampling.fit import fit
from mmm.sampling.watching import watched

__all__ = ["OWN", "Rival", "Rivals", "rivals"]

OWN = "this model"
"""What tables call the model that rivals are held against."""

_CHAINS, _DRAWS, _TUNE = 2, 250, 250
_R_HAT = 1.1
_TOGETHER = "With the other readings"


@dataclass(frozen=True, eq=False)
class Rival:
    """One other reading, fitted.

    Parameters
    ----------
    reading
        What it assumes.
    posterior
        Of two short chains.
    left_out
        How well it predicts periods left out.
    standing
        Its score against the model's.
    """

    reading: Reading
    posterior: Posterior
    left_out: LeftOut
    standing: Standing

    @property
    def counts(self) -> bool:
        """Whether conclusions must hold under it."""
        return self.standing.verdict in (Verdict.STANDS, Verdict.BETTER)


@shown
@dataclass(frozen=True, eq=False)
class Rivals:
    """A fit and the other readings of its panel.

    Parameters
    ----------
    posterior
        The model's own.
    left_out
        How well it predicts periods left out.
    fitted
        The rivals.
    not_fitted
        Name of a rival -> why the panel does not allow it.
    set_aside
        Name of a rival -> why nothing is to rest on it.
    """

    posterior: Posterior
    left_out: LeftOut
    fitted: tuple[Rival, ...]
    not_fitted: dict[str, str]
    set_aside: Mapping[str, str] = field(default_factory=dict)

    def without(self, reasons: Mapping[str, str]) -> Rivals:
        """The same where some rivals count no more, each for a reason that the periods do not tell.

        Parameters
        ----------
        reasons
            Name of a rival -> what speaks against it.
        """
        fitted = tuple(
            replace(rival, standing=replace(rival.standing, verdict=Verdict.SET_ASIDE))
            if rival.reading.name in reasons
            else rival
            for rival in self.fitted
        )
        return replace(self, fitted=fitted, set_aside={**self.set_aside, **reasons})

    @property
    def standing(self) -> tuple[str, ...]:
        """Names of the rivals that the periods do not refute."""
        return tuple(rival.reading.name for rival in self._counting)

    @property
    def scores(self) -> pd.DataFrame:
        """One row per reading: log score of periods left out, difference to the model's, its standard error, verdict.

        ``weight`` is the reading's part in the pooled draws, ``rough`` how many periods' scores rest on importance
        weights with a tail of k above 0.7.
        """
        rows = {OWN: (self.left_out.total, 0.0, 0.0, OWN, self.left_out)}
        for rival in self.fitted:
            seen = rival.standing
            figures = (rival.left_out.total, seen.difference, seen.standard_error, seen.verdict.value, rival.left_out)
            rows[rival.reading.name] = figures
        frame = pd.DataFrame.from_dict(
            {name: row[:4] for name, row in rows.items()},
            orient="index",
            columns=["log_score", "difference", "standard_error", "verdict"],
        ).rename_axis("reading")
        frame["rough"] = [int((row[4].shape > 0.7).sum()) for row in rows.values()]
        frame["weight"] = self.pooled().weights.reindex(frame.index).fillna(0.0)
        return frame

    @property
    def band(self) -> pd.DataFrame:
        """Lowest and highest median of each channel's customers over the model and the rivals that stand."""
        medians = np.stack([self._customers[name][:, 1] for name in (OWN, *self.standing)])
        index = pd.Index(self._media, name="channel")
        return pd.DataFrame({"lowest": medians.min(axis=0), "highest": medians.max(axis=0)}, index=index)

    @property
    def findings(self) -> tuple[Finding, ...]:
        """The rival that fits best of those that fit better, unresolved and rough channels, rivals not compared.

        A channel is unresolved where its median leaves its own 90 % interval under a rival that stands and the pooled
        draws, which hold both, leave it rough. Under a rival that fits better it is named where its median moves by
        more than a quarter, for then the model's is the lesser guess.
        """
        better = [rival for rival in self.fitted if rival.standing.verdict is Verdict.BETTER]
        better.sort(key=lambda rival: -rival.standing.difference)
        findings: list[Finding] = []
        if better:
            others = [rival.reading.says for rival in better[1:]]
            moves = [moved for moved in self._moves(better[0]) if moved.apart]
            findings.append(better_finding(better[0].reading, better[0].standing, moves, others))
        named = {channel for finding in findings for channel in finding.channels}
        worst: dict[str, tuple[Reading, Moved]] = {}
        for rival in self._counting:
            for moved in filter(_outside, self._moves(rival)):
                if moved.channel not in worst or moved.far > worst[moved.channel][1].far:
                    worst[moved.channel] = (rival.reading, moved)
        open_ones = set(worst) & {*rough_figures(self._pooled_customers, _TOGETHER).channels} - named
        findings += [unresolved_finding(*worst[name]) for name in self._media if name in open_ones]
        apart = {rival.reading.name: "its chains disagree" for rival in self.fitted if not _settled(rival.posterior)}
        if left := self.not_fitted | apart:
            findings.append(not_compared(left))
        if self.set_aside:
            findings.append(put_aside(self.set_aside))
        alone = next(finding for finding in self.posterior.diagnostics if finding.name == "rough_figures")
        findings.append(rough_figures(self._pooled_customers, _TOGETHER, {*alone.channels, *open_ones}))
        if open_ones or better:
            return tuple(findings)
        return (resolved(len(self._counting), len(self.fitted), moved=sorted(worst)), *findings)

    def to_frame(self) -> pd.DataFrame:
        """Customers and CAC of each channel under each reading, medians with 5 % and 95 % points, and its verdict.

        Indexed by channel and reading; the last reading is the pooled one. An organic channel has no CAC.
        """
        verdicts = {rival.reading.name: rival.standing.verdict.value for rival in self.fitted}
        spend, rows = self.posterior.panel.total_spend, []
        for place, channel in enumerate(self._media):
            for name, customers in self._customers.items():
                low, middle, high = customers[place]
                cost = np.divide(float(spend.get(channel, np.nan)), [middle, high, low])
                rows.append((channel, name, middle, low, high, *cost, verdicts.get(name, name)))
        columns = ["customers", *ends_of("customers"), "cac", *ends_of("cac"), "verdict"]
        return pd.DataFrame(rows, columns=["channel", "reading", *columns]).set_index(["channel", "reading"])

    def pooled(self) -> Pooled:
        """Draws of the model and of all rivals that stand, as one set.

        Half of them are the model's own and the rivals share the other half alike, so that a longer list of rivals does
        not push the stated model aside; where a rival fits clearly better, each has the chance that it predicts best.
        """
        posteriors = {OWN: self.posterior, **{rival.reading.name: rival.posterior for rival in self._counting}}
        return Pooled(posteriors, self._weights)

    @cached_property
    def _weights(self) -> Array:
        counting = self._counting
        if not any(rival.standing.verdict is Verdict.BETTER for rival in counting):
            others = np.full(len(counting), 0.5 / max(len(counting), 1))
            return np.concatenate([[1.0 - others.sum()], others])
        scores = [self.left_out.log_density, *(rival.left_out.log_density for rival in counting)]
        return bootstrapped_weights(np.stack(scores, axis=1))

    @property
    def _counting(self) -> tuple[Rival, ...]:
        return tuple(rival for rival in self.fitted if rival.counts)

    @property
    def _media(self) -> tuple[str, ...]:
        return self.posterior.panel.media_names

    @cached_property
    def _customers(self) -> dict[str, Array]:
        """By reading, 5 %, 50 % and 95 % points of each channel's customers, shape (M, 3); the pooled ones last."""
        posteriors = {OWN: self.posterior, **{rival.reading.name: rival.posterior for rival in self.fitted}}
        answers = [(name, one.contributions()[list(self._media)]) for name, one in posteriors.items()]
        answers.append(("pooled", self._pooled_customers))
        return {name: np.quantile(one.to_numpy(), [0.05, 0.5, 0.95], axis=0).T for name, one in answers}

    @cached_property
    def _pooled_customers(self) -> DrawsFrame:
        return self.pooled().contributions()[list(self._media)]

    def _moves(self, rival: Rival) -> tuple[Moved, ...]:
        """Every channel's figures in the model and under a rival."""
        spend, own, other = self.posterior.panel.total_spend, self._customers[OWN], self._customers[rival.reading.name]
        return tuple(
            Moved(channel, float(spend.get(channel, 0.0)), middle, (low, high), float(other[place, 1]))
            for place, (channel, (low, middle, high)) in enumerate(zip(self._media, own.tolist(), strict=True))
        )


def rivals(
    posterior: Posterior,
    progress: bool | Callable[[float, str], None] | None = None,
    *,
    through: Callable[[Reading, Callable[[], Posterior]], Posterior] | None = None,
) -> Rivals:
    """Fit other readings of a fit's panel and hold them against it.

    Parameters
    ----------
    posterior
        Of a national panel.
    progress
        True for a bar; or a function, called with the share that is done and the name of the rival at work.
    through
        Asked for each reading's fit instead of making it at once, with what makes it: a place that keeps fits.

    Raises
    ------
    BadInput
        Of a panel by geo, whose rivals would each take as long as the fit.
    """
    require(posterior, Posterior, "posterior", "give that of mmm.fit(panel, model).")
    panel, model = posterior.panel, posterior.model
    if len(panel.geos) > 1:
        remedy = "sum the geos to one national panel and fit that."
        raise BadInput(Problem("rivals", "are fitted to national panels; this one is by geo.", remedy=remedy))
    with watched(progress, "Rivals", lambda share, name: (share, name)) as watch:
        own, fitted, not_fitted = leave_one_out(posterior), list[Rival](), dict[str, str]()
        wanted = readings(panel, model)
        for place, reading in enumerate(wanted):
            if watch is not None:
                watch(place / len(wanted), reading.name)
            make = partial(fit, reading.panel, reading.model, _DRAWS, _TUNE, _CHAINS, posterior.seed, time_budget=0.0)
            try:
                other = make() if through is None else through(reading, make)
            except BadInput as error:
                not_fitted[reading.name] = str(error)
                continue
            fitted.append(_held(reading, other, own))
    return Rivals(posterior, own, tuple(fitted), not_fitted)


def _held(reading: Reading, other: Posterior, own: LeftOut) -> Rival:
    left_out = leave_one_out(other)
    standing = compared(own.log_density, left_out.log_density)
    if not _settled(other):
        standing = Standing(standing.difference, standing.standard_error, Verdict.UNSETTLED)
    return Rival(reading, other, left_out, standing)


def _outside(moved: Moved) -> bool:
    return moved.outside


def _settled(posterior: Posterior) -> bool:
    """Whether short chains agree well enough for medians and scores."""
    return next(finding.value or np.inf for finding in posterior.verdict if finding.name == "r_hat") < _R_HAT
