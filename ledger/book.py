"""Appends entries, with their lots, draws and standings: the only way points move.

The caller decides on facts it has read in the same write block and hands the whole batch over. The schema refuses
whatever does not follow from what is stored: an entry that does not continue its chain, a key used before, a lot
without its credit, a draw from an empty lot, reversals that exceed what they reverse. Such a refusal is
InvariantBroken, and the block leaves nothing behind.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from ledger.bulk import name_at, optional_name_at, packed_names, packed_rows, places
from ledger.database import Read, Write
from ledger.entry import NewEntry
from ledger.errors import InvariantBroken
from ledger.lot import Draw, Lot


class Standing(NamedTuple):
    """Where one customer stands in one program.

    `balance` = what remains in its lots - `deficit`. `lifetime`: points ever earned or granted and not reversed.
    `visits`: paid orders that were not reversed; `visits_month` those of `month` (yyyymm, by the program's clock on
    the wall), the latest month with one. `last_at`: recorded_at of the head, 0 before the first entry. `card_at`:
    time of the last card promised, which never decreases.
    """

    id: int
    program_id: int
    customer: str
    balance: int
    deficit: int
    seq: int
    head: str | None
    lifetime: int
    visits: int
    month: int
    visits_month: int
    first_at: int
    last_at: int
    card_at: int
    card_name: str | None


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


_FIND = f"""
SELECT json_group_array(json_array(json_each.key, s.id, s.balance, s.deficit, s.seq, lower(hex(s.head)), s.lifetime,
                                   s.visits, s.month, s.visits_month, s.first_at, s.last_at, s.card_at, s.card_name))
FROM json_each(?1) CROSS JOIN standing AS s ON s.program_id = json_each.value AND s.customer = {name_at(0, 1)}
"""

_FIND_BY_ID = """
SELECT json_group_array(json_array(s.id, s.program_id, lower(hex(s.customer)), s.balance, s.deficit, s.seq,
                                   lower(hex(s.head)), s.lifetime,
                                   s.visits, s.month, s.visits_month, s.first_at, s.last_at, s.card_at, s.card_name))
FROM json_each(?1) CROSS JOIN standing AS s ON s.id = json_each.value
"""

_ENTRIES = f"""
INSERT INTO entry (id, program_id, standing_id, seq, type, points, balance, ref, prev_id, key, revision_id, order_id,
                   reverses, occurred_at, recorded_at, expires_at, document)
SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5, value ->> 6, {name_at(0, 2)},
       coalesce(value ->> 7, (SELECT head_id FROM standing WHERE standing.id = value ->> 2)), {name_at(1, 2)},
       value ->> 8, value ->> 9, value ->> 10, value ->> 11, value ->> 12, value ->> 13,
       substr(?3, value ->> 14, value ->> 15)
FROM json_each(?1)
"""

_STANDINGS = f"""
UPDATE standing SET deficit = new.deficit, lifetime = new.lifetime, visits = new.visits, month = new.month,
                    visits_month = new.visits_month, card_at = new.card_at, card_name = new.card_name
FROM (SELECT value ->> 0 AS id, value ->> 1 AS balance, value ->> 2 AS seq, value ->> 3 AS deficit,
             value ->> 4 AS lifetime, value ->> 5 AS visits, value ->> 6 AS month, value ->> 7 AS visits_month,
             value ->> 8 AS card_at, value ->> 9 AS card_name, {optional_name_at(0, 1)} AS head
      FROM json_each(?1)) AS new
WHERE standing.id = new.id AND standing.balance = new.balance AND standing.seq = new.seq AND standing.head IS new.head
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


async def next_entry_id(w: Read) -> int:
    """The first id that no entry has yet; the block may use it and those after it."""
    ((highest,),) = await w.rows("SELECT coalesce(max(id), 0) FROM entry")
    return int(highest) + 1


async def standings(w: Write, wanted: Sequence[tuple[int, str]], at: int) -> dict[tuple[int, str], Standing]:
    """(program id, customer) -> standing, of each that is wanted. Those that were missing are made, with first_at =
    at.
    """
    unique = list(dict.fromkeys(wanted))
    found = await find_standings(w, unique)
    missing = [pair for pair in unique if pair not in found]
    if missing:
        await w.run(
            "INSERT INTO standing (program_id, customer, first_at) "
            f"SELECT value, {name_at(0, 1)}, ?3 FROM json_each(?1)",
            packed_rows([program_id for program_id, _ in missing]),
            packed_names(customer for _, customer in missing),
            at,
        )
        found |= await find_standings(w, missing)
    return found


async def find_standings(r: Read, wanted: Sequence[tuple[int, str]]) -> dict[tuple[int, str], Standing]:
    """(program id, customer) -> standing, of those that are there."""
    if not wanted:
        return {}
    programs = packed_rows([program_id for program_id, _ in wanted])
    rows = await r.packed(_FIND, programs, packed_names(customer for _, customer in wanted))
    found = {}
    for place, id_, balance, deficit, seq, head, *rest in rows:
        program_id, customer = wanted[place]
        found[program_id, customer] = Standing(id_, program_id, customer, balance, deficit, seq, head or None, *rest)
    return found


async def standings_by_id(r: Read, standing_ids: Sequence[int]) -> dict[int, Standing]:
    """standing id -> standing, of those that are there."""
    rows = await r.packed(_FIND_BY_ID, packed_rows(list(standing_ids)))
    found = {}
    for id_, program_id, customer, balance, deficit, seq, head, *rest in rows:
        found[id_] = Standing(id_, program_id, customer, balance, deficit, seq, head or None, *rest)
    return found


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


async def due_lots(r: Read, now: int, limit: int) -> list[tuple[int, Lot]]:
    """(standing id, lot) of lots that have run out and still hold points, soonest first: they wait for their
    `expired` entry.
    """
    rows = await r.rows(
        "SELECT standing_id, entry_id, points, remaining, expires_at, opened_at, expired, reversed FROM lot "
        "WHERE expires_at <= ? AND remaining > 0 ORDER BY expires_at, entry_id LIMIT ?",
        now, limit,
    )  # fmt: skip
    return [(standing_id, Lot(*fields)) for standing_id, *fields in rows]


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
            "INSERT INTO lot (entry_id, standing_id, points, filled, remaining, expires_at, opened_at, reversed) "
            "SELECT value ->> 0, value ->> 1, value ->> 2, (value ->> 2) - (value ->> 3), value ->> 3, value ->> 4, "
            "value ->> 5, coalesce((SELECT -sum(points) FROM entry WHERE reverses = value ->> 0 AND points < 0), 0) "
            "FROM json_each(?1)",
            packed_rows([tuple(lot) for lot in opened]),
        )
    if draws:
        await w.run(
            "INSERT INTO draw (entry_id, lot_id, points, expires_at) "
            "SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3 FROM json_each(?1)",
            packed_rows([(one.entry_id, one.draw.lot_id, one.draw.points, one.draw.expires_at) for one in draws]),
        )
    if standings:
        await _update_standings(w, standings)


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


async def _update_standings(w: Write, standings: Sequence[Standing]) -> None:
    rows = [(one.id, one.balance, one.seq, one.deficit, one.lifetime, one.visits, one.month, one.visits_month,
             one.card_at, one.card_name) for one in standings]  # fmt: skip
    changed = await w.run(_STANDINGS, packed_rows(rows), packed_names(one.head for one in standings))
    if changed != len(standings):
        raise InvariantBroken(f"{len(standings) - changed} of {len(standings)} standings disagree with their entries")
