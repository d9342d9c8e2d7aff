"""Lanes: orders before wraps, the staff's before the crowd's, and no end before what it vouches for."""

import asyncio
import random

import pytest

from kinds.event import Claimed
from nostr_loyalty.intake.lanes import FLOOD, PORTION, Lanes
from relay_client.deliveries import Arrived, CaughtUp, Delivery, Rejected

PUBLIC, STAFF, OTHER = "wss://public.example", "wss://staff.example", "wss://other.example"


def wrap(number: int, relay: str = PUBLIC, *, size: int = 10) -> Arrived:
    """A wrap, told from others by its id."""
    return Arrived(relay, "wraps-1", Claimed(f"{number:064x}", "0" * 64, number, 1059, (), "", "0" * 128), size)


def order(number: int, relay: str = PUBLIC) -> Arrived:
    """An order in clear."""
    return Arrived(relay, "orders-1", Claimed(f"{number:064x}", "0" * 64, number, 7412, (), "", "0" * 128), 10)


async def all_of(lanes: Lanes, limit: int) -> list[list[Delivery]]:
    """Everything that is in the lanes, list by list."""
    lanes.close()
    found = []
    while taken := await lanes.take(limit):
        found.append(taken)
    return found


async def test_orders_go_before_wraps_and_staff_before_the_crowd() -> None:
    """Whatever came first: orders in clear, then wraps at the staff's relays, then the others."""
    lanes = Lanes([STAFF])
    await lanes.put([wrap(1), wrap(2, STAFF), order(3), Rejected(PUBLIC, "event-malformed")])
    lists = await all_of(lanes, 10)
    assert lists == [[order(3), Rejected(PUBLIC, "event-malformed")], [wrap(2, STAFF)], [wrap(1)]]


async def test_the_newest_wrap_does_not_wait_for_all_that_are_older() -> None:
    """Of a thousand wraps the one that came last is among the first two that are taken; so is the oldest."""
    lanes = Lanes()
    await lanes.put([wrap(number) for number in range(1_000)])
    assert await lanes.take(2) == [wrap(999), wrap(0)]


@pytest.mark.parametrize("seed", range(20))
async def test_no_end_comes_before_what_it_vouches_for(seed: int) -> None:
    """In any order of putting and taking, a CaughtUp comes after every wrap that its relay delivered before it, each
    wrap is given out, and ends keep their order.
    """
    rng = random.Random(seed)
    lanes = Lanes([STAFF])
    given: list[Delivery] = []
    put: dict[str, list[Delivery]] = {PUBLIC: [], STAFF: [], OTHER: []}
    for number in range(300):
        relay = rng.choice(list(put))
        one = CaughtUp(relay, "wraps-1", number) if rng.random() < 0.1 else wrap(number, relay)
        put[relay].append(one)
        await lanes.put([one])
        if rng.random() < 0.1:
            given += await lanes.take(rng.randrange(1, 40))
    given += [one for some in await all_of(lanes, 7) for one in some]
    for relay, delivered in put.items():
        own = [one for one in given if one.relay == relay]
        assert sorted(map(repr, own)) == sorted(map(repr, delivered))
        for place, one in enumerate(delivered):
            if isinstance(one, CaughtUp):
                assert {repr(each) for each in delivered[:place]} <= {repr(each) for each in own[: own.index(one)]}


async def test_an_exact_copy_that_waits_already_is_not_put_in_twice() -> None:
    """The same wrap again, before its turn: it is given out once, and the end of its second delivery still comes."""
    lanes = Lanes()
    first, second = CaughtUp(PUBLIC, "wraps-1", 1), CaughtUp(PUBLIC, "wraps-1", 2)
    await lanes.put([wrap(1), first, wrap(1), second])
    assert await all_of(lanes, 10) == [[wrap(1), first, second]]


async def test_full_lanes_let_the_relays_wait() -> None:
    """Beyond so many bytes no more is put in until something was taken out."""
    lanes = Lanes(bytes_max=100, crowd_bytes_max=100)
    putting = asyncio.create_task(lanes.put([wrap(number, size=60) for number in range(3)]))
    await asyncio.sleep(0)
    assert not putting.done()
    await lanes.take(2)
    await putting


async def test_a_flood_is_opened_in_portions_and_wrapped_orders_are_not() -> None:
    """A crowd that is worth it is taken in whole batches; one that is not leaves room for whoever comes meanwhile."""
    lanes = Lanes()
    await lanes.put([wrap(number) for number in range(FLOOD + 1_000)])
    first = await lanes.take(500)
    lanes.judge(first, heard=PORTION)
    second = await lanes.take(500)
    assert (len(first), len(second)) == (PORTION, 500)
    lanes.judge([order(1)], heard=0)  # says nothing of the crowd
    assert len(await lanes.take(100)) == 100
    lanes.judge(second, heard=10)
    assert len(await lanes.take(500)) == PORTION
