"""The languages: what an English text is in another one, from `locale/<language>/nostr_loyalty.po` beside this file.

English is the source: its texts are the ids of the others. A language is one file; what it does not translate is said
in English. Files are read once, when the language is first spoken; nothing here changes afterwards, so that the callers
are pure. Dates, ordinals and names of languages are those of the Unicode CLDR, which Babel brings along.

Source: the PO format of GNU gettext.
"""

import gettext
import io
from collections.abc import Mapping
from datetime import date
from functools import cache, lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Final

from babel import Locale
from babel.dates import format_date
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

SOURCE: Final = "en"
DOMAIN: Final = "nostr_loyalty"
FOLDER: Final = Path(__file__).parent / "locale"
DATES_MAX: Final = 4_096
"""Dates and ordinals kept in words."""
TEXTS_MAX: Final = 4_096
"""Messages kept with their translations; the source has some hundreds."""


@cache
def languages() -> Mapping[str, str]:
    """The languages that are spoken: their codes, with each one's name in itself. English first."""
    others = sorted(path.parent.name for path in FOLDER.glob(f"*/{DOMAIN}.po"))
    return MappingProxyType({code: Locale.parse(code).get_display_name(code) or code for code in (SOURCE, *others)})


@lru_cache(maxsize=TEXTS_MAX)
def text(language: str, message: str) -> str:
    """The message in a language; the message itself where there is no translation."""
    return _translations(language).gettext(message)


def text_of(language: str, context: str, message: str) -> str:
    """The same for a message that means different things in different contexts."""
    return _translations(language).pgettext(context, message)


def number_text(language: str, one: str, many: str, n: int) -> str:
    """The message for n of something, by the language's own rule for plurals."""
    return _translations(language).ngettext(one, many, n)


@lru_cache(maxsize=DATES_MAX)
def ordinal_form(language: str, n: int) -> str:
    """How the language says the n-th: "one", "two", "few", "many", "other" (English: 21st, 22nd, 23rd, -, 24th)."""
    form: str = _locale(language).ordinal_form(n)
    return form


@lru_cache(maxsize=DATES_MAX)
def date_text(language: str, day: date) -> str:
    """A date as it is written out: "3 March 2027", "3 de marzo de 2027"."""
    if language == SOURCE or language not in languages():
        return f"{day.day} {format_date(day, 'MMMM y', locale='en')}"
    return format_date(day, format="long", locale=_locale(language))


@cache
def weekday_text(language: str, day: int) -> str:
    """A weekday in short, 0 being Monday: "Tue", "mar"."""
    name: str = _locale(language).days["format"]["abbreviated"][day]
    return name


@cache
def words(language: str, context: str, word: str) -> tuple[str, ...]:
    """What a word of a command may be called in a language: its translations, which stand in the catalogue with commas
    between them, the first being the one to show; the word itself where it has none.
    """
    return tuple(each.strip() for each in text_of(language, context, word).split(",") if each.strip()) or (word,)


def read(path: Path) -> Catalog:
    """A catalogue's file, for the checks."""
    with path.open("rb") as file:
        return read_po(file, abort_invalid=True)


@cache
def _translations(language: str) -> gettext.NullTranslations:
    if language == SOURCE or language not in languages():
        return gettext.NullTranslations()
    compiled = io.BytesIO()
    write_mo(compiled, read(FOLDER / language / f"{DOMAIN}.po"))
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)


@cache
def _locale(language: str) -> Locale:
    return Locale.parse(language if language in languages() else SOURCE)
