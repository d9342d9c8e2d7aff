"""The address book on a real ledger under a fake clock: who is asked for where, what is believed, how long it holds."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from ledger.addresses import Address
from ledger.database import Database
from nostr_loyalty.reaching import address_book
from nostr_loyalty.reaching.address_book import CHECK_S, DEADLINE_S, LATE_S, MUTED_S, UNSURE_S, is_stale
from tests.unit.nostr_loyalty.address_office import DAEMONS, INDEXER, OURS, AddressOffice, inbox
from tests.venue import new_key

INBOX, OTHER = "wss://inbox.example", "wss://other.example"


@pytest.fixture
async def office(tmp_path: Path) -> AsyncIterator[AddressOffice]:
    """A book on an empty ledger."""
    database = await Database.open(tmp_path / "loyalty.db")
    office = AddressOffice(database)
    yield office
    await office.close()
    await database.close()


async def test_every_relay_is_asked_once_for_all(office: AddressOffice) -> None:
    """Those who are wanted together are asked for in one question at each relay, by the key that is connected there;
    who is found nowhere is known to have no relays.
    """
    ann, bob, eve = new_key(), new_key(), new_key()
    now = office.clock.now()
    office.pool.kept[OURS].append(inbox(ann, [INBOX], now - 50))
    office.pool.kept[INDEXER].append(inbox(bob, [OTHER, INBOX], now - 60))
    found = await office.look_up(ann, bob, eve, ann)
    checked = found[ann.public].checked_at
    assert found == {
        ann.public: Address(ann.public, (INBOX,), now - 50, checked),
        bob.public: Address(bob.public, (OTHER, INBOX), now - 60, checked),
        eve.public: Address(eve.public, (), 0, checked),
    }
    assert {(url, key) for url, key, _ in office.pool.questions} == {
        (OURS, "aa" * 32), (DAEMONS, "aa" * 32), (INDEXER, None),
    }  # fmt: skip
    assert [authors for *_, authors in office.pool.questions] == [(ann.public, bob.public, eve.public)] * 3


async def test_who_comes_alone_is_looked_up_at_once_and_who_follows_is_gathered(office: AddressOffice) -> None:
    """A guest's first notice does not wait for others; those who come within the next moment share a question."""
    ann, bob, eve = new_key(), new_key(), new_key()
    began = office.clock.monotonic()
    await office.look_up(ann)
    assert office.clock.monotonic() == began
    await office.look_up(bob, eve)
    at_ours = [authors for url, _, authors in office.pool.questions if url == OURS]
    assert at_ours == [(ann.public,), (bob.public, eve.public)]


async def test_a_crowd_is_asked_for_by_the_hundred(office: AddressOffice) -> None:
    """Of 250 people no question names more than a hundred, and each of them is in one question at each relay."""
    crowd = [new_key() for _ in range(250)]
    await office.look_up(*crowd)
    at_ours = [authors for url, _, authors in office.pool.questions if url == OURS]
    assert max(len(authors) for authors in at_ours) == 100
    assert sorted(who for authors in at_ours for who in authors) == sorted(one.public for one in crowd)


async def test_the_newest_genuine_list_holds(office: AddressOffice) -> None:
    """Bug 79: of several lists the newest holds; one that is newer and forged, from the future or by somebody else is
    not believed; of two of one second the lower id holds, as everywhere.
    """
    ann, bob = new_key(), new_key()
    now = office.clock.now()
    newest = inbox(ann, [INBOX], now - 10)
    forged = inbox(ann, ["wss://evil.example"], now - 5)
    office.pool.kept[OURS] = [inbox(ann, [OTHER], now - 20), forged._replace(sig=newest.sig), newest]
    office.pool.kept[INDEXER] = [
        inbox(ann, ["wss://future.example"], now + 2 * 86_400),
        inbox(ann, ["wss://old.example"], now - 900),
    ]
    twins = sorted([inbox(bob, [INBOX], now), inbox(bob, [OTHER], now)], key=lambda each: each.id)
    office.pool.kept[DAEMONS] = [twins[1], twins[0]]
    found = await office.look_up(ann, bob)
    assert found[ann.public].relays == (INBOX,)
    assert found[bob.public].relays == (twins[0].tags[0][1],)


async def test_a_list_of_fifty_is_cut(office: AddressOffice) -> None:
    """Of a list of fifty relays the first few are kept, and of what is no relay nothing."""
    ann = new_key()
    relays = ["http://no.relay", "wss://user:word@evil.example", *(f"wss://r{number}.example" for number in range(50))]
    office.pool.kept[OURS].append(inbox(ann, relays, 5))
    found = await office.look_up(ann)
    assert found[ann.public].relays == tuple(f"wss://r{number}.example" for number in range(10))


async def test_what_is_known_holds_until_something_newer(office: AddressOffice) -> None:
    """Looked up again, an older list or none changes nothing; a newer one takes its place, an empty one too."""
    ann = new_key()
    now = office.clock.now()
    office.pool.kept[OURS] = [inbox(ann, [INBOX], now - 50)]
    await office.look_up(ann)
    for kept, relays in (
        ([inbox(ann, [OTHER], now - 60)], (INBOX,)), ([], (INBOX,)), ([inbox(ann, [OTHER], now - 40)], (OTHER,)),
        ([inbox(ann, [], now - 30)], ()), ([inbox(ann, [INBOX], now - 40)], ()),
    ):  # fmt: skip
        office.pool.kept[OURS] = kept
        await office.clock.advance(CHECK_S)
        found = await office.look_up(ann)
        assert found[ann.public].relays == relays
        assert found[ann.public].checked_at >= office.clock.now() - 1


async def test_a_silent_relay_is_waited_for_once(office: AddressOffice) -> None:
    """Bug 68: a relay that never answers holds the first look-up up to the deadline and the next ones not at all, until
    it is given another chance; meanwhile nothing found is no proof, and what the others have is found.
    """
    ann, bob, eve = new_key(), new_key(), new_key()
    office.pool.silent = {INDEXER}
    office.pool.kept[OURS] = [inbox(ann, [INBOX], 5)]
    begun = office.clock.monotonic()
    found = await office.look_up(ann, bob)
    assert DEADLINE_S <= office.clock.monotonic() - begun < DEADLINE_S + 1
    now = office.clock.now()
    assert found[ann.public].relays == (INBOX,)
    assert not is_stale(found[ann.public].checked_at, now + UNSURE_S + 1)
    assert not is_stale(found[bob.public].checked_at, now)
    assert is_stale(found[bob.public].checked_at, now + UNSURE_S + 1)
    begun = office.clock.monotonic()
    await office.look_up(eve)
    assert office.clock.monotonic() - begun < 1
    await office.clock.advance(MUTED_S)
    office.pool.silent = set()
    found = await office.look_up(bob)
    assert not is_stale(found[bob.public].checked_at, office.clock.now() + UNSURE_S + 1)


@pytest.mark.parametrize("trouble", ["down", "refusing"])
async def test_a_relay_that_gives_no_answer_costs_no_time(office: AddressOffice, trouble: str) -> None:
    """One that is not connected is not asked, one that refuses has answered: either way nothing waits, and that nothing
    was found is not taken for long.
    """
    ann = new_key()
    getattr(office.pool, trouble).add(INDEXER)
    begun = office.clock.monotonic()
    found = await office.look_up(ann)
    assert office.clock.monotonic() - begun < 1
    now = office.clock.now()
    assert found[ann.public].relays == ()
    assert not is_stale(found[ann.public].checked_at, now)
    assert is_stale(found[ann.public].checked_at, now + UNSURE_S + 1)
    assert {url for url, *_ in office.pool.questions} == {OURS, DAEMONS} | ({INDEXER} & office.pool.refusing)


async def test_who_is_looked_up_is_not_looked_up_again(office: AddressOffice) -> None:
    """While somebody is looked up, wanting them joins in; afterwards it is a new look-up."""
    ann = new_key()
    office.pool.silent = {OURS, DAEMONS, INDEXER}
    first = office.book.want(ann.public)
    assert office.book.want(ann.public) is first
    await office.clock.advance(DEADLINE_S - 1)
    assert office.book.want(ann.public) is first
    await office.look_up(ann)
    assert len(office.pool.questions) == 3
    office.pool.silent = set()
    assert office.book.want(ann.public) is not first
    await office.look_up(ann)
    assert len(office.pool.questions) == 3, "all three were silent, and are left alone for a while"


async def test_who_is_forgotten_meanwhile_stays_forgotten(office: AddressOffice) -> None:
    """A look-up that was under way when its person was forgotten writes nothing down; one of somebody else in the same
    question does, and so does a later one.
    """
    ann, bob = new_key(), new_key()
    for url in (DAEMONS, INDEXER):
        office.pool.kept[url] = [inbox(one, ["wss://inbox.example"], office.clock.now()) for one in (ann, bob)]
    office.pool.silent = {OURS}
    both = [office.book.want(one.public) for one in (ann, bob)]
    await office.under_way(ann)
    office.book.let_go([ann.public, new_key().public])
    assert office.book.want(ann.public) is both[0]
    await office.look_up(ann, bob)
    assert list(await office.known(ann, bob)) == [bob.public]
    assert list(await office.look_up(ann)) == [ann.public]


async def test_a_look_up_is_late_at_last(office: AddressOffice) -> None:
    """Where a look-up does not come to its end, here because the ledger is busy, nothing waits for it longer than five
    seconds.
    """
    ann = new_key()
    office.book.want(ann.public)
    async with office.database.write():
        await office.clock.advance(LATE_S - 0.1)
        assert not office.book.is_late(ann.public)
        await office.clock.advance(0.1)
        assert office.book.is_late(ann.public)
    await office.look_up(ann)
    assert not office.book.is_late(ann.public)


async def test_a_flood_of_people_is_bounded(office: AddressOffice, monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond so many at once nobody more is looked up."""
    monkeypatch.setattr(address_book, "WANTED_MAX", 2)
    ann, bob, eve = new_key(), new_key(), new_key()
    assert office.book.want(ann.public) is not None
    assert office.book.want(bob.public) is not None
    assert office.book.want(eve.public) is None
    assert office.book.want(ann.public) is not None


def test_what_is_stale() -> None:
    """A day after the look-up; also when that seems to lie far ahead, since the clock was wrong then (Bug 69)."""
    now = 1_800_000_000
    assert not is_stale(now, now)
    assert not is_stale(now - CHECK_S + 1, now)
    assert is_stale(now - CHECK_S, now)
    assert not is_stale(now + 60, now)
    assert is_stale(now + 2 * CHECK_S, now)
