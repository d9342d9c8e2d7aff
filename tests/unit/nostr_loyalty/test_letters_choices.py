"""What customers choose by message: who sees their entries and card, and badges. Read as a stranger reads a relay."""

from pathlib import Path
from typing import Any

import pytest

from kinds import badge, card, deletion, registry
from kinds import entry as wire
from kinds.event import Event, to_json
from kinds.tags import value
from tests.unit.nostr_loyalty.house import House, house
from tests.unit.nostr_loyalty.served import opened, proof_of, tier
from tests.unit.nostr_loyalty.shelf import Shelf


class Watched:
    """A house, and a relay's shelf on which everything of it lands."""

    def __init__(self, place: House) -> None:
        self.place = place
        self.shelf = Shelf()

    async def begin(self) -> None:
        """What was promised before."""
        self.shelf.put(event for event, _ in await self.place.served.sealed())

    async def says(self, who: str, text: str, **more: Any) -> str | None:
        """A letter, and what became of it."""
        answer = await self.place.says(who, text, **more)
        self.shelf.put([*(event for event, _ in self.place.served.others), answer.carrier])
        return answer.code

    async def order(self, order_id: str, sat: int) -> None:
        """An order of the guest."""
        self.place.served.later(seconds=1)
        await self.place.served.deliver(self.place.served.order(order_id, str(sat)))
        await self.begin()

    def cards(self) -> list[Event]:
        """The guest's public cards: whatever names it."""
        return [event for event in self.shelf.of(registry.CARD) if value(event.tags, "p") == self.place.guest.public]

    def proofs(self) -> list[Event]:
        """The entries in the guest's notices."""
        guest = self.place.guest
        wraps = [one for one in self.shelf.of(registry.GIFT_WRAP) if value(one.tags, "p") == guest.public]
        messages = [opened(one, guest) for one in wraps]
        entries = [proof_of(one) for one in messages if value(one.tags, "proof") is not None]
        return sorted(entries, key=lambda one: int(value(one.tags, "seq") or 0))


async def watched(place: House) -> Watched:
    """The same house, watched from now on; the guest has a third order."""
    found = Watched(place)
    await found.order("order-3", 5_000)
    return found


async def test_going_public(tmp_path: Path) -> None:
    """The very entries of the notices appear, ids and signatures the same, as a chain with its card."""
    async with house(tmp_path) as place:
        see = await watched(place)
        await see.says("owner", "grant {guest} 7")
        before = see.proofs()
        (private,) = see.shelf.of(registry.CARD)
        assert await see.says("guest", "share public") == "answered"
        shown = sorted(see.shelf.of(registry.ENTRY), key=lambda one: int(value(one.tags, "seq") or 0))
        assert shown[2:] == before
        wire.verify_chain(shown)
        (public,) = see.shelf.of(registry.CARD)
        assert (card.parse(public).points, card.parse(public).head) == (72, shown[-1].id)
        assert private not in see.shelf.of(registry.CARD)
        await see.order("order-4", 1_000)
        assert len(see.shelf.of(registry.ENTRY)) == 5
        assert see.proofs() == before, "what is public is not told in a message"
        await place.served.assert_clean()


async def test_going_private(tmp_path: Path) -> None:
    """Of what was public nothing is left, and no request to delete names the guest; its next entries are private."""
    async with house(tmp_path, "public") as place:
        see = Watched(place)
        await see.order("order-3", 5_000)
        assert see.shelf.names(place.guest.public)
        assert await see.says("guest", "share private") == "answered"
        _assert_gone(see)
        await see.order("order-4", 1_000)
        assert see.shelf.of(registry.ENTRY) == []
        (entry,) = see.proofs()
        assert ("-",) in entry.tags
        (private,) = see.shelf.of(registry.CARD)
        assert [tag[0] for tag in private.tags] == ["d"]
        await place.served.assert_clean()


def _assert_gone(see: Watched) -> None:
    """Nothing on the shelf names the guest in clear, and what asks for that does not either."""
    guest = see.place.guest.public
    assert see.shelf.names(guest) == []
    requests = [event for event in see.shelf.ever if event.kind == registry.DELETION]
    assert requests
    assert not any(guest in to_json(event) or see.place.guest.public[:16] in to_json(event) for event in requests)
    assert all(deletion.parse(event).author == see.place.served.venue.issuer.public for event in requests)


@pytest.mark.parametrize("visibility", ["private", "public"])
async def test_to_and_fro(tmp_path: Path, visibility: str) -> None:
    """All within a few seconds, with orders between: what everybody sees is the last choice, and one card at a time."""
    async with house(tmp_path, visibility) as place:
        see = Watched(place)
        await see.begin()
        names = set()
        for round_ in range(3):
            await see.says("guest", "share private")
            await see.order(f"private-{round_}", 1_000)
            assert see.shelf.names(place.guest.public) == []
            (one,) = see.shelf.of(registry.CARD)
            names.add(value(one.tags, "d"))
            await see.says("guest", "share public")
            await see.order(f"public-{round_}", 1_000)
            (one,) = see.shelf.of(registry.CARD)
            assert card.parse(one).points == 62 + 2 * round_
        assert len(names) == 3, "a card that was taken down and comes back has another name"
        await place.served.assert_clean()


@pytest.mark.parametrize("visibility", ["private", "public"])
async def test_what_is_so_already(tmp_path: Path, visibility: str) -> None:
    """Chosen again, nothing is published and nothing deleted; the choice holds when the program changes its mind."""
    async with house(tmp_path, visibility) as place:
        see = await watched(place)
        before = len(see.shelf.ever)
        assert await see.says("guest", f"share {visibility}") == "answered"
        assert await see.says("guest", f"share {visibility}") == "answered"
        assert [event.kind for event in see.shelf.ever[before:]] == [registry.GIFT_WRAP] * 2
    place.served.venue.visibility = "public" if visibility == "private" else "private"
    place.served.venue.write_config()
    async with place.served.again() as served:
        await served.promises()
        await served.deliver(served.order("later", "1000"))
        entries = [event for event, promised in await served.sealed() if promised.label in ("entry", "notice")]
        assert [event.kind for event in entries] == [1059 if visibility == "private" else 7411]


@pytest.mark.parametrize("text", ["share private", "forget me yes"])
async def test_a_program_that_was_public(tmp_path: Path, text: str) -> None:
    """Its customers' entries are still there when it has become private: they go when the customer says so."""
    async with house(tmp_path, "public") as place:
        see = Watched(place)
        await see.order("order-3", 5_000)
    place.served.venue.visibility = "private"
    place.served.venue.write_config()
    async with place.served.again() as served:
        see.place = place._replace(served=served)
        await see.begin()
        assert see.shelf.names(place.guest.public)
        await see.says("guest", text)
        _assert_gone(see)
        await served.assert_clean()


async def test_several_changes_in_one_second(tmp_path: Path) -> None:
    """Bug 69: a card may be dated ahead of the clock by the changes of a busy second; it goes all the same."""
    for way in ("share public", "forget me yes"):
        folder = tmp_path / way[:5]
        folder.mkdir()
        async with house(folder) as place:
            see = Watched(place)
            for number in range(30):
                await place.served.deliver(place.served.order(f"o{number}", "1000"))
            await see.begin()
            (private,) = see.shelf.of(registry.CARD)
            assert private.created_at > place.served.clock.now() + 20
            await see.says("guest", way)
            assert private.id not in see.shelf.events


@pytest.mark.parametrize("visibility", ["private", "public"])
async def test_what_was_withdrawn_stays_so(tmp_path: Path, visibility: str) -> None:
    """A relay refuses an id that was deleted: such entries are not promised again, and the answer says which; what was
    private in between is shown, and goes with the next change of mind.
    """
    async with house(tmp_path, visibility) as place:
        see = Watched(place)
        await see.order("order-3", 5_000)
        first = await place.says("guest", "share public")
        assert "number" not in first.text
        assert "cannot be shown again" in first.text
        see.shelf.put(event for event, _ in place.served.others)
        shown = {one.id for one in see.shelf.of(registry.ENTRY)}
        warned = await place.says("guest", "share private")
        assert "cannot be taken back" in warned.text
        see.shelf.put(event for event, _ in place.served.others)
        await see.order("between", 1_000)
        last = max(int(value(one.tags, "seq") or 0) for one in see.shelf.ever if one.id in shown)
        again = await place.says("guest", "share public")
        assert f"number {last} stay private" in again.text
        see.shelf.put(event for event, _ in place.served.others)
        assert see.shelf.refused == [], "nothing is promised that relays refuse"
        assert [value(one.tags, "seq") for one in see.shelf.of(registry.ENTRY)] == [str(last + 1)]
        (public,) = see.cards()
        assert card.parse(public).seq == last + 1
        await see.says("guest", "share private")
        _assert_gone(see)
        asked = [id_ for one in see.shelf.ever if one.kind == registry.DELETION for id_ in deletion.parse(one).events]
        assert len(asked) == len(set(asked)), "what was withdrawn is not withdrawn again"
        await see.says("guest", "share public")
        assert (see.shelf.refused, see.shelf.of(registry.ENTRY)) == ([], [])
        await place.served.assert_clean()


async def test_the_answer_says_where_the_card_is(tmp_path: Path) -> None:
    """Nobody can guess a private card's name: after each change the answer says it, also where nothing changes."""
    async with house(tmp_path) as place:
        see = await watched(place)
        for text in ("share public", "share private", "share private", "share public"):
            answer = await place.says("guest", text)
            see.shelf.put(event for event, _ in place.served.others)
            (one,) = see.shelf.of(registry.CARD)
            assert answer.tag("card") == f"37412:{one.pubkey}:{value(one.tags, 'd')}"


async def test_share_before_there_is_a_card(tmp_path: Path) -> None:
    """A stranger has nothing to share yet: nothing is published by it."""
    async with house(tmp_path) as place:
        for text in ("share public", "share private", "notify off", "badge on", "badge off", "language es"):
            assert await place.code("stranger", text) == "answered"
            assert place.served.others == []


async def test_badges_for_who_asked(tmp_path: Path) -> None:
    """Nobody gets one unasked; who asks gets that of its tier, once, and the next ones as they are reached."""
    async with house(tmp_path, "private", tier("top", 100)) as place:
        see = await watched(place)
        assert see.shelf.of(registry.BADGE_AWARD) == []
        for text in ("badge on", "badge off", "badge on", "badge on"):
            place.served.later(seconds=1)  # an award of another second would be another one
            assert await see.says("guest", text) == "answered"
            assert len(see.shelf.of(registry.BADGE_AWARD)) == (text == "badge on")
        assert see.shelf.refused == []
        (silver,) = see.shelf.of(registry.BADGE_AWARD)
        assert badge.parse_award(silver).badge.endswith(":cafe-sol:silver")
        assert badge.parse_award(silver).receivers == (place.guest.public,)
        await see.order("order-4", 40_000)
        assert [badge.parse_award(one).badge.rpartition(":")[2] for one in see.shelf.of(registry.BADGE_AWARD)] == [
            "silver", "top",
        ]  # fmt: skip
        await see.says("guest", "forget me yes")
        assert see.shelf.of(registry.BADGE_AWARD) == []
        _assert_gone(see)


@pytest.mark.parametrize("off", ["badge off", "share private"])
async def test_badges_chosen_again_within_a_second(tmp_path: Path, off: str) -> None:
    """Each award is another one: relays that deleted the ones before take it."""
    async with house(tmp_path, "private") as place:
        see = await watched(place)
        now = place.served.clock.now()
        for number, spelled in enumerate((str.lower, str.upper, str.capitalize)):  # the same words are one letter
            for text in ("badge on", off):
                place.served.clock.step(-1)  # which a letter takes
                await see.says("guest", spelled(text))
                dates = [award.created_at for award in see.shelf.of(registry.BADGE_AWARD)]
                assert dates == ([now + number] if text == "badge on" else [])
        assert place.served.clock.now() == now
        await see.says("guest", "badge on")
        assert len(see.shelf.of(registry.BADGE_AWARD)) == 1
        assert see.shelf.refused == []


@pytest.mark.parametrize("text", ["badge off", "share private"])
async def test_no_badges_any_more(tmp_path: Path, text: str) -> None:
    """Relays are asked to delete those that there are, by a request that names nobody; a tier that is reached later
    brings none.
    """
    async with house(tmp_path, "private", tier("top", 100)) as place:
        see = await watched(place)
        await see.says("guest", "badge on")
        assert len(see.shelf.of(registry.BADGE_AWARD)) == 1
        await see.says("guest", text)
        _assert_gone(see)
        await see.order("order-4", 40_000)
        assert see.shelf.of(registry.BADGE_AWARD) == []
        await place.served.assert_clean()
