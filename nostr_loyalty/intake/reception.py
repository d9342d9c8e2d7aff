"""Before the transaction: is it for us, is it genuine, was it handled before, and may its author take our time?

In that order, the cheap before the dear. What is forged is counted and nothing else. Of a wrap the author is known
only when it is open: order systems, operators and customers whom the ledger knows are heard in any case; strangers
have an allowance, and where a program asks for work (NIP-13) their wrap must have done it. A stranger's letter that
finds no allowance waits, among so many; only what is heard is remembered.
"""

from collections import Counter, deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from kinds import registry
from kinds.event import Claimed
from kinds.keys import SecretKey
from kinds.proof_of_work import is_enough
from ledger import inbox, newcomers, standings
from ledger.database import Database
from nostr_loyalty.intake.admission import Door, admitted
from nostr_loyalty.intake.opening import Forged, Opened, Sealed, open_all
from nostr_loyalty.programs import ServedPrograms
from relay_client.deliveries import Arrived, CaughtUp, Delivery, Rejected

OPEN_CHUNK: Final = 16
"""Events whose signatures are checked before other tasks have their turn: about half a millisecond."""

UNREADABLE_MAX: Final = 2_000
"""Ids of unreadable wraps that are remembered here; the ledger remembers them all."""
DEFERRED_MAX: Final = 500
"""Letters of strangers that wait for the allowance of their relay."""

Persist = Callable[[Callable[[], Awaitable[set[str]]]], Awaitable[set[str]]]


@dataclass(slots=True)
class Batch:
    """What `_admit` hands to `_book`: opened messages, the wraps that were opened, and how far relays were read.

    `again`: these messages had been set aside and are taken up again. `known`: authors who are the venue's people, or
    customers.
    """

    opened: list[Opened] = field(default_factory=list)
    envelopes: list[tuple[str, int]] = field(default_factory=list)
    caught_up: list[CaughtUp] = field(default_factory=list)
    again: bool = False
    known: set[str] = field(default_factory=set)

    def take(self, opened: Opened) -> None:
        """Take a message in, and its envelope with it."""
        self.opened.append(opened)
        if opened.message.envelope is not None:
            self.envelopes.append(opened.message.envelope)

    def put_back(self, opened: Opened) -> None:
        """Leave a message out after all, and its envelope with it."""
        self.opened.remove(opened)
        if opened.message.envelope in self.envelopes:
            self.envelopes.remove(opened.message.envelope)

    def __bool__(self) -> bool:
        return bool(self.opened or self.envelopes or self.caught_up)


class _Deferred(NamedTuple):
    """A stranger's letter that waits, and the relay that brought it."""

    opened: Opened
    relay: str


class Reception:
    """Admits what relays deliver."""

    def __init__(
        self, database: Database, programs: ServedPrograms, keys: Mapping[str, SecretKey], *, persist: Persist,
        pause: Callable[[], Awaitable[None]],
    ) -> None:  # fmt: skip
        """`keys`: our public keys (hex) to their secret keys; `persist` tries a read until the ledger is available;
        `pause` lets other tasks have their turn.
        """
        self._database = database
        self._keys = keys
        self._persist = persist
        self._pause = pause
        self._staff = programs.sources | programs.people | programs.issuers  # our own keys too: the self-test of relays
        self._work = max(program.first_contact_work for program in programs.all)
        self._deferred: deque[_Deferred] = deque()
        self._unreadable: dict[str, None] = {}
        self.door = Door(programs.issuers, programs.sources, kinds=admitted(programs))
        self.counts: Counter[str] = Counter()

    async def admit(self, deliveries: Sequence[Delivery], now: float) -> Batch:
        """What of these is to be booked; `now` in seconds of a steady clock."""
        batch = Batch()
        claimed: dict[Claimed, str] = {}
        for delivery in deliveries:
            match delivery:
                case Arrived(relay=relay, event=event):
                    if event not in claimed and self.door.admit(event, now):
                        claimed[event] = relay
                case CaughtUp():
                    batch.caught_up.append(delivery)
                case Rejected(code=code):
                    self.door.drop(code)
        fresh = await self._without_unknown_vanishers(await self._not_yet_seen(list(claimed)))
        found: dict[str, tuple[Opened, Claimed]] = {}
        for start in range(0, len(fresh), OPEN_CHUNK):
            chunk = fresh[start : start + OPEN_CHUNK]
            for event, opened in zip(chunk, open_all(chunk, self._keys), strict=True):
                match opened:
                    case Forged(code=code):  # promise 1: counted, nothing else
                        self.door.drop(code)
                    case Sealed(envelope=envelope, code=code):
                        if self._is_news(envelope[0]):
                            self.counts[code] += 1
                            batch.envelopes.append(envelope)
                    case Opened(message=message):
                        if message.ref in found and message.envelope is not None:
                            batch.envelopes.append(message.envelope)  # the same message in a second wrap
                        found.setdefault(message.ref, (opened, event))
            await self._pause()
        batch.known = await self._known({opened.message.author for opened, _ in found.values()})
        for opened, event in found.values():
            if opened.message.envelope is None or opened.message.author in batch.known:
                batch.take(opened)
            elif self._work and not is_enough(event, self._work):
                self.door.drop("too-little-work")
            elif self.door.hears(claimed[event], now):
                batch.take(opened)
            else:
                self._defer(_Deferred(opened, claimed[event]))
        return batch

    def late(self, now: float) -> Batch:
        """Letters of strangers that had to wait and whose turn has come."""
        batch = Batch()
        for _ in range(len(self._deferred)):
            one = self._deferred.popleft()
            if self.door.hears(one.relay, now):
                batch.take(one.opened)
            else:
                self._deferred.append(one)
        return batch

    def _defer(self, one: _Deferred) -> None:
        """Let a stranger's letter wait; where too many do, the one that came first is dropped."""
        if any(each.opened.message.ref == one.opened.message.ref for each in self._deferred):
            return
        if len(self._deferred) >= DEFERRED_MAX:
            self._deferred.popleft()
            self.door.drop("too-many-strangers")
        self._deferred.append(one)

    def _is_news(self, wrap: str) -> bool:
        """Whether this unreadable wrap is new: a relay may deliver it again before it is recorded."""
        if wrap in self._unreadable:
            return False
        self._unreadable[wrap] = None
        if len(self._unreadable) > UNREADABLE_MAX:
            del self._unreadable[next(iter(self._unreadable))]
        return True

    async def _without_unknown_vanishers(self, events: list[Claimed]) -> list[Claimed]:
        """Leave out requests to vanish by those whom no ledger knows: before their signature costs anything."""
        authors = {event.pubkey for event in events if event.kind == registry.VANISH_REQUEST}
        if not authors:
            return events
        known = await self._known(authors) | await self._wrote(authors)
        return [event for event in events if event.kind != registry.VANISH_REQUEST or event.pubkey in known]

    async def _known(self, authors: set[str]) -> set[str]:
        """Those of these authors who are the venue's people, or customers."""
        strangers = authors - self._staff
        if not strangers:
            return authors

        async def ask() -> set[str]:
            async with self._database.read() as r:
                return await standings.known_customers(r, sorted(strangers))

        return (authors - strangers) | await self._persist(ask)

    async def _wrote(self, authors: set[str]) -> set[str]:
        """Those of these authors who wrote and have no card: the ledger holds their keys too."""

        async def ask() -> set[str]:
            async with self._database.read() as r:
                return await newcomers.known(r, sorted(authors))

        return await self._persist(ask)

    async def _not_yet_seen(self, claimed: list[Claimed]) -> list[Claimed]:
        """Leave out what was handled before: it saves the work of checking it. `_book` asks again, for certain."""
        if not claimed:
            return claimed
        wraps = [(event.id, event.created_at) for event in claimed if event.kind == registry.GIFT_WRAP]
        others = [(event.id, event.created_at) for event in claimed if event.kind != registry.GIFT_WRAP]

        async def ask() -> set[str]:
            async with self._database.read() as r:
                return await inbox.unseen(r, others) | await inbox.unseen_envelopes(r, wraps)

        fresh = await self._persist(ask)
        return [event for event in claimed if event.id in fresh]
