"""Two currencies at a stated rate: a file with them is the file without, and says what it converted."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from attribution.errors import BadInput
from optimizer.planning.file.amounts import Amount
from optimizer.planning.file.config import Config, read_config
from optimizer.planning.inputs.inputs import Inputs, read_inputs
from optimizer.planning.stages.fit import _fingerprint

RATE = 0.8
HEAD = "name: Q\ncurrency: EUR\n{rates}data:\n  weekly: {{path: w.csv, spend: [tv, search]{columns}}}\n"
PLAN = (
    "plan:\n  minimize: blended_cac\n  fixed_cost: {fixed}\n  value_per_customer: {value}\n  budget: {{at_most: {most}}}\n"
    "  customers: {{at_least: 900}}\n  max_cac: {cac}\n  channels:\n    tv: {{at_most: {tv}, max_cac: {cac}, "
    "fees: [{{above: 0, fee: {fee}}}]}}\n  now: {{tv: {tv}, search: 100}}\n"
    "  schedule: {{weekly: {{tv: {{at_most: {fee}}}}}, months: {{2025-02: {{at_most: {most}}}}}}}\n"
    "model:\n  belief: {{cac: {{tv: [{cac}, {value}]}}}}\n"
)
EURO = {"fixed": "80_000", "value": "400", "most": "64000", "cac": "160", "tv": "8000", "fee": "4_000"}
DOLLAR = {
    "fixed": "100_000 USD", "value": "500 USD", "most": "80000USD", "cac": "200 USD", "tv": "10_000.00 USD",
    "fee": "5_000 USD",
}  # fmt: skip


def written(folder: Path, amounts: dict[str, str], in_dollars: bool) -> Path:
    weeks = pd.date_range("2024-01-01", periods=56, freq="7D")
    table = pd.DataFrame({"week": weeks.strftime("%Y-%m-%d"), "tv": 1000.0, "search": 500.0, "new_customers": 90.0})
    table["tv"] += np.arange(56)
    if in_dollars:
        table["tv"] /= RATE
    folder.mkdir()
    table.to_csv(folder / "w.csv", index=False)
    rates = f"currencies: {{USD: {RATE}}}\n" if in_dollars else ""
    head = HEAD.format(rates=rates, columns=", currency_of: {tv: USD}" if in_dollars else "")
    (folder / "plan.yaml").write_text(head + PLAN.format(**amounts), encoding="utf-8")
    return folder / "plan.yaml"


def read(path: Path) -> tuple[Config, Inputs]:
    config, document = read_config(path)
    return config, read_inputs(config, document)


def test_a_file_in_two_currencies_is_the_file_in_one(tmp_path: Path) -> None:
    one, two = read(written(tmp_path / "one", EURO, False)), read(written(tmp_path / "two", DOLLAR, True))
    assert one[0].plan is not None
    assert two[0].plan is not None
    same = {"fixed_cost", "value_per_customer", "max_cac", "now", "schedule", "channels", "budget", "customers"}
    assert two[0].plan.model_dump(include=same) == one[0].plan.model_dump(include=same)
    assert two[0].plan.budget.at_most == Amount(64_000.0, relative=False)  # type: ignore[union-attr]
    assert two[0].plan.channels["tv"] == one[0].plan.channels["tv"]
    assert two[0].model.belief == one[0].model.belief
    pd.testing.assert_frame_equal(one[1].panel.national_spend, two[1].panel.national_spend)  # type: ignore[union-attr]
    said = " ".join(two[1].assumptions)
    assert "Spend on tv stands in USD and is converted at 1 USD = 0.8 EUR, the same for all weeks." in said
    assert "plan.fixed_cost, plan.value_per_customer, plan.budget.at_most" in said
    assert " more) are converted at 1 USD = 0.8 EUR." in said
    assert not any("converted" in text for text in one[1].assumptions)


def test_spend_so_far_stands_in_the_columns_currency(tmp_path: Path) -> None:
    path = written(tmp_path / "two", DOLLAR, True)
    weeks = pd.date_range("2025-01-27", periods=2, freq="7D").strftime("%Y-%m-%d")
    pd.DataFrame({"week": weeks, "tv": [100.0, 200.0], "search": [7.0, 8.0]}).to_csv(
        path.with_name("s.csv"), index=False
    )
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("schedule: {", "schedule: {free_from: 2025-02-10, spent: s.csv, "), encoding="utf-8")
    _, inputs = read(path)
    assert inputs.timetable is not None
    spent = inputs.timetable.calendar.spent
    assert spent is not None
    assert spent["tv"].tolist() == pytest.approx([80.0, 160.0])
    assert spent["search"].tolist() == [7.0, 8.0]


def test_another_rate_asks_for_another_fit(tmp_path: Path) -> None:
    path = written(tmp_path / "two", DOLLAR, True)
    config, inputs = read(path)
    other = config.model_copy(update={"currencies": {"USD": 0.9}})
    assert _fingerprint(config, inputs, "x") != _fingerprint(other, inputs, "x")


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("{USD: 0.8}", "{USD: 0}", r"plan.yaml:3: currencies.USD: has to be greater than 0"),
        ("{USD: 0.8}", "{GBP: 1.1}", r"plan.yaml:8: plan.fixed_cost: USD has no rate; state what one USD costs in EUR"),
        ("{USD: 0.8}", "{USD: 0.8, EUR: 1}", r"plan.yaml:3: currencies.EUR: is the currency of the plan itself"),
        ("{tv: USD}", "{tv: CHF}", r"plan.yaml:5: data.weekly.currency_of.tv: CHF has no rate"),
        ("{tv: USD}", "{radio: USD}", r"currency_of names 'radio', which has no column of spend"),
        ("at_least: 900", "at_least: 900 USD", r"customers.at_least: '900 USD' is an amount of money, and this counts"),
        ("100_000 USD", "100.000 USD", r"plan.fixed_cost: '100.000 USD' is not an amount; write plain digits"),
        ("100_000 USD", "100,000 USD", r"plan.fixed_cost: '100,000 USD' is not an amount; write plain digits"),
        ("100_000 USD", "-5 USD", r"plan.fixed_cost: '-5 USD' is not an amount"),
    ],
)  # fmt: skip
def test_what_cannot_be_converted_is_named_by_line(tmp_path: Path, old: str, new: str, said: str) -> None:
    path = written(tmp_path / "two", DOLLAR, True)
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(BadInput, match=said):
        read_config(path)
