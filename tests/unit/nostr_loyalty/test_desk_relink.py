"""A lost key: everything moves to another one, and nothing of it is lost, doubled, or left to whoever has the old."""

from pathlib import Path

import pytest

from ledger.units import Money
from nostr_loyalty.commands.command import (
    Cancel,
    Grant,
    Redeem,
    Release,
    Relink,
    Revoke,
    Use,
)
from tests.unit.nostr_loyalty.served import Served, reward, rules, table, tier
from tests.venue import new_key


async def moved_to(served: Served, new: str | None = None) -> str:
    """The guest's card moves to another key; that key."""
    new = new or new_key().public
    outcome = await served.command(Relink(served.guest.public, new))
    assert outcome.code == "done", outcome
    await served.assert_clean()
    return new


async def test_each_lot_moves_with_its_date(tmp_path: Path) -> None:
    """Bug 50: a pair of linked entries for each lot: the sum stays, and so does the end of each."""
    async with Served(tmp_path, extra=rules(reward(cost=5), ttl="10d", expiry_warning="1d")) as served:
        served.set_clock("2027-05-01 10:00")
        await served.take(served.order("order-1"))
        served.set_clock("2027-05-03 10:00")
        await served.take(served.order("order-2", "7000"))
        await served.command(Grant(served.guest.public, 1, expires_at=2_000_000_000))
        await served.asks(Redeem("coffee"))
        before = [one.expires_at for one in await served.chain() if one.expires_at]
        new = await moved_to(served)
        old_chain, new_chain = await served.chain(), await served.chain(new)
        assert [one.points for one in old_chain[4:]] == [-7, -7, -1]
        assert [(one.type, one.points, one.expires_at) for one in new_chain] == [
            ("granted", 7, before[0]), ("granted", 7, before[1]), ("granted", 1, before[2]),
        ]  # fmt: skip
        assert len({one.linked for one in new_chain}) == 3
        assert {one.by for one in (*old_chain[4:], *new_chain)} == {served.venue.issuer.public}
        served.set_clock("2027-05-12 00:00")
        await served.sweep()
        assert (await served.balance(), await served.balance(new)) == (0, 8)
        await served.assert_clean()


async def test_a_debt_moves_too(tmp_path: Path) -> None:
    """A deficit is paid by what the new key has, and the rest of it by what the new key earns."""
    async with Served(tmp_path, extra=rules(reward(cost=12))) as served:
        new = new_key().public
        await served.take(served.order("order-1"), served.order("order-2", "5000", customer=new))
        await served.asks(Redeem("coffee"))
        await served.take(served.order("order-1", status="canceled"))
        await moved_to(served, new)
        assert (await served.balance(), await served.balance(new)) == (0, -7)
        assert await served.moved() == [12, -12, -12, 12]
        await served.take(served.order("order-3", "10000", customer=new))
        assert await served.balance(new) == 3
        await served.assert_clean()


async def test_points_fill_a_debt_of_the_new_key(tmp_path: Path) -> None:
    """What comes pays what the new key owed."""
    async with Served(tmp_path) as served:
        new = new_key().public
        await served.take(served.order("order-1"))
        await served.command(Grant(new, 1))
        await served.command(Revoke(new, 6))
        await moved_to(served, new)
        assert await served.balance(new) == 7
        await served.assert_clean()


async def test_sums_tier_and_visits_go_on(tmp_path: Path) -> None:
    """The new key has the old one's visits, spend, points earned and tier besides its own, and goes on from there."""
    extra = rules(table("tier_basis", by="visits", window="90d"), tier("regular", 3), tier("friend", 5))
    async with Served(tmp_path, extra=extra) as served:
        new = new_key().public
        await served.take(*(served.order(f"order-{number}", "1000") for number in range(3)))
        await served.take(served.order("order-x", "2000", customer=new))
        assert (await served.standing()).tier == "regular"
        await moved_to(served, new)
        standing, old = await served.standing(new), await served.standing()
        assert (standing.tier, standing.visits, standing.visits_month) == ("regular", 4, 4)
        assert (standing.earned_points, standing.spent_minor) == (5, 5_000_000)
        assert (old.tier, old.visits, old.earned_points, old.spent_minor, old.balance) == (None, 0, 0, 0, 0)
        (answer,) = await served.take(served.order("order-y", customer=new))
        assert (answer.tier, answer.visits_month) == ("friend", 5)
        await served.assert_clean()


async def test_a_grace_goes_on(tmp_path: Path) -> None:
    """A tier at risk stays so until the day that its customer was told; the sums of both keys may save it."""
    extra = rules(table("tier_basis", by="points", grace="30d"), tier("gold", 20))
    async with Served(tmp_path, extra=extra) as served:
        saved, saver = new_key().public, new_key().public
        for number, customer in enumerate((served.guest.public, saved)):
            await served.take(served.order(f"order-{number}", "30000", customer=customer))
            await served.take(served.order(f"more-{number}", "15000", customer=customer))
            await served.take(served.order(f"order-{number}", status="canceled", customer=customer))
        await served.take(served.order("order-x", "9000", customer=saver))
        until = (await served.standing()).grace_until
        served.later(days=20)
        new = await moved_to(served)
        await served.command(Relink(saver, saved))
        standing = await served.standing(new)
        assert (standing.tier, standing.grace_until, until is not None) == ("gold", until, True)
        standing = await served.standing(saved)
        assert (standing.tier, standing.grace_until) == ("gold", None)
        served.later(days=10)
        assert await served.sweep() == {"tiers": 1}
        assert (await served.standing(new)).tier is None
        await served.assert_clean()


async def test_orders_that_name_the_old_key(tmp_path: Path) -> None:
    """They count for the new one: earned, repeated, refunded; so does a receipt's guard."""
    async with Served(tmp_path) as served:
        await served.take(served.order("order-1", "1000"))
        new = await moved_to(served)
        (answer,) = await served.take(served.order("order-2"))
        assert (answer.result, answer.points, answer.balance) == ("accepted", 12, 13)
        (again,) = await served.take(served.order("order-2", at=served.clock.now() - 1))
        assert (again.result, again.balance) == ("duplicate", 13)
        await served.take(served.order("order-2", status="canceled"))
        assert await served.moved(new) == [1, 12, -12]
        assert (await served.standing(new)).visits == 1
        await served.assert_clean()


@pytest.mark.parametrize("times", [1, 2, 3])
async def test_refunds_follow(tmp_path: Path, times: int) -> None:
    """Orders of a key that was replaced, several times too, are taken back from the last one, in parts and in whole."""
    async with Served(tmp_path) as served:
        await served.take(served.order("order-0", "5000"), served.order("order-1"))
        keys = [served.guest.public]
        for _ in range(times):
            keys.append(new_key().public)
            await served.command(Relink(keys[-2], keys[-1]))
        await served.take(served.order("order-1", "3000", status="refunded", refund_id="a"))
        await served.assert_clean()
        await served.take(served.order("order-1", status="canceled"))
        assert await served.balance(keys[-1]) == 5
        standing = await served.standing(keys[-1])
        assert (standing.visits, standing.earned_points, standing.spent_minor) == (1, 5, 5_000_000)
        assert [await served.balance(key) for key in keys[:-1]] == [0] * times
        await served.assert_clean()


async def test_a_refund_takes_its_own_points_first(tmp_path: Path) -> None:
    """Bug 32, 55: after a relink too, the lot that the order's points are in now goes first, whichever ends sooner."""
    async with Served(tmp_path, extra=rules(ttl="10d", expiry_warning="1d")) as served:
        new = new_key().public
        await served.take(served.order("order-x", "7000", customer=new))
        served.later(days=3)
        await served.take(served.order("order-1"))
        await moved_to(served, new)
        await served.take(served.order("order-1", status="canceled"))
        assert await served.balance(new) == 7
        served.later(days=8)
        await served.sweep()
        assert await served.balance(new) == 0
        await served.assert_clean()


async def test_vouchers_move(tmp_path: Path) -> None:
    """A voucher of the old key is the new one's: used, or cancelled by it; the old key's holder can do neither."""
    extra = rules(reward(cost=5), ttl="10d", expiry_warning="1d")
    async with Served(tmp_path, extra=extra) as served:
        served.set_clock("2027-05-01 10:00")
        await served.take(served.order("order-1", "15000"))
        codes = [str((await served.asks(Redeem("coffee"))).facts["voucher"]) for _ in range(3)]
        new = await moved_to(served)
        assert (await served.asks(Cancel(codes[0]))).code == "voucher-of-another"
        served.set_clock("2027-05-06 10:00")
        assert (await served.asks(Cancel(codes[0]), new)).facts["balance"] == 5
        assert (await served.command(Use(codes[1]))).code == "done"
        last = (await served.chain(new))[-1]
        assert (last.type, last.points) == ("granted", 5)
        await served.assert_clean()
        served.set_clock("2027-05-12 00:00")
        await served.sweep()
        assert await served.balance(new) == 0  # they end when they would have ended
        served.set_clock("2027-06-01 10:00")
        assert (await served.sweep())["vouchers"] == 1
        assert await served.balance(new) == 5
        served.set_clock("2027-06-02 10:00")
        await served.sweep()
        assert await served.balance(new) == 0  # with a day to live at least
        await served.assert_clean()


async def test_a_voucher_comes_back_with_its_order(tmp_path: Path) -> None:
    """Bug 22: also where the redemption is the old key's, once, and less what a smaller bill gave back before."""
    five = reward("five", 10, type="discount_amount", value="5 EUR")
    async with Served(tmp_path, extra=rules(five)) as served:
        await served.take(served.order("order-1", "20000"))
        codes = [str((await served.asks(Redeem("five"))).facts["voucher"]) for _ in range(2)]
        await served.command(Use(codes[0], Money(300, "EUR"), "order-2"))
        new = await moved_to(served)
        await served.command(Use(codes[1], Money(100, "EUR"), "order-2"))
        assert await served.balance(new) == 4 + 8
        await served.take(served.order("order-2", "1000"), served.order("order-2", status="canceled"))
        assert await served.balance(new) == 20
        await served.assert_clean()


async def test_limits_that_both_had_used_stay_used(tmp_path: Path) -> None:
    """Bug 27, 50: what both keys had had of a limited reward adds up; what is cancelled leaves room again."""
    async with Served(tmp_path, extra=rules(reward(cost=1, limit=3))) as served:
        new = new_key().public
        await served.take(served.order("order-1"), served.order("order-2", customer=new))
        codes = [str((await served.asks(Redeem("coffee"))).facts["voucher"]) for _ in range(2)]
        await served.asks(Redeem("coffee"), new)
        await moved_to(served, new)
        assert (await served.asks(Redeem("coffee"), new)).code == "reward-limit-reached"
        await served.asks(Cancel(codes[0]), new)
        assert (await served.asks(Redeem("coffee"), new)).code == "done"
        assert (await served.asks(Redeem("coffee"), new)).code == "reward-limit-reached"
        await served.assert_clean()


async def test_more_than_one_key_could_have_had(tmp_path: Path) -> None:
    """Bug 27: two keys that had had all they could: there is room again when fewer are out than one may have."""
    async with Served(tmp_path, extra=rules(reward(cost=1, limit=2))) as served:
        new = new_key().public
        await served.take(served.order("order-1"), served.order("order-2", customer=new))
        codes = [
            str((await served.asks(Redeem("coffee"), key)).facts["voucher"])
            for key in (served.guest.public, new) for _ in range(2)
        ]  # fmt: skip
        await moved_to(served, new)
        for code, expected in zip(codes[::-1], ["reward-limit-reached"] * 2 + ["done", "done"], strict=True):
            assert (await served.asks(Cancel(code), new)).code == "done"
            assert (await served.asks(Redeem("coffee"), new)).code == expected
        await served.assert_clean()


async def test_what_waits_comes_to_the_new_key(tmp_path: Path) -> None:
    """Pending and held points of the old key's orders are booked on the new one, and counted there once."""
    extra = rules(table("guard", customer_orders=1, action="hold"), vest="3d", vest_orders="all")
    async with Served(tmp_path, extra=extra) as served:
        await served.take(served.order("order-1"), served.order("order-2", "7000"))
        new = await moved_to(served)
        served.later(days=3)
        assert await served.sweep() == {"vested": 1}
        await served.assert_clean()
        assert (await served.command(Release("order-2"))).facts["balance"] == 19
        await served.take(served.order("order-1", "6000", status="refunded", refund_id="a"))
        await served.take(served.order("order-2", status="canceled"))
        assert await served.moved(new) == [12, 7, -6, -7]
        standing = await served.standing(new)
        assert (standing.visits, standing.earned_points) == (1, 6)
        await served.assert_clean()
