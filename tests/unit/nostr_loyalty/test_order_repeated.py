"""What the repetition of an order, a refund or a cancellation is answered: what the first answer said it moved."""

from pathlib import Path
from typing import Any, NamedTuple

import pytest

from kinds import gift_wrap
from kinds.answer import Answer, parse_answer
from kinds.event import Event
from nostr_loyalty.commands.command import Refund
from tests.unit.nostr_loyalty.served import Served

DAY = 86_400


def _refund(served: Served, amount: str = "3000", unit: str = "sat", **more: Any) -> Event:
    return served.order("order-1", amount, unit, **{"status": "refunded", "refund_id": "a", **more})


async def _told(served: Served, *events: Event) -> list[tuple[str, int | None]]:
    return [(answer.result, answer.points) for event in events for answer in await served.take(event)]


class Said(NamedTuple):
    """An answer and its line for the monitor."""

    answer: Answer
    text: str


async def _one(served: Served, event: Event) -> Said:
    await served.deliver(event)
    ((sealed, _),) = [one for one in await served.sealed() if one[1].label == "answer"]
    rumor = gift_wrap.unwrap(sealed, served.venue.till)
    return Said(parse_answer(rumor), rumor.content)


@pytest.mark.parametrize("together", [True, False])
async def test_each_repetition_says_what_its_first_answer_said(tmp_path: Path, together: bool) -> None:
    """A till that lost its answers books +12 for the order and -3 for the refund, and so it is told by repetitions, in
    whatever batches all that came; the balance is the one of now.
    """
    async with Served(tmp_path) as served:
        now = served.clock.now()
        first = [served.order("order-1", at=now - 9), _refund(served, at=now - 8)]
        for batch in [first] if together else [[one] for one in first]:
            await served.take(*batch)
        again = [served.order("order-1", at=now - 7), _refund(served, at=now - 6)]
        assert await _told(served, *again) == [("duplicate", 12), ("duplicate", -3)]
        answer = await _one(served, _refund(served, at=now - 5))
        assert answer.answer.balance == 9
        assert answer.text == "Counted before: 1st visit this month; -3 points, balance 9"
        await _told(served, served.order("order-1", status="canceled", at=now - 4))
        more = [served.order("order-1", status="canceled", at=now - 3), served.order("order-1", at=now - 2)]
        assert await _told(served, *more) == [("duplicate", -9), ("duplicate", 12)]
        assert await served.moved() == [12, -3, -9]


@pytest.mark.parametrize("named", [True, False])
@pytest.mark.parametrize("together", [True, False])
async def test_a_refund_that_came_first_and_its_order_say_the_same_again(
    tmp_path: Path, together: bool, named: bool
) -> None:
    """The refund was told +0 and the order what was left: 9. Their repetitions say that, also of a code to claim."""
    async with Served(tmp_path) as served:
        now = served.clock.now()
        more: dict[str, Any] = {} if named else {"customer": None}
        first = [_refund(served, at=now - 9, **more), served.order("order-1", at=now - 8, **more)]
        batches = [first] if together else [[one] for one in first]
        answers = [answer for batch in batches for answer in await served.take(*batch)]
        assert [answer.points for answer in answers] == [0, 9]
        again = [_refund(served, at=now - 7, **more), served.order("order-1", at=now - 6, **more)]
        assert await _told(served, *again) == [("duplicate", 0), ("duplicate", 9)]


async def test_a_code_to_claim_was_worth_what_was_told(tmp_path: Path) -> None:
    """Nobody has claimed the receipt: the order said 12, the refund -3, and so it is said again; the text says what the
    code is worth by now.
    """
    async with Served(tmp_path) as served:
        now = served.clock.now()
        await served.take(
            served.order("order-1", customer=None, at=now - 9), _refund(served, customer=None, at=now - 8)
        )
        order = await _one(served, served.order("order-1", customer=None, at=now - 7))
        assert (order.answer.points, order.answer.claim) == (12, None)
        assert order.text == "Counted before: the claim code that was given with the first report is worth 9 points"
        refund = await _one(served, _refund(served, customer=None, at=now - 6))
        assert (refund.answer.result, refund.answer.points) == ("duplicate", -3)


async def test_points_that_waited_are_told_when_they_are_there(tmp_path: Path) -> None:
    """An order whose points wait says +0 again and when they come, later what was booked; its refund, +0 each time."""
    async with Served(tmp_path, extra='vest = "2d"\nvest_orders = "all"\n') as served:
        order, refund = served.order("order-1"), _refund(served)
        await served.take(order, refund)
        served.clock.step(60)
        again = [served.order("order-1"), _refund(served)]
        assert await _told(served, *again) == [("duplicate", 0), ("duplicate", 0)]
        served.clock.step(3 * DAY)
        await served.sweeper.sweep()
        again = [served.order("order-1"), _refund(served)]
        assert await _told(served, *again) == [("duplicate", 9), ("duplicate", 0)]
        assert await served.moved() == [9]


async def test_a_refund_by_hand_does_not_change_what_an_order_is_told(tmp_path: Path) -> None:
    """What an operator took back was never told to the till: its order still says +12."""
    async with Served(tmp_path) as served:
        await served.take(served.order("order-1"))
        await served.command(Refund("order-1"))
        served.clock.step(60)
        answer = await _one(served, served.order("order-1"))
        assert (answer.answer.result, answer.answer.points, answer.answer.balance) == ("duplicate", 12, 0)


async def test_another_amount_is_told(tmp_path: Path) -> None:
    """A repetition with another amount, of an order or a refund, is a repetition: it is said that it had been booked
    with another amount, which stays. Of a cancellation the amount says nothing.
    """
    async with Served(tmp_path) as served:
        now = served.clock.now()
        await served.take(served.order("order-1", at=now - 9), _refund(served, at=now - 8))
        order = await _one(served, served.order("order-1", "99000", at=now - 7))
        assert (order.answer.result, order.answer.points) == ("duplicate", 12)
        assert order.text == (
            "Counted before with another amount, 12000 sat, which stays: 1st visit this month; +12 points, balance 9"
        )
        refund = await _one(served, _refund(served, "4000", at=now - 6))
        assert (refund.answer.result, refund.answer.points) == ("duplicate", -3)
        assert refund.text.startswith("Counted before with another amount, 3000 sat, which stays: ")
        same = await _one(served, _refund(served, "3000000", "msat", at=now - 5))
        assert same.text.startswith("Counted before: ")
        await served.take(served.order("order-1", status="canceled", at=now - 4))
        canceled = await _one(served, served.order("order-1", "1", status="canceled", at=now - 3))
        assert canceled.text.startswith("Counted before: ")


async def test_another_amount_is_told_of_what_has_no_customer_or_no_order_yet(tmp_path: Path) -> None:
    """The same of a refund that waits for its order, and of a receipt that nobody has claimed."""
    async with Served(tmp_path) as served:
        now = served.clock.now()
        await served.take(_refund(served, at=now - 9))
        waits = await _one(served, _refund(served, "4000", at=now - 8))
        assert waits.text.startswith("Counted before with another amount, 3000 sat, which stays: Order order-1 is not")
        assert (waits.answer.result, waits.answer.points) == ("duplicate", 0)
        await served.take(served.order("order-2", customer=None, at=now - 7))
        code = await _one(served, served.order("order-2", "5000", customer=None, at=now - 6))
        assert code.text.startswith("Counted before with another amount, 12000 sat, which stays: the claim code")


async def test_what_was_paid_after_all_earns_once_under_a_new_order_id(tmp_path: Path) -> None:
    """Bug 5: failed, then completed. A late retry of the first report, the same whatever its time says, makes nothing
    from nothing; the new order id brings the points back, once, and a cancellation of it takes them.
    """
    async with Served(tmp_path) as served:
        now = served.clock.now()
        await _told(served, served.order("1042", at=now - 9), served.order("1042", status="canceled", at=now - 8))
        assert await _told(served, served.order("1042", at=now - 7)) == [("duplicate", 12)]
        assert (await served.chain())[-1].balance == 0
        again = [served.order("1042-2", at=now - age) for age in (6, 5)]
        assert await _told(served, *again) == [("accepted", 12), ("duplicate", 12)]
        assert (await served.chain())[-1].balance == 12
        await _told(served, served.order("1042-2", status="canceled", at=now - 4))
        assert await served.moved() == [12, -12, 12, -12]
        await served.assert_clean()
