"""Sums over the whole ledger, for reports, and pages of it, for exports. Nothing here changes anything.

Rules:
- Entries and orders are read once, in slices of their ids, since neither is indexed by time; whoever asks adds the
  slices up. A sum names its program, so that one reading serves all programs.
- Times come in quarters of an hour (unix seconds / 900): every local day of every time zone begins with one.
- A redemption that was given back is no credit and no revocation: it has a kind of its own, "returned".
- Points that went from a lost key to a new one are two linked entries, of which the second names the first. The second
  is "moved" (or "owed", where a deficit went): it undoes the first in every sum, since nobody earned or lost anything.
  Where the customer was forgotten no document names the other; the two were booked one after the other.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from typing import Final, Literal, NamedTuple

from ledger.bulk import name, packed_rows
from ledger.database import Read
from ledger.vouchers import Voucher

QUARTER_S: Final = 900
SLICE: Final = 20_000

Kind = Literal["earned", "granted", "redeemed", "returned", "expired", "revoked", "moved", "owed"]


class Moved(NamedTuple):
    """What entries of one kind moved in a quarter of an hour, by their signed points; `entries` of them."""

    program_id: int
    quarter: int
    kind: Kind
    points: int
    entries: int


class Sold(NamedTuple):
    """Orders paid on one local day in one currency.

    `orders`: those that were not taken back in whole; `sold_minor`, `refunded_minor`: of all. `pending`: points that
    are earned and not yet booked (for time to pass, or for an operator); `unclaimed`: points of receipts that nobody
    has claimed yet.
    """

    program_id: int
    day: int
    currency: str
    orders: int
    sold_minor: int
    refunded_minor: int
    pending: int
    unclaimed: int


class Visitors(NamedTuple):
    """Customers by their orders that were not taken back in whole: in a span of days, for the first time in it, in the
    days before it and not in it, and ever up to its end.
    """

    active: int
    new: int
    lapsing: int
    ever: int


class Holders(NamedTuple):
    """Customers of one tier (None: of no tier) as they stand: how many, what they can spend, what they owe."""

    tier: str | None
    customers: int
    points: int
    deficit: int


class Balances(NamedTuple):
    """What all balances come to at some time: points that customers could spend (`outstanding`), points that they owed
    (`owed`, both 0 or more), and the sum of the balances of those who are forgotten by now, debts taken off.
    """

    outstanding: int
    owed: int
    forgotten: int

    @property
    def net(self) -> int:
        """The sum of all balances: of the points of all entries."""
        return self.outstanding - self.owed + self.forgotten


_MOVED: Final = """
SELECT program_id, recorded_at / 900, kind, sum(points), count(*) FROM (
    SELECT entry.program_id, entry.recorded_at, entry.points,
           CASE WHEN entry.type IN ('granted', 'revoked') AND entry.order_id IS NULL
                     AND CASE length(entry.document) WHEN 0 THEN EXISTS (
                             SELECT 1 FROM entry AS first CROSS JOIN standing AS old ON old.id = first.standing_id
                             WHERE first.id = entry.id - 1 AND first.points = -entry.points AND first.order_id IS NULL
                               AND first.recorded_at = entry.recorded_at AND old.relinked_to = entry.standing_id)
                         ELSE instr(entry.document, ?3) > 0 END
                THEN CASE WHEN entry.points > 0 THEN 'moved' ELSE 'owed' END
                WHEN entry.type = 'revoked' AND entry.points > 0
                     AND (SELECT type FROM entry AS back WHERE back.id = entry.reverses) = 'redeemed' THEN 'returned'
                ELSE entry.type END AS kind
    FROM entry WHERE entry.id > ?1 AND entry.id <= ?2)
GROUP BY 1, 2, 3
"""

_SOLD: Final = """
SELECT program_id, day, currency, sum(status = 'paid'), sum(amount_minor), sum(refunded_minor),
       coalesce(sum(earned - reversed) FILTER (WHERE pending_until IS NOT NULL), 0),
       coalesce(sum(earned - reversed) FILTER (WHERE standing_id IS NULL AND status = 'paid'), 0)
FROM paid_order WHERE id > ?1 AND id <= ?2 GROUP BY 1, 2, 3
"""

_VISITORS: Final = """
SELECT coalesce(sum(here), 0), coalesce(sum(here AND first_day >= ?2), 0), coalesce(sum(before AND NOT here), 0),
       count(*)
FROM (SELECT max(tally.day >= ?2) AS here, max(tally.day >= ?4 AND tally.day < ?2) AS before,
             min(tally.day) AS first_day
      FROM standing CROSS JOIN tally ON tally.standing_id = standing.id
      WHERE standing.program_id = ?1 AND tally.visits > 0 AND tally.day <= ?3 GROUP BY standing.id)
"""

_HOLDERS: Final = """
SELECT tier, count(*), coalesce(sum(max(0, balance)), 0), coalesce(sum(deficit), 0)
FROM standing WHERE program_id = ?1 AND relinked_to IS NULL AND forgotten = 0 GROUP BY tier ORDER BY tier
"""

_BALANCES: Final = """
SELECT coalesce(sum(max(0, points)) FILTER (WHERE forgotten = 0), 0),
       coalesce(sum(max(0, -points)) FILTER (WHERE forgotten = 0), 0),
       coalesce(sum(points) FILTER (WHERE forgotten = 1), 0)
FROM (SELECT standing.forgotten, standing.balance - coalesce(later.points, 0) AS points
      FROM standing LEFT JOIN (SELECT standing_id, sum(points) AS points FROM entry
                               WHERE program_id = ?1 AND recorded_at >= ?2 GROUP BY standing_id) AS later
        ON later.standing_id = standing.id
      WHERE standing.program_id = ?1)
"""


_VOUCHERS: Final = """
SELECT standing.customer, v.id, v.program_id, v.standing_id, lower(hex(v.hash)), v.reward, v.title, v.type, v.value,
       v.cost, v.charged, v.entry_id, v.status, v.issued_at, v.hold_until, v.ended_at, v.period, v.slot,
       nullif(lower(hex(v.order_source)), ''), v.order_reference
FROM (SELECT * FROM voucher WHERE id > ?2 AND program_id = ?1 ORDER BY id LIMIT ?3) AS v
JOIN standing ON standing.id = v.standing_id ORDER BY v.id
"""

_CUSTOMERS: Final = """
SELECT standing.id, standing.customer FROM json_each(?1) CROSS JOIN standing ON standing.id = json_each.value
"""


async def moved(r: Read, linked: bytes) -> AsyncIterator[Moved]:
    """What all entries of all programs moved, slice by slice: the same quarter and kind may come more than once.

    `linked`: bytes that the documents of entries which name a linked one hold, and no others.
    """
    ((newest,),) = await r.rows("SELECT coalesce(max(id), 0) FROM entry")
    for start in range(0, newest, SLICE):
        for row in await r.rows(_MOVED, start, min(start + SLICE, newest), linked):
            yield Moved(*row)


async def sold(r: Read) -> AsyncIterator[Sold]:
    """All orders of all programs, slice by slice: the same day and currency may come more than once."""
    ((newest,),) = await r.rows("SELECT coalesce(max(id), 0) FROM paid_order")
    for start in range(0, newest, SLICE):
        for row in await r.rows(_SOLD, start, min(start + SLICE, newest)):
            yield Sold(*row)


async def visitors(r: Read, program_id: int, first: int, last: int, before: int) -> Visitors:
    """Who came on the local days from `first` to `last`, and who on those from `before` on and not since."""
    ((active, new, lapsing, ever),) = await r.rows(_VISITORS, program_id, first, last, before)
    return Visitors(active, new, lapsing, ever)


async def holders(r: Read, program_id: int) -> list[Holders]:
    """The customers as they stand now, by tier. A key that was given up for another is not counted, nor is a customer
    who was forgotten.
    """
    return [Holders(*row) for row in await r.rows(_HOLDERS, program_id)]


async def balances(r: Read, program_id: int, before: int) -> Balances:
    """What the program's balances came to before this moment (unix seconds)."""
    return Balances(*(await r.rows(_BALANCES, program_id, before))[0])


async def vouchers(r: Read, program_id: int, after_id: int, limit: int) -> list[tuple[str, Voucher]]:
    """A page of the program's vouchers with their customers, in the order of issue: those above `after_id`."""
    rows = await r.rows(_VOUCHERS, program_id, after_id, limit)
    return [(name(customer), Voucher(*fields)) for customer, *fields in rows]


async def customers(r: Read, standing_ids: Iterable[int]) -> dict[int, str]:
    """Standing id -> the customer's name."""
    rows = await r.rows(_CUSTOMERS, packed_rows(sorted(set(standing_ids))))
    return {id_: name(customer) for id_, customer in rows}
