"""Words and numbers that mean nothing cannot be stored, whoever writes them: the schema looks at each by itself."""

from pathlib import Path

import pytest

from ledger import claim_attempts, expiry_policy, feedback, flags, referrals, vouchers
from ledger.errors import InvariantBroken
from ledger.expiry_policy import ExpiryPolicy
from ledger.feedback import Feedback
from ledger.flags import Flag
from ledger.referrals import Referral
from tests.unit.ledger.counter import Counter
from tests.unit.ledger.venue import name

ANA = "a0" * 32
BEN = "b0" * 32

_VOUCHER = """
INSERT INTO voucher (program_id, standing_id, hash, reward, title, type, value, cost, charged, entry_id, status,
                     issued_at, hold_until, ended_at, order_source)
SELECT program_id, standing_id, {hash}, 'tea', 'Tea', 'item', 'one', -points, {charged}, id, {status}, 0, 9, {ended_at},
       {source} FROM entry WHERE type = 'redeemed' AND id NOT IN (SELECT entry_id FROM voucher)
"""
_GOOD = {"hash": "randomblob(32)", "charged": "5", "status": "'used'", "ended_at": "1", "source": "randomblob(32)"}
_ACTION = "INSERT INTO action VALUES (1, 1, {ref}, {actor}, 'grant', 1, 5, 7, '{{}}', NULL, 9)"

GOOD = {
    _VOUCHER.format(**_GOOD),
    _ACTION.format(ref="randomblob(32)", actor="randomblob(32)"),
    "INSERT INTO stock VALUES (1, 'tea', 3, 3)",
    "INSERT INTO claim_attempt VALUES (1, 1, zeroblob(32), 1)",
    "INSERT INTO tally VALUES (1, 9, randomblob(32), 1, 1, 1, 1)",
    "UPDATE standing SET welcomed = 1, frozen = 1",
    "UPDATE paid_order SET basis_minor = 0",
    "UPDATE lot SET warned = 1",
    "UPDATE referral SET status = 'paid', order_id = 2",
    "UPDATE flag SET settled = 'dropped', held = 1, what = 'source'",
    "UPDATE stock SET total = 1, taken = 0",
}
BAD = (
    *(_VOUCHER.format(**(_GOOD | spoilt)) for spoilt in (
        {"hash": "x'00'"},
        {"hash": "(SELECT hash FROM voucher)"},
        {"source": "x'00'"},
        {"status": "'spent'", "charged": "0"},
        {"charged": "6"},
    )),
    _ACTION.format(ref="x'00'", actor="randomblob(32)"),
    _ACTION.format(ref="randomblob(32)", actor="x'00'"),
    "INSERT INTO stock VALUES (1, 'tea', 3, 4)",
    "INSERT INTO stock VALUES (1, 'tea', -1, 0)",
    "INSERT INTO claim_attempt VALUES (1, 1, zeroblob(32), 0)",
    "INSERT INTO claim_attempt VALUES (1, 1, x'00', 1)",
    "INSERT INTO tally VALUES (1, 9, x'00', 1, 1, 1, 1)",
    "UPDATE standing SET welcomed = 2",
    "UPDATE standing SET frozen = 2",
    "UPDATE paid_order SET basis_minor = -1",
    "UPDATE paid_order SET unbooked = -1",
    "UPDATE lot SET warned = 2",
    "UPDATE referral SET status = 'lost'",
    "UPDATE flag SET what = 'weather'",
    "UPDATE flag SET held = 2",
    "UPDATE flag SET settled = 'perhaps'",
    "UPDATE stock SET taken = -1",
    "UPDATE stock SET total = -1",
    "UPDATE expiry_policy SET limit_at = 5",
    "INSERT INTO expiry_policy VALUES (NULL, 1, 1, 0, 5, NULL)",
    "INSERT INTO expiry_policy VALUES (NULL, 2, 1, 1, 5, NULL)",
)  # fmt: skip


@pytest.mark.parametrize("statement", sorted({*BAD, *GOOD}), ids=str)
async def test_only_what_means_something_is_stored(tmp_path: Path, statement: str) -> None:
    """Each statement of ours that says nothing is refused; the same one with words and numbers that exist is not."""
    counter = await Counter.open(tmp_path / "ledger.db")
    try:
        await counter.sell(ANA, "a", 100)
        await counter.sell(BEN, "b", 100)
        await counter.redeem(ANA, 10)
        await counter.spend(ANA, 5)
        async with counter.database.write() as w:
            await referrals.record(w, Referral(1, 1, 1, 2, "waiting", None, None, None, None, 0))
            await flags.record(w, [Flag(0, 1, 1, 1, "customer", 3, 0, 0, None)])
            await feedback.record(w, Feedback(1, 1, 1, "Fine!", None, 0))
            await expiry_policy.record(w, ExpiryPolicy(0, 1, 1, 30, 0, None))
        if statement in GOOD:
            async with counter.database.write() as w:
                await w.run(statement)
        else:
            with pytest.raises(InvariantBroken):
                async with counter.database.write() as w:
                    await w.run(statement)
    finally:
        await counter.close()


async def test_the_same_is_not_stored_twice(tmp_path: Path) -> None:
    """One flag of a kind and one word for an order, one friend's order for a referral, one voucher for a code."""
    counter = await Counter.open(tmp_path / "ledger.db")
    try:
        await counter.sell(ANA, "a", 100)
        for customer in (BEN, name(), name()):
            await counter.earn(customer, 10)
        first, second = await counter.redeem(ANA, 10), await counter.redeem(ANA, 10)
        assert first is not None
        assert second is not None
        brought = Referral(1, 1, 1, 2, "vesting", 1, 5, None, None, 0)
        flag, said = Flag(0, 1, 1, 1, "customer", 3, 0, 0, None), Feedback(1, 1, 1, "Fine!", None, 0)
        async with counter.database.write() as w:
            await referrals.record(w, brought)
            await flags.record(w, [flag, flag._replace(what="source")])
            await feedback.record(w, said)
            await claim_attempts.add_wrong(w, 1, name(), 5)
        for write in (
            lambda w: referrals.record(w, brought._replace(id=2, friend_id=3)),
            lambda w: flags.record(w, [flag]),
            lambda w: feedback.record(w, said),
            lambda w: vouchers.issue(w, [second._replace(id=9, hash=name())]),
        ):
            with pytest.raises(InvariantBroken):
                async with counter.database.write() as w:
                    await write(w)
        async with counter.database.write() as w:
            await referrals.record(
                w, brought._replace(id=2, friend_id=3, status="waiting", order_id=None, vest_at=None)
            )
    finally:
        await counter.close()
