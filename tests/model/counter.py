"""What guests ask for, and what the till does for them. Each gives "done" or the code of a refusal."""

from tests.model import till
from tests.model.cafe import Cafe
from tests.model.days import DAY, day_of, period, start_of
from tests.model.earning import gap_is_kept
from tests.model.facts import Brought, Order, Voucher
from tests.model.hand import by_hand, note
from tests.model.rules import Money, Reward

ISSUED, USED, CANCELLED, EXPIRED = "issued", "used", "cancelled", "expired"


def redeem(cafe: Cafe, asker: str, who: str, name: str, code: str, now: int) -> str:
    """A reward's points are taken; the voucher's code is given."""
    if not cafe.guest(who).known:
        return "customer-unknown"
    by_guest, lost, who = asker == who, cafe.guest(who).moved_to is not None, cafe.now_called(who)
    cafe.write_off(who, now)
    cafe.review(who, now)
    if by_guest and lost:
        return "customer-frozen"
    reward = cafe.rules.rewards.get(name)
    refusal = _may_redeem(cafe, who, name, reward, now, by_guest=by_guest)
    if refusal is None and reward is not None and not by_guest:
        refusal = by_hand(cafe, asker, reward.cost, now)
    if refusal is not None or reward is None:
        return refusal or "reward-unknown"
    entry = cafe.move(who, "redeemed", -reward.cost, now)
    assert entry is not None
    cafe.vouchers.append(Voucher(
        code, who, name, reward.type, reward.off, reward.cost, entry, _good_until(cafe, reward, now),
        charged=reward.cost, period=_period(cafe, reward, now),
    ))  # fmt: skip
    note(cafe, asker, "redeem", who, reward.cost, now, code)
    return "done"


def _may_redeem(cafe: Cafe, who: str, name: str, reward: Reward | None, now: int, *, by_guest: bool) -> str | None:
    guest, today = cafe.guest(who), day_of(now, cafe.rules.tz)
    if guest.frozen and by_guest:
        return "customer-frozen"
    if reward is None:
        return "reward-unknown"
    first, last = reward.days
    if first is not None and today < first:
        return "reward-not-yet"
    if last is not None and today > last:
        return "reward-no-longer"
    if reward.min_tier is not None and cafe.rules.rank(guest.held.tier) < cafe.rules.rank(reward.min_tier):
        return "reward-needs-tier"
    if reward.stock is not None and len(cafe.out(name)) >= reward.stock:
        return "reward-sold-out"
    mine = [one for one in cafe.out(name, who) if one.period == _period(cafe, reward, now)]
    if reward.limit is not None and len(mine) >= reward.limit:
        return "reward-limit-reached"
    return "points-missing" if cafe.purse(who).spendable(now) < reward.cost else None


def _good_until(cafe: Cafe, reward: Reward, now: int) -> int:
    """A hold of whole days ends when the last of them does."""
    if reward.hold % DAY:
        return now + reward.hold
    return start_of(day_of(now, cafe.rules.tz) + reward.hold // DAY + 1, cafe.rules.tz)


def _period(cafe: Cafe, reward: Reward, now: int) -> tuple[int, ...]:
    return period(day_of(now, cafe.rules.tz), reward.period) if reward.period else ()


def use(cafe: Cafe, asker: str, code: str, now: int, bill: Money | None = None, order: str | None = None) -> str:
    """The voucher is used at the till; of a discount that is larger than the bill only what it took off is charged."""
    voucher = find(cafe, code)
    if voucher is None:
        return "voucher-unknown"
    if voucher.status != ISSUED:
        return f"voucher-{voucher.status}"
    if now >= voucher.hold_until:
        return "voucher-expired"
    back = 0
    if bill is not None and voucher.off is not None and voucher.type == "discount_amount":
        if bill[1] != voucher.off[1]:
            return "bill-other-unit"
        back = voucher.cost - voucher.cost * min(bill[0], voucher.off[0]) // voucher.off[0]
    voucher.status, voucher.order, voucher.used_at = USED, order, now
    tills = [one.till for one in cafe.orders if one.name == order and one.who in (None, voucher.who)]
    voucher.till = tills[0] if len(tills) == 1 else None
    if back:
        cafe.give_back(voucher, back, now)
    note(cafe, asker, "use", voucher.who, back, now, code)
    return "done"


def cancel(cafe: Cafe, asker: str, code: str, now: int, *, by_guest: bool) -> str:
    """The voucher's points come back."""
    voucher = find(cafe, code)
    if voucher is None:
        return "voucher-unknown"
    if by_guest and asker != voucher.who:
        return "voucher-of-another"
    if voucher.status != ISSUED or now >= voucher.hold_until:
        return f"voucher-{voucher.status if voucher.status != ISSUED else EXPIRED}"
    cafe.give_back(voucher, voucher.charged, now)
    voucher.status = CANCELLED
    note(cafe, asker, "cancel", voucher.who, 0, now)
    return "done"


def find(cafe: Cafe, code: str) -> Voucher | None:
    """The voucher of this code."""
    return next((one for one in cafe.vouchers if one.code == code), None)


def claim(cafe: Cafe, who: str, order: Order | None, now: int) -> str:
    """The points of a receipt; `order` None: the code is nobody's."""
    hour = now // 3_600
    wrong = [key for key, when in cafe.wrong_codes if when == hour]
    if cafe.guest(who).frozen:
        return "customer-frozen"
    if wrong.count(who) >= cafe.rules.claim_attempts or len(wrong) >= cafe.rules.claim_attempts_all:
        return "claim-too-many-attempts"
    if order is None:
        cafe.wrong_codes.append((who, hour))
        return "claim-unknown"
    if order.who is not None:
        return "claim-used"
    if now >= order.recorded_at + cafe.rules.claim_valid:
        return "claim-expired"
    if order.status != "paid":
        return "claim-withdrawn"
    _claimed(cafe, who, order, now)
    note(cafe, who, "claim", who, 0, now)
    return "done"


def _claimed(cafe: Cafe, who: str, order: Order, now: int) -> None:
    guest, rules = cafe.guest(who), cafe.rules
    guest.known = True
    stamp = order.stamp
    stamped = stamp is not None and gap_is_kept(rules, order.bill.paid_at, cafe.stamps(who))
    lost = 0 if stamp is None or stamped else min(stamp, order.fixed)
    welcome = 0 if guest.welcomed else rules.welcome
    room = cafe.room(who, order.day)
    total = order.earned - lost + welcome if room is None else min(order.earned - lost + welcome, room)
    order.fixed = min(total, order.fixed - lost + welcome)
    order.welcome = min(order.fixed, welcome)
    order.earned = max(total, order.taken)
    order.counts = order.bill.currency == rules.spend_currency
    till.belongs(cafe, order, who, order.recorded_at, now, stamped=stamped)


def feedback(cafe: Cafe, who: str, order: Order | None, now: int) -> str:
    """A word about an order: the one that is named, else the last."""
    asker, who = who, cafe.now_called(who)
    last = cafe.guest(who).last_order
    about = order if order is not None else (cafe.orders[last] if last is not None else None)
    if about is None or about.who != who or about.status != "paid":
        return "feedback-no-order"
    if about.number in cafe.feedback:
        return "feedback-given"
    cafe.feedback[about.number] = cafe.give_bonus(who, cafe.rules.feedback, now)
    note(cafe, asker, "feedback", who, 0, now)
    return "done"


def refer(cafe: Cafe, who: str, friend: str, now: int) -> str:
    """Somebody brings a friend who has not been here yet."""
    rule = cafe.rules.referral
    friend = cafe.now_called(friend)
    if not cafe.guest(who).known:
        return "customer-unknown"
    if cafe.guest(who).frozen:
        return "customer-frozen"
    if rule is None:
        return "referral-off"
    if who == friend:
        return "referral-self"
    above: str | None = who
    while above is not None:
        above = next((one.referrer for one in cafe.brought if one.friend == above), None)
        if above == friend:
            return "referral-cycle"
    if cafe.orders_of(friend):
        return "referral-not-new"
    if any(one.friend == friend for one in cafe.brought):
        return "referral-known"
    if rule.cap is not None and sum(one.referrer == who for one in cafe.brought) >= rule.cap:
        return "referral-cap"
    cafe.guest(friend).known = True
    cafe.brought.append(Brought(who, friend, friend))
    note(cafe, who, "refer", who, 0, now)
    return "done"
