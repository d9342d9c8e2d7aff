"""NIP-59: a rumor, sealed by its author, wrapped by a key that is used once.

Writing is a pure function of its arguments. `gift_wrap` derives everything random (the one-time key, two nonces, two
backdated times) from one seed of 32 bytes, so that the same promise sealed again after a crash has the same bytes.

An ephemeral wrap (21059) is dated now. NIP-59 would have all times but the rumor's invented, and its example invents
this one too; but relays refuse an ephemeral event that is older than a minute (strfry's default), so that an invented
time would lose the message. Nothing is given away: no relay keeps it, and whoever sees it, sees it now. Its seal is
dated back all the same: only the receiver reads that time, and a seal that leaks should not say when it was made.

Reading proves one thing: the seal's signature holds and its author is the rumor's author (NIP-17: "otherwise any sender
can impersonate any other"). The wrap's time is invented and says nothing; the rumor's time is its author's word.
"""

import hashlib
from typing import Final

from kinds.errors import NotAdmitted, Unreadable
from kinds.event import Claimed, Event, Rumor, Template, parse_event, parse_rumor, rumor_json, sign, to_json, verify
from kinds.keys import SecretKey
from kinds.nip44 import conversation_key as conversation_key_of
from kinds.nip44 import decrypt, encrypt, known_conversation_key
from kinds.registry import EPHEMERAL_GIFT_WRAP, GIFT_WRAP, SEAL
from kinds.tags import Tags

BACKDATED_S_MAX: Final = 2 * 24 * 60 * 60
"""Seals and wraps are dated up to two days back, each by its own amount."""

_PURPOSE: Final = b"nostr-loyalty gift wrap: "
_WRAP_KINDS: Final = (GIFT_WRAP, EPHEMERAL_GIFT_WRAP)


def seal(
    rumor: Rumor, sender: SecretKey, recipient: str, conversation_key: bytes, *, nonce: bytes, created_at: int
) -> Event:
    """The rumor, encrypted to `recipient` and signed by its author; `conversation_key` is sender's and recipient's.

    ValueError: `sender` is not the rumor's author, or the rumor is larger than NIP-44 encrypts.
    """
    if rumor.pubkey != sender.public:
        raise ValueError("a rumor is sealed by its author only")
    assert recipient, "a seal is for somebody"
    return sign(Template(SEAL, created_at, (), encrypt(rumor_json(rumor), conversation_key, nonce)), sender)


def wrap(
    seal: Event,
    recipient: str,
    ephemeral: SecretKey,
    *,
    nonce: bytes,
    created_at: int,
    kind: int = GIFT_WRAP,
    expiration: int | None = None,
) -> Event:
    """The seal, encrypted to `recipient` by a key that must never be used again. `expiration`: unix seconds, NIP-40."""
    tags: Tags = (("p", recipient),)
    if expiration is not None:
        tags = (*tags, ("expiration", str(expiration)))
    content = encrypt(to_json(seal), conversation_key_of(ephemeral, recipient), nonce)
    return sign(Template(kind, created_at, tags, content), ephemeral)


def gift_wrap(
    rumor: Rumor,
    sender: SecretKey,
    recipient: str,
    conversation_key: bytes,
    *,
    seed: bytes,
    now: int,
    kind: int = GIFT_WRAP,
) -> Event:
    """Seal and wrap in one. `seed`: 32 random bytes, of which everything random is made: same arguments, same bytes.

    `now` in unix seconds is the latest that seal and wrap may be dated, and the time of an ephemeral wrap, which must
    leave at once. ValueError as `seal`.
    """
    if len(seed) != 32:
        raise ValueError("a seed has 32 bytes")
    drawn = hashlib.shake_256(_PURPOSE + seed).digest(80 + 4 * 32)
    seal_nonce, wrap_nonce, seal_age, wrap_age = drawn[:32], drawn[32:64], drawn[64:72], drawn[72:80]
    sealed = seal(rumor, sender, recipient, conversation_key, nonce=seal_nonce, created_at=_backdated(now, seal_age))
    one_time = _one_time_key(drawn[80:])
    created_at = now if kind == EPHEMERAL_GIFT_WRAP else _backdated(now, wrap_age)
    return wrap(sealed, recipient, one_time, nonce=wrap_nonce, created_at=created_at, kind=kind)


def unwrap(event: Event, recipient: SecretKey) -> Rumor:
    """The rumor inside a gift wrap, whose author is now proven. `event` is verified already; sizes were capped there.

    Raises Unreadable: the wrap does not decrypt, the inside is no seal, or the seal's author differs from the rumor's.
    """
    if event.kind not in _WRAP_KINDS:
        raise Unreadable("wrap-wrong-kind", f"kind {event.kind}")
    sealed = _verified_seal(decrypt(event.content, conversation_key_of(recipient, event.pubkey)))
    rumor = parse_rumor(decrypt(sealed.content, known_conversation_key(recipient, sealed.pubkey)))
    if rumor.pubkey != sealed.pubkey:
        raise Unreadable("seal-author-differs", f"sealed by {sealed.pubkey}, in the name of {rumor.pubkey}")
    return rumor


def _verified_seal(text: str) -> Event:
    try:
        claimed: Claimed = parse_event(text)
    except NotAdmitted as fault:
        raise Unreadable("seal-malformed", str(fault)) from None
    if claimed.kind != SEAL:
        raise Unreadable("seal-wrong-kind", f"kind {claimed.kind}")
    try:
        return verify(claimed)
    except NotAdmitted as fault:
        raise Unreadable("seal-wrong-signature", str(fault)) from None


def _backdated(now: int, age: bytes) -> int:
    return max(0, now - int.from_bytes(age, "big") % (BACKDATED_S_MAX + 1))


def _one_time_key(secrets: bytes) -> SecretKey:
    """The first of four draws of 32 bytes that is a secret key: one in 2**128 numbers is none."""
    for start in range(0, 4 * 32, 32):
        try:
            return SecretKey(secrets[start : start + 32])
        except ValueError:
            continue
    raise AssertionError("four draws in a row were no keys")
