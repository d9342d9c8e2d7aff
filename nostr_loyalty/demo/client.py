"""A Nostr client on `relay_client`: publishes, and hands on what it reads once it is verified.

It shares the daemon's connection code and nothing else: it has no ledger and knows nothing but what a relay tells it.
"""

import asyncio
import random
import secrets
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Final, Self

from kinds.errors import NotAdmitted
from kinds.event import Event, Template, to_json, verify
from nostr_loyalty.clock import Clock
from nostr_loyalty.errors import Unavailable
from relay_client.deliveries import Arrived, CaughtUp
from relay_client.pool import Pool, PoolSettings, Subscription
from relay_client.verdict import Verdict

ANSWER_S_MAX: Final = 10.0
STOP_S_MAX: Final = 2.0
TAKE: Final = 500


class Client:
    """One connection to one relay, without a key: `async with Client(…) as client`.

    `hear(event)` is called once for each event that was read and verified; it must not raise or block. `refused` counts
    what was no genuine event.
    """

    def __init__(self, url: str, reads: Sequence[Subscription], clock: Clock, hear: Callable[[Event], None]) -> None:
        self._url = url
        self._clock = clock
        self._hear = hear
        self._unread = {each.name for each in reads}
        self._caught_up = asyncio.Event()
        self._heard: set[str] = set()
        self._verdicts: dict[str, asyncio.Future[Verdict]] = {}
        self._tasks: list[asyncio.Task[None]] = []
        self.refused: Counter[str] = Counter()
        self._pool = Pool(
            settings=PoolSettings(catch_up_every_s=2.0, backoff_s_first=0.2, backoff_s_max=2.0),
            monotonic=clock.monotonic, wall=clock.now, rng=random.Random(secrets.randbits(64)), sign_auth=_no_auth,
            cursors={}, paces={},
        )  # fmt: skip
        self._pool.connect(url, key=None, reads=reads)

    async def __aenter__(self) -> Self:
        self._tasks = [asyncio.create_task(each) for each in (self._pool.run(), self._read(), self._settle())]
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._pool.stop(STOP_S_MAX)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def publish(self, event: Event) -> None:
        """Return when the relay has the event. Unavailable: it refused, or did not say within `ANSWER_S_MAX`."""
        verdict = self._verdicts[event.id] = asyncio.get_running_loop().create_future()
        try:
            async with asyncio.timeout(ANSWER_S_MAX):
                while not self._pool.post(self._url, None, event.id, to_json(event)):
                    await self._pool.wait_for_room()
                said = await verdict
        except TimeoutError:
            raise Unavailable("relay-unavailable", f"{self._url} gave no answer to an event") from None
        finally:
            del self._verdicts[event.id]
        if not said.settled:
            raise Unavailable("relay-unavailable", f"{self._url} did not take an event: {said.text}")

    async def caught_up(self) -> None:
        """Return when everything that the relay held has been handed on. Unavailable after `ANSWER_S_MAX`."""
        try:
            await asyncio.wait_for(self._caught_up.wait(), ANSWER_S_MAX)
        except TimeoutError:
            raise Unavailable("relay-unavailable", f"{self._url} could not be read to its end") from None

    async def _read(self) -> None:
        while deliveries := await self._pool.take(TAKE):
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
        try:
            event = verify(delivery.event)
        except NotAdmitted as forged:
            self.refused[forged.code] += 1
            return
        self._heard.add(event.id)
        self._hear(event)

    async def _settle(self) -> None:
        while outcomes := await self._pool.outcomes(TAKE):
            for outcome in outcomes:
                waiting = self._verdicts.get(outcome.event_id)
                if waiting is not None and not waiting.done():
                    waiting.set_result(outcome.verdict)


def _no_auth(pubkey: str, template: Template) -> Event:
    raise AssertionError(f"a connection without a key authenticates nobody: {pubkey} {template.kind}")
