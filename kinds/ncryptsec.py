"""NIP-49: a secret key under a password, as text that may lie in a file.

scrypt makes a key of the password (NFKC, N = 2**log_n, r = 8, p = 1); XChaCha20-Poly1305 encrypts the 32 bytes. The
library at hand has ChaCha20-Poly1305 only, so the extended nonce is reduced by HChaCha20, written out below (draft
irtf-cfrg-xchacha, section 2.2).
"""

import hashlib
import struct
import unicodedata
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

from kinds.errors import Unreadable
from kinds.keys import SecretKey, bech32_decode, bech32_encode

LOG_N_DEFAULT: Final = 16
"""64 MiB and a tenth of a second."""
LOG_N_MAX: Final = 20
"""1 GiB: a text that asks for more is refused before the memory is gone."""

_VERSION: Final = 2
_KEY_NOT_TRACKED: Final = b"\x02"
_LENGTH: Final = 91
_WORD: Final = 0xFFFFFFFF


def encrypt(key: SecretKey, password: str, *, salt: bytes, nonce: bytes, log_n: int = LOG_N_DEFAULT) -> str:
    """The key as an ncryptsec. `salt`: 16 random bytes, `nonce`: 24; ValueError for other sizes or log_n over 20."""
    if len(salt) != 16 or len(nonce) != 24 or not 1 <= log_n <= LOG_N_MAX:
        raise ValueError(f"a salt has 16 bytes, a nonce 24, and log_n is 1 to {LOG_N_MAX}")
    subkey, nonce12 = _reduced(_stretched(password, salt, log_n), nonce)
    sealed = ChaCha20Poly1305(subkey).encrypt(nonce12, key.raw(), _KEY_NOT_TRACKED)
    return bech32_encode("ncryptsec", bytes((_VERSION, log_n)) + salt + nonce + _KEY_NOT_TRACKED + sealed)


def decrypt(text: str, password: str) -> SecretKey:
    """The key. Raises Unreadable "ncryptsec-malformed" or "ncryptsec-wrong-password"; takes as long as log_n says."""
    try:
        data = bech32_decode("ncryptsec", text)
    except ValueError as fault:
        raise Unreadable("ncryptsec-malformed", str(fault)) from None
    if len(data) != _LENGTH or data[0] != _VERSION or not 1 <= data[1] <= LOG_N_MAX:
        raise Unreadable("ncryptsec-malformed", "another length or version, or it asks for too much memory")
    salt, nonce, associated, sealed = data[2:18], data[18:42], data[42:43], data[43:]
    subkey, nonce12 = _reduced(_stretched(password, salt, data[1]), nonce)
    try:
        return SecretKey(ChaCha20Poly1305(subkey).decrypt(nonce12, sealed, associated))
    except InvalidTag:
        raise Unreadable("ncryptsec-wrong-password") from None
    except ValueError:
        raise Unreadable("ncryptsec-malformed", "what it holds is no key") from None


def _stretched(password: str, salt: bytes, log_n: int) -> bytes:
    normal = unicodedata.normalize("NFKC", password).encode("utf-8", "surrogatepass")
    rounds = 1 << log_n
    return hashlib.scrypt(normal, salt=salt, n=rounds, r=8, p=1, maxmem=128 * 8 * (rounds + 64), dklen=32)


def _reduced(key: bytes, nonce24: bytes) -> tuple[bytes, bytes]:
    """XChaCha20's first step: a key and a 12-byte nonce for ChaCha20 from a 24-byte nonce."""
    return hchacha20(key, nonce24[:16]), bytes(4) + nonce24[16:]


def hchacha20(key: bytes, nonce16: bytes) -> bytes:
    """ChaCha20's twenty rounds without the final addition: 32 bytes from a 32-byte key and 16 bytes."""
    state = [*struct.unpack("<4I", b"expand 32-byte k"), *struct.unpack("<8I", key), *struct.unpack("<4I", nonce16)]
    for _ in range(10):
        for column in range(4):
            _quarter_round(state, column, 4 + column, 8 + column, 12 + column)
        for column in range(4):
            _quarter_round(state, column, 4 + (column + 1) % 4, 8 + (column + 2) % 4, 12 + (column + 3) % 4)
    return struct.pack("<8I", *state[:4], *state[12:])


def _quarter_round(state: list[int], a: int, b: int, c: int, d: int) -> None:
    for left, right, target, bits in ((a, b, d, 16), (c, d, b, 12), (a, b, d, 8), (c, d, b, 7)):
        state[left] = (state[left] + state[right]) & _WORD
        turned = state[target] ^ state[left]
        state[target] = ((turned << bits) | (turned >> (32 - bits))) & _WORD
