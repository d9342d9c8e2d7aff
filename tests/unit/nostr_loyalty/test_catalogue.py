"""The languages: every text is translated, none is left over, and values are put into translations as into texts."""

import string
from collections import Counter
from datetime import date

import pytest

from nostr_loyalty import catalogue
from nostr_loyalty.commands.vocabulary import VERB, VERBS, WORD, WORDS
from nostr_loyalty.commands.words import fold
from tests import messages

OTHERS = [language for language in catalogue.languages() if language != catalogue.SOURCE]


def fields(text: str) -> set[str]:
    """The names of the values that are put into a text."""
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


def test_there_are_languages_to_look_at() -> None:
    """English is the source, Spanish a translation, each with its own name."""
    assert next(iter(catalogue.languages().items())) == ("en", "English")
    assert catalogue.languages()["es"] == "español"


@pytest.mark.parametrize("language", OTHERS)
def test_a_languages_file_has_every_text_and_no_other(language: str) -> None:
    """The file has all texts of the source, and none that is no longer said; `python -m tests.messages` mends it."""
    said = {(one.context, one.id, one.plural) for one in messages.messages()}
    has = {
        (one.context, one.id, None) if isinstance(one.id, str) else (one.context, *one.id)
        for one in catalogue.read(messages.path_of(language))
        if one.id
    }
    assert sorted(map(str, said - has)) == []
    assert sorted(map(str, has - said)) == []


@pytest.mark.parametrize("language", OTHERS)
def test_every_text_is_translated(language: str) -> None:
    """No translation is empty, in no plural form, and none is marked as doubtful."""
    found = catalogue.read(messages.path_of(language))
    forms = [(one, one.string if isinstance(one.string, tuple) else (one.string,)) for one in found if one.id]
    assert [one.id for one, said in forms if one.fuzzy or not all(said)] == []
    assert [one.id for one, said in forms if one.pluralizable and len(said) != found.num_plurals] == []
    assert forms


@pytest.mark.parametrize("language", OTHERS)
def test_values_are_put_into_translations(language: str) -> None:
    """A translation names the values of its text, each of them; only a plural form may do without the number."""
    for one in catalogue.read(messages.path_of(language)):
        if isinstance(one.id, str):
            assert fields(str(one.string)) == fields(one.id), one.id
        else:
            for form in one.string:
                assert fields(form) | {"n"} == fields(one.id[1]) | {"n"}, one.id


@pytest.mark.parametrize("language", OTHERS)
def test_commands_have_words_that_nothing_else_has(language: str) -> None:
    """No word of a language is two verbs, and none is another verb in English."""
    forms = Counter(fold(form) for verb in VERBS for form in {*catalogue.words(language, VERB, verb)})
    assert [form for form, times in forms.items() if times > 1] == []
    for verb in VERBS:
        assert not {fold(form) for form in catalogue.words(language, VERB, verb)} & ({*VERBS} - {verb})
    choices = ({"public", "private"}, {"off", "important", "all"}, {"on", "off"}, {"today", "week", "month"},
               {"tier", "points", "visits", "member"})  # fmt: skip
    assert set().union(*choices) | {"order", "to", "yes"} == set(WORDS)
    for choice in choices:
        said = Counter(fold(form) for word in choice for form in catalogue.words(language, WORD, word))
        assert max(said.values()) == 1


def test_dates_are_written_out() -> None:
    """A date is in the language's own words and order."""
    day = date(2027, 3, 3)
    assert catalogue.date_text("en", day) == "3 March 2027"
    assert catalogue.date_text("es", day) == "3 de marzo de 2027"
    assert catalogue.date_text("de", day) == "3 March 2027"


def test_numbers_have_their_forms() -> None:
    """Plurals and ordinals follow each language's rule."""
    said = {n: catalogue.number_text("es", "{n} order", "{n} orders", n) for n in (0, 1, 2)}
    assert said == {0: "{n} pedidos", 1: "{n} pedido", 2: "{n} pedidos"}
    forms = [catalogue.ordinal_form("en", n) for n in (1, 2, 3, 4, 11, 12, 13, 21, 22, 23, 111)]
    assert forms == ["one", "two", "few", *["other"] * 4, "one", "two", "few", "other"]
    assert {catalogue.ordinal_form("es", n) for n in range(1, 120)} == {"other"}


def test_a_language_that_is_not_there_is_english() -> None:
    """A language without a file, and a text without a translation, are said in English."""
    assert catalogue.text("xx", "Something is missing.") == "Something is missing."
    assert catalogue.text("../../etc", "Something is missing.") == "Something is missing."
    assert catalogue.text("es", "Nobody has said this.") == "Nobody has said this."
    assert catalogue.words("xx", VERB, "balance") == ("balance",)
