"""A ledger of version 2, with what a daemon of that version wrote, becomes one of the newest without a finding."""

import hashlib
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from ledger import book, orders, recount, tally
from ledger.migrations import migrations
from ledger.tally import Tally
from tests.unit.ledger.counter import Counter
from tests.unit.ledger.venue import name

ANA, BEN, CARL = (f"{each}0" * 32 for each in range(1, 4))
TILL = hashlib.sha256(b"the till").hexdigest()
DAY = 86_400
EPOCH = 719_163
"""The ordinal of 1970-01-01."""


class Second:
    """A ledger of version 2, written row by row: nothing of the newer code is asked."""

    def __init__(self, path: Path) -> None:
        self.sql = sqlite3.connect(path, isolation_level=None)
        for migration in migrations()[:2]:
            self.sql.executescript(migration.read_text())
        self.sql.execute("PRAGMA user_version = 2")
        self.sql.execute("PRAGMA foreign_keys = ON")
        rules = hashlib.sha256(b"rules").digest()
        self.sql.execute(
            "INSERT INTO program VALUES (1, 'program', 'cafe-sol', ?, 0)", [hashlib.sha256(b"issuer").digest()]
        )
        self.sql.execute("INSERT INTO revision VALUES (1, 1, ?, ?, CAST('rules' AS BLOB), 0)", [rules, rules])

    def customer(self, customer: str) -> int:
        """A new standing."""
        self.sql.execute(
            "INSERT INTO standing (program_id, customer, first_at) VALUES (1, ?, 0)", [bytes.fromhex(customer)]
        )
        return int(self.sql.execute("SELECT max(id) FROM standing").fetchone()[0])

    def entry(self, standing_id: int, type_: str, points: int, order_id: int, reverses: int | None = None) -> int:
        """A line that continues its chain."""
        seq, balance, head = self.sql.execute(
            "SELECT seq, balance, head_id FROM standing WHERE id = ?", [standing_id]
        ).fetchone()
        document = f"{standing_id} {seq}".encode()
        self.sql.execute(
            "INSERT INTO entry (program_id, standing_id, seq, type, points, balance, ref, prev_id, key, revision_id, "
            "order_id, reverses, occurred_at, recorded_at, document) "
            "VALUES (1, ?, ?, ?, ?, ?, ?, ?, ?, 1, ?, ?, 0, 0, ?)",
            [standing_id, seq + 1, type_, points, balance + points, hashlib.sha256(document).digest(), head,
             bytes.fromhex(name()), order_id, reverses, document],
        )  # fmt: skip
        entry_id = int(self.sql.execute("SELECT max(id) FROM entry").fetchone()[0])
        if reverses is None:
            self.sql.execute(
                "INSERT INTO lot (entry_id, standing_id, points, filled, remaining, opened_at) "
                "VALUES (?, ?, ?, 0, ?, 0)",
                [entry_id, standing_id, points, points],
            )
        else:
            self.sql.execute("INSERT INTO draw VALUES (?, ?, ?, NULL)", [entry_id, reverses, -points])
        self.sql.execute(
            "UPDATE standing SET lifetime = lifetime + ?, visits = visits + ?, month = 202401, "
            "visits_month = visits_month + ? WHERE id = ?",
            [points, reverses is None, reverses is None, standing_id],
        )
        return entry_id

    def order(
        self, standing_id: int | None, minor: int, points: int, paid_at: int, *, refunded: int = 0, reversed_: int = 0
    ) -> None:
        """An order with its entry (a receipt has none), and its refund."""
        order_id = int(self.sql.execute("SELECT coalesce(max(id), 0) + 1 FROM paid_order").fetchone()[0])
        entry_id = back_id = None
        if standing_id is not None:
            entry_id = self.entry(standing_id, "earned", points, order_id)
            if reversed_:
                back_id = self.entry(standing_id, "revoked", -reversed_, order_id, entry_id)
        status = "refunded" if refunded == minor else "paid"
        if status == "refunded":
            self.sql.execute(
                "UPDATE standing SET visits = visits - 1, visits_month = visits_month - 1 WHERE id = ?", [standing_id]
            )
        till, claim = bytes.fromhex(TILL), bytes.fromhex(name()) if standing_id is None else None
        self.sql.execute(
            "INSERT INTO paid_order VALUES (?, 1, ?, ?, ?, ?, 'EUR', ?, ?, ?, 202401, ?, ?, ?, ?, ?, 0)",
            [order_id, till, f"order {order_id}", status, standing_id, minor, refunded, paid_at, entry_id, points,
             reversed_, claim, bytes.fromhex(name())],
        )  # fmt: skip
        if refunded:
            self.sql.execute(
                "INSERT INTO refund VALUES (NULL, 1, ?, ?, ?, ?, ?, ?, ?, 0)",
                [till, f"refund {order_id}", order_id, refunded, reversed_, back_id, bytes.fromhex(name())],
            )


@pytest.fixture
async def counter(tmp_path: Path) -> AsyncIterator[Counter]:
    """Two customers with orders, whole and partial refunds, one without any, and two receipts; brought up to date."""
    old = Second(tmp_path / "ledger.db")
    ana, ben, _ = [old.customer(each) for each in (ANA, BEN, CARL)]
    old.order(ana, 1_000, 10, 3 * DAY - 1)
    old.order(ana, 2_000, 20, 3 * DAY, refunded=500, reversed_=5)
    old.order(ana, 3_000, 30, 3 * DAY + 1)
    old.order(ben, 4_000, 40, 5 * DAY, refunded=4_000, reversed_=40)
    old.order(None, 5_000, 50, 5 * DAY, refunded=1_000, reversed_=10)
    old.order(None, 6_000, 60, 5 * DAY)
    assert old.sql.execute("PRAGMA user_version").fetchone() == (2,)
    old.sql.close()
    opened = await Counter.open(tmp_path / "ledger.db")
    yield opened
    await opened.close()


async def test_an_older_ledger_agrees_with_itself(counter: Counter) -> None:
    """After the migration the audit finds nothing, and it has looked at everything that was there."""
    report = await counter.audit()
    assert report.findings == []
    assert (report.counted["entry"], report.counted["paid_order"], report.counted["tally"]) == (6, 6, 3)


async def test_what_is_new_follows_from_what_was_there(counter: Counter) -> None:
    """Spend, points, welcome and last order of each customer, and the days they came on, are those of their orders."""
    ana, ben, carl = [await counter.standing(each) for each in (ANA, BEN, CARL)]
    figures = [(one.spent_minor, one.earned_points, one.welcomed, one.last_order_id) for one in (ana, ben, carl)]
    assert figures == [(5_500, 55, 1, 3), (0, 0, 1, 4), (0, 0, 0, None)]
    async with counter.database.read() as r:
        assert await tally.since(r, [(ana.id, 0), (ben.id, 0), (carl.id, 0)]) == {
            ana.id: [
                Tally(ana.id, EPOCH + 2, TILL, 1, 1, 10, 1_000),
                Tally(ana.id, EPOCH + 3, TILL, 2, 2, 45, 4_500),
            ],
            ben.id: [Tally(ben.id, EPOCH + 5, TILL, 1, 0, 0, 0)],
            carl.id: [],
        }
        rows = await orders.by_id(r, range(1, 7))
    assert [(row.counted_minor, row.unbooked) for row in rows.values()] == [
        (1_000, 0), (1_500, 0), (3_000, 0), (0, 0), (0, 10), (0, 0),
    ]  # fmt: skip


async def test_an_older_ledger_goes_on(counter: Counter) -> None:
    """Receipts and orders of the older version are claimed, refunded and spent as new ones are."""
    await counter.give("order 5", CARL)
    await counter.give("order 6", ANA)
    await counter.take_back("order 5", 40, 4_000)
    await counter.take_back("order 3", 30, 1_000)
    await counter.sell(ANA, "new", 7)
    assert await counter.redeem(ANA, 80) is not None
    await counter.relink(ANA, BEN)
    assert (await counter.audit()).findings == []
    assert [(await counter.standing(each)).balance for each in (ANA, BEN, CARL)] == [0, 12, 0]


async def test_ends_of_lots_are_known_after_the_migration(tmp_path: Path) -> None:
    """Bug 34: where points had an end already, each customer's soonest one is known, with all that ends then."""
    old = Second(tmp_path / "ledger.db")
    ana = old.customer(ANA)
    for points in (1, 2, 4):
        old.order(ana, points, points, 0)
    old.sql.execute("UPDATE lot SET expires_at = CASE points WHEN 1 THEN 900 ELSE 500 END")
    old.sql.close()
    counter = await Counter.open(tmp_path / "ledger.db")
    try:
        standing = await counter.standing(ANA)
        assert (standing.next_expiry_at, standing.next_expiry_points) == (500, 6)
        assert (await counter.audit()).findings == []
        async with counter.database.read() as r:
            assert [lot.entry_id for _, lot in await book.lots_to_warn(r, 1, 900, 0, 9)] == [2, 3, 1]
    finally:
        await counter.close()


async def test_other_currencies_and_days_are_counted_by_the_rules(tmp_path: Path) -> None:
    """At the first start after the migration only the currency that counts is spend, on the days of the venue's clock;
    points and visits stay as they are, also those of a customer whose key was replaced.
    """
    old = Second(tmp_path / "ledger.db")
    ana = old.customer(ANA)
    old.order(ana, 1_000, 10, 3 * DAY - 1_800)
    old.order(ana, 2_000_000, 2, 3 * DAY + 1_800, refunded=500_000, reversed_=1)
    old.order(ana, 4_000, 40, 3 * DAY, refunded=500, reversed_=5)
    old.customer(BEN)
    old.sql.execute("UPDATE paid_order SET currency = 'msat' WHERE amount_minor = 2000000")
    old.sql.close()
    counter = await Counter.open(tmp_path / "ledger.db")
    try:
        assert (await counter.standing(ANA)).spent_minor == 1_504_500
        await counter.relink(ANA, BEN)
        async with counter.database.write() as w:
            await recount.recount(w, 1, "EUR", lambda moment: EPOCH + (moment + 3_600) // DAY)
        gone, ben = await counter.standing(ANA), await counter.standing(BEN)
        assert (gone.spent_minor, ben.spent_minor, ben.earned_points, ben.visits) == (0, 4_500, 46, 3)
        async with counter.database.read() as r:
            assert await tally.since(r, [(ben.id, 0)]) == {ben.id: [Tally(ben.id, EPOCH + 3, TILL, 3, 3, 46, 4_500)]}
        assert (await counter.audit()).findings == []
    finally:
        await counter.close()
