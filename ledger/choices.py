"""What customers chose for themselves, and being forgotten. Seldom written, read with every standing."""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from typing import Final

from ledger import outbox
from ledger.bulk import packed_rows
from ledger.database import Read, Write
from ledger.errors import InvariantBroken
from ledger.standings import Standing

# What a recipe speaks of: it names the customer, in a `p` tag (escaped in a document that is part of one), as the
# reader of a message, or in a card; an operator's own key stands in entries of others, too, as `by`. And it names the
# program by its address, at whose end a quote stands, or its badge, whose address goes on with the tier.
_ABOUT: Final = r"""
EXISTS (
    SELECT 1 FROM (SELECT lower(hex(?2)) AS key) WHERE instr(recipe, CAST('["p","' || key || '"' AS BLOB)) > 0
        OR instr(recipe, CAST('[\"p\",\"' || key || '\"' AS BLOB)) > 0
        OR instr(recipe, CAST('"to":"' || key || '"' AS BLOB)) > 0
        OR instr(recipe, CAST('"customer":"' || key || '"' AS BLOB)) > 0
) AND EXISTS (
    SELECT 1 FROM program WHERE id = ?1 AND (
        instr(recipe, CAST(address || '"' AS BLOB)) > 0 OR instr(recipe, CAST(address || '\' AS BLOB)) > 0
        OR instr(recipe, CAST(substr(address, instr(address, ':')) || ':' AS BLOB)) > 0))
"""

# Answers still go out, the customer waits for them; an answer that could not be sent is of use to nobody.
_UNSAID: Final = f"""
DELETE FROM outbox
WHERE (label IN ('entry', 'shown', 'notice', 'word', 'receipts', 'card', 'award') OR state = 'abandoned') AND {_ABOUT}
"""
_TAKEN_BACK: Final = f"DELETE FROM outbox WHERE label IN (SELECT value FROM json_each(?3)) AND {_ABOUT}"

# What points paid of an order is an amount like its others, and counts when customers are counted anew.
_WITHOUT_DETAIL: Final = """
UPDATE paid_order
SET detail = CASE WHEN detail ->> 'by_points' > 0 THEN json_object('by_points', detail ->> 'by_points') END
WHERE standing_id = ? AND detail IS NOT NULL
"""


async def choose(w: Write, standing: Standing) -> None:
    """Writes down what the customer chose; nothing else of the standing."""
    changed = await w.run(
        "UPDATE standing SET shares = ?, notify = ?, language = ?, badge = ?, greeted = ?, withdrawn_seq = ? "
        "WHERE id = ?",
        standing.shares, standing.notify, standing.language, standing.badge, standing.greeted, standing.withdrawn_seq,
        standing.id,
    )  # fmt: skip
    if changed != 1:
        raise InvariantBroken(f"there is no standing {standing.id} to choose for")


async def take_back(w: Write, program_id: int, customer: str, labels: Collection[str]) -> int:
    """Lets go of what was promised about a customer (hex) under these labels and is not at all its relays yet, given up
    or not, because the customer does not want it said any more; how many.
    """
    return await w.run(_TAKEN_BACK, program_id, bytes.fromhex(customer), packed_rows(list(labels)))


async def moved_here(r: Read, standing_id: int) -> list[int]:
    """The standings, by id, of keys that this one has replaced, and of those that they had replaced."""
    rows = await r.rows(
        "WITH RECURSIVE old (id) AS (SELECT id FROM standing WHERE relinked_to = ?1 "
        "UNION SELECT standing.id FROM old JOIN standing ON standing.relinked_to = old.id) "
        "SELECT id FROM old ORDER BY id",
        standing_id,
    )
    return [id_ for (id_,) in rows]


async def forget(w: Write, standing_id: int, salt_if_none: bytes, *, keeps_commands: bool = False) -> str:
    """Replaces the customer's key by a pseudonym, and takes out what names it; gives the pseudonym.

    What stays: types, points, times and links of the entries, so that the books still add up. The salt is kept (made of
    `salt_if_none`, 32 random bytes, the first time): whoever has the ledger and the key can still tell that the two
    belong together, nobody else can. What is gone: the entries' documents, feedback, where the customer reads messages,
    and what still waits to be sent about it. `keeps_commands`: the key is an operator's too, who answers for its own.
    Answers that wait go to where it reads now, and nobody looks that up again: see `outbox.let_go`.
    """
    await w.run("INSERT INTO salt (id, salt) VALUES (1, ?) ON CONFLICT DO NOTHING", salt_if_none)
    ((salt,),) = await w.rows("SELECT salt FROM salt")
    ((customer, program_id),) = await w.rows("SELECT customer, program_id FROM standing WHERE id = ?", standing_id)
    pseudonym = hashlib.sha256(salt + customer + standing_id.to_bytes(8)).digest()
    await w.run(
        "UPDATE standing SET customer = ?, forgotten = 1, shares = NULL, notify = 'off', language = NULL, badge = 0 "
        "WHERE id = ?",
        pseudonym, standing_id,
    )  # fmt: skip
    await w.run("UPDATE entry SET document = x'' WHERE standing_id = ?", standing_id)
    await w.run("UPDATE feedback SET text = '' WHERE standing_id = ?", standing_id)
    await w.run(_WITHOUT_DETAIL, standing_id)
    await outbox.let_go(w, customer.hex())
    await w.run(_UNSAID, program_id, customer)
    if not keeps_commands:
        await _rename_the_actor(w, program_id, customer, pseudonym)
    return pseudonym.hex()


async def _rename_the_actor(w: Write, program_id: int, customer: bytes, pseudonym: bytes) -> None:
    await w.run("UPDATE action SET actor = ? WHERE program_id = ? AND actor = ?", pseudonym, program_id, customer)
    await w.run(
        "UPDATE claim_attempt SET actor = ? WHERE program_id = ? AND actor = ?", pseudonym, program_id, customer
    )
    await w.run(
        "DELETE FROM confirmation WHERE program_id = ? AND instr(request, lower(hex(?))) > 0", program_id, customer
    )
    await w.run("DELETE FROM aside WHERE substr(document, 5, 64) = CAST(lower(hex(?)) AS BLOB)", customer)
