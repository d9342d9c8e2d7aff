"""What customers chose for themselves, and being forgotten. Seldom written, read with every standing."""

from __future__ import annotations

import hashlib

from ledger.database import Write
from ledger.errors import InvariantBroken
from ledger.standings import Standing


async def choose(w: Write, standing: Standing) -> None:
    """Writes down what the customer chose; nothing else of the standing."""
    changed = await w.run(
        "UPDATE standing SET shares = ?, notify = ?, language = ?, badge = ?, greeted = ? WHERE id = ?",
        standing.shares, standing.notify, standing.language, standing.badge, standing.greeted, standing.id,
    )  # fmt: skip
    if changed != 1:
        raise InvariantBroken(f"there is no standing {standing.id} to choose for")


async def forget(w: Write, standing_id: int, salt_if_none: bytes) -> str:
    """Replaces the customer's key by a pseudonym, and takes out what names it; gives the pseudonym.

    What stays: types, points, times and links of the entries, so that the books still add up. The salt is kept (made of
    `salt_if_none`, 32 random bytes, the first time): whoever has the ledger and the key can still tell that the two
    belong together, nobody else can. What is gone: the entries' documents, feedback, and what still waits to be sent.
    """
    await w.run("INSERT INTO salt (id, salt) VALUES (1, ?) ON CONFLICT DO NOTHING", salt_if_none)
    ((salt,),) = await w.rows("SELECT salt FROM salt")
    ((customer,),) = await w.rows("SELECT customer FROM standing WHERE id = ?", standing_id)
    pseudonym = hashlib.sha256(salt + customer + standing_id.to_bytes(8)).digest()
    await w.run(
        "UPDATE standing SET customer = ?, forgotten = 1, shares = NULL, notify = 'off', language = NULL, badge = 0 "
        "WHERE id = ?",
        pseudonym, standing_id,
    )  # fmt: skip
    await w.run("UPDATE entry SET document = x'' WHERE standing_id = ?", standing_id)
    await w.run("UPDATE feedback SET text = '' WHERE standing_id = ?", standing_id)
    await w.run("UPDATE paid_order SET detail = NULL WHERE standing_id = ?", standing_id)
    return pseudonym.hex()
