"""A worker, its address book and a pool at real relays: people get their notices where they read them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest

from ledger import addresses
from tests.integration.post import Post, inbox, read
from tests.relays.client import BareClient
from tests.relays.real import free_port
from tests.relays.scripted import ScriptedRelay
from tests.serving import relay_named
from tests.venue import new_key


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
