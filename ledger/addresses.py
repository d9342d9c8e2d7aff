"""Where people read messages, as far as it was looked up. What somebody said about itself is kept until it says
something newer; that it says nothing is kept too, so that it is not asked for every message.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

import orjson

from ledger.bulk import EACH, name, name_at, packed_names, packed_rows, unpacked
from ledger.database import Read, Write


class Address(NamedTuple):
    """`relays` in the owner's order, empty where none is known; `said_at`: when the owner said so, 0: never;
    `checked_at`: when it was looked up last. Both in unix seconds.
    """

    who: str
    relays: tuple[str, ...]
    said_at: int
    checked_at: int


_NOTE: Final = f"""
INSERT INTO address (pubkey, relays, said_at, checked_at)
SELECT {name_at(0, 1)}, value ->> 0, value ->> 1, value ->> 2 FROM {EACH} WHERE true
ON CONFLICT (pubkey) DO UPDATE SET
    relays = iif(excluded.said_at > said_at, excluded.relays, relays),
    said_at = max(said_at, excluded.said_at), checked_at = excluded.checked_at
"""


async def note(w: Write, addresses: Sequence[Address]) -> None:
    """Writes down what a look-up has found; what is older than what is known changes nothing but the time of the
    look-up. Nobody may be in it twice.
    """
    rows = [(orjson.dumps(one.relays).decode(), one.said_at, one.checked_at) for one in addresses]
    await w.run(_NOTE, packed_rows(rows), packed_names(one.who for one in addresses))


async def of(r: Read, people: Sequence[str]) -> dict[str, Address]:
    """The addresses of those who were looked up before."""
    rows = await r.rows(
        "SELECT pubkey, relays, said_at, checked_at FROM address "
        f"WHERE pubkey IN (SELECT {name_at(0, 1)} FROM json_each(?1))",
        packed_rows(list(people)),
        packed_names(people),
    )
    return {name(key): Address(name(key), tuple(unpacked(relays)), *times) for key, relays, *times in rows}


async def forget_strangers(w: Write, before: int) -> int:
    """Forgets where people read who are no customers and were looked up last before then; how many."""
    return await w.run(
        "DELETE FROM address WHERE checked_at < ? AND NOT EXISTS (SELECT 1 FROM program CROSS JOIN standing "
        "ON standing.program_id = program.id AND standing.customer = address.pubkey)",
        before,
    )
