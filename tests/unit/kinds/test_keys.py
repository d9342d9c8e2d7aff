"""What `kinds.keys` promises: lengths before C, secrets that stay inside, NIP-19 texts that say what is wrong."""

import copy
import os
import pickle

import pytest

from kinds.keys import (
    Address,
    EventPointer,
    Profile,
    SecretKey,
    is_public_key,
    naddr_decode,
    naddr_encode,
    nevent_decode,
    nevent_encode,
    nprofile_decode,
    nprofile_encode,
    npub_decode,
    npub_encode,
    read_public_key,
    verify_signature,
)
from tests.unit.kinds.samples import new_key

ORDER_OF_THE_CURVE = bytes.fromhex("fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141")
NIP19_NPUB = "npub10elfcs4fr0l0r8af98jlmgdh9c8tcxjvz9qkw038js35mp4dma8qzvjptg"
NIP19_HEX = "7e7e9c42a91bfef19fa929e5fda1b72e0ebc1a4c1141673e2794234d86addf4e"
NIP19_NPROFILE = (
    "nprofile1qqsrhuxx8l9ex335q7he0f09aej04zpazpl0ne2cgukyawd24mayt8gpp4mhxue69uhhytnc9e3k7mgpz4mhxue69uhkg6nzv9ejuumpv34"
    "kytnrdaksjlyr9p"
)
NIP19_NPROFILE_HEX = "3bf0c63fcb93463407af97a5e5ee64fa883d107ef9e558472c4eb9aaaefa459d"


def test_bip_340_vector_zero() -> None:
    """The first test vector of BIP-340: key 3, message of zeros, no auxiliary randomness."""
    key = SecretKey(bytes(31) + b"\x03")
    assert key.public == "f9308a019258c31049344f85f89d5229b531c845836f99b08601f113bce036f9"
    assert key.sign(bytes(32)).hex() == (
        "e907831f80848d1069a5371b402410364bdf1c5f8307b0084c55f1ce2dca8215"
        "25f66a4a85ea8b71e482a74f382d2ce5ebeee8fdb2172f477df4900d310536c0"
    )


def test_a_signature_holds_for_its_key_and_id_only() -> None:
    """Another key, another id or a flipped bit make it false."""
    key, other = new_key(), new_key()
    id32 = os.urandom(32)
    signature = key.sign(id32)
    assert verify_signature(key.public, id32, signature)
    assert not verify_signature(other.public, id32, signature)
    assert not verify_signature(key.public, os.urandom(32), signature)
    assert not verify_signature(key.public, id32, bytes([signature[0] ^ 1]) + signature[1:])


@pytest.mark.parametrize("length", [0, 1, 63, 65, 128])
def test_a_signature_of_another_length_is_false(length: int) -> None:
    """Bug 78: the C library checks no lengths, and took a 65-byte signature (a valid one and a byte) for true."""
    key = new_key()
    signature = (key.sign(bytes(32)) * 2)[:length]
    assert not verify_signature(key.public, bytes(32), signature)


def test_an_id_of_another_length_is_neither_signed_nor_verified() -> None:
    """Bug 78: the id's length is checked as well, on both sides."""
    key = new_key()
    for length in (0, 31, 33):
        assert not verify_signature(key.public, bytes(length), bytes(64))
        with pytest.raises(ValueError, match="32 bytes"):
            key.sign(bytes(length))


@pytest.mark.parametrize("raw", [b"", bytes(31), bytes(33), bytes(32), b"\xff" * 32, ORDER_OF_THE_CURVE])
def test_what_is_no_secret_key_is_refused(raw: bytes) -> None:
    """Zero, the order of the curve and above, and other lengths are no keys."""
    with pytest.raises(ValueError, match="secret key"):
        SecretKey(raw)


def test_a_secret_key_shows_and_gives_away_nothing() -> None:
    """repr, str and error texts hold the public half only; pickling and copying are refused."""
    raw = os.urandom(32)
    key = SecretKey(raw)
    for shown in (repr(key), str(key), f"{key}"):
        assert raw.hex() not in shown
        assert key.public in shown
    with pytest.raises(TypeError):
        pickle.dumps(key)
    with pytest.raises(TypeError):
        copy.deepcopy(key)
    with pytest.raises(ValueError, match="not an nsec") as fault:
        SecretKey.from_nsec(key.nsec()[:-1] + ("x" if key.nsec()[-1] != "x" else "q"))
    assert key.nsec()[5:-1] not in str(fault.value)
    assert fault.value.__cause__ is None


def test_nsec_round_trip() -> None:
    """A key written as nsec is read back as the same key."""
    key = new_key()
    assert SecretKey.from_nsec(key.nsec()).public == key.public
    with pytest.raises(ValueError, match="not an nsec"):
        SecretKey.from_nsec(npub_encode(key.public))


def test_the_shared_x_is_the_same_from_both_sides() -> None:
    """NIP-44's premise; an x that is on no point, or malformed, is a ValueError."""
    one, two = new_key(), new_key()
    assert one.shared_x(two.public) == two.shared_x(one.public)
    for wrong in ("f" * 64, "", "AB" * 32, "0" * 63):
        with pytest.raises(ValueError, match="public key"):
            one.shared_x(wrong)


def test_public_keys_are_points_of_the_curve() -> None:
    """A number on no point is well-formed hex and still nobody's key; nothing is promised to it."""
    assert is_public_key(new_key().public)
    for wrong in ("f" * 64, "0" * 64, "", None, 5, new_key().public.upper() + "A", b"x" * 64):
        assert not is_public_key(wrong)


def test_nip_19_examples() -> None:
    """The texts that NIP-19 gives as examples are read as it says."""
    assert npub_decode(NIP19_NPUB) == NIP19_HEX
    assert npub_encode(NIP19_HEX) == NIP19_NPUB
    profile = nprofile_decode(NIP19_NPROFILE)
    assert profile == Profile(NIP19_NPROFILE_HEX, ("wss://r.x.com", "wss://djbas.sadkb.com"))
    assert nprofile_encode(profile) == NIP19_NPROFILE


def test_pointers_round_trip() -> None:
    """nevent and naddr come back whole, with and without their optional parts."""
    key = new_key()
    for pointer in (EventPointer("ab" * 32), EventPointer("ab" * 32, ("wss://a.example",), key.public, 7411)):
        assert nevent_decode(nevent_encode(pointer)) == pointer
    address = Address(37411, key.public, "cafe-sol", ("wss://a.example", "wss://b.example"))
    assert naddr_decode(naddr_encode(address)) == address


def test_a_public_key_is_read_in_every_form_that_people_paste() -> None:
    """npub, nprofile, hex, with `nostr:` and blanks around it."""
    pubkey = new_key().public
    for text in (pubkey, npub_encode(pubkey), nprofile_encode(Profile(pubkey)), f" nostr:{npub_encode(pubkey)}\n"):
        assert read_public_key(text) == pubkey


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "neither"),
        ("alice", "neither"),
        ("AB" * 32, "lower-case"),
        ("f" * 64, "no point"),
        (NIP19_NPUB[:-1] + "x", "checksum"),
        (NIP19_NPUB + "é", "checksum"),
        ("npub1" + "q" * 6_000, "longer"),
        (new_key().nsec(), "SECRET"),
    ],
)
def test_a_wrong_key_is_answered_with_what_is_wrong(text: str, says: str) -> None:
    """The ValueError's text is for the person who typed it; a secret key is never repeated."""
    with pytest.raises(ValueError, match=says) as fault:
        read_public_key(text)
    if text.startswith("nsec1"):
        assert text not in str(fault.value)
