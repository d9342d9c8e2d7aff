"""Lots that moved to another key with their customer: what became of a credit after a relink.

A relink empties each lot by an entry of the old key and opens another by an entry of the new one, which follows it at
once and names it in its document.
"""

from __future__ import annotations

from collections.abc import Sequence

from ledger.bulk import packed_rows
from ledger.database import Read

# The entries of a relink are the last ones of the old chain: from its head back, while one of the new follows each.
_HEIRS = """
WITH RECURSIVE old (head_id, relinked_to) AS (
    SELECT DISTINCT standing.head_id, standing.relinked_to
    FROM json_each(?1) CROSS JOIN lot ON lot.entry_id = json_each.value
    CROSS JOIN standing ON standing.id = lot.standing_id WHERE standing.relinked_to IS NOT NULL
), walk (entry_id, relinked_to) AS (
    SELECT head_id, relinked_to FROM old
    UNION
    SELECT went.prev_id, walk.relinked_to FROM walk CROSS JOIN entry AS went ON went.id = walk.entry_id
    CROSS JOIN entry AS came ON came.id = went.id + 1 AND came.standing_id = walk.relinked_to
    WHERE went.prev_id IS NOT NULL
)
SELECT json_group_array(json_array(draw.lot_id, came.id))
FROM walk CROSS JOIN entry AS went ON went.id = walk.entry_id AND went.type = 'revoked'
CROSS JOIN entry AS came ON came.id = went.id + 1 AND came.type = 'granted' AND came.standing_id = walk.relinked_to
  AND instr(CAST(came.document AS TEXT), lower(hex(went.ref))) > 0
CROSS JOIN draw ON draw.entry_id = went.id
WHERE draw.lot_id IN (SELECT value FROM json_each(?1))
"""


# The entry before it on the old chain's end is the one that it names.
_CAME_FROM = """
SELECT json_group_array(json_array(came.id, draw.lot_id))
FROM json_each(?1) CROSS JOIN entry AS came ON came.id = json_each.value AND came.type = 'granted'
CROSS JOIN entry AS went ON went.id = came.id - 1 AND went.type = 'revoked'
  AND instr(CAST(came.document AS TEXT), lower(hex(went.ref))) > 0
CROSS JOIN standing AS old ON old.id = went.standing_id AND old.relinked_to = came.standing_id
CROSS JOIN draw ON draw.entry_id = went.id
"""


async def origins(r: Read, lot_ids: Sequence[int]) -> dict[int, int]:
    """Lot -> the lot that it was before its customer's key was replaced for the first time: for most the same."""
    found = {lot_id: lot_id for lot_id in lot_ids}
    while moved := dict(await r.packed(_CAME_FROM, packed_rows(sorted(set(found.values()))))):
        found = {lot_id: moved.get(before, before) for lot_id, before in found.items()}
    return found


async def heirs(r: Read, lot_ids: Sequence[int]) -> dict[int, list[int]]:
    """Lot -> the lots that it became, one for each time that its customer's key was replaced, the latest last; of
    those that became any.
    """
    found: dict[int, list[int]] = {}
    origin = {lot_id: lot_id for lot_id in lot_ids}
    while origin:
        moved = await r.packed(_HEIRS, packed_rows(list(origin)))
        for lot_id, heir in moved:
            found.setdefault(origin[lot_id], []).append(heir)
        origin = {heir: origin[lot_id] for lot_id, heir in moved}
    return found
