"""Local days, ISO weeks and months of a venue. A day is the ordinal of its local date (1 is 0001-01-01)."""

from datetime import date, datetime
from functools import lru_cache
from typing import Final, Literal
from zoneinfo import ZoneInfo

_DAY_S: Final = 86_400
_EPOCH_DAY: Final = date(1970, 1, 1).toordinal()


@lru_cache(maxsize=4_096)
def day_of(unix: int, tz: ZoneInfo) -> int:
    """The local day of a moment."""
    return datetime.fromtimestamp(unix, tz).toordinal()


@lru_cache(maxsize=4_096)
def start_of_day(day: int, tz: ZoneInfo) -> int:
    """The first moment (unix seconds) of a local day, also where the clock skips midnight or shows it twice.

    Of a day that a zone skipped altogether (Samoa, 30 December 2011) it is the first moment after it.
    """
    offset = tz.utcoffset(datetime.combine(date.fromordinal(day), datetime.min.time()))
    assert offset is not None, tz
    moment = (day - _EPOCH_DAY) * _DAY_S - offset.days * _DAY_S - offset.seconds
    if day_of(moment, tz) >= day > day_of(moment - 1, tz):
        return moment
    # Midnight lies inside hours that the clock skipped: the day begins when they end.
    early, late = moment - _DAY_S, moment
    while late - early > 1:
        middle = (early + late) // 2
        early, late = (early, middle) if day_of(middle, tz) >= day else (middle, late)
    return late


def period_key(day: int, period: Literal["day", "week", "month"]) -> int:
    """A number for the period in which a day lies: the day itself, the ISO week as yyyyww, the month as yyyymm."""
    if period == "day":
        return day
    local = date.fromordinal(day)
    if period == "month":
        return local.year * 100 + local.month
    year, week, _ = local.isocalendar()
    return year * 100 + week


def period_days(day: int, period: Literal["day", "week", "month"]) -> tuple[int, int]:
    """The first and the last day of the period in which a day lies; weeks begin on Monday."""
    if period == "day":
        return day, day
    local = date.fromordinal(day)
    if period == "week":
        monday = day - local.weekday()
        return monday, monday + 6
    first = day - local.day + 1
    following = date.fromordinal(first + 31)
    return first, first + 31 - following.day
