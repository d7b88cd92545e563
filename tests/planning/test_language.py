"""German and Chinese beside English: every message translated, nothing of a run left in English, numbers by locale."""

from __future__ import annotations

import io
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from html import unescape
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import load_workbook
from rich.console import Console

from attribution.numbers import CHINESE, GERMAN, amount, cost, count, percent
from optimizer.planning import cli
from optimizer.planning.language import spoken
from optimizer.planning.language.catalogue import Catalogue, catalogue_of
from optimizer.planning.language.figures import is_figure, localised
from optimizer.planning.language.languages import LANGUAGES
from optimizer.planning.language.markup import messages_of_markup, translated_markup
from optimizer.planning.language.sources import messages_of
from optimizer.planning.language.template import Template
from optimizer.planning.language.translator import Translator, translator
from optimizer.planning.language.update import catalogue, compiled, messages
from optimizer.planning.outputs import figures as pictures
from optimizer.planning.outputs import report, terminal
from optimizer.planning.outputs.book import whole
from optimizer.planning.outputs.book.letters import FACES, LATIN, lines_of, unbroken, width_of
from optimizer.planning.outputs.book.whole import workbook
from optimizer.planning.outputs.deck import five
from optimizer.planning.outputs.deck.content import deck_of, text_of
from optimizer.planning.outputs.in_language import speech_of, translate_axes
from optimizer.planning.outputs.sections.contents import SECTIONS
from optimizer.planning.stages.result import Run
from optimizer.planning.stages.second_process import SecondProcess

ROOT = Path(__file__).resolve().parents[2]
CODES = list(LANGUAGES)


@pytest.fixture(scope="module")
def wanted() -> list[str]:
    return list(messages(ROOT))


@pytest.mark.parametrize("code", CODES)
def test_every_message_of_the_sources_is_translated_hole_for_hole(code: str, wanted: list[str]) -> None:
    known = {message.id: message for message in catalogue(code) if message.id}
    update = "run: python -m optimizer.planning.language.update, and translate what it names"
    assert sorted(set(wanted) - set(known)) == [], update
    assert sorted(set(known) - set(wanted)) == [], update
    assert [text for text, message in known.items() if not message.string or message.fuzzy] == [], update
    wrong = [text for text, one in known.items() if set(Template(text).holes) != set(Template(one.string).holes)]
    assert wrong == []


@pytest.mark.parametrize("code", CODES)
@pytest.mark.parametrize(
    "names", [[f"channel_{letter}" for letter in "abcdefghijklm"], [f"No {n} on air" for n in range(13)]]
)
def test_every_message_is_read_as_itself(code: str, names: list[str]) -> None:
    say = Translator(LANGUAGES[code], catalogue_of(code), names)
    for message in catalogue(code):
        if message.id and not re.search(r"\}\{\d", message.id):  # no name stands against another
            english, told = Template(message.id), Template(message.string)
            holes = {number: names[number] for number in english.holes}
            language = LANGUAGES[code]
            assert say(english.filled(holes)) == language.closed(language.filled(told.parts, holes))


@pytest.mark.parametrize(
    "english",
    [
        "Factors measured more than 182 days ago are widened: tv (224 days).",
        "Factors whose interval reaches zero or spans more than 10 times: tv, social.",
        "The plan spends more on tv than was ever spent over as many weeks, where curves are extrapolated.",
    ],
)
def test_a_first_sentence_is_known_without_the_others(english: str) -> None:
    """What could make a plan wrong is said by the first sentences of findings."""
    for code in CODES:
        say = Translator(LANGUAGES[code], catalogue_of(code), ["tv", "social"])
        assert say.lacking(english) == ()
        assert say(english).endswith((".", "。"))


@pytest.mark.parametrize("code", CODES)
def test_the_compiled_catalogue_is_the_written_one(code: str) -> None:
    path = ROOT / "optimizer" / "planning" / "language" / "catalogues" / f"{code}.mo"
    assert path.read_bytes() == compiled(code), "run: python -m optimizer.planning.language.update"


def words(page: str) -> Iterator[str]:
    """Texts between the tags of a page, outside its style and its pictures."""
    whole = page.replace("<wbr>", "")
    bare = re.sub(r"<(style|svg|code)\b.*?</\1>", "<>", whole, flags=re.DOTALL)
    yield from (unescape(text).strip() for text in re.split(r"<[^>]*>", bare) if text.strip())


@pytest.fixture(scope="module", params=CODES)
def told(request: pytest.FixtureRequest, finished: tuple[Run, Path]) -> tuple[Run, Translator]:
    """A run whose plan file asks for a language, and what speaks it."""
    run = finished[0]
    run = replace(run, config=run.config.model_copy(update={"language": request.param}))
    say = speech_of(run.config, run)
    assert say is not None
    return run, say


def test_nothing_of_the_report_stays_english(
    told: tuple[Run, Translator], finished: tuple[Run, Path], hostile: str
) -> None:
    _, say = told
    english = (finished[1] / "report.html").read_text(encoding="utf-8")
    english = re.sub(r"<code>(cac test [^<]*)</code>", r"`\1`", english)  # in a sentence of a finding
    lacking = {part: text for text in words(english) for part in say.lacking(text)}
    assert lacking == {}
    page = translated_markup(english, say, say.language.html)
    assert f'<html lang="{say.language.html}">' in page
    assert hostile not in page
    assert hostile in list(words(page))
    assert [len(re.findall(tag, page)) for tag in ("<h2", "<tr", "<figure")] == [
        len(re.findall(tag, english)) for tag in ("<h2", "<tr", "<figure")
    ]


def test_pictures_speak_the_language(told: tuple[Run, Translator], monkeypatch: pytest.MonkeyPatch) -> None:
    run, say = told
    some = [section for section in SECTIONS if section.anchor in ("moves", "diagnostics")]
    monkeypatch.setattr(pictures, "SECTIONS", some)
    drawn = pictures.figures(run, SecondProcess())()
    texts = {unescape(text) for one in drawn.values() for text in re.findall(r"<text[^>]*>([^<]+)</text>", one.svg)}
    english = {"now", "planned", "What came from where", "90 % interval", "new customers"}
    assert not texts & english
    assert {say(one) for one in english} & texts


def test_no_word_of_any_picture_stays_english(finished: tuple[Run, Path]) -> None:
    """Axes, legends and names of rows, in one language: messages are the same in all."""
    run = finished[0]
    say = speech_of(run.config.model_copy(update={"language": "de"}), run)
    assert say is not None
    strict = Strict(say)
    for figure in (figure for section in SECTIONS for figure in section.figures(run)):
        translate_axes(figure.axes, strict)
        figure.axes.get_figure(root=True).canvas.draw()
    names = {"".join(name.split()) for name in say._names}  # a long one is broken in lines
    assert {text for text in strict.unsaid.values() if "".join(text.split()) not in names} == set()


class Strict(Translator):
    """Notes what it is asked to say and cannot."""

    def __init__(self, say: Translator) -> None:
        super().__init__(say.language, catalogue_of(say.language.code), say._names)
        self.unsaid: dict[str, str] = {}

    def __call__(self, text: str) -> str:
        told = super().__call__(text)
        self.unsaid |= dict.fromkeys(self.lacking(text), text)
        return told


def test_nothing_of_the_terminal_stays_english(
    told: tuple[Run, Translator], finished: tuple[Run, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    run, say = told
    strict = Strict(say)
    monkeypatch.setattr(terminal, "speech_of", lambda *_: strict)
    spoken_ = io.StringIO()
    terminal.show(run, (finished[1] / "report.html",), Console(file=spoken_, width=400, highlight=False))
    assert strict.unsaid == {}
    assert "spend now" not in spoken_.getvalue()
    assert say("spend now") in spoken_.getvalue()


def test_nothing_of_the_workbook_stays_english_and_its_numbers_stay_numbers(
    told: tuple[Run, Translator], finished: tuple[Run, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    run, say = told
    assert run.plan is not None
    assert run.worth is not None
    strict = Strict(say)
    monkeypatch.setattr(whole, "speech_of", lambda *_: strict)
    english = load_workbook(finished[1] / "plan.xlsx")
    book = load_workbook(io.BytesIO(workbook(run, run.plan, run.worth.worth)))
    assert strict.unsaid == {}
    assert book.sheetnames == [say(title) for title in english.sheetnames]
    for before, after in zip(english.worksheets, book.worksheets, strict=True):
        for row, other in zip(before.iter_rows(), after.iter_rows(), strict=True):
            for cell, spoken_ in zip(row, other, strict=True):
                assert spoken_.data_type == cell.data_type
                assert spoken_.number_format == cell.number_format
                if cell.data_type == "n":
                    assert spoken_.value == cell.value
    fonts = {cell.font.name for sheet in book.worksheets for row in sheet.iter_rows() for cell in row if cell.value}
    assert fonts == {FACES.get(say.language.code, LATIN).font}


def test_formulas_and_charts_read_the_sheets_by_their_titles_in_the_language(
    told: tuple[Run, Translator], finished: tuple[Run, Path]
) -> None:
    run, say = told
    assert run.plan is not None
    assert run.worth is not None
    book = load_workbook(io.BytesIO(workbook(run, run.plan, run.worth.worth)))
    formulas = [str(cell.value) for sheet in book for row in sheet.iter_rows() for cell in row if cell.data_type == "f"]
    named = {title for formula in formulas for title in re.findall(r"'([^']+)'!", formula)}
    assert named == {say("Curves")}
    assert {text for formula in formulas for text in re.findall(r'"([^"]*)"', formula)} == {
        "",
        "–", say("beyond the curve"), say("more than ever spent"), say("the curve ends"),
    }  # fmt: skip
    charts, english = (
        [(sheet.title, chart) for sheet in one for chart in sheet._charts]
        for one in (book, load_workbook(finished[1] / "plan.xlsx"))
    )
    assert len(charts) == len(english) > 2
    for (title, chart), (_, other) in zip(charts, english, strict=True):
        assert chart_title(chart) == say(chart_title(other)) != chart_title(other)
        assert all((one.val or one.yVal).numRef.f.startswith(f"'{title}'!") for one in chart.ser)


def chart_title(chart: Any) -> str:
    return "".join(part.t for part in chart.title.tx.rich.p[0].r)


def test_nothing_of_the_slides_stays_english(
    told: tuple[Run, Translator], finished: tuple[Run, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    run, say = told
    assert run.plan is not None
    assert run.worth is not None
    strict = Strict(say)
    monkeypatch.setattr(five, "speech_of", lambda *_: strict)
    deck, english = (
        five.five_slides(run, run.plan, run.worth),
        deck_of((finished[1] / "slides.json").read_text("utf-8")),
    )
    assert strict.unsaid == {}
    assert deck != english
    assert deck_of(text_of(deck)) == deck
    for own, other in zip(deck.slides, english.slides, strict=True):
        assert own.title == say(other.title) != other.title
        if own.bars is not None and other.bars is not None:
            assert list(own.bars.series.values()) == list(other.bars.series.values())
            assert list(own.bars.series) == [say(name) for name in other.bars.series]
        if own.steps is not None and other.steps is not None:
            assert own.steps.values == other.steps.values


@given(st.text("ab c预算计划，", max_size=60), st.integers(2, 30))
def test_lines_are_enough_for_the_letters_and_break_between_words(text: str, width: int) -> None:
    lines = lines_of(text, width)
    assert lines >= width_of("".join(text.split())) / width
    assert lines_of(text, 1_000) == 1
    assert lines_of(text, width + 1) <= lines or unbroken(text) > width
    if not text.isascii():
        assert width_of(text) > len(text)


SMALL = Catalogue.of(
    {
        "Channel {0} spends {1}": "{1} gibt Kanal {0} aus",
        "It keeps {0}.": "Er hält {0}.",
        "{0} at least {1}": "mindestens {1} {0}",
        "It beats {0} with {1}": "Mit {1} schlägt es {0}",
        "it beats {0} with {1}": "mit {1} schlägt es {0}",
        "customers": "Kunden",
        "Spend more.": "Mehr ausgeben.",
        "say {{url: ...}}": "sagen Sie {{url: ...}}",
        "spend": "Ausgaben",
    }
)


@pytest.mark.parametrize(
    ("english", "german"),
    [
        ("Channel tv spends 1,234.5", "1.234,5 gibt Kanal tv aus"),
        ("It keeps customers at least 24,613.", "Er hält mindestens 24.613 Kunden."),
        ("Spend more. It keeps customers.", "Mehr ausgeben. Er hält Kunden."),
        ("Customers", "Kunden"),
        ("1. Spend more.", "1. Mehr ausgeben."),
        ("customers, spend and tv", "Kunden, Ausgaben und tv"),
        ("say {url: ...}", "sagen Sie {url: ...}"),
        ("  customers ", "  Kunden "),
        ("Channel Spend more. spends 2", "2 gibt Kanal Spend more. aus"),
        ("It keeps 12.3M.", "Er hält 12,3\u00a0Mio."),
        ("It beats tv with 9 %. It keeps customers.", "Mit 9\u00a0% schlägt es tv. Er hält Kunden."),
        ("It beats tv with 9 %; it beats tv with 8 %", "Mit 9\u00a0% schlägt es tv; mit 8\u00a0% schlägt es tv"),
    ],
)
def test_sentences_are_read_by_their_messages(english: str, german: str) -> None:
    say = Translator(LANGUAGES["de"], SMALL, ["tv", "Spend more."] if "2" in english[-2:] else ["tv"])
    assert say(english) == german
    assert say.lacking(english) == ()


@pytest.mark.parametrize(
    ("english", "chinese"),
    [
        ("29.0\u00a0% to 47.8\u00a0%", "29.0% 至 47.8%"),
        ("1. customers", "1. 客户"),
        ("By day. customers", "按日。客户"),
        ("Over 99\u00a0%. customers", "超过 99%。客户"),
        ("customers of yours", "您的客户"),
        ("zero or 250,000; 11 more", "零或 250,000；另外 11 项"),
        ("250,000; 11 more", "250,000；另外 11 项"),
    ],
)
def test_figures_are_cut_nowhere_and_sentences_end_as_chinese_does(english: str, chinese: str) -> None:
    messages_ = {"{0} to {1}": "{0} 至 {1}", "{0} {1} to {2}": "{0} {1} 至 {2}", "customers": "客户", "by day": "按日"}
    messages_ |= {
        "{0} or {1}": "{0} 或 {1}",
        "zero": "零",
        "{0} more": "另外 {0} 项",
        "over {0}": "超过 {0}",
        "{0} of yours": "您的{0}",
        "{0} of {1}": "{1} 的 {0}",
    }
    assert Translator(LANGUAGES["zh"], Catalogue.of(messages_))(english) == chinese


def test_what_no_message_says_is_named_and_left() -> None:
    say = Translator(LANGUAGES["de"], SMALL)
    assert say("Nobody knows 1,234 words") == "Nobody knows 1.234 words"
    assert say.lacking("Nobody knows customers")


@given(st.text(max_size=60))
def test_any_text_comes_through(text: str) -> None:
    for code in CODES:
        say = translator(code)
        assert say is not None
        assert isinstance(say(text), str)


def test_messages_are_read_off_the_syntax() -> None:
    source = '''
def told(n, name, more):
    """A docstring is none."""
    text = f"{n} week{'s' if n > 1 else ''} of {name}"
    text += " in all."
    many = "are" if more else "is"
    return text, f"There {many} {n:,} left", "plain words here", {"key": f"{name}_low"}
'''
    assert set(messages_of(source)) == {
        "{0} weeks of {1}", "{0} week of {1}", "{0} weeks of {1} in all.", "{0} week of {1} in all.", "in all.",
        "There are {0} left", "There is {0} left", "plain words here",
    }  # fmt: skip
    assert messages_of_markup('<p>Over {{ h }}</p>{% call table("Two words") %}<i title="Said {{ x }}"></i>') == [
        "Two words", "Over {0}", "Said {0}",
    ]  # fmt: skip


@given(st.floats(-9e8, 9e8))
def test_numbers_keep_their_value_in_german(value: float) -> None:
    for form in (amount, count, cost, percent):
        english = form(value)
        german = localised(english, GERMAN, "de_DE")
        back = german.replace(".", "\0").replace(",", ".").replace("\0", ",").replace("\u00a0Mio,", "M")
        assert back.replace("\u00a0", "") == english.replace("\u00a0", "")
        assert is_figure(english)


@pytest.mark.parametrize(
    ("english", "german", "chinese"),
    [
        ("12,345,678", "12.345.678", "12,345,678"),
        ("12.3M", "12,3\u00a0Mio.", "1,230万"),
        ("2.5bn", "2,5\u00a0Mrd.", "25亿"),
        ("50k", "50\u00a0Tsd.", "5万"),
        ("−0.4 %", "−0,4\u00a0%", "−0.4%"),
        ("2026-01-05", "05.01.2026", "2026年1月5日"),
        ("28 September 2026", "28. September 2026", "2026年9月28日"),
        ("October 2024", "Oktober 2024", "2024年10月"),
        ("numpy 2.4.6, file-1.5.csv, v0.1.0", "numpy 2.4.6, file-1.5.csv, v0.1.0", "numpy 2.4.6, file-1.5.csv, v0.1.0"),
        ("2026-13-45", "2026-13-45", "2026-13-45"),
        ("28 Sep", "28.9.", "9/28"),
        ("Mar", "Mär", "3月"),
        ("31 Feb", "31 Feb", "31 Feb"),
        ("runs/2026-01-05-x", "runs/2026-01-05-x", "runs/2026-01-05-x"),
    ],
)
def test_numbers_and_dates_take_the_marks_of_the_language(english: str, german: str, chinese: str) -> None:
    assert localised(english, GERMAN, "de_DE") == german
    assert localised(english, CHINESE, "zh_Hans_CN") == chinese


def test_the_command_line_speaks_the_language_of_the_plan_file(starter: Path) -> None:
    text = starter.read_text(encoding="utf-8")
    starter.write_text(text.replace("name:", "language: de\nname:", 1), encoding="utf-8")
    assert spoken.language_beside(["plan", str(starter)]) == "de"
    starter.write_text(text.replace("name:", "language: xx\nname:", 1), encoding="utf-8")
    assert spoken.language_beside(["plan", str(starter)]) == "en"
    missing = str(starter.parent / "no.yaml")
    code = "from optimizer.planning.cli import main; main()"
    for words in (["--language", "de", "check", missing], ["check", missing, "--language", "de"]):
        assert cli._language_first(words) == ["--language", "de", "check", missing]
    done = subprocess.run(
        [sys.executable, "-c", code, "check", missing, "--language=de"], capture_output=True, text=True
    )
    assert done.returncode == 2
    assert "diese Datei gibt es nicht" in done.stderr


def test_english_loads_no_catalogue() -> None:
    code = (
        "import sys\nfrom optimizer.planning.language.spoken import said, speak\n"
        "speak('en'); assert said('more than 2') == 'more than 2'\n"
        "assert not {'babel', 'optimizer.planning.language.translator', 'optimizer.planning.language.catalogue'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_number_of_things_is_a_sentence_for_one_and_one_for_several() -> None:
    source = "def f(n, day):\n    return f\"{counted(n, 'row is', 'rows are')} missing, first on {day}.\"\n"
    assert messages_of(source) == ["{0} row is missing, first on {1}.", "{0} rows are missing, first on {1}."]
    alone = "def f(n):\n    return counted(len(n), 'order stands in several files', 'orders stand in several files')\n"
    assert messages_of(alone) == ["{0} order stands in several files", "{0} orders stand in several files"]
    say = translator("de")
    assert say is not None
    assert say("Budget plan for 1 week from 05 January 2026 to 11 January 2026, in EUR.").startswith(
        "Budgetplan für 1 Woche vom"
    )


def test_a_plan_of_one_week_says_no_weeks(finished: tuple[Run, Path]) -> None:
    run = finished[0]
    assert run.config.plan is not None
    section = run.config.plan.model_copy(update={"weeks": 1})
    short = replace(run, config=run.config.model_copy(update={"plan": section}))
    page = report.render(short, {})
    told = io.StringIO()
    terminal.show(short, (finished[1] / "report.html",), Console(file=told, width=400, highlight=False))
    for text in (page, told.getvalue()):
        assert re.search(r"(?<![\d.,])1 week\b", text)
        assert (
            re.search(r"(?<![\d.,])1 (weeks|channels|tests|scenarios|markets|rows|days|months|checks)\b", text) is None
        )


def test_no_message_is_read_into_a_date() -> None:
    months = [f"{month} {year}" for month in ("Jan", "May", "Sep", "September") for year in (2025, 2026)]
    zh, de = translator("zh"), translator("de")
    assert zh is not None
    assert de is not None
    for one, other in product(months, months):
        told = zh(f"{one} to {other}")
        assert re.fullmatch(r"202[56]年[159]月至 ?202[56]年[159]月", told), told
    assert zh("29 Sep 2025 to 27 Sep 2026") == "2025年9月29日至 2026年9月27日"
    assert de("29 Sep 2025 to 27 Sep 2026") == "29.09.2025 bis 27.09.2026"


def test_chinese_sets_a_word_apart_and_lists_by_its_own_mark() -> None:
    """A channel's name beside signs of a message; figures and dates in a list; a unit behind brackets."""
    say = translator("zh", ["tv", "brand_search", "电视"])
    assert say is not None
    assert say("brand_search at most 98,629") == "brand_search 至多 98,629"
    assert say("电视 at most 98,629") == "电视至多 98,629"
    assert say("customers at least 5") == "客户至少 5"
    assert say("2025-04-07, 2025-12-08, 2026-02-16") == "2025年4月7日、2025年12月8日、2026年2月16日"
    assert say("118 EUR (113 to 119) EUR") == "118 EUR（113 至 119）EUR"


def test_chinese_has_no_blank_before_a_per_cent_sign() -> None:
    """In the translations themselves as in the figures that fill them."""
    assert [one.string for one in catalogue("zh") if one.id and re.search(r"\d %", str(one.string))] == []
