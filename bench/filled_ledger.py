"""(f) A ledger of a million entries, written through the ledger's own doors in big blocks: real documents, real chains.

Nothing is signed, since the ledger keeps no signatures. Every customer earns in turn, so that a chain's entries lie far
from each other, as they do in a venue. The result passes `nostr-loyalty check`.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import time
from collections.abc import Sequence
from pathlib import Path

import orjson

from bench.load import Customers
from kinds import entry as wire
from kinds.event import Template, author, canonical_of
from kinds.keys import SecretKey
from kinds.registry import PROGRAM
from ledger import book, inbox, orders, programs, tally
from ledger.book import OpenedLot, Standing
from ledger.database import Database
from ledger.entry import NewEntry
from ledger.inbox import Seen
from ledger.orders import OrderRow
from ledger.tally import Tally
from tests.venue import Venue, new_key

BLOCK = 10_000
AGE_S = 90 * 86_400
MONTH = 202601
"""All visits count for one month: what a figure of this bench does not depend on is kept simple."""


class FilledLedger:
    """A folder with a ledger, and the keys of its venue; made once, copied for every run."""

    def __init__(self, folder: Path, customers: int, entries: int) -> None:
        self.folder = folder
        self._wanted = {"customers": customers, "entries": entries}
        self.venue_keys: tuple[SecretKey, SecretKey] = (new_key(), new_key())
        self.customers = Customers([])

    async def prepare(self) -> float:
        """Take it from the folder if it is there and of this size, or fill it; seconds that it took."""
        began = time.perf_counter()
        self.folder.mkdir(parents=True, exist_ok=True)
        about = self.folder / "about.json"
        if about.exists() and (known := orjson.loads(about.read_bytes()))["size"] == self._wanted:
            self.venue_keys = (SecretKey.from_nsec(known["issuer"]), SecretKey.from_nsec(known["till"]))
            self.customers = Customers(known["customers"])
            return time.perf_counter() - began
        about.unlink(missing_ok=True)
        for old in self.folder.glob("loyalty.db*"):
            old.unlink()
        made = Customers.make(self._wanted["customers"])
        self.customers = Customers(made.publics)
        venue = self.venue(self.folder, [], "public")
        await _fill(self.folder / "loyalty.db", venue, self.customers.publics, self._wanted["entries"])
        issuer, till = self.venue_keys
        about.touch(mode=0o600)
        about.write_bytes(orjson.dumps({
            "size": self._wanted, "issuer": issuer.nsec(), "till": till.nsec(), "customers": self.customers.publics,
        }))  # fmt: skip
        return time.perf_counter() - began

    def venue(self, folder: Path, relays: list[str], visibility: str) -> Venue:
        """The venue of this ledger, with its files in a folder of its own."""
        issuer, till = self.venue_keys
        return Venue(folder, relays, visibility=visibility, issuer=issuer, till=till)

    def copy_to(self, folder: Path) -> Path:
        """A copy to work on, on the disk: the daemon's first sync must not have to write all of it."""
        copy = Path(shutil.copyfile(self.folder / "loyalty.db", folder / "loyalty.db"))
        with copy.open("rb+") as file:
            os.fsync(file.fileno())
        return copy

    def size_mb(self) -> float:
        """Of the file."""
        return (self.folder / "loyalty.db").stat().st_size / 1e6


async def _fill(path: Path, venue: Venue, publics: Sequence[str], count: int) -> None:
    database = await Database.open(path)
    try:
        filling = _Filling(database, venue, int(time.time()) - AGE_S, count)
        await filling.begin(publics)
        while filling.written < count:
            await filling.block(min(BLOCK, count - filling.written))
    finally:
        await database.close()


class _Filling:
    """Where the filling stands."""

    def __init__(self, database: Database, venue: Venue, begins_at: int, count: int) -> None:
        self._database, self._venue, self._begins_at, self._count = database, venue, begins_at, count
        self._standings: list[Standing] = []
        self._program = self._revision = 0
        self._rev = ""
        self.written = 0

    async def begin(self, publics: Sequence[str]) -> None:
        """Program, revision, standings."""
        venue, at = self._venue, self._begins_at
        definition = author(Template(PROGRAM, at, (("d", venue.slug),), ""), venue.issuer.public)
        self._rev = definition.id
        async with self._database.write() as w:
            self._program = await programs.register(w, venue.address, venue.slug, venue.issuer.public, at)
            self._revision = await programs.add_revision(
                w, self._program, definition.id, _name("rules"), canonical_of(definition), at
            )
            found = await book.standings(w, [(self._program, public) for public in publics], at)
        self._standings = list(found.values())

    async def block(self, size: int) -> None:
        """One transaction."""
        first = self.written
        entries, rows, lots, seen, tallies = [], [], [], [], []
        venue = self._venue
        moved: dict[int, Standing] = {}
        for number in range(first, first + size):
            at = self._begins_at + number * AGE_S // self._count
            place = number % len(self._standings)
            standing = moved.get(place) or self._standings[place]
            entry = self._entry(number + 1, standing, at)
            order_ref = _name(f"order {number}")
            moved[place] = standing._replace(
                balance=entry.balance, seq=entry.seq, head=entry.ref, last_at=at, card_at=at,
                lifetime=entry.balance, visits=entry.seq, month=MONTH, visits_month=entry.seq,
                earned_points=entry.balance, welcomed=1, last_order_id=entry.id,
            )  # fmt: skip
            day = _day(at)
            tallies.append(Tally(standing.id, day, venue.till.public, 1, 1, entry.points, 0))
            entries.append(entry)
            lots.append(OpenedLot(entry.id, standing.id, entry.points, entry.points, None, at))
            seen.append(Seen(order_ref, at, "order-taken", at))
            rows.append(self._order(entry, standing, order_ref))
        async with self._database.write() as w:
            await book.append(w, entries, opened=lots, standings=list(moved.values()))
            await orders.record(w, rows)
            await tally.add(w, tallies)
            await inbox.record(w, seen)
        for place, standing in moved.items():
            self._standings[place] = standing
        self.written += size

    def _entry(self, entry_id: int, standing: Standing, at: int) -> NewEntry:
        venue, points = self._venue, 1 + entry_id % 40
        key = wire.idempotency_key(venue.address, "order", venue.till.public, _reference(entry_id))
        line = wire.Entry(
            program=venue.address, relay="wss://relay.example.com", customer=standing.customer, type="earned",
            points=points, balance=standing.balance + points, seq=standing.seq + 1, prev=standing.head, rev=self._rev,
            key=key, text="Thank you for your visit to Café Sol.",
        )  # fmt: skip
        rumor = author(wire.template(line, at), venue.issuer.public)
        return NewEntry(
            id=entry_id, program_id=self._program, standing_id=standing.id, seq=line.seq, type="earned", points=points,
            balance=line.balance, ref=rumor.id, document=canonical_of(rumor), key=key, revision_id=self._revision,
            order_id=entry_id, reverses=None, occurred_at=at, recorded_at=at, expires_at=None,
        )  # fmt: skip

    def _order(self, entry: NewEntry, standing: Standing, ref: str) -> OrderRow:
        return OrderRow(
            id=entry.id, program_id=self._program, source=self._venue.till.public, reference=_reference(entry.id),
            status="paid", standing_id=standing.id, currency="BTC", amount_minor=entry.points * 1_000_000,
            refunded_minor=0, paid_at=entry.occurred_at, month=MONTH, entry_id=entry.id, earned=entry.points,
            reversed=0, claim_hash=None, message_ref=ref, recorded_at=entry.recorded_at,
            day=_day(entry.recorded_at),
        )  # fmt: skip


def _reference(number: int) -> str:
    return f"0-{number:09}"


def _name(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _day(unix: int) -> int:
    """The ordinal of the day: the venue's own, for all that the filling needs to know."""
    return unix // 86_400 + 719_163
