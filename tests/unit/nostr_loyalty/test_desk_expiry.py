"""Points run out: on the venue's own day, once, after a word, and never sooner than was said."""

from pathlib import Path

import pytest

from nostr_loyalty.commands.command import Cancel, Grant, Redeem
from tests.unit.nostr_loyalty.served import Served, reward, rules
from tests.venue import new_key


@pytest.mark.parametrize(
    ("earned", "last", "over"),
    [
        ("2027-05-01 00:00", "2027-05-11 23:59:59", "2027-05-12 00:00"),
        ("2027-05-01 23:59:59", "2027-05-11 23:59:59", "2027-05-12 00:00"),
        ("2027-03-18 12:00", "2027-03-28 23:59:59", "2027-03-29 00:00"),  # the last day has 23 hours
        ("2027-10-21 12:00", "2027-10-31 23:59:59", "2027-11-01 00:00"),  # and this one 25
    ],
)
async def test_to_the_end_of_the_local_day(tmp_path: Path, earned: str, last: str, over: str) -> None:
    """Bug 35: ten days after the local day on which they were earned, to its very end by the venue's clock."""
    async with Served(tmp_path, extra=rules(reward(), ttl="10d", expiry_warning="0d")) as served:
        served.set_clock(earned)
        await served.take(served.order("order-1"), served.order("order-2"))
        served.set_clock(last)
        assert await served.sweep() == {}
        assert (await served.asks(Redeem("coffee"))).code == "done"
        served.set_clock(over)
        assert (await served.asks(Redeem("coffee"))).code == "points-missing"
        assert await served.moved() == [12, 12, -10, -2, -12]
        assert await served.sweep() == {}
        await served.assert_clean()


async def test_one_entry_for_each_lot(tmp_path: Path) -> None:
    """Each names the lot that ran out; other lots, and what was spent before, are left alone (Bug 32, 53)."""
    async with Served(tmp_path, extra=rules(reward(cost=5), ttl="10d", expiry_warning="1d")) as served:
        await served.take(served.order("order-1"), served.order("order-2", "7000"))
        served.later(days=5)
        await served.take(served.order("order-3", "3000"))
        await served.asks(Redeem("coffee"))
        served.later(days=6)
        assert (await served.sweep())["expired"] == 2
        chain = await served.chain()
        assert [(one.type, one.points) for one in chain[4:]] == [("expired", -7), ("expired", -7)]
        assert all(one.lot is not None for one in chain[4:])
        assert chain[4].lot != chain[5].lot
        assert await served.balance() == 3
        assert (await served.standing()).lifetime == 22
        await served.assert_clean()


async def test_a_sweeper_that_slept_for_a_month(tmp_path: Path) -> None:
    """Bug 54: nothing that ran out can be spent, whenever it is written off; what came since is untouched; the end is
    the same as with a sweep a day.
    """
    ends = []
    for diligent in (True, False):
        folder = tmp_path / str(diligent)
        folder.mkdir()
        async with Served(folder, extra=rules(reward(cost=20, hold="99d"), ttl="10d", expiry_warning="1d")) as served:
            served.set_clock("2027-05-01 12:00")
            for day in range(40):
                await served.take(served.order(f"order-{day}", "5000"))
                if day % 10 == 9:
                    await served.asks(Redeem("coffee"))
                if day == 23:
                    await served.take(served.order("order-14", "2500", status="refunded", refund_id="a"))
                    await served.take(served.order("order-9", status="canceled"))
                served.later(days=1)
                if diligent:
                    await served.sweep()
            await served.sweep()
            ends.append((await served.balance(), (await served.standing()).lifetime))
            await served.assert_clean()
    assert ends[0] == ends[1]


async def test_a_warning_once_for_each_lot(tmp_path: Path) -> None:
    """Two weeks before, on the right local day, in one message for the lots of one day; every date has its own word
    (Bug 34); nobody is told twice, and nobody who has spent the points.
    """
    async with Served(tmp_path, "private", extra=rules(reward(cost=12), ttl="30d")) as served:
        spender = new_key()
        served.set_clock("2027-05-01 10:00")
        await served.deliver(served.order("order-1"), served.order("order-2", "3000"))
        await served.deliver(served.order("order-x", customer=spender.public))
        await served.asks(Redeem("coffee"), spender.public)
        served.set_clock("2027-05-02 10:00")
        await served.deliver(served.order("order-3", "4000"))
        await served.promises()
        served.set_clock("2027-05-16 23:59")
        assert await served.sweep() == {}
        served.set_clock("2027-05-17 00:00")
        assert await served.sweep() == {"warned": 1}
        assert await served.told() == ["15 points at Café Sol can be used up to 31 May 2027; then they run out."]
        served.set_clock("2027-05-18 00:00")
        assert await served.sweep() == {"warned": 1}
        assert await served.told() == ["4 points at Café Sol can be used up to 1 June 2027; then they run out."]
        assert await served.sweep() == {}
        assert await served.told(spender) == []
        await served.assert_clean()


async def test_the_card_says_what_runs_out_next(tmp_path: Path) -> None:
    """The standing (and so the card) names the next end and how many points it takes, after every change."""
    async with Served(tmp_path, extra=rules(reward(cost=5), ttl="10d", expiry_warning="1d")) as served:
        served.set_clock("2027-05-01 10:00")
        await served.take(served.order("order-1"))
        first = (await served.standing()).next_expiry_at
        assert first is not None
        served.set_clock("2027-05-03 10:00")
        await served.take(served.order("order-2", "7000"))
        standing = await served.standing()
        assert (standing.next_expiry_at, standing.next_expiry_points) == (first, 12)
        await served.command(Grant(served.guest.public, 1, expires_at=first - 100))
        standing = await served.standing()
        assert (standing.next_expiry_at, standing.next_expiry_points) == (first - 100, 1)
        await served.asks(Redeem("coffee"))
        standing = await served.standing()
        assert (standing.next_expiry_at, standing.next_expiry_points) == (first, 8)
        served.set_clock("2027-05-12 00:00")
        await served.sweep()
        standing = await served.standing()
        assert (standing.next_expiry_at, standing.next_expiry_points) == (first + 2 * 86_400, 7)
        await served.assert_clean()


async def test_orders_change_what_runs_out_next(tmp_path: Path) -> None:
    """Points of an order that end sooner than all others are next; those that end on the same day are added to them;
    those that end later are not.
    """
    async with Served(tmp_path, extra=rules(ttl="10d", expiry_warning="1d")) as served:
        served.set_clock("2027-05-01 10:00")
        await served.command(Grant(served.guest.public, 5, expires_at=served.clock.now() + 30 * 86_400))
        seen = []
        for number, moment in enumerate(("2027-05-01 10:00", "2027-05-01 23:00", "2027-05-02 10:00")):
            served.set_clock(moment)
            await served.take(served.order(f"order-{number}", "3000"))
            seen.append((await served.standing()).next_expiry_points)
            await served.assert_clean()
        assert seen == [3, 6, 6]


async def test_switched_on_it_takes_nothing_at_once(tmp_path: Path) -> None:
    """Bug 37: points that were to live for ever live for one whole period from the change on, and are warned of."""
    async with Served(tmp_path) as served:
        served.set_clock("2026-01-01 10:00")
        await served.take(served.order("order-1"))
        served.set_clock("2027-05-01 10:00")
    async with served.with_rules(ttl="30d") as later:
        assert await later.sweep() == {}
        later.set_clock("2027-05-17 00:00")
        assert await later.sweep() == {"warned": 1}
        later.set_clock("2027-05-31 23:59")
        assert await later.sweep() == {}
        assert await later.balance() == 12
        later.set_clock("2027-06-01 00:00")
        assert await later.sweep() == {"expired": 1}
        await later.assert_clean()


async def test_shortened_and_lengthened(tmp_path: Path) -> None:
    """Bug 37: a shorter life leaves old points one new period at least, and none longer than it was promised; a longer
    one, or none, leaves their dates; restarts without a change do nothing.
    """
    async with Served(tmp_path, extra=rules(ttl="100d")) as served:
        served.set_clock("2027-01-01 10:00")
        await served.take(served.order("order-1", "1000"))  # to 11 April
        served.set_clock("2027-03-20 10:00")
        await served.take(served.order("order-2", "2000"))  # to 28 June
    async with served.with_rules(ttl="30d") as served:  # from 20 March: to 19 April
        await served.take(served.order("order-3", "4000"))  # to 19 April
    served.later(days=1)
    async with served.again() as served:
        served.set_clock("2027-03-21 10:00")
    async with served.with_rules(ttl="200d") as served:
        await served.take(served.order("order-4", "8000"))  # to 7 October
    async with served.with_rules() as served:
        await served.take(served.order("order-5", "16000"))  # for ever
        for moment, balance in (
            ("2027-04-11 23:59", 31), ("2027-04-12 00:00", 30), ("2027-04-19 23:59", 30), ("2027-04-20 00:00", 24),
            ("2027-10-07 23:59", 24), ("2027-10-08 00:00", 16), ("2029-01-01 00:00", 16),
        ):  # fmt: skip
            served.set_clock(moment)
            await served.sweep()
            assert (moment, await served.balance()) == (moment, balance)
        await served.assert_clean()


async def test_a_lot_that_was_empty_at_the_change(tmp_path: Path) -> None:
    """Points that come back into a lot that was empty when lives were shortened keep the end they were promised."""
    async with Served(tmp_path, extra=rules(reward(cost=12))) as served:
        served.set_clock("2027-01-01 10:00")
        await served.take(served.order("order-1"))
        code = str((await served.asks(Redeem("coffee"))).facts["voucher"])
    async with served.with_rules(reward(cost=12), ttl="30d") as later:
        later.set_clock("2027-01-20 10:00")
        await later.asks(Cancel(code))
        assert await later.balance() == 12
        later.set_clock("2028-02-01 00:00")
        await later.sweep()
        assert await later.balance() == 12
        await later.assert_clean()
