"""What counts for no tier yet: points that wait, and orders that are held; and what never does: what was dropped."""

from pathlib import Path

import pytest

from nostr_loyalty.commands.command import Drop, Release, Relink
from tests.unit.nostr_loyalty.served import Served, rules, table, tier
from tests.unit.nostr_loyalty.test_desk_relink import moved_to
from tests.unit.nostr_loyalty.test_desk_waiting import delivered
from tests.venue import new_key

HOLD = table("guard", customer_orders=1, action="hold")
BASES: list[tuple[str, int | str]] = [("points", 20), ("spend", "20000 sat"), ("visits", 2)]


def basis(by: str, **more: object) -> str:
    """What tiers count."""
    return table("tier_basis", by=by, **({"currency": "sat"} if by == "spend" else {}), **more)


async def held(served: Served, customer: str | None = None) -> str | None:
    """The tier of a customer."""
    return (await served.standing(customer)).tier


@pytest.mark.parametrize("window", [None, "30d"])
@pytest.mark.parametrize(("by", "threshold"), BASES)
async def test_a_held_order_lifts_nobody_before_it_is_released(
    tmp_path: Path, by: str, threshold: int | str, window: str | None
) -> None:  # fmt: skip
    """Whoever has too many orders gets no tier by them, by points, money or visits, until somebody has
    looked; then it counts, and the customer is told.
    """
    extra = rules(HOLD, basis(by, **({"window": window} if window else {})), tier("gold", threshold))
    async with Served(tmp_path, extra=extra) as served:
        await served.take(served.order("order-1"), served.order("order-2"))
        standing = await served.standing()
        assert (standing.tier, standing.visits, standing.earned_points) == (None, 2, 24)
        assert (await served.command(Release("order-2"))).code == "done"
        assert await held(served) == "gold"
        await served.assert_clean()


@pytest.mark.parametrize(("by", "threshold"), BASES)
async def test_a_dropped_order_lifts_nobody(tmp_path: Path, by: str, threshold: int | str) -> None:
    """What an operator has dropped counts for no tier, by points, money or visits, whatever happens to it or
    comes after it.
    """
    async with Served(tmp_path, extra=rules(HOLD, basis(by), tier("gold", threshold))) as served:
        await served.take(served.order("order-1"), served.order("order-2"))
        assert (await served.command(Drop("order-2"))).code == "done"
        assert ((await served.standing()).visits, await held(served)) == (2, None)
        served.later(days=1)
        await served.take(served.order("order-3", "1000"), served.order("order-3", status="canceled"))
        await served.take(served.order("order-2", "1000", status="refunded", refund_id="a"))
        assert await held(served) is None
        new = await moved_to(served)
        await served.take(served.order("order-2", status="canceled"))
        assert await held(served, new) is None
        served.later(days=1)
        await served.take(served.order("order-4"))
        assert await held(served, new) == "gold"
        await served.assert_clean()


async def test_it_counts_on_the_day_of_its_payment(tmp_path: Path) -> None:
    """A tier of the last 30 days: a held order of the first day that is released on the 29th counts for a day more."""
    extra = rules(HOLD, basis("points", window="30d"), tier("gold", 20))
    async with Served(tmp_path, extra=extra) as served:
        served.set_clock("2027-05-01 12:00")
        await served.take(served.order("order-1"), served.order("order-2"))
        served.set_clock("2027-05-29 12:00")
        await served.command(Release("order-2"))
        assert await held(served) == "gold"
        served.set_clock("2027-05-31 00:00")
        await served.sweep()
        assert await held(served) is None
        await served.assert_clean()


@pytest.mark.parametrize("released", [True, False])
@pytest.mark.parametrize(("by", "threshold"), BASES)
async def test_what_is_held_moves_with_its_key(
    tmp_path: Path, by: str, threshold: int | str, released: bool
) -> None:  # fmt: skip
    """Bug 50: a held order of a key that was replaced counts for the new one when it is released, and not before."""
    async with Served(tmp_path, extra=rules(HOLD, basis(by), tier("gold", threshold))) as served:
        await served.take(served.order("order-1"), served.order("order-2"))
        new = await moved_to(served)
        assert await held(served, new) is None
        last = new_key().public
        assert (await served.command(Relink(new, last))).code == "done"
        await served.command(Release("order-2") if released else Drop("order-2"))
        assert await held(served, last) == ("gold" if released else None)
        assert (await served.standing(last)).visits == 2
        await served.assert_clean()


@pytest.mark.parametrize(("by", "expected"), [("points", None), ("spend", "gold"), ("visits", "gold")])
async def test_what_vests_counts_as_money_and_visit_at_once(tmp_path: Path, by: str, expected: str | None) -> None:
    """A delivery was paid, and counts as a visit; its points count for a tier by points when they are there."""
    threshold = dict(BASES)[by] if by != "visits" else 1
    async with Served(tmp_path, extra=rules(basis(by), tier("gold", threshold), vest="3d")) as served:
        await served.take(delivered(served, "order-1", "20000"))
        assert await held(served) == expected
        served.later(days=3)
        await served.sweep()
        assert await held(served) == "gold"
        await served.assert_clean()


async def test_a_delivery_that_is_released_counts_as_one(tmp_path: Path) -> None:
    """A held delivery, released before its time: its money counts from then on, without waiting for its points."""
    extra = rules(HOLD, basis("spend"), tier("gold", "20000 sat"), vest="3d")
    async with Served(tmp_path, extra=extra) as served:
        await served.take(served.order("order-1"), delivered(served, "order-2"))
        assert await held(served) is None
        await served.command(Release("order-2"))
        assert (await held(served), await served.balance()) == ("gold", 12)
        await served.assert_clean()


async def test_caps_count_what_waits(tmp_path: Path) -> None:
    """A day's cap is used up by points that wait for an operator or for their time as well."""
    extra = rules(HOLD, tier("gold", 20), table("cap", points=20, period="day"), vest="3d")
    async with Served(tmp_path, extra=extra) as served:
        await served.take(delivered(served, "order-1"), served.order("order-2"), served.order("order-3"))
        for order in ("order-2", "order-3"):
            await served.command(Release(order))
        served.later(days=3)
        await served.sweep()
        assert sorted(await served.moved()) == [8, 12]
        assert await held(served) == "gold"
        await served.assert_clean()


async def test_the_way_to_the_next_tier_does_not_count_it(tmp_path: Path) -> None:
    """What a letter says of the way to a tier is what counts."""
    async with Served(tmp_path, extra=rules(HOLD, tier("gold", 20))) as served:
        await served.take(served.order("order-1"), served.order("order-2"))
        (answer,) = await served.write(served.guest, "balance")
        assert "8 points more to Gold" in answer.text
