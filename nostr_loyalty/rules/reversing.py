"""How many points a refund or a cancellation takes back (protocol §4 rule 3).

The reversal looks at what was *stored*: the points that the order earned on its day, never today's rule. It is
cumulative: after refunds of r out of an amount a, exactly floor((earned - fixed) * r / a) points have been taken back
in all, so that several partial refunds end where one whole refund would have ended, and together never exceed what was
earned. What is `fixed` (the stamp, the welcome bonus, the bonus for how it was paid) goes with the whole only: a guest
who gives back one of two cakes was there.
"""

from dataclasses import dataclass

from ledger.units import Money, format_money, unit_shown
from nostr_loyalty.rules.refusal import Refusal


@dataclass(frozen=True, slots=True)
class StoredOrder:
    """What the ledger knows of the order: amounts in the smallest unit of `currency`, points as they were booked;
    `fixed` (0 to `earned`) is the part of `earned` that a partial refund leaves.
    """

    amount_minor: int
    currency: str
    refunded_minor: int
    earned: int
    reversed: int
    fixed: int = 0


@dataclass(frozen=True, slots=True)
class Reversal:
    """What to take back now: `points` (0 or more), the new total `refunded_minor`, whether it is the whole."""

    points: int
    refunded_minor: int
    whole: bool


def refund(order: StoredOrder, minor: int, currency: str) -> Reversal | Refusal:
    """Take back the share of a refund of `minor` (0 or more), in the order's own currency."""
    if currency != order.currency:
        return Refusal.saying(
            "refund-other-unit",
            "refund in {unit}, order in {order_unit}",
            unit=unit_shown(currency),
            order_unit=unit_shown(order.currency),
        )
    total = order.refunded_minor + minor
    if total > order.amount_minor:
        return Refusal.saying(
            "refund-above-order", "{refund} is more than the {left} that are left of {amount}",
            refund=_written(minor, currency), left=_written(order.amount_minor - order.refunded_minor, currency),
            amount=_written(order.amount_minor, currency),
        )  # fmt: skip
    if total == order.amount_minor:
        return Reversal(order.earned - order.reversed, total, whole=True)
    due = (order.earned - order.fixed) * total // order.amount_minor
    return Reversal(max(0, due - order.reversed), total, whole=False)


def _written(minor: int, currency: str) -> str:
    """An amount as people write it: "55.00 EUR"."""
    return " ".join(format_money(Money(minor, currency)))


def cancel(order: StoredOrder) -> Reversal:
    """Take back whatever the order still holds."""
    return Reversal(order.earned - order.reversed, order.amount_minor, whole=True)
