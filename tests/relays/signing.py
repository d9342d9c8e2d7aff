"""Events for the tests of relays: made and checked without any of our own packages, so that the two can disagree.

Source: NIP-01 (serialisation, id), BIP-340 (signatures).
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Sequence
from typing import Any

import secp256k1

_HEX_64 = re.compile(r"[0-9a-f]{64}")
_HEX_128 = re.compile(r"[0-9a-f]{128}")


def event_id(event: dict[str, Any]) -> str:
    """The id that the other fields have (NIP-01)."""
    parts = [0, event["pubkey"], event["created_at"], event["kind"], event["tags"], event["content"]]
    return hashlib.sha256(json.dumps(parts, ensure_ascii=False, separators=(",", ":")).encode()).hexdigest()


def shape_fault(event: object) -> str | None:
    """What is wrong with the shape of a decoded event, or None."""
    if not isinstance(event, dict):
        return "not an object"
    for name, pattern in (("id", _HEX_64), ("pubkey", _HEX_64), ("sig", _HEX_128)):
        if not isinstance(event.get(name), str) or not pattern.fullmatch(event[name]):
            return f"{name} is not lower-case hex of the right length"
    if (
        type(event.get("created_at")) is not int
        or type(event.get("kind")) is not int
        or not 0 <= event["kind"] < 65_536
    ):
        return "created_at or kind is not a number"
    if not isinstance(event.get("content"), str) or not isinstance(event.get("tags"), list):
        return "content or tags missing"
    for tag in event["tags"]:
        if not isinstance(tag, list) or not tag or not all(isinstance(each, str) for each in tag):
            return "a tag is not a list of strings"
    return None


def signature_fault(event: dict[str, Any]) -> str | None:
    """Why an event of the right shape is not what its author signed, or None."""
    if event_id(event) != event["id"]:
        return "wrong id"
    try:
        key = secp256k1.PublicKey(b"\x02" + bytes.fromhex(event["pubkey"]), raw=True)
    except Exception:
        return "pubkey is not on the curve"
    if not key.schnorr_verify(bytes.fromhex(event["id"]), bytes.fromhex(event["sig"]), None, raw=True):
        return "wrong signature"
    return None


class Author:
    """A key made for one test, and what it signs."""

    def __init__(self, raw: bytes | None = None) -> None:
        self._raw = raw or os.urandom(32)
        self._key = secp256k1.PrivateKey(self._raw)
        self.pubkey: str = self._key.pubkey.serialize()[1:].hex()

    def event(
        self, kind: int, content: str = "", tags: Sequence[Sequence[str]] = (), *, created_at: int
    ) -> dict[str, Any]:
        """A signed event as decoded JSON."""
        event: dict[str, Any] = {"pubkey": self.pubkey, "created_at": created_at, "kind": kind}
        event |= {"tags": [list(tag) for tag in tags], "content": content}
        event["id"] = event_id(event)
        event["sig"] = self._key.schnorr_sign(bytes.fromhex(event["id"]), None, raw=True).hex()
        return event
