"""Programs and every revision of their rules. Revisions are never changed or deleted: old entries were decided under
old rules.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from ledger.bulk import name
from ledger.database import Read, Write


@dataclass(frozen=True, slots=True)
class ProgramRow:
    """A program the ledger knows. `address` names it for ever."""

    id: int
    address: str
    slug: str
    issuer: str
    registered_at: int


@dataclass(frozen=True, slots=True)
class Revision:
    """One revision of a program's rules. `ref` names the document; `digest` is equal where the rules are."""

    id: int
    program_id: int
    ref: str
    digest: str
    document: bytes
    added_at: int


class InForce(NamedTuple):
    """What holds for a program now: the revision added last, and whether it is paused by message."""

    revision_id: int
    revision: str
    is_paused: bool


_REVISION = "SELECT id, program_id, ref, digest, document, added_at FROM revision"


async def register(w: Write, address: str, slug: str, issuer: str, at: int) -> int:
    """The program's id; it is made where the address is new."""
    await w.run(
        "INSERT INTO program (address, slug, issuer, registered_at) VALUES (?, ?, ?, ?) "
        "ON CONFLICT (address) DO NOTHING",
        address, slug, bytes.fromhex(issuer), at,
    )  # fmt: skip
    ((program_id,),) = await w.rows("SELECT id FROM program WHERE address = ?", address)
    return int(program_id)


async def programs(r: Read) -> list[ProgramRow]:
    """All programs, also those no longer in the config, in the order of their first registration."""
    rows = await r.rows("SELECT id, address, slug, issuer, registered_at FROM program ORDER BY id")
    return [ProgramRow(id_, address, slug, name(issuer), at) for id_, address, slug, issuer, at in rows]


async def pause(w: Write, program_id: int, *, paused: bool) -> None:
    """Lets a program's orders earn nothing, or earn again; beside what the configuration says."""
    await w.run("UPDATE program SET paused = ? WHERE id = ?", int(paused), program_id)


async def is_paused(r: Read, program_id: int) -> bool:
    """Whether a program is paused by message."""
    return await r.row("SELECT 1 FROM program WHERE id = ? AND paused = 1", program_id) is not None


async def in_force(r: Read) -> dict[int, InForce]:
    """What holds for each program that has a revision, by its id."""
    rows = await r.rows(
        "SELECT program.id, revision.id, revision.ref, program.paused FROM program JOIN revision "
        "ON revision.id = (SELECT max(id) FROM revision WHERE program_id = program.id)"
    )
    return {id_: InForce(revision_id, name(ref), bool(paused)) for id_, revision_id, ref, paused in rows}


async def add_revision(w: Write, program_id: int, ref: str, digest: str, document: bytes, at: int) -> int:
    """The new revision's id. Raises InvariantBroken where this ref is there already."""
    await w.run(
        "INSERT INTO revision (program_id, ref, digest, document, added_at) VALUES (?, ?, ?, ?, ?)",
        program_id, bytes.fromhex(ref), bytes.fromhex(digest), document, at,
    )  # fmt: skip
    ((revision_id,),) = await w.rows("SELECT id FROM revision WHERE ref = ?", bytes.fromhex(ref))
    return int(revision_id)


async def latest_revision(r: Read, program_id: int) -> Revision | None:
    """The revision added last, None before the first."""
    row = await r.row(f"{_REVISION} WHERE program_id = ? ORDER BY id DESC LIMIT 1", program_id)
    return None if row is None else _revision(*row)


async def revision(r: Read, ref: str) -> Revision | None:
    """The revision of this name, if there is one."""
    row = await r.row(f"{_REVISION} WHERE ref = ?", bytes.fromhex(ref))
    return None if row is None else _revision(*row)


async def revisions(r: Read, program_id: int, after_id: int, limit: int) -> list[Revision]:
    """The program's revisions above an id, oldest first, at most so many."""
    rows = await r.rows(f"{_REVISION} WHERE program_id = ? AND id > ? ORDER BY id LIMIT ?", program_id, after_id, limit)
    return [_revision(*row) for row in rows]


def _revision(id_: int, program_id: int, ref: bytes, digest: bytes, document: bytes, added_at: int) -> Revision:
    return Revision(id_, program_id, name(ref), name(digest), document, added_at)
