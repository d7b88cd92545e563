"""Plan files changed in a value, a key, a line or a sign: read, or refused by file and line."""

from __future__ import annotations

import random
from importlib.resources import files
from pathlib import Path

import door_oracle as oracle
import pandas as pd
import pytest
from door_fuzz import NUMBERS, SIGNS, TIMES_OF_DAY, changed, examples, refusal
from hypothesis import given
from hypothesis import strategies as st

from attribution.errors import BadInput
from attribution.reading.exports.amounts import MICROS, Marks, amounts_of
from mmm import Panel
from optimizer.planning.check import check_plan
from optimizer.planning.file.config import read_config
from optimizer.planning.file.document import Document
from optimizer.planning.inputs.inputs import read_inputs
from optimizer.planning.starter import write_starter

CHANCES = st.integers(0, 2**32).map(random.Random)
VALUES = [
    "", "~", "0", "-1", "1e400", ".inf", ".nan", "true", "[]", "{}", "[1]", "{a: 1}", "2024-01-01", "!!bool maybe",
    "!!python/object:os.system {}", "*a", "&a 1", "|\n  x", "+10%", "-200%", "50 %", "1_000", "0x1F", "1:30", "9" * 40,
    '"\\0"', "tv", "[tv, tv]", "{tv: {at_least: 5, at_most: 1}}", "weekly.csv", "../..", "{{tv}}", "{? [a] : b}",
    "{1: 2}", "{null: 1}", "no", "13.5", "%d", "excel", "Europe/Berlin", "XX", "[[[[",
]  # fmt: skip
STARTER = files("optimizer.planning").joinpath("starter.yaml").read_text(encoding="utf-8")
ALL_KEYS = (
    STARTER.replace("  # ", "  ").replace("lift_tests: {path", "# lift_tests: {path").replace("given:", "# given:")
)


def changed_plan(text: str, chance: random.Random) -> str:
    """The plan file with one or two values, lines or signs changed."""
    for _ in range(chance.choice([1, 1, 2])):
        lines = text.split("\n")
        what, place = chance.random(), chance.randrange(len(lines))
        if what < 0.6:
            place = chance.choice([at for at, line in enumerate(lines) if ":" in line and line.strip()[0] != "#"])
            lines[place] = lines[place].partition(":")[0] + ": " + chance.choice(VALUES)
        elif what < 0.7:
            lines[place] = changed(lines[place], chance, [*SIGNS, *"{}[]#&*!|%@`?"])
        elif what < 0.85:
            del lines[place]
        else:
            lines.insert(chance.randrange(len(lines)), lines[place])
        text = "\n".join(lines)
    return text


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("plans")


@examples(60)
@given(st.sampled_from([STARTER, ALL_KEYS]), CHANCES)
def test_a_changed_plan_file_is_read_or_refused(folder: Path, text: str, chance: random.Random) -> None:
    path = folder / "plan.yaml"
    path.write_text(changed_plan(text, chance), encoding="utf-8")
    _, error = refusal(lambda: read_config(path))
    assert error is None or error.exit_code == 2
    assert error is None or all(line.startswith(str(path)) for line in str(error).splitlines() if line.startswith("/"))


DEEP = "too many levels deep|does not close"  # whichever comes first, by how deep Python may go in this process
TRIPS = {
    "? tv: {a: 1}\n": "a key is itself a mapping",
    "plan: {{tv: {fixed: 1}}: 2}\n": "a key is itself a mapping",
    "seed: !!bool maybe\n": "Check tags",
    "data: " + "[" * 1_000: DEEP,
    "data: " + "{a: " * 1_000: DEEP,
    "seed: !!int x\n": "plan.yaml",
}


@pytest.mark.parametrize("text", TRIPS, ids=lambda text: text[:12])
def test_what_the_parser_trips_over_is_refused_in_words(tmp_path: Path, text: str) -> None:
    (tmp_path / "plan.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(BadInput, match=TRIPS[text]):
        Document.read(tmp_path / "plan.yaml")


WEEKS = pd.date_range("2024-01-01", periods=6, freq="7D").strftime("%Y-%m-%d")
PLAN = """\
name: Small
data:
  spend: [{path: spend.csv, date: day, amount: net, channel: tv}]
  outcome: {path: sales.csv, kind: table, date: day, kpi: n}
plan: {minimize: blended_cac, customers: {at_least: -10%}}
"""


@examples(30)
@given(st.booleans(), CHANCES)
def test_a_changed_cell_of_an_export_means_what_it_says(folder: Path, spend: bool, chance: random.Random) -> None:
    days = [day.strftime("%Y-%m-%d") for day in pd.date_range("2024-01-01", periods=42)]
    tables = {
        "spend.csv": ("net", [f"{at}.25" for at in range(42)]),
        "sales.csv": ("n", [f"{at + 1}" for at in range(42)]),
    }
    rows = {
        name: [[day, amount] for day, amount in zip(days, column[1], strict=True)] for name, column in tables.items()
    }
    name = "spend.csv" if spend else "sales.csv"
    row, at = chance.choice(rows[name]), chance.randrange(2)
    row[at] = changed(chance.choice([row[at], row[at], chance.choice([NUMBERS, TIMES_OF_DAY][1 - at])]), chance)
    for file, cells in rows.items():
        pd.DataFrame(cells, columns=["day", tables[file][0]]).to_csv(folder / file, index=False)
    (folder / "exports.yaml").write_text(PLAN, encoding="utf-8")
    inputs, error = refusal(lambda: read_inputs(*read_config(folder / "exports.yaml")))
    if error is not None:
        return
    panel: Panel = inputs.panel  # type: ignore[attr-defined]
    first, last = panel.dates[0].date(), panel.dates[-1].date()
    for file, found in (("spend.csv", panel.spend.sum()), ("sales.csv", panel.kpi.sum())):
        read = [(oracle.export_day(day), oracle.export_amount(amount)) for day, amount in rows[file]]
        assert all(day is not None and amount is not None for day, amount in read), row
        inside = [amount for day, amount in read if first <= day and (day - last).days < 7]  # type: ignore[operator]
        assert found == pytest.approx(sum(inside)), row  # type: ignore[arg-type]


@pytest.mark.parametrize("amount", ["12 5", "1\x0b2", "1\n2", "1 2345", "1234 567", "NUL8", "12 USD", "€3", "1,2", "٣"])
def test_an_amount_unlike_the_others_is_refused_and_not_mended(tmp_path: Path, amount: str) -> None:
    for file, column in (("spend.csv", "net"), ("sales.csv", "n")):
        for name, head in (("spend.csv", "net"), ("sales.csv", "n")):
            cells = [f"{at + 1}" for at in range(41)] + [amount if name == file else "3"]
            frame = pd.DataFrame({"day": pd.date_range("2024-01-01", periods=42), head: cells})
            frame.to_csv(tmp_path / name, index=False)
        (tmp_path / "plan.yaml").write_text(PLAN, encoding="utf-8")
        with pytest.raises(BadInput, match=f"{file}, column '{column}'"):
            read_inputs(*read_config(tmp_path / "plan.yaml"))


def test_amounts_as_exports_write_them_are_read() -> None:
    written = ["1 234", "1\u00a0234 567.5", "€ 5", "-$1,200.50", "- 3", "7 USD", "+2"]
    read, _ = amounts_of(written, range(len(written)), Marks(), ("t", "c"))
    assert (read / MICROS).tolist() == [1234, 1234567.5, 5, -1200.5, -3, 7, 2]


DEALS = "Record ID,Deal Name,Deal Stage,Close Date,Amount,Associated Company IDs (Primary)"
SALES = """\
name: Deals
data:
  spend: [{path: spend.csv, date: day, amount: net, channel: tv}]
  outcome: {path: deals.csv, kind: hubspot_deals}
plan: {minimize: blended_cac, customers: {at_least: -10%}}
"""


@examples(20)
@given(CHANCES)
def test_a_changed_cell_of_deals_means_what_it_says(folder: Path, chance: random.Random) -> None:
    days = [day.strftime("%Y-%m-%d") for day in pd.date_range("2024-01-01", periods=42)]
    pd.DataFrame({"day": days, "net": 5}).to_csv(folder / "spend.csv", index=False)
    stages = ("Closed Won", "Closed Lost", "Closed Won", "Proposal")
    rows = [[str(at), "A, B", stages[at % 4], f"{day} 10:30", "900.5", str(at % 7)] for at, day in enumerate(days)]
    row, at = chance.choice(rows), chance.choice([0, 2, 3, 4, 5])
    row[at] = changed(chance.choice([row[at], row[at], [*TIMES_OF_DAY, *NUMBERS][chance.randrange(60)]]), chance)
    pd.DataFrame(rows, columns=DEALS.split(",")).to_csv(folder / "deals.csv", index=False)
    (folder / "deals.yaml").write_text(SALES, encoding="utf-8")
    inputs, error = refusal(lambda: read_inputs(*read_config(folder / "deals.yaml")))
    if error is not None:
        return
    panel: Panel = inputs.panel  # type: ignore[attr-defined]
    won = {row[0].strip(): row for row in rows if row[2].strip().casefold() == "closed won"}
    days_won = [oracle.export_day(row[3]) for row in won.values()]
    first, last = panel.dates[0].date(), panel.dates[-1].date()
    assert panel.kpi.sum() == sum(day is not None and first <= day and (day - last).days < 7 for day in days_won), row


COMING = """\
name: Coming
data:
  weekly: {path: weekly.csv, spend: [tv, radio], controls: [price]}
  upcoming: coming.csv
plan: {weeks: 3, minimize: blended_cac, customers: {at_least: -10%}, given: {theirs: {path: theirs.csv}}}
"""


@examples(20)
@given(st.booleans(), CHANCES)
def test_a_changed_cell_of_what_is_to_come_means_what_it_says(
    folder: Path, given_plan: bool, chance: random.Random
) -> None:
    weeks = pd.date_range("2023-01-02", periods=63, freq="7D").strftime("%Y-%m-%d")
    known = pd.DataFrame({"week": weeks[:60], "new_customers": range(5, 65), "tv": 10.5, "radio": 4, "price": 1.5})
    known.to_csv(folder / "weekly.csv", index=False)
    coming = [[week, f"{place}.25"] for place, week in enumerate(weeks[60:])]
    theirs = [["tv", "30.5"], ["radio", "12"]]
    row, at = chance.choice(theirs if given_plan else coming), chance.randrange(2)
    row[at] = changed(chance.choice([row[at], row[at], chance.choice(NUMBERS if at else TIMES_OF_DAY)]), chance)
    pd.DataFrame(coming, columns=["week", "price"]).to_csv(folder / "coming.csv", index=False)
    pd.DataFrame(theirs, columns=["channel", "spend"]).to_csv(folder / "theirs.csv", index=False)
    (folder / "coming.yaml").write_text(COMING, encoding="utf-8")
    inputs, error = refusal(lambda: read_inputs(*read_config(folder / "coming.yaml")))
    if error is not None:
        return
    read = inputs.upcoming["price"].tolist()  # type: ignore[attr-defined]
    assert read == pytest.approx([oracle.number(price) for _, price in sorted(coming)]), row
    spend = inputs.given["theirs"].spend.to_dict()  # type: ignore[attr-defined]
    assert spend == pytest.approx({name.strip(): oracle.number(amount) for name, amount in theirs}), row


@examples(5)
@given(CHANCES)
def test_a_check_of_a_changed_plan_says_what_it_understood_or_what_is_wrong(
    tmp_path_factory: pytest.TempPathFactory, chance: random.Random
) -> None:
    plan = write_starter(tmp_path_factory.mktemp("check") / "starter")[0]
    plan.write_text(changed_plan(STARTER, chance), encoding="utf-8")
    refusal(lambda: check_plan(plan))
