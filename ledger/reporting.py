"""Sums over the whole ledger, for reports. Nothing here changes anything, and nothing grows with the number of entries.

Rules:
- Entries and orders are read once, in slices of their ids, since neither is indexed by time; whoever asks adds the
  slices up. A sum names its program, so that one reading serves all programs.
- Times come in quarters of an hour (unix seconds / 900): every local day of every time zone begins with one.
- A redemption that was given back is no credit and no revocation: it has a kind of its own, "returned".
- Points that went from a lost key to a new one are two linked entries, of which the second names the first. The second
  is "moved" (or "owed", where a deficit went): it undoes the first in every sum, since nobody earned or lost anything.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Final, Literal, NamedTuple

from ledger.database import Read

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
    """Customers of one tier (None: of no tier) as they stand: how many, their points, what they owe."""

    tier: str | None
    customers: int
    points: int
    deficit: int


_MOVED: Final = """
SELECT program_id, recorded_at / 900, kind, sum(points), count(*) FROM (
    SELECT entry.program_id, entry.recorded_at, entry.points,
           CASE WHEN entry.type IN ('granted', 'revoked') AND entry.order_id IS NULL AND instr(entry.document, ?3) > 0
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
SELECT tier, count(*), coalesce(sum(balance), 0), coalesce(sum(deficit), 0)
FROM standing WHERE program_id = ?1 AND relinked_to IS NULL GROUP BY tier ORDER BY tier
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
    """The customers as they stand now, by tier. A key that was given up for another is not counted."""
    return [Holders(*row) for row in await r.rows(_HOLDERS, program_id)]
