"""A program as the daemon serves it, with a real ledger and a real event path; what relays deliver is handed in.

Time stands still, no socket is opened and nobody waits: a batch is taken when its CaughtUp has been confirmed.
"""

from __future__ import annotations

import asyncio
import copy
import random
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Self

from kinds import direct_message, gift_wrap, registry
from kinds import entry as wire
from kinds.answer import Answer, parse_answer
from kinds.entry import Entry
from kinds.event import Claimed, Event, parse_event, rumor_from_canonical, sign, verify
from kinds.keys import SecretKey
from kinds.tags import value
from ledger import audit, outbox, statement
from ledger.database import Database
from ledger.outbox import Promised
from nostr_loyalty.config.load import load
from nostr_loyalty.daemon import keys_of, serve_programs
from nostr_loyalty.event_path import EventPath
from nostr_loyalty.programs import ServedProgram, ServedPrograms
from nostr_loyalty.publishing.sealing import Sealer
from relay_client.deliveries import Arrived, CaughtUp, Delivery
from tests.clock import FakeClock
from tests.venue import Venue, new_key

URL = "ws://127.0.0.1:1"


class HandedPool:
    """The part of a pool that an event path uses: it delivers what it was handed, list by list."""

    def __init__(self) -> None:
        self._lists: asyncio.Queue[list[Delivery]] = asyncio.Queue()
        self._saved: dict[int, asyncio.Event] = {}

    def hand(self, deliveries: Sequence[Delivery]) -> asyncio.Event:
        """Deliver these in one list; the event is set when they have been booked."""
        number = len(self._saved)
        self._saved[number] = asyncio.Event()
        self._lists.put_nowait([*deliveries, CaughtUp(URL, "handed", number)])
        return self._saved[number]

    async def take(self, limit: int) -> list[Delivery]:
        """The next list."""
        return await self._lists.get()

    def cursor_saved(self, url: str, subscription: str, asked_at: int) -> None:
        """That list is booked."""
        self._saved[asked_at].set()


class Served:
    """`async with Served(folder) as served`; `served.venue` signs orders, `served.guest` is a customer."""

    def __init__(
        self, folder: Path, visibility: str = "public", *, extra: str = "", busy_timeout_ms: int = 5_000,
        change: Callable[[ServedProgram], ServedProgram] = lambda program: program,
    ) -> None:  # fmt: skip
        """`extra`: lines of the program's section; `change`: what makes a served program another."""
        self.venue = Venue(folder, [URL], visibility, extra=extra)
        self.guest = new_key()
        self.clock = FakeClock()
        self.pool = HandedPool()
        self.config = load(self.venue.write_config())
        self._change = change
        self._busy_timeout_ms = busy_timeout_ms
        self._seen = 0

    async def __aenter__(self) -> Self:
        path = self.config.daemon.database
        self.database = await Database.open(path, busy_timeout_ms=self._busy_timeout_ms)
        programs = await serve_programs(self.config, self.database, self.clock.now())
        self.programs = ServedPrograms(self._change(program) for program in programs.all)
        self.path = EventPath(
            pool=self.pool, database=self.database, programs=self.programs, keys=keys_of(self.config),  # type: ignore[arg-type] # it passes for a Pool
            clock=self.clock, dice=random.Random(1).randbytes, batch_max=64, promised=lambda: None,
        )  # fmt: skip
        self.running = asyncio.create_task(self.path.run())
        await self.promises()
        return self

    async def __aexit__(self, *_: object) -> None:
        self.running.cancel()
        await asyncio.gather(self.running, return_exceptions=True)
        await self.database.close()

    def order(self, order_id: str, amount: str = "12000", unit: str = "sat", **more: Any) -> Event:
        """An order of the guest, dated now; `customer` names another, or None."""
        customer = more.pop("customer", self.guest.public)
        return self.venue.order(order_id, customer, (amount, unit), at=more.pop("at", self.clock.now()), **more)

    async def take(self, *events: Event | Claimed) -> list[Answer]:
        """The events as one batch; the answers they led to, by the order of the messages."""
        await self.deliver(*events)
        return [
            parse_answer(gift_wrap.unwrap(event, self.venue.till))
            for event, promised in await self.sealed()
            if promised.label in ("answer", "rejection")
        ]

    async def deliver(self, *events: Event | Claimed) -> None:
        """The events as one batch; returns when it is booked."""
        await self.pool.hand([Arrived(URL, "orders", Claimed(*event)) for event in events]).wait()

    def again(self) -> Served:
        """The same venue and ledger, with the configuration file as it is now; to be entered after this one ended."""
        later = copy.copy(self)
        later.pool = HandedPool()
        later.config = load(self.venue.folder / "config.toml")
        return later

    async def promises(self) -> list[Promised]:
        """What has been promised since this was asked last."""
        async with self.database.read() as r:
            due = await outbox.due(r, self.clock.now(), 10_000)
        fresh = sorted((one for one in due if one.id > self._seen), key=lambda one: one.id)
        self._seen = max((one.id for one in due), default=self._seen)
        return fresh

    async def sealed(self) -> list[tuple[Event, Promised]]:
        """The same as events, verified."""
        sealer = Sealer(keys_of(self.config))
        texts = [(sealer.seal(one.issuer, one.recipe, one.seed).text, one) for one in await self.promises()]
        return [(verify(parse_event(text)), one) for text, one in texts]

    async def chain(self, customer: str | None = None) -> list[Entry]:
        """The customer's entries from the ledger, verified as a chain."""
        async with self.database.read() as r:
            standings = await statement.standings_of(r, customer or self.guest.public)
            rows = [row for standing in standings for row in await statement.history(r, standing.standing_id)]
        events = [sign(rumor_from_canonical(row.document), self.venue.issuer) for row in rows]
        if events:
            wire.verify_chain(events)
        return [wire.parse(event) for event in events]

    async def moved(self, customer: str | None = None) -> list[int]:
        """The points of the customer's entries."""
        return [entry.points for entry in await self.chain(customer)]

    async def assert_clean(self) -> None:
        """The ledger agrees with itself."""
        async with self.database.read() as r:
            report = await audit.check(r)
        assert report.is_clean, report.findings


def opened(event: Event, reader: SecretKey) -> direct_message.DirectMessage:
    """The message inside a wrap."""
    assert event.kind == registry.GIFT_WRAP
    return direct_message.parse(gift_wrap.unwrap(event, reader))


def proof_of(message: direct_message.DirectMessage) -> Event:
    """The signed entry that a notice carries."""
    text = value(message.tags, "proof")
    assert text is not None
    return verify(parse_event(text))
