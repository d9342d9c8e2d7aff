"""Who writes before the first order: its choices hold from the first entry on, and it is welcomed once."""

from pathlib import Path

import pytest

from kinds import registry, vanish
from kinds.event import sign, to_json
from nostr_loyalty.upkeep.outlived import NEWCOMERS_KEPT_S
from tests.unit.nostr_loyalty.guest_life import delivered, places_of
from tests.unit.nostr_loyalty.house import House, house, npub


async def comes(place: House, way: str) -> None:
    """The stranger gets its first points."""
    served = place.served
    match way:
        case "order":
            await served.deliver(served.order("first", "41000", customer=place.stranger.public))
        case "grant":
            await place.says("owner", "grant {stranger} 41")
            return
        case "claim":
            (answer,) = await served.take(served.order("receipt", "41000", customer=None))
            await place.says("stranger", f"claim {answer.claim}")
            return
        case "referral":
            await place.says("guest", "refer {stranger}")
            await served.deliver(served.order("first", "41000", customer=place.stranger.public))
    served.others = await served.sealed()


@pytest.mark.parametrize("way", ["order", "grant", "claim", "referral"])
async def test_share_private_before_the_first_order(tmp_path: Path, way: str) -> None:
    """In a public program nothing ever names the guest in clear: not its first entry, not its card."""
    async with house(tmp_path, "public") as place:
        answer = await place.says("stranger", "share private")
        assert "private from the first one on" in answer.text
        await comes(place, way)
        events = [event for event, _ in place.served.others if event.pubkey == place.served.venue.issuer.public]
        assert registry.CARD in {event.kind for event in events}
        assert registry.ENTRY not in {event.kind for event in events}
        assert not any(place.stranger.public in to_json(event) for event in events)
        assert (await place.served.standing(place.stranger.public)).shares == "private"
        await place.served.assert_clean()


async def test_share_public_before_the_first_order(tmp_path: Path) -> None:
    """In a private program the first entry is public, as it was chosen."""
    async with house(tmp_path, "private") as place:
        await place.says("stranger", "share private")
        await place.says("stranger", "share public")
        await comes(place, "order")
        assert registry.ENTRY in {event.kind for event, _ in place.served.others}


async def test_every_choice_is_kept(tmp_path: Path) -> None:
    """Notices, language, badge: as with the card, and also after a restart; the answers speak the language at once."""
    async with house(tmp_path) as place:
        for text in ("notify important", "badge on", "share private", "language es"):
            assert await place.code("stranger", text) == "answered"
        assert "Aún no tienes" in (await place.says("stranger", "saldo")).text
        assert await place.code("stranger", "language tlh") == "answered"
    async with place.served.again() as served:
        await served.promises()
        await served.deliver(served.order("first", "41000", customer=place.stranger.public))
        standing = await served.standing(place.stranger.public)
        assert (standing.notify, standing.language, standing.badge) == ("important", "es", 1)
        assert (standing.shares, standing.greeted) == ("private", 1)
        assert registry.BADGE_AWARD in {event.kind for event, _ in await served.sealed()}
        (answer,) = await served.write(place.stranger, "hola")
        assert "Te doy la bienvenida" not in answer.text
        async with served.database.read() as r:
            assert await r.rows("SELECT count(*) FROM newcomer") == [(0,)]
        await served.assert_clean()


async def test_the_welcome_is_not_repeated_with_the_card(tmp_path: Path) -> None:
    """Who had it before the first points does not get it again, however they came; what was refused keeps it too."""
    async with house(tmp_path) as place:
        assert "Welcome" in (await place.says("stranger", "help prove")).text
        for text in ("redeem coffee", "claim 0000-0000-0000-0000", "refer {guest}"):
            assert "Welcome" not in (await place.says("stranger", text)).text
        await comes(place, "claim")
        for text in ("balance", "feedback It was good.", "hello"):
            assert "Welcome" not in (await place.says("stranger", text)).text


@pytest.mark.parametrize("by", ["letter", "request"])
async def test_a_newcomer_is_forgotten_at_once(tmp_path: Path, by: str) -> None:
    """There is nothing to lose: by `forget me`, or a request to vanish, no column of any table holds the key."""
    async with house(tmp_path) as place:
        served = place.served
        await place.says("stranger", "share private")
        if by == "letter":
            answer = await place.says("stranger", "forget me")
            assert (answer.code, "Welcome" in answer.text) == ("forgotten", False)
        else:
            event = sign(vanish.template([], served.clock.now(), everywhere=True), place.stranger)
            (answer,) = await served.post(place.stranger, event)
            assert answer.code == "forgotten"
        assert served.let_go == [place.stranger.public]
        await delivered(served.database)
        assert await places_of(served.database, place.stranger) == []


async def test_who_never_wrote_is_not_remembered_by_being_forgotten(tmp_path: Path) -> None:
    """A first message that says `forget me` leaves nothing."""
    async with house(tmp_path) as place:
        assert await place.code("stranger", "forget me yes") == "customer-unknown"
        await delivered(place.served.database)
        assert "newcomer.customer" not in await places_of(place.served.database, place.stranger)


async def test_who_never_comes_is_forgotten(tmp_path: Path) -> None:
    """After half a year without a word the sweep takes out what was chosen, and not a day earlier."""
    async with house(tmp_path) as place:
        served = place.served
        await place.says("stranger", "notify off")
        served.later(seconds=NEWCOMERS_KEPT_S)
        await served.sweep()
        async with served.database.read() as r:
            assert await r.rows("SELECT notify FROM newcomer") == [("off",)]
        served.later(seconds=1)
        await served.sweep()
        async with served.database.read() as r:
            assert await r.rows("SELECT notify FROM newcomer") == []


async def test_a_guest_without_a_card_is_spoken_to_as_such(tmp_path: Path) -> None:
    """Not by its npub, as somebody else; of a reward it is told what it costs. An operator reads whom it asked of."""
    async with house(tmp_path) as place:
        for text in ("balance", "history", "refer {guest}", "prove member to {owner}", "balance {stranger}"):
            said = (await place.says("stranger", text)).text
            assert "You have no card at Café Sol yet" in said
            assert npub(place.stranger)[:10] not in said
        assert (await place.says("stranger", "redeem coffee")).text.endswith("(You have 0 of 10 points)")
        assert npub(place.stranger)[:10] in (await place.says("owner", "balance {stranger}")).text
