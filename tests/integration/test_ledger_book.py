"""The book refuses nonsense by itself, and the audit finds what got past it."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from ledger import book, orders, statement
from ledger.book import EntryDraw, OpenedLot
from ledger.entry import NewEntry
from ledger.errors import InvariantBroken
from ledger.lot import Draw
from tests.unit.ledger.venue import Venue, name

CUSTOMER = "c0" * 32
OTHER = "d0" * 32


@pytest.fixture
async def venue(tmp_path: Path) -> AsyncIterator[Venue]:
    """A venue on a new ledger, where the customer has earned 100."""
    opened = await Venue.open(tmp_path / "ledger.db")
    await opened.sell(CUSTOMER, "first", 100)
    yield opened
    await opened.close()


async def good(venue: Venue) -> NewEntry:
    """An entry that may follow."""
    standing = await venue.standing(CUSTOMER)
    return NewEntry(
        2, venue.program_id, standing.id, 2, "earned", 10, 110, name(), b"document", name(), venue.revision_id, None,
        None, 0, 0, None,
    )  # fmt: skip


async def append(venue: Venue, *entries: NewEntry) -> None:
    """Appends in a block of its own."""
    async with venue.database.write() as w:
        await book.append(w, entries)


async def test_what_follows_is_taken(venue: Venue) -> None:
    """The entry that the cases below spoil is good in itself."""
    await append(venue, await good(venue))
    assert (await venue.standing(CUSTOMER)).balance == 110


@pytest.mark.parametrize(
    "spoilt",
    [
        {"seq": 1},
        {"seq": 3},
        {"balance": 111},
        {"points": 0, "balance": 100},
        {"points": -10, "balance": 90},
        {"type": "redeemed"},
        {"type": "expired"},
        {"type": "given"},
        {"recorded_at": -1},
        {"revision_id": 99},
        {"program_id": 99},
        {"standing_id": 99},
        {"id": 1},
        {"ref": "ab"},
        {"reverses": 1},
        {"type": "revoked", "points": -101, "balance": -1, "reverses": 1},
        {"type": "revoked", "points": 10, "reverses": 1},
        {"type": "revoked", "points": -10, "balance": 90, "reverses": 99},
        {"points": 2**63},
    ],
    ids=str,
)
async def test_what_does_not_follow_is_refused(venue: Venue, spoilt: dict[str, object]) -> None:
    """Bug 29, 58: an entry with a wrong number, sum, sign, type, time, program, rule or reversal is refused by the
    schema.
    """
    entry = (await good(venue))._replace(**spoilt)  # type: ignore[arg-type]  # spoilt on purpose
    with pytest.raises(InvariantBroken):
        await append(venue, entry)
    assert (await venue.standing(CUSTOMER)).seq == 1
    assert (await venue.audit()).is_clean


async def test_a_key_is_unique_for_ever(venue: Venue) -> None:
    """Bug 59: the key of a credit that was spent and refunded long ago cannot be used again, by nobody."""
    key = name()
    entry_id = await venue.earn(CUSTOMER, 5, key=key)
    await venue.spend(CUSTOMER, 105)
    await venue.refund(CUSTOMER, entry_id, 5)
    with pytest.raises(InvariantBroken):
        await venue.earn(OTHER, 5, key=key)
    async with venue.database.read() as r:
        found = await statement.entry_by_key(r, key)
    assert found is not None
    assert found.id == entry_id


async def test_an_order_moves_points_once_per_key(venue: Venue) -> None:
    """Bug 3: two entries of one order under one key are refused, also where the order itself was recorded before."""
    key = name()
    entry = (await good(venue))._replace(order_id=1, key=key)
    await append(venue, entry)
    again = entry._replace(id=3, seq=3, balance=120, ref=name())
    with pytest.raises(InvariantBroken):
        await append(venue, again)


async def test_an_order_counts_once(venue: Venue) -> None:
    """Bug 1, 9: the same order of the same source is refused, and with it the whole block that tried."""
    with pytest.raises(InvariantBroken):
        await venue.sell(OTHER, "first", 100)
    async with venue.database.read() as r:
        assert await book.find_standings(r, [(venue.program_id, OTHER)]) == {}


async def test_one_bad_entry_takes_its_batch_along(venue: Venue) -> None:
    """Of a batch either all entries are kept or none."""
    entry = await good(venue)
    bad = entry._replace(id=3, seq=3, balance=130, points=10, key=name(), ref=name())
    with pytest.raises(InvariantBroken):
        await append(venue, entry, bad)
    assert (await venue.standing(CUSTOMER)).seq == 1


async def test_several_entries_of_one_customer_may_come_in_one_batch(venue: Venue) -> None:
    """The chain goes through a batch: each entry names the one before it, whether that is stored or in the same
    batch.
    """
    entry = await good(venue)
    third = entry._replace(id=3, seq=3, balance=120, key=name(), ref=name())
    await append(venue, entry, third)
    async with venue.database.read() as r:
        history = await statement.history(r, entry.standing_id)
        newest = await statement.history(r, entry.standing_id, limit=1)
        later = await statement.history(r, entry.standing_id, after_seq=1)
        assert await statement.entry(r, third.ref) == history[2]
        assert await statement.entry(r, name()) is None
    assert [one.seq for one in history] == [1, 2, 3]
    assert [one.prev for one in history] == [None, history[0].ref, entry.ref]
    assert (newest, later) == (history[2:], history[1:])


async def test_a_lot_must_belong_to_its_credit(venue: Venue) -> None:
    """Points come from credits only: a lot of another size, or of no entry, is refused."""
    standing = await venue.standing(CUSTOMER)
    for lot in (OpenedLot(1, standing.id, 101, 101, None, 0), OpenedLot(7, standing.id, 5, 5, None, 0)):
        with pytest.raises(InvariantBroken):
            async with venue.database.write() as w:
                await book.append(w, [], opened=[lot])


async def test_a_lot_gives_no_more_than_it_holds(venue: Venue) -> None:
    """Bug 53: a draw that would leave a lot below 0 is refused, and so is one on somebody else's lot."""
    await venue.earn(OTHER, 500)
    standing = await venue.standing(CUSTOMER)
    entry = (await good(venue))._replace(id=3, type="redeemed", points=-500, balance=-400)
    after = standing._replace(seq=2, balance=-400, head=entry.ref)
    for lot_id in (1, 2):
        with pytest.raises(InvariantBroken):
            async with venue.database.write() as w:
                await book.append(w, [entry], draws=[EntryDraw(3, Draw(lot_id, 500))], standings=[after])
    assert (await venue.audit()).is_clean


async def test_a_standing_must_agree_with_its_entries(venue: Venue) -> None:
    """Bug 29: a balance is never written: new figures for a standing are refused unless its entries lead to them."""
    standing = await venue.standing(CUSTOMER)
    for wrong in ({"balance": 1}, {"seq": 2}, {"head": name()}, {"head": None}, {"id": 99}):
        with pytest.raises(InvariantBroken):
            async with venue.database.write() as w:
                await book.append(w, [], standings=[standing._replace(**wrong)])


async def test_partial_refunds_are_cumulative(venue: Venue) -> None:
    """Bug 56: the second partial refund counts as the first did; all together stop at what was earned."""
    for points in (40, 40, 40):
        await venue.refund(CUSTOMER, 1, points)
    assert (await venue.standing(CUSTOMER)).balance == 0
    assert await venue.refund(CUSTOMER, 1, 1) is None


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE entry SET rowid = rowid",
        "UPDATE entry SET points = points",
        "DELETE FROM entry",
        "UPDATE revision SET document = document",
        "DELETE FROM revision",
        "UPDATE draw SET points = points",
        "DELETE FROM draw",
        "DELETE FROM lot",
        "DELETE FROM standing",
        "DELETE FROM paid_order",
    ],
)
async def test_what_is_written_stays(venue: Venue, change: str) -> None:
    """Entries, revisions and draws cannot be changed or deleted, not even by ourselves."""
    await venue.spend(CUSTOMER, 5)
    with pytest.raises(InvariantBroken):
        async with venue.database.write() as w:
            await w.run(change)


async def test_insert_or_replace_does_not_slip_past(venue: Venue) -> None:
    """INSERT OR REPLACE, which deletes silently, is refused as a deletion (recursive_triggers)."""
    for table in ("entry", "revision", "paid_order", "standing"):
        async with venue.database.read() as r:
            columns = await r.rows(f"SELECT name FROM pragma_table_info('{table}')")
        listed = ", ".join(column for (column,) in columns)
        with pytest.raises(InvariantBroken):
            async with venue.database.write() as w:
                await w.run(f"INSERT OR REPLACE INTO {table} ({listed}) SELECT {listed} FROM {table} LIMIT 1")


async def test_orders_and_refunds_are_found_and_brought_up_to_date(venue: Venue) -> None:
    """An order is found by program, source and reference; its refund is known for ever, and counts once."""
    key = (venue.program_id, venue.source, "first")
    refund = orders.Refund(venue.program_id, venue.source, "first:refund:1", 1, 1_000, 100, 2, name(), 5)
    refunded = await venue.refund(CUSTOMER, 1, 100)
    assert refunded == 2
    async with venue.database.write() as w:
        (found,) = (await orders.find(w, [key, (venue.program_id, venue.source, "second")])).values()
        assert (found.status, found.amount_minor, found.entry_id, found.claim_hash) == ("paid", 1_000, 1, None)
        claim = name()
        await orders.update(
            w, [found._replace(status="refunded", refunded_minor=1_000, reversed=100, claim_hash=claim)]
        )
        await orders.record_refunds(w, [refund])
        assert (await orders.find(w, [key]))[key].claim_hash == claim
        assert await orders.refunds_of(w, [1]) == [refund]
    with pytest.raises(InvariantBroken):
        async with venue.database.write() as w:
            await orders.record_refunds(w, [refund])
    with pytest.raises(InvariantBroken):
        async with venue.database.write() as w:
            await orders.update(w, [found._replace(id=9)])
