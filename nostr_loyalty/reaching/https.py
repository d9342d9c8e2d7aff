"""One document over HTTPS from a host that somebody else named. The only importer of `h11`.

Rules: the address is looked up and checked by `hosts`, and that very address is connected to; the certificate must be
good for the host's name. No redirect is followed, no more than `bytes_max` is read, nothing is sent but the question.
Source: RFC 9112, by h11, which reads and writes the messages while the bytes are ours to carry.
"""

import asyncio
import ssl
from collections.abc import Sequence
from typing import Final
from urllib.parse import urlsplit

import h11

from nostr_loyalty.reaching.hosts import Hosts

PIECE_BYTES: Final = 16 * 1024
ADDRESS_DEADLINE_S: Final = 2.0
"""Seconds for a connection to one of a host's addresses."""
_OK: Final = 200


class NotGiven(Exception):
    """The host gives no such document, or not in a way that we take."""


async def get(url: str, hosts: Hosts, tls: ssl.SSLContext, bytes_max: int, *, port: int = 443) -> bytes:
    """The document at `url` (https, a host name without a port). Raises NotGiven, AddressForbidden and OSError; bounded
    in size, and in time by the caller. `port`: another one than a stranger may name, for tests.
    """
    parts = urlsplit(url)
    assert parts.scheme == "https", url
    assert parts.hostname is not None, url
    addresses = await hosts.resolve(parts.hostname, port)
    reader, writer = await _connected(addresses, port, tls, parts.hostname)
    talk = h11.Connection(h11.CLIENT)
    try:
        target = f"{parts.path}?{parts.query}" if parts.query else parts.path or "/"
        for event in (h11.Request(method="GET", target=target, headers=_headers(parts.hostname)), h11.EndOfMessage()):
            writer.write(talk.send(event) or b"")
        return await _document(talk, reader, bytes_max)
    except h11.ProtocolError as fault:
        raise NotGiven(f"no HTTP: {fault}") from fault
    finally:
        writer.transport.abort()  # nothing is left to be said, and a polite end could be waited for in vain


async def _connected(
    addresses: Sequence[str], port: int, tls: ssl.SSLContext, name: str
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """A connection to the first of the addresses that takes one; OSError of the last where none does."""
    fault: OSError = OSError("no address")
    for address in addresses:
        try:
            async with asyncio.timeout(ADDRESS_DEADLINE_S):
                return await asyncio.open_connection(address, port, ssl=tls, server_hostname=name, limit=PIECE_BYTES)
        except OSError as refused:  # TimeoutError is one
            fault = refused
    raise fault


def _headers(host: str) -> list[tuple[str, str]]:
    return [
        ("Host", host), ("Accept", "application/json"), ("Accept-Encoding", "identity"), ("Connection", "close"),
        ("User-Agent", "nostr-loyalty"),
    ]  # fmt: skip


async def _document(talk: h11.Connection, reader: asyncio.StreamReader, bytes_max: int) -> bytes:
    """The body of a 200 that is no longer than that."""
    body = b""
    while True:
        event = talk.next_event()
        if event is h11.NEED_DATA:
            talk.receive_data(await reader.read(PIECE_BYTES))
        elif isinstance(event, h11.Response):
            if event.status_code != _OK:
                raise NotGiven(f"status {event.status_code}")
        elif isinstance(event, h11.Data):
            body += event.data
            if len(body) > bytes_max:
                raise NotGiven(f"more than {bytes_max} bytes")
        elif isinstance(event, h11.EndOfMessage):
            return body
        elif isinstance(event, h11.ConnectionClosed):
            raise NotGiven("the connection ended before the document")
