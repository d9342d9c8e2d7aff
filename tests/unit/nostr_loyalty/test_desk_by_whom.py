"""Whose hand it was: every entry that an operator's command makes names the operator, no other entry names anybody."""

from pathlib import Path

from kinds.keys import npub_encode
from nostr_loyalty.commands.command import Cancel, Feedback, Redeem, Refer, Refund, Release, RevokeEntry, Undo, Use
from tests.unit.nostr_loyalty.served import Served, earn, reward, rules, table
from tests.venue import new_key

OPERATOR = new_key().public
OPERATORS = [npub_encode(OPERATOR)]


async def hands(served: Served, customer: str | None = None) -> list[tuple[str, int, bool]]:
    """Type and points of each entry, and whether it names the operator."""
    chain = await served.chain(customer)
    assert {entry.by for entry in chain} <= {None, OPERATOR}
    return [(entry.type, entry.points, entry.by == OPERATOR) for entry in chain]


async def test_a_reward_that_an_operator_redeems_names_the_operator(tmp_path: Path) -> None:
    """Who spent a guest's points stands on the guest's own receipt; where it was the guest, nobody does."""
    async with Served(tmp_path, extra=rules(reward("coffee", 2), operators=OPERATORS)) as served:
        await served.take(served.order("order-1"))
        own = await served.asks(Redeem("coffee"))
        await served.command(Redeem("coffee", served.guest.public), actor=OPERATOR)
        await served.command(Undo(), actor=OPERATOR)
        await served.asks(Cancel(str(own.facts["voucher"])))
        assert await hands(served) == [
            ("earned", 12, False), ("redeemed", -2, False), ("redeemed", -2, True), ("revoked", 2, True),
            ("revoked", 2, False),
        ]  # fmt: skip
        await served.assert_clean()


async def test_what_hangs_on_a_refund_by_hand_names_the_operator(tmp_path: Path) -> None:
    """The refund, the bonuses that go with it and the voucher that comes back; none of it where the till took the
    order back.
    """
    friend = new_key().public
    extra = rules(
        earn("referral", 20, friend_points=10, vest="0d"), earn("feedback", 3), reward("coffee", 2),
        operators=OPERATORS,
    )  # fmt: skip
    async with Served(tmp_path, extra=extra) as served:
        await served.take(served.order("order-0", "1000"))
        await served.asks(Refer(friend))
        await served.take(served.order("order-1", customer=friend))
        await served.sweep()
        await served.asks(Feedback("good"), friend)
        code = str((await served.asks(Redeem("coffee"), friend)).facts["voucher"])
        await served.command(Use(code, order="order-1"), actor=OPERATOR)
        await served.command(Refund("order-1"), actor=OPERATOR)
        assert await hands(served) == [("earned", 1, False), ("earned", 20, False), ("revoked", -20, True)]
        found = await hands(served, friend)
        assert [one[1:] for one in found[:4]] == [(12, False), (10, False), (3, False), (-2, False)]
        assert sorted(found[4:]) == [("revoked", points, True) for points in (-12, -10, -3, 2)]
        await served.take(served.order("order-0", status="canceled"))
        assert (await hands(served))[-1] == ("revoked", -1, False)
        await served.assert_clean()


async def test_forgiven_points_that_an_operator_brings_back_name_the_operator(tmp_path: Path) -> None:
    """Both the voucher that comes back by hand and what is taken because of it."""
    extra = rules(reward("mug", 12), deficit="clamp", operators=OPERATORS)
    async with Served(tmp_path, extra=extra) as served:
        await served.take(served.order("order-1"))
        code = str((await served.asks(Redeem("mug"))).facts["voucher"])
        await served.command(Use(code), actor=OPERATOR)
        await served.take(served.order("order-1", "6000", status="refunded", refund_id="a"))
        async with served.database.read() as r:
            ((ref,),) = await r.rows("SELECT lower(hex(ref)) FROM entry WHERE type = 'redeemed'")
        assert (await served.command(RevokeEntry(str(ref)), actor=OPERATOR)).code == "done"
        assert await hands(served) == [
            ("earned", 12, False), ("redeemed", -12, False), ("revoked", 12, True), ("revoked", -6, True),
        ]  # fmt: skip
        await served.assert_clean()


async def test_points_that_an_operator_releases_name_the_operator(tmp_path: Path) -> None:
    """The till reported the order, the operator let its points pass."""
    extra = rules(table("guard", customer_orders=1, action="hold"), operators=OPERATORS)
    async with Served(tmp_path, extra=extra) as served:
        await served.take(served.order("order-1"), served.order("order-2", "3000"))
        await served.command(Release("order-2"), actor=OPERATOR)
        assert await hands(served) == [("earned", 12, False), ("earned", 3, True)]
        await served.assert_clean()
