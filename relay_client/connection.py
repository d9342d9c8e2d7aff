"""One socket to a relay, on websockets: bytes to texts and texts to bytes. Knows nothing of Nostr.

The only importer of `websockets`, of which it uses the sans-I/O half under an asyncio protocol: what one read brings
is one call of the listener, a burst of texts is one write, and reading can be paused exactly. No task, lock or future
per message. Source: RFC 6455; the closing rules stand in websockets' `Protocol.close_expected`.
"""

from __future__ import annotations

import asyncio
import functools
import logging
import ssl
from collections.abc import Awaitable, Callable, Sequence
from typing import Final, Protocol, cast

from websockets.client import ClientProtocol
from websockets.exceptions import InvalidHandshake, InvalidURI
from websockets.frames import Frame, Opcode
from websockets.protocol import OPEN
from websockets.uri import parse_uri

CLOSE_DEADLINE_S: Final = 3.0
ADDRESS_DEADLINE_S: Final = 5.0
"""Seconds for one of a host's addresses, where it has several that were resolved for us."""
WRITE_BUFFER_BYTES: Final = 1024 * 1024
TURN_BYTES: Final = 64 * 1024
"""So many bytes are read at once; then other tasks have their turn. uvloop would read 256 KiB, and that 32 times, and
whoever waits for the ledger would wait for all of it, at each step.
"""
_NORMAL_CLOSURE: Final = 1000
# websockets logs frames and failures under its own name; what matters of them is told as a happening.
_SILENT: Final = logging.getLogger("relay_client.websockets")
_SILENT.setLevel(logging.CRITICAL + 1)


Resolve = Callable[[str, int], Awaitable[Sequence[str]]]
"""Host and port to the addresses to connect to, one or more. Raises AddressForbidden; OSError where there is none."""


class Declined(Exception):
    """There is a server, and it did not agree to a WebSocket."""


class Listener(Protocol):
    """Who hears of a connection. None of these may raise."""

    def opened(self, connection: Connection) -> None:
        """The handshake is done; texts may follow within the same turn of the loop."""

    def brought(self, texts: Sequence[bytes]) -> None:
        """Bytes came, and with them these texts, if any."""

    def flow_soon(self) -> None:
        """The relay reads again: there is room to write."""


class Connection(asyncio.BufferedProtocol):
    """The asyncio protocol of one socket; made by dial()."""

    def __init__(self, url: str, listener: Listener, text_bytes_max: int) -> None:
        loop = asyncio.get_running_loop()
        self.ready: asyncio.Future[None] = loop.create_future()
        self.ended: asyncio.Future[None] = loop.create_future()
        self.writable = True
        self._listener = listener
        self._protocol = ClientProtocol(parse_uri(url), max_size=text_bytes_max, logger=_SILENT)
        self._transport: asyncio.Transport | None = None
        self._buffer = memoryview(bytearray(TURN_BYTES))
        self._pieces: list[bytes] = []
        self._held = False  # by the owner, who has enough
        self._closing: asyncio.TimerHandle | None = None

    @property
    def cut(self) -> bool:
        """Whether the relay ended the socket without a close frame, and we did not end it either."""
        return self._protocol.close_rcvd is None and self._protocol.close_sent is None

    @property
    def reason(self) -> str:
        """Why the socket ended, as far as it is known here."""
        close = self._protocol.close_rcvd or self._protocol.close_sent
        return f"closed: {close}" if close is not None else "cut without a close frame"

    def send(self, texts: Sequence[str]) -> None:
        """Send a burst of texts with one write; after the end of the socket, nothing."""
        if self._protocol.state is OPEN:
            for text in texts:
                self._protocol.send_text(text.encode())
            self._flush()

    def ping(self) -> None:
        """Send a ping."""
        if self._protocol.state is OPEN:
            self._protocol.send_ping(b"")
            self._flush()

    def close(self) -> None:
        """Begin the closing handshake."""
        if self._protocol.state is OPEN:
            self._protocol.send_close(_NORMAL_CLOSURE)
            self._flush()

    def abort(self) -> None:
        """Drop the socket."""
        if self._transport is not None:
            self._transport.abort()

    def pause_reading(self) -> None:
        """Read no further: TCP pushes back."""
        self._held = True
        if self._transport is not None and not self._transport.is_closing():
            self._transport.pause_reading()

    def resume_reading(self) -> None:
        """Read on."""
        self._held = False
        self._read_on()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """asyncio: the socket stands; shake hands."""
        self._transport = cast(asyncio.Transport, transport)
        self._transport.set_write_buffer_limits(high=WRITE_BUFFER_BYTES)
        self._protocol.send_request(self._protocol.connect())
        self._flush()

    def get_buffer(self, sizehint: int) -> memoryview:
        """asyncio: where the next bytes go."""
        del sizehint
        return self._buffer

    def buffer_updated(self, nbytes: int) -> None:
        """asyncio: so many bytes came."""
        self._protocol.receive_data(bytes(self._buffer[:nbytes]))
        texts: list[bytes] = []
        for event in self._protocol.events_received():
            if isinstance(event, Frame):
                self._frame(event, texts)
        if not self.ready.done() and self._protocol.state is OPEN:
            self.ready.set_result(None)
            self._listener.opened(self)
        if not self.ready.done() and self._protocol.handshake_exc is not None:
            self.ready.set_exception(self._protocol.handshake_exc)
        self._flush()
        if self.ready.done() and self.ready.exception() is None:
            self._listener.brought(texts)
        if nbytes == TURN_BYTES and not self._held:
            self._give_way()

    def eof_received(self) -> None:
        """asyncio: the relay will send nothing more; the transport closes itself."""
        self._protocol.receive_eof()
        self._protocol.data_to_send()

    def connection_lost(self, exc: Exception | None) -> None:
        """asyncio: the socket is gone."""
        if self._closing is not None:
            self._closing.cancel()
        self._protocol.receive_eof()
        if not self.ready.done():
            self.ready.set_exception(exc or ConnectionResetError("closed during the handshake"))
        if not self.ended.done():
            self.ended.set_result(None)

    def pause_writing(self) -> None:
        """asyncio: the relay reads slower than we send."""
        self.writable = False

    def resume_writing(self) -> None:
        """asyncio: it has caught up."""
        self.writable = True
        self._listener.flow_soon()

    def _give_way(self) -> None:
        """Let other tasks have their turn before the next read."""
        transport = self._transport
        if transport is not None and not transport.is_closing():
            transport.pause_reading()
            asyncio.get_running_loop().call_soon(self._read_on)

    def _read_on(self) -> None:
        if self._transport is not None and not self._transport.is_closing() and not self._held:
            self._transport.resume_reading()

    def _frame(self, frame: Frame, texts: list[bytes]) -> None:
        if frame.opcode not in (Opcode.TEXT, Opcode.BINARY, Opcode.CONT):
            return  # pings are answered by websockets; that bytes came is all that a pong says
        if frame.fin and not self._pieces:
            texts.append(bytes(frame.data))
            return
        self._pieces.append(bytes(frame.data))
        if frame.fin:
            texts.append(b"".join(self._pieces))
            self._pieces.clear()

    def _flush(self) -> None:
        transport = self._transport
        if transport is None or transport.is_closing():
            self._protocol.data_to_send()
            return
        pieces = self._protocol.data_to_send()
        transport.write(b"".join(pieces))
        if pieces and not pieces[-1]:  # websockets' sign for the end of the stream
            transport.close()
        elif self._closing is None and self._protocol.close_expected():
            loop = asyncio.get_running_loop()
            self._closing = loop.call_later(CLOSE_DEADLINE_S, transport.abort)


async def dial(url: str, listener: Listener, text_bytes_max: int, resolve: Resolve | None = None) -> Connection:
    """A connection whose handshake is done; the listener has heard of it by then. url: ws or wss.

    resolve: who looks the host up, once: what it gives is what is connected to, and the certificate and the Host header
    are still the url's. None: the system does, at will. Declined when a server answered otherwise; OSError when there
    is none, or the url is none. Cancelling drops the socket.
    """
    try:
        uri = parse_uri(url)
    except InvalidURI as fault:
        raise OSError(f"not a relay url: {url}") from fault
    make = functools.partial(Connection, url, listener, text_bytes_max)
    tls = tls_context() if uri.secure else None
    if resolve is None:
        _, connection = await asyncio.get_running_loop().create_connection(make, uri.host, uri.port, ssl=tls)
    else:
        addresses = await resolve(uri.host, uri.port)
        connection = await _first(make, addresses, uri.port, tls, uri.host if uri.secure else None)
    try:
        await connection.ready
    except InvalidHandshake as fault:
        connection.abort()
        raise Declined(f"{fault}") from fault
    except BaseException:
        connection.abort()
        raise
    return connection


async def _first(
    make: Callable[[], Connection], addresses: Sequence[str], port: int, tls: ssl.SSLContext | None, name: str | None
) -> Connection:
    """A socket to the first of the addresses that takes one; OSError of the last where none does."""
    fault: OSError = OSError("no address")
    for address in addresses:
        try:
            async with asyncio.timeout(ADDRESS_DEADLINE_S):
                loop = asyncio.get_running_loop()
                return (await loop.create_connection(make, address, port, ssl=tls, server_hostname=name))[1]
        except OSError as refused:  # TimeoutError is one
            fault = refused
    raise fault


@functools.cache
def tls_context() -> ssl.SSLContext:
    """The context for every wss relay: the system's authorities, host names checked."""
    return ssl.create_default_context()
