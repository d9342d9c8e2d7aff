"""What happened in a program, as events in the order in which they happened. Pure.

Orders and refunds are two lists, each in its own order; within one second the entries that they led to tell which came
first, and an order comes before its own refund. What was asked for by command comes after the orders of its second.
"""

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from ledger.orders import OrderRow
from ledger.recorded import Brought, Claimed, PaidBack, Replaced, Said

_ORDER, _REFUND, _COMMAND = range(3)
END_OF_TIME: Final = 2**53


class Ordered(NamedTuple):
    """An order as it is recorded; `customer` is whose it is now, `claimable` whether it named nobody when it came."""

    row: OrderRow
    customer: str | None
    claimable: bool


class ClaimedOrder(NamedTuple):
    """A receipt that got its customer."""

    row: OrderRow
    customer: str


What = Ordered | PaidBack | ClaimedOrder | Replaced | Said | Brought


class Event(NamedTuple):
    """Something that happened at a moment (unix seconds)."""

    at: int
    what: What


@dataclass(slots=True)
class Commands:
    """What was asked for by command, oldest first; given out as time goes on."""

    events: list[Event] = field(default_factory=list)

    def add(self, event: Event) -> None:
        """One more, at its place in time."""
        self.events.append(event)

    def before(self, moment: int) -> list[Event]:
        """Those before this moment, once."""
        self.events.sort(key=lambda each: each.at)
        split = next((at for at, each in enumerate(self.events) if each.at >= moment), len(self.events))
        found, self.events = self.events[:split], self.events[split:]
        return found


def in_order(
    orders: Sequence[tuple[OrderRow, str | None]], refunds: Sequence[PaidBack], commands: Iterable[Event],
    booked_at: Mapping[int, int],
) -> list[Event]:  # fmt: skip
    """These as events, one after another. `booked_at`: when the entries that they name were booked."""
    keyed: list[tuple[tuple[int, int, int, int], Event]] = []
    now = place = 0
    places: dict[int, tuple[int, int]] = {}
    for row, customer in orders:
        now = max(now, row.recorded_at)
        # The entry of an order that had to wait, or to be claimed, says nothing of when the order came.
        if row.entry_id is not None and booked_at.get(row.entry_id) == row.recorded_at:
            place = row.entry_id
        places[row.id] = (now, place)
        keyed.append(((now, place, _ORDER, row.id), Event(now, Ordered(row, customer, row.claim_hash is not None))))
    now = place = 0
    for refund in refunds:
        now = max(now, refund.recorded_at)
        place = refund.entry_id if refund.entry_id is not None else place
        order_at, order_place = places.get(refund.order_id, (0, 0))
        key = (now, max(place, order_place) if order_at == now else place, _REFUND, refund.id)
        keyed.append((key, Event(now, refund)))
    keyed += [((event.at, END_OF_TIME, _COMMAND, at), event) for at, event in enumerate(commands)]
    keyed.sort(key=lambda each: each[0])
    return [event for _, event in keyed]


def owner_at(customer: str, moment: int, replaced: Sequence[Replaced]) -> str:
    """Whose something was at a moment, where by now it belongs to a key that did not exist then."""
    for one in reversed(replaced):
        if one.new == customer and moment < one.new_at:
            customer = one.old
    return customer


class Claims:
    """The claims that were done, each to be found once by the receipt that it was for."""

    def __init__(self, claims: Sequence[Claimed]) -> None:
        self._by_order = {one.order_id: one.done_at for one in claims if one.order_id is not None}
        self._by_entry = {ref: one.done_at for one in claims for ref in one.entries}
        self._silent: dict[int, deque[int]] = {}
        for one in claims:
            if one.order_id is None and not one.entries:
                self._silent.setdefault(one.standing_id, deque()).append(one.done_at)

    def time_of(self, row: OrderRow, entry: tuple[str, int] | None) -> int:
        """When this receipt was claimed. `entry`: its entry's name and time, if it has one.

        The claim is the one that names the order, or the entry; else the customer's first one that led to no entry (the
        points had to wait, or there were none).
        """
        found = self._by_order.get(row.id)
        if found is None and entry is not None:
            found = self._by_entry.get(entry[0])
        if found is None and row.standing_id is not None and self._silent.get(row.standing_id):
            found = self._silent[row.standing_id].popleft()
        if found is not None:
            return found
        return entry[1] if entry is not None else row.recorded_at
