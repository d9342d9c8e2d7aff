"""What the daemon asks its ledger while it serves: nothing reads a whole table that grows with the venue."""

import sqlite3
from pathlib import Path
from typing import Any

import aiosqlite
import pytest

from bench.rule_set import RULES
from nostr_loyalty.commands.command import Claim, Feedback, Grant, Redeem, Refer, Use
from tests.unit.nostr_loyalty.served import Served
from tests.venue import new_key

SMALL = frozenset({"program", "revision", "confirmation"})
"""Tables with a row for each program, revision of one, or question that waits for an owner."""

SELDOM = "DELETE FROM outbox WHERE label IN"
"""When a guest changes its mind, what still waits in the outbox is looked through for what speaks of it."""


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Statement -> the parameters of its first use, of all connections."""
    statements: dict[str, Any] = {}
    execute = aiosqlite.Connection._execute

    async def noted(self: aiosqlite.Connection, fn: Any, *args: Any, **more: Any) -> Any:
        if args and isinstance(args[0], str):
            statements.setdefault(args[0], args[1] if len(args) > 1 else ())
        return await execute(self, fn, *args, **more)  # type: ignore[no-untyped-call]  # aiosqlite leaves it bare

    monkeypatch.setattr(aiosqlite.Connection, "_execute", noted)
    return statements


async def test_no_table_is_read_through(tmp_path: Path, asked: dict[str, Any]) -> None:
    """Orders, refunds, commands, letters, notices and a night's sweep look everything up by an index."""
    async with Served(tmp_path, "private", extra=RULES) as served:
        asked.clear()
        guest, friend = served.guest.public, new_key()
        await served.take(*[served.venue.order(f"o{n}", new_key().public, at=served.clock.now()) for n in range(5)])
        (receipt,) = await served.take(served.order("receipt", customer=None))
        await served.take(served.order("mine"), served.order("mine", status="refunded"))
        await served.command(Grant(guest, 500))
        voucher = (await served.asks(Redeem("coffee"))).facts["voucher"]
        await served.command(Use(str(voucher)))
        await served.asks(Claim(str(receipt.claim)))
        await served.asks(Feedback("good"))
        await served.asks(Refer(friend.public))
        for text in (
            "balance",
            "history",
            "rewards",
            "share public",
            "share private",
            "share public",
            "badge on",
            f"prove tier gold to {friend.public}",
        ):
            await served.write(served.guest, text)
        await served.promises()
        served.later(days=400)
        await served.sweep()
        await served.write(served.guest, "forget me")
        await served.promises()
        database = served.config.daemon.database
    with sqlite3.connect(database) as connection:
        tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")} - SMALL
        read_through = [
            (step[3], " ".join(sql.split()))
            for sql, parameters in asked.items()
            if sql.lstrip().startswith(("SELECT", "INSERT", "UPDATE", "DELETE", "WITH"))
            for step in connection.execute(f"EXPLAIN QUERY PLAN {sql}", parameters)
            if step[3].startswith("SCAN") and step[3].split()[1] in tables
        ]
    connection.close()
    assert len(asked) > 80
    assert [each for each in read_through if not each[1].startswith(SELDOM)] == []
