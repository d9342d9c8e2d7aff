"""Local days, weeks and months of a venue."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from nostr_loyalty.rules.calendar import day_of, period_days, period_key, start_of_day
from nostr_loyalty.rules.visiting import month_of, ordinal
from tests.unit.nostr_loyalty.rule_sets import LORD_HOWE, MADRID, NEW_YORK, moment


def day(text: str) -> int:
    """The ordinal of a date."""
    return date.fromisoformat(text).toordinal()


def utc(text: str) -> int:
    """Unix seconds of a time in UTC."""
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())


@pytest.mark.parametrize(
    ("at", "month"),
    [
        ("2026-10-31T22:59:59", 202610), ("2026-10-31T23:00:00", 202611),  # winter: one hour ahead of UTC
        ("2026-06-30T21:59:59", 202606), ("2026-06-30T22:00:00", 202607),  # summer: two hours
        ("2026-03-29T00:59:59", 202603), ("2026-03-29T01:00:00", 202603),  # the clock goes forward
        ("2026-12-31T23:00:00", 202701), ("2026-12-31T22:59:59", 202612),
    ],
)  # fmt: skip
def test_months_are_the_venue_s(at: str, month: int) -> None:
    """Bug 35: a month begins at midnight in Madrid, in summer and in winter, whatever the machine's zone is."""
    assert month_of(utc(at), MADRID) == month
    assert period_key(day_of(utc(at), MADRID), "month") == month


@pytest.mark.parametrize(
    ("tz", "local", "begins"),
    [
        (MADRID, "2026-11-03", "2026-11-02T23:00:00"), (MADRID, "2026-03-29", "2026-03-28T23:00:00"),
        (MADRID, "2026-03-30", "2026-03-29T22:00:00"), (MADRID, "2026-10-26", "2026-10-25T23:00:00"),
        (NEW_YORK, "2026-03-08", "2026-03-08T05:00:00"), (NEW_YORK, "2026-03-09", "2026-03-09T04:00:00"),
        (NEW_YORK, "2026-11-02", "2026-11-02T05:00:00"),
        (LORD_HOWE, "2026-04-05", "2026-04-04T13:00:00"), (LORD_HOWE, "2026-04-06", "2026-04-05T13:30:00"),
        (ZoneInfo("America/Sao_Paulo"), "2018-11-04", "2018-11-04T03:00:00"),  # midnight was skipped
        (ZoneInfo("America/Havana"), "2026-11-01", "2026-11-01T04:00:00"),  # midnight comes twice
        (ZoneInfo("America/Toronto"), "1919-03-31", "1919-03-31T04:30:00"),  # 23:30 became 00:30
        (ZoneInfo("Pacific/Apia"), "2011-12-30", "2011-12-30T10:00:00"),  # there was no such day
        (ZoneInfo("Pacific/Apia"), "2011-12-31", "2011-12-30T10:00:00"),
    ],
)  # fmt: skip
def test_a_day_begins_with_its_first_moment(tz: ZoneInfo, local: str, begins: str) -> None:
    """Bug 35: a local day begins where its date first stands on the calendar, on days of a time change too."""
    unix = start_of_day(day(local), tz)
    assert unix == utc(begins)
    assert day_of(unix, tz) >= day(local) > day_of(unix - 1, tz)


@pytest.mark.parametrize(
    ("tz", "local", "hours"),
    [
        (MADRID, "2026-03-29", 46), (MADRID, "2026-10-25", 50), (NEW_YORK, "2026-03-08", 46),
        (NEW_YORK, "2026-11-01", 50), (LORD_HOWE, "2026-04-05", 49), (LORD_HOWE, "2026-10-04", 47),
        (MADRID, "2026-11-03", 48),
    ],
)  # fmt: skip
def test_days_have_as_many_hours_as_the_wall_shows(tz: ZoneInfo, local: str, hours: int) -> None:
    """Bug 35: a day of a time change has 23, 25, 23.5 or 24.5 hours (told in half hours here)."""
    assert start_of_day(day(local) + 1, tz) - start_of_day(day(local), tz) == hours * 1_800


@pytest.mark.parametrize(
    ("local", "key", "first", "last"),
    [
        ("2026-11-02", 202645, "2026-11-02", "2026-11-08"), ("2026-11-08", 202645, "2026-11-02", "2026-11-08"),
        ("2026-12-31", 202653, "2026-12-28", "2027-01-03"), ("2027-01-03", 202653, "2026-12-28", "2027-01-03"),
        ("2027-01-04", 202701, "2027-01-04", "2027-01-10"), ("2024-12-30", 202501, "2024-12-30", "2025-01-05"),
    ],
)  # fmt: skip
def test_weeks_are_iso_weeks(local: str, key: int, first: str, last: str) -> None:
    """A week begins on Monday and belongs to the year of its Thursday."""
    assert period_key(day(local), "week") == key
    assert period_days(day(local), "week") == (day(first), day(last))


@pytest.mark.parametrize(
    ("local", "first", "last"),
    [
        ("2026-02-10", "2026-02-01", "2026-02-28"), ("2028-02-29", "2028-02-01", "2028-02-29"),
        ("2026-01-31", "2026-01-01", "2026-01-31"), ("2026-04-01", "2026-04-01", "2026-04-30"),
        ("2026-12-31", "2026-12-01", "2026-12-31"),
    ],
)  # fmt: skip
def test_months_have_their_own_lengths(local: str, first: str, last: str) -> None:
    """A month goes from its first to its last day, in leap years and in December too."""
    assert period_days(day(local), "month") == (day(first), day(last))


def test_a_day_is_its_own_period() -> None:
    """The period "day" of a day is the day."""
    assert period_key(day("2026-11-03"), "day") == day("2026-11-03")
    assert period_days(day("2026-11-03"), "day") == (day("2026-11-03"), day("2026-11-03"))
    assert day_of(moment("2026-11-03 23:59:59"), MADRID) == day("2026-11-03")


def test_ordinals() -> None:
    """1st, 2nd, 3rd, 4th, and the teens as one says them."""
    said = [ordinal(n) for n in (0, 1, 2, 3, 4, 10, 11, 12, 13, 21, 22, 101, 111, 112, 121)]
    wanted = "0th 1st 2nd 3rd 4th 10th 11th 12th 13th 21st 22nd 101st 111th 112th 121st"
    assert said == wanted.split()
