"""Who may ask for what, when, and how often one request counts."""

from pathlib import Path
from typing import Any, cast

import pytest

from kinds import gift_wrap
from kinds.answer import parse_answer
from kinds.keys import npub_encode
from nostr_loyalty.commands.command import (
    Cancel,
    Claim,
    Command,
    Drop,
    Feedback,
    Freeze,
    Grant,
    Redeem,
    Refer,
    Refund,
    Release,
    Relink,
    Revoke,
    RevokeEntry,
    Undo,
    Unfreeze,
    Use,
)
from tests.unit.nostr_loyalty.served import Served, earn, reward, rules
from tests.venue import Venue, add_program, new_key

OPERATOR, OTHER = new_key().public, new_key().public
DAY_S = 86_400

FOR_OPERATORS: list[Command] = [
    Grant(OTHER, 5), Revoke(OTHER, 5), RevokeEntry("0" * 64), Refund("order-1"), Use("CODE"), Freeze(OTHER),
    Unfreeze(OTHER), Relink(OTHER, OPERATOR), Undo(), Release("order-1"), Drop("order-1"),
]  # fmt: skip


@pytest.mark.parametrize("command", FOR_OPERATORS, ids=lambda one: type(one).__name__)
async def test_what_customers_may_not(tmp_path: Path, command: Command) -> None:
    """Bug 62: a customer gets no operator's command through, and nothing moves; neither does a stranger who says to be
    an operator.
    """
    async with Served(tmp_path, extra=rules(operators=[npub_encode(OPERATOR)])) as served:
        await served.take(served.order("order-1"))
        assert (await served.asks(command)).code == "command-not-allowed"
        assert (await served.command(command, actor=OTHER)).code == "command-not-allowed"
        assert (await served.command(command, actor=OPERATOR)).code != "command-not-allowed"


async def test_a_customer_spends_its_own_points_only(tmp_path: Path) -> None:
    """Bug 45: a customer who names another one gets nothing of theirs; naming oneself is the same as naming nobody."""
    async with Served(tmp_path, extra=rules(reward())) as served:
        thief = new_key().public
        await served.take(served.order("order-1", "50000"), served.order("order-2", customer=thief))
        outcome = await served.asks(Redeem("coffee", served.guest.public), thief)
        assert (outcome.code, outcome.facts) == ("command-not-allowed", {})
        assert (await served.asks(Redeem("coffee", thief), thief)).code == "done"
        assert (await served.balance(), await served.balance(thief)) == (50, 2)
        await served.assert_clean()


async def test_nobody_gets_a_card_by_a_command_that_is_refused(tmp_path: Path) -> None:
    """A stranger's words, however many, and mistyped keys, leave no cards behind."""
    extra = rules(earn("referral", 5, friend_points=5), operators=[npub_encode(OPERATOR)])
    async with Served(tmp_path, extra=extra) as served:
        stranger, friend = new_key().public, new_key().public
        commands: list[tuple[Command, str, str]] = [
            (Grant(friend, 5), stranger, "customer"), (Grant(friend, 5), stranger, "operator"),
            (Refer(friend), stranger, "customer"), (Claim("0000-0000-0000-0000"), stranger, "customer"),
            (Feedback("Hi"), stranger, "customer"), (Redeem("coffee"), stranger, "customer"),
            (Relink(stranger, friend), OPERATOR, "operator"), (Redeem("coffee", friend), OPERATOR, "operator"),
        ]  # fmt: skip
        for command, actor, role in commands:
            assert (await served.command(command, actor=actor, role=role)).result == "refused"
        async with served.database.read() as r:
            assert await r.rows("SELECT count(*) FROM standing") == [(0,)]


@pytest.mark.parametrize(
    ("age", "code"),
    [
        (0, "done"), (14 * DAY_S, "done"), (14 * DAY_S + 1, "command-too-old"), (-600, "done"),
        (-601, "command-from-the-future"),
    ],
)  # fmt: skip
async def test_how_old_a_command_may_be(tmp_path: Path, age: int, code: str) -> None:
    """Protocol section 10: 14 days old at most, and no more than 10 minutes ahead."""
    async with Served(tmp_path) as served:
        outcome = await served.command(Grant(served.guest.public, 5), at=served.clock.now() - age)
        assert outcome.code == code


async def test_one_request_counts_once(tmp_path: Path) -> None:
    """Bug 9: repeated at once, in one call, later, and when it is long too old, it is answered "duplicate" with the
    entries that it made.
    """
    async with Served(tmp_path) as served:
        request = served.request(Grant(served.guest.public, 5))
        first, second = await served.commands.run([request, request])
        served.later(days=20)
        (third,) = await served.commands.run([request])
        assert [one.result for one in (first, second, third)] == ["done", "duplicate", "duplicate"]
        assert first.facts["entries"] == second.facts["entries"] == third.facts["entries"]
        assert await served.moved() == [5]
        await served.assert_clean()


async def test_every_verb_counts_once_by_its_ref(tmp_path: Path) -> None:
    """Bug 9, 22, 28: each command, sent twice with one ref, is done once; the ledger is the same after the second."""
    extra = rules(
        earn("feedback", 2), earn("referral", 5, friend_points=5), reward(), operators=[npub_encode(OPERATOR)]
    )
    async with Served(tmp_path, extra=extra) as served:
        who = served.guest.public
        await served.take(served.order("order-1", "90000"), served.order("order-2"))
        (claimable,) = await served.take(served.order("order-3", customer=None))
        assert claimable.claim is not None
        code = str((await served.asks(Redeem("coffee"))).facts["voucher"])
        cancelled = str((await served.asks(Redeem("coffee"))).facts["voucher"])
        async with served.database.read() as r:
            ((entry,),) = await r.rows("SELECT lower(hex(ref)) FROM entry WHERE id = 1")
        for by_guest in (Redeem("coffee"), Claim(claimable.claim), Feedback("Nice"), Refer(new_key().public)):
            await _twice(served, by_guest, role="customer")
        for command in (
            Grant(who, 5), Revoke(who, 1), Use(code), Cancel(cancelled), Refund("order-2"), Freeze(who), Unfreeze(who),
            Undo(), Unfreeze(who), RevokeEntry(entry), Grant(OTHER, 3), Relink(OTHER, OPERATOR),
        ):  # fmt: skip
            await _twice(served, command)


async def _twice(served: Served, command: Command, **more: Any) -> None:
    request = served.request(command, **more)
    (first,) = await served.commands.run([request])
    before = await _everything(served)
    (second,) = await served.commands.run([request])
    assert (first.result, second.result) == ("done", "duplicate"), first
    assert await _everything(served) == before
    await served.assert_clean()


async def _everything(served: Served) -> list[object]:
    async with served.database.read() as r:
        names = [name for (name,) in await r.rows("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return [(name, await r.rows(f"SELECT * FROM {name}")) for name in sorted(names) if "sqlite" not in name]


async def test_one_surprise_harms_no_other_command(tmp_path: Path) -> None:
    """A command that meets a mistake of ours is refused with "command-failed"; those before and after it are done."""
    async with Served(tmp_path) as served:
        broken = served.request(Grant(served.guest.public, 5))._replace(ref="no hex")
        good = [served.request(Grant(served.guest.public, points)) for points in (1, 2)]
        outcomes = await served.commands.run([good[0], broken, good[1]])
        assert [one.code for one in outcomes] == ["done", "command-failed", "done"]
        assert await served.moved() == [1, 2]


async def test_a_code_of_another_program_is_unknown(tmp_path: Path) -> None:
    """Vouchers, receipts and entries belong to the program that gave them."""
    async with Served(tmp_path, extra=rules(reward())) as served:
        other = Venue(tmp_path, served.venue.relays, slug="bar-luna", extra=rules(reward()))
        add_program(tmp_path / "config.toml", other)
    async with served.again() as both:
        program, guest, now = both.programs.all[1], both.guest.public, both.clock.now()
        await both.deliver(other.order("order-1", guest, at=now))
        there = await both.asks(Redeem("coffee"), program=program)
        code, (entry,) = str(there.facts["voucher"]), cast("list[str]", there.facts["entries"])
        await both.promises()
        await both.deliver(other.order("order-2", None, at=now))
        (receipt,) = [
            parse_answer(gift_wrap.unwrap(event, other.till))
            for event, promised in await both.sealed() if promised.label == "answer"
        ]  # fmt: skip
        assert receipt.claim is not None
        await both.take(both.order("order-1"))
        assert (await both.command(Use(code))).code == "voucher-unknown"
        assert (await both.asks(Cancel(code))).code == "voucher-unknown"
        assert (await both.command(RevokeEntry(entry))).code == "entry-unknown"
        assert (await both.asks(Claim(receipt.claim))).code == "claim-unknown"
        assert (await both.command(Release("order-2"))).code == "order-unknown"
        assert (await both.asks(Claim(receipt.claim), program=program)).code == "done"
