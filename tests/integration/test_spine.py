"""The main job: an order on a relay becomes signed, chained points that somebody else's client reads back.

A real daemon, on the scripted relay and on the Rust one, private and public. What comes out is read by
`tests.observer`, which knows nothing of the daemon.
"""

from __future__ import annotations

import asyncio
import re
import time
from base64 import b64decode
from pathlib import Path

import pytest

from kinds import program as programs
from kinds import registry
from kinds.answer import parse_answer
from kinds.event import Event, sign, to_json
from kinds.tags import value
from tests.integration.place import message_id, opened
from tests.observer import Observer, messages
from tests.relays.scripted import ScriptedRelay
from tests.serving import relay_named, serving
from tests.venue import Venue, add_program, new_key

PLACES = [(relay, visibility) for relay in ("scripted", "rust") for visibility in ("private", "public")]
everywhere = pytest.mark.parametrize(("relay", "visibility"), PLACES, ids=["-".join(place) for place in PLACES])


@everywhere
async def test_an_order_becomes_points(tmp_path: Path, relay: str, visibility: str) -> None:
    """Bug 63: entry, card and the order monitor's line come out for two orders, and the chain and the rules hold."""
    async with opened(tmp_path, relay, visibility) as place:
        replies = await place.answers(place.order("a", 12_999), place.order("b", 130_000))
        assert [reply.text for reply in replies] == [
            "1st visit this month; +12 points, balance 12",
            "2nd visit this month; +130 points, balance 142",
        ]
        answer = replies[1].answer
        said = (answer.result, answer.order_id, answer.points, answer.balance, answer.visits_month)
        assert said == ("accepted", "b", 130, 142, 2)
        assert await place.chain(2) == [("earned", 12, 12), ("earned", 130, 142)]
        texts = [line.text for line in await place.observer.chain(place.venue, place.guest, 2)]
        private = ["+12 points at Café Sol, balance 12", "+130 points at Café Sol, balance 142"]
        assert texts == (private if visibility == "private" else [None, None])


@everywhere
async def test_refunds_take_back_what_was_earned(tmp_path: Path, relay: str, visibility: str) -> None:
    """Bug 56: whole, canceled, and in three parts that end where one whole refund would; each revokes its entry."""
    async with opened(tmp_path, relay, visibility) as place:
        replies = await place.answers(
            place.order("whole", 10_000), place.order("canceled", 20_000), place.order("parts", 9_000),
            place.order("whole", 10_000, status="refunded"), place.order("canceled", 20_000, status="canceled"),
            place.order("parts", 2_500, status="refunded", refund_id="1"),
            place.order("parts", 2_500, status="refunded", refund_id="2"),
            place.order("parts", 4_000, status="refunded", refund_id="3"),
            place.order("parts", 1, status="refunded", refund_id="4"),
        )  # fmt: skip
        assert [reply.answer.points for reply in replies] == [10, 20, 9, -10, -20, -2, -3, -4, None]
        assert [reply.answer.visits_month for reply in replies] == [1, 2, 3, 2, 1, 1, 1, 0, None]
        assert (replies[-1].answer.result, replies[-1].answer.reason) == ("rejected", "refund-above-order")
        assert await place.chain(8) == [
            ("earned", 10, 10), ("earned", 20, 30), ("earned", 9, 39), ("revoked", -10, 29), ("revoked", -20, 9),
            ("revoked", -2, 7), ("revoked", -3, 4), ("revoked", -4, 0),
        ]  # fmt: skip
        lines = await place.observer.chain(place.venue, place.guest, 8)
        ids = [line.event.id for line in lines]
        assert [line.entry.revokes for line in lines[3:]] == [ids[0], ids[1], ids[2], ids[2], ids[2]]


@everywhere
async def test_a_refund_may_come_before_its_order(tmp_path: Path, relay: str, visibility: str) -> None:
    """Bug 3: it is kept, applied when the order comes, and counted once; asked again it says +0, as at first."""
    async with opened(tmp_path, relay, visibility) as place:
        now = int(time.time())
        replies = await place.answers(
            place.order("late", 3_000, status="refunded", refund_id="1", at=now),
            place.order("late", 10_000, at=now - 5),
            place.order("late", 3_000, status="refunded", refund_id="1", at=now + 1),
        )
        results = [(reply.answer.result, reply.answer.points) for reply in replies]
        assert results == [("accepted", 0), ("accepted", 7), ("duplicate", 0)]
        assert await place.chain(2) == [("earned", 10, 10), ("revoked", -3, 7)]


@everywhere
async def test_an_early_refund_that_does_not_fit_its_order_is_refused_then(
    tmp_path: Path, relay: str, visibility: str
) -> None:
    """A refund kept for its order and above it is given up when the order comes, and its source is told why."""
    async with opened(tmp_path, relay, visibility) as place:
        now = int(time.time())
        early = place.order("late", 30_000, status="refunded", refund_id="1", at=now)
        assert [reply.answer.result for reply in await place.answers(early)] == ["accepted"]
        await place.observer.send(place.order("late", 10_000, at=now - 5))

        def pick(events: list[Event]) -> list[str] | None:
            answers = [parse_answer(rumor) for rumor in messages(events, place.venue.till)]
            about_early = [answer.reason for answer in answers if answer.to_event == message_id(early, place.venue)]
            return [reason for reason in about_early if reason] if len(about_early) == 2 else None

        assert await place.observer.until(pick) == ["refund-above-order"]
        assert await place.chain(1) == [("earned", 10, 10)]


@everywhere
async def test_an_order_counts_once(tmp_path: Path, relay: str, visibility: str) -> None:
    """Bug 1: reported three times, each time as a new event, it earns once; the repeats are told so."""
    async with opened(tmp_path, relay, visibility) as place:
        now = int(time.time())
        replies = await place.answers(*(place.order("again", 12_000, at=now - back) for back in (0, 1, 2)))
        assert [reply.answer.result for reply in replies] == ["accepted", "duplicate", "duplicate"]
        assert replies[1].text == "Counted before: 1st visit this month; +12 points, balance 12"
        assert await place.chain(1) == [("earned", 12, 12)]


@everywhere
async def test_an_order_without_a_customer_is_claimable(tmp_path: Path, relay: str, visibility: str) -> None:
    """The till gets a claim code once; no entry and no card is made; a refund lowers what can be claimed."""
    async with opened(tmp_path, relay, visibility) as place:
        venue, now = place.venue, int(time.time())
        replies = await place.answers(
            venue.wrapped("c", None, at=now), venue.wrapped("c", None, at=now - 1),
            venue.wrapped("c", None, ("6000", "sat"), status="refunded", at=now),
        )  # fmt: skip
        first, repeat, refund = (reply.answer for reply in replies)
        assert re.fullmatch(r"([0-9A-HJKMNP-TV-Z]{4}-){3}[0-9A-HJKMNP-TV-Z]{4}", first.claim or "")
        assert (first.result, first.points, first.balance) == ("accepted", 12, None)
        assert (repeat.result, repeat.points, repeat.claim) == ("duplicate", 12, None)
        assert (refund.result, refund.points) == ("accepted", -6)
        assert first.claim is not None
        assert first.claim in replies[0].text
        kinds = {event.kind for event in await place.observer.events()}
        assert not kinds & {registry.ENTRY, registry.CARD}


@pytest.mark.parametrize("relay", ["scripted", "rust"])
async def test_a_private_venue_tells_nobody_anything(tmp_path: Path, relay: str) -> None:
    """Bug 61: of all events on the relay none names a guest, an order, an amount or a point but to whom it is for."""
    async with opened(tmp_path, relay, "private") as place:
        await place.answers(
            place.order("order-4711", 123_457), place.order("order-4712", 8_000),
            place.order("order-4712", 8_000, status="refunded"), place.venue.wrapped("order-4713", None),
        )  # fmt: skip
        await place.chain(3)
        events = await place.observer.events()
        assert {event.kind for event in events} == {0, 10002, 10050, 1059, 31990, 37411, 37412}
        for event in events:
            text = to_json(event)
            if event.kind == registry.GIFT_WRAP:
                assert len(event.tags) == 1
                text = event.pubkey  # the one `p` tag names whom it is for, the content is looked at below
                assert event.pubkey not in (place.venue.till.public, place.venue.issuer.public)
            if event.kind == registry.CARD:
                assert [tag[0] for tag in event.tags] == ["d"]
                text = event.tags[0][1]
            if event.kind in (registry.GIFT_WRAP, registry.CARD):
                assert b64decode(event.content, validate=True)[:1] == b"\x02", "NIP-44 and nothing else"
            for secret in (place.guest.public, "order-47", "123457", "123,457", "+123", "12000", '"8000"'):
                assert secret not in text, (event.kind, secret)


async def test_the_definition_is_published_when_it_changes(tmp_path: Path) -> None:
    """Bug 69: once at the first start, not at a second one, again after a change, with a later time; entries follow."""
    async with relay_named("scripted") as url, Observer(url) as observer:
        venue, guest = Venue(tmp_path, [url], visibility="public"), new_key()
        seen = []
        for start, terms in enumerate(["", "", 'terms = "No refunds on Mondays."']):
            venue.extra = terms
            async with serving(venue.write_config()):
                order = venue.order(f"o{start}", guest.public, at=int(time.time()) - 10 + start)
                await observer.send(order)
                await observer.replies(venue.till, order.id)
                definition = await observer.definition(venue)
                (line,) = (await observer.chain(venue, guest, start + 1))[start:]
                assert line.entry.rev == definition.id
                seen.append(definition)
        assert seen[0] == seen[1]
        assert seen[2].id != seen[0].id
        assert seen[2].created_at > seen[0].created_at
        assert programs.parse(seen[2]).terms == "No refunds on Mondays."


@pytest.mark.parametrize("relay", ["scripted", "rust"])
async def test_two_programs_with_keys_of_their_own(tmp_path: Path, relay: str) -> None:
    """One daemon serves both: each order counts in its own program only, signed and answered by that program's key."""
    async with relay_named(relay) as url, Observer(url) as observer:
        guest = new_key()
        one = Venue(tmp_path, [url], visibility="private")
        two = Venue(tmp_path, [url], visibility="public", slug="bar-luna")
        config = one.write_config()
        add_program(config, two)
        async with serving(config):
            orders = [(one, one.wrapped("1", guest.public, ("5000", "sat"))), (two, two.order("1", guest.public))]
            for venue, order in orders:
                await observer.send(order)
                (reply,) = await observer.replies(venue.till, message_id(order, venue))
                assert reply.answer.result == "accepted"
            foreign = sign(two.template("2", guest.public), one.till)  # one's till has no say in two
            await observer.send(foreign)
            (refused,) = await observer.replies(one.till, foreign.id)
            assert refused.answer.reason == "source-not-listed"
            ((private,), (public,)) = [await observer.chain(venue, guest, 1) for venue, _ in orders]
            assert (private.entry.points, private.event.pubkey) == (5, one.issuer.public)
            assert (public.entry.points, public.event.pubkey) == (12, two.issuer.public)
            lists = [event for event in await observer.events() if event.kind == registry.DM_RELAY_LIST]
            assert {event.pubkey for event in lists} == {one.issuer.public, two.issuer.public}
            assert all(value(event.tags, "relay") == url for event in lists)


@pytest.mark.parametrize("visibility", ["private", "public"])
async def test_what_a_relay_did_not_take_goes_to_the_one_in_its_place(tmp_path: Path, visibility: str) -> None:
    """Bug 71: a relay that takes nothing is replaced in the configuration: entry, card and answer reach the new one."""
    async with ScriptedRelay() as old, relay_named("scripted") as new, Observer(new) as observer:
        old.faults.refuse_with = "error: no space"
        venue, guest = Venue(tmp_path, [old.url], visibility), new_key()
        order = venue.order("o1", guest.public)
        old.accept(order._asdict())
        async with serving(venue.write_config()):
            async with asyncio.timeout(10):
                while len({event[1]["id"] for event in old.received("EVENT")}) < 6:  # noqa: ASYNC110  the relay says nothing
                    await asyncio.sleep(0.05)
        venue.relays = [new]
        async with serving(venue.write_config()):
            (reply,) = await observer.replies(venue.till, order.id)
            assert reply.answer.result == "accepted"
            (line,) = await observer.chain(venue, guest, 1)
            assert (await observer.card(venue, guest, line)).points == 12


async def test_orders_sent_while_it_was_down_are_taken_up(tmp_path: Path) -> None:
    """Bug 65: what reached the relay before the daemon's first start, and between two starts, counts."""
    async with relay_named("scripted") as url, Observer(url) as observer:
        venue, guest, now = Venue(tmp_path, [url]), new_key(), int(time.time())
        for number in (1, 2):
            days_ago = now - 3 * 86_400 * (2 - number)
            await observer.send(venue.wrapped(f"w{number}", guest.public, at=days_ago))
            async with serving(venue.write_config()):
                chain = await observer.chain(venue, guest, number)
        assert [line.entry.balance for line in chain] == [12, 24]
