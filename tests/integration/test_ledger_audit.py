"""The audit finds every way in which a ledger may disagree with itself, and nothing where it does not."""

import asyncio
import shutil
import sqlite3
from pathlib import Path

import pytest

from ledger import actions, book, expiry_policy, feedback, flags, referrals
from ledger.actions import Action
from ledger.audit import SENTENCES
from ledger.expiry_policy import ExpiryPolicy
from ledger.feedback import Feedback
from ledger.flags import Flag
from ledger.referrals import Referral
from tests.unit.ledger.counter import Counter
from tests.unit.ledger.venue import Venue, name

CUSTOMER = "c0" * 32
OTHER = "d0" * 32
ANA, BEN, CARL, DAN, EVE, FAY = (f"{each}0" * 32 for each in range(1, 7))
HELD = 2**53

TAMPERED = {
    "UPDATE entry SET balance = balance + 1 WHERE id = 2": "balance-differs",
    "UPDATE entry SET seq = 9 WHERE id = 2": "seq-gap",
    "UPDATE entry SET prev_id = NULL WHERE id = 2": "prev-differs",
    "UPDATE entry SET recorded_at = -1 WHERE id = 2": "time-decreases",
    "UPDATE entry SET document = x'00' WHERE id = 1": "document-differs",
    "UPDATE revision SET document = x'00'": "revision-differs",
    "UPDATE standing SET lifetime = 7": "standing-differs",
    "UPDATE standing SET head = zeroblob(32)": "standing-differs",
    "UPDATE standing SET balance = 7": "lots-differ",
    "UPDATE standing SET deficit = 7": "lots-differ",
    "UPDATE standing SET visits = 7": "visits-differ",
    "UPDATE standing SET visits_month = 7": "visits-differ",
    "UPDATE standing SET month = 202312": "visits-differ",
    "UPDATE lot SET remaining = 1": "lot-differs",
    "UPDATE lot SET expired = 1": "lot-expired-differs",
    "UPDATE lot SET reversed = 1": "lot-reversed-differs",
    "DELETE FROM lot": "credit-without-lot",
    "DELETE FROM draw": "draws-differ",
    "UPDATE entry SET key = (SELECT key FROM entry WHERE id = 1) WHERE id = 2": "key-twice",
    "UPDATE entry SET points = 5 WHERE id = 1": "over-reversed",
    "UPDATE entry SET standing_id = 9 WHERE id = 3": "reversal-elsewhere",
    "UPDATE paid_order SET earned = 99": "order-entry-differs",
    "UPDATE paid_order SET entry_id = NULL": "order-entry-differs",
    "DELETE FROM paid_order": "order-entry-differs",
    "UPDATE paid_order SET reversed = 1": "order-reversed-differs",
    "INSERT INTO refund VALUES (1, 1, zeroblob(32), 'r', 1, 1, 1, NULL, zeroblob(32), 0, NULL)": "order-refunds-differ",
    "UPDATE paid_order SET refunded_minor = 1": "order-refunds-differ",
    "UPDATE entry SET revision_id = 77": "foreign-key",
    "DROP TABLE refund; CREATE TABLE refund (order_id, points, amount_minor); PRAGMA writable_schema = ON; "
    "UPDATE sqlite_schema SET rootpage = 3 WHERE name = 'refund'": "file-damaged",
}


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A ledger of two customers who earned, spent and were refunded."""

    async def fill(path: Path) -> None:
        venue = await Venue.open(path)
        try:
            await venue.sell(CUSTOMER, "first", 100)
            await venue.spend(CUSTOMER, 30)
            await venue.refund(CUSTOMER, 1, 20)
            await venue.earn(OTHER, 5)
            assert (await venue.audit()).findings == []
        finally:
            await venue.close()

    path = tmp_path_factory.mktemp("small") / "ledger.db"
    asyncio.run(fill(path))
    return path


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A ledger in which everything happened that can."""

    async def fill(path: Path) -> None:
        counter = await Counter.open(path)
        try:
            await _everything(counter)
            assert (await counter.audit()).findings == []
        finally:
            await counter.close()

    path = tmp_path_factory.mktemp("large") / "ledger.db"
    asyncio.run(fill(path))
    return path


async def _everything(counter: Counter) -> None:
    """Points earned, waiting, claimed, spent, given back, clamped, ending; a key replaced; friends, words, flags."""
    ana_entry = await counter.sell(ANA, "ana", 100)
    await counter.sell(BEN, "ben", 50)
    await counter.earn(ANA, 50, expires_at=200_000)
    used = await counter.redeem(ANA, 20, reward="coffee", total=5)
    cancelled = await counter.redeem(ANA, 10, reward="cake")
    await counter.redeem(BEN, 10, reward="coffee", total=5, slot=0, period=7)
    assert used is not None
    assert cancelled is not None
    await counter.use(used.hash, "table 4", charged=15)
    await counter.end(cancelled.hash)
    await counter.wait(ANA, "held", 7, until=HELD)
    await counter.wait(None, "receipt", 8)
    await counter.take_back("receipt", 3, 300)
    await counter.give("receipt", BEN)
    await counter.wait(ANA, "delivery", 9, until=5)
    await counter.take_back("delivery", 4, 400)
    await counter.give("delivery")
    await counter.take_back("delivery", 2, 100)
    await counter.sell(CARL, "carl", 10)
    await counter.redeem(CARL, 8, reward="cake")
    await counter.take_back("carl", 6, 600, deficit=False)
    await counter.sell(DAN, "dan", 12)
    lost = await counter.redeem(DAN, 3, reward="cake")
    kept = await counter.redeem(DAN, 2, reward="cake")
    assert lost is not None
    assert kept is not None
    await _around(counter, ana_entry)
    await counter.relink(DAN, EVE)
    await counter.take_back("dan", 4, 400)
    await counter.end(lost.hash)


async def _around(counter: Counter, ana_entry: int) -> None:
    """Friends, words, flags, commands, and an end for all points."""
    program_id = counter.program_id
    ana, ben, dan = [(await counter.standing(one)).id for one in (ANA, BEN, DAN)]
    bonus = await counter.earn(FAY, 5)
    fay = (await counter.standing(FAY)).id
    order_id = (await counter.found("ana")).id
    async with counter.database.write() as w:
        await referrals.record(w, Referral(1, program_id, ana, dan, "waiting", None, None, None, None, 0))
        await referrals.record(w, Referral(2, program_id, ana, fay, "paid", order_id, None, None, bonus, 0))
        standing, _ = await counter.position(w, DAN)
        await book.append(w, [], standings=[standing._replace(referral_id=1)])
        await feedback.record(w, Feedback(order_id, program_id, ana, "Fine!", bonus, 0))
        await flags.record(w, [Flag(0, program_id, ben, order_id, "customer", 9, 0, 0, None)])
        await actions.record(w, Action(1, program_id, name(), name(), "grant", ben, 5, 1, {}, None, 0))
        await actions.record(w, Action(2, program_id, name(), name(), "undo", ben, 0, 1, {}, None, 0))
        await actions.mark_undone(w, 1, 2)
        await expiry_policy.record(w, ExpiryPolicy(0, program_id, counter.revision_id, 9, 1, 1_000_000))
        await book.limit_lots(w, program_id, 1_000_000)


def findings(original: Path, folder: Path, tampering: str) -> set[str]:
    """What the audit finds in a copy that somebody changed by hand, past all triggers and checks."""
    path = shutil.copy(original, folder / "ledger.db")
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA ignore_check_constraints = ON")
    for (trigger,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'trigger'").fetchall():
        connection.execute(f"DROP TRIGGER {trigger}")
    connection.executescript(tampering)
    connection.close()

    async def audit() -> set[str]:
        venue = await Venue.open(path)
        try:
            report = await venue.audit()
        finally:
            await venue.close()
        assert all("{}" not in finding.sentence for finding in report.findings)
        return {finding.code for finding in report.findings}

    return asyncio.run(audit())


@pytest.mark.parametrize("tampering", TAMPERED, ids=str)
def test_the_audit_finds_what_was_tampered_with(small: Path, tmp_path: Path, tampering: str) -> None:
    """Each way in which a ledger may disagree with itself is found, and named by its code."""
    assert TAMPERED[tampering] in findings(small, tmp_path, tampering)


_DAN, _EVE = f"customer = x'{DAN}'", f"customer = x'{EVE}'"

TAMPERED_AROUND = {
    "UPDATE paid_order SET unbooked = 0 WHERE reference = 'receipt'": "order-entry-differs",
    "UPDATE paid_order SET pending_until = NULL WHERE reference = 'held'": "order-entry-differs",
    "UPDATE paid_order SET pending_until = 5 WHERE reference = 'ana'": "order-pending-differs",
    "UPDATE paid_order SET held = 1 WHERE reference = 'ana'": "order-pending-differs",
    "UPDATE paid_order SET standing_id = NULL WHERE reference = 'held'": "order-pending-differs",
    "UPDATE paid_order SET unbooked = 4 WHERE reference = 'receipt'": "order-reversed-differs",
    "UPDATE paid_order SET clamped = 0 WHERE reference = 'carl'": "order-reversed-differs",
    "UPDATE paid_order SET clamped = 5 WHERE reference = 'carl'": "order-refunds-differ",
    "UPDATE paid_order SET reversed = 7 WHERE reference = 'dan'": "order-reversed-differs",
    f"UPDATE standing SET visits = 1 WHERE {_DAN}": "visits-differ",
    f"UPDATE standing SET visits_month = 2 WHERE {_EVE}": "visits-differ",
    f"UPDATE standing SET carried_visits = 2, visits = 2 WHERE {_EVE}": "carried-visits-differ",
    "UPDATE standing SET earned_points = earned_points + 1": "sums-differ",
    "UPDATE standing SET spent_minor = spent_minor + 1": "sums-differ",
    "UPDATE tally SET visits = visits + 1": "sums-differ",
    "UPDATE tally SET orders = orders + 1": "tallies-differ",
    "UPDATE tally SET points = points + 1": "tallies-differ",
    "UPDATE tally SET spent_minor = spent_minor + 1": "tallies-differ",
    "UPDATE tally SET day = 3": "tallies-differ",
    f"DELETE FROM tally WHERE standing_id = (SELECT id FROM standing WHERE {_EVE})": "tallies-differ",
    "UPDATE standing SET last_order_id = 1": "last-order-differs",
    f"UPDATE standing SET last_order_id = 99 WHERE {_EVE}": "last-order-differs",
    "UPDATE standing SET next_expiry_points = 1 WHERE next_expiry_at = 200000": "next-expiry-differs",
    "UPDATE standing SET next_expiry_at = NULL, next_expiry_points = 0": "next-expiry-differs",
    "UPDATE standing SET next_expiry_at = 99 WHERE next_expiry_at = 200000": "next-expiry-differs",
    "UPDATE lot SET expires_at = 50 WHERE expires_at = 1000000": "next-expiry-differs",
    f"UPDATE standing SET relinked_to = 99 WHERE {_DAN}": "relink-differs",
    f"UPDATE standing SET program_id = 2 WHERE {_EVE}": "relink-differs",
    f"UPDATE standing SET relinked_to = (SELECT id FROM standing WHERE {_DAN}) WHERE {_EVE}": "relink-differs",
    "UPDATE lot SET expires_at = NULL WHERE expires_at = 1000000": "lot-outlives-policy",
    "UPDATE lot SET expires_at = 1000001 WHERE expires_at = 1000000": "lot-outlives-policy",
    "UPDATE voucher SET cost = cost + 1": "voucher-entry-differs",
    "UPDATE voucher SET entry_id = 1 WHERE id = 1": "voucher-entry-differs",
    "UPDATE voucher SET program_id = 2": "voucher-entry-differs",
    "UPDATE voucher SET charged = 20 WHERE charged = 15": "voucher-charge-differs",
    "UPDATE voucher SET charged = 0 WHERE charged = 15": "voucher-charge-differs",
    "UPDATE voucher SET charged = 4 WHERE cost = 3": "voucher-charge-differs",
    "UPDATE stock SET taken = taken - 1 WHERE reward = 'coffee'": "stock-differs",
    "UPDATE voucher SET status = 'expired' WHERE status = 'used'": "stock-differs",
    "DELETE FROM stock": "stock-differs",
    "UPDATE action SET undone_by = 1": "action-differs",
    "UPDATE action SET undone_by = 99 WHERE id = 1": "action-differs",
    "UPDATE action SET program_id = 2 WHERE id = 2": "action-differs",
    "UPDATE referral SET status = 'vesting'": "referral-differs",
    "UPDATE referral SET status = 'waiting'": "referral-differs",
    "UPDATE referral SET status = 'paid', order_id = NULL": "referral-differs",
    "UPDATE referral SET vest_at = 5 WHERE id = 1": "referral-differs",
    "UPDATE referral SET friend_entry = 4 WHERE id = 2": "referral-differs",
    "UPDATE referral SET program_id = 2": "referral-differs",
    "UPDATE standing SET referral_id = 1 WHERE id = 1": "brought-by-differs",
    "UPDATE standing SET referral_id = 9 WHERE id = 1": "brought-by-differs",
    "UPDATE feedback SET entry_id = 4": "feedback-differs",
    "UPDATE feedback SET order_id = 99": "feedback-differs",
    "UPDATE feedback SET program_id = 2": "feedback-differs",
    "UPDATE flag SET order_id = 99": "flag-differs",
    "UPDATE flag SET program_id = 2": "flag-differs",
    "UPDATE voucher SET order_source = x'00'": "file-damaged",
}


@pytest.mark.parametrize("tampering", TAMPERED_AROUND, ids=str)
def test_the_audit_finds_what_was_tampered_with_around(large: Path, tmp_path: Path, tampering: str) -> None:
    """The same where points wait, are claimed, promised, clamped, moved to another key, or run out."""
    assert TAMPERED_AROUND[tampering] in findings(large, tmp_path, tampering)


def test_every_finding_can_be_provoked() -> None:
    """No question of the audit stands there for nothing: each is answered by some tampering of this file."""
    assert {*TAMPERED.values(), *TAMPERED_AROUND.values()} | {"entry-differs"} == set(SENTENCES)
