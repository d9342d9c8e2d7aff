"""Claim codes: the receipt's way to points for an order that named no customer (protocol §6).

A code has 80 random bits, written in Crockford's base32 (no I, L, O, U) in groups of four. Only its hash is kept.
"""

import hashlib

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_READ_AS = str.maketrans({"O": "0", "I": "1", "L": "1"})
RANDOM_BYTES = 10


def claim_code(randomness: bytes) -> str:
    """The code for 10 random bytes: 16 characters in four groups, for example `7H2K-9QWE-…`."""
    assert len(randomness) == RANDOM_BYTES
    number = int.from_bytes(randomness)
    letters = "".join(_ALPHABET[(number >> shift) & 31] for shift in range(75, -1, -5))
    return "-".join(letters[at : at + 4] for at in range(0, 16, 4))


def claim_hash(code: str) -> str:
    """SHA-256 (hex) of a code as typed: case, spaces, hyphens and the look-alikes O, I, L do not matter."""
    plain = code.upper().replace("-", "").replace(" ", "").translate(_READ_AS)
    return hashlib.sha256(plain.encode()).hexdigest()
