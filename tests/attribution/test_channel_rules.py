"""Channel rules: only the documented signs are special, and rules that name no touch are told."""

from __future__ import annotations

import re

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from attribution import BadInput, ChannelRule, ChannelRules, Journeys, Linear, PathRules

LOG = pd.DataFrame(
    {
        "user": list("uvwx"),
        "time": pd.date_range("2024-01-01", periods=4),
        "channel": ["Google / cpc", "Google / organic", "news", "Google / cpc"],
        "campaign": ["[DE] Brand 7", "1000549 | Google Analytics Demo | DR", None, "what? *now*"],
    }
)
ENDS = pd.DataFrame({"user": list("uvwx"), "time": pd.date_range("2024-02-01", periods=4)})


def grouped(*rules: ChannelRule, otherwise: str | None = "other") -> Journeys:
    rules_of_paths = PathRules(channels=ChannelRules(rules, otherwise=otherwise))
    return Journeys.from_touchpoints(LOG, ENDS, lookback="60D", rules=rules_of_paths)


@pytest.mark.parametrize(
    ("pattern", "campaign"),
    [
        ("[DE] brand*", "[DE] Brand 7"),
        ("[de]*", "[DE] Brand 7"),
        ("* ] *|*[!x]*|x]", "x]"),
        (r"1000549 \| google*", "1000549 | Google Analytics Demo | DR"),
        (["no", r"*\|*\|*"], "1000549 | Google Analytics Demo | DR"),
        ("what? *", "what? *now*"),
        (r"what? \*now\*", "what? *now*"),
        (r"a\b", r"A\b"),
        (r"a\\|c", "a\\"),
        ("", None),
        ("straße", "STRASSE"),
        ("a*b", "a\nb"),
    ],
)
def test_a_pattern_that_fits(pattern, campaign):
    assert ChannelRule("x", {"campaign": pattern}).meets({"campaign": campaign})


@pytest.mark.parametrize(
    ("pattern", "campaign"),
    [
        ("[DE] brand*", "D brand"),
        ("what?", "whats"),
        (r"what? \*now\*", "what? xnowx"),
        (r"a\|b", "a"),
        ("a", "a b"),
        ("[ab]", "a"),
        ("[!a]", "b"),
        ("brand", None),
        ("", "x"),
    ],
)
def test_a_pattern_that_does_not(pattern, campaign):
    assert not ChannelRule("x", {"campaign": pattern}).meets({"campaign": campaign})


def meets_slowly(pattern: str, text: str) -> bool:
    """The documented meaning, sign by sign and without regular expressions."""
    parts: list[list[str | None]] = [[]]
    at = 0
    while at < len(pattern):
        sign = pattern[at]
        if sign == "\\" and pattern[at + 1 : at + 2] in ("\\", "*", "|"):
            at += 1
            parts[-1].append(pattern[at])
        elif sign == "|":
            parts.append([])
        else:
            parts[-1].append(None if sign == "*" else sign)
        at += 1

    def fits(wanted: list[str | None], left: str) -> bool:
        if not wanted:
            return left == ""
        if wanted[0] is None:
            return any(fits(wanted[1:], left[skipped:]) for skipped in range(len(left) + 1))
        return left[:1] == wanted[0] and fits(wanted[1:], left[1:])

    return any(fits(part, text) for part in parts)


@given(st.text("ab[]?!-^\\|*.$(", max_size=8), st.text("ab[]?!-^\\|*.$(", max_size=6))
def test_random_patterns_mean_what_is_documented(pattern, text):
    assert ChannelRule("x", {"c": pattern}).meets({"c": text}) == meets_slowly(pattern, text)
    literal = re.sub(r"([\\*|])", r"\\\1", text)
    assert ChannelRule("x", {"c": literal}).meets({"c": text})
    assert ChannelRule("x", {"c": ["never", literal]}).meets({"c": text})


def test_the_channel_column_itself_may_be_grouped():
    rules = [ChannelRule("paid", {"channel": "*/ cpc"}), ChannelRule("free", {"channel": "*organic", "campaign": "1*"})]
    journeys = grouped(*rules)
    assert Linear()(journeys).conversions.to_dict() == {"free": 1, "other": 1, "paid": 2}
    assert [finding.passed for finding in journeys.findings if finding.name == "idle_channel_rules"] == [True]


def test_a_rule_that_names_no_touch_is_told():
    broad, narrow = ChannelRule("google", {"channel": "google*"}), ChannelRule("paid", {"channel": "*cpc"})
    (finding,) = (one for one in grouped(broad, narrow).findings if one.name == "idle_channel_rules")
    assert not finding.passed
    assert "2, paid (channel: '*cpc'), comes after 1, which takes all touches" in finding.text
    (finding,) = (one for one in grouped(ChannelRule("tv", {"channel": "tv"}), broad).findings if "idle" in one.name)
    assert "1, tv (channel: 'tv'), meets no touch" in finding.text
    (finding,) = (one for one in grouped(narrow, broad).findings if one.name == "idle_channel_rules")
    assert finding.passed


def test_a_column_that_rules_name_has_to_be_there():
    with pytest.raises(BadInput, match=r"no column for its channel rules 'campain'. Remedy: did you mean 'campaign'"):
        grouped(ChannelRule("x", {"campain": "a"}))
    with pytest.raises(BadInput, match="such as news"):
        grouped(ChannelRule("x", {"channel": "google*"}), otherwise=None)
