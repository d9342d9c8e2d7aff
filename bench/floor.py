"""(a) The floor: one BIP-340 verification and one signature per order, on one core, straight through libsecp256k1."""

from __future__ import annotations

import hashlib
import os
import time
from dataclasses import dataclass

from secp256k1 import PrivateKey, PublicKey

ROUNDS = 5


@dataclass(frozen=True, slots=True)
class Floor:
    """Seconds for each; the orders per second that would be possible if nothing else had to be done."""

    verify_s: float
    sign_s: float

    @property
    def orders_per_s(self) -> float:
        """Of one core."""
        return 1 / (self.verify_s + self.sign_s)


def measure(count: int = 1_000) -> Floor:
    """The best of several rounds: what disturbs a round only ever makes it slower."""
    key = PrivateKey(os.urandom(32))
    author = PublicKey(b"\x02" + key.pubkey.serialize()[1:], raw=True)
    ids = [hashlib.sha256(b"%d" % number).digest() for number in range(count)]
    signatures: list[bytes] = []
    verify_s = sign_s = float("inf")
    for _ in range(ROUNDS):
        began = time.perf_counter()
        signatures = [key.schnorr_sign(each, None, raw=True) for each in ids]
        sign_s = min(sign_s, (time.perf_counter() - began) / count)
        began = time.perf_counter()
        holds = [author.schnorr_verify(*pair, None, raw=True) for pair in zip(ids, signatures, strict=True)]
        verify_s = min(verify_s, (time.perf_counter() - began) / count)
        assert all(holds)
    return Floor(verify_s, sign_s)
