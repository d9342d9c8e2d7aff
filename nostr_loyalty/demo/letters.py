"""What guests and baristas write to a venue, in words as any messenger sends them, and what they are answered."""

import secrets
from dataclasses import dataclass
from typing import Literal, NamedTuple

from kinds import direct_message, gift_wrap, nip44
from kinds.event import Event, Rumor
from kinds.keys import SecretKey
from kinds.tags import value
from nostr_loyalty.demo.cast import Guest, Venue


@dataclass(frozen=True, slots=True)
class Letter:
    """`author`, called `name`, writes `verb` and `word` to a venue's program, and the points of `guest` are meant.

    `order_id`: the order whose receipt is claimed.
    """

    venue: Venue
    author: SecretKey
    name: str
    guest: Guest
    verb: Literal["claim", "redeem", "use"]
    word: str
    order_id: str = ""

    @property
    def text(self) -> str:
        """As it is typed."""
        return f"{self.verb} {self.word}"


class Reply(NamedTuple):
    """The answer to a letter: `to` is the letter's id, `code` what became of it, `voucher` a code for the till."""

    to: str
    code: str
    voucher: str | None
    text: str


def sealed(letter: Letter, now: int) -> tuple[Rumor, Event]:
    """The message, by whose id it will be answered, and the gift wrap that carries it.

    The nonce makes two letters of one second two.
    """
    issuer, author = letter.venue.issuer.public, letter.author
    nonce = ("nonce", secrets.token_hex(8))
    rumor = direct_message.compose(author.public, [issuer], letter.text, [nonce], now)
    conversation = nip44.conversation_key(author, issuer)
    return rumor, gift_wrap.gift_wrap(rumor, author, issuer, conversation, seed=secrets.token_bytes(32), now=now)


def reply_in(rumor: Rumor) -> Reply | None:
    """The answer to a letter, or None where a message is something else."""
    code, to = value(rumor.tags, "answer"), value(rumor.tags, "e")
    if code is None or to is None:
        return None
    return Reply(to, code, value(rumor.tags, "voucher"), rumor.content)
