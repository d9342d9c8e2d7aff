"""A program's rules sorted for looking up, so that an order is reckoned without a search through them.

What stands here follows from the rules alone. It is made once for each `ProgramRules` and kept beside it by identity:
equal rules that were read twice are merely sorted twice.
"""

from datetime import datetime
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from nostr_loyalty.rules.program import ONE, Factor, Multiplier, ProgramRules, SpendRule

_ITEM: Final = "item:"
_KEPT_MAX: Final = 256
"""Programs whose lookups are kept; one daemon serves a few, a search over rule sets makes many."""

_DAYS_MAX: Final = 512
"""Local days for which the hours of the multipliers are kept; orders come from today, a replay goes through years."""


class Lookups(NamedTuple):
    """`perks`: the best factor of each tier; `cap_points` in the order of the rules' caps; `multipliers`: best first;
    `days`: for local days that orders came from, when which of them applies (from, to, in minutes), the best first.
    """

    spend: dict[str, SpendRule]
    items: dict[str, int]
    payments: dict[str, int]
    perks: dict[str | None, Factor]
    multipliers: tuple[Multiplier, ...]
    excluded_lines: frozenset[str]
    excluded_items: frozenset[str]
    cap_points: tuple[int, ...]
    days: dict[int, tuple[tuple[int, int, Multiplier], ...]]


_kept: dict[int, tuple[ProgramRules, Lookups]] = {}


def lookups(rules: ProgramRules) -> Lookups:
    """The lookups of these rules."""
    found = _kept.get(id(rules))
    if found is not None and found[0] is rules:
        return found[1]
    if len(_kept) >= _KEPT_MAX:
        _kept.clear()
    made = _sorted(rules)
    _kept[id(rules)] = (rules, made)  # holding the rules keeps their id from being given to others
    return made


def applying(known: Lookups, tz: ZoneInfo, paid_at: int) -> Multiplier | None:
    """The best multiplier at a moment, or None where none fits."""
    if not known.multipliers:
        return None
    local = datetime.fromtimestamp(paid_at, tz)
    day, minute = local.toordinal(), local.hour * 60 + local.minute
    hours = known.days.get(day)
    if hours is None:
        if len(known.days) >= _DAYS_MAX:
            known.days.clear()
        hours = known.days[day] = tuple(
            (start, end, multiplier) for multiplier in known.multipliers for start, end in multiplier.schedule.on(day)
        )
    for start, end, multiplier in hours:
        if start <= minute < end:
            return multiplier
    return None


def within_caps(known: Lookups, total: int, used: tuple[int, ...]) -> int:
    """What the caps leave of a total; caps of which nothing is known to be used (a shorter `used`) do not cut."""
    for cap, before in zip(known.cap_points, used, strict=False):
        total = min(total, max(0, cap - before))
    return total


def _sorted(rules: ProgramRules) -> Lookups:
    excluded_items = frozenset(each.removeprefix(_ITEM) for each in rules.excludes if each.startswith(_ITEM))
    perks: dict[str | None, Factor] = {}
    for perk in rules.perks:
        if perk.type == "multiplier" and _above(perk.factor, perks.get(perk.tier)):
            perks[perk.tier] = perk.factor
    best_first: list[Multiplier] = []
    for multiplier in rules.multipliers:
        at = next((n for n, other in enumerate(best_first) if _above(multiplier.factor, other.factor)), len(best_first))
        best_first.insert(at, multiplier)
    return Lookups(
        spend={rule.currency: rule for rule in rules.spend},
        items={rule.item: rule.points for rule in rules.items if rule.item not in excluded_items},
        payments={rule.method: rule.points for rule in rules.payments},
        perks={tier: factor for tier, factor in perks.items() if factor != ONE},
        multipliers=tuple(best_first),
        excluded_lines=frozenset(each for each in rules.excludes if not each.startswith(_ITEM)),
        excluded_items=excluded_items,
        cap_points=tuple(cap.points for cap in rules.caps),
        days={},
    )


def _above(one: Factor, other: Factor | None) -> bool:
    """Whether a factor is strictly larger than another, or the other is missing."""
    return other is None or one.numerator * other.denominator > other.numerator * one.denominator
