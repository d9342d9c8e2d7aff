"""An owner of a pool for the tests: takes what comes, confirms it, posts until it is accepted."""

import asyncio
import os
import random
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any, Self

from kinds.errors import NotAdmitted
from kinds.event import Event, Template, sign, to_json, verify
from kinds.keys import SecretKey
from relay_client.pool import Arrived, CaughtUp, Filter, Happening, Outcome, Pool, PoolSettings, Rejected, Subscription

ANSWER_S_MAX = 15.0
NO_WAITS = replace(PoolSettings(), backoff_s_first=0.1, backoff_s_max=0.3, auth_grace_s=0.3)


class Owner:
    """`async with Owner(settings) as owner:`; one key, which is also the one that authenticates."""

    def __init__(
        self,
        settings: PoolSettings = NO_WAITS,
        *,
        cursors: Mapping[tuple[str, str], int] | None = None,
        paces: Mapping[str, float] | None = None,
    ) -> None:
        self.key = SecretKey(os.urandom(32))
        self.happenings: list[Happening] = []
        self.arrived: Counter[str] = Counter()
        self.genuine: set[str] = set()
        self.caught_up: list[CaughtUp] = []
        self.rejected: list[Rejected] = []
        self.outcomes: dict[str, list[Outcome]] = {}
        self.taking = asyncio.Event()
        self.taking.set()
        self.pool = Pool(
            settings=settings,
            monotonic=time.monotonic,
            wall=lambda: int(time.time()),
            rng=random.Random(1),
            sign_auth=lambda _, template: sign(template, self.key),
            cursors=cursors or {},
            paces=paces or {},
            on_happening=self.happenings.append,
        )
        self._tasks: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> Self:
        loops = (self.pool.run(), self._take(), self._settle())
        self._tasks = [asyncio.create_task(each) for each in loops]
        return self

    async def __aexit__(self, *_: object) -> None:
        self.taking.set()
        await self.pool.stop(2.0)
        async with asyncio.timeout(5.0):
            await asyncio.gather(*self._tasks)

    def orders(self, name: str = "orders") -> Subscription:
        """Plain orders for this owner."""
        return Subscription(name, Filter(kinds=(7412,), tags={"#p": (self.key.public,)}), rewind_s=600)

    def wraps(self) -> Subscription:
        """Gift wraps for this owner."""
        wanted = Filter(kinds=(1059,), tags={"#p": (self.key.public,)})
        return Subscription("wraps", wanted, rewind_s=180_000, sweep_s=2_592_000, protected=True)

    def event(self, number: int, kind: int = 7412, created_at: int | None = None) -> Event:
        """An event for this owner, by this owner."""
        moment = int(time.time()) if created_at is None else created_at
        return sign(Template(kind, moment, (("p", self.key.public),), f"{number}"), self.key)

    async def publish(self, url: str, events: Iterable[Event], *, key: str | None = None) -> None:
        """Post until the relay has every event, as an outbox would; retries at once."""
        waiting = {each.id: to_json(each) for each in events}
        async with asyncio.timeout(90.0):
            while waiting:
                for event_id, event_json in list(waiting.items()):
                    done = self.outcomes.get(event_id, [])
                    if done and done[-1].verdict.settled:
                        del waiting[event_id]
                    elif not self.pool.post(url, key, event_id, event_json) and not self.pool.room(url, key):
                        await asyncio.wait((asyncio.create_task(self.pool.wait_for_room()),), timeout=0.2)
                await asyncio.sleep(0.01)

    async def until(self, condition: Callable[[], bool], within_s: float = ANSWER_S_MAX) -> None:
        """Wait for something to become true."""
        async with asyncio.timeout(within_s):
            while not condition():  # noqa: ASYNC110 - a condition on other people's state has no event
                await asyncio.sleep(0.01)

    def happened(self, what: str) -> int:
        """How often."""
        return sum(each.what == what for each in self.happenings)

    async def _take(self) -> None:
        while deliveries := await self.pool.take(500):
            await self.taking.wait()
            for each in deliveries:
                if isinstance(each, Arrived):
                    self._arrived(each)
                elif isinstance(each, CaughtUp):
                    self.caught_up.append(each)
                    self.pool.cursor_saved(each.relay, each.subscription, each.asked_at)
                else:
                    self.rejected.append(each)

    def _arrived(self, arrived: Arrived) -> None:
        self.arrived[arrived.relay] += 1
        if arrived.event.id in self.genuine:
            return
        try:
            self.genuine.add(verify(arrived.event).id)
        except NotAdmitted:
            self.rejected.append(Rejected(arrived.relay, "forged"))

    async def _settle(self) -> None:
        while outcomes := await self.pool.outcomes(500):
            for each in outcomes:
                self.outcomes.setdefault(each.event_id, []).append(each)


def as_object(event: Event) -> dict[str, Any]:
    """An event for ScriptedRelay.accept."""
    return {**event._asdict(), "tags": [list(tag) for tag in event.tags]}
