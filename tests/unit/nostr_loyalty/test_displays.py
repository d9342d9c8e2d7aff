"""Kitchen displays: the line of an order goes to each of them at once, in a wrap that no relay keeps, or not at all."""

import os
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from kinds import gift_wrap, registry
from kinds.event import Event, Rumor, parse_event, verify
from kinds.keys import SecretKey
from kinds.tags import value
from ledger import outbox
from ledger.database import Database
from ledger.outbox import Promise
from nostr_loyalty.publishing import sealing
from nostr_loyalty.publishing.attempt import DISPLAY_S
from nostr_loyalty.publishing.publications import DISPLAY, LANE_ANSWER
from relay_client.verdict import Verdict, retry_later
from tests.unit.nostr_loyalty.outbox_office import NO, YES, A, B, C, Office
from tests.unit.nostr_loyalty.served import Served
from tests.venue import new_key

KITCHEN, BAR = new_key(), new_key()
LINE = "Table 7: 4th visit this month"


@pytest.fixture
async def office(tmp_path: Path) -> AsyncIterator[Office]:
    """An office on an empty ledger."""
    database = await Database.open(tmp_path / "loyalty.db")
    office = Office(database)
    yield office
    await office.crash()
    await database.close()


async def promised(office: Office, relays: tuple[str, ...] = (A, B)) -> None:
    """Promise a line to the kitchen."""
    now = office.clock.now()
    recipe = sealing.display(KITCHEN.public, LINE, [("result", "accepted")], now)
    one = Promise(LANE_ANSWER, DISPLAY, office.key.public, recipe, os.urandom(32), relays, 1)
    async with office.database.write() as w:
        await outbox.post(w, [one], now)
    office.wake.set()


async def quiet(office: Office, seconds: float = 120.0) -> int:
    """How many posts there are in all after so long."""
    for _ in range(int(seconds)):
        await office.states()  # gives the ledger's thread its turn
        await office.clock.advance(1)
    return len(office.pool.posts)


def opened(wrap: Event, reader: SecretKey) -> Rumor:
    """The message in a wrap that no relay keeps."""
    assert wrap.kind == registry.EPHEMERAL_GIFT_WRAP
    return gift_wrap.unwrap(wrap, reader)


# -- what is sent -----------------------------------------------------------------------------------------------------


async def displays(served: Served, order: Event) -> dict[str, Event]:
    """What an order sends to displays, by whom it is for."""
    await served.deliver(order)
    sealed = [event for event, _ in await served.sealed() if event.kind == registry.EPHEMERAL_GIFT_WRAP]
    found = {value(event.tags, "p") or "": event for event in sealed}
    assert len(found) == len(sealed)
    return found


async def test_every_display_gets_what_the_till_is_told(tmp_path: Path) -> None:
    """Each key under `monitors` gets the answer's words and tags, and the program's address, in a 21059 of its own that
    is dated now; an order that the rules refuse is shown too.
    """
    async with Served(
        tmp_path, "private", change=lambda program: replace(program, monitors=(KITCHEN.public, BAR.public))
    ) as served:
        order = served.order("A-1")
        shown = await displays(served, order)
        assert shown.keys() == {KITCHEN.public, BAR.public}
        assert shown[KITCHEN.public].pubkey != shown[BAR.public].pubkey
        for key in (KITCHEN, BAR):
            wrap = shown[key.public]
            assert (wrap.created_at, wrap.tags) == (served.clock.now(), (("p", key.public),))
            rumor = opened(wrap, key)
            assert (rumor.pubkey, rumor.content) == (
                served.venue.issuer.public, "1st visit this month; +12 points, balance 12",
            )  # fmt: skip
            assert value(rumor.tags, "e") == order.id
            said = {(tag[0], tag[1]) for tag in rumor.tags}
            assert {("order", "A-1"), ("result", "accepted"), ("points", "+12"), ("a", served.venue.address)} <= said
        refused = await displays(served, served.order("A-2", "12", "EUR"))
        assert value(opened(refused[KITCHEN.public], KITCHEN).tags, "result") == "rejected"


async def test_nobody_is_shown_anything_unasked(tmp_path: Path) -> None:
    """A program without `monitors` sends nothing of the kind."""
    async with Served(tmp_path) as served:
        assert await displays(served, served.order("A-1")) == {}


# -- how it is sent ---------------------------------------------------------------------------------------------------


async def test_it_is_dated_now_and_kept_nowhere(office: Office) -> None:
    """The wrap is of kind 21059, which relays pass on and do not keep; it bears the time of the order, not an invented
    one, since relays refuse an ephemeral event of more than a minute ago.
    """
    now = office.clock.now()
    await promised(office)
    for url, _, text in await office.sent(2):
        wrap = verify(parse_event(text))
        assert (url in (A, B), wrap.kind, wrap.created_at) == (True, registry.EPHEMERAL_GIFT_WRAP, now)
        assert LINE not in text
        assert opened(wrap, KITCHEN).content == LINE


@pytest.mark.parametrize("said", [YES, NO], ids=["taken", "refused"])
async def test_it_is_sent_once(office: Office, said: Verdict) -> None:
    """Once one relay has taken or refused it, it is over: the relay that did not answer is not tried again."""
    await promised(office)
    posts = await office.sent(2)
    office.pool.answer(A, said, posts[0][1])
    office.pool.answer(B, retry_later("no OK in time"), posts[0][1])
    await office.settled({})
    assert await quiet(office) == 2


async def test_silence_is_not_asked_again(office: Office) -> None:
    """A relay that says nothing until its time is over ends it as well."""
    await promised(office, (A,))
    ((_, event_id, _),) = await office.sent(1)
    await office.clock.advance(DISPLAY_S)
    office.pool.answer(A, retry_later("no OK in time"), event_id)
    await office.settled({})
    assert await quiet(office) == 1


@pytest.mark.parametrize("others", [set(), {C}], ids=["no relay at all", "another relay"])
async def test_old_news_is_dropped(office: Office, others: set[str]) -> None:
    """What could not be sent for 30 seconds is dropped, also when the relay is back before anybody looked."""
    office.pool.down = {A, B, C} - others
    await promised(office)
    await quiet(office, DISPLAY_S + 2)
    office.pool.down = set()
    await office.worker.relay_is_back()
    await office.settled({})
    assert await quiet(office, 10) == 0


async def test_a_relay_that_is_back_in_time_shows_it(office: Office) -> None:
    """Within the 30 seconds it is still news."""
    office.pool.down = {A, B, C}
    await promised(office, (A,))
    await quiet(office, DISPLAY_S - 5)
    office.pool.down = set()
    await office.worker.relay_is_back()
    ((url, event_id, _),) = await office.sent(1)
    office.pool.answer(url, YES, event_id)
    await office.settled({})


async def test_after_a_crash_it_is_old_news_too(office: Office) -> None:
    """A daemon that starts again later does not send it."""
    await office.crash()
    await promised(office)
    office.clock.step(DISPLAY_S + 1)
    office.restart()
    await office.settled({})
    assert office.pool.posts == []
