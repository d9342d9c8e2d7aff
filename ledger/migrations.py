"""The numbered migrations in `schema/`, and bringing a ledger up to the newest of them.

The version is SQLite's `user_version`, written in the same transaction as the migration that leads to it. A migration
that was ever released is never edited: what it got wrong, the next one puts right.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Final

import aiosqlite

APPLICATION_ID: Final = 0x6E6C6F79  # "nloy": says in the file's header whose it is
SCHEMA: Final = Path(__file__).with_name("schema")


def migrations() -> list[Path]:
    """The migrations in order; the first brings version 0 to 1, and so on."""
    found = sorted(SCHEMA.glob("[0-9][0-9][0-9][0-9]_*.sql"))
    assert [int(path.name[:4]) for path in found] == list(range(1, len(found) + 1)), (
        "the migrations must be numbered without a gap"
    )
    return found


async def migrate(connection: aiosqlite.Connection) -> None:
    """Each migration in a transaction of its own, together with the version that it leads to."""
    ((version,),) = await connection.execute_fetchall("PRAGMA user_version")
    for number, migration in enumerate(migrations(), start=1):
        if number > version:
            script = migration.read_text(encoding="utf-8")
            identity = f"PRAGMA application_id = {APPLICATION_ID}; PRAGMA user_version = {number};"
            try:
                await connection.executescript(f"BEGIN IMMEDIATE;\n{script}\n{identity}\nCOMMIT;")
            except BaseException:
                # Queued behind the script, even where we were cancelled while it ran.
                await asyncio.shield(connection.rollback())
                raise
