"""Deliveries of one connection that wait for the owner: bounded in number and in bytes.

Full means: the socket is not read any further, so that the relay feels it (TCP pushes back) and no other relay
does. Nothing is ever dropped here; what one read from the socket brought may overshoot the bound by that read.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

from relay_client.deliveries import Arrived, Delivery


class Backlog:
    """A bounded first-in, first-out queue of deliveries."""

    def __init__(self, items_max: int, bytes_max: int) -> None:
        self._items: deque[Delivery] = deque()
        self._bytes = 0
        self._items_max = items_max
        self._bytes_max = bytes_max

    def __len__(self) -> int:
        return len(self._items)

    @property
    def full(self) -> bool:
        """Whether reading must pause."""
        return len(self._items) >= self._items_max or self._bytes >= self._bytes_max

    @property
    def low(self) -> bool:
        """Whether reading may go on again: at most half of both bounds is in use."""
        return len(self._items) * 2 <= self._items_max and self._bytes * 2 <= self._bytes_max

    def extend(self, deliveries: Sequence[Delivery]) -> None:
        """Put deliveries behind those that wait."""
        self._items.extend(deliveries)
        self._bytes += sum(each.size for each in deliveries if isinstance(each, Arrived))

    def take(self, limit: int) -> list[Delivery]:
        """The oldest deliveries, at most `limit`; they are the caller's now."""
        items = self._items
        if limit >= len(items):
            taken = list(items)
            items.clear()
            self._bytes = 0
            return taken
        taken = [items.popleft() for _ in range(limit)]
        self._bytes -= sum(each.size for each in taken if isinstance(each, Arrived))
        return taken
