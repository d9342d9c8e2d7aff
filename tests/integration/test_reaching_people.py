"""A worker, its address book and a pool at real relays: people get their notices where they read them."""

from __future__ import annotations

import asyncio
import os
import random
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any, Self

import pytest

from kinds import gift_wrap, relay_list
from kinds.event import Event, Template, parse_event, sign, to_json, verify
from kinds.keys import SecretKey
from ledger import addresses, outbox, programs
from ledger.database import Database
from ledger.outbox import Promise
from nostr_loyalty.clock import SystemClock
from nostr_loyalty.publishing import sealing
from nostr_loyalty.publishing.outbox_worker import OutboxWorker
from nostr_loyalty.publishing.sealing import Sealer
from nostr_loyalty.reaching.address_book import AddressBook
from nostr_loyalty.reaching.hosts import Hosts, LookUp, look_up
from relay_client.pool import Pool, PoolSettings
from tests.integration.pool_owner import NO_WAITS, as_object
from tests.relays.client import BareClient
from tests.relays.real import free_port
from tests.relays.scripted import ScriptedRelay
from tests.serving import relay_named
from tests.venue import new_key

WAIT_S_MAX = 15.0


class Post:
    """Sends notices: a ledger, a pool that is connected to `ours`, a worker with an address book."""

    def __init__(
        self, folder: Path, ours: str, *, indexers: Sequence[str] = (), allow_private: bool = True,
        look_up: LookUp = look_up, settings: PoolSettings = NO_WAITS,
    ) -> None:  # fmt: skip
        self.ours = ours
        self.key = new_key()
        self.kept = lambda: 0
        self._folder = folder
        self._indexers = indexers
        self._settings = settings
        self._hosts = Hosts(allow_private=allow_private, look_up=look_up)
        self._wake = asyncio.Event()
        self._end = AsyncExitStack()

    async def __aenter__(self) -> Self:
        clock = SystemClock()
        self.database = await Database.open(self._folder / "loyalty.db")
        self.pool = Pool(
            settings=self._settings, monotonic=clock.monotonic, wall=clock.now, rng=random.Random(1),
            sign_auth=self._sign_auth, cursors={}, paces={},
        )  # fmt: skip
        self.pool.connect(self.ours, key=self.key.public, reads=())
        own = [(state.relay, state.key) for state in self.pool.states()]
        book = AddressBook(self.database, self.pool, clock, self._hosts, relays=own, indexers=self._indexers)
        worker = OutboxWorker(
            self.database, self.pool, Sealer({self.key.public: self.key}), clock, random.Random(1), [self.key.public],
            wake=self._wake, addresses=book,
        )  # fmt: skip
        self.kept = lambda: worker.kept
        self._tasks = [asyncio.create_task(self.pool.run()), asyncio.create_task(worker.run())]
        await self.until(lambda: self.pool.room(self.ours, self.key.public) > 0)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._tasks[1].cancel()
        await self.pool.stop(1.0)
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.database.close()

    def _sign_auth(self, _: str, template: Template) -> Event:
        return sign(template, self.key)

    async def tell(self, guest: SecretKey, text: str) -> None:
        """Promise a notice."""
        recipe = sealing.message(guest.public, text, [], int(time.time()))
        one = Promise(1, "notice", self.key.public, recipe, os.urandom(32), (self.ours,), 1, receiver=guest.public)
        async with self.database.write() as w:
            await outbox.post(w, [one], int(time.time()))
        self._wake.set()

    async def serves(self, guest: SecretKey) -> None:
        """The guest has been here before."""
        async with self.database.write() as w:
            address = f"37411:{self.key.public}:cafe-sol"
            program = await programs.register(w, address, "cafe-sol", self.key.public, 1)
            key = bytes.fromhex(guest.public)
            await w.run(
                "INSERT INTO standing (program_id, customer, visits, first_at) VALUES (?, ?, 1, 1)", program, key
            )

    async def until(self, condition: Callable[[], bool], within_s: float = WAIT_S_MAX) -> None:
        """Wait for something to become true."""
        async with asyncio.timeout(within_s):
            while not condition():  # noqa: ASYNC110 - a condition on other people's state has no event
                await asyncio.sleep(0.01)

    async def known(self, guest: SecretKey) -> tuple[str, ...] | None:
        """What the ledger knows of where somebody reads."""
        async with self.database.read() as r:
            found = await addresses.of(r, [guest.public])
        return found[guest.public].relays if guest.public in found else None


def inbox(of: SecretKey, *relays: str, created_at: int | None = None) -> dict[str, Any]:
    """A 10050 as a relay takes it."""
    return as_object(sign(relay_list.dm_template(relays, created_at or int(time.time())), of))


async def read(url: str, guest: SecretKey) -> list[str]:
    """The messages that somebody finds at a relay, over a connection of its own."""
    async with BareClient(url) as client:
        found = await client.query({"kinds": [1059], "#p": [guest.public]})
    wraps = [verify(parse_event(to_json(Event(**each)))) for each in map(_tupled, found)]
    return sorted(gift_wrap.unwrap(wrap, guest).content for wrap in wraps)


def _tupled(event: dict[str, Any]) -> dict[str, Any]:
    return {**event, "tags": tuple(tuple(tag) for tag in event["tags"])}


@pytest.fixture
async def theirs() -> AsyncIterator[ScriptedRelay]:
    """A relay that is not ours."""
    async with ScriptedRelay() as relay:
        yield relay


@pytest.mark.parametrize("name", ["scripted", "rust"])
async def test_a_guest_reads_where_it_said(tmp_path: Path, name: str) -> None:
    """A guest whose 10050 names another relay finds the notice there, and our relay never sees it; a guest without one
    finds it at ours. The list is found at our own relay.
    """
    ann, bob = new_key(), new_key()
    async with relay_named(name) as ours, relay_named(name) as other, Post(tmp_path, ours) as post:
        async with BareClient(ours) as client:
            assert (await client.publish(inbox(ann, other)))[2] is True
        for number in range(3):
            await post.tell(ann, f"hello Ann {number}")
            await post.tell(bob, f"hello Bob {number}")
        await post.until(lambda: post.kept() == 6)
        assert await read(other, ann) == ["hello Ann 0", "hello Ann 1", "hello Ann 2"]
        assert await read(ours, bob) == ["hello Bob 0", "hello Bob 1", "hello Bob 2"]
        assert await read(ours, ann) == []
        assert await read(other, bob) == []
        assert (await post.known(ann), await post.known(bob)) == ((other,), ())


async def test_a_list_is_found_at_an_indexer(tmp_path: Path, theirs: ScriptedRelay) -> None:
    """Our own relay knows nothing of the guest; an indexer does, which is connected to for that."""
    ann = new_key()
    async with ScriptedRelay() as ours, ScriptedRelay() as index:
        index.accept(inbox(ann, theirs.url))
        async with Post(tmp_path, ours.url, indexers=[index.url]) as post:
            await post.tell(ann, "hello")
            await post.until(lambda: post.kept() == 1)
        assert await read(theirs.url, ann) == ["hello"]
        assert index.received("EVENT") == []


async def test_private_addresses_are_refused(tmp_path: Path, theirs: ScriptedRelay) -> None:
    """A list that names a relay in our own network, by address or by a name that leads there, is not followed: no byte
    goes there, and the notice goes to our relay.
    """
    ann, bob = new_key(), new_key()
    async with ScriptedRelay() as ours:
        ours.accept(inbox(ann, theirs.url))
        ours.accept(inbox(bob, f"ws://inbox.example:{theirs.port}"))
        post = Post(tmp_path, ours.url, allow_private=False, look_up=lambda host, port: ["8.8.8.8", "127.0.0.1"])
        async with post:
            await post.tell(ann, "hello Ann")
            await post.tell(bob, "hello Bob")
            await post.until(lambda: post.kept() == 2)
        assert theirs.connections_seen == 0
        assert await read(ours.url, ann) == ["hello Ann"]
        assert await read(ours.url, bob) == ["hello Bob"]


async def test_a_second_look_up_cannot_change_its_mind(tmp_path: Path, theirs: ScriptedRelay) -> None:
    """DNS rebinding: what was looked up and checked is what is connected to, for each connection once."""
    ann = new_key()
    asked: list[str] = []

    def changing(host: str, port: int) -> Sequence[str]:
        asked.append(host)
        return ["127.0.0.1"] if len(asked) == 1 else ["127.0.0.66"]

    async with ScriptedRelay() as ours:
        ours.accept(inbox(ann, f"ws://inbox.example:{theirs.port}"))
        async with Post(tmp_path, ours.url, look_up=changing) as post:
            await post.tell(ann, "hello")
            await post.until(lambda: post.kept() == 1)
        assert asked == ["inbox.example"]
        assert await read(theirs.url, ann) == ["hello"]


async def test_a_list_of_fifty_relays(tmp_path: Path, theirs: ScriptedRelay) -> None:
    """Of a list that names one machine fifty times a few connections come of it, and the notice arrives."""
    ann = new_key()
    async with ScriptedRelay() as ours:
        ours.accept(inbox(ann, *(f"{theirs.url}/inbox{number}" for number in range(50))))
        async with Post(tmp_path, ours.url) as post:
            await post.tell(ann, "hello")
            await post.until(lambda: post.kept() == 1)
        assert 1 <= theirs.connections_seen <= 4
        assert await read(theirs.url, ann) == ["hello"]


async def test_an_address_that_changes(tmp_path: Path, theirs: ScriptedRelay) -> None:
    """A guest moves while its relay is away: what waits goes to the new relay as soon as that is known."""
    ann = new_key()
    absent = f"ws://127.0.0.1:{free_port()}"
    async with ScriptedRelay() as ours:
        ours.accept(inbox(ann, absent, created_at=1_700_000_000))
        async with Post(tmp_path, ours.url) as post:
            await post.tell(ann, "hello")
            await asyncio.sleep(1.0)
            assert await post.known(ann) == (absent,)
            assert post.kept() == 0
            async with post.database.write() as w:
                moved = addresses.Address(ann.public, (theirs.url,), 1_700_000_001, int(time.time()))
                await addresses.note(w, [moved])
            await post.until(lambda: post.kept() == 1)
        assert await read(theirs.url, ann) == ["hello"]
        assert await read(ours.url, ann) == []


async def test_a_relay_that_never_answers(tmp_path: Path) -> None:
    """Bug 68: an indexer without EOSE, and a guest's relay without OK: notices to others go on, and a guest who cannot
    be looked up gets its own after some seconds.
    """
    ann, bob = new_key(), new_key()
    async with ScriptedRelay() as ours, ScriptedRelay() as silent, ScriptedRelay() as index:
        index.faults.no_eose = True
        silent.faults.no_ok = True
        ours.accept(inbox(ann, silent.url))
        async with Post(tmp_path, ours.url, indexers=[index.url]) as post:
            begun = time.monotonic()
            await post.tell(ann, "hello Ann")
            await post.tell(bob, "hello Bob")
            await post.until(lambda: post.kept() == 1)
            assert time.monotonic() - begun < 8
            await post.until(lambda: bool(silent.received("EVENT")))
            begun = time.monotonic()
            await post.tell(new_key(), "hello Eve")
            await post.until(lambda: post.kept() == 2)
            assert time.monotonic() - begun < 3
        assert await read(ours.url, bob) == ["hello Bob"]
        assert await read(ours.url, ann) == []


@pytest.mark.parametrize("says", ["nothing", "no OK"])
async def test_strangers_with_tarpits_do_not_delay_a_guest(tmp_path: Path, says: str) -> None:
    """Strangers who name relays that take a connection and say nothing, or take an event and do not answer, use up the
    connections for strangers: a guest's notice goes to the guest's relay at once, and a stranger's arrives in the end.
    """
    guest, honest, strangers = new_key(), new_key(), [new_key() for _ in range(6)]
    settings = replace(NO_WAITS, errands_max=8, errands_strangers_max=4)
    async with AsyncExitStack() as end:
        ours, inboxes, *tarpits = [await end.enter_async_context(ScriptedRelay()) for _ in range(14)]
        for tarpit in tarpits:
            tarpit.faults.no_ok = True
            if says == "nothing":
                tarpit.pause()
        for number, stranger in enumerate(strangers):
            named = (tarpits[2 * number % len(tarpits)], tarpits[(2 * number + 1) % len(tarpits)])
            ours.accept(inbox(stranger, *(relay.url for relay in named)))
        for one in (guest, honest):
            ours.accept(inbox(one, inboxes.url))
        post = await end.enter_async_context(Post(tmp_path, ours.url, settings=settings))
        await post.serves(guest)
        for stranger in strangers:
            await post.tell(stranger, "hello stranger")
        await post.until(lambda: sum(tarpit.sockets_open for tarpit in tarpits) == 4)
        begun = time.monotonic()
        await post.tell(guest, "hello guest")
        await post.until(lambda: post.kept() == 1, 3.0)
        assert time.monotonic() - begun < 3
        assert await read(inboxes.url, guest) == ["hello guest"]
        await post.tell(honest, "hello friend")  # the guest's relay is connected to anyway
        await post.until(lambda: post.kept() == 2, 3.0)


async def test_a_guarded_relay_is_logged_in_to(tmp_path: Path) -> None:
    """A guest's relay that takes nothing from strangers (NIP-42): we say who we are when it refuses, and the notice
    arrives.
    """
    ann = new_key()
    async with ScriptedRelay() as ours, ScriptedRelay(auth="writes") as guarded:
        ours.accept(inbox(ann, guarded.url))
        async with Post(tmp_path, ours.url) as post:
            await post.tell(ann, "hello")
            await post.until(lambda: post.kept() == 1)
        assert [each["kind"] for each in guarded.events] == [1059]
        assert [len(client) for client in guarded.received("AUTH")] == [2]
