"""Appends entries, with their lots, draws and standings: the only way points move.

The caller decides on facts it has read in the same write block and hands the whole batch over. The schema refuses
whatever does not follow from what is stored: an entry that does not continue its chain, a key used before, a lot
without its credit, a draw from an empty lot, reversals that exceed what they reverse. Such a refusal is
InvariantBroken, and the block leaves nothing behind.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import NamedTuple

from ledger.bulk import EACH, name_at, packed_names, packed_rows, places
from ledger.database import Read, Write
from ledger.entry import NewEntry
from ledger.lot import Draw, Lot
from ledger.standings import (
    Standing,
    find_standings,
    make,
    standings,
    standings_by_id,
    standings_to_review,
    unmade,
    update_standings,
)

__all__ = [
    "EntryDraw",
    "OpenedLot",
    "Standing",
    "append",
    "draws_of",
    "due_lots",
    "entries_drawn",
    "find_standings",
    "limit_lots",
    "lots",
    "lots_to_warn",
    "make",
    "next_entry_id",
    "refs",
    "standings",
    "standings_by_id",
    "standings_to_review",
    "unmade",
    "warn_lots",
]


class OpenedLot(NamedTuple):
    """The lot that a credit opens: points of the entry, and what remains of them once they have filled a deficit."""

    entry_id: int
    standing_id: int
    points: int
    remaining: int
    expires_at: int | None
    opened_at: int


class EntryDraw(NamedTuple):
    """A draw, with the entry that made it."""

    entry_id: int
    draw: Draw


_ENTRIES = f"""
INSERT INTO entry (id, program_id, standing_id, seq, type, points, balance, ref, prev_id, key, revision_id, order_id,
                   reverses, occurred_at, recorded_at, expires_at, document)
SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5, value ->> 6, {name_at(0, 2)},
       coalesce(value ->> 7, (SELECT head_id FROM standing WHERE standing.id = value ->> 2)), {name_at(1, 2)},
       value ->> 8, value ->> 9, value ->> 10, value ->> 11, value ->> 12, value ->> 13,
       substr(?3, value ->> 14, value ->> 15)
FROM {EACH}
"""

# Walks each chain back from its head until it has found as many points as the standing says there are.
_LOTS = """
WITH RECURSIVE walk (standing_id, entry_id, missing) AS (
    SELECT s.id, s.head_id, s.balance + s.deficit
    FROM json_each(?1) CROSS JOIN standing AS s ON s.id = json_each.value
    WHERE s.balance + s.deficit > 0
    UNION ALL
    SELECT walk.standing_id, entry.prev_id, walk.missing - coalesce(lot.remaining, 0)
    FROM walk CROSS JOIN entry ON entry.id = walk.entry_id LEFT JOIN lot ON lot.entry_id = walk.entry_id
    WHERE walk.missing - coalesce(lot.remaining, 0) > 0 AND entry.prev_id IS NOT NULL
), wanted (entry_id) AS (SELECT entry_id FROM walk UNION SELECT value FROM json_each(?2))
SELECT json_group_array(json_array(standing_id, lot.entry_id, points, remaining, expires_at, opened_at, expired,
                                   reversed))
FROM wanted CROSS JOIN lot ON lot.entry_id = wanted.entry_id
WHERE remaining > 0 OR lot.entry_id IN (SELECT value FROM json_each(?2))
"""

# What an entry drew of each lot and its reversals did not put back. Draws of older ledgers have no place: those went
# by the end of the lots.
_OUTSTANDING = """
SELECT json_group_array(json_array(lot_id, points))
FROM (SELECT drawn.lot_id, drawn.points + coalesce(sum(back.points), 0) AS points
      FROM draw AS drawn JOIN lot ON lot.entry_id = drawn.lot_id
      LEFT JOIN (SELECT draw.lot_id, draw.points FROM entry CROSS JOIN draw ON draw.entry_id = entry.id
                 WHERE entry.reverses = ?1) AS back ON back.lot_id = drawn.lot_id
      WHERE drawn.entry_id = ?1 GROUP BY drawn.lot_id
      ORDER BY drawn.place, lot.expires_at IS NULL, lot.expires_at, drawn.lot_id)
"""


async def next_entry_id(w: Read) -> int:
    """The first id that no entry has yet; the block may use it and those after it."""
    ((highest,),) = await w.rows("SELECT coalesce(max(id), 0) FROM entry")
    return int(highest) + 1


async def refs(r: Read, entry_ids: Sequence[int]) -> dict[int, str]:
    """entry id -> its ref, of those that are there."""
    if not entry_ids:
        return {}
    rows = await r.packed(
        "SELECT json_group_array(json_array(id, lower(hex(ref)))) FROM entry "
        "WHERE id IN (SELECT value FROM json_each(?1))",
        packed_rows(list(entry_ids)),
    )
    return dict(rows)


async def lots(r: Read, standing_ids: Sequence[int], also: Sequence[int] = ()) -> dict[int, list[Lot]]:
    """standing id -> its lots with something left, oldest first, and the lots named in `also` (ids of credits) in any
    case.

    Needed for debits and reversals only: a credit on a standing needs its deficit and no lot.
    """
    found: dict[int, list[Lot]] = {standing_id: [] for standing_id in standing_ids}
    rows = await r.packed(_LOTS, packed_rows(list(found)), packed_rows(list(also)))
    for standing_id, *fields in sorted(rows):
        found.setdefault(standing_id, []).append(Lot(*fields))
    return found


async def draws_of(r: Read, entry_ids: Sequence[int]) -> dict[int, list[Draw]]:
    """entry id -> what it drew (points above 0) or put back (below 0), by age of the lot."""
    found: dict[int, list[Draw]] = {entry_id: [] for entry_id in entry_ids}
    rows = await r.packed(
        "SELECT json_group_array(json_array(entry_id, lot_id, points, expires_at)) FROM draw "
        "WHERE entry_id IN (SELECT value FROM json_each(?1))",
        packed_rows(list(found)),
    )
    for entry_id, *fields in sorted(rows):
        found[entry_id].append(Draw(*fields))
    return found


async def entries_drawn(r: Read, entry_id: int) -> list[Draw]:
    """What a redemption still holds of each lot, in the order of drawing: drawn, less what its reversals put back.

    All together they are the entry's points less those of its reversals: what a reversal gave to a deficit instead of a
    lot is taken off what was drawn last.
    """
    rows = await r.packed(_OUTSTANDING, entry_id)
    ((still,),) = await r.rows("SELECT coalesce(sum(points), 0) FROM entry WHERE id = ?1 OR reverses = ?1", entry_id)
    ahead, found = -int(still), []
    for lot_id, points in rows:
        piece = min(points, ahead)
        if piece > 0:
            found.append(Draw(lot_id, piece))
            ahead -= piece
    return found


async def due_lots(r: Read, now: int, limit: int, of: Collection[int]) -> list[tuple[int, Lot]]:
    """(standing id, lot) of lots of these programs that have run out and still hold points, soonest first: they wait
    for their `expired` entry.
    """
    rows = await r.rows(
        "SELECT standing_id, entry_id, points, remaining, expires_at, opened_at, expired, reversed FROM lot "
        "WHERE expires_at <= ? AND remaining > 0 AND program_id IN (SELECT value FROM json_each(?)) "
        "ORDER BY expires_at, entry_id LIMIT ?",
        now, packed_rows(list(of)), limit,
    )  # fmt: skip
    return [(standing_id, Lot(*fields)) for standing_id, *fields in rows]


async def lots_to_warn(r: Read, program_id: int, until: int, now: int, limit: int) -> list[tuple[int, Lot]]:
    """(standing id, lot) of the program's lots that run out after `now`, at `until` at the latest, and whose customer
    was not told; soonest first.
    """
    rows = await r.rows(
        "SELECT standing_id, entry_id, points, remaining, expires_at, opened_at, expired, reversed FROM lot "
        "INDEXED BY lot_to_warn WHERE program_id = ?1 AND expires_at > ?2 AND expires_at <= ?3 AND remaining > 0 "
        "AND warned = 0 ORDER BY expires_at, entry_id LIMIT ?4",
        program_id, now, until, limit,
    )  # fmt: skip
    return [(standing_id, Lot(*fields)) for standing_id, *fields in rows]


async def warn_lots(w: Write, entry_ids: Sequence[int]) -> None:
    """Remembers that the customers of these lots were told of their end."""
    if entry_ids:
        await w.run(
            "UPDATE lot SET warned = 1 WHERE entry_id IN (SELECT value FROM json_each(?1))",
            packed_rows(list(entry_ids)),
        )


async def limit_lots(w: Write, program_id: int, limit_at: int) -> int:
    """Lets no lot of the program that holds points live beyond `limit_at`; how many lots now end earlier than before.

    Their customers may be warned again, and their standings say what runs out next.
    """
    changed = await w.run(
        "UPDATE lot SET expires_at = ?2, warned = 0 WHERE remaining > 0 AND (expires_at IS NULL OR expires_at > ?2) "
        "AND standing_id IN (SELECT id FROM standing WHERE program_id = ?1)",
        program_id, limit_at,
    )  # fmt: skip
    if changed:
        await w.run(
            "UPDATE standing SET next_expiry_at = ?2, next_expiry_points = ending.points "
            "FROM (SELECT standing_id, sum(remaining) AS points FROM lot WHERE expires_at = ?2 AND remaining > 0 "
            "GROUP BY standing_id) AS ending WHERE standing.id = ending.standing_id AND standing.program_id = ?1 "
            "AND (standing.next_expiry_at IS NULL OR standing.next_expiry_at >= ?2)",
            program_id, limit_at,
        )  # fmt: skip
    return changed


async def append(
    w: Write,
    entries: Sequence[NewEntry],
    *,
    opened: Sequence[OpenedLot] = (),
    draws: Sequence[EntryDraw] = (),
    standings: Sequence[Standing] = (),
) -> None:
    """Appends the entries in this order, opens and draws on lots, and brings the standings up to date.

    `standings` are the new values, one of each standing whose figures changed; their balance, seq and head must be
    what the entries lead to. Orders that name these entries are recorded after them. Raises InvariantBroken; nothing
    of the block may then be kept.
    """
    if entries:
        await _append_entries(w, entries)
    if opened:
        await w.run(
            # A credit may have been reversed in the same block, before there was a lot to note it on.
            "INSERT INTO lot (entry_id, standing_id, points, filled, remaining, expires_at, opened_at, reversed, "
            "program_id) SELECT value ->> 0, value ->> 1, value ->> 2, (value ->> 2) - (value ->> 3), value ->> 3, "
            "value ->> 4, value ->> 5, "
            "coalesce((SELECT -sum(points) FROM entry WHERE reverses = value ->> 0 AND points < 0), 0), "
            f"(SELECT program_id FROM standing WHERE id = value ->> 1) FROM {EACH}",
            packed_rows([tuple(lot) for lot in opened]),
        )
    if draws:
        await w.run(
            "INSERT INTO draw (entry_id, lot_id, points, expires_at, place) "
            "SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, json_each.key FROM json_each(?1)",
            packed_rows([(one.entry_id, one.draw.lot_id, one.draw.points, one.draw.expires_at) for one in draws]),
        )
    await update_standings(w, standings)


async def _append_entries(w: Write, entries: Sequence[NewEntry]) -> None:
    before: dict[int, int] = {}
    rows = []
    names: list[str] = []
    for one, (start, length) in zip(entries, places(entry.document for entry in entries), strict=True):
        rows.append((one.id, one.program_id, one.standing_id, one.seq, one.type, one.points, one.balance,
                     before.get(one.standing_id), one.revision_id, one.order_id, one.reverses, one.occurred_at,
                     one.recorded_at, one.expires_at, start, length))  # fmt: skip
        names += (one.ref, one.key)
        before[one.standing_id] = one.id
    await w.run(_ENTRIES, packed_rows(rows), packed_names(names), b"".join([one.document for one in entries]))
