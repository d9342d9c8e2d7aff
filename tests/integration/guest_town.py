"""A town for tests of what guests find: a public and a private venue, a guest of both, somebody who lies, a shell."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from kinds import card as cards
from kinds import entry as entries
from kinds import gift_wrap, nip44, registry
from kinds import program as programs
from kinds.card import Card
from kinds.direct_message import compose
from kinds.entry import Entry
from kinds.event import Event, Template, sign
from kinds.keys import SecretKey, npub_encode
from kinds.program import Program
from nostr_loyalty.cli.main import main
from tests.observer import Observer
from tests.serving import relay_named, serving
from tests.venue import Venue, add_program, new_key


class Said(NamedTuple):
    """How a command ended, and what it printed."""

    code: int
    out: str
    err: str

    def json(self) -> Any:
        """What it printed, as JSON."""
        return json.loads(self.out)


class Shell:
    """Runs commands beside the relays of this process, and hears only them."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys

    async def __call__(self, *arguments: object) -> Said:
        """Run a command to its end."""
        self._capsys.readouterr()
        code = await asyncio.to_thread(main, list(map(str, arguments)))
        return Said(code, *self._capsys.readouterr())


@dataclass
class Town:
    """A relay with what two venues said: `cafe` is public and has tiers, `bar` is private; `guest` was at both."""

    url: str
    observer: Observer
    config: Path
    cafe: Venue
    bar: Venue
    guest: SecretKey
    key_file: Path

    @property
    def npub(self) -> str:
        """The guest's."""
        return npub_encode(self.guest.public)


@asynccontextmanager
async def town(folder: Path, relay: str) -> AsyncIterator[Town]:
    """Three orders of a guest, booked by a daemon that has ended since."""
    guest = new_key()
    key_file = folder / "guest.key"
    key_file.write_text(guest.nsec())
    key_file.chmod(0o600)
    async with relay_named(relay) as url, Observer(url) as observer:
        tiers = '[[program.tier]]\nid = "gold"\ntitle = "Gold"\nthreshold = 400\n'
        cafe, bar = Venue(folder, [url], "public", extra=f'ttl = "30d"\n{tiers}'), Venue(folder, [url], slug="bar-luna")
        config = cafe.write_config()
        add_program(config, bar)
        listed = ", ".join(f'"{each}"' for each in (cafe.address, bar.address))
        with config.open("a") as text:
            text.write(f'[[list]]\nname = "town"\ntitle = "The town"\ndescription = "D"\nprograms = [{listed}]\n')
        async with serving(config):
            for number in ("1", "2"):
                order = cafe.order(number, guest.public)
                await observer.send(order)
                await observer.replies(cafe.till, order.id)
            await observer.send(bar.wrapped("1", guest.public, ("5000", "sat")))
            await observer.card(cafe, guest, (await observer.chain(cafe, guest, 2))[-1])
            await observer.card(bar, guest, (await observer.chain(bar, guest, 1))[-1])
            await observer.until(lambda events: any(each.kind == registry.FOLLOW_SET for each in events) or None)
        yield Town(url, observer, config, cafe, bar, guest, key_file)


class Liar:
    """An issuer whose entries and cards say what somebody wants."""

    def __init__(self, guest: str) -> None:
        self.key = new_key()
        self.guest = guest
        self.address = programs.address(self.key.public, "liar")
        self.now = int(time.time())
        self.rules = sign(programs.template(Program(self.key.public, "liar", "Liar"), self.now - 9), self.key)

    def entry(self, seq: int, points: int, balance: int, prev: str | None, **changed: Any) -> Event:
        """A line of the ledger, well formed."""
        line = Entry(
            program=self.address, relay="", customer=self.guest, type="earned", points=points, balance=balance,
            seq=seq, prev=prev, rev=self.rules.id, key=f"{seq:064x}", text="",
        )  # fmt: skip
        return sign(entries.template(line._replace(**changed), self.now), self.key)

    def card(self, points: int, seq: int, head: str) -> Event:
        """A public card."""
        return sign(
            cards.public_template(Card(self.address, self.guest, points, points, 1, seq, head), self.now), self.key
        )

    def told_to(self, guest: SecretKey, proof: str) -> Event:
        """A notice in a wrap, with this as its proof."""
        rumor = compose(self.key.public, [guest.public], "+1", [("proof", proof)], self.now)
        conversation = nip44.conversation_key(self.key, guest.public)
        return gift_wrap.gift_wrap(rumor, self.key, guest.public, conversation, seed=b"s" * 32, now=self.now)


def junk(receiver: str) -> Event:
    """A wrap to somebody with nothing in it that could be opened."""
    return sign(Template(registry.GIFT_WRAP, int(time.time()), (("p", receiver),), "junk"), new_key())
