"""plan.yaml: every mistake is named with file, line, key and the nearest valid one, all in one go."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from attribution.errors import BadInput
from optimizer.planning.file.amounts import Amount
from optimizer.planning.file.config import read_config

GOOD = """\
name: Q4
currency: EUR
data:
  weekly:
    path: weekly.csv
    spend: {tv: tv_spend, search: search_spend}
plan:
  minimize: blended_cac
  fixed_cost: 150_000
  budget: {at_most: +0%}
  customers: {at_least: 1000}
  channels:
    tv: {at_most: 2.5e5}
scenarios:
  - name: Lower budget
    budget: -10%
"""


def write(folder: Path, text: str) -> Path:
    path = folder / "plan.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def complaints(folder: Path, text: str) -> list[str]:
    with pytest.raises(BadInput) as caught:
        read_config(write(folder, text))
    return [str(problem).removeprefix(str(folder) + "/") for problem in caught.value.problems]


def test_a_good_file_is_read_with_its_units(tmp_path: Path) -> None:
    config, document = read_config(write(tmp_path, GOOD))
    assert config.data.weekly is not None
    assert config.data.weekly.channels == {"tv": "tv_spend", "search": "search_spend"}
    assert config.plan is not None
    assert config.plan.fixed_cost == 150_000
    assert config.plan.budget is not None
    assert config.plan.budget.at_most == Amount(0.0, relative=True)
    assert config.plan.channels["tv"].at_most == Amount(250_000.0, relative=False)
    assert config.scenarios[0].budget == Amount(-0.1, relative=True)
    assert document.where(("scenarios", 0, "budget")).endswith("plan.yaml:16")


@pytest.mark.parametrize("name", ["weekly.csv", "weekly.XLSX", "log.csv.gz"])
def test_a_table_in_place_of_a_plan_file_is_told(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"week,new_customers\n2024-01-01,3\n")
    with pytest.raises(BadInput, match="is a table, and no plan file"):
        read_config(tmp_path / name)


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("currency: EUR", "curency: EUR", "plan.yaml:2: curency: unknown key. Did you mean 'currency'?"),
        ("currency: EUR", "currency: euro", "plan.yaml:2: currency: 'euro' is not a currency code"),
        ("minimize: blended_cac", "minimize: blended_cacs", "plan.yaml:8: plan.minimize: 'blended_cacs' is not one of"),
        ("minimize: blended_cac", "minimize: blended_cacs", "Did you mean 'blended_cac'?"),
        ("minimize: blended_cac", "minimise: blended_cac", "plan.yaml:8: plan.minimise: unknown key. Did you mean 'minimize'?"),
        ("minimize: blended_cac", "maximize: profit", "needs value_per_customer"),
        ("fixed_cost: 150_000", "fixed_cost: 150.000,00", "plan.yaml:9: plan.fixed_cost: '150.000,00' is not an amount"),
        ("fixed_cost: 150_000", "fixed_cost: -1", "plan.yaml:9: plan.fixed_cost: has to be greater than"),
        ("fixed_cost: 150_000", "fixed_cost: .nan", "plan.yaml:9: plan.fixed_cost: nan is not an amount"),
        ("budget: {at_most: +0%}", "budget: {at_most: ten}", "plan.yaml:10: plan.budget.at_most: 'ten' is not an amount"),
        ("{at_most: +0%}", "{exactly: 5, at_most: 6}", "plan.yaml:10: plan.budget: exactly stands alone"),
        ("customers: {at_least: 1000}", "customers: {at_least: 0}", "plan.yaml:11: plan.customers.at_least"),
        ("    tv: {at_most: 2.5e5}", "    tvs: {at_most: 2.5e5}", "plan.yaml:13: plan.channels.tvs: unknown channel 'tvs'. Did you mean 'tv'?"),
        ("tv: {at_most: 2.5e5}", "tv: {}", "plan.yaml:13: plan.channels.tv: say at_least, at_most, fixed"),
        ("    budget: -10%", "    cost: {tv: 0.1}", "is not a percentage; write it with its sign"),
        ("    budget: -10%", "    off: [serch]", "plan.yaml:16: scenarios.0.off.0: unknown channel 'serch'. Did you mean 'search'?"),
        ("    budget: -10%", "", "plan.yaml:15: scenarios.0: changes nothing"),
        ("  - name: Lower budget\n", "  - name: plan\n", "plan.yaml:15: scenarios.0.name: 'plan' is what outputs call the plan itself"),
        ("  - name: Lower budget\n", "  - {name: A, off: [tv]}\n  - name: A\n", "plan.yaml:16: scenarios.1.name: 'A' is used before"),
        ("  - name: Lower budget\n", "  - {name: A b, off: [tv]}\n  - name: ' a  B'\n", "plan.yaml:16: scenarios.1.name: ' a  B' is used before"),
        ("  - name: Lower budget\n", '  - name: "Lower\\tbudget"\n', "scenarios.0.name: 'Lower\\tbudget' holds a control character"),
        ("name: Q4\n", 'name: "Q\\0004"\n', "plan.yaml:1: name: 'Q\\x00004' holds a control character"),
        ("name: Q4\n", 'name: " \\n"\n', "is empty"),
        ("currency: EUR", 'outcome: "sign\\nups"', "plan.yaml:2: outcome: 'sign\\nups' holds a control character"),
        ("plan:\n", 'plan:\n  groups: {"a\\eb": {channels: [tv], at_most: 5}}\n', "holds a control character"),
        ("name: Q4\n", f"name: Q4\noutcome: {'z' * 999}\n", "plan.yaml:2: outcome: 'zzz"),
        ("name: Q4\n", f"name: Q4\noutcome: {'z' * 999}\n", "is too long."),
        ("name: Q4\n", "name: Q4\nseed: 1e99\n", "plan.yaml:2: seed: 1e+99 is no whole number."),
        ("    path: weekly.csv\n", "", "data.weekly.path: is required and missing."),
        ("{tv: tv_spend, search: search_spend}", "{tv: x, search: x}", "column 'x' is given to more than one channel"),
        ("{tv: tv_spend, search: search_spend}", "[]", "plan.yaml:6: data.weekly.spend"),
        ("plan:\n", "model: {channels: {tvs: {adstock: none}}}\nplan:\n", "plan.yaml:7: model.channels.tvs: unknown channel 'tvs'. Did you mean 'tv'?"),
        ("plan:\n", "model: {belief: {cac: {tvv: [1, 2]}}}\nplan:\n", "plan.yaml:7: model.belief.cac.tvv: unknown channel 'tvv'. Did you mean 'tv'?"),
        ("plan:\n", "model: {belief: {cac: {tv: [200, 100]}}}\nplan:\n", "[200, 100] is no range"),
        ("plan:\n", "model: {belief: {share: {tv: [2, 10]}}}\nplan:\n", "write 0.05 for 5 %"),
        ("plan:\n", "model: {belief: {share: {tv: [0.1, 0.2]}, cac: {tv: [1, 2]}}}\nplan:\n", "'tv' is believed by cac and by share"),
        ("plan:\n", "model: {belief: {attribution: {model: markov}}}\nplan:\n", "needs data.touchpoints or data.paths"),
        ("plan:\n", "model: {adstock: weibul_pdf}\nplan:\n", "Did you mean 'weibull_pdf'?"),
        ("name: Q4\n", "name: Q4\nname: Q5\n", "plan.yaml:2: key 'name' stands twice"),
        ("name: Q4\n", "name: [Q4\n", "plan.yaml:2: a bracket or brace does not close"),
        ("name: Q4\n", "name: Q4\n\tx: 1\n", "plan.yaml:2: a tab stands where blanks have to"),
        ("name: Q4\n", 'name: "data\\weekly"\n', "plan.yaml:1: a backslash stands in double quotes; write folders with /"),
        ("name: Q4\n", 'name: "C:\\Users\\ana"\n', "plan.yaml:1: a backslash stands in double quotes; write folders with /"),
        ("name: Q4\n", 'name: "a\\xz"\n', "plan.yaml:1: a backslash stands in double quotes; write folders with /"),
    ],
)  # fmt: skip
def test_each_mistake_is_named(tmp_path: Path, old: str, new: str, expected: str) -> None:
    assert old in GOOD
    found = complaints(tmp_path, GOOD.replace(old, new, 1))
    assert any(expected in line for line in found), found


def test_all_mistakes_come_at_once_in_the_file_s_order(tmp_path: Path) -> None:
    text = GOOD.replace("currency", "curency").replace("minimize:", "minimise:").replace("-10%", "lots")
    found = complaints(tmp_path, text)
    lines = [int(line.split(":")[1]) for line in found]
    assert len(found) >= 3
    assert lines == sorted(lines)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"", "must be a mapping"),
        (b"- a\n- b\n", "must be a mapping"),
        (b"name: caf\xe9\n", "is not UTF-8 text"),
    ],
)
def test_files_that_are_no_plan(tmp_path: Path, content: bytes, expected: str) -> None:
    path = tmp_path / "plan.yaml"
    path.write_bytes(content)
    with pytest.raises(BadInput, match=expected):
        read_config(path)


def test_a_missing_file_and_a_folder(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="no such file"):
        read_config(tmp_path / "absent.yaml")
    with pytest.raises(BadInput, match="is a folder"):
        read_config(tmp_path)


@pytest.mark.parametrize(
    "section", ["plan: {minimize: spend}", "scenarios: [{name: a, budget: -10%}]", "data: {}", "seed: -1"]
)
def test_sections_that_do_not_belong_together(tmp_path: Path, section: str) -> None:
    base: dict[str, Any] = {"name": "name: A", "data": "data: {paths: {path: p.csv}}"}
    base[section.split(":", maxsplit=1)[0]] = section
    assert complaints(tmp_path, "\n".join(base.values()))


def test_attribution_alone_is_a_legitimate_plan_file(tmp_path: Path) -> None:
    config, _ = read_config(write(tmp_path, "name: A\ndata: {paths: {path: p.csv}}\n"))
    assert config.plan is None


@pytest.mark.parametrize("key", ["budget: {at_most", "customers: {at_least", "incremental", "channels: {tv: {fixed"])
@pytest.mark.parametrize("written", ["90%", " 12.5 %", "'90%'"])
def test_a_percentage_without_its_sign_is_refused_everywhere(tmp_path: Path, key: str, written: str) -> None:
    closing = "}" * key.count("{")
    base = "name: A\ndata: {weekly: {path: w.csv, spend: [tv]}}\nplan:\n  minimize: blended_cac\n"
    (found,) = complaints(tmp_path, f"{base}  {key}: {written}{closing}\n")
    assert "has no sign" in found
    read_config(write(tmp_path, f"{base}  {key}: +{written.strip(chr(39)).strip()}{closing}\n"))


@pytest.mark.parametrize("key", ["lookback", "half_life", "idle_gap", "lookback_of"])
@pytest.mark.parametrize(
    ("written", "said"), [("30", "write 30D for days"), ("1.5", "has no unit"), ("0D", "duration")]
)
def test_a_duration_without_its_unit_is_refused_everywhere(tmp_path: Path, key: str, written: str, said: str) -> None:
    value = f"{{view: {written}}}" if key == "lookback_of" else written
    (found,) = complaints(tmp_path, f"name: A\ndata: {{paths: {{path: p.csv}}}}\nattribution: {{{key}: {value}}}\n")
    assert "plan.yaml:3" in found
    assert said in found


@pytest.mark.parametrize(
    ("key", "said"),
    [
        ("budget: {at_most: -10}", "-10 is below 0"),
        ("budget: {exactly: -150%}", "leaves less than nothing"),
        ("tests: {change: -150%}", "'-150%' leaves less than nothing; -100% is all of it"),
        ("channels: {tv: {fixed: -1}}", "-1 is below 0"),
        ("groups: {a: {channels: [tv], at_most: -5}}", "-5 is below 0"),
        ("max_cac: .inf", "inf is not finite"),
        ("tests: {standard_error: .inf}", "inf is not finite"),
        ("weeks: many", "'many' is no whole number"),
        ("channels: 5", "5 has no keys"),
    ],
)
def test_what_no_plan_can_mean_is_refused_in_plain_words(tmp_path: Path, key: str, said: str) -> None:
    base = "name: A\ndata: {weekly: {path: w.csv, spend: [tv]}}\nplan:\n  minimize: blended_cac\n"
    found = complaints(tmp_path, f"{base}  {key}\n")
    assert any(f"plan.yaml:5: plan.{key.split(':', maxsplit=1)[0]}" in one and said in one for one in found), found
    assert not any(word in one for one in found for word in ("input should", "valid string", "pydantic"))


def test_a_weighted_sum_may_be_below_nothing(tmp_path: Path) -> None:
    text = "name: A\ndata: {weekly: {path: w.csv, spend: [tv]}}\nplan:\n  minimize: blended_cac\n"
    config, _ = read_config(write(tmp_path, text + "  custom: {co2: {weights: {tv: -1}, at_most: -10}}\n"))
    assert config.plan is not None
    assert config.plan.custom["co2"].at_most == Amount(-10.0, relative=False)


def test_mistakes_of_a_what_if_name_it(tmp_path: Path) -> None:
    found = complaints(tmp_path, GOOD + "  - {name: Dear, cost: {tv: 15%}}\n  - {name: Off, off: [tvv]}\n")
    assert found[0].endswith("(what-if 'Dear')")
    fixed = GOOD + "  - {name: Dear, cost: {tv: +15%}}\n  - {name: Off, off: [tvv]}\n"
    assert complaints(tmp_path, fixed)[0].endswith("(what-if 'Off')")


def test_an_output_in_the_home_folder_is_no_folder_called_tilde(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    path = tmp_path / "plan.yaml"
    path.write_text(GOOD + "output: ~/plans\n")
    assert read_config(path)[0].output == tmp_path / "plans"


@pytest.mark.parametrize(
    ("belief", "told"),
    [
        ("{cac: {tv: [0.0001, 100_000]}}", "is so wide that it says nothing"),
        ("{share: {tv: [0.6, 0.7], search: [0.6, 0.7]}}", "together bring more than all customers"),
    ],
)
def test_beliefs_that_cannot_be_are_told_on_their_line(tmp_path: Path, belief: str, told: str) -> None:
    path = tmp_path / "plan.yaml"
    path.write_text(GOOD + f"model:\n  belief: {belief}\n")
    with pytest.raises(BadInput, match=rf"plan.yaml:{len(GOOD.splitlines()) + 2}: model.belief.*{told}"):
        read_config(path)
