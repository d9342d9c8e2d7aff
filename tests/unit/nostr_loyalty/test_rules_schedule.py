"""Schedules: what may be written, and which moments fit, by the clock on the venue's wall."""

import re
from zoneinfo import ZoneInfo

import pytest

from nostr_loyalty.rules.schedule import parse_schedule
from tests.unit.nostr_loyalty.rule_sets import LORD_HOWE, MADRID, NEW_YORK, moment


def fits(schedule: str, wall: str, tz: ZoneInfo = MADRID) -> bool:
    """Whether a time on the wall lies in a schedule."""
    return parse_schedule(schedule).fits(moment(wall, tz), tz)


@pytest.mark.parametrize(
    ("schedule", "wall", "expected"),
    [
        ("", "2026-11-03 12:00", True), ("always", "2026-11-03 12:00", True),
        ("tue", "2026-11-03 00:00", True), ("tue", "2026-11-03 23:59", True), ("tue", "2026-11-04 00:00", False),
        ("mon-fri", "2026-11-07 12:00", False), ("fri-mon", "2026-11-09 12:00", True),
        ("fri-mon", "2026-11-10 12:00", False), ("mon,wed-thu", "2026-11-05 12:00", True),
        ("15:00-18:00", "2026-11-03 14:59", False), ("15:00-18:00", "2026-11-03 15:00", True),
        ("15:00-18:00", "2026-11-03 17:59:59", True), ("15:00-18:00", "2026-11-03 18:00", False),
        ("22:00-24:00", "2026-11-03 23:59:59", True), ("22:00-24:00", "2026-11-04 00:00", False),
        ("22:00-00:00", "2026-11-03 23:59:59", True), ("22:00-00:00", "2026-11-04 00:00", False),
        ("08:00-09:00,17:00-18:00", "2026-11-03 17:30", True), ("08:00-09:00,17:00-18:00", "2026-11-03 12:00", False),
        ("2026-12-24", "2026-12-24 08:00", True), ("2026-12-24", "2027-12-24 08:00", False),
        ("2026-12-01..2026-12-31", "2026-12-31 23:59", True), ("2026-12-01..2026-12-31", "2027-01-01 00:00", False),
        ("12-24", "2031-12-24 08:00", True), ("12-01..12-31", "2031-11-30 23:59", False),
        ("12-24", "2031-12-23 23:59", False), ("12-24", "2031-12-25 00:00", False),
        ("12-20..01-06", "2026-12-31 12:00", True), ("12-20..01-06", "2027-01-06 23:59", True),
        ("12-20..01-06", "2027-01-07 00:00", False), ("02-29", "2028-02-29 12:00", True),
        ("02-29", "2027-03-01 12:00", False), ("2026-11-03,12-24", "2029-12-24 01:00", True),
    ],
)  # fmt: skip
def test_words(schedule: str, wall: str, expected: bool) -> None:
    """Weekdays, hours and dates fit from their first minute to the last one before their end, and at no other time."""
    assert fits(schedule, wall) is expected


@pytest.mark.parametrize(
    ("wall", "expected"),
    [
        ("2026-11-06 21:59", False), ("2026-11-06 22:00", True), ("2026-11-07 00:00", True), ("2026-11-07 01:59", True),
        ("2026-11-07 02:00", False), ("2026-11-07 22:00", False), ("2026-11-06 01:00", False),
    ],
)  # fmt: skip
def test_hours_after_midnight_belong_to_the_day_before(wall: str, expected: bool) -> None:
    """Friday's late hours go on into Saturday, and do not begin in the night before Friday."""
    assert fits("fri 22:00-02:00", wall) is expected
    assert fits("22:00-02:00 2026-11-06", wall) is expected
    assert fits("11-06 22:00-02:00", wall) is expected


@pytest.mark.parametrize(
    ("wall", "expected"),
    [
        ("2026-12-01 16:00", True), ("2026-12-01 18:00", False), ("2026-12-03 16:00", False),
        ("2026-11-24 16:00", False), ("2026-12-05 03:00", True),
    ],
)  # fmt: skip
def test_words_of_a_part_all_hold_and_one_part_is_enough(wall: str, expected: bool) -> None:
    """Within a part everything must fit; between parts one of them must."""
    assert fits("tue,wed 15:00-18:00 2026-12-01..2026-12-31; sat", wall) is expected


def test_the_order_of_words_is_free() -> None:
    """Hours, weekdays and dates mean the same in any order."""
    one, other = parse_schedule("tue 15:00-18:00 12-01..12-31"), parse_schedule("12-01..12-31 15:00-18:00 tue")
    assert one.parts == other.parts


def test_the_text_is_kept_plain() -> None:
    """What is published has small letters, single spaces and no empty text."""
    assert parse_schedule("  Tue,Wed   15:00-18:00 ;SAT ").text == "tue,wed 15:00-18:00; sat"
    assert parse_schedule("").text == parse_schedule(" ALWAYS ").text == "always"
    assert parse_schedule("sat;sun") == parse_schedule("sat; sun")


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("tues", '"tues" is not a weekday'), ("mon-", '"mon-" is not a weekday'), ("mon,", '"" is not a weekday'),
        ("mon-wed-fri", "is not a weekday"), ("15-18", "write hours as 15:00-18:00"), ("15:00", "not a range of hours"),
        ("24:00-25:00", "not a range of hours"), ("15:00-24:01", "not a range of hours"), ("9:00-10:00", "not a range"),
        ("15:60-16:00", "not a range of hours"), ("15:00-15:00", "begins when it ends"), ("sat;", "a part is empty"),
        (";", "a part is empty"), ("02-30", "no date of the calendar"), ("2027-02-29", "no date of the calendar"),
        ("13-01", "no date of the calendar"),
        ("0000-01-01", "no date of the calendar"), ("2026-12-31..2026-12-01", "ends before it begins"),
        ("2026-12-01..12-31", "a year on one side only"), ("12-01..2026-12-31", "a year on one side only"),
        ("2026-12-01..", "is not a date"), ("1-1", "is not a date"), ("sat sun", "weekdays stand twice"),
        ("15:00-16:00 17:00-18:00", "hours stand twice"), ("12-24 2026-12-25", "dates stand twice"),
        ("always sat", '"always" is not a weekday'), ("٢٠٢٦-12-24", "is not a date"), ("1٥:00-16:00", "not a range"),
    ],
)  # fmt: skip
def test_faults_say_what_to_type(text: str, fault: str) -> None:
    """A schedule that cannot be read is refused with what is wrong and, after a semicolon, what to type."""
    with pytest.raises(ValueError, match=re.escape(fault)) as caught:
        parse_schedule(text)
    assert re.search(r"; (remove|write|leave|correct) ", str(caught.value))


def test_an_hour_that_is_skipped_never_comes() -> None:
    """Bug 35: on the days of the change to summer time the hours go by the wall, one of them for nothing."""
    for tz, day, before in ((MADRID, "2026-03-29", "01:59:59"), (NEW_YORK, "2026-03-08", "01:59:59")):
        skipped = parse_schedule("02:00-03:00")
        last = moment(f"{day} {before}", tz)
        assert not any(skipped.fits(last + s, tz) for s in (0, 1, 1_800, 3_599, 3_600))
        assert parse_schedule("03:00-04:00").fits(last + 1, tz)
    last = moment("2026-10-04 01:59:59", LORD_HOWE)
    assert not parse_schedule("02:00-02:30").fits(last + 1, LORD_HOWE)
    assert parse_schedule("02:30-02:31").fits(last + 1, LORD_HOWE)


@pytest.mark.parametrize(
    ("tz", "day", "twice_s"),
    [(MADRID, "2026-10-25", 3_600), (NEW_YORK, "2026-11-01", 1_800), (LORD_HOWE, "2026-04-05", 1_800)],
)
def test_an_hour_that_comes_twice_fits_twice(tz: ZoneInfo, day: str, twice_s: int) -> None:
    """Bug 35: on the days of the change to winter time what is repeated of the hours counts both times."""
    schedule = parse_schedule("01:30-03:00")
    begin, end = moment(f"{day} 01:30", tz), moment(f"{day} 03:00", tz)
    fitting = sum(schedule.fits(unix, tz) for unix in range(begin - 7_200, end + 7_200, 60))
    assert fitting == 90 + twice_s // 60


def test_the_zone_is_the_venue_s() -> None:
    """Bug 35: the same moment is inside a happy hour in Madrid and outside of it in New York."""
    unix = moment("2026-11-03 16:00", MADRID)
    assert parse_schedule("15:00-18:00").fits(unix, MADRID)
    assert not parse_schedule("15:00-18:00").fits(unix, NEW_YORK)
