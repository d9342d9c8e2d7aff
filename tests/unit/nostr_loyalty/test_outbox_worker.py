"""The outbox worker on a real ledger: the test is the relays, and says what they answer and when."""

import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from ledger import outbox
from ledger.database import Database
from ledger.outbox import Promise
from nostr_loyalty.publishing import attempt, outbox_worker
from relay_client.verdict import Answer, Verdict, retry_later
from tests.unit.nostr_loyalty.outbox_office import NO, YES, A, B, C, Office


@pytest.fixture
async def office(tmp_path: Path) -> AsyncIterator[Office]:
    """An office on an empty ledger."""
    database = await Database.open(tmp_path / "loyalty.db")
    office = Office(database)
    yield office
    await office.crash()
    await database.close()


async def test_kept_when_all_have_said_ok(office: Office) -> None:
    """A promise goes to every relay of its own; when all have accepted, it is done and gone."""
    await office.promise("hello")
    posts = await office.sent(3)
    assert [url for url, _, _ in posts] == [A, B, C]
    for url in (A, B, C):
        office.pool.answer(url, YES, posts[0][1])
    await office.settled({})
    assert office.worker.kept == 1


async def test_a_silent_relay_blocks_nobody(office: Office) -> None:
    """Bug 68, 76: one relay never says OK; what has the demanded number of OKs does not count as on its way, and others
    go on.
    """
    for number in range(5):
        await office.promise(f"note {number}", (A, B))
    for _, event_id, _ in list(await office.sent(10)):
        office.pool.answer(A, YES, event_id)
    await office._until(lambda: office.worker.under_way == 0)
    await office.promise("after", (A, B))
    assert len(await office.sent(12)) == 12


async def test_the_others_are_still_tried(office: Office) -> None:
    """With one OK of one demanded, the relay that was not ready is tried again later, alone; then it is done."""
    await office.promise("hello", (A, B))
    posts = await office.sent(2)
    office.pool.answer(A, YES, posts[0][1])
    office.pool.answer(B, retry_later("error: full"), posts[0][1])
    await office.settled({"waiting": 1})
    await office.clock.advance(120)
    assert [url for url, _, _ in (await office.sent(3))[2:]] == [B]
    office.pool.answer(B, YES, posts[0][1])
    await office.settled({})


async def test_background_tries_end(office: Office) -> None:
    """A kept promise is not carried to a relay that is gone for more than a day."""
    await office.promise("hello", (A, B))
    posts = await office.sent(2)
    office.pool.answer(A, YES, posts[0][1])
    office.clock.step(attempt.BACKGROUND_S + 1)
    office.pool.answer(B, retry_later("no OK in time"), posts[0][1])
    await office.settled({})


async def test_no_by_everybody_is_abandoned_with_the_reason(office: Office) -> None:
    """Bug 71: refused for good by every relay, a promise is put away with what they said, and the next one goes out."""
    await office.promise("poison", (A, B))
    posts = await office.sent(2)
    office.pool.answer(A, NO, posts[0][1])
    office.pool.answer(B, NO, posts[0][1])
    await office.settled({"abandoned": 1})
    async with office.database.read() as r:
        (given_up,) = await outbox.abandoned(r)
    assert given_up.reason == f"{A}: blocked: not here; {B}: blocked: not here"
    await office.promise("hello", (A,))
    assert len(await office.sent(3)) == 3


async def test_a_promise_that_cannot_be_sealed_is_abandoned(office: Office) -> None:
    """Bug 71: a recipe that our own code stumbles over is put away with the reason; the worker and the others go on."""
    poison = Promise(1, "note", office.key.public, b'{"form":"of another version"}', os.urandom(32), (A,), 1)
    async with office.database.write() as w:
        await outbox.post(w, [poison], office.clock.now())
    await office.promise("hello", (A,))
    assert len(await office.sent(1)) == 1
    office.pool.answer(A, YES, office.pool.posts[0][1])
    await office.settled({"abandoned": 1})
    async with office.database.read() as r:
        (given_up,) = await outbox.abandoned(r)
    assert given_up.reason == "cannot be sealed: KeyError('of another version')"


async def test_no_is_final_for_one_relay_only(office: Office) -> None:
    """Bug 77: one relay's no and another one's duplicate make a kept promise."""
    await office.promise("hello", (A, B))
    posts = await office.sent(2)
    office.pool.answer(A, NO, posts[0][1])
    office.pool.answer(B, Verdict(Answer.DUPLICATE, "duplicate: have it"), posts[0][1])
    await office.settled({})


async def test_one_no_gives_nothing_up_while_another_relay_may_still_take_it(office: Office) -> None:
    """One relay refuses for good and the other is not ready: the promise waits as long as that one asked, and goes to
    that one alone.
    """
    await office.promise("hello", (A, B))
    posts = await office.sent(2)
    office.pool.answer(A, NO, posts[0][1])
    office.pool.answer(B, retry_later("rate-limited: slowly", 20), posts[0][1])
    await office._until(lambda: office.worker.under_way == 0)
    for _ in range(15):
        assert await office.states() == {"waiting": 1}
        await office.clock.advance(1)
    assert len(office.pool.posts) == 2
    await office.clock.advance(10)
    assert [url for url, _, _ in (await office.sent(3))[2:]] == [B]
    office.pool.answer(B, YES, posts[0][1])
    await office.settled({})


async def test_a_resend_has_the_same_bytes(office: Office) -> None:
    """Bug 63: what was on its way at a crash goes out again, to the byte the same."""
    await office.promise("hello", (A,))
    await office.sent(1)
    await office.crash()
    office.restart()
    first, second = await office.sent(2)
    assert first == second


async def test_more_than_one_ack_may_be_demanded(office: Office) -> None:
    """With two demanded, one OK is not enough: the promise waits for the other relay."""
    await office.promise("hello", (A, B), acks=2)
    posts = await office.sent(2)
    office.pool.answer(A, YES, posts[0][1])
    office.pool.answer(B, retry_later("disconnected"), posts[0][1])
    await office.settled({"waiting": 1})
    assert office.worker.kept == 0


async def test_a_relay_that_is_back_is_served_at_once(office: Office) -> None:
    """While no relay stands nothing is tried; when one is back, what had stepped back is due at once."""
    await office.promise("hello", (A,))
    posts = await office.sent(1)
    office.pool.down = {A, B, C}
    office.pool.answer(A, retry_later("disconnected"), posts[0][1])
    await office.settled({"waiting": 1})
    office.pool.down = set()
    await office.worker.relay_is_back()
    assert len(await office.sent(2)) == 2


async def test_the_clock_is_set_back(office: Office) -> None:
    """Bug 69: what had stepped back for a minute does not wait for as long as the clock had been wrong."""
    office.clock.step(86_400)
    await office.promise("hello", (A,))
    posts = await office.sent(1)
    office.pool.answer(A, retry_later("error: full"), posts[0][1])
    await office.settled({"waiting": 1})
    office.clock.step(-86_400)
    await office.clock.advance(120)
    assert len(await office.sent(2)) == 2


async def test_lanes(office: Office) -> None:
    """Definitions go before entries, entries before answers, answers before cards."""
    office.pool.down = {A, B, C}
    for lane in (3, 2, 1, 0):
        await office.promise(f"lane {lane}", (A,), lane=lane)
    office.pool.down = set()
    office.wake.set()
    texts = [text for _, _, text in await office.sent(4)]
    assert [text.count(f'"lane {lane}"') for lane, text in enumerate(texts)] == [1, 1, 1, 1]


async def test_a_silent_relay_fills_its_own_route_only(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """Bug 68: with all that may wait for one relay under way, another program's relay still gets its promises."""
    monkeypatch.setattr(outbox_worker, "UNKEPT_MAX", 5)
    monkeypatch.setattr(outbox_worker, "FETCH", 3)
    for number in range(12):
        await office.promise(f"for a silent relay {number}", (A,))
    await office.promise("for another", (B,))
    await office._until(lambda: any(url == B for url, _, _ in office.pool.posts))
    await office.clock.advance(1.0)
    assert 5 <= sum(url == A for url, _, _ in office.pool.posts) < 5 + 3, "full at five, give or take one fetch"


async def test_what_enough_relays_have_is_flushed(office: Office) -> None:
    """A stop does not wait for a relay beyond the demanded number that never answers."""
    await office.promise("kept", (A, B), acks=1)
    posts = await office.sent(2)
    assert not await office.worker.is_flushed()
    office.pool.answer(A, YES, posts[0][1])
    async with asyncio.timeout(10):
        while not await office.worker.is_flushed():
            await office.clock.advance(0.01)


async def test_answers_of_a_crowd_go_a_few_at_a_time_and_without_a_long_pause(office: Office) -> None:
    """While a crowd is there answers wait for some time; then a few go each moment, also with no entry between."""
    office.busy = True
    began = office.clock.monotonic()
    for number in range(96):
        await office.promise(f"answer {number}", (A,), lane=2)
    await office.sent(32)
    assert office.clock.monotonic() - began >= outbox_worker.PATIENCE_S
    await office.sent(96)
    assert office.clock.monotonic() - began < outbox_worker.PATIENCE_S + 6 * outbox_worker.LATE_EVERY_S
