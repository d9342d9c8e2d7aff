"""(g) The Rust relay, which cuts a socket without a word after 6,000 messages in a minute: nothing may be lost.

Its live delivery forgets events for a slow reader, so the entries are read back by REQ when the outbox is empty.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from pathlib import Path

import orjson

from bench import reading_back
from bench.load import Load
from bench.relay_socket import RelaySocket, message
from bench.subject import Subject
from bench.throughput import Guest, Till, until_outbox_is_empty
from ledger import inbox, outbox
from ledger.database import Database
from tests.venue import Venue

CUSTOMERS_PER_REQ = 20
ORDERS_S_MAX = 60.0


@dataclass(frozen=True, slots=True)
class AtTheLimit:
    """`lost`: orders without an entry at the relay; `sent`: events the daemon has published; `connects`: how often it
    connected; `pace`: messages a minute it has learned, None if it never had to.
    """

    lost: int
    seconds: float
    sent: int
    connects: int
    pace: float | None


async def measure(subject: Subject, url: str, venue: Venue, load: Load, ledger: Path, deadline_s: float) -> AtTheLimit:
    """Send the load, wait until everything is booked and published, read it back. AssertionError on a wrong entry."""
    till, nobody = Till(), Guest(0)
    await till.connect(url)
    began = time.perf_counter()
    await till.send(load, nobody, None)
    await _until_booked(ledger, len(load), began + ORDERS_S_MAX)
    await until_outbox_is_empty(ledger, began + deadline_s)
    seconds = time.perf_counter() - began
    till.close()
    texts = await _read(url, load)
    reading_back.check(texts, load.customers, len(texts))
    database = await Database.open(ledger, read_only=True, readers=1)
    try:
        async with database.read() as r:
            pace = dict(await inbox.pace(r)).get(url)
            sent = sum((await outbox.delivered(r)).values())
    finally:
        await database.close()
    connects = subject.output().count('"relay-connected"')
    return AtTheLimit(len(load) - len(texts), seconds, sent, connects, pace)


async def _until_booked(ledger: Path, count: int, deadline: float) -> None:
    """Until the ledger holds `count` entries."""
    database = await Database.open(ledger, read_only=True, readers=1)
    try:
        while True:
            async with database.read() as r:
                ((known,),) = await r.rows("SELECT count(*) FROM entry")
            if known >= count:
                return
            if time.perf_counter() > deadline:
                raise RuntimeError(f"{count - known} of {count} orders are not booked")
            await asyncio.sleep(0.1)
    finally:
        await database.close()


async def _read(url: str, load: Load) -> list[bytes]:
    """Every entry about the load's customers that the relay holds, few customers at a time (it caps at 500 events)."""
    texts: list[bytes] = []
    done = asyncio.Event()

    def hear(text: bytes) -> None:
        if text.startswith(b'["EVENT"'):
            texts.append(text)
        elif text.startswith((b'["EOSE"', b'["CLOSED"')):
            done.set()

    socket = await RelaySocket.connect(url, hear)
    publics = load.customers.publics
    for start in range(0, len(publics), CUSTOMERS_PER_REQ):
        done.clear()
        wanted = {"kinds": [7411], "#p": publics[start : start + CUSTOMERS_PER_REQ]}
        socket.write(message("REQ", f"read-{start}", wanted))
        await asyncio.wait_for(done.wait(), 20)
        socket.write(message("CLOSE", f"read-{start}"))
    socket.close()
    unique = {orjson.loads(text)[2]["id"]: text for text in texts}
    return list(unique.values())
