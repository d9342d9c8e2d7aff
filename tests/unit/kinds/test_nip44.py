"""NIP-44 against its official vectors, and the strictness that they leave out.

`tests/vectors/nip44.vectors.json` is the file that the NIP names by its hash. The NIP has since allowed plaintexts of
65,536 bytes and more; the file still lists them under `invalid.encrypt_msg_lengths`. We never write them (so the
vectors hold for us), and read them up to a cap.
"""

import hashlib
import hmac
import json
from base64 import b64decode, b64encode
from pathlib import Path
from typing import Any

import pytest

from kinds import nip44
from kinds.errors import Unreadable
from kinds.keys import SecretKey
from tests.unit.kinds.samples import new_key

VECTORS: dict[str, Any] = json.loads(
    (Path(__file__).parents[2] / "vectors" / "nip44.vectors.json").read_text(encoding="utf-8")
)["v2"]
VALID, INVALID = VECTORS["valid"], VECTORS["invalid"]
BOUNDARY_KEY = bytes.fromhex("c41c775356fd92eadc63ff5a0dc1da211b268cbea22316767095b2871ea1412d")
BOUNDARY_NONCE = bytes(31) + b"\x01"


def key_of(text: str) -> SecretKey:
    """The secret key of a vector."""
    return SecretKey(bytes.fromhex(text))


def encrypt_padded(padded: bytes, conversation_key: bytes, nonce: bytes) -> str:
    """A payload with any padding whatever, as a careless or hostile sender would make it; its MAC is right."""
    chacha_key, chacha_nonce, mac_key = nip44.message_keys(conversation_key, nonce)
    sealed = nonce + nip44._chacha20(chacha_key, chacha_nonce, padded)
    return b64encode(b"\x02" + sealed + hmac.digest(mac_key, sealed, hashlib.sha256)).decode()


def encrypt_long(text: bytes, conversation_key: bytes, nonce: bytes) -> str:
    """A payload in the long form (length prefix of six bytes), which we read and never write."""
    padded = bytes(2) + len(text).to_bytes(4, "big") + text + bytes(nip44.padded_length(len(text)) - len(text))
    return encrypt_padded(padded, conversation_key, nonce)


def refusal(payload: str, conversation_key: bytes = BOUNDARY_KEY) -> str:
    """The code with which a payload is refused."""
    with pytest.raises(Unreadable) as unreadable:
        nip44.decrypt(payload, conversation_key)
    return unreadable.value.code


@pytest.mark.parametrize("vector", VALID["get_conversation_key"])
def test_conversation_keys(vector: dict[str, str]) -> None:
    """Official vectors: conversation keys."""
    assert nip44.conversation_key(key_of(vector["sec1"]), vector["pub2"]).hex() == vector["conversation_key"]


def test_message_keys() -> None:
    """Official vectors: keys of single messages."""
    conversation_key = bytes.fromhex(VALID["get_message_keys"]["conversation_key"])
    for vector in VALID["get_message_keys"]["keys"]:
        keys = nip44.message_keys(conversation_key, bytes.fromhex(vector["nonce"]))
        assert [key.hex() for key in keys] == [vector["chacha_key"], vector["chacha_nonce"], vector["hmac_key"]]


def test_padded_lengths() -> None:
    """Official vectors: padding."""
    for length, padded in VALID["calc_padded_len"]:
        assert nip44.padded_length(length) == padded


@pytest.mark.parametrize("vector", VALID["encrypt_decrypt"])
def test_conversations(vector: dict[str, str]) -> None:
    """Official vectors: the exact payload one way, the plaintext back, from both sides."""
    one, two = key_of(vector["sec1"]), key_of(vector["sec2"])
    conversation_key = nip44.conversation_key(one, two.public)
    assert conversation_key == nip44.conversation_key(two, one.public) == bytes.fromhex(vector["conversation_key"])
    payload = nip44.encrypt(vector["plaintext"], conversation_key, bytes.fromhex(vector["nonce"]))
    assert payload == vector["payload"]
    assert nip44.decrypt(payload, conversation_key) == vector["plaintext"]


@pytest.mark.parametrize("vector", VALID["encrypt_decrypt_long_msg"])
def test_long_conversations(vector: dict[str, Any]) -> None:
    """Official vectors: the longest messages, by their hashes."""
    plaintext = vector["pattern"] * vector["repeat"]
    assert hashlib.sha256(plaintext.encode()).hexdigest() == vector["plaintext_sha256"]
    conversation_key = bytes.fromhex(vector["conversation_key"])
    payload = nip44.encrypt(plaintext, conversation_key, bytes.fromhex(vector["nonce"]))
    assert hashlib.sha256(payload.encode()).hexdigest() == vector["payload_sha256"]
    assert nip44.decrypt(payload, conversation_key) == plaintext


@pytest.mark.parametrize("length", INVALID["encrypt_msg_lengths"])
def test_lengths_that_are_not_written(length: int) -> None:
    """Official vectors: 0 and 65,536 bytes and more are not encrypted (the newer NIP would allow the latter)."""
    with pytest.raises(ValueError, match="encrypts 1 to"):
        nip44.encrypt("x" * length, bytes(32), bytes(32))


@pytest.mark.parametrize("vector", INVALID["get_conversation_key"])
def test_keys_that_share_nothing(vector: dict[str, str]) -> None:
    """Official vectors: no conversation with a number that is no key."""
    with pytest.raises(ValueError):
        nip44.conversation_key(key_of(vector["sec1"]), vector["pub2"])


@pytest.mark.parametrize("vector", INVALID["decrypt"])
def test_payloads_that_do_not_decrypt(vector: dict[str, str]) -> None:
    """Official vectors: wrong versions, base64, MACs, padding and sizes, each refused by name."""
    codes = {
        "unknown encryption version": "payload-version",
        "unknown encryption version 0": "payload-version",
        "invalid base64": "payload-malformed",
        "invalid MAC": "payload-wrong-mac",
        "invalid padding": "payload-wrong-padding",
        "invalid payload length": "payload-malformed",
    }
    code = refusal(vector["payload"], bytes.fromhex(vector["conversation_key"]))
    assert code == next(ours for theirs, ours in codes.items() if vector["note"].startswith(theirs))


@pytest.mark.parametrize(
    ("length", "payload_sha256"),
    [
        (65_535, "6d8c2810d1e870fbaa1f0a0937126cca837a15f9260e27060c331d70a3c0bc84"),
        (65_536, "b7b4edb36ba92e267d322d56d9aebc22e7fa96ff52e3c12adc07f07a43cbc616"),
        (65_537, "eeb7c7c5373894ea2c1547cfd3ccb15d5a0b2d619da852e5c79df792dcc9e435"),
    ],
)
def test_the_long_form_is_read(length: int, payload_sha256: str) -> None:
    """The vectors that the NIP's text gives for the border between the two length prefixes."""
    plaintext = "a" * length
    if length <= nip44.PLAINTEXT_MAX:
        payload = nip44.encrypt(plaintext, BOUNDARY_KEY, BOUNDARY_NONCE)
    else:
        payload = encrypt_long(plaintext.encode(), BOUNDARY_KEY, BOUNDARY_NONCE)
    assert hashlib.sha256(payload.encode()).hexdigest() == payload_sha256
    assert nip44.decrypt(payload, BOUNDARY_KEY) == plaintext


def test_the_long_form_of_a_short_text_is_refused() -> None:
    """One plaintext has one form: 65,535 bytes under the long prefix are wrong padding."""
    assert refusal(encrypt_long(b"x" * 65_535, BOUNDARY_KEY, BOUNDARY_NONCE)) == "payload-wrong-padding"


def test_a_payload_over_the_cap_is_refused_before_it_is_decoded() -> None:
    """A sender cannot make us decrypt megabytes."""
    assert refusal("A" * (nip44.PAYLOAD_MAX + 1)) == "payload-too-large"


@pytest.mark.parametrize(
    "padded",
    [
        b"\x00\x05" + b"hello" + bytes(26) + b"\x01",
        b"\x00\x05" + b"hello" + bytes(59),
        b"\x00\x21" + b"x" * 32,
        b"\x00\x00" + bytes(32),
        b"\xff\xff" + bytes(32),
    ],
)
def test_any_other_padding_is_refused(padded: bytes) -> None:
    """Padding that is not zero, too long, too short or of an impossible length is refused although the MAC is right."""
    assert refusal(encrypt_padded(padded, BOUNDARY_KEY, BOUNDARY_NONCE)) == "payload-wrong-padding"


def test_a_plaintext_that_is_not_utf8_is_refused() -> None:
    """Bytes that are no text are named."""
    assert refusal(encrypt_padded(b"\x00\x01\xff" + bytes(31), BOUNDARY_KEY, BOUNDARY_NONCE)) == "payload-malformed"


def test_a_payload_has_one_form_in_base64() -> None:
    """White space, missing padding, the URL alphabet and stray bits at the end are not accepted as the same payload."""
    payload = nip44.encrypt("x" * 33, BOUNDARY_KEY, BOUNDARY_NONCE)
    assert payload.endswith("=")
    stray = next(
        other
        for digit in "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
        if (other := payload.rstrip("=")[:-1] + digit + "=" * payload.count("=")) != payload
        and b64decode(other) == b64decode(payload)
    )
    for other in (payload + "\n", " " + payload, payload.rstrip("="), payload[:-4] + "\n" + payload[-4:], stray):
        assert refusal(other) == "payload-malformed"
    assert refusal("é" * 200) == "payload-malformed"


def test_every_flipped_byte_is_noticed() -> None:
    """Version, nonce, ciphertext and MAC are all authenticated."""
    data = b64decode(nip44.encrypt("twelve points", BOUNDARY_KEY, BOUNDARY_NONCE))
    for at in range(len(data)):
        changed = data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]
        assert refusal(b64encode(changed).decode()) == ("payload-wrong-mac" if at else "payload-version")


def test_keys_and_nonces_have_32_bytes() -> None:
    """A short nonce is a mistake of ours and does not pass."""
    for conversation_key, nonce in ((bytes(31), bytes(32)), (bytes(32), bytes(31))):
        with pytest.raises(ValueError, match="32 bytes"):
            nip44.encrypt("x", conversation_key, nonce)


def test_a_remembered_conversation_key_is_the_same_key() -> None:
    """The cache changes the speed and nothing else."""
    one, two = new_key(), new_key()
    assert nip44.known_conversation_key(one, two.public) == nip44.conversation_key(two, one.public)
