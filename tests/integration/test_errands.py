"""relay_client.pool at relays that are not ours: asked and written to for a while, at addresses that were checked."""

import asyncio
import socket
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path

import pytest

from kinds import relay_list
from kinds.event import sign
from kinds.keys import SecretKey
from relay_client.connection import tls_context
from relay_client.errors import AddressForbidden
from relay_client.filter import Filter
from relay_client.pool import Reach
from tests.integration.pool_owner import NO_WAITS, Owner, as_object
from tests.relays.real import free_port
from tests.relays.scripted import ScriptedRelay
from tests.relays.tls import TlsTerminator, certificate
from tests.venue import new_key

FEW = replace(NO_WAITS, errands_max=2, errand_s_min=0.0, errand_idle_s=0.3)


class Resolver:
    """Gives what the test says for every host, and remembers which were looked up."""

    def __init__(self, *addresses: str, forbidden: bool = False) -> None:
        self.addresses = addresses
        self.forbidden = forbidden
        self.asked: list[tuple[str, int]] = []

    async def __call__(self, host: str, port: int) -> Sequence[str]:
        """Looks up."""
        self.asked.append((host, port))
        if self.forbidden:
            raise AddressForbidden(host)
        return self.addresses


def inbox(of: SecretKey, *relays: str) -> dict[str, object]:
    """A 10050 as a relay takes it."""
    return as_object(sign(relay_list.dm_template(relays, 1_700_000_000), of))


def theirs(*people: SecretKey) -> Filter:
    """The 10050 of these."""
    return Filter(kinds=(10050,), authors=tuple(one.public for one in people))


async def standing(owner: Owner, url: str, resolver: Resolver | None = None, key: str | None = None) -> None:
    """Wait until the relay is reached."""
    owner.pool.reach(url, key, resolver)
    await owner.pool.reached(url, key)
    assert owner.pool.reach(url, key, resolver) is Reach.STANDS


async def test_our_own_connection_is_asked() -> None:
    """A question on a connection that reads orders: its answer is whole, and the reading goes on."""
    guest = new_key()
    async with ScriptedRelay() as relay, Owner() as owner:
        relay.accept(inbox(guest, "wss://inbox.example"))
        relay.accept(inbox(new_key(), "wss://inbox.example"))
        owner.pool.connect(relay.url, key=None, reads=[owner.orders()])
        await owner.until(lambda: bool(owner.caught_up))
        answer = await owner.pool.query(relay.url, None, theirs(guest), 5.0)
        assert answer.complete
        assert [each.pubkey for each in answer.events] == [guest.public]
        order = owner.event(1)
        relay.accept(as_object(order))
        await owner.until(lambda: order.id in owner.genuine)
        names = {name for client in relay.clients.values() for name in client.subscriptions}
        assert not any(name.startswith("q") for name in names), "a question is closed when it is answered"


async def test_nobody_waits_longer_than_the_deadline() -> None:
    """Bug 68: a relay without EOSE, one that cannot be reached and one that nobody connected to: nothing, in time."""
    async with ScriptedRelay() as silent, Owner() as owner:
        silent.faults.no_eose = True
        absent = f"ws://127.0.0.1:{free_port()}"
        await standing(owner, silent.url)
        owner.pool.reach(absent, None, None)
        async with asyncio.timeout(2.0):
            answers = await asyncio.gather(
                *(owner.pool.query(url, None, theirs(new_key()), 0.5) for url in (silent.url, absent, "wss://no.one"))
            )
        assert [(answer.events, answer.complete) for answer in answers] == [([], False)] * 3


async def test_what_is_posted_has_its_outcome() -> None:
    """An event is brought to a relay that was connected to on demand, and its outcome comes like any other; the owner
    hears nothing of such a connection, and it is none of its states.
    """
    async with ScriptedRelay() as relay, Owner() as owner:
        assert owner.pool.reach(relay.url, owner.key.public, None) is Reach.COMING
        await standing(owner, relay.url, key=owner.key.public)
        event = owner.event(1)
        await owner.publish(relay.url, [event], key=owner.key.public)
        assert [each["id"] for each in relay.events] == [event.id]
        assert owner.happenings == []
        assert owner.pool.states() == []


async def test_what_was_looked_up_is_what_is_connected_to() -> None:
    """The host is looked up once for a connection, and its name stays in the handshake; a dead address among several
    is passed over.
    """
    async with ScriptedRelay() as relay, Owner() as owner:
        resolver = Resolver("127.0.0.2", "127.0.0.1")
        url = f"ws://inbox.example:{relay.port}"
        await standing(owner, url, resolver)
        assert resolver.asked == [("inbox.example", relay.port)]
        answer = await owner.pool.query(url, None, theirs(new_key()), 5.0)
        assert answer.complete


async def test_the_certificate_is_the_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Over wss to a checked address: the name of the url is asked for by SNI, and a certificate for another name is
    not taken.
    """
    pem = certificate(tmp_path, "inbox.example")
    monkeypatch.setenv("SSL_CERT_FILE", str(pem))
    tls_context.cache_clear()
    async with ScriptedRelay() as relay, TlsTerminator(relay.port, pem) as door, Owner() as owner:
        port = door.url.rpartition(":")[2]
        await standing(owner, f"wss://inbox.example:{port}", Resolver("127.0.0.1"))
        assert door.names == ["inbox.example"]
        other = f"wss://other.example:{port}"
        owner.pool.reach(other, None, Resolver("127.0.0.1"))
        await owner.pool.reached(other, None)
        assert owner.pool.reach(other, None, Resolver("127.0.0.1")) is Reach.AWAY
        assert relay.connections_seen == 1
    tls_context.cache_clear()


async def test_a_forbidden_address_is_not_connected_to() -> None:
    """No byte goes to a relay at an address that is refused, and for an hour it is not even looked up again."""
    async with ScriptedRelay() as relay, Owner() as owner:
        resolver = Resolver(forbidden=True)
        url = f"ws://evil.example:{relay.port}"
        assert owner.pool.reach(url, None, resolver) is Reach.COMING
        assert not owner.pool.is_forbidden(url)
        await owner.pool.reached(url, None)
        assert owner.pool.is_forbidden(url)
        for _ in range(5):
            assert owner.pool.reach(url, None, resolver) is Reach.FORBIDDEN
        assert len(resolver.asked) == 1
        assert relay.connections_seen == 0


async def test_the_least_wanted_makes_room() -> None:
    """With as many errands as there may be, the one that was wanted least recently ends; one with something under way
    does not.
    """
    async with ScriptedRelay() as first, ScriptedRelay() as second, ScriptedRelay() as third, Owner(FEW) as owner:
        await standing(owner, first.url)
        await standing(owner, second.url)
        await standing(owner, first.url)
        await standing(owner, third.url)
        assert owner.pool.room(second.url, None) == 0
        assert owner.pool.room(first.url, None) > 0
        first.faults.no_ok = third.faults.no_ok = True
        for url in (first.url, third.url):
            assert owner.pool.post(url, None, owner.event(1).id, "{}")
        assert owner.pool.reach(second.url, None, None) is Reach.AWAY
        assert owner.pool.room(first.url, None) > 0


async def test_strangers_share_a_few() -> None:
    """Relays that only strangers named have a few connections in all, of which the least wanted makes room; one that
    somebody else wants as well is theirs no more.
    """
    settings = replace(FEW, errands_max=4, errands_strangers_max=2, errand_idle_s=60.0)
    async with AsyncExitStack() as end:
        relays = [await end.enter_async_context(ScriptedRelay()) for _ in range(4)]
        owner = await end.enter_async_context(Owner(settings))
        urls = [relay.url for relay in relays]
        silent = relays[0], relays[1]
        for relay in silent:
            relay.faults.no_ok = True
            owner.pool.reach(relay.url, None, None, stranger=True)
            await owner.pool.reached(relay.url, None)
            assert owner.pool.post(relay.url, None, owner.event(1).id, "{}")
        assert owner.pool.reach(urls[2], None, None, stranger=True) is Reach.AWAY
        assert owner.pool.reach(urls[2], None, None) is Reach.COMING
        assert owner.pool.reach(urls[0], None, None) is Reach.STANDS
        assert owner.pool.reach(urls[3], None, None, stranger=True) is Reach.COMING
        assert [relay.connections_seen for relay in silent] == [1, 1]


async def test_what_nobody_wants_is_closed() -> None:
    """An errand that was not wanted for some time is ended by a close frame; one with something under way is not."""
    async with ScriptedRelay() as idle, ScriptedRelay() as busy, Owner(FEW) as owner:
        busy.faults.no_ok = True
        await standing(owner, idle.url)
        await standing(owner, busy.url)
        assert owner.pool.post(busy.url, None, owner.event(1).id, "{}")
        owner.pool.tidy()
        assert owner.pool.room(idle.url, None) > 0
        await asyncio.sleep(0.4)
        owner.pool.tidy()
        assert owner.pool.room(idle.url, None) == 0
        assert owner.pool.room(busy.url, None) > 0
        await owner.until(lambda: not idle.clients)


async def test_disconnecting_ends_what_is_under_way() -> None:
    """An errand that is ended gives every post its outcome, and every question its answer."""
    async with ScriptedRelay() as relay, Owner() as owner:
        relay.faults.no_ok = relay.faults.no_eose = True
        await standing(owner, relay.url)
        event = owner.event(1)
        assert owner.pool.post(relay.url, None, event.id, "{}")
        asking = asyncio.create_task(owner.pool.query(relay.url, None, theirs(new_key()), 60.0))
        await owner.until(lambda: bool(relay.received("REQ")))
        owner.pool.disconnect(relay.url, None)
        assert not (await asking).complete
        await owner.until(lambda: event.id in owner.outcomes)
        assert [each.verdict.text for each in owner.outcomes[event.id]] == ["disconnected"]
        assert owner.pool.room(relay.url, None) == 0


async def test_an_errand_to_a_place_that_answers_nothing_ends_with_the_pool() -> None:
    """A server that takes the socket and never shakes hands does not hold up the end."""
    with socket.create_server(("127.0.0.1", 0)) as mute:
        async with Owner() as owner:
            url = f"ws://127.0.0.1:{mute.getsockname()[1]}"
            assert owner.pool.reach(url, None, None) is Reach.COMING
            await asyncio.sleep(0.1)
            assert owner.pool.reach(url, None, None) is Reach.COMING
