"""The server's side of a WebSocket, as small as the relays of the tests need it.

Owns: the opening handshake, plain HTTP answers (NIP-11), frames in, frames out. Knows nothing of Nostr.

Rules:
- No extension is ever negotiated: compression would cost more than everything else a relay does.
- What is sent during one turn of the event loop leaves in one write per connection.
- A client that breaks the protocol is closed with the code RFC 6455 names, never answered with an exception.

Why not `websockets`: its server needs a task and several awaits per message. This one carries several times as much
(see `tests/relays/README.md`), and gives the scripted relay its hands on the socket: cut, garbage, silence.

Source: RFC 6455 sections 4 (handshake), 5 (frames), 7.4 (close codes).
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
from collections.abc import Callable
from typing import Protocol, cast

from websockets.speedups import apply_mask

HANDSHAKE_BYTES_MAX = 16_384
_ACCEPT_SALT = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
_CONTINUATION, _TEXT, _BINARY, _CLOSE, _PING, _PONG = 0x0, 0x1, 0x2, 0x8, 0x9, 0xA


class Owner(Protocol):
    """What a connection needs from the one who owns it."""

    message_bytes_max: int

    def opened(self, connection: Connection) -> None:
        """The handshake is done."""

    def message(self, connection: Connection, payload: bytes) -> None:
        """One whole text message, not yet known to be UTF-8."""

    def closed(self, connection: Connection) -> None:
        """A client that had shaken hands is gone, for whatever reason."""

    def lost(self, connection: Connection) -> None:
        """The socket is gone, hands shaken or not."""

    def http(self, headers: dict[str, str]) -> tuple[int, str, bytes]:
        """The answer to a request that is no WebSocket handshake: status, content type, body."""

    def admits(self) -> int:
        """101 to accept a handshake now, or the HTTP status to refuse it with."""


def frame(payload: bytes, opcode: int = _TEXT) -> bytes:
    """One unmasked, final frame (RFC 6455 section 5.2)."""
    size = len(payload)
    if size < 126:
        return bytes((0x80 | opcode, size)) + payload
    if size < 65_536:
        return bytes((0x80 | opcode, 126)) + size.to_bytes(2, "big") + payload
    return bytes((0x80 | opcode, 127)) + size.to_bytes(8, "big") + payload


class Connection(asyncio.Protocol):
    """One client. `send` queues, `flush` writes; the owner calls `flush` once per turn of the loop."""

    def __init__(self, owner: Owner, schedule_flush: Callable[[Connection], None]) -> None:
        self._owner = owner
        self._schedule_flush = schedule_flush
        self._transport: asyncio.Transport | None = None
        self._incoming = b""
        self._outgoing: list[bytes] = []
        self._fragments: list[bytes] = []
        self._open = False
        self._closing = False
        self._held = False

    # -- asyncio's side

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Accepted; the handshake is still to come."""
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is one in all but name
        if self._held:
            self._transport.pause_reading()

    def data_received(self, data: bytes) -> None:
        """Bytes of any size, cut anywhere."""
        self._incoming = self._incoming + data if self._incoming else data
        if not self._open and not self._handshake():
            return
        self._read_frames()

    def connection_lost(self, exc: Exception | None) -> None:
        """The socket is gone."""
        self._transport = None
        self._outgoing.clear()
        if self._open:
            self._open = False
            self._owner.closed(self)
        self._owner.lost(self)

    # -- the owner's side

    @property
    def open(self) -> bool:
        """Whether a message sent now has a chance to arrive."""
        return self._open and not self._closing

    @property
    def unsent_bytes(self) -> int:
        """What the client has not read yet, as far as this side can see."""
        return self._transport.get_write_buffer_size() if self._transport else 0

    def send(self, *frames: bytes) -> None:
        """Queue frames made by `frame()`."""
        if not self._outgoing:
            self._schedule_flush(self)
        self._outgoing.extend(frames)

    def flush(self) -> None:
        """Write what is queued, in one piece. While the connection is held, nothing leaves."""
        if self._transport is None or self._held or not self._outgoing:
            return
        self._transport.write(b"".join(self._outgoing))
        self._outgoing.clear()

    def hold(self) -> None:
        """Neither read nor write: to the client, the peer has frozen while its kernel still accepts bytes."""
        self._held = True
        if self._transport:
            self._transport.pause_reading()

    def release(self) -> None:
        """End of `hold`: what waited goes on in order."""
        self._held = False
        if self._transport:
            self._transport.resume_reading()
            self.flush()

    def close(self, code: int, reason: str) -> None:
        """Send a close frame and shut the socket once it is written."""
        if self._closing or self._transport is None:
            return
        self._held = False
        if self._open:
            self.send(frame(code.to_bytes(2, "big") + reason.encode()[:123], _CLOSE))
        self.flush()
        self._closing = True
        self._transport.close()

    def cut(self) -> None:
        """Reset the socket: no close frame, queued messages are lost."""
        self._closing = True
        if self._transport:
            self._transport.abort()

    # -- handshake

    def _handshake(self) -> bool:
        head, found, rest = self._incoming.partition(b"\r\n\r\n")
        if not found:
            if len(head) > HANDSHAKE_BYTES_MAX:
                self.cut()
            return False
        headers = {}
        for line in head.decode("latin-1").split("\r\n")[1:]:
            name, _, text = line.partition(":")
            headers[name.strip().lower()] = text.strip()
        self._incoming = rest
        key = headers.get("sec-websocket-key")
        if key is None or headers.get("upgrade", "").lower() != "websocket":
            self._answer_http(*self._owner.http(headers))
            return False
        status = self._owner.admits()
        if status != 101:
            self._answer_http(status, "text/plain", b"not now\n")
            return False
        accept = base64.b64encode(hashlib.sha1(key.encode() + _ACCEPT_SALT).digest())
        assert self._transport is not None
        self._transport.write(
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Accept: " + accept + b"\r\n\r\n"
        )
        self._open = True
        self._owner.opened(self)
        return True

    def _answer_http(self, status: int, content_type: str, body: bytes) -> None:
        assert self._transport is not None
        self._transport.write(
            b"HTTP/1.1 %d Answer\r\nContent-Type: %s\r\nContent-Length: %d\r\n"
            b"Access-Control-Allow-Origin: *\r\nConnection: close\r\n\r\n"
            % (status, content_type.encode(), len(body))
            + body
        )
        self._closing = True
        self._transport.close()

    # -- frames

    def _read_frames(self) -> None:
        data, at, end = self._incoming, 0, len(self._incoming)
        while not self._closing and end - at >= 2:
            first, second = data[at], data[at + 1]
            size, start = second & 0x7F, at + 2
            if size == 126:
                if end - at < 4:
                    break
                size, start = int.from_bytes(data[at + 2 : at + 4], "big"), at + 4
            elif size == 127:
                if end - at < 10:
                    break
                size, start = int.from_bytes(data[at + 2 : at + 10], "big"), at + 10
            if not second & 0x80 or first & 0x70:
                self.close(1002, "unmasked frame or unknown extension")
                return
            if size > self._owner.message_bytes_max:
                self.close(1009, "message too big")
                return
            if end < start + 4 + size:
                break
            payload = apply_mask(data[start + 4 : start + 4 + size], data[start : start + 4])
            at = start + 4 + size
            self._frame_received(first & 0x0F, bool(first & 0x80), payload)
        self._incoming = data[at:]

    def _frame_received(self, opcode: int, final: bool, payload: bytes) -> None:
        if opcode == _TEXT and final and not self._fragments:
            self._owner.message(self, payload)
        elif opcode == _PING:
            self.send(frame(payload, _PONG))
        elif opcode == _CLOSE:
            self.close(int.from_bytes(payload[:2], "big") if len(payload) >= 2 else 1000, "")
        elif opcode in (_TEXT, _CONTINUATION):
            self._fragment_received(opcode, final, payload)
        elif opcode == _BINARY:
            self.close(1003, "text only")
        elif opcode != _PONG:
            self.close(1002, "unknown opcode")

    def _fragment_received(self, opcode: int, final: bool, payload: bytes) -> None:
        if (opcode == _TEXT) == bool(self._fragments):
            return self.close(1002, "fragments out of order")
        self._fragments.append(payload)
        if sum(map(len, self._fragments)) > self._owner.message_bytes_max:
            return self.close(1009, "message too big")
        if final:
            whole, self._fragments = b"".join(self._fragments), []
            self._owner.message(self, whole)
        return None
