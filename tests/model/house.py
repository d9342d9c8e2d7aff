"""The real thing, as the daemon composes it: configuration, ledger in a file, order path, command path, sweeper.

Left out are sockets and signatures: orders come as messages whose author is proven, and what is promised to the world
is read where it waits, unsealed. The clock moves only when a test says so.
"""

import hashlib
import random
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import orjson

from kinds import order as wire
from kinds.event import Rumor, Template, author
from kinds.keys import SecretKey, npub_encode
from kinds.order import Amount, Item, Line, PaidOrder, Payment
from kinds.program import address
from ledger import audit
from ledger.database import Database
from nostr_loyalty.command_path import CommandPath
from nostr_loyalty.commands.command import Command, Request
from nostr_loyalty.commands.outcome import Outcome
from nostr_loyalty.config.load import load
from nostr_loyalty.daemon import keys_of, serve_programs
from nostr_loyalty.event_path import Batch, EventPath
from nostr_loyalty.intake.opening import Opened
from nostr_loyalty.intake.recognition import Message
from nostr_loyalty.programs import ServedProgram
from nostr_loyalty.upkeep.sweeping import Sweeper
from tests.clock import FakeClock
from tests.unit.nostr_loyalty.served import HandedPool

SLUG = "cafe"
OPERATORS = ("owner", "barista")


def key_of(name: str) -> SecretKey:
    """A key for each name, the same in every run."""
    return SecretKey(hashlib.sha256(f"a key of the model's house: {name}".encode()).digest())


class Answer(NamedTuple):
    """What a till was told about a message: "accepted", "duplicate", or the reason of a rejection; and a claim code."""

    result: str
    claim: str | None


class House:
    """`await House(folder, section, now).open()`; `section`: the lines of [[program]] that the rules are."""

    def __init__(self, folder: Path, section: str, now: int, *, tills: Sequence[str] = ("till",)) -> None:
        """Nothing happens before `open`."""
        self.folder = folder
        self.clock = FakeClock(now)
        self.issuer = key_of("issuer")
        self.operators = {name: key_of(name).public for name in OPERATORS}
        self.operator = self.operators[OPERATORS[0]]
        self.tills = {name: key_of(name).public for name in tills}
        self._random = random.Random(7)
        self._rumors = 0
        self._seen = 0
        self._write(section)

    async def open(self) -> "House":
        """Start, or start again."""
        config = load(self.folder / "config.toml")
        if not config.daemon.database.exists():
            config.daemon.database.write_bytes(await empty_ledger())
        self.database = await Database.open(config.daemon.database, readers=1)
        programs = await serve_programs(config, self.database, self.clock.now())
        self.program: ServedProgram = programs.all[0]
        more: dict[str, Any] = {"database": self.database, "clock": self.clock, "dice": self._random.randbytes}
        self._path = EventPath(
            pool=HandedPool(), programs=programs, keys=keys_of(config), batch_max=64, promised=_nobody, **more  # type: ignore[arg-type] # it passes for a Pool
        )  # fmt: skip
        self._commands = CommandPath(promised=_nobody, **more)
        self._sweeper = Sweeper(programs=programs, promised=_nobody, **more)
        return self

    async def close(self) -> None:
        """Stop."""
        await self.database.close()

    async def change(self, section: str) -> None:
        """Stop, and start with other rules."""
        await self.close()
        self._write(section)
        await self.open()

    def _write(self, section: str) -> None:
        key = self.folder / "loyalty.key"
        if not key.exists():
            key.write_text(self.issuer.nsec() + "\n")
            key.chmod(0o600)
        operators = ", ".join(f'"{npub_encode(key)}"' for key in self.operators.values())
        sources = ", ".join(f'"{npub_encode(till)}"' for till in self.tills.values())
        (self.folder / "config.toml").write_text(f"""
[daemon]
key = "file:loyalty.key"
database = "loyalty.db"
relays = ["ws://127.0.0.1:1"]
[[program]]
slug = "{SLUG}"
title = "Café"
sources = [{sources}]
operators = [{operators}]
visibility = "public"
{section}
""")

    # -- what comes in -------------------------------------------------------------------------------------------

    def order(
        self, name: str, amount: tuple[str, str], customer: str | None = None, *, till: str = "till",
        status: str = "paid", paid_at: int | None = None, refund: str | None = None,
        lines: Sequence[tuple[str, tuple[str, str]]] = (), items: Sequence[tuple[str, str, tuple[str, str]]] = (),
        payment: str | None = None,
    ) -> Rumor:  # fmt: skip
        """An order as the till sends it now; each call makes another message."""
        self._rumors += 1
        order = PaidOrder(
            order_id=name, program=address(self.issuer.public, SLUG), issuer=self.issuer.public,
            source=self.tills[till], customer=customer, status=status, amount=Amount(*amount),  # type: ignore[arg-type] # one of the three
            paid_at=self.clock.now() if paid_at is None else paid_at, refund_id=refund,
            lines=tuple(Line(type_, Amount(*money)) for type_, money in lines),  # type: ignore[arg-type] # one of the five
            items=tuple(Item(item, many, Amount(*money)) for item, many, money in items),
            payment=None if payment is None else Payment(payment),  # type: ignore[arg-type] # one of the five
            note=str(self._rumors),
        )  # fmt: skip
        return author(wire.template(order, self.clock.now()), order.source)

    def again(self, rumor: Rumor) -> Rumor:
        """The same in another message."""
        self._rumors += 1
        tags = tuple(("note", str(self._rumors)) if tag[0] == "note" else tag for tag in rumor.tags)
        return author(Template(rumor.kind, self.clock.now(), tags, rumor.content), rumor.pubkey)

    async def book(self, *rumors: Rumor) -> list[Answer]:
        """These orders as one batch; the answer to each."""
        opened = [Opened(Message(one.id, one.pubkey, one.created_at, one), self.issuer.public) for one in rumors]
        await self._path._book(Batch(opened))
        answers = await self._answers()
        return [answers[one.id] for one in rumors]

    async def _answers(self) -> dict[str, Answer]:
        async with self.database.read() as r:
            rows = await r.rows(
                "SELECT id, recipe FROM outbox WHERE id > ? AND label IN ('answer', 'rejection') ORDER BY id",
                self._seen,
            )
        answers: dict[str, Answer] = {}
        for id_, recipe in rows:
            self._seen = id_
            tags = {tag[0]: tag[1] for tag in orjson.loads(recipe)["tags"]}
            result = tags["reason"] if tags["result"] == "rejected" else tags["result"]
            answers.setdefault(tags["e"], Answer(result, tags.get("claim")))  # a refund that waited is answered twice
        return answers

    def request(self, command: Command, actor: str | None = None, *, ref: str | None = None) -> Request:
        """A command by an operator, or by the guest whose key it is; by whom nobody is named, by the first operator."""
        by_guest = actor is not None and actor not in self.operators.values()
        ref = self._random.randbytes(32).hex() if ref is None else ref
        return Request(
            ref, self.clock.now(), actor or self.operator, "customer" if by_guest else "operator", "nostr",
            self.program, command,
        )  # fmt: skip

    async def ask(self, *requests: Request) -> list[Outcome]:
        """These commands in one transaction; what became of each. What fails raises."""
        outcomes, _ = await self._commands._all(requests)
        return outcomes

    async def do(self, command: Command, actor: str | None = None) -> Outcome:
        """One command."""
        (outcome,) = await self.ask(self.request(command, actor))
        return outcome

    async def sweep(self) -> None:
        """Everything that is due."""
        await self._sweeper.sweep()

    # -- what is there -------------------------------------------------------------------------------------------

    async def row(self, sql: str, *parameters: Any) -> tuple[Any, ...]:
        """One row of the ledger."""
        async with self.database.read() as r:
            found = await r.row(sql, *parameters)
        assert found is not None
        return found

    async def rows(self, sql: str, *parameters: Any) -> list[tuple[Any, ...]]:
        """Rows of the ledger."""
        async with self.database.read() as r:
            return await r.rows(sql, *parameters)

    async def assert_clean(self) -> None:
        """The ledger agrees with itself."""
        async with self.database.read() as r:
            report = await audit.check(r)
        assert report.is_clean, report.findings


_empty: list[bytes] = []


async def empty_ledger() -> bytes:
    """The file of a ledger that was just made; made once, for it takes as long as a hundred orders."""
    if not _empty:
        with tempfile.TemporaryDirectory() as folder:
            database = await Database.open(Path(folder) / "ledger.db", readers=1)
            await database.close()
            _empty.append((Path(folder) / "ledger.db").read_bytes())
    return _empty[0]


def _nobody() -> None:
    """Nobody is sent anything."""
