"""The language of the planner: that of the plan file, for labels and for finished HTML."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

from optimizer.planning.language.markup import translated_markup
from optimizer.planning.language.translator import Translator
from optimizer.planning.outputs.in_language import speech_of
from optimizer.planning.stages.kept import Kept

__all__ = ["number_format", "saying", "spoken", "translator_of"]


@lru_cache(maxsize=1)
def translator_of(kept: Kept) -> Translator | None:
    """What says texts in the language of a run's plan file, channels and cells as they are; None for English."""
    return speech_of(kept.config, names=(*kept.shown, kept.run.name))


def saying(kept: Kept) -> Callable[[str], str]:
    """Text to text, for labels."""
    return translator_of(kept) or str


def spoken(kept: Kept, html: str) -> str:
    """Finished HTML in the language; what is marked ``translate="no"`` stays."""
    say = translator_of(kept)
    if say is None:
        return html
    return f'<div lang="{say.language.html}">{translated_markup(html, say, say.language.html)}</div>'


def number_format(kept: Kept) -> str:
    """How sliders write amounts: they know the marks of English alone, so other languages have none."""
    return "%.0f" if translator_of(kept) is not None else "%,.0f"
