"""What stands beside the book about orders is found again: orders that wait, refunds, tallies, standings."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from ledger import book, orders, programs, tally, waiting_refunds
from ledger.tally import NO_SOURCE, Tally
from ledger.waiting_refunds import WaitingRefund
from tests.unit.ledger.counter import Counter
from tests.unit.ledger.venue import name

ANA, BEN, CARL = (f"{each}0" * 32 for each in range(1, 4))


@pytest.fixture
async def counter(tmp_path: Path) -> AsyncIterator[Counter]:
    """A counter on a new ledger."""
    opened = await Counter.open(tmp_path / "ledger.db")
    yield opened
    await opened.close()


async def test_every_figure_of_a_standing_comes_back(counter: Counter) -> None:
    """What was written of a standing is read again, by customer and by id; nothing of it is lost or mixed up."""
    async with counter.database.write() as w:
        standing, _ = await counter.position(w, ANA)
        other, _ = await counter.position(w, BEN)
        full = standing._replace(
            lifetime=1, visits=2, month=3, visits_month=4, card_at=5, card_name="six", spent_minor=7, earned_points=8,
            welcomed=1, referral_id=10, last_order_id=11, frozen=1, relinked_to=other.id,
            carried_visits=12, tier="gold", grace_until=13, review_at=14, next_expiry_at=15, next_expiry_points=16,
        )  # fmt: skip
        await book.append(w, [], standings=[full, other._replace(tier="silver", review_at=13)])
    async with counter.database.read() as r:
        assert (await book.standings_by_id(r, [full.id, 99])) == {full.id: full}
        assert await book.standings_to_review(r, 12, 9, range(99)) == []
        assert await book.standings_to_review(r, 14, 9, range(99)) == [other.id, full.id]
        assert await book.standings_to_review(r, 14, 1, range(99)) == [other.id]
    assert await counter.standing(ANA) == full


async def test_every_figure_of_an_order_comes_back(counter: Counter) -> None:
    """What was written of an order is read again, by name, id, claim and reference; an update changes what it may."""
    async with counter.database.write() as w:
        ana, _ = await counter.position(w, ANA)
        row = counter.order(1, "a", ana.id, None, 20)._replace(
            claim_hash=name(), day=2, basis_minor=3, counted_minor=4, fixed=5, welcome=6, reversed=15, unbooked=7,
            clamped=8, pending_until=9, held=1, detail='[["tip", "1,00 €"]]',
        )  # fmt: skip
        twin = row._replace(id=2, source=name(), claim_hash=None, message_ref=name())
        await orders.record(w, [row, twin, counter.order(3, "b", None, None, 0)])
        assert row.claim_hash is not None
        assert await orders.by_claim(w, [name(), row.claim_hash]) == {row.claim_hash: row}
        assert await orders.by_id(w, [2, 1, 9]) == {1: row, 2: twin}
        assert await orders.by_reference(w, counter.program_id, "a") == [row, twin]
        assert await orders.by_reference(w, counter.program_id + 1, "a") == []
        changed = row._replace(
            status="canceled", standing_id=None, earned=30, reversed=17, counted_minor=5, fixed=6, welcome=7,
            unbooked=8, clamped=9, pending_until=None, held=0, claim_hash=None, refunded_minor=1_000,
        )  # fmt: skip
        await orders.update(w, [changed._replace(day=99, basis_minor=99, detail=None)])
        assert await orders.by_id(w, [1]) == {1: changed}
        assert await orders.by_id(w, []) == await orders.by_claim(w, []) == {}


async def test_orders_that_wait_come_when_they_are_due(counter: Counter) -> None:
    """Pending points are found when their time has come, the longest due first, and all of a customer at any time."""
    await counter.wait(ANA, "late", 1, until=9)
    await counter.wait(BEN, "soon", 2, until=5)
    await counter.wait(ANA, "early", 3, until=4)
    await counter.sell(ANA, "booked", 4)
    ana = (await counter.standing(ANA)).id
    async with counter.database.read() as r:
        assert [one.reference for one in await orders.pending_due(r, 3, 9, range(99))] == []
        assert [one.reference for one in await orders.pending_due(r, 5, 9, range(99))] == ["early", "soon"]
        assert [one.reference for one in await orders.pending_due(r, 9, 2, range(99))] == ["early", "soon"]
        assert [one.reference for one in await orders.pending_of(r, ana)] == ["late", "early"]
    await counter.give("early")
    async with counter.database.read() as r:
        assert [one.reference for one in await orders.pending_due(r, 9, 9, range(99))] == ["soon", "late"]
    assert (await counter.standing(ANA)).balance == 7
    assert (await counter.audit()).findings == []


async def test_recorded_orders_come_in_pages(counter: Counter) -> None:
    """All orders of one program since a time, page by page, each once."""
    async with counter.database.write() as w:
        other = await programs.register(w, "other", "other", name(), 0)
        rows = [counter.order(each, str(each), None, None, 0)._replace(recorded_at=each) for each in range(1, 8)]
        rows[4] = rows[4]._replace(program_id=other)
        await orders.record(w, rows)
        first = await orders.recorded_since(w, counter.program_id, 2, 0, 3)
        second = await orders.recorded_since(w, counter.program_id, 2, first[-1].id, 3)
        assert [one.id for one in (*first, *second)] == [2, 3, 4, 6, 7]
        assert await orders.recorded_since(w, counter.program_id, 2, 7, 3) == []


async def test_refunds_of_orders_are_listed(counter: Counter) -> None:
    """Bug 56: every refund of an order is there, the oldest first, and none of another's."""
    for reference in ("a", "b", "c"):
        await counter.sell(ANA, reference, 50)
    for reference, points in (("b", 1), ("a", 2), ("b", 3), ("c", 4)):
        await counter.take_back(reference, points, points * 10)
    async with counter.database.read() as r:
        found = await orders.refunds_of(r, [2, 1, 2])
        assert [(one.order_id, one.points, one.amount_minor) for one in found] == [(2, 1, 10), (1, 2, 20), (2, 3, 30)]
        assert await orders.refunds_of(r, []) == []


async def test_waiting_refunds_are_forgotten_in_the_end(counter: Counter) -> None:
    """A refund waits as long as the program keeps it for its order, and no longer; another program's stays."""
    async with counter.database.write() as w:
        other = await programs.register(w, "other", "other", name(), 0)
        kept = [
            WaitingRefund(program_id, counter.source, "a", f"r{at}", False, "EUR", 5, name(), at)
            for program_id, at in ((counter.program_id, 4), (counter.program_id, 5), (other, 4))
        ]
        await waiting_refunds.keep(w, kept)
        assert await waiting_refunds.forget_before(w, counter.program_id, 5) == 1
        names = [(program_id, counter.source, "a") for program_id in (counter.program_id, other)]
        assert await waiting_refunds.find(w, names) == {names[0]: kept[1:2], names[1]: kept[2:]}


async def test_tallies_add_up_by_day_and_source(counter: Counter) -> None:
    """Bug 29: a tally is added to, never overwritten; it is read from a day on, for many customers at once."""
    till, web = counter.source, name()
    async with counter.database.write() as w:
        one, two, three = [(await counter.position(w, each))[0].id for each in (ANA, BEN, CARL)]
        await tally.add(w, [
            Tally(one, 7, till, 1, 1, 10, 100), Tally(one, 7, web, 1, 1, 5, 50), Tally(one, 7, till, 1, 1, 20, 200),
            Tally(two, 9, till, 1, 1, 1, 1), Tally(one, 8, NO_SOURCE, 0, 0, 3, 0), Tally(one, 6, till, 1, 1, 9, 9),
        ])  # fmt: skip
        await tally.add(w, [Tally(one, 7, till, 0, -1, -30, -100)])
        await tally.add(w, [])
        found = await tally.since(w, [(one, 7), (three, 0), (two, 10)])
        assert {row[1:] for row in found[one]} == {
            (7, till, 2, 1, 0, 200), (7, web, 1, 1, 5, 50), (8, NO_SOURCE, 0, 0, 3, 0),
        }  # fmt: skip
        assert [row.day for row in found[one]] == [7, 7, 8]
        assert (found[two], found[three]) == ([], [])
        assert await tally.since(w, []) == {}
        await tally.add(w, [Tally(two, 7, till, 1, 1, 4, 4)])
        await tally.move(w, one, two)
        moved = await tally.since(w, [(one, 0), (two, 7)])
        assert moved[one] == []
        assert Tally(two, 7, till, 3, 2, 4, 204) in moved[two]
        assert [row.day for row in moved[two]] == [7, 7, 8, 9]
