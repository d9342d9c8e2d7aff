"""A daemon and a relay for a test: the real daemon in the test's own process, against a relay by its name.

`relay_named` gives a relay that runs ("scripted" in this process, the others as children); `serving` gives a daemon
that is ready. Both end with their block.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import pytest

from nostr_loyalty.clock import SystemClock
from nostr_loyalty.config.load import load
from nostr_loyalty.daemon import Daemon
from nostr_loyalty.readiness import Readiness
from tests.relays.real import ChildRelay, NpmRelay, PythonRelay, RustRelay, unavailable
from tests.relays.scripted import ScriptedRelay

RELAYS: dict[str, Callable[[], AbstractAsyncContextManager[ScriptedRelay | ChildRelay]]] = {
    "scripted": ScriptedRelay, "rust": RustRelay, "python": PythonRelay, "npm": NpmRelay,
}  # fmt: skip
START_S_MAX = 20.0
STOP_S_MAX = 20.0
LOOK_S = 0.01


@asynccontextmanager
async def relay_named(name: str) -> AsyncIterator[str]:
    """The URL of a relay that runs as long as the block: a name of RELAYS. Skips with the reason if it cannot."""
    if (why := unavailable(name)) is not None:
        pytest.skip(why)
    async with RELAYS[name]() as relay:
        yield relay.url


@asynccontextmanager
async def serving(config: Path) -> AsyncIterator[Daemon]:
    """The daemon of this configuration, ready. When the block ends it is stopped, and what it raised is raised."""
    ready = config.with_suffix(".ready")
    daemon = Daemon(load(config), SystemClock(), readiness=Readiness(ready))
    running = asyncio.create_task(daemon.run())
    try:
        async with asyncio.timeout(START_S_MAX):
            while not ready.exists() and not running.done():  # noqa: ASYNC110  a file says nothing by itself
                await asyncio.sleep(LOOK_S)
        yield daemon
    finally:
        daemon.stop()
        await asyncio.wait_for(running, STOP_S_MAX)
