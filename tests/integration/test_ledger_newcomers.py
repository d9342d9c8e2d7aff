"""Keys without a card: what is known of them goes over into their standing, and what has grown old is forgotten."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from ledger import book, newcomers
from ledger.newcomers import Newcomer
from tests.unit.ledger.venue import Venue

KEY, OTHER, CUSTOMER = "c0" * 32, "d0" * 32, "e0" * 32
CHOSEN = {"shares": "private", "notify": "off", "language": "es", "badge": 1, "greeted": 1}


@pytest.fixture
async def venue(tmp_path: Path) -> AsyncIterator[Venue]:
    """A venue on a new ledger."""
    opened = await Venue.open(tmp_path / "ledger.db")
    yield opened
    await opened.close()


@pytest.mark.parametrize("way", ["made at once", "made when it is decided"])
async def test_a_standing_takes_over_what_was_chosen(venue: Venue, way: str) -> None:
    """All of it, in the same transaction; another key's standing begins as ever, and the other newcomer stays."""
    pair, plain, stays = [(venue.program_id, key) for key in (KEY, CUSTOMER, OTHER)]
    async with venue.database.write() as w:
        await newcomers.put(w, Newcomer(*pair, **CHOSEN, wrote_at=5))
        await newcomers.put(w, Newcomer(*stays, wrote_at=6))
        if way == "made at once":
            found = await book.standings(w, [pair, plain], 7)
        else:
            found = await book.unmade(w, [pair, plain, pair], 7)
            assert await newcomers.find(w, [pair])
            await book.make(w, list(found.values()))
        assert await book.find_standings(w, [pair, plain]) == found
        assert {name: getattr(found[pair], name) for name in CHOSEN} == CHOSEN
        assert (found[plain].shares, found[plain].notify, found[plain].greeted) == (None, None, 0)
        assert list(await newcomers.find(w, [plain, pair, stays])) == [stays]


async def test_what_was_made_in_vain_stays_a_newcomer(venue: Venue) -> None:
    """A command that is refused takes back what it made: the choice is still there."""
    pair = (venue.program_id, KEY)
    async with venue.database.write() as w:
        await newcomers.put(w, Newcomer(*pair, **CHOSEN))
        async with w.undoable() as undo:
            await book.standings(w, [pair], 7)
            await undo()
        assert await newcomers.find(w, [pair]) == {pair: Newcomer(*pair, **CHOSEN)}
        assert await book.find_standings(w, [pair]) == {}


async def test_the_oldest_are_forgotten_first(venue: Venue) -> None:
    """So many at once as is said; who is named is forgotten at once, and known no more."""
    async with venue.database.write() as w:
        for at in range(5):
            await newcomers.put(w, Newcomer(venue.program_id, f"{at:064x}", wrote_at=at))
        assert await newcomers.forget_before(w, 4, 2) == 2
        keys = [f"{at:064x}" for at in range(5)]
        assert await newcomers.known(w, keys) == set(keys[2:])
        assert await newcomers.forget_before(w, 4, 100) == 2
        assert await newcomers.drop(w, [(venue.program_id, keys[4]), (venue.program_id, keys[0])]) == 1
        assert await newcomers.known(w, keys) == set()
