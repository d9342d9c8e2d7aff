"""What happens, turn by turn: sales, repeats, refunds, receipts without a name, and a forgery.

Eight turns make a round; everything that can happen happens in the first, and the refunds take turns between whole,
half and canceled. The private venue's till always wraps its orders; the public one's sometimes does.
"""

import random
from dataclasses import dataclass, replace
from typing import Final

from kinds.keys import SecretKey
from kinds.order import Amount, PaidOrder
from nostr_loyalty.demo.cast import PRICE, Cast, Guest, Venue

ROUND: Final = 8


@dataclass(frozen=True, slots=True)
class Act:
    """One message to a program: `author` sends `order`, of `minor` in the venue's smallest unit.

    `created_at` is the message's own time: a repeat is a new message about an old order.
    """

    venue: Venue
    author: SecretKey
    guest: Guest | None
    order: PaidOrder
    minor: int
    wrapped: bool
    created_at: int
    remark: str = ""


class Script:
    """An endless shift at both venues."""

    def __init__(self, cast: Cast, rng: random.Random) -> None:
        """`rng` chooses guests and amounts; no secret comes from it."""
        self._cast = cast
        self._rng = rng
        self._turn = 0
        self._number = 1000
        self._sales: list[Act] = []

    def next(self, now: int) -> Act:
        """The next act, at `now` (unix seconds)."""
        turn, self._turn = self._turn, self._turn + 1
        private, public = self._cast.venues
        match turn % ROUND:
            case 3 if self._sales:
                return self._again(self._sales[-1])
            case 5 if (refundable := self._refundable()) is not None:
                return self._refund(refundable, turn // ROUND, now)
            case 6:
                return self._sale(private, None, now)
            case 7:
                return self._forged(public, now)
            case even if even % 2 == 0 and even != 4:
                return self._sale(private, self._rng.choice(private.guests), now)
            case other:
                return self._sale(public, self._rng.choice(public.guests), now, wrapped=other == 4)

    def _sale(self, venue: Venue, guest: Guest | None, now: int, *, wrapped: bool = False) -> Act:
        self._number += 1
        tenths = 20 if guest is not None else 10 * PRICE  # whoever claims a receipt can have a drink for it
        minor = venue.per_point * self._rng.randrange(tenths, 400) // 10
        customer = guest.key.public if guest is not None else None
        act = Act(
            venue=venue, author=venue.till, guest=guest, order=self._order(venue, venue.till, customer, minor, now),
            minor=minor, wrapped=wrapped or venue.is_private, created_at=now,
            remark="" if guest is not None else "no customer named",
        )  # fmt: skip
        self._sales.append(act)
        return act

    def _order(self, venue: Venue, source: SecretKey, customer: str | None, minor: int, now: int) -> PaidOrder:
        return PaidOrder(
            order_id=f"{venue.prefix}-{self._number}", program=venue.address, issuer=venue.issuer.public,
            source=source.public, customer=customer, status="paid", amount=Amount(venue.amount(minor), venue.unit),
            paid_at=now, table=f"Table {self._rng.randrange(1, 20)}",
        )  # fmt: skip

    def _again(self, sale: Act) -> Act:
        """The same order as a new message, as a till does that has not heard the answer."""
        return replace(sale, created_at=sale.created_at + 1, remark="the same order again")

    def _refundable(self) -> Act | None:
        """A sale to a named guest that was not taken back yet, at the venues in turn."""
        named = [sale for sale in self._sales if sale.guest is not None]
        return self._rng.choice(named) if named else None

    def _refund(self, sale: Act, number: int, now: int) -> Act:
        """The whole order, half of it, or a cancellation, in turn; each order at most once."""
        self._sales.remove(sale)
        match number % 3:
            case 1:
                part = sale.minor // 2
                amount = Amount(sale.venue.amount(part), sale.venue.unit)
                order = sale.order._replace(status="refunded", amount=amount, refund_id="half")
                return replace(sale, order=order, minor=part, created_at=now, remark="half of it refunded")
            case 2:
                order = sale.order._replace(status="canceled")
                return replace(sale, order=order, created_at=now, remark="canceled")
            case _:
                order = sale.order._replace(status="refunded")
                return replace(sale, order=order, created_at=now, remark="refunded")

    def _forged(self, venue: Venue, now: int) -> Act:
        """An order by a key that no program lists: well signed, and worth nothing."""
        self._number += 1
        stranger, guest = self._cast.stranger, self._rng.choice(venue.guests)
        minor = venue.per_point * 1000
        order = self._order(venue, stranger, guest.key.public, minor, now)
        return Act(venue, stranger, guest, order, minor, wrapped=False, created_at=now, remark="sent by a stranger")
