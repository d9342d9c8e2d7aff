"""A daemon's control socket for tests, with a desk behind it that only writes down what it is asked."""

import asyncio
import os
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from zoneinfo import ZoneInfo

from kinds.program import address
from nostr_loyalty.commands.command import Grant, Request
from nostr_loyalty.commands.outcome import Outcome, done
from nostr_loyalty.control.address import socket_of
from nostr_loyalty.control.request import Asked, Trouble, read_answer
from nostr_loyalty.control.server import ControlServer
from nostr_loyalty.programs import ServedProgram, ServedPrograms
from nostr_loyalty.rules.program import ProgramRules
from tests.clock import FakeClock
from tests.venue import new_key

OPERATOR = new_key().public
GUEST = new_key().public
WAIT_S = 10.0


def served_program(slug: str) -> ServedProgram:
    """A program as a daemon serves it, with one operator."""
    issuer = new_key().public
    return ServedProgram(
        ledger_id=1, address=address(issuer, slug), slug=slug, title=slug, issuer=issuer,
        rules=ProgramRules(spend=(), rounding="floor", tz=ZoneInfo("UTC")), visibility="private", sources=frozenset(),
        relays=(), dm_relays=(), acks=1, unit=("point", "points"), revision="0" * 64, revision_id=1,
        operators=frozenset({OPERATOR}),
    )  # fmt: skip


class Desk:
    """Writes down what it is asked; a grant of `n` points is done, unless something is to be raised."""

    def __init__(self) -> None:
        self.requests: list[Request] = []
        self.raises: Exception | None = None
        self.open = asyncio.Event()
        self.open.set()

    async def run(self, requests: Sequence[Request]) -> list[Outcome]:
        """Answer when the desk is open."""
        self.requests += requests
        if self.raises is not None:
            raise self.raises
        await self.open.wait()
        return [done(f"done: {each.command}", balance=each.at) for each in requests]


class Office:
    """A control server with its desk, open inside its block; the socket is in `folder`."""

    def __init__(self, folder: Path, database: str = "loyalty.db") -> None:
        self.path = socket_of(folder / database)
        self.clock = FakeClock()
        self.desk = Desk()
        self.program = served_program("cafe-sol")
        self.server = ControlServer(
            self.path, self.desk, ServedPrograms([self.program, served_program("bar-luna")]), self.clock
        )

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[asyncio.Task[None]]:
        """Open, and closed at the end; what `run` raised is raised."""
        running = asyncio.create_task(self.server.run())
        await asyncio.sleep(0)
        yield running
        self.server.stop()
        await asyncio.wait_for(running, WAIT_S)

    async def raw(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """A connection for bytes of any kind."""
        return await asyncio.open_unix_connection(self.path)

    async def until(self, count: int) -> None:
        """Wait until so many requests are at the desk."""
        async with asyncio.timeout(WAIT_S):
            while len(self.desk.requests) < count:  # noqa: ASYNC110 - turns of the loop, not time
                await asyncio.sleep(0)


def grant(points: int = 5, **more: object) -> Asked:
    """A grant for the guest by the issuer, with a ref of its own."""
    fields = {"program": "cafe-sol", "actor": None, "role": "operator", "ref": os.urandom(32).hex(), **more}
    return Asked(command=Grant(GUEST, points, "for a broken cup"), **fields)  # type: ignore[arg-type] # names as given


async def said(reader: asyncio.StreamReader) -> Outcome | Trouble:
    """The next answer on a raw connection."""
    return read_answer(await asyncio.wait_for(reader.readline(), WAIT_S))
