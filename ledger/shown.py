"""Promises to show, in clear, entries that were private until now: which of them nobody took, and letting go of them.

Each is an outbox's promise that supersedes under `name_of`, so that an entry waits once at most.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

import orjson

from ledger.bulk import packed_rows
from ledger.database import Read, Write

LABEL: Final = "shown"
# One state at a time: each has its own index over these names.
_OF: Final = "state = '{}' AND supersedes IS NOT NULL AND supersedes >= ?1 AND supersedes < ?2"
_GIVEN_UP: Final = _OF.format("abandoned")
_AGAIN: Final = """
UPDATE outbox SET state = 'waiting', due_at = 0, relays = ?3, accepted = '[]', refused = '[]', reason = NULL
"""


def name_of(program_id: int, standing_id: int, seq: int) -> str:
    """What the promise supersedes under."""
    return f"{LABEL}:{program_id}:{standing_id}:{seq}"


async def first_given_up(r: Read, ids: Collection[int]) -> list[int]:
    """The standings, by id, whose entries are among these promises, and of which no promise was given up so far."""
    rows = await r.rows(
        "SELECT supersedes FROM outbox WHERE label = 'shown' AND id IN (SELECT value FROM json_each(?))",
        packed_rows(list(ids)),
    )
    found = []
    for program_id, standing_id in sorted({tuple(map(int, name.split(":")[1:3])) for (name,) in rows}):
        ((before,),) = await r.rows(
            f"SELECT count(*) FROM outbox WHERE {_GIVEN_UP}", *_span(f"{LABEL}:{program_id}:{standing_id}")
        )
        if not before:
            found.append(standing_id)
    return found


async def again(w: Write, program_id: int, standing_id: int, relays: tuple[str, ...]) -> int:
    """Lets those of a customer that were given up wait again, for these relays and due at once; how many."""
    return await w.run(f"{_AGAIN} WHERE {_GIVEN_UP}", *_span(f"{LABEL}:{program_id}:{standing_id}"), _spelled(relays))


async def again_elsewhere(w: Write, program_id: int, relays: tuple[str, ...]) -> int:
    """The same of all of a program's that were given up at other relays; how many."""
    span = _span(f"{LABEL}:{program_id}")
    return await w.run(f"{_AGAIN} WHERE {_GIVEN_UP} AND relays <> ?3", *span, _spelled(relays))


async def drop(w: Write, program_id: int, standing_id: int) -> int:
    """Lets go of all of a customer's, because they are to stay private; how many."""
    span = _span(f"{LABEL}:{program_id}:{standing_id}")
    return sum(
        [await w.run(f"DELETE FROM outbox WHERE {_OF.format(state)}", *span) for state in ("waiting", "abandoned")]
    )


def _span(beginning: str) -> tuple[str, str]:
    """The first name that begins so and goes on behind a colon, and the first behind all of these."""
    return f"{beginning}:", f"{beginning};"


def _spelled(relays: tuple[str, ...]) -> str:
    return orjson.dumps(relays).decode()
