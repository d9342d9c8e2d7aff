"""The facts of one batch as they stand after each decision, and the slip of all that must be written.

Rules:
- Values in, values out; no clock, no disk. `now` and `dice` are arguments.
- An entry is chained here: its id follows from its template, so `prev` is complete before anything is signed.
- `created_at` never decreases along a chain (protocol §4 rule 1), a card's strictly increases (§7; Bug 69).
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple

from kinds import entry as wire
from kinds.event import author, canonical_of
from ledger.book import EntryDraw, OpenedLot, Standing
from ledger.entry import EntryType, NewEntry
from ledger.lot import Lot, Moved, Position
from ledger.orders import OrderName, OrderRow, Refund
from ledger.outbox import Promise
from ledger.waiting_refunds import WaitingRefund
from nostr_loyalty.intake.recognition import ADAPTER
from nostr_loyalty.programs import ServedProgram
from nostr_loyalty.publishing import publications

Dice = Callable[[int], bytes]
"""n random bytes."""


@dataclass(slots=True)
class Facts:
    """What the ledger says about everybody and everything in the batch.

    `lots` holds all open lots of a standing, for those standings only whose points may be taken back in this batch.
    `entry_refs` holds the event ids of the entries that may be reversed. `refunded` names the refunds applied before,
    by (program, source, refund's reference); `waiting` holds those that came before their order.
    """

    standings: dict[int, Standing]
    standing_ids: dict[tuple[int, str], int]
    orders: dict[OrderName, OrderRow]
    refunded: set[OrderName]
    waiting: dict[OrderName, list[WaitingRefund]]
    lots: dict[int, list[Lot]]
    entry_refs: dict[int, str]
    next_entry_id: int
    next_order_id: int


@dataclass(slots=True)
class Slip:
    """All that one batch writes: to the book, to the orders, to the outbox."""

    entries: list[NewEntry] = field(default_factory=list)
    opened: list[OpenedLot] = field(default_factory=list)
    draws: list[EntryDraw] = field(default_factory=list)
    standings: dict[int, Standing] = field(default_factory=dict)
    new_orders: dict[int, OrderRow] = field(default_factory=dict)
    changed_orders: dict[int, OrderRow] = field(default_factory=dict)
    refunds: list[Refund] = field(default_factory=list)
    waiting: list[WaitingRefund] = field(default_factory=list)
    released: list[WaitingRefund] = field(default_factory=list)
    promises: list[Promise] = field(default_factory=list)


class Movement(NamedTuple):
    """Points about to move: what the entry says besides its place in the chain.

    `moved` is what the lot algebra made of it; `reference` is what makes it happen once (order id, refund reference);
    `reverses` is the id of the entry that this one takes back.
    """

    type: EntryType
    moved: Moved
    text: str
    source: str
    reference: str
    order_id: int
    occurred_at: int
    reverses: int | None = None


class WorkingCopy:
    """Facts and slip of one batch, changed together by the few moves below."""

    def __init__(self, facts: Facts, now: int, dice: Dice) -> None:
        """`now`: unix seconds; `dice(n)`: n random bytes."""
        self.facts = facts
        self.now = now
        self.dice = dice
        self.slip = Slip()
        self._carded: dict[int, ServedProgram] = {}

    def standing(self, program: ServedProgram, customer: str) -> Standing:
        """A customer's standing as the decisions so far left it."""
        return self.facts.standings[self.facts.standing_ids[program.ledger_id, customer]]

    def position(self, standing: Standing) -> Position:
        """Deficit and (where they were gathered) lots of a standing. A credit needs the deficit only."""
        return Position(standing.deficit, tuple(self.facts.lots.get(standing.id, ())))

    def order(self, key: OrderName) -> OrderRow | None:
        """The order as the decisions so far left it."""
        return self.facts.orders.get(key)

    def put_order(self, row: OrderRow) -> None:
        """Write down a new or changed order."""
        self.facts.orders[row.program_id, row.source, row.reference] = row
        if row.id == self.facts.next_order_id:
            self.facts.next_order_id += 1
            self.slip.new_orders[row.id] = row
        elif row.id in self.slip.new_orders:
            self.slip.new_orders[row.id] = row
        else:
            self.slip.changed_orders[row.id] = row

    def is_refunded(self, refund: WaitingRefund) -> bool:
        """Whether this refund was applied, or is waiting for its order, already."""
        if (refund.program_id, refund.source, refund.reference) in self.facts.refunded:
            return True
        return any(one.reference == refund.reference for one in self.waiting_for(_order_of(refund)))

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

    def put_refund(self, refund: WaitingRefund, order_id: int, points: int, entry_id: int | None) -> None:
        """Write down an applied refund: it took `points` (0 or more) back by `entry_id`."""
        self.facts.refunded.add((refund.program_id, refund.source, refund.reference))
        self.release(refund)
        self.slip.refunds.append(Refund(
            refund.program_id, refund.source, refund.reference, order_id, refund.amount_minor, points, entry_id,
            refund.message_ref, self.now,
        ))  # fmt: skip

    def put_standing(self, program: ServedProgram, standing: Standing) -> Standing:
        """Write down a changed standing; its card will be published once when the batch closes."""
        if program.visibility == "private" and standing.card_name is None:
            standing = standing._replace(card_name=self.dice(16).hex())
        self.facts.standings[standing.id] = standing
        self.slip.standings[standing.id] = standing
        self._carded[standing.id] = program
        return standing

    def enter(self, program: ServedProgram, standing: Standing, movement: Movement) -> NewEntry:
        """Append one entry to the customer's chain, with its lot and draws, and promise its publication."""
        moved, reverses = movement.moved, movement.reverses
        created_at = max(self.now, standing.last_at)
        opened = moved.after.lots[-1] if moved.points > 0 else None
        line = wire.Entry(
            program=program.address, relay=program.relays[0], customer=standing.customer, type=movement.type,
            points=moved.points, balance=standing.balance + moved.points, seq=standing.seq + 1, prev=standing.head,
            rev=program.revision, text=movement.text, private=program.visibility == "private",
            key=wire.idempotency_key(program.address, ADAPTER, movement.source, movement.reference),
            expires_at=opened.expires_at if opened is not None else None,
            revokes=self.facts.entry_refs[reverses] if reverses is not None else None,
        )  # fmt: skip
        rumor = author(wire.template(line, created_at), program.issuer)
        entry = NewEntry(
            id=self.facts.next_entry_id, program_id=program.ledger_id, standing_id=standing.id, seq=line.seq,
            type=movement.type, points=line.points, balance=line.balance, ref=rumor.id, document=canonical_of(rumor),
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
        standing = standing._replace(
            balance=line.balance, deficit=moved.after.deficit, seq=line.seq, head=entry.ref, last_at=created_at
        )
        standing = self.put_standing(program, standing)
        self.slip.promises.append(publications.entry(program, standing, entry, self.dice(32)))
        return entry

    def promise(self, promise: Promise) -> None:
        """Promise something else to the world."""
        self.slip.promises.append(promise)

    def close(self) -> Slip:
        """The slip, with one card for each standing that changed, however often it did."""
        for standing_id, program in self._carded.items():
            standing = self.facts.standings[standing_id]
            standing = standing._replace(card_at=max(self.now, standing.card_at + 1))
            self.facts.standings[standing_id] = self.slip.standings[standing_id] = standing
            self.slip.promises.append(publications.card(program, standing, self.dice(32)))
        return self.slip


def _order_of(refund: WaitingRefund) -> OrderName:
    return (refund.program_id, refund.source, refund.order_reference)
