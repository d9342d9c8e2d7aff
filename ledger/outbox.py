"""What is promised and not yet delivered. A promise commits together with what it speaks of; its delivery comes after.

A promise holds a *recipe* and a *seed*, from which its sender makes the same bytes each time. It waits until it is
due, in one of four lanes (0 goes first). A promise that *supersedes* takes the place of one of the same name, be it
waiting or abandoned. A delivered promise is deleted and counted; an abandoned one stays, with its reason, and holds
nobody up.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Final, Literal, NamedTuple

import orjson

from ledger.bulk import EACH, name, name_at, optional_name_at, packed_names, packed_rows, places, unpacked
from ledger.database import Read, Write

LANES: Final = 4
State = Literal["done", "waiting", "abandoned"]


class Promise(NamedTuple):
    """Something to deliver to `acks` of the `relays`. `seed`: 32 random bytes. `label` says what it is, for people
    and counts. `receiver`: the one person that it is for; its `relays` are then for a person who names none.
    `last_relays`: instead of a receiver, where somebody reads of whom nothing is to be kept; given up, it is dropped.
    """

    lane: int
    label: str
    issuer: str
    recipe: bytes
    seed: bytes
    relays: tuple[str, ...]
    acks: int
    supersedes: str | None = None
    receiver: str | None = None
    last_relays: tuple[str, ...] | None = None


class Promised(NamedTuple):
    """A stored promise: how often it was tried, which relays took it and which refused it for good, when it is due
    next. Of its receiver, if it has one: the relays that it names (see ledger.addresses), when they were looked up,
    None: never, and whether it is known, as a customer who has ordered or has an entry.
    """

    id: int
    lane: int
    label: str
    issuer: str
    recipe: bytes
    seed: bytes
    relays: tuple[str, ...]
    acks: int
    attempts: int
    accepted: tuple[str, ...]
    refused: tuple[str, ...]
    theirs: tuple[str, ...]
    due_at: int
    promised_at: int
    reason: str | None = None
    receiver: str | None = None
    checked_at: int | None = None
    is_known: bool = True


class Settlement(NamedTuple):
    """What became of one attempt. `accepted` and `refused` are the relays so far; `due_at` counts while it is
    waiting.
    """

    id: int
    accepted: tuple[str, ...]
    refused: tuple[str, ...]
    state: State
    due_at: int = 0
    reason: str | None = None


_ADDRESS: Final = "LEFT JOIN address ON address.pubkey = outbox.receiver"

# Promises as two texts (see ledger.bulk): what is short as JSON, and all their bytes in one string of hex digits.
_PROMISED = """
SELECT json_group_array(json_array(id, lane, label, length(recipe), relays, acks, attempts, accepted, refused, theirs,
                                   due_at, promised_at, reason, nullif(lower(hex(receiver)), ''), checked_at,
                                   is_known)),
       coalesce(group_concat(hex(issuer) || hex(seed) || hex(recipe), ''), '')
FROM (SELECT outbox.*, coalesce(address.relays, outbox.last_relays, '[]') AS theirs, checked_at,
             outbox.receiver IS NULL OR EXISTS (
                 SELECT 1 FROM program CROSS JOIN standing ON program_id = program.id AND customer = outbox.receiver
                 WHERE seq > 0 OR visits > 0
             ) AS is_known
      FROM outbox {which})
"""

_POST = f"""
INSERT INTO outbox (lane, label, issuer, recipe, seed, relays, acks, supersedes, promised_at, receiver, last_relays)
SELECT value ->> 0, value ->> 1, {name_at(0, 3)}, substr(?3, value ->> 5, value ->> 6), {name_at(1, 3)},
       value ->> 2, value ->> 3, value ->> 4, ?4, {optional_name_at(2, 3)},
       value ->> 7
FROM {EACH}
"""

_DUE_IN_LANE = _PROMISED.format(
    which=f"""INDEXED BY outbox_waiting {_ADDRESS}
    WHERE state = 'waiting' AND lane = ?1 AND due_at <= ?2 AND id NOT IN (SELECT value FROM json_each(?3))
    AND coalesce(nullif(coalesce(address.relays, outbox.last_relays), '[]'), outbox.relays)
        NOT IN (SELECT value FROM json_each(?5))
    ORDER BY due_at, id LIMIT ?4"""
)

_ABANDONED = _PROMISED.format(which=f"{_ADDRESS} WHERE state = 'abandoned' ORDER BY id LIMIT ?1")

_SETTLE = """
UPDATE outbox SET attempts = attempts + 1, accepted = new.accepted, refused = new.refused, state = new.state,
                  due_at = new.due_at, reason = new.reason
FROM (SELECT value ->> 0 AS id, value ->> 1 AS accepted, value ->> 2 AS refused, value ->> 3 AS state,
             value ->> 4 AS due_at, value ->> 5 AS reason FROM json_each(?1)) AS new
WHERE outbox.id = new.id
"""

# One state at a time: each has its own index over these names.
_NEWER: Final = """
EXISTS (SELECT 1 FROM outbox AS newer WHERE newer.state = '{}' AND newer.supersedes IS NOT NULL
        AND newer.supersedes = outbox.supersedes AND newer.id > outbox.id)
"""

RESUME: Final = f"""
UPDATE outbox SET state = 'waiting', due_at = 0, refused = '[]', reason = NULL
WHERE state = 'abandoned' AND (?1 IS NULL OR id IN (SELECT value FROM json_each(?1)))
AND (supersedes IS NULL OR NOT ({_NEWER.format("waiting")} OR {_NEWER.format("abandoned")}))
"""
_LEFT = "(SELECT json_group_array(value) FROM json_each({}) WHERE value IN (SELECT value FROM json_each(?3)))"


async def post(w: Write, promises: Sequence[Promise], at: int) -> None:
    """Promises all of these, in this order. Of several that supersede under one name the last one stays."""
    latest = {one.supersedes: place for place, one in enumerate(promises) if one.supersedes is not None}
    kept = [one for place, one in enumerate(promises) if one.supersedes is None or latest[one.supersedes] == place]
    for state in ("waiting", "abandoned") if latest else ():
        await w.run(
            f"DELETE FROM outbox WHERE state = '{state}' AND supersedes IN (SELECT value FROM json_each(?1))",
            packed_rows(list(latest)),
        )
    if kept:
        spelled: dict[tuple[str, ...], str] = {}
        rows = []
        for one, place in zip(kept, places(promise.recipe for promise in kept), strict=True):
            relays = spelled.get(one.relays) or spelled.setdefault(one.relays, _spelled(one.relays))
            last = None if one.last_relays is None else _spelled(one.last_relays)
            rows.append((one.lane, one.label, relays, one.acks, one.supersedes, *place, last))
        names = packed_names(part for one in kept for part in (one.issuer, one.seed.hex(), one.receiver))
        await w.run(_POST, packed_rows(rows), names, b"".join([one.recipe for one in kept]), at)


async def due(
    r: Read,
    now: int,
    limit: int,
    lane: int | None = None,
    skip: Collection[int] = (),
    full: Collection[tuple[str, ...]] = (),
) -> list[Promised]:
    """Up to limit promises that are due, lane by lane, new ones in the order they were made and then retries by their
    time.

    `skip` are ids that are under way already; promises for exactly the relays of one of `full` are left out, where
    relays that the receiver names count in place of the promise's own.
    """
    found: list[Promised] = []
    under_way, left_out = packed_rows(list(skip)), packed_rows([_spelled(relays) for relays in full])
    for each in range(LANES) if lane is None else (lane,):
        if len(found) < limit:
            ((rows, raw),) = await r.rows(_DUE_IN_LANE, each, now, under_way, limit - len(found), left_out)
            found += _promised(rows, raw)
    return found


async def settle(w: Write, settlements: Sequence[Settlement]) -> None:
    """Notes what became of these attempts. Ids that were superseded meanwhile are passed over."""
    done = packed_rows([one.id for one in settlements if one.state == "done"])
    if done != "[]":
        await w.run(
            "INSERT INTO delivered (label, total) SELECT label, count(*) FROM outbox "
            "WHERE id IN (SELECT value FROM json_each(?1)) GROUP BY label "
            "ON CONFLICT (label) DO UPDATE SET total = total + excluded.total",
            done,
        )
        await w.run("DELETE FROM outbox WHERE id IN (SELECT value FROM json_each(?1))", done)
    others = [one for one in settlements if one.state != "done"]
    if others:
        rows = [(one.id, _spelled(one.accepted), _spelled(one.refused), one.state, one.due_at, one.reason)
                for one in others]  # fmt: skip
        await w.run(_SETTLE, packed_rows(rows))
    if any(one.state == "abandoned" for one in others):
        await w.run("DELETE FROM outbox WHERE state = 'abandoned' AND last_relays IS NOT NULL")


async def let_go(w: Write, who: str) -> tuple[str, ...]:
    """Takes somebody's name off whatever waits for it, and its address out of the ledger; gives the relays where it
    reads, which these promises keep until they are delivered.
    """
    key = bytes.fromhex(who)
    row = await w.row("SELECT relays FROM address WHERE pubkey = ?", key)
    spelled = "[]" if row is None else row[0]
    await w.run("DELETE FROM outbox WHERE receiver = ? AND state = 'abandoned'", key)
    await w.run("UPDATE outbox SET receiver = NULL, last_relays = ? WHERE receiver = ?", spelled, key)
    await w.run("DELETE FROM address WHERE pubkey = ?", key)
    return tuple(unpacked(spelled))


async def hasten(w: Write) -> int:
    """Makes every waiting promise due at once, because a relay is back; how many had been pausing."""
    return await w.run("UPDATE outbox SET due_at = 0 WHERE state = 'waiting' AND due_at > 0")


async def readdress(
    w: Write, issuer: str, known: Collection[str], instead: tuple[str, ...], lanes: Collection[int]
) -> int:
    """Takes relays that are not `known` any more off the issuer's waiting promises in these lanes; how many promises.

    A promise of which no relay is left goes to `instead`. It is due at once, and asks for no more relays than it has.
    """
    which = "state = 'waiting' AND issuer = ?1 AND lane IN (SELECT value FROM json_each(?2))"
    whose = (bytes.fromhex(issuer), packed_rows(list(lanes)))
    changed = 0
    for (text,) in await w.rows(f"SELECT DISTINCT relays FROM outbox WHERE {which}", *whose):
        relays = tuple(unpacked(text))
        left = tuple(url for url in relays if url in known) or instead
        if left != relays:
            changed += await w.run(
                "UPDATE outbox SET relays = ?3, acks = min(acks, ?4), due_at = 0, "
                f"accepted = {_LEFT.format('accepted')}, refused = {_LEFT.format('refused')} "
                f"WHERE {which} AND relays = ?5",
                *whose, _spelled(left), len(left), text,
            )  # fmt: skip
    return changed


async def next_due_at(r: Read) -> int | None:
    """When the next waiting promise is due (0: at once), None where none waits."""
    each = "(SELECT min(due_at) AS due_at FROM outbox WHERE state = 'waiting' AND lane = {})"
    row = await r.row(
        "SELECT min(due_at) FROM ("
        + " UNION ALL ".join(f"SELECT * FROM {each.format(lane)}" for lane in range(LANES))
        + ")"
    )
    return None if row is None or row[0] is None else int(row[0])


async def counts(r: Read) -> dict[tuple[str, int, str], int]:
    """(state, lane, label) -> how many are in the outbox."""
    rows = await r.rows("SELECT state, lane, label, count(*) FROM outbox GROUP BY state, lane, label")
    return {(state, lane, label): count for state, lane, label, count in rows}


async def delivered(r: Read) -> dict[str, int]:
    """label -> how many were delivered since the ledger was made."""
    return dict(await r.rows("SELECT label, total FROM delivered"))


async def oldest(r: Read) -> int | None:
    """When the promise that waits longest was made, None where none waits."""
    row = await r.row("SELECT promised_at FROM outbox WHERE state = 'waiting' ORDER BY id LIMIT 1")
    return None if row is None else int(row[0])


async def abandoned(r: Read, limit: int = 1_000) -> list[Promised]:
    """Promises that were given up, with their reasons, oldest first; `counts` says how many there are."""
    ((rows, raw),) = await r.rows(_ABANDONED, limit)
    return _promised(rows, raw)


async def resume(w: Write, ids: Sequence[int] | None = None) -> int:
    """Lets abandoned promises (None: all) wait again, due at once, no relay's refusal held against it; how many."""
    return await w.run(RESUME, None if ids is None else packed_rows(list(ids)))


def _promised(rows: str, raw: str) -> list[Promised]:
    """Puts the promises together again from their two texts."""
    everything = bytes.fromhex(raw)
    spelled: dict[str, tuple[str, ...]] = {}
    found = []
    start = 0
    for id_, lane, label, length, relays, acks, attempts, accepted, refused, theirs, *rest in unpacked(rows):
        seed, recipe, end = start + 32, start + 64, start + 64 + length
        for text in (relays, accepted, refused, theirs):
            if text not in spelled:
                spelled[text] = tuple(unpacked(text))
        found.append(Promised(
            id_, lane, label, name(everything[start:seed]), everything[recipe:end], everything[seed:recipe],
            spelled[relays], acks, attempts, spelled[accepted], spelled[refused], spelled[theirs], *rest,
        ))  # fmt: skip
        start = end
    return found


def _spelled(relays: tuple[str, ...]) -> str:
    return orjson.dumps(relays).decode()
