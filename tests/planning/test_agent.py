"""The tool server, as a client speaks to it over standard input and output."""

from __future__ import annotations

import io
import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

import anyio
import pandas as pd
import pytest
from agent_hostility import ANSWERED, CANARY, REFUSED, SECRET, Call, bare, furnish, sequences, tree
from mcp import ClientSession, StdioServerParameters, stdio_client

from attribution.errors import BadInput
from attribution.reading.contracts import Column, Table
from attribution.reading.small import read_table
from optimizer.planning import cli
from optimizer.planning.agent import work, worker
from optimizer.planning.agent.answers import MOST, rows_told, text_of
from optimizer.planning.agent.inside import Inside
from optimizer.planning.agent.kept import KeptRun
from optimizer.planning.file.keys.plan import GivenTable
from optimizer.planning.ledger.runs import run_folder, run_with
from optimizer.planning.stages.progress import Progress
from optimizer.planning.stages.result import Run

EACH = 20  # of five kinds
ARGUMENTS: list[Call] = [
    ("certify", {"plan": "alone.yaml", "spend": {"tv": 1.0}, "week": 1}),  # weeks, which would else be the horizon
    ("check", {"plan": "plan.yaml", "intervals": False}),
    ("check", {}),
    ("check", {"plan": None}),
    ("check", {"plan": ["plan.yaml"]}),
    ("check", {"plan": "a" * 5_000}),
    ("certify", {"plan": "alone.yaml", "spend": {"tv": 1.0}, "weeks": 0}),
    ("certify", {"plan": "alone.yaml", "spend": {str(place): 1.0 for place in range(1_500)}}),
    ("read_run", {"run": "plan-output", "start": 1e308}),
    ("check", {"plan": "none/~/plan.yaml"}),
    ("check", {"plan": "bomb.yaml"}),
]


@dataclass
class Said:
    """One answer."""

    kind: str
    tool: str
    arguments: dict[str, Any]
    refused: bool
    text: str


@dataclass
class Spoken:
    """All that a session with the server came to."""

    root: Path
    scripts: list[tuple[str, list[Call]]]
    spend: dict[str, float]
    said: list[Said] = field(default_factory=list)
    stages: list[str] = field(default_factory=list)
    strays: list[Exception] = field(default_factory=list)
    outside_before: dict[str, str] = field(default_factory=dict)
    outside_after: dict[str, str] = field(default_factory=dict)
    inside_before: dict[str, str] = field(default_factory=dict)
    inside_after: dict[str, str] = field(default_factory=dict)
    errors: str = ""

    def of(self, *kinds: str) -> list[Said]:
        return [one for one in self.said if one.kind in kinds]


def _around(root: Path) -> dict[str, str]:
    return {name: held for name, held in tree(root.parent).items() if not name.startswith(f"{root}{os.sep}")}


async def _speak(spoken: Spoken, log: io.TextIOBase) -> None:
    command = "from optimizer.planning.cli import main; main()"
    server = StdioServerParameters(
        command=sys.executable,
        args=["-c", command, "serve", str(spoken.root)],
        env={**os.environ, "CAC_SECRET": SECRET},
        cwd=spoken.root,
    )

    async def stray(message: Any) -> None:
        if isinstance(message, Exception):  # a line on standard output that is no message of the protocol
            spoken.strays.append(message)

    async def stage(progress: float, total: float | None, message: str | None) -> None:
        spoken.stages.append(message or "")

    async with stdio_client(server, errlog=log) as streams, ClientSession(*streams, message_handler=stray) as session:  # type: ignore[arg-type]
        await session.initialize()

        async def call(kind: str, tool: str, arguments: dict[str, Any]) -> None:
            try:
                result = await session.call_tool(tool, arguments, progress_callback=stage)
            except Exception as error:  # refused by the protocol itself
                spoken.said.append(Said(kind, tool, arguments, True, str(error)))
                return
            text = "\n".join(part.text for part in result.content)
            spoken.said.append(Said(kind, tool, arguments, bool(result.is_error), text))

        for kind, calls in spoken.scripts:
            for tool, arguments in calls:
                await call(kind, tool, arguments)
            await session.send_ping()
        for tool, arguments in ARGUMENTS:
            await call("not taken", tool, arguments)
        spoken.inside_after, spoken.outside_after = tree(spoken.root), _around(spoken.root)
        for tool, arguments in (
            ("check", {"plan": "plan.yaml"}),
            ("certify", {"plan": "alone.yaml", "spend": spoken.spend}),
            ("what_if", {"plan": "alone.yaml"}),
        ):
            await call("asked", tool, arguments)


@pytest.fixture(scope="module")
def spoken(hostile_plan: Path, finished: tuple[Any, Path], tmp_path_factory: pytest.TempPathFactory) -> Spoken:
    """One session: hostile sequences, then what the server is for."""
    root = tmp_path_factory.mktemp("served") / "root"
    output = finished[1].parents[1]
    furnish(root, hostile_plan, output)
    text = (root / "plan.yaml").read_text(encoding="utf-8")
    (root / "alone.yaml").write_text(text.replace("\nmodel:\n", "\nmodel:\n  rivals: false\n"), encoding="utf-8")
    run = run_folder(root / "plan-output")
    spend = pd.read_csv(run / "plan.csv")[["channel", "spend_now"]].rename(columns={"spend_now": "spend"})
    spend.to_csv(root / "spend.csv", index=False)
    bomb = [f"{name}: &{name} [{', '.join(['*' + before] * 9)}]" for before, name in pairwise("abcdefghi")]
    (root / "bomb.yaml").write_text("\n".join([f"a: &a [{', '.join('x' * 9)}]", *bomb]), encoding="utf-8")
    spoken = Spoken(root, list(sequences(root, EACH)), dict(zip(spend["channel"], spend["spend"], strict=True)))
    spoken.inside_before, spoken.outside_before = tree(root), _around(root)
    with (root.parent / "log").open("w+", encoding="utf-8") as log:
        anyio.run(_speak, spoken, log)
        log.seek(0)
        spoken.errors = log.read()
    return spoken


@pytest.mark.long
def test_what_is_hostile_is_refused_and_what_is_asked_is_answered(spoken: Spoken) -> None:
    assert len(spoken.scripts) == 100
    assert not [one for one in spoken.of(*REFUSED) if not one.refused]
    assert not [one for one in spoken.of(*ANSWERED, "asked") if one.refused]


@pytest.mark.long
def test_arguments_that_no_tool_takes_are_refused_in_plain_words(spoken: Spoken) -> None:
    said = spoken.of("not taken")
    assert len(said) == len(ARGUMENTS)
    for one in said:
        assert one.refused, one
        assert len(one.text) <= 2_000, one
        assert not re.search(r"pydantic|validation error|input_type|Traceback", one.text), one
    assert "weeks, and not week." in said[0].text
    assert said[2].text.startswith("plan: field required")


@pytest.mark.long
def test_nothing_is_bare(spoken: Spoken) -> None:
    for one in spoken.said:
        if not one.refused:
            answer = json.loads(one.text)
            assert not list(bare(answer)), one
            assert answer["fingerprint"], one
            assert {"failed", "passed"} <= set(answer["findings"]), one


@pytest.mark.long
def test_nothing_is_written_around_the_folder_and_looking_writes_nothing_in_it(spoken: Spoken) -> None:
    log = str(spoken.root.parent / "log")
    spoken.outside_after.pop(log)
    assert spoken.outside_after == spoken.outside_before
    assert spoken.inside_after == spoken.inside_before
    after = _around(spoken.root)
    after.pop(log)
    assert after == spoken.outside_before  # after plans were made, too


@pytest.mark.long
def test_nothing_outside_is_told_and_answers_are_short(spoken: Spoken) -> None:
    for one in spoken.said:
        assert len(one.text) <= MOST, one
        for secret in (SECRET, CANARY, "root:x:", str(spoken.root)):
            asked = json.dumps(one.arguments)
            assert secret not in one.text or secret in asked, one


@pytest.mark.long
def test_standard_output_is_the_protocols_alone(spoken: Spoken) -> None:
    assert not spoken.strays
    assert SECRET not in spoken.errors


@pytest.mark.long
def test_long_work_tells_its_stages(spoken: Spoken) -> None:
    assert "Mix model ..." in spoken.stages
    assert any(line.startswith("What if: done") for line in spoken.stages)


@pytest.mark.long
def test_refusals_have_the_words_of_the_command_line(
    spoken: Spoken, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(spoken.root)
    seen = 0
    for one in spoken.of("plan files"):
        if one.tool != "check" or "leads out" in one.text or "database" in one.text or "engine.views" in one.text:
            continue
        monkeypatch.setattr(sys, "argv", ["cac", "check", one.arguments["plan"]])
        with pytest.raises(SystemExit) as end:
            cli.main()
        assert end.value.code == 2
        assert capsys.readouterr().err.strip() == one.text.strip()
        seen += 1
    assert seen


@pytest.mark.long
def test_a_certificate_of_todays_spend_says_what_a_run_says_of_today(spoken: Spoken) -> None:
    (answer,) = (json.loads(one.text) for one in spoken.of("asked") if one.tool == "certify")
    worth = pd.read_csv(
        run_with(spoken.root / "plan-output", "worth.csv") / "worth.csv"
    )  # of the what-ifs by the same plan file
    today = worth[(worth["scenario"] == "Plan") & (worth["against"] == "today")].set_index("figure")
    assert len(answer["figures"]) == len(today)
    for row in answer["figures"]:
        told, known = row["estimates"], today.loc[row["figure"]]
        ends = {"point": known["before"], "low": known["before_low"], "high": known["before_high"]}
        assert told["today"] == pytest.approx(ends, rel=1e-6)
        assert told["given"] == pytest.approx(ends, rel=1e-6)
        assert told["change"] == pytest.approx({"point": 0.0, "low": 0.0, "high": 0.0}, abs=1e-3)
    assert answer["given"]["known"] == pytest.approx(spoken.spend)


@pytest.mark.parametrize("column", ["cac", "cac_low", "cac_high"])
def test_a_figure_brings_its_interval_by_whichever_column_it_is_asked_for(column: str) -> None:
    frame = pd.DataFrame({"channel": ["tv"], "cac": [10.0], "cac_low": [8.0], "cac_high": [13.0], "spend": [5.0]})
    told = rows_told("any.csv", frame, [column])
    assert told == {"rows": [{"channel": "tv", "estimates": {"cac": {"point": 10.0, "low": 8.0, "high": 13.0}}}]}


def test_what_has_no_interval_is_named_and_left_out() -> None:
    frame = pd.DataFrame({"channel": ["tv"], "figure": [10.0], "spend_now": [5.0]})
    told = rows_told("plan.csv", frame)
    assert told["rows"] == [{"channel": "tv", "known": {"spend_now": 5.0}}]
    assert told["left_out"]["columns"] == ["figure"]


@pytest.mark.parametrize(("high", "told"), [(float("inf"), "without bound"), (float("nan"), None)])
def test_intervals_without_an_end(high: float, told: str | None) -> None:
    frame = pd.DataFrame({"cac": [10.0], "cac_low": [8.0], "cac_high": [high]})
    (row,) = rows_told("any.csv", frame)["rows"]
    assert row["estimates"]["cac"] == (None if told is None else {"point": 10.0, "low": 8.0, "high": told})


def test_long_answers_lose_rows_and_say_so() -> None:
    answer = {"rows": [{"text": "x" * 300} for _ in range(2_000)], "findings": {"failed": []}}
    text = text_of(answer)
    assert len(text) <= MOST
    assert "rows were left off" in json.loads(text)["cut"]


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("import time; time.sleep(60)", "stopped after 1 seconds"),
        ("pass", "was ended from outside"),
        ("print('{', flush=True)\nimport time; time.sleep(60)", "was ended from outside"),
    ],
)
def test_work_that_does_not_come_back(code: str, said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker, "_COMMAND", [sys.executable, "-c", code])

    async def ask() -> tuple[worker.Told, Any]:
        own = worker.Worker(".", 1.0)

        async def stage(line: str) -> None: ...

        return await own.ask("plan", {}, stage), own._process

    told, process = anyio.run(ask)
    assert told.refused
    assert said in told.text
    assert process is None


@pytest.mark.long
def test_garbage_and_calls_that_take_too_long_leave_a_server_up(spoken: Spoken) -> None:
    code = "from optimizer.planning.cli import main; main()"
    started = subprocess.Popen(
        [sys.executable, "-c", code, "serve", str(spoken.root), "--seconds", "1"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    opening = {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "a", "version": "1"}}
    call = {"name": "what_if", "arguments": {"plan": "alone.yaml"}}
    lines = [
        json.dumps({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": opening}).encode(),
        json.dumps({"jsonrpc": "2.0", "method": "notifications/initialized"}).encode(),
        *(b"{", b"\xff\xfe", b"[]", b"null", b"x" * 200_000, b'{"jsonrpc": "2.0", "id": 2}', b"", b"\x00"),
        json.dumps({"jsonrpc": "2.0", "id": 3, "method": "tools/call", "params": call}).encode(),
    ]
    with started:
        assert started.stdin
        assert started.stdout
        started.stdin.write(b"\n".join(lines) + b"\n")
        started.stdin.flush()
        answers = [json.loads(started.stdout.readline())]
        while answers[-1].get("id") != 3:
            answers.append(json.loads(started.stdout.readline()))  # nothing but JSON stands there
        started.stdin.close()  # the client leaves, and the server ends
        assert all(answer["jsonrpc"] == "2.0" for answer in answers)
        assert answers[-1]["result"]["isError"]
        assert "stopped after 1 seconds" in answers[-1]["result"]["content"][0]["text"]
    assert started.returncode == 0
    assert not list((spoken.root / "plan-output" / "runs").glob(".stage-*"))


@pytest.mark.parametrize("weeks", [None, 1.0, 52.0])
def test_weeks_that_an_assistant_states_reach_the_certificate(
    weeks: float | None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    class Reached(Exception):
        """Ends the tool where the certificate begins."""

    def certify(path: Path, source: Any, **_: Any) -> None:
        raise Reached(source.weeks)

    monkeypatch.setattr(work, "_plan_file", lambda inside, plan: tmp_path / plan)
    monkeypatch.setattr(work, "certify_spend", certify)
    with pytest.raises(Reached) as reached:
        work.TOOLS["certify"](Inside(tmp_path), Progress(io.StringIO()), "plan.yaml", "", {"tv": 1.0}, "spend", weeks)
    assert reached.value.args == (weeks,)


def test_amounts_that_are_none_are_named_by_their_channel(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def certify(path: Path, source: GivenTable, **_: Any) -> None:
        read_table(source.path, Table("spend.csv", (Column("channel", "text"), Column("spend", minimum=0))))

    monkeypatch.setattr(work, "_plan_file", lambda inside, plan: tmp_path / plan)
    monkeypatch.setattr(work, "certify_spend", certify)
    given = {"tv": 1.0, "print": -3.0, "radio": 2.0}
    with pytest.raises(BadInput) as refused:
        work.TOOLS["certify"](Inside(tmp_path), Progress(io.StringIO()), "plan.yaml", "", given, "spend")
    assert str(refused.value).startswith("spend, print: is negative.")


def test_a_run_says_what_its_figures_are_in(finished: tuple[Run, Path]) -> None:
    """An outcome may be money, and a spend of any currency: figures alone do not say so."""
    run, output = finished
    kept = KeptRun.of(run_folder(output))
    units = {"money": "EUR", "customers": run.config.outcome, "over": "13 weeks"}
    assert kept.summary()["units"] == kept.table("plan.csv", (), 0)["units"] == kept.explained("")["units"] == units


@pytest.mark.parametrize(
    ("table", "columns"),
    [
        ("cac_readings.csv", ["spend", "costs"]),
        ("effect_per_volume.csv", ["volume", "spend_per_thousand"]),
        ("trust.csv", ["spend:tv", "gap"]),
        ("attribution_overlap.csv", ["tv", "search"]),
    ],
)
def test_what_was_paid_or_counted_is_known_and_needs_no_interval(table: str, columns: list[str]) -> None:
    frame = pd.DataFrame({"channel": ["tv"], **{name: [3.5] for name in columns}})
    told = rows_told(table, frame)
    assert told == {"rows": [{"channel": "tv", "known": dict.fromkeys(columns, 3.5)}]}
