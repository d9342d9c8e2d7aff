"""Which notices come: `notify all`, `important`, `off`. Each flips, and answers to one's own words always come."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from kinds.tags import value
from tests.unit.nostr_loyalty.house import House, house
from tests.unit.nostr_loyalty.served import opened, table, tier
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


async def _undone(place: House) -> None:
    await place.says("owner", "grant {guest} 5")
    await place.served.promises()
    await place.says("owner", "undo")


PUBLIC_NOTICES = {name: NOTICES[name] for name in NOTICES if name != "points earned"} | {
    "an undo": (_undone, "-5 points at Café Sol", True)
}


@pytest.mark.parametrize("notice", PUBLIC_NOTICES)
async def test_where_entries_are_public_the_guest_is_told_too(tmp_path: Path, notice: str) -> None:
    """A guest of a public program who chose nothing is told of all but what orders earn; off is off."""
    happens, words, _ = PUBLIC_NOTICES[notice]
    tables = (tier("top", 100), WINDOW) if "tier" in notice else (tier("top", 100),)
    keys: dict[str, Any] = {"ttl": "90d"} if "out" in notice else {}
    for chosen in (None, "off"):
        folder = tmp_path / str(chosen)
        folder.mkdir()
        async with house(folder, "public", *tables, **keys) as place:
            if chosen is not None:
                await place.says("guest", f"notify {chosen}")
            await place.served.promises()
            await happens(place)
            told = [*place.heard("guest"), *await place.served.told()]
            assert any(words in text for text in told) == (chosen is None), told


@pytest.mark.parametrize(("chosen", "told"), [(None, 0), ("important", 0), ("off", 0), ("all", 1)])
async def test_what_orders_earn_in_public_is_told_to_who_asked(tmp_path: Path, chosen: str | None, told: int) -> None:
    """An order leads to its public entry, and to a word only where the guest wrote `notify all`; the word says where
    the entry is, and needs no proof.
    """
    async with house(tmp_path, "public") as place:
        if chosen is not None:
            await place.says("guest", f"notify {chosen}")
        await place.served.deliver(place.served.order("order-3", "1000"))
        sealed = await place.served.sealed()
        (entry,) = [event for event, promised in sealed if promised.label == "entry"]
        words = [opened(event, place.guest) for event, promised in sealed if promised.label == "word"]
        assert [word.text for word in words] == ["+1 point at Café Sol, balance 61"] * told
        assert len(sealed) == 3 + told  # the entry, the answer to the till, the card
        for word in words:
            assert value(word.tags, "e") == entry.id
            assert value(word.tags, "proof") is None
            assert ("notice",) in word.tags


async def test_who_shares_alone_is_told_as_everybody_in_public(tmp_path: Path) -> None:
    """After `share public` in a private program, and the other way round after `share private`."""
    async with house(tmp_path) as place:
        await place.says("guest", "share public")
        await _granted(place)
        assert place.heard("guest") == ["+5 points at Café Sol, balance 65"]
        await _earned(place)
        assert await place.served.told(place.guest) == []
        await place.says("guest", "share private")
        await place.served.deliver(place.served.order("order-4", "1000"))
        assert await place.served.told(place.guest) == ["+1 point at Café Sol, balance 67"]


async def test_who_wrote_before_the_first_order_has_chosen_nothing(tmp_path: Path) -> None:
    """A question before there is a card is no `notify all`: the orders after it lead to no word."""
    async with house(tmp_path, "public") as place:
        await place.says("stranger", "balance")
        await place.served.deliver(place.served.order("order-3", "1000", customer=place.stranger.public))
        assert not any("+1 point" in text for text in await place.served.told(place.stranger))
