"""What renders the pages of this room: templates whose text is always escaped."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from attribution.numbers import amount, cost, count, percent, ratio, significant

if TYPE_CHECKING:
    from jinja2 import BytecodeCache, Environment

__all__ = ["environment"]


def environment() -> Environment:
    """What renders the templates of this room; all that they show is escaped."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("optimizer.planning.outputs", ""),
        autoescape=True,
        undefined=StrictUndefined,
        bytecode_cache=_compiled(),
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"amount": amount, "significant": significant}
    environment.globals |= {"count": count, "cost": cost, "percent": percent, "ratio": ratio}
    return environment


@cache
def _compiled() -> BytecodeCache:
    """Templates compiled once a process, whatever pages are made of them."""
    from jinja2.bccache import Bucket, BytecodeCache

    class InMemory(BytecodeCache):
        def __init__(self) -> None:
            self.codes: dict[str, bytes] = {}

        def load_bytecode(self, bucket: Bucket) -> None:
            if bucket.key in self.codes:
                bucket.bytecode_from_string(self.codes[bucket.key])

        def dump_bytecode(self, bucket: Bucket) -> None:
            self.codes[bucket.key] = bucket.bytecode_to_string()

    return InMemory()
