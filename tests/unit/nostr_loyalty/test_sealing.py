"""A recipe, a seed and a key become the bytes of an event, the same each time."""

import os

import pytest

from kinds import nip44, registry
from kinds.card import Card, parse, parse_private
from kinds.event import Event, Template, author, canonical_of, parse_event, verify
from kinds.program import address
from nostr_loyalty.publishing import sealing
from nostr_loyalty.publishing.sealing import Sealer
from tests.unit.nostr_loyalty.served import opened, proof_of
from tests.venue import new_key

ISSUER, GUEST = new_key(), new_key()
PROGRAM = address(ISSUER.public, "cafe-sol")
NOTE = canonical_of(author(Template(1, 1_700_000_000, (("t", "x"),), "Käse — ☕"), ISSUER.public))
CARD = Card(PROGRAM, GUEST.public, points=12, lifetime=20, visits_month=3, seq=2, head="ab" * 32)
RECIPES = {
    "plain": sealing.plain(NOTE),
    "message": sealing.message(GUEST.public, "4th visit", [["result", "accepted"]], 1_700_000_000),
    "notice": sealing.notice(NOTE, GUEST.public, "+12 points", [["a", "x"]], 1_700_000_000),
    "private card": sealing.card(CARD, "cd" * 16, 1_700_000_000),
    "public card": sealing.card(CARD, None, 1_700_000_000),
}


def sealed(form: str, seed: bytes) -> Event:
    """Sealed by a sealer of its own, as after a restart, and verified."""
    made = Sealer({ISSUER.public: ISSUER}).seal(ISSUER.public, RECIPES[form], seed)
    event = verify(parse_event(made.text))
    assert event.id == made.event_id
    return event


@pytest.mark.parametrize("form", RECIPES)
def test_same_seed_same_bytes(form: str) -> None:
    """Bug 63: sealed again after a crash, a promise has the same id, signature and ciphertext."""
    seed = os.urandom(32)
    assert sealed(form, seed) == sealed(form, seed)


@pytest.mark.parametrize("form", ["message", "notice", "private card"])
def test_another_seed_other_bytes(form: str) -> None:
    """Nothing secret is reused: another seed gives another ciphertext, and a wrap another key and another time."""
    one, two = sealed(form, os.urandom(32)), sealed(form, os.urandom(32))
    assert one.content != two.content
    assert form == "private card" or one.pubkey != two.pubkey


def test_plain_is_the_document_signed() -> None:
    """The document as it stands, so that its id is the one that was booked."""
    event = sealed("plain", bytes(32))
    assert canonical_of(event) == NOTE


def test_a_message_is_wrapped() -> None:
    """The receiver finds a message of the issuer, with its text and its tags."""
    message = opened(sealed("message", os.urandom(32)), GUEST)
    assert (message.author, message.text, message.created_at) == (ISSUER.public, "4th visit", 1_700_000_000)
    assert ("result", "accepted") in message.tags


def test_a_wrap_is_never_dated_ahead() -> None:
    """Bug 62: a wrap is dated up to two days before the promise, never after it."""
    times = [sealed("message", os.urandom(32)).created_at for _ in range(20)]
    assert all(1_700_000_000 - 172_800 <= at <= 1_700_000_000 for at in times)
    assert len(set(times)) > 1


def test_a_notice_carries_the_signed_entry() -> None:
    """A readable message, whose proof verifies by itself."""
    message = opened(sealed("notice", os.urandom(32)), GUEST)
    assert message.text == "+12 points"
    assert canonical_of(proof_of(message)) == NOTE


def test_a_private_card_is_readable_for_its_customer_only() -> None:
    """Bug 61: its tags hold a random name and nothing else; the content, decrypted, is the standing."""
    event = sealed("private card", os.urandom(32))
    assert (event.kind, event.created_at) == (registry.CARD, 1_700_000_000)
    assert event.tags == (("d", "cd" * 16),)
    text = nip44.decrypt(event.content, nip44.conversation_key(GUEST, ISSUER.public))
    assert parse_private(text, ISSUER.public) == CARD


def test_a_public_card_is_readable_for_everybody() -> None:
    """The standing in clear, under the customer's name."""
    assert parse(sealed("public card", bytes(32))) == CARD


def test_a_key_that_is_not_held() -> None:
    """An issuer that is not ours is a KeyError, not another issuer's signature."""
    with pytest.raises(KeyError):
        Sealer({ISSUER.public: ISSUER}).seal(GUEST.public, RECIPES["plain"], bytes(32))
