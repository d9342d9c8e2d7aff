"""What a customer did on one local day, by source: for caps, guards, and tiers over a window of days.

A day is the ordinal of the venue's local date (date.toordinal()). What comes from no order system has NO_SOURCE.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from ledger.bulk import EACH, name_at, packed_names, packed_rows
from ledger.database import Read, Write

NO_SOURCE: Final = "0" * 64


class Tally(NamedTuple):
    """A day's sums, or what is added to them: orders, those of them that still are visits, points, and money spent."""

    standing_id: int
    day: int
    source: str
    orders: int
    visits: int
    points: int
    spent_minor: int

    def plus(self, more: Tally) -> Tally:
        """This, and what more of the same day and source is added to it."""
        return Tally(
            *self[:3], self.orders + more.orders, self.visits + more.visits, self.points + more.points,
            self.spent_minor + more.spent_minor,
        )  # fmt: skip


_SINCE = """
SELECT json_group_array(json_array(t.standing_id, t.day, lower(hex(t.source)), t.orders, t.visits, t.points,
                                   t.spent_minor))
FROM json_each(?1) CROSS JOIN tally AS t ON t.standing_id = json_each.value ->> 0 AND t.day >= json_each.value ->> 1
"""

_ADD = f"""
INSERT INTO tally (standing_id, day, source, orders, visits, points, spent_minor)
SELECT value ->> 0, value ->> 1, {name_at(0, 1)}, value ->> 2, value ->> 3, value ->> 4, value ->> 5
FROM {EACH} WHERE true
"""

_ON_TOP = """
ON CONFLICT (standing_id, day, source) DO UPDATE
SET orders = orders + excluded.orders, visits = visits + excluded.visits, points = points + excluded.points,
    spent_minor = spent_minor + excluded.spent_minor
"""


async def since(r: Read, wanted: Sequence[tuple[int, int]]) -> dict[int, list[Tally]]:
    """Standing id -> its tallies from a day on, by day. Wanted are (standing id, first day), each standing once."""
    found: dict[int, list[Tally]] = {standing_id: [] for standing_id, _ in wanted}
    if wanted:
        for row in sorted(await r.packed(_SINCE, packed_rows(wanted))):
            found[row[0]].append(Tally(*row))
    return found


async def add(w: Write, deltas: Sequence[Tally]) -> None:
    """Adds these figures, or takes them off where below 0. Orders or visits below 0 in all: InvariantBroken."""
    if deltas:
        rows = [(one.standing_id, one.day, one.orders, one.visits, one.points, one.spent_minor) for one in deltas]
        await w.run(_ADD + _ON_TOP, packed_rows(rows), packed_names(one.source for one in deltas))


async def move(w: Write, old_standing_id: int, new_standing_id: int) -> None:
    """Adds all tallies of the one standing to those of the other, and leaves it without any."""
    await w.run(
        "INSERT INTO tally (standing_id, day, source, orders, visits, points, spent_minor) "
        "SELECT ?2, day, source, orders, visits, points, spent_minor FROM tally WHERE standing_id = ?1" + _ON_TOP,
        old_standing_id, new_standing_id,
    )  # fmt: skip
    await w.run("DELETE FROM tally WHERE standing_id = ?", old_standing_id)
