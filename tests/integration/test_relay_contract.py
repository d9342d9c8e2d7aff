"""The relay contract, first half: what a relay serves, and how the daemon may ask for it.

One contract for every relay at hand: what the daemon relies on, and nothing it does not. See tests/relays/contract.py
for the relays and their quirks, tests/relays/test_contract_publishing.py for the other half.
"""

from __future__ import annotations

import os
from typing import Any

import pytest

from tests.relays import contract
from tests.relays.client import BareClient
from tests.relays.contract import ids, now, order, taken
from tests.relays.real import ChildRelay
from tests.relays.signing import Author

running_relay, relay = contract.running_relay, contract.relay  # pytest finds its fixtures by name in this module

CAP = 500


async def test_an_event_comes_back_as_it_was_sent(relay: ChildRelay) -> None:
    """What is published and answered with OK is found again, every field and character of it."""
    author = Author()
    content = 'Café Sol ☕ "quoted" \\ back\nline\ttab \u2028 \U0001f600 </script> \x7f'
    event = author.event(7412, content, [["p", author.pubkey, ""], ["x", "é", "\\"], ["note"]], created_at=now())
    async with BareClient(relay.url) as client:
        assert (await client.publish(event))[2:] == [True, ""]
        assert await client.query({"ids": [event["id"]]}) == [event]
        assert await client.query({"kinds": [7412], "authors": [author.pubkey]}) == [event]


async def test_a_live_event_reaches_an_open_subscription(relay: ChildRelay) -> None:
    """A subscriber gets an event published after EOSE, under the name of its subscription."""
    author, daemon = Author(), Author()
    async with BareClient(relay.url) as reader, BareClient(relay.url) as writer:
        await reader.subscribe({"kinds": [7412], "#p": [daemon.pubkey]}, name="orders")
        event = order(author, daemon.pubkey)
        assert (await writer.publish(event))[2] is True
        assert (await reader.next_of("EVENT", "orders"))[2] == event


async def test_a_tag_filter_finds_only_what_is_addressed_to_it(relay: ChildRelay) -> None:
    """`#p` finds stored events for that key and for no other."""
    author, ours, theirs = Author(), Author().pubkey, Author().pubkey
    async with BareClient(relay.url) as client:
        await client.publish(order(author, theirs, 1))
        event = order(author, ours, 2)
        await client.publish(event)
        assert await client.query({"kinds": [7412], "#p": [ours]}) == [event]


async def test_a_tag_filter_holds_for_live_events_too(relay: ChildRelay) -> None:
    """`#p` keeps live events for other keys away."""
    author, ours, theirs = Author(), Author().pubkey, Author().pubkey
    async with BareClient(relay.url) as reader, BareClient(relay.url) as writer:
        await reader.subscribe({"kinds": [7412], "#p": [ours]}, name="orders")
        await writer.publish(order(author, theirs, 1))
        event = order(author, ours, 2)
        await writer.publish(event)
        assert (await reader.next_of("EVENT", "orders"))[2] == event


async def test_closing_ends_live_delivery(relay: ChildRelay) -> None:
    """After CLOSE nothing more comes under that name, while another subscription goes on."""
    author, daemon = Author(), Author()
    async with BareClient(relay.url) as reader, BareClient(relay.url) as writer:
        for name in ("first", "second"):
            await reader.subscribe({"kinds": [7412], "#p": [daemon.pubkey]}, name=name)
        await reader.send("CLOSE", "first")
        assert await reader.query({"kinds": [7412], "#p": [daemon.pubkey]}) == []  # so CLOSE has been read
        await writer.publish(order(author, daemon.pubkey))
        assert (await reader.next_of("EVENT"))[1] == "second"
        assert await reader.query({"kinds": [1], "#p": [daemon.pubkey]}) == []
        assert [message for message in reader.unasked if message[0] == "EVENT"] == []


async def publish_all(client: BareClient, events: list[dict[str, Any]]) -> None:
    """Send them all before waiting for the answers."""
    for event in events:
        await client.send("EVENT", event)
    for event in events:
        assert taken(await client.next_of("OK", event["id"], within_s=60))


async def page_through(client: BareClient, to: str, overlap_s: int) -> set[str]:
    """All ids found by pages of at most `CAP`, each `until` the oldest second seen plus `overlap_s`."""
    found: set[str] = set()
    until = now() + 60
    for _ in range(5):
        page = await client.query({"kinds": [7412], "#p": [to], "until": until, "limit": CAP})
        assert len(page) <= CAP
        if found.issuperset(ids(page)):
            return found
        found.update(ids(page))
        until = min(event["created_at"] for event in page) + overlap_s
    pytest.fail("no page brought nothing new")


@pytest.mark.parametrize("per_second", [20, 30])
async def test_ties_at_the_edge_of_a_page_are_found_one_second_over(relay: ChildRelay, per_second: int) -> None:
    """Bug 70: 640 events are found by pages of 500 with `until` one second above the oldest seen, at every relay."""
    author, daemon, began = Author(), Author(), now() - 1000
    events = [order(author, daemon.pubkey, each, created_at=began + each // per_second) for each in range(640)]
    async with BareClient(relay.url) as client:
        await publish_all(client, events)
        assert await page_through(client, daemon.pubkey, overlap_s=1) == set(ids(events))


async def test_ties_at_the_edge_of_a_page_are_found_with_an_inclusive_until(relay: ChildRelay) -> None:
    """Bug 70: as NIP-01 has it, `until` may be the oldest second seen itself, and nothing of that second is missed."""
    author, daemon, began = Author(), Author(), now() - 1000
    events = [order(author, daemon.pubkey, each, created_at=began + each // 30) for each in range(640)]
    async with BareClient(relay.url) as client:
        await publish_all(client, events)
        assert await page_through(client, daemon.pubkey, overlap_s=0) == set(ids(events))


async def test_a_limit_brings_the_newest_first(relay: ChildRelay) -> None:
    """`limit` cuts off the oldest, and what comes is in falling order of time."""
    author = Author()
    events = [order(author, author.pubkey, number, created_at=now() - 100 + number) for number in range(5)]
    async with BareClient(relay.url) as client:
        for event in events:
            await client.publish(event)
        found = await client.query({"authors": [author.pubkey], "kinds": [7412], "limit": 2})
        assert ids(found) == [events[4]["id"], events[3]["id"]]


async def test_since_and_until_include_their_seconds(relay: ChildRelay) -> None:
    """Both ends of a time window belong to it."""
    author, began = Author(), now() - 100
    events = [order(author, author.pubkey, number, created_at=began + number) for number in range(5)]
    async with BareClient(relay.url) as client:
        for event in events:
            await client.publish(event)
        window = {"authors": [author.pubkey], "kinds": [7412], "since": began + 1, "until": began + 3}
        assert set(ids(await client.query(window))) == set(ids(events[1:4]))


async def test_several_filters_are_alternatives(relay: ChildRelay) -> None:
    """A REQ with two filters finds what meets either."""
    author = Author()
    events = [author.event(kind, "", [["p", author.pubkey]], created_at=now()) for kind in (7411, 7412, 7413)]
    async with BareClient(relay.url) as client:
        for event in events:
            await client.publish(event)
        mine = {"authors": [author.pubkey]}
        found = await client.query({**mine, "kinds": [7411]}, {**mine, "kinds": [7412]})
        assert set(ids(found)) == set(ids(events[:2]))


async def test_nothing_found_is_an_eose(relay: ChildRelay) -> None:
    """Bug 68: a REQ that finds nothing is answered by EOSE, not by silence."""
    async with BareClient(relay.url) as client:
        assert await client.query({"kinds": [7412], "#p": [os.urandom(32).hex()]}) == []


async def test_a_question_asked_again_gets_a_fresh_answer(relay: ChildRelay) -> None:
    """A REQ finds what was accepted before it was sent, also when the same was asked a moment ago."""
    author = Author()
    filter_ = {"kinds": [7412], "#p": [author.pubkey]}
    async with BareClient(relay.url) as client:
        assert await client.query(filter_) == []
        event = order(author, author.pubkey)
        await client.publish(event)
        assert await client.query(filter_) == [event]


async def test_a_req_stays_open_until_it_is_closed(relay: ChildRelay) -> None:
    """A REQ that has found all it can is not ended by the relay: no CLOSED follows its EOSE."""
    event = order(Author(), Author().pubkey)
    async with BareClient(relay.url) as client:
        await client.publish(event)
        await client.send("REQ", "name", {"ids": [event["id"]]})
        await client.next_of("EOSE", "name")
        await client.query({"kinds": [7412], "#p": [os.urandom(32).hex()]})
        assert [message for message in client.unasked if message[0] == "CLOSED"] == []
