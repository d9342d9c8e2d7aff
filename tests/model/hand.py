"""The operator's hand: points by hand, freezing, a lost key, what the guard holds, and taking the last command back.

Each gives "done" or the code of a refusal.
"""

from tests.model import till
from tests.model.cafe import Cafe
from tests.model.days import day_of
from tests.model.facts import Deed, Refund
from tests.model.rules import Money
from tests.model.tiers import Held


def grant(cafe: Cafe, operator: str, who: str, points: int, now: int, ends: int | None = None) -> str:
    """Points by hand; `ends`: when they run out, if not as all points do."""
    refusal = by_hand(cafe, operator, points, now)
    if refusal is None and ends is not None and ends <= now:
        refusal = "end-in-the-past"
    if refusal is None:
        who = cafe.meet(who)
        entry = cafe.move(who, "granted", points, now, ends=cafe.ends(now) if ends is None else ends)
        note(cafe, operator, "grant", who, points, now, entry)
    return refusal or "done"


def revoke(cafe: Cafe, operator: str, who: str, points: int, now: int) -> str:
    """Points taken by hand: below zero, or where the program forgives only what there is."""
    if not cafe.guest(who).known:
        return "customer-unknown"
    refusal = by_hand(cafe, operator, points, now)
    if refusal is not None:
        return refusal
    who = cafe.now_called(who)
    cafe.write_off(who, now)
    if cafe.rules.deficit == "clamp":
        points = min(points, cafe.can_be_owed(who, now))
    if points == 0:
        return "points-none-to-take"
    cafe.move(who, "revoked", -points, now)
    note(cafe, operator, "revoke", who, points, now, points)
    return "done"


def by_hand(cafe: Cafe, operator: str, points: int, now: int) -> str | None:
    """Whether the operator may: so many a day, of so many points."""
    if points <= 0:
        return "points-not-positive"
    today = day_of(now, cafe.rules.tz)
    done = [
        deed for deed in cafe.deeds
        if (deed.who, deed.day) == (operator, today) and deed.verb in BY_HAND and not deed.undone
    ]  # fmt: skip
    most, most_points = cafe.rules.hand_count, cafe.rules.hand_points
    if most is not None and len(done) >= most:
        return "hand-limit-count"
    if most_points is not None and sum(deed.points for deed in done) + points > most_points:
        return "hand-limit-points"
    return None


def note(cafe: Cafe, who: str, verb: str, guest: str | None, points: int, now: int, about: object = None) -> None:
    """Write down what was done."""
    cafe.deeds.append(Deed(who, verb, guest, points, day_of(now, cafe.rules.tz), now, about))


def revoke_entry(cafe: Cafe, operator: str, number: int, now: int) -> str:
    """What is left of a credit, or a redemption, is taken back."""
    line = next((one for one in cafe.movements if one.number == number), None)
    if line is None:
        return "entry-unknown"
    if cafe.guest(line.who).moved_to is not None or line.type not in ("earned", "granted", "redeemed"):
        return "entry-not-reversible"
    if line.type == "redeemed":
        voucher = next(one for one in cafe.vouchers if one.entry == number)
        if voucher.charged == 0:
            return "entry-reversed-before"
        till.comes_back(cafe, voucher, now)
        note(cafe, operator, "revoke-entry", line.who, 0, now)
        return "done"
    cafe.write_off(line.who, now)
    left = line.points - cafe.purse(line.who).lot(number).taken_back
    left = min([left, *(one.points for one in cafe.orders if one.entry == number)])
    refusal = by_hand(cafe, operator, left, now) if left else "entry-reversed-before"
    if refusal is not None:
        return refusal
    order = next((one for one in cafe.orders if one.entry == number), None)
    before = 0 if order is None else order.forgiven
    taken = cafe.take_back(number, left, now, None if order is None else order.number)
    if order is not None:
        if taken == 0:
            order.forgiven = before  # what is refused changes nothing
        else:
            order.taken, order.touched_at = order.earned, now
    if taken == 0:
        return "entry-reversed-before"
    cafe.review(line.who, now)
    note(cafe, operator, "revoke-entry", line.who, taken, now)
    return "done"


def refund(cafe: Cafe, operator: str, name: str, amount: Money | None, ref: str, now: int) -> str:
    """An order was paid back; the operator says so instead of the till."""
    named = [one for one in cafe.orders if one.name == name]
    if len(named) != 1:
        return "order-unknown" if not named else "order-ambiguous"
    order = named[0]
    minor, currency = amount if amount is not None else (order.bill.minor - order.refunded, order.bill.currency)
    result = till.refunded(cafe, Refund(order.till, name, ref, minor, currency, False, now, by_hand=True), now)
    if result == "accepted":
        note(cafe, operator, "refund", order.who, 0, now)
    return "done" if result == "accepted" else result


def freeze(cafe: Cafe, operator: str, who: str, now: int, *, frozen: bool) -> str:
    """The guest spends nothing until it is lifted."""
    if not cafe.guest(who).known:
        return "customer-unknown"
    who = cafe.now_called(who)
    note(cafe, operator, "freeze" if frozen else "unfreeze", who, 0, now, cafe.guest(who).frozen)
    cafe.guest(who).frozen = frozen
    return "done"


def decide_held(cafe: Cafe, operator: str, name: str, now: int, *, release: bool) -> str:
    """The points of an order that the guard holds are booked, or dropped."""
    named = [one for one in cafe.orders if one.name == name]
    if len(named) != 1:
        return "order-unknown" if not named else "order-ambiguous"
    order = named[0]
    if order.who is None or not (order.held or (order.flagged and release)):
        return "order-not-held"
    order.flagged = False
    if release and order.held:
        till.book(cafe, order, order.who, order.recorded_at, now)
        cafe.review(order.who, now)
    elif not release:
        order.dropped = True
        till.take(cafe, order, order.points, now)
        till.stops_ripening(cafe, order)
        cafe.review(order.who, now)
    note(cafe, operator, "release" if release else "drop", order.who, 0, now)
    return "done"


def relink(cafe: Cafe, operator: str, old: str, new: str, now: int) -> str:
    """Everything of a lost key moves to another."""
    if old == new:
        return "relink-same"
    if not cafe.guest(old).known:
        return "customer-unknown"
    lost, found = cafe.guest(old), cafe.guest(new)
    if lost.moved_to is not None or found.moved_to is not None:
        return "relink-done"
    found.known = True
    cafe.write_off(old, now)
    cafe.write_off(new, now)
    for lot in [lot for lot in cafe.purse(old).lots if lot.left]:
        cafe.move(old, "revoked", -lot.left, now, lot=lot.number)
        cafe.move(new, "granted", lot.left, now, ends=lot.ends, was=lot.number)
    if deficit := cafe.purse(old).deficit:
        cafe.move(old, "granted", deficit, now)
        cafe.move(new, "revoked", -deficit, now)
    for one in (*cafe.orders_of(old), *cafe.vouchers, *cafe.bonuses):
        one.who = new if one.who == old else one.who
    _friends_move(cafe, old, new)
    found.held = max(found.held, lost.held, key=lambda held: cafe.rules.rank(held.tier))
    last = [number for number in (lost.last_order, found.last_order) if number is not None]
    found.last_order = max(last, default=None)
    found.welcomed, found.frozen = found.welcomed or lost.welcomed, found.frozen or lost.frozen
    lost.moved_to, lost.frozen, lost.held = new, True, Held()
    cafe.review(new, now)
    note(cafe, operator, "relink", new, 0, now)
    return "done"


def _friends_move(cafe: Cafe, old: str, new: str) -> None:
    """Who was brought stays brought; nobody becomes their own friend, nobody is brought twice, and who has ordered
    before is nobody's new friend.
    """
    is_new = cafe.guest(new).last_order is None and all(one.watched != new for one in cafe.brought)
    for brought in cafe.brought:
        if brought.watched == old:
            brought.watched = new if is_new else None
        if brought.referrer == old and brought.friend != new:
            brought.referrer = new
    for brought in cafe.brought:
        twice = any(one.friend == new for one in cafe.brought)
        if brought.friend == old and brought.referrer != new and not twice:
            brought.friend = new


BY_HAND = ("grant", "revoke", "revoke-entry", "redeem")


def undo(cafe: Cafe, who: str, now: int) -> str:
    """Take the asker's last command back."""
    deed = next((one for one in reversed(cafe.deeds) if one.who == who and not one.undone and one.verb != "undo"), None)
    if deed is None:
        return "undo-nothing"
    if now > deed.at + cafe.rules.undo:
        return "undo-too-late"
    if deed.guest is None or cafe.guest(deed.guest).moved_to is not None or not _undone(cafe, deed, deed.guest, now):
        return "undo-impossible"
    deed.undone = True
    note(cafe, who, "undo", deed.guest, 0, now)
    return "done"


def _undone(cafe: Cafe, deed: Deed, guest: str, now: int) -> bool:
    if deed.verb == "grant":
        assert isinstance(deed.about, int)
        return cafe.take_back(deed.about, deed.points, now) > 0
    if deed.verb == "revoke":
        assert isinstance(deed.about, int)
        cafe.credit(guest, "granted", deed.about, now)
        return True
    if deed.verb in ("freeze", "unfreeze"):
        cafe.guest(guest).frozen = bool(deed.about)
        return True
    if deed.verb not in ("redeem", "use"):
        return False
    voucher = next(one for one in cafe.vouchers if one.code == deed.about)
    if deed.verb == "redeem" and voucher.status == "issued":
        cafe.give_back(voucher, voucher.charged, now)
        voucher.status = "cancelled"
        return True
    if deed.verb == "use" and voucher.status == "used" and voucher.charged == voucher.cost:
        if cafe.forgiven_for(voucher):
            return False
        voucher.status, voucher.order = "issued", None
        voucher.hold_until = max(voucher.hold_until, now + 3_600)
        return True
    return False
