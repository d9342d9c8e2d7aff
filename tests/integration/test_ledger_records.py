"""What stands beside the book is found again: vouchers, commands, wrong codes, friends, words, flags, ends of lots."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from ledger import (
    actions,
    book,
    claim_attempts,
    expiry_policy,
    feedback,
    flags,
    programs,
    referrals,
    statement,
    vouchers,
)
from ledger.actions import Action
from ledger.expiry_policy import ExpiryPolicy
from ledger.feedback import Feedback
from ledger.flags import Flag
from ledger.referrals import Referral
from tests.unit.ledger.counter import Counter
from tests.unit.ledger.venue import name

ANA, BEN, CARL = (f"{each}0" * 32 for each in range(1, 4))
DAY = 86_400


@pytest.fixture
async def counter(tmp_path: Path) -> AsyncIterator[Counter]:
    """A counter on a new ledger."""
    opened = await Counter.open(tmp_path / "ledger.db")
    yield opened
    await opened.close()


async def test_vouchers_are_found_by_what_they_are_asked_for(counter: Counter) -> None:
    """By code, by customer (newest first), by the end of their hold, by the bill they were used on."""
    await counter.sell(ANA, "a", 100)
    first, second, third = [await counter.redeem(ANA, 10, at=at) for at in (20, 10, 30)]
    assert first is not None
    assert second is not None
    assert third is not None
    async with counter.database.read() as r:
        assert await vouchers.by_hash(r, [second.hash, name()]) == {second.hash: second}
        assert await vouchers.by_hash(r, []) == {}
        assert await vouchers.of_standing(r, first.standing_id, 2) == [third, second]
        assert await vouchers.due(r, DAY + 9, 9, range(99)) == []
        assert await vouchers.due(r, DAY + 20, 9, range(99)) == [second, first]
        assert await vouchers.due(r, DAY + 30, 2, range(99)) == [second, first]
        assert await vouchers.held(r, [first.standing_id, 99]) == {first.standing_id: 30}
        assert await vouchers.held(r, []) == {}
        assert await vouchers.stock_taken(r, counter.program_id, "coffee") == 3
        assert await vouchers.stock_taken(r, counter.program_id, "cake") == 0
    assert first.is_active
    await counter.use(first.hash, "a", charged=4)
    await counter.use(second.hash)
    await counter.end(third.hash)
    async with counter.database.read() as r:
        (used,) = await vouchers.used_on(r, [(counter.program_id, "a")])
        assert used == first._replace(
            status="used", charged=4, ended_at=1, order_source=counter.source, order_reference="a"
        )
        assert not used.is_active
        assert await vouchers.used_on(r, [(counter.program_id, "b")]) == []
        assert await vouchers.used_on(r, [(counter.program_id + 1, "a")]) == []
        assert await vouchers.held(r, [first.standing_id]) == {}
        assert await vouchers.due(r, 9 * DAY, 9, range(99)) == []
        assert await vouchers.stock_taken(r, counter.program_id, "coffee") == 2
        await vouchers.issue(r, [])  # type: ignore[arg-type]  # nothing is written
        await vouchers.update(r, [])  # type: ignore[arg-type]  # nothing is written
    assert (await counter.audit()).findings == []
    async with counter.database.write() as w:
        await vouchers.update(w, [used._replace(status="cancelled", charged=0)])
        assert await vouchers.used_on(w, [(counter.program_id, "a")]) == []


async def test_draws_come_back_in_the_order_of_drawing(counter: Counter) -> None:
    """What a redemption still holds is told in the order of drawing, whatever became of the lots' ends since."""
    everlasting = await counter.earn(ANA, 10)
    late = await counter.earn(ANA, 10, expires_at=90 * DAY)
    soon = await counter.earn(ANA, 10, expires_at=30 * DAY)
    entry_id = await counter.spend(ANA, 25)
    assert entry_id is not None
    await counter.restore(ANA, entry_id, 2, at=0)
    async with counter.database.write() as w:
        assert await book.limit_lots(w, counter.program_id, 20 * DAY) == 1
        await w.run("UPDATE lot SET expires_at = 1 WHERE entry_id = ?", everlasting)
        drawn = await book.entries_drawn(w, entry_id)
        assert [(draw.lot_id, draw.points) for draw in drawn] == [(soon, 10), (late, 10), (everlasting, 3)]
        assert await book.entries_drawn(w, everlasting) == []


async def test_what_filled_a_deficit_is_drawn_no_more(counter: Counter) -> None:
    """A part of a redemption that came back into a debt, and so into no lot, is taken off what was drawn last."""
    late = await counter.earn(ANA, 10)
    soon = await counter.earn(ANA, 10, expires_at=30 * DAY)
    entry_id = await counter.spend(ANA, 20)
    assert entry_id is not None
    await counter.take(ANA, 12)
    await counter.restore(ANA, entry_id, 7)
    async with counter.database.read() as r:
        drawn = await book.entries_drawn(r, entry_id)
    assert [(draw.lot_id, draw.points) for draw in drawn] == [(soon, 10), (late, 3)]
    await counter.restore(ANA, entry_id)
    assert (await counter.standing(ANA)).balance == 8
    async with counter.database.read() as r:
        assert await book.entries_drawn(r, entry_id) == []
    assert (await counter.audit()).findings == []


async def test_commands_are_counted_and_found_again(counter: Counter) -> None:
    """What an operator granted, revoked and redeemed on a day, without what was undone; and the last thing it did."""
    await counter.earn(ANA, 5)
    ana, actor, other = (await counter.standing(ANA)).id, name(), name()
    done = [
        Action(1, counter.program_id, name(), actor, "grant", ana, 5, 7, {"entry": 1}, None, 70),
        Action(2, counter.program_id, name(), actor, "revoke", ana, 3, 7, {}, None, 71),
        Action(3, counter.program_id, name(), actor, "revoke-entry", ana, 2, 7, {"order": "ä"}, None, 72),
        Action(4, counter.program_id, name(), actor, "redeem", ana, 10, 7, {}, None, 73),
        Action(5, counter.program_id, name(), actor, "grant", ana, 9, 8, {}, None, 80),
        Action(6, counter.program_id, name(), other, "grant", ana, 1, 7, {}, None, 74),
        Action(7, counter.program_id, name(), actor, "undo", None, 0, 8, {}, None, 81),
    ]
    async with counter.database.write() as w:
        assert await actions.next_id(w) == 1
        for action in done:
            await actions.record(w, action)
        assert await actions.next_id(w) == 8
        assert await actions.by_ref(w, done[2].ref) == done[2]
        assert await actions.by_ref(w, name()) is None
        assert await actions.on_day(w, counter.program_id, actor, 7) == (4, 20)
        assert await actions.last_of(w, counter.program_id, actor) == done[4]
        await actions.mark_undone(w, 5, 7)
        await actions.mark_undone(w, 1, 7)
        assert await actions.on_day(w, counter.program_id, actor, 7) == (3, 15)
        assert await actions.last_of(w, counter.program_id, actor) == done[3]
        assert await actions.last_of(w, counter.program_id, name()) is None
        recent = await actions.recent(w, counter.program_id, 3)
        assert recent == [done[6], done[5], done[4]._replace(undone_by=7)]


async def test_wrong_codes_are_counted_by_key_and_hour(counter: Counter) -> None:
    """Bug 47: wrong codes add up by key and for all; the next hour begins anew, and old hours are forgotten."""
    one, two, program_id = name(), name(), counter.program_id
    async with counter.database.write() as w:
        for actor in (one, one, two):
            await claim_attempts.add_wrong(w, program_id, actor, 500)
        assert await claim_attempts.wrong(w, program_id, one, 500) == (2, 3)
        assert await claim_attempts.wrong(w, program_id, name(), 500) == (0, 3)
        assert await claim_attempts.wrong(w, program_id, one, 501) == (0, 0)
        await claim_attempts.add_wrong(w, program_id, two, 525)
        assert await claim_attempts.wrong(w, program_id, one, 500) == (0, 0)


async def test_friends_words_and_flags_are_found(counter: Counter) -> None:
    """Who brought whom, what was said about which order, and what nobody has looked at yet."""
    await counter.sell(ANA, "a", 10)
    await counter.sell(BEN, "b", 10)
    async with counter.database.write() as w:
        ana, ben, carl = [(await counter.position(w, each))[0].id for each in (ANA, BEN, CARL)]
        assert await referrals.next_id(w) == 1
        waiting = Referral(1, counter.program_id, ana, ben, "waiting", None, None, None, None, 3)
        await referrals.record(w, waiting)
        assert await referrals.of_friend(w, ben) == waiting
        assert await referrals.of_friend(w, ana) is None
        assert (await referrals.referrer_of(w, ben), await referrals.referrer_of(w, ana)) == (ana, None)
        vesting = waiting._replace(status="vesting", order_id=2, vest_at=9)
        await referrals.update(w, vesting)
        assert await referrals.by_id(w, [1, 5]) == {1: vesting}
        assert await referrals.by_order(w, [1, 2]) == {2: vesting}
        assert await referrals.by_id(w, []) == {}
        assert (await referrals.vesting_due(w, 8, 5, range(99)), await referrals.vesting_due(w, 9, 5, range(99))) == (
            [],
            [vesting],
        )
        await referrals.move(w, ben, carl)
        await referrals.move(w, ana, ben)
        assert await referrals.of_friend(w, carl) == vesting._replace(referrer_id=ben, friend_id=carl)
        assert (await referrals.count_of_referrer(w, ben), await referrals.count_of_referrer(w, ana)) == (1, 0)
        await referrals.move(w, ben, carl)
        assert await referrals.referrer_of(w, carl) == ben
        await referrals.record(w, Referral(2, counter.program_id, ben, ana, "waiting", None, None, None, None, 4))
        await referrals.move(w, ana, carl)  # both were brought: each keeps who brought it
        assert (await referrals.referrer_of(w, ana), await referrals.referrer_of(w, carl)) == (ben, ben)
        said = [Feedback(1, counter.program_id, ana, "Fine!", 1, 5), Feedback(2, counter.program_id, ben, "", None, 6)]
        for one in said:
            await feedback.record(w, one)
        assert await feedback.by_order(w, [2, 1, 9]) == {1: said[0], 2: said[1]}
        assert await feedback.by_order(w, []) == {}
        assert await feedback.of_program(w, counter.program_id, 1) == said[1:]
        flagged = [Flag(0, counter.program_id, ana, each, "source", 3, 1, 7, None) for each in (1, 2)]
        await flags.record(w, flagged)
        await flags.record(w, [])
        await flags.settle(w, [(1, "released")])
        assert [one[1:] for one in await flags.open_flags(w, counter.program_id)] == [flagged[1][1:]]


async def test_a_shorter_life_is_given_once_and_never_to_the_past(counter: Counter) -> None:
    """Bug 37: a change of expiry gives every lot that lives longer the same new end, and leaves the sooner ones; what
    runs out next and whom to warn follow.
    """
    await counter.earn(ANA, 1)
    await counter.earn(ANA, 2, expires_at=3 * DAY)
    await counter.earn(BEN, 4, expires_at=90 * DAY)
    await counter.earn(BEN, 8, expires_at=30 * DAY)
    spent = await counter.earn(CARL, 16)
    await counter.spend(CARL, 16)
    program_id = counter.program_id
    async with counter.database.write() as w:
        other = await programs.register(w, "other", "other", name(), 0)
        policy = ExpiryPolicy(0, program_id, counter.revision_id, 30, 5, 30 * DAY)
        assert await expiry_policy.latest(w, program_id) is None
        await expiry_policy.record(w, policy)
        await expiry_policy.record(w, policy._replace(ttl_days=None, limit_at=None))
        assert [one[1:] for one in await expiry_policy.all_of(w, program_id)] == [
            policy[1:], policy._replace(ttl_days=None, limit_at=None)[1:],
        ]  # fmt: skip
        latest = await expiry_policy.latest(w, program_id)
        assert latest is not None
        assert (latest.ttl_days, await expiry_policy.all_of(w, other)) == (None, [])
        await book.warn_lots(w, list(range(1, 5)))
        assert await book.lots_to_warn(w, program_id, 99 * DAY, 0, 9) == []
        assert await book.limit_lots(w, other, DAY) == 0
        assert await book.limit_lots(w, program_id, 30 * DAY) == 2
        assert await book.limit_lots(w, program_id, 30 * DAY) == 0
        again = await book.lots_to_warn(w, program_id, 30 * DAY, 0, 9)
        assert [(lot.entry_id, lot.remaining, lot.expires_at) for _, lot in again] == [
            (1, 1, 30 * DAY),
            (3, 4, 30 * DAY),
        ]
        assert await book.lots_to_warn(w, other, 30 * DAY, 0, 9) == []
        assert await book.lots_to_warn(w, program_id, 30 * DAY, 30 * DAY, 9) == []
        await book.warn_lots(w, [])
    ends = [await counter.standing(each) for each in (ANA, BEN, CARL)]
    assert [(one.next_expiry_at, one.next_expiry_points) for one in ends] == [(3 * DAY, 2), (30 * DAY, 12), (None, 0)]
    async with counter.database.read() as r:
        assert (await book.lots(r, [ends[2].id], also=[spent]))[ends[2].id][0].expires_at is None
    assert (await counter.audit()).findings == []


async def test_a_program_can_be_read_through(counter: Counter) -> None:
    """Bug 34: every end is listed, not only the next one; and every customer once, with the key that took over."""
    await counter.earn(ANA, 1, expires_at=9 * DAY)
    await counter.earn(ANA, 2, expires_at=9 * DAY)
    await counter.earn(ANA, 4, expires_at=3 * DAY)
    await counter.earn(BEN, 8, expires_at=9 * DAY)
    await counter.earn(BEN, 16)
    await counter.relink(BEN, CARL)
    program_id = counter.program_id
    async with counter.database.read() as r:
        assert await statement.upcoming(r, program_id, None, 9) == [
            (ANA, 4, 3 * DAY), (ANA, 3, 9 * DAY), (CARL, 8, 9 * DAY),
        ]  # fmt: skip
        assert await statement.upcoming(r, program_id, 9 * DAY - 1, 9) == [(ANA, 4, 3 * DAY)]
        assert await statement.upcoming(r, program_id, 3 * DAY, 9) == [(ANA, 4, 3 * DAY)]
        assert len(await statement.upcoming(r, program_id, None, 2)) == 2
        first = await statement.standing_views(r, program_id, 0, 2)
        (last,) = await statement.standing_views(r, program_id, first[-1].standing_id, 2)
        assert [one.customer for one in (*first, last)] == [ANA, BEN, CARL]
        assert (first[1].relinked_to, first[1].frozen, first[0].relinked_to) == (CARL, 1, None)
        assert (last.balance, last.next_expiry_at, last.next_expiry_points) == (24, 9 * DAY, 8)
        assert await statement.standing_views(r, program_id + 1, 0, 9) == []
        assert await statement.standings_of(r, CARL) == [last]
