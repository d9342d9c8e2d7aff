"""The operator's hand: grant, revoke, one entry taken back, freeze; and what one operator may do in a day."""

from pathlib import Path

import pytest

from kinds.keys import npub_encode
from nostr_loyalty.commands.command import (
    Claim,
    Freeze,
    Grant,
    Redeem,
    Refer,
    Revoke,
    RevokeEntry,
    Undo,
    Unfreeze,
)
from tests.unit.nostr_loyalty.served import Served, earn, reward, rules, table
from tests.venue import new_key

OPERATOR, OTHER = new_key().public, new_key().public
OPERATORS = [npub_encode(OPERATOR), npub_encode(OTHER)]


async def test_a_grant_gives_points_with_its_reason(tmp_path: Path) -> None:
    """The entry says who gave them and why; the answer says what moved and where the customer stands."""
    async with Served(tmp_path) as served:
        outcome = await served.command(Grant(served.guest.public, 30, "For the broken cup"))
        (entry,) = await served.chain()
        assert (entry.type, entry.points, entry.text, entry.by) == (
            "granted", 30, "For the broken cup", served.venue.issuer.public,
        )  # fmt: skip
        assert outcome.facts["points"] == 30
        assert outcome.facts["balance"] == 30
        assert (await served.standing()).earned_points == 0
        await served.assert_clean()


async def test_a_grant_ends_when_it_says_or_when_points_end(tmp_path: Path) -> None:
    """Points by hand live as long as points live, or up to a moment of their own."""
    async with Served(tmp_path, extra=rules(ttl="30d")) as served:
        end = served.clock.now() + 3_600
        await served.command(Grant(served.guest.public, 3))
        await served.command(Grant(served.guest.public, 4, expires_at=end))
        usual, short = await served.chain()
        assert usual.expires_at is not None
        assert usual.expires_at > end + 29 * 86_400
        assert short.expires_at == end
        served.later(hours=1)
        assert await served.sweep() == {"expired": 1}
        assert await served.balance() == 3
        await served.assert_clean()


@pytest.mark.parametrize(("deficit", "moved"), [("allow", [12, -20, 12]), ("clamp", [12, -12, 12])])
async def test_a_revocation_beyond_what_there_is(tmp_path: Path, deficit: str, moved: list[int]) -> None:
    """Bug 22: more than there is makes a deficit that the next credit fills, or takes only what there is."""
    async with Served(tmp_path, extra=rules(deficit=deficit)) as served:
        await served.take(served.order("order-1"))
        outcome = await served.command(Revoke(served.guest.public, 20, "Counted wrongly"))
        assert outcome.facts["points"] == moved[1]
        await served.take(served.order("order-2"))
        assert await served.moved() == moved
        await served.assert_clean()


async def test_nothing_to_revoke_is_refused_where_the_program_clamps(tmp_path: Path) -> None:
    """An entry of 0 points is none: the operator is told that there is nothing."""
    async with Served(tmp_path, extra=rules(deficit="clamp")) as served:
        await served.take(served.order("order-1", "0"))
        outcome = await served.command(Revoke(served.guest.public, 20))
        assert outcome.code == "points-none-to-take"
        assert await served.moved() == []


@pytest.mark.parametrize("command", [Revoke(OTHER, 5), Freeze(OTHER), Unfreeze(OTHER), Redeem("coffee", OTHER)])
async def test_a_customer_nobody_knows(tmp_path: Path, command: Revoke | Freeze | Unfreeze | Redeem) -> None:
    """Only a grant makes a customer; everything else needs one."""
    async with Served(tmp_path, extra=rules(reward())) as served:
        assert (await served.command(command)).code == "customer-unknown"


@pytest.mark.parametrize("points", [0, -5])
async def test_points_by_hand_are_positive(tmp_path: Path, points: int) -> None:
    """Neither 0 nor fewer can be granted or revoked, by the venue's own key either."""
    async with Served(tmp_path) as served:
        await served.command(Grant(served.guest.public, 5))
        for command in (Grant(served.guest.public, points), Revoke(served.guest.public, points)):
            assert (await served.command(command)).code == "points-not-positive"
        assert await served.moved() == [5]


async def test_an_operators_day_has_so_many_commands(tmp_path: Path) -> None:
    """The count is per operator and local day; what was undone does not count; the issuer has no limit."""
    async with Served(tmp_path, extra=rules(table("hand", count=2), operators=OPERATORS)) as served:
        served.set_clock("2027-03-01 20:00")
        who = served.guest.public

        async def grants(actor: str) -> str:
            return (await served.command(Grant(who, 1), actor=actor)).code

        assert [await grants(OPERATOR) for _ in range(2)] == ["done"] * 2
        assert (await served.command(Undo(), actor=OPERATOR)).code == "done"
        assert [await grants(OPERATOR) for _ in range(2)] == ["done", "hand-limit-count"]
        assert (await served.command(Revoke(who, 1), actor=OPERATOR)).code == "hand-limit-count"
        assert await grants(OTHER) == "done"
        assert [await grants(served.venue.issuer.public) for _ in range(3)] == ["done"] * 3
        served.set_clock("2027-03-01 23:59")
        assert await grants(OPERATOR) == "hand-limit-count"
        served.set_clock("2027-03-02 00:00")
        assert await grants(OPERATOR) == "done"
        await served.assert_clean()


async def test_an_operators_day_has_so_many_points(tmp_path: Path) -> None:
    """Grants and revocations, of points or of entries, add up; a command that does not fit is refused in whole."""
    async with Served(tmp_path, extra=rules(table("hand", points=100), operators=OPERATORS)) as served:
        who = served.guest.public
        await served.take(served.order("order-1", "40000"), served.order("order-2", "40000"))
        first, second = [entry.key for entry in await served.chain()]
        refs = await _refs(served)
        commands = [Grant(who, 30), Revoke(who, 20), Grant(who, 51), RevokeEntry(refs[first]), Grant(who, 11)]
        codes = [(await served.command(command, actor=OPERATOR)).code for command in commands]
        assert codes == ["done", "done", "hand-limit-points", "done", "hand-limit-points"]
        assert (await served.command(RevokeEntry(refs[second]), actor=OPERATOR)).code == "hand-limit-points"
        assert (await served.command(Grant(who, 10), actor=OPERATOR)).code == "done"
        await served.assert_clean()


async def _refs(served: Served) -> dict[str, str]:
    """The event ids of all entries, by their keys, oldest first."""
    async with served.database.read() as r:
        rows = await r.rows("SELECT lower(hex(key)), lower(hex(ref)) FROM entry ORDER BY id")
    return dict(rows)


async def test_a_credit_is_taken_back_once(tmp_path: Path) -> None:
    """What is left of a credit goes: spent points too, from other lots; a second time there is nothing left."""
    async with Served(tmp_path, extra=rules(reward(cost=4))) as served:
        await served.take(served.order("order-1", "10000"))
        await served.command(Grant(served.guest.public, 9))
        await served.command(Redeem("coffee", served.guest.public))
        refs = list((await _refs(served)).values())
        outcome = await served.command(RevokeEntry(refs[0], "Not his"))
        assert (outcome.code, outcome.facts["points"], outcome.facts["balance"]) == ("done", -10, 5)
        *_, last = await served.chain()
        assert (last.type, last.revokes, last.text) == ("revoked", refs[0], "Not his")
        assert (await served.command(RevokeEntry(refs[0]))).code == "entry-reversed-before"
        assert (await served.command(RevokeEntry(last.key))).code == "entry-unknown"
        by_hand = list((await _refs(served)).values())[-1]
        assert (await served.command(RevokeEntry(by_hand))).code == "entry-not-reversible"
        assert (await served.standing()).earned_points == 0
        await served.assert_clean()


async def test_an_order_whose_entry_was_taken_back_owes_nothing_more(tmp_path: Path) -> None:
    """Bug 14, 22: after the hand, neither a part nor the whole of the order takes points again; its visit goes."""
    async with Served(tmp_path) as served:
        await served.take(served.order("order-0", "5000"), served.order("order-1"))
        await served.take(served.order("order-1", "3000", status="refunded", refund_id="a"))
        refs = list((await _refs(served)).values())
        assert (await served.command(RevokeEntry(refs[1]))).facts["points"] == -9
        await served.assert_clean()
        await served.take(served.order("order-1", "3000", status="refunded", refund_id="b"))
        await served.take(served.order("order-1", status="canceled"))
        assert await served.moved() == [5, 12, -3, -9]
        standing = await served.standing()
        assert (standing.visits, standing.earned_points, standing.spent_minor) == (1, 5, 5_000_000)
        await served.assert_clean()


async def test_a_redemption_is_taken_back_as_an_entry(tmp_path: Path) -> None:
    """The voucher ends, its points come back, once."""
    async with Served(tmp_path, extra=rules(reward())) as served:
        await served.take(served.order("order-1"))
        await served.command(Redeem("coffee", served.guest.public))
        ref = list((await _refs(served)).values())[1]
        assert (await served.command(RevokeEntry(ref))).facts["balance"] == 12
        assert (await served.command(RevokeEntry(ref))).code == "entry-reversed-before"
        await served.assert_clean()


async def test_a_frozen_customer_earns_and_spends_nothing(tmp_path: Path) -> None:
    """Frozen: orders count, an operator may redeem for the customer, the customer itself may not, nor claim, nor
    refer; unfrozen all is as before.
    """
    extra = rules(earn("referral", 5, friend_points=5), reward())
    async with Served(tmp_path, extra=extra) as served:
        who = served.guest.public
        await served.take(served.order("order-1", "50000"))
        (claimable,) = await served.take(served.order("order-2", customer=None))
        assert claimable.claim is not None
        assert (await served.command(Freeze(who))).code == "done"
        await served.take(served.order("order-3"))
        for command in (Redeem("coffee"), Claim(claimable.claim), Refer(OTHER)):
            assert (await served.asks(command)).code == "customer-frozen"
        assert (await served.command(Redeem("coffee", who))).code == "done"
        assert (await served.command(Unfreeze(who))).code == "done"
        for command in (Redeem("coffee"), Claim(claimable.claim), Refer(OTHER)):
            assert (await served.asks(command)).code == "done"
        assert await served.moved() == [50, 12, -10, -10, 12]
        await served.assert_clean()


async def test_a_card_follows_every_command(tmp_path: Path) -> None:
    """Whatever is granted or taken shows on the card that is promised with it, once for each command."""
    async with Served(tmp_path) as served:
        for command in (Grant(served.guest.public, 5), Revoke(served.guest.public, 2), Freeze(served.guest.public)):
            await served.command(command)
            labels = [one.label for one in await served.promises()]
            assert labels.count("card") == 1


async def test_points_are_not_given_for_a_time_that_is_over(tmp_path: Path) -> None:
    """An end that has passed is refused by name, with what to do, and nobody is met for it; a second later is not."""
    async with Served(tmp_path) as served:
        served.set_clock("2027-05-01 12:00")
        now = served.clock.now()
        for ends in (now, now - 1, 0):
            outcome = await served.command(Grant(served.guest.public, 5, expires_at=ends))
            assert outcome.code == "end-in-the-past"
            assert "name a later end, or none" in outcome.text
        outcome = await served.command(Grant(served.guest.public, 5, expires_at=now))
        assert "2027-05-01 12:00" in outcome.text
        async with served.database.read() as r:
            assert await r.rows("SELECT id FROM standing") == []
        assert (await served.command(Grant(served.guest.public, 5, expires_at=now + 1))).code == "done"
        assert await served.moved() == [5]
        await served.assert_clean()
