"""What docs/operating.md promises of backup and restore, done as it says."""

import asyncio
import sqlite3
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any

from kinds import entry, registry
from kinds.card import parse as parse_card
from kinds.event import claim, verify
from ledger import audit
from ledger.database import Database
from nostr_loyalty.clock import SystemClock
from nostr_loyalty.config.load import load
from nostr_loyalty.daemon import Daemon
from nostr_loyalty.readiness import Readiness
from tests.relays.scripted import ScriptedRelay
from tests.venue import Venue, new_key

WAIT_S_MAX = 20.0
LOOK_S = 0.02


@asynccontextmanager
async def serving(config: Path) -> AsyncIterator[None]:
    """The daemon, until the end of the block."""
    daemon = Daemon(load(config), SystemClock(), readiness=Readiness())
    running = asyncio.create_task(daemon.run())
    try:
        yield
    finally:
        daemon.stop()
        await running


async def until(holds: Callable[[], bool]) -> None:
    """Wait for it."""
    for _ in range(round(WAIT_S_MAX / LOOK_S)):
        if holds():
            return
        await asyncio.sleep(LOOK_S)
    raise AssertionError("waited in vain")


def entries(relay: ScriptedRelay) -> list[entry.Entry]:
    """The entries that the relay holds, verified."""
    return [entry.parse(verify(claim(one))) for one in relay.events if one["kind"] == registry.ENTRY]


def points(relay: ScriptedRelay) -> int:
    """What the newest card says; 0 without one."""
    cards: list[dict[str, Any]] = [one for one in relay.events if one["kind"] == registry.CARD]
    newest = max(cards, key=lambda one: one["created_at"], default=None)
    return 0 if newest is None else parse_card(verify(claim(newest))).points


def restore(copy: Path, ledger: Path) -> None:
    """Put the copy in the ledger's place, and take away what SQLite would play back into it."""
    for beside in ("-wal", "-shm"):
        Path(f"{ledger}{beside}").unlink(missing_ok=True)
    copy.replace(ledger)


async def test_a_restored_backup_comes_to_the_same_points(tmp_path: Path) -> None:
    """A copy made by VACUUM INTO beside a running daemon serves in the ledger's place: what was booked after it is read
    again from the relays and signed anew, with the same number and the same key; the points are the same."""
    guest = new_key().public
    async with ScriptedRelay() as relay:
        venue = Venue(tmp_path, [relay.url], visibility="public")
        config, ledger, copy = venue.write_config(), tmp_path / "loyalty.db", tmp_path / "copy.db"
        async with serving(config):
            relay.accept(venue.order("1", guest)._asdict())
            await until(lambda: len(entries(relay)) == 1)
            with closing(sqlite3.connect(ledger)) as connection:
                connection.execute("VACUUM INTO ?", (str(copy),))
            relay.accept(venue.order("2", guest)._asdict())
            await until(lambda: len(entries(relay)) == 2 and points(relay) == 24)
            booked = int(time.time())
        restore(copy, ledger)
        await until(lambda: time.time() > booked + 1)
        async with serving(config):
            await until(lambda: len(entries(relay)) == 3)
            relay.accept(venue.order("3", guest)._asdict())
            await until(lambda: points(relay) == 36)
        assert sorted((one.seq, one.balance) for one in entries(relay)) == [(1, 12), (2, 24), (2, 24), (3, 36)]
        assert len({one.key for one in entries(relay)}) == 3
    database = await Database.open(ledger, read_only=True)
    try:
        async with database.read() as r:
            assert (await audit.check(r)).findings == []
    finally:
        await database.close()
