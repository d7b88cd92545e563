"""Own commands within sentences, in backticks: code on a page, and plain elsewhere."""

from __future__ import annotations

import re

__all__ = ["commands_as_code", "commands_plain"]

_COMMAND = re.compile(r"`(cac [^`<>]*)`")


def commands_as_code(page: str) -> str:
    """A page of HTML whose sentences name commands, each as code.

    >>> commands_as_code("<p>What settles it: `cac test design plan.yaml`.</p>")
    '<p>What settles it: <code>cac test design plan.yaml</code>.</p>'
    """
    return _COMMAND.sub(r"<code>\1</code>", page)


def commands_plain(text: str) -> str:
    """A sentence as terminal, workbook and slides show it, which know no code.

    >>> commands_plain("What settles it: `cac test design plan.yaml`.")
    'What settles it: cac test design plan.yaml.'
    """
    return _COMMAND.sub(r"\1", text)
