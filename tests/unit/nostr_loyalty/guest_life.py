"""A guest's life at a venue with all its people, and where the guest's key is found afterwards."""

from __future__ import annotations

from pathlib import Path

from kinds.keys import SecretKey
from ledger import addresses, outbox
from ledger.addresses import Address
from ledger.database import Database
from ledger.outbox import Settlement
from tests.unit.nostr_loyalty.house import House, npub


async def live(place: House) -> None:
    """A guest's life: orders, a claim, wrong codes, rewards, feedback, a friend, choices, things that waited."""
    served = place.served
    (receipt,) = await served.take(served.order("receipt", "9000", customer=None))
    for text in (
        "hello", f"claim {receipt.claim}", "claim 0000-0000-0000-0000", "redeem coffee", "feedback thank you, I am "
        + npub(place.guest), "refer {stranger}", "notify all", "language es", "share public", "badge on", "history",
    ):  # fmt: skip
        await place.says("guest", text)
    code = (await place.says("guest", "redeem coffee")).tag("voucher")
    await place.says("guest", f"cancel {code}")
    await place.says("staff", "redeem {guest} coffee")
    await place.says("manager", "grant {guest} 7 for you")
    await place.says("manager", "grant {guest} 5000 too many")
    await place.says("owner", "refund order-2 5000 sat")
    await served.take(served.order("order-2", "1000", status="refunded", refund_id="r"))
    async with served.database.write() as w:
        await addresses.note(w, [Address(place.guest.public, ("wss://relay.example",), 1, served.clock.now())])


async def delivered(database: Database) -> None:
    """Everything that waits to be sent has been."""
    async with database.read() as r:
        due = await outbox.due(r, 2**40, 10_000)
    async with database.write() as w:
        await outbox.settle(w, [Settlement(one.id, one.relays, (), "done") for one in due])


async def places_of(database: Database, key: SecretKey) -> list[str]:
    """Every column of every table in which a key stands: as bytes, as hex, as npub, or as the head of either."""
    needles = [key.public.encode(), bytes.fromhex(key.public), npub(key).encode(), npub(key)[:16].encode(),
               key.public[:16].encode(), key.public.upper().encode()]  # fmt: skip
    found = []
    async with database.read() as r:
        tables = [name for (name,) in await r.rows("SELECT name FROM sqlite_master WHERE type = 'table'")]
        for name in tables:
            columns = [row[1] for row in await r.rows(f"PRAGMA table_info({name})")]
            for column in columns:
                for (value,) in await r.rows(f"SELECT CAST({column} AS BLOB) FROM {name}"):
                    if value is not None and any(needle in value for needle in needles):
                        found.append(f"{name}.{column}")
    return sorted(set(found))


def held_by(file: Path, key: SecretKey) -> list[str]:
    """In which spellings a file's bytes hold a key."""
    spelled = {"raw": bytes.fromhex(key.public), "hex": key.public.encode(), "HEX": key.public.upper().encode(),
               "npub": npub(key).encode()}  # fmt: skip
    content = file.read_bytes()
    return [name for name, needle in spelled.items() if needle in content]
