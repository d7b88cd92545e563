"""What the packages say to readers of Python, said to readers of the plan file."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace

from attribution.findings import Finding

__all__ = ["findings_in_words_of_the_file", "in_words_of_the_file"]

_LOG, _WON = "data.touchpoints", "data.touchpoints.conversions"
_WHAT_IFS = {
    "BudgetChange": "budget",
    "PromiseChange": "customers",
    "CostInflation": "cost",
    "ConversionChange": "conversion",
    "DemandChange": "demand",
    "StageChange": "stages",
}


def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower()


_SAID = (
    (r"Cleaning\(drop=\('([a-z ]+)',\)\)", rf"{_LOG}.leave_out: [\1]"),
    (r"Cleaning\(keep_duplicates=True\)", f"{_LOG}.keep_duplicates: true"),
    (r"Cleaning\(most_channels=([^)]+)\)", rf"{_LOG}.most_channels: \1"),
    (r"(?<![.\w])longest_path moves", f"{_LOG}.longest_path moves"),
    (r"(?<![.\w])(?<!, )fold_names\b(?!:)", f"{_LOG}.fold_names: true"),
    (r",? columns=\{'(order|kind|value)': \.\.\.\},?", rf" {_WON}.\1,"),
    (r"columns=\{'(order|kind|value)': ('[^']*')\}", rf"{_WON}.\1: \2"),
    (r"columns=\{'interaction': ('[^']*')\}", rf"{_LOG}.interaction: \1"),
    (r"columns=\{'interaction': \.\.\.\}", f"{_LOG}.interaction"),
    (r"Say columns=\{declared name: name\};", f"Name it in {_LOG} or its conversions;"),
    (r"\brules\.(segments|sequence)\b", rf"{_LOG}.\1"),
    (r"\brules\.(kinds|ends)\b", rf"{_WON}.\1"),
    (r"\brules\.(last_resort|exclude|lookback_of|weight_of|rank_of)\b", r"attribution.\1"),
    (r"LastNonDirect\(direct=\.\.\.\)", "attribution.direct"),
    (r"LastTouch\(\)", "attribution.models: [last]"),
    (r"say otherwise='other'", f"write {_LOG}.otherwise: other"),
    (r"pass sep='([^']*)'", r"write data.paths.separator: '\1'"),
    (r"pass another sep\b", "state another data.paths.separator"),
    (r"build the journeys from touchpoints(, not from aggregated paths)?", f"give {_LOG} in place of data.paths"),
    (r"Engine\(spill=\.\.\.\) with a folder that has room", "a disk with room for temporary files"),
    (r"Customers\(at_least=\.\.\.\)", "plan.customers.at_least"),
    (r"Budget\((at_most|exactly|at_least)=\.\.\.\)", r"plan.budget.\1"),
    (
        r"a panel by regions takes it as geo='([^']*)'",
        r"where they are markets, name their column: data.weekly.geo: \1",
    ),
    (r"fewer than the model's (\d+) parameters", r"fewer than the \1 figures that the model of this plan file learns"),
    (
        r"lengthen the panel, join channels, drop controls or lower the season's order",
        "give more weeks, join channels in data.weekly.spend, drop some of data.weekly.controls, or lower "
        "model.season.order",
    ),
    (r"name the right spend columns;", "name the columns of spend in data.weekly.spend;"),
    (r"\buse mmm\.(\w+?)Likelihood\(\)", lambda found: f"set model.likelihood: {_snake(found[1])}"),
    (r"mmm\.(\w+?)Likelihood\(\)", lambda found: f"model.likelihood: {_snake(found[1])}"),
    (
        r"set (saturation|adstock)=mmm\.(\w+?)(?:Saturation|Adstock)\(\)",
        lambda found: f"set model.{found[1]}: {_snake(found[2])}",
    ),
    (
        r"saturation=mmm\.HillSaturation\(slope=mmm\.LogNormal\(2\.5, 0\.3\)\)",
        "model.channels.<name>.saturation: s_shaped",
    ),
    (r"set season=mmm\.Season\(order=([^)]+)\)", r"set model.season.order: \1"),
    (r"let the level wander, mmm\.RandomWalk\(sd=([^)]+)\)", r"set model.wander: \1"),
    (r"mmm\.RandomWalk\b", "model.wander"),
    (r"mmm\.CostPerCustomer\b", "model.belief.cac"),
    (r"panel\.with_holidays\b", "model.holidays"),
    (r"set demand=mmm\.ControlFunctions\(channels=(\[[^]]*\])\)", r"set model.demand: \1"),
    (r"out of the panel's controls", "out of data.weekly.controls"),
    (r"set before=0 for", "set data.weekly.before to 0 for"),
    (r"let the table begin later(?=\.)", "let the table begin later (data.begins)"),
    (r"PathRules\(sequence=\.\.\.\)", f"{_LOG}.sequence"),
    (r"Engine\(views=True\)", "engine: {views: true}"),
    (r"(?<=[;:] )(state )?a shorter horizon\b", r"\1a shorter economics.horizon"),
    (r"say what one age is, months=1\b", "say what one age is, period: month"),
    (r"say what one age is, months=3\b", "say what one age is, period: quarter"),
    (r"say what one age is, months=12\b", "say what one age is, period: year"),
    (r"lengthen the panel\b", "give more weeks"),
    (r"\b([Tt]he) panel('s)?(?! by)\b", r"\1 weekly table\2"),
    (r"fit a panel by geo, or give", "name the column of markets in data.weekly.geo, or give"),
    (r"give every geo a row for every period", "give every market a row for every period"),
    (r"sum the geos, or use it", "set model.likelihood: normal, or sum the markets to one table"),
    (r"MaxCAC\(\.\.\.\)", "plan.max_cac"),
    (r"Channel\(\.\.\.\)\.at_most\((\.\.\.|amount)\)", "plan.channels.<name>.at_most"),
    (r"Channel\(\.\.\.\)\.zero\(\)", "plan.channels.<name>.fixed: 0"),
    (r"Plan\(now=\{channel: current spend\}\)", "plan.now"),
    (r"minimize=BlendedCAC\((\.\.\.)?\)", "plan.minimize: blended_cac"),
    (r"maximize=(Customers|Profit)\((\.\.\.)?\)", lambda found: f"plan.maximize: {found[1].lower()}"),
    (r"add a? ?Budget\b(?!\.)", "add plan.budget"),
    (
        rf"({'|'.join(_WHAT_IFS)}): changes by (\S+); give a share above -1,.*?more\.",
        lambda found: f"{_WHAT_IFS[found[1]]}: {found[2]} leaves nothing to plan with; write a change above -100%.",
    ),
)


def in_words_of_the_file(text: str) -> str:
    """A message with the keys of the plan file in place of what one would write in Python.

    >>> in_words_of_the_file("leave them out with Cleaning(drop=('bots',)).")
    'leave them out with data.touchpoints.leave_out: [bots].'
    """
    for python, key in _SAID:
        text = re.sub(python, key, text)
    return text


def findings_in_words_of_the_file(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Findings of a run by a plan file, whose readers need not know Python."""
    said = ((one, in_words_of_the_file(one.text)) for one in findings)
    return tuple(one if text == one.text else replace(one, text=text) for one, text in said)
