"""What the scripted relay does beyond the contract that all relays pass."""

from __future__ import annotations

import asyncio
import time

import pytest
import websockets

from tests.relays.client import BareClient
from tests.relays.contract import order
from tests.relays.real import ScriptedProcess, answers
from tests.relays.scripted import ScriptedRelay
from tests.relays.signing import Author

AUTHOR = Author()
NOBODY = "0" * 64


async def test_a_challenge_may_come_only_after_a_refusal() -> None:
    """NIP-42: without a challenge at connect every refusal brings a new one, and only the latest is worth something."""
    async with ScriptedRelay(auth="writes", challenge_at_connect=False) as relay, BareClient(relay.url) as client:
        challenges = []
        for number in range(2):
            assert (await client.publish(order(AUTHOR, NOBODY, number)))[3].startswith("auth-required:")
            challenges.append((await client.next_of("AUTH"))[1])
        assert len(set(challenges)) == 2
        for challenge in challenges:
            tags = [["relay", relay.url], ["challenge", challenge]]
            proof = AUTHOR.event(22242, "", tags, created_at=int(time.time()))
            await client.send("AUTH", proof)
            assert (await client.next_of("OK", proof["id"]))[2] is (challenge == challenges[-1])
        assert (await client.publish(order(AUTHOR, NOBODY, 3)))[2] is True


async def test_protected_events_are_for_their_author_only() -> None:
    """NIP-70: an event with ["-"] is taken from its author who has logged in, and from nobody else."""
    async with ScriptedRelay(auth="wraps") as relay, BareClient(relay.url) as client:
        protected = [each.event(7411, "", [["-"]], created_at=int(time.time())) for each in (AUTHOR, Author())]
        assert (await client.publish(protected[0]))[3].startswith("auth-required:")
        challenge = [message[1] for message in client.unasked if message[0] == "AUTH"][-1]
        tags = [["relay", relay.url], ["challenge", challenge]]
        await client.send("AUTH", AUTHOR.event(22242, "", tags, created_at=int(time.time())))
        assert (await client.publish(protected[0]))[2] is True
        assert (await client.publish(protected[1]))[3].startswith("restricted:")
        relay.auth = "off"
        assert (await client.publish(protected[1]))[3].startswith("blocked:")


async def test_expired_events_are_neither_taken_nor_served() -> None:
    """NIP-40, by the relay's own clock."""
    clock = [1_000_000.0]
    async with ScriptedRelay(now=lambda: clock[0]) as relay, BareClient(relay.url) as client:
        event = AUTHOR.event(7414, "", [["expiration", "1000010"]], created_at=1_000_000)
        assert (await client.publish(event))[2] is True
        assert await client.query({"kinds": [7414]}) == [event]
        clock[0] += 20
        assert await client.query({"kinds": [7414]}) == []
        late = AUTHOR.event(7414, "late", [["expiration", "1000010"]], created_at=1_000_000)
        assert (await client.publish(late))[3].startswith("invalid:")


async def test_the_relay_information_document_is_served() -> None:
    """NIP-11: the cap is announced over HTTP on the same port."""
    async with ScriptedRelay(cap=123) as relay:
        reader, writer = await asyncio.open_connection("127.0.0.1", relay.port)
        writer.write(b"GET / HTTP/1.1\r\nHost: x\r\nAccept: application/nostr+json\r\n\r\n")
        answer = await asyncio.wait_for(reader.read(), 5)
        writer.close()
        assert answer.startswith(b"HTTP/1.1 200")
        assert b'"max_limit":123' in answer


async def test_a_fragmented_message_is_put_together() -> None:
    """RFC 6455 section 5.4: a text sent in pieces is one message; one above the limit is closed with 1009."""
    async with ScriptedRelay(message_bytes_max=1000) as relay:
        async with websockets.connect(relay.url, compression=None, proxy=None) as socket:
            await socket.send(iter(['["REQ","a",', '{"ids":["', NOBODY, '"]}]']))
            assert await socket.recv() == '["EOSE","a"]'
            await socket.send("x" * 2000)
            with pytest.raises(websockets.ConnectionClosed) as closed:
                await socket.recv()
            assert closed.value.rcvd is not None
            assert closed.value.rcvd.code == 1009


async def test_a_process_of_its_own_ends_when_it_is_told() -> None:
    """As a child process it serves until it is stopped, and leaves nothing that listens."""
    async with ScriptedProcess() as relay:
        async with BareClient(relay.url) as client:
            assert (await client.publish(order(AUTHOR, NOBODY)))[2] is True
        port = relay.port
    assert not await answers(port)
