"""What makes an entry happen once (`x`), made anew by the table of docs/protocol.md, section 5, for its facts."""

import hashlib
from pathlib import Path

from kinds.keys import npub_encode
from nostr_loyalty.commands.command import (
    Cancel,
    Feedback,
    Grant,
    Redeem,
    Refer,
    Refund,
    Release,
    Relink,
    Revoke,
    RevokeEntry,
    Use,
)
from nostr_loyalty.rules.claiming import claim_hash
from tests.unit.nostr_loyalty.served import Served, earn, reward, rules, table
from tests.venue import new_key

OPERATOR = new_key().public
OPERATORS = [npub_encode(OPERATOR)]
ONE, TWO = "01" * 32, "02" * 32


def x(served: Served, adapter: str, author: str, reference: str) -> str:
    """The SHA-256 of the four parts."""
    return hashlib.sha256(f"{served.program.address}|{adapter}|{author}|{reference}".encode()).hexdigest()


async def keys(served: Served, customer: str | None = None) -> list[str]:
    """The `x` of each entry of a customer."""
    return [entry.key for entry in await served.chain(customer)]


async def refs(served: Served) -> list[str]:
    """The event ids of all entries, oldest first."""
    async with served.database.read() as r:
        return [str(ref) for (ref,) in await r.rows("SELECT lower(hex(ref)) FROM entry ORDER BY id")]


async def test_orders_and_their_refunds(tmp_path: Path) -> None:
    """A report, a refund with an id, one without, a cancellation; a released order has the key of its report."""
    async with Served(tmp_path, extra=rules(table("guard", customer_orders=1, action="hold"))) as served:
        till = served.venue.till.public
        await served.take(served.order("a"))
        await served.take(served.order("a", "1000", status="refunded", refund_id="r1"))
        await served.take(served.order("a", "2000", status="refunded"))
        await served.take(served.order("a", status="canceled"))
        await served.take(served.order("b"))
        await served.command(Release("b"))
        wanted = ("a", "a:refund:r1", "a:refund", "a:canceled", "b")
        assert await keys(served) == [x(served, "nostr", till, reference) for reference in wanted]


async def test_commands(tmp_path: Path) -> None:
    """By message with the rumor's id, by the command line with the `--id`; by a guest, an operator, the issuer."""
    async with Served(tmp_path, extra=rules(reward("coffee", 1), operators=OPERATORS)) as served:
        who, issuer = served.guest.public, served.venue.issuer.public
        await served.command(Grant(who, 30), ref=ONE)
        await served.command(Revoke(who, 3), actor=OPERATOR, adapter="nostr", ref=TWO)
        code = str((await served.asks(Redeem("coffee"), adapter="nostr", ref="03" * 32)).facts["voucher"])
        await served.command(Cancel(code), actor=OPERATOR, ref="04" * 32)
        assert await keys(served) == [
            x(served, "cli", issuer, ONE), x(served, "nostr", OPERATOR, TWO), x(served, "nostr", who, "03" * 32),
            x(served, "cli", OPERATOR, "04" * 32),
        ]  # fmt: skip


async def test_what_the_daemon_does_by_itself(tmp_path: Path) -> None:
    """Points run out, and again after they were put back; a voucher's time is over; a friend has come."""
    extra = rules(earn("referral", 5, friend_points=2, vest="0d"), reward("coffee", 4, hold="1h"), ttl="2d",
                  expiry_warning="1d")  # fmt: skip
    async with Served(tmp_path, extra=extra) as served:
        served.set_clock("2027-03-01 12:00")
        issuer, friend = served.venue.issuer.public, new_key().public
        await served.take(served.order("a", "10000"))
        served.set_clock("2027-03-03 23:30")
        code = str((await served.asks(Redeem("coffee"))).facts["voucher"])
        served.set_clock("2027-03-04 00:10")
        await served.sweep()
        served.later(hours=1)
        await served.sweep()
        served.later(days=2)
        await served.sweep()
        lot = (await refs(served))[0]
        wanted = ("a", None, f"{lot}:expired", f"{claim_hash(code)}:expired", f"{lot}:expired:6")
        found = await keys(served)
        for key, reference in zip(found[2:], wanted[2:], strict=True):
            assert key == x(served, "daemon", issuer, str(reference))
        await served.asks(Refer(friend))
        await served.take(served.order("b", customer=friend))
        await served.sweep()
        assert (await keys(served))[-1] == x(served, "daemon", issuer, "referral:1:2:referrer")
        assert (await keys(served, friend))[-1] == x(served, "daemon", issuer, "referral:1:2:friend")


async def test_what_hangs_on_an_order_that_was_taken_back(tmp_path: Path) -> None:
    """By the till, and by hand: the author is who took it back for vouchers, the order's source for bonuses."""
    extra = rules(earn("feedback", 3), reward("coffee", 2), operators=OPERATORS)
    async with Served(tmp_path, extra=extra) as served:
        till = served.venue.till.public
        for order, taken_back in (("a", "a:canceled"), ("b", ONE)):
            before = len(await keys(served))
            await served.take(served.order(order))
            await served.asks(Feedback("good"))
            code = str((await served.asks(Redeem("coffee"))).facts["voucher"])
            await served.command(Use(code, order=order))
            if order == "a":
                await served.take(served.order(order, status="canceled"))
                first, who = x(served, "nostr", till, taken_back), till
            else:
                await served.command(Refund(order), actor=OPERATOR, ref=ONE)
                first, who = x(served, "cli", OPERATOR, ONE), OPERATOR
            assert (await keys(served))[before + 3 :] == [
                first, x(served, "daemon", who, f"{taken_back}:{claim_hash(code)}"),
                x(served, "daemon", till, f"{taken_back}:feedback"),
            ]  # fmt: skip


async def test_what_was_forgiven_and_comes_back(tmp_path: Path) -> None:
    """A used voucher is taken back by hand: its points, and what they had made forgiven."""
    async with Served(tmp_path, extra=rules(reward("mug", 12), deficit="clamp", operators=OPERATORS)) as served:
        await served.take(served.order("a"))
        code = str((await served.asks(Redeem("mug"))).facts["voucher"])
        await served.command(Use(code))
        await served.take(served.order("a", status="canceled"))
        await served.command(RevokeEntry((await refs(served))[1]), actor=OPERATOR, adapter="nostr", ref=ONE)
        assert (await keys(served))[2:] == [
            x(served, "nostr", OPERATOR, ONE), x(served, "daemon", OPERATOR, f"{ONE}:0:again"),
        ]  # fmt: skip


async def test_a_lost_key(tmp_path: Path) -> None:
    """A pair for each lot, and for a deficit; a voucher of the old key comes back as a credit that names nothing."""
    async with Served(tmp_path, extra=rules(reward("coffee", 2))) as served:
        old, new, issuer = served.guest.public, new_key().public, served.venue.issuer.public
        await served.take(served.order("a"), served.order("b"))
        code = str((await served.asks(Redeem("coffee"))).facts["voucher"])
        await served.command(Relink(old, new), ref=ONE)
        assert (await keys(served))[3:] == [x(served, "cli", issuer, f"{ONE}:{n}:old") for n in (0, 1)]
        assert await keys(served, new) == [x(served, "cli", issuer, f"{ONE}:{n}:new") for n in (0, 1)]
        await served.command(Cancel(code), ref=TWO)
        back = (await served.chain(new))[-1]
        assert (back.type, back.points, back.revokes, back.linked) == ("granted", 2, None, None)
        assert back.key == x(served, "cli", issuer, TWO)
        await served.take(served.order("a", status="canceled"))
        taken = (await served.chain(new))[-1]
        assert (taken.type, taken.points, taken.revokes) == ("revoked", -12, None)
        assert taken.key == x(served, "nostr", served.venue.till.public, "a:canceled")


async def test_a_lost_key_that_owes(tmp_path: Path) -> None:
    """The old chain is filled by a credit, the new one owes by a revocation that names it."""
    async with Served(tmp_path) as served:
        old, new, issuer = served.guest.public, new_key().public, served.venue.issuer.public
        await served.take(served.order("a"))
        await served.command(Revoke(old, 20))
        await served.command(Relink(old, new), ref=ONE)
        filled, (owed,) = (await served.chain())[-1], await served.chain(new)
        assert [(one.type, one.points) for one in (filled, owed)] == [("granted", 8), ("revoked", -8)]
        assert owed.linked == (await refs(served))[-2]
        assert filled.key == x(served, "cli", issuer, f"{ONE}:deficit:old")
        assert owed.key == x(served, "cli", issuer, f"{ONE}:deficit:new")
