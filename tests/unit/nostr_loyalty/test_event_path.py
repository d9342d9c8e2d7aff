"""The event path's promises, on a real ledger; what relays deliver is handed in."""

import asyncio
import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest

from kinds.direct_message import compose
from kinds.event import Claimed, canonical_of
from ledger import inbox
from ledger.errors import InvariantBroken
from nostr_loyalty.daemon import keys_of
from nostr_loyalty.dice import SystemDice
from nostr_loyalty.event_path import BUSY, EventPath
from nostr_loyalty.programs import ServedProgram
from nostr_loyalty.rules.program import SpendRule
from relay_client.deliveries import Arrived, Rejected
from tests.unit.nostr_loyalty.served import URL, Served
from tests.venue import new_key


def with_a_broken_rule(program: ServedProgram) -> ServedProgram:
    """A program whose rule for dollars is a mistake of ours: a division by nothing."""
    broken = SpendRule(points=1, per_minor=0, currency="USD")
    return replace(program, rules=replace(program.rules, spend=(*program.rules.spend, broken)))


async def test_a_forged_copy_first(tmp_path: Path) -> None:
    """Bug 66: a copy with the right id and a wrong signature is dropped and counted; the genuine order that comes after
    it, in the same batch or later, counts.
    """
    async with Served(tmp_path) as served:
        for number, together in enumerate([True, False]):
            genuine = Claimed(*served.order(f"order-{number}", "1000"))
            forged = genuine._replace(sig="11" * 64)
            for batch in [[forged, genuine]] if together else [[forged], [genuine]]:
                await served.deliver(*batch)
        assert await served.moved() == [1, 1]
        assert served.path.dropped["wrong-signature"] == 2


async def test_what_was_changed_on_the_way(tmp_path: Path) -> None:
    """Bug 79: an event whose content does not match its id, and one with 65 bytes of signature, count for nothing."""
    async with Served(tmp_path) as served:
        genuine = Claimed(*served.order("order-1"))
        richer = genuine._replace(
            tags=tuple(("amount", "99000", "sat") if t[0] == "amount" else t for t in genuine.tags)
        )
        await served.deliver(richer, genuine)
        assert await served.moved() == [12]
        assert served.path.dropped["wrong-id"] == 1


async def test_seen_before_is_not_booked_again(tmp_path: Path) -> None:
    """Bug 9, 51: the same event, twice in a batch, in the next batch and after a restart, moves points once and is
    answered once.
    """
    async with Served(tmp_path) as served:
        order = served.order("order-1")
        assert len(await served.take(order, order)) == 1
        assert await served.take(order) == []
    async with served.again() as later:
        assert await later.take(order) == []
        assert await later.moved() == [12]


async def test_how_far_relays_were_read_is_kept_with_what_was_read(tmp_path: Path) -> None:
    """The cursor is in the ledger once the batch is booked, also where its only message was set aside."""
    async with Served(tmp_path, change=with_a_broken_rule) as served:
        for number, unit in enumerate(["sat", "USD"]):
            await served.deliver(served.order(f"order-{number}", "12", unit))
            async with served.database.read() as r:
                assert await inbox.cursors(r) == {(URL, "handed"): number}
                assert len(await inbox.set_aside_list(r)) == number


async def test_a_batch_is_booked_in_the_order_of_its_time(tmp_path: Path) -> None:
    """A catch-up reads newest first; the chain begins with the oldest order all the same."""
    async with Served(tmp_path) as served:
        now = served.clock.now()
        await served.deliver(*(served.order(f"{age}", f"{age}000", at=now - age) for age in (1, 3, 2)))
        assert await served.moved() == [3, 2, 1]


async def test_a_rumor_counts_once_in_any_wraps(tmp_path: Path) -> None:
    """Bug 62: the same rumor in two wraps is one message; the time of a wrap plays no part in it."""
    async with Served(tmp_path, "private") as served:
        at = served.clock.now()
        wraps = [served.venue.wrapped("order-1", served.guest.public, at=at) for _ in range(2)]
        assert wraps[0].id != wraps[1].id
        assert len(await served.take(*wraps)) == 1
        assert await served.moved() == [12]
        assert (await served.chain())[0].seq == 1


async def test_a_surprise_is_set_aside(tmp_path: Path) -> None:
    """A message that our own code stumbles over is found by halving and kept with its traceback; the others are
    booked, and it is booked too when it is taken up again by a program without the mistake.
    """
    async with Served(tmp_path, change=with_a_broken_rule) as served:
        batch = [served.order(f"order-{number}", "1000") for number in range(9)]
        poison = served.order("poison", "12.00", "USD")
        await served.deliver(*batch[:4], poison, *batch[4:])
        assert await served.moved() == [1] * 9
        async with served.database.read() as r:
            (aside,) = await inbox.set_aside_list(r)
        assert aside.ref == poison.id
        assert "AssertionError" in aside.traceback
        assert served.path.counts[inbox.ASIDE] == 1
        await served.deliver(poison)
        assert served.path.counts[inbox.ASIDE] == 1
        await served.assert_clean()
    config = served.venue.folder / "config.toml"
    config.write_text(config.read_text() + '[[program.earn]]\ntype = "spend"\npoints = 1\nper = "1 USD"\n')
    later = served.again()
    later._change = lambda program: program
    async with later:
        assert await later.path.retry_aside() == 1
        assert await later.moved() == [1] * 9 + [12]
        async with later.database.read() as r:
            assert await inbox.set_aside_list(r) == []


async def test_the_ledger_is_locked_for_a_while(tmp_path: Path) -> None:
    """While another process holds the ledger nothing is lost: the batch is tried again until it is booked, and the
    relay is not told before that it was.
    """
    async with Served(tmp_path, busy_timeout_ms=1) as served:
        other = sqlite3.connect(served.config.daemon.database, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        booked = served.pool.hand([Arrived(URL, "orders", Claimed(*served.order("order-1")))])
        async with asyncio.timeout(10):
            while not served.clock.sleeping:
                await served.promises()
        assert not booked.is_set()
        other.execute("ROLLBACK")
        other.close()
        await served.clock.advance(1.0)
        await asyncio.wait_for(booked.wait(), 10)
        assert await served.moved() == [12]


async def test_nonsense_stops_the_path(tmp_path: Path) -> None:
    """A broken invariant is no surprise to be set aside: the path ends with it, also while more is waiting."""

    def with_a_foreign_number(program: ServedProgram) -> ServedProgram:
        return replace(program, ledger_id=program.ledger_id + 1_000)

    async with Served(tmp_path, change=with_a_foreign_number) as served:
        for number in range(5):
            served.pool.hand([Arrived(URL, "orders", Claimed(*served.order(f"order-{number}")))])
        with pytest.raises(ExceptionGroup) as failure:
            await asyncio.wait_for(served.running, 10)
        assert failure.group_contains(InvariantBroken)


async def test_stop_finishes_the_batch(tmp_path: Path) -> None:
    """After stop() the path returns by itself, what was admitted is booked, and stop() may come before run()."""
    async with Served(tmp_path) as served:
        await served.deliver(served.order("order-1"))
        served.path.stop()
        await asyncio.wait_for(served.running, 10)
        assert await served.moved() == [12]
    async with served.again() as later:
        later.path.stop()
        await asyncio.wait_for(later.running, 10)


async def test_stop_does_not_wait_for_a_ledger_that_is_not_to_be_had(tmp_path: Path) -> None:
    """While the disk is full or the ledger locked, stop() ends the path all the same; nothing was booked, so the relay
    was told nothing, and the order is booked after the next start.
    """
    async with Served(tmp_path, busy_timeout_ms=1) as served:
        other = sqlite3.connect(served.config.daemon.database, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        order = Claimed(*served.order("order-1"))
        booked = [served.pool.hand([Arrived(URL, "orders", order)]) for _ in range(3)]
        async with asyncio.timeout(10):
            while not served.clock.sleeping:
                await served.promises()
        served.path.stop()
        await served.clock.advance(1.0)
        async with asyncio.timeout(10):
            while not served.running.done():
                await served.clock.advance(1.0)
        assert served.running.exception() is None
        assert not any(one.is_set() for one in booked)
        other.execute("ROLLBACK")
        other.close()
    async with served.again() as later:
        assert len(await later.take(order)) == 1


async def test_a_crowd_that_was_left_standing_is_no_crowd(tmp_path: Path) -> None:
    """After stop() nobody is on the path any more: what is promised is sent without regard to those turned away."""
    async with Served(tmp_path, busy_timeout_ms=1) as served:
        crowd = [Arrived(URL, "orders", Claimed(*served.order(f"order-{n}"))) for n in range(BUSY)]
        served.pool.hand(crowd)
        async with asyncio.timeout(10):
            while not served.path.is_busy:  # noqa: ASYNC110  nothing tells when it is
                await asyncio.sleep(0)
        served.path.stop()
        await asyncio.wait_for(served.running, 10)
        assert not served.path.is_busy


async def test_what_is_no_event_is_counted(tmp_path: Path) -> None:
    """What relays sent instead of events is counted by its code, as are strangers' kinds and events for others."""
    async with Served(tmp_path) as served:
        await served.pool.hand([Rejected(URL, "event-malformed"), Rejected(URL, "event-malformed")]).wait()
        order = served.order("order-1")
        await served.deliver(
            Claimed(*order)._replace(kind=1), Claimed(*order)._replace(tags=(("p", new_key().public),))
        )
        assert served.path.dropped == {"event-malformed": 2, "unexpected-kind": 1, "not-for-us": 1}


async def test_a_path_that_cannot_answer_writes_no_letter_off(tmp_path: Path) -> None:
    """A letter that lies aside stays there where nobody can answer it, and is answered by a path that can."""
    async with Served(tmp_path) as served:
        rumor = compose(served.guest.public, [served.venue.issuer.public], "balance", (), served.clock.now())
        async with served.database.write() as w:
            await inbox.set_aside(w, inbox.Aside(rumor.id, rumor.created_at, canonical_of(rumor), "Traceback", 1))
        mute = EventPath(
            pool=served.pool, database=served.database, programs=served.programs, keys=keys_of(served.config),  # type: ignore[arg-type] # it passes for a Pool
            clock=served.clock, dice=SystemDice(), batch_max=1, promised=lambda: None,
        )  # fmt: skip
        for path, left in ((mute, 1), (served.path, 0)):
            assert await path.retry_aside() == 1
            async with served.database.read() as r:
                assert await inbox.set_aside_count(r) == left
        assert served.path.counts["letter-answered"] == 1
