"""The command line's end of the socket.

    async with connected(socket_of(database)) as daemon:
        outcome = await daemon.ask(asked)

Whoever got no answer cannot know whether the command happened, and asks again with the same ref: it happens once.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

from nostr_loyalty.commands.outcome import Outcome
from nostr_loyalty.control.address import short
from nostr_loyalty.control.request import ANSWER_BYTES_MAX, Asked, Trouble, read_answer, write_request
from nostr_loyalty.errors import Unavailable

PATIENCE_S: Final = 30.0
"""How long an answer may take: the daemon waits for its ledger for some seconds."""


class NoAnswer(Exception):
    """Nobody listens, or there was no answer: ask again with the same ref, or open the ledger if it is free now."""


class RunningDaemon:
    """A connection to the daemon. Made by `connected`."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, patience_s: float) -> None:
        self._reader = reader
        self._writer = writer
        self._patience_s = patience_s

    async def ask(self, asked: Asked) -> Outcome:
        """What became of it. NoAnswer: perhaps it happened; Unavailable: the daemon will not, or makes no sense."""
        try:
            self._writer.write(write_request(asked))
            async with asyncio.timeout(self._patience_s):
                await self._writer.drain()
                answer = read_answer(await self._reader.readuntil(b"\n"))
        except TimeoutError:
            detail = f"no answer within {self._patience_s:.0f} s; it may have happened: ask again with --id {asked.ref}"
            raise Unavailable("daemon-unreachable", detail) from None
        except (ValueError, asyncio.LimitOverrunError) as fault:
            raise Unavailable("daemon-unreachable", f"an answer that is none ({fault}); another version?") from None
        except (asyncio.IncompleteReadError, OSError) as error:
            raise NoAnswer("the daemon has left") from error
        if isinstance(answer, Trouble):
            if answer.again:
                raise NoAnswer(answer.sentence)
            raise Unavailable("daemon-declined", answer.sentence)
        return answer


@asynccontextmanager
async def connected(path: Path, *, patience_s: float = PATIENCE_S) -> AsyncIterator[RunningDaemon]:
    """The daemon that listens at `path`. NoAnswer: there is none; Unavailable: this user may not ask it."""
    try:
        with short(path) as address:
            reader, writer = await asyncio.open_unix_connection(address, limit=ANSWER_BYTES_MAX)
    except (FileNotFoundError, NotADirectoryError, ConnectionError, BlockingIOError) as error:
        raise NoAnswer(f"{path}: {error.strerror}") from error
    except OSError as error:
        raise Unavailable("daemon-unreachable", f"{path}: {error.strerror or error}") from error
    try:
        yield RunningDaemon(reader, writer, patience_s)
    finally:
        writer.close()
        try:
            await writer.wait_closed()
        except OSError:
            pass  # it was lost, as whoever asked has seen
