"""NIP-44 version 2: text encrypted between two keys. ChaCha20 and HMAC-SHA256, keys by HKDF from the shared x.

Plaintexts have 1 to 65,535 bytes when we write them (what every client reads). When we read, the longer form that the
NIP allows since (a length prefix of six bytes for 65,536 bytes and more) is understood too, up to PAYLOAD_MAX.

Nonces are an argument: 32 bytes that are never used twice with one conversation key.
"""

import hmac
from base64 import b64decode, b64encode
from functools import lru_cache
from typing import Final

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import ChaCha20
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

from kinds.errors import Unreadable
from kinds.keys import SecretKey

PLAINTEXT_MAX: Final = 65_535
"""Bytes of UTF-8 that `encrypt` takes."""
PAYLOAD_MAX: Final = 256 * 1024
"""Characters of base64 that `decrypt` takes: as many as an event may have."""

_SHA256: Final = SHA256()
CONVERSATIONS_KNOWN_MAX: Final = 10_000
_VERSION: Final = b"\x02"
_PAYLOAD_MIN: Final = 132
_DATA_MIN: Final = 99
_LONG_FORM_FROM: Final = 65_536


def conversation_key(key: SecretKey, pubkey: str) -> bytes:
    """The 32 secret bytes that two keys share, the same from both sides. ValueError: `pubkey` is no public key."""
    return hmac.digest(b"nip44-v2", key.shared_x(pubkey), "sha256")


@lru_cache(maxsize=CONVERSATIONS_KNOWN_MAX)
def known_conversation_key(key: SecretKey, pubkey: str) -> bytes:
    """`conversation_key`, remembered: for keys that come back (sources, customers), not for one-time keys."""
    return conversation_key(key, pubkey)


def encrypt(plaintext: str, conversation_key: bytes, nonce: bytes) -> str:
    """The payload, in base64. `nonce`: 32 bytes, never used before. ValueError: 1..PLAINTEXT_MAX bytes only."""
    text = plaintext.encode()
    if not 1 <= len(text) <= PLAINTEXT_MAX:
        raise ValueError(f"NIP-44 encrypts 1 to {PLAINTEXT_MAX} bytes, not {len(text)}")
    padded = len(text).to_bytes(2, "big") + text + bytes(padded_length(len(text)) - len(text))
    chacha_key, chacha_nonce, mac_key = message_keys(conversation_key, nonce)
    sealed = nonce + _chacha20(chacha_key, chacha_nonce, padded)
    return b64encode(_VERSION + sealed + hmac.digest(mac_key, sealed, "sha256")).decode()


def decrypt(payload: str, conversation_key: bytes) -> str:
    """The plaintext. Raises Unreadable "payload-…" for whatever was not encrypted for this conversation."""
    data = _decode(payload)
    sealed, mac = data[1:-32], data[-32:]
    chacha_key, chacha_nonce, mac_key = message_keys(conversation_key, sealed[:32])
    if not hmac.compare_digest(hmac.digest(mac_key, sealed, "sha256"), mac):
        raise Unreadable("payload-wrong-mac")
    return _unpad(_chacha20(chacha_key, chacha_nonce, sealed[32:]))


def message_keys(conversation_key: bytes, nonce: bytes) -> tuple[bytes, bytes, bytes]:
    """ChaCha20's key (32 bytes) and nonce (12), and the MAC's key (32), of one message: HKDF-expand to 76 bytes."""
    if len(conversation_key) != 32 or len(nonce) != 32:
        raise ValueError("a conversation key and a nonce have 32 bytes each")
    keys = HKDFExpand(_SHA256, 76, nonce).derive(conversation_key)
    return keys[:32], keys[32:44], keys[44:]


def padded_length(length: int) -> int:
    """How many bytes `length` bytes (at least 1) are padded to, so that the size says little about the text."""
    if length <= 32:
        return 32
    next_power = 1 << (length - 1).bit_length()
    chunk = 32 if next_power <= 256 else next_power >> 3
    return chunk * ((length - 1) // chunk + 1)


def _decode(payload: str) -> bytes:
    """version, nonce, ciphertext, mac. One payload has one form: base64 that encodes back to itself."""
    if len(payload) > PAYLOAD_MAX:
        raise Unreadable("payload-too-large", f"{len(payload)} characters")
    if payload.startswith("#"):
        raise Unreadable("payload-version", "a form that is not base64")
    if len(payload) < _PAYLOAD_MIN:
        raise Unreadable("payload-malformed", f"{len(payload)} characters")
    try:
        data = b64decode(payload, validate=True)
    except ValueError:
        raise Unreadable("payload-malformed", "not base64") from None
    if b64encode(data).decode() != payload:
        raise Unreadable("payload-malformed", "not canonical base64")
    if data[:1] != _VERSION:
        raise Unreadable("payload-version", f"version {data[0]}")
    if len(data) < _DATA_MIN:
        raise Unreadable("payload-malformed", f"{len(data)} bytes")
    return data


def _unpad(padded: bytes) -> str:
    prefix, length = 2, int.from_bytes(padded[:2], "big")
    if length == 0:
        prefix, length = 6, int.from_bytes(padded[2:6], "big")
        if length < _LONG_FORM_FROM:
            raise Unreadable("payload-wrong-padding", "the long form of a short length")
    if len(padded) != prefix + padded_length(length) or any(padded[prefix + length :]):
        raise Unreadable("payload-wrong-padding")
    try:
        return padded[prefix : prefix + length].decode()
    except UnicodeDecodeError:
        raise Unreadable("payload-malformed", "the plaintext is not UTF-8") from None


def _chacha20(key: bytes, nonce: bytes, data: bytes) -> bytes:
    # OpenSSL takes the block counter (RFC 8439, starting at 0) in front of the nonce.
    return Cipher(ChaCha20(key, bytes(4) + nonce), mode=None).encryptor().update(data)
