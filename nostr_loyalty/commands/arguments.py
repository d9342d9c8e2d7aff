"""The words behind a verb, taken one after another. Pure.

`Unclear` says which word could not be taken as what it had to be.
"""

from collections.abc import Sequence

from ledger.units import Money
from nostr_loyalty.commands import words as reading
from nostr_loyalty.commands.questions import GuestOf, Who
from nostr_loyalty.commands.vocabulary import meaning_of, means
from nostr_loyalty.commands.words import WORD_MAX, Unclear, Word


class Arguments:
    """The words behind the verb; each is taken once."""

    def __init__(self, text: str, words: Sequence[Word]) -> None:
        """`text`: the whole message, which the words were found in."""
        self._text = text
        self._words = list(words)

    @property
    def left(self) -> Sequence[Word]:
        """The words that were not taken yet."""
        return self._words

    def word(self) -> Word:
        """The next word."""
        if not self._words:
            raise Unclear("word-missing")
        word = self._words.pop(0)
        if len(word.text) > WORD_MAX and not reading.looks_like_somebody(word) and not reading.looks_like_entry(word):
            raise Unclear("too-long", word.text)
        return word

    def last(self, count: int) -> list[Word]:
        """The last words, so many of them."""
        taken = self._words[len(self._words) - count :]
        del self._words[len(self._words) - count :]
        return taken

    def rest(self, longest: int = WORD_MAX) -> str:
        """All that is left, as it was written; "" for nothing."""
        text = reading.unquoted(self._text[self._words[0].start :]) if self._words else ""
        if len(text) > longest:
            raise Unclear("too-long", text)
        self._words.clear()
        return text

    def joined(self) -> str:
        """All words that are left, with a blank between them, without the punctuation around each."""
        text = " ".join(word.text for word in self._words)
        if len(text) > WORD_MAX:
            raise Unclear("too-long", text)
        self._words.clear()
        return text

    def end(self) -> None:
        """Nothing may be left."""
        if self._words:
            raise Unclear("word-extra", self._words[0].text)

    def choice(self, *meanings: str) -> str:
        """The next word, which is one of these."""
        word = self.word()
        meaning = meaning_of(word, meanings)
        if meaning is None:
            raise Unclear("word-unclear", word.text)
        return meaning

    def order_first(self, more: int = 0) -> bool:
        """Whether "order <id>" comes next, with at least so many words behind it."""
        return len(self._words) >= 2 + more and means(self._words[0], "order")

    def somebody(self) -> Who:
        """Whom the next word names, or the next two: "order <id>"."""
        if self.order_first():
            self.word()
            return GuestOf(self.word().text)
        word = self.word()
        if means(word, "order"):
            raise Unclear("word-missing")
        return reading.somebody(word)

    def order(self) -> str:
        """The id of an order; the word "order" may stand before it."""
        if self.order_first():
            self.word()
        return self.word().text

    def points(self) -> int:
        """A number of points; the word "points" may stand behind it."""
        number = reading.points(self.word())
        if self._words and means(self._words[0], "points"):
            self.word()
        return number

    def amount_at_end(self) -> Money | None:
        """The amount that the words end with, if they do; it is taken."""
        length = _amount_length(self._words[1:])
        return reading.amount(self.last(length)) if length else None


def _amount_length(words: Sequence[Word]) -> int:
    """How many of the last words are an amount, or are meant as one: 1, 2, or 0 for none."""
    for length in (2, 1):
        if len(words) >= length:
            given = words[len(words) - length :]
            try:
                reading.amount(given)
            except Unclear:
                continue
            if not any(word.quoted for word in given):
                return length
    return 0
