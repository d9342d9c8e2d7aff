"""Keys that wrote and have no card yet: whether they had the welcome, and what they chose for when they have one.

A standing that is made for such a key takes this over (`standings`), and then it is gone from here. So a choice holds
from the first entry on, and nobody is welcomed twice.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from ledger.bulk import name_at, packed_names, packed_rows
from ledger.database import Read, Write


class Newcomer(NamedTuple):
    """A key without a card, in one program. The fields are a standing's (`standings.Standing`), with what it has when
    nobody has chosen; `wrote_at`: when it last chose something, or was welcomed.
    """

    program_id: int
    customer: str
    shares: str | None = None
    notify: str | None = None
    language: str | None = None
    badge: int = 0
    greeted: int = 0
    wrote_at: int = 0


_FIND = f"""
SELECT json_group_array(json_array(json_each.key, n.shares, n.notify, n.language, n.badge, n.greeted, n.wrote_at))
FROM json_each(?1) CROSS JOIN newcomer AS n ON n.program_id = json_each.value AND n.customer = {name_at(0, 1)}
"""


async def find(r: Read, wanted: Sequence[tuple[int, str]]) -> dict[tuple[int, str], Newcomer]:
    """(program id, customer) -> what is known, of those who wrote."""
    if not wanted:
        return {}
    rows = await r.packed(_FIND, packed_rows([id_ for id_, _ in wanted]), packed_names(key for _, key in wanted))
    return {wanted[place]: Newcomer(*wanted[place], *rest) for place, *rest in rows}


async def put(w: Write, newcomer: Newcomer) -> None:
    """Writes down what is known of one now."""
    await w.run(
        "INSERT OR REPLACE INTO newcomer (program_id, customer, shares, notify, language, badge, greeted, wrote_at) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        newcomer.program_id, bytes.fromhex(newcomer.customer), *newcomer[2:],
    )  # fmt: skip


async def drop(w: Write, gone: Sequence[tuple[int, str]]) -> int:
    """Forgets these (program id, customer); how many there were."""
    count = 0
    for program_id in {program_id for program_id, _ in gone}:  # one by one: a pair IN (…) would read the whole program
        keys = [customer for each, customer in gone if each == program_id]
        count += await w.run(
            f"DELETE FROM newcomer WHERE program_id = ?3 AND customer IN (SELECT {name_at(0, 1)} FROM json_each(?1))",
            packed_rows(list(range(len(keys)))), packed_names(keys), program_id,
        )  # fmt: skip
    return count


async def known(r: Read, customers: Sequence[str]) -> set[str]:
    """Those of these public keys that are newcomers in some program."""
    rows = await r.packed(
        "SELECT json_group_array(json_each.key) FROM json_each(?1) WHERE EXISTS (SELECT 1 FROM program "
        f"CROSS JOIN newcomer ON newcomer.program_id = program.id AND newcomer.customer = {name_at(0, 1)})",
        packed_rows(list(range(len(customers)))), packed_names(customers),
    )  # fmt: skip
    return {customers[place] for place in rows}


async def forget_before(w: Write, before: int, limit: int) -> int:
    """Forgets those who wrote last before this moment (unix seconds), so many at most; how many."""
    return await w.run(
        "DELETE FROM newcomer WHERE (program_id, customer) IN "
        "(SELECT program_id, customer FROM newcomer WHERE wrote_at < ? ORDER BY wrote_at LIMIT ?)",
        before, limit,
    )  # fmt: skip
