"""What orders, refunds and cancellations do, on a real ledger, batch by batch."""

import asyncio
import random
from collections import defaultdict
from pathlib import Path

import pytest

from kinds import registry
from kinds.event import Event, Template, sign
from tests.unit.nostr_loyalty.served import Served, opened, proof_of
from tests.venue import new_key


@pytest.mark.parametrize("together", [True, False])
async def test_one_order_counts_once(tmp_path: Path, together: bool) -> None:
    """Bug 1, 2, 9: the same order under five event ids, in one batch or in five, moves points once; the others are
    answered "duplicate", with where the customer stands.
    """
    async with Served(tmp_path) as served:
        events = [served.order("order-1", at=served.clock.now() - age) for age in range(5, 0, -1)]
        batches = [events] if together else [[event] for event in events]
        answers = [answer for batch in batches for answer in await served.take(*batch)]
        assert [answer.result for answer in answers] == ["accepted"] + ["duplicate"] * 4
        assert {(answer.points, answer.balance, answer.visits_month) for answer in answers} == {(12, 12, 1)}
        assert await served.moved() == [12]
        await served.assert_clean()


async def test_the_order_is_rewarded_not_its_change_of_status(tmp_path: Path) -> None:
    """Bug 3, 4: paid, canceled, paid, canceled, paid: one award and one reversal, whatever is reported after it."""
    async with Served(tmp_path) as served:
        now = served.clock.now()
        for age, status in enumerate(["paid", "canceled", "paid", "canceled", "paid"]):
            await served.take(served.order("order-1", status=status, at=now - 10 + age))
        assert await served.moved() == [12, -12]
        await served.assert_clean()


async def test_only_the_paid_order_moves_points(tmp_path: Path) -> None:
    """Bug 6, 7: of three orders the two that are reported count, each for itself; order numbers of two tills never
    meet.
    """
    async with Served(tmp_path) as served:
        await served.take(served.order("order-1", "5000"), served.order("order-3", "7000"))
        assert await served.moved() == [5, 7]


@pytest.mark.parametrize("name", ["order-1:refund:r1", "order-1:refund", "order-1:canceled"])
async def test_an_order_cannot_take_the_name_of_a_refund(tmp_path: Path, name: str) -> None:
    """An order whose id reads like the reference of another order's refund is refused: no `x` comes twice."""
    async with Served(tmp_path) as served:
        await served.take(served.order("order-1"))
        (answer,) = await served.take(served.order(name))
        assert (answer.result, answer.reason) == ("rejected", "order-ambiguous-id")
        await served.take(served.order("order-1", "6000", status="refunded", refund_id="r1"))
        await served.take(served.order("order-1", status="canceled"))
        assert await served.moved() == [12, -6, -6]
        await served.assert_clean()


async def test_a_clock_that_steps_back_breaks_no_chain(tmp_path: Path) -> None:
    """With the clock an hour behind, the next entry bears the time of the one before it, and is booked."""
    async with Served(tmp_path) as served:
        await served.take(served.order("order-1"))
        served.clock.step(-3_600)
        (answer,) = await served.take(served.order("order-2"))
        assert (answer.result, answer.balance) == ("accepted", 24)
        assert await served.moved() == [12, 12]
        await served.assert_clean()


async def test_the_same_order_through_two_channels(tmp_path: Path) -> None:
    """Bug 7: once in clear and once in a wrap is one order: one award, two answers."""
    async with Served(tmp_path) as served:
        wrapped = served.venue.wrapped("order-1", served.guest.public, at=served.clock.now() - 1)
        answers = await served.take(served.order("order-1"), wrapped)
        assert sorted(answer.result for answer in answers) == ["accepted", "duplicate"]
        assert await served.moved() == [12]


@pytest.mark.parametrize("status", ["refunded", "canceled"])
@pytest.mark.parametrize("together", [True, False])
async def test_full_refund_leaves_the_balance_as_before(tmp_path: Path, status: str, together: bool) -> None:
    """Bug 14, 15: buy, refund, keep the points, again and again: after every round the balance is what it was."""
    async with Served(tmp_path) as served:
        await served.take(served.order("first"))
        for turn in range(3):
            order, end = served.order(f"order-{turn}"), served.order(f"order-{turn}", status=status)
            for batch in [[order, end]] if together else [[order], [end]]:
                await served.take(*batch)
            assert (await served.chain())[-1].balance == 12
        await served.assert_clean()


async def test_refunded_and_reported_again_in_one_batch(tmp_path: Path) -> None:
    """A credit that is reversed in its own batch leaves a ledger that agrees with itself (found by kill -9)."""
    async with Served(tmp_path) as served:
        await served.take(served.order("order-1"), served.order("order-1", "3000", status="refunded", refund_id="a"))
        await served.assert_clean()
        await served.take(served.order("order-1", "9000", status="refunded", refund_id="b"))
        assert await served.moved() == [12, -3, -9]
        await served.assert_clean()


async def test_partial_refunds_add_up(tmp_path: Path) -> None:
    """Bug 17, 56: three partial refunds, each counted once by its id, take what one whole refund would take."""
    async with Served(tmp_path) as served:
        await served.take(served.order("order-1", "10999"))
        for refund_id, amount in (("a", "3333"), ("a", "3333"), ("b", "3333"), ("c", "4333"), ("c", "4333")):
            await served.take(served.order("order-1", amount, status="refunded", refund_id=refund_id))
        assert await served.moved() == [10, -3, -3, -4]
        await served.assert_clean()


async def test_refunds_never_exceed_the_order(tmp_path: Path) -> None:
    """Bug 20, 56: a refund above what is left is refused with its reason and takes nothing."""
    async with Served(tmp_path) as served:
        await served.take(served.order("order-1"))
        await served.take(served.order("order-1", "9000", status="refunded", refund_id="a"))
        (answer,) = await served.take(served.order("order-1", "4000", status="refunded", refund_id="b"))
        assert (answer.result, answer.reason) == ("rejected", "refund-above-order")
        assert await served.moved() == [12, -9]


async def test_refund_uses_the_rule_of_the_day(tmp_path: Path) -> None:
    """Bug 20: the refund takes back what was earned, whatever the rule has become since."""
    async with Served(tmp_path) as served:
        await served.take(served.order("order-1"))
        config = served.venue.folder / "config.toml"
    config.write_text(config.read_text().replace("points = 1\n", "points = 100\n"))
    async with served.again() as later:
        await later.take(later.order("order-1", status="canceled"))
        assert await later.moved() == [12, -12]
        await later.assert_clean()


async def test_cancel_and_refund_in_sequence(tmp_path: Path) -> None:
    """Bug 21: a refund and then a cancellation of the same order take its points once; other points stay."""
    async with Served(tmp_path) as served:
        await served.take(served.order("order-0", "50000"), served.order("order-1"))
        await served.take(served.order("order-1", status="refunded", refund_id="a"))
        await served.take(served.order("order-1", status="canceled"))
        assert (await served.chain())[-1].balance == 50
        await served.assert_clean()


@pytest.mark.parametrize("together", [True, False])
async def test_refund_before_its_order(tmp_path: Path, together: bool) -> None:
    """A refund that overtakes its order is kept, and applied when the order comes: net nothing."""
    async with Served(tmp_path) as served:
        refund = served.order("order-1", status="refunded", refund_id="a", at=served.clock.now() - 5)
        batches = [[refund, served.order("order-1")]] if together else [[refund], [served.order("order-1")]]
        answers = [answer for batch in batches for answer in await served.take(*batch)]
        assert [(answer.result, answer.points) for answer in answers] == [("accepted", 0), ("accepted", 0)]
        assert await served.moved() == [12, -12]
        await served.assert_clean()


async def test_crowded_batches_lose_nothing(tmp_path: Path) -> None:
    """Bug 25, 29, 58: many orders of one customer in one batch continue one chain, none is lost, none overwrites."""
    async with Served(tmp_path) as served:
        orders = [served.order(f"order-{number}", "1000") for number in range(50)]
        await asyncio.gather(*(served.pool.hand([]).wait() for _ in range(3)), served.take(*orders))
        assert [entry.seq for entry in await served.chain()] == list(range(1, 51))
        assert (await served.chain())[-1].balance == 50


async def test_random_histories_end_where_a_naive_sum_ends(tmp_path: Path) -> None:
    """Bug 5, 14, 17, 21, 56: whatever mixture of orders, repetitions, partial refunds and cancellations comes, in
    batches of any size and in any order, each customer ends with the sum over its orders of what is left of each.
    """
    async with Served(tmp_path) as served:
        rng = random.Random(3)
        guests = [new_key().public for _ in range(3)]
        left: dict[str, dict[str, tuple[int, int]]] = defaultdict(dict)
        messages = []
        for number in range(60):
            guest, order_id, amount = rng.choice(guests), f"order-{number}", rng.randrange(0, 9_000)
            messages += [served.order(order_id, str(amount), customer=guest)] * rng.choice((1, 2))
            back = 0
            for refund in range(rng.choice((0, 0, 1, 3))):
                part = rng.randrange(0, amount - back + 1)
                back += part
                more = {"status": "refunded", "refund_id": str(refund), "customer": guest}
                messages.append(served.order(order_id, str(part), **more))
            if rng.random() < 0.2:
                back = amount
                messages.append(served.order(order_id, str(amount), status="canceled", customer=guest))
            left[guest][order_id] = (amount, back)
        messages = [sign(_dated(each, rng), served.venue.till) for each in messages]
        rng.shuffle(messages)
        while messages:
            size = rng.randrange(1, 12)
            await served.take(*messages[:size])
            del messages[:size]
        for guest in guests:
            points = sum(a // 1000 - (a // 1000 if b == a else a // 1000 * b // a) for a, b in left[guest].values())
            chain = await served.chain(guest)
            assert (chain[-1].balance if chain else 0) == points
        await served.assert_clean()


def _dated(event: Event, rng: random.Random) -> Template:
    """The same message of another time, so that it is another message."""
    return Template(event.kind, event.created_at - rng.randrange(0, 100), event.tags, event.content)


async def test_an_order_without_customer_is_claimable(tmp_path: Path) -> None:
    """No customer: recorded and answered with a claim code, once; nobody has points yet."""
    async with Served(tmp_path) as served:
        (first,) = await served.take(served.order("order-1", customer=None))
        (second,) = await served.take(served.order("order-1", customer=None, at=served.clock.now() - 1))
        assert (first.result, first.points, second.result, second.claim) == ("accepted", 12, "duplicate", None)
        assert first.claim is not None
        assert len(first.claim) == 19
        await served.assert_clean()


@pytest.mark.parametrize(("status", "code"), [("paused", "program-paused"), ("ended", "program-ended")])
async def test_refunds_do_not_wait_for_loyalty(tmp_path: Path, status: str, code: str) -> None:
    """Bug 23: a program that is paused or over refuses orders with its reason and still takes refunds."""
    async with Served(tmp_path) as served:
        await served.take(served.order("order-1"))
        config = served.venue.folder / "config.toml"
    config.write_text(config.read_text().replace('tz = "Eu', f'status = "{status}"\ntz = "Eu'))
    async with served.again() as later:
        (answer,) = await later.take(later.order("order-2"))
        assert (answer.result, answer.reason) == ("rejected", code)
        (answer,) = await later.take(later.order("order-1", status="canceled"))
        assert (answer.result, answer.points, answer.balance) == ("accepted", -12, 0)


async def test_private_is_private(tmp_path: Path) -> None:
    """Bug 61: of a private program nothing that is published names the customer with points, tier, amount or order in
    clear: wraps show their receiver only, cards not even that.
    """
    async with Served(tmp_path, "private") as served:
        await served.deliver(served.order("order-77", "77777"))
        sealed = await served.sealed()
        assert {promised.label for _, promised in sealed} == {"notice", "answer", "card"}
        for event, _ in sealed:
            clear = str((event.tags, event.content))
            assert "order-77" not in clear
            assert "77" not in str(event.tags).replace(event.tags[0][1], "")
            if event.kind == registry.CARD:
                assert served.guest.public not in clear
            else:
                assert event.kind == registry.GIFT_WRAP
                assert [tag[0] for tag in event.tags] == ["p"]
        notice = opened(next(event for event, promised in sealed if promised.label == "notice"), served.guest)
        assert proof_of(notice).kind == registry.ENTRY
        assert "balance 77" in notice.text


async def test_cards_never_share_a_second(tmp_path: Path) -> None:
    """Bug 52, 69: three changes within one second give cards with strictly increasing times; the card is a snapshot,
    the entries are what counts.
    """
    async with Served(tmp_path) as served:
        times = []
        for number in range(3):
            await served.deliver(served.order(f"order-{number}"))
            times += [event.created_at for event, promised in await served.sealed() if promised.label == "card"]
        assert times == sorted(set(times))
        assert len(times) == 3


async def test_text_that_the_ledger_cannot_store(tmp_path: Path) -> None:
    """An order id with a NUL in it is refused with an answer; it surprises nobody."""
    async with Served(tmp_path) as served:
        (answer,) = await served.take(served.order("order\x001"))
        assert answer.result == "rejected"
        assert await served.moved() == []


async def test_an_early_refund_that_does_not_fit(tmp_path: Path) -> None:
    """A refund that was kept for its order and turns out larger than it is given up with an answer: the order counts,
    and the right refund under the same id counts too.
    """
    async with Served(tmp_path) as served:
        early = served.order("order-1", "99000", status="refunded", refund_id="a", at=served.clock.now() - 5)
        await served.take(early)
        answers = await served.take(served.order("order-1"))
        assert {(answer.to_event == early.id, answer.result) for answer in answers} == {
            (True, "rejected"),
            (False, "accepted"),
        }
        await served.take(served.order("order-1", "6000", status="refunded", refund_id="a"))
        assert await served.moved() == [12, -6]
        await served.assert_clean()
