"""Against rust-nostr (`nostr-sdk` from PyPI), both ways: NIP-44 over all sizes that matter, events, gift wraps, NIP-19.

rust-nostr writes and reads plaintexts of at most 65,408 bytes; between that and 65,535 bytes only our own two sides and
the official vectors speak (tests/unit/kinds/test_nip44.py).
"""

import os

import pytest

from kinds import gift_wrap, nip44
from kinds.errors import NotAdmitted
from kinds.event import Template, author, parse_event, sign, to_json, verify
from kinds.keys import SecretKey, npub_encode

sdk = pytest.importorskip("nostr_sdk")

SIZES = (1, 31, 32, 33, 63, 64, 65, 255, 256, 257, 1_023, 1_024, 1_025, 40_000, 65_407, 65_408)
ONE, TWO = SecretKey(os.urandom(32)), SecretKey(os.urandom(32))
CONVERSATION = nip44.conversation_key(ONE, TWO.public)
EVERY_CHARACTER = "".join(map(chr, range(0x100))) + "\u2028\u2029\ufeff\U0001f600"


def theirs(key: SecretKey) -> "sdk.SecretKey":
    """Our key in their library."""
    return sdk.SecretKey.from_bytes(key.raw())


@pytest.mark.parametrize("size", SIZES)
def test_they_read_what_we_encrypt(size: int) -> None:
    """Our payloads open in rust-nostr, for ASCII and for text whose last character takes several bytes."""
    for text in ("x" * size, "x" * (size - 2) + "é" if size > 1 else "y"):
        payload = nip44.encrypt(text, CONVERSATION, os.urandom(32))
        assert sdk.nip44_decrypt(theirs(TWO), sdk.PublicKey.parse(ONE.public), payload) == text


@pytest.mark.parametrize("size", SIZES)
def test_we_read_what_they_encrypt(size: int) -> None:
    """Their payloads open here."""
    payload = sdk.nip44_encrypt(theirs(TWO), sdk.PublicKey.parse(ONE.public), "z" * size, sdk.Nip44Version.V2)
    assert nip44.decrypt(payload, CONVERSATION) == "z" * size


@pytest.mark.parametrize("size", [65_409, 65_535])
def test_beyond_their_limit_we_still_read_ourselves(size: int) -> None:
    """From 65,409 bytes on rust-nostr encrypts nothing; we write and read up to 65,535."""
    with pytest.raises(sdk.NostrSdkError):
        sdk.nip44_encrypt(theirs(TWO), sdk.PublicKey.parse(ONE.public), "z" * size, sdk.Nip44Version.V2)
    assert nip44.decrypt(nip44.encrypt("z" * size, CONVERSATION, os.urandom(32)), CONVERSATION) == "z" * size


def test_they_verify_what_we_sign() -> None:
    """Ids and signatures hold there, for every control character and for tags in any language."""
    event = sign(Template(1, 1_750_000_000, (("t", EVERY_CHARACTER), ("p", TWO.public)), EVERY_CHARACTER), ONE)
    found = sdk.Event.from_json(to_json(event))
    assert found.verify()
    assert found.id().to_hex() == event.id


def test_we_verify_what_they_sign() -> None:
    """Their events hold here, control characters included."""
    keys = sdk.Keys.parse(ONE.nsec())
    tags = [sdk.Tag.parse(["t", EVERY_CHARACTER])]
    built = sdk.EventBuilder(sdk.Kind(1), EVERY_CHARACTER).tags(tags).finalize(keys)
    event = verify(parse_event(built.as_json()))
    assert event.pubkey == ONE.public
    assert event.content == EVERY_CHARACTER


def test_both_refuse_a_changed_event() -> None:
    """Bug 79: what one side refuses, the other refuses too."""
    event = sign(Template(1, 1_750_000_000, (), "twelve points"), ONE)
    text = to_json(event).replace("twelve", "eleven")
    assert not sdk.Event.from_json(text).verify_id()
    with pytest.raises(NotAdmitted):
        verify(parse_event(text))


def test_they_open_our_gift_wraps() -> None:
    """A wrapped kind 14 of ours is a message from our key in rust-nostr."""
    rumor = author(Template(14, 1_750_000_000, (("p", TWO.public),), "+12 points, balance 142"), ONE.public)
    event = gift_wrap.gift_wrap(rumor, ONE, TWO.public, CONVERSATION, seed=os.urandom(32), now=1_750_000_000)
    gift = sdk.UnwrappedGift.from_gift_wrap(sdk.Keys.parse(TWO.nsec()), sdk.Event.from_json(to_json(event)))
    assert gift.sender().to_hex() == ONE.public
    assert gift.rumor().content() == rumor.content
    assert gift.rumor().id().to_hex() == rumor.id


def test_we_open_their_gift_wraps() -> None:
    """A wrapped order of rust-nostr is a rumor by its author here: what a till written with it would send."""
    keys = sdk.Keys.parse(ONE.nsec())
    rumor = (
        sdk.EventBuilder(sdk.Kind(7412), "").tags([sdk.Tag.parse(["order", "1"])]).finalize_unsigned(keys.public_key())
    )
    wrapped = sdk.nip59_make_gift_wrap(keys, sdk.PublicKey.parse(TWO.public), rumor)
    found = gift_wrap.unwrap(verify(parse_event(wrapped.as_json())), TWO)
    assert (found.pubkey, found.kind, found.tags) == (ONE.public, 7412, (("order", "1"),))


def test_npubs_agree() -> None:
    """Both write the same npub and nsec for the same key."""
    assert sdk.PublicKey.parse(ONE.public).to_bech32() == npub_encode(ONE.public)
    assert theirs(ONE).to_bech32() == ONE.nsec()
