"""Orders, refunds and cancellations, as tills report them.

Each gives "accepted", "duplicate" or the code of a refusal.
"""

from tests.model import earning
from tests.model.cafe import Cafe
from tests.model.days import day_of
from tests.model.earning import Bill
from tests.model.facts import HELD, Order, Refund, Voucher


def paid(cafe: Cafe, till: str, name: str, bill: Bill, who: str | None, now: int) -> str:
    """An order was paid; `who` None: its receipt carries a code."""
    if cafe.find(till, name) is not None:
        return "duplicate"
    who = None if who is None else cafe.now_called(who)
    day = day_of(bill.paid_at, cafe.rules.tz)
    earned = cafe.earn(bill, who, day)
    if isinstance(earned, str):
        return earned
    order = Order(
        len(cafe.orders), till, name, bill, None, now, earned.points, earned.fixed,
        bill.currency == cafe.rules.spend_currency, code=who is None, day=day,
        stamp=earned.stamp if earned.stamped else None,
    )  # fmt: skip
    cafe.orders.append(order)
    if who is not None:
        cafe.meet(who)
        order.welcome = min(earned.fixed, 0 if cafe.guest(who).welcomed else cafe.rules.welcome)
        belongs(cafe, order, who, now, now, stamped=earned.stamped)
    for refund in _as_they_came(cafe, [one for one in cafe.waiting if (one.till, one.order) == (till, name)]):
        cafe.waiting.remove(refund)
        _apply(cafe, order, refund, now)
    return "accepted"


def _as_they_came(cafe: Cafe, waiting: list[Refund]) -> list[Refund]:
    """Refunds that waited, as they came; those of one second by their names, where they waited in the ledger."""
    before = [one for one in waiting if one.batch != cafe.batch]
    return sorted(before, key=lambda one: (one.at, one.name)) + [one for one in waiting if one.batch == cafe.batch]


def belongs(cafe: Cafe, order: Order, who: str, since: int, now: int, *, stamped: bool) -> None:
    """The order is this guest's from now on; what vests does so from `since` on."""
    rules, guest = cafe.rules, cafe.guest(who)
    order.who = who
    guest.last_order, guest.welcomed = max(order.number, guest.last_order or 0), True
    order.stamped = stamped
    order.flagged = _too_many(cafe, order, who)
    if order.flagged and rules.guard_holds and order.points:
        order.held, order.waits_until = True, HELD
    else:
        book(cafe, order, who, since, now)
    _brings(cafe, order, now)
    cafe.review(who, now)


def book(cafe: Cafe, order: Order, who: str, since: int, now: int) -> None:
    """The order's points, now or when they vest."""
    rules = cafe.rules
    waits = rules.vest_all or any(type_ == "delivery" for type_, _ in order.bill.lines)
    order.held, order.waits_until = False, None
    if rules.vest and waits and since + rules.vest > now:
        order.waits_until = since + rules.vest if order.points else None
    else:
        order.entry = cafe.credit(who, "earned", order.points, now, order=order.number)


def _too_many(cafe: Cafe, order: Order, who: str) -> bool:
    that_day = [one for one in cafe.orders_of(who) if one.day == order.day]
    of_till = [one for one in that_day if one.till == order.till]
    by_guest, by_till = cafe.rules.guard_customer, cafe.rules.guard_source
    return (by_guest is not None and len(that_day) > by_guest) or (by_till is not None and len(of_till) > by_till)


def refunded(cafe: Cafe, refund: Refund, now: int) -> str:
    """A part of an order, or all of it, was paid back; or the order was canceled."""
    known = cafe.refunds + cafe.waiting
    if any((one.till, one.order, one.name) == (refund.till, refund.order, refund.name) for one in known):
        return "duplicate"
    order = cafe.find(refund.till, refund.order)
    if order is None:
        refund.batch = cafe.batch
        cafe.waiting.append(refund)
        return "accepted"
    return _apply(cafe, order, refund, now)


def _apply(cafe: Cafe, order: Order, refund: Refund, now: int) -> str:
    if refund.canceled:
        minor = order.bill.minor - order.refunded
    elif refund.currency != order.bill.currency:
        return "refund-other-unit"
    elif refund.minor > order.bill.minor - order.refunded:
        return "refund-above-order"
    else:
        minor = refund.minor
    cafe.refunds.append(refund)
    order.touched_at = now
    order.refunded += minor
    whole = order.refunded == order.bill.minor
    in_all = max(order.taken, earning.back_in_all(order.earned, order.fixed, order.refunded, order.bill.minor))
    take(cafe, order, in_all - order.taken, now)
    if whole and order.status == "paid":
        order.status = "canceled" if refund.canceled else "refunded"
        _taken_back_in_whole(cafe, order, now)
    if order.who is not None:
        cafe.review(order.who, now)
    return "accepted"


def take(cafe: Cafe, order: Order, points: int, now: int) -> None:
    """Points of an order are gone: from the guest, or from what the guest would have had."""
    order.taken += points
    if order.entry is None:
        order.unbooked += points
        if order.points == 0:
            order.waits_until, order.held = None, False
    else:
        cafe.take_back(order.entry, points, now, order.number)


def _taken_back_in_whole(cafe: Cafe, order: Order, now: int) -> None:
    order.flagged = False
    again = order.welcome or (order.who and not cafe.visits(order.who) and cafe.rules.deficit == "allow")
    if order.who is not None and again and not order.forgiven:
        cafe.guest(order.who).welcomed = False  # the next order is the first one again
    for voucher in cafe.vouchers:
        on_it = voucher.order == order.name and voucher.till in (None, order.till)
        if on_it and order.who in (None, voucher.who) and voucher.status == "used":
            comes_back(cafe, voucher, now)
    entry = cafe.feedback.get(order.number)
    if entry is not None:
        _take_bonus(cafe, entry, now)
    stops_ripening(cafe, order)
    for brought in cafe.brought:
        if brought.order == order.number and brought.status == "paid":
            for number in reversed(brought.entries):
                if number is not None:
                    _take_bonus(cafe, number, now)


def comes_back(cafe: Cafe, voucher: Voucher, now: int) -> None:
    """The voucher's points come back; those that were forgiven of an order because it had spent them are taken now, and
    what was owed before may be owed again.
    """
    forgiven = cafe.forgiven_for(voucher)
    cafe.write_off(voucher.who, now)
    owed = cafe.purse(voucher.who).deficit
    cafe.give_back(voucher, voucher.charged, now)
    voucher.status = "cancelled"
    for order, points in forgiven:
        assert order.entry is not None
        order.forgiven -= cafe.take_back(order.entry, min(order.forgiven, points), now, owed=owed)


def stops_ripening(cafe: Cafe, order: Order) -> None:
    """Whoever brought the guest waits for another order."""
    for brought in cafe.brought:
        if brought.order == order.number and brought.status == "vesting":
            brought.status, brought.order, brought.vest_at = "waiting", None, None
            brought.watched = cafe.now_called(brought.friend)


def _take_bonus(cafe: Cafe, entry: int, now: int) -> None:
    cafe.take_back(entry, cafe.line(entry).points, now)
    for bonus in cafe.bonuses:
        if bonus.entry == entry:
            bonus.points = 0
            cafe.review(bonus.who, now)


def _brings(cafe: Cafe, order: Order, now: int) -> None:
    """The first paid order of somebody who was brought by a friend."""
    rule = cafe.rules.referral
    for brought in cafe.brought:
        if brought.watched == order.who and brought.status == "waiting" and rule:
            brought.status, brought.order, brought.vest_at = "vesting", order.number, now + rule.vest
            brought.watched = None
