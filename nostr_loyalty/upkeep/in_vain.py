"""A guest is told that what it wanted to be public is not: no relay has taken entries of its past (NIP-70).

Entries that were private are protected: a relay takes them from their issuer only, who logs in, and one at which nobody
can log in takes none. They cannot be signed anew without the mark, because their ids, on which the chain is built, are
made of it. The guest is told once. What was given up is brought again when the program has other relays (after a
start), by an operator's `outbox retry`, or when the guest writes `share public` again. Which relays these are the
owners are told by the self-test after a start.
"""

from collections.abc import Collection

import structlog

from ledger import book, outbox, shown
from ledger.database import Write
from nostr_loyalty.clock import Clock
from nostr_loyalty.desk.facts import Dice
from nostr_loyalty.programs import ServedPrograms
from nostr_loyalty.publishing import acknowledging, publications


class InVain:
    """Looks at what the outbox gives up."""

    def __init__(self, programs: ServedPrograms, clock: Clock, dice: Dice) -> None:
        self._programs = programs
        self._clock = clock
        self._dice = dice
        self._log = structlog.get_logger("outbox")

    async def tell(self, w: Write, ids: Collection[int]) -> None:
        """Before promises of these ids are given up, in the same transaction: promise a word to each guest whose entry
        is the first one of its to be given up.
        """
        standings = await book.standings_by_id(w, await shown.first_given_up(w, ids))
        for standing in standings.values():
            program = self._programs.known_as(standing.program_id)
            if program is None or standing.forgotten or not publications.is_public(program, standing):
                continue
            spoken, now = program.spoken(standing.language), self._clock.now()
            word = publications.word(spoken, standing.customer, acknowledging.not_shown(spoken), now, self._dice(32))
            await outbox.post(w, [word], now)
            self._log.warning(
                "entries of the past cannot be shown", program=program.slug,
                remedy="add a relay where keys can log in (NIP-42) and that takes protected events (NIP-70) to the "
                "program's relays, and start again; they are then brought there",
            )  # fmt: skip
