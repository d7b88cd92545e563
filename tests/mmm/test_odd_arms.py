"""Tables of conversion rates that are no counts of arms are refused, each by its sign; true ones are read."""

from __future__ import annotations

import pandas as pd
import pytest

from attribution import BadInput
from mmm import arms_from_frame

ARMS = pd.DataFrame({"arm": ["A", "B"], "visitors": [10_000, 10_100], "conversions": [500, 560]})
DAYS = pd.DataFrame(
    [(day, arm, 900 + 7 * (day % 4), 45 + day % 3) for day in range(8) for arm in "AB"],
    columns=["day", "arm", "visitors", "conversions"],
)
SUMS = DAYS.assign(**DAYS.groupby("arm")[["visitors", "conversions"]].cumsum())
TOTAL = pd.DataFrame({"arm": ["Total"], "visitors": [20_100], "conversions": [1_060]})


@pytest.mark.parametrize(
    ("frame", "said"),
    [
        (pd.concat([ARMS, TOTAL]), "rows of totals"),
        (pd.concat([ARMS, TOTAL.assign(arm="Gesamt")]), "rows of totals"),
        (pd.concat([ARMS, ARMS.assign(arm=["a ", "\u0412"])]), "one arm in several ways"),
        (ARMS.assign(conversions=[0.05, 0.056]), "holds shares of visitors"),
        (ARMS.assign(conversions=[500.5, 560]), "holds fractions"),
        (pd.concat([ARMS, ARMS]), "delivered twice"),
        (pd.concat([DAYS, DAYS]), "delivered twice"),
        (SUMS, "as sums so far do"),
        (ARMS.assign(revenue=[1e4, 1.2e4]), "revenue_squares': is missing"),
    ],
)
def test_what_is_no_table_of_arms_is_refused(frame: pd.DataFrame, said: str) -> None:
    with pytest.raises(BadInput, match=said):
        arms_from_frame(frame)


@pytest.mark.parametrize(
    "frame", [ARMS, DAYS, ARMS.assign(revenue=[1e4, 1.2e4], revenue_squares=[1e6, 2e6]), DAYS.drop(columns="day")]
)
def test_counts_of_arms_are_read(frame: pd.DataFrame) -> None:
    arms = arms_from_frame(frame)
    assert [arm.visitors for arm in arms] == frame.groupby("arm")["visitors"].sum().tolist()
