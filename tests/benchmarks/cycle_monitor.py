"""False alarms per quarter of `cac monitor`, and days until it sees that a channel's media cost 30 % more.

Companies of 156 weeks whose truth is known: our own simulator with riders on demand, and its hostile kinds (see
hostile_worlds). The model is fitted to the first 130 weeks once; the last 26 are two quarters to be watched. In half of
the runs nothing happens. In the others a customer of one channel, that with most or that with least spend, costs 30 %
more from the fifth week on: what is spent from then brings 1 / 1.3 of what it did. Platforms report 1.4
times what a channel causes, with errors of 8 % that last (autocorrelation 0.5), and a hundredth of organic customers.

Rules, with customers of all together alone and with platform-reported conversions of every channel:

* ``fixed``: spend per customer of four weeks against the 52 weeks before, + 25 % as in practice;
* ``predictive``: four weeks against what the model (or the conversions' own past) expects of what was spent;
* ``sequential``: the test of the guardrails.

False alarms count as in `stated` settings. Days to detection are those of limits under which each rule gives a false
alarm in as many quiet quarters, the stated rate (`matched`), those of the sequential test also as
they stand. ``python tests/benchmarks/cycle_monitor.py [companies of a kind] [folder of fits]``.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
from hostile_worlds import KINDS, sketched, world_of

import mmm
from mmm.simulate.channels import Medium, hill
from mmm.simulate.weekly_world import effect_of, money, world
from optimizer.cycle.rules import Window
from optimizer.cycle.sequential import sequential
from optimizer.cycle.suspicions import series_of
from optimizer.cycle.watched import Watched
from optimizer.planning.file.config import Config
from optimizer.planning.since.actuals import Actuals
from optimizer.planning.since.watching import watched_of

FITTED, WATCHED, QUARTER, BEGINS, DEARER, RATE = 130, 26, 13, 4, 1.3, 0.05
WINDOW, YEAR = 4, 52
NAMES = (
    *("riders", "healthy", "followers_of_demand", "multiplicative", "christmas"),
    *("long_carryover", "five_a_week", "level_breaks"),
)
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Company:
    """What a company sees, and what it would have seen had a channel become dearer."""

    name: str
    table: pd.DataFrame
    channels: tuple[str, ...]
    controls: tuple[str, ...]
    media: tuple[Medium, ...]
    organic: Floats
    effects: pd.DataFrame
    multiplies: bool = False

    def whole(self, effects: pd.DataFrame) -> Floats:
        """Expected customers."""
        if self.multiplies:
            return self.organic * np.prod(1 + effects.to_numpy() / self.organic.mean(), axis=1)
        return self.organic + effects.to_numpy().sum(axis=1)

    def dearer(self, channel: str | None) -> pd.DataFrame:
        """Effects by week and channel where the media of one cost more from the jump on."""
        if channel is None:
            return self.effects
        medium = next(one for one in self.media if one.name == channel)
        since = np.arange(len(self.table)) - FITTED - BEGINS + 1
        new = np.where(since > 0, 1 - medium.decay ** np.maximum(since, 0), 0.0)
        return self.effects.assign(**{channel: self.effects[channel] * (1 - (1 - 1 / DEARER) * new)})

    def seen(self, channel: str | None, seed: int) -> pd.DataFrame:
        """The table with what platforms report; the same company whichever channel becomes dearer."""
        rng, effects = np.random.default_rng([seed, 5]), self.dearer(channel)
        before, after = self.whole(self.effects), self.whole(effects)
        customers = self.table["new_customers"].to_numpy()
        left = rng.binomial(customers.astype(int), np.clip(after / before, 0, 1))
        table = self.table.assign(new_customers=np.where(after < before, left, customers))
        surprise = customers / before
        for name in self.channels:
            errors = np.zeros(len(table))
            for week, step in enumerate(rng.normal(0, 0.08, len(table))):
                errors[week] = 0.5 * errors[week - 1] + step if week else step
            claimed = 1.4 * effects[name].to_numpy() + 0.01 * self.organic
            table[f"{name}_reported"] = np.round(claimed * surprise * np.exp(errors))
        return table


def company(kind: str, seed: int) -> Company:
    """One company of a kind."""
    if kind == "riders":
        data, truth = world(seed)
        effects = truth.effects[list(data.channels)].reset_index(drop=True)
        organic = truth.effects["organic"].to_numpy()
        return Company(f"{kind}-{seed}", data.weekly, data.channels, data.controls, truth.media, organic, effects)
    made = next(each for each in KINDS if each.__name__ == kind)
    seen, rng = world_of(made, seed), np.random.default_rng([seed, 77])
    sketch = made(sketched(rng), rng)
    spend = {one.name: money(one, sketch.shapes[one.name]) for one in sketch.media}
    rows = slice(sketch.run_in, None)
    effects = pd.DataFrame({one.name: effect_of(one, hill, spend[one.name])[rows] for one in sketch.media})
    names = (seen.channels, seen.controls, sketch.media, sketch.organic[rows])
    return Company(f"{kind}-{seed}", seen.table, *names, effects, kind == "multiplicative")


def panel_of(one: Company, table: pd.DataFrame) -> mmm.Panel:
    """The weeks that the model reads."""
    panel = mmm.Panel.from_frame(table, "week", "new_customers", list(one.channels), controls=list(one.controls))
    return panel.with_holidays("DE")


def fitted(one: Company, folder: Path, seed: int) -> mmm.Posterior:
    """The model on the first weeks; taken up again where it was fitted before."""
    file = folder / f"{one.name}.nc"
    if not file.exists():
        panel = panel_of(one, one.table).select(0, FITTED)
        mmm.fit(panel, mmm.Model(), draws=400, tune=400, chains=2, seed=seed, time_budget=60).save(file)
    return mmm.Posterior.load(file)


def watched(one: Company, posterior: mmm.Posterior, table: pd.DataFrame) -> Watched:
    """The last weeks as the command sees them."""
    columns = {name: f"{name}_reported" for name in one.channels}
    weekly = {"path": "weekly.csv", "spend": list(one.channels), "controls": list(one.controls)}
    rails = {"platform_reported": columns}
    config = Config.model_validate({"name": one.name, "data": {"weekly": weekly}, "guardrails": rails})
    coming = panel_of(one, table).select(FITTED, FITTED + WATCHED)
    return watched_of(config, posterior, Actuals(coming, table.set_index("week"), ()))[0]


def fixed(one: Company, table: pd.DataFrame, reported: bool) -> Floats:
    """Rise of spend per customer, or of the conversion that rose most, by week."""
    pairs = [(list(one.channels), "new_customers")]
    pairs = [([name], f"{name}_reported") for name in one.channels] if reported else pairs
    rises = []
    for names, column in pairs:
        spent, won = table[names].sum(axis=1).to_numpy(float), table[column].to_numpy(float)
        rises.append([_rise(spent, won, week) for week in range(FITTED, FITTED + WATCHED)])
    return np.max(rises, axis=0)


def _rise(spent: Floats, won: Floats, week: int) -> float:
    now, before = slice(week + 1 - WINDOW, week + 1), slice(week + 1 - WINDOW - YEAR, week + 1 - WINDOW)
    if not spent[now].any():
        return -1.0
    return float(spent[now].sum() / max(won[now].sum(), 0.5) / (spent[before].sum() / max(won[before].sum(), 0.5)) - 1)


def predictive(seen: Watched) -> Floats:
    """Standard deviations by which four weeks fall short of what is expected, the worst figure, by week."""
    scores = []
    for week in range(WATCHED):
        window = Window(_until(seen, week), WINDOW, 0.0, 0.95)
        short = [(window.expected - window.customers) / window.spread]
        for own in window.watched.reported:
            log, spread = window.change(own.written, own.quiet)
            short.append(-log / spread)
        scores.append(max(short))
    return np.array(scores)


def _until(seen: Watched, week: int) -> Watched:
    stop = week + 1

    def cut(quiet: object) -> object:
        return replace(quiet, mean=quiet.mean[:stop], covariance=quiet.covariance[:stop, :stop])  # type: ignore

    own = tuple(replace(r, conversions=r.conversions[:stop], quiet=cut(r.quiet)) for r in seen.reported)
    return replace(
        seen,
        weeks=seen.weeks[:stop],
        spend=seen.spend.iloc[:stop],
        customers=seen.customers[:stop],
        quiet=cut(seen.quiet),
        brought=seen.brought[:, :stop],
        reported=own,
    )


def tested(seen: Watched) -> Floats:
    """Score above the limit of the sequential test by week."""
    test = sequential(series_of(seen), RATE)
    return np.max(list(test.scores.values()), axis=0) - test.limit


def scores(
    one: Company, posterior: mmm.Posterior, places: dict[str, str | None], seed: int
) -> Iterator[dict[str, object]]:
    """Paths of every rule's score, above its own limit where it has one, for both sets of figures."""
    for place, channel in places.items():
        table = one.seen(channel, seed)
        whole = watched(one, posterior, table)
        for reported, seen in ((False, replace(whole, reported=())), (True, whole)):
            paths = {
                "fixed": fixed(one, table, reported) - 0.25,
                "predictive": predictive(seen) - 1.645,
                "sequential": tested(seen),
            }
            for rule, path in paths.items():
                yield {"place": place, "figures": "by channel" if reported else "of all", "rule": rule, "path": path}


def run(seeds: int, folder: Path) -> Iterator[dict[str, object]]:
    """Every path of every company; no two share a seed, or they would err alike."""
    for number in range(seeds):
        for place, kind in enumerate(NAMES):
            seed = len(NAMES) * number + place
            one = company(kind, seed)
            posterior = fitted(one, folder, seed)
            spent = one.table[list(one.channels)].iloc[FITTED:].sum()
            places = {"quiet": None, "largest": str(spent.idxmax()), "smallest": str(spent.idxmin())}
            for row in scores(one, posterior, places, seed):
                yield {"kind": kind, "seed": seed, **row}
            print(one.name, file=sys.stderr, flush=True)


def alarm_rate(paths: pd.Series, limit: float = 0.0) -> float:
    """Quarters with a first alarm, of those that no alarm came before."""
    first = [np.flatnonzero(path > limit) for path in paths]
    weeks = np.array([each[0] if len(each) else WATCHED for each in first])
    early, late = (weeks < QUARTER).sum(), ((weeks >= QUARTER) & (weeks < WATCHED)).sum()
    return float((early + late) / (len(weeks) + (weeks >= QUARTER).sum()))


def matched(paths: pd.Series, rate: float) -> float:
    """The limit under which quiet quarters give alarms at a rate."""
    tops = np.unique(np.concatenate([np.maximum.accumulate(path) for path in paths]))
    low, high = 0, len(tops) - 1
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if alarm_rate(paths, tops[middle]) <= rate else (middle + 1, high)
    return float(tops[low])


def days(paths: pd.Series, limit: float) -> Floats:
    """Days from the jump to the first alarm, infinite where there is none; alarms of before count as at once."""
    first = [np.flatnonzero(path[BEGINS:] > limit) for path in paths]
    return np.array([7.0 * (each[0] + 1) if len(each) else np.inf for each in first])


def summary(table: pd.DataFrame) -> pd.DataFrame:
    """One row for each rule and set of figures."""
    rows = []
    for (figures, rule), own in table.groupby(["figures", "rule"], sort=False):
        quiet = own.loc[own["place"] == "quiet", "path"]
        row: dict[str, object] = {"figures": figures, "rule": rule, "false alarms as stated": alarm_rate(quiet)}
        for limit, said in ((0.0, "stated"), (matched(quiet, RATE), "matched")):
            for place in ("largest", "smallest"):
                took = days(own.loc[own["place"] == place, "path"], limit)
                row[f"{place}, {said}: median days"] = float(np.median(took))
                row[f"{place}, {said}: in a quarter"] = float(np.mean(took <= 7 * QUARTER))
        rows.append(row)
    return pd.DataFrame(rows)


def main() -> int:
    """Print both tables; 1 where a goal is missed."""
    seeds = int(sys.argv[1]) if len(sys.argv) > 1 else 8
    folder = Path(sys.argv[2] if len(sys.argv) > 2 else "fits")
    folder.mkdir(exist_ok=True)
    table = pd.DataFrame(run(seeds, folder))
    print(summary(table).round(3).T.to_string())
    quiet = table[(table["place"] == "quiet") & (table["rule"] == "sequential")]
    print(quiet.groupby(["kind", "figures"])["path"].apply(alarm_rate).round(3).to_string())
    goal = summary(table).set_index(["figures", "rule"])
    rates = goal["false alarms as stated"].xs("sequential", level="rule")
    median = goal["largest, matched: median days"]
    figures = ("of all", "by channel")
    seen = {each: np.isfinite(median[each, "sequential"]) for each in figures}
    halved = {each: seen[each] and median[each, "sequential"] <= median[each, "fixed"] / 2 for each in figures}
    low = {each: bool(rates[each] < RATE) for each in figures}
    print(f"under {RATE:.0%} false alarms a quarter: {low}; in half of the fixed rule's time: {halved}")
    return int(not (all(low.values()) and all(halved.values())))


if __name__ == "__main__":
    sys.exit(main())
