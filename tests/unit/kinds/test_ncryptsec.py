"""NIP-49: its own example, the draft's HChaCha20 vector, and what a wrong password or a wrong text gives."""

import os

import pytest

from kinds.errors import Unreadable
from kinds.keys import bech32_encode
from kinds.ncryptsec import decrypt, encrypt, hchacha20
from tests.unit.kinds.samples import new_key

EXAMPLE = (
    "ncryptsec1qgg9947rlpvqu76pj5ecreduf9jxhselq2nae2kghhvd5g7dgjtcxfqtd67p9m0w57lspw8gsq6yphnm8623nsl8xn9j4jdzz84zm3frz"
    "tj3z7s35vpzmqf6ksu8r89qk5z2zxfmu5gv8th8wclt0h4p"
)


def test_the_example_of_the_nip() -> None:
    """NIP-49's text opens with its password to its key."""
    assert decrypt(EXAMPLE, "nostr").raw().hex() == "3501454135014541350145413501453fefb02227e449e57cf4d3a3ce05378683"


def test_hchacha20_vector() -> None:
    """draft-irtf-cfrg-xchacha section 2.2.1."""
    key = bytes(range(32))
    nonce = bytes.fromhex("000000090000004a0000000031415927")
    assert hchacha20(key, nonce).hex() == "82413b4227b27bfed30e42508a877d73a0f9e4d58a74a853c12ec41326d3ecdc"


def test_a_key_comes_back_under_its_password_only() -> None:
    """The password is taken in NFKC, so that two keyboards type the same one; any other is named wrong."""
    key = new_key()
    text = encrypt(key, "\u212b\u2126\u1e9b\u0323", salt=os.urandom(16), nonce=os.urandom(24), log_n=4)
    assert decrypt(text, "\u00c5\u03a9\u1e69").public == key.public
    with pytest.raises(Unreadable) as unreadable:
        decrypt(text, "wrong")
    assert unreadable.value.code == "ncryptsec-wrong-password"


def test_salt_nonce_and_cost_have_their_sizes() -> None:
    """Sizes that would weaken the key or take all memory are refused."""
    for salt, nonce, log_n in ((15, 24, 4), (16, 12, 4), (16, 24, 0), (16, 24, 21)):
        with pytest.raises(ValueError, match="salt"):
            encrypt(new_key(), "x", salt=bytes(salt), nonce=bytes(nonce), log_n=log_n)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "ncryptsec1",
        EXAMPLE[:-1] + "q",
        EXAMPLE.replace("ncryptsec", "nsec"),
        bech32_encode("ncryptsec", bytes(90)),
        bech32_encode("ncryptsec", b"\x03\x04" + bytes(89)),
        bech32_encode("ncryptsec", b"\x02\x1e" + bytes(89)),
    ],
)
def test_what_is_no_encrypted_key_is_named(text: str) -> None:
    """Broken texts, other versions and a cost of a terabyte are refused before any work is done."""
    with pytest.raises(Unreadable) as unreadable:
        decrypt(text, "nostr")
    assert unreadable.value.code == "ncryptsec-malformed"
