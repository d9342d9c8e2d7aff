"""How an event reaches a subscriber of the scripted relay, and what happens to it on the way."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import orjson

from tests.relays.client_state import LiveSubscription
from tests.relays.store import Stored

if TYPE_CHECKING:
    from tests.relays.scripted import ScriptedRelay

HELD_BACK_S_MAX = 0.05  # an event held back goes out after this long even if no other one overtakes it


class Delivery:
    """Sends events. Without faults: one concatenation per event and subscriber."""

    def __init__(self, relay: ScriptedRelay) -> None:
        self._relay = relay

    def stored(self, subscription: LiveSubscription, event: Stored) -> None:
        """Send an event that a REQ found."""
        for raw in self._copies(event):
            self._relay.tell(subscription.client, subscription.prefix + raw + b"]")

    def live(self, subscription: LiveSubscription, event: Stored) -> None:
        """Send an event that has just come in, now or later or never."""
        relay, faults = self._relay, self._relay.faults
        above = faults.drop_live_above_bytes
        if above is not None and subscription.client.connection.unsent_bytes > above:
            return
        if faults.drop_live and relay.rng.random() < faults.drop_live:
            return
        for raw in self._copies(event):
            text = subscription.prefix + raw + b"]"
            if faults.delay_s:
                wait_s = relay.rng.uniform(0, faults.delay_s)
                asyncio.get_running_loop().call_later(wait_s, relay.tell, subscription.client, text)
            elif faults.reorder and not subscription.held_back and relay.rng.random() < faults.reorder:
                subscription.held_back.append(text)
                asyncio.get_running_loop().call_later(HELD_BACK_S_MAX, self._let_go, subscription)
            else:
                relay.tell(subscription.client, text)
                self._let_go(subscription)

    def _let_go(self, subscription: LiveSubscription) -> None:
        while subscription.held_back:
            self._relay.tell(subscription.client, subscription.held_back.pop())

    def _copies(self, event: Stored) -> list[bytes]:
        faults, rng = self._relay.faults, self._relay.rng
        raw = event.raw
        if not (faults.corrupt or faults.forge_first or faults.repeat):
            return [raw]
        if faults.corrupt and rng.random() < faults.corrupt:
            raw = _with_other_content(raw)
        copies = [raw]
        if faults.forge_first and rng.random() < faults.forge_first:
            copies.insert(0, _with_other_signature(raw))
        if faults.repeat and rng.random() < faults.repeat:
            copies.append(raw)
        return copies


def _with_other_content(raw: bytes) -> bytes:
    event = orjson.loads(raw)
    event["content"] += " (altered by the relay)"
    return orjson.dumps(event)


def _with_other_signature(raw: bytes) -> bytes:
    event = orjson.loads(raw)
    last = event["sig"][-1]
    event["sig"] = event["sig"][:-1] + ("0" if last != "0" else "1")
    return orjson.dumps(event)
