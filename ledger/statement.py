"""Reads for people: where a customer stands, what happened, one entry by its name. Nothing here changes anything."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from ledger.book import lots
from ledger.bulk import name
from ledger.database import Read
from ledger.entry import Entry

PAGE: Final = 500
SEQ_MAX: Final = 2**53 - 1


@dataclass(frozen=True, slots=True)
class StandingView:
    """A customer's standing in one program. `revision` is the document of the program's latest rules, `relinked_to` the
    customer that took over; `forgotten`: `customer` is a pseudonym.
    """

    standing_id: int
    program: str
    slug: str
    customer: str
    balance: int
    deficit: int
    lifetime: int
    visits: int
    month: int
    visits_month: int
    seq: int
    head: str | None
    revision: bytes | None
    tier: str | None = None
    next_expiry_at: int | None = None
    next_expiry_points: int = 0
    spent_minor: int = 0
    earned_points: int = 0
    frozen: int = 0
    relinked_to: str | None = None
    forgotten: int = 0


class Booked(NamedTuple):
    """What the columns say of an entry, names spelled out, and the document that should say the same. `forgotten`: the
    customer is a pseudonym; what was booked before has no document.
    """

    id: int
    program: str
    customer: str
    type: str
    points: int
    balance: int
    seq: int
    prev: str | None
    revision: str
    key: str
    expires_at: int | None
    reverses: str | None
    recorded_at: int
    document: bytes
    ref: str
    forgotten: int

    @property
    def taken_out(self) -> bool:
        """Whether the document is gone, because the customer was forgotten."""
        return bool(self.forgotten) and not self.document


_ENTRY: Final = """
SELECT entry.id, entry.program_id, entry.standing_id, standing.customer, entry.seq, entry.type, entry.points,
       entry.balance, entry.ref, before.ref, entry.document, entry.key, entry.revision_id, entry.order_id,
       entry.reverses, entry.occurred_at, entry.recorded_at, entry.expires_at
FROM {of} CROSS JOIN entry ON {on} JOIN standing ON standing.id = entry.standing_id
LEFT JOIN entry AS before ON before.id = entry.prev_id
"""

_VIEW: Final = """
SELECT s.id, p.address, p.slug, s.customer, s.balance, s.deficit, s.lifetime, s.visits, s.month, s.visits_month, s.seq,
       s.head, (SELECT document FROM revision WHERE program_id = p.id ORDER BY id DESC LIMIT 1), s.tier,
       s.next_expiry_at, s.next_expiry_points, s.spent_minor, s.earned_points, s.frozen,
       (SELECT after.customer FROM standing AS after WHERE after.id = s.relinked_to), s.forgotten
FROM program AS p CROSS JOIN standing AS s ON s.program_id = p.id
"""

# From the head back along the chain, at most ?3 entries, of these those above ?2 and below ?4 only.
_CHAIN: Final = """
WITH RECURSIVE chain (id, left) AS (
    SELECT head_id, ?3 - 1 FROM standing WHERE id = ?1 AND head_id IS NOT NULL AND seq > ?2
    UNION ALL
    SELECT entry.prev_id, chain.left - 1 FROM chain CROSS JOIN entry ON entry.id = chain.id
    WHERE chain.left > 0 AND entry.seq > ?2 + 1
)
""" + _ENTRY.format(of="chain", on="entry.id = chain.id AND entry.seq < ?4")

# Every slice of the index entry_by_ref, up to that of the newest entry ?2.
_SLICES: Final = """
(WITH RECURSIVE slices (slice) AS (SELECT 0 UNION ALL SELECT slice + 1 FROM slices WHERE slice < ?2 >> 11)
 SELECT slice FROM slices) AS each
"""


async def standings_of(r: Read, customer: str, slug: str | None = None) -> list[StandingView]:
    """The customer's standings, in all programs or in those of this slug, in the order the programs were registered.

    `revision` is the document of the program's latest rules.
    """
    rows = await r.rows(
        f"{_VIEW} AND s.customer = ?1 WHERE ?2 IS NULL OR p.slug = ?2 ORDER BY p.id", bytes.fromhex(customer), slug
    )
    return [_view(*row) for row in rows]


async def standing_views(r: Read, program_id: int, after_id: int, limit: int) -> list[StandingView]:
    """A page of the program's standings in the order they were made: those above `after_id`."""
    rows = await r.rows(
        f"{_VIEW} WHERE p.id = ?1 AND s.id IN (SELECT id FROM standing WHERE id > ?2 AND program_id = ?1 ORDER BY id "
        "LIMIT ?3) ORDER BY s.id",
        program_id, after_id, limit,
    )  # fmt: skip
    return [_view(*row) for row in rows]


async def upcoming(r: Read, program_id: int, until: int | None, limit: int) -> list[tuple[str, int, int]]:
    """(customer, points, unix time) of all that runs out at `until` or before (None: whenever), soonest first.

    What has run out and is not written off yet is among them; what forgotten customers had is not.
    """
    rows = await r.rows(
        "SELECT s.customer, sum(lot.remaining), lot.expires_at FROM lot CROSS JOIN standing AS s "
        "ON s.id = lot.standing_id AND s.program_id = ?1 AND s.forgotten = 0 "
        "WHERE lot.expires_at IS NOT NULL AND lot.remaining > 0 "
        "AND (?2 IS NULL OR lot.expires_at <= ?2) GROUP BY lot.expires_at, s.id ORDER BY lot.expires_at, s.id LIMIT ?3",
        program_id, until, limit,
    )  # fmt: skip
    return [(name(customer), points, expires_at) for customer, points, expires_at in rows]


async def next_expiry(r: Read, standing_id: int, now: int) -> tuple[int, int] | None:
    """(points, unix time) of what runs out next in a standing, None where nothing does."""
    dated = [
        lot
        for lot in (await lots(r, [standing_id]))[standing_id]
        if lot.expires_at is not None and lot.expires_at > now
    ]
    if not dated:
        return None
    soonest = min(lot.expires_at for lot in dated if lot.expires_at is not None)
    return sum(lot.remaining for lot in dated if lot.expires_at == soonest), soonest


async def history(
    r: Read, standing_id: int, *, limit: int = PAGE, after_seq: int = 0, before_seq: int = SEQ_MAX
) -> list[Entry]:
    """The newest entries of a standing, at most `limit`, and of these only those above `after_seq` and below
    `before_seq`; oldest first.
    """
    rows = await r.rows(_CHAIN, standing_id, after_seq, limit, before_seq)
    return sorted((_entry(row) for row in rows), key=lambda one: one.seq)


async def entry(r: Read, ref: str) -> Entry | None:
    """The entry of this name, None where there is none."""
    ((newest,),) = await r.rows("SELECT coalesce(max(id), 0) FROM entry")
    by_ref = _ENTRY.format(of=_SLICES, on="entry.slice = each.slice AND entry.ref = ?1")
    row = await r.row(by_ref, bytes.fromhex(ref), newest)
    return None if row is None else _entry(row)


async def entry_by_key(r: Read, key: str) -> Entry | None:
    """The entry without an order that has this idempotency key, None where there is none.

    What belongs to an order is found by the order.
    """
    by_key = _ENTRY.format(of="(SELECT 1)", on="entry.order_id IS NULL AND entry.key = ?1")
    row = await r.row(by_key, bytes.fromhex(key))
    return None if row is None else _entry(row)


async def entries_by_id(r: Read, ids: list[int]) -> dict[int, Entry]:
    """id -> entry, of those that are there."""
    if not ids:
        return {}
    marks = ", ".join("?" * len(ids))
    rows = await r.rows(_ENTRY.format(of="(SELECT 1)", on=f"entry.id IN ({marks})"), *ids)
    return {one.id: one for one in map(_entry, rows)}


async def sums_since(r: Read, program_id: int, since: int) -> dict[str, int]:
    """What a program's entries moved since a time (unix seconds): earned, granted, redeemed, expired and revoked
    points, each with its sign; `entries`, `customers` and `orders` that they are about.

    Entries ascend with their time, so the first one is found by halving the ids, and only those behind it are read.
    """
    ((low, high),) = await r.rows("SELECT coalesce(min(id), 1), coalesce(max(id), 0) + 1 FROM entry")
    while low < high:
        middle = (low + high) // 2
        row = await r.row("SELECT recorded_at FROM entry WHERE id >= ? ORDER BY id LIMIT 1", middle)
        if row is None or row[0] >= since:
            high = middle
        else:
            low = middle + 1
    rows = await r.rows(
        "SELECT type, sum(points), count(*) FROM entry "
        "WHERE id >= ? AND program_id = ? AND recorded_at >= ? GROUP BY type",
        low, program_id, since,
    )  # fmt: skip
    ((customers, orders),) = await r.rows(
        "SELECT count(DISTINCT standing_id), count(DISTINCT order_id) FROM entry "
        "WHERE id >= ? AND program_id = ? AND recorded_at >= ?",
        low, program_id, since,
    )  # fmt: skip
    sums = dict.fromkeys(("earned", "granted", "redeemed", "expired", "revoked"), 0)
    sums |= {type_: points for type_, points, _ in rows}
    return {**sums, "entries": sum(count for *_, count in rows), "customers": customers, "orders": orders}


_BOOKED: Final = """
SELECT entry.id, program.address, lower(hex(standing.customer)), entry.type, entry.points, entry.balance, entry.seq,
       nullif(lower(hex(before.ref)), ''), lower(hex(revision.ref)), lower(hex(entry.key)), entry.expires_at,
       nullif(lower(hex(reversed.ref)), ''), entry.recorded_at, entry.document, lower(hex(entry.ref)),
       standing.forgotten
FROM entry JOIN program ON program.id = entry.program_id JOIN standing ON standing.id = entry.standing_id
JOIN revision ON revision.id = entry.revision_id
LEFT JOIN entry AS before ON before.id = entry.prev_id LEFT JOIN entry AS reversed ON reversed.id = entry.reverses
WHERE entry.id > ?1 ORDER BY entry.id LIMIT ?2
"""


async def booked(r: Read, after_id: int, limit: int = PAGE) -> list[Booked]:
    """All entries of all standings in the order they were booked: a page of those above `after_id`."""
    return [Booked(*row) for row in await r.rows(_BOOKED, after_id, limit)]


def _view(standing_id: int, address: str, slug: str, customer: bytes, *rest: Any) -> StandingView:
    *figures, head, revision, tier, next_at, next_points, spent, earned, frozen, after, forgotten = rest
    fields: tuple[Any, ...] = (
        standing_id, address, slug, name(customer), *figures, name(head) if head else None, revision, tier, next_at,
        next_points, spent, earned, frozen, name(after) if after else None, forgotten,
    )  # fmt: skip
    return StandingView(*fields)


def _entry(row: tuple[Any, ...]) -> Entry:
    id_, program_id, standing_id, customer, seq, type_, points, balance, ref, prev, document, key, *rest = row
    return Entry(
        id_, program_id, standing_id, name(customer), seq, type_, points, balance, name(ref),
        None if prev is None else name(prev), document, name(key), *rest,
    )  # fmt: skip
