"""replay: with the very same rules it gives exactly what really happened; with others, what they would have made."""

import asyncio
import json
import random
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from nostr_loyalty.cli import replay as verb
from nostr_loyalty.commands.command import (
    Claim,
    Drop,
    Feedback,
    Grant,
    Redeem,
    Refer,
    Refund,
    Release,
    Relink,
    RevokeEntry,
)
from tests.clock import FakeClock
from tests.integration.hand import Hand
from tests.unit.nostr_loyalty.served import Served
from tests.venue import new_key

RULES = """
point_value = "0.01 EUR"
exclude = ["tip"]
vest = "3d"
tier_basis = { by = "points", window = "9d", grace = "2d" }
[program.guard]
customer_orders = 3
action = "hold"
[[program.tier]]
id = "silver"
title = "Silver"
threshold = 40
[[program.tier]]
id = "gold"
title = "Gold"
threshold = 90
[[program.perk]]
tier = "silver"
type = "multiplier"
value = "1.5"
[[program.perk]]
tier = "gold"
type = "multiplier"
value = "2"
[[program.multiplier]]
name = "Late"
factor = "2"
schedule = "18:00-24:00"
[[program.cap]]
points = 60
period = "day"
[[program.cap]]
points = 200
period = "week"
[[program.reward]]
id = "coffee"
title = "Free coffee"
cost = 10
type = "item"
value = "any coffee"
[[program.earn]]
type = "visit"
points = 3
gap = "2h"
[[program.earn]]
type = "item"
points = 4
item = "cake"
[[program.earn]]
type = "welcome"
points = 10
[[program.earn]]
type = "feedback"
points = 2
[[program.earn]]
type = "referral"
points = 7
friend_points = 5
vest = "1d"
"""


class Life:
    """A month at a venue, by chance: whatever guests, tills and operators do."""

    def __init__(self, served: Served, seed: int) -> None:
        self.served = served
        self.chance = random.Random(seed)
        self.guests = [new_key().public for _ in range(5)]
        self.finder = new_key().public  # claims receipts, and orders nothing: what the guard holds must be known apart
        self.receipts: list[tuple[str, str]] = []
        self.paid: list[tuple[str, int, str | None]] = []

    async def pass_time(self) -> None:
        """Some hours; what is due meanwhile is done when it is due, as by a daemon that never sleeps."""
        until = self.served.clock.now() + self.chance.choice([0, 0, 1, 600, 3_600, 9_000, 30_000])
        while True:
            async with self.served.database.read() as r:
                ((at,),) = await r.rows(
                    "SELECT min(at) FROM (SELECT review_at AS at FROM standing WHERE review_at IS NOT NULL UNION ALL "
                    "SELECT vest_at FROM referral WHERE status = 'vesting' UNION ALL "
                    "SELECT pending_until FROM paid_order WHERE pending_until IS NOT NULL UNION ALL "
                    "SELECT hold_until FROM voucher WHERE status = 'issued')"
                )
            if at is None or at > until:
                break
            self.served.clock.step(max(0, at - self.served.clock.now()))
            await self.served.sweep()
        self.served.clock.step(until - self.served.clock.now())

    async def order(self) -> None:
        """One to four orders in one batch, some of them for delivery, some without a name."""
        events = []
        for _ in range(self.chance.choice([1, 1, 1, 2, 4])):
            number, amount = str(len(self.paid) + 1), self.chance.randrange(0, 40) * 500
            customer = self.chance.choice([*self.guests, *self.guests, None])
            self.paid.append((number, amount, customer))
            events.append(self.served.order(number, str(amount), customer=customer))
        for answer in await self.served.take(*events):
            if answer.claim is not None:
                self.receipts.append((answer.order_id or "", answer.claim))

    async def refund(self) -> None:
        """In part, in whole, cancelled, by the till or by hand; sometimes too much, sometimes twice."""
        self.served.clock.step(1)
        number, amount, customer = self.chance.choice(self.paid)
        how = self.chance.randrange(5)
        if how == 0:
            await self.served.command(Refund(number))
        elif how == 1:
            event = self.served.order(number, str(amount), customer=customer, status="canceled")
            await self.served.take(event)
        else:
            part = str(self.chance.choice([amount, amount // 2, amount // 5, 500]))
            ref = str(self.chance.randrange(3))
            event = self.served.order(number, part, customer=customer, status="refunded", refund_id=ref)
            await self.served.take(event)

    async def ask(self) -> None:
        """A guest claims, speaks, brings a friend, redeems; an operator releases, drops, takes back, gives."""
        self.served.clock.step(1)
        guest, other = self.chance.sample(self.guests, 2)
        number = self.chance.choice(self.paid)[0]
        match self.chance.randrange(9):
            case 0 | 1 if self.receipts:
                await self.served.asks(
                    Claim(self.receipts.pop(self.chance.randrange(len(self.receipts)))[1]), self.finder
                )
            case 2:
                await self.served.asks(Feedback("good", number), guest)
            case 3:
                await self.served.asks(Refer(other), guest)
            case 4:
                await self.served.asks(Redeem("coffee"), guest)
            case 5:
                await self.served.command(Release(number))
            case 6:
                await self.served.command(Drop(number))
            case 7:
                await self.served.command(Grant(guest, 15))
            case 8:
                async with self.served.database.read() as r:
                    rows = await r.rows("SELECT lower(hex(ref)) FROM entry WHERE type = 'earned' AND order_id NOT NULL")
                if rows and self.chance.random() < 0.3:
                    await self.served.command(RevokeEntry(self.chance.choice(rows)[0]))

    async def live(self, steps: int) -> None:
        """So many steps; once a guest loses its key."""
        await self.order()
        for step in range(steps):
            await self.pass_time()
            act = self.chance.choice([self.order, self.order, self.order, self.refund, self.ask, self.ask])
            await act()
            if act != self.order:
                self.served.clock.step(1)  # the ledger does not tell apart what happened within one second
            if step == steps * 2 // 3:
                old, self.guests[0] = self.guests[0], new_key().public
                self.served.clock.step(1)
                await self.served.command(Relink(old, self.guests[0]))
                self.served.clock.step(1)
        await self.served.assert_clean()


async def live(folder: Path, seed: int, extra: str = RULES, steps: int = 150) -> int:
    """A month from the first of October 2026 on; when it ended."""
    served = Served(folder, extra=extra)
    served.clock = FakeClock(int(datetime(2026, 10, 1, 9, tzinfo=ZoneInfo("Europe/Madrid")).timestamp()))
    async with served, asyncio.timeout(100):
        await Life(served, seed).live(steps)
        return served.clock.now()


def compared(hand: Hand, new: Path, since: str = "2026-01-01") -> dict[str, Any]:
    """What the command says."""
    found: dict[str, Any] = json.loads(hand("replay", "--rules", new, "--since", since, "--json") or "{}")
    assert hand.code == 0, hand.err
    return found


class StoppedClock:
    """The moment at which a venue's month ended: tiers are compared as they were then."""

    def __init__(self, at: int) -> None:
        self._at = at

    def now(self) -> int:
        """That moment."""
        return self._at


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("page", [3, 2_000])
def test_the_same_rules_give_what_really_happened(
    seed: int, page: int, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """To the point, to the customer's tier, for every day from which it is counted, in pages of any size."""
    ended = asyncio.run(live(tmp_path, seed))
    monkeypatch.setattr(verb, "SystemClock", lambda: StoppedClock(ended))
    monkeypatch.setattr(verb, "PAGE", page)
    hand = Hand(capsys, tmp_path / "config.toml")
    for since in ("2026-01-01", "2026-10-04", "2026-10-09"):
        found = compared(hand, hand.config, since)
        assert found["proposed"] == found["really"], since
        assert found["refused"] == {}
    assert compared(hand, hand.config)["really"]["points"] > 300


OTHER = (
    ('per = "1000 sat"', 'per = "500 sat"'), ("threshold = 40", "threshold = 30"), ("points = 10\n", "points = 25\n"),
    ('gap = "2h"', 'gap = "20d"'), ("points = 60", "points = 5"), ('value = "1.5"', 'value = "3"'),
    ('factor = "2"', 'factor = "1.1"'), ("points = 2\n", "points = 90\n"), ("points = 7", "points = 70"),
    ('window = "9d"', 'window = "2d"'), ('window = "9d", ', ""), ('by = "points"', 'by = "visits"'),
)  # fmt: skip


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One month that several tests look at."""
    folder = tmp_path_factory.mktemp("lived")
    asyncio.run(live(folder, 7))
    return folder


@pytest.mark.parametrize(("old", "new"), OTHER, ids=[f"{old.strip()} to {new.strip()}" for old, new in OTHER])
def test_every_other_rule_makes_a_difference(
    lived: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], old: str, new: str
) -> None:
    """A changed setting changes points or tiers, and not what really happened."""
    text = (lived / "config.toml").read_text(encoding="utf-8")
    assert old in text
    (tmp_path / "new.toml").write_text(text.replace(old, new, 1), encoding="utf-8")
    hand = Hand(capsys, lived / "config.toml")
    found, before = compared(hand, tmp_path / "new.toml"), compared(hand, hand.config)
    assert found["really"] == before["really"]
    assert found["proposed"] != before["proposed"]


def test_figures_by_hand(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Three orders of 10,000 sat, one half refunded: with a point for 500 sat twice the points, and twice the cost."""
    plain = 'point_value = "20 sat"\n[[program.tier]]\nid = "t"\ntitle = "T"\nthreshold = 16\n'

    async def sell() -> None:
        served = Served(tmp_path, extra=plain)
        async with served:
            for number in ("1", "2"):
                await served.take(served.order(number, "10000"))
            await served.take(served.order("3", "10000", customer=None))
            await served.take(served.order("2", "5000", status="refunded"))

    asyncio.run(sell())
    hand = Hand(capsys, tmp_path / "config.toml")
    text = (
        hand.config.read_text()
        .replace('per = "1000 sat"', 'per = "500 sat"')
        .replace("threshold = 16", "threshold = 31")
    )
    (tmp_path / "new.toml").write_text(text)
    found = compared(hand, tmp_path / "new.toml")
    assert found["really"] == {
        "points": 15, "unclaimed": 10, "cost": ["300", "sat"], "cost_tenths": 12, "tiers": {"": 1},
    }  # fmt: skip
    assert found["proposed"] == {
        "points": 30, "unclaimed": 20, "cost": ["600", "sat"], "cost_tenths": 24, "tiers": {"": 1},
    }  # fmt: skip
    assert found["orders"] == 3
    lines = hand("replay", "--rules", tmp_path / "new.toml", "--since", "2026-01-01").splitlines()
    assert [line.split()[-3:] for line in lines[1:3]] == [["15", "30", "+15"], ["10", "20", "+10"]]
    assert lines[3].split() == ["cost", "300", "sat", "600", "sat", "300", "sat"]
    assert lines[-1] == "with these rules: 3 orders taken"


def test_orders_that_the_other_rules_would_not_take(
    lived: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Rules for euros refuse what was paid in sat, and say how much; a paused program is tried out as an active one."""
    text = (lived / "config.toml").read_text(encoding="utf-8").replace('per = "1000 sat"', 'per = "1 EUR"')
    (tmp_path / "new.toml").write_text(text.replace('vest = "3d"', 'vest = "3d"\nstatus = "paused"'), encoding="utf-8")
    found = compared(Hand(capsys, lived / "config.toml"), tmp_path / "new.toml")
    assert found["orders"] == 0
    assert found["refused"]["amount-without-rule"] > 50
    assert found["proposed"]["unclaimed"] == 0


def test_what_cannot_be_compared_is_told(lived: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Another slug, a file with mistakes, a day that is none: what to type instead."""
    hand = Hand(capsys, lived / "config.toml")
    text = hand.config.read_text(encoding="utf-8")
    new = tmp_path / "new.toml"
    new.write_text(text.replace('slug = "cafe-sol"', 'slug = "cafe-luna"'), encoding="utf-8")
    hand("replay", "--rules", new, "--since", "2026-10-01")
    assert hand.code == 2
    assert "it has cafe-luna" in hand.err
    new.write_text(text.replace("points = 60", "points = -60"), encoding="utf-8")
    hand("replay", "--rules", new, "--since", "2026-10-01")
    assert hand.code == 78
    hand("replay", "--rules", hand.config, "--since", "1.10.2026")
    assert hand.code == 2
    assert "2026-10-01" in hand.err


def test_replaying_writes_nothing(lived: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The ledger is the same file, byte for byte, afterwards."""
    hand = Hand(capsys, lived / "config.toml")
    before = (lived / "loyalty.db").read_bytes()
    compared(hand, hand.config)
    assert (lived / "loyalty.db").read_bytes() == before
