"""The daemon's end of the socket: takes requests, one on a line, and answers each with its outcome.

A stranger's bytes are answered with a sentence and never stop the daemon. Everything has a bound: a line's length, the
wait for a line, the wait for a reader, the number of connections. What is said over the line is not logged: it holds
codes of receipts and vouchers.
"""

import asyncio
import os
from collections.abc import Coroutine, Sequence
from pathlib import Path
from typing import Any, Final, Protocol, TypeVar

import structlog

from ledger.errors import InvariantBroken as LedgerBroken
from ledger.errors import LedgerUnavailable
from nostr_loyalty.clock import Clock
from nostr_loyalty.commands.command import Request
from nostr_loyalty.commands.outcome import Outcome
from nostr_loyalty.control.address import listen
from nostr_loyalty.control.request import LINE_BYTES_MAX, Trouble, read_request, resolved, write_answer
from nostr_loyalty.errors import InvariantBroken
from nostr_loyalty.programs import ServedPrograms

CONNECTIONS_MAX: Final = 16
LINE_S_MAX: Final = 10.0
"""How long a connection may be silent, and how long a line may take to come in."""
READ_S_MAX: Final = 10.0
"""How long an answer may wait to be read."""

T = TypeVar("T")


class Commands(Protocol):
    """What decides on requests: the command path."""

    async def run(self, requests: Sequence[Request]) -> Sequence[Outcome]:
        """The outcome of each; LedgerUnavailable: nothing happened."""
        ...


class ControlServer:
    """One for each daemon; it must hold the ledger's lock. `await run()`; `stop()` from another task."""

    def __init__(self, path: Path, commands: Commands, programs: ServedPrograms, clock: Clock) -> None:
        """`path`: where the socket will be."""
        self._path = path
        self._commands = commands
        self._programs = programs
        self._clock = clock
        self._log = structlog.get_logger("control")
        self._stopping = asyncio.Event()
        self._connections = 0

    def stop(self) -> None:
        """Take no more requests; `run` returns when those that were taken are answered."""
        self._stopping.set()

    async def run(self) -> None:
        """Listen (from the first moment on, before anything is awaited) until `stop`.

        Raises InvariantBroken, in a group, when a command meets one. Where no socket can be made there is a warning,
        and the daemon goes on without: orders do not depend on it.
        """
        try:
            listening = listen(self._path)
            made = self._path.lstat()
        except OSError as error:
            self._log.warning("no control socket", path=str(self._path), reason=error.strerror or str(error))
            return
        try:
            async with asyncio.TaskGroup() as talks:
                server = await asyncio.start_unix_server(
                    lambda reader, writer: self._welcome(talks, reader, writer), sock=listening, limit=LINE_BYTES_MAX
                )
                try:
                    await self._stopping.wait()
                finally:
                    self._stopping.set()
                    server.close()
        finally:
            listening.close()
            _remove(self._path, made)

    def _welcome(self, talks: asyncio.TaskGroup, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._stopping.is_set():
            writer.close()
        elif self._connections >= CONNECTIONS_MAX:
            writer.write(write_answer(Trouble("too many commands at the same time; ask again", again=True)))
            writer.close()
        else:
            self._connections += 1
            talks.create_task(self._talk(reader, writer))

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while (line := await self._line(reader)) is not None:
                writer.write(write_answer(await self._answer(line)))
                if await _first(_drained(writer), self._clock.sleep(READ_S_MAX)) is None:
                    writer.transport.abort()
                    return
        except asyncio.LimitOverrunError:
            writer.write(write_answer(Trouble(f"the line is longer than {LINE_BYTES_MAX} bytes", again=False)))
        except (asyncio.IncompleteReadError, ConnectionError):
            pass  # it has left
        finally:
            self._connections -= 1
            writer.close()

    async def _answer(self, line: bytes) -> Outcome | Trouble:
        try:
            request = resolved(read_request(line), self._programs, self._clock.now())
        except ValueError as fault:
            return Trouble(f"not understood: {fault}", again=False)
        try:
            (outcome,) = await self._commands.run([request])
        except LedgerUnavailable as unavailable:
            self._log.error("ledger unavailable", code=unavailable.code, detail=unavailable.detail)
            return Trouble(str(unavailable), again=False)
        except (LedgerBroken, InvariantBroken):
            raise
        except Exception:  # noqa: BLE001 - whatever one command met, the daemon has other work
            self._log.exception("command surprised us", ref=request.ref)
            return Trouble("this is a mistake of ours; nothing happened, and the daemon's log says more", again=False)
        return outcome

    async def _line(self, reader: asyncio.StreamReader) -> bytes | None:
        """The next line; None when none comes in time, or after `stop`."""
        line = await _first(reader.readuntil(b"\n"), self._clock.sleep(LINE_S_MAX), self._stopping.wait())
        return None if self._stopping.is_set() else line


async def _first(work: Coroutine[Any, Any, T], *ends: Coroutine[Any, Any, object]) -> T | None:
    """What the work gives; None when one of the ends comes before it."""
    task, others = asyncio.ensure_future(work), [asyncio.ensure_future(end) for end in ends]
    try:
        await asyncio.wait((task, *others), return_when=asyncio.FIRST_COMPLETED)
        return task.result() if task.done() else None
    finally:
        for each in (task, *others):
            each.cancel()


async def _drained(writer: asyncio.StreamWriter) -> bool:
    await writer.drain()
    return True


def _remove(path: Path, made: os.stat_result) -> None:
    """Take the socket's file away, if it is still the one that was made."""
    try:
        if os.path.samestat(path.lstat(), made):
            path.unlink()
    except OSError:
        pass  # it is gone; or the folder does not let us, and the next daemon replaces it
