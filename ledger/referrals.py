"""Who brought whom: each friend is brought once, and rewarded after the friend's first paid order."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Literal, NamedTuple

from ledger.bulk import packed_rows
from ledger.database import Read, Write
from ledger.errors import InvariantBroken

ReferralStatus = Literal["waiting", "vesting", "paid"]


class Referral(NamedTuple):
    """A friend (a standing) and who referred it. waiting: for the friend's first order; vesting: until `vest_at`, for
    `order_id`; paid: both have their points by these entries (None where the rules gave none).
    """

    id: int
    program_id: int
    referrer_id: int
    friend_id: int
    status: ReferralStatus
    order_id: int | None
    vest_at: int | None
    referrer_entry: int | None
    friend_entry: int | None
    referred_at: int


_COLUMNS = (
    "it.id, it.program_id, it.referrer_id, it.friend_id, it.status, it.order_id, it.vest_at, it.referrer_entry, "
    "it.friend_entry, it.referred_at"
)


async def next_id(w: Read) -> int:
    """The first id that no referral has yet; the block may use it and those after it."""
    ((highest,),) = await w.rows("SELECT coalesce(max(id), 0) FROM referral")
    return int(highest) + 1


async def by_id(r: Read, ids: Sequence[int]) -> dict[int, Referral]:
    """id -> referral, of those that are there."""
    return {one.id: one for one in await _listed(r, "it.id = json_each.value", ids)}


async def by_order(r: Read, order_ids: Sequence[int]) -> dict[int, Referral]:
    """order id -> the referral that vests or vested for this order, of those that are there."""
    found = await _listed(r, "it.order_id = json_each.value", order_ids)
    return {one.order_id: one for one in found if one.order_id is not None}


async def of_friend(r: Read, standing_id: int) -> Referral | None:
    """The referral that brought this customer, None where nobody did."""
    row = await r.row(f"SELECT {_COLUMNS} FROM referral AS it WHERE it.friend_id = ?", standing_id)
    return None if row is None else Referral(*row)


async def referrer_of(r: Read, standing_id: int) -> int | None:
    """Who brought this customer, None where nobody did."""
    row = await r.row("SELECT referrer_id FROM referral WHERE friend_id = ?", standing_id)
    return None if row is None else int(row[0])


async def count_of_referrer(r: Read, standing_id: int) -> int:
    """How many friends this customer has brought, whatever became of them."""
    ((count,),) = await r.rows("SELECT count(*) FROM referral WHERE referrer_id = ?", standing_id)
    return int(count)


async def vesting_due(r: Read, now: int, limit: int, of: Collection[int]) -> list[Referral]:
    """Referrals of these programs whose waiting is over at `now`, the longest due first."""
    rows = await r.rows(
        f"SELECT {_COLUMNS} FROM referral AS it WHERE it.status = 'vesting' AND it.vest_at <= ? "
        "AND +it.program_id IN (SELECT value FROM json_each(?)) ORDER BY it.vest_at, it.id LIMIT ?",
        now, packed_rows(list(of)), limit,
    )  # fmt: skip
    return [Referral(*row) for row in rows]


async def record(w: Write, referral: Referral) -> None:
    """Stores a new referral. Raises InvariantBroken where the friend was brought before, or brought itself."""
    await w.run(
        "INSERT INTO referral (id, program_id, referrer_id, friend_id, status, order_id, vest_at, referrer_entry, "
        "friend_entry, referred_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        *referral,
    )


async def update(w: Write, referral: Referral) -> None:
    """Brings status, order, time and entries of a stored referral up to date; the rest changes by `move` only."""
    changed = await w.run(
        "UPDATE referral SET status = ?, order_id = ?, vest_at = ?, referrer_entry = ?, friend_entry = ? WHERE id = ?",
        referral.status, referral.order_id, referral.vest_at, referral.referrer_entry, referral.friend_entry,
        referral.id,
    )  # fmt: skip
    if changed != 1:
        raise InvariantBroken(f"there is no referral {referral.id} to update")


async def move(w: Write, old_standing_id: int, new_standing_id: int) -> None:
    """Gives the referrals of the one standing to the other.

    Left where they are: one between the two, and that of the old as a friend where the new one was brought by somebody
    too.
    """
    await w.run(
        "UPDATE referral SET referrer_id = ?2 WHERE referrer_id = ?1 AND friend_id <> ?2",
        old_standing_id, new_standing_id,
    )  # fmt: skip
    await w.run(
        "UPDATE referral SET friend_id = ?2 WHERE friend_id = ?1 AND referrer_id <> ?2 "
        "AND NOT EXISTS (SELECT 1 FROM referral AS other WHERE other.friend_id = ?2)",
        old_standing_id, new_standing_id,
    )  # fmt: skip


async def _listed(r: Read, condition: str, ids: Sequence[int]) -> list[Referral]:
    if not ids:
        return []
    rows = await r.packed(
        f"SELECT json_group_array(json_array({_COLUMNS})) FROM json_each(?1) CROSS JOIN referral AS it ON {condition}",
        packed_rows(list(ids)),
    )
    return [Referral(*row) for row in rows]
