"""A venue for the ledger's tests: it earns, spends, refunds and lets expire through the book, as the daemon does."""

import asyncio
import hashlib
import os
from pathlib import Path
from typing import Self

from ledger import audit, book, orders, programs, tally
from ledger.book import EntryDraw, OpenedLot, Standing
from ledger.database import Database, Write
from ledger.entry import EntryType, NewEntry
from ledger.lot import Moved, Position
from ledger.tally import Tally


def name() -> str:
    """A fresh name of 64 hex digits."""
    return os.urandom(32).hex()


class Venue:
    """One program on a real ledger. Every method is one write block, and returns the id of its entry."""

    def __init__(self, database: Database, program_id: int, revision_id: int) -> None:
        self.database = database
        self.program_id = program_id
        self.revision_id = revision_id
        self.source = hashlib.sha256(b"the till").hexdigest()

    @classmethod
    async def open(cls, path: Path) -> Self:
        """Opens the ledger at path, makes it and its program where they are missing."""
        database = await Database.open(path)
        async with database.write() as w:
            program_id = await programs.register(w, "program", "cafe-sol", hashlib.sha256(b"issuer").hexdigest(), 0)
            revision = await programs.latest_revision(w, program_id)
            if revision is None:
                ref = hashlib.sha256(b"rules").hexdigest()
                revision_id = await programs.add_revision(w, program_id, ref, ref, b"rules", 0)
            else:
                revision_id = revision.id
        return cls(database, program_id, revision_id)

    async def close(self) -> None:
        """Closes the ledger."""
        await self.database.close()

    async def standing(self, customer: str) -> Standing:
        """The customer's standing as it is committed."""
        async with self.database.read() as r:
            return (await book.find_standings(r, [(self.program_id, customer)]))[self.program_id, customer]

    async def earn(
        self, customer: str, points: int, *, at: int = 0, expires_at: int | None = None, key: str | None = None
    ) -> int:
        """Earns without an order."""
        async with self.database.write() as w:
            standing, position = await self.position(w, customer)
            entry_id = await book.next_entry_id(w)
            moved = position.credit(entry_id, points, expires_at=expires_at, at=at)
            standing = standing._replace(lifetime=standing.lifetime + points)
            return await self.book(w, standing, "earned", moved, at=at, expires_at=expires_at, key=key)

    async def sell(self, customer: str, reference: str, points: int, *, at: int = 0) -> int:
        """Takes a paid order, with its visit and its entry."""
        async with self.database.write() as w:
            order_id = await orders.next_order_id(w)
            standing, position = await self.position(w, customer)
            moved = position.credit(await book.next_entry_id(w), points, expires_at=None, at=at)
            standing = standing._replace(lifetime=standing.lifetime + points, visits=standing.visits + 1, month=202401,
                visits_month=standing.visits_month + 1, earned_points=standing.earned_points + points,
                spent_minor=standing.spent_minor + 1_000, welcomed=1, last_order_id=order_id,
            )  # fmt: skip
            entry_id = await self.book(w, standing, "earned", moved, at=at, order_id=order_id)
            await orders.record(w, [self.order(order_id, reference, standing.id, entry_id, points)])
            await tally.add(w, [Tally(standing.id, 0, self.source, 1, 1, points, 1_000)])
            return entry_id

    def order(
        self, order_id: int, reference: str, standing_id: int | None, entry_id: int | None, earned: int
    ) -> orders.OrderRow:
        """A paid order of ten euros."""
        return orders.OrderRow(
            order_id, self.program_id, self.source, reference, "paid", standing_id, "EUR", 1_000, 0, 0, 202401,
            entry_id, earned, 0, None, name(), 0, basis_minor=1_000,
            counted_minor=1_000 if standing_id is not None else 0,
        )  # fmt: skip

    async def spend(self, customer: str, points: int, *, at: int = 0) -> int | None:
        """Redeems points, or None where there are too few."""
        async with self.database.write() as w:
            standing, position = await self.position(w, customer)
            moved = position.spend(points, at=at)
            return None if moved is None else await self.book(w, standing, "redeemed", moved, at=at)

    async def expire(self, customer: str, *, at: int = 0) -> int:
        """Writes off what has run out; how many lots."""
        async with self.database.write() as w:
            return await self._expire(w, customer, at)

    async def refund(
        self, customer: str, entry_id: int, points: int, *, at: int = 0, deficit: bool = True
    ) -> int | None:
        """Takes a credit back, in whole or in part; None where nothing was left to take."""
        async with self.database.write() as w:
            standing, position = await self.position(w, customer, also=(entry_id,))
            moved = position.reverse_credit(entry_id, points, at=at, deficit=deficit)
            if moved is None:
                return None
            standing = standing._replace(lifetime=standing.lifetime + moved.points)
            return await self.book(w, standing, "revoked", moved, at=at, reverses=entry_id)

    async def restore(self, customer: str, entry_id: int, points: int | None = None, *, at: int = 0) -> int | None:
        """Gives back so many of a redemption's points, or all that are still drawn; None where none are."""
        async with self.database.write() as w:
            await self._expire(w, customer, at)
            draws = await book.entries_drawn(w, entry_id)
            standing, position = await self.position(w, customer, also=[draw.lot_id for draw in draws])
            moved = position.reverse_debit(draws, at=at) if points is None else position.restore(draws, points, at=at)
            return None if moved is None else await self.book(w, standing, "revoked", moved, at=at, reverses=entry_id)

    async def take(self, customer: str, points: int, *, at: int = 0) -> int:
        """Takes points by hand, whether or not they are there."""
        async with self.database.write() as w:
            standing, position = await self.position(w, customer)
            return await self.book(w, standing, "revoked", position.take(points, at=at), at=at)

    async def move(self, old: str, new: str, *, at: int = 0) -> int:
        """Moves all that lives from one customer to another, lot by lot with its end, and a deficit; how many pairs."""
        async with self.database.write() as w:
            await self._expire(w, old, at)
            await self._expire(w, new, at)
            _, position = await self.position(w, old)
            for lot in position.lots:
                standing, before = await self.position(w, old)
                moved = before.take_lot(lot.entry_id)
                assert moved is not None
                await self.book(w, standing, "revoked", moved, at=at)
                await self.grant(w, new, lot.remaining, lot.expires_at, at)
            if position.deficit:
                await self.grant(w, old, position.deficit, None, at)
                standing, before = await self.position(w, new)
                await self.book(w, standing, "revoked", before.take(position.deficit, at=at), at=at)
            return len(position.lots) + bool(position.deficit)

    async def grant(self, w: Write, customer: str, points: int, expires_at: int | None, at: int) -> None:
        """Grants points within the open block."""
        standing, position = await self.position(w, customer)
        moved = position.credit(await book.next_entry_id(w), points, expires_at=expires_at, at=at)
        standing = standing._replace(lifetime=standing.lifetime + points)
        await self.book(w, standing, "granted", moved, at=at, expires_at=expires_at)

    async def position(
        self, w: Write, customer: str, also: tuple[int, ...] | list[int] = ()
    ) -> tuple[Standing, Position]:
        """The standing and its lots, as the open block sees them."""
        standing = (await book.standings(w, [(self.program_id, customer)], 0))[self.program_id, customer]
        return standing, Position(standing.deficit, tuple((await book.lots(w, [standing.id], also=also))[standing.id]))

    async def book(
        self, w: Write, standing: Standing, type_: EntryType, moved: Moved, *, at: int, expires_at: int | None = None,
        reverses: int | None = None, order_id: int | None = None, key: str | None = None,
    ) -> int:  # fmt: skip
        """Appends what the movement leads to."""
        entry_id = await book.next_entry_id(w)
        key = key or name()
        balance = standing.balance + moved.points
        assert balance == moved.after.balance
        document = f"{standing.customer} {standing.seq + 1} {moved.points} {key}".encode()
        ref = hashlib.sha256(document).hexdigest()
        at = max(at, standing.last_at)
        entry = NewEntry(
            entry_id, self.program_id, standing.id, standing.seq + 1, type_, moved.points, balance, ref, document, key,
            self.revision_id, order_id, reverses, at, at, expires_at,
        )  # fmt: skip
        opened = [
            OpenedLot(lot.entry_id, standing.id, lot.points, lot.remaining, lot.expires_at, lot.opened_at)
            for lot in moved.after.lots
            if lot.entry_id == entry_id
        ]
        next_at, next_points = moved.after.next_expiry(at) or (None, 0)
        after = standing._replace(
            seq=entry.seq, balance=balance, head=ref, last_at=at, deficit=moved.after.deficit, next_expiry_at=next_at,
            next_expiry_points=next_points,
        )  # fmt: skip
        draws = [EntryDraw(entry_id, draw) for draw in moved.draws]
        await book.append(w, [entry], opened=opened, draws=draws, standings=[after])
        return entry_id

    async def audit(self) -> audit.Report:
        """The audit of what is committed."""
        async with self.database.read() as r:
            return await audit.check(r)

    async def _expire(self, w: Write, customer: str, at: int) -> int:
        standing, position = await self.position(w, customer)
        due = position.due(at)
        for lot in due:
            standing, position = await self.position(w, customer)
            moved = position.expire(lot.entry_id, at=at)
            assert moved is not None
            await self.book(w, standing, "expired", moved, at=at)
        return len(due)


def main(path: str) -> None:
    """Sells for ever, in batches of ten in one block each: the process that a test kills."""

    async def sell() -> None:
        venue = await Venue.open(Path(path))
        customers = [hashlib.sha256(bytes([each])).hexdigest() for each in range(5)]
        print("ready", flush=True)
        while True:
            await venue.sell(customers[os.urandom(1)[0] % 5], name(), 12)
            await venue.spend(customers[os.urandom(1)[0] % 5], 7)

    asyncio.run(sell())
