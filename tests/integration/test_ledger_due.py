"""Looking for what is due reads what is due of the programs that ask, and no more."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from ledger import book, flags, orders, programs, referrals, vouchers
from ledger.audit_questions import QUESTIONS
from ledger.flags import Flag
from tests.unit.ledger.counter import Counter
from tests.unit.ledger.venue import Venue, name

ANA = "a0" * 32
WARNED = (
    "SELECT entry_id FROM lot WHERE program_id = 1 AND expires_at > 2 AND expires_at <= 3 AND remaining > 0 "
    "AND warned = 0 ORDER BY expires_at, entry_id LIMIT 4"
)
QUERIES: list[Callable[..., Awaitable[list[Any]]]] = [
    book.due_lots, book.standings_to_review, orders.pending_due, vouchers.due, referrals.vesting_due,
]  # fmt: skip


async def test_the_limit_is_of_the_programs_that_ask(tmp_path: Path) -> None:
    """However much of another program is due, those that ask find theirs within their limit; without any, nothing."""
    counter = await Counter.open(tmp_path / "ledger.db")
    try:
        async with counter.database.write() as w:
            other = await programs.register(w, "other", "other", name(), 0)
            revision = await programs.add_revision(w, other, name(), name(), b"rules", 0)
        venue = Venue(counter.database, other, revision)
        for at in range(9):
            await venue.earn(ANA, 1, at=1, expires_at=10 + at)
        await Venue(counter.database, counter.program_id, counter.revision_id).earn(ANA, 1, at=1, expires_at=99)
        async with counter.database.read() as r:
            mine = await book.due_lots(r, 100, 1, [counter.program_id])
            assert [lot.expires_at for _, lot in mine] == [99]
            assert [lot.expires_at for _, lot in await book.lots_to_warn(r, counter.program_id, 200, 0, 1)] == [99]
            assert len(await book.due_lots(r, 100, 99, [other])) == 9
            assert [await query(r, 100, 9, []) for query in QUERIES] == [[]] * len(QUERIES)
    finally:
        await counter.close()


@pytest.mark.parametrize(
    ("question", "index"),
    [
        (WARNED, "lot_to_warn (program_id=? AND expires_at>? AND expires_at<?)"),
        (QUESTIONS["lot-outlives-policy"], "draw_put_back (lot_id=?)"),
        (QUESTIONS["lot-outlives-policy"], "expiry_policy_of (program_id=?)"),
    ],
)
async def test_nothing_is_searched_through(tmp_path: Path, question: str, index: str) -> None:
    """What is asked in every sweep, or of every lot, goes by an index."""
    counter = await Counter.open(tmp_path / "ledger.db")
    try:
        async with counter.database.read() as r:
            plan = " / ".join(str(row[3]) for row in await r.rows(f"EXPLAIN QUERY PLAN {question}"))
        assert index in plan, plan
    finally:
        await counter.close()


async def test_flags_and_vouchers_of_many_orders_are_one_question(tmp_path: Path) -> None:
    """A batch of refunds asks once for its vouchers and settles its flags in one statement, each in its own way, by an
    index.
    """
    counter = await Counter.open(tmp_path / "ledger.db")
    try:
        for reference in ("a", "b", "c"):
            await counter.sell(ANA, reference, 10)
            voucher = await counter.redeem(ANA, 5)
            assert voucher is not None
            assert await counter.use(voucher.hash, reference)
        ana = (await counter.standing(ANA)).id
        async with counter.database.write() as w:
            ids = [(await counter.found(each)).id for each in ("a", "b", "c")]
            await flags.record(w, [Flag(0, counter.program_id, ana, each, "source", 3, 0, 7, None) for each in ids])
            await flags.settle(w, [(ids[0], "released"), (ids[2], "dropped")])
            settled = await w.rows("SELECT order_id, settled FROM flag ORDER BY id")
            assert settled == list(zip(ids, ("released", None, "dropped"), strict=True))
            wanted = [(counter.program_id, each) for each in ("c", "a", "c", "elsewhere")]
            assert [one.order_reference for one in await vouchers.used_on(w, wanted)] == ["a", "c"]
            assert await vouchers.used_on(w, []) == []
            plan = await w.rows(
                "EXPLAIN QUERY PLAN UPDATE flag SET settled = value ->> 1 FROM json_each('[]') "
                "WHERE flag.order_id = value ->> 0 AND flag.settled IS NULL"
            )
        assert any("SEARCH flag USING" in row[3] for row in plan), plan
    finally:
        await counter.close()
