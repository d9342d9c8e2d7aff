"""Keeps the promises: takes them from the outbox, seals them, sends them, writes down what the relays said.

Rules:
- A promise is kept when `acks` of its relays have said OK (protocol §11). The others are still tried, in the
  background; a promise that every relay refused for good, or that cannot be sealed, is abandoned with the reason, and
  never blocks the others (Bug 71; `attempt`).
- What is for one person goes to the relays where that person reads, as far as an address book is given
  (`reaching.routes`).
- Nothing is promised twice and nothing is lost in a crash: what was under way is still in the outbox, and is sealed
  again to the same bytes (Bug 63).
- The order is lane first, then age. A promise whose relays do not answer steps back with a growing pause.
- While a crowd of orders comes in, entries go out and answers and cards wait: all of them for `PATIENCE_S`, then a few
  each `LATE_EVERY_S`, so that they are late but never starve. Rounds are `ROUND_S` apart then: many small ones would
  cost the crowd's orders more than they bring.
"""

import asyncio
import random
from collections import Counter
from collections.abc import Awaitable, Callable, Collection, Iterable
from typing import Final

import structlog

from ledger import outbox
from ledger.database import Database, Write
from ledger.errors import LedgerUnavailable
from ledger.outbox import Promised, Settlement
from nostr_loyalty.clock import Clock
from nostr_loyalty.publishing.attempt import Attempt, abandoned, is_old_news, settlement
from nostr_loyalty.publishing.publications import LANES_PATIENT, LANES_URGENT
from nostr_loyalty.publishing.sealing import Sealed, Sealer
from nostr_loyalty.reaching.address_book import AddressBook
from nostr_loyalty.reaching.routes import Router
from relay_client.deliveries import Outcome
from relay_client.pool import Pool

SEAL_CHUNK: Final = 16
"""Promises sealed before other tasks have their turn: one or two milliseconds."""
FETCH: Final = 256
FETCH_LATE: Final = 32
"""Promises of each of the lanes that can wait which go together, once they have waited for long enough."""
LATE_EVERY_S: Final = 0.2
PATIENCE_S: Final = 2.0
ROUND_S: Final = 0.02
UNKEPT_MAX: Final = 1_536
"""Promises on their way for the same relays that still lack an OK: a silent relay blocks no other."""
OUTCOMES: Final = 2_048
GATHER_S: Final = 0.005
"""How long outcomes are gathered for one transaction while more are under way."""
RETRY_S: Final = 5.0

GivingUp = Callable[[Write, Collection[int]], Awaitable[None]]


class OutboxWorker:
    """One worker serves one outbox."""

    def __init__(
        self, database: Database, pool: Pool, sealer: Sealer, clock: Clock, rng: random.Random,
        issuers: Collection[str], *, wake: asyncio.Event, is_busy: Callable[[], bool] = lambda: False,
        routes: Collection[tuple[str, ...]] = (), addresses: AddressBook | None = None,
        giving_up: GivingUp | None = None, people: Collection[str] = (),
    ) -> None:  # fmt: skip
        """`rng` spreads the pauses, nothing else; `issuers`: public keys whose secret keys the sealer holds.

        `wake` is set by whoever makes promises; `is_busy`: whether a crowd of orders is coming in just now.
        `routes`: every combination of relays that promises are made for, as far as they are known. `addresses`: where
        people read; None: everything goes to the promises' own relays. `giving_up`: called with the ids of promises
        that are about to be abandoned, in the same transaction. `people`: the venue's own, who are no strangers.
        """
        self._database = database
        self._pool = pool
        self._sealer = sealer
        self._clock = clock
        self._rng = rng
        self._issuers = frozenset(issuers)
        self._is_busy = is_busy
        self._calm_at = self._late_at = clock.monotonic()
        self._looked_at = clock.now()
        self._log = structlog.get_logger("outbox")
        self._under_way: dict[str, Attempt] = {}
        self._unkept: dict[str, tuple[str, ...]] = {}
        self._routes = frozenset(routes)
        self._ids: set[int] = set()
        self._wake = wake
        self._router = Router(pool, addresses, clock, wake.set, people)
        self._giving_up = giving_up
        self.kept = 0

    async def relay_is_back(self) -> None:
        """Tell that a relay has been connected: what waits out a pause is due now."""
        async with self._database.write() as w:
            await outbox.hasten(w)
        self._wake.set()

    @property
    def under_way(self) -> int:
        """How many promises are on their way just now, not yet accepted by as many relays as demanded."""
        return len(self._unkept)

    async def is_flushed(self) -> bool:
        """Whether as many relays as demanded have all that could be sent; the others may still be on their way."""
        if self._unkept or self._router.aside:
            return False
        async with self._database.read() as r:
            due = await outbox.due(r, self._clock.now(), FETCH, skip=self._ids)  # nothing is aside
        return all(self._router.route(promised).is_kept(len(promised.accepted)) for promised in due)

    async def run(self) -> None:
        """Work until cancelled; what is under way then stays in the outbox."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._send_for_ever())
            tasks.create_task(self._settle_for_ever())
            tasks.create_task(self._watch_room())
            tasks.create_task(self._router.run())

    # -- sending --------------------------------------------------------------------------------------------------

    async def _send_for_ever(self) -> None:
        while True:
            self._wake.clear()
            try:
                sent = await self._send_some()
            except LedgerUnavailable as unavailable:
                self._log.error("ledger unavailable", code=unavailable.code, detail=unavailable.detail)
                await self._clock.sleep(RETRY_S)
                continue
            if not sent:
                await self._pause()
            elif self._is_busy():
                await self._clock.sleep(ROUND_S)

    async def _pause(self) -> None:
        """Until there is something new, an outcome, room at a relay, or a second has passed: a shorter time while there
        is a crowd, for which something waits that may go soon.
        """
        waker = asyncio.ensure_future(self._wake.wait())
        sleeper = asyncio.ensure_future(self._clock.sleep(LATE_EVERY_S if self._is_busy() else 1.0))
        try:
            await asyncio.wait((waker, sleeper), return_when=asyncio.FIRST_COMPLETED)
        finally:
            waker.cancel()
            sleeper.cancel()

    async def _watch_room(self) -> None:
        while True:
            await self._pool.wait_for_room()
            self._wake.set()

    async def _send_some(self) -> bool:
        """Send what is due and can go somewhere; False when there was nothing."""
        if not any(state.connected and self._pool.room(state.relay, state.key) for state in self._pool.states()):
            return False
        full = [relays for relays, unkept in Counter(self._unkept.values()).items() if unkept >= UNKEPT_MAX]
        if full and self._routes and self._routes.issubset(full):
            return False
        due = await self._due(full)
        going: list[Attempt] = []
        stuck: list[Attempt] = []
        for promised in due:
            attempt = self._attempt(promised)
            if attempt.open:
                going.append(attempt)
            elif promised.id not in self._router.aside:
                stuck.append(attempt)
        if stuck:
            await self._write(self._settlement(attempt) for attempt in stuck)
        poison: list[Settlement] = []
        for start in range(0, len(going), SEAL_CHUNK):
            for attempt in going[start : start + SEAL_CHUNK]:
                promised = attempt.promised
                try:
                    sealed = self._sealer.seal(promised.issuer, promised.recipe, promised.seed)
                except Exception as fault:  # noqa: BLE001 - our own mistake in one promise must not stop the others
                    self._log.warning("promise abandoned", label=promised.label, reason=f"cannot be sealed: {fault!r}")
                    poison.append(abandoned(promised, f"cannot be sealed: {fault!r}"))
                else:
                    self._send(attempt, sealed)
            await self._clock.sleep(0)
        if poison:
            await self._write(poison)
        return bool(due)

    def _attempt(self, promised: Promised) -> Attempt:
        """An attempt at the relays that have not said anything final yet and take something now; at none where the
        promise has to wait, or has waited too long.
        """
        route = self._router.route(promised)
        if is_old_news(promised, self._clock.now()):
            return Attempt(promised, route, set())
        if promised.issuer not in self._issuers or self._router.waits_for_address(promised):
            return Attempt(promised, route, set())
        final = {*promised.accepted, *promised.refused}
        urls = [url for url in route.relays if url not in final]
        if self._router.waits_for_relay(promised, urls):
            return Attempt(promised, route, set())
        return Attempt(promised, route, {url for url in urls if self._pool.room(url, promised.issuer)})

    async def _due(self, full: Collection[tuple[str, ...]]) -> list[Promised]:
        """What should go now, by lane and age, but not to relays that are `full`; see the rules for a crowd."""
        now, steady = self._clock.now(), self._clock.monotonic()
        if now < self._looked_at:  # the clock was set back: pauses would last for as long as it had been wrong
            async with self._database.write() as w:
                await outbox.hasten(w)
        self._looked_at = now
        skip = self._ids | self._router.aside.keys()
        async with self._database.read() as r:
            if not self._is_busy():
                self._calm_at = steady
                return await outbox.due(r, now, FETCH, skip=skip, full=full)
            late: tuple[int, ...] = ()
            if steady - self._calm_at > PATIENCE_S and steady - self._late_at >= LATE_EVERY_S:
                self._late_at, late = steady, LANES_PATIENT
            turns = [*((lane, FETCH) for lane in LANES_URGENT), *((lane, FETCH_LATE) for lane in late)]
            return [one for lane, most in turns for one in await outbox.due(r, now, most, lane, skip, full)]

    def _send(self, attempt: Attempt, sealed: Sealed) -> None:
        promised = attempt.promised
        targets = [url for url in attempt.route.relays if url in attempt.open]
        attempt.open = {url for url in targets if self._pool.post(url, promised.issuer, sealed.event_id, sealed.text)}
        if attempt.open:
            self._ids.add(promised.id)
            self._under_way[sealed.event_id] = attempt
            if not attempt.kept:
                self._unkept[sealed.event_id] = promised.theirs or promised.relays

    # -- settling -------------------------------------------------------------------------------------------------

    async def _settle_for_ever(self) -> None:
        while True:
            outcomes = await self._pool.outcomes(OUTCOMES)
            if not outcomes:
                return  # the pool has stopped
            if len(outcomes) < OUTCOMES and len(self._unkept) > len(outcomes):
                await self._clock.sleep(GATHER_S)
            settled = [event_id for outcome in outcomes if (event_id := self._hear(outcome)) is not None]
            self._wake.set()
            if settled:
                await self._settle(settled)

    def _hear(self, outcome: Outcome) -> str | None:
        """Note a relay's answer; the event's id once every relay of this attempt has answered."""
        attempt = self._under_way.get(outcome.event_id)
        if attempt is None or outcome.url not in attempt.open:
            return None
        attempt.hear(outcome.url, outcome.verdict)
        if attempt.kept:
            self._unkept.pop(outcome.event_id, None)
        return None if attempt.open else outcome.event_id

    async def _settle(self, event_ids: list[str]) -> None:
        finished = [self._under_way.pop(event_id) for event_id in event_ids]
        for event_id in event_ids:
            self._unkept.pop(event_id, None)
        while True:
            try:
                await self._write(self._settlement(attempt) for attempt in finished)
                break
            except LedgerUnavailable as unavailable:
                self._log.error("ledger unavailable", code=unavailable.code, detail=unavailable.detail)
                await self._clock.sleep(RETRY_S)
        self._ids.difference_update(attempt.promised.id for attempt in finished)

    async def _write(self, settlements: Iterable[Settlement]) -> None:
        written = list(settlements)
        given_up = [one.id for one in written if one.state == "abandoned"]
        async with self._database.write() as w:
            if given_up and self._giving_up is not None:
                await self._giving_up(w, given_up)
            await outbox.settle(w, written)
        self.kept += sum(one.state == "done" for one in written)

    def _settlement(self, attempt: Attempt) -> Settlement:
        route = self._router.route(attempt.tried)
        can_be_sealed = attempt.promised.issuer in self._issuers
        settled = settlement(attempt, route, self._clock.now(), self._rng, can_be_sealed=can_be_sealed)
        if settled.state == "abandoned":
            self._log.warning("promise abandoned", label=attempt.promised.label, reason=settled.reason)
        return settled
