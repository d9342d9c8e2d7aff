"""Refunds by hand, refunds that came late, and what a clamp forgives and what it does not."""

from pathlib import Path

import pytest

from ledger.units import Money
from nostr_loyalty.commands.command import Cancel, Claim, Grant, Redeem, Refer, Refund, Use
from tests.unit.nostr_loyalty.served import Served, earn, reward, rules
from tests.venue import new_key


async def test_a_refund_by_hand_is_one_by_the_till(tmp_path: Path) -> None:
    """An operator's refund of a part, then of the rest, does what the till's would; both together never exceed the
    order.
    """
    async with Served(tmp_path) as served:
        await served.take(served.order("order-1"))
        part = Refund("order-1", Money(4_000_000, "msat"))
        assert (await served.command(part)).facts["points"] == -4
        await served.take(served.order("order-1", "3000", status="refunded", refund_id="a"))
        assert (await served.command(Refund("order-1", Money(9_000_000, "msat")))).code == "refund-above-order"
        assert (await served.command(Refund("order-1", Money(100, "EUR")))).code == "refund-other-unit"
        assert (await served.command(Refund("order-1"))).facts["balance"] == 0
        async with served.database.read() as r:
            assert await r.rows("SELECT status, refunded_minor FROM paid_order") == [("refunded", 12_000_000)]
        await served.take(served.order("order-1", status="canceled"))
        assert await served.moved() == [12, -4, -3, -5]
        await served.assert_clean()


async def test_a_second_refund_of_the_whole_is_said_to_be_one(tmp_path: Path) -> None:
    """Taken back by an operator, or by the till: whoever takes it back once more is told so, and nothing moves. A part
    of it is more than what is left.
    """
    async with Served(tmp_path) as served:
        await served.take(served.order("order-1"), served.order("order-2"))
        await served.take(served.order("order-2", status="canceled"))
        assert (await served.command(Refund("order-1"))).text == "Order order-1 taken back: -12 points."
        for order in ("order-1", "order-2"):
            again = await served.command(Refund(order))
            assert (again.code, again.text) == ("done", f"Order {order} was taken back before; nothing of it is left.")
        part = await served.command(Refund("order-1", Money(3_000_000, "msat")))
        assert part.refusal is not None
        assert part.refusal.detail == "3000 sat is more than the 0 sat that are left of 12000 sat"
        assert await served.moved() == [12, 12, -12, -12]
        await served.assert_clean()


async def test_a_refund_by_hand_of_nobodys_order(tmp_path: Path) -> None:
    """An unclaimed receipt is worth less, or nothing."""
    async with Served(tmp_path) as served:
        (one,) = await served.take(served.order("order-1", customer=None))
        (two,) = await served.take(served.order("order-2", customer=None))
        await served.command(Refund("order-1", Money(4_000_000, "msat")))
        await served.command(Refund("order-2"))
        assert (await served.asks(Claim(str(two.claim)))).code == "claim-withdrawn"
        assert (await served.asks(Claim(str(one.claim)))).facts["points"] == 8
        assert (await served.command(Refund("order-3"))).code == "order-unknown"
        await served.assert_clean()


async def test_the_answer_to_a_refund_by_hand_is_about_its_customer(tmp_path: Path) -> None:
    """Where others lose a bonus with it, points and balance in the answer are the order's customer's all the same."""
    friend = new_key().public
    extra = rules(earn("referral", 20, friend_points=10, vest="0d"))
    async with Served(tmp_path, extra=extra) as served:
        await served.take(served.order("order-0", "1000"))
        await served.asks(Refer(friend))
        await served.take(served.order("order-1", customer=friend))
        await served.sweep()
        outcome = await served.command(Refund("order-1"))
        assert (outcome.facts["points"], outcome.facts["balance"]) == (-22, 0)
        assert len(outcome.facts["entries"]) == 3
        await served.assert_clean()


async def test_a_refund_kept_too_long(tmp_path: Path) -> None:
    """A refund without its order is kept for the retention, then forgotten: the order then counts in full."""
    async with Served(tmp_path, extra=rules(refund_retention="10d")) as served:
        for order in ("order-1", "order-2"):
            early = served.order(order, "6000", status="refunded", refund_id="a", at=served.clock.now() - 5)
            await served.take(early)
        served.later(days=10)
        assert await served.sweep() == {}
        await served.take(served.order("order-1"))
        served.later(seconds=1)
        assert await served.sweep() == {"refunds-forgotten": 1}
        await served.take(served.order("order-2"))
        assert await served.moved() == [12, -6, 12]
        await served.assert_clean()


async def test_a_clamp_forgives_what_was_spent_only(tmp_path: Path) -> None:
    """Bug 14: buy for 100 points, redeem, refund, cancel the voucher: nothing is left. What the voucher holds stays
    owed until it comes back; what was used is forgiven, and what the next order earns is the customer's.
    """
    extra = rules(reward("mug", 60), reward("tea", 10), deficit="clamp")
    async with Served(tmp_path, extra=extra) as served:
        await served.take(served.order("order-1", "100000"))
        mug = str((await served.asks(Redeem("mug"))).facts["voucher"])
        used = str((await served.asks(Redeem("tea"))).facts["voucher"])
        await served.command(Use(used))
        await served.take(served.order("order-1", status="canceled"))
        assert await served.balance() == -60  # 30 were there, 10 are forgiven, the mug's 60 are owed
        await served.assert_clean()
        assert (await served.asks(Cancel(mug))).facts["balance"] == 0
        await served.take(served.order("order-2", "5000"))
        assert await served.balance() == 5
        await served.assert_clean()


async def test_what_was_forgiven_does_not_come_back(tmp_path: Path) -> None:
    """Bug 14, 16: points of an order that were forgiven because a voucher had spent them are taken when that voucher
    comes back with the order that it was used on; other points that it had spent come back.
    """
    extra = rules(reward("mug", 60), reward("tea", 10), deficit="clamp")
    async with Served(tmp_path, extra=extra) as served:
        await served.command(Grant(served.guest.public, 20))
        await served.take(served.order("order-1", "50000"))
        mug, tea = [str((await served.asks(Redeem(each))).facts["voucher"]) for each in ("mug", "tea")]
        await served.command(Use(mug, order="order-2"))
        await served.command(Use(tea, order="order-3"))
        await served.take(served.order("order-1", status="canceled"))
        assert await served.balance() == 0  # of 50 points 50 were spent, and are forgiven
        await served.assert_clean()
        await served.take(served.order("order-2", "1000"), served.order("order-2", status="canceled"))
        assert await served.balance() == 20  # the grant's; 40 of the mug's 60 were the first order's
        await served.assert_clean()
        await served.take(served.order("order-3", "1000"), served.order("order-3", status="canceled"))
        assert await served.balance() == 20
        await served.take(served.order("order-1", status="refunded", amount="0", refund_id="late"))
        assert (await served.standing()).earned_points == 0
        await served.assert_clean()


async def test_what_was_owed_and_paid_comes_back(tmp_path: Path) -> None:
    """A voucher that was used after the refund was owed, not forgiven: when it comes back its points do, whatever else
    of the same order was forgiven.
    """
    extra = rules(reward("mug", 60), reward("tea", 10), deficit="clamp")
    async with Served(tmp_path, extra=extra) as served:
        await served.take(served.order("order-1", "70000"))
        mug, tea = [str((await served.asks(Redeem(each))).facts["voucher"]) for each in ("mug", "tea")]
        await served.command(Use(tea))
        await served.take(served.order("order-1", status="canceled"))
        served.later(minutes=5)
        await served.command(Use(mug, order="order-2"))
        await served.take(served.order("order-3", "60000"))
        assert await served.balance() == 0
        await served.take(served.order("order-2", "0"), served.order("order-2", "0", status="canceled"))
        assert await served.balance() == 60
        await served.assert_clean()


@pytest.mark.parametrize("end", ["used", "run out"])
async def test_what_a_clamp_leaves_owed(tmp_path: Path, end: str) -> None:
    """The deficit under an issued voucher is filled by its end, or stays when the voucher is used; a second refund adds
    no more than vouchers hold.
    """
    extra = rules(reward("mug", 60, hold="1d"), deficit="clamp")
    async with Served(tmp_path, extra=extra) as served:
        await served.take(served.order("order-1", "40000"), served.order("order-2", "20000"))
        mug = str((await served.asks(Redeem("mug"))).facts["voucher"])
        for order in ("order-1", "order-2"):
            await served.take(served.order(order, status="canceled"))
        assert await served.balance() == -60
        if end == "used":
            await served.command(Use(mug))
        served.later(days=2)
        await served.sweep()
        assert await served.balance() == (-60 if end == "used" else 0)
        await served.take(served.order("order-3", "70000"))
        assert await served.balance() == (10 if end == "used" else 70)
        await served.assert_clean()
