"""Until when points live, and what a change of that does to older points."""

from dataclasses import replace
from zoneinfo import ZoneInfo

import pytest

from nostr_loyalty.rules.expiring import expires_at, limit_for_change
from tests.unit.nostr_loyalty.rule_sets import LORD_HOWE, MADRID, NEW_YORK, NOON, moment, program


@pytest.mark.parametrize(
    ("tz", "credited", "ttl", "last"),
    [
        (MADRID, "2026-11-03 00:00", 1, "2026-11-04 23:59:59"),
        (MADRID, "2026-11-03 23:59:59", 1, "2026-11-04 23:59:59"),
        (MADRID, "2026-03-28 12:00", 1, "2026-03-29 23:59:59"),
        (MADRID, "2026-10-24 12:00", 1, "2026-10-25 23:59:59"),
        (MADRID, "2026-03-28 12:00", 365, "2027-03-28 23:59:59"),
        (MADRID, "2028-02-28 12:00", 365, "2029-02-27 23:59:59"),
        (NEW_YORK, "2026-03-07 20:00", 1, "2026-03-08 23:59:59"),
        (NEW_YORK, "2026-10-31 20:00", 1, "2026-11-01 23:59:59"),
        (NEW_YORK, "2026-11-03 19:30", 14, "2026-11-17 23:59:59"),
        (LORD_HOWE, "2026-04-04 12:00", 1, "2026-04-05 23:59:59"),
        (LORD_HOWE, "2026-10-03 12:00", 1, "2026-10-04 23:59:59"),
        (LORD_HOWE, "2026-10-03 23:30", 3, "2026-10-06 23:59:59"),
    ],
)
def test_points_live_to_the_end_of_a_local_day(tz: ZoneInfo, credited: str, ttl: int, last: str) -> None:
    """Bug 35: the last good second is the last one of a day on the venue's wall, not a day early, not an hour, not half
    an hour, whenever on its day the credit came and whatever the clocks do between.
    """
    end = expires_at(program(ttl_days=ttl, tz=tz), moment(credited, tz))
    assert end == moment(last, tz) + 1


def test_without_a_ttl_points_stay() -> None:
    """Bug 57: no ttl, no end; a ttl gives one."""
    assert expires_at(program(), NOON) is None
    assert expires_at(replace(program(), ttl_days=30), NOON) is not None


@pytest.mark.parametrize(
    ("old", "new", "ends"),
    [
        (None, 30, True), (365, 30, True), (31, 30, True), (30, 30, False), (29, 30, False), (30, None, False),
        (None, None, False),
    ],
)  # fmt: skip
def test_a_change_ends_nothing_earlier_than_a_whole_ttl(old: int | None, new: int | None, ends: bool) -> None:
    """Bug 37: switched on or shortened, old points live at least as long as points that are credited at the change;
    made longer or switched off, nothing changes for them.
    """
    limit = limit_for_change(old, new, NOON, MADRID)
    assert limit == (expires_at(program(ttl_days=new), NOON) if ends else None)
    if limit is not None and new is not None:
        assert limit >= NOON + new * 86_400
