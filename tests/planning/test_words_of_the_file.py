"""What a model or a log refuses is said in the names of the plan file's tables and keys, before anything is sampled."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from attribution.errors import BadInput
from optimizer.planning.check import check_plan

INNER = ("panel", "touchpoints:", "Likelihood", "()", "prior_", "kwargs", "None")


@pytest.mark.parametrize(
    ("table", "spoil", "edit", "said"),
    [
        ("weekly", lambda t: t.tail(20), ("", ""), "weekly.csv: has 20 rows, fewer than the"),
        ("weekly", lambda t: t.assign(new_customers=7), ("", ""), "weekly.csv, column 'new_customers': is 7 in every"),
        (
            "weekly",
            lambda t: t.assign(new_customers=t["new_customers"] + 0.5),
            ("  saturation:", "  likelihood: negative_binomial\n  saturation:"),
            "use model.likelihood: normal",
        ),
        ("weekly", lambda t: t, ("holidays: DE", "holidays: XX"), "model.holidays: no calendar for 'XX'"),
        (
            "touchpoints",
            lambda t: t.assign(channel=t["channel"] + "_x"),
            ("", ""),
            "touchpoints.csv: names no channel of the spend",
        ),
    ],
)
def test_refusals_name_tables_and_keys(
    starter: Path, table: str, spoil: Callable[[pd.DataFrame], pd.DataFrame], edit: tuple[str, str], said: str
) -> None:
    file = starter.parent / f"{table}.csv"
    spoil(pd.read_csv(file)).to_csv(file, index=False)
    text = starter.read_text(encoding="utf-8")
    assert edit[0] in text
    starter.write_text(text.replace(*edit, 1), encoding="utf-8")
    with pytest.raises(BadInput) as caught:
        check_plan(starter)
    assert said in str(caught.value)
    assert not [word for word in INNER if word in str(caught.value)]
