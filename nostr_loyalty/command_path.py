"""The way of a command, from whoever brings it to the ledger: look whether it was done before, gather, decide, write.

One transaction holds all commands of a call, one after another: each sees what the ones before it left, so that of many
who ask for the last reward one gets it (Bug 25-28). What is booked and what is promised commit together or not at all.
"""

import traceback
from collections.abc import Callable, Sequence

import structlog

from ledger import actions, programs
from ledger.database import Database, Write
from ledger.errors import InvariantBroken, LedgerUnavailable
from nostr_loyalty.clock import Clock
from nostr_loyalty.commands.command import Request, verb_of
from nostr_loyalty.commands.outcome import Outcome, refused
from nostr_loyalty.desk import command_desk, gathering_commands, writing
from nostr_loyalty.desk.facts import Dice
from nostr_loyalty.desk.working_copy import WorkingCopy
from nostr_loyalty.rules.refusal import Refusal


class CommandPath:
    """Takes commands, in the order in which they are given."""

    def __init__(self, *, database: Database, clock: Clock, dice: Dice, promised: Callable[[], None]) -> None:
        """`promised()`: called after a commit that left something to send."""
        self._database = database
        self._clock = clock
        self._dice = dice
        self._promised = promised
        self._log = structlog.get_logger("commands")

    async def run(self, requests: Sequence[Request]) -> list[Outcome]:
        """What became of each. LedgerUnavailable: nothing was done, ask again. InvariantBroken: the daemon must stop.

        A command that surprises us is refused with "command-failed" and its traceback is in the log; the others are
        done.
        """
        try:
            outcomes, promises = await self._all(requests)
        except (InvariantBroken, LedgerUnavailable):
            raise
        except Exception:  # noqa: BLE001 - whatever surprises us is this command's fate, not the daemon's
            if len(requests) > 1:
                return [outcome for request in requests for outcome in await self.run([request])]
            self._log.error("command failed", verb=verb_of(requests[0].command), traceback=traceback.format_exc())
            return [refused(Refusal("command-failed"))]
        for request, outcome in zip(requests, outcomes, strict=True):
            self._note(request, outcome)
        if promises:
            self._promised()
        return outcomes

    def _note(self, request: Request, outcome: Outcome) -> None:
        """Operators answer by name for what they do; which guest did what, and when, is for debugging only."""
        said = {"verb": verb_of(request.command), "code": outcome.code}
        if request.role == "customer":
            self._log.info("command", **said)
            self._log.debug("command of a customer", by=request.actor, **said)
        else:
            self._log.info("command", by=request.actor, **said)

    async def _all(self, requests: Sequence[Request]) -> tuple[list[Outcome], int]:
        outcomes, promises = [], 0
        now = self._clock.now()
        async with self._database.write() as w:
            for request in requests:
                outcome, promised = await self.decide(w, request, now)
                outcomes.append(outcome)
                promises += promised
        return outcomes, promises

    async def decide(self, w: Write, request: Request, now: int) -> tuple[Outcome, int]:
        """One command inside an open transaction: what became of it, and how many promises it left."""
        said = command_desk.at_the_door(request, await actions.by_ref(w, request.ref), now)
        if said is not None:
            return said, 0
        in_force = await programs.in_force(w)
        request = request._replace(program=request.program.as_in_force(in_force.get(request.program.ledger_id)))
        async with w.undoable() as undo:
            copy = WorkingCopy(await gathering_commands.gather(w, request, now), now, self._dice)
            outcome = command_desk.take(copy, request)
            slip = copy.close()
            if slip.actions or slip.entries or slip.standings or slip.wrong_claims:
                await writing.write(w, slip, now)
            else:
                await undo()  # refused: whoever was met for it stays unknown
        return outcome, len(slip.promises)
