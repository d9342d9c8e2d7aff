"""A WebSocket client that costs next to nothing, since it shares the cores with what it measures.

Rules: text messages only, whole and unfragmented, as relays send them. The masking key is zero, which the protocol
allows and nobody but a proxy would mind: a frame can then be made before the clock starts.

Source: RFC 6455 section 5.2.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Self, cast
from urllib.parse import urlsplit

import orjson

_KEY = "AAAAAAAAAAAAAAAAAAAAAA=="
_TEXT, _PING, _CLOSE = 0x81, 0x89, 0x88


def framed(text: bytes, head: int = _TEXT) -> bytes:
    """One message as the bytes of its frame."""
    size = len(text)
    if size < 126:
        length = bytes((0x80 | size,))
    elif size < 65_536:
        length = b"\xfe" + size.to_bytes(2, "big")
    else:
        length = b"\xff" + size.to_bytes(8, "big")
    return b"%c%b\0\0\0\0%b" % (head, length, text)


def message(*parts: object) -> bytes:
    """The frame of a relay message."""
    return framed(orjson.dumps(parts))


class RelaySocket(asyncio.Protocol):
    """One connection; `hear` gets every text as it came."""

    def __init__(self, hear: Callable[[bytes], None]) -> None:
        self._hear = hear
        self._transport: asyncio.Transport | None = None
        self._incoming = b""
        self._opened: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._room = asyncio.Event()
        self._room.set()
        self.lost = False

    @classmethod
    async def connect(cls, url: str, hear: Callable[[bytes], None]) -> Self:
        """A socket on which hands are shaken."""
        host, port = urlsplit(url).hostname or "", urlsplit(url).port or 80
        _, connection = await asyncio.get_running_loop().create_connection(lambda: cls(hear), host, port)
        connection.write(
            f"GET / HTTP/1.1\r\nHost: {host}:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {_KEY}\r\n\r\n".encode()
        )
        await asyncio.wait_for(connection._opened, 10)
        return connection

    def write(self, frames: bytes) -> None:
        """Send frames."""
        if self._transport is not None:
            self._transport.write(frames)

    async def room(self) -> None:
        """Wait until the kernel takes more."""
        await self._room.wait()

    def close(self) -> None:
        """End it."""
        if self._transport is not None:
            self._transport.close()

    # -- asyncio's side

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Connected; hands are still to be shaken."""
        self._transport = cast(asyncio.Transport, transport)

    def connection_lost(self, exc: Exception | None) -> None:
        """Nothing comes any more."""
        self._transport = None
        self.lost = True
        self._room.set()
        if not self._opened.done():
            self._opened.set_exception(ConnectionError(f"no handshake: {exc}"))

    def pause_writing(self) -> None:
        """The kernel's buffer is full."""
        self._room.clear()

    def resume_writing(self) -> None:
        """It is not any more."""
        self._room.set()

    def data_received(self, data: bytes) -> None:
        """Bytes, cut anywhere."""
        data = self._incoming + data if self._incoming else data
        if not self._opened.done():
            head, found, rest = data.partition(b"\r\n\r\n")
            if not found:
                self._incoming = data
                return
            if b" 101 " not in head.split(b"\r\n", 1)[0]:
                self._opened.set_exception(ConnectionError(head.decode("latin-1")[:100]))
                return
            self._opened.set_result(None)
            data = rest
        self._incoming = self._frames(data)

    def _frames(self, data: bytes) -> bytes:
        """Hand on every whole frame; what is left over."""
        at, end = 0, len(data)
        while end - at >= 2:
            size, start = data[at + 1] & 0x7F, at + 2
            if size == 126:
                size, start = int.from_bytes(data[at + 2 : at + 4], "big"), at + 4
            elif size == 127:
                size, start = int.from_bytes(data[at + 2 : at + 10], "big"), at + 10
            if end < start + size or end < start:
                break
            payload, head = data[start : start + size], data[at]
            at = start + size
            if head == _TEXT:
                self._hear(payload)
            elif head == _PING:
                self.write(framed(payload, 0x8A))
            elif head == _CLOSE:
                self.close()
        return data[at:]
