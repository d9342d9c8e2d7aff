"""Moves that several desks make on a customer's lots: write off what has run out, take back, book what was pending.

The customer's lots must have been gathered whole, with the event ids of the entries that opened them. What has run out
is written off before anything is taken back, so that it does not matter when somebody swept last.

What is taken back and was spent makes a deficit. A program that clamps forgives it, but for what the customer's issued
vouchers hold: that is not spent yet, and their cancellation would give it back. That part stays a deficit, which the
cancellation fills.
"""

from collections.abc import Callable

from ledger.book import Standing
from ledger.entry import NewEntry
from ledger.lot import Moved
from ledger.orders import OrderRow
from nostr_loyalty.desk import tier_desk
from nostr_loyalty.desk.facts import Movement, Sentence
from nostr_loyalty.desk.working_copy import WorkingCopy
from nostr_loyalty.programs import ServedProgram
from nostr_loyalty.publishing import wording
from nostr_loyalty.rules import expiring


def write_off(copy: WorkingCopy, program: ServedProgram, standing: Standing) -> Standing:
    """An `expired` entry for each lot whose time has passed; before anything else happens to the customer's lots."""
    for lot in copy.position(standing).due(copy.now):
        moved = copy.position(standing).expire(lot.entry_id, at=copy.now)
        assert moved is not None, "a due lot holds points"
        ref = copy.facts.entry_refs[lot.entry_id]
        # Points that were put back into a lot can run out a second time: the key must not come twice.
        again = f":{lot.expired}" if lot.expired else ""
        copy.enter(program, standing, Movement(
            type="expired", moved=moved, text=wording.expired, author=program.issuer,
            reference=f"{ref}:expired{again}", occurred_at=lot.expires_at or copy.now, adapter="daemon", lot=ref,
        ))  # fmt: skip
        standing = copy.facts.standings[standing.id]
    return standing


def take(
    copy: WorkingCopy, program: ServedProgram, standing: Standing, points: int, *, first: int | None = None,
    owed: int = 0,
) -> Moved | None:  # fmt: skip
    """A debit of so many points (above 0), of this lot first; None where the program clamps and there is nothing.

    `owed`: a deficit of up to so many is left where the program clamps.
    """
    position = copy.position(standing)
    return _clamped(copy, program, standing, points, owed, lambda size: position.take(size, at=copy.now, first=first))


def take_credit(
    copy: WorkingCopy, program: ServedProgram, standing: Standing, lot_id: int, points: int, *, owed: int = 0
) -> Moved | None:
    """Take back up to so many points (0 or more) of the credit that opened this lot; None where nothing can be."""
    position = copy.position(standing)
    return _clamped(
        copy, program, standing, points, owed, lambda size: position.reverse_credit(lot_id, size, at=copy.now)
    )  # fmt: skip


def take_moved_credit(
    copy: WorkingCopy, program: ServedProgram, standing: Standing, lot_id: int, points: int, taken: int, *,
    owed: int = 0,
) -> Moved | None:  # fmt: skip
    """The same of a credit whose customer goes on as `standing`, with another key; `taken`: of it in all, so far.

    The lot that it became goes first; what had run out, of the old key or the new, is not taken again.
    """
    points = min(points, _left_of_moved(copy, lot_id, taken))
    heirs = copy.facts.heirs.get(lot_id, [])
    return take(copy, program, standing, points, first=heirs[-1] if heirs else None, owed=owed) if points > 0 else None


def take_of_order(
    copy: WorkingCopy, program: ServedProgram, standing: Standing, row: OrderRow, points: int, *, owed: int = 0
) -> Moved | None:
    """Take back up to so many points of an order that were booked, of its customer, who is `standing` by now."""
    assert row.entry_id is not None
    if standing.id == row.standing_id:
        return take_credit(copy, program, standing, row.entry_id, points, owed=owed)
    return take_moved_credit(copy, program, standing, row.entry_id, points, copy.facts.taken[row.id], owed=owed)


def left_of_order(copy: WorkingCopy, row: OrderRow) -> int:
    """What of an order's booked points was neither taken back, nor forgiven, nor has run out, on any key."""
    assert row.standing_id is not None
    if copy.followed(row.standing_id).id != row.standing_id:
        assert row.entry_id is not None
        return max(0, _left_of_moved(copy, row.entry_id, copy.facts.taken[row.id]) - row.clamped)
    lot = next(one for one in copy.facts.lots[row.standing_id] if one.entry_id == row.entry_id)
    return max(0, lot.points - lot.reversed - lot.expired - row.clamped)


def _left_of_moved(copy: WorkingCopy, lot_id: int, taken: int) -> int:
    lots = {lot.entry_id: lot for each in copy.facts.lots.values() for lot in each}
    heirs = copy.facts.heirs.get(lot_id, [])
    gone = lots[lot_id].expired + sum(lots[heir].expired + lots[heir].reversed for heir in heirs)
    return lots[lot_id].points - gone - taken


def _clamped(
    copy: WorkingCopy, program: ServedProgram, standing: Standing, points: int, owed: int,
    take_: Callable[[int], Moved | None],
) -> Moved | None:  # fmt: skip
    moved = take_(points) if points else None
    if moved is None or program.rules.deficit == "allow":
        return moved
    forgiven = moved.after.deficit - max(standing.deficit, copy.facts.held.get(standing.id, 0), owed)
    if forgiven <= 0:
        return moved
    points = -moved.points - forgiven
    return take_(points) if points else None


def book_pending(
    copy: WorkingCopy, program: ServedProgram, row: OrderRow, text: Sentence, by: str | None = None
) -> NewEntry | None:
    """Book the points of an order that were pending, `by` an operator or when their time has come: what was not taken
    back by now; None where nothing is left.
    """
    assert row.standing_id is not None
    standing = copy.followed(row.standing_id)
    if standing.id != row.standing_id:  # the order's visit moves with it
        old = copy.facts.standings[row.standing_id]
        copy.put_standing(program, old._replace(carried_visits=old.carried_visits + 1))
        standing = copy.put_standing(program, standing._replace(carried_visits=standing.carried_visits - 1))
    points = row.earned - row.reversed
    row = row._replace(standing_id=standing.id, pending_until=None, held=0)
    entry = None
    if points:
        row = row._replace(entry_id=copy.facts.next_entry_id)
        moved = copy.position(standing).credit(
            copy.facts.next_entry_id, points, expires_at=expiring.expires_at(program.rules, copy.now), at=copy.now
        )
        entry = copy.enter(program, standing, Movement(
            type="earned", moved=moved, text=text, author=row.source, reference=row.reference, order_id=row.id,
            occurred_at=row.paid_at, by=by,
        ))  # fmt: skip
    copy.put_order(row)
    tier_desk.reviewed(copy, program, copy.facts.standings[standing.id])
    return entry


def bonus(
    copy: WorkingCopy, program: ServedProgram, standing: Standing, points: int, *, text: Sentence, author: str,
    reference: str, adapter: str,
) -> NewEntry:  # fmt: skip
    """Book points that were earned otherwise than by an order, and count them today."""
    standing = copy.count(standing, copy.today(program), points=points)
    moved = copy.position(standing).credit(
        copy.facts.next_entry_id, points, expires_at=expiring.expires_at(program.rules, copy.now), at=copy.now
    )
    entry = copy.enter(program, standing, Movement(
        type="earned", moved=moved, text=text, author=author, reference=reference, occurred_at=copy.now,
        adapter=adapter,
    ))  # fmt: skip
    tier_desk.reviewed(copy, program, copy.facts.standings[standing.id])
    return entry
