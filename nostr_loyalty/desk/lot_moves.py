"""Moves that several desks make on a customer's lots: write off what has run out, book what was pending.

The customer's lots must have been gathered whole, with the event ids of the entries that opened them.
"""

from ledger.book import Standing
from ledger.entry import NewEntry
from ledger.orders import OrderRow
from nostr_loyalty.desk import tier_desk
from nostr_loyalty.desk.facts import Movement
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
            type="expired", moved=moved, text=wording.expired(program), author=program.issuer,
            reference=f"{ref}:expired{again}", occurred_at=lot.expires_at or copy.now, adapter="daemon", lot=ref,
        ))  # fmt: skip
        standing = copy.facts.standings[standing.id]
    return standing


def book_pending(copy: WorkingCopy, program: ServedProgram, row: OrderRow, text: str) -> NewEntry | None:
    """Book the points of an order that were pending: what was not taken back by now; None where nothing is left."""
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
            occurred_at=row.paid_at,
        ))  # fmt: skip
    copy.put_order(row)
    tier_desk.reviewed(copy, program, copy.facts.standings[standing.id])
    return entry


def bonus(
    copy: WorkingCopy, program: ServedProgram, standing: Standing, points: int, *, text: str, author: str,
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
