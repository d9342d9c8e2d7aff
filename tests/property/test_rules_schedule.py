"""Schedules against a matcher that knows no ordinals and no minutes, and days against the calendar on the wall."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from nostr_loyalty.rules.calendar import day_of, period_days, period_key, start_of_day
from nostr_loyalty.rules.program import Period
from nostr_loyalty.rules.schedule import parse_schedule
from tests.property.programs import MOMENTS, PERIODS, ZONES

WEEK = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
CHANGES = (1_774_746_000, 1_792_890_000, 1_772_953_200, 1_793_512_800, 1_775_314_800, 1_791_041_400)
"""When clocks change in 2026: Madrid, New York and Lord Howe, twice each."""
NEAR = st.sampled_from(CHANGES).flatmap(lambda change: st.integers(change - 100_000, change + 10_000)) | MOMENTS
ZONE = st.sampled_from(ZONES)

_clock = st.builds("{:02}:{:02}".format, st.integers(0, 23), st.sampled_from([0, 1, 15, 30, 59]))
_weekdays = st.sampled_from(WEEK) | st.builds("{}-{}".format, st.sampled_from(WEEK), st.sampled_from(WEEK))
_hours = st.tuples(_clock, _clock | st.just("24:00")).filter(lambda pair: pair[0] != pair[1]).map("-".join)
_day = st.dates(date(2025, 12, 1), date(2027, 1, 31))
_dated = _day.map(date.isoformat) | st.tuples(_day, _day).map(lambda pair: "..".join(map(str, sorted(pair))))
_yearly = st.tuples(_day, _day).map(lambda pair: "..".join(each.isoformat()[5:] for each in pair))


def _list(strategy: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.lists(strategy, min_size=1, max_size=3).map(",".join)


@st.composite
def schedules(draw: st.DrawFn) -> str:
    """A schedule of up to three parts, each with any of the three words in any order."""
    parts = []
    for _ in range(draw(st.integers(1, 3))):
        words = draw(st.lists(st.sampled_from([_weekdays, _hours, _dated | _yearly]), min_size=1, unique_by=id))
        parts.append(" ".join(draw(_list(word)) for word in words))
    return "; ".join(parts)


def plainly_fits(schedule: str, wall: datetime) -> bool:
    """Whether a time on the wall lies in a schedule, by comparing texts and trying today and yesterday."""
    return any(_part_fits(part.split(), wall) for part in schedule.split("; "))


def _part_fits(words: list[str], wall: datetime) -> bool:
    hours = [word for word in words if ":" in word]
    others = [word for word in words if ":" not in word]
    if not hours:
        return all(_day_fits(word, wall.date()) for word in others)
    for begun in (wall.date(), wall.date() - timedelta(days=1)):
        for piece in hours[0].split(","):
            start_text, end_text = piece.split("-")
            start = datetime.fromisoformat(f"{begun} {start_text}")
            end = datetime.fromisoformat(f"{begun} {end_text.replace('24:00', '00:00')}")
            if end <= start:
                end += timedelta(days=1)
            if start <= wall < end and all(_day_fits(word, begun) for word in others):
                return True
    return False


def _day_fits(word: str, day: date) -> bool:
    for piece in word.split(","):
        if piece[0].isalpha():
            first, last = piece[:3], piece[-3:]
            rolled = WEEK[WEEK.index(first) :] + WEEK[: WEEK.index(first)]
            if WEEK[day.weekday()] in rolled[: rolled.index(last) + 1]:
                return True
        else:
            first, last = (piece.split("..") * 2)[:2]
            told = day.isoformat()[-len(first) :]
            if first <= told <= last or (len(first) == 5 and first > last and (told >= first or told <= last)):
                return True
    return False


@settings(max_examples=150, deadline=None)
@given(schedules(), NEAR, ZONE)
def test_a_schedule_fits_what_a_plain_matcher_fits(text: str, begin: int, tz: ZoneInfo) -> None:
    """Bug 35: minute by minute through a day and a half, over changes of the clocks too, both say the same."""
    schedule = parse_schedule(text)
    for unix in range(begin, begin + 36 * 3_600, 60 * 7):
        wall = datetime.fromtimestamp(unix, tz).replace(tzinfo=None)
        assert schedule.fits(unix, tz) == plainly_fits(text, wall), wall


@given(schedules())
def test_what_is_published_is_what_is_applied(text: str) -> None:
    """Reading a schedule's own text again gives the same schedule."""
    schedule = parse_schedule(text)
    assert parse_schedule(schedule.text) == schedule
    assert parse_schedule(f"  {text.upper()}  ") == schedule


@given(st.text(alphabet="montuesat0123456789:-.,; ", max_size=20))
def test_any_text_gives_a_schedule_or_a_sentence(text: str) -> None:
    """Whatever is typed, it is a schedule or a ValueError that says what to type."""
    try:
        parse_schedule(text)
    except ValueError as fault:
        assert "; " in str(fault) or "no date of the calendar" in str(fault)  # noqa: PT017 - either outcome is right


@given(NEAR, ZONE)
def test_days_begin_at_their_first_moment(unix: int, tz: ZoneInfo) -> None:
    """Bug 35: the start of a day is in it or, where a zone skipped it, after it; the second before is earlier."""
    day = day_of(unix, tz)
    start = start_of_day(day, tz)
    assert start <= unix < start_of_day(day + 1, tz)
    assert day_of(start, tz) == day > day_of(start - 1, tz)
    assert day_of(start_of_day(day + 1, tz), tz) > day


@given(st.dates(date(1900, 1, 1), date(2200, 1, 1)), PERIODS)
def test_periods_are_runs_of_days(day: date, period: Period) -> None:
    """All days of a period have its key, and the days beside it have others; keys grow with time."""
    ordinal = day.toordinal()
    first, last = period_days(ordinal, period)
    keys = [period_key(each, period) for each in range(first - 1, last + 2)]
    assert first <= ordinal <= last
    assert set(keys[1:-1]) == {period_key(ordinal, period)}
    assert keys[0] < keys[1] <= keys[-2] < keys[-1]
