"""A venue with rewards, receipts and an operator: what the desk writes for them, in the ledger's own words."""

from typing import Literal

from ledger import book, orders, referrals, tally, vouchers
from ledger.database import Write
from ledger.orders import OrderRow, Refund
from ledger.tally import Tally
from ledger.vouchers import Voucher
from tests.unit.ledger.venue import Venue, name


class Counter(Venue):
    """The venue's counter. Every method is one write block."""

    async def found(self, reference: str) -> OrderRow:
        """An order as it is committed."""
        async with self.database.read() as r:
            return (await orders.find(r, [(self.program_id, self.source, reference)]))[
                self.program_id, self.source, reference
            ]

    async def redeem(
        self, customer: str, cost: int, *, reward: str = "coffee", total: int | None = None, slot: int | None = None,
        period: int = 0, at: int = 0,
    ) -> Voucher | None:  # fmt: skip
        """Takes points for a reward and issues its voucher, good for a day; None where there are too few points."""
        async with self.database.write() as w:
            standing, position = await self.position(w, customer)
            moved = position.spend(cost, at=at)
            if moved is None:
                return None
            entry_id = await self.book(w, standing, "redeemed", moved, at=at)
            voucher = Voucher(
                await vouchers.next_id(w), self.program_id, standing.id, name(), reward, reward.title(), "item", "one",
                cost, cost, entry_id, "issued", at, at + 86_400, None, period, slot, None, None,
            )  # fmt: skip
            await vouchers.issue(w, [voucher])
            await vouchers.take_stock(w, self.program_id, reward, total, 1)
            return voucher

    async def use(self, hash_: str, reference: str | None = None, *, charged: int | None = None) -> bool:
        """Commits a voucher at the till, perhaps for less than it cost; whether it was there to be used."""
        async with self.database.write() as w:
            voucher = (await vouchers.by_hash(w, [hash_]))[hash_]
            if not voucher.is_active:
                return False
            less = 0 if charged is None else voucher.charged - charged
            if less:
                await self._give_back(w, voucher, less)
            await vouchers.update(w, [voucher._replace(
                status="used", charged=voucher.charged - less, ended_at=1, order_reference=reference,
                order_source=self.source if reference else None,
            )])  # fmt: skip
            return True

    async def end(self, hash_: str, status: Literal["cancelled", "expired"] = "cancelled") -> bool:
        """Gives a voucher back; whether it was there to be given back."""
        async with self.database.write() as w:
            voucher = (await vouchers.by_hash(w, [hash_]))[hash_]
            if not voucher.is_active:
                return False
            await self._give_back(w, voucher, voucher.charged)
            await vouchers.update(w, [voucher._replace(status=status, charged=0, ended_at=1, slot=None)])
            await vouchers.take_stock(w, self.program_id, voucher.reward, None, -1)
            return True

    async def _give_back(self, w: Write, voucher: Voucher, points: int) -> None:
        customer = (await book.standings_by_id(w, [voucher.standing_id]))[voucher.standing_id].customer
        if await w.rows("SELECT 1 FROM entry WHERE id = ? AND standing_id <> ?", voucher.entry_id, voucher.standing_id):
            await self.grant(w, customer, points, None, 10)  # the redemption stands on the chain of another key
            return
        draws = await book.entries_drawn(w, voucher.entry_id)
        standing, position = await self.position(w, customer, also=[draw.lot_id for draw in draws])
        moved = position.restore(draws, points, at=0)
        await self.book(w, standing, "revoked", moved, at=0, reverses=voucher.entry_id)

    async def wait(self, customer: str | None, reference: str, points: int, *, until: int | None = None) -> OrderRow:
        """Takes an order whose points are not booked yet: a delivery of the customer, or a receipt to be claimed."""
        async with self.database.write() as w:
            row = self.order(await orders.next_order_id(w), reference, None, None, points)
            if customer is None:
                row = row._replace(claim_hash=name())
            else:
                standing, _ = await self.position(w, customer)
                row = await self._counted(w, row._replace(pending_until=until), standing.id)
            await orders.record(w, [row])
            return row

    async def _counted(self, w: Write, row: OrderRow, standing_id: int) -> OrderRow:
        """The order as its customer's, with its visit and spend."""
        standing = (await book.standings_by_id(w, [standing_id]))[standing_id]
        row = row._replace(standing_id=standing_id, counted_minor=row.amount_minor - row.refunded_minor)
        points = row.earned - row.reversed
        await tally.add(w, [Tally(standing_id, row.day, row.source, 1, 1, points, row.counted_minor)])
        await book.append(w, [], standings=[standing._replace(
            visits=standing.visits + 1, month=202401, visits_month=standing.visits_month + 1,
            earned_points=standing.earned_points + points, spent_minor=standing.spent_minor + row.counted_minor,
            last_order_id=row.id, welcomed=1,
        )])  # fmt: skip
        return row

    async def give(self, reference: str, customer: str | None = None) -> None:
        """Books the points of an order that were pending, or that the customer claims."""
        row = await self.found(reference)
        async with self.database.write() as w:
            if customer is not None:
                row = await self._counted(w, row, (await self.position(w, customer))[0].id)
            assert row.standing_id is not None
            name_ = (await book.standings_by_id(w, [row.standing_id]))[row.standing_id].customer
            standing, position = await self.position(w, name_)
            entry_id, points = await book.next_entry_id(w), row.earned - row.reversed
            standing = standing._replace(lifetime=standing.lifetime + points)
            moved = position.credit(entry_id, points, expires_at=None, at=0)
            await self.book(w, standing, "earned", moved, at=0, order_id=row.id)
            await orders.update(w, [row._replace(entry_id=entry_id, pending_until=None)])

    async def take_back(self, reference: str, points: int, minor: int, *, deficit: bool = True) -> None:
        """Refunds a part of an order: booked, or not booked yet, also where its customer has another key now."""
        row = await self.found(reference)
        async with self.database.write() as w:
            taken, entry_id, row = 0, None, row._replace(
                reversed=row.reversed + points, refunded_minor=row.refunded_minor + minor
            )  # fmt: skip
            if row.entry_id is None:
                taken, row = points, row._replace(unbooked=row.unbooked + points)
            else:
                assert row.standing_id is not None
                entry_id, taken = await self._take_back(w, row, points, deficit)
                row = row._replace(clamped=row.clamped + points - taken)
            if row.standing_id is not None:
                row = row._replace(counted_minor=row.counted_minor - minor)
                standing = await self.followed(w, row.standing_id)
                standing_id = standing.id
                await tally.add(w, [Tally(standing_id, row.day, row.source, 0, 0, -points, -minor)])
                await book.append(w, [], standings=[standing._replace(
                    earned_points=standing.earned_points - points, spent_minor=standing.spent_minor - minor,
                )])  # fmt: skip
            await orders.update(w, [row])
            await orders.record_refunds(w, [Refund(
                row.program_id, row.source, f"{reference}:refund:{name()}", row.id, minor, taken, entry_id, name(), 0,
            )])  # fmt: skip

    async def _take_back(self, w: Write, row: OrderRow, points: int, deficit: bool) -> tuple[int | None, int]:
        assert row.standing_id is not None
        assert row.entry_id is not None
        standing = await self.followed(w, row.standing_id)
        if standing.id != row.standing_id:
            standing, position = await self.position(w, standing.customer)
            moved = position.take(points, at=0)
            return await self.book(w, standing, "revoked", moved, at=0, order_id=row.id), points
        standing, position = await self.position(w, standing.customer, also=(row.entry_id,))
        reversal = position.reverse_credit(row.entry_id, points, at=0, deficit=deficit)
        if reversal is None:
            return None, 0
        standing = standing._replace(lifetime=standing.lifetime + reversal.points)
        entry_id = await self.book(
            w, standing, "revoked", reversal, at=0, order_id=row.id, reverses=row.entry_id
        )  # fmt: skip
        return entry_id, -reversal.points

    async def followed(self, w: Write, standing_id: int) -> book.Standing:
        """The standing that the customer has now."""
        standing = (await book.standings_by_id(w, [standing_id]))[standing_id]
        return standing if standing.relinked_to is None else await self.followed(w, standing.relinked_to)

    async def relink(self, old: str, new: str) -> None:
        """Gives everything of a lost key to a new one."""
        await self.move(old, new)
        async with self.database.write() as w:
            lost, _ = await self.position(w, old)
            kept, _ = await self.position(w, new)
            await book.append(w, [], standings=[
                kept._replace(
                    visits=kept.visits + lost.visits, carried_visits=kept.carried_visits + lost.visits,
                    month=max(kept.month, lost.month), visits_month=kept.visits_month + lost.visits_month,
                    spent_minor=kept.spent_minor + lost.spent_minor, referral_id=lost.referral_id,
                    earned_points=kept.earned_points + lost.earned_points, last_order_id=lost.last_order_id,
                ),
                lost._replace(
                    visits=0, carried_visits=lost.carried_visits - lost.visits, visits_month=0, spent_minor=0,
                    earned_points=0, referral_id=None, frozen=1, relinked_to=kept.id,
                ),
            ])  # fmt: skip
            await tally.move(w, lost.id, kept.id)
            await referrals.move(w, lost.id, kept.id)
            held = await vouchers.of_standing(w, lost.id)
            await vouchers.update(w, [voucher._replace(standing_id=kept.id) for voucher in held])
