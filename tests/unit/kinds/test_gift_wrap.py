"""What `kinds.gift_wrap` promises: same seed, same bytes; and nobody speaks in another's name."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from kinds import nip44
from kinds.errors import Unreadable
from kinds.event import Event, Template, author, parse_event, rumor_json, sign, to_json, verify
from kinds.gift_wrap import BACKDATED_S_MAX, gift_wrap, seal, unwrap, wrap
from kinds.keys import SecretKey
from kinds.registry import EPHEMERAL_GIFT_WRAP, GIFT_WRAP, SEAL
from tests.unit.kinds.samples import CUSTOMER, ISSUER, NOW, SOURCE, new_key

RUMOR = author(Template(14, NOW, (("p", ISSUER.public),), "hello"), SOURCE.public)
CONVERSATION = nip44.conversation_key(SOURCE, ISSUER.public)
EXAMPLES = json.loads((Path(__file__).parents[2] / "vectors" / "gift_wraps.json").read_text(encoding="utf-8"))


def wrapped(seed: bytes, **changes: Any) -> Event:
    """The sample rumor from the source to the issuer."""
    return gift_wrap(RUMOR, SOURCE, ISSUER.public, CONVERSATION, seed=seed, now=NOW, **changes)


def wrapped_text(text: str) -> Event:
    """A wrap for the issuer with any text in the place of the seal."""
    one_time, nonce = new_key(), os.urandom(32)
    content = nip44.encrypt(text, nip44.conversation_key(one_time, ISSUER.public), nonce)
    return sign(Template(GIFT_WRAP, NOW, (("p", ISSUER.public),), content), one_time)


def sealed_text(text: str, sender: SecretKey, kind: int = SEAL) -> str:
    """A seal by `sender` with any text in the place of the rumor."""
    content = nip44.encrypt(text, nip44.conversation_key(sender, ISSUER.public), os.urandom(32))
    return to_json(sign(Template(kind, NOW, (), content), sender))


def refusal(event: Event) -> str:
    """The code with which the issuer refuses a wrap."""
    with pytest.raises(Unreadable) as unreadable:
        unwrap(event, ISSUER)
    return unreadable.value.code


def test_a_wrapped_rumor_comes_back_whole() -> None:
    """Over the wire and through both layers, the recipient reads the rumor that was sent."""
    event = verify(parse_event(to_json(wrapped(os.urandom(32)))))
    assert unwrap(event, ISSUER) == RUMOR


def test_the_same_seed_gives_the_same_bytes() -> None:
    """A resend after a crash is byte-identical; another seed shares neither key, time nor content."""
    seed = os.urandom(32)
    one, again, other = wrapped(seed), wrapped(seed), wrapped(os.urandom(32))
    assert to_json(one) == to_json(again)
    assert one.pubkey != other.pubkey
    assert one.content != other.content


def test_the_outside_tells_nothing() -> None:
    """The wrap is by a one-time key, names the recipient alone, and its size is padded."""
    event = wrapped(os.urandom(32))
    assert event.kind == GIFT_WRAP
    assert event.tags == (("p", ISSUER.public),)
    assert event.pubkey not in (SOURCE.public, ISSUER.public)
    assert SOURCE.public not in to_json(event)


def test_seal_and_wrap_are_dated_up_to_two_days_back_each_by_its_own() -> None:
    """Bug 62: times of wraps are invented; never in the future, never beyond two days, not the same for both layers."""
    ages, differing = [], 0
    for _ in range(64):
        event = wrapped(os.urandom(32))
        age = NOW - event.created_at
        assert 0 <= age <= BACKDATED_S_MAX
        ages.append(age)
        inner = json.loads(nip44.decrypt(event.content, nip44.conversation_key(ISSUER, event.pubkey)))
        assert 0 <= NOW - inner["created_at"] <= BACKDATED_S_MAX
        differing += inner["created_at"] != event.created_at
    assert max(ages) - min(ages) > BACKDATED_S_MAX // 4
    assert differing > 60


def test_a_seal_in_anothers_name_is_refused() -> None:
    """Bug 62: the seal's author must be the rumor's author, otherwise anybody could report orders as the till."""
    forger = new_key()
    event = wrapped_text(sealed_text(rumor_json(RUMOR), forger))
    assert refusal(event) == "seal-author-differs"


def test_our_own_code_does_not_seal_for_another() -> None:
    """The same rule when writing: sealing somebody else's rumor is a ValueError."""
    with pytest.raises(ValueError, match="author"):
        seal(RUMOR, ISSUER, CUSTOMER.public, bytes(32), nonce=bytes(32), created_at=NOW)


def test_a_wrap_for_somebody_else_does_not_open() -> None:
    """Another recipient's key gives no text and no crash."""
    with pytest.raises(Unreadable) as unreadable:
        unwrap(wrapped(os.urandom(32)), CUSTOMER)
    assert unreadable.value.code == "payload-wrong-mac"


def test_a_forged_seal_is_refused() -> None:
    """A seal whose signature or id does not hold is named, however right its author's name is."""
    genuine = json.loads(sealed_text(rumor_json(RUMOR), SOURCE))
    signature = json.loads(sealed_text(rumor_json(RUMOR), SOURCE))["sig"]
    assert refusal(wrapped_text(json.dumps(genuine | {"sig": signature}))) == "seal-wrong-signature"
    assert refusal(wrapped_text(json.dumps(genuine | {"created_at": 1}))) == "seal-wrong-signature"
    assert refusal(wrapped_text(json.dumps(genuine | {"sig": genuine["sig"] + "00"}))) == "seal-malformed"


@pytest.mark.parametrize("text", ["x", "{}", "[]", "null", '{"kind":13}'])
def test_what_is_no_seal_is_refused(text: str) -> None:
    """Any text inside a wrap is read or named."""
    assert refusal(wrapped_text(text)) == "seal-malformed"


def test_a_signed_event_that_is_no_seal_is_refused() -> None:
    """A kind other than 13 inside a wrap is not a message."""
    assert refusal(wrapped_text(sealed_text(rumor_json(RUMOR), SOURCE, kind=1))) == "seal-wrong-kind"


@pytest.mark.parametrize("text", ["x", "{}", "[]", "null"])
def test_what_is_no_rumor_is_refused(text: str) -> None:
    """Any text inside a seal is read or named."""
    assert refusal(wrapped_text(sealed_text(text, SOURCE))) == "rumor-malformed"


def test_a_seal_that_was_not_encrypted_for_us_is_refused() -> None:
    """A seal that somebody else received and handed on does not decrypt."""
    elsewhere = seal(
        RUMOR,
        SOURCE,
        CUSTOMER.public,
        nip44.conversation_key(SOURCE, CUSTOMER.public),
        nonce=os.urandom(32),
        created_at=NOW,
    )
    assert refusal(wrapped_text(to_json(elsewhere))) == "payload-wrong-mac"


def test_other_kinds_are_no_wraps() -> None:
    """Only 1059 and 21059 are unwrapped."""
    assert refusal(sign(Template(1, NOW, (), "hello"), SOURCE)) == "wrap-wrong-kind"
    assert unwrap(wrapped(os.urandom(32), kind=21_059), ISSUER) == RUMOR


def test_an_ephemeral_wrap_is_dated_now_and_its_seal_is_not() -> None:
    """Relays refuse ephemeral events of a minute ago; the seal inside is still dated back by its own amount."""
    ages = []
    for _ in range(32):
        event = wrapped(os.urandom(32), kind=EPHEMERAL_GIFT_WRAP)
        assert (event.kind, event.created_at) == (EPHEMERAL_GIFT_WRAP, NOW)
        inner = json.loads(nip44.decrypt(event.content, nip44.conversation_key(ISSUER, event.pubkey)))
        assert 0 <= NOW - inner["created_at"] <= BACKDATED_S_MAX
        ages.append(NOW - inner["created_at"])
    assert max(ages) - min(ages) > BACKDATED_S_MAX // 4


def test_an_ephemeral_wrap_shares_no_bytes_with_a_kept_one() -> None:
    """The same seed gives the same seal in both, and neither the same id nor a second message to count."""
    seed = os.urandom(32)
    kept, passing = wrapped(seed), wrapped(seed, kind=EPHEMERAL_GIFT_WRAP)
    assert kept.id != passing.id
    assert unwrap(kept, ISSUER) == unwrap(passing, ISSUER) == RUMOR


@pytest.mark.parametrize("example", EXAMPLES, ids=[example["source"] for example in EXAMPLES])
def test_the_examples_of_the_nips_open(example: dict[str, Any]) -> None:
    """Wraps that the NIPs print, with the keys that they print, hold the message that they name."""
    rumor = unwrap(verify(parse_event(json.dumps(example["event"]))), SecretKey(bytes.fromhex(example["receiver"])))
    assert (rumor.id, rumor.pubkey, rumor.content) == (example["rumor"], example["author"], example["text"])


def test_a_wrap_may_expire() -> None:
    """NIP-40's tag stands on the wrap, where relays see it."""
    sealed = seal(RUMOR, SOURCE, ISSUER.public, CONVERSATION, nonce=os.urandom(32), created_at=NOW)
    event = wrap(sealed, ISSUER.public, new_key(), nonce=os.urandom(32), created_at=NOW, expiration=NOW + 60)
    assert event.tags == (("p", ISSUER.public), ("expiration", str(NOW + 60)))
    assert unwrap(event, ISSUER) == RUMOR


def test_a_seed_has_32_bytes() -> None:
    """A short seed would be guessable and is refused."""
    with pytest.raises(ValueError, match="32 bytes"):
        wrapped(bytes(31))
