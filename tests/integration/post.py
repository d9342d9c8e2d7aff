"""Sends notices to people at real relays: a worker, its address book and a pool, with what reads them there."""

from __future__ import annotations

import asyncio
import os
import random
import time
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, Self

from kinds import gift_wrap, relay_list
from kinds.event import Event, Template, parse_event, sign, to_json, verify
from kinds.keys import SecretKey
from ledger import addresses, outbox, programs
from ledger.database import Database
from ledger.outbox import Promise
from nostr_loyalty.clock import SystemClock
from nostr_loyalty.publishing import sealing
from nostr_loyalty.publishing.outbox_worker import OutboxWorker
from nostr_loyalty.publishing.sealing import Sealer
from nostr_loyalty.reaching.address_book import AddressBook
from nostr_loyalty.reaching.hosts import Hosts, LookUp, look_up
from relay_client.pool import Pool, PoolSettings
from tests.integration.pool_owner import NO_WAITS, as_object
from tests.relays.client import BareClient
from tests.venue import new_key

WAIT_S_MAX = 15.0


class Post:
    """Sends notices: a ledger, a pool that is connected to `ours`, a worker with an address book."""

    def __init__(
        self, folder: Path, ours: str, *, indexers: Sequence[str] = (), allow_private: bool = True,
        look_up: LookUp = look_up, settings: PoolSettings = NO_WAITS,
    ) -> None:  # fmt: skip
        self.ours = ours
        self.key = new_key()
        self.kept = lambda: 0
        self._folder = folder
        self._indexers = indexers
        self._settings = settings
        self._hosts = Hosts(allow_private=allow_private, look_up=look_up)
        self._wake = asyncio.Event()
        self._end = AsyncExitStack()

    async def __aenter__(self) -> Self:
        clock = SystemClock()
        self.database = await Database.open(self._folder / "loyalty.db")
        self.pool = Pool(
            settings=self._settings, monotonic=clock.monotonic, wall=clock.now, rng=random.Random(1),
            sign_auth=self._sign_auth, cursors={}, paces={},
        )  # fmt: skip
        self.pool.connect(self.ours, key=self.key.public, reads=())
        own = [(state.relay, state.key) for state in self.pool.states()]
        book = AddressBook(self.database, self.pool, clock, self._hosts, relays=own, indexers=self._indexers)
        worker = OutboxWorker(
            self.database, self.pool, Sealer({self.key.public: self.key}), clock, random.Random(1), [self.key.public],
            wake=self._wake, addresses=book,
        )  # fmt: skip
        self.kept = lambda: worker.kept
        self._tasks = [asyncio.create_task(self.pool.run()), asyncio.create_task(worker.run())]
        await self.until(lambda: self.pool.room(self.ours, self.key.public) > 0)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._tasks[1].cancel()
        await self.pool.stop(1.0)
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.database.close()

    def _sign_auth(self, _: str, template: Template) -> Event:
        return sign(template, self.key)

    async def tell(self, guest: SecretKey, text: str) -> None:
        """Promise a notice."""
        recipe = sealing.message(guest.public, text, [], int(time.time()))
        one = Promise(1, "notice", self.key.public, recipe, os.urandom(32), (self.ours,), 1, receiver=guest.public)
        async with self.database.write() as w:
            await outbox.post(w, [one], int(time.time()))
        self._wake.set()

    async def serves(self, guest: SecretKey) -> None:
        """The guest has been here before."""
        async with self.database.write() as w:
            address = f"37411:{self.key.public}:cafe-sol"
            program = await programs.register(w, address, "cafe-sol", self.key.public, 1)
            key = bytes.fromhex(guest.public)
            await w.run(
                "INSERT INTO standing (program_id, customer, visits, first_at) VALUES (?, ?, 1, 1)", program, key
            )

    async def until(self, condition: Callable[[], bool], within_s: float = WAIT_S_MAX) -> None:
        """Wait for something to become true."""
        async with asyncio.timeout(within_s):
            while not condition():  # noqa: ASYNC110 - a condition on other people's state has no event
                await asyncio.sleep(0.01)

    async def known(self, guest: SecretKey) -> tuple[str, ...] | None:
        """What the ledger knows of where somebody reads."""
        async with self.database.read() as r:
            found = await addresses.of(r, [guest.public])
        return found[guest.public].relays if guest.public in found else None


def inbox(of: SecretKey, *relays: str, created_at: int | None = None) -> dict[str, Any]:
    """A 10050 as a relay takes it."""
    return as_object(sign(relay_list.dm_template(relays, created_at or int(time.time())), of))


async def read(url: str, guest: SecretKey) -> list[str]:
    """The messages that somebody finds at a relay, over a connection of its own."""
    async with BareClient(url) as client:
        found = await client.query({"kinds": [1059], "#p": [guest.public]})
    wraps = [verify(parse_event(to_json(Event(**each)))) for each in map(_tupled, found)]
    return sorted(gift_wrap.unwrap(wrap, guest).content for wrap in wraps)


def _tupled(event: dict[str, Any]) -> dict[str, Any]:
    return {**event, "tags": tuple(tuple(tag) for tag in event["tags"])}
