"""Where a customer stands among the program's tiers, from the facts of a batch. Pure.

What a windowed basis counts comes from the tallies, which `gathering` has read as far back as the window reaches.
"""

from collections.abc import Sequence

from ledger.book import Standing
from nostr_loyalty.desk.facts import Facts
from nostr_loyalty.programs import ServedProgram
from nostr_loyalty.rules import tiering
from nostr_loyalty.rules.calendar import day_of


def counted_days(facts: Facts, program: ServedProgram, standing: Standing, now: int) -> list[tuple[int, int]]:
    """(local day, amount) of what a windowed basis counts, by day; empty for a basis of the whole life."""
    first = tiering.window_from(program.rules, day_of(now, program.rules.tz))
    if first is None:
        return []
    place = {"points": 5, "spend": 6, "visits": 4}[program.rules.tier_basis.basis]
    days: dict[int, int] = {}
    for one in facts.tallies.get(standing.id, ()):
        if one.day >= first:
            days[one.day] = days.get(one.day, 0) + int(one[place])
    return sorted(days.items())


def value(program: ServedProgram, standing: Standing, days: Sequence[tuple[int, int]]) -> int:
    """What the program's tiers count, of this customer; 0 or more. `days`: as `counted_days` gives them."""
    counted = tiering.value_of(
        program.rules, earned_points=standing.earned_points, spent_minor=standing.spent_minor, visits=standing.visits,
        window=days,
    )  # fmt: skip
    return max(0, counted)


def steps(facts: Facts, program: ServedProgram, standing: Standing, now: int) -> tuple[int, int, str] | None:
    """(reached, needed, id of the next tier), or None at the top."""
    days = counted_days(facts, program, standing, now)
    return tiering.progress(program.rules, standing.tier, value(program, standing, days))
