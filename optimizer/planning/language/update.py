"""Brings the catalogues to the messages of the sources: ``python -m optimizer.planning.language.update``."""

from __future__ import annotations

import re
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

from optimizer.planning.language.comments import messages_of_plan
from optimizer.planning.language.languages import LANGUAGES
from optimizer.planning.language.markup import messages_of_markup
from optimizer.planning.language.sources import messages_of, sources
from optimizer.planning.language.wording import in_words_of_the_file
from optimizer.planning.language.words import WORDS

if TYPE_CHECKING:
    from babel.messages.catalog import Catalog

__all__ = ["catalogue", "compiled", "messages", "updated"]

# private signs stand for holes while a message is reworded
_HOLE, _SIGN, _HELD = (
    re.compile(r"\{(\d+)\}"),
    re.compile("[\ue000-\uf8ff]"),
    0xE000,
)
_HERE = Path(__file__).parent
_FOLDER = _HERE / "catalogues"


def messages(root: Path) -> dict[str, str]:
    """Every message of the project, and the first file that has it.

    Parameters
    ----------
    root
        The folder of the three packages.
    """
    found: dict[str, str] = {}
    for path in sources(root):
        for text in messages_of(path.read_text(encoding="utf-8")):
            found.setdefault(text, path.relative_to(root).as_posix())
    for path in sorted((root / "optimizer" / "planning" / "outputs").rglob("*.html")):
        for text in messages_of_markup(path.read_text(encoding="utf-8")):
            found.setdefault(text, path.relative_to(root).as_posix())
    starter = root / "optimizer" / "planning" / "starter.yaml"
    for text in messages_of_plan(starter.read_text(encoding="utf-8")):
        found.setdefault(text, starter.relative_to(root).as_posix())
    for text in WORDS:
        found.setdefault(text, "optimizer/planning/language/words.py")
    return found


def catalogue(code: str) -> Catalog:
    """The catalogue of a language as its file has it."""
    from babel.messages.pofile import read_po

    with (_FOLDER / f"{code}.po").open("rb") as file:
        return read_po(file, locale=LANGUAGES[code].babel, abort_invalid=True)


def updated(code: str, wanted: dict[str, str]) -> bytes:
    """The text of a catalogue with the messages wanted, those that are known translated."""
    from babel.messages.catalog import Catalog
    from babel.messages.pofile import write_po

    known = {message.id: message.string for message in catalogue(code) if message.id}
    fresh = Catalog(locale=LANGUAGES[code].babel, project="blended-cac", charset="utf-8", fuzzy=False)
    fresh.mime_headers = [(name, text) for name, text in fresh.mime_headers if "Date" not in name]
    for text, file in sorted(wanted.items(), key=lambda one: (one[1], one[0])):
        fresh.add(text, known.get(text, ""), locations=[(file, 1)])
    written = BytesIO()
    write_po(written, fresh, width=0, omit_header=False, include_lineno=False, sort_output=False)
    return written.getvalue()


def compiled(code: str) -> bytes:
    """The catalogue of a language as it is loaded: messages that name Python as a run by a plan file says them, too."""
    from babel.messages.mofile import write_mo

    whole = catalogue(code)
    for message in [one for one in whole if one.id and one.string]:
        said = _in_words_of_the_file(str(message.id))
        if said != message.id and said not in whole:
            whole.add(said, _in_words_of_the_file(str(message.string)))
    written = BytesIO()
    write_mo(written, whole)
    return written.getvalue()


def _in_words_of_the_file(message: str) -> str:
    """A message in words of the plan file; its holes stay."""
    held = _HOLE.sub(lambda hole: chr(_HELD + int(hole[1])), message).replace("{{", "{").replace("}}", "}")
    said = in_words_of_the_file(held).replace("{", "{{").replace("}", "}}")
    return _SIGN.sub(lambda sign: f"{{{ord(sign[0]) - _HELD}}}", said)


def main() -> None:
    """Write all catalogues, and say what each lacks."""
    wanted = messages(_HERE.parents[2])
    for code in LANGUAGES:
        (_FOLDER / f"{code}.po").write_bytes(updated(code, wanted))
        (_FOLDER / f"{code}.mo").write_bytes(compiled(code))
        lacking = [message.id for message in catalogue(code) if message.id and not message.string]
        print(f"{code}: {len(wanted)} messages, {len(lacking)} without a translation")  # noqa: T201


if __name__ == "__main__":
    main()
