"""What the schema refuses by itself about vouchers, stocks, orders, tallies, commands and referrals."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from ledger import actions, book, expiry_policy, feedback, flags, orders, referrals, tally, vouchers
from ledger.actions import Action
from ledger.errors import InvariantBroken
from ledger.expiry_policy import ExpiryPolicy
from ledger.feedback import Feedback
from ledger.flags import Flag
from ledger.referrals import Referral
from ledger.tally import Tally
from ledger.vouchers import Voucher
from tests.unit.ledger.counter import Counter
from tests.unit.ledger.venue import name

ANA = "a0" * 32
BEN = "b0" * 32


@pytest.fixture
async def counter(tmp_path: Path) -> AsyncIterator[Counter]:
    """A counter where Ana has earned 100 and redeemed a coffee for 10, and Ben has earned 50."""
    opened = await Counter.open(tmp_path / "ledger.db")
    try:
        await opened.sell(ANA, "first", 100)
        await opened.sell(BEN, "second", 50)
        yield opened
        assert (await opened.audit()).findings == []
    finally:
        await opened.close()


async def issue(counter: Counter, **spoilt: object) -> None:
    """Redeems a tea for 5 and issues its voucher, spoilt."""
    async with counter.database.write() as w:
        standing, position = await counter.position(w, ANA)
        moved = position.spend(5, at=0)
        assert moved is not None
        entry_id = await counter.book(w, standing, "redeemed", moved, at=0)
        good = Voucher(
            await vouchers.next_id(w), counter.program_id, standing.id, name(), "tea", "Tea", "item", "one", 5, 5,
            entry_id, "issued", 0, 10, None, 0, None, None, None,
        )  # fmt: skip
        await vouchers.issue(w, [good._replace(**spoilt)])  # type: ignore[arg-type]  # spoilt on purpose
        await vouchers.take_stock(w, counter.program_id, "tea", None, 1)


async def test_a_voucher_belongs_to_its_redemption(counter: Counter) -> None:
    """Bug 8: what is promised has been paid: a voucher without a redemption of its cost and customer is refused."""
    await issue(counter)
    for spoilt in (
        {"entry_id": 1},
        {"entry_id": 99},
        {"cost": 4, "charged": 4},
        {"cost": 6},
        {"standing_id": 2},
        {"program_id": 2},
        {"charged": 6},
        {"charged": -1},
        {"status": "spent"},
        {"status": "used"},
        {"status": "cancelled", "ended_at": 1},
        {"hash": "ab"},
    ):
        with pytest.raises(InvariantBroken):
            await issue(counter, **spoilt)
    assert (await counter.standing(ANA)).balance == 95


async def test_a_redemption_has_one_voucher(counter: Counter) -> None:
    """Bug 8: a second voucher for points that were paid once is refused."""
    first = await counter.redeem(ANA, 10)
    assert first is not None
    with pytest.raises(InvariantBroken):
        async with counter.database.write() as w:
            await vouchers.issue(w, [first._replace(id=first.id + 1, hash=name())])


async def test_a_limit_is_a_constraint(counter: Counter) -> None:
    """Bug 27: a second voucher in the same slot of the same period is refused; a slot that was given back is free."""
    first = await counter.redeem(ANA, 10, slot=0, period=7)
    assert first is not None
    with pytest.raises(InvariantBroken):
        await counter.redeem(ANA, 10, slot=0, period=7)
    assert (await counter.standing(ANA)).balance == 90
    for others in ({"slot": 1, "period": 7}, {"slot": 0, "period": 8}, {"slot": None, "period": 7}):
        assert await counter.redeem(ANA, 10, **others) is not None  # type: ignore[arg-type]  # slot and period only
    assert await counter.redeem(BEN, 10, slot=0, period=7) is not None
    assert await counter.redeem(ANA, 10, slot=0, period=7, reward="cake") is not None
    async with counter.database.read() as r:
        ana = (await counter.standing(ANA)).id
        assert await vouchers.slots(r, ana, "coffee", 7) == {0, 1}
    await counter.end(first.hash)
    assert await counter.redeem(ANA, 10, slot=0, period=7) is not None


async def test_a_stock_is_never_oversold(counter: Counter) -> None:
    """Bug 28: one more than there are is refused with its points and its voucher; one that came back goes out."""
    first = await counter.redeem(ANA, 10, total=2)
    assert first is not None
    await counter.redeem(ANA, 10, total=2)
    with pytest.raises(InvariantBroken):
        await counter.redeem(ANA, 10, total=2)
    assert (await counter.standing(ANA)).balance == 80
    await counter.end(first.hash)
    assert await counter.redeem(ANA, 10, total=2) is not None
    with pytest.raises(InvariantBroken):
        await counter.redeem(ANA, 10, reward="cake", total=0)


async def test_a_stock_may_shrink_below_what_is_out(counter: Counter) -> None:
    """A smaller stock takes nothing away from those who hold a voucher; it only gives none out before there is room."""
    held = [await counter.redeem(ANA, 10, total=3) for _ in range(3)]
    with pytest.raises(InvariantBroken):
        await counter.redeem(ANA, 10, total=1)
    for voucher in held[:2]:
        assert voucher is not None
        await counter.end(voucher.hash)
    async with counter.database.read() as r:
        assert await vouchers.stock_taken(r, counter.program_id, "coffee") == 1
    with pytest.raises(InvariantBroken):
        await counter.redeem(ANA, 10, total=1)
    assert await counter.redeem(ANA, 10, total=None) is not None


@pytest.mark.parametrize(
    "spoilt",
    [
        {"cost": 9},
        {"reward": "cake"},
        {"title": "Cake"},
        {"value": "two"},
        {"entry_id": 1},
        {"issued_at": 5},
        {"period": 5},
        {"hash": "ab" * 32},
        {"charged": 11},
        {"status": "used"},
        {"ended_at": 5},
        {"status": "cancelled", "ended_at": 5},
    ],
    ids=str,
)
async def test_a_voucher_keeps_its_promise(counter: Counter, spoilt: dict[str, object]) -> None:
    """A reward's later price or title changes no voucher that is out, and none ends without its time and its points."""
    voucher = await counter.redeem(ANA, 10)
    assert voucher is not None
    changed = ", ".join(f"{column} = ?" for column in spoilt)
    values = [bytes.fromhex(str(value)) if column == "hash" else value for column, value in spoilt.items()]
    with pytest.raises(InvariantBroken):
        async with counter.database.write() as w:
            await w.run(f"UPDATE voucher SET {changed}", *values)


async def test_what_was_given_back_is_not_used(counter: Counter) -> None:
    """Bug 22: a voucher that was cancelled stays cancelled, and what was given back of one is not charged again."""
    cancelled, used = await counter.redeem(ANA, 10), await counter.redeem(ANA, 10)
    assert cancelled is not None
    assert used is not None
    await counter.end(cancelled.hash)
    await counter.use(used.hash, charged=4)
    for spoilt in (
        cancelled._replace(status="issued", charged=0),
        cancelled._replace(status="used", charged=0, ended_at=5),
        cancelled._replace(status="expired", charged=0, ended_at=5),
        used._replace(status="used", ended_at=5),
        used._replace(id=99),
    ):
        with pytest.raises(InvariantBroken):
            async with counter.database.write() as w:
                await vouchers.update(w, [spoilt])
    async with counter.database.read() as r:
        found = await vouchers.by_hash(r, [cancelled.hash, used.hash])
    assert {one.status for one in found.values()} == {"cancelled", "used"}
    assert found[used.hash].charged == 4


@pytest.mark.parametrize(
    "spoilt",
    [
        {"pending_until": 5},
        {"held": 1},
        {"unbooked": 1},
        {"clamped": 1},
        {"counted_minor": -1},
        {"fixed": -1},
        {"welcome": -1},
        {"entry_id": None},
        {"entry_id": 2},
        {"standing_id": 2},
        {"standing_id": None},
    ],
    ids=str,
)
async def test_an_order_says_nothing_that_excludes_itself(counter: Counter, spoilt: dict[str, object]) -> None:
    """Bug 48: an order does not wait for points that it has, nor gives them to a second customer; what was not booked,
    or was forgiven, was taken back before.
    """
    row = await counter.found("first")
    with pytest.raises(InvariantBroken):
        async with counter.database.write() as w:
            await orders.update(w, [row._replace(**spoilt)])  # type: ignore[arg-type]  # spoilt on purpose


async def test_a_tally_never_falls_below_zero(counter: Counter) -> None:
    """More orders or visits taken off a day than there were is refused, on a day with some and on one without."""
    ana = (await counter.standing(ANA)).id
    for day in (0, 5):
        for orders_, visits in ((-2, 0), (0, -2)):
            with pytest.raises(InvariantBroken):
                async with counter.database.write() as w:
                    await tally.add(w, [Tally(ana, day, counter.source, orders_, visits, 0, 0)])


async def test_a_command_takes_effect_once(counter: Counter) -> None:
    """Bug 59: the same command again is refused for ever, and an action is undone once and never changed otherwise."""
    action = Action(1, counter.program_id, name(), name(), "grant", 1, 5, 7, {"entry": 3}, None, 9)
    async with counter.database.write() as w:
        await actions.record(w, action)
        await actions.record(w, action._replace(id=2, ref=name(), verb="undo", points=0))
        await actions.record(w, action._replace(id=3, ref=name(), verb="undo", points=0))
        await actions.mark_undone(w, 1, 2)
    for change in ("undone_by = 3", "undone_by = NULL", "points = 6", "verb = 'revoke'"):
        with pytest.raises(InvariantBroken):
            async with counter.database.write() as w:
                await w.run(f"UPDATE action SET {change}")
    for again in (action._replace(id=4), action._replace(ref=name(), id=4, points=-1)):
        with pytest.raises(InvariantBroken):
            async with counter.database.write() as w:
                await actions.record(w, again)
    with pytest.raises(InvariantBroken):
        async with counter.database.write() as w:
            await actions.mark_undone(w, 99, 2)


async def test_a_friend_is_brought_once(counter: Counter) -> None:
    """Bug 49: nobody brings itself, and nobody brings a friend whom somebody brought already."""
    first = Referral(1, counter.program_id, 1, 2, "waiting", None, None, None, None, 0)
    async with counter.database.write() as w:
        await referrals.record(w, first)
        await counter.position(w, name())
    for again in (first._replace(id=2), first._replace(id=2, referrer_id=3), first._replace(id=2, friend_id=1)):
        with pytest.raises(InvariantBroken):
            async with counter.database.write() as w:
                await referrals.record(w, again)
    with pytest.raises(InvariantBroken):
        async with counter.database.write() as w:
            await referrals.update(w, first._replace(id=9))


async def test_a_key_is_replaced_once(counter: Counter) -> None:
    """Bug 50: a standing that was relinked is never relinked elsewhere, nor to itself."""
    await counter.relink(ANA, BEN)
    lost, kept = await counter.standing(ANA), await counter.standing(BEN)
    third = name()
    async with counter.database.write() as w:
        other, _ = await counter.position(w, third)
    for wrong in (
        lost._replace(relinked_to=other.id),
        lost._replace(relinked_to=None),
        kept._replace(relinked_to=kept.id),
    ):
        with pytest.raises(InvariantBroken):
            async with counter.database.write() as w:
                await book.append(w, [], standings=[wrong])


KEPT = ("voucher", "stock", "action", "referral", "feedback", "flag", "expiry_policy", "refund", "paid_order")


@pytest.mark.parametrize("table", KEPT)
async def test_what_is_written_stays(counter: Counter, table: str) -> None:
    """Bug 59: what says that something happened can neither be deleted nor replaced, which would delete it silently."""
    program_id, order_id = counter.program_id, (await counter.found("first")).id
    await counter.redeem(ANA, 10)
    await counter.take_back("first", 10, 100)
    async with counter.database.write() as w:
        await actions.record(w, Action(1, program_id, name(), name(), "grant", 1, 5, 7, {}, None, 9))
        await referrals.record(w, Referral(1, program_id, 1, 2, "waiting", None, None, None, None, 0))
        await feedback.record(w, Feedback(order_id, program_id, 1, "Fine!", None, 0))
        await flags.record(w, [Flag(0, program_id, 1, order_id, "customer", 9, 0, 0, None)])
        await expiry_policy.record(w, ExpiryPolicy(0, program_id, counter.revision_id, 9, 0, None))
    with pytest.raises(InvariantBroken):
        async with counter.database.write() as w:
            await w.run(f"DELETE FROM {table}")
    with pytest.raises(InvariantBroken):
        async with counter.database.write() as w:
            await w.run(f"INSERT OR REPLACE INTO {table} SELECT * FROM {table}")
