"""The words of a message, and what single ones mean: somebody, a number of points, an amount, an entry. Pure.

Nothing is guessed: a word that could mean two things ("1,000 points", "5,50 EUR") is unclear, and the answer says how
it is written.
"""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from kinds import keys, nip05
from ledger.errors import AmountInvalid
from ledger.units import Money, parse_money
from nostr_loyalty.commands.command import POINTS_MAX
from nostr_loyalty.commands.questions import Key, Named

FAULTS: Final[Mapping[str, str]] = {
    "too-long": "This is too long.",
    "word-missing": "Something is missing.",
    "word-extra": "There is a word too many: {what}",
    "word-unclear": "This is not understood: {what}",
    "who-unclear": "This names nobody: {what}. Write an npub, an nprofile, 64 hex digits, a name such as"
    " bob@example.com, or the word order with the id of an order.",
    "name-unclear": "No key can be found under the name {what}; give an npub.",
    "secret-key": "This is a secret key (nsec). Never send it to anybody: whoever holds it is you. Use a new key, and"
    " ask the venue to move your points to it.",
    "points-unclear": "This is no number of points: {what}. Write digits only, without dots or commas.",
    "amount-unclear": "This is no amount: {what}. Write it like 8.50 EUR or 500 sat.",
    "entry-unclear": "This names no entry: {what}. Write its nevent, its note or 64 hex digits.",
    "code-unclear": "This is no code: {what}",
    "claim-unclear": "This cannot be attested: {what}. What can be: tier and its name, points or visits and a number"
    " (and a window such as 90d), member.",
    "language-unknown": "This language is not spoken here: {what}",
}
"""Why a message was not understood; `what` is the word that it is about, never a secret."""

WHAT_MAX: Final = 40
WORD_MAX: Final = 128

_QUOTES: Final = str.maketrans(dict.fromkeys("“”„‟«»‹›", '"') | dict.fromkeys("‘’‚‛`´", "'"))
_WORD: Final = re.compile(r'"([^"]*)"(?=[\s.,;:!?…)]|$)|(\S+)')
_EDGE: Final = "\"'.,;:!?¿¡…()/"
_DIGITS: Final = re.compile(r"\+?([0-9]{1,13})", re.ASCII)
_AMOUNT: Final = re.compile(r"([0-9.]+)([A-Za-z]+)", re.ASCII)
_HEX64: Final = re.compile(r"[0-9A-Fa-f]{64}", re.ASCII)
_ENTITY: Final = re.compile(r"(?:nostr:)?((npub|nprofile|nsec|ncryptsec|note|nevent)1[0-9a-z]*)", re.ASCII)
_SECRETS: Final = frozenset({"nsec", "ncryptsec"})
_SECRET: Final = re.compile(r"(?:nsec|ncryptsec)1[0-9a-z]{20}", re.ASCII)
_PEOPLE: Final = frozenset({"npub", "nprofile"})


class Unclear(Exception):
    """A word that is not understood: `fault` is a key of FAULTS, `what` the word (cut; no secret)."""

    def __init__(self, fault: str, what: str = "") -> None:
        assert fault in FAULTS, fault
        super().__init__(fault)
        self.fault = fault
        self.what = what if len(what) <= WHAT_MAX else f"{what[: WHAT_MAX - 1]}…"


class Word(NamedTuple):
    """A word without the punctuation around it; what stands in quotes is one word, as it is, and no word of a command.

    `start` is where it begins in the message, quotes included.
    """

    text: str
    start: int
    quoted: bool = False

    @property
    def folded(self) -> str:
        """For comparing; nothing where it was quoted."""
        return "" if self.quoted else fold(self.text)


def fold(text: str) -> str:
    """A text for comparing: without case, accents, punctuation around it and extra blanks."""
    bare = "".join(each for each in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(each))
    return " ".join(bare.translate(_QUOTES).split()).strip(_EDGE + " ")


def cleaned(text: str) -> str:
    """The text without what no message should hold: control characters but for line breaks, halves of characters."""
    return "".join(
        each if each == "\n" or unicodedata.category(each) not in ("Cc", "Cs") else " " for each in text
    ).strip()


def words_of(text: str) -> list[Word]:
    """The words of a message, left to right; marks that stand alone are none."""
    found = []
    for match in _WORD.finditer(text.translate(_QUOTES)):
        if match[1] is not None:
            word = Word(text[match.start(1) : match.end(1)].strip(), match.start(), quoted=True)
        else:
            word = Word(text[match.start() : match.end()].translate(_QUOTES).strip(_EDGE), match.start())
        if word.text:
            found.append(word)
    return found


def unquoted(text: str) -> str:
    """A text without the blanks and the pair of quotes around it."""
    text = text.strip()
    plain = text.translate(_QUOTES)
    if len(text) >= 2 and plain[0] == plain[-1] and plain[0] in "\"'":
        return text[1:-1].strip()
    return text


def looks_like_somebody(word: Word) -> bool:
    """Whether the word can only be meant as somebody, be it written rightly or not."""
    kind = _entity(word.text)[1]
    return kind in _PEOPLE | _SECRETS or _HEX64.fullmatch(word.text) is not None or "@" in word.text[1:-1]


def looks_like_entry(word: Word) -> bool:
    """Whether the word can be meant as an entry."""
    return _entity(word.text)[1] in ("note", "nevent") or _HEX64.fullmatch(word.text) is not None


def holds_secret(text: str) -> bool:
    """Whether a secret key stands somewhere in the text."""
    return _SECRET.search(text.casefold()) is not None


def is_number(word: Word) -> bool:
    """Whether the word is digits only (a sign "+" before them or not)."""
    return _DIGITS.fullmatch(word.text) is not None


def somebody(word: Word) -> Key | Named:
    """Whom a word names. Raises Unclear."""
    entity, kind = _entity(word.text)
    if kind in _SECRETS:
        raise Unclear("secret-key")
    name = word.text.casefold()
    if nip05.is_name(name):
        return Named(name)
    try:
        return Key(keys.read_public_key(entity if kind in _PEOPLE else name))
    except ValueError:
        fault = "name-unclear" if kind is None and "@" in name[1:-1] else "who-unclear"
        raise Unclear(fault, word.text) from None


def entry(word: Word) -> str:
    """The id (hex) of the entry that a word names. Raises Unclear."""
    entity, kind = _entity(word.text)
    try:
        if kind == "nevent":
            return keys.nevent_decode(entity).id
        if kind == "note":
            payload = keys.bech32_decode("note", entity)
            if len(payload) == 32:
                return payload.hex()
    except ValueError:
        raise Unclear("entry-unclear", word.text) from None
    if _HEX64.fullmatch(word.text):
        return word.text.lower()
    raise Unclear("entry-unclear", word.text)


def points(word: Word) -> int:
    """A number of points. Raises Unclear for anything but digits, and for more than a command may move."""
    match = _DIGITS.fullmatch(word.text)
    if match is None or int(match[1]) > POINTS_MAX:
        raise Unclear("points-unclear", word.text)
    return int(match[1])


def amount(given: Sequence[Word]) -> Money:
    """An amount of money in one word or two: "5EUR", "8.50 eur", "500 sats". Raises Unclear."""
    said = " ".join(word.text for word in given)
    match = _AMOUNT.fullmatch(said.replace(" ", "", 1)) if 1 <= len(given) <= 2 else None
    if match is None:
        raise Unclear("amount-unclear", said)
    unit = match[2].lower().removesuffix("s")
    try:
        return parse_money(match[1], unit if unit in ("sat", "msat") else match[2].upper())
    except AmountInvalid:
        raise Unclear("amount-unclear", said) from None


def _entity(text: str) -> tuple[str, str | None]:
    """A NIP-19 text in lower case and without "nostr:", and its kind; None for anything else."""
    match = _ENTITY.fullmatch(text.casefold().removeprefix("@"))
    return (text, None) if match is None else (match[1], match[2])
