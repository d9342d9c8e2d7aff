"""The velocity guard: orders that come too often to be a guest's, for an operator to look at."""

from typing import Literal

from nostr_loyalty.rules.program import ProgramRules


def guard(
    rules: ProgramRules, customer_orders: int, source_orders: int
) -> tuple[Literal["customer", "source"], int] | None:
    """What is too often about an order, and how often it was: None for most orders.

    `customer_orders`: of this customer on the order's local day, this one included; `source_orders`: those of them that
    the order's source reported. The points of such an order wait where `rules.guard.holds`.
    """
    limits = rules.guard
    if limits.customer_orders is not None and customer_orders > limits.customer_orders:
        return "customer", customer_orders
    if limits.source_orders is not None and source_orders > limits.source_orders:
        return "source", source_orders
    return None
