"""Lists, clauses, money and names of the user in another language: no message is read across what it does not hold."""

from __future__ import annotations

import re
from itertools import product
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ruamel.yaml import YAML

from attribution.numbers import seconds
from optimizer.planning import cli
from optimizer.planning.language.catalogue import Catalogue, catalogue_of
from optimizer.planning.language.figures import localised
from optimizer.planning.language.languages import LANGUAGES
from optimizer.planning.language.translator import Translator, translator

CODES = list(LANGUAGES)
RUN = Path(cli.__file__).with_name("run.py").read_text(encoding="utf-8")
STAGES = sorted({name.lower() for name in re.findall(r'progress\.stage\("([^"]+)"\)', RUN)})
TAKEN = st.tuples(st.sampled_from(STAGES), st.floats(0, 5_000))


@pytest.mark.parametrize("code", CODES)
@given(st.lists(TAKEN, min_size=2, max_size=9, unique_by=lambda one: one[0]))
def test_a_list_of_figures_is_said_item_by_item(code: str, taken: list[tuple[str, float]]) -> None:
    say = Translator(LANGUAGES[code], catalogue_of(code), ["tv"])
    english = ", ".join(f"{name} {seconds(time)}" for name, time in taken)
    said = re.split("[,，、] ?(?=[^0-9])", say(english))
    language = LANGUAGES[code]
    figures = [localised(seconds(time), language.locale, language.babel) for _, time in taken]
    assert said == [f"{language.closed(say(name))} {figure}" for (name, _), figure in zip(taken, figures, strict=True)]
    assert say.lacking(english) == ()


STOLEN = Catalogue.of(
    {
        "{0} {1}; without {2} {3}": "ohne {2} Wochen {3}, {0} {1}",
        "what changed": "was neu ist",
        "without ones": "ohne sie",
        "ones": "sie",
    }
)


@pytest.mark.parametrize("unit", ["s", "EUR", "USD"])
def test_no_hole_cuts_a_number_from_its_unit(unit: str) -> None:
    say = Translator(LANGUAGES["de"], STOLEN, ["tv"])
    assert say(f"what changed 3 {unit}; without ones 0.3 {unit}") == f"was neu ist 3 {unit}; ohne sie 0,3 {unit}"
    assert say("tv 3; without 4 5") == "ohne 4 Wochen 5, tv 3"


CLAUSES = product(["", " in 3 markets"], ["", ", one more under a neutral belief"], [False, True])


@pytest.mark.parametrize("code", CODES)
@pytest.mark.parametrize(("markets", "neutral", "beside"), list(CLAUSES))
def test_clauses_that_may_be_missing_are_said_in_any_company(
    code: str, markets: str, neutral: str, beside: bool
) -> None:
    others = f"{',' * bool(neutral)} and the fits of other readings of the same weeks" * beside
    english = f"Mix model: 4 chains of 1,000 draws on 156 periods{markets}{neutral}{others}."
    say = translator(code, ["tv"])
    assert say is not None
    assert say.lacking(english) == ()
    assert say(english).count("156") == 1


@pytest.mark.parametrize(
    ("outcome", "german", "chinese"),
    [
        ("EUR of revenue", "EUR Umsatz", "EUR 收入"),
        ("USD of margin", "USD Marge", "USD 毛利"),
        ("CHF of nice things", "CHF of nice things", "CHF of nice things"),
    ],
)
def test_money_is_called_as_a_language_calls_it(outcome: str, german: str, chinese: str) -> None:
    for code, wanted in (("de", german), ("zh", chinese)):
        say = translator(code, [outcome])
        assert say is not None
        assert say(outcome) == wanted
        for sentence in (f"1,200 {outcome}", f"{outcome} at least 5", f"What brought {outcome}"):
            assert wanted in say(sentence)
            unnamed = translator(code)
            assert unnamed is not None
            assert wanted in unnamed(sentence) or outcome.startswith("CHF")


@pytest.mark.parametrize("cell", ["01.2024", "1,234.50", "2024-01-31", "70.906"])
def test_cells_are_shown_as_the_table_has_them(cell: str) -> None:
    say = translator("de")
    assert say is not None
    assert f"'{cell}', '{cell}'" in say(f"Rechnungen.csv, column 'Monat', row 2: is no date: '{cell}', '{cell}'.")


@pytest.mark.parametrize("code", CODES)
@pytest.mark.parametrize("weeks", ["13 weeks", "1 week", "26 weeks"])
def test_present_spend_is_that_of_so_many_weeks(code: str, weeks: str) -> None:
    say = translator(code)
    assert say is not None
    for more in ("", ", scaled to 13"):
        sentence = f"Spend now is that of the last {weeks}{more}."
        assert say.lacking(sentence) == ()
        assert say(weeks) in say(sentence)


@pytest.mark.parametrize("code", CODES)
def test_a_check_leaves_the_names_of_the_user(
    code: str, starter: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    names = ["1. customers down 5 % in a slow market", "2. No budget", "3. more spend than today"]
    plan, yaml = starter, YAML()
    content = yaml.load(plan)
    content |= {"language": code, "name": "The plan of spend", "outcome": "EUR of revenue"}
    content["scenarios"] = [{"name": name, "budget": "-5%"} for name in names]
    with plan.open("w", encoding="utf-8") as file:
        yaml.dump(content, file)
    monkeypatch.setattr("sys.argv", ["cac", "check", str(plan)])
    monkeypatch.setenv("COLUMNS", "400")
    monkeypatch.setattr("optimizer.planning.language.spoken._speech", [])  # other tests hear English
    with pytest.raises(SystemExit) as left:
        cli.main()
    assert left.value.code in (0, None)
    told = capsys.readouterr().out
    for name in ("The plan of spend", *names):
        assert name in told
    assert "of revenue" not in told
    assert "one more" not in told
