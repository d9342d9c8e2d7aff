"""The facts of one batch as they stand after each decision, changed by the few moves below together with the slip.

Rules:
- Values in, values out; no clock, no disk. `now` and `dice` are arguments.
- An entry is chained here: its id follows from its template, so `prev` is complete before anything is signed.
- `created_at` never decreases along a chain (protocol §4 rule 1), a card's strictly increases (§7; Bug 69).
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from kinds import entry as wire
from kinds.event import document_of
from ledger.book import EntryDraw, OpenedLot, Standing
from ledger.entry import CREDITS, NewEntry
from ledger.lot import Lot, Position
from ledger.orders import OrderName, OrderRow, Refund
from ledger.outbox import Promise
from ledger.referrals import Referral
from ledger.stamps import Stamp
from ledger.tally import NO_SOURCE, Tally
from ledger.vouchers import Voucher
from ledger.waiting_refunds import WaitingRefund
from nostr_loyalty.desk import telling, tiers
from nostr_loyalty.desk.facts import Dice, Facts, Movement, Slip, is_again
from nostr_loyalty.programs import ServedProgram
from nostr_loyalty.publishing import publications
from nostr_loyalty.publishing.badges import badge_award
from nostr_loyalty.rules.calendar import day_of

NOTHING: Final[Mapping[str, Any]] = MappingProxyType({})


class WorkingCopy:
    """Facts and slip of one batch."""

    def __init__(self, facts: Facts, now: int, dice: Dice) -> None:
        """`now`: unix seconds; `dice(n)`: n random bytes."""
        self.facts = facts
        self.now = now
        self.dice = dice
        self.slip = Slip()
        self._carded: dict[int, ServedProgram] = {}

    def today(self, program: ServedProgram) -> int:
        """The venue's local day (an ordinal)."""
        return day_of(self.now, program.rules.tz)

    def day_of(self, program: ServedProgram, unix: int) -> int:
        """The venue's local day of a moment."""
        return day_of(unix, program.rules.tz)

    # -- standings ------------------------------------------------------------------------------------------------

    def standing(self, program: ServedProgram, customer: str) -> Standing:
        """A customer's standing as the decisions so far left it."""
        return self.facts.standings[self.facts.standing_ids[program.ledger_id, customer]]

    def followed(self, standing_id: int) -> Standing:
        """The standing of this id, or the one that everything of it has moved to."""
        standing = self.facts.standings[standing_id]
        while standing.relinked_to is not None:
            standing = self.facts.standings[standing.relinked_to]
        return standing

    def put_standing(self, program: ServedProgram, standing: Standing) -> Standing:
        """Write down a changed standing; its card will be published once when the batch closes."""
        if standing.card_name is None and not publications.is_public(program, standing):
            standing = standing._replace(card_name=self.dice(16).hex())
        self.facts.standings[standing.id] = standing
        self.slip.standings[standing.id] = standing
        if not standing.forgotten:
            self._carded[standing.id] = program
        return standing

    def position(self, standing: Standing) -> Position:
        """Deficit and (where they were gathered) lots of a standing. A credit needs the deficit only."""
        return Position(standing.deficit, tuple(self.facts.lots.get(standing.id, ())))

    def count(
        self, standing: Standing, day: int, source: str = NO_SOURCE, *, orders: int = 0, visits: int = 0,
        points: int = 0, spent: int = 0,
    ) -> Standing:  # fmt: skip
        """Count what happened on a local day, in the tally and in the standing's sums."""
        counted = self.counted(standing, day, source, orders=orders, visits=visits, points=points, spent=spent)
        return standing._replace(**counted)

    def counted(
        self, standing: Standing, day: int, source: str, *, orders: int, visits: int, points: int, spent: int
    ) -> dict[str, Any]:
        """The same, where the standing changes further: its sums, by field."""
        key, added = (standing.id, day, source), Tally(standing.id, day, source, orders, visits, points, spent)
        before = self.slip.tallies.get(key)
        self.slip.tallies[key] = added if before is None else before.plus(added)
        if standing.id in self.facts.tallies:
            self.facts.tallies[standing.id].append(added)
        return {
            "visits": standing.visits + visits, "earned_points": standing.earned_points + points,
            "spent_minor": standing.spent_minor + spent,
        }  # fmt: skip

    def stamp(self, standing: Standing, row: OrderRow) -> None:
        """The order got its customer a stamp."""
        stamp = Stamp(standing.id, row.paid_at, row.id)
        self.facts.stamps.setdefault(standing.id, []).append(stamp)
        self.slip.stamps.append(stamp)

    def unstamp(self, standing: Standing, row: OrderRow) -> None:
        """The order's stamp is none any more, if it had one."""
        stamp = Stamp(standing.id, row.paid_at, row.id)
        self.facts.stamps[standing.id] = [one for one in self.facts.stamps.get(standing.id, ()) if one != stamp]
        self.slip.lost_stamps.append(stamp)

    # -- orders and refunds ---------------------------------------------------------------------------------------

    def order(self, key: OrderName) -> OrderRow | None:
        """The order as the decisions so far left it."""
        return self.facts.orders.get(key)

    def put_order(self, row: OrderRow) -> None:
        """Write down a new or changed order."""
        self.facts.orders[row.program_id, row.source, row.reference] = row
        tiers.set_apart(self.facts, row)
        if row.id == self.facts.next_order_id:
            self.facts.next_order_id += 1
            self.slip.new_orders[row.id] = row
        elif row.id in self.slip.new_orders:
            self.slip.new_orders[row.id] = row
        else:
            self.slip.changed_orders[row.id] = row

    def is_refunded(self, refund: WaitingRefund) -> bool:
        """Whether this refund was applied, or is waiting for its order, already."""
        applied = (refund.program_id, refund.source, refund.reference) in self.facts.refunded
        return applied or any(one.reference == refund.reference for one in self.waiting_for(_order_of(refund)))

    def waiting_for(self, order: OrderName) -> tuple[WaitingRefund, ...]:
        """The refunds that came before this order."""
        return tuple(self.facts.waiting.get(order, ()))

    def keep_waiting(self, refund: WaitingRefund) -> None:
        """Keep a refund until its order comes."""
        self.facts.waiting.setdefault(_order_of(refund), []).append(refund)
        self.slip.waiting.append(refund)

    def release(self, refund: WaitingRefund) -> None:
        """Keep a refund no longer, if it was kept."""
        if refund in self.waiting_for(_order_of(refund)):
            self.facts.waiting[_order_of(refund)].remove(refund)
            self.slip.released.append(refund)

    def put_refund(
        self, refund: WaitingRefund, order_id: int, points: int, entry_id: int | None, told: int | None = None
    ) -> None:
        """Write down an applied refund: it took `points` (0 or more) back by `entry_id`, and was `told` so many."""
        if order_id in self.facts.taken:
            self.facts.taken[order_id] += points if entry_id is not None else 0
        for lot_id, (row, _) in self.facts.drawn_on.items():
            if row.id == order_id and not is_again(refund):
                self.facts.drawn_on[lot_id] = (row, self.now)
        self.release(refund)
        name = (refund.program_id, refund.source, refund.reference)
        self.facts.refunded[name] = Refund(
            *name, order_id, refund.amount_minor, points, entry_id, refund.message_ref, self.now, told
        )
        self.slip.refunds.append(self.facts.refunded[name])

    def by_hand(self, row: OrderRow, actor: str, ref: str) -> WaitingRefund:
        """The record of points of an order that an operator took back, without money: known by the command's ref."""
        return WaitingRefund(row.program_id, actor, row.reference, ref, False, row.currency, 0, ref, self.now)

    # -- vouchers, referrals --------------------------------------------------------------------------------------

    def put_voucher(self, voucher: Voucher) -> None:
        """Write down a new or changed voucher."""
        for one, sign in ((self.facts.vouchers.get(voucher.hash), -1), (voucher, 1)):
            if one is not None and one.is_active:
                self.facts.held[one.standing_id] = self.facts.held.get(one.standing_id, 0) + sign * one.charged
        self.facts.vouchers[voucher.hash] = voucher
        if voucher.id == self.facts.next_voucher_id:
            self.facts.next_voucher_id += 1
            self.slip.new_vouchers[voucher.id] = voucher
        elif voucher.id in self.slip.new_vouchers:
            self.slip.new_vouchers[voucher.id] = voucher
        else:
            self.slip.changed_vouchers[voucher.id] = voucher

    def put_referral(self, referral: Referral) -> None:
        """Write down a new or changed referral."""
        is_new = referral.id == self.facts.next_referral_id
        self.facts.next_referral_id += is_new
        was_new = self.slip.referrals.get(referral.id, (is_new, referral))[0]
        self.facts.referrals[referral.id] = referral
        self.slip.referrals[referral.id] = (was_new, referral)

    # -- entries --------------------------------------------------------------------------------------------------

    def enter(
        self, program: ServedProgram, standing: Standing, movement: Movement, counted: Mapping[str, Any] = NOTHING
    ) -> NewEntry:
        """Append one entry to the customer's chain, with its lot and draws, and promise its publication. `counted`:
        other fields of the standing that change with it.
        """
        moved, reverses = movement.moved, movement.reverses
        created_at = max(self.now, standing.last_at)
        opened = moved.after.lots[-1] if movement.type in CREDITS else None
        spoken = program.spoken(standing.language)
        line = wire.Entry(
            program=program.address, relay=program.relays[0], customer=standing.customer, type=movement.type,
            points=moved.points, balance=standing.balance + moved.points, seq=standing.seq + 1, prev=standing.head,
            rev=program.revision, text=movement.text(spoken), private=not publications.is_public(program, standing),
            key=wire.idempotency_key(program.address, movement.adapter, movement.author, movement.reference),
            expires_at=opened.expires_at if opened is not None else None,
            revokes=self.facts.entry_refs[reverses] if reverses is not None else None,
            tier=standing.tier, reward=movement.reward, voucher=movement.voucher, by=movement.by, lot=movement.lot,
            linked=movement.linked,
        )  # fmt: skip
        ref, document = document_of(wire.template(line, created_at), program.issuer)
        entry = NewEntry(
            id=self.facts.next_entry_id, program_id=program.ledger_id, standing_id=standing.id, seq=line.seq,
            type=movement.type, points=line.points, balance=line.balance, ref=ref, document=document,
            key=line.key, revision_id=program.revision_id, order_id=movement.order_id, reverses=reverses,
            occurred_at=movement.occurred_at, recorded_at=created_at, expires_at=line.expires_at,
        )  # fmt: skip
        self.facts.next_entry_id += 1
        self.facts.entry_refs[entry.id] = entry.ref
        self.facts.lots[standing.id] = list(moved.after.lots)
        self.slip.entries.append(entry)
        if opened is not None:
            self.slip.opened.append(OpenedLot(
                entry.id, standing.id, opened.points, opened.remaining, opened.expires_at, opened.opened_at,
            ))  # fmt: skip
        self.slip.draws.extend(EntryDraw(entry.id, draw) for draw in moved.draws)
        counts = movement.type in CREDITS or (reverses is not None and movement.of_credit)
        next_at, next_points = self._next_expiry(standing, moved.after, opened)
        standing = standing._replace(
            balance=line.balance, deficit=moved.after.deficit, seq=line.seq, head=entry.ref, last_at=created_at,
            lifetime=standing.lifetime + line.points if counts else standing.lifetime,
            next_expiry_at=next_at, next_expiry_points=next_points, **counted,
        )  # fmt: skip
        standing = self.put_standing(program, standing)
        if not standing.forgotten:
            self.slip.promises += telling.of_entry(spoken, standing, entry, movement, self.dice)
        return entry

    def _next_expiry(self, standing: Standing, after: Position, opened: Lot | None) -> tuple[int | None, int]:
        """When the next points run out, and how many: reckoned anew, or after a mere credit by what was known."""
        if standing.id in self.facts.whole or standing.seq == 0:
            return after.next_expiry(self.now) or (None, 0)
        known, points = standing.next_expiry_at, standing.next_expiry_points
        if opened is None or opened.expires_at is None or not opened.remaining:
            return known, points
        if known is None or opened.expires_at < known:
            return opened.expires_at, opened.remaining
        return known, points + opened.remaining if opened.expires_at == known else points

    # -- promises -------------------------------------------------------------------------------------------------

    def promise(self, promise: Promise) -> None:
        """Promise something else to the world."""
        self.slip.promises.append(promise)

    def tell(self, program: ServedProgram, to: str, text: str) -> None:
        """Promise a message to somebody that is about no entry."""
        self.promise(publications.word(program, to, text, self.now, self.dice(32)))

    def notify(self, program: ServedProgram, standing: Standing, text: str, *, important: bool) -> None:
        """The same to a customer, who may have switched such notices off."""
        if telling.wants(standing.notify, important=important):
            self.tell(program, standing.customer, text)

    def award(self, program: ServedProgram, standing: Standing, not_before: int = 0) -> None:
        """Award the badge of the customer's tier, if it wants badges; one that it has is not given again. It is dated
        `not_before` (unix seconds) at the earliest: relays never take the id of a withdrawn one again.
        """
        if standing.badge and standing.tier is not None and not standing.forgotten:
            at = max(self.now, not_before)
            self.slip.awards.append(badge_award(program, standing, standing.tier, at, self.dice(32)))

    def close_without_cards(self) -> Slip:
        """The slip of what is the last that is said of somebody."""
        return self.slip

    def close(self) -> Slip:
        """The slip, with one card for each standing that changed, however often it did."""
        for standing_id, program in self._carded.items():
            standing = self.facts.standings[standing_id]
            standing = standing._replace(card_at=max(self.now, standing.card_at + 1))
            self.facts.standings[standing_id] = self.slip.standings[standing_id] = standing
            steps = tiers.steps(self.facts, program.rules, standing, self.now) if program.rules.tiers else None
            self.slip.promises.append(publications.card(program, standing, steps, self.dice(32)))
        self.slip.made += [one for id_, one in self.slip.standings.items() if id_ in self.facts.unmade]
        return self.slip


def _order_of(refund: WaitingRefund) -> OrderName:
    return (refund.program_id, refund.source, refund.order_reference)
