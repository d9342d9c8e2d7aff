"""Which notices come: `notify all`, `important`, `off`. Each flips, and answers to one's own words always come."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from tests.unit.nostr_loyalty.house import House, house
from tests.unit.nostr_loyalty.served import table, tier
from tests.venue import new_key

Happening = Callable[[House], Awaitable[object]]


async def _earned(place: House) -> None:
    await place.served.deliver(place.served.order("order-3", "1000"))


async def _granted(place: House) -> None:
    await place.says("owner", "grant {guest} 5")


async def _friend(place: House) -> None:
    friend = new_key()
    await place.says("guest", f"refer {friend.public}")
    await place.served.take(place.served.order("friend", "1000", customer=friend.public))
    place.served.later(days=8)
    await place.served.promises()
    await place.served.sweep()


async def _redeemed(place: House) -> None:
    await place.says("staff", "redeem {guest} coffee")


async def _revoked(place: House) -> None:
    await place.says("owner", "revoke {guest} 5")


async def _refunded(place: House) -> None:
    await place.served.deliver(place.served.order("order-2", "20000", status="refunded"))


async def _given_back(place: House) -> None:
    await place.says("staff", "redeem {guest} coffee")
    place.served.others = []
    place.served.later(days=31)
    await place.served.sweep()


async def _runs_out(place: House) -> None:
    place.served.later(days=80)
    await place.served.sweep()


async def _ran_out(place: House) -> None:
    await _runs_out(place)
    await place.served.promises()
    place.served.later(days=12)
    await place.served.sweep()


async def _reached(place: House) -> None:
    await place.served.deliver(place.served.order("order-3", "40000"))


async def _at_risk(place: House) -> None:
    place.served.later(days=40)
    await place.served.sweep()


async def _lost(place: House) -> None:
    await _at_risk(place)
    await place.served.promises()
    place.served.later(days=6)
    await place.served.sweep()


async def _safe(place: House) -> None:
    await _at_risk(place)
    await place.served.promises()
    await place.served.deliver(place.served.order("order-3", "60000"))


WINDOW = table("tier_basis", by="points", window="30d", grace="5d")

# what happens, what is said of it, in which words, whether it is important
NOTICES: dict[str, tuple[Happening, str, bool]] = {
    "points earned": (_earned, "+1 point at Café Sol", False),
    "a grant": (_granted, "+5 points at Café Sol", False),
    "a friend": (_friend, "+7 points at Café Sol", False),
    "a tier reached": (_reached, "You have reached Top", False),
    "a tier safe": (_safe, "is safe again", False),
    "a redemption": (_redeemed, "-10 points at Café Sol", True),
    "a revocation": (_revoked, "-5 points at Café Sol", True),
    "a refund": (_refunded, "-20 points at Café Sol", True),
    "a code that ran out": (_given_back, "+10 points at Café Sol", True),
    "points about to run out": (_runs_out, "then they run out", True),
    "points that ran out": (_ran_out, "-40 points at Café Sol", True),
    "a tier at risk": (_at_risk, "unless you come again in time", True),
    "a tier lost": (_lost, "has ended", True),
}


@pytest.mark.parametrize("wanted", ["all", "important", "off"])
@pytest.mark.parametrize("notice", NOTICES)
async def test_each_notice_flips(tmp_path: Path, notice: str, wanted: str) -> None:
    """It comes to who wants all, or wants what is important and it is that; never to who wants none."""
    happens, words, important = NOTICES[notice]
    tables = (tier("top", 100), WINDOW) if "tier" in notice else (tier("top", 100),)
    keys: dict[str, Any] = {"ttl": "90d"} if "out" in notice else {}
    async with house(tmp_path, "private", *tables, **keys) as place:
        await place.says("guest", f"notify {wanted}")
        await place.served.promises()
        await happens(place)
        told = [*place.heard("guest"), *await place.served.told()]
        comes = wanted == "all" or (wanted == "important" and important)
        assert any(words in text for text in told) == comes, told
        if wanted == "off":
            assert told == []


async def test_what_one_asks_is_always_answered(tmp_path: Path) -> None:
    """With notices off a code still comes with its command, and so does every other answer."""
    async with house(tmp_path) as place:
        await place.says("guest", "notify off")
        answer = await place.says("guest", "redeem coffee")
        assert answer.tag("voucher") is not None
        assert place.heard("guest") == []
        assert (await place.says("guest", "balance")).tag("balance") == "50"
        await place.says("guest", "notify all")
        await place.says("guest", f"cancel {answer.tag('voucher')}")
        assert place.heard("guest") == ["+10 points at Café Sol, balance 60"]


async def test_notices_are_all_there_is_until_it_is_chosen(tmp_path: Path) -> None:
    """A guest who chose nothing is told of everything; a choice outlives a restart."""
    async with house(tmp_path) as place:
        await _granted(place)
        assert len(place.heard("guest")) == 1
        await place.says("guest", "notify off")
    async with place.served.again() as served:
        later = place._replace(served=served)
        await _granted(later)
        assert later.heard("guest") == []
