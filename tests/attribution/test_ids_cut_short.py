"""Ids that lost digits, zeros or their owner, and times counted in another unit: never one person or one day unsaid."""

from __future__ import annotations

import uuid
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from attribution import BadInput, Columns, Format, Journeys, LastTouch

USERS = [f"{at:06d}" for at in range(80)]
START = pd.Timestamp("2026-01-05 09:00")


def log(users: list[str], written: list[str]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """A touch of every user, and a conversion of each an hour later, under the ids of either table."""
    times = START + pd.to_timedelta(np.arange(len(users)), "h")
    touches = pd.DataFrame({"user": users, "time": times, "channel": ["tv", "search"] * (len(users) // 2)})
    return touches, pd.DataFrame({"user": written, "time": times + pd.Timedelta("1h"), "value": 5.0})


@pytest.mark.parametrize(("form", "written"), [("frame", "1.23457E+17"), ("csv", "1,2E+11"), ("parquet", "5E+15")])
def test_ids_that_a_spreadsheet_cut_short_are_refused(written: str, form: str, tmp_path: Path) -> None:
    touches, ends = log(USERS, [written if at % 8 == 0 else user for at, user in enumerate(USERS)])
    source: object = ends
    if form == "csv":
        ends.to_csv(source := tmp_path / "ends.csv", index=False)
    if form == "parquet":
        ends.to_parquet(source := tmp_path / "ends.parquet")
    with pytest.raises(BadInput, match=r"column 'user', data rows 1, 9.*cut short to a number.*export the ids as text"):
        Journeys.from_touchpoints(touches, source)


def test_ids_that_only_look_like_it_are_ids() -> None:
    users = [*(f"{at}e{at + 10}" for at in range(10, 50)), *(f"{at}E-{at}" for at in range(40))]
    journeys = Journeys.from_touchpoints(*log(users, users))
    assert LastTouch()(journeys).conversions.sum() == 80


def test_the_id_of_whoever_gives_none_is_nobody_s() -> None:
    touches, ends = log(USERS, USERS)
    words = [str(uuid.UUID(int=0)), "anonymous", "GUEST", "Unknown"]
    with pytest.raises(BadInput, match=r"column 'user', data rows 1, 2, 3 and 1 more: stands for nobody known"):
        Journeys.from_touchpoints(touches, ends.assign(user=[*words, *USERS[len(words) :]]))
    ids = [uuid.UUID(int=at) for at in range(len(ends))]
    with pytest.raises(BadInput, match=r"column 'user', data row 1: stands for nobody known"):
        Journeys.from_touchpoints(touches, ends.assign(user=ids))


@pytest.mark.parametrize(
    ("rewrite", "share"),
    [
        (lambda user: str(int(user)), 0.3),
        (lambda user: f"{int(user)}.0", 1.0),
        (lambda user: f"'{user}", 0.3),
        (lambda user: f"'{user}", 1.0),
    ],
)
def test_ids_of_which_one_table_made_numbers_are_told(rewrite: object, share: float) -> None:
    written = [rewrite(user) if at < share * len(USERS) else user for at, user in enumerate(USERS)]  # type: ignore[operator]
    said = r"differ by zeros before them, a point or a quote, such as .*Correct them at the source\."
    if share == 1:
        with pytest.raises(BadInput, match=said):
            Journeys.from_touchpoints(*log(USERS, written))
        return
    (finding,) = [each for each in Journeys.from_touchpoints(*log(USERS, written)).findings if each.name == "alike_ids"]
    assert not finding.passed
    assert finding.value == pytest.approx(share, abs=0.02)


@pytest.mark.parametrize(
    ("stated", "per_second", "told"), [("unix_ms", 1, "unix"), ("unix_us", 1_000, "unix or unix_ms")]
)
def test_times_that_count_coarser_steps_than_stated_are_refused(stated: str, per_second: int, told: str) -> None:
    tables = log(USERS, USERS)
    for table in tables:
        table["time"] = (table["time"] - pd.Timestamp(0)) // pd.Timedelta("1s") * per_second
    with pytest.raises(BadInput, match=rf"lies in 1970, read as {stated}.*say date_format: {told},"):
        Journeys.from_touchpoints(*tables, format=Format(date_format=stated))


def test_lines_that_repeat_the_total_of_their_order_are_told() -> None:
    touches, ends = log(USERS, USERS)
    lines = ends.loc[ends.index.repeat(3)].assign(order=lambda table: table["user"], item=range(3 * len(ends)))
    total = lines["user"].astype(int) + 10.0
    own = total + lines["item"] % 3
    findings = {
        name: next(each for each in Journeys.from_touchpoints(
            touches, lines.assign(value=value), columns=Columns(order="order")
        ).findings if each.name == "order_totals")
        for name, value in {"total": total, "own": own, "one price": 9.0}.items()
    }  # fmt: skip
    assert {name for name, each in findings.items() if not each.passed} == {"total"}


def test_marks_of_conversions_are_whole() -> None:
    touches, _ = log(USERS, USERS)
    for marks in (np.arange(80) % 2, np.arange(80) % 3):
        Journeys.from_touchpoints(touches.assign(sold=marks), columns=Columns(conversion="sold"))
    with pytest.raises(BadInput, match=r"column 'sold'.*is a fraction"):
        Journeys.from_touchpoints(touches.assign(sold=0.25), columns=Columns(conversion="sold"))
