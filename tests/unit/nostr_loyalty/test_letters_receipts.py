"""Receipts that a guest asks for again: what notices kept back, and what was public and is not any more."""

from pathlib import Path

from kinds import entry as wire
from kinds import gift_wrap
from kinds.event import Event, parse_event, rumor_json, verify
from kinds.tags import all_of, value
from tests.unit.nostr_loyalty.house import House, house
from tests.unit.nostr_loyalty.served import opened


def receipts(place: House) -> list[Event]:
    """The signed entries that came beside the last answer, verified, in the order in which they came."""
    found = []
    for event, promised in place.served.others:
        if promised.label == "receipts":
            message = opened(event, place.guest)
            assert len(rumor_json(gift_wrap.unwrap(event, place.guest)).encode()) < 7_168
            assert (value(message.tags, "answer"), ("notice",) in message.tags) == (None, True)
            found += [verify(parse_event(text)) for _, text in all_of(message.tags, "proof")]
    return found


async def test_what_was_kept_back_comes_when_it_is_asked_for(tmp_path: Path) -> None:
    """With notices off nothing is sent; `history` brings the whole chain, signed, and where the card is."""
    async with house(tmp_path) as place:
        await place.says("guest", "notify off")
        for number in range(12):
            await place.served.take(place.served.order(f"o{number}", "1000"))
        answer = await place.says("guest", "history 100")
        assert answer.tag("seq") == "14"
        chain = receipts(place)
        wire.verify_chain(chain)
        assert [wire.parse(each).seq for each in chain] == list(range(1, 15))
        card = (await place.says("guest", "share private")).tag("card")
        assert answer.tag("card") == card
        messages = [opened(event, place.guest) for event, promised in place.served.others if promised.label != "card"]
        assert messages == []


async def test_older_receipts_come_page_by_page(tmp_path: Path) -> None:
    """As many as were asked for, the newest or those before a number; each message holds what relays take."""
    async with house(tmp_path) as place:
        for _ in range(10):
            await place.says("owner", "grant {guest} 1 " + "é" * 200)
        for text, expected in (
            ("history 3", [10, 11, 12]), ("history 5 10", [5, 6, 7, 8, 9]), ("history 100 5", [1, 2, 3, 4]),
            ("history", list(range(3, 13))), ("history 5 1", []), ("history 2 500", [11, 12]),
        ):  # fmt: skip
            await place.says("guest", text)
            assert [wire.parse(each).seq for each in receipts(place)] == expected, text


async def test_what_was_withdrawn_comes_when_it_is_asked_for(tmp_path: Path) -> None:
    """After `share private` in a public program the entries are on no relay: the guest gets the same signed ones."""
    async with house(tmp_path, "public") as place:
        await place.says("guest", "share private")
        await place.served.take(place.served.order("order-3", "1000"))
        await place.says("guest", "history")
        chain = receipts(place)
        wire.verify_chain(chain)
        assert [wire.parse(each).private for each in chain] == [False, False, True]


async def test_receipts_go_to_their_owner_only(tmp_path: Path) -> None:
    """An operator who asks for a guest's history has the words; so has whoever writes in the old form."""
    async with house(tmp_path, nip04=True) as place:
        await place.says("manager", "history {guest}")
        assert all(promised.label != "receipts" for _, promised in place.served.others)
        await place.says("guest", "history", nip04=True)
        assert all(promised.label != "receipts" for _, promised in place.served.others)
        await place.says("guest", "history {guest}")
        assert len(receipts(place)) == 2
