"""Tiers as customers live through them: up at once, down after a word and a time of grace."""

from pathlib import Path

import pytest

from nostr_loyalty.commands.command import Feedback, Grant, Redeem
from tests.unit.nostr_loyalty.served import Served, earn, reward, rules, table, tier

LADDER = (tier("bronze", 10), tier("silver", 20), tier("gold", 30))


def basis(by: str = "points", **more: object) -> str:
    """What tiers count."""
    return table("tier_basis", by=by, **more)


async def held(served: Served) -> str | None:
    """The guest's tier."""
    return (await served.standing()).tier


@pytest.mark.parametrize(
    ("points", "expected"), [(9, None), (10, "bronze"), (11, "bronze"), (19, "bronze"), (20, "silver"), (99, "gold")]
)
async def test_at_the_threshold(tmp_path: Path, points: int, expected: str | None) -> None:
    """Bug 38: one below, at it and one above; several steps at once."""
    async with Served(tmp_path, extra=rules(*LADDER)) as served:
        (answer,) = await served.take(served.order("order-1", f"{points}000"))
        assert (answer.tier, await held(served)) == (expected, expected)
        await served.assert_clean()


async def test_the_order_that_crosses_earns_at_the_old_rate(tmp_path: Path) -> None:
    """Bug 38: the tier held before an order counts for it, the one that it reaches for the next, in one batch too."""
    perk = table("perk", tier="bronze", type="multiplier", value="1.5")
    async with Served(tmp_path, extra=rules(*LADDER, perk)) as served:
        await served.take(served.order("order-1", "10000"), served.order("order-2", "10000"))
        assert await served.moved() == [10, 15]
        first, second = await served.chain()
        assert (first.tier, second.tier) == (None, "bronze")
        assert await held(served) == "silver"
        await served.assert_clean()


@pytest.mark.parametrize(
    ("by", "threshold", "orders"),
    [("points", 24, ["12000"] * 2), ("visits", 3, ["0", "1", "500"]), ("spend", "24000 sat", ["500", "23500"])],
)  # fmt: skip
async def test_what_tiers_count(tmp_path: Path, by: str, threshold: int | str, orders: list[str]) -> None:
    """Points earned, visits, or money spent; neither grants nor points that were spent change it (Bug 60)."""
    more = {"currency": "sat"} if by == "spend" else {}
    extra = rules(basis(by, **more), tier("gold", threshold), reward())
    async with Served(tmp_path, extra=extra) as served:
        await served.command(Grant(served.guest.public, 100))
        for number, amount in enumerate(orders):
            assert await held(served) is None
            await served.take(served.order(f"order-{number}", amount))
        assert await held(served) == "gold"
        for _ in range(10):
            await served.asks(Redeem("coffee"))
        assert await held(served) == "gold"
        await served.take(served.order("order-0", status="canceled"))
        assert await held(served) is None
        await served.assert_clean()


async def test_the_way_up_is_told(tmp_path: Path) -> None:
    """Reached: the customer is told once, the order monitor sees the tier and its perks, the card says what is next."""
    perks = [
        table("perk", tier="bronze", type="note", value="Tap water"),
        table("perk", tier="gold", type="note", value="Cake"),
    ]
    async with Served(tmp_path, "private", extra=rules(*LADDER, *perks)) as served:
        (answer,) = await served.take(served.order("order-1", "12000"))
        assert (answer.tier, answer.perks) == ("bronze", (("note", "Tap water"),))
        async with served.database.read() as r:
            texts = [text for (text,) in await r.rows("SELECT CAST(recipe AS TEXT) FROM outbox WHERE label = 'word'")]
        assert len(texts) == 1
        assert "You have reached Bronze" in texts[0]
        await served.promises()
        await served.deliver(served.order("order-2", "1000"))
        assert not [text for text in await served.told() if "reached" in text]


async def test_down_without_grace(tmp_path: Path) -> None:
    """A refund that takes what the tier stood on takes the tier at once where there is no grace, as far as it goes."""
    async with Served(tmp_path, extra=rules(*LADDER)) as served:
        await served.take(served.order("order-0", "5000"), served.order("order-1", "30000"))
        assert await held(served) == "gold"
        await served.take(served.order("order-1", status="canceled"))
        await served.sweep()
        assert await held(served) is None
        await served.assert_clean()


async def test_down_after_grace_one_step_at_a_time(tmp_path: Path) -> None:
    """At risk is told with its date; at the end of the grace one step goes, and the next has a grace of its own."""
    async with Served(tmp_path, extra=rules(basis(grace="30d"), *LADDER)) as served:
        served.set_clock("2027-05-01 12:00")
        await served.take(served.order("order-0", "12000"), served.order("order-1", "30000"))
        await served.deliver(served.order("order-1", status="canceled"))
        assert await held(served) == "gold"
        assert [text for text in await served.told() if "30 May 2027" in text] != []
        served.set_clock("2027-05-30 23:59")
        assert await served.sweep() == {}
        served.set_clock("2027-05-31 00:00")
        assert await served.sweep() == {"tiers": 1}
        assert await held(served) == "silver"
        assert any("Silver" in text for text in await served.told())
        served.set_clock("2027-06-29 23:59")
        assert await served.sweep() == {}
        served.set_clock("2027-06-30 00:00")
        assert await served.sweep() == {"tiers": 1}
        assert await held(served) == "bronze"
        served.later(days=400)
        assert await served.sweep() == {}
        assert await held(served) == "bronze"
        await served.assert_clean()


async def test_saved_in_time(tmp_path: Path) -> None:
    """Enough within the grace: the tier is safe, the customer is told, and nothing happens at the end of it."""
    async with Served(tmp_path, extra=rules(basis(grace="30d"), *LADDER)) as served:
        await served.take(served.order("order-0", "25000"), served.order("order-1", "10000"))
        await served.take(served.order("order-1", status="canceled"))
        served.later(days=29)
        await served.deliver(served.order("order-2", "5000"))
        assert any("safe again" in text for text in await served.told())
        served.later(days=30)
        assert await served.sweep() == {}
        assert await held(served) == "gold"
        await served.assert_clean()


async def test_a_window_that_passes_without_orders(tmp_path: Path) -> None:
    """A rolling window forgets by itself: on the first local day on which too little is left the tier is at risk, then
    it goes, without any order; the sweeper may have slept.
    """
    extra = rules(basis("visits", window="90d", grace="10d"), tier("regular", 2), tier("friend", 3))
    async with Served(tmp_path, extra=extra) as served:
        for day in ("2027-01-10 12:00", "2027-02-20 12:00", "2027-03-01 12:00"):
            served.set_clock(day)
            await served.take(served.order(day))
        assert await held(served) == "friend"
        await served.told()
        served.set_clock("2027-04-09 23:59")  # the 90th day
        assert await served.sweep() == {}
        served.set_clock("2027-04-10 00:00")
        assert await served.sweep() == {"tiers": 1}
        assert any("19 April 2027" in text for text in await served.told())
        assert await held(served) == "friend"
        served.set_clock("2027-04-20 00:00")
        await served.sweep()
        assert await held(served) == "regular"
        served.set_clock("2027-08-01 12:00")
        await served.sweep()
        assert await held(served) == "regular"  # nobody had been told of this step
        served.later(days=10)
        await served.sweep()
        assert await held(served) is None
        served.later(days=300)
        assert await served.sweep() == {}
        await served.assert_clean()


async def test_a_window_counts_the_day_of_the_order(tmp_path: Path) -> None:
    """A late report counts on the day on which it was paid: outside of the window not at all."""
    async with Served(tmp_path, extra=rules(basis("points", window="30d"), tier("gold", 20))) as served:
        now = served.clock.now()
        await served.take(served.order("order-1", "20000", at=now - 30 * 86_400))
        assert await held(served) is None
        await served.take(served.order("order-2", "20000", at=now - 29 * 86_400))
        assert await held(served) == "gold"
        await served.assert_clean()


async def test_the_ladder_changes(tmp_path: Path) -> None:
    """New thresholds hold from the next look on; a tier that is gone is held by nobody; none at all are no tiers."""
    async with Served(tmp_path, extra=rules(*LADDER)) as served:
        await served.take(served.order("order-1", "25000"))
        assert await held(served) == "silver"
    async with served.with_rules(tier("bronze", 10), tier("gold", 26)) as served:
        (answer,) = await served.take(served.order("order-2", "0"))
        assert (answer.tier, await held(served)) == ("bronze", "bronze")
        await served.take(served.order("order-3", "1000"))
        assert await held(served) == "gold"
    async with served.with_rules() as served:
        (answer,) = await served.take(served.order("order-4", "1000"))
        assert (answer.tier, await held(served)) == (None, None)
        await served.assert_clean()


async def test_bonuses_count(tmp_path: Path) -> None:
    """Points for a word are points earned, and can reach a tier by themselves."""
    async with Served(tmp_path, extra=rules(earn("feedback", 5), *LADDER)) as served:
        await served.take(served.order("order-1", "7000"))
        await served.asks(Feedback("Nice"))
        assert await held(served) == "bronze"
        await served.take(served.order("order-1", status="canceled"))
        assert await held(served) is None
        await served.assert_clean()
