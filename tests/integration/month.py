"""A month at a venue with every kind of rule, lived by chance: what guests, tills and operators do."""

import asyncio
import random
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

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
