"""A bot on pynostr: its events, keys and filters; `websockets` for the connection.

pynostr's own relay sends one queued message for each message it receives, and parses and verifies every event twice
over; a bot on it would be slower than this one. An entry counts as published when the relay has said OK: the next order
is taken after that, and those that come meanwhile wait.
"""

from __future__ import annotations

import asyncio
import json
from collections import deque
from typing import Any

import websockets
from pynostr.event import Event
from pynostr.filters import Filters, FiltersList
from pynostr.key import PrivateKey

from bench.peers.shop import Entry, Shop, arguments


async def main() -> None:
    """Serve until ended."""
    asked = arguments("pynostr_bot")
    shop = Shop(asked)
    key = PrivateKey(bytes.fromhex(asked.key))
    issuer = key.public_key.hex()

    def sign(entry: Entry) -> tuple[str, Event]:
        event = Event(content=entry.text, pubkey=issuer, kind=7411, tags=entry.tags)
        event.sign(key.hex())
        return event.id or "", event

    async with websockets.connect(asked.relay, max_size=1 << 22, compression=None, proxy=None) as relay:
        waiting: deque[list[Any]] = deque()

        async def published(event_id: str) -> bool:
            while True:
                message = json.loads(await relay.recv())
                if message[0] == "OK" and message[1] == event_id:
                    return bool(message[2])
                waiting.append(message)

        filters = FiltersList([Filters(kinds=[7412], pubkey_refs=[issuer])])
        await relay.send(json.dumps(["REQ", "orders", *filters.to_json_array()]))
        while True:
            message = waiting.popleft() if waiting else json.loads(await relay.recv())
            if message[0] == "EOSE":
                asked.ready_file.write_text("ready")
            if message[0] != "EVENT":
                continue
            order = Event.from_dict(message[2])
            if not order.verify():
                continue
            entry = shop.book(order.id or "", order.pubkey or "", order.tags, sign)
            if entry is not None:
                await relay.send(entry.to_message())
                if not await published(entry.id or ""):
                    raise RuntimeError("the relay does not take the entry")


if __name__ == "__main__":
    asyncio.run(main())
