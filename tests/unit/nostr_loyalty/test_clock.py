"""One contract for the machine's clock, and the behaviour of the tests' clock that everything else relies on."""

import asyncio

import pytest

from nostr_loyalty.clock import Clock, SystemClock
from tests.clock import FakeClock, settle


@pytest.mark.parametrize("clock", [SystemClock(), FakeClock()])
async def test_a_clock_tells_seconds_and_never_goes_back(clock: Clock) -> None:
    """`now` is whole unix seconds of this century, `monotonic` never decreases, a sleep of nothing returns."""
    assert isinstance(clock.now(), int)
    assert 1_700_000_000 < clock.now() < 4_000_000_000
    before = clock.monotonic()
    await clock.sleep(0)
    await clock.sleep(-1)
    assert clock.monotonic() >= before


async def test_sleepers_wake_in_the_order_of_their_time() -> None:
    """Each sleeper sees its own moment, and two of one moment wake as they went to sleep."""
    clock, woken = FakeClock(now=1000), []

    async def sleeper(name: str, seconds: float) -> None:
        await clock.sleep(seconds)
        woken.append((name, clock.monotonic(), clock.now()))

    tasks = [asyncio.create_task(sleeper(name, s)) for name, s in (("late", 3), ("a", 1), ("b", 1), ("far", 9))]
    await clock.advance(5)
    assert woken == [("a", 1.0, 1001), ("b", 1.0, 1001), ("late", 3.0, 1003)]
    assert (clock.sleeping, clock.monotonic()) == (1, 5.0)
    tasks[-1].cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    assert clock.sleeping == 0


async def test_a_sleeper_that_sleeps_again_is_woken_within_one_advance() -> None:
    """A loop with a pause of a second runs ten times in ten seconds."""
    clock, rounds = FakeClock(), []

    async def loop() -> None:
        while True:
            await clock.sleep(1)
            rounds.append(clock.monotonic())

    task = asyncio.create_task(loop())
    await settle()
    await clock.advance(10)
    assert rounds == [float(n) for n in range(1, 11)]
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


def test_a_clock_that_is_set_does_not_change_durations() -> None:
    """`step` moves the date and leaves the monotonic clock alone."""
    clock = FakeClock(now=1000)
    clock.step(-600)
    assert (clock.now(), clock.monotonic()) == (400, 0.0)
