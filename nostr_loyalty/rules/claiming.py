"""Claim codes: the receipt's way to points for an order that named no customer (protocol §6).

A code has 80 random bits, written in Crockford's base32 (no I, L, O, U) in groups of four. Only its hash is kept.
Guessing is bounded: after so many wrong codes in a clock hour, by one key or by all together, none is heard (Bug 47).
"""

import hashlib
from typing import NamedTuple

from nostr_loyalty.rules.program import ClaimRules
from nostr_loyalty.rules.refusal import Refusal

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_READ_AS = str.maketrans({"O": "0", "I": "1", "L": "1"})
RANDOM_BYTES = 10


class ClaimFacts(NamedTuple):
    """What is known when a code is sent: the wrong codes of this clock hour before it, whether the claimant's card is
    frozen, and what the ledger says of the code's order. `recorded_at` None: no order has this code.
    """

    now: int
    wrong_by_key: int = 0
    wrong_by_all: int = 0
    frozen: bool = False
    recorded_at: int | None = None
    taken: bool = False
    withdrawn: bool = False


def claim(rules: ClaimRules, facts: ClaimFacts) -> Refusal | None:
    """Why a code moves no points, or None: it does. Only "claim-unknown" counts as a wrong code."""
    if facts.frozen:
        return Refusal("customer-frozen")
    if facts.wrong_by_key >= rules.attempts_key or facts.wrong_by_all >= rules.attempts_all:
        return Refusal("claim-too-many-attempts")
    if facts.recorded_at is None:
        return Refusal("claim-unknown")
    if facts.taken:
        return Refusal("claim-used")
    if facts.now >= facts.recorded_at + rules.valid_s:
        return Refusal("claim-expired")
    if facts.withdrawn:
        return Refusal("claim-withdrawn")
    return None


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


def claim_uri(naddr: str, code: str) -> str:
    """A QR code's content for Nostr clients: the program's address (NIP-19) and the code."""
    return f"nostr:{naddr}?claim={code}"


def claim_link(url: str, naddr: str, code: str) -> str:
    """A QR code's content for browsers. The code stands behind the `#`, which no browser tells the web server."""
    return f"{url}#{naddr}/{code}"
