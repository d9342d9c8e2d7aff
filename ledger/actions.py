"""What was done by command, each once by its ref: for limits per operator and day, and for undoing the last one."""

from __future__ import annotations

from typing import Any, NamedTuple

import orjson

from ledger.bulk import name
from ledger.database import Read, Write
from ledger.errors import InvariantBroken


class Action(NamedTuple):
    """A command that took effect. `actor` gave it; `standing_id` is whom it was about; `points` (0 or more) that it
    moved by hand; `day` the local day it was done on; `detail` what undoing it needs; `undone_by` the action that took
    it back.
    """

    id: int
    program_id: int
    ref: str
    actor: str
    verb: str
    standing_id: int | None
    points: int
    day: int
    detail: dict[str, Any]
    undone_by: int | None
    done_at: int


_SELECT = (
    "SELECT id, program_id, ref, actor, verb, standing_id, points, day, detail, undone_by, done_at FROM action WHERE "
)


async def next_id(w: Read) -> int:
    """The first id that no action has yet; the block may use it and those after it."""
    ((highest,),) = await w.rows("SELECT coalesce(max(id), 0) FROM action")
    return int(highest) + 1


async def by_ref(r: Read, ref: str) -> Action | None:
    """The action of this command, None where it did not take effect."""
    row = await r.row(f"{_SELECT} ref = ?", bytes.fromhex(ref))
    return None if row is None else _action(*row)


async def record(w: Write, action: Action) -> None:
    """Stores a new action. Raises InvariantBroken where its command took effect before."""
    await w.run(
        "INSERT INTO action (id, program_id, ref, actor, verb, standing_id, points, day, detail, undone_by, done_at) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        action.id, action.program_id, bytes.fromhex(action.ref), bytes.fromhex(action.actor), action.verb,
        action.standing_id, action.points, action.day, orjson.dumps(action.detail).decode(), action.undone_by,
        action.done_at,
    )  # fmt: skip


async def mark_undone(w: Write, action_id: int, by_id: int) -> None:
    """Remembers which action took this one back. Raises InvariantBroken where one did already."""
    if await w.run("UPDATE action SET undone_by = ? WHERE id = ?", by_id, action_id) != 1:
        raise InvariantBroken(f"there is no action {action_id} to undo")


async def on_day(r: Read, program_id: int, actor: str, day: int) -> tuple[int, int]:
    """(count, points) of what the actor granted, revoked (by points or by entry) and redeemed for somebody else on that
    day and did not undo.
    """
    ((count, points),) = await r.rows(
        "SELECT count(*), coalesce(sum(points), 0) FROM action WHERE program_id = ? AND actor = ? AND day = ? "
        "AND (verb IN ('grant', 'revoke', 'revoke-entry') OR (verb = 'redeem' AND points > 0)) AND undone_by IS NULL",
        program_id, bytes.fromhex(actor), day,
    )  # fmt: skip
    return int(count), int(points)


async def last_of(r: Read, program_id: int, actor: str) -> Action | None:
    """The actor's newest action that was not undone and is not an undo itself."""
    row = await r.row(
        f"{_SELECT} program_id = ? AND actor = ? AND undone_by IS NULL AND verb <> 'undo' ORDER BY id DESC LIMIT 1",
        program_id, bytes.fromhex(actor),
    )  # fmt: skip
    return None if row is None else _action(*row)


async def recent(r: Read, program_id: int, limit: int) -> list[Action]:
    """The program's newest actions, newest first."""
    rows = await r.rows(f"{_SELECT} program_id = ? ORDER BY id DESC LIMIT ?", program_id, limit)
    return [_action(*row) for row in rows]


def _action(
    id_: int, program_id: int, ref: bytes, actor: bytes, verb: str, standing_id: int | None, points: int, day: int,
    detail: str, undone_by: int | None, done_at: int,
) -> Action:  # fmt: skip
    return Action(
        id_,
        program_id,
        name(ref),
        name(actor),
        verb,
        standing_id,
        points,
        day,
        orjson.loads(detail),
        undone_by,
        done_at,
    )
