"""A program as the daemon serves it, with a real ledger, event path, letter path, command path and sweeper; what relays
deliver is handed in.

Time stands still until a test moves it, no socket is opened and nobody waits: a batch is taken when its CaughtUp has
been confirmed.
"""

from __future__ import annotations

import asyncio
import copy
import json
import random
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Self

from kinds import direct_message, gift_wrap, registry
from kinds import entry as wire
from kinds.answer import Answer, parse_answer
from kinds.entry import Entry
from kinds.event import Claimed, Event, parse_event, rumor_from_canonical, sign, verify
from kinds.keys import SecretKey
from kinds.tags import value
from ledger import audit, book, outbox, statement
from ledger.book import Standing
from ledger.database import Database
from ledger.outbox import Promised
from nostr_loyalty.command_path import CommandPath
from nostr_loyalty.commands.command import Command, Request, Role
from nostr_loyalty.commands.outcome import Outcome
from nostr_loyalty.config.load import load
from nostr_loyalty.daemon import keys_of, serve_programs
from nostr_loyalty.event_path import EventPath
from nostr_loyalty.intake.patience import Patience
from nostr_loyalty.letter_path import LetterPath
from nostr_loyalty.programs import ServedProgram, ServedPrograms
from nostr_loyalty.publishing.sealing import Sealer
from nostr_loyalty.upkeep import documents
from nostr_loyalty.upkeep.sweeping import Sweeper
from relay_client.deliveries import Arrived, CaughtUp, Delivery
from tests.clock import FakeClock
from tests.unit.nostr_loyalty import correspondence
from tests.unit.nostr_loyalty.correspondence import Answered
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
        self._change, self._busy_timeout_ms = change, busy_timeout_ms
        self.others: list[tuple[Event, Promised]] = []
        self.let_go: list[str] = []
        self._seen, self._dice = 0, random.Random(1)

    async def __aenter__(self) -> Self:
        self.database = await Database.open(self.config.daemon.database, busy_timeout_ms=self._busy_timeout_ms)
        programs = await serve_programs(self.config, self.database, self.clock.now())
        self.programs = ServedPrograms(self._change(program) for program in programs.all)
        more: dict[str, Any] = {"database": self.database, "clock": self.clock, "dice": self._dice.randbytes}
        self.commands = CommandPath(promised=lambda: None, **more)
        letters = LetterPath(
            programs=self.programs, commands=self.commands, dice=self._dice.randbytes, patience=Patience(),
            let_go=self.let_go.extend,
        )  # fmt: skip
        self.path = EventPath(
            pool=self.pool, keys=keys_of(self.config), programs=self.programs, batch_max=64, promised=lambda: None,  # type: ignore[arg-type] # it passes for a Pool
            letters=letters, **more,
        )  # fmt: skip
        self.sweeper = Sweeper(programs=self.programs, promised=lambda: None, **more)
        await self.promises()
        self.running = asyncio.create_task(self.path.run())
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

    async def write(self, writer: SecretKey, text: str, **more: Any) -> list[Answered]:
        """What is answered to a letter of somebody; `more` as in `correspondence.letter`. What else was promised for
        it: `others`.
        """
        more = {"to": self.venue.issuer.public, "at": self.clock.now(), **more}
        return await self.post(writer, correspondence.letter(writer, text, **more))

    async def post(self, writer: SecretKey, *letters: Event) -> list[Answered]:
        """The same for what was written before, as one batch."""
        await self.deliver(*letters)
        sealed = await self.sealed()
        answers = [one for one in sealed if one[1].label == "letter" and value(one[0].tags, "p") == writer.public]
        self.others = [one for one in sealed if one not in answers]
        return [correspondence.answered(event, writer) for event, _ in answers]

    @property
    def program(self) -> ServedProgram:
        """The venue's program."""
        return self.programs.all[0]

    # -- commands, time, other rules -------------------------------------------------------------------------------

    def request(
        self, command: Command, *, actor: str | None = None, role: Role = "operator", adapter: str = "cli",
        ref: str | None = None, at: int | None = None, program: ServedProgram | None = None,
    ) -> Request:  # fmt: skip
        """A command, now and with a ref of its own; by the venue's own key, or with role "customer" by the guest."""
        actor = actor or (self.guest.public if role == "customer" else self.venue.issuer.public)
        at = self.clock.now() if at is None else at
        ref = ref or self._dice.randbytes(32).hex()
        return Request(ref, at, actor, role, adapter, program or self.program, command)

    async def command(self, command: Command, **more: Any) -> Outcome:
        """What becomes of a command; `more` as in `request`."""
        (outcome,) = await self.commands.run([self.request(command, **more)])
        return outcome

    async def asks(self, command: Command, customer: str | None = None, **more: Any) -> Outcome:
        """What becomes of a command by a customer (default: the guest)."""
        return await self.command(command, actor=customer, role="customer", **more)

    async def sweep(self) -> Counter[str]:
        """What is due is done; how much of each kind."""
        return await self.sweeper.sweep()

    def later(self, *, days: int = 0, hours: int = 0, minutes: int = 0, seconds: int = 0) -> None:
        """Let time pass; nobody wakes of it."""
        self.clock.step(((days * 24 + hours) * 60 + minutes) * 60 + seconds)

    def set_clock(self, local: str) -> None:
        """Make it this moment on the venue's wall: "2027-03-28 01:30"."""
        moment = datetime.fromisoformat(local).replace(tzinfo=self.program.rules.tz)
        self.clock.step(moment.timestamp() - self.clock.now())

    def again(self) -> Served:
        """The same venue and ledger, with the configuration file as it is now; to be entered after this one ended."""
        later = copy.copy(self)
        later.pool = HandedPool()
        later.config = load(self.venue.folder / "config.toml")
        return later

    def with_rules(self, *tables: str, **keys: Any) -> Served:
        """The same with these rules, as `rules` writes them, instead of those before; to be entered likewise."""
        self.venue.extra = rules(*tables, **keys)
        self.venue.write_config()
        return self.again()

    # -- what is there ---------------------------------------------------------------------------------------------

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
            standings = await statement.standings_of(r, customer or self.guest.public, self.venue.slug)
            rows = [row for standing in standings for row in await statement.history(r, standing.standing_id)]
        events = [sign(rumor_from_canonical(row.document), self.venue.issuer) for row in rows]
        if events:
            wire.verify_chain(events)
        return [wire.parse(event) for event in events]

    async def moved(self, customer: str | None = None) -> list[int]:
        """The points of the customer's entries."""
        return [entry.points for entry in await self.chain(customer)]

    async def standing(self, customer: str | None = None) -> Standing:
        """Where the customer stands."""
        pair = (self.program.ledger_id, customer or self.guest.public)
        async with self.database.read() as r:
            return (await book.find_standings(r, [pair]))[pair]

    async def balance(self, customer: str | None = None) -> int:
        """What the customer has."""
        return (await self.standing(customer)).balance

    async def told(self, reader: SecretKey | None = None) -> list[str]:
        """What has been said to the guest, or to another, since promises were asked for last."""
        reader = reader or self.guest
        messages = [event for event, _ in await self.sealed() if event.kind == registry.GIFT_WRAP]
        return [opened(event, reader).text for event in messages if value(event.tags, "p") == reader.public]

    async def assert_clean(self) -> None:
        """The ledger agrees with itself, every entry with its document, and everybody's entries are a chain."""
        async with self.database.read() as r:
            report = await audit.check(r)
            await documents.compare(r, report)
            customers = await r.rows("SELECT lower(hex(customer)) FROM standing WHERE forgotten = 0")
        assert report.is_clean, report.findings
        for (customer,) in customers:
            await self.chain(customer)


def rules(*tables: str, **keys: Any) -> str:
    """Lines of a program's section: its own keys, then its tables."""
    return "\n".join([*_lines(keys), *tables])


def table(kind: str, /, **keys: Any) -> str:
    """One of the program's tables: table("cap", points=10, period="day"); guard, hand and tier_basis stand alone."""
    alone = kind in ("guard", "hand", "tier_basis")
    return "\n".join([f"[program.{kind}]" if alone else f"[[program.{kind}]]", *_lines(keys)])


def reward(id_: str = "coffee", cost: int = 10, **more: Any) -> str:
    """A reward: an item, if nothing else is said."""
    return table("reward", **{"id": id_, "title": id_.title(), "cost": cost, "type": "item", "value": id_, **more})


def tier(id_: str, threshold: int | str) -> str:
    """A tier."""
    return table("tier", id=id_, title=id_.title(), threshold=threshold)


def earn(type_: str, points: int, **more: Any) -> str:
    """One more rule of earning, besides the venue's 1 point for 1000 sat."""
    return table("earn", type=type_, points=points, **more)


def _lines(keys: dict[str, Any]) -> list[str]:
    return [f"{name} = {json.dumps(said, ensure_ascii=False)}" for name, said in keys.items()]


def opened(event: Event, reader: SecretKey) -> direct_message.DirectMessage:
    """The message inside a wrap."""
    assert event.kind == registry.GIFT_WRAP
    return direct_message.parse(gift_wrap.unwrap(event, reader))


def proof_of(message: direct_message.DirectMessage) -> Event:
    """The signed entry that a notice carries."""
    return verify(parse_event(value(message.tags, "proof") or ""))
