"""Several relays, read as one.

Relays that whoever asks has named are read and asked; those that an event names are asked only when the others do not
have something, and never at a private address: whoever wrote that event would make us knock there. What could not be
read is kept in `troubles`, for what is missing may be there.
"""

import asyncio
from collections.abc import Iterable, Sequence
from contextlib import AsyncExitStack
from typing import Final, Self

from kinds.event import Event
from kinds.keys import SecretKey
from kinds.relay_url import normal
from nostr_loyalty.clock import Clock
from nostr_loyalty.errors import Unavailable
from nostr_loyalty.guest.client import Client, Held
from relay_client.connection import Resolve
from relay_client.filter import Filter
from relay_client.subscription import Subscription

HINTED_MAX: Final = 16
"""Relays that events name, of which so many are asked in all."""
HINTED_S_MAX: Final = 10.0
"""So many seconds each of them may let us wait, for all questions together: strangers name silent ones, too."""


class Relays:
    """`async with Relays(urls, clock, resolve=…) as relays`. What `reads` bring is in `events`, by id."""

    def __init__(
        self, urls: Iterable[str], clock: Clock, *, resolve: Resolve, reads: Sequence[Subscription] = (),
        key: SecretKey | None = None,
    ) -> None:  # fmt: skip
        self.events: dict[str, Event] = {}
        self.troubles: dict[str, str] = {}
        self._clock = clock
        self._resolve = resolve
        self._named = [Client(url, reads, clock, self._hear, key=key) for url in dict.fromkeys(urls)]
        self._hinted: dict[str, Client] = {}
        self._left_s: dict[str, float] = {}
        self._open = AsyncExitStack()

    @property
    def named(self) -> tuple[str, ...]:
        """The relays that whoever asks has named."""
        return tuple(client.url for client in self._named)

    async def __aenter__(self) -> Self:
        for client in self._named:
            await self._open.enter_async_context(client)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._open.aclose()

    async def read(self) -> None:
        """Return when every relay was read to its end, or could not be. Unavailable: none of them could."""
        results = await asyncio.gather(*(client.caught_up() for client in self._named), return_exceptions=True)
        for client, result in zip(self._named, results, strict=True):
            if isinstance(result, Unavailable):
                self.troubles[client.url] = result.detail
            elif isinstance(result, BaseException):
                raise result
        if self._named and len(self.troubles) == len(self._named):
            raise Unavailable("relay-unavailable", "; ".join(self.troubles.values()))

    async def ask(self, wanted: Filter) -> list[Event]:
        """What the named relays hold of this together, each event once."""
        return await self._ask(self._named, wanted)

    async def ask_at(self, hints: Iterable[str], wanted: Filter) -> list[Event]:
        """The same of relays that events name; those that were asked by `ask` are left out, and those that
        let us wait too long before.
        """
        others = (url for url in dict.fromkeys(filter(None, map(normal, hints))) if url not in self.named)
        reached = [await self._at(url) for url in others]
        return await self._ask([client for client in reached if client is not None], wanted)

    async def _at(self, url: str) -> Client | None:
        if url not in self._hinted and len(self._hinted) < HINTED_MAX:
            client = Client(url, (), self._clock, self._hear, resolve=self._resolve)
            self._hinted[url] = await self._open.enter_async_context(client)
            self._left_s[url] = HINTED_S_MAX
        return self._hinted.get(url)

    async def _ask(self, clients: Sequence[Client], wanted: Filter) -> list[Event]:
        found: dict[str, Event] = {}
        answers = await asyncio.gather(*(self._question(each, wanted) for each in clients))
        for client, held in zip(clients, answers, strict=True):
            found |= {event.id: event for event in held.events}
            if not held.is_all:
                self.troubles[client.url] = f"{client.url} did not tell everything that it was asked for"
        return list(found.values())

    async def _question(self, client: Client, wanted: Filter) -> Held:
        left_s = self._left_s.get(client.url)
        if left_s is None:
            return await client.ask(wanted)
        if left_s <= 0:
            return Held([], is_all=False)
        asked_at = self._clock.monotonic()
        held = await client.ask(wanted, left_s)
        self._left_s[client.url] -= self._clock.monotonic() - asked_at
        return held

    def _hear(self, event: Event) -> None:
        self.events[event.id] = event
