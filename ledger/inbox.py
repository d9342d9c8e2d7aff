"""What was taken in, and how far each relay was read.

A *message* is known by its ref and its own time; the pair is looked up together, so that live traffic is written at
the end of the table. A message is recorded in the transaction that gives it its effect, and forgotten only where its
owner knows that it can have none any more (`forget`). *Envelopes* are what messages
came in; to remember them saves opening them again and nothing else depends on it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from ledger.bulk import name, name_at, packed_names, packed_rows
from ledger.database import Read, Write

ASIDE: Final = "set-aside"


class Seen(NamedTuple):
    """A message that was dealt with: its ref and time, the code of what became of it, and when."""

    ref: str
    created_at: int
    code: str
    at: int


@dataclass(frozen=True, slots=True)
class Aside:
    """A message that surprised us, kept until somebody has looked at it."""

    ref: str
    created_at: int
    document: bytes
    traceback: str
    at: int


async def unseen(r: Read, messages: Sequence[tuple[str, int]]) -> set[str]:
    """Those refs of (ref, created_at) that no block has recorded yet."""
    return await _unknown(r, "inbox", messages)


async def unseen_envelopes(r: Read, envelopes: Sequence[tuple[str, int]]) -> set[str]:
    """Those refs of (ref, created_at) that were not opened yet."""
    return await _unknown(r, "envelope", envelopes)


async def record(w: Write, seen: Sequence[Seen]) -> int:
    """Remembers the messages; how many of them were new."""
    if not seen:
        return 0
    return await w.run(
        "INSERT INTO inbox (created_at, ref, code, taken_at) "
        f"SELECT value ->> 0, {name_at(0, 1)}, value ->> 1, value ->> 2 FROM json_each(?1) WHERE true "
        "ON CONFLICT DO NOTHING",
        packed_rows([(one.created_at, one.code, one.at) for one in seen]),
        packed_names(one.ref for one in seen),
    )


async def record_envelopes(w: Write, envelopes: Sequence[tuple[str, int]]) -> int:
    """Remembers the envelopes (ref, created_at); how many of them were new."""
    if not envelopes:
        return 0
    return await w.run(
        f"INSERT INTO envelope (created_at, ref) SELECT value, {name_at(0, 1)} FROM json_each(?1) WHERE true "
        "ON CONFLICT DO NOTHING",
        packed_rows([created_at for _, created_at in envelopes]),
        packed_names(ref for ref, _ in envelopes),
    )


async def forget_envelopes(w: Write, before: int) -> int:
    """Forgets envelopes with a time before this one; how many."""
    return await w.run("DELETE FROM envelope WHERE created_at < ?", before)


async def newest(r: Read) -> int | None:
    """The latest time that a message bears; None: there was none."""
    ((found,),) = await r.rows("SELECT max(created_at) FROM inbox")
    return None if found is None else int(found)


async def forget(w: Write, codes: Sequence[str], since: int, before: int, limit: int) -> tuple[int, int | None]:
    """Forgets messages that met with one of these codes and bear a time from `since` on and before `before`, looking
    at about `limit` messages: how many it forgot, and the time to go on from, None where the end was reached.
    """
    row = await w.row(
        "SELECT created_at FROM inbox WHERE created_at >= ? AND created_at < ? ORDER BY created_at LIMIT 1 OFFSET ?",
        since, before, limit,
    )  # fmt: skip
    until = before if row is None else max(row[0], since + 1)
    forgotten = await w.run(
        "DELETE FROM inbox WHERE created_at >= ? AND created_at < ? AND code IN (SELECT value FROM json_each(?))",
        since, until, packed_rows(list(codes)),
    )  # fmt: skip
    return forgotten, None if row is None else until


async def set_aside(w: Write, aside: Aside) -> None:
    """Puts a message aside; it counts as seen until it is taken back. One that is there already is brought up to
    date.
    """
    ref = bytes.fromhex(aside.ref)
    await w.run(
        "INSERT INTO aside (ref, created_at, document, traceback, aside_at) VALUES (?, ?, ?, ?, ?) "
        "ON CONFLICT (ref) DO UPDATE SET traceback = excluded.traceback, aside_at = excluded.aside_at",
        ref, aside.created_at, aside.document, aside.traceback, aside.at,
    )  # fmt: skip
    await record(w, [Seen(aside.ref, aside.created_at, ASIDE, aside.at)])


async def set_aside_count(r: Read) -> int:
    """How many messages lie aside."""
    ((number,),) = await r.rows("SELECT count(*) FROM aside")
    return int(number)


async def set_aside_list(r: Read, limit: int = 1_000, but: Collection[str] = ()) -> list[Aside]:
    """What lies aside, oldest first, but for the messages of these refs."""
    rows = await r.rows(
        "SELECT ref, created_at, document, traceback, aside_at FROM aside "
        "WHERE lower(hex(ref)) NOT IN (SELECT value FROM json_each(?)) ORDER BY aside_at, ref LIMIT ?",
        packed_rows(list(but)), limit,
    )  # fmt: skip
    return [Aside(name(ref), created_at, document, traceback, at) for ref, created_at, document, traceback, at in rows]


async def take_back(w: Write, ref: str) -> bytes | None:
    """The document of a message set aside, which from now on counts as never seen; None where nothing of this name
    lies aside.
    """
    raw = bytes.fromhex(ref)
    row = await w.row("SELECT created_at, document FROM aside WHERE ref = ?", raw)
    if row is None:
        return None
    await w.run("DELETE FROM aside WHERE ref = ?", raw)
    await w.run("DELETE FROM inbox WHERE created_at = ? AND ref = ? AND code = ?", row[0], raw, ASIDE)
    document: bytes = row[1]
    return document


async def cursors(r: Read) -> dict[tuple[str, str], int]:
    """(relay, subscription) -> how far it was read."""
    return {
        (relay, subscription): at
        for relay, subscription, at in await r.rows("SELECT relay, subscription, position FROM cursor")
    }


async def save_cursors(w: Write, positions: Mapping[tuple[str, str], int]) -> None:
    """Remembers how far each subscription was read. A position may also move back: its owner knows why."""
    await w.run(
        "INSERT INTO cursor (relay, subscription, position) "
        "SELECT value ->> 0, value ->> 1, value ->> 2 FROM json_each(?1) WHERE true "
        "ON CONFLICT (relay, subscription) DO UPDATE SET position = excluded.position",
        packed_rows([(relay, subscription, position) for (relay, subscription), position in positions.items()]),
    )


async def pace(r: Read) -> dict[str, int]:
    """relay -> messages a minute that it endures, as far as we have learnt."""
    return dict(await r.rows("SELECT relay, per_minute FROM pace"))


async def save_pace(w: Write, paces: Mapping[str, int]) -> None:
    """Remembers what was learnt about each relay."""
    await w.run(
        "INSERT INTO pace (relay, per_minute) SELECT value ->> 0, value ->> 1 FROM json_each(?1) WHERE true "
        "ON CONFLICT (relay) DO UPDATE SET per_minute = excluded.per_minute",
        packed_rows(list(paces.items())),
    )


async def counts(r: Read) -> dict[str, int]:
    """How many messages met with each code."""
    return dict(await r.rows("SELECT code, count(*) FROM inbox GROUP BY code"))


async def _unknown(r: Read, table: str, messages: Sequence[tuple[str, int]]) -> set[str]:
    if not messages:
        return set()
    known = await r.packed(
        f"SELECT json_group_array(json_each.key) FROM json_each(?1) CROSS JOIN {table} AS it "
        f"ON it.created_at = json_each.value AND it.ref = {name_at(0, 1)}",
        packed_rows([created_at for _, created_at in messages]),
        packed_names(ref for ref, _ in messages),
    )
    seen = {messages[place][0] for place in known}
    return {ref for ref, _ in messages if ref not in seen}
