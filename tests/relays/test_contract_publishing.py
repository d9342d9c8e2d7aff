"""The relay contract, second half: what a relay takes in, what it keeps, and whom it shows gift wraps to.

The first half is tests/integration/test_relay_contract.py; the relays and their quirks stand in contract.py.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import pytest

from tests.relays import contract
from tests.relays.client import BareClient
from tests.relays.contract import anew, ids, now, order, taken
from tests.relays.real import ChildRelay
from tests.relays.signing import Author, event_id

# pytest finds its fixtures by name in this module
running_relay, relay = contract.running_relay, contract.relay
running_guarded, guarded = contract.running_guarded, contract.guarded

TWO_DAYS_S = 172_800
EVENT_S_MAX = 10.0


async def test_a_repeated_event_is_as_good_as_taken(relay: ChildRelay) -> None:
    """Bug 77: the second OK of the same event is true, or false with `duplicate:`; the event is there once."""
    author = Author()
    event = order(author, author.pubkey)
    async with BareClient(relay.url) as client:
        await client.publish(event)
        assert taken(await client.publish(event))
        assert await client.query({"authors": [author.pubkey], "kinds": [7412]}) == [event]


async def test_the_newest_of_an_addressable_event_wins(relay: ChildRelay) -> None:
    """Of two programs with one `d` the newer is served, whichever comes last; the older's OK may be anything."""
    author = Author()
    older, newer = (
        author.event(37411, text, [["d", "cafe-sol"]], created_at=now() + at) for at, text in enumerate("ab")
    )
    other = author.event(37411, "c", [["d", "other"]], created_at=now())
    async with BareClient(relay.url) as client:
        await client.publish(older)
        await client.publish(newer)
        await client.publish(other)
        await client.publish(older)
        found = await client.query({"kinds": [37411], "authors": [author.pubkey], "#d": ["cafe-sol"]})
        assert found == [newer]
        assert set(ids(await client.query({"kinds": [37411], "authors": [author.pubkey]}))) == set(ids([newer, other]))


async def test_of_one_second_the_lowest_id_wins(relay: ChildRelay) -> None:
    """Bug 69: of two addressable events of the same second the one with the lowest id stays, not the last to come."""
    author, at = Author(), now()
    low, high = sorted(
        (author.event(37412, text, [["d", "card"]], created_at=at) for text in "ab"), key=lambda event: event["id"]
    )
    async with BareClient(relay.url) as client:
        await client.publish(low)
        await client.publish(high)
        assert await client.query({"kinds": [37412], "authors": [author.pubkey]}) == [low]


@pytest.mark.parametrize("kind", [0, 7411, 7412, 7413, 7415, 7416, 10002, 10050, 30000, 37411, 37412, 37413])
async def test_our_kinds_are_taken_and_served(relay: ChildRelay, kind: int) -> None:
    """A relay that has never heard of our kinds takes and serves them."""
    author = Author()
    event = author.event(kind, "{}", [["d", "x"], ["p", author.pubkey]], created_at=now())
    async with BareClient(relay.url) as client:
        assert (await client.publish(event))[2] is True
        assert await client.query({"kinds": [kind], "authors": [author.pubkey]}) == [event]


async def test_a_gift_wrap_of_two_days_ago_is_delivered_live(relay: ChildRelay) -> None:
    """Bug 51: a wrap stamped two days back is taken, delivered live, and found by a REQ that reaches back."""
    ephemeral, daemon = Author(), Author()
    wrap = ephemeral.event(1059, "payload", [["p", daemon.pubkey]], created_at=now() - TWO_DAYS_S)
    filter_ = {"kinds": [1059], "#p": [daemon.pubkey], "since": now() - TWO_DAYS_S - 7200}
    async with BareClient(relay.url) as reader, BareClient(relay.url) as writer:
        await reader.subscribe(filter_, name="wraps")
        assert (await writer.publish(wrap))[2] is True
        assert (await reader.next_of("EVENT", "wraps"))[2] == wrap
        assert await writer.query(anew(**filter_)) == [wrap]


async def test_five_thousand_bytes_of_content_are_taken(relay: ChildRelay) -> None:
    """A private entry doubles twice on its way into a wrap; that size passes."""
    author = Author()
    event = author.event(1059, "A" * 5000, [["p", author.pubkey]], created_at=now())
    async with BareClient(relay.url) as client:
        assert (await client.publish(event))[2] is True
        assert await client.query({"ids": [event["id"]]}) == [event]


def with_other_content(event: dict[str, Any]) -> dict[str, Any]:
    """Its content changed, id and signature kept."""
    return {**event, "content": "forged"}


def with_other_signature(event: dict[str, Any]) -> dict[str, Any]:
    """The right id under a signature of something else."""
    return {**event, "sig": event["sig"][:-2] + ("00" if event["sig"][-2:] != "00" else "01")}


def with_another_author(event: dict[str, Any]) -> dict[str, Any]:
    """Claimed to be somebody else's, with the id that would then be right."""
    forged = {**event, "pubkey": Author().pubkey}
    return {**forged, "id": event_id(forged)}


@pytest.mark.parametrize("forge", [with_other_content, with_other_signature, with_another_author])
async def test_a_forged_event_is_neither_kept_nor_a_shadow(
    relay: ChildRelay, forge: Callable[[dict[str, Any]], dict[str, Any]]
) -> None:
    """Bug 66: a forgery is not served afterwards, and the genuine event of the same id is still taken."""
    author = Author()
    genuine = order(author, author.pubkey)
    forged = forge(genuine)
    async with BareClient(relay.url) as client:
        await client.send("EVENT", forged)
        answer = await client.next_of("OK", within_s=EVENT_S_MAX)
        assert answer[2] is False
    async with BareClient(relay.url) as client:  # one relay throttles the connection that sent a forgery
        mine = {"#p": [author.pubkey], "kinds": [7412]}
        assert await client.query(anew(**mine)) == []
        assert (await client.publish(genuine))[2] is True
        assert await client.query(anew(**mine)) == [genuine]


async def test_a_refusal_names_the_event(relay: ChildRelay) -> None:
    """Bug 76: the OK of a refused event carries its id."""
    forged = with_other_signature(order(Author(), Author().pubkey))
    async with BareClient(relay.url) as client:
        await client.send("EVENT", forged)
        answer = await client.next_of("OK", within_s=EVENT_S_MAX)
        assert answer[1] == forged["id"]
        assert answer[3].startswith("invalid:")


async def test_an_author_can_delete_its_own_event_and_no_other(relay: ChildRelay) -> None:
    """NIP-09: a customer's public cards go when it goes private; somebody else's deletion does nothing."""
    author, stranger = Author(), Author()
    event = order(author, author.pubkey)
    mine = {"authors": [author.pubkey], "kinds": [7412]}
    async with BareClient(relay.url) as client:
        await client.publish(event)
        await client.publish(stranger.event(5, "", [["e", event["id"]], ["k", "7412"]], created_at=now()))
        assert await client.query(anew(**mine)) == [event]
        await client.publish(author.event(5, "", [["e", event["id"]], ["k", "7412"]], created_at=now()))
        assert await client.query(anew(**mine)) == []


async def test_an_ephemeral_event_is_delivered_and_not_kept(relay: ChildRelay) -> None:
    """A wrap of kind 21059 reaches who listens and is gone."""
    author, daemon = Author(), Author()
    event = author.event(21059, "now", [["p", daemon.pubkey]], created_at=now())
    async with BareClient(relay.url) as reader, BareClient(relay.url) as writer:
        await reader.subscribe({"kinds": [21059], "#p": [daemon.pubkey]}, name="now")
        await writer.publish(event)
        assert (await reader.next_of("EVENT", "now"))[2] == event
        assert await writer.query({"kinds": [21059], "#p": [daemon.pubkey]}) == []


async def test_garbage_does_not_end_the_connection(relay: ChildRelay) -> None:
    """Texts that are no messages may be answered by a NOTICE; the next request is served."""
    async with BareClient(relay.url) as client:
        for text in ("", "[]", "{", '["EVENT"]', '["NO SUCH THING",1]', '["REQ","x","not a filter"]'):
            await client.send_text(text)
        assert await client.query({"kinds": [7412], "#p": [os.urandom(32).hex()]}) == []


async def test_guarded_wraps_are_read_after_logging_in(guarded: ChildRelay) -> None:
    """NIP-42: a REQ for wraps is CLOSED with `auth-required:`, and brings them after AUTH for the latest challenge."""
    daemon = Author()
    wrap = Author().event(1059, "payload", [["p", daemon.pubkey]], created_at=now())
    filter_ = {"kinds": [1059], "#p": [daemon.pubkey]}
    async with BareClient(guarded.url) as client:
        assert (await client.publish(wrap))[2] is True
        with pytest.raises(RuntimeError, match=r"^auth-required:"):
            await client.query(filter_)
        challenges = [message[1] for message in client.unasked if message[0] == "AUTH"]
        if not challenges:
            challenges = [(await client.next_of("AUTH"))[1]]
        tags = [["relay", guarded.url], ["challenge", challenges[-1]]]
        proof = daemon.event(22242, "", tags, created_at=now())
        await client.send("AUTH", proof)
        assert (await client.next_of("OK", proof["id"]))[2] is True
        assert await client.query(filter_) == [wrap]


async def test_guarded_wraps_are_left_out_among_others(guarded: ChildRelay) -> None:
    """Bug 72: without logging in, a REQ for wraps among other kinds gets the others, and no word about wraps."""
    daemon = Author()
    wrap = daemon.event(1059, "payload", [["p", daemon.pubkey]], created_at=now())
    plain = order(daemon, daemon.pubkey)
    async with BareClient(guarded.url) as client:
        await client.publish(wrap)
        await client.publish(plain)
        assert await client.query({"kinds": [1059, 7412], "#p": [daemon.pubkey]}) == [plain]
