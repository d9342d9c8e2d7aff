"""Refunds and cancellations of orders in every state that points can be in, by every way, where deficits are allowed
and where they are forgiven.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from nostr_loyalty.commands.command import Claim, Grant, Redeem, Relink, Use
from tests.unit.nostr_loyalty.served import Served, earn, reward, rules, table
from tests.venue import new_key

WAYS = {"a part": 3_333, "two parts": 6_666, "all": 10_999, "a part, then canceled": 10_999}
REWARDS = (reward("four", 4), reward("ten", 10))


@dataclass
class Life:
    """One customer's order-<way> and what happens to its points before it is taken back."""

    served: Served
    way: str
    customer: str
    paid: bool = True

    @property
    def order(self) -> str:
        """The order's id."""
        return f"order of {self.way}"

    async def buys(self, **more: Any) -> None:
        """10999 sat: 10 points and a rest."""
        more.setdefault("customer", self.customer)
        await self.served.take(self.served.order(self.order, "10999", **more))

    async def spends(self, reward_id: str, order: str | None = None) -> None:
        """A voucher is redeemed and used."""
        outcome = await self.served.asks(Redeem(reward_id), self.customer)
        assert (await self.served.command(Use(str(outcome.facts["voucher"]), order=order))).code == "done"


async def unspent(life: Life) -> None:
    """All points are there."""
    await life.buys()


async def spent(life: Life) -> None:
    """All points are gone."""
    await life.buys()
    await life.spends("ten")


async def partly_spent(life: Life) -> None:
    """Four of ten are gone."""
    await life.buys()
    await life.spends("four")


async def run_out(life: Life) -> None:
    """All points have expired."""
    await life.buys()
    life.served.later(days=12)
    if life.way in ("a part", "all"):
        await life.served.sweep()


async def spent_and_run_out(life: Life) -> None:
    """Four were spent, six have expired."""
    await partly_spent(life)
    life.served.later(days=12)
    if life.way in ("a part", "all"):
        await life.served.sweep()


async def redeemed_on_it(life: Life) -> None:
    """The order was paid in part with a voucher."""
    await life.served.command(Grant(life.customer, 10))
    await life.spends("ten", life.order)
    await life.buys()


async def claimed(life: Life) -> None:
    """The receipt was claimed."""
    (answer,) = await life.served.take(life.served.order(life.order, "10999", customer=None))
    await life.served.asks(Claim(str(answer.claim)), life.customer)


async def relinked(life: Life) -> None:
    """The customer goes on with another key."""
    await life.buys()
    old, life.customer = life.customer, new_key().public
    await life.served.command(Relink(old, life.customer))


async def spent_and_relinked(life: Life) -> None:
    """Four were spent by the old key; the rest moved to another."""
    await partly_spent(life)
    old, life.customer = life.customer, new_key().public
    await life.served.command(Relink(old, life.customer))


async def relinked_and_run_out(life: Life) -> None:
    """Four were spent by the old key; six moved to another, twice, and have expired there."""
    await partly_spent(life)
    for _ in range(2):
        old, life.customer = life.customer, new_key().public
        await life.served.command(Relink(old, life.customer))
    life.served.later(days=12)
    if life.way in ("a part", "all"):
        await life.served.sweep()


async def pending(life: Life) -> None:
    """The points have not come yet."""
    await life.buys()


async def stamped(life: Life) -> None:
    """A stamp and a welcome came with it: 2 and 5 that only the whole takes back."""
    await life.buys()


State = Callable[[Life], Awaitable[None]]
TTL = {"ttl": "10d", "expiry_warning": "0d"}
TWICE = table("multiplier", name="Twice", factor="2", schedule="always")
EXTRA = (earn("visit", 2), earn("welcome", 5))
# state: the rules that it needs, what the order earned, what only the whole takes, and what is left of these points.
STATES: list[tuple[State, tuple[str, ...], dict[str, Any], int, int, int]] = [
    (unspent, (), {}, 10, 0, 10), (spent, (), {}, 10, 0, 0), (partly_spent, (), {}, 10, 0, 6),
    (redeemed_on_it, (), {}, 10, 0, 10), (claimed, (), {}, 10, 0, 10), (relinked, (), {}, 10, 0, 10),
    (spent_and_relinked, (), {}, 10, 0, 6), (unspent, (TWICE,), {}, 21, 0, 21),
    (pending, (), {"vest": "3d", "vest_orders": "all"}, 10, 0, 10), (stamped, EXTRA, {}, 17, 7, 17),
]  # fmt: skip


@pytest.mark.parametrize("deficit", ["allow", "clamp"])
@pytest.mark.parametrize(("state", "tables", "keys", "earned", "fixed", "left"), STATES)
async def test_what_a_refund_takes(
    tmp_path: Path, state: State, tables: tuple[str, ...], keys: dict[str, Any], earned: int, fixed: int, left: int,
    deficit: str,
) -> None:  # fmt: skip
    """Bug 14-22, 56: the share that was refunded, of what the order earned on its day, whatever has become of it since;
    what was spent makes a deficit or is forgiven, and a voucher comes back with the whole only.
    """
    async with Served(tmp_path, extra=rules(*REWARDS, *tables, deficit=deficit, **keys)) as served:
        for way, refunded in WAYS.items():
            life = Life(served, way, new_key().public)
            await state(life)
            await taken_back(life)
            whole = refunded == 10_999
            share = earned if whole else (earned - fixed) * refunded // 10_999
            served.later(days=3)
            await served.sweep()
            owed = left - share if deficit == "allow" else max(0, left - share)
            owed += 10 if state is redeemed_on_it and whole else 0
            standing = await served.standing(life.customer)
            assert (way, standing.balance) == (way, owed)
            assert (standing.earned_points, standing.visits) == (earned - share, 0 if whole else 1)
            assert standing.spent_minor == (10_999 - refunded) * 1_000
            await served.assert_clean()


async def taken_back(life: Life) -> None:
    """The order is refunded or cancelled, and everything is reported twice."""
    served, customer = life.served, life.customer
    reports = [("3333", "refunded", "a")]
    if life.way == "two parts":
        reports.append(("3333", "refunded", "b"))
    elif life.way == "all":
        reports = [("10999", "refunded", None)]
    elif "canceled" in life.way:
        reports.append(("10999", "canceled", None))
    for amount, status, refund_id in [*reports, *reports]:
        event = served.order(life.order, amount, status=status, refund_id=refund_id, customer=customer)
        await served.take(event)
        await served.take(served.order(life.order, amount, status=status, refund_id=refund_id, customer=customer,
                                       at=served.clock.now() - 1))  # fmt: skip


@pytest.mark.parametrize("deficit", ["allow", "clamp"])
@pytest.mark.parametrize("state", [run_out, spent_and_run_out, relinked_and_run_out])
async def test_what_had_run_out_is_not_taken_again(tmp_path: Path, state: State, deficit: str) -> None:
    """Bug 55: expired points are gone once: a refund takes only what was spent of the order, or forgives it, swept or
    not, on the old key or on the new.
    """
    async with Served(tmp_path, extra=rules(*REWARDS, deficit=deficit, **TTL)) as served:
        for way, refunded in WAYS.items():
            life = Life(served, way, new_key().public)
            await state(life)
            await taken_back(life)
            await served.sweep()
            share = 10 if refunded == 10_999 else 10 * refunded // 10_999
            spent_points = 0 if state is run_out else 4
            owed = -min(share, spent_points) if deficit == "allow" else 0
            standing = await served.standing(life.customer)
            assert (way, standing.balance, standing.earned_points) == (way, owed, 10 - share)
            forgiven = min(share, spent_points) if deficit == "clamp" else 0
            async with served.database.read() as r:
                ((clamped,),) = await r.rows("SELECT clamped FROM paid_order WHERE reference = ?", life.order)
            assert (way, clamped) == (way, forgiven)
            await served.assert_clean()
