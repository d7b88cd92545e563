"""What renders the pages of this room: templates whose text is always escaped."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attribution.numbers import amount, cost, count, percent, ratio, significant

if TYPE_CHECKING:
    from jinja2 import Environment

__all__ = ["environment"]


def environment() -> Environment:
    """What renders the templates of this room; all that they show is escaped."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("optimizer.planning.outputs", ""),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"amount": amount, "significant": significant}
    environment.globals |= {"count": count, "cost": cost, "percent": percent, "ratio": ratio}
    return environment
