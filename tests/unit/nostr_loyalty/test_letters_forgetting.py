"""`forget me`, and the same by NIP-62: what is public goes, the key is nowhere any more, and the books still add up."""

from pathlib import Path

import pytest

from kinds import registry, vanish
from kinds.event import Template, author, sign, to_json
from ledger import addresses, outbox
from ledger.addresses import Address
from ledger.database import Database
from ledger.outbox import Settlement
from tests.unit.nostr_loyalty.correspondence import wrapped
from tests.unit.nostr_loyalty.guest_life import delivered, live, places_of
from tests.unit.nostr_loyalty.house import house, npub
from tests.unit.nostr_loyalty.served import URL
from tests.unit.nostr_loyalty.shelf import Shelf
from tests.venue import new_key


async def sums(database: Database) -> list[tuple[object, ...]]:
    """The books: points by type, and what is outstanding."""
    async with database.read() as r:
        by_type = await r.rows("SELECT type, count(*), sum(points) FROM entry GROUP BY type ORDER BY type")
        return [*by_type, *await r.rows("SELECT sum(balance), sum(deficit), sum(lifetime), sum(visits) FROM standing")]


@pytest.mark.parametrize("visibility", ["private", "public"])
async def test_nothing_of_the_key_is_left(tmp_path: Path, visibility: str) -> None:
    """Asked first, done when it is said again: no column of any table holds the key, and the books are the same."""
    async with house(tmp_path, visibility, manager={"points": 100}) as place:
        served = place.served
        await live(place)
        await delivered(served.database)
        books = await sums(served.database)
        held = await places_of(served.database, place.guest)
        assert set(held) >= {"action.actor", "address.pubkey", "claim_attempt.actor", "confirmation.request",
                             "entry.document", "feedback.text", "standing.customer"}  # fmt: skip
        asked = await place.says("guest", "forget me")
        assert asked.code == "forget-confirm"
        assert "olvídame" in asked.text
        await delivered(served.database)
        assert await places_of(served.database, place.guest) == held
        assert await place.code("guest", "olvídame sí") == "forgotten"
        assert served.let_go == [place.guest.public]
        await delivered(served.database)
        assert await places_of(served.database, place.guest) == []
        assert await sums(served.database) == books
        await served.assert_clean()


@pytest.mark.parametrize("by", ["letter", "request"])
async def test_the_farewell_goes_where_the_guest_read(tmp_path: Path, by: str) -> None:
    """So do answers that wait: the relays that were known go with the promise, the address itself is gone at once, and
    no promise names a receiver who would be looked up again. Given up, the farewell is dropped.
    """
    async with house(tmp_path) as place:
        served, relays = place.served, ("wss://inbox.example",)
        async with served.database.write() as w:
            await addresses.note(w, [Address(place.guest.public, relays, 1, served.clock.now())])
        await delivered(served.database)
        await place.says("guest", "balance")
        async with served.database.read() as r:
            (waits,) = [one for one in await outbox.due(r, 2**40, 100) if one.receiver == place.guest.public]
        if by == "request":
            await served.post(place.guest, sign(vanish.template([], served.clock.now(), everywhere=True), place.guest))
        else:
            assert await place.code("guest", "forget me yes") == "forgotten"
        async with served.database.read() as r:
            assert await addresses.of(r, [place.guest.public]) == {}
            due = [one for one in await outbox.due(r, 2**40, 100) if one.label == "letter"]
            assert await outbox.abandoned(r) == []
        assert [one.receiver for one in due] == [None] * len(due)
        assert [one.theirs for one in due] == [relays, relays]
        assert due[0].id == waits.id
        farewell = due[-1]
        async with served.database.write() as w:
            await outbox.settle(w, [Settlement(farewell.id, (), farewell.relays, "abandoned", reason="no")])
        async with served.database.read() as r:
            assert await outbox.abandoned(r) == []


async def test_nothing_of_it_is_sent_any_more(tmp_path: Path) -> None:
    """What still waited to be told of the guest is not told; the farewell and what withdraws is."""
    async with house(tmp_path, "public") as place:
        served = place.served
        await served.deliver(served.order("order-3"))
        await place.says("guest", "forget me yes")
        async with served.database.read() as r:
            waiting = await outbox.due(r, 2**40, 10_000)
        about = [one.label for one in waiting if place.guest.public.encode() in one.recipe]
        # The last card replaces the public one and is deleted with it; the letter is the farewell.
        assert about == ["letter", "deletion"]


@pytest.mark.parametrize("in_wrap", [False, True], ids=["signed", "in-a-wrap"])
@pytest.mark.parametrize(("relay", "counts"), [(URL, True), ("ALL", True), ("wss://elsewhere.example", False)])
async def test_a_request_to_vanish(tmp_path: Path, relay: str, counts: bool, in_wrap: bool) -> None:
    """NIP-62 is a `forget me`, where it is to a relay of the program or to all; elsewhere it changes nothing."""
    async with house(tmp_path, "public") as place:
        served, shelf = place.served, Shelf()
        await served.deliver(served.order("order-3"))
        shelf.put(event for event, _ in await served.sealed())
        assert shelf.names(place.guest.public)
        await delivered(served.database)
        relays = [] if relay == "ALL" else [relay]
        asked = vanish.template(relays, served.clock.now(), everywhere=relay == "ALL", reason="good-bye")
        event = sign(asked, place.guest)
        if in_wrap:
            rumor = author(asked, place.guest.public)
            event = wrapped(place.guest, rumor, served.venue.issuer.public, served.clock.now())
        answers = await served.post(place.guest, event)
        shelf.put(one for one, _ in served.others)
        await delivered(served.database)
        assert [answer.code for answer in answers] == (["forgotten"] if counts else [])
        assert (await places_of(served.database, place.guest) == []) == counts
        assert (shelf.names(place.guest.public) == []) == counts
        await served.assert_clean()


async def test_a_request_to_vanish_by_nobody_we_know(tmp_path: Path) -> None:
    """Relays are full of them: nothing is answered and nothing changes."""
    async with house(tmp_path) as place:
        served = place.served
        event = sign(vanish.template([], served.clock.now(), everywhere=True), place.stranger)
        assert await served.post(place.stranger, event) == []
        assert served.others == []


@pytest.mark.parametrize("age", [15 * 86_400, -3_600])
async def test_a_request_to_vanish_from_another_time(tmp_path: Path, age: int) -> None:
    """One of two weeks ago may be older than the card; one from the future is not now."""
    async with house(tmp_path) as place:
        served = place.served
        event = sign(vanish.template([], served.clock.now() - age, everywhere=True), place.guest)
        assert await served.post(place.guest, event) == []
        assert (await place.says("guest", "balance")).tag("balance") == "60"


async def test_it_is_heard_when_letters_are_too_many(tmp_path: Path) -> None:
    """Whoever has written so much that it gets no answers is forgotten all the same."""
    async with house(tmp_path) as place:
        served = place.served
        for number in range(21):
            await served.write(place.guest, f"help {number}")
        assert await served.write(place.guest, "balance") == []
        event = sign(vanish.template([], served.clock.now(), everywhere=True), place.guest)
        assert [answer.code for answer in await served.post(place.guest, event)] == ["forgotten"]


async def test_the_keys_of_before_are_forgotten_too(tmp_path: Path) -> None:
    """Bug 50: who was moved to a new key, twice, and is forgotten by it, is forgotten by all of them."""
    async with house(tmp_path, "public") as place:
        served, shelf = place.served, Shelf()
        await served.deliver(served.order("order-3"))
        second, third = new_key(), new_key()
        for old, new in ((place.guest, second), (second, third)):
            assert await place.code("owner", f"relink {npub(old)} {npub(new)}") == "done"
        async with served.database.read() as r:
            due = await outbox.due(r, 2**40, 10_000)
        assert due
        for key in (place.guest, second):
            assert await place.code(key, "forget me yes") == "customer-frozen"
        assert await place.code(third, "forget me yes") == "forgotten"
        shelf.put(event for event, _ in place.served.others)
        await delivered(served.database)
        for key in (place.guest, second, third):
            assert await places_of(served.database, key) == []
            assert not any(key.public in to_json(one) for one in shelf.of(registry.DELETION))
        await served.assert_clean()


async def test_life_goes_on(tmp_path: Path) -> None:
    """The forgotten one's orders may be refunded, its codes run out, its card is never spoken of; who comes again is
    somebody new.
    """
    async with house(tmp_path, "public") as place:
        served = place.served
        code = (await place.says("guest", "redeem coffee")).tag("voucher")
        other = (await place.says("guest", "redeem coffee")).tag("voucher")
        await place.says("guest", "forget me yes")
        await served.promises()
        await served.take(served.order("order-1", "40000", status="refunded"))
        assert await place.code("staff", f"use {code}") == "done"
        served.later(days=40)
        await served.sweep()
        said = await served.sealed()
        assert {promised.label for _, promised in said} <= {"answer", "letter"}
        assert other is not None
        assert await place.code("owner", "balance {guest}") == "customer-unknown"
        await served.take(served.order("order-9", "3000"))
        assert (await place.says("guest", "balance")).tag("balance") == "3"
        assert await served.moved() == [3]
        await place.says("guest", "forget me yes")
        await served.assert_clean()


async def test_an_operator_answers_for_its_commands(tmp_path: Path) -> None:
    """A manager who was a guest too is forgotten as a guest; what it gave to others stays its own."""
    async with house(tmp_path) as place:
        served = place.served
        await served.take(served.order("own", "5000", customer=place.manager.public))
        await place.says("manager", "grant {guest} 5")
        assert await place.code("manager", "forget me yes") == "forgotten"
        await delivered(served.database)
        held = await places_of(served.database, place.manager)
        assert set(held) <= {"action.actor", "entry.document", "revision.document"}
        assert await place.code("manager", "undo") == "done"
        await served.assert_clean()


async def test_a_customer_of_two_programs(tmp_path: Path) -> None:
    """A request to vanish is for every program whose relays it is to; a `forget me` for one."""
    async with house(tmp_path) as place:
        before = place.served.venue.write_config().read_text()
    second = before[before.index("[[program]]") :].replace("cafe-sol", "bar-luna").replace("Café Sol", "Bar Luna")
    (tmp_path / "config.toml").write_text(before + second)
    async with place.served.again() as served:
        both = place._replace(served=served)
        luna = served.order("luna", "5000")
        tags = tuple(("a", served.programs.all[1].address) if tag[0] == "a" else tag for tag in luna.tags)
        await served.take(sign(Template(luna.kind, luna.created_at, tags, luna.content), served.venue.till))
        assert (await both.says("guest", "bar-luna balance")).tag("balance") == "5"
        await both.says("guest", "cafe-sol forget me yes")
        assert (await both.says("guest", "balance")).tag("balance") == "5"
        await served.take(served.order("again", "2000"))
        await served.post(place.guest, sign(vanish.template([URL], served.clock.now()), place.guest))
        await delivered(served.database)
        assert await places_of(served.database, place.guest) == []
        await served.assert_clean()
