"""Counts a program's customers anew from its orders, where what counts has changed: the currency, the venue's clock, or
the tiers. Seldom, and all at once.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Final

from ledger.bulk import EACH, packed_rows
from ledger.database import Write

PAGE: Final = 10_000
"""Orders whose day is looked up at a time."""

_FOLLOWED: Final = """
WITH RECURSIVE step (id, at) AS (
    SELECT id, id FROM standing WHERE program_id = ?1
    UNION SELECT step.id, standing.relinked_to FROM step CROSS JOIN standing ON standing.id = step.at
    WHERE standing.relinked_to IS NOT NULL),
followed (id, last) AS (
    SELECT step.id, step.at FROM step CROSS JOIN standing ON standing.id = step.at WHERE standing.relinked_to IS NULL)
"""

_COUNTED: Final = """
UPDATE paid_order
SET counted_minor = CASE WHEN standing_id IS NOT NULL AND status = 'paid' AND currency = ?2
                         THEN max(0, amount_minor - coalesce(detail ->> 'by_points', 0) - refunded_minor) ELSE 0 END
WHERE program_id = ?1
"""

_TALLIES: Final = f"""
INSERT INTO tally (standing_id, day, source, orders, visits, points, spent_minor)
{_FOLLOWED}
SELECT followed.last, day, source, count(*), sum(status = 'paid'), sum(earned - reversed), sum(counted_minor)
FROM paid_order CROSS JOIN followed ON followed.id = paid_order.standing_id
WHERE paid_order.program_id = ?1 GROUP BY followed.last, day, source
"""

# The latest month with an order, and its visits: bare columns beside max() are of the row that has it. The visits of a
# key that was replaced count for the new one.
_MONTHS: Final = f"""
{_FOLLOWED},
counted (last, month, visits) AS (
    SELECT followed.last, month, sum(status = 'paid')
    FROM paid_order CROSS JOIN followed ON followed.id = paid_order.standing_id
    WHERE paid_order.program_id = ?1 GROUP BY followed.last, month),
latest (last, month, visits) AS (SELECT last, max(month), visits FROM counted GROUP BY last)
UPDATE standing SET month = latest.month, visits_month = latest.visits FROM latest WHERE standing.id = latest.last
"""

_MONTHS_OF_REPLACED: Final = """
UPDATE standing SET month = own.month
FROM (SELECT standing_id, max(month) AS month FROM paid_order WHERE program_id = ?1 GROUP BY standing_id) AS own
WHERE standing.id = own.standing_id AND standing.relinked_to IS NOT NULL
"""

_SPENT: Final = """
UPDATE standing
SET spent_minor = coalesce((SELECT sum(spent_minor) FROM tally WHERE tally.standing_id = standing.id), 0)
WHERE program_id = ?1
"""


async def counted_as(w: Write, program_id: int) -> tuple[str | None, str | None]:
    """(in what, by which tiers) the program's customers were counted last; None where that is not known."""
    ((counted, tiers),) = await w.rows("SELECT counted_as, tiers_as FROM program WHERE id = ?", program_id)
    return counted, tiers


async def note(w: Write, program_id: int, counted: str, tiers: str) -> None:
    """Remember in what they are counted from here on."""
    await w.run("UPDATE program SET counted_as = ?, tiers_as = ? WHERE id = ?", counted, tiers, program_id)


async def recount(w: Write, program_id: int, currency: str | None, day_of: Callable[[int], int]) -> None:
    """Count spend in `currency` only (None: nothing), and each order on the local day and month of its payment."""
    after = 0
    while True:
        rows = await w.packed(
            "SELECT json_group_array(json_array(id, paid_at)) FROM (SELECT id, paid_at FROM paid_order "
            "WHERE id > ?2 AND program_id = ?1 ORDER BY id LIMIT ?3)",
            program_id, after, PAGE,
        )  # fmt: skip
        if not rows:
            break
        after = max(id_ for id_, _ in rows)
        days = [(id_, day_of(paid_at)) for id_, paid_at in rows]
        await w.run(
            f"UPDATE paid_order SET day = value ->> 1, month = value ->> 2 FROM {EACH} "
            "WHERE paid_order.id = value ->> 0",
            packed_rows([(id_, day, _month_of(day)) for id_, day in days]),
        )
    await w.run(_COUNTED, program_id, currency)
    await w.run(
        "DELETE FROM tally WHERE source <> zeroblob(32) AND standing_id IN "
        "(SELECT id FROM standing WHERE program_id = ?)",
        program_id,
    )
    await w.run(_TALLIES, program_id)
    await w.run(_SPENT, program_id)
    await w.run(_MONTHS, program_id)
    await w.run(_MONTHS_OF_REPLACED, program_id)


async def review_all(w: Write, program_id: int, now: int) -> None:
    """Let the sweep look at the tier of everybody who has, or had, something that counts."""
    await w.run(
        "UPDATE standing SET review_at = ?2 WHERE program_id = ?1 AND relinked_to IS NULL AND forgotten = 0 "
        "AND (visits <> 0 OR earned_points <> 0 OR spent_minor <> 0 OR tier IS NOT NULL)",
        program_id, now,
    )  # fmt: skip


def _month_of(day: int) -> int:
    """The month, as yyyymm, of a day (the ordinal of its date)."""
    its = date.fromordinal(day)
    return its.year * 100 + its.month
