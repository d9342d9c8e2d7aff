"""What the daemon asks of relays (protocol §11).

For each issuer key two subscriptions: orders in clear, and gift wraps in a REQ of their own (relays that guard 1059
leave wraps out of a REQ that asks for other kinds too; Bug 72). A wrap's `created_at` lies up to two days in the past,
so its window is rewound by two days and two hours (Bug 51, 64); an order's is rewound for the clocks and queues of
tills. Once a day a sweep over thirty days finds what any relay held back.
"""

from collections.abc import Collection
from typing import Final

from kinds import registry
from relay_client.filter import Filter
from relay_client.pool import Subscription

HOUR_S: Final = 3_600
DAY_S: Final = 24 * HOUR_S
ORDER_REWIND_S: Final = 2 * HOUR_S
WRAP_REWIND_S: Final = 2 * DAY_S + 2 * HOUR_S
SWEEP_S: Final = 30 * DAY_S


def orders(issuer: str) -> Subscription:
    """Orders in clear, addressed to `issuer` (hex)."""
    return Subscription(
        name=f"orders-{issuer[:16]}",
        filter=Filter(kinds=(registry.PAID_ORDER,), tags={"#p": (issuer,)}),
        rewind_s=ORDER_REWIND_S,
        sweep_s=SWEEP_S,
        protected=False,
    )


def wraps(issuer: str) -> Subscription:
    """Gift wraps for `issuer` (hex)."""
    return Subscription(
        name=f"wraps-{issuer[:16]}",
        filter=Filter(kinds=(registry.GIFT_WRAP,), tags={"#p": (issuer,)}),
        rewind_s=WRAP_REWIND_S,
        sweep_s=SWEEP_S,
        protected=True,
    )


def old_letters(issuer: str) -> Subscription:
    """Letters in the old form (NIP-04) for `issuer` (hex); relays guard them as they do wraps."""
    return Subscription(
        name=f"old-letters-{issuer[:16]}",
        filter=Filter(kinds=(registry.ENCRYPTED_MESSAGE,), tags={"#p": (issuer,)}),
        rewind_s=ORDER_REWIND_S,
        sweep_s=SWEEP_S,
        protected=True,
    )


def vanish_requests(issuer: str) -> Subscription:
    """Requests to vanish (NIP-62): they name relays and nobody, so `issuer` (hex) only names the subscription."""
    return Subscription(
        name=f"vanish-{issuer[:16]}",
        filter=Filter(kinds=(registry.VANISH_REQUEST,)),
        rewind_s=ORDER_REWIND_S,
        sweep_s=SWEEP_S,
        protected=False,
    )


def reads(
    issuer: str, url: str, relays: Collection[str], dm_relays: Collection[str], *, nip04: bool = False,
    vanish: bool = False,
) -> tuple[Subscription, ...]:  # fmt: skip
    """The subscriptions of `issuer` at the relay `url`: orders at `relays`, wraps (and old letters) at `dm_relays`."""
    found = [orders(issuer)] if url in relays else []
    if url in dm_relays:
        found += [wraps(issuer), *([old_letters(issuer)] if nip04 else [])]
    return (*found, *([vanish_requests(issuer)] if vanish and url in relays else []))
