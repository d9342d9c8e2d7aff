"""A cable between the daemon and its relay: cut it, or let it swallow everything."""

from __future__ import annotations

import asyncio
from typing import Self


class Cable:
    """A TCP proxy on 127.0.0.1. `url` is the relay as seen through it."""

    def __init__(self, port: int) -> None:
        """`port`: where the relay itself listens."""
        self._target = port
        self._intact = asyncio.Event()
        self._intact.set()
        self._dark = False
        self._writers: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None

    @property
    def url(self) -> str:
        """Where to connect."""
        assert self._server is not None
        return f"ws://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._carry, "127.0.0.1", 0)
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()
        self._reset()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def cut(self, seconds: float) -> None:
        """Every connection is reset, and new ones are reset at once, for so long."""
        self._dark = True
        self._reset()
        await asyncio.sleep(seconds)
        self._dark = False

    async def swallow(self, seconds: float) -> None:
        """Nothing comes through, nothing is refused, for so long; then what stood is reset, as after a roaming."""
        self._intact.clear()
        await asyncio.sleep(seconds)
        self._reset()
        self._intact.set()

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._dark:
            writer.transport.abort()
            return
        try:
            there, back = await asyncio.open_connection("127.0.0.1", self._target)
        except OSError:
            writer.transport.abort()
            return
        self._writers |= {writer, back}
        for source, sink in ((reader, back), (there, writer)):
            task = asyncio.create_task(self._pump(source, sink))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _pump(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        try:
            while data := await source.read(65_536):
                await self._intact.wait()
                sink.write(data)
                await sink.drain()
        except OSError:
            pass
        finally:
            sink.transport.abort()
            self._writers.discard(sink)

    def _reset(self) -> None:
        for writer in list(self._writers):
            writer.transport.abort()
