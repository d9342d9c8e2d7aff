"""A bare client for tests of relays: one WebSocket, texts as they come, nothing of our relay_client in between."""

from __future__ import annotations

import asyncio
import json
from typing import Any, Self

import websockets

ANSWER_S_MAX = 10.0


class BareClient:
    """`async with BareClient(url) as client`. Messages that were not asked for wait in `unasked`, in order."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.unasked: list[list[Any]] = []
        self._queries = 0
        self._socket: websockets.ClientConnection | None = None

    async def __aenter__(self) -> Self:
        self._socket = await websockets.connect(
            self.url, compression=None, max_size=1 << 22, max_queue=None, proxy=None, open_timeout=10
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._socket is not None
        await self._socket.close()

    async def send(self, *message: object) -> None:
        """One message."""
        assert self._socket is not None
        await self._socket.send(json.dumps(message, ensure_ascii=False, separators=(",", ":")))

    async def send_text(self, text: str) -> None:
        """Any text."""
        assert self._socket is not None
        await self._socket.send(text)

    async def next(self, within_s: float = ANSWER_S_MAX) -> list[Any]:
        """The next message, unasked ones first. TimeoutError after `within_s`."""
        if self.unasked:
            return self.unasked.pop(0)
        return await self._receive(within_s)

    async def next_of(self, *head: object, within_s: float = ANSWER_S_MAX) -> list[Any]:
        """The next message that begins with `head`; others are put aside."""
        for at, message in enumerate(self.unasked):
            if message[: len(head)] == list(head):
                return self.unasked.pop(at)
        while True:
            message = await self._receive(within_s)
            if message[: len(head)] == list(head):
                return message
            self.unasked.append(message)

    async def publish(self, event: dict[str, Any]) -> list[Any]:
        """Send an event; the OK for it: ["OK", id, accepted, text]."""
        await self.send("EVENT", event)
        return await self.next_of("OK", event["id"])

    async def query(self, *filters: dict[str, Any]) -> list[dict[str, Any]]:
        """What a REQ finds until EOSE (closed afterwards). RuntimeError with the text if it is CLOSED.

        Each has a name of its own: the Rust relay sends a CLOSED after EOSE where no more can come (all of the `ids`
        were found), and that would end the next one of the same name.
        """
        self._queries += 1
        name = f"query-{self._queries}"
        await self.send("REQ", name, *filters)
        found = []
        while True:
            message = await self._receive(ANSWER_S_MAX)
            if message[:2] == ["EVENT", name]:
                found.append(message[2])
            elif message[:2] == ["EOSE", name]:
                await self.send("CLOSE", name)
                return found
            elif message[:2] == ["CLOSED", name]:
                raise RuntimeError(message[2])
            else:
                self.unasked.append(message)

    async def subscribe(self, *filters: dict[str, Any], name: str) -> None:
        """Open a subscription and pass over what is stored."""
        await self.send("REQ", name, *filters)
        await self.next_of("EOSE", name)
        self.unasked = [message for message in self.unasked if message[:2] != ["EVENT", name]]

    async def _receive(self, within_s: float) -> list[Any]:
        assert self._socket is not None
        message: list[Any] = json.loads(await asyncio.wait_for(self._socket.recv(), within_s))
        return message
