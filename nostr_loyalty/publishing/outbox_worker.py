"""Keeps the promises: takes them from the outbox, seals them, sends them, writes down what the relays said.

Rules:
- A promise is kept when `acks` of its relays have said OK (protocol §11). The others are still tried, in the
  background, for `BACKGROUND_S`.
- "No" is final for one relay only. A promise that every relay refused for good, or that cannot be sealed, is abandoned
  with the reason; it never blocks the others (Bug 71).
- Nothing is promised twice and nothing is lost in a crash: what was under way is still in the outbox, and is sealed
  again to the same bytes (Bug 63).
- The order is lane first, then age. A promise whose relays do not answer steps back with a growing pause.
- While a crowd of orders comes in, entries go out and answers and cards wait: all of them for `PATIENCE_S`, then a few
  with each round, so that they are late but never starve.
"""

import asyncio
import random
from collections import Counter
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field, replace
from typing import Final

import structlog

from ledger import outbox
from ledger.database import Database
from ledger.errors import LedgerUnavailable
from ledger.outbox import Promised, Settlement
from nostr_loyalty.clock import Clock
from nostr_loyalty.publishing.publications import DISPLAY, LANES_PATIENT, LANES_URGENT
from nostr_loyalty.publishing.sealing import Sealed, Sealer
from relay_client.deliveries import Outcome
from relay_client.pool import Pool
from relay_client.verdict import Answer

SEAL_CHUNK: Final = 16
"""Promises sealed before other tasks have their turn: one or two milliseconds."""
FETCH: Final = 256
FETCH_LATE: Final = 32
"""Promises of the lanes that can wait which go with each round, once they have waited for long enough."""
PATIENCE_S: Final = 2.0
UNKEPT_MAX: Final = 1_536
"""Promises on their way for the same relays that still lack an OK: a silent relay blocks no other."""
OUTCOMES: Final = 2_048
PAUSE_S_FIRST: Final = 1
PAUSE_S_MAX: Final = 60
BACKGROUND_PAUSE_S_MAX: Final = 1_800
BACKGROUND_S: Final = 86_400
"""How long relays beyond the demanded number are still tried."""
GATHER_S: Final = 0.005
"""How long outcomes are gathered for one transaction while more are under way."""
RETRY_S: Final = 5.0
DISPLAY_S: Final = 30
"""What a kitchen display has not been shown by then is old news, and relays refuse old ephemeral events."""
REASON_CHARS_MAX: Final = 300


@dataclass(slots=True)
class _UnderWay:
    """A promise on its way: which relays have not answered this attempt, and what the others said."""

    promised: Promised
    open: set[str]
    accepted: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    reasons: list[str] = field(default_factory=list)
    retry_s: int = 0

    @property
    def kept(self) -> bool:
        return len(self.promised.accepted) + len(self.accepted) >= self.promised.acks


class OutboxWorker:
    """One worker serves one outbox."""

    def __init__(
        self, database: Database, pool: Pool, sealer: Sealer, clock: Clock, rng: random.Random,
        issuers: Collection[str], *, wake: asyncio.Event, is_busy: Callable[[], bool] = lambda: False,
        routes: Collection[tuple[str, ...]] = (),
    ) -> None:  # fmt: skip
        """`rng` spreads the pauses, nothing else; `issuers`: public keys whose secret keys the sealer holds.

        `wake` is set by whoever makes promises; `is_busy`: whether a crowd of orders is coming in just now.
        `routes`: every combination of relays that promises are made for, as far as they are known.
        """
        self._database = database
        self._pool = pool
        self._sealer = sealer
        self._clock = clock
        self._rng = rng
        self._issuers = frozenset(issuers)
        self._is_busy = is_busy
        self._calm_at = clock.monotonic()
        self._looked_at = clock.now()
        self._log = structlog.get_logger("outbox")
        self._under_way: dict[str, _UnderWay] = {}
        self._unkept: dict[str, tuple[str, ...]] = {}
        self._routes = frozenset(routes)
        self._ids: set[int] = set()
        self._wake = wake
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
        if self._unkept:
            return False
        async with self._database.read() as r:
            due = await outbox.due(r, self._clock.now(), FETCH, skip=self._ids)
        return all(len(promised.accepted) >= promised.acks for promised in due)

    async def run(self) -> None:
        """Work until cancelled; what is under way then stays in the outbox."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._send_for_ever())
            tasks.create_task(self._settle_for_ever())
            tasks.create_task(self._watch_room())

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

    async def _pause(self) -> None:
        """Until there is something new, an outcome, room at a relay, or a second has passed."""
        waker = asyncio.ensure_future(self._wake.wait())
        sleeper = asyncio.ensure_future(self._clock.sleep(1.0))
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
        going: list[tuple[Promised, list[str]]] = []
        stuck: list[Promised] = []
        for promised in due:
            targets = self._targets(promised) if promised.issuer in self._issuers else []
            if targets:
                going.append((promised, targets))
            else:
                stuck.append(promised)
        if stuck:
            await self._write(self._settlement(_UnderWay(promised, set())) for promised in stuck)
        poison: list[Settlement] = []
        for start in range(0, len(going), SEAL_CHUNK):
            for promised, targets in going[start : start + SEAL_CHUNK]:
                try:
                    sealed = self._sealer.seal(promised.issuer, promised.recipe, promised.seed)
                except Exception as fault:  # noqa: BLE001 - our own mistake in one promise must not stop the others
                    poison.append(self._abandoned(promised, f"cannot be sealed: {fault!r}"))
                else:
                    self._send(promised, targets, sealed)
            await self._clock.sleep(0)
        if poison:
            await self._write(poison)
        return bool(due)

    async def _due(self, full: Collection[tuple[str, ...]]) -> list[Promised]:
        """What should go now, by lane and age, but not to relays that are `full`; see the rules for a crowd."""
        now, steady = self._clock.now(), self._clock.monotonic()
        if now < self._looked_at:  # the clock was set back: pauses would last for as long as it had been wrong
            async with self._database.write() as w:
                await outbox.hasten(w)
        self._looked_at = now
        async with self._database.read() as r:
            if not self._is_busy():
                self._calm_at = steady
                return await outbox.due(r, now, FETCH, skip=self._ids, full=full)
            late = LANES_PATIENT if steady - self._calm_at > PATIENCE_S else ()
            turns = [*((lane, FETCH) for lane in LANES_URGENT), *((lane, FETCH_LATE) for lane in late)]
            return [one for lane, most in turns for one in await outbox.due(r, now, most, lane, self._ids, full)]

    def _targets(self, promised: Promised) -> list[str]:
        """The relays that have not said anything final yet and take something now."""
        final = {*promised.accepted, *promised.refused}
        return [url for url in promised.relays if url not in final and self._pool.room(url, promised.issuer)]

    def _send(self, promised: Promised, targets: list[str], sealed: Sealed) -> None:
        posted = {url for url in targets if self._pool.post(url, promised.issuer, sealed.event_id, sealed.text)}
        if posted:
            self._ids.add(promised.id)
            self._under_way[sealed.event_id] = under_way = _UnderWay(promised, posted)
            if not under_way.kept:
                self._unkept[sealed.event_id] = promised.relays

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
        under_way = self._under_way.get(outcome.event_id)
        if under_way is None or outcome.url not in under_way.open:
            return None
        under_way.open.discard(outcome.url)
        verdict = outcome.verdict
        if verdict.settled:
            under_way.accepted.append(outcome.url)
        elif verdict.answer is Answer.NEVER:
            under_way.refused.append(outcome.url)
            under_way.reasons.append(f"{outcome.url}: {verdict.text}")
        else:
            under_way.retry_s = max(under_way.retry_s, verdict.retry_s)
        if under_way.kept:
            self._unkept.pop(outcome.event_id, None)
        return None if under_way.open else outcome.event_id

    async def _settle(self, event_ids: list[str]) -> None:
        finished = [self._under_way.pop(event_id) for event_id in event_ids]
        for event_id in event_ids:
            self._unkept.pop(event_id, None)
        while True:
            try:
                await self._write(self._settlement(under_way) for under_way in finished)
                break
            except LedgerUnavailable as unavailable:
                self._log.error("ledger unavailable", code=unavailable.code, detail=unavailable.detail)
                await self._clock.sleep(RETRY_S)
        self._ids.difference_update(under_way.promised.id for under_way in finished)

    async def _write(self, settlements: Iterable[Settlement]) -> None:
        written = list(settlements)
        async with self._database.write() as w:
            await outbox.settle(w, written)
        self.kept += sum(settlement.state == "done" for settlement in written)

    def _settlement(self, under_way: _UnderWay) -> Settlement:
        """What becomes of a promise after an attempt; the rules are this module's docstring."""
        promised, now = under_way.promised, self._clock.now()
        accepted = (*promised.accepted, *under_way.accepted)
        refused = (*promised.refused, *under_way.refused)
        if promised.label == DISPLAY and (accepted or refused or now - promised.promised_at > DISPLAY_S):
            return Settlement(promised.id, accepted, refused, "done")
        if len(accepted) + len(refused) >= len(promised.relays):
            if under_way.kept:
                return Settlement(promised.id, accepted, refused, "done")
            tried = replace(promised, accepted=accepted, refused=refused)
            return self._abandoned(tried, "; ".join(under_way.reasons) or "refused by every relay")
        if under_way.kept and now - promised.promised_at > BACKGROUND_S:
            return Settlement(promised.id, accepted, refused, "done")
        unhurried = under_way.kept or promised.issuer not in self._issuers
        longest = BACKGROUND_PAUSE_S_MAX if unhurried else PAUSE_S_MAX
        pause = min(longest, PAUSE_S_FIRST << min(promised.attempts, 12))
        pause = max(under_way.retry_s, self._rng.randint((pause + 1) // 2, pause))
        return Settlement(promised.id, accepted, refused, "waiting", due_at=now + pause)

    def _abandoned(self, promised: Promised, reason: str) -> Settlement:
        reason = reason[:REASON_CHARS_MAX]
        self._log.warning("promise abandoned", label=promised.label, reason=reason)
        return Settlement(promised.id, promised.accepted, promised.refused, "abandoned", reason=reason)
