"""Stages by the channel through which persons or accounts came: lags of a channel's own where it has enough."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from attribution.economics.open_stages import still_to_come
from attribution.economics.stage_times import stage_times
from attribution.economics.stages import rows_of_stages
from attribution.reading.engine import Engine
from attribution.reading.formats import Format

__all__ = ["stages_by_channel"]

_UNKNOWN = "unknown"


def stages_by_channel(
    conversions: object,
    stages: Sequence[str],
    channel: str,
    *,
    account: str = "account",
    time: str = "time",
    stage: str = "stage",
    value: str | None = None,
    accounts: Mapping[str, str] | None = None,
    format: Format | None = None,
    engine: Engine | None = None,
) -> pd.DataFrame:
    """The table of :func:`attribution.economics.opportunity_stages` for each channel, most accounts first.

    Of which channel an account is says its first row that names one; ``unknown`` where none does. It is what the table
    says, such as the source of a lead, and no cause. How many of those still at a stage will come to the last one is
    foreseen from the lags of the channel's own accounts for each step that 20 of them took, else from those of all.

    Parameters
    ----------
    conversions, stages, account, time, stage, value, accounts, format, engine
        As for :func:`attribution.economics.opportunity_stages`.
    channel
        Column of the channel.

    Returns
    -------
    pandas.DataFrame
        ``channel``, the columns of :func:`attribution.economics.opportunity_stages`, and ``lags_of``: ``channel`` or
        ``all``, of whom the lags from that stage to the next are; empty for the last stage.

    Raises
    ------
    BadInput
        As :func:`attribution.economics.opportunity_stages`.

    Examples
    --------
    >>> days = ["2026-01-01", "2026-02-10", "2026-01-05"]
    >>> rows = pd.DataFrame({"account": ["a", "a", "b"], "time": days, "stage": ["lead", "won", "lead"]})
    >>> table = stages_by_channel(rows.assign(source=["fair", None, "web"]), ["lead", "won"], "source")
    >>> table[["channel", "stage", "reached"]].to_dict("records")[1]
    {'channel': 'fair', 'stage': 'won', 'reached': 1}
    """
    times = stage_times(
        conversions, stages, account=account, time=time, stage=stage, value=value, channel=channel, accounts=accounts,
        format=format, engine=engine,
    )  # fmt: skip
    when, worth = times.when, times.worth
    came = pd.Series(_UNKNOWN, when.index) if times.channel is None else times.channel.replace("", _UNKNOWN)
    tables = []
    for name in came.value_counts(sort=True).index:
        own = when[came == name]
        rows = pd.DataFrame(rows_of_stages(own, None if worth is None else worth[came == name], list(stages)))
        foreseen = still_to_come(own, stages, everybody=when)
        tables.append(rows.join(foreseen, on="stage").assign(channel=str(name)))
    table = pd.concat(tables, ignore_index=True)
    return table[["channel", *(column for column in table if column != "channel")]]
