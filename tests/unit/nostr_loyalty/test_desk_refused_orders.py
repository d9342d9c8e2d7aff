"""What a refused order leaves behind: its answer, and nobody."""

from pathlib import Path
from typing import Any

import pytest

from nostr_loyalty.commands.command import Redeem
from tests.unit.nostr_loyalty.served import Served, reward, rules, table
from tests.venue import new_key

REFUSALS: list[tuple[dict[str, Any], tuple[str, str], str]] = [
    ({"status": "paused"}, ("12000", "sat"), "program-paused"),
    ({"status": "ended"}, ("12000", "sat"), "program-ended"),
    ({}, ("5.00", "EUR"), "amount-without-rule"),
    ({}, ("9000000000000000", "sat"), "order-amount-invalid"),
]


async def left(served: Served) -> tuple[int, list[str]]:
    """How many cards there are, and what is promised besides answers."""
    async with served.database.read() as r:
        ((standings,),) = await r.rows("SELECT count(*) FROM standing")
        labels = [
            label for (label,) in await r.rows("SELECT label FROM outbox WHERE label NOT IN ('answer', 'rejection')")
        ]
    return standings, labels


@pytest.mark.parametrize(("keys", "amount", "code"), REFUSALS)
async def test_a_refused_order_leaves_nobody_behind(
    tmp_path: Path, keys: dict[str, Any], amount: tuple[str, str], code: str
) -> None:
    """No standing and no card, of however many orders of strangers; the program does not know them."""
    async with Served(tmp_path, extra=rules(reward(), **keys)) as served:
        before = await left(served)
        orders = [served.order(f"order-{number}", *amount, customer=new_key().public) for number in range(3)]
        answers = await served.take(served.order("order-x", *amount), *orders)
        assert {answer.reason for answer in answers} == {code}
        assert await left(served) == before
        assert (await served.asks(Redeem("coffee"))).code == "customer-unknown"
        await served.assert_clean()


async def test_who_is_accepted_beside_them_is_met(tmp_path: Path) -> None:
    """In one batch: of a new guest one order is refused and one counts; of two who pay one order the first has it."""
    guard = table("guard", customer_orders=1)
    async with Served(tmp_path, extra=rules(guard)) as served:
        nobody, first, second = (new_key().public for _ in range(3))
        await served.take(
            served.order("order-1", "5.00", "EUR", customer=nobody), served.order("order-2", "5.00", "EUR"),
            served.order("order-3"), served.order("order-4", customer=first), served.order("order-4", customer=second),
        )  # fmt: skip
        async with served.database.read() as r:
            known = [key for (key,) in await r.rows("SELECT lower(hex(customer)) FROM standing ORDER BY id")]
        assert known == [served.guest.public, first]
        assert (await served.balance(), await served.balance(first)) == (12, 12)
        await served.take(served.order("order-5", customer=nobody), served.order("order-6", customer=second))
        assert await served.balance(nobody) == 12
        await served.assert_clean()
