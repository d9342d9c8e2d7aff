"""NIP-42, kind 22242: how a client proves its key to a relay that sent a challenge."""

from typing import Final

from kinds.errors import Unreadable
from kinds.event import Event, Template
from kinds.registry import RELAY_AUTH
from kinds.tags import value

TOLERANCE_S: Final = 600
"""How far an answer may be dated from the relay's clock: NIP-42 says about ten minutes."""


def template(relay_url: str, challenge: str, created_at: int) -> Template:
    """The answer to `challenge`, to be signed with the key that is to be authenticated; `created_at` is now."""
    return Template(RELAY_AUTH, created_at, (("relay", relay_url), ("challenge", challenge)), "")


def check(event: Event, relay_url: str, challenge: str, now: int) -> str:
    """What a relay checks: the public key that is now authenticated. Raises Unreadable "relay-auth-malformed"."""
    if event.kind != RELAY_AUTH:
        raise Unreadable("relay-auth-malformed", f"kind {event.kind}")
    if value(event.tags, "challenge") != challenge:
        raise Unreadable("relay-auth-malformed", "another challenge")
    answered = value(event.tags, "relay")
    if answered is None or answered.rstrip("/").lower() != relay_url.rstrip("/").lower():
        raise Unreadable("relay-auth-malformed", "another relay")
    if abs(event.created_at - now) > TOLERANCE_S:
        raise Unreadable("relay-auth-malformed", "dated too far from now")
    return event.pubkey
