"""The recipes of docs/how-to/guardrails-in-a-scheduler.md parse, and ask for what the command has."""

from __future__ import annotations

import ast
import re
import subprocess
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from optimizer.planning.file.keys.guardrails import GuardrailKeys

PAGE = (Path(__file__).parents[2] / "docs" / "how-to" / "guardrails-in-a-scheduler.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("text", blocks("py"), ids=["airflow", "prefect"])
def test_programs_parse_and_handle_every_exit_code(text: str) -> None:
    tree = ast.parse(text)
    lists = [ast.literal_eval(node) for node in ast.walk(tree) if isinstance(node, ast.List)]
    assert ["cac", "monitor", "plan.yaml", "actuals.csv", "--json"] in lists
    tuples = [ast.literal_eval(node) for node in ast.walk(tree) if isinstance(node, ast.Tuple)]
    assert (0, 5, 8) in tuples


def test_yaml_is_a_workflow_and_a_section_of_the_plan_file() -> None:
    section, workflow = (YAML(typ="safe").load(text) for text in blocks("yaml"))
    section["guardrails"]["backups"]["beyond_tried"] = 0.3  # as the plan file reads +30%
    assert (
        GuardrailKeys.model_validate({**section["guardrails"], "backups": {"channels": ["search"]}}).false_alarms
        == 0.05
    )
    (job,) = workflow["jobs"].values()
    assert all({"uses", "run"} & set(step) for step in job["steps"])
    assert any("cac monitor plan.yaml actuals.csv" in step.get("run", "") for step in job["steps"])


def test_shell_lines_parse() -> None:
    lines = [line for text in blocks("sh") for line in text.splitlines() if not line.startswith("#")]
    cron = [re.sub(r"^0 7 \* \* 1 ", "", line) for line in lines]
    (workflow,) = [text for text in blocks("yaml") if "jobs:" in text]
    steps = YAML(typ="safe").load(workflow)["jobs"]["monitor"]["steps"]
    for script in (*cron, *(step["run"] for step in steps if "run" in step)):
        assert subprocess.run(["sh", "-n", "-c", script], check=False).returncode == 0
