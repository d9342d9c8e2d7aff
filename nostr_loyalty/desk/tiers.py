"""Where a customer stands among the program's tiers, from the facts of a batch. Pure.

What a windowed basis counts comes from the tallies, which `gathering` has read as far back as the window reaches. The
tallies count every order on its day, since caps and guards do; what does not count for tiers, or not yet, is taken off
again here: points that wait, and orders that the guard holds or that were dropped.
"""

from collections.abc import Sequence
from typing import Final, Literal

from ledger.book import Standing
from ledger.orders import OrderRow
from nostr_loyalty.desk.facts import Facts
from nostr_loyalty.rules import tiering
from nostr_loyalty.rules.calendar import day_of
from nostr_loyalty.rules.program import ProgramRules

Basis = Literal["points", "spend", "visits"]
_PLACES: Final[dict[Basis, int]] = {"points": 5, "spend": 6, "visits": 4}
"""Where a tally has what a basis counts."""


def counted_days(facts: Facts, rules: ProgramRules, standing: Standing, now: int) -> list[tuple[int, int]]:
    """(local day, amount) of what a windowed basis counts, by day; empty for a basis of the whole life."""
    first = tiering.window_from(rules, day_of(now, rules.tz))
    if first is None:
        return []
    basis = rules.tier_basis.basis
    place = _PLACES[basis]
    days: dict[int, int] = {}
    for one in facts.tallies.get(standing.id, ()):
        if one.day >= first:
            days[one.day] = days.get(one.day, 0) + int(one[place])
    apart = facts.set_apart.get(standing.id)
    for row in apart.values() if apart else ():
        if row.day in days:
            days[row.day] -= not_counted(row, basis)
    return sorted(days.items())


def set_apart(facts: Facts, row: OrderRow) -> None:
    """Keep in mind whether an order, as it is now, counts for tiers."""
    if row.standing_id is None:
        return
    if row.pending_until is not None or row.id in facts.dropped:
        facts.set_apart.setdefault(row.standing_id, {})[row.id] = row
    elif row.standing_id in facts.set_apart:
        facts.set_apart[row.standing_id].pop(row.id, None)


def not_counted(row: OrderRow, basis: Basis) -> int:
    """What an order that is set apart does not count for tiers: its points where they wait; all of it where the guard
    holds it, or where it was held and then dropped.
    """
    if basis == "points":
        return row.earned - row.reversed
    if row.pending_until is not None and not row.held:
        return 0
    return row.counted_minor if basis == "spend" else int(row.status == "paid")


def value(facts: Facts, rules: ProgramRules, standing: Standing, days: Sequence[tuple[int, int]]) -> int:
    """What the program's tiers count, of this customer; 0 or more. `days`: as `counted_days` gives them."""
    if rules.tier_basis.window_days is not None:
        return max(0, sum([amount for _, amount in days]))
    counted = tiering.value_of(
        rules, earned_points=standing.earned_points, spent_minor=standing.spent_minor, visits=standing.visits
    )
    apart = facts.set_apart.get(standing.id, {}).values()
    return max(0, counted - sum(not_counted(row, rules.tier_basis.basis) for row in apart))


def steps(facts: Facts, rules: ProgramRules, standing: Standing, now: int) -> tuple[int, int, str] | None:
    """(reached, needed, id of the next tier), or None at the top."""
    days = counted_days(facts, rules, standing, now)
    return tiering.progress(rules, standing.tier, value(facts, rules, standing, days))
