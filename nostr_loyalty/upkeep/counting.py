"""Tells every minute what was taken and what was dropped, by code, if anything has changed."""

from collections import Counter
from collections.abc import Callable
from typing import Final

import structlog

from nostr_loyalty.clock import Clock

EVERY_S: Final = 60


async def tell_counts(taken: Callable[[], Counter[str]], dropped: Callable[[], Counter[str]], clock: Clock) -> None:
    """Until cancelled. What a stranger sent is counted, never remembered: the log is where it shows."""
    log = structlog.get_logger("counts")
    told: tuple[Counter[str], Counter[str]] = (Counter(), Counter())
    while True:
        await clock.sleep(EVERY_S)
        now = (Counter(taken()), Counter(dropped()))
        if now != told:
            new_taken, new_dropped = now[0] - told[0], now[1] - told[1]
            (log.warning if new_dropped else log.info)("counts", taken=dict(new_taken), dropped=dict(new_dropped))
            told = now
