"""What a refused command leaves behind (nothing), and what a dropped or forgiven order leaves (no second bonus)."""

from pathlib import Path

import pytest

from nostr_loyalty.commands.command import Claim, Command, Drop, Redeem, Refer, Relink, Use
from tests.unit.nostr_loyalty.served import Served, earn, reward, rules, table
from tests.venue import new_key

STRANGER, FRIEND = new_key().public, new_key().public
FRIENDS = rules(earn("referral", 5, friend_points=5, vest="7d"))


async def customers(served: Served) -> int:
    """How many the ledger knows."""
    async with served.database.read() as r:
        return len(await r.rows("SELECT id FROM standing"))


@pytest.mark.parametrize(
    ("command", "by_guest"),
    [(Refer(FRIEND), True), (Refer(STRANGER), True), (Claim("x" * 20), True), (Relink(STRANGER, FRIEND), False)],
)
async def test_a_refused_command_makes_nobody_known(tmp_path: Path, command: Command, *, by_guest: bool) -> None:
    """A stranger's commands, and those about strangers, leave no customer behind."""
    async with Served(tmp_path, extra=FRIENDS) as served:
        outcome = await (served.asks(command, STRANGER) if by_guest else served.command(command))
        assert outcome.code != "done"
        assert await customers(served) == 0


async def test_a_known_customer_who_is_refused(tmp_path: Path) -> None:
    """Bringing one friend too many is refused, and the key that was named stays unknown; the first one is known."""
    async with Served(tmp_path, extra=rules(earn("referral", 5, friend_points=5, cap=1))) as served:
        await served.take(served.order("one"))
        assert (await served.asks(Refer(FRIEND))).code == "done"
        assert (await served.asks(Refer(STRANGER))).code == "referral-cap"
        assert await customers(served) == 2


async def test_a_dropped_order_brings_nobody_points(tmp_path: Path) -> None:
    """The friend's first order was held and is dropped: the referral waits for the next one."""
    extra = FRIENDS + "\n" + table("guard", customer_orders=1, action="hold").replace("[[", "[").replace("]]", "]")
    async with Served(tmp_path, extra=extra) as served:
        await served.take(served.order("mine"))
        assert (await served.asks(Refer(FRIEND))).code == "done"
        await served.take(served.order("f1", customer=FRIEND), served.order("f1", customer=FRIEND, status="canceled"))
        await served.take(served.order("f2", customer=FRIEND))
        assert (await served.command(Drop("f2"))).code == "done"
        served.later(days=8)
        assert (await served.sweep())["referrals"] == 0
        await served.take(served.order("f3", customer=FRIEND))
        served.later(days=8)
        assert (await served.sweep())["referrals"] == 1


async def test_a_forgiven_welcome_is_the_only_one(tmp_path: Path) -> None:
    """Where debts are forgiven, ordering, spending the bonus and cancelling brings no new bonus (Bug 14)."""
    extra = rules(earn("welcome", 10), reward("coffee", 10), deficit="clamp")
    async with Served(tmp_path, extra=extra) as served:
        await served.take(served.order("o1", "1000"))
        outcome = await served.asks(Redeem("coffee"))
        await served.command(Use(str(outcome.facts["voucher"])))
        for name in ("o1", "o2", "o3"):
            await served.take(served.order(name, "1000"), served.order(name, "1000", status="canceled"))
        await served.take(served.order("o4", "1000"))
        assert await served.balance() == 1
        await served.assert_clean()
