"""Settings that every test shares; a fixture that only some rooms need lives in their own folder."""

import asyncio
import logging
import os
import threading
import weakref
from collections.abc import Iterator
from typing import Any

import aiosqlite
import pytest
import structlog
from hypothesis import HealthCheck, settings

# The machine is small and shared: a slow example is no fault of the code, so hypothesis keeps no deadline. In CI the
# examples are the same in every run, so that a red build is about the change and not about the dice.
settings.register_profile("here", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("ci", parent=settings.get_profile("here"), derandomize=True, print_blob=True)
settings.load_profile("ci" if os.environ.get("CI") else "here")


@pytest.fixture(autouse=True)
def _logs_end_with_the_test() -> Iterator[None]:
    """A command that a test runs in this process sends its logs to that test's stderr, which is gone afterwards."""
    root = logging.getLogger()
    before, level = list(root.handlers), root.level
    yield
    structlog.reset_defaults()
    root.handlers = before
    root.setLevel(level)


CONNECTIONS: weakref.WeakSet[aiosqlite.Connection] = weakref.WeakSet()
"""Every connection to a ledger that was made and is still in memory."""

_make = aiosqlite.Connection.__init__


def _make_and_note(connection: aiosqlite.Connection, *arguments: Any, **named: Any) -> None:
    _make(connection, *arguments, **named)
    CONNECTIONS.add(connection)


aiosqlite.Connection.__init__ = _make_and_note  # type: ignore[method-assign] # it does the same, and is noted


def _is_open(connection: aiosqlite.Connection) -> bool:
    return connection._running and connection._thread.is_alive()


async def _close(connections: set[aiosqlite.Connection]) -> None:
    for each in connections:
        await each.close()


@pytest.fixture(autouse=True)
def _ledgers_are_closed() -> Iterator[None]:
    """A connection has a thread, for which Python waits at its end: a test that failed before it closed its ledger
    would keep the run from ending. What a test leaves open is closed, and is a fault of the test.
    """
    before = set(CONNECTIONS)
    yield
    left = {each for each in set(CONNECTIONS) - before if _is_open(each)}
    if left:
        # On a loop of its own, in a thread of its own: the test's may be gone, or be used again.
        closing = threading.Thread(target=asyncio.run, args=(_close(left),))
        closing.start()
        closing.join()
        pytest.fail(f"{len(left)} connections to a ledger were left open: close it in `finally`, or by `async with`")
