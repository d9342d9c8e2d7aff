"""A Nostr client on `relay_client`: publishes, asks, and hands on what it reads once it is verified.

It shares the daemon's connection code and nothing else: it has no ledger and knows nothing but what a relay tells it.
"""

import asyncio
import random
import secrets
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Final, NamedTuple, Self

from kinds.errors import NotAdmitted
from kinds.event import Claimed, Event, Template, sign, to_json, verify
from kinds.keys import SecretKey
from nostr_loyalty.clock import Clock
from nostr_loyalty.errors import Unavailable
from relay_client.connection import Resolve
from relay_client.deliveries import Arrived, CaughtUp
from relay_client.filter import Filter
from relay_client.pool import Pool, PoolSettings, Subscription
from relay_client.verdict import Verdict

ANSWER_S_MAX: Final = 10.0
STOP_S_MAX: Final = 2.0
TAKE: Final = 500


class Held(NamedTuple):
    """What a relay holds of what was asked for; `is_all`: it said so."""

    events: list[Event]
    is_all: bool


class Client:
    """One connection to one relay: `async with Client(…) as client`.

    `hear(event)` is called once for each event that was read and verified; it must not raise or block. `refused` counts
    what was no genuine event. With a `key` it logs in where the relay asks for that (NIP-42), without one nowhere.
    `resolve` looks up the host of a relay that somebody else named; such a relay is only asked.
    """

    def __init__(
        self, url: str, reads: Sequence[Subscription], clock: Clock, hear: Callable[[Event], None], *,
        key: SecretKey | None = None, resolve: Resolve | None = None,
    ) -> None:  # fmt: skip
        self.url = url
        self._clock = clock
        self._hear = hear
        self._key = key
        self._name = None if key is None else key.public
        self._unread = {each.name for each in reads}
        self._caught_up = asyncio.Event()
        self._arrived = 0
        self._heard: set[str] = set()
        self._verdicts: dict[str, asyncio.Future[Verdict]] = {}
        self._tasks: list[asyncio.Task[None]] = []
        self.refused: Counter[str] = Counter()
        self._pool = Pool(
            settings=PoolSettings(catch_up_every_s=2.0, backoff_s_first=0.2, backoff_s_max=2.0),
            monotonic=clock.monotonic, wall=clock.now, rng=random.Random(secrets.randbits(64)),
            sign_auth=self._sign_auth, cursors={}, paces={},
        )  # fmt: skip
        if resolve is None:
            self._pool.connect(url, key=self._name, reads=reads)
        else:
            assert (not reads, key) == (True, None), "a relay that somebody else named is only asked, by nobody"
            self._pool.reach(url, None, resolve)
        if not self._unread:
            self._caught_up.set()

    async def __aenter__(self) -> Self:
        self._tasks = [asyncio.create_task(each) for each in (self._pool.run(), self._read(), self._settle())]
        return self

    async def __aexit__(self, *_: object) -> None:
        try:
            await self._pool.stop(STOP_S_MAX)
        finally:  # also where this is cancelled: nothing is left running
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)

    async def publish(self, event: Event) -> None:
        """Return when the relay has the event. Unavailable: it refused, or did not say within `ANSWER_S_MAX`."""
        said = await self.offer(event)
        if not said.settled:
            raise Unavailable("relay-unavailable", f"{self.url} did not take an event: {said.text}")

    async def offer(self, event: Event) -> Verdict:
        """What the relay says to an event. Unavailable: nothing within `ANSWER_S_MAX`."""
        verdict: asyncio.Future[Verdict] = asyncio.get_running_loop().create_future()
        self._verdicts[event.id] = verdict
        try:
            async with asyncio.timeout(ANSWER_S_MAX):
                while not self._pool.post(self.url, self._name, event.id, to_json(event)):
                    await self._pool.wait_for_room()
                return await verdict
        except TimeoutError:
            raise Unavailable("relay-unavailable", f"{self.url} gave no answer to an event") from None
        finally:
            del self._verdicts[event.id]

    async def caught_up(self) -> None:
        """Return when everything that the relay held has been handed on. Unavailable when nothing more has come for
        `ANSWER_S_MAX`.
        """
        arrived = -1
        while not self._caught_up.is_set():
            if arrived == self._arrived:
                raise Unavailable("relay-unavailable", f"{self.url} could not be read to its end{self._why()}")
            arrived = self._arrived
            try:
                await asyncio.wait_for(self._caught_up.wait(), ANSWER_S_MAX)
            except TimeoutError:
                continue

    async def ask(self, wanted: Filter, within_s: float = ANSWER_S_MAX) -> Held:
        """What the relay holds of this, as far as it tells within so many seconds; verified."""
        answered = await self._pool.query(self.url, self._name, wanted, within_s)
        events = [event for claimed in answered.events if (event := self._verified(claimed)) is not None]
        return Held(events, answered.complete)

    async def _read(self) -> None:
        while deliveries := await self._pool.take(TAKE):
            self._arrived += len(deliveries)
            for delivery in deliveries:
                if isinstance(delivery, Arrived):
                    if delivery.event.id not in self._heard:
                        self._take(delivery)
                elif isinstance(delivery, CaughtUp):
                    self._pool.cursor_saved(delivery.relay, delivery.subscription, delivery.asked_at)
                    self._unread.discard(delivery.subscription)
                    if not self._unread:
                        self._caught_up.set()
                else:
                    self.refused[delivery.code] += 1

    def _take(self, delivery: Arrived) -> None:
        event = self._verified(delivery.event)
        if event is not None:
            self._heard.add(event.id)
            self._hear(event)

    def _verified(self, claimed: Claimed) -> Event | None:
        try:
            return verify(claimed)
        except NotAdmitted as forged:
            self.refused[forged.code] += 1
            return None

    async def _settle(self) -> None:
        while outcomes := await self._pool.outcomes(TAKE):
            for outcome in outcomes:
                waiting = self._verdicts.get(outcome.event_id)
                if waiting is not None and not waiting.done():
                    waiting.set_result(outcome.verdict)

    def _why(self) -> str:
        said = next((state.last_error for state in self._pool.states() if state.last_error), "")
        return f": {said}" if said else ""

    def _sign_auth(self, pubkey: str, template: Template) -> Event:
        assert self._key is not None, f"a connection without a key authenticates nobody: {pubkey} {template.kind}"
        return sign(template, self._key)
