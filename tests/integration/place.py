"""A venue that is open for one test: a relay, a real daemon, a guest, and somebody who watches."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, NamedTuple

from kinds import gift_wrap, registry
from kinds.event import Event
from kinds.keys import SecretKey
from tests.observer import Observer, Reply
from tests.serving import relay_named, serving
from tests.venue import Venue, new_key


class Place(NamedTuple):
    """A venue that is open, somebody who watches its relay, and a guest."""

    venue: Venue
    observer: Observer
    guest: SecretKey

    def order(self, order_id: str, sat: int, **more: Any) -> Event:
        """The guest's order: wrapped where the venue is private, in clear where it is public."""
        make = self.venue.wrapped if self.venue.visibility == "private" else self.venue.order
        return make(order_id, self.guest.public, (str(sat), "sat"), **more)

    async def answers(self, *orders: Event) -> list[Reply]:
        """Send these one after another, each when the one before was answered; the answers."""
        replies = []
        for order in orders:
            await self.observer.send(order)
            replies += await self.observer.replies(self.venue.till, message_id(order, self.venue))
        return replies

    async def chain(self, number: int) -> list[tuple[str, int, int]]:
        """Type, points and balance of the guest's entries, of which there are `number`; the card agrees with them."""
        lines = await self.observer.chain(self.venue, self.guest, number)
        card = await self.observer.card(self.venue, self.guest, lines[-1])
        assert (card.points, card.seq, card.head) == (lines[-1].entry.balance, number, lines[-1].event.id)
        definition = await self.observer.definition(self.venue)
        for line in lines:
            assert line.entry.rev == definition.id
            assert line.entry.private == (self.venue.visibility == "private")
        return [(line.entry.type, line.entry.points, line.entry.balance) for line in lines]


def message_id(order: Event, venue: Venue) -> str:
    """What an order is answered by: its event's id, or its rumor's."""
    return gift_wrap.unwrap(order, venue.issuer).id if order.kind == registry.GIFT_WRAP else order.id


@asynccontextmanager
async def opened(folder: Path, relay: str, visibility: str) -> AsyncIterator[Place]:
    """A venue with a daemon, open as long as the block."""
    async with relay_named(relay) as url:
        venue = Venue(folder, [url], visibility=visibility)
        async with serving(venue.write_config()), Observer(url) as observer:
            yield Place(venue, observer, new_key())
