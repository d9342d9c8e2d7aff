"""What the pool tells of its relays: logged, and where it matters remembered.

A learned pace is kept in the ledger (Bug 75); a relay that is back makes what waited for it due at once.
"""

import asyncio
import contextlib
from typing import Final

import structlog

from ledger import inbox
from ledger.database import Database
from ledger.errors import LedgerUnavailable
from nostr_loyalty.publishing.outbox_worker import OutboxWorker
from relay_client.deliveries import Happening

WAITING_MAX: Final = 1_000
_QUIET: Final = frozenset({"relay-notice", "relay-rate-limited"})


class Happenings:
    """Give `hear` to the pool; `run` does what needs the ledger."""

    def __init__(self, database: Database) -> None:
        """`database`: where learned paces are kept."""
        self._database = database
        self._log = structlog.get_logger("relay")
        self._waiting: asyncio.Queue[Happening] = asyncio.Queue(WAITING_MAX)
        self.caught_up = asyncio.Event()

    def hear(self, happening: Happening) -> None:
        """Called by the pool: never blocks, never raises."""
        level = "debug" if happening.what in _QUIET else "info"
        getattr(self._log, level)(
            happening.what, relay=happening.relay, detail=happening.detail or None, number=happening.number or None
        )
        if happening.what == "relay-caught-up":
            self.caught_up.set()
        if happening.what in ("relay-connected", "relay-pace-learned"):
            with contextlib.suppress(asyncio.QueueFull):
                self._waiting.put_nowait(happening)

    async def run(self, worker: OutboxWorker) -> None:
        """Until cancelled."""
        while True:
            happening = await self._waiting.get()
            try:
                if happening.what == "relay-connected":
                    await worker.relay_is_back()
                else:
                    async with self._database.write() as w:
                        await inbox.save_pace(w, {happening.relay: max(1, int(happening.number))})
            except LedgerUnavailable as unavailable:
                self._log.warning("not remembered", what=happening.what, detail=unavailable.detail)
