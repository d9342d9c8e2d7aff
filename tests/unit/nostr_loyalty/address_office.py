"""An address book on a real ledger, and relays that give what the test put there."""

import asyncio
from collections.abc import Sequence
from typing import Any

from kinds import relay_list
from kinds.event import Claimed, sign
from kinds.keys import SecretKey
from ledger import addresses
from ledger.addresses import Address
from ledger.database import Database
from nostr_loyalty.reaching.address_book import AddressBook
from nostr_loyalty.reaching.hosts import Hosts
from relay_client.pool import Answered, Filter, Reach
from tests.clock import FakeClock

OURS, DAEMONS, INDEXER = "wss://ours.example", "wss://daemon.example", "wss://index.example"


def inbox(of: SecretKey, relays: Sequence[str], created_at: int) -> Claimed:
    """Somebody's 10050."""
    return Claimed(*sign(relay_list.dm_template(relays, created_at), of))


class Shelves:
    """The part of a pool that an address book uses. `kept`: what each relay holds; every question is in `questions`."""

    def __init__(self, clock: FakeClock) -> None:
        self.kept: dict[str, list[Claimed]] = {OURS: [], DAEMONS: [], INDEXER: []}
        self.silent: set[str] = set()
        self.refusing: set[str] = set()
        self.down: set[str] = set()
        self.questions: list[tuple[str, str | None, tuple[str, ...]]] = []
        self._clock = clock

    def reach(self, url: str, key: str | None, resolve: Any) -> Reach:
        """All of them stand, but for those that are down."""
        assert resolve is None, "what is asked is the operator's own choice"
        return Reach.AWAY if url in self.down else Reach.STANDS

    async def query(self, url: str, key: str | None, wanted: Filter, deadline_s: float) -> Answered:
        """What is kept of these authors."""
        assert wanted.kinds == (10050,)
        assert wanted.authors is not None
        self.questions.append((url, key, tuple(wanted.authors)))
        if url in self.silent:
            await self._clock.sleep(deadline_s)
            return Answered(1, [], complete=False)
        if url in self.refusing:
            return Answered(1, [], complete=False)
        return Answered(1, [each for each in self.kept[url] if each.pubkey in wanted.authors], complete=True)


class AddressOffice:
    """A book that is being worked at; `pool` is what it asks."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.clock = FakeClock()
        self.pool = Shelves(self.clock)
        self.restart()

    def restart(self) -> None:
        """A new book, as after a crash."""
        self.book = AddressBook(
            self.database, self.pool, self.clock, Hosts(),  # type: ignore[arg-type] # passes for a Pool
            relays=[(OURS, "aa" * 32), (DAEMONS, "aa" * 32), (OURS, "bb" * 32)], indexers=[INDEXER, DAEMONS, INDEXER],
        )  # fmt: skip
        self.running = asyncio.create_task(self.book.run())

    async def close(self) -> None:
        """End the book."""
        self.running.cancel()
        await asyncio.gather(self.running, return_exceptions=True)

    async def under_way(self, who: SecretKey) -> asyncio.Future[None]:
        """Somebody's look-up, once the relays have been asked."""
        found = self.book.want(who.public)
        assert found is not None
        async with asyncio.timeout(10):
            while not any(who.public in people for _, _, people in self.pool.questions):
                await self.clock.advance(0.1)
        return found

    async def look_up(self, *people: SecretKey) -> dict[str, Address]:
        """What the ledger knows once all of these were looked up."""
        found = [self.book.want(one.public) for one in people]
        assert None not in found
        async with asyncio.timeout(10):
            while not all(each.done() for each in found if each is not None):
                await self.known()  # gives the ledger's thread its turn
                await self.clock.advance(0.1 if self.clock.sleeping else 0.0)
        return await self.known(*people)

    async def known(self, *people: SecretKey) -> dict[str, Address]:
        """What the ledger knows."""
        async with self.database.read() as r:
            return await addresses.of(r, [one.public for one in people])
