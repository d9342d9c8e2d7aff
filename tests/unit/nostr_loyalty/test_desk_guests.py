"""What guests say about an order, and whom they bring."""

from pathlib import Path

import pytest

from nostr_loyalty.commands.command import Claim, Feedback, Grant, Refer, Relink
from tests.unit.nostr_loyalty.served import Served, earn, rules
from tests.venue import new_key

FRIEND, OTHER = new_key().public, new_key().public
DAY_S = 86_400


# -- feedback -------------------------------------------------------------------------------------------------------


async def said(served: Served) -> list[str]:
    """The words that were kept, oldest order first."""
    async with served.database.read() as r:
        return [text for (text,) in await r.rows("SELECT text FROM feedback ORDER BY order_id")]


async def test_a_word_about_the_last_order_counts_once(tmp_path: Path) -> None:
    """Points for the words, once per order; each order can be named; the whole refund takes them back."""
    async with Served(tmp_path, extra=rules(earn("feedback", 5))) as served:
        await served.take(served.order("order-1", "1000"), served.order("order-2", "1000"))
        outcome = await served.asks(Feedback("Lovely\nflan"))
        assert (outcome.code, outcome.facts["points"], outcome.facts["order"]) == ("done", 5, "order-2")
        assert (await served.asks(Feedback("Again"))).code == "feedback-given"
        assert (await served.asks(Feedback("The first too", "order-1"))).code == "done"
        assert await said(served) == ["The first too", "Lovely\nflan"]
        assert (await served.standing()).earned_points == 12
        await served.take(served.order("order-2", "500", status="refunded", refund_id="a"))
        await served.take(served.order("order-2", status="canceled"))
        await served.take(served.order("order-2", status="canceled", at=served.clock.now() - 1))
        assert await served.moved() == [1, 1, 5, 5, -1, -5]
        assert (await served.standing()).earned_points == 6
        await served.assert_clean()


async def test_words_are_kept_without_points(tmp_path: Path) -> None:
    """A program that gives nothing for feedback keeps it all the same."""
    async with Served(tmp_path) as served:
        await served.take(served.order("order-1"))
        outcome = await served.asks(Feedback("Too salty"))
        assert (outcome.code, outcome.facts.get("points")) == ("done", None)
        assert await said(served) == ["Too salty"]
        await served.take(served.order("order-1", status="canceled"))
        assert await served.moved() == [12, -12]
        await served.assert_clean()


async def test_words_need_an_order_of_ones_own(tmp_path: Path) -> None:
    """No order yet, somebody else's, one that was taken back, one that is not there: no points."""
    async with Served(tmp_path, extra=rules(earn("feedback", 5))) as served:
        assert (await served.asks(Feedback("Hello"), OTHER)).code == "feedback-no-order"
        await served.command(Grant(OTHER, 1))
        await served.take(served.order("order-1"), served.order("order-2"))
        await served.take(served.order("order-2", status="canceled"))
        for text, order in (("Mine?", "order-1"), ("Nothing", None)):
            assert (await served.asks(Feedback(text, order), OTHER)).code == "feedback-no-order"
        for order in ("order-2", "order-3", None):
            assert (await served.asks(Feedback("Hm", order))).code == "feedback-no-order"
        assert await said(served) == []


async def test_expired_points_for_words_are_not_taken_again(tmp_path: Path) -> None:
    """Bug 55: a refund after the feedback's points ran out takes the order's points only."""
    async with Served(tmp_path, extra=rules(earn("feedback", 5), ttl="10d", expiry_warning="1d")) as served:
        await served.take(served.order("order-1"))
        await served.asks(Feedback("Nice"))
        served.later(days=12)
        await served.sweep()
        await served.take(served.order("order-1", status="canceled"))
        assert await served.moved() == [12, 5, -12, -5]
        assert (await served.standing()).earned_points == 0
        await served.assert_clean()


# -- friends --------------------------------------------------------------------------------------------------------


def referral(vest: str = "7d", **more: object) -> str:
    """20 points for whoever brings a friend, 10 for the friend."""
    return earn("referral", 20, friend_points=10, vest=vest, **more)


async def test_a_friend_is_worth_points_after_a_week(tmp_path: Path) -> None:
    """Bug 49: nothing before the friend's first paid order has stood for the time that the program says; then points
    for both, once.
    """
    async with Served(tmp_path, extra=rules(referral())) as served:
        await served.take(served.order("order-0", "1000"))
        assert (await served.asks(Refer(FRIEND))).code == "done"
        served.later(days=30)
        assert await served.sweep() == {}
        await served.take(served.order("order-1", "1000", customer=FRIEND))
        served.later(days=7, seconds=-1)
        assert await served.sweep() == {}
        served.later(seconds=1)
        assert await served.sweep() == {"referrals": 1}
        await served.take(served.order("order-2", "1000", customer=FRIEND))
        served.later(days=30)
        assert await served.sweep() == {}
        assert (await served.moved(), await served.moved(FRIEND)) == ([1, 20], [1, 10, 1])
        assert ((await served.standing()).earned_points, (await served.standing(FRIEND)).earned_points) == (21, 12)
        await served.assert_clean()


async def test_a_first_order_may_be_a_receipt(tmp_path: Path) -> None:
    """Claiming a receipt is a friend's first order too."""
    async with Served(tmp_path, extra=rules(referral("0d"))) as served:
        await served.take(served.order("order-0", "1000"))
        await served.asks(Refer(FRIEND))
        (answer,) = await served.take(served.order("order-1", "1000", customer=None))
        await served.asks(Claim(str(answer.claim)), FRIEND)
        await served.sweep()
        assert (await served.moved(), await served.moved(FRIEND)) == ([1, 20], [1, 10])
        await served.assert_clean()


async def test_a_friend_whose_order_is_taken_back_in_time(tmp_path: Path) -> None:
    """Bug 49: wholly refunded before the week is over, the friend's next order counts anew; a part changes nothing."""
    async with Served(tmp_path, extra=rules(referral())) as served:
        await served.take(served.order("order-0", "1000"))
        await served.asks(Refer(FRIEND))
        await served.take(served.order("order-1", "2000", customer=FRIEND))
        served.later(days=6)
        await served.take(served.order("order-1", "1000", status="refunded", refund_id="a", customer=FRIEND))
        await served.assert_clean()
        await served.take(served.order("order-1", status="canceled", customer=FRIEND))
        served.later(days=2)
        assert await served.sweep() == {}
        await served.take(served.order("order-2", "1000", customer=FRIEND))
        served.later(days=7)
        assert await served.sweep() == {"referrals": 1}
        assert await served.balance() == 21
        await served.assert_clean()


@pytest.mark.parametrize("deficit", ["allow", "clamp"])
async def test_a_friend_whose_order_is_taken_back_afterwards(tmp_path: Path, deficit: str) -> None:
    """Bug 49: wholly refunded later, both lose what they got for it, once; the friend is not counted again."""
    async with Served(tmp_path, extra=rules(referral("0d"), deficit=deficit)) as served:
        await served.take(served.order("order-0", "1000"))
        await served.asks(Refer(FRIEND))
        await served.take(served.order("order-1", "1000", customer=FRIEND))
        await served.sweep()
        for status in ("refunded", "canceled"):
            await served.take(served.order("order-1", "1000", status=status, customer=FRIEND))
        assert (await served.moved(), await served.moved(FRIEND)) == ([1, 20, -20], [1, 10, -1, -10])
        await served.take(served.order("order-2", "1000", customer=FRIEND))
        await served.sweep()
        assert await served.balance() == 1
        assert ((await served.standing()).earned_points, (await served.standing(FRIEND)).earned_points) == (1, 1)
        await served.assert_clean()


async def test_who_cannot_be_brought(tmp_path: Path) -> None:
    """Bug 49: oneself, whoever brought one (also by others), somebody who has ordered, somebody who was brought."""
    a, b, c, old = (new_key().public for _ in range(4))
    async with Served(tmp_path, extra=rules(referral())) as served:
        for customer in (a, b, c):
            await served.command(Grant(customer, 1))
        await served.take(served.order("order-0", customer=old))
        assert (await served.asks(Refer(a), new_key().public)).code == "customer-unknown"
        assert (await served.asks(Refer(a), a)).code == "referral-self"
        assert (await served.asks(Refer(b), a)).code == "done"
        assert (await served.asks(Refer(c), b)).code == "done"
        assert (await served.asks(Refer(b), c)).code == "referral-cycle"
        assert (await served.asks(Refer(a), c)).code == "referral-cycle"
        assert (await served.asks(Refer(old), a)).code == "referral-not-new"
        assert (await served.asks(Refer(c), a)).code == "referral-known"
        await served.assert_clean()


async def test_one_brings_so_many(tmp_path: Path) -> None:
    """Bug 49: keys are free, so the friends of one customer have a bound."""
    async with Served(tmp_path, extra=rules(referral(cap=2))) as served:
        await served.take(served.order("order-0"))
        codes = [(await served.asks(Refer(new_key().public))).code for _ in range(3)]
        assert codes == ["done", "done", "referral-cap"]


async def test_a_program_without_friends(tmp_path: Path) -> None:
    """Where nothing is given for friends nobody is noted; a friend noted before brings nothing once it is off."""
    async with Served(tmp_path, extra=rules(referral("0d"))) as served:
        await served.take(served.order("order-0", "1000"))
        await served.asks(Refer(FRIEND))
    async with served.with_rules() as later:
        assert (await later.asks(Refer(OTHER))).code == "referral-off"
        await later.take(later.order("order-1", "1000", customer=FRIEND))
        assert await later.sweep() == {}
        assert await later.moved() == [1]
        await later.assert_clean()


async def test_nobody_brings_oneself_with_a_second_key(tmp_path: Path) -> None:
    """Bug 49, 50: when referrer and friend turn out to be one person, by a relink, there is nothing to reward."""
    async with Served(tmp_path, extra=rules(referral())) as served:
        await served.take(served.order("order-0", "1000"))
        await served.asks(Refer(FRIEND))
        await served.take(served.order("order-1", "1000", customer=FRIEND))
        await served.command(Relink(served.guest.public, FRIEND))
        served.later(days=7)
        await served.sweep()
        assert await served.balance(FRIEND) == 2
        served.later(days=7)
        assert await served.sweep() == {}
        await served.assert_clean()
