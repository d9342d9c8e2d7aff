"""What the commands are called: in English, and in every language of the catalogue, whoever writes to whom.

Where one word means two things, English goes first, then the reader's language, then the others by their codes.
"""

import difflib
from collections.abc import Mapping, Sequence
from functools import cache
from types import MappingProxyType
from typing import Final

from nostr_loyalty import catalogue
from nostr_loyalty.commands.words import Word, fold

VERBS: Final = (
    "grant", "revoke", "refund", "redeem", "use", "cancel", "freeze", "unfreeze", "relink", "undo", "release", "drop",
    "claim", "feedback", "refer", "balance", "history", "rewards", "report", "help", "proof", "prove", "share",
    "notify", "badge", "language", "forget me", "pause", "resume", "confirm",
)  # fmt: skip
"""The grammar's verbs: as the commands', but that `revoke` is one verb, for points and for an entry."""

WORDS: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType({
    "order": (), "to": ("for",), "yes": (), "on": ("yes",), "off": ("no", "none"), "important": (), "all": (),
    "public": (), "private": (), "today": ("day",), "week": (), "month": (), "tier": (), "points": ("point",),
    "visits": ("visit",), "member": (),
})  # fmt: skip
"""The other words that commands have, and what else they may be called in English."""

VERB: Final = "verb"
WORD: Final = "word"
"""The contexts of both in the catalogue."""
VERB_WORDS_MAX: Final = 3
_LIKE: Final = 0.7
"""How like a verb a word must be to be taken for a slip of the pen; 1 is the same."""
_LONG: Final = 40
"""Characters; what is longer is no slip of the pen."""


def verb_at(words: Sequence[Word], language: str) -> tuple[str, int] | None:
    """The verb that a message begins with, and how many of its words that takes; None: it begins with none."""
    phrases = _phrases(language)
    for length in range(min(VERB_WORDS_MAX, len(words)), 0, -1):
        verb = phrases.get(_said(words[:length]))
        if verb is not None:
            return verb, length
    return None


def nearest(words: Sequence[Word], language: str) -> str | None:
    """The verb, in the form that is most like what the message begins with; None where none is like it."""
    phrases = _phrases(language)
    best: tuple[float, str] | None = None
    for length in range(1, min(VERB_WORDS_MAX, len(words)) + 1):
        said = _said(words[:length])
        for found in difflib.get_close_matches(said, phrases, n=1, cutoff=_LIKE) if len(said) <= _LONG else ():
            likeness = difflib.SequenceMatcher(None, said, found).ratio()
            if best is None or likeness > best[0]:
                best = likeness, found
    return None if best is None else _shown(language)[best[1]]


def means(word: Word, meaning: str) -> bool:
    """Whether a word is the command's word `meaning`, in any language."""
    return word.folded in _forms(meaning)


def meaning_of(word: Word, meanings: Sequence[str]) -> str | None:
    """Which of these meanings a word has; the first that fits."""
    return next((meaning for meaning in meanings if means(word, meaning)), None)


def _said(words: Sequence[Word]) -> str:
    return " ".join(word.folded for word in words)


@cache
def _phrases(language: str) -> Mapping[str, str]:
    """Every folded form of every verb, to the verb; what stands first in it goes first."""
    phrases = {verb: verb for verb in VERBS}
    for each in dict.fromkeys((language, *catalogue.languages())):
        for verb in VERBS:
            for form in catalogue.words(each, VERB, verb):
                phrases.setdefault(fold(form), verb)
    return MappingProxyType(phrases)


@cache
def _shown(language: str) -> Mapping[str, str]:
    """Every folded form of a verb, to that form as it is written."""
    forms = [form for each in (language, *catalogue.languages()) for verb in VERBS
             for form in (verb, *catalogue.words(each, VERB, verb))]  # fmt: skip
    return MappingProxyType({fold(form): form for form in reversed(forms)})


@cache
def _forms(meaning: str) -> frozenset[str]:
    """Every folded form of a command's word."""
    translated = {form for each in catalogue.languages() for form in catalogue.words(each, WORD, meaning)}
    return frozenset(map(fold, {meaning, *WORDS[meaning], *translated}))
