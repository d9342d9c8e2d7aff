"""What the model found about keys that were replaced: friends and referrers who have another key by now."""

from pathlib import Path

from nostr_loyalty.commands.command import Grant, Refer, Relink
from tests.model.house import House, key_of
from tests.model.rules import Referral, Rules, section

ANA, BEN, LEO = (key_of(name).public for name in ("ana", "ben", "leo"))
RULES = Rules(spend={"EUR": (1, 100)}, referral=Referral(10, 4))


async def test_a_friend_who_has_another_key_is_known(tmp_path: Path) -> None:
    """Bug 49: a friend who was brought, and lost the key since, cannot be brought again by the old key's name."""
    house = await House(tmp_path, section(RULES), 1_800_000_000).open()
    try:
        await house.do(Grant(ANA, 5))
        assert (await house.do(Refer(BEN), ANA)).code == "done"
        assert (await house.do(Relink(BEN, LEO))).code == "done"
        assert [(await house.do(Refer(key), ANA)).code for key in (BEN, LEO)] == ["referral-known"] * 2
        await house.assert_clean()
    finally:
        await house.close()


async def test_a_refund_finds_a_referrer_who_has_another_key(tmp_path: Path) -> None:
    """Bug 23, 49: the friend's order is taken back after the referrer's key was replaced: the refund is booked, and
    both bonuses are gone.
    """
    house = await House(tmp_path, section(RULES), 1_800_000_000).open()
    try:
        await house.do(Grant(ANA, 5))
        await house.do(Refer(BEN), ANA)
        await house.book(house.order("first", ("7.00", "EUR"), BEN))
        await house.sweep()
        await house.do(Relink(ANA, LEO))
        (answer,) = await house.book(house.order("first", ("7.00", "EUR"), status="canceled"))
        assert answer.result == "accepted"
        balances = await house.rows("SELECT lower(hex(customer)), balance FROM standing")
        assert dict(balances) == {ANA: 0, BEN: 0, LEO: 5}
        await house.assert_clean()
    finally:
        await house.close()
