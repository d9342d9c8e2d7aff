"""NIP-05 names at a real HTTPS server of this machine: what a host says is taken only in the way that we want it."""

import asyncio
import json
import ssl
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Self

import pytest

from kinds import nip05
from nostr_loyalty.reaching import names
from nostr_loyalty.reaching.hosts import Hosts, LookUp
from nostr_loyalty.reaching.names import Known, Names
from tests.clock import FakeClock
from tests.relays.tls import certificate
from tests.venue import new_key

BOB = new_key().public
HOST = "cafe.example"


class WebServer:
    """Answers every request over TLS with `answer`, as it stands, after `delay_s`; `requests` are what was asked."""

    def __init__(self, pem: Path) -> None:
        self.answer = document({"names": {"bob": BOB}})
        self.delay_s = 0.0
        self.requests: list[str] = []
        self.at_once = 0
        self.at_once_max = 0
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(pem)
        self._server: asyncio.Server | None = None

    @property
    def port(self) -> int:
        """Where it listens."""
        assert self._server is not None
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, ssl=self._context)
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.at_once += 1
        self.at_once_max = max(self.at_once_max, self.at_once)
        try:
            self.requests.append((await reader.readuntil(b"\r\n\r\n")).decode())
            await asyncio.sleep(self.delay_s)
            writer.write(self.answer)
            await writer.drain()
            writer.close()
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            self.at_once -= 1


def document(value: object, status: str = "200 OK", *more: str) -> bytes:
    """A whole HTTP answer with this as its JSON."""
    body = json.dumps(value).encode()
    head = "\r\n".join((f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *more, "", ""))
    return head.encode() + body


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[WebServer]:
    """A server for cafe.example."""
    async with WebServer(certificate(tmp_path, HOST)) as server:
        yield server


class Book:
    """A resolver that sends every host to one address, and counts."""

    def __init__(self, address: str = "127.0.0.1") -> None:
        self.address = address
        self.asked: list[str] = []

    def __call__(self, host: str, port: int) -> Sequence[str]:
        """Looks up."""
        self.asked.append(host)
        return [self.address]


def asking(
    server: WebServer, folder: Path, *, look_up: LookUp | None = None, allow_private: bool = True,
    clock: FakeClock | None = None,
) -> Names:  # fmt: skip
    """Names that trust the server's certificate."""
    hosts = Hosts(allow_private=allow_private, look_up=look_up or Book())
    trust = ssl.create_default_context(cafile=str(folder / "relay.pem"))
    return Names(hosts, clock or FakeClock(), tls=trust, port=server.port)


async def test_a_name_is_resolved(server: WebServer, tmp_path: Path) -> None:
    """The key that the host gives, asked for as NIP-05 says; what it does not name, and what is no name, has none."""
    found = await asking(server, tmp_path).resolve(["bob@cafe.example", "eve@cafe.example", "no name", "bob@127.0.0.1"])
    assert found == {"bob@cafe.example": BOB, "eve@cafe.example": None, "no name": None, "bob@127.0.0.1": None}
    lines = server.requests[0].split("\r\n")
    assert lines[0] == "GET /.well-known/nostr.json?name=bob HTTP/1.1"
    assert f"Host: {HOST}" in lines
    assert len(server.requests) == 2


async def test_an_answer_is_remembered(server: WebServer, tmp_path: Path) -> None:
    """A key for an hour, its absence for five minutes; then the host is asked again, and may say something else."""
    clock = FakeClock()
    resolver = asking(server, tmp_path, clock=clock)
    assert resolver.known("bob@cafe.example") is None
    for _ in range(3):
        await resolver.resolve(["bob@cafe.example", "eve@cafe.example"])
    assert len(server.requests) == 2
    assert resolver.known("bob@cafe.example") == Known(BOB)
    assert resolver.known("eve@cafe.example") == Known(None)
    assert resolver.known("no name") == Known(None)
    await clock.advance(names.NOT_FOUND_S)
    assert resolver.known("eve@cafe.example") is None
    await resolver.resolve(["bob@cafe.example", "eve@cafe.example"])
    assert len(server.requests) == 3
    await clock.advance(names.FOUND_S)
    other = new_key().public
    server.answer = document({"names": {"bob": other}})
    assert await resolver.resolve(["bob@cafe.example"]) == {"bob@cafe.example": other}


async def test_memory_is_bounded(server: WebServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of more names than are remembered the oldest are forgotten, and what is resolved is given all the same."""
    monkeypatch.setattr(names, "REMEMBERED_MAX", 2)
    resolver = asking(server, tmp_path)
    for local in ("bob", "eve", "ann"):
        await resolver.resolve([f"{local}@cafe.example"])
    assert resolver.known("bob@cafe.example") is None
    assert resolver.known("ann@cafe.example") == Known(None)


async def test_nobody_is_asked_twice_at_once(server: WebServer, tmp_path: Path) -> None:
    """Ten who ask for one name make one request, also when the first of them goes away; of many names only a few
    requests are under way at a time.
    """
    server.delay_s = 0.2
    resolver = asking(server, tmp_path)
    first, *others = [asyncio.create_task(resolver.resolve(["bob@cafe.example"])) for _ in range(10)]
    await asyncio.sleep(0.05)
    first.cancel()
    assert await asyncio.gather(*others) == [{"bob@cafe.example": BOB}] * 9
    assert len(server.requests) == 1
    await resolver.resolve([f"guest{number}@cafe.example" for number in range(12)])
    assert len(server.requests) == 13
    assert server.at_once_max <= names.AT_ONCE


async def test_a_slow_host_is_not_waited_for(
    server: WebServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After the deadline there is no key, whatever the host is still doing."""
    monkeypatch.setattr(names, "DEADLINE_S", 0.2)
    server.delay_s = 30.0
    async with asyncio.timeout(2.0):
        assert await asking(server, tmp_path).resolve(["bob@cafe.example"]) == {"bob@cafe.example": None}


MOVED = document({"names": {"bob": BOB}}, "302 Found", "Location: https://cafe.example/elsewhere")
TOO_LARGE = document({"names": {"bob": BOB}, "filler": "x" * nip05.DOCUMENT_MAX})
ENDLESS = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + b"400\r\n" + b"x" * 1024 + b"\r\n"


@pytest.mark.parametrize(
    "answer",
    [
        MOVED, TOO_LARGE, ENDLESS, ENDLESS + b"400\r\n" * 3, document({"names": {"bob": BOB}}, "404 Not Found"),
        document(["names"]), document({"names": {"bob": "npub1"}}), b"",
        b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{",
        b"SSH-2.0-OpenSSH_9.2\r\n", b"HTTP/1.1 200 OK\r\n" + b"X: " + b"x" * 100_000 + b"\r\n\r\n",
    ],
    ids=[
        "moved", "too-large", "cut-in-chunks", "broken-chunks", "not-found", "no-names", "no-key", "nothing", "cut",
        "no-http", "endless-header",
    ],
)  # fmt: skip
async def test_what_is_no_answer(server: WebServer, tmp_path: Path, answer: bytes) -> None:
    """A redirect is not followed; what is too large, broken or not HTTP gives no key, and never an exception."""
    server.answer = answer
    assert await asking(server, tmp_path).resolve(["bob@cafe.example"]) == {"bob@cafe.example": None}
    assert len(server.requests) == 1


async def test_chunks_are_read(server: WebServer, tmp_path: Path) -> None:
    """An answer in chunks is an answer."""
    body = json.dumps({"names": {"bob": BOB}}).encode()
    chunks = b"".join(b"%x\r\n%s\r\n" % (len(body[at : at + 7]), body[at : at + 7]) for at in range(0, len(body), 7))
    server.answer = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks + b"0\r\n\r\n"
    assert await asking(server, tmp_path).resolve(["bob@cafe.example"]) == {"bob@cafe.example": BOB}


async def test_a_private_address_is_not_asked(server: WebServer, tmp_path: Path) -> None:
    """A name whose host is at an address of our own network sends no request there, and is looked up once."""
    book = Book("127.0.0.1")
    resolver = asking(server, tmp_path, look_up=book, allow_private=False)
    assert await resolver.resolve(["bob@cafe.example"]) == {"bob@cafe.example": None}
    assert book.asked == [HOST]
    assert server.requests == []


async def test_the_certificate_must_be_the_hosts(server: WebServer, tmp_path: Path) -> None:
    """A server that answers for another name, or that nobody vouches for, is not asked."""
    resolver = asking(server, tmp_path)
    assert await resolver.resolve(["bob@bank.example"]) == {"bob@bank.example": None}
    stranger = Names(Hosts(allow_private=True, look_up=Book()), FakeClock(), port=server.port)
    assert await stranger.resolve(["bob@cafe.example"]) == {"bob@cafe.example": None}
    assert server.requests == []


async def test_a_dead_address_is_passed_over(server: WebServer, tmp_path: Path) -> None:
    """Of several addresses the first that answers is asked; a host at none of them has no key."""

    def two(host: str, port: int) -> Sequence[str]:
        return ["127.0.0.2", "127.0.0.1"] if host == HOST else ["127.0.0.2"]

    found = await asking(server, tmp_path, look_up=two).resolve(["bob@cafe.example", "bob@gone.example"])
    assert found == {"bob@cafe.example": BOB, "bob@gone.example": None}
