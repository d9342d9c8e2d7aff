"""Who may have which reward: stock, limits, tiers, dates."""

from pathlib import Path
from typing import Any

import orjson
import pytest

from nostr_loyalty.commands.command import Cancel, Grant, Redeem, Use
from tests.unit.nostr_loyalty.served import Served, reward, rules, tier
from tests.venue import new_key


async def codes(served: Served, times: int, reward_id: str = "coffee", customer: str | None = None) -> list[str]:
    """What becomes of so many attempts to redeem a reward."""
    return [(await served.asks(Redeem(reward_id), customer)).code for _ in range(times)]


async def test_what_is_gone_is_gone(tmp_path: Path) -> None:
    """Bug 28: so many in all, whoever has them; cancelled or out of time one is to be had again, used it is not."""
    async with Served(tmp_path, extra=rules(reward(cost=1, stock=2, hold="1d"))) as served:
        other = new_key().public
        await served.take(served.order("order-1"), served.order("order-2", customer=other))
        first = await served.asks(Redeem("coffee"))
        assert await codes(served, 2, customer=other) == ["done", "reward-sold-out"]
        await served.asks(Cancel(str(first.facts["voucher"])))
        second = await served.asks(Redeem("coffee"))
        await served.command(Use(str(second.facts["voucher"])))
        assert await codes(served, 1) == ["reward-sold-out"]
        served.later(days=2)
        assert await codes(served, 1) == ["reward-sold-out"]
        await served.sweep()
        assert await codes(served, 2) == ["done", "reward-sold-out"]
        await served.assert_clean()


async def test_a_stock_changes_with_the_rules(tmp_path: Path) -> None:
    """More are put out, fewer, none, any number: what is out already counts."""
    async with Served(tmp_path, extra=rules(reward(cost=1, stock=1))) as served:
        await served.take(served.order("order-1", "50000"))
        assert await codes(served, 2) == ["done", "reward-sold-out"]
    for stock, expected in (
        (3, ["done", "done", "reward-sold-out"]),
        (1, ["reward-sold-out"] * 3),
        (0, ["reward-sold-out"] * 3),
    ):
        async with served.with_rules(reward(cost=1, stock=stock)) as served:
            assert await codes(served, 3) == expected
    async with served.with_rules(reward(cost=1)) as served:
        assert await codes(served, 3) == ["done"] * 3
        await served.assert_clean()


async def test_a_stock_below_what_is_out(tmp_path: Path) -> None:
    """A stock that was cut below what is out stops nothing but redeeming: vouchers are used, cancelled, run out."""
    async with Served(tmp_path, extra=rules(reward(cost=1, hold="1d"))) as served:
        await served.take(served.order("order-1"))
        vouchers = [str((await served.asks(Redeem("coffee"))).facts["voucher"]) for _ in range(4)]
    async with served.with_rules(reward(cost=1, stock=1, hold="1d")) as later:
        assert (await later.command(Use(vouchers[0]))).code == "done"
        assert (await later.asks(Cancel(vouchers[1]))).code == "done"
        later.later(days=2)
        assert (await later.sweep())["vouchers"] == 2
        assert await codes(later, 1) == ["reward-sold-out"]
        await later.assert_clean()


@pytest.mark.parametrize(
    ("period", "before", "after"),
    [
        ("day", "2027-05-02 23:59", "2027-05-03 00:00"), ("week", "2027-05-02 23:59", "2027-05-03 00:00"),
        ("month", "2027-05-31 23:59", "2027-06-01 00:00"),
    ],
)  # fmt: skip
async def test_so_often_in_a_period(tmp_path: Path, period: str, before: str, after: str) -> None:
    """Bug 27: as often as the limit says within the venue's local day, week from Monday, or month; each customer for
    itself; what was cancelled does not count.
    """
    extra = rules(reward(cost=1, limit=2, limit_period=period))
    async with Served(tmp_path, extra=extra) as served:
        other = new_key().public
        served.set_clock(before)
        await served.take(served.order("order-1"), served.order("order-2", customer=other))
        first = await served.asks(Redeem("coffee"))
        assert await codes(served, 2) == ["done", "reward-limit-reached"]
        assert await codes(served, 1, customer=other) == ["done"]
        await served.asks(Cancel(str(first.facts["voucher"])))
        assert await codes(served, 2) == ["done", "reward-limit-reached"]
        served.set_clock(after)
        assert await codes(served, 3) == ["done", "done", "reward-limit-reached"]
        await served.assert_clean()


async def test_once_in_a_life(tmp_path: Path) -> None:
    """A limit without a period holds for ever; one that is raised leaves room."""
    async with Served(tmp_path, extra=rules(reward(cost=1, limit=1))) as served:
        await served.take(served.order("order-1"))
        assert await codes(served, 1) == ["done"]
        served.later(days=1_000)
        assert await codes(served, 1) == ["reward-limit-reached"]
    async with served.with_rules(reward(cost=1, limit=3)) as later:
        assert await codes(later, 3) == ["done", "done", "reward-limit-reached"]
    async with later.with_rules(reward(cost=1)) as free:
        assert await codes(free, 2) == ["done"] * 2
        await free.assert_clean()


async def test_a_reward_for_a_tier(tmp_path: Path) -> None:
    """Below its tier it is refused, at it and above it is not; spending costs nobody the tier (Bug 60)."""
    extra = rules(tier("silver", 10), tier("gold", 20), reward(cost=1, min_tier="silver"))
    async with Served(tmp_path, extra=extra) as served:
        await served.take(served.order("order-1", "9000"))
        outcome = await served.asks(Redeem("coffee"))
        assert (outcome.code, "Silver or higher" in outcome.text) == ("reward-needs-tier", True)
        await served.command(Grant(served.guest.public, 50))
        assert await codes(served, 1) == ["reward-needs-tier"]
        await served.take(served.order("order-2", "1000"))
        assert await codes(served, 5) == ["done"] * 5
        await served.take(served.order("order-3", "11000"))
        assert await codes(served, 1) == ["done"]
        assert (await served.standing()).tier == "gold"
        await served.assert_clean()


@pytest.mark.parametrize(
    ("at", "code"),
    [
        ("2027-03-27 23:59:59", "reward-not-yet"), ("2027-03-28 00:00:00", "done"), ("2027-10-31 23:59:59", "done"),
        ("2027-11-01 00:00:00", "reward-no-longer"),
    ],
)  # fmt: skip
async def test_a_reward_has_its_days(tmp_path: Path, at: str, code: str) -> None:
    """Bug 35: from the start of its first local day to the end of its last, on days when the clocks change too."""
    dated = reward(cost=1, valid_from="2027-03-28", valid_until="2027-10-31")
    async with Served(tmp_path, extra=rules(dated)) as served:
        await served.take(served.order("order-1"))
        served.set_clock(at)
        assert await codes(served, 1) == [code]


async def test_a_paused_program_lets_spend(tmp_path: Path) -> None:
    """Paused or ended, the program still gives what was earned."""
    async with Served(tmp_path, extra=rules(reward())) as served:
        await served.take(served.order("order-1", "30000"))
    for status in ("paused", "ended"):
        async with served.with_rules(reward(), status=status) as served:
            assert await codes(served, 1) == ["done"]
            await served.assert_clean()


async def test_a_refusal_leaves_nothing(tmp_path: Path) -> None:
    """After a refused redemption nothing is promised and nothing has moved; it can be asked again with the same ref."""
    async with Served(tmp_path, extra=rules(reward(cost=13))) as served:
        await served.take(served.order("order-1"))
        ref = "ab" * 32
        assert (await served.asks(Redeem("coffee"), ref=ref)).code == "points-missing"
        assert await served.promises() == []
        await served.command(Grant(served.guest.public, 1))
        assert (await served.asks(Redeem("coffee"), ref=ref)).code == "done"
        await served.assert_clean()


async def line_of(served: Served, order: str, **more: Any) -> str:
    """What the order monitor reads of an order of 1000 sat."""
    await served.take(served.order(order, "1000", **more))
    async with served.database.read() as r:
        rows = await r.rows("SELECT recipe FROM outbox WHERE label = 'answer' ORDER BY id DESC LIMIT 1")
    return str(orjson.loads(rows[0][0])["text"])


async def test_the_monitor_names_what_can_be_had(tmp_path: Path) -> None:
    """The line for the order monitor promises nothing that the guest would be refused: what is sold out, out of season,
    had as often as one may, or for a higher tier; it is named again when it is there again.
    """
    rewards = [
        reward("rare", 2, stock=1), reward("weekly", 3, limit=1, limit_period="week"),
        reward("gone", 4, valid_until="2027-04-30"), reward("noble", 5, min_tier="gold"),
        reward("cake", 50),
    ]  # fmt: skip
    async with Served(tmp_path, extra=rules(tier("gold", 1_000), *rewards)) as served:
        served.set_clock("2027-05-03 12:00")
        await served.command(Grant(served.guest.public, 20))
        assert "enough for Weekly" in await line_of(served, "order-1")
        await served.asks(Redeem("weekly"))
        assert "enough for Rare" in await line_of(served, "order-2")
        rare = str((await served.asks(Redeem("rare"))).facts["voucher"])
        assert "to Cake" in await line_of(served, "order-3")
        await served.command(Use(rare, order="order-3"))
        text = await line_of(served, "order-3", status="canceled")  # the rare one is back with it
        assert "enough for Rare" in text
        served.set_clock("2027-05-10 12:00")
        assert "enough for Weekly" in await line_of(served, "order-4")
        await served.assert_clean()
