"""On which order a voucher was used: it comes back with that order, and with nobody else's of the same number."""

from dataclasses import replace
from pathlib import Path

import pytest

from kinds.event import sign
from ledger import vouchers
from ledger.vouchers import Voucher
from nostr_loyalty.commands.command import Claim, Redeem, Use
from tests.unit.nostr_loyalty.served import Served, reward, rules
from tests.venue import new_key

OTHER = new_key().public


async def used(served: Served, order: str) -> None:
    """The guest has had a coffee for all its points, on this order."""
    await served.take(served.order("first", "10000"))
    outcome = await served.asks(Redeem("coffee"))
    assert (await served.command(Use(str(outcome.facts["voucher"]), order=order))).code == "done"


async def voucher(served: Served) -> Voucher:
    """The guest's voucher."""
    standing = await served.standing()
    async with served.database.read() as r:
        (found,) = await vouchers.of_standing(r, standing.id)
    return found


@pytest.mark.parametrize("known", ["before", "after", "after its cancellation"])
async def test_an_order_of_somebody_else(tmp_path: Path, known: str) -> None:
    """Its cancellation gives the guest nothing, whenever it was reported."""
    async with Served(tmp_path, extra=rules(reward())) as served:
        order = served.order("77", customer=OTHER)
        if known == "before":
            await served.take(order)
        await used(served, "77")
        canceled = served.order("77", customer=OTHER, status="canceled")
        await served.take(*([canceled, order] if known == "after its cancellation" else [order, canceled]))
        assert (await served.balance(), (await voucher(served)).status) == (0, "used")
        await served.assert_clean()


@pytest.mark.parametrize("claimed", [False, True])
async def test_an_order_without_a_customer(tmp_path: Path, *, claimed: bool) -> None:
    """It may be the guest's; from the moment that somebody else has claimed it, it is not."""
    async with Served(tmp_path, extra=rules(reward())) as served:
        (answer,) = await served.take(served.order("77", customer=None))
        await used(served, "77")
        if claimed:
            assert (await served.asks(Claim(str(answer.claim)), OTHER)).code == "done"
        await served.take(served.order("77", customer=None, status="canceled"))
        assert await served.balance() == (0 if claimed else 10)


@pytest.mark.parametrize("by", ["the same till", "another till"])
async def test_two_tills_with_one_number(tmp_path: Path, by: str) -> None:
    """Whose till had reported the order by then is noted: only that one's cancellation brings the points back."""
    till = new_key()
    async with Served(
        tmp_path, extra=rules(reward()), change=lambda it: replace(it, sources=it.sources | {till.public})
    ) as served:
        await served.take(served.order("77"))
        outcome = await served.asks(Redeem("coffee"))
        await served.command(Use(str(outcome.facts["voucher"]), order="77"))
        assert (await voucher(served)).order_source == served.venue.till.public
        again = [
            served.venue.template("77", served.guest.public, at=served.clock.now(), status=status)
            for status in ("paid", "canceled")
        ]
        await served.deliver(
            *([sign(each, till) for each in again] if by == "another till" else [served.order("77", status="canceled")])
        )
        assert await served.moved() == [12, -10, *([12, -12] if by == "another till" else [-12, 10])]
