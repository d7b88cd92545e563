"""Path rules and the log that they are for: what they name has to occur, and spellings of one name are folded."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from attribution.errors import BadInput, Problem, UnknownName
from attribution.reading.named import require_values
from attribution.reading.spellings import in_one_spelling

if TYPE_CHECKING:
    from attribution.paths.path_rules import PathRules
    from attribution.reading.log_checks import Log

__all__ = ["in_one_spelling_of_rules", "require_names"]


def require_names(touched: Log, won: Log, rules: PathRules) -> None:
    """Refuse segments and kinds that do not occur, and windows by interaction without its column.

    The interactions themselves are looked for when kinds of touch are counted, which a large log does only once.

    Raises
    ------
    BadInput
        With the nearest name that occurs.
    """
    known = [column[6:] for column in touched.events.columns if column.startswith("extra_")]
    for segment in rules.segments:
        if segment not in known:
            raise UnknownName(segment, known, where="rules.segments")
    if rules.kinds is not None:
        if "kind" not in won.events.columns:
            text = "kinds are of conversions in a table of their own, or of events, and these are marked in the log."
            raise BadInput(Problem(won.name, text, remedy="pass conversions=, or leave kinds out."))
        require_values(rules.kinds, won.events, "kind", won.name, "kind of conversion")
    if rules.lookback_of and "interaction" not in touched.events.columns:
        text = "lookback_of needs the column of interactions, such as click or view, and there is none."
        raise BadInput(Problem(touched.name, text, remedy="name it with columns={'interaction': ...}."))


def in_one_spelling_of_rules(touched: Log, won: Log, rules: PathRules) -> tuple[Log, Log]:
    """Touchpoints and conversions whose channels, interactions, segments and kinds have one spelling each."""
    own = ["channel", "interaction", *(f"extra_{segment}" for segment in rules.segments)]
    logs = []
    for log, columns in ((touched, own), (won, ["kind"])):
        there = [column for column in columns if column in log.events.columns]
        logs.append(replace(log, events=in_one_spelling(log.events, there)))
    return logs[0], logs[1]
