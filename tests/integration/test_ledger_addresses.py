"""Where people read messages, and promises to them, on a real file."""

import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from ledger import addresses, book, outbox
from ledger.addresses import Address
from ledger.outbox import Promise, Promised
from tests.unit.ledger.venue import Venue, name

ISSUER = "11" * 32
OURS = ("wss://ours.example",)
THEIRS = ("wss://theirs.example", "wss://second.example")


@pytest.fixture
async def venue(tmp_path: Path) -> AsyncIterator[Venue]:
    """A venue on a new ledger."""
    opened = await Venue.open(tmp_path / "ledger.db")
    yield opened
    await opened.close()


async def note(venue: Venue, *found: Address) -> None:
    """Notes what a look-up has found."""
    async with venue.database.write() as w:
        await addresses.note(w, found)


async def promise(venue: Venue, receiver: str | None) -> None:
    """Promises something to somebody."""
    one = Promise(1, "notice", ISSUER, os.urandom(50), os.urandom(32), OURS, 1, receiver=receiver)
    async with venue.database.write() as w:
        await outbox.post(w, [one], 100)


async def due(venue: Venue, *full: tuple[str, ...]) -> list[Promised]:
    """What is due."""
    async with venue.database.read() as r:
        return await outbox.due(r, 100, 100, full=full)


async def test_the_newest_word_about_an_address_holds(venue: Venue) -> None:
    """An older list, or none, changes nothing but the time of the look-up; a newer one takes the place of the last,
    also an empty one.
    """
    who, other = name(), name()
    await note(venue, Address(who, THEIRS, 50, 100), Address(other, (), 0, 100))
    async with venue.database.read() as r:
        assert await addresses.of(r, [who, other, name()]) == {
            who: Address(who, THEIRS, 50, 100), other: Address(other, (), 0, 100),
        }  # fmt: skip
    await note(venue, Address(who, OURS, 49, 200), Address(other, OURS, 1, 90))
    async with venue.database.read() as r:
        assert await addresses.of(r, [who, other]) == {
            who: Address(who, THEIRS, 50, 200), other: Address(other, OURS, 1, 90),
        }  # fmt: skip
    await note(venue, Address(who, (), 0, 300))
    await note(venue, Address(other, (), 2, 300))
    async with venue.database.read() as r:
        assert await addresses.of(r, [who, other]) == {
            who: Address(who, THEIRS, 50, 300), other: Address(other, (), 2, 300),
        }  # fmt: skip


async def test_strangers_addresses_are_forgotten(venue: Venue) -> None:
    """Of strangers who were looked up last before then nothing is left; customers and those looked up later stay."""
    who, other, customer = name(), name(), name()
    await note(venue, *(Address(one, THEIRS, 50, at) for one, at in ((who, 99), (other, 100), (customer, 99))))
    async with venue.database.write() as w:
        await book.standings(w, [(venue.program_id, customer)], 1)
        assert await addresses.forget_strangers(w, 100) == 1
        assert set(await addresses.of(w, [who, other, customer])) == {other, customer}


async def test_a_promise_comes_with_its_receivers_address(venue: Venue) -> None:
    """What is due says for whom it is and where that person reads as of now; what is for nobody says so."""
    who = name()
    await promise(venue, who)
    await promise(venue, None)
    known, public = await due(venue)
    assert (known.receiver, known.theirs, known.checked_at, known.relays) == (who, (), None, OURS)
    assert (public.receiver, public.theirs, public.checked_at) == (None, (), None)
    await note(venue, Address(who, THEIRS, 50, 99))
    known, public = await due(venue)
    assert (known.theirs, known.checked_at, known.relays) == (THEIRS, 99, OURS)
    assert (public.theirs, public.checked_at, public.relays) == ((), None, OURS)


async def test_what_is_full_is_where_a_promise_goes(venue: Venue) -> None:
    """Bug 68: a route that is full holds back what goes there: our own relays not what goes to the receiver's, and the
    receiver's nothing else.
    """
    who, without = name(), name()
    await note(venue, Address(who, THEIRS, 50, 99), Address(without, (), 0, 99))
    for receiver in (who, without, None):
        await promise(venue, receiver)
    assert [one.receiver for one in await due(venue, OURS)] == [who]
    assert [one.receiver for one in await due(venue, THEIRS)] == [without, None]
    assert await due(venue, OURS, THEIRS) == []
