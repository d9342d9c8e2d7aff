"""relay_client.connection: whoever fills the socket does not take every turn of the loop."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager

import pytest
import uvloop
from websockets.asyncio.server import ServerConnection, serve

from relay_client.connection import TURN_BYTES, Connection, dial

TEXT = "x" * 1_000
TEXTS = 8 * TURN_BYTES // len(TEXT)
WAIT_S_MAX = 10.0


class Heard:
    """A listener that notes how many turns others have had when texts came; `enough` says when it holds the socket."""

    def __init__(self, enough: Callable[[int], bool] = lambda _: False) -> None:
        self.connection: Connection | None = None
        self.texts = 0
        self.turns = 0
        self.reads: list[int] = []
        self.enough = enough

    def opened(self, connection: Connection) -> None:
        self.connection = connection

    def brought(self, texts: Sequence[bytes]) -> None:
        self.texts += len(texts)
        self.reads.append(self.turns)
        if self.enough(self.texts):
            assert self.connection is not None
            self.connection.pause_reading()

    def flow_soon(self) -> None:
        """Nothing is sent here."""

    async def until(self, texts: int) -> None:
        """Others' turns, until so many texts have come."""
        async with asyncio.timeout(WAIT_S_MAX):
            while self.texts < texts:
                self.turns += 1
                await asyncio.sleep(0)


@asynccontextmanager
async def flooding(heard: Heard) -> AsyncIterator[Connection]:
    """A server that has sent all it has before anything is read."""

    async def flood(socket: ServerConnection) -> None:
        for _ in range(TEXTS):
            await socket.send(TEXT)
        await socket.wait_closed()

    async with serve(flood, "127.0.0.1", 0, compression=None) as server:
        connection = await dial(f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}", heard, 1 << 20)
        try:
            yield connection
        finally:
            connection.abort()


async def read_all() -> None:
    """Between two full reads somebody else has had a turn."""
    heard = Heard()
    async with flooding(heard):
        await heard.until(TEXTS)
    assert heard.texts == TEXTS
    assert len(set(heard.reads)) >= TEXTS * len(TEXT) // TURN_BYTES


async def read_and_hold() -> None:
    """What is held stays held, also in the turn after a full read."""
    heard = Heard(lambda texts: texts >= TEXTS // 4)
    async with flooding(heard) as connection:
        await heard.until(TEXTS // 4)
        held = heard.texts
        for _ in range(200):
            await asyncio.sleep(0)
        assert heard.texts == held
        heard.enough = lambda _: False
        connection.resume_reading()
        await heard.until(TEXTS)


@pytest.mark.parametrize("work", [read_all, read_and_hold])
@pytest.mark.parametrize("new_loop", [asyncio.new_event_loop, uvloop.new_event_loop])
def test_others_have_their_turn_between_reads(
    work: Callable[[], Coroutine[None, None, None]], new_loop: Callable[[], asyncio.AbstractEventLoop]
) -> None:
    """With asyncio's own loop and with uvloop, which reads 32 times in a turn if it is let."""
    with asyncio.Runner(loop_factory=new_loop) as runner:
        runner.run(work())
