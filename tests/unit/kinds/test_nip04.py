"""What `kinds.nip04` (NIP-04, kind 4) promises."""

import os
from base64 import b64decode, b64encode

import pytest

from kinds.errors import Unreadable
from kinds.event import Template, sign
from kinds.keys import SecretKey
from kinds.nip04 import PAYLOAD_MAX, PLAINTEXT_MAX, decrypt, encrypt, parse, template
from tests.unit.kinds.samples import CUSTOMER, ISSUER, NOW, SOURCE

PAYLOAD = encrypt("balance", CUSTOMER, ISSUER.public, os.urandom(16))


def refusal(payload: str, key: SecretKey = ISSUER, pubkey: str = CUSTOMER.public) -> str:
    """The code with which a payload is refused."""
    with pytest.raises(Unreadable) as unreadable:
        decrypt(payload, key, pubkey)
    return unreadable.value.code


def test_what_go_nostr_encrypted_is_read() -> None:
    """The vector that nostr-tools keeps of another implementation, in both directions."""
    one = SecretKey(bytes.fromhex("91ba716fa9e7ea2fcbad360cf4f8e0d312f73984da63d90f524ad61a6a1e7dbe"))
    two = SecretKey(bytes.fromhex("96f6fa197aa07477ab88f6981118466ae3a982faab8ad5db9d5426870c73d220"))
    payload = "zJxfaJ32rN5Dg1ODjOlEew==?iv=EV5bUjcc4OX2Km/zPp4ndQ=="
    assert decrypt(payload, one, two.public) == decrypt(payload, two, one.public) == "nanana"
    assert encrypt("nanana", one, two.public, b64decode("EV5bUjcc4OX2Km/zPp4ndQ==")) == payload


@pytest.mark.parametrize("text", ["", "x", "x" * 15, "x" * 16, "x" * 17, "Café ☕\n", "x" * PLAINTEXT_MAX])
def test_both_sides_read_what_one_wrote(text: str) -> None:
    """At every border of a block, and the longest text."""
    payload = encrypt(text, CUSTOMER, ISSUER.public, os.urandom(16))
    assert decrypt(payload, ISSUER, CUSTOMER.public) == decrypt(payload, CUSTOMER, ISSUER.public) == text


def test_our_own_code_encrypts_no_nonsense() -> None:
    """Too long a text, an IV of another length, a key that is none."""
    with pytest.raises(ValueError, match="65536"):
        encrypt("x" * (PLAINTEXT_MAX + 1), CUSTOMER, ISSUER.public, bytes(16))
    with pytest.raises(ValueError, match="IV"):
        encrypt("x", CUSTOMER, ISSUER.public, bytes(12))
    with pytest.raises(ValueError, match="public key"):
        encrypt("x", CUSTOMER, "0" * 64, bytes(16))


def test_another_key_reads_nothing() -> None:
    """Whoever is not one of the two gets no text of ours: an error, or once in 200 times noise."""
    for _ in range(20):
        payload = encrypt("balance " * 30, CUSTOMER, ISSUER.public, os.urandom(16))
        try:
            read = decrypt(payload, SOURCE, CUSTOMER.public)
        except Unreadable as unreadable:
            read = unreadable.code
        assert "balance" not in read


def test_a_wrong_padding_and_a_wrong_text_look_the_same() -> None:
    """An attacker who is told which of the two it was could decrypt block by block."""
    sealed, iv = (bytearray(b64decode(part)) for part in PAYLOAD.split("?iv="))
    iv[15] ^= 9 ^ 17  # the padding of seven letters is nine bytes of 9; 17 is none
    padding = f"{b64encode(sealed).decode()}?iv={b64encode(iv).decode()}"
    iv[15] ^= 9 ^ 17
    iv[0] ^= ord("b") ^ 0xFF  # no text of UTF-8 begins so
    text = f"{b64encode(sealed).decode()}?iv={b64encode(iv).decode()}"
    seen = set()
    for payload in (padding, text):
        with pytest.raises(Unreadable) as unreadable:
            decrypt(payload, ISSUER, CUSTOMER.public)
        seen.add((unreadable.value.code, unreadable.value.detail))
    assert seen == {("nip04-undecryptable", "")}


@pytest.mark.parametrize(
    "payload",
    [
        "", "?iv=", "x", PAYLOAD.split("?")[0], PAYLOAD + "x", PAYLOAD.replace("?iv=", "?IV="), PAYLOAD + "?iv=AA==",
        PAYLOAD.split("=?")[0] + "?iv=" + "A" * 22 + "==", "?iv=" + "A" * 22 + "==", "AAAA?iv=" + "A" * 22 + "==",
        "A" * 22 + "==?iv=AAAA", "A" * 21 + "B==?iv=" + "A" * 22 + "==", "é" * 24 + "?iv=" + "A" * 22 + "==",
        " " + PAYLOAD, PAYLOAD + "\n",
    ],
)  # fmt: skip
def test_what_is_no_payload_is_refused(payload: str) -> None:
    """Missing and doubled IVs, parts of blocks, base64 of another form: named before any key is used."""
    assert refusal(payload) == "nip04-payload-malformed"


def test_a_payload_has_a_size() -> None:
    """Beyond it nothing is decoded."""
    assert refusal("A" * (PAYLOAD_MAX + 1)) == "nip04-payload-too-large"


def test_no_key_no_text() -> None:
    """A public key that is no point of the curve shares nothing with anybody."""
    assert refusal(PAYLOAD, pubkey="0" * 64) == "nip04-undecryptable"


def test_a_message_survives_the_wire() -> None:
    """Author, receiver, payload, and what it answers."""
    for reply_to in (None, "ab" * 32):
        event = sign(template(ISSUER.public, PAYLOAD, NOW, reply_to=reply_to), CUSTOMER)
        message = parse(event)
        assert (message.id, message.author, message.recipient) == (event.id, CUSTOMER.public, ISSUER.public)
        assert (message.payload, message.reply_to, message.created_at) == (PAYLOAD, reply_to, NOW)
        assert decrypt(message.payload, ISSUER, message.author) == "balance"


@pytest.mark.parametrize(
    "tags", [(), (("p",),), (("p", "x"),), (("p", ISSUER.public), ("p", SOURCE.public)), (("e", "ab" * 32),)]
)
def test_a_message_to_nobody_or_to_two_is_refused(tags: tuple[tuple[str, ...], ...]) -> None:
    """NIP-04 has one receiver: with two, one of them could be made to read what was for the other."""
    with pytest.raises(Unreadable, match="nip04-malformed"):
        parse(sign(Template(4, NOW, tags, PAYLOAD), CUSTOMER))


def test_another_kind_is_no_message() -> None:
    """A kind 14 is never signed, and never read as this."""
    with pytest.raises(Unreadable, match="kind 14"):
        parse(sign(Template(14, NOW, (("p", ISSUER.public),), PAYLOAD), CUSTOMER))
