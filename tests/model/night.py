"""What happens by itself when somebody sweeps.

In this order: points that ran out, points that vest, vouchers whose hold is over, referrals that vest, tiers that are
due for a look, refunds that have waited too long for their order.
"""

from tests.model.cafe import HELD, Cafe


def sweep(cafe: Cafe, now: int) -> None:
    """Everything that is due."""
    for who in cafe.everybody():
        cafe.write_off(who, now)
    for order in cafe.orders:
        if order.waits_until is not None and order.waits_until <= now < HELD and order.who is not None:
            order.waits_until = None
            order.entry = cafe.credit(order.who, "earned", order.points, now, order=order.number)
    for voucher in cafe.vouchers:
        if voucher.status == "issued" and voucher.hold_until <= now:
            cafe.give_back(voucher, voucher.charged, now)
            voucher.status = "expired"
    _referrals(cafe, now)
    for who in cafe.everybody():
        look = cafe.guest(who).held.look
        if look is not None and look <= now:
            cafe.review(who, now)
    cafe.waiting = [one for one in cafe.waiting if one.at >= now - cafe.rules.retention]


def _referrals(cafe: Cafe, now: int) -> None:
    rule = cafe.rules.referral
    for brought in cafe.brought:
        if rule is not None and brought.status == "vesting" and brought.vest_at is not None and brought.vest_at <= now:
            brought.status = "paid"
            brought.entries = (
                cafe.credit(brought.referrer, "earned", rule.referrer, now),
                cafe.credit(brought.friend, "earned", rule.friend, now),
            )
