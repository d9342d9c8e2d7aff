"""The scripted relay's faults are what they are called: a test that trusts them must be able to."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import pytest
import websockets

from tests.relays.client import BareClient
from tests.relays.faults import GARBAGE
from tests.relays.real import answers
from tests.relays.scripted import ScriptedRelay
from tests.relays.signing import Author, signature_fault

AUTHOR = Author()


def order(number: int) -> dict[str, Any]:
    """One event of many."""
    return AUTHOR.event(7412, f"order {number}", [["p", AUTHOR.pubkey]], created_at=int(time.time()) + number)


async def live(relay: ScriptedRelay, events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What a subscriber gets of the events while they come in, until a marker that no fault touches."""
    async with BareClient(relay.url) as reader, BareClient(relay.url) as writer:
        await reader.subscribe({"kinds": [7412]}, name="live")
        for event in events:
            await writer.publish(event)
        await asyncio.sleep(0.1 + relay.faults.delay_s)  # what a fault holds back goes out within this time
        relay.say('["NOTICE","that was all"]')
        await reader.next_of("NOTICE")
        return [message[2] for message in reader.unasked if message[0] == "EVENT"]


async def test_dropped_live_events_are_stored_all_the_same() -> None:
    """Bug 74: a dropped live event is lost for the subscriber only, it is stored; one seed drops the same events."""
    events, got = [order(number) for number in range(40)], []
    for _ in range(2):
        async with ScriptedRelay(seed=3) as relay:
            relay.faults.drop_live = 0.5
            got.append(await live(relay, events))
            assert len(relay.events) == 40
    assert got[0] == got[1]
    assert 5 < len(got[0]) < 35


async def test_a_slow_reader_loses_live_events() -> None:
    """Bug 74: above so many unread bytes live events are lost, without a word."""
    async with ScriptedRelay() as relay:
        relay.faults.drop_live_above_bytes = 0
        async with websockets.connect(
            relay.url, compression=None, max_queue=1, proxy=None, close_timeout=0.1
        ) as reader:
            await reader.send('["REQ","live",{"kinds":[1]}]')
            await reader.recv()
            big = {**order(1), "kind": 1, "content": "x" * 500_000}
            for number in range(40):
                relay.accept({**big, "id": f"{number:064x}"})
                await asyncio.sleep(0)
            sent = sum(line.sent and line.text.startswith('["EVENT"') for line in relay.journal)
            assert 0 < sent < 40


async def test_repeated_events_come_twice() -> None:
    """With `repeat` at 1 every event comes two times."""
    async with ScriptedRelay() as relay:
        relay.faults.repeat = 1.0
        events = [order(number) for number in range(3)]
        assert await live(relay, events) == [event for event in events for _ in range(2)]


@pytest.mark.parametrize("fault", ["reorder", "delay_s"])
async def test_events_out_of_order_all_arrive(fault: str) -> None:
    """Reordered or delayed events come in another order, each once."""
    async with ScriptedRelay(seed=1) as relay:
        setattr(relay.faults, fault, 0.2)
        events = [order(number) for number in range(30)]
        got = await live(relay, events)
        assert got != events
        assert sorted(event["id"] for event in got) == sorted(event["id"] for event in events)


async def test_a_corrupted_event_does_not_match_its_id() -> None:
    """Bug 79: the content is another, the id is the genuine one's."""
    async with ScriptedRelay() as relay:
        relay.faults.corrupt = 1.0
        event = order(1)
        (got,) = await live(relay, [event])
        assert got["id"] == event["id"]
        assert signature_fault(got) == "wrong id"


async def test_a_forged_copy_comes_before_the_genuine_event() -> None:
    """Bug 66: the copy has the right id and a wrong signature; the genuine event follows, live and stored."""
    async with ScriptedRelay() as relay:
        relay.faults.forge_first = 1.0
        event = order(1)
        forged, genuine = await live(relay, [event])
        assert forged["id"] == event["id"]
        assert signature_fault(forged) == "wrong signature"
        assert genuine == event
        async with BareClient(relay.url) as client:
            assert await client.query({"kinds": [7412]}) == [forged, event]


async def test_silence_instead_of_answers() -> None:
    """Bugs 68 and 76: no EOSE, no OK; the event is kept and stored events are sent all the same."""
    async with ScriptedRelay() as relay, BareClient(relay.url) as client:
        relay.faults.no_ok = relay.faults.no_eose = True
        event = order(1)
        await client.send("EVENT", event)
        await client.send("REQ", "all", {"kinds": [7412]})
        assert await client.next() == ["EVENT", "all", event]
        with pytest.raises(TimeoutError):
            await client.next(within_s=0.1)
        assert relay.events == [event]


async def test_refusals_as_scripted() -> None:
    """The nth event is refused with its text, a refusal may have an empty id, and a duplicate may be false."""
    async with ScriptedRelay() as relay, BareClient(relay.url) as client:
        relay.faults.refuse_nth = {2: "blocked: not today"}
        first, second = order(1), order(2)
        assert (await client.publish(first))[2:] == [True, ""]
        assert (await client.publish(second))[2:] == [False, "blocked: not today"]
        assert (await client.publish(first))[2:] == [True, "duplicate: already here"]
        relay.faults.duplicate_is_false = True
        assert (await client.publish(first))[2:] == [False, "duplicate: already here"]
        relay.faults.refused_ok_empty_id, relay.faults.refuse_with = True, "error: disk full"
        await client.send("EVENT", second)
        assert await client.next() == ["OK", "", False, "error: disk full"]


async def test_events_of_long_ago_are_refused() -> None:
    """An event dated further back than the limit is refused and not kept, one within it is taken."""
    async with ScriptedRelay() as relay, BareClient(relay.url) as client:
        relay.faults.past_s_max = 3_600
        young, old = order(-3_000), order(-4_000)
        assert (await client.publish(old))[2:] == [False, "invalid: created_at too early"]
        assert (await client.publish(young))[2:] == [True, ""]
        assert relay.events == [young]


async def test_a_shadow_is_rejected_with_an_ok() -> None:
    """The event is answered as if it were taken, and neither kept nor passed on."""
    async with ScriptedRelay() as relay, BareClient(relay.url) as client:
        relay.faults.shadow_reject = True
        assert (await client.publish(order(1)))[2:] == [True, ""]
        assert await client.query({}) == relay.events == []


async def test_more_than_so_many_a_second_are_rate_limited() -> None:
    """Events above the rate are refused with `rate-limited:` and not kept."""
    async with ScriptedRelay() as relay, BareClient(relay.url) as client:
        relay.faults.events_per_s = 3
        answers_ = [await client.publish(order(number)) for number in range(12)]
        refused = [answer for answer in answers_ if answer[3].startswith("rate-limited:")]
        assert len(refused) >= 6
        assert len(relay.events) == 12 - len(refused)


async def test_a_socket_is_cut_without_a_close_frame() -> None:
    """Bug 75: the message after the last allowed one resets the socket; the relay goes on for others."""
    async with ScriptedRelay() as relay:
        relay.faults.cut_after_per_minute = 5
        async with BareClient(relay.url) as client:
            for number in range(5):
                await client.publish(order(number))
            with pytest.raises(websockets.ConnectionClosedError) as cut:
                await client.publish(order(6))
            assert cut.value.rcvd is None
        async with BareClient(relay.url) as client:
            assert (await client.publish(order(7)))[2] is True


async def test_a_socket_is_cut_after_so_many_messages_sent() -> None:
    """The last allowed message still arrives; then the socket is reset."""
    async with ScriptedRelay() as relay:
        relay.faults.cut_after_messages = 3
        async with BareClient(relay.url) as client:
            for number in range(3):
                await client.publish(order(number))
            with pytest.raises(websockets.ConnectionClosedError):
                await client.next()


async def test_late_answers_come() -> None:
    """With `ok_delay_s` the event is delivered before its OK, which comes no earlier than that."""
    async with ScriptedRelay() as relay, BareClient(relay.url) as client:
        relay.faults.ok_delay_s = 0.1
        await client.subscribe({"kinds": [7412]}, name="live")
        began, event = time.monotonic(), order(1)
        await client.send("EVENT", event)
        assert await client.next() == ["EVENT", "live", event]
        assert await client.next() == ["OK", event["id"], True, ""]
        assert time.monotonic() - began >= 0.1


async def test_a_paused_relay_accepts_and_says_nothing_until_it_goes_on() -> None:
    """A paused relay answers neither old clients nor new handshakes; afterwards everything that waited is answered."""
    async with ScriptedRelay() as relay, BareClient(relay.url) as client:
        relay.pause()
        await client.send("EVENT", order(1))
        with pytest.raises(TimeoutError):
            await client.next(within_s=0.1)
        newcomer = asyncio.create_task(answers(relay.port))
        await asyncio.sleep(0.1)
        assert not newcomer.done()
        relay.resume()
        assert (await client.next_of("OK"))[2] is True
        assert await newcomer is True


@pytest.mark.parametrize("keep", [True, False])
async def test_a_restart_keeps_its_port_and_perhaps_its_events(keep: bool) -> None:
    """After a restart the relay is where it was; its clients are gone; its events as asked."""
    async with ScriptedRelay() as relay:
        event = order(1)
        async with BareClient(relay.url) as client:
            await client.publish(event)
            await relay.restart(keep=keep)
            with pytest.raises(websockets.ConnectionClosed):
                await client.next()
        async with BareClient(relay.url) as client:
            assert await client.query({"kinds": [7412]}) == ([event] if keep else [])


async def test_close_codes_and_refused_handshakes() -> None:
    """A client sees the close code and reason that were asked for, and the HTTP status of a refused handshake."""
    async with ScriptedRelay() as relay:
        async with BareClient(relay.url) as client:
            relay.close_all(4000, "go away")
            with pytest.raises(websockets.ConnectionClosed) as closed:
                await client.next()
            assert closed.value.rcvd is not None
            assert (closed.value.rcvd.code, closed.value.rcvd.reason) == (4000, "go away")
        relay.faults.refuse_handshakes = 503
        with pytest.raises(websockets.InvalidStatus) as refused:
            async with BareClient(relay.url):
                pass
        assert refused.value.response.status_code == 503


async def test_forgotten_subscriptions_get_nothing() -> None:
    """After `forget_subscriptions` live events stop without a CLOSED; a new REQ works."""
    async with ScriptedRelay() as relay, BareClient(relay.url) as client:
        await client.subscribe({"kinds": [7412]}, name="live")
        relay.forget_subscriptions()
        await client.publish(order(1))
        assert await client.query({"kinds": [1]}) == []
        assert client.unasked == []
        await client.subscribe({"kinds": [7412]}, name="live")
        relay.accept(order(2))
        assert (await client.next())[2]["content"] == "order 2"


async def test_noise_does_not_replace_answers() -> None:
    """NOTICE spam and garbage come between the answers, and every answer still comes."""
    async with ScriptedRelay() as relay:
        relay.faults.notice_every, relay.faults.garbage_every = 1, 1
        async with websockets.connect(relay.url, compression=None, proxy=None) as socket:
            for _ in range(3 * len(GARBAGE)):
                await socket.send('["COUNT","n",{"kinds":[7412]}]')
            heard = [await socket.recv() for _ in range(9 * len(GARBAGE))]
        assert sum(text.startswith('["COUNT"') for text in heard if isinstance(text, str)) == 3 * len(GARBAGE)
        assert sum(text in GARBAGE for text in heard) >= 3 * len(GARBAGE)
