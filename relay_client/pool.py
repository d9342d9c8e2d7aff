"""Several relays as one: subscribe, publish, one outcome per post, deliveries that are fair between relays.

Promises to the owner:
 1. A relay that is down, slow, silent, lying or flooding never stops the others: each connection has a task, a
    bounded queue and deadlines of its own.
 2. A CaughtUp comes after the events that it vouches for. Handle a list from take() in order, store the cursor
    together with what the events did, then call cursor_saved(). Until that call the next catch-up begins at the old
    cursor: an owner whose transaction failed, or that never calls, reads events again but never misses one.
 3. Events are delivered again (by several relays, live and caught up); the owner is idempotent. Only a repetition,
    byte for byte, of what the owner confirmed by cursor_saved() is left out, since an id alone does not commit to
    its signature (bug 66).
 4. Every post() that returned True gets exactly one Outcome.

Not safe for several threads; all methods belong to the loop that runs run().
"""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Final

from kinds.event import Event, Template
from relay_client.asking import NOTHING
from relay_client.connection import Resolve
from relay_client.deliveries import Arrived, CaughtUp, Delivery, Happening, Outcome, Rejected, RelayState
from relay_client.driver import Driver, Surroundings
from relay_client.errands import Errands, Reach
from relay_client.filter import Filter
from relay_client.queries import Answered
from relay_client.session import Session
from relay_client.settings import PoolSettings, for_errands
from relay_client.subscription import Subscription
from relay_client.verdict import Answer, Verdict

__all__ = [
    "Answer", "Answered", "Arrived", "CaughtUp", "Delivery", "Filter", "Happening", "Outcome", "Pool", "PoolSettings",
    "Reach", "Rejected", "RelayState", "Subscription", "Verdict",
]  # fmt: skip

DROP_DEADLINE_S: Final = 1.0


class Pool:
    """One connection per (url, key). Construct, connect(), run() in a task; take(), post(), outcomes() in others."""

    def __init__(
        self,
        *,
        settings: PoolSettings,
        monotonic: Callable[[], float],
        wall: Callable[[], int],
        rng: random.Random,
        sign_auth: Callable[[str, Template], Event],
        cursors: Mapping[tuple[str, str], int],
        paces: Mapping[str, float],
        on_happening: Callable[[Happening], None] = lambda _: None,
    ) -> None:
        """Nothing happens before run().

        monotonic: seconds; wall: unix seconds; rng: only for jitter.
        sign_auth(pubkey, template): signs a NIP-42 answer with that pubkey's key.
        cursors: (url, subscription name) -> the asked_at that was stored last.
        paces: url -> messages a minute, as last reported by a "relay-pace-learned" happening.
        on_happening: called at once; must not raise or block.
        """
        self._settings = settings
        self._surroundings = Surroundings(
            settings=settings, monotonic=monotonic, wall=wall, deliver=self._wake_takers, settle=self._settle,
            tell=on_happening,
        )  # fmt: skip
        self._errands = Errands(settings, monotonic, self._errand)
        self._rng = rng
        self._sign_auth = sign_auth
        self._cursors = dict(cursors)
        self._paces = dict(paces)
        self._drivers: dict[tuple[str, str | None], Driver] = {}
        self._names: set[tuple[str, str]] = set()
        self._turn = 0
        self._outcomes: deque[Outcome] = deque()
        self._deliverable = asyncio.Event()
        self._outcome_waits = asyncio.Event()
        self._room_grew = asyncio.Event()
        self._stopping = asyncio.Event()
        self._tasks: asyncio.TaskGroup | None = None
        self._is_busy: Callable[[], bool] = lambda: False

    def heed(self, is_busy: Callable[[], bool]) -> None:
        """Let the owner say whether it has more to do than it can at once: what can wait, such as reading a burst
        again, waits then.
        """
        self._is_busy = is_busy

    def connect(self, url: str, *, key: str | None, reads: Sequence[Subscription]) -> None:
        """Add a connection to `url` that authenticates as pubkey `key` (None: never) and reads `reads` for good.

        It starts with run(), or at once when that runs already. ValueError: the (url, key) is taken, or a subscription
        name is used twice for this url.
        """
        if (url, key) in self._drivers:
            raise ValueError(f"connected already: {url} as {key}")
        names = {(url, each.name) for each in reads}
        if len(names) < len(reads) or names & self._names:
            raise ValueError(f"a subscription name is used twice for {url}")
        self._names |= names
        driver = Driver(self._session(url, key, reads, self._settings), self._surroundings)
        self._drivers[url, key] = driver
        if self._tasks is not None:
            self._tasks.create_task(driver.run())

    def reach(self, url: str, key: str | None, resolve: Resolve | None, *, stranger: bool = False) -> Reach:
        """Want to write to, or ask, a relay that may not be ours; a connection to it is made if there is none (see
        errands).

        resolve: who looks its host up; None for a relay that the owner trusts like its own. Call it again for as long
        as the relay is wanted, and tidy() now and then. stranger: for somebody who shares a few connections with all
        other strangers.
        """
        own = self._drivers.get((url, key))
        if own is not None:
            return Reach.STANDS if own.session.connected else Reach.AWAY
        return Reach.AWAY if self._stopping.is_set() else self._errands.reach(url, key, resolve, stranger=stranger)

    def is_forbidden(self, url: str) -> bool:
        """Whether a relay that is not ours was found, lately, at an address that we do not connect to."""
        return self._errands.is_forbidden(url)

    async def reached(self, url: str, key: str | None) -> None:
        """Return when the first attempt to connect to a relay that is not ours has ended, one way or the other."""
        await self._errands.reached(url, key)

    def tidy(self) -> None:
        """Close the connections to relays that are not ours and that nobody has wanted for long."""
        self._errands.tidy()

    def disconnect(self, url: str, key: str | None) -> None:
        """Close a connection that reach() made; what is under way on it ends with retry_later."""
        self._errands.close(url, key)

    async def query(self, url: str, key: str | None, wanted: Filter, deadline_s: float) -> Answered:
        """Ask a relay for what it holds now: a REQ of its own, closed after EOSE, or when `deadline_s` are over.

        Never raises for what a relay does: without a connection, or where it refuses, the answer is not complete. The
        events are inside the filter, and neither their ids nor their signatures are checked yet.
        """
        driver = self._driver(url, key)
        return NOTHING if driver is None else await driver.query(wanted, deadline_s)

    async def run(self) -> None:
        """Keep every connection standing until stop() has done its work. Cancelling it drops the sockets at once."""
        async with asyncio.TaskGroup() as tasks:
            self._tasks = tasks
            for driver in (*self._drivers.values(), *self._errands):
                tasks.create_task(driver.run())
            await self._stopping.wait()
        self._tasks = None

    async def take(self, limit: int) -> list[Delivery]:
        """Wait until something is delivered, then up to `limit` deliveries: the relays in turn, each in its own order.

        After stop() what is left is still given, then empty lists. Cancelling loses nothing.
        """
        while True:
            taken = self._gather(limit)
            if taken or self._stopping.is_set():
                return taken
            self._deliverable.clear()
            await self._deliverable.wait()

    def take_no_more(self) -> None:
        """Close the subscriptions for good and drop what waits: nobody confirmed it, so it is read again another time.

        Posts and their outcomes go on: where an owner just takes nothing, reading is paused, and they wait behind it.
        """
        for driver in self._drivers.values():
            driver.turn_away()

    def cursor_saved(self, url: str, subscription: str, asked_at: int) -> None:
        """Tell that a CaughtUp, and every delivery before it, is safely handled: catch-ups may begin there from
        now on.
        """
        for (relay, _), driver in self._drivers.items():
            if relay == url:
                driver.session.cursor_saved(subscription, asked_at)

    def post(self, url: str, key: str | None, event_id: str, event_json: str) -> bool:
        """Queue an EVENT for the relay. True: an Outcome will come, exactly one. False: not connected, no room,
        or the same
        event is on its way on this connection already; the caller keeps it.
        """
        driver = self._driver(url, key)
        if driver is None or self._stopping.is_set() or len(self._outcomes) >= self._settings.outcomes_max:
            return False
        return driver.post(event_id, event_json)

    async def outcomes(self, limit: int) -> list[Outcome]:
        """Wait until a post has an outcome, then up to `limit` of them. After stop(): what is left, then empty
        lists.
        """
        while not self._outcomes and not self._stopping.is_set():
            self._outcome_waits.clear()
            await self._outcome_waits.wait()
        waiting = self._outcomes
        return [waiting.popleft() for _ in range(min(limit, len(waiting)))]

    def room(self, url: str, key: str | None) -> int:
        """How many more post() this connection would take now; 0 while it is not connected."""
        driver = self._driver(url, key)
        return 0 if driver is None or self._stopping.is_set() else driver.room()

    async def wait_for_room(self) -> None:
        """Return when some connection that had no room (room() gave 0, or post() False) may have room again.

        Only what happens after the call counts, so look at room() first and do not await in between.
        """
        self._room_grew.clear()
        if not self._stopping.is_set():
            await self._room_grew.wait()

    def states(self) -> list[RelayState]:
        """How every connection of connect() stands, in its order."""
        return [driver.state() for driver in self._drivers.values()]

    async def stop(self, deadline_s: float) -> None:
        """Close subscriptions and sockets, in `deadline_s` at most; run() returns. What was taken in can still
        be taken, and
        every event still under way gets an Outcome (retry_later).
        """
        everyone = (*self._drivers.values(), *self._errands)
        for driver in everyone:
            driver.farewell()
        drivers = [driver for driver in everyone if driver.running]
        await _all_ended(drivers, deadline_s)
        for driver in drivers:
            driver.drop()
        await _all_ended(drivers, DROP_DEADLINE_S)
        self._stopping.set()
        for event in (self._deliverable, self._outcome_waits, self._room_grew):
            event.set()

    def _driver(self, url: str, key: str | None) -> Driver | None:
        return self._drivers.get((url, key)) or self._errands.get(url, key)

    def _session(self, url: str, key: str | None, reads: Sequence[Subscription], settings: PoolSettings) -> Session:
        cursors = {name: cursor for (relay, name), cursor in self._cursors.items() if relay == url}
        return Session(
            url=url, key=key, reads=reads, settings=settings, rng=random.Random(self._rng.getrandbits(64)),
            sign_auth=self._sign_auth, cursors=cursors, pace=self._paces.get(url), is_busy=lambda: self._is_busy(),
        )  # fmt: skip

    def _errand(self, url: str, key: str | None, resolve: Resolve | None) -> Driver:
        around = replace(self._surroundings, settings=for_errands(self._settings), tell=self._tell_fault)
        driver = Driver(self._session(url, key, (), around.settings), around, errand=True, resolve=resolve)
        if self._tasks is not None:
            self._tasks.create_task(driver.run())
        return driver

    def _tell_fault(self, happening: Happening) -> None:
        if happening.what == "relay-fault":
            self._surroundings.tell(happening)

    def _gather(self, limit: int) -> list[Delivery]:
        drivers = list(self._drivers.values())
        self._turn += 1
        start = self._turn % len(drivers) if drivers else 0
        busy = [each for each in drivers[start:] + drivers[:start] if each.backlog]
        taken: list[Delivery] = []
        while busy and len(taken) < limit:
            share = max(1, (limit - len(taken)) // len(busy))
            for driver in busy:
                taken += driver.take(min(share, limit - len(taken)))
            busy = [each for each in busy if each.backlog]
        return taken

    def _wake_takers(self) -> None:
        self._deliverable.set()

    def _settle(self, outcomes: Sequence[Outcome], room_grew: bool) -> None:
        if outcomes:
            self._outcomes.extend(outcomes)
            self._outcome_waits.set()
        if room_grew:
            self._room_grew.set()


async def _all_ended(drivers: Sequence[Driver], deadline_s: float) -> None:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(deadline_s):
            await asyncio.gather(*(driver.ended.wait() for driver in drivers))
