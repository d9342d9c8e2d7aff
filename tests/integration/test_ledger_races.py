"""Many at once want the last of something: one gets it, and nothing else is lost or won."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Sequence
from pathlib import Path
from typing import TypeVar

import pytest

from ledger import orders
from ledger.errors import InvariantBroken
from tests.unit.ledger.counter import Counter
from tests.unit.ledger.venue import name

ANA = "a0" * 32
BEN = "b0" * 32
DAY = 86_400

T = TypeVar("T")


@pytest.fixture
async def counter(tmp_path: Path) -> AsyncIterator[Counter]:
    """A counter on a new ledger, which must be clean in the end."""
    opened = await Counter.open(tmp_path / "ledger.db")
    try:
        yield opened
        assert (await opened.audit()).findings == []
    finally:
        await opened.close()


async def race(attempts: Sequence[Awaitable[T]]) -> list[T]:
    """All at once; what those have got whom the ledger did not refuse."""
    outcomes = await asyncio.gather(*attempts, return_exceptions=True)
    strange = [one for one in outcomes if isinstance(one, BaseException) and not isinstance(one, InvariantBroken)]
    assert strange == []
    return [one for one in outcomes if not isinstance(one, BaseException)]


async def test_the_last_reward_goes_out_once(counter: Counter) -> None:
    """Bug 28: 64 customers want the last coffee at once: one has it, and the others keep all of their points."""
    guests = [name() for _ in range(64)]
    for guest in guests:
        await counter.earn(guest, 10)
    vouchers = await race([counter.redeem(guest, 10, total=1) for guest in guests])
    assert len(vouchers) == 1
    assert sorted([(await counter.standing(guest)).balance for guest in guests]) == [0] + [10] * 63


async def test_the_last_points_are_spent_once(counter: Counter) -> None:
    """Bug 25, 26: 64 tills redeem the same customer's last points at once: one voucher, and a balance of 0."""
    await counter.earn(ANA, 10)
    vouchers = await race([counter.redeem(ANA, 10) for _ in range(64)])
    assert sum(voucher is not None for voucher in vouchers) == 1
    assert (await counter.standing(ANA)).balance == 0


async def test_the_last_slot_is_taken_once(counter: Counter) -> None:
    """Bug 27: a reward that is limited to one a day, 16 times at once: once, whatever was read before."""
    await counter.earn(ANA, 1_000)
    assert len(await race([counter.redeem(ANA, 10, slot=0, period=7) for _ in range(16)])) == 1
    assert (await counter.standing(ANA)).balance == 990


async def test_a_voucher_is_used_once_by_two_tills(counter: Counter) -> None:
    """Bug 26: one code at two tills at once, on two orders: it is good for one of them."""
    await counter.earn(ANA, 10)
    voucher = await counter.redeem(ANA, 10)
    assert voucher is not None
    used = await race([counter.use(voucher.hash, f"table {each}") for each in range(16)])
    assert sum(used) == 1


async def test_a_voucher_is_used_or_given_back(counter: Counter) -> None:
    """Bug 22, 31: used, cancelled and out of time at once: exactly one of these happens, and points come back at most
    once.
    """
    for _ in range(8):
        await counter.earn(ANA, 10)
        voucher = await counter.redeem(ANA, 10)
        assert voucher is not None
        before = (await counter.standing(ANA)).balance
        endings = [counter.end(voucher.hash), counter.end(voucher.hash, "expired"), counter.end(voucher.hash)]
        used, *ended = await race([counter.use(voucher.hash), *endings])
        assert used + sum(ended) == 1
        assert (await counter.standing(ANA)).balance == before + 10 * sum(ended)


async def test_a_receipt_is_claimed_once(counter: Counter) -> None:
    """Bug 48: 16 keys show one receipt's code at once: one of them has its points."""
    row = await counter.wait(None, "receipt", 8)
    guests = [name() for _ in range(16)]
    assert len(await race([counter.give("receipt", guest) for guest in guests])) == 1
    async with counter.database.read() as r:
        assert row.claim_hash is not None
        (found,) = (await orders.by_claim(r, [row.claim_hash, name()])).values()
    assert found.standing_id is not None


async def test_parallel_credits_all_count(counter: Counter) -> None:
    """Bug 29, 58: 32 credits and 32 debits of one customer at once: none overwrites another's balance."""
    await counter.earn(ANA, 320)
    await asyncio.gather(*(counter.earn(ANA, 7) for _ in range(32)), *(counter.spend(ANA, 10) for _ in range(32)))
    standing = await counter.standing(ANA)
    assert (standing.balance, standing.seq, standing.lifetime) == (320 + 32 * 7 - 320, 65, 320 + 32 * 7)


async def test_an_older_snapshot_is_not_written_over_a_newer_one(counter: Counter) -> None:
    """Bug 29: who decided on figures that somebody has moved since is refused, and the newer ones stay."""
    await counter.earn(ANA, 100)
    async with counter.database.write() as w:
        standing, position = await counter.position(w, ANA)
    await counter.spend(ANA, 60)
    moved = position.spend(60, at=0)
    assert moved is not None
    with pytest.raises(InvariantBroken):
        async with counter.database.write() as w:
            await counter.book(w, standing, "redeemed", moved, at=0)
    assert (await counter.standing(ANA)).balance == 40


async def test_the_sweep_and_the_till_at_once(counter: Counter) -> None:
    """Bug 32, 54: points that have just run out, written off and wanted at once: they are never spent, and the others
    are.
    """
    await counter.earn(ANA, 50, expires_at=5 * DAY)
    await counter.earn(ANA, 20)
    spent, *_ = await asyncio.gather(
        counter.spend(ANA, 21, at=5 * DAY), counter.expire(ANA, at=5 * DAY), counter.expire(ANA, at=5 * DAY)
    )
    assert spent is None
    assert (await counter.standing(ANA)).balance == 20
    assert await counter.spend(ANA, 20, at=5 * DAY) is not None


async def test_a_sweep_that_slept_for_a_month(counter: Counter) -> None:
    """Bug 53, 54, 55: nothing that has run out is spendable meanwhile; the write-off changes no other lot and raises no
    balance, and a refund afterwards takes nothing again.
    """
    first = await counter.earn(ANA, 100, expires_at=5 * DAY)
    await counter.earn(ANA, 100)
    assert await counter.spend(ANA, 60) is not None
    assert await counter.spend(ANA, 101, at=35 * DAY) is None
    before = (await counter.standing(ANA)).balance
    assert await counter.expire(ANA, at=35 * DAY) == 1
    assert (await counter.standing(ANA)).balance == before - 40 == 100
    assert await counter.expire(ANA, at=36 * DAY) == 0
    await counter.refund(ANA, first, 100, at=36 * DAY)
    assert (await counter.standing(ANA)).balance == 40
