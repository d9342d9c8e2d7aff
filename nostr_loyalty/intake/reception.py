"""Before the transaction: is it for us, is it genuine, was it handled before, and may its author take our time?

In that order, the cheap before the dear. What is forged is counted and nothing else. Of a wrap the author is known
only when
it is open: order systems, operators and customers whom the ledger knows are heard in any case; strangers have an
allowance, and where a program asks for work (NIP-13) their wrap must have done it.
"""

from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, TypeVar

from kinds import registry
from kinds.event import Claimed
from kinds.keys import SecretKey
from kinds.proof_of_work import is_enough
from ledger import inbox, standings
from ledger.database import Database
from nostr_loyalty.intake.admission import Door, admitted
from nostr_loyalty.intake.opening import Forged, Opened, Sealed, open_all
from nostr_loyalty.programs import ServedPrograms
from relay_client.deliveries import Arrived, CaughtUp, Delivery, Rejected

OPEN_CHUNK: Final = 16
"""Events whose signatures are checked before other tasks have their turn: about half a millisecond."""

T = TypeVar("T")
Persist = Callable[[Callable[[], Awaitable[set[str]]]], Awaitable[set[str]]]


@dataclass(slots=True)
class Batch:
    """What `_admit` hands to `_book`: opened messages, the wraps that were opened, and how far relays were read.

    `again`: these messages had been set aside and are taken up again.
    """

    opened: list[Opened] = field(default_factory=list)
    envelopes: list[tuple[str, int]] = field(default_factory=list)
    caught_up: list[CaughtUp] = field(default_factory=list)
    again: bool = False

    def __bool__(self) -> bool:
        return bool(self.opened or self.envelopes or self.caught_up)


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
        people = {one.key for program in programs.all for one in program.staff}
        self._staff = programs.sources | people | programs.issuers  # our own keys too: the self-test of relays
        self._work = max(program.first_contact_work for program in programs.all)
        self.door = Door(programs.issuers, programs.sources, kinds=admitted(programs))
        self.counts: Counter[str] = Counter()

    async def admit(self, deliveries: Sequence[Delivery], now: float) -> Batch:
        """What of these is to be booked; `now` in seconds of a steady clock."""
        batch = Batch()
        claimed: dict[Claimed, None] = {}
        for delivery in deliveries:
            match delivery:
                case Arrived(event=event):
                    if event not in claimed and self.door.admit(event, now):
                        claimed[event] = None
                case CaughtUp():
                    batch.caught_up.append(delivery)
                case Rejected(code=code):
                    self.door.drop(code)
        fresh = await self._not_yet_seen(list(claimed))
        found: dict[str, tuple[Opened, Claimed]] = {}
        for start in range(0, len(fresh), OPEN_CHUNK):
            chunk = fresh[start : start + OPEN_CHUNK]
            for event, opened in zip(chunk, open_all(chunk, self._keys), strict=True):
                match opened:
                    case Forged(code=code):  # promise 1: counted, nothing else
                        self.door.drop(code)
                    case Sealed(envelope=envelope, code=code):
                        self.counts[code] += 1
                        batch.envelopes.append(envelope)
                    case Opened(message=message):
                        if message.envelope is not None:
                            batch.envelopes.append(message.envelope)
                        found.setdefault(message.ref, (opened, event))
            await self._pause()
        known = await self._known({opened.message.author for opened, _ in found.values()})
        batch.opened = [opened for opened, event in found.values() if self._hears(opened, event, known, now)]
        return batch

    def _hears(self, opened: Opened, event: Claimed, known: set[str], now: float) -> bool:
        """Whether a message may take our time, now that its author is proven."""
        message = opened.message
        if message.envelope is None or message.author in known:
            return True
        if self._work and not is_enough(event, self._work):
            self.door.drop("too-little-work")
            return False
        return self.door.hears(message.author, message.envelope, now)

    async def _known(self, authors: set[str]) -> set[str]:
        """Those of these authors who are the venue's people, or customers."""
        strangers = authors - self._staff
        if not strangers:
            return authors

        async def ask() -> set[str]:
            async with self._database.read() as r:
                return await standings.known_customers(r, sorted(strangers))

        return (authors - strangers) | await self._persist(ask)

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
