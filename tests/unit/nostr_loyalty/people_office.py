"""An outbox worker with an address book: relays of ours, and relays of people that the test lets stand or not."""

import asyncio
from collections.abc import Sequence
from typing import Any

from kinds import relay_list
from kinds.event import Claimed, sign
from kinds.keys import SecretKey
from ledger import addresses, outbox
from ledger.addresses import Address
from ledger.database import Database
from ledger.outbox import Promised
from nostr_loyalty.reaching.address_book import AddressBook
from nostr_loyalty.reaching.hosts import Hosts
from relay_client.pool import Answered, Filter, Reach
from tests.clock import FakeClock
from tests.unit.nostr_loyalty.outbox_office import A, AnsweringPool, B, C, Office

INBOX, SECOND = "wss://inbox.example", "wss://second.example"
OURS = (A, B, C)


class VisitingPool(AnsweringPool):
    """`lists` are the 10050 that our relays hold. A relay of others comes when `arrive` lets it, and is then there."""

    def __init__(self, clock: FakeClock) -> None:
        super().__init__()
        self.lists: list[Claimed] = []
        self.silent = False
        self.questions = 0
        self.wanted: list[str] = []
        self.standing: set[str] = set()
        self.away: set[str] = set()
        self.forbidden: set[str] = set()
        self._clock = clock
        self._coming: dict[str, asyncio.Event] = {}

    def room(self, url: str, key: str | None) -> int:
        """Ours as before; theirs once they stand."""
        return super().room(url, key) if url in OURS or url in self.standing else 0

    def reach(self, url: str, key: str | None, resolve: Any, *, stranger: bool = False) -> Reach:
        """As the test has said; what it said nothing of is coming."""
        if url in OURS:
            return Reach.AWAY if url in self.down else Reach.STANDS
        assert resolve is not None, "what others named is looked up by us"
        self.wanted.append(url)
        if self.is_forbidden(url):
            return Reach.FORBIDDEN
        if url in self.away:
            return Reach.AWAY
        return Reach.STANDS if url in self.standing else Reach.COMING

    def is_forbidden(self, url: str) -> bool:
        """Whether the test has said so."""
        return url in self.forbidden

    async def reached(self, url: str, key: str | None) -> None:
        """Until `arrive`."""
        await self._coming.setdefault(url, asyncio.Event()).wait()

    def arrive(self, url: str) -> None:
        """The first attempt to connect has ended: in vain if the relay is `away` by now or `forbidden`."""
        if url not in self.away | self.forbidden:
            self.standing.add(url)
        self._coming.setdefault(url, asyncio.Event()).set()

    def tidy(self) -> None:
        """Nothing is closed here."""

    async def query(self, url: str, key: str | None, wanted: Filter, deadline_s: float) -> Answered:
        """The lists of these, or silence."""
        self.questions += 1
        if self.silent:
            await self._clock.sleep(deadline_s)
            return Answered(1, [], complete=False)
        return Answered(1, [each for each in self.lists if each.pubkey in (wanted.authors or ())], complete=True)


class PeopleOffice(Office):
    """An office that knows where people read, and finds it out."""

    pool: VisitingPool

    def __init__(self, database: Database) -> None:
        clock = FakeClock()
        super().__init__(database, VisitingPool(clock), clock)

    def addresses(self) -> AddressBook:
        """A book that asks our relays."""
        return AddressBook(
            self.database, self.pool, self.clock, Hosts(),  # type: ignore[arg-type] # passes for a Pool
            relays=[(url, None) for url in OURS],
        )  # fmt: skip

    async def reads_at(self, who: SecretKey, *relays: str) -> None:
        """The ledger knows where somebody reads."""
        async with self.database.write() as w:
            await addresses.note(w, [Address(who.public, relays, self.clock.now(), self.clock.now())])

    def says(self, who: SecretKey, relays: Sequence[str]) -> None:
        """Somebody publishes where it reads."""
        self.pool.lists.append(Claimed(*sign(relay_list.dm_template(relays, self.clock.now()), who)))

    async def waits(self) -> list[Promised]:
        """Everything that waits, whenever it is due."""
        async with self.database.read() as r:
            return await outbox.due(r, 2**40, 100)

    async def sent_within(self, count: int, seconds: float) -> list[tuple[str, str, str]]:
        """Let time pass until so many posts have gone out in all, but not more than this."""
        until = self.clock.monotonic() + seconds
        while len(self.pool.posts) < count and self.clock.monotonic() < until:
            await self.spend(0.5)
        return self.pool.posts

    async def spend(self, seconds: float) -> None:
        """Let time pass slowly enough for everybody to do something meanwhile."""
        for _ in range(int(seconds * 2)):
            await self.states()
            await self.clock.advance(0.5)
