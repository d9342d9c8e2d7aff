"""A sweep does everything that is due, for the programs that are served, whatever happens to one thing of it."""

from dataclasses import replace
from pathlib import Path

import pytest

from nostr_loyalty.commands.command import Redeem, Refer
from nostr_loyalty.desk import gathering_due
from nostr_loyalty.programs import ServedProgram
from nostr_loyalty.rules.program import ReferralRule
from nostr_loyalty.upkeep import sweeping
from tests.unit.nostr_loyalty.served import Served, earn, reward, rules
from tests.venue import Venue, add_program, new_key

POINTS_END = {"ttl": "10d", "expiry_warning": "1d"}


async def test_more_than_one_transaction_full(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever is due is done in one sweep, in as many transactions as it takes; the next has nothing to do."""
    monkeypatch.setattr(sweeping, "LIMIT", 3)
    extra = rules(reward(cost=1, hold="2d"), vest="1d", vest_orders="all", **POINTS_END)
    async with Served(tmp_path, extra=extra) as served:
        guests = [new_key().public for _ in range(10)]
        await served.take(*(served.order(f"order-{at}", "5000", customer=guest) for at, guest in enumerate(guests)))
        served.later(days=1)
        assert await served.sweep() == {"vested": 10}
        for guest in guests:
            await served.asks(Redeem("coffee"), guest)
        served.later(days=3)
        assert await served.sweep() == {"vouchers": 10}
        served.later(days=7)
        assert await served.sweep() == {"warned": 10}
        served.later(days=2)
        assert await served.sweep() == {"expired": 10}
        assert await served.sweep() == {}
        await served.assert_clean()


async def test_what_belongs_to_others_is_left_to_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A program that is no longer served keeps what it holds, and however much of it is due, others have their turn."""
    monkeypatch.setattr(sweeping, "LIMIT", 2)
    extra = rules(reward(cost=1, hold="1d"), earn("referral", 1, friend_points=1, vest="1d"), vest="1d", **POINTS_END)
    async with Served(tmp_path, extra=extra) as served:
        plain = (served.venue.folder / "config.toml").read_text()
        other = Venue(tmp_path, served.venue.relays, slug="bar-luna", extra=extra)
        add_program(tmp_path / "config.toml", other)
    async with served.again() as both:
        now = both.clock.now()
        guests = [new_key().public for _ in range(20)]
        await both.deliver(*(other.order(f"order-{at}", guest, at=now) for at, guest in enumerate(guests)))
        for guest in guests:
            await both.asks(Redeem("coffee"), guest, program=both.programs.all[1])
        await both.deliver(both.order("order-1"))
        await both.asks(Redeem("coffee"))
    (both.venue.folder / "config.toml").write_text(plain)
    async with both.again() as alone:
        alone.later(days=12)
        assert await alone.sweep() == {"expired": 1, "vouchers": 1, "warned": 1}
        await alone.assert_clean()
        async with alone.database.read() as r:
            assert await r.rows("SELECT count(*) FROM voucher WHERE status = 'issued'") == [(20,)]


async def test_a_surprise_stops_nothing_else(tmp_path: Path) -> None:
    """What fails by a mistake of ours is left alone; everything else that is due is done, now and in later sweeps."""

    def broken(program: ServedProgram) -> ServedProgram:
        rule = ReferralRule("many", 1, 0)
        return replace(program, rules=replace(program.rules, referral=rule))

    extra = rules(reward(cost=1, hold="1d"), earn("referral", 1, friend_points=1), **POINTS_END)
    async with Served(tmp_path, extra=extra, change=broken) as served:
        friends = [new_key().public for _ in range(3)]
        await served.take(served.order("order-0"))
        for at, friend in enumerate(friends):
            await served.asks(Refer(friend))
            await served.take(served.order(f"order-{at + 1}", customer=friend))
            await served.asks(Redeem("coffee"), friend)
        served.later(days=2)
        assert await served.sweep() == {"left-alone": 3, "vouchers": 3}
        assert await served.sweep() == {}
        served.later(days=10)
        assert (await served.sweep())["expired"] == 4
        await served.assert_clean()


async def test_every_kind_has_a_name() -> None:
    """What is due is known by its kind and number, and there is a way to ask for each kind by itself."""
    due = gathering_due.Due(expired=[7], reviews=[7], warnings={8: []})
    assert due.names == {("lots", 7), ("tier", 7), ("warning", 8)}
    assert {kind for kind, _ in due.names} <= set(gathering_due.KINDS)
