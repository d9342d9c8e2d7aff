"""A voucher's life: redeemed, used, cancelled, run out, given back with its order."""

from pathlib import Path

import pytest

from kinds.keys import npub_encode
from ledger import vouchers
from ledger.units import Money
from ledger.vouchers import Voucher
from nostr_loyalty.commands.command import Cancel, Freeze, Grant, Redeem, Use
from nostr_loyalty.rules.claiming import claim_hash
from tests.unit.nostr_loyalty.served import Served, reward, rules
from tests.venue import new_key

OPERATOR = new_key().public
FIVE_OFF = reward("five-off", 100, type="discount_amount", value="5 EUR")


async def redeemed(served: Served, reward_id: str = "coffee") -> str:
    """The code of a voucher that the guest has just redeemed."""
    outcome = await served.asks(Redeem(reward_id))
    assert outcome.code == "done", outcome
    return str(outcome.facts["voucher"])


async def voucher(served: Served, code: str) -> Voucher:
    """What the ledger says of it."""
    async with served.database.read() as r:
        return (await vouchers.by_hash(r, [claim_hash(code)]))[claim_hash(code)]


async def test_a_reward_is_redeemed_and_used(tmp_path: Path) -> None:
    """The points go at once; the code is said once, its hash stands in the entry; used, nothing more moves."""
    async with Served(tmp_path, extra=rules(reward())) as served:
        await served.take(served.order("order-1"))
        code = await redeemed(served)
        earned, entry = await served.chain()
        assert (entry.type, entry.points, entry.reward, entry.voucher) == ("redeemed", -10, "coffee", claim_hash(code))
        assert earned.points + entry.points == entry.balance == 2
        assert (await voucher(served, code)).is_active
        assert (await served.command(Use(code.lower().replace("-", " ")))).facts["charged"] == 10
        assert not (await voucher(served, code)).is_active
        assert await served.moved() == [12, -10]
        await served.assert_clean()


async def test_a_code_is_for_its_customer_and_the_till(tmp_path: Path) -> None:
    """Bug 45: another customer cannot cancel it; nobody but an operator can use it; a made-up one is unknown."""
    async with Served(tmp_path, extra=rules(reward())) as served:
        await served.take(served.order("order-1"))
        code, other = await redeemed(served), new_key().public
        await served.command(Grant(other, 1))
        assert (await served.asks(Cancel(code), other)).code == "voucher-of-another"
        assert (await served.asks(Cancel(code), new_key().public)).code == "voucher-of-another"
        assert (await served.asks(Use(code))).code == "command-not-allowed"
        for command in (Use("0000-0000-0000-0000"), Cancel("0000-0000-0000-0000"), Use(""), Cancel("ñ")):
            assert (await served.command(command)).code == "voucher-unknown"
        assert (await served.asks(Cancel(code))).code == "done"


@pytest.mark.parametrize("end", ["used", "cancelled", "expired"])
async def test_it_ends_once(tmp_path: Path, end: str) -> None:
    """Bug 22, 28: used, cancelled or out of time: after that neither is possible any more, and points move once."""
    async with Served(tmp_path, extra=rules(reward(hold="1d"))) as served:
        await served.take(served.order("order-1"))
        code = await redeemed(served)
        if end == "expired":
            served.later(days=2)
            await served.sweep()
        else:
            await served.command(Use(code) if end == "used" else Cancel(code))
        for command in (Use(code), Cancel(code)):
            assert (await served.command(command)).code == f"voucher-{end}"
        assert (await served.asks(Cancel(code))).code == f"voucher-{end}"
        assert await served.sweep() == {}
        assert await served.moved() == ([12, -10] if end == "used" else [12, -10, 10])
        await served.assert_clean()


async def test_the_hold_ends_by_itself(tmp_path: Path) -> None:
    """Bug 24: a card that is declined and a guest who leaves cost nobody points: when the hold is over the voucher is
    good for nothing, swept or not, and the sweep gives the points back.
    """
    async with Served(tmp_path, extra=rules(reward(hold="2h"))) as served:
        await served.take(served.order("order-1"))
        code = await redeemed(served)
        served.later(hours=2, seconds=-1)
        assert await served.sweep() == {}
        served.later(seconds=1)
        assert (await served.command(Use(code))).code == "voucher-expired"
        assert (await served.asks(Cancel(code))).code == "voucher-expired"
        assert await served.sweep() == {"vouchers": 1}
        assert (await voucher(served, code)).status == "expired"
        assert await served.balance() == 12
        await served.assert_clean()


@pytest.mark.parametrize(
    ("hold", "said", "ends"),
    [("2h", "up to 1 May 2027 at 18:30", "2027-05-01 18:30"), ("1d", "up to 2 May 2027.", "2027-05-03 00:00"),
     ("90min", "up to 1 May 2027 at 18:00", "2027-05-01 18:00"), ("1w", "up to 8 May 2027.", "2027-05-09 00:00")],
)  # fmt: skip
async def test_the_end_is_the_one_that_was_said(tmp_path: Path, hold: str, said: str, ends: str) -> None:
    """A hold of days ends with the local day that the guest was told, not in its afternoon; of a shorter one the hour
    is told, with the code and when the guest asks again.
    """
    async with Served(tmp_path, extra=rules(reward(hold=hold))) as served:
        served.set_clock("2027-05-01 16:30")
        await served.take(served.order("order-1"))
        outcome = await served.asks(Redeem("coffee"))
        assert said in outcome.text
        (answer,) = await served.write(served.guest, "balance")
        assert said.rstrip(".") in answer.text
        served.set_clock(ends)
        served.later(seconds=-1)
        assert await served.sweep() == {}
        served.later(seconds=1)
        assert (await served.command(Use(str(outcome.facts["voucher"])))).code == "voucher-expired"
        assert await served.sweep() == {"vouchers": 1}
        await served.assert_clean()


@pytest.mark.parametrize(
    ("bill", "charged"), [("0", 0), ("0.01", 0), ("2.00", 40), ("4.99", 99), ("5.00", 100), ("80.00", 100)]
)
async def test_a_discount_costs_what_it_took_off(tmp_path: Path, bill: str, charged: int) -> None:
    """Bug 42: of a discount larger than the bill only the share that was taken off is charged; the rest comes back."""
    async with Served(tmp_path, extra=rules(FIVE_OFF)) as served:
        await served.take(served.order("order-1", "130000"))
        code = await redeemed(served, "five-off")
        cents = int(bill.replace(".", ""))
        outcome = await served.command(Use(code, Money(cents, "EUR"), "order-2"))
        assert outcome.facts["charged"] == charged
        assert await served.balance() == 130 - charged
        after = await voucher(served, code)
        assert (after.status, after.charged, after.order_reference) == ("used", charged, "order-2")
        await served.assert_clean()


async def test_a_bill_in_another_unit(tmp_path: Path) -> None:
    """It is refused and the voucher stays good; without a bill the whole cost is due."""
    async with Served(tmp_path, extra=rules(FIVE_OFF)) as served:
        await served.take(served.order("order-1", "130000"))
        code = await redeemed(served, "five-off")
        assert (await served.command(Use(code, Money(5_000_000, "msat")))).code == "bill-other-unit"
        assert (await served.command(Use(code))).facts["charged"] == 100


async def test_a_price_change_does_not_touch_it(tmp_path: Path) -> None:
    """Bug 43: a voucher is worth what it was worth when it was issued: cost, title and value, also when the reward has
    become dearer, or is gone.
    """
    async with Served(tmp_path, extra=rules(FIVE_OFF, reward())) as served:
        await served.take(served.order("order-1", "300000"))
        codes = [await redeemed(served, "five-off") for _ in range(2)]
        coffee = await redeemed(served)
    dearer = reward("five-off", 250, type="discount_amount", value="1 EUR")
    async with served.with_rules(dearer) as later:
        outcome = await later.command(Use(codes[0], Money(250, "EUR")))
        assert outcome.facts["charged"] == 50
        assert (await later.asks(Cancel(codes[1]))).facts["points"] == 100
        assert (await later.asks(Cancel(coffee))).facts["points"] == 10
        assert (await later.asks(Redeem("coffee"))).code == "reward-unknown"
        assert (await later.asks(Redeem("five-off"))).facts["points"] == -250
        assert await later.balance() == 0
        await later.assert_clean()


async def test_points_go_back_where_they_came_from(tmp_path: Path) -> None:
    """Protocol section 4: into their lots with their old end, and a day to live at least; what remained of a lot that
    has run out meanwhile runs out alone (Bug 32).
    """
    async with Served(tmp_path, extra=rules(reward("cake", 15), ttl="10d", expiry_warning="1d")) as served:
        served.set_clock("2027-05-01 12:00")
        await served.take(served.order("order-1"))
        served.set_clock("2027-05-04 12:00")
        await served.take(served.order("order-2"))
        code = await redeemed(served, "cake")
        served.set_clock("2027-05-12 10:00")  # the first lot is over since midnight; nothing of it was left
        assert (await served.asks(Cancel(code))).facts["balance"] == 24
        served.set_clock("2027-05-13 09:59")
        assert await served.sweep() == {"warned": 1}
        served.set_clock("2027-05-13 10:00")
        assert (await served.sweep())["expired"] == 1
        assert await served.balance() == 12
        served.set_clock("2027-05-15 00:00")
        assert await served.sweep() == {"expired": 1}
        assert await served.moved() == [12, 12, -15, 15, -12, -12]
        await served.assert_clean()


async def test_a_lot_runs_out_a_second_time(tmp_path: Path) -> None:
    """Bug 59: a lot that ran out, got points back and ran out again has two entries, each with a key of its own."""
    async with Served(tmp_path, extra=rules(reward(cost=5), ttl="10d", expiry_warning="1d")) as served:
        await served.take(served.order("order-1"))
        first, second = await redeemed(served), await redeemed(served)
        for code in (first, second):
            served.later(days=12)
            await served.sweep()
            await served.asks(Cancel(code))
        served.later(days=2)
        await served.sweep()
        assert await served.moved() == [12, -5, -5, -2, 5, -5, 5, -5]
        await served.assert_clean()


@pytest.mark.parametrize("status", ["refunded", "canceled"])
async def test_it_comes_back_with_its_order(tmp_path: Path, status: str) -> None:
    """Bug 16, 17, 19, 22: an order that is taken back gives the vouchers that paid for it back, all of them and each
    once; a part of it does not, and no voucher's points are taken.
    """
    extra = rules(reward(cost=3), FIVE_OFF)
    async with Served(tmp_path, extra=extra) as served:
        await served.take(served.order("order-1", "200000"))
        codes = [await redeemed(served), await redeemed(served), await redeemed(served, "five-off")]
        other, unused = await redeemed(served), await redeemed(served)
        await served.take(served.order("order-2", "10000"))
        for code in codes[:2]:
            await served.command(Use(code, order="order-2"))
        await served.command(Use(codes[2], Money(250, "EUR"), "order-2"))
        await served.command(Use(other, order="order-3"))
        await served.take(served.order("order-2", "4000", status="refunded", refund_id="a"))
        await served.assert_clean()
        assert await served.balance() == 200 - 4 * 3 - 50 + 10 - 4
        await served.take(served.order("order-2", status=status, amount="6000"))
        await served.take(served.order("order-2", status="canceled", at=served.clock.now() - 1))
        assert await served.balance() == 200 - 6
        assert [(await voucher(served, code)).status for code in codes] == ["cancelled"] * 3
        assert [(await voucher(served, code)).status for code in (other, unused)] == ["used", "issued"]
        await served.assert_clean()


async def test_it_comes_back_with_an_order_of_nobody(tmp_path: Path) -> None:
    """Bug 22: also when the order named no customer, and when it came after its own cancellation."""
    async with Served(tmp_path, extra=rules(reward(cost=3))) as served:
        await served.take(served.order("order-1"))
        codes = [await redeemed(served), await redeemed(served)]
        for code, order in zip(codes, ("order-2", "order-3"), strict=True):
            await served.command(Use(code, order=order))
        await served.take(served.order("order-2", customer=None))
        await served.take(served.order("order-2", customer=None, status="canceled"))
        await served.take(served.order("order-3", customer=None, status="canceled"))
        await served.take(served.order("order-3", customer=None))
        assert await served.balance() == 12
        assert [(await voucher(served, code)).status for code in codes] == ["cancelled"] * 2
        await served.assert_clean()


async def test_an_operator_redeems_for_a_frozen_customer(tmp_path: Path) -> None:
    """Frozen is what the customer may not; the people at the till can, and can cancel."""
    async with Served(tmp_path, extra=rules(reward(), operators=[npub_encode(OPERATOR)])) as served:
        who = served.guest.public
        await served.take(served.order("order-1"))
        await served.command(Freeze(who))
        outcome = await served.command(Redeem("coffee", who), actor=OPERATOR)
        assert (outcome.code, outcome.facts["customer"]) == ("done", who)
        back = await served.command(Cancel(str(outcome.facts["voucher"])), actor=OPERATOR)
        assert back.facts["balance"] == 12
        entry = (await served.chain())[-1]
        assert (entry.type, entry.points, entry.by, entry.reward) == ("revoked", 10, OPERATOR, "coffee")
        await served.assert_clean()


async def test_redeeming_needs_points_that_live(tmp_path: Path) -> None:
    """Bug 54: points that ran out cannot be spent though nobody has swept; a deficit is filled before anything."""
    async with Served(tmp_path, extra=rules(reward(cost=12), ttl="10d", expiry_warning="1d")) as served:
        await served.take(served.order("order-1"))
        served.later(days=40)
        outcome = await served.asks(Redeem("coffee"))
        assert outcome.code == "points-missing"
        assert "0 of 12" in outcome.text
        await served.take(served.order("order-2"))
        code = await redeemed(served)
        await served.take(served.order("order-2", status="canceled"))
        assert await served.balance() == -12
        await served.take(served.order("order-3", "20000"))
        assert (await served.asks(Redeem("coffee"))).code == "points-missing"
        assert (await served.asks(Cancel(code))).facts["balance"] == 20
        await served.assert_clean()
