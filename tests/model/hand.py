"""The operator's hand: points by hand, freezing, a lost key, what the guard holds, and taking the last command back.

Each gives "done" or the code of a refusal.
"""

from tests.model import till
from tests.model.cafe import Cafe, Deed, Refund
from tests.model.days import day_of
from tests.model.rules import Money


def grant(cafe: Cafe, operator: str, who: str, points: int, now: int) -> str:
    """Points by hand."""
    refusal = by_hand(cafe, operator, points, now)
    if refusal is None:
        entry = cafe.credit(who, "granted", points, now)
        note(cafe, operator, "grant", who, points, now, entry)
    return refusal or "done"


def revoke(cafe: Cafe, operator: str, who: str, points: int, now: int) -> str:
    """Points taken by hand: what there is, the rest as the program's deficit says."""
    refusal = by_hand(cafe, operator, points, now)
    if refusal is not None:
        return refusal
    entry = cafe.move(who, "revoked", -points, now)
    note(cafe, operator, "revoke", who, points, now, entry)
    return "done"


def by_hand(cafe: Cafe, operator: str, points: int, now: int) -> str | None:
    """Whether the operator may: so many a day, of so many points."""
    if points <= 0:
        return "points-not-positive"
    today = day_of(now, cafe.rules.tz)
    done = [
        deed for deed in cafe.deeds
        if (deed.who, deed.day) == (operator, today) and deed.verb in ("grant", "revoke") and not deed.undone
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
    voucher = next((one for one in cafe.vouchers if one.entry == number), None)
    if voucher is not None:
        if voucher.charged == 0 or voucher.status in ("cancelled", "expired"):
            return "entry-reversed-before"
        cafe.give_back(voucher, voucher.charged, now)
        voucher.status = "cancelled"
    elif line.points < 0 or line.type not in ("earned", "granted"):
        return "entry-not-reversible"
    elif cafe.can_be_taken_back(number, now) == 0:
        return "entry-reversed-before"
    else:
        order = next((one for one in cafe.orders if one.entry == number), None)
        if order is not None:
            till.take(cafe, order, order.points, now)
            cafe.review(line.who, now)
        else:
            cafe.take_back(number, line.points, now)
    note(cafe, operator, "revoke-entry", line.who, 0, now, number)
    return "done"


def refund(cafe: Cafe, operator: str, name: str, amount: Money | None, ref: str, now: int) -> str:
    """An order was paid back; the operator says so instead of the till."""
    named = [one for one in cafe.orders if one.name == name]
    if len(named) != 1:
        return "order-unknown" if not named else "order-ambiguous"
    order = named[0]
    rest = order.bill.minor - order.refunded
    minor, currency = amount if amount is not None else (rest, order.bill.currency)
    result = till.refunded(cafe, Refund(order.till, name, ref, minor, currency, False, now), now)
    return "done" if result == "accepted" else result


def freeze(cafe: Cafe, operator: str, who: str, now: int, *, frozen: bool) -> str:
    """The guest spends nothing until it is lifted."""
    if who not in cafe.guests:
        return "customer-unknown"
    cafe.guest(who).frozen = frozen
    note(cafe, operator, "freeze" if frozen else "unfreeze", who, 0, now)
    return "done"


def decide_held(cafe: Cafe, operator: str, name: str, now: int, *, release: bool) -> str:
    """The points of an order that the guard holds are booked, or dropped."""
    named = [one for one in cafe.orders if one.name == name]
    if len(named) != 1:
        return "order-unknown" if not named else "order-ambiguous"
    order = named[0]
    if not order.held or order.who is None:
        return "order-not-held"
    order.held, order.waits_until = False, None
    if release:
        order.entry = cafe.credit(order.who, "earned", order.points, now, order=order.number)
    else:
        till.take(cafe, order, order.points, now)
        cafe.review(order.who, now)
    note(cafe, operator, "release" if release else "drop", order.who, 0, now)
    return "done"


def relink(cafe: Cafe, operator: str, old: str, new: str, now: int) -> str:
    """Everything of a lost key moves to another."""
    if old == new:
        return "relink-same"
    if old not in cafe.guests:
        return "customer-unknown"
    lost, found = cafe.guest(old), cafe.guest(new)
    if lost.moved_to is not None or found.moved_to is not None:
        return "relink-done"
    cafe.write_off(old, now)
    for lot in cafe.purse(old).living(now):
        cafe.move(old, "revoked", -lot.left, now, lot=lot.number)
        cafe.move(new, "granted", lot.left, now, ends=lot.ends)
    if deficit := cafe.purse(old).deficit:
        cafe.move(old, "granted", deficit, now)
        cafe.move(new, "revoked", -deficit, now)
    for one in (*cafe.orders_of(old), *(voucher for voucher in cafe.vouchers if voucher.who == old)):
        one.who = new
    for brought in cafe.brought:
        brought.referrer = new if brought.referrer == old else brought.referrer
        brought.friend = new if brought.friend == old else brought.friend
    stamps = [at for at in (lost.stamped_at, found.stamped_at) if at is not None]
    found.stamped_at = max(stamps, default=None)
    found.held = max(found.held, lost.held, key=lambda held: cafe.rules.rank(held.tier))
    lost.moved_to, lost.frozen = new, True
    cafe.review(new, now)
    note(cafe, operator, "relink", new, 0, now)
    return "done"


UNDOABLE = ("grant", "revoke", "redeem", "use", "freeze", "unfreeze")


def undo(cafe: Cafe, who: str, now: int) -> str:
    """Take the asker's last command back."""
    deed = next((one for one in reversed(cafe.deeds) if one.who == who and not one.undone and one.verb != "undo"), None)
    if deed is None:
        return "undo-nothing"
    if now > deed.at + cafe.rules.undo:
        return "undo-too-late"
    if deed.verb not in UNDOABLE or not _undone(cafe, deed, now):
        return "undo-impossible"
    deed.undone = True
    note(cafe, who, "undo", deed.guest, 0, now)
    return "done"


def _undone(cafe: Cafe, deed: Deed, now: int) -> bool:
    guest = str(deed.guest)
    if deed.verb == "grant":
        assert isinstance(deed.about, int)
        taken, forgiven = cafe.take_back(deed.about, deed.points, now)
        return taken + forgiven > 0
    if deed.verb == "revoke":
        cafe.credit(guest, "granted", deed.points, now)
    elif deed.verb in ("freeze", "unfreeze"):
        cafe.guest(guest).frozen = deed.verb == "unfreeze"
    else:
        voucher = next(one for one in cafe.vouchers if one.code == deed.about)
        if voucher.status != ("issued" if deed.verb == "redeem" else "used"):
            return False
        if deed.verb == "redeem":
            cafe.give_back(voucher, voucher.charged, now)
            voucher.status = "cancelled"
        else:
            voucher.status, voucher.order = "issued", None
    return True
