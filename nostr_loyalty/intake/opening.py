"""Claimed events become messages: signatures checked, gift wraps opened. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from kinds import gift_wrap, nip04, registry
from kinds.errors import NotAdmitted, Unreadable
from kinds.event import Claimed, Event, verify
from kinds.keys import SecretKey
from nostr_loyalty.intake.recognition import Message


class Opened(NamedTuple):
    """A message, and our key (public, hex) that it was addressed to."""

    message: Message
    issuer: str


@dataclass(frozen=True, slots=True)
class Forged:
    """The id or the signature is wrong. Dropped and counted, never remembered."""

    code: str


@dataclass(frozen=True, slots=True)
class Sealed:
    """A genuine wrap that gives no message: remembered by its (id, created_at), so that it is not opened again."""

    envelope: tuple[str, int]
    code: str


def open_all(chunk: Sequence[Claimed], keys: Mapping[str, SecretKey]) -> list[Opened | Forged | Sealed]:
    """Each claimed event, in order. `keys`: our public keys (hex) to their secret keys. Never raises for an event."""
    return [_open(claimed, keys) for claimed in chunk]


def _open(claimed: Claimed, keys: Mapping[str, SecretKey]) -> Opened | Forged | Sealed:
    try:
        event = verify(claimed)
    except NotAdmitted as forged:
        return Forged(forged.code)
    named = (tag[1] for tag in event.tags if len(tag) > 1 and tag[0] == "p" and tag[1] in keys)
    addressee = next(named, None) or next(iter(keys))  # a request to vanish names nobody
    if event.kind == registry.ENCRYPTED_MESSAGE:
        return _open_nip04(event, addressee, keys[addressee])
    if event.kind != registry.GIFT_WRAP:
        return Opened(Message(event.id, event.pubkey, event.created_at, event), addressee)
    envelope = (event.id, event.created_at)
    try:
        rumor = gift_wrap.unwrap(event, keys[addressee])
    except Unreadable as unreadable:
        return Sealed(envelope, unreadable.code)
    return Opened(Message(rumor.id, rumor.pubkey, rumor.created_at, rumor, envelope), addressee)


def _open_nip04(event: Event, addressee: str, key: SecretKey) -> Opened | Sealed:
    try:
        text = nip04.decrypt(event.content, key, event.pubkey)
    except Unreadable as unreadable:
        return Sealed((event.id, event.created_at), unreadable.code)
    return Opened(Message(event.id, event.pubkey, event.created_at, event, text=text), addressee)
