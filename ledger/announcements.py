"""What an issuer last said about itself under a name: kept so that it is said again only when it changes, and
never twice at one time.
"""

from __future__ import annotations

from ledger.database import Read, Write


async def last(r: Read, issuer: str, name: str) -> tuple[str, int] | None:
    """(digest, when) of what the issuer last said under this name, None where nothing yet."""
    row = await r.row(
        "SELECT digest, said_at FROM announcement WHERE issuer = ? AND name = ?", bytes.fromhex(issuer), name
    )
    return None if row is None else (row[0].hex(), int(row[1]))


async def last_said(r: Read, issuer: str, name: str) -> int:
    """When that was, in unix seconds; 0 where it never was."""
    said = await last(r, issuer, name)
    return 0 if said is None else said[1]


async def say(w: Write, issuer: str, name: str, digest: str, at: int) -> None:
    """Remembers what is said now; `at` in unix seconds is the time it bears."""
    await w.run(
        "INSERT INTO announcement (issuer, name, digest, said_at) VALUES (?, ?, ?, ?) "
        "ON CONFLICT (issuer, name) DO UPDATE SET digest = excluded.digest, said_at = excluded.said_at",
        bytes.fromhex(issuer), name, bytes.fromhex(digest), at,
    )  # fmt: skip


async def names(r: Read, issuer: str, prefix: str) -> list[str]:
    """The names that begin like this under which the issuer has ever said something, in their order."""
    rows = await r.rows(
        "SELECT name FROM announcement WHERE issuer = ? AND substr(name, 1, ?) = ? ORDER BY name",
        bytes.fromhex(issuer), len(prefix), prefix,
    )  # fmt: skip
    return [row[0] for row in rows]
