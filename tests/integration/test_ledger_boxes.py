"""What was taken in and what is promised, on a real file."""

import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from ledger import book, inbox, outbox, programs, statement
from ledger.errors import InvariantBroken
from ledger.outbox import Promise, Promised, Settlement
from tests.unit.ledger.venue import Venue, name

ISSUER = "11" * 32
RELAYS = ("wss://one.example", "wss://two.example")


@pytest.fixture
async def venue(tmp_path: Path) -> AsyncIterator[Venue]:
    """A venue on a new ledger."""
    opened = await Venue.open(tmp_path / "ledger.db")
    yield opened
    await opened.close()


def promise(label: str, lane: int = 0, supersedes: str | None = None) -> Promise:
    """Something to deliver."""
    return Promise(lane, label, ISSUER, os.urandom(50), os.urandom(32), RELAYS, 1, supersedes)


async def post(venue: Venue, *promises: Promise, at: int = 100) -> None:
    """Promises in a block of its own."""
    async with venue.database.write() as w:
        await outbox.post(w, promises, at)


async def due(venue: Venue, now: int = 100, limit: int = 100, **more: object) -> list[Promised]:
    """What is due."""
    async with venue.database.read() as r:
        return await outbox.due(r, now, limit, **more)  # type: ignore[arg-type]  # what the caller names


async def settle(venue: Venue, *settlements: Settlement) -> None:
    """Settles in a block of its own."""
    async with venue.database.write() as w:
        await outbox.settle(w, settlements)


async def test_a_message_is_new_once(venue: Venue) -> None:
    """A message is unseen until a block has recorded it, and can be recorded again without harm."""
    refs = [(name(), 5), (name(), 6)]
    async with venue.database.write() as w:
        assert await inbox.unseen(w, refs) == {refs[0][0], refs[1][0]}
        assert await inbox.unseen(w, []) == set()
        assert await inbox.record(w, [inbox.Seen(*refs[0], "booked", 9)]) == 1
        assert await inbox.record(w, [inbox.Seen(*refs[0], "other", 9), inbox.Seen(*refs[1], "refused", 9)]) == 1
        assert await inbox.unseen(w, refs) == set()
        assert await inbox.counts(w) == {"booked": 1, "refused": 1}
        assert await inbox.unseen_envelopes(w, refs) == {refs[0][0], refs[1][0]}
        await inbox.record_envelopes(w, refs)
        assert await inbox.unseen_envelopes(w, refs) == set()
        assert await inbox.forget_envelopes(w, 6) == 1
        assert await inbox.unseen_envelopes(w, refs) == {refs[0][0]}


async def test_a_message_set_aside_comes_back_when_it_is_asked_for(venue: Venue) -> None:
    """What lies aside counts as seen; once taken back it is new again, and another message stays where it is."""
    aside = inbox.Aside(name(), 5, b"document", "Traceback", 9)
    other = inbox.Aside(name(), 5, b"other", "Traceback", 8)
    async with venue.database.write() as w:
        await inbox.set_aside(w, aside)
        await inbox.set_aside(w, other)
        await inbox.set_aside(w, aside)
        assert await inbox.set_aside_list(w) == [other, aside]
        assert await inbox.unseen(w, [(aside.ref, 5)]) == set()
        assert await inbox.take_back(w, aside.ref) == b"document"
        assert await inbox.take_back(w, aside.ref) is None
        assert await inbox.unseen(w, [(aside.ref, 5), (other.ref, 5)]) == {aside.ref}


async def test_cursors_and_paces_are_kept_per_relay(venue: Venue) -> None:
    """Bug 64: how far was read is kept for each relay and subscription by itself, and is replaced, not added."""
    async with venue.database.write() as w:
        await inbox.save_cursors(w, {("wss://a", "orders"): 5, ("wss://b", "orders"): 6})
        await inbox.save_cursors(w, {("wss://a", "orders"): 4, ("wss://a", "wraps"): 7})
        await inbox.save_cursors(w, {})
        await inbox.save_pace(w, {"wss://a": 6_000})
        await inbox.save_pace(w, {"wss://a": 3_000})
    async with venue.database.read() as r:
        assert await inbox.cursors(r) == {("wss://a", "orders"): 4, ("wss://b", "orders"): 6, ("wss://a", "wraps"): 7}
        assert await inbox.pace(r) == {"wss://a": 3_000}


async def test_promises_come_lane_by_lane_in_order(venue: Venue) -> None:
    """Lane 0 goes first, within a lane the order of promising holds; what is under way is skipped."""
    await post(venue, promise("card", 2), promise("answer", 1), promise("entry"), promise("entry"))
    found = await due(venue)
    assert [one.label for one in found] == ["entry", "entry", "answer", "card"]
    assert found[0].id < found[1].id
    assert [one.id for one in await due(venue, skip={found[0].id})] == [one.id for one in found[1:]]
    assert [one.id for one in await due(venue, limit=3)] == [one.id for one in found[:3]]
    assert [one.label for one in await due(venue, lane=1)] == ["answer"]


async def test_a_promise_keeps_its_bytes(venue: Venue) -> None:
    """Recipe and seed come back as they were promised, so that a resend is the same to the byte."""
    made = promise("entry")
    await post(venue, made, promise("entry"))
    found = (await due(venue))[0]
    assert (found.recipe, found.seed, found.issuer, found.relays, found.acks) == (
        made.recipe, made.seed, ISSUER, RELAYS, 1,
    )  # fmt: skip


async def test_a_newer_promise_takes_the_place_of_a_waiting_one(venue: Venue) -> None:
    """Bug 69: of promises under one name only the last waits, within a batch and across; settling the old one is
    harmless.
    """
    await post(venue, promise("card", supersedes="card:1"))
    (old,) = await due(venue)
    await post(
        venue,
        promise("card", supersedes="card:1"),
        promise("card", supersedes="card:2"),
        promise("card", supersedes="card:1"),
    )
    found = await due(venue)
    assert len(found) == 2
    assert old.id not in {one.id for one in found}
    await settle(venue, Settlement(old.id, RELAYS, (), "done"))
    assert len(await due(venue)) == 2


async def test_a_poisoned_promise_holds_nobody_up(venue: Venue) -> None:
    """Bug 71: an abandoned promise stays with its reason, out of the way of the others, until somebody resumes it."""
    await post(venue, promise("poison"), promise("entry"))
    bad, _ = await due(venue)
    await settle(venue, Settlement(bad.id, (), RELAYS, "abandoned", reason="blocked: no"))
    assert [one.label for one in await due(venue)] == ["entry"]
    async with venue.database.write() as w:
        (given_up,) = await outbox.abandoned(w)
        assert (given_up.reason, given_up.refused, given_up.attempts) == ("blocked: no", RELAYS, 1)
        assert await outbox.counts(w) == {("abandoned", 0, "poison"): 1, ("waiting", 0, "entry"): 1}
        assert await outbox.resume(w, [bad.id]) == 1
    assert {one.label for one in await due(venue)} == {"entry", "poison"}


async def test_what_was_given_up_is_superseded_too(venue: Venue) -> None:
    """A newer promise of the same name takes the place of one that was abandoned, which nobody resumes any more."""
    await post(venue, promise("card", supersedes="card:1"), promise("card", supersedes="card:2"))
    for one in await due(venue):
        await settle(venue, Settlement(one.id, (), RELAYS, "abandoned", reason="blocked: no"))
    await post(venue, promise("card", supersedes="card:1"))
    (newer,) = await due(venue)
    await settle(venue, Settlement(newer.id, RELAYS, (), "done"))
    async with venue.database.write() as w:
        assert await outbox.resume(w, [one.id for one in await outbox.abandoned(w)]) == 1
        assert [name for (name,) in await w.rows("SELECT supersedes FROM outbox")] == ["card:2"]


async def test_a_retry_waits_for_its_time(venue: Venue) -> None:
    """A promise that failed is due again at its time, with what was reached so far; a delivered one is counted and
    gone.
    """
    await post(venue, promise("entry"), promise("entry"), at=50)
    first, second = await due(venue)
    await settle(
        venue,
        Settlement(first.id, RELAYS[:1], RELAYS[1:], "waiting", due_at=200, reason="timeout"),
        Settlement(second.id, RELAYS, (), "done"),
    )
    assert await due(venue, now=199) == []
    assert await due(venue, now=200) == [
        first._replace(attempts=1, accepted=RELAYS[:1], refused=RELAYS[1:], due_at=200, reason="timeout")
    ]
    async with venue.database.read() as r:
        assert await outbox.delivered(r) == {"entry": 1}
        assert await outbox.next_due_at(r) == 200
        assert await outbox.oldest(r) == 50


async def test_a_relay_that_is_no_longer_known_is_taken_off(venue: Venue) -> None:
    """A waiting promise keeps the relays that are still known, and what those said; one that has none left goes to the
    others instead. Other issuers, other lanes and abandoned promises are left alone.
    """
    three, only, answer = promise("three"), promise("only", lane=1), promise("answer", lane=2)
    three = three._replace(relays=("wss://old.example", *RELAYS), acks=3)
    only = only._replace(relays=("wss://old.example",))
    foreign = only._replace(issuer="22" * 32)
    await post(venue, three, only, answer, foreign, only._replace(label="poison"))
    ids = [one.id for one in await due(venue)]
    await settle(
        venue,
        Settlement(ids[0], ("wss://old.example", RELAYS[0]), (), "waiting", due_at=500),
        Settlement(ids[3], (), ("wss://old.example",), "abandoned", reason="no"),
    )
    async with venue.database.write() as w:
        assert await outbox.readdress(w, ISSUER, RELAYS, RELAYS[1:], lanes=(0, 1, 3)) == 2
        assert await outbox.readdress(w, ISSUER, RELAYS, RELAYS[1:], lanes=(0, 1, 3)) == 0
    found = {(one.issuer, one.label): (one.relays, one.acks, one.accepted) for one in await due(venue)}
    assert found == {
        (ISSUER, "three"): (RELAYS, 2, RELAYS[:1]),
        (ISSUER, "only"): (RELAYS[1:], 1, ()),
        (ISSUER, "answer"): (RELAYS, 1, ()),
        ("22" * 32, "only"): (("wss://old.example",), 1, ()),
    }


async def test_an_empty_outbox_says_so(venue: Venue) -> None:
    """With nothing promised nothing is due, next or oldest."""
    await post(venue)
    await settle(venue)
    async with venue.database.read() as r:
        assert (await outbox.next_due_at(r), await outbox.oldest(r), await outbox.delivered(r)) == (None, None, {})


async def test_a_promise_and_its_cause_commit_together(venue: Venue) -> None:
    """Bug 63: when the block that books fails, nothing of what it promised goes out."""
    with pytest.raises(InvariantBroken):  # noqa: PT012 - the block is the claim
        async with venue.database.write() as w:
            await outbox.post(w, [promise("entry")], 1)
            await book.append(w, [], standings=[(await standing(venue))._replace(seq=99)])
    assert await due(venue) == []


async def standing(venue: Venue) -> book.Standing:
    """Any standing."""
    return book.Standing(1, venue.program_id, name(), 0, 0, 0, None, 0, 0, 0, 0, 0, 0, 0, None)


async def test_programs_and_revisions_are_kept(venue: Venue) -> None:
    """A program is registered once; each revision is kept, the last one added is the latest, none is added twice."""
    async with venue.database.write() as w:
        assert await programs.register(w, "program", "renamed", ISSUER, 5) == venue.program_id
        other = await programs.register(w, "another", "bar", ISSUER, 5)
        assert await programs.latest_revision(w, other) is None
        ref = name()
        revision_id = await programs.add_revision(w, venue.program_id, ref, name(), b"new rules", 6)
        latest = await programs.latest_revision(w, venue.program_id)
        assert latest is not None
        assert (latest.id, latest.ref, latest.document) == (revision_id, ref, b"new rules")
        assert await programs.revision(w, ref) == latest
        assert await programs.revision(w, name()) is None
        assert [one.address for one in await programs.programs(w)] == ["program", "another"]
    with pytest.raises(InvariantBroken):
        async with venue.database.write() as w:
            await programs.add_revision(w, venue.program_id, ref, name(), b"again", 6)


async def test_a_statement_says_where_a_customer_stands(venue: Venue) -> None:
    """The standings of a customer in all programs or one, with the next points to run out."""
    customer = name()
    await venue.earn(customer, 5, expires_at=500)
    await venue.earn(customer, 7, expires_at=400)
    await venue.earn(customer, 8, expires_at=400)
    async with venue.database.read() as r:
        (found,) = await statement.standings_of(r, customer)
        assert (found.balance, found.seq, found.slug, found.revision) == (20, 3, "cafe-sol", b"rules")
        assert await statement.standings_of(r, customer, "elsewhere") == []
        assert await statement.standings_of(r, name()) == []
        assert await statement.next_expiry(r, found.standing_id, 0) == (15, 400)
        assert await statement.next_expiry(r, found.standing_id, 400) == (5, 500)
        assert await statement.next_expiry(r, found.standing_id, 500) is None
        assert [lot.entry_id for _, lot in await book.due_lots(r, 400, 10, range(99))] == [2, 3]
        assert set(await statement.entries_by_id(r, [1, 3, 9])) == {1, 3}
