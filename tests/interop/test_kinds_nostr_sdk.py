"""Against rust-nostr (`nostr-sdk` from PyPI): NIP-04 both ways, names of NIP-05, metadata, work, ephemeral wraps."""

import os

import pytest

from kinds import gift_wrap, metadata, nip04, nip05, nip44, proof_of_work
from kinds.event import Template, author, parse_event, parse_rumor, sign, to_json, verify
from kinds.keys import SecretKey
from kinds.registry import EPHEMERAL_GIFT_WRAP

sdk = pytest.importorskip("nostr_sdk")

NOW = 1_750_000_000
ONE, TWO = SecretKey(os.urandom(32)), SecretKey(os.urandom(32))
TEXTS = ("x", "x" * 15, "x" * 16, "x" * 17, "balance", "Café ☕\n\u2028\U0001f600", "z" * 40_000)


def theirs(key: SecretKey) -> "sdk.SecretKey":
    """Our key in their library."""
    return sdk.SecretKey.from_bytes(key.raw())


@pytest.mark.parametrize("text", TEXTS, ids=len)
def test_nip04_both_ways(text: str) -> None:
    """What we encrypt they read, and the other way round."""
    ours = nip04.encrypt(text, ONE, TWO.public, os.urandom(16))
    assert sdk.nip04_decrypt(theirs(TWO), sdk.PublicKey.parse(ONE.public), ours) == text
    made = sdk.nip04_encrypt(theirs(TWO), sdk.PublicKey.parse(ONE.public), text)
    assert nip04.decrypt(made, ONE, TWO.public) == text


def test_metadata_both_ways() -> None:
    """Their reader finds our fields, ours finds theirs."""
    said = metadata.Metadata(
        "Café Sol", "Points", "https://cafe.example/a.png", "points@cafe.example", "tip@cafe.example"
    )
    record = sdk.Metadata.from_json(metadata.to_text(said)).as_record()
    assert (record.name, record.about, record.picture, record.nip05, record.lud16) == said[:5]
    assert metadata.read_text(sdk.Metadata.from_record(record).as_json()) == said


@pytest.mark.parametrize("name", ["bob@example.com", "_@cafe-sol.example", "a.b-c_1@sub.example.co.uk"])
def test_names_lead_to_the_same_place(name: str) -> None:
    """NIP-05: both ask the same URL."""
    assert str(sdk.Nip05Address.parse(name).url()) == nip05.url_of(name)


def test_we_count_the_work_that_they_did() -> None:
    """NIP-13: what their miner aimed at is what counts here, and not a bit more."""
    keys = sdk.Keys.parse(ONE.nsec())
    unsigned = sdk.EventBuilder(sdk.Kind(1), "hello").finalize_unsigned(keys.public_key())
    mined = parse_rumor(sdk.SingleThreadPow().compute(unsigned, 10).as_json())
    assert proof_of_work.work(mined) == 10
    assert proof_of_work.is_enough(mined, 10)
    assert not proof_of_work.is_enough(mined, 11)


def test_they_verify_our_ephemeral_wraps() -> None:
    """NIP-59: kind 21059, dated now; what is inside opens with their NIP-44, layer by layer."""
    rumor = author(Template(14, NOW, (("p", TWO.public),), "Gold tier, 4th visit this month"), ONE.public)
    event = gift_wrap.gift_wrap(
        rumor, ONE, TWO.public, nip44.conversation_key(ONE, TWO.public),
        seed=os.urandom(32), now=NOW, kind=EPHEMERAL_GIFT_WRAP,
    )  # fmt: skip
    found = sdk.Event.from_json(to_json(event))
    assert found.verify()
    assert (found.kind().as_u16(), found.created_at().as_secs()) == (EPHEMERAL_GIFT_WRAP, NOW)
    seal = sdk.Event.from_json(sdk.nip44_decrypt(theirs(TWO), found.author(), found.content()))
    assert seal.verify()
    assert seal.author().to_hex() == ONE.public
    inside = sdk.nip44_decrypt(theirs(TWO), seal.author(), seal.content())
    assert parse_rumor(inside) == rumor


def test_we_read_what_they_sign_as_kind_4() -> None:
    """A message of their making is a message here, with its text."""
    payload = sdk.nip04_encrypt(theirs(ONE), sdk.PublicKey.parse(TWO.public), "balance")
    tags = [sdk.Tag.parse(["p", TWO.public])]
    built = sdk.EventBuilder(sdk.Kind(4), payload).tags(tags).finalize(sdk.Keys.parse(ONE.nsec()))
    message = nip04.parse(verify(parse_event(built.as_json())))
    assert (message.author, message.recipient) == (ONE.public, TWO.public)
    assert nip04.decrypt(message.payload, TWO, message.author) == "balance"
    answer = sign(nip04.template(ONE.public, payload, NOW, reply_to=message.id), TWO)
    assert sdk.Event.from_json(to_json(answer)).verify()
