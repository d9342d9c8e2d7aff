"""Where people read messages: their kind 10050, looked up at relays and kept in the ledger (protocol §7).

Rules:
- Asked are relays that we are connected to anyway, and `indexers`, where lists of everybody are collected. Of what they
  give the newest list holds whose signature holds; one from the future is not believed.
- Those who are wanted at about the same time are asked for together, and nobody twice at once.
- A relay has `DEADLINE_S` to answer. One that let it pass is not asked for `MUTED_S`: being silent, it would hold up
  whoever is new.
- What was found, also that there is nothing, holds for `CHECK_S`. Where not every relay has answered, nothing found is
  no proof that there is nothing: then it holds for `UNSURE_S`.
- Of whoever is forgotten while a look-up is under way nothing is written down.
"""

import asyncio
from collections import deque
from collections.abc import Collection, Iterable, Sequence
from typing import Final

import structlog

from kinds import registry, relay_list
from kinds.errors import NotAdmitted, Unreadable
from kinds.event import Claimed, verify
from ledger import addresses
from ledger.addresses import Address
from ledger.database import Database
from ledger.errors import LedgerUnavailable
from nostr_loyalty.clock import Clock
from nostr_loyalty.reaching.hosts import Hosts
from relay_client.pool import Answered, Filter, Pool, Reach

AUTHORS_MAX: Final = 100
COPIES: Final = 3
"""Versions of one list that a relay may give; it should give one."""
AT_ONCE: Final = 4
GATHER_S: Final = 0.05
"""How long people are gathered after a look-up for the next one."""
DEADLINE_S: Final = 4.0
"""For a relay's answer."""
LATE_S: Final = 5.0
"""For a look-up: nothing waits for it any longer."""
MUTED_S: Final = 60.0
CHECK_S: Final = 86_400
UNSURE_S: Final = 600
AHEAD_S_MAX: Final = 86_400
WANTED_MAX: Final = 10_000
NOTHING: Final = Answered(0, [], complete=False)


class AddressBook:
    """Looks addresses up for one daemon; `run` does the work. What it finds is in the ledger's table."""

    def __init__(
        self, database: Database, pool: Pool, clock: Clock, hosts: Hosts, *,
        relays: Sequence[tuple[str, str | None]], indexers: Sequence[str] = (),
    ) -> None:  # fmt: skip
        """`relays`: (url, key) of connections that the pool has; `indexers`: urls that the operator has chosen; `hosts`
        says where relays that people name may be.
        """
        self._database = database
        self._pool = pool
        self._clock = clock
        self._log = structlog.get_logger("addresses")
        known = dict(reversed(relays))
        self._asked = [*known.items(), *((url, None) for url in dict.fromkeys(indexers) if url not in known)]
        self._muted: dict[str, float] = {}
        self._wanted: dict[str, tuple[asyncio.Future[None], float]] = {}  # who -> (done when known, wanted since)
        self._queue: deque[str] = deque()
        self._let_go: set[str] = set()
        self._news = asyncio.Event()
        self.resolve = hosts.resolve

    def want(self, who: str) -> asyncio.Future[None] | None:
        """Look somebody up, unless that is under way already; done when the ledger knows. None: too many are wanted."""
        if who not in self._wanted:
            if len(self._wanted) >= WANTED_MAX:
                return None
            self._wanted[who] = asyncio.get_running_loop().create_future(), self._clock.monotonic()
            self._queue.append(who)
            self._news.set()
        return self._wanted[who][0]

    def is_late(self, who: str) -> bool:
        """Whether the look-up of somebody lasts for longer than anything should wait for it."""
        wanted = self._wanted.get(who)
        return wanted is not None and self._clock.monotonic() - wanted[1] >= LATE_S

    def let_go(self, people: Collection[str]) -> None:
        """Write nothing down of these, where they are being looked up. Called inside the transaction that forgets them,
        so that no look-up can be written between the two.
        """
        self._let_go.update(self._wanted.keys() & set(people))

    async def run(self) -> None:
        """Until cancelled."""
        turns, looked_at = asyncio.Semaphore(AT_ONCE), self._clock.monotonic() - GATHER_S
        async with asyncio.TaskGroup() as tasks:
            while True:
                await self._news.wait()
                self._news.clear()
                gathering_s = looked_at + GATHER_S - self._clock.monotonic()
                if gathering_s > 0:  # somebody alone is looked up at once
                    await self._clock.sleep(gathering_s)
                looked_at = self._clock.monotonic()
                while self._queue:
                    await turns.acquire()
                    people = [self._queue.popleft() for _ in range(min(AUTHORS_MAX, len(self._queue)))]
                    task = tasks.create_task(self._look_up(people))
                    task.add_done_callback(lambda _: turns.release())

    async def _look_up(self, people: list[str]) -> None:
        answers = await asyncio.gather(*(self._ask(url, key, people) for url, key in self._asked))
        now = self._clock.now()
        newest = _newest((event for answer in answers for event in answer.events), now)
        sure = bool(answers) and all(answer.complete for answer in answers)
        nothing_at = now if sure else now - CHECK_S + UNSURE_S
        found = [newest.get(who, Address(who, (), 0, nothing_at)) for who in people]
        try:
            async with self._database.write() as w:
                await addresses.note(w, [one for one in found if one.who not in self._let_go])
        except LedgerUnavailable as unavailable:
            self._log.error("ledger unavailable", code=unavailable.code, detail=unavailable.detail)
        self._let_go.difference_update(people)
        for who in people:
            self._wanted.pop(who)[0].set_result(None)

    async def _ask(self, url: str, key: str | None, people: list[str]) -> Answered:
        """What one relay gives; nothing at once, where it is not there or was silent lately."""
        now = self._clock.monotonic()
        if now < self._muted.get(url, now) or self._pool.reach(url, key, None) in (Reach.AWAY, Reach.FORBIDDEN):
            return NOTHING
        wanted = Filter(kinds=(registry.DM_RELAY_LIST,), authors=people, limit=COPIES * len(people))
        answer = await self._pool.query(url, key, wanted, DEADLINE_S)
        if not answer.complete and self._clock.monotonic() - now >= DEADLINE_S:
            self._muted[url] = self._clock.monotonic() + MUTED_S
            self._log.info("a relay is silent", relay=url)
        return answer


def is_stale(checked_at: int, now: int) -> bool:
    """Whether an address that was looked up then is to be looked up again; also where the clock was ahead then."""
    return not -AHEAD_S_MAX < now - checked_at < CHECK_S


def _newest(claims: Iterable[Claimed], now: int) -> dict[str, Address]:
    """The newest genuine list of each author; of two of one second the one with the lower id (NIP-01)."""
    found: dict[str, Address] = {}
    for claimed in sorted(claims, key=lambda claimed: (-claimed.created_at, claimed.id)):
        if claimed.pubkey in found or claimed.created_at > now + AHEAD_S_MAX:
            continue
        try:
            relays = relay_list.parse_dm(verify(claimed)).relays
        except (NotAdmitted, Unreadable):
            continue
        found[claimed.pubkey] = Address(claimed.pubkey, relays, claimed.created_at, now)
    return found
