"""Visits: a paid order that was not taken back in whole, counted by the venue's local month."""

from datetime import datetime
from functools import lru_cache
from zoneinfo import ZoneInfo


@lru_cache(maxsize=4_096)
def month_of(unix: int, tz: ZoneInfo) -> int:
    """The venue's local month of a moment, as yyyymm (202611 for November 2026)."""
    local = datetime.fromtimestamp(unix, tz)
    return local.year * 100 + local.month


def ordinal(n: int) -> str:
    """The English ordinal of n >= 0: 1st, 2nd, 3rd, 4th, 11th, 21st."""
    teens = 11 <= n % 100 <= 13
    return f"{n}{'th' if teens else {1: 'st', 2: 'nd', 3: 'rd'}.get(n % 10, 'th')}"
