"""What relays deliver, in lanes: nobody's wraps delay an order, and strangers' wraps do not delay those of the venue's
people.

Whom a wrap comes from is known only once it is opened, which costs two decryptions. So there are three lanes:
1. urgent: orders in clear, requests to vanish, and whatever else costs one signature;
2. staff: wraps at relays that only the venue's people and tills use (`staff_relays`);
3. crowd: wraps at all other relays, the relays in turn, by turns the newest and the oldest. In a flood whoever writes
now need not wait until all of it is opened, and nobody waits for ever.

A CaughtUp is given out when everything that its relay delivered before it, in its lane, was given out before: a cursor
never passes what was not handled. The crowd and the others hold a bounded number of bytes each: whoever fills them
waits, and so do the relays.
"""

import asyncio
from collections import deque
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Final

from kinds.event import Claimed
from relay_client.deliveries import Arrived, CaughtUp, Delivery, Rejected

CROWD_BYTES_MAX: Final = 6 * 1024 * 1024
"""Of texts that wait in the crowd's lane; in memory they take about three times as much."""
BYTES_MAX: Final = 1024 * 1024
"""Of texts that wait in the other lanes together: they are soon taken, and what waits at the relay costs nothing."""
FLOOD: Final = 2_000
"""Wraps that wait, from which on they are opened in small portions, so that whoever comes meanwhile has not long to
wait; unless most of the last ones were worth it, as where order systems wrap their orders.
"""
PORTION: Final = 64
_GUARDED: Final = ("wraps-", "old-letters-")


@dataclass(slots=True)
class _Stretch:
    """Wraps of one relay up to its next CaughtUp."""

    wraps: deque[Arrived] = field(default_factory=deque)
    end: CaughtUp | None = None


class _Crowd:
    """One relay's wraps, taken from both ends: by turns the newest and the oldest, so that none waits for ever."""

    def __init__(self) -> None:
        self._stretches: deque[_Stretch] = deque([_Stretch()])
        self._waiting: set[Claimed] = set()
        self._newest_next = True

    def put(self, delivery: Arrived | CaughtUp) -> bool:
        """Whether it was put in: an exact copy of what waits already is not, its turn comes before any later end."""
        newest = self._stretches[-1]
        if isinstance(delivery, CaughtUp):
            newest.end = delivery
            self._stretches.append(_Stretch())
            return True
        if delivery.event in self._waiting:
            return False
        self._waiting.add(delivery.event)
        newest.wraps.append(delivery)
        return True

    def take(self, limit: int) -> list[Delivery]:
        taken: list[Delivery] = []
        while self._waiting and len(taken) < limit:
            stretches = reversed(self._stretches) if self._newest_next else iter(self._stretches)
            wraps = next(stretch.wraps for stretch in stretches if stretch.wraps)
            one = wraps.pop() if self._newest_next else wraps.popleft()
            self._newest_next = not self._newest_next
            self._waiting.discard(one.event)
            taken.append(one)
        while len(self._stretches) > 1 and not self._stretches[0].wraps:
            end = self._stretches.popleft().end
            assert end is not None, "only the newest stretch has no end yet"
            taken.append(end)
        return taken

    def __len__(self) -> int:
        return len(self._waiting)

    def __bool__(self) -> bool:
        return bool(self._waiting) or len(self._stretches) > 1


def is_guarded(delivery: Arrived | CaughtUp) -> bool:
    """Whether it comes of a subscription to what only its receiver may read: wraps, and letters in the old form."""
    return delivery.subscription.startswith(_GUARDED)


class Lanes:
    """Put in what was delivered; take out what is to be handled next."""

    def __init__(
        self, staff_relays: Collection[str] = (), *, bytes_max: int = BYTES_MAX, crowd_bytes_max: int = CROWD_BYTES_MAX
    ) -> None:  # fmt: skip
        """`staff_relays`: relays whose wraps go before those of the others."""
        self._staff = frozenset(staff_relays)
        self._bytes_max = {True: crowd_bytes_max, False: bytes_max}
        self._bytes = {True: 0, False: 0}  # of the crowd, and of the others
        self._urgent: deque[Delivery] = deque()
        self._of_staff: deque[Delivery] = deque()
        self._crowds: dict[str, _Crowd] = {}
        self._turn = 0
        self._in_portions = True
        self._closed = False
        self._filled = asyncio.Event()
        self._emptied = asyncio.Event()

    def close(self) -> None:
        """Nothing more is put in; what is there can still be taken."""
        self._closed = True
        self._filled.set()

    async def put(self, deliveries: Sequence[Delivery]) -> None:
        """Sort them in; waits while there is too much of what they are."""
        for delivery in deliveries:
            self._sort(delivery)
        self._filled.set()
        filled = {self.is_crowd(delivery) for delivery in deliveries}
        while any(self._bytes[sort] > self._bytes_max[sort] for sort in filled) and not self._closed:
            self._emptied.clear()
            await self._emptied.wait()

    async def take(self, limit: int) -> list[Delivery]:
        """Up to `limit` events of the most urgent lane that has any, with the ends that follow them. Empty: closed."""
        while True:
            taken = self._next(limit)
            if taken or self._closed:
                break
            self._filled.clear()
            await self._filled.wait()
        for one in taken:
            if isinstance(one, Arrived):
                self._bytes[self.is_crowd(one)] -= one.size
        self._emptied.set()
        return taken

    def judge(self, taken: Sequence[Delivery], heard: int) -> None:
        """Learn, from how many messages of what was taken last were heard, whether the crowd is a flood or at work."""
        crowd = sum(isinstance(one, Arrived) and self.is_crowd(one) for one in taken)
        if crowd:
            self._in_portions = 2 * heard < crowd

    def is_crowd(self, delivery: Delivery) -> bool:
        """Whether it belongs to the crowd's lane."""
        return not isinstance(delivery, Rejected) and is_guarded(delivery) and delivery.relay not in self._staff

    def _sort(self, delivery: Delivery) -> None:
        if isinstance(delivery, Rejected) or not is_guarded(delivery):
            self._urgent.append(delivery)
        elif delivery.relay in self._staff:
            self._of_staff.append(delivery)
        elif not self._crowds.setdefault(delivery.relay, _Crowd()).put(delivery):
            return
        if isinstance(delivery, Arrived):
            self._bytes[self.is_crowd(delivery)] += delivery.size

    def _next(self, limit: int) -> list[Delivery]:
        for lane in (self._urgent, self._of_staff):
            if lane:
                return [lane.popleft() for _ in range(min(limit, len(lane)))]
        crowds = [crowd for crowd in self._crowds.values() if crowd]
        if not crowds:
            return []
        self._turn += 1
        if self._in_portions and sum(map(len, crowds)) > FLOOD:
            limit = min(limit, PORTION)
        share = max(1, limit // len(crowds))
        start = self._turn % len(crowds)
        return [delivery for crowd in crowds[start:] + crowds[:start] for delivery in crowd.take(share)]
