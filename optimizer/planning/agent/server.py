"""The tool server: the Model Context Protocol over standard input and output, a worker process for what is asked."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import anyio
from mcp.server.mcpserver import Context, MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from mcp.types import CallToolResult, InputRequiredResult, TextContent, ToolAnnotations
from pydantic import Field, ValidationError

from attribution.errors import BadInput, bounded
from attribution.versions import installed
from optimizer.planning.agent.worker import Worker

__all__ = ["serve"]

_TOLD = """Plans marketing budgets with the files of one folder. Paths are relative to it. Every figure comes with its
90 % interval, the findings on the run, and a fingerprint of run, fit and inputs: hand on all three with it. A refusal
says what to do about it; there is no way around it. plan, what_if and certify may sample for minutes."""

PlanFile = Annotated[str, Field(max_length=1_000, description="The plan file, relative to the folder.")]
RunFolder = Annotated[
    str, Field(max_length=1_000, description="An output folder, whose last run is meant, or the folder of one run.")
]
Column = Annotated[str, Field(max_length=200)]
_LONGEST = 2_000  # characters of a refusal
_READS = {"read_only_hint": True, "open_world_hint": False}
_WRITES = {"read_only_hint": False, "destructive_hint": False, "open_world_hint": False}


def serve(folder: Path, seconds: float) -> None:
    """Answer on standard input and output until the former ends.

    Parameters
    ----------
    folder
        What tools may name; nothing is read or written beside it but temporary files and caches of the system.
    seconds
        Longest that a tool may take.

    Raises
    ------
    BadInput
        The folder is none.
    """
    if not folder.is_dir():
        raise BadInput(f"{folder}: is no folder; name the one that plan files and tables lie in.")
    anyio.run(_serve, _Tools(str(folder.resolve()), seconds))


async def _serve(tools: _Tools) -> None:
    server = _Server("blended-cac", instructions=_TOLD, version=installed(["blended-cac"]).get("blended-cac", ""))
    for tool, reads in (
        (tools.check, True),
        (tools.plan, False),
        (tools.what_if, False),
        (tools.certify, False),
        (tools.explain, True),
        (tools.read_run, True),
    ):
        hints = ToolAnnotations(**(_READS if reads else _WRITES))
        server.add_tool(tool, annotations=hints, structured_output=False)
    try:
        await server.run_stdio_async()
    finally:
        await tools.end()


class _Server(MCPServer):  # type: ignore[misc]
    """Refuses arguments that a tool does not take, which would else be passed over, and wrong ones in plain words."""

    async def call_tool(
        self, name: str, arguments: dict[str, Any], context: Context | None = None
    ) -> CallToolResult | InputRequiredResult:
        tool = self._tool_manager.get_tool(name)
        known = [] if tool is None else list(tool.parameters["properties"])
        if tool is not None and (strange := [one for one in arguments if one not in known]):
            raise ToolError(bounded(f"{name} takes {', '.join(known)}, and not {', '.join(strange)}.", _LONGEST))
        try:
            return await super().call_tool(name, arguments, context)
        except ToolError as error:
            if not isinstance(error.__cause__, ValidationError):
                raise
            wrong = error.__cause__.errors(include_url=False, include_input=False)
            told = (f"{'.'.join(map(str, one['loc']))}: {one['msg'][:1].lower()}{one['msg'][1:]}." for one in wrong)
            raise ToolError(bounded("\n".join(told), _LONGEST)) from error


class _Tools:
    def __init__(self, folder: str, seconds: float) -> None:
        self._runs, self._looks = Worker(folder, seconds), Worker(folder, seconds)

    async def end(self) -> None:
        await self._runs.end()
        await self._looks.end()

    async def check(self, plan: PlanFile, context: Context) -> CallToolResult:
        """Validate a plan file and every table it names as `cac check` does, without running anything."""
        return await self._done("check", {"plan": plan}, context)

    async def plan(self, plan: PlanFile, context: Context) -> CallToolResult:
        """Run everything as `cac plan` does, write a run folder, and tell the plan by channel and what it is worth."""
        return await self._done("plan", {"plan": plan}, context)

    async def what_if(self, plan: PlanFile, context: Context) -> CallToolResult:
        """Plan every scenario of the plan file as `cac what-if` does, and tell them beside the plan."""
        return await self._done("what_if", {"plan": plan}, context)

    async def certify(
        self,
        plan: PlanFile,
        context: Context,
        table: Annotated[str, Field(max_length=1_000, description="A table of channel and spend; or spend.")] = "",
        spend: Annotated[
            dict[Column, float] | None,
            Field(max_length=1_000, description="Amounts by channel, over the horizon or over weeks."),
        ] = None,
        column: Column = "spend",
        weeks: Annotated[
            float | None,
            Field(
                gt=0, le=1_000, description="Weeks that the spend is for, where not the horizon: 1 for spend a week."
            ),
        ] = None,
    ) -> CallToolResult:
        """Hold anybody's spend against the promises and the best plan's bound, as `cac certify` does."""
        arguments = {"plan": plan, "table": table, "spend": spend or {}, "column": column, "weeks": weeks}
        return await self._done("certify", arguments, context)

    async def explain(
        self,
        run: RunFolder,
        context: Context,
        channel: Annotated[str, Field(max_length=200, description="One channel; all where empty.")] = "",
    ) -> CallToolResult:
        """Say of a finished run what moves, by how much, how sure that is, and what speaks against it."""
        return await self._done("explain", {"run": run, "channel": channel}, context)

    async def read_run(
        self,
        run: RunFolder,
        context: Context,
        table: Annotated[str, Field(max_length=200, description="One of the run's tables; a summary if empty.")] = "",
        columns: Annotated[list[Column] | None, Field(max_length=100, description="Figures, with intervals.")] = None,
        start: Annotated[int, Field(description="First row, counted from 0; 50 rows come.")] = 0,
    ) -> CallToolResult:
        """Read a finished run: a summary, or rows of one of its tables."""
        arguments = {"run": run, "table": table, "columns": columns or [], "start": start}
        return await self._done("read_run", arguments, context)

    async def _done(self, tool: str, arguments: Mapping[str, Any], context: Context) -> CallToolResult:
        told = 0

        async def stage(line: str) -> None:
            nonlocal told
            told += 1
            await context.report_progress(told, None, line)

        worker = self._runs if tool in ("plan", "what_if", "certify") else self._looks
        result = await worker.ask(tool, arguments, stage)
        return CallToolResult(content=[TextContent(type="text", text=result.text)], is_error=result.refused)
