"""REQ, COUNT and CLOSE at the scripted relay: who may read what, and what is found.

A refused REQ is answered by CLOSED (NIP-01), with a challenge before it where logging in would help (NIP-42).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import orjson

from tests.relays.client_state import Client, LiveSubscription
from tests.relays.filters import BadFilter, Filter, compile_filter
from tests.relays.store import Stored

if TYPE_CHECKING:
    from tests.relays.scripted import ScriptedRelay

GIFT_WRAP = 1059
ONLY_WRAPS = frozenset((GIFT_WRAP,))


class Reading:
    """The reading half of one relay."""

    def __init__(self, relay: ScriptedRelay) -> None:
        self._relay = relay

    def request(self, client: Client, name: str, given: Sequence[object]) -> None:
        """Answer a REQ: stored events, EOSE, and live ones from then on. One of the same name is replaced."""
        self.close(client, name)
        filters = self._admitted(client, name, given)
        if filters is None:
            return
        relay = self._relay
        subscription = LiveSubscription(client, name, filters, b'["EVENT",' + orjson.dumps(name) + b",")
        for event in relay.store.query(filters, relay.cap):
            if self.may_read(client, event):
                relay.delivery.stored(subscription, event)
        if not relay.faults.no_eose:
            relay.tell(client, orjson.dumps(["EOSE", name]))
        client.subscriptions[name] = subscription
        relay.waiting.add(subscription, filters)

    def count(self, client: Client, name: str, given: Sequence[object]) -> None:
        """Answer a COUNT (NIP-45)."""
        filters = self._admitted(client, name, given)
        if filters is not None:
            answer = ["COUNT", name, {"count": self._relay.store.count(filters)}]
            self._relay.tell(client, orjson.dumps(answer))

    def close(self, client: Client, name: str) -> None:
        """End a subscription; an unknown name is nothing to speak of."""
        subscription = client.subscriptions.pop(name, None)
        if subscription is not None:
            self._relay.waiting.remove(subscription, subscription.filters)

    def close_all(self, client: Client) -> None:
        """End every subscription of a client, without a word."""
        for name in list(client.subscriptions):
            self.close(client, name)

    def may_read(self, client: Client, event: Stored) -> bool:
        """Whether a client may see an event at all: a guarded wrap is left out without a word (bug 72)."""
        if self._relay.auth != "wraps" or event.kind != GIFT_WRAP:
            return True
        return any(("p", key) in event.indexed for key in client.keys)

    def _admitted(self, client: Client, name: str, given: Sequence[object]) -> list[Filter] | None:
        try:
            filters = [compile_filter(each) for each in given]
            refusal = self._refusal(client, filters) if filters else "invalid: no filter"
        except BadFilter as fault:
            filters, refusal = [], f"invalid: {fault}"
        if refusal is None:
            return filters
        if refusal.startswith("auth-required:"):
            self._relay.publishing.challenge(client)
        self._relay.tell(client, orjson.dumps(["CLOSED", name, refusal]))
        return None

    def _refusal(self, client: Client, filters: list[Filter]) -> str | None:
        if self._relay.auth == "reads" and not client.keys:
            return "auth-required: log in to read"
        if self._relay.auth == "wraps" and all(each.kinds == ONLY_WRAPS for each in filters):
            asked = {value for each in filters for letter, values in each.tags if letter == "p" for value in values}
            if not client.keys:
                return "auth-required: gift wraps are only for whom they are addressed to"
            if not asked or not asked <= client.keys:
                return "restricted: these gift wraps are for somebody else"
        return None
