"""Once a minute: whatever is due without anybody asking, in small transactions, until nothing is left that is due.

A sweeper that sleeps loses nobody a point and gives nobody one: what has run out cannot be spent whether or not it was
written off (Bug 54), and every due thing is found by its date whenever the next sweep comes. A thing that surprises us
is left alone until the next start, with its traceback in the log; the others are done.
"""

import traceback
from collections import Counter
from collections.abc import Callable, Collection
from typing import Final

import structlog

from ledger import programs, waiting_refunds
from ledger.database import Database
from ledger.errors import InvariantBroken, LedgerUnavailable
from nostr_loyalty.clock import Clock
from nostr_loyalty.desk import gathering_due, writing
from nostr_loyalty.desk.due_desk import DueDesk
from nostr_loyalty.desk.facts import Dice
from nostr_loyalty.desk.gathering_due import KINDS, Name
from nostr_loyalty.desk.working_copy import WorkingCopy
from nostr_loyalty.programs import ServedPrograms
from nostr_loyalty.upkeep.outlived import Outlived

EVERY_S: Final = 60
LIMIT: Final = 200
"""Of each kind in one transaction, so that orders need not wait."""
PASSES_MAX: Final = 100_000
"""Transactions in one sweep: more than any ledger needs."""


class Sweeper:
    """Does what is due."""

    def __init__(
        self, *, database: Database, programs: ServedPrograms, clock: Clock, dice: Dice, promised: Callable[[], None]
    ) -> None:
        """`promised()`: called after a commit that left something to send."""
        self._database = database
        self._programs = {program.ledger_id: program for program in programs.all}
        self._clock = clock
        self._dice = dice
        self._promised = promised
        self._outlived = Outlived(database)
        self._log = structlog.get_logger("sweep")
        self._in_hand: set[Name] = set()
        self._left_alone: set[Name] = set()

    async def run(self) -> None:
        """Until cancelled."""
        log = self._log
        while True:
            try:
                done = await self.sweep()
                if done:
                    log.info("swept", **dict(done))
            except LedgerUnavailable as unavailable:
                log.warning("not swept", code=unavailable.code, detail=unavailable.detail)
            await self._clock.sleep(EVERY_S)

    async def sweep(self) -> Counter[str]:
        """Everything that is due now; how much of each kind."""
        done: Counter[str] = Counter()
        for _ in range(PASSES_MAX):
            step = await self._step()
            if not step:
                break
            done += step
            await self._clock.sleep(0)
        async with self._database.write() as w:
            for program_id, program in self._programs.items():
                before = self._clock.now() - program.rules.refund_retention_s
                done["refunds-forgotten"] += await waiting_refunds.forget_before(w, program_id, before)
        done["outlived"] += await self._outlived.forget(self._clock.now())
        await self._database.empty_log()
        return +done

    async def _step(self) -> Counter[str]:
        try:
            return await self._do(KINDS, LIMIT)
        except (InvariantBroken, LedgerUnavailable):
            raise
        except Exception:  # noqa: BLE001 - whatever surprises us is the fate of one thing, which is looked for now
            return await self._carefully()

    async def _carefully(self) -> Counter[str]:
        """One of each kind by itself; what surprises us is left alone."""
        done: Counter[str] = Counter()
        for kind in KINDS:
            try:
                done += await self._do((kind,), 1)
            except (InvariantBroken, LedgerUnavailable):
                raise
            except Exception:  # noqa: BLE001 - a surprise about one thing leaves the others their turn
                self._log.error("left alone", what=sorted(self._in_hand), traceback=traceback.format_exc())
                self._left_alone |= self._in_hand
                done["left-alone"] += 1
        return done

    async def _do(self, kinds: Collection[str], limit: int) -> Counter[str]:
        now = self._clock.now()
        async with self._database.write() as w:
            due = await gathering_due.due(
                w, self._programs, now, limit, kinds=kinds, without=self._left_alone
            )  # fmt: skip
            if not due:
                return Counter()
            self._in_hand = due.names
            in_force = await programs.in_force(w)
            served = {id_: program.as_in_force(in_force.get(id_)) for id_, program in self._programs.items()}
            copy = WorkingCopy(await gathering_due.gather(w, due, served, now), now, self._dice)
            desk = DueDesk(copy, served)
            for standing_id in due.expired:
                desk.expire(standing_id)
            for row in due.ripe:
                desk.ripen(row)
            for referral in due.referrals:
                desk.reward_referral(referral)
            for voucher in due.vouchers:
                desk.end_hold(voucher)
            for standing_id in due.reviews:
                desk.review(standing_id)
            for standing_id, lots in due.warnings.items():
                desk.warn(standing_id, lots)
            slip = copy.close()
            await writing.write(w, slip, now)
        if slip.promises:
            self._promised()
        return desk.done
