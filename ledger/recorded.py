"""What happened in a program, as it was recorded, page by page: for trying other rules on it. Nothing is changed.

Orders and refunds come in the order of their ids, which is that of their recording. What is rare (claims, keys that
were replaced, words about orders, friends) comes in whole.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, NamedTuple

import orjson

from ledger.bulk import name, packed_rows
from ledger.database import Read


class PaidBack(NamedTuple):
    """A refund: of which order, how much, by which command (None: its order system reported it); `entry_id` took the
    points.
    """

    id: int
    order_id: int
    source: str
    reference: str
    amount_minor: int
    entry_id: int | None
    message_ref: str
    recorded_at: int
    verb: str | None


class Claimed(NamedTuple):
    """A receipt that was claimed by the customer of this standing; `entries` are the names of what it led to.

    `order_id` is the receipt's, where the record says so.
    """

    standing_id: int
    order_id: int | None
    entries: tuple[str, ...]
    done_at: int


class Replaced(NamedTuple):
    """A lost key and the one that took over; `new_at`: when the program saw the new one first."""

    old: str
    new: str
    done_at: int
    new_at: int


class Said(NamedTuple):
    """A customer's word about an order."""

    order_id: int
    reference: str
    customer: str
    said_at: int


class Brought(NamedTuple):
    """A friend, and who brought it."""

    id: int
    referrer: str
    friend: str
    referred_at: int


_PAID_BACK: Final = """
SELECT it.id, it.order_id, lower(hex(it.source)), it.reference, it.amount_minor, it.entry_id,
       lower(hex(it.message_ref)), it.recorded_at, (SELECT verb FROM action WHERE action.ref = it.message_ref)
FROM refund AS it WHERE it.id > ?2 AND it.program_id = ?1 ORDER BY it.id LIMIT ?3
"""

_REPLACED: Final = """
SELECT old.customer, new.customer, coalesce(
    (SELECT min(done_at) FROM action WHERE verb = 'relink' AND standing_id = new.id AND done_at >= old.last_at),
    old.last_at), new.first_at
FROM standing AS old JOIN standing AS new ON new.id = old.relinked_to WHERE old.program_id = ?1 ORDER BY 3, old.id
"""


async def paid_back(r: Read, program_id: int, after_id: int, limit: int) -> list[PaidBack]:
    """A page of the refunds above `after_id`, by id."""
    return [PaidBack(*row) for row in await r.rows(_PAID_BACK, program_id, after_id, limit)]


async def entries_made(r: Read, ids: Iterable[int]) -> dict[int, tuple[str, int]]:
    """Entry id -> (its name, when it was booked)."""
    rows = await r.rows(
        "SELECT entry.id, entry.ref, entry.recorded_at FROM json_each(?1) "
        "CROSS JOIN entry ON entry.id = json_each.value",
        packed_rows(sorted(set(ids))),
    )
    return {id_: (name(ref), at) for id_, ref, at in rows}


async def claimed(r: Read, program_id: int) -> list[Claimed]:
    """All claims that were done, oldest first."""
    rows = await r.rows(
        "SELECT standing_id, detail, done_at FROM action WHERE program_id = ? AND verb = 'claim' ORDER BY id",
        program_id,
    )
    found = []
    for standing_id, detail, at in rows:
        fields = orjson.loads(detail)
        found.append(Claimed(standing_id, fields.get("order"), tuple(fields.get("entries", ())), at))
    return found


async def replaced(r: Read, program_id: int) -> list[Replaced]:
    """All keys that were given up for another, oldest first."""
    return [Replaced(name(old), name(new), *times) for old, new, *times in await r.rows(_REPLACED, program_id)]


async def said(r: Read, program_id: int) -> list[Said]:
    """All words about orders, oldest first."""
    rows = await r.rows(
        "SELECT it.order_id, o.reference, s.customer, it.said_at FROM feedback AS it "
        "JOIN paid_order AS o ON o.id = it.order_id JOIN standing AS s ON s.id = it.standing_id "
        "WHERE it.program_id = ? ORDER BY it.said_at, it.order_id",
        program_id,
    )
    return [Said(order_id, reference, name(customer), at) for order_id, reference, customer, at in rows]


async def brought(r: Read, program_id: int) -> list[Brought]:
    """All friends that were brought, oldest first."""
    rows = await r.rows(
        "SELECT it.id, a.customer, b.customer, it.referred_at FROM referral AS it "
        "JOIN standing AS a ON a.id = it.referrer_id JOIN standing AS b ON b.id = it.friend_id "
        "WHERE it.program_id = ? ORDER BY it.id",
        program_id,
    )
    return [Brought(id_, name(referrer), name(friend), at) for id_, referrer, friend, at in rows]


async def earned_since(r: Read, program_id: int, day: int) -> tuple[int, int]:
    """Points that were earned on a local day or after it, less what was taken back of them: by customers, and on
    receipts that nobody has claimed.
    """
    ((booked,),) = await r.rows(
        "SELECT coalesce(sum(tally.points), 0) FROM standing CROSS JOIN tally ON tally.standing_id = standing.id "
        "WHERE standing.program_id = ? AND tally.day >= ?",
        program_id, day,
    )  # fmt: skip
    ((open_,),) = await r.rows(
        "SELECT coalesce(sum(earned - reversed), 0) FROM paid_order WHERE program_id = ? AND standing_id IS NULL "
        "AND day >= ?",
        program_id, day,
    )  # fmt: skip
    return int(booked), int(open_)
