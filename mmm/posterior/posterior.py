"""Posterior: what a fit knows, as plain named arrays, and the questions a plan asks of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from html import escape
from os import PathLike
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import pandas as pd

from attribution.errors import BadInput, Problem, UnknownChannel
from attribution.estimates import interval_of
from attribution.findings import Finding
from attribution.reading.strict import given_day
from attribution.shown import in_short, shown, table_html
from mmm.arrays import Array
from mmm.curves import ResponseCurves
from mmm.data.panel import Panel
from mmm.model.adstock import half_of
from mmm.model.baseline import Design
from mmm.model.model import Model
from mmm.model.ranges import require_number, whole
from mmm.posterior.bends import bends
from mmm.posterior.costs import average_cac, channel_table, marginal_cac
from mmm.posterior.fit_checks import GATE, check_residuals, check_sense
from mmm.posterior.forecast import Coming, Organic, forecast
from mmm.posterior.frames import DrawsFrame, summarise
from mmm.posterior.frequency import optimal_frequency
from mmm.posterior.media import Cell, ChannelDraws, Drivers, media_draws, national_curves, weekly_curves
from mmm.posterior.parameter_shift import parameter_shift
from mmm.posterior.prior_shift import data_speak, media_share, media_total, prior_shift
from mmm.posterior.residuals import Predictive, Residuals, normal_scores, predictive
from mmm.posterior.rough_figures import rough_figures
from mmm.posterior.storage import read, write

__all__ = ["Posterior"]


@shown
@dataclass(frozen=True, eq=False)
class Posterior:
    """Posterior draws of a model on a panel.

    Parameters
    ----------
    panel, model
        What was fitted; channels without any spend are left out of the panel.
    draws
        Parameter name -> array of shape (chains, draws) + its own: retention, half_saturation, slope, share and the
        like by channel (NaN where a family lacks it), sigma, and baseline by column of :attr:`design`; of several geos
        also ``common``, the standard deviation of what they share in a period, and theirs by geo as ``geo_...``.
    statistics
        ``diverging``, ``n_steps``, ``energy``, each of shape (chains, draws).
    verdict
        The convergence gate's findings and those of the panel as it was given.
    seed
        Of the fit; predictive draws use it as well.
    information
        Further facts for the record: seconds, attempts, versions.
    """

    panel: Panel
    model: Model
    draws: dict[str, Array]
    statistics: dict[str, npt.NDArray[Any]]
    verdict: tuple[Finding, ...]
    seed: int = 0
    information: dict[str, Any] = field(default_factory=dict)

    @property
    def channels(self) -> tuple[str, ...]:
        """Channels with spend."""
        return self.panel.channels

    @property
    def organic_channels(self) -> tuple[str, ...]:
        """Channels without spend."""
        return self.panel.organic_channels

    @property
    def treatments(self) -> tuple[str, ...]:
        """Levers that are no media but have a contribution of their own."""
        return tuple(treatment.column for treatment in self.panel.treatments)

    @property
    def n_draws(self) -> int:
        """Number of draws of all chains together."""
        return int(self.draws["sigma"].size)

    @property
    def converged(self) -> bool:
        """Whether every finding of the convergence gate passed."""
        return all(finding.passed for finding in self.verdict if finding.name in GATE)

    @cached_property
    def diagnostics(self) -> tuple[Finding, ...]:
        """Findings of the gate, of the panel and of sense."""
        _, residuals, sense = self._against_kpi
        left = check_residuals(residuals)
        total = media_total(self.media_share(), self.channels)
        rough = rough_figures(self.contributions()[list(self.panel.media_names)], "By this fit alone")
        bent = bends(self.panel, self.model, self.flat)
        return (*self.verdict, *sense, *left, total, data_speak(self.prior_shift()), *bent, rough)

    def __repr__(self) -> str:
        said = "converged" if self.converged else "NOT converged: no plan should rest on it"
        names = in_short(self.channels)
        return f"Posterior({self.n_draws} draws of {len(self.channels)} channels {names}, {said})"

    def _repr_html_(self) -> str:
        failed = [finding.text for finding in self.verdict if not finding.passed]
        told = "".join(f"<p>{escape(text)}</p>" for text in failed)
        return f"<p>{escape(repr(self))}</p>{told}<p>CAC</p>{table_html(self.cac())}"

    def flat(self, name: str) -> Array:
        """Draws of one parameter with the chains joined, shape (S, ...)."""
        values = self.draws[name]
        return np.asarray(values.reshape(-1, *values.shape[2:]))

    @cached_property
    def kpi_unit(self) -> float:
        """Mean KPI per period of all geos, the unit of shares."""
        return float(self.panel.kpi.sum(axis=0).mean())

    @property
    def media(self) -> tuple[ChannelDraws, ...]:
        """Draws of each channel of the first geo, the only one of a national panel; organic channels last."""
        return self.cells[0].channels

    @cached_property
    def cells(self) -> tuple[Cell, ...]:
        """Draws by geo."""
        families = self.model.families(self.panel)
        names = {name for pair in families for part in pair for name in part.priors} | {"share"}
        geos, several = len(self.panel.geos), "geo_sigma" in self.draws
        values = {name: self.flat(f"geo_{name}" if several else name) for name in names}
        sigma = self.flat("geo_sigma") if several else self.flat("sigma")[:, None]
        coefficients = self.flat("baseline").reshape(self.n_draws, geos, -1)
        means = self.panel.kpi.mean(axis=1)
        common = self.flat("common") if "common" in self.draws else np.zeros(self.n_draws)
        channels = media_draws(families, values, Drivers.of(self.panel))
        return tuple(
            Cell(
                float(means[geo]),
                channels[geo],
                self._design(geo).matrix,
                coefficients[:, geo],
                sigma[:, geo],
                common,
            )
            for geo in range(geos)
        )

    # what media brought

    def contributions_by_week(self) -> pd.DataFrame:
        """Mean customers that each channel, organic channel and treatment brought, by period."""
        return self._in_all[1].copy()

    def sources_by_week(self) -> pd.DataFrame:
        """Where the customers of each period come from, with 90 % intervals; sources of a period add up to its fit.

        Returns
        -------
        One row per source and period: ``source`` (channels, organic channels, treatments, then ``baseline``, all that
        comes without them), ``period`` (its first day), ``mean``, ``5%`` and ``95%`` in customers.
        """
        drawn = [*self._brought(), ("baseline", np.asarray(sum(map(self._without_media, range(len(self.cells))))))]
        parts = [
            pd.DataFrame(
                {"source": name, "period": self.panel.dates, "mean": values.mean(axis=1), **interval_of(values, axis=1)}
            )
            for name, values in drawn
        ]
        return pd.concat(parts, ignore_index=True)

    def _without_media(self, geo: int) -> Array:
        """Draws of a geo's customers without media and treatments, by period, shape (T, S)."""
        cell, groups = self.cells[geo], self._design(geo).groups
        columns = [column for column, group in enumerate(groups) if group != "treatments"]
        return np.asarray(cell.matrix[:, columns] @ cell.coefficients[:, columns].T * cell.unit)

    def contributions(self, start: str | None = None, end: str | None = None) -> DrawsFrame:
        """Customers that each channel, organic channel and treatment brought, one row per draw.

        A treatment's are measured against its baseline value, and may be negative.

        Parameters
        ----------
        start, end
            First and last day of the window, as 2025-03-31; the whole panel where None.
        """
        if start is None and end is None:
            return self._in_all[0].copy()
        rows = self._window(start, end)
        frame = DrawsFrame({name: values[rows].sum(axis=0) for name, values in self._brought()})
        frame.columns.name = "channel"
        return frame

    def contributions_by(self, labels: Sequence[str]) -> dict[str, DrawsFrame]:
        """Customers that each channel, organic channel and treatment brought in the periods of each label.

        Parameters
        ----------
        labels
            One for each period of the panel, such as its month.

        Returns
        -------
        Label -> as :meth:`contributions`, in the order in which labels first stand.
        """
        names = list(dict.fromkeys(labels))
        place = np.array([names.index(label) for label in labels])
        member = (place == np.arange(len(names))[:, None]).astype(float)
        sums = {name: member @ values for name, values in self._brought()}
        frames = [DrawsFrame({name: drawn[at] for name, drawn in sums.items()}) for at in range(len(names))]
        return dict(zip(names, frames, strict=True))

    def cac(self, start: str | None = None, end: str | None = None) -> pd.DataFrame:
        """Spend per customer that each channel brought: mean, median, 5 % and 95 % points by channel."""
        spend = self.panel.national_spend.iloc[self._window(start, end)].sum()
        return average_cac(spend, self.contributions(start, end))

    def marginal_cac(self, spend: pd.Series | None = None) -> pd.DataFrame:
        """Cost of one more customer at a steady weekly spend: mean, median, 5 % and 95 % points by channel.

        The column ``level`` is the spend per period that this holds at.

        Parameters
        ----------
        spend
            Currency per period by channel; where None the mean of the last 13 weeks, or of a channel that spent
            nothing in them its last active level, the mean of as many periods in which it last did.
        """
        return marginal_cac(self.curves(weeks=1), self.panel, spend)

    def curves(self, weeks: float = 13, frequency: Mapping[str, float] | None = None) -> ResponseCurves:
        """Steady-state response curves over a horizon, of the channels with spend.

        Parameters
        ----------
        weeks
            Periods of the horizon. A curve takes the currency spent evenly over them and gives the customers that this
            spend brings, its carryover counted in full whether it falls inside the horizon or after it.
        frequency
            Contacts per person at which named channels, measured by reach and frequency, buy reach at today's cost of a
            contact; where not named, people are reached as often as they were. Their curves are straight lines: spend
            buys reach, and never runs out of people. Limit such a channel in a plan.

        Raises
        ------
        BadInput
            Where a frequency is below 1, or its channel is not measured so.
        """
        wanted, costs = self._frequencies(frequency or {}), self._costs
        if len(self.cells) == 1:
            channels = self.media[: len(self.channels)]
            return weekly_curves(self.channels, channels, self.kpi_unit, costs[0], wanted).over(weeks)
        parts = self.panel.spend.sum(axis=1) / self.panel.spend.sum(axis=(0, 1))
        level = self.panel.level().to_numpy()
        return national_curves(self.channels, self.cells, costs, parts, level, wanted).over(weeks)

    def curves_by_geo(
        self, weeks: float = 13, frequency: Mapping[str, float] | None = None
    ) -> dict[str, ResponseCurves]:
        """Response curves of each geo over a horizon, from the currency spent there to the customers won there.

        Draws are paired across geos as across channels. A geo has the channels that spent there, and a geo in which
        none did is left out. Arguments and what is raised are those of :meth:`curves`.
        """
        wanted, found = self._frequencies(frequency or {}), {}
        spent = (self.panel.spend.sum(axis=1) > 0) & (self.panel.media.sum(axis=1)[:, : len(self.channels)] > 0)
        for geo, (name, cell) in enumerate(zip(self.panel.geos, self.cells, strict=True)):
            places = np.flatnonzero(spent[geo])
            if len(places):
                channels = tuple(cell.channels[place] for place in places)
                names = tuple(self.channels[place] for place in places)
                curves = weekly_curves(names, channels, cell.unit, self._costs[geo, places], wanted)
                found[name] = curves.over(weeks)
        return found

    def optimal_frequency(self) -> pd.DataFrame:
        """How often to reach a person so that contacts bring most: mean, median, 5 % and 95 % points by channel.

        ``now`` is the mean over people reached, ``highest`` the most that was tried, past which nothing is searched;
        ``gain`` says how much more a contact brings there than now (0.2: a fifth more), with its own interval.

        Raises
        ------
        BadInput
            Where no channel is measured by reach and frequency.
        """
        return optimal_frequency(self.panel, self.media, self.flat)

    def half_life(self) -> pd.DataFrame:
        """Weeks until half of what a week's media do has come: mean, median, 5 % and 95 % points by channel.

        Of several geos, by the lag weights of all, as :meth:`carryover` has them.
        """
        lasting = self._lag_weights(self.panel.media)
        table = {name: half_of(weights, self.panel.per_week) for name, weights in lasting.items()}
        return summarise(pd.DataFrame({name: np.broadcast_to(half, self.n_draws) for name, half in table.items()}))

    def carryover(self) -> dict[str, Array]:
        """Lag weights of each channel with spend, its own period's first: shape (lags, draws), sums of one.

        Of several geos, the mean weighted by their spend.
        """
        return self._lag_weights(self.panel.spend)

    def _lag_weights(self, amounts: Array) -> dict[str, Array]:
        """Lag weights of each channel that has amounts (geos, periods, channels), of geos the mean weighted by them."""
        parts = amounts.sum(axis=1) / np.maximum(amounts.sum(axis=(0, 1)), 1e-300)
        return {
            name: np.asarray(
                sum(part * cell.channels[place].weights for part, cell in zip(own, self.cells, strict=True))
            )
            for place, (name, own) in enumerate(zip(self.panel.media_names, parts.T, strict=False))
        }

    # baseline and fit

    def baseline_by_week(self) -> pd.DataFrame:
        """Mean customers without media by period, one column per group: intercept, trend, season, ...

        Treatments stand at their baseline values; what they bring beyond is a contribution.
        """
        names = list(dict.fromkeys(group for group in self._design(0).groups if group != "treatments"))
        total = np.zeros((self.panel.periods, len(names)))
        for geo, cell in enumerate(self.cells):
            weighted = cell.matrix * cell.coefficients.mean(axis=0) * cell.unit
            for column, group in enumerate(self._design(geo).groups):
                if group != "treatments":
                    total[:, names.index(group)] += weighted[:, column]
        return pd.DataFrame(total, index=self.panel.dates, columns=names)

    def decomposition(self) -> pd.DataFrame:
        """Baseline groups, channels and treatments by period, posterior means; rows sum to the fitted mean."""
        return self.baseline_by_week().join(self.contributions_by_week())

    def fitted(self) -> pd.DataFrame:
        """Observed KPI with the posterior predictive mean, 5 % and 95 % points by period."""
        return self._against_kpi[0].copy()

    def residuals(self) -> pd.DataFrame:
        """What the fit leaves, by period: ``observed`` and ``expected`` KPI, and ``score``.

        Scores are standard normal where the model holds: by how many standard deviations a period is off, whatever the
        likelihood.
        """
        left = self._against_kpi[1]
        table = {"observed": left.observed, "expected": left.expected, "score": left.scores}
        return pd.DataFrame(table, index=self.panel.dates)

    def organic(self, weeks: int = 13, controls: Coming = None) -> Organic:
        """Organic customers of the coming periods.

        Parameters
        ----------
        weeks
            How many periods.
        controls
            Values of controls, treatments and organic channels, one row each or dated: a table (pandas, polars, Arrow)
            for every geo alike, or geo -> table. None holds each at its mean over the last year, and the result's
            ``assumption`` says so. Organic channels measured by reach and frequency may have a column
            ``<channel>_frequency``; without, they keep their mean frequency.

        Raises
        ------
        BadInput
            Where the control values are incomplete.
        """
        require_number(weeks, whole(1), "weeks")
        return forecast(self.panel, self.model, self.cells, weeks, controls, np.random.default_rng([self.seed, 3]))

    # how sure, and why

    def summary(self) -> pd.DataFrame:
        """One row per channel: spend, customers, share, CAC and marginal CAC with 90 % intervals, half-life.

        ``note`` says where a channel spent nothing in the last 13 weeks, so that its marginal CAC is that of its last
        active level; see :meth:`marginal_cac`.
        """
        table = channel_table(self.panel, self.contributions().summary(), self.cac(), self.marginal_cac())
        table.insert(len(table.columns) - 1, "half_life", self.half_life()["median"])
        return table

    def prior_shift(self) -> pd.DataFrame:
        """How far the data moved each channel's share of customers from its prior, organic channels included.

        Columns: prior and posterior median with 5 % and 95 % points, ``learnt`` (1 less the ratio of posterior to
        prior spread of the logarithm; near 0 the number is mostly the prior), and a sentence.
        """
        rng = np.random.default_rng([self.seed, 4])
        return prior_shift(self.panel.media_names, self.model.shares(self.panel), self.flat("share"), rng)

    def parameter_shift(self) -> pd.DataFrame:
        """What was believed of each channel's carryover and saturation before the data, and after.

        Returns
        -------
        One row per channel and ``parameter`` that is learnt: weeks until half of an effect has come, and how many times
        as much a steady spend of twice the mean brings (1: nothing more; 2: twice as much). Columns are those of
        :meth:`prior_shift`, without its verdict.
        """
        return parameter_shift(self.panel, self.model, self.flat, np.random.default_rng([self.seed, 6]))

    def media_share(self) -> pd.DataFrame:
        """Share of the KPI that all channels with spend bring together: median, 5 % and 95 %, prior and posterior."""
        paid = len(self.channels)
        priors, shares = self.model.shares(self.panel)[:paid], self.flat("share")[:, :paid]
        return media_share(priors, shares, np.random.default_rng([self.seed, 5]))

    # keeping

    def save(self, path: str | PathLike[str]) -> None:
        """Write to a netCDF file, whole or not at all, with a checksum; ArviZ opens it as well."""
        write(path, self.panel, self.model, self._record())

    @classmethod
    def load(cls, path: str | PathLike[str]) -> Self:
        """Read what :meth:`save` wrote.

        Raises
        ------
        BadInput
            Where the file is not such a file, or was damaged.
        """
        panel, model, record = read(path)
        return cls(panel=panel, model=model, **record)

    def to_inferencedata(self) -> Any:
        """The draws as ArviZ InferenceData; imports ArviZ."""
        import arviz

        coords = {
            "channel": list(self.panel.media_names),
            "column": list(self._columns),
            "geo": list(self.panel.geos),
            "period": self.panel.dates.to_numpy(),
        }
        dims = {name: self._dims(name, values.ndim) for name, values in self.draws.items()}
        return arviz.from_dict(
            posterior=self.draws,
            sample_stats=self.statistics,
            observed_data={"kpi": self.panel.kpi},
            coords=coords,
            dims={**dims, "kpi": ["geo", "period"]},
        )

    @cached_property
    def _against_kpi(self) -> tuple[pd.DataFrame, Residuals, tuple[Finding, ...]]:
        """The fit against the KPI by one set of predictive draws: by period, what is left over, findings of sense."""
        predicted = predictive(self.model.likelihood, self.cells, np.random.default_rng([self.seed, 2]))
        observed = self.panel.kpi.sum(axis=0)
        table = {"observed": observed, "mean": predicted.mean.mean(axis=1)} | interval_of(predicted.drawn, axis=1)
        sense = check_sense(observed, predicted, self.baseline_by_week().to_numpy().sum(axis=1))
        return pd.DataFrame(table, index=self.panel.dates), self._residuals(predicted), sense

    @cached_property
    def _in_all(self) -> tuple[DrawsFrame, pd.DataFrame]:
        """What each source brought: by draw over the whole panel, and by period in the mean."""
        draws, means = {}, {}
        for name, values in self._brought():
            draws[name], means[name] = values.sum(axis=0), values.mean(axis=1)
        frame = DrawsFrame(draws)
        frame.columns.name = "channel"
        return frame, pd.DataFrame(means, index=self.panel.dates)

    def _residuals(self, predicted: Predictive) -> Residuals:
        scores = normal_scores(self.panel, self.model.likelihood, self.cells, predicted)
        weights = np.array([cell.unit for cell in self.cells]) / self.kpi_unit
        baseline = np.tensordot(weights, np.array([cell.matrix for cell in self.cells]), axes=1)
        columns = np.column_stack([baseline, self.contributions_by_week()[list(self.panel.media_names)]])
        return Residuals(self.panel, predicted.mean.mean(axis=1), scores, columns)

    @staticmethod
    def _dims(name: str, axes: int) -> list[str]:
        last = "column" if name == "baseline" else "channel"
        return {2: [], 3: ["geo"] if name == "geo_sigma" else [last], 4: ["geo", last]}[axes]

    @property
    def _columns(self) -> tuple[str, ...]:
        return self._design(0).names

    def _design(self, geo: int) -> Design:
        return self.model.design(self.panel, geo)

    def _brought(self) -> Iterator[tuple[str, Array]]:
        """Each channel's and treatment's customers by period and draw, all geos together, shape (T, S)."""
        for place, name in enumerate(self.panel.media_names):
            yield name, np.asarray(sum(cell.channels[place].contribution() * cell.unit for cell in self.cells))
        for name in self.treatments:
            column = self._columns.index(name)
            effects = (np.outer(c.matrix[:, column], c.coefficients[:, column]) * c.unit for c in self.cells)
            yield name, np.asarray(sum(effects))

    @cached_property
    def _costs(self) -> Array:
        """Currency per period that one unit of adstock costs, shape (G, C)."""
        units = self.panel.media.mean(axis=1) / self.panel.media_units
        return np.asarray(self.panel.spend.mean(axis=1) / np.maximum(units, 1e-300)[:, : len(self.channels)])

    def _frequencies(self, wanted: Mapping[str, float]) -> dict[str, float]:
        for name, frequency in wanted.items():
            place = self.place(name)
            if not self.panel.by_reach[place]:
                raise BadInput(Problem("frequency", f"channel {name!r} is not measured by reach and frequency."))
            if not frequency >= 1:
                text = f"of {name!r} is {frequency:g}."
                raise BadInput(Problem("frequency", text, remedy="whoever is reached has at least one contact."))
        return dict(wanted)

    def _record(self) -> dict[str, Any]:
        return {
            "draws": self.draws,
            "statistics": self.statistics,
            "verdict": self.verdict,
            "seed": self.seed,
            "information": self.information,
        }

    def _window(self, start: str | None, end: str | None) -> slice:
        dates = self.panel.dates
        first = 0 if start is None else int(dates.searchsorted(given_day(start, "start")))
        last = len(dates) if end is None else int(dates.searchsorted(given_day(end, "end"), side="right"))
        if first >= last:
            text = f"from {start or 'the first day'} to {end or 'the last'} holds no whole period of the panel."
            remedy = f"give days between {dates[0]:%Y-%m-%d} and {dates[-1]:%Y-%m-%d}, the first before the last."
            raise BadInput(Problem("window", text, remedy=remedy))
        return slice(first, last)

    def place(self, channel: str) -> int:
        """Place of a channel.

        Raises
        ------
        UnknownChannel
            Where there is none of that name.
        """
        if channel not in self.channels:
            raise UnknownChannel(channel, self.channels, "the posterior")
        return self.channels.index(channel)
