"""Plan files as people mistype them: each slip has its line and says in plain words what to write."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from attribution import Linear
from attribution.errors import BadInput
from optimizer.planning.check import check_plan
from optimizer.planning.file.assemble import reshaped
from optimizer.planning.file.config import read_config
from optimizer.planning.inputs.inputs import read_inputs

HEAD = "name: Slips\ndata:\n  weekly: {path: w.csv, spend: [tv, search]}\nplan:\n  minimize: blended_cac\n"
SLIPS = {
    "budget: {exactly: 1,000,000}": "1,000,000 is parted at its commas; write 1_000_000",
    "budget: {exactly: 12,500}": "plan.budget.exactly: a comma parts the number",
    "custom: {co2: {weights: {tv: 1,5}, at_most: 3}}": "plan.custom.co2.weights.tv: a comma parts the number",
    "schedule: {starts: 2026-02-30}": "2026-02-30 is no day of the calendar",
    "schedule: {weekly: {tv: {blackout: [2026-11-31]}}}": "2026-11-31 is no day of the calendar",
    "\tbudget: {exactly: 5}": "indent with blanks",
    "weeks: 13\n  weeks: 14": "key 'weeks' stands twice",
    "given: %d.csv": "% stands at the beginning of a value; quote",
    "given: *plan*": "quote a value that begins with it",
    "given: 'plan.csv": "a quotation mark does not close",
    "budget: {exactly: 5": "a bracket or brace does not close",
    "given: plan: b.csv": "quote text with ': ' in it",
    "every_channel: {share: {at_most: 30%}}": "'30%' is no number; write 0.3",
    "risk: {worst: 10 %}": "is no number; write 0.1",
    "budget: {at_least: 500, at_most: 400}": "plan.budget: at_least 500 exceeds at_most 400",
    "channels: {tv: {at_least: +20%, at_most: +10%}}": "plan.channels.tv: at_least +20% exceeds at_most +10%",
    "groups: {g: {channels: [tv], at_least: 9, at_most: 8}}": "plan.groups.g: at_least 9 exceeds at_most 8",
    "budget: {exactly: 2026-01-01}": "2026-01-01 is not an amount",
}


@pytest.mark.parametrize("line", SLIPS)
def test_each_slip_has_its_line_and_plain_words(line: str, tmp_path: Path) -> None:
    (tmp_path / "plan.yaml").write_text(f"{HEAD}  {line}\n", encoding="utf-8")
    with pytest.raises(BadInput) as refused:
        read_config(tmp_path / "plan.yaml")
    said = str(refused.value)
    assert SLIPS[line] in said
    assert re.search(r"plan\.yaml:[678]: ", said)
    assert not re.search(r"ruamel|pydantic|found |datetime\.|CommentedMap|keys should be", said)


def test_limits_that_only_todays_spend_sets_against_each_other_are_left_to_the_plan(tmp_path: Path) -> None:
    (tmp_path / "plan.yaml").write_text(f"{HEAD}  budget: {{at_least: 500, at_most: -10%}}\n", encoding="utf-8")
    assert read_config(tmp_path / "plan.yaml")[0].plan is not None


def test_a_value_of_no_form_is_one_message(tmp_path: Path) -> None:
    (tmp_path / "plan.yaml").write_text(HEAD.replace("[tv, search]", "tv"), encoding="utf-8")
    with pytest.raises(BadInput, match=r"'tv' is of no form that it may have; write \{key: value\} or \[a, b\]") as no:
        read_config(tmp_path / "plan.yaml")
    assert len(no.value.problems) == 1


@pytest.mark.parametrize("key", ["data.spend.0.date_format: dd.mm", "data.outcome.days_in: Mars"])
def test_exports_state_patterns_and_zones_as_any_table_does(key: str, tmp_path: Path) -> None:
    place, value = key.split(": ")
    of_spend = f", date_format: {value}" if "spend" in place else ""
    of_outcome = f", days_in: {value}" if "outcome" in place else ""
    (tmp_path / "plan.yaml").write_text(
        f"name: E\ndata:\n  spend: [{{path: a.csv, channel: tv{of_spend}}}]\n"
        f"  outcome: {{path: o.csv, kind: orders{of_outcome}}}\n",
        encoding="utf-8",
    )
    with pytest.raises(BadInput, match=rf"plan\.yaml:[34]: {re.escape(place)}: "):
        read_config(tmp_path / "plan.yaml")


def log(folder: Path) -> None:
    channels = ("tv", "web", "direct")
    days = [f"2024-03-{1 + user % 20:02d}" for user in range(60)]
    touches = [
        f"u{user},{day} {hour:02d}:30:00,{channels[(user + hour) % 3]}"
        for hour in range(3)
        for user, day in enumerate(days)
    ]
    won = [f"u{user},{day} 09:00:00" for user, day in enumerate(days)]
    (folder / "log.csv").write_text("\n".join(["user,time,channel", *touches]) + "\n", encoding="utf-8")
    (folder / "won.csv").write_text("\n".join(["user,time", *won]) + "\n", encoding="utf-8")


@pytest.mark.parametrize("more", ["", ", priority: {tv: 2}"])
def test_a_channel_of_last_resort_stands_behind_all_others_in_paths_too(more: str, tmp_path: Path) -> None:
    (tmp_path / "p.csv").write_text("path,conversions\ntv > web,10\nweb,5\ntv,4\ntv > cpc,3\n", encoding="utf-8")
    text = f"name: P\ndata: {{paths: {{path: p.csv}}}}\nattribution: {{models: [linear], last_resort: [web]{more}}}\n"
    (tmp_path / "plan.yaml").write_text(text, encoding="utf-8")
    config, document = read_config(tmp_path / "plan.yaml")
    journeys = read_inputs(config, document).journeys
    assert journeys is not None
    credit = Linear()(reshaped(journeys, config.attribution)).conversions
    assert credit.to_dict() == {"cpc": 1.5 if not more else 3.0, "tv": 15.5 if not more else 14.0, "web": 5.0}
    (tmp_path / "plan.yaml").write_text(text.replace("[web]", "[wbe]"), encoding="utf-8")
    with pytest.raises(BadInput, match=r"last_resort.*no channel 'wbe'. Did you mean 'web'"):
        read_inputs(*read_config(tmp_path / "plan.yaml"))


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ("{models: [last_non_direct], direct: Direct}", "attribution.direct: the log has no channel 'Direct'"),
        ("{models: [last_non_direct], exclude: [direct]}", "attribution.direct: 'direct' is left out"),
        ("{exclude: [tv, web, direct]}", "attribution.exclude: leaves no channel"),
        ("{last_resort: [direkt]}", "'direkt' in attribution.last_resort. Did you mean 'direct'?"),
        ("{models: [last], direct: Direct}", ""),
    ],
)
def test_the_check_refuses_what_attribution_would(asked: str, said: str, tmp_path: Path) -> None:
    log(tmp_path)
    text = "name: L\ndata: {touchpoints: {path: log.csv, conversions: {path: won.csv}}}\nattribution: "
    (tmp_path / "plan.yaml").write_text(f"{text}{asked}\n", encoding="utf-8")
    if not said:
        told = check_plan(tmp_path / "plan.yaml")
        assert told.paths[-1] == "60 conversions with a touch before them, none without."
        return
    with pytest.raises(BadInput) as refused:
        check_plan(tmp_path / "plan.yaml")
    from optimizer.planning.language.wording import in_words_of_the_file

    assert said in in_words_of_the_file(str(refused.value))


@pytest.mark.parametrize(
    "key",
    ["repeats: 1D", "days_in: Europe/Berlin", "weight_of: {view: 0.5}", "rank_of: {view: 2}", "idle_gap: 3D"],
)
def test_keys_that_aggregated_paths_cannot_answer_are_refused(key: str, tmp_path: Path) -> None:
    (tmp_path / "p.csv").write_text("path,conversions\ntv > web,10\nweb,5\ntv,4\n", encoding="utf-8")
    (tmp_path / "plan.yaml").write_text(
        f"name: P\ndata: {{paths: {{path: p.csv}}}}\nattribution: {{{key}}}\n", encoding="utf-8"
    )
    with pytest.raises(BadInput, match=f"attribution.{key.partition(':')[0]}: is of "):
        read_config(tmp_path / "plan.yaml")
