"""The gap between two stamps: kept to every other stamp of the customer, in whatever order the orders come."""

from pathlib import Path

import pytest

from nostr_loyalty.commands.command import Claim, Refund, Relink
from tests.unit.nostr_loyalty.served import Served, earn, rules
from tests.venue import new_key

HOUR = 3_600
GAP = rules(earn("visit", 2, gap="2h"))


async def stamps(served: Served, *ago: int, who: str | None = None) -> list[int]:
    """The points of orders that were paid so many seconds ago, reported in this order."""
    earned = []
    for place, seconds in enumerate(ago):
        order = served.order(
            f"{place} of {ago}", "100", at=served.clock.now() - seconds, customer=who or served.guest.public
        )
        (answer,) = await served.take(order)
        earned.append(answer.points or 0)
    return earned


async def test_a_canceled_order_has_no_stamp(tmp_path: Path) -> None:
    """What was typed wrong is canceled; the same, typed right a minute later, gets the stamp, and the next does not."""
    async with Served(tmp_path, extra=GAP) as served:
        await served.take(served.order("wrong", "100"))
        served.later(minutes=1)
        await served.take(served.order("wrong", "100", status="canceled"))
        served.later(minutes=1)
        await served.take(served.order("right", "100"))
        served.later(minutes=1)
        await served.take(served.order("soon", "100"))
        assert await served.moved() == [2, -2, 2]


async def test_a_partial_refund_leaves_the_stamp(tmp_path: Path) -> None:
    """Only what is taken back in whole makes room for another stamp."""
    async with Served(tmp_path, extra=GAP) as served:
        await served.take(served.order("one", "100"))
        await served.take(served.order("one", "50", status="refunded", refund_id="a"))
        assert await stamps(served, 0) == [0]
        await served.command(Refund("one"))
        assert await stamps(served, 0, 0) == [2, 0]


@pytest.mark.parametrize("in_one_batch", [False, True])
async def test_orders_that_come_late(tmp_path: Path, *, in_one_batch: bool) -> None:
    """A till that was offline hands six orders of one morning in after noon's: one stamp, not six."""
    async with Served(tmp_path, extra=GAP) as served:
        now = served.clock.now()
        late = [
            served.order(f"late {n}", "100", at=now - 4 * HOUR + 300 * n) for n in range(6)
        ]  # fmt: skip
        noon = served.order("noon", "100", at=now)
        for batch in [[noon, *late]] if in_one_batch else [[noon], *([one] for one in late)]:
            await served.take(*batch)
        assert await served.moved() == [2, 2]


async def test_the_gap_counts_both_ways(tmp_path: Path) -> None:
    """Exactly the gap away is enough, before and after; a second less is not; between two stamps there is no room."""
    async with Served(tmp_path, extra=GAP) as served:
        assert await stamps(served, 8 * HOUR, 12 * HOUR, 10 * HOUR, 9 * HOUR) == [2, 2, 2, 0]
        assert await stamps(served, 14 * HOUR - 1, 6 * HOUR + 1, 14 * HOUR) == [0, 0, 2]


async def test_a_receipt_keeps_the_gap(tmp_path: Path) -> None:
    """A claimed receipt looks at the stamps around its own time of payment, and is one itself from then on."""
    async with Served(tmp_path, extra=GAP) as served:
        now = served.clock.now()
        answers = [
            (await served.take(served.order(name, "100", customer=None, at=at)))[0]
            for name, at in (("near", now - 5 * HOUR), ("far", now - 2 * HOUR))
        ]
        assert await stamps(served, 4 * HOUR, 0) == [2, 2]
        for answer in answers:
            await served.asks(Claim(str(answer.claim)))
        assert await stamps(served, HOUR) == [0]
        assert await served.moved() == [2, 2, 2]


async def test_stamps_move_with_the_key(tmp_path: Path) -> None:
    """The new key has the old one's stamps, and loses the one of an order that is canceled."""
    async with Served(tmp_path, extra=GAP) as served:
        new = new_key().public
        await served.take(served.order("old", "100"))
        await served.command(Relink(served.guest.public, new))
        assert await stamps(served, 0, who=new) == [0]
        await served.take(served.order("old", "100", status="canceled"))
        assert await stamps(served, 0, 0, who=new) == [2, 0]
        await served.assert_clean()
