"""What is answered to a command that was done, one function for each. Pure; each speaks the program's language."""

from ledger.units import Money
from nostr_loyalty.programs import ServedProgram
from nostr_loyalty.publishing.saying import delta, key_shown, money, say


def moved(program: ServedProgram, customer: str, points: int, balance: int) -> str:
    """After a grant or a revocation."""
    return say(
        program, "{points} for {customer}, balance {balance}.", points=delta(program, points),
        customer=key_shown(customer), balance=balance,
    )  # fmt: skip


def frozen(program: ServedProgram, customer: str, *, frozen: bool) -> str:
    """After `freeze` and `unfreeze`."""
    if frozen:
        return say(program, "{customer} can spend nothing until unfrozen.", customer=key_shown(customer))
    return say(program, "{customer} can spend again.", customer=key_shown(customer))


def relinked(program: ServedProgram, old: str, new: str, points: int) -> str:
    """After `relink`."""
    amount = program.amount_of(points)
    return say(program, "{points} moved from {old} to {new}.", points=amount, old=key_shown(old), new=key_shown(new))


def undone(program: ServedProgram, verb: str) -> str:
    """After `undo` of what moved no points."""
    return say(program, "Undone: {command}.", command=verb)


def points_undone(program: ServedProgram, points: int, balance: int) -> str:
    """After `undo` of what moved points."""
    return say(program, "Undone: {points}, balance {balance}.", points=delta(program, points), balance=balance)


def use_undone(program: ServedProgram, title: str) -> str:
    """After `undo` of `use`."""
    return say(program, "Undone: {reward} can be used again.", reward=title)


def redemption_undone(program: ServedProgram, title: str) -> str:
    """After `undo` of `redeem`."""
    return say(program, "Undone: {reward} given back.", reward=title)


def order_taken_back(program: ServedProgram, order: str, points: int) -> str:
    """After `refund`; `points` (0 or more) were taken."""
    return say(program, "Order {order} taken back: {points}.", order=order, points=delta(program, -points))


def order_taken_back_before(program: ServedProgram, order: str) -> str:
    """After `refund` of an order that had been taken back in whole, by anybody."""
    return say(program, "Order {order} was taken back before; nothing of it is left.", order=order)


def order_released(program: ServedProgram, order: str, points: int) -> str:
    """After `release`."""
    return say(program, "Order {order} released: {points}.", order=order, points=delta(program, points))


def order_released_for_later(program: ServedProgram, order: str) -> str:
    """The line before the points of a released order that come later."""
    return say(program, "Order {order} released", order=order)


def order_looked_at(program: ServedProgram, order: str) -> str:
    """After `release` of what the guard only flagged."""
    return say(program, "Order {order} was looked at.", order=order)


def order_dropped(program: ServedProgram, order: str) -> str:
    """After `drop`."""
    return say(program, "Order {order} dropped: it earns nothing.", order=order)


def claimed(program: ServedProgram, points: int) -> str:
    """After `claim`."""
    return say(program, "{points} at {title}.", points=delta(program, points), title=program.title)


def claimed_for_later(program: ServedProgram) -> str:
    """The line before the points of a claim that come later."""
    return say(program, "Claimed")


def brings(program: ServedProgram, friend: str) -> str:
    """After `refer`."""
    return say(program, "Noted: you bring {friend} to {title}.", friend=key_shown(friend), title=program.title)


def used(program: ServedProgram, what: str, points: int) -> str:
    """After `use`: what the guest gets, and what it cost."""
    return say(program, "Used: {what}, {points}.", what=what, points=program.amount_of(points))


def amount_off(program: ServedProgram, amount: Money) -> str:
    """What a voucher takes off a bill."""
    return say(program, "{amount} off", amount=money(amount))


def percent_off(program: ServedProgram, percent: str) -> str:
    """The same for a share of the bill."""
    return say(program, "{percent} % off", percent=percent)


def cancelled(program: ServedProgram, title: str, points: int, balance: int) -> str:
    """After `cancel`."""
    return say(
        program, "Cancelled: {reward}; {points}, balance {balance}.", reward=title, points=delta(program, points),
        balance=balance,
    )  # fmt: skip
