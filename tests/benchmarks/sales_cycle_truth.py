"""CAC of a business whose customers decide in 98 days: naive by month and matched to the cycle, against the truth.

    python tests/benchmarks/sales_cycle_truth.py --worlds 5

Beside the log's, the cycle as sales would state it: shares of customers by calendar month after the spend, in whole per
cent, and no log: spend by channel and all customers, by week.

Spend grows and swings; each month's spend causes people whose first touch lies in it, of whom a share converts after a
lag of 98 days on average (gamma, shape 3). The truth is spend over all that it causes, whenever they convert. With a
``gap`` people touch again, every so many days in the mean, until they convert or give up, and the log begins among
people who are on their way.
"""

from __future__ import annotations

import argparse

import numpy as np
import pandas as pd
from scipy import stats

from attribution import Journeys
from attribution.analysis.sales_cycle import ALL, matched_cac, sales_cycle
from attribution.economics import SalesLags

_DAYS, _RATE, _PEOPLE = 720, 0.3, 120_000
_BEFORE, _INTEREST = 400, 120.0  # days before the log, and until who does not convert gives up, in the mean
_MONTH = 365.25 / 12


def world(
    seed: int, people: int = _PEOPLE, cycle: float = 98.0, gap: float | None = None
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame, pd.Series]:
    """Touchpoints, conversions, spend by day, and the true CAC by month of the spend, over all channels."""
    rng = np.random.default_rng(seed)
    start, before = pd.Timestamp("2024-01-01"), 0 if gap is None else _BEFORE
    day = np.arange(-before, _DAYS)
    touches, ends, spends, truth = [], [], [], []
    for number, channel in enumerate(("search", "social")):
        shape = np.exp(
            0.0022 * day + 0.35 * np.sin(day / 50 + number + rng.uniform(0, 6)) + 0.1 * rng.normal(size=len(day))
        )
        shape = people / 2 * shape / shape[before:].sum()
        came = rng.poisson(shape)
        born = np.repeat(day, came) + rng.random(came.sum())
        converts = rng.random(len(born)) < _RATE * (1 + number) / 2
        lag = rng.gamma(3.0, cycle / 3.0, len(born))
        user = np.array([f"{channel}{i}" for i in range(len(born))])
        touch = pd.DataFrame({"user": user, "day": born, "channel": channel})
        if gap is not None:
            stop = np.where(converts, lag, rng.exponential(_INTEREST, len(born)))
            who = np.repeat(np.arange(len(born)), rng.poisson(stop / gap))
            more = pd.DataFrame({"user": user[who], "day": born[who] + rng.random(len(who)) * stop[who]})
            touch = pd.concat([touch, more.assign(channel=channel)])
        touches.append(touch[touch["day"].between(0, _DAYS, inclusive="left")])
        seen = converts & (born + lag >= 0) & (born + lag < _DAYS)
        ends.append(pd.DataFrame({"user": user[seen], "day": (born + lag)[seen]}))
        dates = start + pd.to_timedelta(day, "D")
        spends.append(pd.DataFrame({"date": dates, "channel": channel, "spend": 30.0 * shape})[day >= 0])
        truth.append(pd.DataFrame({"date": start + pd.to_timedelta(np.floor(born), "D"), "caused": converts}))
    touch, end, spend = pd.concat(touches), pd.concat(ends), pd.concat(spends, ignore_index=True)
    told = pd.concat(truth, ignore_index=True)
    caused = told.groupby(told["date"].dt.strftime("%Y-%m"))["caused"].sum()
    paid = spend.groupby(spend["date"].dt.strftime("%Y-%m"))["spend"].sum()
    return _timed(touch, start), _timed(end, start), spend, (paid / caused).rename("cac")


def _timed(frame: pd.DataFrame, start: pd.Timestamp) -> pd.DataFrame:
    time = (start + pd.to_timedelta(frame["day"] * 86_400, "s")).dt.tz_localize("UTC")
    return frame.assign(time=time).drop(columns="day").reset_index(drop=True)


def errors(seed: int, people: int = _PEOPLE, cycle: float = 98.0, gap: float | None = None) -> pd.DataFrame:
    """By month: the true CAC, and how far the naive and the matched one are off it."""
    touches, ends, spend, truth = world(seed, people, cycle, gap)
    journeys = Journeys.from_touchpoints(touches, conversions=ends, lookback="500D")
    table = matched_cac(sales_cycle(journeys), journeys, spend)
    table = table[table["channel"] == ALL].set_index("month")
    truth = truth.reindex(table.index)
    inside = (table["matched_cac_low"] <= truth * (1 + 1e-9)) & (truth <= table["matched_cac_high"] * (1 + 1e-9))
    off = {name: table[f"{name}_cac"] / truth - 1 for name in ("naive", "matched")}
    return pd.DataFrame(
        {"truth": truth, **off, "inside": inside, "waiting": 1 - table["customers_so_far"] / table["customers_matched"]}
    )


def stated_cycle(cycle: float = 98.0) -> dict[int, float]:
    """Shares of customers by calendar month after the spend, in whole per cent."""
    lags = stats.gamma(3.0, scale=cycle / 3.0)
    start = _MONTH * (np.arange(200) + 0.5) / 200
    within = np.array([lags.cdf((month + 1) * _MONTH - start).mean() for month in range(12)])
    shares = np.diff(np.concatenate([[0.0], within])).round(2)
    told = shares[: int(np.flatnonzero(shares)[-1]) + 1]
    return dict(enumerate((told / told.sum()).round(3).tolist()))


def errors_as_stated(seed: int, people: int = _PEOPLE, cycle: float = 98.0) -> pd.DataFrame:
    """The same by the stated cycle, months of the weeks that begin in them; no log."""
    _, ends, spend, truth = world(seed, people, cycle)
    days, weeks = pd.date_range("2024-01-01", periods=_DAYS), _DAYS // 7
    came = ends["time"].dt.tz_localize(None).dt.normalize().value_counts().reindex(days, fill_value=0)
    money = spend.pivot_table(index="date", columns="channel", values="spend").reindex(days)
    came, money = (each.iloc[: 7 * weeks].groupby(np.arange(7 * weeks) // 7).sum().to_numpy() for each in (came, money))
    drawn = SalesLags.by_month(stated_cycle(cycle)).caused(
        money, np.repeat(came[None].astype(float), 400, axis=0), seed
    )
    month = days[::7][:weeks].strftime("%Y-%m")
    won, total = pd.DataFrame(drawn.T).groupby(month).sum(), pd.Series(money.sum(axis=1)).groupby(month).sum()
    months = [name for name in won.index[:-1] if name in truth.index]
    won, total, truth = won.loc[months], total[months], truth[months]
    naive = total / pd.Series(came).groupby(month).sum()[months]
    low, high = total / won.quantile(0.95, axis=1), total / won.quantile(0.05, axis=1)
    so_far = pd.Series(SalesLags.by_month(stated_cycle(cycle)).arrived(weeks) * drawn.mean(axis=0)).groupby(month).sum()
    return pd.DataFrame(
        {
            "truth": truth,
            "naive": naive / truth - 1,
            "matched": total / won.mean(axis=1) / truth - 1,
            "inside": (low <= truth) & (truth <= high),
            "waiting": 1 - so_far[months] / won.mean(axis=1),
        }
    )


def main() -> None:
    """Print the table of the first world and the sums of all."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--worlds", type=int, default=5)
    given = parser.parse_args()
    kinds = {
        "by the log": errors,
        "by a log that begins among people on their way": lambda seed: errors(seed, _PEOPLE // 3, gap=30.0),
        "by a stated cycle, without a log": errors_as_stated,
    }
    for kind, of_seed in kinds.items():
        tables = [of_seed(seed) for seed in range(given.worlds)]
        print(f"{kind}\n{tables[0].round(3).to_string()}")
        _summed(pd.concat(tables))


def _summed(every: pd.DataFrame) -> None:
    every = every[every.index >= "2024-08"]  # before, the log holds few customers of earlier months' spend
    known = every[every["waiting"] < 0.5]
    for name, part in (("months from 2024-08", every), ("of which half is known", known)):
        size = part[["naive", "matched"]].abs()
        print(
            f"{name} ({len(part)}): mean error naive {size['naive'].mean():.1%}, matched {size['matched'].mean():.1%};",
            end=" ",
        )
        print(
            f"largest {size['naive'].max():.1%}, {size['matched'].max():.1%}; in the 90 % interval {part['inside'].mean():.0%}"
        )


if __name__ == "__main__":
    main()
