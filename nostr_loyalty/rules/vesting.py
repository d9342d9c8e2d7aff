"""Pending points: a delivery's points can be spent only once it is clear that it is not sent back."""

from nostr_loyalty.rules.program import ProgramRules


def vests(rules: ProgramRules, *, delivery: bool) -> bool:
    """Whether an order's points wait before they are booked; `delivery`: the order has a delivery line."""
    return rules.vest_s > 0 and (delivery or not rules.vest_delivery_only)


def pending_until(rules: ProgramRules, order_has_delivery: bool, now: int) -> int | None:
    """When the points of an order that is recorded now are booked, or None: at once."""
    return now + rules.vest_s if vests(rules, delivery=order_has_delivery) else None
