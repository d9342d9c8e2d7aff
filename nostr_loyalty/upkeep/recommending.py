"""Whether the programs that we recommend are there: looked up once after each start, beside everything else.

Programs of this daemon need no look-up. The others are asked for at the daemon's relays, at its indexers, and at the
relay that stands beside each in the list. A list is published as it is configured, whatever is found: a relay may be
down, and only the venue knows.
"""

import asyncio
from collections.abc import Iterable
from typing import Final

import structlog

from kinds.errors import NotAdmitted
from kinds.event import Claimed, verify
from kinds.program import address
from nostr_loyalty.clock import Clock
from nostr_loyalty.config.settings import Config
from nostr_loyalty.guest.program_search import address_of, filters
from nostr_loyalty.reaching.hosts import Hosts
from relay_client.connection import Resolve
from relay_client.pool import Pool

READY_S_MAX: Final = 10.0
ANSWER_S_MAX: Final = 10.0
REMEDY: Final = "ask its venue for the address, or take it off the list; nostr-loyalty lists shows what is found"


async def check_lists(config: Config, pool: Pool, clock: Clock, ready: asyncio.Event) -> None:
    """Look every listed program up, and warn of those that are not found. `ready`: a relay of ours has been read."""
    own = {address(program.key.public, program.slug) for program in config.programs}
    items = {item.program: item for each in config.lists for item in each.programs if item.program not in own}
    if not items:
        return
    await _first_of(ready, clock)
    hosts = Hosts(allow_private=config.daemon.allow_private_relays)
    search = _Search(pool, items)
    for url in dict.fromkeys((*config.daemon.relays, *config.daemon.indexers)):
        await search.ask(url, search.missing, None)
    for url in dict.fromkeys(item.relay for item in items.values() if item.relay):
        await search.ask(url, [name for name in search.missing if items[name].relay == url], hosts.resolve)
    log = structlog.get_logger("lists")
    for each in config.lists:
        for item in each.programs:
            if item.program in search.missing:
                log.warning(
                    "listed program not found", list=each.name, program=item.program, remedy=REMEDY,
                    not_asked=sorted(search.silent) or None,
                )  # fmt: skip


class _Search:
    """What is still missing, and which relays did not tell all that they have."""

    def __init__(self, pool: Pool, programs: Iterable[str]) -> None:
        self.missing = list(programs)
        self.silent: set[str] = set()
        self._pool = pool

    async def ask(self, url: str, programs: Iterable[str], resolve: Resolve | None) -> None:
        """Ask one relay; a connection that is not there is made for it, and closed again."""
        wanted = list(programs)
        key = next((state.key for state in self._pool.states() if state.relay == url), None)
        if wanted and key is None:
            self._pool.reach(url, None, resolve)
            await self._pool.reached(url, None)
        for each in filters(wanted):
            answered = await self._pool.query(url, key, each, ANSWER_S_MAX)
            found = {name for claimed in answered.events if (name := _named(claimed)) is not None}
            self.missing = [name for name in self.missing if name not in found]
            if not answered.complete:
                self.silent.add(url)
        if wanted and key is None:
            self._pool.disconnect(url, None)


def _named(claimed: Claimed) -> str | None:
    try:
        return address_of(verify(claimed))
    except NotAdmitted:
        return None


async def _first_of(ready: asyncio.Event, clock: Clock) -> None:
    """Until this is set, or `READY_S_MAX` are over."""
    waits = [asyncio.ensure_future(each) for each in (ready.wait(), clock.sleep(READY_S_MAX))]
    try:
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for each in waits:
            each.cancel()
