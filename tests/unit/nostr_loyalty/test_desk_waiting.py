"""Points that wait: of deliveries, and of orders that the guard holds."""

from pathlib import Path

import pytest

from kinds.event import Event, sign
from kinds.keys import npub_encode
from kinds.order import Amount, Line, PaidOrder, template
from ledger import flags
from nostr_loyalty.commands.command import Drop, Feedback, Refund, Release, RevokeEntry
from tests.unit.nostr_loyalty.served import Served, earn, reward, rules, table, tier
from tests.venue import new_key


def delivered(served: Served, order_id: str, amount: str = "12000") -> Event:
    """An order of the guest with a delivery line of 2000 sat."""
    venue, now = served.venue, served.clock.now()
    order = PaidOrder(
        order_id=order_id, program=venue.address, issuer=venue.issuer.public, source=venue.till.public,
        customer=served.guest.public, status="paid", amount=Amount(amount, "sat"), paid_at=now,
        lines=(Line("delivery", Amount("2000", "sat")),),
    )  # fmt: skip
    return sign(template(order, now), venue.till)


async def test_a_deliverys_points_come_later(tmp_path: Path) -> None:
    """Pending: visit and spend count at once, the points are told and cannot be spent, and lift no tier; after three
    days they are there, and do. An order without delivery does not wait.
    """
    async with Served(tmp_path, extra=rules(tier("gold", 10), reward(), vest="3d")) as served:
        served.set_clock("2027-05-01 12:00")
        (answer,) = await served.take(delivered(served, "order-1"))
        until = served.clock.now() + 3 * 86_400
        assert (answer.result, answer.points, answer.balance, answer.pending_until) == ("accepted", 0, 0, until)
        standing = await served.standing()
        assert (standing.visits, standing.earned_points, standing.tier) == (1, 12, None)
        await served.assert_clean()
        (again,) = await served.take(served.order("order-1", at=served.clock.now() - 1))
        assert (again.result, again.points, again.pending_until) == ("duplicate", 0, until)
        assert (await served.take(served.order("order-2", "1000")))[0].points == 1
        served.later(days=3, seconds=-1)
        assert await served.sweep() == {}
        served.later(seconds=1)
        assert await served.sweep() == {"vested": 1}
        assert (await served.moved(), (await served.standing()).tier) == ([1, 12], "gold")
        await served.assert_clean()


async def test_all_orders_may_wait(tmp_path: Path) -> None:
    """vest_orders = "all": then every order waits; one that earns nothing has nothing to wait for."""
    async with Served(tmp_path, extra=rules(vest="1h", vest_orders="all")) as served:
        answers = await served.take(served.order("order-1"), served.order("order-2", "0"))
        assert [one.pending_until is not None for one in answers] == [True, False]
        served.later(hours=1)
        await served.sweep()
        assert await served.moved() == [12]
        await served.assert_clean()


async def test_points_live_from_their_booking(tmp_path: Path) -> None:
    """The ttl of pending points begins when they are booked, also by a sweeper that slept for a month."""
    async with Served(tmp_path, extra=rules(vest="3d", vest_orders="all", ttl="20d")) as served:
        served.set_clock("2027-05-01 12:00")
        await served.take(served.order("order-1"))
        served.set_clock("2027-06-10 12:00")
        assert (await served.sweep())["vested"] == 1
        served.set_clock("2027-06-30 23:59")
        await served.sweep()
        assert await served.balance() == 12
        served.set_clock("2027-07-01 00:00")
        await served.sweep()
        assert await served.balance() == 0
        await served.assert_clean()


@pytest.mark.parametrize("whole", [True, False])
async def test_refunds_of_what_waits(tmp_path: Path, whole: bool) -> None:
    """What is refunded while it waits never comes; the answer says that nothing moved; what is left comes in time."""
    async with Served(tmp_path, extra=rules(vest="3d", vest_orders="all")) as served:
        await served.take(served.order("order-1"))
        part = {"status": "refunded", "refund_id": "a"}
        (answer,) = await served.take(served.order("order-1", "12000" if whole else "3000", **part))
        assert (answer.points, answer.balance, answer.pending_until is None) == (0, 0, whole)
        await served.assert_clean()
        served.later(days=3)
        assert await served.sweep() == ({} if whole else {"vested": 1})
        assert await served.moved() == ([] if whole else [9])
        (last,) = await served.take(served.order("order-1", status="canceled"))
        assert last.points == (0 if whole else -9)
        standing = await served.standing()
        assert (standing.visits, standing.earned_points, standing.balance) == (0, 0, 0)
        await served.assert_clean()


async def test_a_refund_that_came_before_what_waits(tmp_path: Path) -> None:
    """A refund kept for a delivery leaves the rest pending, and says so."""
    async with Served(tmp_path, extra=rules(vest="3d", vest_orders="all")) as served:
        early = served.order("order-1", "3000", status="refunded", refund_id="a", at=served.clock.now() - 5)
        await served.take(early)
        (answer,) = await served.take(served.order("order-1"))
        assert (answer.points, answer.balance, answer.pending_until is not None) == (0, 0, True)
        served.later(days=3)
        await served.sweep()
        assert await served.moved() == [9]
        await served.assert_clean()


async def test_words_about_what_waits(tmp_path: Path) -> None:
    """Feedback on a pending order is paid at once, and taken back with the order."""
    extra = rules(earn("feedback", 5), vest="3d", vest_orders="all")
    async with Served(tmp_path, extra=extra) as served:
        await served.take(served.order("order-1"))
        assert (await served.asks(Feedback("Quick"))).facts["points"] == 5
        await served.take(served.order("order-1", status="canceled"))
        assert await served.moved() == [5, -5]
        await served.assert_clean()


# -- the guard ------------------------------------------------------------------------------------------------------


def guard(**limits: object) -> str:
    """The guard's table."""
    return table("guard", **limits)


async def open_flags(served: Served) -> list[tuple[str, int, int]]:
    """What waits for somebody to look at: (what, orders, held)."""
    async with served.database.read() as r:
        return [(one.what, one.orders, one.held) for one in await flags.open_flags(r, served.program.ledger_id)]


async def test_too_many_orders_are_noticed(tmp_path: Path) -> None:
    """The third order of a local day by one customer is flagged and told to every operator; its points are there."""
    operators = [new_key(), new_key()]
    extra = rules(guard(customer_orders=2), operators=[npub_encode(one.public) for one in operators])
    async with Served(tmp_path, extra=extra) as served:
        served.set_clock("2027-05-01 23:00")
        await served.take(served.order("order-1"), served.order("order-2"))
        await served.take(served.order("order-x", customer=new_key().public))
        assert await open_flags(served) == []
        await served.promises()
        await served.deliver(served.order("order-3"))
        sealed = await served.sealed()
        words = [one for one, promised in sealed if promised.label == "word"]
        assert sorted(tag[1] for one in words for tag in one.tags if tag[0] == "p") == sorted(
            one.public for one in operators
        )
        assert await open_flags(served) == [("customer", 3, 0)]
        assert await served.balance() == 36
        served.set_clock("2027-05-02 00:00")
        await served.take(served.order("order-4"), served.order("order-5"))
        assert len(await open_flags(served)) == 1
        await served.assert_clean()


async def test_one_source_is_counted_for_each_customer(tmp_path: Path) -> None:
    """Orders of one customer from one source have a number of their own; orders of the day before do not count."""
    async with Served(tmp_path, extra=rules(guard(source_orders=1, action="hold"))) as served:
        served.set_clock("2027-05-01 12:00")
        yesterday = served.order("order-0", at=served.clock.now() - 86_400)
        await served.take(yesterday, served.order("order-1"), served.order("order-2"))
        assert await open_flags(served) == [("source", 2, 1)]
        assert await served.balance() == 24
        await served.assert_clean()


async def test_what_is_held_is_released(tmp_path: Path) -> None:
    """Held points wait for an operator, however long, and come once; another order is not held."""
    async with Served(tmp_path, extra=rules(guard(customer_orders=1, action="hold"))) as served:
        _, held = await served.take(served.order("order-1"), served.order("order-2", "7000"))
        assert (held.points, held.pending_until, held.balance) == (0, None, 12)
        served.later(days=400)
        assert await served.sweep() == {}
        outcome = await served.command(Release("order-2"))
        assert (outcome.code, outcome.facts["points"], outcome.facts["balance"]) == ("done", 7, 19)
        for command in (Release("order-2"), Drop("order-2"), Release("order-1")):
            assert (await served.command(command)).code == "order-not-held"
        assert (await served.command(Release("order-9"))).code == "order-unknown"
        assert await open_flags(served) == []
        await served.assert_clean()


async def test_what_is_held_is_dropped(tmp_path: Path) -> None:
    """Dropped, the order earns nothing, and lifts no tier; its visit is one; a refund of it takes nothing."""
    extra = rules(tier("gold", 20), guard(customer_orders=1, action="hold"))
    async with Served(tmp_path, extra=extra) as served:
        await served.take(served.order("order-1"), served.order("order-2"))
        assert (await served.standing()).tier is None
        assert (await served.command(Drop("order-2"))).code == "done"
        standing = await served.standing()
        assert (standing.tier, standing.visits, standing.earned_points) == (None, 2, 12)
        await served.assert_clean()
        await served.take(served.order("order-2", "6000", status="refunded", refund_id="a"))
        await served.take(served.order("order-2", status="canceled"))
        assert await served.moved() == [12]
        assert await open_flags(served) == []
        await served.assert_clean()


@pytest.mark.parametrize("by_hand", [True, False])
async def test_what_is_held_is_refunded(tmp_path: Path, by_hand: bool) -> None:
    """A part refunded while it is held is not released; the whole leaves nothing to look at."""
    async with Served(tmp_path, extra=rules(guard(customer_orders=1, action="hold"))) as served:
        await served.take(served.order("order-1"), served.order("order-2"), served.order("order-3"))
        await served.take(served.order("order-2", "3000", status="refunded", refund_id="a"))
        assert (await served.command(Release("order-2"))).facts["points"] == 9
        if by_hand:
            assert (await served.command(Refund("order-3"))).code == "done"
        else:
            await served.take(served.order("order-3", status="canceled"))
        assert (await served.command(Release("order-3"))).code == "order-not-held"
        assert await open_flags(served) == []
        assert await served.moved() == [12, 9]
        await served.assert_clean()


async def test_a_delivery_that_was_held_still_waits(tmp_path: Path) -> None:
    """Released before its time, a delivery's points wait for the rest of it; released later they come at once."""
    async with Served(tmp_path, extra=rules(guard(customer_orders=1, action="hold"), vest="3d")) as served:
        await served.take(served.order("order-1"))
        await served.take(delivered(served, "order-2"), delivered(served, "order-3", "7000"))
        served.later(days=1)
        outcome = await served.command(Release("order-2"))
        assert (outcome.code, outcome.facts.get("points")) == ("done", None)
        assert await served.moved() == [12]
        await served.assert_clean()
        served.later(days=2)
        assert (await served.command(Release("order-3"))).facts["points"] == 7
        assert await served.sweep() == {"vested": 1}
        assert await served.moved() == [12, 7, 12]
        assert await open_flags(served) == []
        await served.assert_clean()


async def test_looked_at_is_settled(tmp_path: Path) -> None:
    """Where the guard only flags, releasing the order says that somebody has looked; nothing moves."""
    async with Served(tmp_path, extra=rules(guard(customer_orders=1))) as served:
        await served.take(served.order("order-1"), served.order("order-2"))
        assert await open_flags(served) == [("customer", 2, 0)]
        assert (await served.command(Drop("order-2"))).code == "order-not-held"
        assert (await served.command(Release("order-2"))).code == "done"
        assert await open_flags(served) == []
        assert (await served.command(Release("order-2"))).code == "order-not-held"
        assert await served.moved() == [12, 12]
        await served.assert_clean()


async def test_two_order_systems_with_one_number(tmp_path: Path) -> None:
    """An order id that two sources have reported is not guessed at."""
    other = new_key()
    sources = [npub_encode(other.public)]
    async with Served(tmp_path) as served:
        config = served.venue.folder / "config.toml"
    config.write_text(config.read_text().replace('sources = ["', f'sources = ["{sources[0]}", "'))
    async with served.again() as both:
        await both.deliver(both.order("order-1"))
        both.venue.till = other
        await both.deliver(both.order("order-1"))
        for command in (Refund("order-1"), Release("order-1"), Drop("order-1")):
            assert (await both.command(command)).code == "order-ambiguous"
        async with both.database.read() as r:
            ((entry,),) = await r.rows("SELECT lower(hex(ref)) FROM entry WHERE id = 2")
        assert (await both.command(RevokeEntry(entry))).code == "done"
        assert await both.moved() == [12, 12, -12]
        await both.assert_clean()
