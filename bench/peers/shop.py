"""What both bots have in common: a rule, two tables, and the tags of an entry. One order, one commit.

The file has the durability of the daemon's (WAL, synchronous=FULL); the entry has the same tags as the daemon's.
"""

from __future__ import annotations

import argparse
import hashlib
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

SAT_PER_POINT = 1_000

Signed = TypeVar("Signed")


@dataclass(frozen=True, slots=True)
class Entry:
    """What the bot signs."""

    tags: list[list[str]]
    text: str


class Shop:
    """The bot's ledger."""

    def __init__(self, asked: argparse.Namespace) -> None:
        self._source, self._program, self._relay = asked.source, asked.program, asked.relay
        self._revision = hashlib.sha256(self._program.encode()).hexdigest()
        self._sql = sqlite3.connect(asked.database, isolation_level=None)
        self._sql.execute("PRAGMA journal_mode = WAL")
        self._sql.execute("PRAGMA synchronous = FULL")
        self._sql.execute("CREATE TABLE orders (reference TEXT PRIMARY KEY, customer TEXT, points INTEGER, event TEXT)")
        self._sql.execute("CREATE TABLE standing (customer TEXT PRIMARY KEY, balance INTEGER, seq INTEGER, head TEXT)")

    def book(
        self, event_id: str, author: str, tags: list[list[str]], sign: Callable[[Entry], tuple[str, Signed]]
    ) -> Signed | None:
        """Book an order whose signature holds; the signed entry, or None where nothing is to be published.

        `sign` gives the entry's id and the entry; the id is the head of the customer's chain and committed with it.
        """
        found = {tag[0]: tag for tag in tags}
        customer, reference, amount = found["customer_pubkey"][1], found["order"][1], found["amount"]
        if author != self._source or found["a"][1] != self._program or found["status"][1] != "paid":
            return None
        points = int(amount[1]) // SAT_PER_POINT if amount[2] == "sat" else 0
        self._sql.execute("BEGIN IMMEDIATE")
        try:
            if points == 0 or self._sql.execute("SELECT 1 FROM orders WHERE reference = ?", (reference,)).fetchone():
                self._sql.execute("ROLLBACK")
                return None
            row = self._sql.execute(
                "SELECT balance, seq, head FROM standing WHERE customer = ?", (customer,)
            ).fetchone()
            balance, seq, head = row or (0, 0, None)
            signed_id, signed = sign(self._entry(customer, reference, points, balance + points, seq + 1, head))
            self._sql.execute("INSERT INTO orders VALUES (?, ?, ?, ?)", (reference, customer, points, event_id))
            self._sql.execute(
                "INSERT INTO standing VALUES (?, ?, ?, ?) ON CONFLICT (customer) "
                "DO UPDATE SET balance = excluded.balance, seq = excluded.seq, head = excluded.head",
                (customer, balance + points, seq + 1, signed_id),
            )
            self._sql.execute("COMMIT")
        except BaseException:
            self._sql.execute("ROLLBACK")
            raise
        return signed

    def _entry(self, customer: str, reference: str, points: int, balance: int, seq: int, head: str | None) -> Entry:
        key = hashlib.sha256(f"{self._program}|order|{self._source}|{reference}".encode()).hexdigest()
        tags = [["a", self._program, self._relay], ["p", customer], ["L", "loyalty"], ["l", "earned", "loyalty"],
                ["points", f"+{points}"], ["balance", str(balance)], ["seq", str(seq)]]  # fmt: skip
        tags += [["prev", head]] if head else []
        return Entry([*tags, ["rev", self._revision], ["x", key]], "Thank you for your visit.")


def arguments(prog: str) -> argparse.Namespace:
    """The bots' command line; `key` is the secret key's hex, read from its file."""
    parser = argparse.ArgumentParser(prog=prog)
    for name in ("--relay", "--source", "--program"):
        parser.add_argument(name, required=True)
    for name in ("--key-file", "--database", "--ready-file"):
        parser.add_argument(name, required=True, type=Path)
    asked = parser.parse_args()
    asked.key = asked.key_file.read_text().strip()
    return asked
