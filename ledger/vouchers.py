"""Rewards that were promised: a voucher holds the points of its redemption until it is used, cancelled or out of time.

The schema refuses a voucher without a redemption of its cost, a second one in the same slot, more of a reward than its
stock, and a second giving back. A voucher is named by the sha256 of its code; the code is not kept.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, Literal, NamedTuple

from ledger.bulk import EACH, name_at, optional_name_at, packed_names, packed_rows
from ledger.database import Read, Write
from ledger.errors import InvariantBroken

VoucherStatus = Literal["issued", "used", "cancelled", "expired"]


class Voucher(NamedTuple):
    """A voucher. `reward`, `title`, `type`, `value` and `cost` are those of its redemption, whatever the rules say now.

    `charged`: the cost less what was given back. `entry_id`: the redemption. `hold_until`: when an issued one expires;
    `ended_at`: when it was used, cancelled or expired. `period` and `slot`: which of the rewards that its limit allows
    it is; slot None where there is no limit, or once it was given back. `order_source`, `order_reference`: the bill it
    was used on.
    """

    id: int
    program_id: int
    standing_id: int
    hash: str
    reward: str
    title: str
    type: str
    value: str
    cost: int
    charged: int
    entry_id: int
    status: VoucherStatus
    issued_at: int
    hold_until: int
    ended_at: int | None
    period: int
    slot: int | None
    order_source: str | None
    order_reference: str | None

    @property
    def is_active(self) -> bool:
        """Whether it can still be used."""
        return self.status == "issued"


_SELECT = """
SELECT json_group_array(json_array(v.id, v.program_id, v.standing_id, lower(hex(v.hash)), v.reward, v.title, v.type,
                                   v.value, v.cost, v.charged, v.entry_id, v.status, v.issued_at, v.hold_until,
                                   v.ended_at, v.period, v.slot, lower(hex(v.order_source)), v.order_reference))
"""

_ISSUE = f"""
INSERT INTO voucher (id, program_id, standing_id, hash, reward, title, type, value, cost, charged, entry_id, status,
                     issued_at, hold_until, ended_at, period, slot, order_source, order_reference)
SELECT value ->> 0, value ->> 1, value ->> 2, {name_at(0, 2)}, value ->> 3, value ->> 4, value ->> 5, value ->> 6,
       value ->> 7, value ->> 8, value ->> 9, value ->> 10, value ->> 11, value ->> 12, value ->> 13, value ->> 14,
       value ->> 15, {optional_name_at(1, 2)}, value ->> 16
FROM {EACH}
"""

_UPDATE = f"""
UPDATE voucher
SET standing_id = new.value ->> 1, charged = new.value ->> 2, status = new.value ->> 3, hold_until = new.value ->> 4,
    ended_at = new.value ->> 5, slot = new.value ->> 6, order_reference = new.value ->> 7,
    order_source = {optional_name_at(0, 1, each="new")}
FROM (SELECT key, value FROM {EACH}) AS new WHERE voucher.id = new.value ->> 0
"""


async def next_id(w: Read) -> int:
    """The first id that no voucher has yet; the block may use it and those after it."""
    ((highest,),) = await w.rows("SELECT coalesce(max(id), 0) FROM voucher")
    return int(highest) + 1


async def by_hash(r: Read, hashes: Sequence[str]) -> dict[str, Voucher]:
    """Hash of the code -> voucher, of those that are there."""
    if not hashes:
        return {}
    rows = await r.packed(
        f"{_SELECT} FROM json_each(?1) CROSS JOIN voucher AS v ON v.hash = {name_at(0, 1)}",
        packed_rows(list(range(len(hashes)))),
        packed_names(hashes),
    )
    return {one.hash: one for one in map(_voucher, rows)}


async def of_standing(r: Read, standing_id: int, limit: int = 100) -> list[Voucher]:
    """The redemption history: the standing's newest vouchers, newest first."""
    rows = await r.packed(
        f"{_SELECT} FROM (SELECT * FROM voucher WHERE standing_id = ?1 ORDER BY id DESC LIMIT ?2) AS v",
        standing_id, limit,
    )  # fmt: skip
    return sorted(map(_voucher, rows), key=lambda one: -one.id)


async def due(r: Read, now: int, limit: int, of: Collection[int]) -> list[Voucher]:
    """Issued vouchers of these programs whose time is over, longest due first: their points are to be given back."""
    rows = await r.packed(
        f"{_SELECT} FROM (SELECT * FROM voucher WHERE status = 'issued' AND hold_until <= ?1 "
        "AND +program_id IN (SELECT value FROM json_each(?3)) ORDER BY hold_until, id LIMIT ?2) AS v",
        now, limit, packed_rows(list(of)),
    )  # fmt: skip
    return sorted(map(_voucher, rows), key=lambda one: (one.hold_until, one.id))


async def used_on(r: Read, wanted: Collection[tuple[int, str]]) -> list[Voucher]:
    """Vouchers that were used on orders of these (program id, reference) and are not given back, oldest first."""
    if not wanted:
        return []
    rows = await r.packed(
        f"{_SELECT} FROM json_each(?1) CROSS JOIN voucher AS v ON v.program_id = json_each.value ->> 0 "
        "AND v.order_reference = json_each.value ->> 1 AND v.status = 'used'",
        packed_rows(list(dict.fromkeys(wanted))),
    )
    return sorted(map(_voucher, rows))


async def issue(w: Write, new: Sequence[Voucher]) -> None:
    """Stores new vouchers, after their redemptions. Raises InvariantBroken where a redemption is missing or has a
    voucher, or where a slot is taken.
    """
    if not new:
        return
    rows = [(one.id, one.program_id, one.standing_id, one.reward, one.title, one.type, one.value, one.cost, one.charged,
             one.entry_id, one.status, one.issued_at, one.hold_until, one.ended_at, one.period, one.slot,
             one.order_reference) for one in new]  # fmt: skip
    await w.run(_ISSUE, packed_rows(rows), packed_names(name for one in new for name in (one.hash, one.order_source)))


async def update(w: Write, changed: Sequence[Voucher]) -> None:
    """Brings standing, charge, status, times, slot and bill of stored vouchers up to date; the rest never changes.

    Raises InvariantBroken for a voucher that is not there, that would be charged more than before, or that was given
    back already and would be used.
    """
    if not changed:
        return
    rows = [(one.id, one.standing_id, one.charged, one.status, one.hold_until, one.ended_at, one.slot,
             one.order_reference) for one in changed]  # fmt: skip
    written = await w.run(_UPDATE, packed_rows(rows), packed_names(one.order_source for one in changed))
    if written != len(changed):
        raise InvariantBroken(f"{len(changed) - written} of {len(changed)} vouchers to update are not there")


async def slots(r: Read, standing_id: int, reward: str, period: int) -> set[int]:
    """The slots of this reward and period that the standing has taken."""
    rows = await r.rows(
        "SELECT slot FROM voucher WHERE standing_id = ? AND reward = ? AND period = ? AND slot IS NOT NULL",
        standing_id, reward, period,
    )  # fmt: skip
    return {slot for (slot,) in rows}


async def slots_of(r: Read, wanted: Sequence[tuple[int, str, int]]) -> dict[tuple[int, str, int], set[int]]:
    """(standing id, reward, period) -> the slots that are taken, of those of which any is."""
    found: dict[tuple[int, str, int], set[int]] = {}
    if wanted:
        for standing_id, reward, period, slot in await r.packed(
            "SELECT json_group_array(json_array(v.standing_id, v.reward, v.period, v.slot)) FROM json_each(?1) "
            "CROSS JOIN voucher AS v ON v.standing_id = json_each.value ->> 0 AND v.reward = json_each.value ->> 1 "
            "AND v.period = json_each.value ->> 2 AND v.slot IS NOT NULL",
            packed_rows(wanted),
        ):
            found.setdefault((standing_id, reward, period), set()).add(slot)
    return found


async def held(r: Read, standing_ids: Sequence[int]) -> dict[int, int]:
    """standing id -> the points that its issued vouchers hold, of those that have such vouchers."""
    if not standing_ids:
        return {}
    rows = await r.packed(
        "SELECT json_group_array(json_array(standing_id, points)) FROM (SELECT v.standing_id, sum(v.charged) AS points "
        "FROM json_each(?1) CROSS JOIN voucher AS v ON v.standing_id = json_each.value WHERE v.status = 'issued' "
        "GROUP BY v.standing_id)",
        packed_rows(list(standing_ids)),
    )
    return dict(rows)


async def stock_taken(r: Read, program_id: int, reward: str) -> int:
    """How many of a reward are out: issued or used."""
    row = await r.row("SELECT taken FROM stock WHERE program_id = ? AND reward = ?", program_id, reward)
    return 0 if row is None else int(row[0])


async def stocks(r: Read, program_ids: Collection[int]) -> dict[tuple[int, str], int]:
    """(program id, reward) -> how many are out, of all rewards of these programs that ever were."""
    rows = await r.packed(
        "SELECT json_group_array(json_array(program_id, reward, taken)) FROM stock "
        "WHERE program_id IN (SELECT value FROM json_each(?1))",
        packed_rows(list(program_ids)),
    )
    return {(program_id, reward): taken for program_id, reward, taken in rows}


async def take_stock(w: Write, program_id: int, reward: str, total: int | None, by: int) -> None:
    """Takes `by` of a reward (below 0: puts them back), of `total` there are in all (None: any number).

    To be called for every voucher that is issued or given back, also where the reward has no stock: it may get one
    later. Raises InvariantBroken where more would be out than there are.
    """
    await w.run(
        "INSERT INTO stock (program_id, reward, total) VALUES (?, ?, ?) "
        "ON CONFLICT (program_id, reward) DO UPDATE SET total = excluded.total",
        program_id, reward, total,
    )  # fmt: skip
    await w.run("UPDATE stock SET taken = taken + ? WHERE program_id = ? AND reward = ?", by, program_id, reward)


def _voucher(row: list[Any]) -> Voucher:
    """As it is read: a name that is missing is an empty text there."""
    voucher = Voucher(*row)
    return voucher if voucher.order_source else voucher._replace(order_source=None)
