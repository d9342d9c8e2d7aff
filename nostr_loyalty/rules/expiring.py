"""Until when points live: to the end of the venue's local day, and never less because a rule was changed.

A credit on day d with a ttl of n days is good until the end of day d + n; its end is written down with it. A ttl that
is switched on or shortened ends older points no earlier than one full ttl after the change (Bug 37). A longer ttl, or
none, leaves the dates of older points as they are.
"""

from zoneinfo import ZoneInfo

from nostr_loyalty.rules.calendar import day_of, start_of_day
from nostr_loyalty.rules.program import ProgramRules


def expires_at(rules: ProgramRules, now: int) -> int | None:
    """The first moment at which points credited now are no longer good, or None: they stay."""
    return None if rules.ttl_days is None else _end(rules.ttl_days, now, rules.tz)


def limit_for_change(old_ttl: int | None, new_ttl: int | None, now: int, tz: ZoneInfo) -> int | None:
    """The end that a change of the ttl (in days) gives to points that would live longer; None: none ends earlier."""
    if new_ttl is None or (old_ttl is not None and new_ttl >= old_ttl):
        return None
    return _end(new_ttl, now, tz)


def _end(ttl_days: int, now: int, tz: ZoneInfo) -> int:
    return start_of_day(day_of(now, tz) + ttl_days + 1, tz)
