"""A message's text is read as a command or a question; never guessed (protocol §10). Pure.

`read` gives what was asked with people as they were named; when the names are known, `settle` makes of it the value
that the desks take. A text that is no command gives the nearest verb, or the usage of the verb and what was unclear.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from nostr_loyalty.commands.arguments import Arguments
from nostr_loyalty.commands.command import VERBS as COMMANDS
from nostr_loyalty.commands.command import Command
from nostr_loyalty.commands.questions import QUESTION_VERBS, Key, Question, Who
from nostr_loyalty.commands.readers import CLAIM_LINK, READERS
from nostr_loyalty.commands.usage import USAGES
from nostr_loyalty.commands.vocabulary import nearest, verb_at
from nostr_loyalty.commands.words import Unclear, Word, cleaned, holds_secret, words_of

TEXT_MAX: Final = 4_000
"""Characters of a message; longer ones are not read."""
SLUG_LAST: Final = frozenset({
    "use", "cancel", "undo", "claim", "balance", "history", "rewards", "report", "help", "proof", "share", "notify",
    "badge", "language", "forget me", "pause", "resume", "confirm",
})  # fmt: skip
"""Verbs behind which nothing free is written: the program's name may stand last, too."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What a message asks. `slug` is its first word, where that is a program's; `verb` is one of commands.command.VERBS
    or commands.questions.QUESTION_VERBS; `fields` are what that value has but for people, who are in `whos` by field.
    """

    slug: str | None
    verb: str
    fields: Mapping[str, Any] = field(default_factory=dict)
    whos: Mapping[str, Who] = field(default_factory=dict)

    @property
    def kind(self) -> type[Command] | type[Question]:
        """The value's class."""
        return COMMANDS.get(self.verb) or QUESTION_VERBS[self.verb]

    @property
    def unknown(self) -> tuple[Who, ...]:
        """Whom somebody has to look up before it can be settled; each once."""
        return tuple(dict.fromkeys(who for who in self.whos.values() if not isinstance(who, Key)))


@dataclass(frozen=True, slots=True)
class Misread:
    """A text that is no command. `nearest`: the verb that was perhaps meant, as it is written. `verb`: the verb whose
    arguments are wrong, and `usage` how it is written, in English; `fault` and `what`: as words.FAULTS has it.
    """

    slug: str | None = None
    nearest: str | None = None
    verb: str | None = None
    usage: str | None = None
    fault: str | None = None
    what: str = ""


@dataclass(frozen=True, slots=True)
class Unresolved:
    """People that nobody knows: a name without a key, an order without a customer."""

    whos: tuple[Who, ...]


def read(text: str, *, slugs: Sequence[str], language: str) -> Asked | Misread:
    """What a message asks; never raises. `slugs`: the programs that it may be about; `language`: the reader's."""
    if len(text) > TEXT_MAX:
        return Misread(fault="too-long")
    if holds_secret(text):
        return Misread(fault="secret-key")
    text = cleaned(text)
    words = words_of(text)
    slug, behind = _slug(words, slugs, language)
    found = verb_at(behind, language)
    if found is None and behind and CLAIM_LINK.match(behind[0].text):
        found = "claim", 0
    if found is None:
        return Misread(slug=slug, nearest=nearest(behind, language))
    verb, length = found
    left = behind[length:]
    if slug is None and verb in SLUG_LAST and left and not left[-1].quoted and left[-1].text.casefold() in slugs:
        slug, left = left[-1].text.casefold(), left[:-1]
    given = Arguments(text, left)
    try:
        named, fields, whos = READERS[verb](given)
        given.end()
    except Unclear as unclear:
        return Misread(slug=slug, verb=verb, usage=USAGES[verb].line, fault=unclear.fault, what=unclear.what)
    return Asked(slug, named, fields, whos)


def settle(asked: Asked, keys: Mapping[Who, str | None]) -> Command | Question | Unresolved:
    """The value that was asked for, with the public key (hex) of everybody in it; `keys` has those of asked.unknown."""
    known: dict[str, Any] = {
        name: who.pubkey if isinstance(who, Key) else keys.get(who) for name, who in asked.whos.items()
    }
    missing = tuple(dict.fromkeys(asked.whos[name] for name, key in known.items() if key is None))
    return Unresolved(missing) if missing else asked.kind(**asked.fields, **known)


def _slug(words: Sequence[Word], slugs: Sequence[str], language: str) -> tuple[str | None, Sequence[Word]]:
    """The program that the first word names, and the words behind it. A program called as a verb is named by it only
    where another verb follows.
    """
    first = words[0].text.casefold() if words else ""
    if first not in slugs or (verb_at(words, language) is not None and verb_at(words[1:], language) is None):
        return None, words
    return first, words[1:]
