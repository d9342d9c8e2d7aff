"""EVENT and AUTH at the scripted relay: what is taken in, and what the answer is.

Order of the checks: shape, scripted refusals, duplicates, signature, time, logging in, storing. Every EVENT gets
exactly one OK, unless a fault says otherwise. Source: NIP-01 (OK and its prefixes), NIP-42, NIP-70.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from tests.relays.client_state import Client
from tests.relays.signing import shape_fault, signature_fault
from tests.relays.store import is_ephemeral, stored_from

if TYPE_CHECKING:
    from tests.relays.scripted import ScriptedRelay

AUTH_KIND = 22_242
AUTH_AGE_S_MAX = 600
_STORE_ANSWERS = {
    "replaced": "replaced: a newer version is here",
    "deleted": "blocked: its author has deleted it",
    "expired": "invalid: it has expired",
}


class Publishing:
    """The writing half of one relay."""

    def __init__(self, relay: ScriptedRelay) -> None:
        self._relay = relay
        self._seen = 0
        self._second = 0
        self._this_second = 0

    def event(self, client: Client, event: object, raw: bytes) -> None:
        """Take one event in, answer, and forward it. `raw` is its JSON inside the message."""
        self._seen += 1
        fault = shape_fault(event)
        if fault is not None:
            event_id = event.get("id") if isinstance(event, dict) else None
            return self._answer(client, event_id if isinstance(event_id, str) else "", False, f"invalid: {fault}")
        assert isinstance(event, dict)
        relay, event_id = self._relay, event["id"]
        refusal = self._refusal(client, event, raw)
        if refusal is not None:
            accepted = refusal.startswith("duplicate:") and not relay.faults.duplicate_is_false
            return self._answer(client, event_id, accepted, refusal)
        if relay.faults.shadow_reject:
            return self._answer(client, event_id, True, "")
        stored = stored_from(event, raw)
        if not is_ephemeral(stored.kind):
            outcome = relay.store.add(stored)
            if outcome != "stored":
                return self._answer(client, event_id, False, _STORE_ANSWERS[outcome])
        self._answer(client, event_id, True, "")
        return relay.forward(stored)

    def auth(self, client: Client, event: object) -> None:
        """Check an answer to the latest challenge (NIP-42)."""
        fault = shape_fault(event)
        event_id = event.get("id", "") if isinstance(event, dict) else ""
        if fault is None:
            assert isinstance(event, dict)
            fault = self._auth_fault(client, event) or signature_fault(event)
            if fault is None:
                if self._relay.one_key_per_connection:
                    client.keys.clear()
                client.keys.add(event["pubkey"])
        self._relay.answer(client, ["OK", event_id, fault is None, f"invalid: {fault}" if fault else ""])

    def challenge(self, client: Client) -> None:
        """Send a new challenge; the one before is worth nothing from now on."""
        client.challenge = self._relay.rng.randbytes(16).hex()
        self._relay.answer(client, ["AUTH", client.challenge])

    def _auth_fault(self, client: Client, event: dict[str, Any]) -> str | None:
        tags = {tag[0]: tag[1] for tag in event["tags"] if len(tag) > 1}
        if event["kind"] != AUTH_KIND:
            return "not kind 22242"
        if client.challenge is None or tags.get("challenge") != client.challenge:
            return "not the latest challenge"
        if urlsplit(tags.get("relay", "")).netloc != urlsplit(self._relay.url).netloc:
            return "for another relay"
        if abs(event["created_at"] - self._relay.now()) > AUTH_AGE_S_MAX:
            return "made at another time"
        return None

    def _refusal(self, client: Client, event: dict[str, Any], raw: bytes) -> str | None:
        relay, faults = self._relay, self._relay.faults
        scripted = faults.refuse_nth.get(self._seen, faults.refuse_with)
        if scripted is not None:
            return scripted
        if faults.events_per_s is not None and self._above(faults.events_per_s):
            return "rate-limited: slow down"
        if event["id"] in relay.store:
            return "duplicate: already here"
        if relay.event_bytes_max is not None and len(raw) > relay.event_bytes_max:
            return f"invalid: larger than {relay.event_bytes_max} bytes"
        if relay.future_s_max is not None and event["created_at"] > relay.now() + relay.future_s_max:
            return "invalid: created_at is too far ahead"
        if faults.past_s_max is not None and event["created_at"] < relay.now() - faults.past_s_max:
            return "invalid: created_at too early"
        if relay.verify:
            fault = signature_fault(event)
            if fault is not None:
                return f"invalid: {fault}"
        return self._door(client, event)

    def _door(self, client: Client, event: dict[str, Any]) -> str | None:
        protected = any(tag[0] == "-" for tag in event["tags"]) and not self._relay.faults.ignores_protection
        if protected and self._relay.auth == "off":
            return "blocked: it is protected, and nobody can log in here"
        if not client.keys and (protected or self._relay.auth == "writes"):
            self.challenge(client)
            return "auth-required: log in to publish this"
        if protected and event["pubkey"] not in client.keys:
            return "restricted: only its author may publish it"
        return None

    def _above(self, per_s: int) -> bool:
        second = int(asyncio.get_running_loop().time())
        if second != self._second:
            self._second, self._this_second = second, 0
        self._this_second += 1
        return self._this_second > per_s

    def _answer(self, client: Client, event_id: str, accepted: bool, text: str) -> None:
        faults = self._relay.faults
        if faults.no_ok:
            return
        if faults.refused_ok_empty_id and not accepted:
            event_id = ""
        message = ["OK", event_id, accepted, text]
        if faults.ok_delay_s:
            asyncio.get_running_loop().call_later(faults.ok_delay_s, self._relay.answer, client, message)
        else:
            self._relay.answer(client, message)
