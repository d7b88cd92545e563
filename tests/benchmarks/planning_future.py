"""A simulated company whose weeks go on under a plan: what its spend brings, what tests measure, what its log shows.

Three years are seen before the first plan. From then on every quarter's money is what a plan gives each channel; its
weeks move as the simulator's own did (season, drift, pulses, flights), riders with the demand of the week. Surprises of
demand, counts, riders' noise and the error of a test are drawn once, so that they are the same whatever is planned.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import pandas as pd
from planning_companies import OWN, WEEKS, Company
from scipy.stats import poisson

import mmm
from attribution import Journeys
from attribution.simulate.journey_log import ORGANIC, journeys_of
from mmm.simulate.channels import Rider
from mmm.simulate.weekly_world import KPI, shock_of, world

SEEN = 156
_R2, _HEAR = 0.9, 0.25


@dataclass(frozen=True)
class Test:
    """A channel's spend changed for some weeks of a quarter, and the standard error of what that shows.

    Attributes
    ----------
    change
        Of the channel's spend while it runs, -1 for none.
    """

    channel: str
    weeks: int
    change: float
    standard_error: float


@dataclass(eq=False)
class Future:
    """A company and the quarters that it has lived through.

    Attributes
    ----------
    kind, seed, quarters
        Of the world, and how many quarters can be asked for.
    spend, causes
        Weeks x channels as spent, weeks x (organic, channels) of customers, past weeks included.
    tests
        A ``lift_tests`` table of what was tested.
    lost, saved
        By quarter, expected customers that its tests cost, and the money that they left unspent.
    """

    kind: str
    seed: int
    quarters: int
    spend: pd.DataFrame = field(init=False)
    causes: pd.DataFrame = field(init=False)
    tests: pd.DataFrame = field(init=False)
    lost: list[float] = field(init=False, default_factory=list)
    saved: list[float] = field(init=False, default_factory=list)

    def __post_init__(self) -> None:
        weeks = SEEN + WEEKS * self.quarters
        self.data, self.truth = world(self.seed, weeks=weeks, **OWN[self.kind])
        self.spend, self.causes = self.truth.spend.head(SEEN), self.truth.causes.head(SEEN)
        self.tests = pd.DataFrame()
        self._stock = self.truth.stock.head(SEEN)
        rng = np.random.default_rng([self.seed, 15])
        self._shock = shock_of(self.truth.effects.sum(axis=1).to_numpy(), weeks, _R2, rng)
        self._chance = rng.uniform(size=(weeks, self.truth.effects.shape[1]))
        self._noise = rng.normal(size=(weeks, len(self.truth.media)))
        self._errors = rng.normal(size=(self.quarters, len(self.truth.media)))

    @property
    def channels(self) -> list[str]:
        """In the order of all tables."""
        return list(self.data.channels)

    @cached_property
    def start(self) -> pd.Series:
        """Spend of the quarter before the first plan."""
        return self.truth.spend.iloc[SEEN - WEEKS : SEEN].sum()

    @cached_property
    def curves(self) -> mmm.ResponseCurves:
        """True customers by channel over 13 weeks of steady spend."""
        return self.truth.curves(WEEKS)

    def gain(self, spend: pd.Series) -> float:
        """True customers of a quarter of steady spend beyond those of the first quarter's spend."""
        return float(self.curves.customers(spend[self.channels])[0] - self.curves.customers(self.start)[0])

    @property
    def company(self) -> Company:
        """What is seen by now."""
        now = len(self.spend)
        weekly = self.data.weekly.head(now).assign(**{KPI: self.causes.sum(axis=1).to_numpy()})
        weekly[self.channels] = self.spend.to_numpy()
        coming = self.data.weekly.iloc[now : now + WEEKS][["week", *self.data.controls]]
        names = (self.data.channels, self.data.controls)
        organic = float(self.truth.effects[ORGANIC].iloc[now : now + WEEKS].sum())
        return Company(self.kind, self.seed, weekly, coming, *names, None, self.curves, self.start, organic)

    def log(self, weeks: int) -> Journeys:
        """Paths of the last weeks."""
        causes, spend = self.causes.tail(weeks), self.spend.tail(weeks)
        activity = spend / self.spend.mean()
        seen, _ = journeys_of(causes, seed=self.seed + len(self.spend), activity=activity)
        return Journeys.from_touchpoints(seen.touchpoints, seen.conversions, "30D")

    def lives(self, plan: pd.Series, tests: tuple[Test, ...] = ()) -> None:
        """The next quarter under a plan, with some tests in it."""
        quarter, now = len(self.lost), len(self.spend)
        usual = self._weekly(plan, slice(now, now + WEEKS))
        spent = usual.copy()
        for test in tests:
            window = self._window(usual[test.channel], test.weeks)
            spent.loc[window, test.channel] *= 1 + test.change
        without, with_tests = self._effects(usual), self._effects(spent)
        rows = [self._row(test, quarter, usual, spent, with_tests - without) for test in tests]
        expected = with_tests.to_numpy() * self._shock[now : now + WEEKS, None]
        counts = poisson.ppf(self._chance[now : now + WEEKS], expected).astype("int64")
        stock = self._stocks(spent)
        self.lost.append(float((without - with_tests).to_numpy().sum()))
        self.saved.append(float((usual - spent).to_numpy().sum()))
        self.causes = pd.concat([self.causes, pd.DataFrame(counts, spent.index, with_tests.columns)])
        self.spend, self._stock = pd.concat([self.spend, spent]), pd.concat([self._stock, stock])
        self.tests = pd.concat([self.tests, pd.DataFrame(rows)], ignore_index=True) if rows else self.tests

    def _weekly(self, plan: pd.Series, coming: slice) -> pd.DataFrame:
        """The plan's money by week: planned media as the simulator's own moved, then what rides on demand."""
        shapes = self.truth.spend.iloc[coming].astype(float)
        planned = [medium.name for medium in self.truth.media if not isinstance(medium.pattern, Rider)]
        usual = shapes[planned] / shapes[planned].sum() * plan[planned]
        table = usual.reindex(columns=self.channels, fill_value=0.0)
        effects = self._effects(table)
        demand = effects[[ORGANIC, *planned]].sum(axis=1).to_numpy()
        heard = demand / demand.mean() * self._shock[coming] ** _HEAR
        for place, medium in enumerate(self.truth.media):
            if isinstance(medium.pattern, Rider):
                before = np.concatenate([heard[:1], heard[:-1]])
                followed = (1 - medium.pattern.lag) * heard + medium.pattern.lag * before
                shape = followed * np.exp(medium.pattern.noise * self._noise[coming, place])
                table[medium.name] = shape / shape.sum() * plan[medium.name]
        return table.round()

    def _window(self, spend: pd.Series, weeks: int) -> pd.DatetimeIndex:
        """The weeks of a quarter in which a channel spends most, one beside either end left out."""
        sums = spend.rolling(weeks).sum().iloc[weeks : len(spend) - 1]
        last = int(spend.index.get_loc(sums.idxmax()))
        return pd.DatetimeIndex(spend.index[last - weeks + 1 : last + 1])

    def _stocks(self, spend: pd.DataFrame) -> pd.DataFrame:
        decay, before, rows = self.truth.decay[self.channels].to_numpy(), self._stock.iloc[-1].to_numpy(), []
        for week in spend.to_numpy(float):
            before = (1 - decay) * week + decay * before
            rows.append(before)
        return pd.DataFrame(rows, spend.index, self.channels)

    def _effects(self, spend: pd.DataFrame) -> pd.DataFrame:
        """Expected customers by cause in the weeks of a spend that follows on the last one."""
        stock = self._stocks(spend)
        table = pd.DataFrame({ORGANIC: self.truth.effects[ORGANIC].reindex(spend.index)})
        for name in self.channels:
            table[name] = self.truth.response[name](stock[name].to_numpy())
        return table

    def _row(
        self, test: Test, quarter: int, usual: pd.DataFrame, spent: pd.DataFrame, effects: pd.DataFrame
    ) -> dict[str, object]:
        """What a test says, as a row of ``lift_tests``."""
        window = self._window(usual[test.channel], test.weeks)
        error = test.standard_error * self._errors[quarter, self.channels.index(test.channel)]
        return {
            "channel": test.channel,
            "start": f"{window[0]:%Y-%m-%d}",
            "end": f"{window[-1] + pd.Timedelta(days=6):%Y-%m-%d}",
            "spend_change": float((spent - usual).loc[window, test.channel].sum()),
            "customers_gained": float(effects.loc[window, test.channel].sum() + error),
            "standard_error": test.standard_error,
        }
