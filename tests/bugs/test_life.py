"""Bugs of other systems about the life of points, each played through the real desks and the real ledger."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from fractions import Fraction
from pathlib import Path

import pytest

from ledger.units import Money
from nostr_loyalty.commands.command import Cancel, Claim, Feedback, Redeem, Refer, Use
from tests.model.house import House, key_of
from tests.model.rules import Happy, Referral, Reward, Rules, Visit, section

START = 1_800_000_000
ANA, BEN = key_of("ana").public, key_of("ben").public


@asynccontextmanager
async def open_house(folder: Path, **settings: object) -> AsyncIterator[House]:
    """A café with a point a euro and these other rules; at its end the ledger agrees with itself."""
    rules = Rules(spend={"EUR": (1, 100)}, **settings)  # type: ignore[arg-type] # what a test names
    house = await House(folder, section(rules), START).open()
    try:
        yield house
        await house.assert_clean()
    finally:
        await house.close()


async def entries(house: House, customer: str = ANA) -> list[tuple[str, int]]:
    """Types and points of a guest's entries."""
    rows = await house.rows(
        "SELECT type, points FROM entry JOIN standing ON standing.id = entry.standing_id WHERE customer = ? "
        "ORDER BY entry.id",
        bytes.fromhex(customer),
    )
    return [(type_, points) for type_, points in rows]


async def balance(house: House, customer: str = ANA) -> int:
    """What a guest has."""
    return sum(points for _, points in await entries(house, customer))


async def test_an_occasion_counts_once(tmp_path: Path) -> None:
    """Bug 10: the welcome comes with one order, also of three first ones in one batch; a word about an order is
    rewarded once, a friend once, whoever else brings them.
    """
    referral = Referral(referrer=10, friend=4)
    async with open_house(tmp_path, welcome=100, feedback=7, referral=referral) as house:
        assert (await house.do(Refer(BEN), ANA)).code == "customer-unknown"
        await house.book(*(house.order(name, ("1.00", "EUR"), ANA) for name in "abc"))
        for _ in range(3):
            await house.do(Feedback("Lovely", "a"), ANA)
            await house.do(Refer(BEN), ANA)
        await house.book(house.order("d", ("1.00", "EUR"), BEN), house.order("e", ("1.00", "EUR"), BEN))
        for _ in range(3):
            await house.sweep()
        assert sorted(await entries(house)) == [("earned", points) for points in (1, 1, 7, 10, 101)]
        assert sorted(await entries(house, BEN)) == [("earned", points) for points in (1, 4, 101)]


async def test_a_refund_beside_a_sale_leaves_it_alone(tmp_path: Path) -> None:
    """Bug 18: one batch brings back yesterday's order and sells two others: what is taken back and what is earned are
    facts of their own, in whatever order they stand.
    """
    async with open_house(tmp_path) as house:
        await house.book(house.order("yesterday", ("30.00", "EUR"), ANA))
        await house.book(
            house.order("today", ("12.00", "EUR"), ANA),
            house.order("yesterday", ("30.00", "EUR"), status="refunded"),
            house.order("later", ("5.00", "EUR"), ANA),
        )
        assert await entries(house) == [("earned", 30), ("earned", 12), ("revoked", -30), ("earned", 5)]


async def test_what_is_stored_is_what_earns(tmp_path: Path) -> None:
    """Bug 30: a first-time guest's very first message earns at once, welcome and all; and an order that was paid before
    its guest had a card, or under rules that are gone, is worth to the claimant what was stored when it was paid.
    """
    before = Rules(spend={"EUR": (1, 100)}, welcome=5)
    async with open_house(tmp_path, welcome=5) as house:
        await house.book(house.order("first", ("9.00", "EUR"), ANA))
        assert await entries(house) == [("earned", 14)]
        (answer,) = await house.book(house.order("receipt", ("40.00", "EUR")))
        assert answer.claim is not None
        await house.change(section(Rules(spend={"EUR": (1, 10_000)}, welcome=before.welcome)))
        assert (await house.do(Claim(answer.claim), BEN)).code == "done"
        assert await entries(house, BEN) == [("earned", 45)]


@pytest.mark.parametrize("bill", ["4.35", "0.01", "5.00"])
async def test_points_alone_can_settle_a_bill(tmp_path: Path, bill: str) -> None:
    """Bug 39: a voucher takes a bill down to the last cent; the order that was paid by it alone is booked, with nothing
    left to collect, earns nothing, and its cancellation gives back exactly what the voucher cost.
    """
    five_off = {"five-off": Reward(100, "discount_amount", (500, "EUR"))}
    async with open_house(tmp_path, rewards=five_off) as house:
        await house.book(house.order("before", ("100.00", "EUR"), ANA))
        code = (await house.do(Redeem("five-off"), ANA)).facts["voucher"]
        minor = int(bill.replace(".", ""))
        used = await house.do(Use(str(code), Money(minor, "EUR"), "bill"))
        assert used.facts["charged"] == 100 * minor // 500
        points = [("points_discount", (bill, "EUR"))]
        (answer,) = await house.book(house.order("bill", (bill, "EUR"), ANA, lines=points))
        assert answer.result == "accepted"
        assert await balance(house) == 100 - 100 * minor // 500
        await house.book(house.order("bill", (bill, "EUR"), status="canceled"))
        assert await balance(house) == 100


@pytest.mark.parametrize("parts", [(333, 333, 333), (1, 1, 997), (500, 499), (999,), (111,) * 9])
async def test_a_bill_in_parts_takes_back_what_it_gave(tmp_path: Path, parts: tuple[int, ...]) -> None:
    """Bug 44: whatever parts a bill is paid back in, after each of them the points that are gone are the share of all
    parts so far, rounded down; with the last one all are gone, stamp and multiplied points too.
    """
    twice = Happy("Always", Fraction(7, 4), "always", lambda _: True)
    async with open_house(tmp_path, visit=Visit(3), multipliers=(twice,)) as house:
        await house.book(house.order("bill", ("9.99", "EUR"), ANA))
        earned = await balance(house)
        assert earned == 22  # 12.99 times 1.75, and 5 of them for the stamp
        back = 0
        for number, part in enumerate(parts):
            await house.book(house.order("bill", (f"{part / 100:.2f}", "EUR"), status="refunded", refund=str(number)))
            back += part
            gone = earned if back == 999 else (earned - 5) * back // 999
            assert await balance(house) == earned - gone


async def test_a_swapped_reward_costs_what_it_costs(tmp_path: Path) -> None:
    """Bug 43: a guest who takes another reward instead gets the points of the first one back and pays the second one's;
    a price that changed meanwhile counts for the new voucher and not for the old one.
    """
    async with open_house(tmp_path, rewards={"cake": Reward(40), "tea": Reward(15)}) as house:
        await house.book(house.order("before", ("100.00", "EUR"), ANA))
        cake = (await house.do(Redeem("cake"), ANA)).facts["voucher"]
        await house.change(section(Rules(spend={"EUR": (1, 100)}, rewards={"cake": Reward(70), "tea": Reward(20)})))
        assert (await house.do(Cancel(str(cake)), ANA)).code == "done"
        await house.do(Redeem("tea"), ANA)
        assert await entries(house) == [("earned", 100), ("redeemed", -40), ("revoked", 40), ("redeemed", -20)]
