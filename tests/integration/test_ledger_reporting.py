"""Sums for reports, on a ledger that earned, spent, gave back, refunded and let expire."""

from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from ledger import orders, programs, reporting, tally
from ledger.tally import Tally
from tests.unit.ledger.venue import Venue, name

DAY = 86_400


@pytest.fixture
async def venue(tmp_path: Path) -> AsyncIterator[Venue]:
    """A venue whose ledger is closed afterwards."""
    venue = await Venue.open(tmp_path / "ledger.db")
    yield venue
    await venue.close()


async def sums(venue: Venue, linked: bytes = b"linked") -> Counter[tuple[int, str]]:
    """(local day of UTC, kind) -> points."""
    found: Counter[tuple[int, str]] = Counter()
    async with venue.database.read() as r:
        async for one in reporting.moved(r, linked):
            assert one.program_id == venue.program_id
            found[one.quarter * reporting.QUARTER_S // DAY, one.kind] += one.points
    return found


async def test_every_kind_of_movement_is_told_apart(venue: Venue) -> None:
    """A redemption that was given back is not a revocation, a refund is; all of it together is all that is booked."""
    ana, ben = name(), name()
    await venue.earn(ana, 100, at=DAY)
    await venue.earn(ben, 30, at=DAY, expires_at=3 * DAY)
    spent = await venue.spend(ana, 60, at=2 * DAY)
    assert spent is not None
    await venue.restore(ana, spent, at=2 * DAY + reporting.QUARTER_S)
    await venue.spend(ana, 10, at=2 * DAY)
    refunded = await venue.earn(ana, 7, at=2 * DAY)
    await venue.refund(ana, refunded, 5, at=4 * DAY)
    await venue.expire(ben, at=4 * DAY)
    found = await sums(venue)
    assert found == {
        (1, "earned"): 130, (2, "redeemed"): -70, (2, "returned"): 60, (2, "earned"): 7, (4, "revoked"): -5,
        (4, "expired"): -30,
    }  # fmt: skip
    balances = [(await venue.standing(customer)).balance for customer in (ana, ben)]
    assert sum(found.values()) == sum(balances)


async def test_linked_entries_are_known_by_their_documents(venue: Venue) -> None:
    """A grant or a revocation whose document holds the mark is "moved" or "owed"; what was earned never is."""
    ana = name()
    await venue.earn(ana, 100)
    async with venue.database.write() as w:
        standing, position = await venue.position(w, ana)
        moved = position.spend(40, at=0)
        assert moved is not None
        await venue.book(w, standing, "revoked", moved, at=0)
    async with venue.database.write() as w:
        standing, position = await venue.position(w, ana)
        moved = position.credit(3, 7, expires_at=None, at=0)
        await venue.book(w, standing, "granted", moved, at=0)
    everything = {(0, "earned"): 100, (0, "revoked"): -40, (0, "granted"): 7}
    assert await sums(venue, b"no document holds this") == everything
    assert await sums(venue, ana.encode()) == {(0, "earned"): 100, (0, "owed"): -40, (0, "moved"): 7}


async def test_slices_leave_nothing_out(venue: Venue, monkeypatch: pytest.MonkeyPatch) -> None:
    """However the ids are sliced, the sums are the same: the first, the last and those at an edge count once."""
    for each in range(7):
        await venue.sell(name(), str(each), 10 + each)
    for size in (1, 2, 3, 7, 8):
        monkeypatch.setattr(reporting, "SLICE", size)
        assert await sums(venue) == {(0, "earned"): 91}
        async with venue.database.read() as r:
            days = [one async for one in reporting.sold(r)]
        assert sum(one.orders for one in days) == 7
        assert sum(one.sold_minor for one in days) == 7_000


async def test_sales_by_day_and_currency(venue: Venue) -> None:
    """Wholly refunded orders are no orders and no sales; points that wait and receipts unclaimed are told apart."""
    ana, ben = name(), name()
    await venue.sell(ana, "1", 10)
    await venue.sell(ben, "2", 10)
    standing = await venue.standing(ana)
    plain = venue.order(3, "3", None, None, 4)
    async with venue.database.write() as w:
        await orders.record(
            w,
            [
                plain._replace(claim_hash=name(), day=7),
                plain._replace(
                    id=4, reference="4", standing_id=standing.id, earned=6, reversed=1, pending_until=9, day=7
                ),
                plain._replace(
                    id=5, reference="5", status="refunded", refunded_minor=1_000, earned=4, reversed=4, day=7
                ),
                plain._replace(id=6, reference="6", currency="JPY", earned=0, refunded_minor=300, day=7),
            ],
        )
    async with venue.database.read() as r:
        found = [one[1:] async for one in reporting.sold(r)]
    assert sorted(found) == [
        (0, "EUR", 2, 2_000, 0, 0, 0), (7, "EUR", 2, 3_000, 1_000, 5, 4), (7, "JPY", 1, 1_000, 300, 0, 0),
    ]  # fmt: skip


async def test_visitors_by_when_they_came(venue: Venue) -> None:
    """Active, new and lapsing customers; who only came afterwards, or whose orders were all taken back, is none."""
    days = {
        "regular": (50, 110),
        "new": (100,),
        "first and last": (119,),
        "lapsing": (40, 99),
        "gone": (39,),
        "later": (120,),
    }
    async with venue.database.write() as w:
        for came in days.values():
            standing, _ = await venue.position(w, name())
            await tally.add(w, [Tally(standing.id, day, venue.source, 1, 1, 0, 0) for day in came])
        standing, _ = await venue.position(w, name())
        await tally.add(w, [Tally(standing.id, 110, venue.source, 1, 0, 0, 0)])
        other = await programs.register(w, "other", "other", name(), 0)
    async with venue.database.read() as r:
        assert await reporting.visitors(r, venue.program_id, 100, 119, 40) == (3, 2, 1, 5)
        assert await reporting.visitors(r, other, 100, 119, 40) == (0, 0, 0, 0)


async def test_holders_by_tier(venue: Venue) -> None:
    """Customers, points and debts by tier; a key that was given up for another is not counted."""
    ana, ben, old = name(), name(), name()
    for customer in (ana, ben, old):
        await venue.earn(customer, 10)
    async with venue.database.write() as w:
        await w.run("UPDATE standing SET tier = 'gold' WHERE customer = ?", bytes.fromhex(ben))
        await w.run("UPDATE standing SET relinked_to = 1 WHERE customer = ?", bytes.fromhex(old))
    async with venue.database.read() as r:
        assert await reporting.holders(r, venue.program_id) == [(None, 1, 10, 0), ("gold", 1, 10, 0)]
