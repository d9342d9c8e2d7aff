"""A venue that has lived from August to November 2026, for what looks back on it."""

from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from nostr_loyalty.commands.command import Cancel, Grant, Redeem, Relink, Revoke
from tests.clock import FakeClock
from tests.unit.nostr_loyalty.served import Served
from tests.venue import new_key

MADRID = ZoneInfo("Europe/Madrid")
RULES = """
point_value = "5 sat"
ttl = "20d"
tier_basis = { by = "points" }
[[program.tier]]
id = "gold"
title = "Gold"
threshold = 40
[[program.reward]]
id = "coffee"
title = "Free coffee"
cost = 10
type = "item"
value = "any coffee"
"""


def noon(month: int, day: int) -> int:
    """A moment of 2026 on the venue's wall."""
    return int(datetime(2026, month, day, 12, tzinfo=MADRID).timestamp())


async def live(folder: Path) -> None:
    """August to November: guests come and stay away, redeem, get their points back, are refunded, move to a new key."""
    served = Served(folder, extra=RULES)
    served.clock = FakeClock(noon(8, 10))
    ana, ben, cleo, dora, new = (new_key().public for _ in range(5))
    async with served:

        async def at(month: int, day: int) -> None:
            served.clock.step(noon(month, day) - served.clock.now())
            await served.sweep()

        await served.take(served.order("1", "30000", customer=ana), served.order("2", "8000", customer=ben))
        await at(9, 30)  # what was earned in August has run out
        await served.take(served.order("3", "45000", customer=ana), served.order("4", "10000", customer=cleo))
        voucher = await served.asks(Redeem("coffee"), ana)
        await served.asks(Redeem("coffee"), ana)
        await at(10, 5)
        await served.asks(Cancel(str(voucher.facts["voucher"])), ana)
        await served.command(Grant(ben, 50, "sorry"))
        await served.command(Revoke(ben, 5))
        await served.take(
            served.order("5", "4000", customer=cleo),
            served.order("6", "7000", customer=None),
            served.order("7", "9000", customer=dora),
        )
        await at(10, 8)
        await served.take(
            served.order("3", "15000", customer=ana, status="refunded", refund_id="a"),
            served.order("7", "9000", customer=dora, status="canceled"),
        )
        await served.command(Relink(ana, new))
        await at(11, 3)
        await served.take(served.order("8", "21000", customer=new), served.order("9", "2000", customer=dora))
        await served.assert_clean()
