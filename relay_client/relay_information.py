"""What a relay says about itself over HTTP, on the same host and port: only how many events it gives per filter.
Source: NIP-11.

A relay need not say anything. Every failure is None, bounded in time and size: catching up works without the
number, with more pages.
"""

from __future__ import annotations

import asyncio
import ssl
from typing import Final
from urllib.parse import urlsplit

import orjson

RESPONSE_BYTES_MAX: Final = 64 * 1024


async def fetch_max_limit(url: str, deadline_s: float, tls: ssl.SSLContext | None) -> int | None:
    """The relay's announced `max_limit`, or None. url: ws or wss; tls: the context for wss."""
    parts = urlsplit(url)
    try:
        async with asyncio.timeout(deadline_s):
            reader, writer = await asyncio.open_connection(
                parts.hostname, parts.port or (443 if tls else 80), ssl=tls, limit=RESPONSE_BYTES_MAX
            )
            try:
                writer.write(_request(parts.path or "/", parts.netloc.rpartition("@")[2]))
                return max_limit(await _read_to_end(reader))
            finally:
                writer.close()
    except (OSError, TimeoutError, ValueError):
        return None


def max_limit(response: bytes) -> int | None:
    """The number in a whole HTTP/1.1 response; None where there is none, whatever the bytes are."""
    head, _, body = response.partition(b"\r\n\r\n")
    status = head.partition(b"\r\n")[0].split(b" ")
    if len(status) < 2 or status[1] != b"200":
        return None
    if b"transfer-encoding: chunked" in head.lower():
        body = _unchunked(body)
    try:
        document = orjson.loads(body)
    except ValueError:
        return None
    limitation = document.get("limitation") if isinstance(document, dict) else None
    limit = limitation.get("max_limit") if isinstance(limitation, dict) else None
    return limit if type(limit) is int and limit > 0 else None


def _request(path: str, host: str) -> bytes:
    lines = (f"GET {path} HTTP/1.1", f"Host: {host}", "Accept: application/nostr+json", "Connection: close", "", "")
    return "\r\n".join(lines).encode()


async def _read_to_end(reader: asyncio.StreamReader) -> bytes:
    response = b""
    while len(response) < RESPONSE_BYTES_MAX:
        piece = await reader.read(RESPONSE_BYTES_MAX - len(response))
        if not piece:
            break
        response += piece
    return response


def _unchunked(body: bytes) -> bytes:
    whole = b""
    while True:
        size_line, _, rest = body.partition(b"\r\n")
        try:
            size = int(size_line.partition(b";")[0], 16)
        except ValueError:
            return whole
        if size <= 0:
            return whole
        whole += rest[:size]
        body = rest[size + 2 :]
