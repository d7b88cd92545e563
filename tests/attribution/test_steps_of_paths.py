"""Steps of aggregated paths that are no channels, and columns named twice, are refused with what to write instead."""

from __future__ import annotations

import pandas as pd
import pytest

from attribution import BadInput, Journeys, LastTouch

PATHS = ["tv > search", "search", "tv > tv > social"]


def read(paths: list[object], **columns: str) -> Journeys:
    table = pd.DataFrame({"path": paths, "conversions": [3, 5, 2], "worth": [30, 50, 20], "lost": [4, 4, 9]})
    return Journeys.from_paths(table, nulls="lost", **columns)


@pytest.mark.parametrize(
    ("paths", "said"),
    [
        ([str(path.split(" > ")) for path in PATHS], r"lists written out.*join the names of each: ' > '\.join"),
        ([str((*path.split(" > "),)) for path in PATHS], "lists written out"),
        ([path.split(" > ") for path in PATHS], r"joined by ' > '\.join\(cell\)"),
        (["tv > search", "search", "tv × 2 > social"], "repeat, as 'tv × 2' does.*'tv > tv', or the channel once"),
        (["tv > search", "search", "tv x3 > social"], "repeat, as 'tv x3' does"),
        (["tv 50% > search 50%", "search 100%", "tv 67% > social 33%"], "credit in per cent"),
        ([f"Start > {path} > Conversion" for path in PATHS], "all begin with start.*all end with conversion"),
        ([f"(start) > {path}" for path in PATHS], "all begin with start"),
        (
            [f"{path} > {end}" for path, end in zip(PATHS, ["null", "conversion", "(null)"], strict=True)],
            "all end with",
        ),
    ],
)
def test_steps_that_are_no_channels_are_refused(paths: list[object], said: str) -> None:
    with pytest.raises(BadInput, match=f"(?s){said}"):
        read(paths)


@pytest.mark.parametrize(
    "paths",
    [
        PATHS,
        ["display x2 > search", "search", "display x2"],  # a name, where nothing is called display alone
        ["start > search", "search", "start"],
        ["tv > null", "conversion", "tv"],
        ["search [brand]", "(direct) > search [brand]", "(direct)"],
        ["promo 50% > tv", "tv", "promo 50%"],
    ],
)
def test_names_that_only_look_like_it_are_channels(paths: list[object]) -> None:
    assert LastTouch()(read(paths)).conversions.sum() == 10


@pytest.mark.parametrize("columns", [{"value": "conversions"}, {"value": "lost"}, {"path": "lost"}])
def test_a_column_has_one_role(columns: dict[str, str]) -> None:
    with pytest.raises(BadInput, match="has two roles"):
        read([*PATHS], **columns)
