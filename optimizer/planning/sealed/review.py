"""cac review: a sealed forecast and what came, put together, kept and scored."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from attribution.errors import BadInput
from attribution.estimates import Estimate
from mmm import Posterior
from optimizer.cycle.bridge import RESPONSE, UNEXPLAINED, Bridge, bridge
from optimizer.cycle.forecast import Forecast, forecast, media_by_channel
from optimizer.cycle.refit import refit
from optimizer.cycle.scorecard import Scorecard
from optimizer.planning.file.config import Config, read_config
from optimizer.planning.outputs.forecast_files import Kept, read_forecast
from optimizer.planning.sealed.actuals import Actuals, read_actuals
from optimizer.planning.sealed.chain import PLAN_FILE, Seal, chosen, home_of
from optimizer.planning.sealed.scores import entered, read_scores
from optimizer.planning.stages.forecast import borrowed_of
from optimizer.planning.stages.progress import Progress

__all__ = ["Review", "review"]


@dataclass(frozen=True, eq=False)
class Review:
    """A sealed forecast held against what came.

    Parameters
    ----------
    seal
        Of the plan of record.
    record
        Of the forecast: currency, outcome, fixed cost, assumptions.
    dates, days
        Periods of the forecast that are over, and the length of one.
    bridge
        From planned to actual customers.
    planned_spend, actual_spend
        Currency by channel over these periods.
    by_channel
        Channel -> expected customers as planned, and of the spend as it went.
    scorecard
        Of all sealed plans that were reviewed, this one among them.
    notes
        Of the table of what came.
    """

    seal: Seal
    record: dict[str, object]
    dates: pd.DatetimeIndex
    days: int
    bridge: Bridge
    planned_spend: pd.Series
    actual_spend: pd.Series
    by_channel: dict[str, tuple[Estimate, Estimate]]
    scorecard: Scorecard
    notes: tuple[str, ...]

    @property
    def weeks(self) -> float:
        """Weeks of the forecast that are over."""
        return len(self.dates) * self.days / 7

    @property
    def whole(self) -> bool:
        """Whether all of its weeks are over."""
        return self.weeks >= self.seal.weeks

    @property
    def planned(self) -> Estimate:
        """Customers as sealed."""
        return Estimate.of(self.bridge.planned)

    @property
    def as_spent(self) -> Estimate:
        """Customers that the sealed forecast expects of spend, delivery and controls as they went."""
        return Estimate.of(_as_spent(self.bridge))

    @property
    def fixed_cost(self) -> float:
        """Currency, the part of the weeks that are over."""
        return float(str(self.record["fixed_cost"])) * self.weeks / self.seal.weeks


def review(
    output: Path,
    actuals: str,
    name: str | None = None,
    again: bool = False,
    progress: Progress | None = None,
) -> Review:
    """Hold a sealed plan against what came, and enter it in the scorecard.

    Parameters
    ----------
    output
        The output folder with its sealed plans.
    actuals
        The table of what came, see :func:`optimizer.planning.sealed.actuals.read_actuals`.
    name
        Which sealed plan; the last where None.
    again
        Whether to fit the models again with what came, which parts a change of response from what is unexplained.
    progress
        Where stages are reported; standard error by default.

    Raises
    ------
    BadInput
        Where a sealed file or the chain is not as it was, or the table is not what a review needs.
    NotConverged
        Where a fit with what came does not settle.
    """
    progress = progress or Progress()
    with progress.stage("Checking the seals"):
        seal, folder = chosen(home_of(output), name)
        config, _ = read_config(folder / PLAN_FILE)
        kept = read_forecast(folder)
    with progress.stage("Reading what came"):
        panel = kept.readings[0].panel
        came = read_actuals(actuals, config, panel, kept.organic.dates, kept.words, kept.course)
    read_scores(home_of(output))  # what is wrong there is told before the work
    made = _review(seal, config, kept, came, again, progress)
    return replace(made, scorecard=Scorecard(entered(home_of(output), _score(made))))


def _score(made: Review) -> pd.DataFrame:
    """The review's row of the scorecard."""
    seal = made.seal
    row = {
        "name": seal.name,
        "sealed": pd.Timestamp(seal.when[:10]),
        "first_week": pd.Timestamp(seal.first_week),
        "weeks": made.weeks,
        "of_weeks": seal.weeks,
        **made.planned.flat("planned"),
        **made.as_spent.flat("expected_as_spent"),
        "actual": made.bridge.actual,
    }
    return pd.DataFrame([row])


def _review(seal: Seal, config: Config, kept: Kept, came: Actuals, again: bool, progress: Progress) -> Review:
    if config.plan is None:
        raise BadInput("the sealed plan file has no plan.")
    readings, periods, panel = kept.readings, came.course.periods, kept.readings[0].panel
    borrowed = borrowed_of(config.plan, readings, config.seed)
    course = kept.course.first(periods)
    foreseen = forecast(readings, kept.organic, kept.course, borrowed)
    fitted: tuple[Posterior, ...] = ()
    if again:
        with progress.stage("Fitting with what came") as update:
            fitted = refit(readings, came.course, came.kpi, config.model.time_budget, update)
    with progress.stage("Bridge"):
        planned = foreseen.customers[:, :periods].sum(axis=1)
        steps = bridge(
            readings, (course, planned), (came.course, float(came.kpi.sum())), borrowed=borrowed, refitted=fitted
        )
        went = media_by_channel(readings, came.course, borrowed).sum(axis=2)
    return Review(
        seal,
        kept.record,
        kept.organic.dates[:periods],
        panel.days,
        steps,
        _spend(foreseen, course.spend, course.new),
        _spend(foreseen, came.course.spend, came.course.new),
        {
            name: (Estimate.of(foreseen.brought[place, :, :periods].sum(axis=1)), Estimate.of(went[place]))
            for place, name in enumerate(foreseen.channels)
        },
        Scorecard(pd.DataFrame()),
        came.notes,
    )


def _spend(foreseen: Forecast, spend: np.ndarray, new: np.ndarray) -> pd.Series:
    totals = np.concatenate([spend.sum(axis=(0, 1)), new.sum(axis=0)])
    return pd.Series(totals, index=list(foreseen.channels))


def _as_spent(steps: Bridge) -> np.ndarray:
    known = [drawn for name, drawn in steps.causes.items() if name not in (RESPONSE, UNEXPLAINED)]
    return np.asarray(steps.planned + np.sum(known, axis=0))
