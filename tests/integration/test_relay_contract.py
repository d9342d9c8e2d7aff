"""One contract for every relay at hand: what the daemon relies on, and nothing it does not.

The scripted relay passes the same tests as the relays that others wrote, so that what is shown against it holds. Where
a relay in use cannot do a thing, `QUIRKS` says so, and the test then demands that it still cannot: a quirk that has
gone is a failure too. Every line of that table is something the daemon has to live with.
"""

from __future__ import annotations

import asyncio
import itertools
import os
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.relays.client import BareClient
from tests.relays.real import ChildRelay, NpmRelay, PythonRelay, RustRelay, ScriptedProcess, unavailable
from tests.relays.signing import Author, event_id

RELAYS: dict[str, Callable[[], ChildRelay]] = {
    "scripted": ScriptedProcess,
    "rust": RustRelay,
    "rust-lmdb": lambda: RustRelay(lmdb=True),
    "python": PythonRelay,
    "npm": NpmRelay,
}
GUARDED: dict[str, Callable[[], ChildRelay]] = {
    "scripted": lambda: ScriptedProcess("--auth", "wraps"),
    "rust": lambda: RustRelay("--auth", "wraps"),
}

CACHED_VERDICT = "the verdict on an id is remembered for 10 minutes: a forgery shuts the genuine event out (bug 66)"

# (relay, test, or test with its further parameters) -> what the relay does instead
QUIRKS: dict[tuple[str, str], str] = {
    (
        "rust",
        "test_a_req_stays_open_until_it_is_closed",
    ): "once all of its ids are found, CLOSED with no text follows EOSE",
    ("rust-lmdb", "test_a_req_stays_open_until_it_is_closed"): "as in memory",
    ("rust", "test_guarded_wraps_are_left_out_among_others"): "such a REQ is CLOSED with auth-required as a whole",
    ("python", "test_since_and_until_include_their_seconds"): "until is exclusive",
    ("python", "test_ties_at_the_edge_of_a_page_are_found_with_an_inclusive_until"): "until is exclusive",
    ("python", "test_the_newest_of_an_addressable_event_wins"): "an older one that comes later is kept and served too",
    ("python", "test_of_one_second_the_lowest_id_wins"): "both are kept and served",
    ("python", "test_an_ephemeral_event_is_delivered_and_not_kept"): "kind 21059 is kept like any other",
    (
        "python",
        "test_a_refusal_names_the_event",
    ): "its OK has an empty id, and the connection is then slowed down (bug 76)",
    ("npm", "test_a_tag_filter_holds_for_live_events_too"): "tag conditions are not applied to live events",
    ("npm", "test_a_question_asked_again_gets_a_fresh_answer"): "what a filter found is served again for a second",
    ("npm", "test_a_forged_event_is_neither_kept_nor_a_shadow[with_other_content]"): CACHED_VERDICT,
    ("npm", "test_a_forged_event_is_neither_kept_nor_a_shadow[with_other_signature]"): CACHED_VERDICT,
}

TWO_DAYS_S = 172_800
CAP = 500
EVENT_S_MAX = 10.0
limits = itertools.count(100)


@pytest.fixture(scope="module", params=list(RELAYS))
def relay(request: pytest.FixtureRequest) -> Iterator[ChildRelay]:
    """Each relay once for all tests; every test brings keys of its own."""
    yield from running(request.param, RELAYS[request.param])


@pytest.fixture(scope="module", params=list(GUARDED))
def guarded(request: pytest.FixtureRequest) -> Iterator[ChildRelay]:
    """Relays that show a gift wrap only to whom it is for."""
    yield from running(request.param, GUARDED[request.param])


def running(name: str, make: Callable[[], ChildRelay]) -> Iterator[ChildRelay]:
    """The relay, started and stopped again, or a skip that says what is missing."""
    missing = unavailable(name.partition("-")[0])
    if missing is not None:
        pytest.skip(missing)
    child = make()
    asyncio.run(child.start())
    try:
        yield child
    finally:
        asyncio.run(child.stop())


@pytest.fixture(autouse=True)
def quirk(request: pytest.FixtureRequest) -> None:
    """Where a relay is known to fail a claim, failing is what is expected."""
    where = request.node.callspec
    relay_name = where.params.get("relay", where.params.get("guarded"))
    others = [each for each in where.id.split("-") if each not in relay_name.split("-")]
    test = request.node.originalname
    reason = QUIRKS.get((relay_name, test)) or QUIRKS.get((relay_name, f"{test}[{'-'.join(others)}]"))
    if reason is not None:
        request.node.add_marker(pytest.mark.xfail(reason=f"{relay_name}: {reason}", strict=True))


def now() -> int:
    """Unix seconds: real relays look at the real clock."""
    return int(time.time())


def order(author: Author, to: str, number: int = 1, *, created_at: int | None = None) -> dict[str, Any]:
    """An event of the shape that the daemon reads."""
    tags = [["p", to], ["order", str(number)], ["amount", "12000", "sat"]]
    return author.event(7412, f"order {number}", tags, created_at=now() if created_at is None else created_at)


def anew(**filter_: Any) -> dict[str, Any]:
    """The filter with a limit that no other has, for who would answer the same question from memory."""
    return {**filter_, "limit": next(limits)}


def taken(answer: list[Any]) -> bool:
    """Whether an OK means that the relay has the event."""
    return answer[2] is True or str(answer[3]).startswith("duplicate:")


def ids(events: list[dict[str, Any]]) -> list[str]:
    """Their ids, in the order given."""
    return [event["id"] for event in events]


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
