"""The way of an event, from the relay to the ledger. Read this first.

    take -> lanes -> admit -> open (verify, unwrap) -> [ claim, recognise, gather, decide, append, post ] -> the outbox
    worker
                                               `------------- one transaction --------------'

Three promises:

1. Nothing is remembered about an event until its signature has been checked (an id does not commit to its signature: a
   tampered copy must not shadow the genuine event). See `Reception`: forged copies are dropped and only counted.
2. A message takes effect once, however often and in however many wraps it comes. See `_book`: the wrap's id saves work,
   the event or rumor id prevents a second effect (`inbox.unseen`), the business key a second award (`OrderDesk`).
3. What we book and what we promise to publish commit together or not at all. See `_book`: one `ledger.write()` block,
   cursors included, so that a relay is never asked to skip what was not written down.

The path takes lists: whatever waits, up to a bound. One event is a list of one. While the database writes one batch,
the signatures of the next are checked (in small chunks on the event loop: threads made it slower, see docs/adr).
"""

import asyncio
import contextlib
import traceback
from collections import Counter
from collections.abc import Awaitable, Callable, Collection, Mapping
from typing import Final, TypeVar

import structlog

from kinds import nip04, registry
from kinds.errors import Unreadable
from kinds.event import canonical_of, rumor_from_canonical
from kinds.keys import SecretKey
from ledger import inbox, programs
from ledger.database import Database, Write
from ledger.errors import InvariantBroken, LedgerUnavailable
from nostr_loyalty.clock import Clock
from nostr_loyalty.desk import deciding, gathering, writing
from nostr_loyalty.desk.facts import Dice
from nostr_loyalty.desk.working_copy import WorkingCopy
from nostr_loyalty.intake.lanes import Lanes
from nostr_loyalty.intake.opening import Opened
from nostr_loyalty.intake.reception import Batch, Reception
from nostr_loyalty.intake.recognition import Letter, Message, OrderMessage, recognise
from nostr_loyalty.letter_path import LetterPath, Taken
from nostr_loyalty.letters.naming import WaitingForNames
from nostr_loyalty.letters.reply import TOO_MANY
from nostr_loyalty.programs import ServedPrograms
from nostr_loyalty.reaching.names import Names
from relay_client.pool import Pool

BUSY: Final = 64
"""So many messages on the path mean that more is coming in than can be done at once."""
RETRY_S_MAX: Final = 30.0
LATE_LOOK_S: Final = 1.0
"""How often letters of strangers that wait are looked at."""
STOP_LOOK_S: Final = 1.0
"""How long a pause between two attempts may go on after `stop`."""

T = TypeVar("T")


class EventPath:
    """Takes deliveries from the pool until it is stopped."""

    def __init__(
        self, *, pool: Pool, database: Database, programs: ServedPrograms, keys: Mapping[str, SecretKey], clock: Clock,
        dice: Dice, batch_max: int, promised: Callable[[], None], letters: LetterPath | None = None,
        staff_relays: Collection[str] = (), crowd: Pool | None = None, names: Names | None = None,
    ) -> None:  # fmt: skip
        """`batch_max`: events in one transaction; `promised()`: called after a commit that left something to send.

        `letters` answers what people write; without it a letter is set aside, for a path that has it. `staff_relays`:
        whose wraps go first. `crowd`: a pool of its own for wraps at the other relays, so that a flood of them fills
        no connection that orders come on. `names` looks up NIP-05 names in letters.
        """
        self._pool = pool
        self._crowd = crowd
        self._naming = None if names is None else WaitingForNames(names, programs.people)
        self._database = database
        self._programs = programs
        self._keys = keys
        self._clock = clock
        self._dice = dice
        self._batch_max = batch_max
        self._promised = promised
        self._letters = letters
        self._reception = Reception(database, programs, keys, persist=self._persist, pause=lambda: clock.sleep(0))
        self._log = structlog.get_logger("path")
        self._lanes = Lanes(staff_relays)
        self._admitting: asyncio.Task[None] | None = None
        self._stopped = False
        self._on_the_path = 0

    @property
    def counts(self) -> Counter[str]:
        """What became of messages, by code."""
        return self._reception.counts

    @property
    def dropped(self) -> Counter[str]:
        """What was dropped at the door, or as too many of one key, by code."""
        return self._reception.door.dropped

    @property
    def is_busy(self) -> bool:
        """Whether there is a crowd on the path: what can wait should."""
        return self._on_the_path >= BUSY and not self._stopped

    def stop(self) -> None:
        """Take nothing more; `run` returns when what was admitted is booked, or cannot be; the rest is read again."""
        self._stopped = True
        if self._admitting is not None:
            self._admitting.cancel()

    async def run(self) -> None:
        """Work until `stop`."""
        admitted: asyncio.Queue[Batch | None] = asyncio.Queue(maxsize=1)

        async def fill(pool: Pool) -> None:
            while deliveries := await pool.take(self._batch_max):
                await self._lanes.put(deliveries)
            self._lanes.close()

        async def again(batch: Batch) -> None:
            self._on_the_path += len(batch.opened)
            await admitted.put(batch)

        async def admit() -> None:
            while deliveries := await self._lanes.take(self._batch_max):
                self._on_the_path += len(deliveries)
                batch = await self._reception.admit(deliveries, self._clock.monotonic())
                self._lanes.judge(deliveries, len(batch.opened))
                if self._naming is not None:
                    self._naming.part(batch, again, self._clock.now())
                self._on_the_path -= len(deliveries) - len(batch.opened)
                if batch:
                    await admitted.put(batch)

        async def late() -> None:
            while True:
                await self._clock.sleep(LATE_LOOK_S)
                if batch := self._reception.late(self._clock.monotonic()):
                    await again(batch)

        async def book() -> None:
            given_up = False
            while (batch := await admitted.get()) is not None:
                try:
                    if not given_up:
                        await self._book_surely(batch)
                except LedgerUnavailable:  # after `stop` only; a cursor behind what was not booked must not be saved
                    given_up = True
                self._on_the_path -= len(batch.opened)

        async with asyncio.TaskGroup() as stages:
            pools = [self._pool] if self._crowd is None else [self._pool, self._crowd]
            filling = [stages.create_task(fill(pool)) for pool in pools]
            filling.append(stages.create_task(late()))
            self._admitting = stages.create_task(admit())
            stages.create_task(book())
            if self._stopped:
                self._admitting.cancel()
            await asyncio.wait((self._admitting,))
            for each in filling:
                each.cancel()
            if self._naming is not None:
                self._naming.stop()
            await admitted.put(None)  # said from here: a stage that fails cancels this wait, and nobody hangs on it

    async def retry_aside(self) -> int:
        """Take up again what was set aside, as after an update; how many. What surprises again is set aside again."""
        taken: list[str] = []
        while aside := await self._aside_but(taken):
            for one in aside:
                await self._retry(one)
            taken += [one.ref for one in aside]
        return len(taken)

    async def _aside_but(self, refs: Collection[str]) -> list[inbox.Aside]:
        async with self._database.read() as r:
            return await inbox.set_aside_list(r, but=refs)

    async def _retry(self, one: inbox.Aside) -> None:
        rumor = rumor_from_canonical(one.document)
        named = [tag[1] for tag in rumor.tags if len(tag) > 1 and tag[0] == "p" and tag[1] in self._keys]
        issuer = named[0] if named else self._programs.all[0].issuer  # inside a wrap nobody need be named
        text = None
        if rumor.kind == registry.ENCRYPTED_MESSAGE and issuer in self._keys:  # it is kept as it was signed
            with contextlib.suppress(Unreadable):  # then it has no words, and is answered as such
                text = nip04.decrypt(rumor.content, self._keys[issuer], rumor.pubkey)
        message = Message(rumor.id, rumor.pubkey, rumor.created_at, rumor, text=text)
        await self._book_surely(Batch([Opened(message, issuer)], again=True))

    # -- the transaction ------------------------------------------------------------------------------------------

    async def _book_surely(self, batch: Batch) -> None:
        """Book the batch; when the disk does not let us, keep it and try again until it does."""
        await self._book_without_surprises(batch)
        for caught_up in batch.caught_up:
            pool = self._crowd if self._crowd is not None and self._lanes.is_crowd(caught_up) else self._pool
            pool.cursor_saved(caught_up.relay, caught_up.subscription, caught_up.asked_at)

    async def _book_without_surprises(self, batch: Batch) -> None:
        """Book the batch; a message that surprises us is found by halving and set aside, and the others go on."""
        try:
            promises = await self._persist(lambda: self._book(batch))
        except (InvariantBroken, LedgerUnavailable):
            raise
        except Exception:
            if not batch.opened:
                raise
            if len(batch.opened) == 1:
                await self._set_aside(batch, traceback.format_exc())
                return
            middle = len(batch.opened) // 2
            await self._book_without_surprises(Batch(batch.opened[:middle]))
            await self._book_without_surprises(Batch(batch.opened[middle:], batch.envelopes, batch.caught_up))
        else:
            if promises:
                self._promised()

    async def _book(self, batch: Batch) -> int:
        """One transaction for the whole batch; how many promises it left. Nothing but SQL is awaited inside."""
        now = self._clock.now()
        async with self._database.write() as w:
            if batch.again:
                for each in batch.opened:
                    await inbox.take_back(w, each.message.ref)
            names = [(each.message.ref, each.message.created_at) for each in batch.opened]
            fresh = await inbox.unseen(w, names)  # promise 2: claimed here, recorded below, in this transaction
            opened = [each for each in batch.opened if each.message.ref in fresh]
            opened.sort(key=lambda each: each.message.created_at)
            recognised = [recognise(each.message, self._programs, each.issuer, now) for each in opened]
            recognised = deciding.as_in_force(recognised, await programs.in_force(w))
            orders = [message for message in recognised if isinstance(message, OrderMessage)]
            copy = WorkingCopy(await gathering.gather(w, orders, now), now, self._dice)
            seen = deciding.decide(copy, recognised, now)
            slip = copy.close()
            await writing.write(w, slip, now)  # promise 3: entries and promises, together
            promises = len(slip.promises)
            for letter in recognised:
                if isinstance(letter, Letter):
                    taken = await self._answer(w, letter, now)
                    seen.append(inbox.Seen(letter.message.ref, letter.message.created_at, taken.code, now))
                    promises += taken.promises
            await inbox.record(w, seen)
            await inbox.record_envelopes(w, batch.envelopes)
            if batch.caught_up:
                await inbox.save_cursors(
                    w, {(each.relay, each.subscription): each.asked_at for each in batch.caught_up}
                )
        for one in seen:
            (self.dropped if one.code == TOO_MANY else self.counts)[one.code] += 1
        return promises

    async def _answer(self, w: Write, letter: Letter, now: int) -> Taken:
        """Answer a letter, after the batch's orders: who pays and asks at once is told what there is now."""
        if self._letters is None:
            raise AssertionError("nobody is here who could answer a letter")
        names = {} if self._naming is None else self._naming.known(letter.message)
        return await self._letters.take(w, letter, names, now)

    async def _set_aside(self, batch: Batch, trace: str) -> None:
        message = batch.opened[0].message
        self._log.error("message set aside", ref=message.ref, traceback=trace, remedy="nostr-loyalty inbox retry")
        aside = inbox.Aside(message.ref, message.created_at, canonical_of(message.rumor), trace, self._clock.now())

        async def put() -> None:
            async with self._database.write() as w:
                await inbox.set_aside(w, aside)
                await inbox.record_envelopes(w, batch.envelopes)
                await inbox.save_cursors(
                    w, {(each.relay, each.subscription): each.asked_at for each in batch.caught_up}
                )

        await self._persist(put)
        self.counts[inbox.ASIDE] += 1

    async def _persist(self, attempt: Callable[[], Awaitable[T]]) -> T:
        """Try until the ledger is available, or until `stop`; an attempt that failed has left nothing behind."""
        pause = 0.5
        while True:
            try:
                return await attempt()
            except LedgerUnavailable as unavailable:
                self._log.error("ledger unavailable", code=unavailable.code, detail=unavailable.detail)
                again_at = self._clock.monotonic() + pause
                while not self._stopped and self._clock.monotonic() < again_at:
                    await self._clock.sleep(min(STOP_LOOK_S, pause))
                if self._stopped:
                    raise
                pause = min(RETRY_S_MAX, pause * 2)
