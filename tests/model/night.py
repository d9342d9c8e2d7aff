"""What happens by itself when somebody sweeps.

In this order: points that ran out, points that vest, referrals that vest, vouchers whose hold is over, tiers that are
due for a look, refunds that have waited too long for their order.
"""

from tests.model.cafe import Cafe
from tests.model.facts import HELD


def sweep(cafe: Cafe, now: int) -> None:
    """Everything that is due."""
    for who in cafe.everybody():
        cafe.write_off(who, now)
    for order in sorted(cafe.orders, key=lambda one: (one.waits_until or 0, one.number)):
        if order.waits_until is not None and order.waits_until <= min(now, HELD - 1) and order.who is not None:
            order.waits_until = None
            order.entry = cafe.credit(order.who, "earned", order.points, now, order=order.number)
            cafe.review(order.who, now)
    _referrals(cafe, now)
    for voucher in sorted(cafe.vouchers, key=lambda one: one.hold_until):
        if voucher.status == "issued" and voucher.hold_until <= now:
            cafe.give_back(voucher, voucher.charged, now)
            voucher.status = "expired"
    for who in cafe.everybody():
        while (look := cafe.guest(who).held.look) is not None and look <= now:
            cafe.review(who, now)
    cafe.waiting = [one for one in cafe.waiting if one.at >= now - cafe.rules.retention]


def _referrals(cafe: Cafe, now: int) -> None:
    rule = cafe.rules.referral
    for brought in cafe.brought:
        if brought.status == "vesting" and brought.vest_at is not None and brought.vest_at <= now:
            brought.status = "paid"
            if cafe.now_called(brought.referrer) == cafe.now_called(brought.friend):
                rule = None  # one person by now
            brought.entries = (
                cafe.give_bonus(brought.referrer, rule.referrer if rule else 0, now),
                cafe.give_bonus(brought.friend, rule.friend if rule else 0, now),
            )
