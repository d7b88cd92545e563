"""Logs and an oracle that shares no code with the package: plain SQL, straight from the definitions."""

from __future__ import annotations

import gc
import os
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, settings

from attribution import (
    ByConversionDate,
    ByTouchDate,
    Journeys,
    LastTouch,
    Linear,
    Markov,
    Shapley,
    TimeDecay,
    by_segment,
    cac_by_period,
    credit_per_conversion,
    only,
    prioritise,
    with_cohorts,
    with_periods,
    without,
)

# what a person's terminal is like is no matter of the commands that tests start
for _name in ("COLUMNS", "LINES", "TERMINAL_WIDTH", "FORCE_COLOR", "CLICOLOR_FORCE", "TTY_COMPATIBLE"):
    os.environ.pop(_name, None)
os.environ["MPLBACKEND"] = "agg"

# what a test makes goes with it, and looking for circles after every few hundred objects is a twentieth of all its time
gc.set_threshold(50_000, 20, 50)

# no example is judged by how long it took, and a first run is like any later one: no machine's own past failures
settings.register_profile(
    "any machine", deadline=None, derandomize=True, database=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("any machine")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Files whose tests look at the one finished run go to one worker, so that it is made once."""
    if config.getvalue("dist") != "loadfile":
        return None
    from xdist.scheduler import LoadFileScheduling

    class ByFile(LoadFileScheduling):
        @cache  # noqa: B019  one a run
        def _split_scope(self, nodeid: str) -> str:
            file: str = super()._split_scope(nodeid)
            text = (config.rootpath / file).read_text(encoding="utf-8")
            return "the finished run" if "finished: tuple[" in text else file

    return ByFile(config, log)


LogMaker = Callable[..., tuple[pd.DataFrame, pd.DataFrame]]


@pytest.fixture(scope="session")
def make_log() -> LogMaker:
    """A random log: touches and conversions of some users over some days, ties in time included."""

    def make(
        seed: int = 0, users: int = 300, touches: int = 2_000, conversions: int = 150, days: int = 120
    ) -> tuple[pd.DataFrame, pd.DataFrame]:
        rng = np.random.default_rng(seed)
        start = pd.Timestamp("2024-01-01")
        touched = pd.DataFrame(
            {
                "user": rng.integers(users, size=touches).astype(str),
                "time": start + pd.to_timedelta(rng.integers(days * 24, size=touches), unit="h"),
                "channel": rng.choice(
                    ["search", "social", "direct", "tv", "(start)"], touches, p=[0.3, 0.3, 0.2, 0.1, 0.1]
                ),
                "geo": rng.choice(["DE", "FR"], touches),
            }
        ).drop_duplicates(["user", "time", "channel"], ignore_index=True)
        bought = pd.DataFrame(
            {
                "user": rng.integers(users, size=conversions).astype(str),
                "time": start + pd.to_timedelta(rng.integers(days * 24, size=conversions), unit="h"),
                "value": rng.gamma(2.0, 30.0, conversions).round(2),
            }
        )
        return touched, bought

    return make


@pytest.fixture(scope="session")
def oracle() -> Callable[[pd.DataFrame, pd.DataFrame, int], pd.DataFrame]:
    """Touches with their path by hand-written SQL: path, step, length, age, conversions, value."""
    sql = """
        with often as (
            select channel, row_number() over (order by count(*), channel) as place from touched group by channel
        ),
        ends as (select "user", time, count(*) as won, sum(value) as worth from bought group by all),
        meant as (
            select t."user", t.time, t.channel, place,
                   (select min(e.time) from ends e where e."user" = t."user" and e.time >= t.time) as ending
            from touched t join often on often.channel = t.channel
        ),
        judged as (
            select *, coalesce(date_diff('second', time, ending) <= 86400 * $days, false) as alive from meant
        ),
        cut as (
            select *, case when alive then 0 when date_diff('second', lag(time) over w, time) <= 86400 * $days
                           then 0 else 1 end as fresh
            from judged window w as (partition by "user", alive, ending order by time, place)
        ),
        named as (
            select *, sum(fresh) over (partition by "user", alive, ending order by time, place) as piece from cut
        ),
        path as (
            select *, row_number() over (p order by time, place) - 1 as step, count(*) over p as length,
                   max(time) over p as latest, dense_rank() over (order by "user", alive, ending, piece) as path
            from named window p as (partition by "user", alive, ending, piece)
        )
        select path, step, length, path."user" as "user", channel, path.time as time,
               date_diff('microsecond', path.time, case when alive then ending else latest end) / 86400e6 as age,
               case when alive then won else 0 end as conversions,
               case when alive then 0 else 1 end as nulls,
               case when alive then worth else 0 end as value
        from path left join ends on ends."user" = path."user" and ends.time = path.ending
        order by path, step
    """

    def run(touched: pd.DataFrame, bought: pd.DataFrame, days: int) -> pd.DataFrame:
        with duckdb.connect() as connection:
            connection.register("touched", touched)
            connection.register("bought", bought)
            return connection.execute(sql, {"days": days}).df()

    return run


def _credit(journeys: Journeys) -> pd.DataFrame:
    """Credit of models that look at steps, ages, sets and chains, and the totals."""
    found = [model(journeys) for model in (LastTouch(), TimeDecay("2D"), Shapley(), Markov(2))]
    columns = {f"{credit.model} {name}": getattr(credit, name) for credit in found for name in ("conversions", "value")}
    return pd.concat([pd.DataFrame(columns), pd.Series(journeys.totals).to_frame("LastTouch conversions")])


def _by(segment: str, model: Any) -> Callable[[Journeys], pd.DataFrame]:
    return lambda journeys: by_segment(journeys, model, segment, replicates=2)[["estimate", "value"]]


def _cac(dating: Any, period: str) -> Callable[[Journeys], pd.DataFrame]:
    days = pd.date_range("2024-01-01", "2024-04-30")
    spend = pd.concat([pd.DataFrame({"date": days, "channel": name, "spend": 2.0}) for name in ("tv", "search")])
    columns = ["spend", "conversions", "cac"]
    return lambda journeys: cac_by_period(journeys, Linear(), spend, period, dating, replicates=2)[columns]


def _single(model: Any) -> Callable[[Journeys], pd.DataFrame]:
    def rows(journeys: Journeys) -> pd.DataFrame:
        found = credit_per_conversion(journeys, model)
        frame = found if isinstance(found, pd.DataFrame) else found.execute()
        return frame.set_index(["user", "time", "channel"]).sort_index()

    return rows


_QUESTIONS: dict[str, Callable[[Journeys], pd.DataFrame]] = {
    "without": lambda journeys: _credit(without(journeys, "direct", "tv")),
    "prioritise": lambda journeys: _credit(prioritise(journeys, {"direct": 3, "search": 2})),
    "only": lambda journeys: _credit(only(journeys, geo="DE")),
    "one month": lambda journeys: _credit(only(with_periods(journeys, "M"), period="2024-02", geo="FR")),
    "one after the other": lambda journeys: _credit(without(prioritise(only(journeys, geo="FR"), {"tv": 2}), "social")),
    "weeks": lambda journeys: _by("period", Linear())(with_periods(journeys, "W")),
    "quarters": lambda journeys: _by("period", Markov())(with_periods(journeys, "Q")),
    "cohorts": lambda journeys: _by("cohort", Markov())(with_cohorts(journeys, "M")),
    "cac by conversion": _cac(ByConversionDate(lag=3), "M"),
    "cac by touch": _cac(ByTouchDate(), "W"),
    "conversions by last touch": _single(LastTouch()),
    "conversions by decay": _single(TimeDecay("1D")),
    "conversions by chain": _single(Markov(2)),
}


@pytest.fixture(params=_QUESTIONS)
def question(request: pytest.FixtureRequest) -> Callable[[Journeys], pd.DataFrame]:
    """What is asked of journeys that an engine keeps and of the same journeys in memory; the answers must be equal."""
    return _QUESTIONS[request.param]


@pytest.fixture(scope="session")
def in_same_buckets() -> Callable[[Journeys], Journeys]:
    """Journeys whose paths fall into buckets by the hour at which they end, which is the same in every engine."""

    def bucketed(journeys: Journeys) -> Journeys:
        if journeys.remote is not None:
            hour = (journeys.remote.ended / 3_600_000_000.0).floor().cast("int64")
            return replace(journeys, remote=journeys.remote.mutate(bucket=hour % 1_000))
        parts = {
            name: paths.relabelled(paths.labels | {"bucket": paths.ended // 3_600_000_000 % 1_000})
            for name, paths in (("won", journeys.won), ("lost", journeys.lost))
        }
        return replace(journeys, **parts)

    return bucketed
