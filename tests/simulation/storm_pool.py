"""Relays in memory, behind the methods of `relay_client.pool.Pool` that the event path and the outbox worker use.

It keeps the pool's promises (test_storm_pool.py checks them): a CaughtUp comes after every event that it vouches for,
every post that was taken gets exactly one outcome, events may come again and again. Everything else goes wrong: live
events are dropped, repeated, reordered, delayed, forged and changed on the way, catch-ups break off, answers come late,
never, or are a refusal. Nothing happens but in `step`, and all dice come from one generator.
"""

from __future__ import annotations

import asyncio
import random
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from kinds.event import Claimed, Event, Template, author, parse_event
from relay_client.deliveries import Arrived, CaughtUp, Delivery, Outcome, Rejected, RelayState
from relay_client.subscription import Subscription
from relay_client.verdict import Answer, Verdict, retry_later
from tests.clock import FakeClock

ROOM = 40


@dataclass
class StormRelay:
    """One relay: what it keeps survives every daemon. `never`: it may refuse an event for good."""

    url: str
    never: bool = False
    kept: dict[str, Claimed] = field(default_factory=dict)
    fresh: list[Claimed] = field(default_factory=list)

    def publish(self, event: Event | Claimed) -> None:
        """Somebody has published an event here."""
        claimed = Claimed(*event)
        self.kept[claimed.id] = claimed
        self.fresh.append(claimed)


@dataclass
class _Line:
    """One connection: what waits to be taken, what waits for an answer."""

    relay: StormRelay
    reads: Sequence[Subscription]
    connected: bool = False
    behind: bool = True
    late: list[Arrived] = field(default_factory=list)
    waiting: dict[str, str] = field(default_factory=dict)


class StormPool:
    """Passes for a Pool of one key. `wild` is the share of things that go wrong; 0 is calm weather."""

    def __init__(
        self, relays: Sequence[StormRelay], reads: Mapping[str, Sequence[Subscription]], clock: FakeClock,
        rng: random.Random, cursors: Mapping[tuple[str, str], int], *, wild: float = 0.2,
    ) -> None:  # fmt: skip
        """`reads`: url -> subscriptions; `cursors`: as the ledger holds them."""
        self.wild = wild
        self.sent: list[str] = []
        self._clock = clock
        self._rng = rng
        self._cursors = dict(cursors)
        self._lines = {relay.url: _Line(relay, reads[relay.url]) for relay in relays}
        self._deliveries: deque[Delivery] = deque()
        self._outcomes: deque[Outcome] = deque()
        self._news = asyncio.Condition()

    # -- what the daemon calls

    async def take(self, limit: int) -> list[Delivery]:
        """See Pool."""
        async with self._news:
            await self._news.wait_for(lambda: self._deliveries)
        return [self._deliveries.popleft() for _ in range(min(limit, len(self._deliveries)))]

    async def outcomes(self, limit: int) -> list[Outcome]:
        """See Pool."""
        async with self._news:
            await self._news.wait_for(lambda: self._outcomes)
        return [self._outcomes.popleft() for _ in range(min(limit, len(self._outcomes)))]

    async def wait_for_room(self) -> None:
        """See Pool; here room grows with every step."""
        async with self._news:
            await self._news.wait()

    def cursor_saved(self, url: str, subscription: str, asked_at: int) -> None:
        """See Pool."""
        self._cursors[url, subscription] = asked_at

    def post(self, url: str, key: str | None, event_id: str, event_json: str) -> bool:
        """See Pool."""
        line = self._lines[url]
        if not self.room(url, key) or event_id in line.waiting:
            return False
        line.waiting[event_id] = event_json
        self.sent.append(event_json)
        return True

    def room(self, url: str, key: str | None) -> int:
        """See Pool."""
        line = self._lines[url]
        return ROOM - len(line.waiting) if line.connected else 0

    def states(self) -> list[RelayState]:
        """See Pool."""
        return [
            RelayState(url, None, line.connected, not line.behind, "", None, 0, len(line.waiting), {})
            for url, line in self._lines.items()
        ]

    # -- the weather

    async def step(self) -> None:
        """Let something happen at every relay."""
        for line in self._lines.values():
            self._connect_or_not(line)
            if line.connected:
                self._deliver_live(line)
                if line.behind or self._rng.random() < 0.1:
                    self._catch_up(line)
                self._answer(line)
            line.relay.fresh.clear()
        async with self._news:
            self._news.notify_all()

    def _bad(self, share: float = 1.0) -> bool:
        return self._rng.random() < self.wild * share

    def _connect_or_not(self, line: _Line) -> None:
        if line.connected and self._bad(0.3):
            line.connected = False
            line.late.clear()
            ended = [Outcome(line.relay.url, None, each, retry_later("disconnected")) for each in line.waiting]
            line.waiting.clear()
            self._outcomes.extend(ended)
        elif not line.connected and not self._bad(2.0):
            line.connected = line.behind = True

    def _deliver_live(self, line: _Line) -> None:
        arrived = line.late + [each for event in line.relay.fresh for each in self._seen(line, event)]
        line.late = []
        if self._bad():
            self._rng.shuffle(arrived)
        for each in arrived:
            if self._bad(0.5):
                line.late.append(each)
            elif not self._bad():
                self._deliver(each)

    def _catch_up(self, line: _Line) -> None:
        """What is kept since each cursor, newest first; broken off, there is no CaughtUp."""
        asked_at = self._clock.now()
        line.behind = False
        for read in line.reads:
            since = self._cursors.get((line.relay.url, read.name), read.rewind_s) - read.rewind_s
            found = [event for event in line.relay.kept.values() if event.created_at >= since]
            for event in sorted(found, key=lambda event: (-event.created_at, event.id)):
                if self._bad(0.05):
                    line.behind = True
                    return
                for each in self._seen(line, event):
                    if each.subscription == read.name:
                        self._deliver(each)
            self._deliveries.append(CaughtUp(line.relay.url, read.name, asked_at))

    def _seen(self, line: _Line, event: Claimed) -> list[Arrived]:
        return [
            Arrived(line.relay.url, read.name, event) for read in line.reads if event.kind in (read.filter.kinds or ())
        ]

    def _deliver(self, arrived: Arrived) -> None:
        """With a forged copy before it, or a changed one, or twice, or something that is no event at all."""
        event = arrived.event
        if self._bad(0.3):
            self._deliveries.append(arrived._replace(event=event._replace(sig=event.sig[64:] + event.sig[:64])))
        if self._bad(0.3):
            self._deliveries.append(arrived._replace(event=_richer(event)))
        if self._bad(0.1):
            self._deliveries.append(Rejected(arrived.relay, "event-malformed"))
        self._deliveries.extend([arrived] * (2 if self._bad(0.5) else 1))

    def _answer(self, line: _Line) -> None:
        for event_id, text in list(line.waiting.items()):
            if self._bad(2.0):
                continue  # later
            del line.waiting[event_id]
            self._outcomes.append(Outcome(line.relay.url, None, event_id, self._verdict(line.relay, event_id, text)))

    def _verdict(self, relay: StormRelay, event_id: str, text: str) -> Verdict:
        if self._bad(0.5):
            return Verdict(Answer.RETRY_LATER, "rate-limited: slow down", 20)
        if relay.never and self._bad(0.5):
            return Verdict(Answer.NEVER, "blocked: not here")
        known = event_id in relay.kept
        relay.kept[event_id] = parse_event(text)
        if self._bad(0.3):
            return retry_later("no OK in time", 10)  # it is kept, and nobody knows
        return Verdict(Answer.DUPLICATE, "duplicate: have it") if known else Verdict(Answer.ACCEPTED)


def _richer(event: Claimed) -> Claimed:
    """A lie about an event: under the same id with more money in it, or anew under a right id, which nobody signed."""
    tags = tuple(("amount", "999000", "sat") if tag[0] == "amount" else tag for tag in event.tags)
    lie = event._replace(tags=tags, content=event.content + "!")
    if event.created_at % 2:
        return lie
    return lie._replace(id=author(Template(lie.kind, lie.created_at, lie.tags, lie.content), lie.pubkey).id)
