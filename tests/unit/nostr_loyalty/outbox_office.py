"""A worker with its outbox on a real ledger, and a pool that answers what the test says."""

import asyncio
import os
import random

from kinds.event import Template, author, canonical_of
from ledger import outbox
from ledger.database import Database
from ledger.outbox import Promise
from nostr_loyalty.publishing import sealing
from nostr_loyalty.publishing.outbox_worker import OutboxWorker
from nostr_loyalty.publishing.sealing import Sealer
from nostr_loyalty.reaching.address_book import AddressBook
from relay_client.deliveries import Outcome, RelayState
from relay_client.verdict import Answer, Verdict
from tests.clock import FakeClock
from tests.venue import new_key

A, B, C = (f"ws://127.0.0.1:{port}" for port in (1, 2, 3))
YES = Verdict(Answer.ACCEPTED)
NO = Verdict(Answer.NEVER, "blocked: not here")


class AnsweringPool:
    """The part of a pool that the worker uses. `posts` is what was sent: (relay, event id, text), in order."""

    def __init__(self) -> None:
        self.posts: list[tuple[str, str, str]] = []
        self.down: set[str] = set()
        self._outcomes: asyncio.Queue[Outcome] = asyncio.Queue()

    def room(self, url: str, key: str | None) -> int:
        """Without limit, where the relay is connected."""
        return 0 if url in self.down else 1_000

    def post(self, url: str, key: str | None, event_id: str, event_json: str) -> bool:
        """Takes it."""
        self.posts.append((url, event_id, event_json))
        return True

    def states(self) -> list[RelayState]:
        """All three."""
        return [RelayState(url, None, url not in self.down, True, "", None, 0, 0, {}) for url in (A, B, C)]

    async def wait_for_room(self) -> None:
        """There always is."""
        await asyncio.Event().wait()

    async def outcomes(self, limit: int) -> list[Outcome]:
        """What the test answered."""
        return [await self._outcomes.get()]

    def answer(self, url: str, verdict: Verdict, event_id: str) -> None:
        """The relay says this about an event."""
        self._outcomes.put_nowait(Outcome(url, None, event_id, verdict))


class Office:
    """A worker with its outbox; `key` signs."""

    def __init__(self, database: Database, pool: AnsweringPool | None = None, clock: FakeClock | None = None) -> None:
        self.database = database
        self.clock = clock or FakeClock()
        self.pool = pool or AnsweringPool()
        self.key = new_key()
        self.wake = asyncio.Event()
        self.busy = False
        self.restart()

    def restart(self) -> None:
        """A new worker, as after a crash."""
        self.worker = OutboxWorker(
            self.database, self.pool, Sealer({self.key.public: self.key}), self.clock, random.Random(1),  # type: ignore[arg-type] # passes for a Pool
            [self.key.public], wake=self.wake, addresses=self.addresses(),
            is_busy=lambda: self.busy,
        )  # fmt: skip
        self.running = asyncio.create_task(self.worker.run())

    def addresses(self) -> AddressBook | None:
        """No address book: everything goes to the promises' own relays."""
        return None

    async def crash(self) -> None:
        """End the worker, whatever it does."""
        self.running.cancel()
        await asyncio.gather(self.running, return_exceptions=True)

    async def promise(
        self, text: str, relays: tuple[str, ...] = (A, B, C), acks: int = 1, lane: int = 1, receiver: str | None = None
    ) -> None:
        """Promise a note."""
        document = canonical_of(author(Template(1, 1, (), text), self.key.public))
        one = Promise(
            lane, "note", self.key.public, sealing.plain(document), os.urandom(32), relays, acks, receiver=receiver
        )
        async with self.database.write() as w:
            await outbox.post(w, [one], self.clock.now())
        self.wake.set()

    async def sent(self, count: int) -> list[tuple[str, str, str]]:
        """Wait until so many posts have gone out in all."""
        await self._until(lambda: len(self.pool.posts) >= count)
        return self.pool.posts

    async def states(self) -> dict[str, int]:
        """How many promises are in which state."""
        async with self.database.read() as r:
            return {state: count for (state, _, _), count in (await outbox.counts(r)).items()}

    async def settled(self, expected: dict[str, int]) -> None:
        """Wait until the outbox stands like this."""
        async with asyncio.timeout(10):
            while await self.states() != expected:
                await self.clock.advance(0.01)

    async def _until(self, condition) -> None:  # type: ignore[no-untyped-def] # a function without arguments
        async with asyncio.timeout(10):
            while not condition():
                await self.states()  # gives the ledger's thread its turn
                await self.clock.advance(0.01)
