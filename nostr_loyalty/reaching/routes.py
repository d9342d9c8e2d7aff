"""Which relays a promise goes to, and getting there.

Rules:
- What is for one person goes to the relays where that person reads (kind 10050), the first `THEIRS_MAX` of them that
  are not at a forbidden address; one OK is enough. Who names none is reached at the promise's own relays.
- What has not arrived after `PATIENCE_S`, or is refused by all of theirs, goes to the promise's own relays too: the
  person can still be found there.
- Whoever is neither a customer nor one of the venue's people shares a few connections with all others of that sort: a
  stranger may name relays that take a connection and say nothing, and ask again and again.
- An address that is not known is looked up first, and a relay that is being connected to is waited for; a promise that
  waits is aside, and the others go on. Neither takes longer than `ASIDE_S`.
"""

import asyncio
from collections.abc import Callable, Collection, Iterable
from typing import Final, NamedTuple

from ledger.outbox import Promised
from nostr_loyalty.clock import Clock
from nostr_loyalty.reaching.address_book import AddressBook, is_stale
from relay_client.pool import Pool, Reach

THEIRS_MAX: Final = 4
PATIENCE_S: Final = 600
ASIDE_S: Final = 5.0
ASIDE_MAX: Final = 1_024
LOOK_S: Final = 0.5
"""How often it is looked whether something has waited for long enough."""


class Route(NamedTuple):
    """Where a promise goes now: to so many (`acks`) of the `relays`. personal: they are, or begin with, the receiver's
    own.
    """

    relays: tuple[str, ...]
    acks: int
    personal: bool = False

    def is_kept(self, accepted: int) -> bool:
        """Whether a promise is kept that so many relays have accepted."""
        return accepted >= self.acks


class Router:
    """Finds the route of each promise. Without an address book every promise goes to its own relays."""

    def __init__(
        self, pool: Pool, addresses: AddressBook | None, clock: Clock, released: Callable[[], None],
        people: Collection[str] = (),
    ) -> None:  # fmt: skip
        """`released`: called when a promise that was aside may be looked at again; `people`: the venue's own (hex)."""
        self._pool = pool
        self._addresses = addresses
        self._clock = clock
        self._released = released
        self._people = people
        self._tasks: asyncio.TaskGroup | None = None
        self._arrivals: dict[tuple[str, str], asyncio.Task[None]] = {}
        self.aside: dict[int, float] = {}
        """Promises that wait -> until when, at the latest (monotonic seconds)."""

    async def run(self) -> None:
        """Until cancelled."""
        if self._addresses is None:
            return
        async with asyncio.TaskGroup() as tasks:
            self._tasks = tasks
            tasks.create_task(self._addresses.run())
            while True:
                await self._clock.sleep(LOOK_S)
                self._pool.tidy()
                now = self._clock.monotonic()
                for promise_id in [each for each, until in self.aside.items() if now >= until]:
                    self._release(promise_id)

    def route(self, promised: Promised) -> Route:
        """The route by what is known now. A promise that was kept once is for no further relays than the receiver's."""
        own = Route(promised.relays, promised.acks)
        if self._addresses is None or not promised.theirs:
            return own
        theirs = tuple(url for url in promised.theirs if not self._pool.is_forbidden(url))[:THEIRS_MAX]
        if not theirs:
            return own
        in_vain = promised.accepted == () and (
            self._clock.now() - promised.promised_at >= PATIENCE_S or set(theirs) <= set(promised.refused)
        )
        relays = tuple(dict.fromkeys((*theirs, *promised.relays))) if in_vain else theirs
        return Route(relays, 1, personal=True)

    def waits_for_address(self, promised: Promised) -> bool:
        """Whether the receiver is looked up first. The promise is aside then, or is to wait where too many are."""
        if self._addresses is None or promised.receiver is None:
            return False
        if promised.checked_at is not None:
            if is_stale(promised.checked_at, self._clock.now()):
                self._addresses.want(promised.receiver)
            return False
        if self._addresses.is_late(promised.receiver):
            return False
        found = self._addresses.want(promised.receiver)
        if found is not None:
            self._put_aside(promised, (found,))
        return True

    def waits_for_relay(self, promised: Promised, urls: Iterable[str]) -> bool:
        """Want these relays, where they are the receiver's. True: one is coming and none stands; the promise is aside
        then, or is to wait where too many are.
        """
        if self._addresses is None or not promised.theirs:
            return False
        resolve, stranger = self._addresses.resolve, not promised.is_known and promised.receiver not in self._people
        wanted = {
            url: self._pool.reach(url, promised.issuer, resolve, stranger=stranger)
            for url in urls if url in promised.theirs
        }  # fmt: skip
        coming = [url for url, reach in wanted.items() if reach is Reach.COMING]
        if not coming or Reach.STANDS in wanted.values():
            return False
        self._put_aside(promised, [self._arrival(url, promised.issuer) for url in coming])
        return True

    def _put_aside(self, promised: Promised, until: Iterable[asyncio.Future[None]]) -> None:
        """Put it aside until one of these is done, or it has waited for long enough; not where too many are aside."""
        if len(self.aside) < ASIDE_MAX:
            self.aside[promised.id] = self._clock.monotonic() + ASIDE_S
            for future in until:
                future.add_done_callback(lambda _: self._release(promised.id))

    def _arrival(self, url: str, key: str) -> asyncio.Task[None]:
        """Done when it is decided whether the relay comes; the same for all who wait for it."""
        task = self._arrivals.get((url, key))
        if task is None:
            assert self._tasks is not None, "run() comes first"
            task = self._arrivals[url, key] = self._tasks.create_task(self._pool.reached(url, key))
            task.add_done_callback(lambda _: self._arrivals.pop((url, key)))
        return task

    def _release(self, promise_id: int) -> None:
        if self.aside.pop(promise_id, None) is not None:
            self._released()
