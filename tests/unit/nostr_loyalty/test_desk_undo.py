"""Undo: the asker's last command, within its time, once."""

from pathlib import Path
from typing import cast

import pytest

from kinds.keys import npub_encode
from ledger.units import Money
from nostr_loyalty.commands.command import (
    Cancel,
    Command,
    Freeze,
    Grant,
    Redeem,
    Refund,
    Relink,
    Revoke,
    RevokeEntry,
    Undo,
    Unfreeze,
    Use,
)
from tests.unit.nostr_loyalty.served import Served, reward, rules, table
from tests.venue import new_key

OPERATOR, OTHER = new_key().public, new_key().public
REWARDS = rules(reward(), reward("five-euros", 12, type="discount_amount", value="5 EUR"))


async def redeemed(served: Served, reward_id: str = "coffee") -> str:
    """The code of a voucher that the operator has just redeemed for the guest."""
    return str((await served.command(Redeem(reward_id, served.guest.public))).facts["voucher"])


@pytest.mark.parametrize(
    ("command", "moved"),
    [("grant", [20, 5, -5]), ("revoke", [20, -5, 5]), ("redeem", [20, -10, 10])],
)  # fmt: skip
async def test_points_are_as_before(tmp_path: Path, command: str, moved: list[int]) -> None:
    """Bug 5: after the undo of a grant, a revocation or a redemption the balance is what it was, by a new entry."""
    async with Served(tmp_path, extra=REWARDS) as served:
        who = served.guest.public
        await served.take(served.order("order-1", "20000"))
        commands: dict[str, Command] = {
            "grant": Grant(who, 5),
            "revoke": Revoke(who, 5),
            "redeem": Redeem("coffee", who),
        }
        await served.command(commands[command])
        outcome = await served.command(Undo())
        assert (outcome.code, outcome.facts["points"], outcome.facts["balance"]) == ("done", moved[-1], 20)
        assert await served.moved() == moved
        await served.assert_clean()
        assert (await served.command(Undo())).code == "undo-nothing"


async def test_a_voucher_can_be_used_again(tmp_path: Path) -> None:
    """Undoing a use makes the voucher good again, for an hour at least; undoing once more, its redemption."""
    async with Served(tmp_path, extra=rules(reward(hold="1h"))) as served:
        await served.take(served.order("order-1", "20000"))
        code = await redeemed(served)
        served.later(minutes=50)
        await served.command(Use(code, order="order-9"))
        assert (await served.command(Undo())).code == "done"
        served.later(minutes=59)
        await served.take(served.order("order-9", "0"), served.order("order-9", "0", status="canceled"))
        assert await served.balance() == 10
        assert (await served.command(Use(code))).code == "done"
        assert [(await served.command(Undo())).code for _ in range(2)] == ["done", "undo-too-late"]
        served.later(minutes=60)
        assert await served.sweep() == {"vouchers": 1}
        assert await served.balance() == 20
        await served.assert_clean()


async def test_freezing_and_unfreezing(tmp_path: Path) -> None:
    """Each goes back to what was before it, also where it had changed nothing."""
    async with Served(tmp_path) as served:
        who = served.guest.public
        await served.command(Grant(who, 5))
        for commands, frozen in (([Freeze(who)], 0), ([Freeze(who), Freeze(who)], 1), ([Unfreeze(who)], 1)):
            for command in commands:
                await served.command(command)
            await served.command(Undo())
            assert (await served.standing()).frozen == frozen
        await served.assert_clean()


@pytest.mark.parametrize(("seconds", "code"), [(3_600, "done"), (3_601, "undo-too-late")])
async def test_an_hour(tmp_path: Path, seconds: int, code: str) -> None:
    """After the program's time for it nothing is undone."""
    async with Served(tmp_path) as served:
        await served.command(Grant(served.guest.public, 5))
        served.later(seconds=seconds)
        assert (await served.command(Undo())).code == code


async def test_ones_own_commands_only(tmp_path: Path) -> None:
    """Each operator undoes its own last command, however many others came since; several in a row, latest first."""
    async with Served(tmp_path, extra=rules(operators=[npub_encode(OPERATOR)])) as served:
        who = served.guest.public
        for points, actor in ((1, OPERATOR), (2, None), (4, OPERATOR), (8, None)):
            await served.command(Grant(who, points), actor=actor)
        for code in ("done", "done", "undo-nothing"):
            assert (await served.command(Undo(), actor=OPERATOR)).code == code
        assert await served.moved() == [1, 2, 4, 8, -4, -1]
        await served.assert_clean()


async def test_what_cannot_be_undone(tmp_path: Path) -> None:
    """Refund, relink, cancel and an entry that was taken back stay; so does whatever the last command no longer finds:
    a voucher that was used or cancelled, a bill that was smaller, points that were taken back otherwise.
    """
    extra = rules(operators=[npub_encode(OPERATOR)]) + "\n" + REWARDS
    async with Served(tmp_path, extra=extra) as served:
        who = served.guest.public
        await served.take(*(served.order(f"order-{number}", "30000") for number in range(3)))
        await served.command(Grant(OTHER, 1))
        async with served.database.read() as r:
            ((entry,),) = await r.rows("SELECT lower(hex(ref)) FROM entry WHERE id = 1")

        async def undone() -> str:
            return (await served.command(Undo())).code

        for command in (Refund("order-1"), Relink(OTHER, OPERATOR), RevokeEntry(entry), Cancel(await redeemed(served))):
            assert (await served.command(command)).code == "done"
            assert await undone() == "undo-impossible", command
        code = await redeemed(served, "five-euros")
        await served.command(Use(code, Money(250, "EUR")))
        assert await undone() == "undo-impossible"
        outcome = await served.command(Grant(who, 7), actor=OPERATOR)
        await served.command(RevokeEntry(cast("list[str]", outcome.facts["entries"])[0]))
        assert (await served.command(Undo(), actor=OPERATOR)).code == "undo-impossible"
        await served.assert_clean()


async def test_a_redemption_that_went_on(tmp_path: Path) -> None:
    """A voucher that the customer has cancelled, or that was used meanwhile by another operator, is not undone."""
    async with Served(tmp_path, extra=rules(reward(), operators=[npub_encode(OPERATOR)])) as served:
        await served.take(served.order("order-1", "30000"))
        await served.asks(Cancel(await redeemed(served)))
        assert (await served.command(Undo())).code == "undo-impossible"
        await served.command(Use(await redeemed(served)), actor=OPERATOR)
        assert (await served.command(Undo())).code == "undo-impossible"
        assert await served.moved() == [30, -10, 10, -10]
        await served.assert_clean()


@pytest.mark.parametrize(("deficit", "code"), [("allow", "done"), ("clamp", "undo-impossible")])
async def test_a_grant_that_was_spent(tmp_path: Path, deficit: str, code: str) -> None:
    """Undone, a spent grant makes a deficit; where the program clamps there is nothing to take, and it says so."""
    operators = [npub_encode(OPERATOR)]
    async with Served(tmp_path, extra=rules(reward(), deficit=deficit, operators=operators)) as served:
        await served.command(Grant(served.guest.public, 10), actor=OPERATOR)
        await served.command(Use(await redeemed(served)))
        assert (await served.command(Undo(), actor=OPERATOR)).code == code
        assert await served.moved() == ([10, -10, -10] if code == "done" else [10, -10])
        await served.assert_clean()


async def test_a_grant_that_ran_out(tmp_path: Path) -> None:
    """Bug 55: points that have run out, swept or not, are not taken again."""
    async with Served(tmp_path, extra=rules(table("hand", undo="2d"))) as served:
        end = served.clock.now() + 86_400
        await served.command(Grant(served.guest.public, 5, expires_at=end))
        served.later(days=1)
        assert (await served.command(Undo())).code == "undo-impossible"
        assert await served.moved() == [5, -5]
        assert (await served.chain())[-1].type == "expired"
        await served.assert_clean()
