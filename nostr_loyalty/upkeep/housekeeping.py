"""What is done at start and then daily: the ledger is audited, old envelopes and strangers' addresses are forgotten.

An audit reads everything (about a minute for a million entries): that of a large ledger waits until the start is over.
"""

from typing import Final

import structlog

from ledger import addresses, audit, book, inbox
from ledger.database import Database
from ledger.errors import LedgerUnavailable
from nostr_loyalty.clock import Clock
from nostr_loyalty.errors import InvariantBroken
from nostr_loyalty.intake.subscriptions import DAY_S, SWEEP_S

ENVELOPES_KEPT_S: Final = SWEEP_S + 10 * DAY_S
"""Envelopes are remembered for longer than any sweep looks back."""
ADDRESSES_KEPT_S: Final = 30 * DAY_S
"""For so long it is remembered where a stranger reads to whom nothing was sent any more."""
LARGE_ENTRIES: Final = 50_000
LARGE_WAIT_S: Final = 900


async def keep_house(database: Database, clock: Clock) -> None:
    """Until cancelled. InvariantBroken when the ledger disagrees with itself: then nothing more may be booked."""
    log = structlog.get_logger("upkeep")
    async with database.read() as r:
        entries = await book.next_entry_id(r)
    if entries > LARGE_ENTRIES:
        await clock.sleep(LARGE_WAIT_S)
    while True:
        try:
            async with database.read() as r:
                report = await audit.check(r)
            if report.findings:
                first = report.findings[0]
                raise InvariantBroken(
                    f"{len(report.findings)} findings; the first: {first.code} at {first.where}: {first.sentence}"
                )
            log.info("ledger audited", **report.counted)
            async with database.write() as w:
                await inbox.forget_envelopes(w, clock.now() - ENVELOPES_KEPT_S)
                await addresses.forget_strangers(w, clock.now() - ADDRESSES_KEPT_S)
        except LedgerUnavailable as unavailable:
            log.warning("no upkeep today", code=unavailable.code, detail=unavailable.detail)
        await clock.sleep(DAY_S)
