"""Names and ids that differ by case or blanks: told, and one where asked."""

from __future__ import annotations

import unicodedata

import numpy as np
import pandas as pd
import pytest

from attribution import BadInput, Cleaning, IdentityMap, Journeys, Linear, PathRules, by_segment

FOLD = Cleaning(fold_names=True)


def mangled(names: pd.Series, seed: int) -> pd.Series:
    rng = np.random.default_rng(seed)
    forms = (str, str.upper, str.title, lambda name: f"{name} ", lambda name: f" {name}\t", lambda name: name)
    return pd.Series(
        [forms[form](str(name)) for name, form in zip(names, rng.integers(6, size=len(names)), strict=True)]
    )


def found(journeys: Journeys, name: str) -> bool | None:
    return next((one.passed for one in journeys.findings if one.name == name), None)


@pytest.mark.parametrize("seed", range(3))
def test_a_mangled_log_folds_back_into_the_clean_one(make_log, seed):
    touched, bought = make_log(seed)
    touched, bought = touched.assign(user="u" + touched["user"]), bought.assign(user="u" + bought["user"])
    clean = Journeys.from_touchpoints(touched, bought, rules=PathRules(segments=("geo",)))
    dirty = {name: mangled(touched[name], seed + place) for place, name in enumerate(("user", "channel", "geo"))}
    log, ends = touched.assign(**dirty), bought.assign(user=mangled(bought["user"], seed + 9))
    told = Journeys.from_touchpoints(log, ends, rules=PathRules(segments=("geo",)))
    assert found(told, "alike_names") is False
    assert found(told, "alike_ids") is False
    ours = Journeys.from_touchpoints(log, ends, rules=PathRules(segments=("geo",)), cleaning=FOLD)
    assert found(ours, "alike_names")
    assert [name.strip().lower() for name in ours.channels] == [name.lower() for name in clean.channels]
    assert {name: ours.totals[name] for name in clean.totals} == pytest.approx(clean.totals)
    np.testing.assert_allclose(Linear()(ours).conversions, Linear()(clean).conversions)
    parts = [by_segment(journeys, Linear(), "geo", 2)["estimate"].to_numpy() for journeys in (ours, clean)]
    np.testing.assert_allclose(*parts)


def test_ids_that_meet_only_after_folding_are_named_even_where_none_meets(make_log):
    touched, bought = make_log(1)
    touched, bought = touched.assign(user="u" + touched["user"]), bought.assign(user="U" + bought["user"] + " ")
    with pytest.raises(
        BadInput, match=r"differ by case, blanks or how accents are written, such as 'u\d+' and 'U\d+ '.*fold_names"
    ):
        Journeys.from_touchpoints(touched, bought)
    assert found(Journeys.from_touchpoints(touched, bought, cleaning=FOLD), "alike_names")


def test_a_clean_log_is_told_to_be_clean(make_log):
    journeys = Journeys.from_touchpoints(*make_log(2))
    assert found(journeys, "alike_names")
    assert found(journeys, "alike_ids") in (True, None)


def test_ids_of_the_identity_map_fold_too():
    log = pd.DataFrame(
        {"user": ["A ", "b"], "time": pd.to_datetime(["2024-01-01", "2024-01-02"]), "channel": ["x", "y"]}
    )
    ends = pd.DataFrame({"user": [" a"], "time": pd.to_datetime(["2024-01-03"])})
    pairs = IdentityMap(pd.DataFrame({"user": ["a", "B"], "person": ["p", "p"]}))
    journeys = Journeys.from_touchpoints(log, ends, rules=PathRules(identity=pairs), cleaning=FOLD)
    assert Linear()(journeys).conversions.to_dict() == {"x": 0.5, "y": 0.5}


def test_channels_of_paths_are_told_and_folded():
    frame = pd.DataFrame({"path": ["Email > tv", "email > tv", "email", "EMAIL  > TV"], "conversions": [1, 2, 3, 4]})
    told = Journeys.from_paths(frame)
    assert found(told, "alike_names") is False
    folded = Journeys.from_paths(frame, fold_names=True)
    assert folded.channels == ("email", "tv")
    assert Linear()(folded).conversions.to_dict() == {"email": 6.5, "tv": 3.5}


@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_ids_meet_however_accents_are_written(make_log, form):
    touched, bought = make_log(1)
    touched, bought = touched.assign(user="jos\xe9" + touched["user"]), bought.assign(user="jos\xe9" + bought["user"])
    clean = Journeys.from_touchpoints(touched, bought)
    written = np.where(np.arange(len(bought)) % 3 == 0, "NFC" if form == "NFD" else "NFD", form)
    log = touched.assign(user=[unicodedata.normalize(form, user) for user in touched["user"]])
    ends = bought.assign(
        user=[unicodedata.normalize(how, user) for how, user in zip(written, bought["user"], strict=True)]
    )
    told = Journeys.from_touchpoints(log, ends)
    text = next(one.text for one in told.findings if one.name == "alike_ids" and not one.passed)
    assert r"e\u0301" in text  # what looks alike is spelt out
    folded = Journeys.from_touchpoints(log, ends, cleaning=FOLD)
    np.testing.assert_allclose(Linear()(folded).conversions, Linear()(clean).conversions)
