"""What the model found about forgiven points: a voucher that comes back brings back what was forgiven because of it."""

from pathlib import Path

import pytest

from nostr_loyalty.commands.command import Redeem, Relink, RevokeEntry, Undo, Use
from tests.model.house import House, key_of
from tests.model.rules import Reward, Rules, section

ANA, BEN, LEO = (key_of(name).public for name in ("ana", "ben", "leo"))
RULES = Rules(spend={"EUR": (1, 100)}, deficit="clamp", rewards={"tea": Reward(3), "cake": Reward(4)})


@pytest.mark.parametrize("used_on", ["first", "second"])
@pytest.mark.parametrize("together", [True, False])
async def test_forgiven_points_do_not_come_back_with_a_voucher(tmp_path: Path, used_on: str, together: bool) -> None:
    """Bug 14: the points of an order are spent on a voucher that is used on that very order, or on another; all of it
    is paid back, in one batch or in two: nothing is left of either, whatever was forgiven on the way.
    """
    house = await House(tmp_path, section(RULES), 1_800_000_000).open()
    try:
        await house.book(house.order("first", ("4.00", "EUR"), ANA))
        code = (await house.do(Redeem("tea"), ANA)).facts["voucher"]
        await house.book(house.order("second", ("0.50", "EUR"), ANA))
        await house.do(Use(str(code), order=used_on))
        ends = [house.order("first", ("4.00", "EUR"), status="canceled")]
        ends.append(house.order("second", ("0.50", "EUR"), status="canceled"))
        for batch in [ends] if together else [[end] for end in ends]:
            await house.book(*batch)
        assert (await house.row("SELECT balance, deficit FROM standing")) == (0, 0)
        await house.assert_clean()
    finally:
        await house.close()


@pytest.mark.parametrize("lost_after", ["order", "voucher", "use", "cancellation"])
@pytest.mark.parametrize("used_on", ["first", "second"])
async def test_forgiven_points_do_not_come_back_to_another_key(tmp_path: Path, lost_after: str, used_on: str) -> None:
    """Bug 14, 50: the same where the key is replaced on the way, twice: whatever of it stands on whose chain."""
    house = await House(tmp_path, section(RULES), 1_800_000_000).open()
    guest = ANA

    async def lost(now: str) -> str:
        if now != lost_after:
            return guest
        for old, new in ((ANA, BEN), (BEN, LEO)):
            assert (await house.do(Relink(old, new))).code == "done"
        return LEO

    try:
        await house.book(house.order("first", ("4.00", "EUR"), ANA))
        guest = await lost("order")
        code = str((await house.do(Redeem("tea"), guest)).facts["voucher"])
        guest = await lost("voucher")
        await house.book(house.order("second", ("0.50", "EUR"), ANA))
        await house.do(Use(code, order=used_on))
        guest = await lost("use")
        await house.book(house.order("first", ("4.00", "EUR"), status="canceled"))
        guest = await lost("cancellation")
        await house.book(house.order("second", ("0.50", "EUR"), status="canceled"))
        assert await house.rows("SELECT balance, deficit FROM standing WHERE balance <> 0 OR deficit <> 0") == []
        assert await house.row("SELECT clamped FROM paid_order WHERE reference = 'first'") == (0,)
        await house.assert_clean()
    finally:
        await house.close()


async def test_what_is_owed_stays_so_beside_what_was_forgiven(tmp_path: Path) -> None:
    """Bug 14: of ten points three were spent and forgiven, and four held by a voucher, which are owed. The spent ones
    come back: they pay for what was forgiven, not for what is owed, and the held ones, when they come, for that.
    """
    house = await House(tmp_path, section(RULES), 1_800_000_000).open()
    try:
        await house.book(house.order("first", ("10.00", "EUR"), ANA))
        spent, held = [str((await house.do(Redeem(each), ANA)).facts["voucher"]) for each in ("tea", "cake")]
        await house.do(Use(spent, order="second"))
        balances = []
        house.clock.step(60)
        await house.book(house.order("first", ("10.00", "EUR"), status="canceled"))
        balances += await house.row("SELECT balance FROM standing")
        house.clock.step(60)
        await house.do(Use(held, order="third"))
        for order in ("second", "third"):
            await house.book(house.order(order, ("0.50", "EUR"), ANA))
            await house.book(house.order(order, ("0.50", "EUR"), status="canceled"))
            balances += await house.row("SELECT balance FROM standing")
        assert balances == [-4, -4, 0]
        await house.assert_clean()
    finally:
        await house.close()


async def test_an_entry_that_is_taken_back_brings_back_nothing_forgiven(tmp_path: Path) -> None:
    """Bug 14: a redemption that an operator takes back, of a used voucher, is as good as an order's cancellation."""
    house = await House(tmp_path, section(RULES), 1_800_000_000).open()
    try:
        await house.book(house.order("first", ("4.00", "EUR"), ANA))
        outcome = await house.do(Redeem("tea"), ANA)
        await house.do(Use(str(outcome.facts["voucher"])))
        await house.book(house.order("first", ("4.00", "EUR"), status="canceled"))
        (entry,) = outcome.facts["entries"]  # type: ignore[misc] # a list of one
        assert (await house.do(RevokeEntry(str(entry)))).code == "done"
        assert (await house.row("SELECT balance, deficit FROM standing")) == (0, 0)
        await house.assert_clean()
    finally:
        await house.close()


async def test_a_use_is_not_undone_once_points_were_forgiven_because_of_it(tmp_path: Path) -> None:
    """Bug 14: what was forgiven because a voucher was used would come back with the voucher that is not."""
    house = await House(tmp_path, section(RULES), 1_800_000_000).open()
    try:
        await house.book(house.order("first", ("4.00", "EUR"), ANA))
        code = str((await house.do(Redeem("tea"), ANA)).facts["voucher"])
        await house.do(Use(code))
        assert (await house.do(Undo())).code == "done"
        await house.do(Use(code))
        await house.book(house.order("first", ("4.00", "EUR"), status="canceled"))
        assert (await house.do(Undo())).code == "undo-impossible"
        await house.assert_clean()
    finally:
        await house.close()
