"""Orders that flow into a relay while a test does something cruel to the daemon; and the model of what they are worth.

One seed, one flow: half of the orders in clear and half in wraps, for a private and a public program, with repetitions
under new event ids, refunds and cancellations. Every key is made anew.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson

from kinds import gift_wrap, nip44
from kinds.event import Event, author, sign, to_json
from kinds.keys import SecretKey, npub_encode
from tests.faults.witness import Chain, Expected, Witness
from tests.relays.scripted import ScriptedRelay
from tests.venue import Venue, new_key

SECOND_PROGRAM = """
[[program]]
slug = "bar-luna"
title = "Bar Luna"
sources = ["{till}"]
visibility = "public"
[[program.earn]]
type = "spend"
points = 1
per = "1000 sat"
"""


class Flow:
    """The orders of one venue with two programs of one issuer: `venue` is private, `public` is in clear."""

    def __init__(self, folder: Path, relays: list[str], *, seed: int, guests: int = 12, daemon_extra: str = "") -> None:
        self.venue = Venue(folder, relays, "private", daemon_extra=daemon_extra)
        self.public = Venue(folder, relays, "public", "bar-luna", self.venue.issuer, self.venue.till)
        self.expected = Expected()
        self.guests = [new_key() for _ in range(guests)]
        self._rng = random.Random(seed)
        self._orders: list[tuple[Venue, str, SecretKey]] = []
        self._made = 0

    def write_config(self) -> Path:
        """The configuration with both programs."""
        path = self.venue.write_config()
        path.write_text(path.read_text() + SECOND_PROGRAM.format(till=npub_encode(self.venue.till.public)))
        return path

    def witness(self) -> Witness:
        """Somebody who can read everything."""
        return Witness([self.venue.till, *self.guests])

    def next(self, at: int | None = None) -> Event:
        """The next message: mostly a new order, sometimes an earlier one again, sometimes the end of one."""
        draw = self._rng.random()
        if self._orders and draw < 0.1:
            return self._repeat(at)
        if self._orders and draw < 0.2:
            return self._end(at)
        self._made += 1
        venue = self._rng.choice((self.venue, self.public))
        self._orders.append((venue, f"order-{self._made}", self._rng.choice(self.guests)))
        return self._report(*self._orders[-1], at)

    def _report(self, venue: Venue, order_id: str, guest: SecretKey, at: int | None) -> Event:
        points = 1 + int(order_id.removeprefix("order-")) % 40
        event, ref = self._sent(venue, order_id, guest, points, at, "paid")
        self.expected.order(_chain(venue, guest), order_id, points, ref)
        return event

    def _repeat(self, at: int | None) -> Event:
        return self._report(*self._rng.choice(self._orders), at)

    def _end(self, at: int | None) -> Event:
        venue, order_id, guest = self._rng.choice(self._orders)
        points = 1 + int(order_id.removeprefix("order-")) % 40
        status = "canceled" if points % 2 else "refunded"
        event, ref = self._sent(venue, order_id, guest, points, at, status)
        self.expected.refund(_chain(venue, guest), order_id, ref)
        return event

    def _sent(
        self, venue: Venue, order_id: str, guest: SecretKey, points: int, at: int | None, status: str
    ) -> tuple[Event, str]:
        """The event to publish and the id of the message in it; a note makes every report another message."""
        at = int(time.time()) if at is None else at
        refund_id = "all" if status == "refunded" else None
        amount = (str(points * 1000), "sat")
        template = venue.template(order_id, guest.public, amount, status=status, refund_id=refund_id, at=at)
        template = template._replace(tags=(*template.tags, ("note", f"report {self._rng.getrandbits(64)}")))
        if self._rng.random() < 0.5:
            event = sign(template, venue.till)
            return event, event.id
        rumor = author(template, venue.till.public)
        conversation = nip44.conversation_key(venue.till, venue.issuer.public)
        seed = self._rng.randbytes(32)
        wrap = gift_wrap.gift_wrap(rumor, venue.till, venue.issuer.public, conversation, seed=seed, now=at)
        return wrap, rumor.id


def _chain(venue: Venue, guest: SecretKey) -> Chain:
    return (venue.address, guest.public)


def as_object(event: Event) -> dict[str, Any]:
    """An event as `ScriptedRelay.accept` takes it."""
    decoded: dict[str, Any] = orjson.loads(to_json(event))
    return decoded


async def pour(flow: Flow, relay: ScriptedRelay, per_s: float, enough: Callable[[], bool]) -> None:
    """Put the flow's messages into the relay, so many a second, until it is enough."""
    while not enough():
        relay.accept(as_object(flow.next()))
        await asyncio.sleep(1 / per_s)


def published(relay: ScriptedRelay) -> list[str]:
    """The JSON of every EVENT that clients sent to the relay, repetitions included, oldest first."""
    prefix = '["EVENT",'
    return [line.text[len(prefix) : -1] for line in relay.journal if not line.sent and line.text.startswith(prefix)]
