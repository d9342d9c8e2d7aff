"""(j) A flood of junk wraps: how late do an order and an operator's grant come meanwhile?

The junk is what a stranger can make: signed by keys of its own, addressed to the program, of a wrap's size, with
nothing inside that opens. It goes to the relay where guests write. Orders in clear go to the same relay; grants go,
wrapped, to the relay of the venue's people, and now and then to the flooded one.

The relay itself is late in a flood. When an order has gone through it is heard at a second socket, so that what the
daemon adds can be told apart: from the order's coming out of the relay to its entry's.
"""

from __future__ import annotations

import asyncio
import base64
import os
import random
import time
from dataclasses import dataclass, field

import orjson

from bench.load import event_frame
from bench.relay_socket import RelaySocket, framed
from bench.subject import Subject
from kinds import direct_message, gift_wrap, nip44
from kinds.event import Event, Template, sign
from kinds.keys import SecretKey
from kinds.registry import ENTRY, GIFT_WRAP, PAID_ORDER
from tests.venue import Venue, new_key

EVERY_S = 0.4
WAIT_S_MAX = 60.0
SAMPLES_AFTER = 3
KEYS = 50
CHUNK = 50


@dataclass(slots=True)
class Delays:
    """Seconds from sent to entry received, by what was sent; `after_relay`: from an order's coming out of the relay to
    its entry received; `flood_s`: how long the junk took to be sent.
    """

    order: list[float] = field(default_factory=list)
    after_relay: list[float] = field(default_factory=list)
    grant: list[float] = field(default_factory=list)
    grant_at_the_flooded: list[float] = field(default_factory=list)
    flood_s: float = 0.0


def junk(issuer: str, count: int) -> list[bytes]:
    """So many wraps that nobody can open, as frames."""
    keys = [new_key() for _ in range(KEYS)]
    now = int(time.time())
    return [event_frame(_junk(keys[number % KEYS], issuer, now)) for number in range(count)]


def _junk(key: SecretKey, issuer: str, now: int) -> Event:
    content = base64.b64encode(b"\2" + os.urandom(600)).decode()
    return sign(Template(GIFT_WRAP, now - random.randrange(86_400), (("p", issuer),), content), key)


def grant(venue: Venue, operator: SecretKey, who: str) -> bytes:
    """An operator's grant, wrapped, as a frame."""
    now = int(time.time())
    rumor = direct_message.compose(operator.public, [venue.issuer.public], f"grant {who} 1", (), now)
    conversation = nip44.conversation_key(operator, venue.issuer.public)
    wrap = gift_wrap.gift_wrap(rumor, operator, venue.issuer.public, conversation, seed=os.urandom(32), now=now)
    return event_frame(wrap)


async def measure(
    subject: Subject, venue: Venue, operator: SecretKey, url: str, staff_url: str, count: int
) -> Delays:  # fmt: skip
    """Flood, and send one of each every `EVERY_S` until the flood is over and a little longer."""
    delays, heard = Delays(), _Ear()
    frames = junk(venue.issuer.public, count)
    guest = await RelaySocket.connect(url, heard.hear)
    entries = {"kinds": [ENTRY], "authors": [venue.issuer.public]}
    guest.write(framed(orjson.dumps(["REQ", "entries", entries])))
    through = _Ear()
    other = await RelaySocket.connect(url, through.hear)
    other.write(framed(orjson.dumps(["REQ", "orders", {"kinds": [PAID_ORDER], "#p": [venue.issuer.public]}])))
    till, staff, crowd = [await RelaySocket.connect(each, lambda _: None) for each in (url, staff_url, url)]
    flooding = asyncio.create_task(_flood(crowd, frames))
    started, number, after = time.perf_counter(), 0, 0
    at_the_flooded: list[tuple[float, asyncio.Future[float]]] = []
    try:
        while after < SAMPLES_AFTER:
            after += flooding.done()
            number += 1
            who = [new_key().public for _ in range(3)]
            sent = time.perf_counter()
            waits, passed = [heard.of(each) for each in who], through.of(who[0])
            till.write(event_frame(venue.order(f"flood-{number}", who[0], at=int(time.time()))))
            staff.write(grant(venue, operator, who[1]))
            if number % 4 == 1:
                till.write(grant(venue, operator, who[2]))
                at_the_flooded.append((sent, waits[2]))
            at = [await asyncio.wait_for(each, WAIT_S_MAX) - sent for each in waits[:2]]
            delays.order.append(at[0])
            delays.after_relay.append(max(0.0, at[0] - (await asyncio.wait_for(passed, WAIT_S_MAX) - sent)))
            delays.grant.append(at[1])
            await asyncio.sleep(EVERY_S)
        delays.flood_s = await flooding - started
        for sent, wait in at_the_flooded:
            delays.grant_at_the_flooded.append(await asyncio.wait_for(wait, WAIT_S_MAX) - sent)
        assert subject.runs, "the daemon did not live through the flood"
    finally:
        flooding.cancel()
        for each in (guest, other, till, staff, crowd):
            each.close()
    return delays


async def _flood(crowd: RelaySocket, frames: list[bytes]) -> float:
    for start in range(0, len(frames), CHUNK):
        crowd.write(b"".join(frames[start : start + CHUNK]))
        await crowd.room()
        await asyncio.sleep(0)
    return time.perf_counter()


class _Ear:
    """When the order or the entry of somebody came."""

    def __init__(self) -> None:
        self._waiting: dict[str, asyncio.Future[float]] = {}

    def of(self, customer: str) -> asyncio.Future[float]:
        self._waiting[customer] = future = asyncio.get_running_loop().create_future()
        return future

    def hear(self, text: bytes) -> None:
        if not text.startswith(b'["EVENT"'):
            return
        at = time.perf_counter()
        event = orjson.loads(text)[2]
        for tag in event["tags"]:
            if (
                tag[0] in ("p", "customer_pubkey")
                and (future := self._waiting.pop(tag[1], None)) is not None
                and not future.done()
            ):
                future.set_result(at)
