"""What tills report in a state machine's step: orders, refunds, cancellations, and the same again."""

from fractions import Fraction
from typing import Any, Final

from tests.model import till
from tests.model.chance import Chance
from tests.model.days import DAY, HOUR
from tests.model.earning import Bill
from tests.model.facts import Order, Refund
from tests.model.house import key_of
from tests.model.pair import GUESTS, TILLS, Pair, many, written

AMOUNTS: Final = (500, 1_000, 250, 99, 333, 1_234, 2_000, 5_000, 12_345, 1, 0, 300)
NEVER: Final = "0000-0000-0000-0000"
LINES: Final = ("tip", "delivery", "points_discount", "gift_card", "service")


def some_order(pair: Pair, chance: Chance, orders: list[Order] | None = None) -> Order | None:
    """One of the last twelve."""
    among = (pair.cafe.orders if orders is None else orders)[-12:]
    return among[-1 - chance.number(len(among))] if among else None


async def order(pair: Pair, chance: Chance) -> None:
    """A guest pays."""
    await _pay(pair, chance, chance.one(GUESTS))


async def order_without_a_card(pair: Pair, chance: Chance) -> None:
    """Somebody pays whom the till does not know."""
    await _pay(pair, chance, None)


async def _pay(pair: Pair, chance: Chance, who: str | None) -> None:
    number = len(pair.cafe.orders) + pair.refused
    bill = _bill(pair, chance)
    await _tell(pair, chance.one(TILLS), f"o{number}", bill, who)


def _bill(pair: Pair, chance: Chance) -> Bill:
    currency = chance.one(["EUR", "EUR", "EUR", "EUR", "msat", "JPY", "USD"])
    minor = chance.one(AMOUNTS) * (10_000 if currency == "msat" else 1)
    paid_at = pair.now - chance.one([0, 0, 0, HOUR, 3 * HOUR, DAY, 9 * DAY])
    lines: tuple[tuple[str, int], ...] = ()
    items: tuple[tuple[str, Fraction, int], ...] = ()
    details = chance.number(8)
    if details == 1:
        lines = ((chance.one(LINES), minor // chance.one([4, 1, 2])),)
    elif details == 2:
        lines = (("delivery", minor // 10), (chance.one(LINES), minor // 5))
    elif details in (3, 4):
        how_many = chance.one([Fraction(1), Fraction(2), Fraction(3, 2)])
        items = ((chance.one(["coffee", "cake", "water"]), how_many, minor // 3),)
    return Bill(minor, currency, paid_at, lines, items, chance.one([None, None, "lightning", "cash"]))


async def _tell(pair: Pair, at: str, name: str, bill: Bill, who: str | None) -> None:
    known = pair.cafe.find(at, name)
    result = till.paid(pair.cafe, at, name, bill, who, pair.now)
    made = pair.cafe.find(at, name)
    if made is None:
        pair.refused += 1

    def code(answer: Any) -> None:
        if known is None and made is not None and made.code:
            assert answer.claim is not None or made.status != "paid", "what is left can be claimed"
            pair.claim_codes[made.number] = answer.claim or NEVER

    rumor = pair.house.order(
        name, written(bill.minor, bill.currency), None if who is None else key_of(who).public, till=at,
        paid_at=bill.paid_at, payment=bill.payment,
        lines=[(type_, written(minor, bill.currency)) for type_, minor in bill.lines],
        items=[(item, many(quantity), written(minor, bill.currency)) for item, quantity, minor in bill.items],
    )  # fmt: skip
    await pair.report(rumor, result, code)


async def order_again(pair: Pair, chance: Chance) -> None:
    """An order that is known, perhaps with other figures, is reported again."""
    order = some_order(pair, chance)
    if order is not None:
        who = order.who or chance.one([None, *(one for one in GUESTS if pair.cafe.guest(one).known)])
        await _tell(pair, order.till, order.name, _bill(pair, chance), who)


async def refund_part(pair: Pair, chance: Chance) -> None:
    """A part is paid back; now and then too much, or in another currency."""
    order = some_order(pair, chance)
    if order is not None:
        part = (order.bill.minor - order.refunded) // chance.one([2, 3, 1, 5, 7]) + chance.one([0, 0, 0, 1])
        currency = chance.one([order.bill.currency] * 9 + ["USD"])
        await _pay_back(pair, order.till, order.name, f"r{len(pair.cafe.refunds)}", part, currency)


async def refund_again(pair: Pair, chance: Chance) -> None:
    """A refund that is known is reported again."""
    known = (pair.cafe.refunds + pair.cafe.waiting)[-8:]
    if known:
        one = known[-1 - chance.number(len(known))]
        if not one.by_hand:
            await _pay_back(pair, one.till, one.order, one.name, one.minor, one.currency, canceled=one.canceled)


async def refund_first(pair: Pair, chance: Chance) -> None:
    """A refund of an order that is not known yet."""
    name = f"o{len(pair.cafe.orders) + pair.refused + chance.number(2)}"
    at, minor = chance.one(TILLS), chance.one(AMOUNTS)
    if pair.cafe.find(at, name) is None:
        canceled = chance.number(4) == 1
        await _pay_back(pair, at, name, f"early{chance.number(2)}", minor, "EUR", canceled=canceled)


async def refund_whole(pair: Pair, chance: Chance) -> None:
    """The rest is paid back."""
    order = some_order(pair, chance)
    if order is not None:
        rest = order.bill.minor - order.refunded
        await _pay_back(pair, order.till, order.name, "whole", rest, order.bill.currency)


async def cancel_order(pair: Pair, chance: Chance) -> None:
    """An order is canceled."""
    order = some_order(pair, chance)
    if order is not None:
        await _pay_back(pair, order.till, order.name, "", order.bill.minor, order.bill.currency, canceled=True)


async def _pay_back(
    pair: Pair, at: str, order: str, name: str, minor: int, currency: str, *, canceled: bool = False
) -> None:  # fmt: skip
    name = "" if canceled else name
    result = till.refunded(pair.cafe, Refund(at, order, name, minor, currency, canceled, pair.now), pair.now)
    status = "canceled" if canceled else "refunded"
    rumor = pair.house.order(order, written(minor, currency), till=at, status=status, refund=name or None)
    await pair.report(rumor, result)
