"""Local days as the numbers that `date.toordinal` gives, and the periods that they lie in."""

from datetime import UTC, date, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

HOUR = 3_600
DAY = 24 * HOUR


def local(moment: int, tz: str) -> datetime:
    """What a clock on the venue's wall shows."""
    return datetime.fromtimestamp(moment, ZoneInfo(tz))


def day_of(moment: int, tz: str) -> int:
    """The number of the local date."""
    return local(moment, tz).date().toordinal()


@cache
def start_of(day: int, tz: str) -> int:
    """The first moment of a local date: look at every quarter of an hour from well before it."""
    midnight = datetime.combine(date.fromordinal(day), datetime.min.time(), UTC)
    moment = int((midnight - timedelta(hours=16)).timestamp())
    while day_of(moment, tz) != day:
        moment += HOUR // 4
    return moment


@cache
def period(day: int, name: str) -> tuple[int, ...]:
    """What two days have in common when they lie in the same "day", "week" (ISO) or "month"."""
    there = date.fromordinal(day)
    if name == "week":
        return there.isocalendar()[:2]
    return (there.year, there.month) if name == "month" else (day,)
