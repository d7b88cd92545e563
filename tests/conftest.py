"""Logs and an oracle that shares no code with the package: plain SQL, straight from the definitions."""

from __future__ import annotations

from collections.abc import Callable

import duckdb
import numpy as np
import pandas as pd
import pytest

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
        with ends as (select "user", time, count(*) as won, sum(value) as worth from bought group by all),
        meant as (
            select t."user", t.time, t.channel,
                   (select min(e.time) from ends e where e."user" = t."user" and e.time >= t.time) as ending
            from touched t
        ),
        judged as (
            select *, coalesce(date_diff('second', time, ending) <= 86400 * $days, false) as alive from meant
        ),
        cut as (
            select *, case when alive then 0 when date_diff('second', lag(time) over w, time) <= 86400 * $days
                           then 0 else 1 end as fresh
            from judged window w as (partition by "user", alive, ending order by time, channel)
        ),
        named as (
            select *, sum(fresh) over (partition by "user", alive, ending order by time, channel) as piece from cut
        ),
        path as (
            select *, row_number() over (p order by time, channel) - 1 as step, count(*) over p as length,
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
