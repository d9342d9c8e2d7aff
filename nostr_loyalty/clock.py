"""The only wall clock of the project.

Everything that needs the time or wants to wait takes a `Clock`. The tests hand in `tests.clock.FakeClock`, so that a
day passes in a moment and a storm can be replayed from its seed. No other module imports `time` or calls
`datetime.now` (checked by the tidy test).
"""

import asyncio
import time
from typing import Protocol


class Clock(Protocol):
    """What the daemon needs of a clock: the date for what is written, a steady one for durations, and waiting."""

    def now(self) -> int:
        """Unix seconds, UTC. May step backwards when the machine's clock is set: never use it for a duration."""
        ...

    def monotonic(self) -> float:
        """Seconds since some fixed moment; never decreases. For deadlines and durations only."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Return when at least `seconds` have passed; 0 or less lets other tasks run once."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> int:
        """Unix seconds of the machine, rounded down."""
        return int(time.time())

    def monotonic(self) -> float:
        """Seconds of the machine's monotonic clock, the one that asyncio's timers also run on."""
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        """Wait on the event loop."""
        await asyncio.sleep(max(0.0, seconds))
