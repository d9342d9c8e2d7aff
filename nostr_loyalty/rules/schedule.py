"""When a multiplier applies: "tue,wed 15:00-18:00", by the clock on the venue's wall (protocol §3, `multiplier`).

A schedule is parts separated by `;`; it fits when one of its parts does. A part is up to three words, in any order:

- weekdays: `sat`, `tue,wed`, `mon-fri`, `fri-mon`;
- hours: `15:00-18:00`, lists with commas; the end is no longer in it, `24:00` is the end of the day. `22:00-02:00`
  passes midnight and belongs to the day on which it began: `fri 22:00-02:00` fits on Saturday at one in the morning;
- dates: `2026-12-24`, `2026-12-01..2026-12-31`, or of every year `12-24`, `12-20..01-06`, lists with commas.

No word at all, or `always`, fits always. The clock is the one that people see: an hour that a change to summer time
skips never comes, an hour that comes twice fits twice.
"""

import re
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

ALWAYS: Final = "always"
MINUTES: Final = 24 * 60
_WEEKDAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_EVERY_DAY: Final = (True,) * 7
_WHOLE_DAY: Final = (0, MINUTES)
_LEAP_YEAR: Final = 2024
_HOURS = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])-(?:([01][0-9]|2[0-3]):([0-5][0-9])|(24):(00))", re.ASCII)
_DATE = re.compile(r"([0-9]{4}-)?([0-9]{2})-([0-9]{2})", re.ASCII)

Ranges = tuple[tuple[int, int], ...]


class Part(NamedTuple):
    """One part, taken apart: nothing said is every weekday, every hour, every date.

    `hours`: from and to in minutes of the day, the end exclusive and above 1,440 where midnight is passed. `dates`:
    first and last, both inclusive, as ordinals; `yearly`: the same as month * 100 + day, the last below the first where
    the year's end is passed.
    """

    weekdays: tuple[bool, ...] = _EVERY_DAY
    hours: Ranges = ()
    dates: Ranges = ()
    yearly: Ranges = ()

    def on(self, day: int) -> list[tuple[int, int]]:
        """The minutes of a local day (the ordinal of its date) that lie in this part: from, and to (exclusive)."""
        found: list[tuple[int, int]] = []
        if self._fits_day(day):
            found += [(start, min(end, MINUTES)) for start, end in self.hours or (_WHOLE_DAY,)]
        past_midnight = [end - MINUTES for _, end in self.hours if end > MINUTES]
        if past_midnight and self._fits_day(day - 1):
            found += [(0, end) for end in past_midnight]
        return found

    def _fits_day(self, day: int) -> bool:
        if not self.weekdays[(day + 6) % 7]:
            return False
        if not self.dates and not self.yearly:
            return True
        if any(first <= day <= last for first, last in self.dates):
            return True
        if not self.yearly:
            return False
        here = date.fromordinal(day)
        told = here.month * 100 + here.day
        return any(
            first <= told <= last if first <= last else told >= first or told <= last for first, last in self.yearly
        )


@dataclass(frozen=True, slots=True)
class Schedule:
    """Made by `parse_schedule`. `text` is what was written, in lower case with single spaces; no parts: always."""

    text: str
    parts: tuple[Part, ...]

    def fits(self, unix: int, tz: ZoneInfo) -> bool:
        """Whether this moment, by the clock of `tz`, lies in the schedule."""
        local = datetime.fromtimestamp(unix, tz)
        minute = local.hour * 60 + local.minute
        return any(start <= minute < end for start, end in self.on(local.toordinal()))

    def on(self, day: int) -> Ranges:
        """The minutes of a local day (the ordinal of its date) that lie in the schedule: from, and to (exclusive)."""
        return tuple(minutes for part in self.parts for minutes in part.on(day)) if self.parts else (_WHOLE_DAY,)


def parse_schedule(text: str) -> Schedule:
    """Read a schedule. Raises ValueError: what is wrong; what to type."""
    plain = " ".join(text.lower().split())
    if plain in ("", ALWAYS):
        return Schedule(ALWAYS, ())
    written = [part.strip() for part in plain.split(";")]
    return Schedule("; ".join(written), tuple(map(_part, written)))


def _part(text: str) -> Part:
    if not text:
        raise ValueError("a part is empty; remove the semicolon, or write weekdays, hours or dates beside it")
    part, seen = Part(), set[str]()
    for word in text.split():
        if word[0].isalpha():
            kind, part = "weekdays", part._replace(weekdays=_weekdays(word))
        elif ":" in word:
            kind, part = "hours", part._replace(hours=tuple(map(_hours, word.split(","))))
        else:
            dates, yearly = _dates(word)
            kind, part = "dates", part._replace(dates=dates, yearly=yearly)
        if kind in seen:
            raise ValueError(f'{kind} stand twice in "{text}"; write lists with commas and no space, as in tue,wed')
        seen.add(kind)
    return part


def _weekdays(word: str) -> tuple[bool, ...]:
    fits = [False] * 7
    for piece in word.split(","):
        first, _, last = piece.partition("-")
        if first not in _WEEKDAYS or (last or first) not in _WEEKDAYS or piece.endswith("-"):
            raise ValueError(
                f'"{piece}" is not a weekday; write mon, tue, wed, thu, fri, sat, sun, or a range as mon-fri'
            )
        at, end = _WEEKDAYS.index(first), _WEEKDAYS.index(last or first)
        fits[at] = True
        while at != end:
            at = (at + 1) % 7
            fits[at] = True
    return tuple(fits)


def _hours(piece: str) -> tuple[int, int]:
    matched = _HOURS.fullmatch(piece)
    if matched is None:
        raise ValueError(f'"{piece}" is not a range of hours; write it as 15:00-18:00')
    from_hour, from_minute, *to = (int(digits) for digits in matched.groups() if digits is not None)
    start, end = from_hour * 60 + from_minute, to[0] * 60 + to[1]
    if start == end:
        raise ValueError(f'"{piece}" begins when it ends; leave the hours out for the whole day')
    return start, end if end > start else end + MINUTES


def _dates(word: str) -> tuple[Ranges, Ranges]:
    dates: list[tuple[int, int]] = []
    yearly: list[tuple[int, int]] = []
    for piece in word.split(","):
        first_text, dots, last_text = piece.partition("..")
        first = _date(first_text, piece)
        last = _date(last_text, piece) if dots else first
        if first[0] != last[0]:
            raise ValueError(f'"{piece}" has a year on one side only; write it on both sides, or on none')
        if first[0] and last[1] < first[1]:
            raise ValueError(f'"{piece}" ends before it begins; write the earlier date first')
        (dates if first[0] else yearly).append((first[1], last[1]))
    return tuple(dates), tuple(yearly)


def _date(text: str, piece: str) -> tuple[bool, int]:
    """Whether a year was written, and the date's ordinal, or without a year month * 100 + day."""
    matched = _DATE.fullmatch(text)
    if matched is None:
        raise ValueError(
            f'"{piece}" is not a date; write it as 2026-12-24, as 12-24 for every year, or a range as 12-01..12-31'
        )
    year = int(matched[1][:-1]) if matched[1] else _LEAP_YEAR
    try:
        found = date(year, int(matched[2]), int(matched[3]))
    except ValueError:
        raise ValueError(f'"{piece}" is no date of the calendar; correct it, or write hours as 15:00-18:00') from None
    return (True, found.toordinal()) if matched[1] else (False, found.month * 100 + found.day)
