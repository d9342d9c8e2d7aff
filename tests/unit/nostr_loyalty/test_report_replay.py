"""What happened as events in their order, and two sets of rules side by side."""

from collections import Counter
from dataclasses import replace
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from ledger.orders import OrderRow
from ledger.recorded import Claimed, PaidBack, Replaced
from nostr_loyalty.config.rule_values import PointValue
from nostr_loyalty.reports.comparison import Comparison, Made
from nostr_loyalty.reports.events import ClaimedOrder, Claims, Commands, Event, Ordered, in_order, owner_at
from nostr_loyalty.reports.figures import Sales
from nostr_loyalty.rules.program import Factor, ProgramRules, Tier

NAME = "ab" * 32


def order(id_: int, at: int, entry_id: int | None = None, **more: Any) -> OrderRow:
    """An order that was recorded at a moment and led to this entry."""
    row = OrderRow(
        id_, 1, NAME, str(id_), "paid", 1, "EUR", 1_000, 0, at, 202611, entry_id, 10, 0, None, NAME, at
    )  # fmt: skip
    return row._replace(**more)


def refund(id_: int, order_id: int, at: int, entry_id: int | None = None) -> PaidBack:
    """A refund of an order."""
    return PaidBack(id_, order_id, NAME, f"{order_id}:refund", 100, entry_id, NAME, at, None)


def told(
    orders: list[OrderRow], refunds: list[PaidBack], commands: list[Event], booked_at: dict[int, int]
) -> list[str]:
    """The events in short: o1 for order 1, r1 for refund 1, c for a command."""
    events = in_order([(row, NAME) for row in orders], refunds, commands, booked_at)
    short = []
    for event in events:
        match event.what:
            case Ordered(row=row):
                short.append(f"o{row.id}")
            case PaidBack(id=id_):
                short.append(f"r{id_}")
            case _:
                short.append("c")
    assert [event.at for event in events] == sorted(event.at for event in events)
    return short


def test_orders_and_refunds_by_their_time() -> None:
    """Two lists become one."""
    orders, refunds = [order(1, 10), order(2, 20), order(3, 30)], [refund(1, 1, 15), refund(2, 2, 25)]
    assert told(orders, refunds, [], {}) == ["o1", "r1", "o2", "r2", "o3"]


def test_within_a_second_the_entries_tell() -> None:
    """The refund of an older order whose entry lies between two orders' entries came between them."""
    orders = [order(2, 20, 7), order(3, 20, 9)]
    assert told(orders, [refund(1, 1, 20, 8)], [], {7: 20, 9: 20}) == ["o2", "r1", "o3"]
    assert told(orders, [refund(1, 1, 20, 6)], [], {7: 20, 9: 20}) == ["r1", "o2", "o3"]


def test_an_order_comes_before_its_own_refund() -> None:
    """Also where neither led to an entry at once: the points had to wait."""
    orders = [order(2, 20, 99), order(3, 20, None)]
    assert told(orders, [refund(1, 3, 20)], [], {99: 500}) == ["o2", "o3", "r1"]


def test_commands_come_after_the_orders_of_their_second() -> None:
    """And before those of the next; a clock that stepped back reverses no list."""
    commands = Commands()
    for at in (20, 10):
        commands.add(Event(at, Replaced(NAME, NAME, at, at)))
    assert [event.at for event in commands.before(20)] == [10]
    assert [event.at for event in commands.before(99)] == [20]
    assert commands.before(99) == []
    event = Event(20, Replaced(NAME, NAME, 20, 20))
    assert told([order(1, 20), order(2, 21)], [], [event], {}) == ["o1", "c", "o2"]
    assert told([order(1, 20), order(2, 5), order(3, 21)], [], [event], {}) == ["o1", "o2", "c", "o3"]


def test_a_claim_is_known_by_its_order_its_entry_or_its_customer() -> None:
    """In this order; one that led to nothing counts once; without any the entry's time is the best that is known."""
    claims = Claims(
        [Claimed(1, None, (), 11), Claimed(2, None, ("cd",), 12), Claimed(1, 7, (), 13), Claimed(1, None, (), 14)]
    )
    assert claims.time_of(order(7, 5), ("cd", 20)) == 13
    assert claims.time_of(order(8, 5, standing_id=2), ("cd", 20)) == 12
    assert [claims.time_of(order(8, 5), ("ef", 20)) for _ in range(3)] == [11, 14, 20]
    assert claims.time_of(order(8, 5), None) == 5


def test_whose_an_order_was_before_a_key_was_lost() -> None:
    """What the newest key has by now was the older ones' as long as it did not exist."""
    replaced = [Replaced("a", "b", 10, 10), Replaced("b", "c", 20, 20)]
    assert [owner_at("c", at, replaced) for at in (5, 10, 15, 20)] == ["a", "b", "b", "c"]
    assert owner_at("x", 5, replaced) == "x"
    assert ClaimedOrder(order(1, 5), "a").customer == "a"


def made(points: int, value: PointValue | None, **tiers: int) -> Made:
    """What rules with a tier Gold made."""
    rules = ProgramRules(spend=(), rounding="floor", tz=ZoneInfo("UTC"), tiers=(Tier("gold", "Gold", 10),))
    return Made(rules, value, points, 0, Counter({name if name != "none" else None: n for name, n in tiers.items()}))


def compared(now: Made, then: Made) -> list[str]:
    """The lines of a comparison, with single blanks."""
    comparison = Comparison(
        "cafe", "Café", date(2026, 10, 1).toordinal(), now, then, 3, Counter({"program-ended": 2, "x": 0}),
        (Sales("EUR", 3, 10_000, 0),),
    )  # fmt: skip
    assert comparison.as_json()["refused"] == {"program-ended": 2}
    return [" ".join(line.split()) for line in comparison.lines()]


CENT = PointValue(Factor(1, 1), "EUR")


def test_points_cost_and_customers_beside_each_other() -> None:
    """What is more, what is less, and what the cost is of the sales."""
    lines = compared(made(1_200, CENT, none=5, gold=1), made(1_000, CENT, none=4, gold=2))
    assert lines[0] == "Café (cafe), since 2026-10-01 really with these difference"
    assert lines[1] == "points earned 1,200 1,000 -200"
    assert lines[3] == "cost 12.00 EUR 10.00 EUR -2.00 EUR"
    assert lines[4] == "as a share of sales 12.0 % 10.0 %"
    assert lines[5:7] == ["customers, no tier 5 4 -1", "customers, Gold 1 2 +1"]
    assert lines[7] == "with these rules: 3 orders taken, 2 refused (program-ended)"


def test_costs_that_cannot_be_compared() -> None:
    """Another currency, or no value on one side, has no difference; without any value there is no cost."""
    other = PointValue(Factor(1, 1), "USD")
    assert compared(made(100, CENT), made(100, other))[3] == "cost 1.00 EUR 1.00 USD –"
    assert compared(made(100, None), made(100, CENT))[3] == "cost – 1.00 EUR –"
    assert all(not line.startswith("cost") for line in compared(made(100, None), made(100, None)))


def test_tiers_that_only_one_side_has_are_listed() -> None:
    """A tier that the other rules do away with, or bring in, stands there with nobody on the other side."""
    then = made(0, None, none=1, silver=4)
    then = replace(then, rules=replace(then.rules, tiers=(Tier("silver", "Silver", 5),)))
    lines = compared(made(0, None, none=2, gold=3), then)
    assert "customers, Silver 0 4 +4" in lines
    assert "customers, Gold 3 0 -3" in lines
