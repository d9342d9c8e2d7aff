"""Letters as people's clients send them, and the answers as they read them: NIP-17, NIP-04, and 7413 without words."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import NamedTuple

from kinds import direct_message, gift_wrap, nip04, nip44, redemption, registry
from kinds.event import Event, Rumor, sign
from kinds.keys import SecretKey
from kinds.tags import Tags, all_of, value


class Answered(NamedTuple):
    """An answer as its reader has it: what it says, its tags, and the event that carried it."""

    text: str
    tags: Tags
    carrier: Event

    @property
    def code(self) -> str | None:
        """What became of the letter, for clients."""
        return self.tag("answer")

    def tag(self, name: str) -> str | None:
        """The value of the first tag of this name."""
        return value(self.tags, name)

    def all(self, name: str) -> list[str]:
        """The values of every tag of this name."""
        return [tag[1] for tag in all_of(self.tags, name)]


def letter(
    writer: SecretKey, text: str, *, to: str, at: int, nip04: bool = False, tags: Iterable[tuple[str, ...]] = ()
) -> Event:
    """Words to a key (hex), gift-wrapped, or as a kind 4; `at` is when they were written, in unix seconds."""
    if nip04:
        return old_letter(writer, text, to, at)
    return wrapped(writer, direct_message.compose(writer.public, [to], text, tags, at), to, at)


def wrapped(writer: SecretKey, rumor: Rumor, to: str, at: int) -> Event:
    """A rumor in a wrap of its own: each call makes another one."""
    conversation = nip44.conversation_key(writer, to)
    return gift_wrap.gift_wrap(rumor, writer, to, conversation, seed=os.urandom(32), now=at)


def old_letter(writer: SecretKey, text: str, to: str, at: int) -> Event:
    """Words as a kind 4."""
    return sign(nip04.template(to, nip04.encrypt(text, writer, to, os.urandom(16)), at), writer)


def wish(writer: SecretKey, address: str, reward: str, *, to: str, at: int, expiration: int | None = None) -> Event:
    """A 7413: a reward is asked for without words; it is meant for an hour, if nothing else is said."""
    until = at + 3_600 if expiration is None else expiration
    rumor = redemption.compose(writer.public, address, reward, nonce=os.urandom(8).hex(), expiration=until, at=at)
    return wrapped(writer, rumor, to, at)


def answered(event: Event, reader: SecretKey) -> Answered:
    """The answer inside an event, for whom it is."""
    if event.kind == registry.ENCRYPTED_MESSAGE:
        return Answered(nip04.decrypt(event.content, reader, event.pubkey), event.tags, event)
    message = direct_message.parse(gift_wrap.unwrap(event, reader))
    assert message.author != reader.public
    return Answered(message.text, message.tags, event)
