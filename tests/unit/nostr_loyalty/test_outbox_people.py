"""The outbox worker and people: a notice goes to where its receiver reads, and is never lost on the way."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from ledger import outbox
from ledger.database import Database
from nostr_loyalty.publishing.attempt import BACKGROUND_PAUSE_S_MAX, BACKGROUND_PERSONAL_S
from nostr_loyalty.reaching import routes
from nostr_loyalty.reaching.routes import PATIENCE_S
from relay_client.verdict import retry_later
from tests.unit.nostr_loyalty.outbox_office import NO, YES, A, B
from tests.unit.nostr_loyalty.people_office import INBOX, OURS, SECOND, PeopleOffice
from tests.venue import new_key


@pytest.fixture
async def office(tmp_path: Path) -> AsyncIterator[PeopleOffice]:
    """An office on an empty ledger."""
    database = await Database.open(tmp_path / "loyalty.db")
    office = PeopleOffice(database)
    yield office
    await office.crash()
    await database.close()


def targets(office: PeopleOffice) -> list[str]:
    """Where everything so far has gone, in order."""
    return [url for url, _, _ in office.pool.posts]


async def test_a_notice_goes_where_its_receiver_reads(office: PeopleOffice) -> None:
    """To the receiver's relays and to none of ours; one OK keeps it, whatever our own relays demand."""
    guest = new_key()
    office.pool.standing = {INBOX, SECOND}
    await office.reads_at(guest, INBOX, SECOND)
    await office.promise("hello", acks=2, receiver=guest.public)
    posts = await office.sent(2)
    assert targets(office) == [INBOX, SECOND]
    office.pool.answer(INBOX, YES, posts[0][1])
    await office._until(lambda: office.worker.under_way == 0)
    office.pool.answer(SECOND, YES, posts[0][1])
    await office.settled({})
    assert office.pool.questions == 0


async def test_who_names_no_relays_is_reached_at_ours(office: PeopleOffice) -> None:
    """Known to have no address, a guest gets the notice at our relays, at once, and nobody is asked again."""
    guest = new_key()
    await office.reads_at(guest)
    await office.promise("hello", (A, B), receiver=guest.public)
    await office.sent(2)
    assert targets(office) == [A, B]
    assert (office.pool.questions, office.pool.wanted) == (0, [])


async def test_an_unknown_receiver_is_looked_up_first(office: PeopleOffice) -> None:
    """The notice waits for the look-up, then for the relay; meanwhile others go, and a resend after a crash goes to the
    same relay without another look-up.
    """
    guest = new_key()
    office.says(guest, [INBOX])
    await office.promise("hello", receiver=guest.public)
    await office.promise("for everybody", (A,))
    await office._until(lambda: INBOX in office.pool.wanted)
    assert targets(office) == [A]
    office.pool.arrive(INBOX)
    await office.sent(2)
    assert targets(office) == [A, INBOX]
    asked = office.pool.questions
    await office.crash()
    office.restart()
    await office.sent(4)
    assert sorted(targets(office)[2:]) == sorted([A, INBOX])
    assert office.pool.questions == asked


async def test_silent_relays_hold_a_notice_for_seconds_only(office: PeopleOffice) -> None:
    """Bug 68: where nobody answers who the receiver is, the notice goes to our relays after five seconds."""
    guest = new_key()
    office.pool.silent = True
    begun = office.clock.monotonic()
    await office.promise("hello", (A,), receiver=guest.public)
    await office.sent(1)
    assert targets(office) == [A]
    assert 4 <= office.clock.monotonic() - begun <= 7


async def test_an_address_is_looked_up_again_beside_the_notice(office: PeopleOffice) -> None:
    """A day after the last look-up a notice goes where the guest read then, at once; the next one to where the guest
    reads now.
    """
    guest = new_key()
    office.pool.standing = {INBOX, SECOND}
    await office.reads_at(guest, INBOX)
    await office.spend(1)
    office.clock.step(86_401)
    office.says(guest, [SECOND])
    await office.promise("first", receiver=guest.public)
    await office.sent(1)
    await office._until(lambda: office.pool.questions > 0)
    await office.spend(1)
    await office.promise("second", receiver=guest.public)
    await office.sent(2)
    assert targets(office) == [INBOX, SECOND]


async def test_what_waits_follows_its_receiver(office: PeopleOffice) -> None:
    """A notice that waits for a relay which is gone goes to the new one when the guest has moved."""
    guest = new_key()
    office.pool.away = {INBOX}
    await office.reads_at(guest, INBOX)
    await office.promise("hello", receiver=guest.public)
    await office.spend(20)
    assert targets(office) == []
    await office.spend(1)
    office.pool.standing = {SECOND}
    await office.reads_at(guest, SECOND)
    await office.sent(1)
    assert targets(office) == [SECOND]


async def test_an_unreachable_guest_is_offered_ours_after_ten_minutes(office: PeopleOffice) -> None:
    """A notice whose receiver's relays are not there is tried again with pauses, then goes to our relays too, and is
    never given up.
    """
    guest = new_key()
    office.pool.away = {INBOX}
    await office.reads_at(guest, INBOX)
    await office.promise("hello", (A,), receiver=guest.public)
    await office.spend(PATIENCE_S - 70)
    assert targets(office) == []
    (waiting,) = await office.waits()
    assert 8 <= waiting.attempts <= 40
    await office.sent_within(1, 200)
    assert targets(office) == [A]
    assert office.clock.monotonic() >= PATIENCE_S
    office.pool.answer(A, YES, office.pool.posts[0][1])
    await office.spend(2)
    assert await office.states() == {"waiting": 1}, "the guest's own relay is still tried"
    office.pool.away = set()
    office.pool.standing = {INBOX}
    await office.clock.advance(BACKGROUND_PAUSE_S_MAX)
    await office.sent_within(2, 100)
    assert targets(office) == [A, INBOX]


async def test_a_no_by_theirs_is_no_end(office: PeopleOffice) -> None:
    """Bug 71: refused for good by every relay of the receiver, the notice goes to ours at once; it is given up only
    when they all refuse it as well.
    """
    guest = new_key()
    office.pool.standing = {INBOX, SECOND}
    await office.reads_at(guest, INBOX, SECOND)
    for expected in ({}, {"abandoned": 1}):
        before = len(office.pool.posts)
        await office.promise("hello", (A, B), receiver=guest.public)
        await office.sent(before + 2)
        for url in (INBOX, SECOND):
            office.pool.answer(url, NO, office.pool.posts[before][1])
        await office.sent(before + 4)
        assert targets(office)[before:] == [INBOX, SECOND, A, B]
        office.pool.answer(A, NO if expected else YES, office.pool.posts[before][1])
        office.pool.answer(B, NO, office.pool.posts[before][1])
        await office.settled(expected)
    async with office.database.read() as r:
        (given_up,) = await outbox.abandoned(r)
    assert set(given_up.refused) == {INBOX, SECOND, A, B}


async def test_a_forbidden_relay_is_none(office: PeopleOffice) -> None:
    """A relay at a private address is left out: the others get the notice, and where there is no other, ours do."""
    guest, other = new_key(), new_key()
    office.pool.forbidden = {INBOX}
    office.pool.standing = {SECOND}
    await office.reads_at(guest, INBOX, SECOND)
    await office.reads_at(other, INBOX)
    await office.promise("hello", (A,), receiver=guest.public)
    await office.sent(1)
    await office.promise("hello again", (A,), receiver=other.public)
    await office.sent(2)
    assert targets(office) == [SECOND, A]
    assert INBOX not in office.pool.wanted


async def test_a_relay_that_turns_out_forbidden(office: PeopleOffice) -> None:
    """Found out while the notice waits for it, the relay is given up and the notice goes to ours."""
    guest = new_key()
    await office.reads_at(guest, INBOX)
    await office.promise("hello", (A,), receiver=guest.public)
    await office._until(lambda: INBOX in office.pool.wanted)
    office.pool.forbidden = {INBOX}
    office.pool.arrive(INBOX)
    await office.sent(1)
    assert targets(office) == [A]


async def test_a_list_of_many_relays_costs_a_few(office: PeopleOffice) -> None:
    """Of ten relays that somebody names four are used."""
    guest = new_key()
    many = [f"wss://r{number}.example" for number in range(10)]
    office.pool.standing = set(many)
    await office.reads_at(guest, *many)
    await office.promise("hello", receiver=guest.public)
    await office.sent(4)
    await office.spend(1)
    assert targets(office) == many[:4]


async def test_a_kept_notice_does_not_linger(office: PeopleOffice) -> None:
    """One of two relays has it: the other, which is gone, is tried for an hour and not for a day; ours are never."""
    guest = new_key()
    office.pool.standing = {INBOX}
    office.pool.away = {SECOND}
    await office.reads_at(guest, INBOX, SECOND)
    await office.promise("hello", receiver=guest.public)
    posts = await office.sent(1)
    office.pool.answer(INBOX, YES, posts[0][1])
    await office._until(lambda: office.worker.under_way == 0)
    while office.clock.monotonic() < BACKGROUND_PERSONAL_S - 100:
        assert await office.states() == {"waiting": 1}
        await office.clock.advance(90)
        await office.spend(1)
    while office.clock.monotonic() < BACKGROUND_PERSONAL_S + 2 * BACKGROUND_PAUSE_S_MAX and await office.states():
        await office.clock.advance(90)
        await office.spend(1)
    await office.settled({})  # the ledger may still be at it, however much time has passed
    assert targets(office) == [INBOX]


async def test_a_crowd_of_strangers_waits_in_bounds(office: PeopleOffice, monkeypatch: pytest.MonkeyPatch) -> None:
    """With more receivers to look up than may be aside, the others step back and go later; everybody is served."""
    monkeypatch.setattr(routes, "ASIDE_MAX", 3)
    for number in range(10):
        await office.promise(f"hello {number}", (A,), receiver=new_key().public)
    posts = await office.sent(10)
    assert len({event_id for _, event_id, _ in posts}) == 10
    assert targets(office) == [A] * 10


async def test_a_stop_waits_for_what_is_aside(office: PeopleOffice) -> None:
    """While a receiver is looked up the outbox is not flushed; once the notice is out and accepted it is."""
    guest = new_key()
    office.pool.silent = True
    await office.promise("hello", (A,), receiver=guest.public)
    await office._until(lambda: office.pool.questions > 0)
    assert not await office.worker.is_flushed()
    posts = await office.sent(1)
    office.pool.answer(A, YES, posts[0][1])
    await office.settled({})
    assert await office.worker.is_flushed()


async def test_a_silent_relay_of_theirs_blocks_nobody(office: PeopleOffice, monkeypatch: pytest.MonkeyPatch) -> None:
    """Bug 68: many notices for one relay that never says OK: what goes to ours is sent all the while."""
    monkeypatch.setattr("nostr_loyalty.publishing.outbox_worker.UNKEPT_MAX", 5)
    monkeypatch.setattr("nostr_loyalty.publishing.outbox_worker.FETCH", 3)
    guest = new_key()
    office.pool.standing = {INBOX}
    await office.reads_at(guest, INBOX)
    for number in range(12):
        await office.promise(f"to a silent relay {number}", OURS, receiver=guest.public)
    await office.promise("for everybody", OURS)
    await office._until(lambda: A in targets(office))
    assert targets(office).count(INBOX) < 8


async def test_a_relay_that_is_not_ready_is_tried_again(office: PeopleOffice) -> None:
    """Rate limited by the receiver's relay, the notice goes there again later, and not to ours."""
    guest = new_key()
    office.pool.standing = {INBOX}
    await office.reads_at(guest, INBOX)
    await office.promise("hello", receiver=guest.public)
    posts = await office.sent(1)
    office.pool.answer(INBOX, retry_later("rate-limited: slowly", 20), posts[0][1])
    await office.sent(2)
    assert targets(office) == [INBOX, INBOX]
