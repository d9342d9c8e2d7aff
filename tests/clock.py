"""A clock that stands still until a test moves it."""

import asyncio
import heapq
from itertools import count


class FakeClock:
    """Passes for `nostr_loyalty.clock.Clock`: time moves only by `advance`, and sleepers wake in their order.

    Two sleepers of one moment wake in the order in which they went to sleep: a run is a function of its inputs.
    """

    def __init__(self, now: int = 1_800_000_000) -> None:
        self._start = float(now)
        self._elapsed = 0.0
        self._offset = 0.0
        self._order = count()
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []

    def now(self) -> int:
        """Unix seconds: the start, plus what `advance` and `step` added."""
        return int(self._start + self._elapsed + self._offset)

    def monotonic(self) -> float:
        """Seconds that `advance` added since the clock was made; `step` does not move it."""
        return self._elapsed

    async def sleep(self, seconds: float) -> None:
        """Wait until `advance` has passed the moment; 0 or less yields to the other tasks once."""
        if seconds <= 0:
            await asyncio.sleep(0)
            return
        woken: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (self._elapsed + seconds, next(self._order), woken))
        await woken

    @property
    def sleeping(self) -> int:
        """How many tasks wait for this clock."""
        return sum(not woken.done() for _, _, woken in self._sleepers)

    def step(self, seconds: float) -> None:
        """Set the wall clock forwards or backwards, as an administrator does; durations do not notice."""
        self._offset += seconds

    async def advance(self, seconds: float) -> None:
        """Let `seconds` pass: wake each sleeper at its own moment, and let it run before the next one wakes."""
        until = self._elapsed + seconds
        await settle()
        while self._sleepers and self._sleepers[0][0] <= until:
            moment, _, woken = heapq.heappop(self._sleepers)
            self._elapsed = max(self._elapsed, moment)
            if not woken.done():
                woken.set_result(None)
                await settle()
        self._elapsed = until


async def settle(turns: int = 20) -> None:
    """Let every task that can run take `turns` turns of the event loop; enough for a chain of awaits of that length."""
    for _ in range(turns):
        await asyncio.sleep(0)
